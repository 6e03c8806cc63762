//! Every label and version number that enters a hash or a byte string, in one place.
//!
//! A label never changes its meaning: a protocol change takes a new label and a new [`VERSION`], and CHANGELOG.md
//! says so.

/// Version of proof bytes, labels and generators. First byte of every presentation.
pub const VERSION: u8 = 1;
/// Profile byte of the fast presentation: digits, no Bulletproofs.
pub const PROFILE_FAST: u8 = 0;
/// Profile byte of the compact presentation: one aggregated Bulletproof for all wide ranges.
pub const PROFILE_COMPACT: u8 = 1;
/// Name of the group, hash and generators together: a further suite gets a further name.
pub const SUITE: &[u8] = b"ristretto255-merlin3-glimpse1";

/// Transcript of a generator: the generator's name follows.
pub const GENERATOR: &[u8] = b"glimpse/1 generator 2026-11";
/// Transcript of a point that depends on an issuer key, such as the registration base.
pub const REGISTRATION_BASE: &[u8] = b"glimpse/1 registration base 2026-11";
/// Transcript of a hashed `code` or `text` attribute.
pub const STRING_ATTRIBUTE: &[u8] = b"glimpse/1 string attribute 2026-11";
/// Transcript of the scalar that stands for an absent attribute.
pub const ABSENT_ATTRIBUTE: &[u8] = b"glimpse/1 absent attribute 2026-11";
/// Transcript of a schema digest.
pub const SCHEMA: &[u8] = b"glimpse/1 schema 2026-11";
/// Transcript of the domain scalar of a key and a schema.
pub const DOMAIN: &[u8] = b"glimpse/1 domain 2026-11";
/// Transcript of the domain scalar of a revocation list's intervals.
pub const INTERVAL_DOMAIN: &[u8] = b"glimpse/1 interval domain 2026-11";
/// Weights and proof of a bucket of intervals.
pub const INTERVAL_BUCKET: &[u8] = b"glimpse/1 interval bucket 2026-11";
/// Transcript of a request digest.
pub const REQUEST: &[u8] = b"glimpse/1 request 2026-11";
/// Transcript of a relation digest.
pub const RELATION: &[u8] = b"glimpse/1 relation 2026-11";
/// Proof of link secret and blinding in an issuance request.
pub const ISSUANCE_REQUEST: &[u8] = b"glimpse/1 issuance request proof 2026-11";
/// Proof that an issued credential is under the published key.
pub const ISSUANCE_DLEQ: &[u8] = b"glimpse/1 issuance key proof 2026-11";
/// Challenge of a helper token.
pub const TOKEN: &[u8] = b"glimpse/1 helper token 2026-11";
/// Proof of a presentation.
pub const PRESENTATION: &[u8] = b"glimpse/1 presentation 2026-11";
/// Weights of a verifier's batch. Not seen by anyone else.
pub const BATCH: &[u8] = b"glimpse/1 batch weights 2026-11";
/// Issuer's randomness for one issuance, hedged. Not seen by anyone else.
pub const ISSUANCE_RANDOMNESS: &[u8] = b"glimpse/1 issuance randomness 2026-11";
/// Issuer's randomness for one batch of tokens, hedged. Not seen by anyone else.
pub const TOKEN_RANDOMNESS: &[u8] = b"glimpse/1 token randomness 2026-11";
/// Wallet's randomness, hedged. Not seen by anyone else.
pub const WALLET_RANDOMNESS: &[u8] = b"glimpse/1 wallet randomness 2026-11";
/// Issuer's randomness for one bucket of intervals, hedged. Not seen by anyone else.
pub const INTERVAL_RANDOMNESS: &[u8] = b"glimpse/1 interval randomness 2026-11";
