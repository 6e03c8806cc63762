//! What prover and verifier share: generators, labels, encodings, schemas, requests, and the one function that turns
//! a request into the relation to prove.
//!
//! Nothing here draws randomness, does I/O or holds a secret of the issuer.

#[macro_use]
mod hex_text;

pub mod attribute;
pub mod date;
pub mod decimal;
pub mod json;
pub mod labels;
pub mod schema;
pub mod text;
pub mod transcript;

pub use hex_text::HexError;
