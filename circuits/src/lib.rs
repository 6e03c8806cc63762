//! What prover and verifier share: generators, labels, encodings, schemas, requests, and the one function that turns
//! a request into the relation to prove.
//!
//! Nothing here has a source of randomness, does I/O or holds a secret of the issuer.

#[macro_use]
mod hex_text;
#[macro_use]
pub mod secrecy;

pub mod attribute;
pub mod date;
pub mod decimal;
pub mod encoding;
pub mod generators;
pub mod interval;
pub mod issuance;
pub mod json;
pub mod key;
pub mod labels;
pub mod presentation;
pub mod random;
pub mod range_proof;
pub mod relation;
pub mod request;
pub mod schedule;
pub mod schema;
pub mod text;
pub mod token;
pub mod transcript;
pub mod words;

pub use hex_text::HexError;
