//! Signed documents that everybody reads alike: who issues licences, and which version of a revocation list is the
//! current one.
//!
//! Documents travel in envelopes (DSSE 1.0) signed with Ed25519 keys, which sign nothing else: an issuer's key for
//! credentials never signs a document. Nothing here has a secret, a clock or does I/O.

pub mod envelope;
pub mod list;
mod listed;
pub mod manifest;
mod seen;

pub use envelope::{Envelope, EnvelopeError};
pub use list::{ChainError, TrustError, TrustList, TrustListDocument};
pub use manifest::{Manifest, ManifestDocument, ManifestError, VersionChange};
pub use seen::SeenManifest;
