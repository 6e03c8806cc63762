//! The messages of a helper-token exchange and the challenge inside a token.
//!
//! A token lets anyone check B̄ = x·Ā without pairings: it is a proof of equal discrete logarithms of (X, B̄) to the
//! bases (G, Ā), made by the issuer blindly (BBS#, ePrint 2025/619; Server-Aided Anonymous Credentials, ePrint
//! 2025/513).

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;

use crate::encoding::{DecodeError, EncodedPoint, Reader};
use crate::key::IssuerPublicKey;
use crate::labels;
use crate::transcript::{TranscriptProtocol, transcript};

/// The numbers of tokens that may be asked for at once. Fixed, so that the number says nothing about the wallet.
pub const TOKEN_BATCH_SIZES: [usize; 3] = [4, 16, 64];

/// P' = r₁·A and Q' = r₁·(C − e·A): a blinded credential, unlinkable to its issuance.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenPair {
    /// P', not the identity.
    pub p: EncodedPoint,
    /// Q'.
    pub q: EncodedPoint,
}

/// R'_1 = k·G and R'_2 = k·P'.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenCommitment {
    /// R'_1.
    pub r1: EncodedPoint,
    /// R'_2.
    pub r2: EncodedPoint,
}

opaque_debug!(TokenPair, TokenCommitment);

impl TokenPair {
    /// Length in bytes.
    pub const LENGTH: usize = 64;

    /// P', then Q'.
    pub fn to_bytes(&self) -> [u8; 64] {
        join(&self.p, &self.q)
    }

    /// Reads what [`TokenPair::to_bytes`] writes. P' = 0 is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let pair = Self { p: reader.nonzero_point()?, q: reader.point()? };
        reader.finish()?;
        Ok(pair)
    }
}

impl TokenCommitment {
    /// Length in bytes.
    pub const LENGTH: usize = 64;

    /// R'_1, then R'_2.
    pub fn to_bytes(&self) -> [u8; 64] {
        join(&self.r1, &self.r2)
    }

    /// Reads what [`TokenCommitment::to_bytes`] writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let commitment = Self { r1: reader.point()?, r2: reader.point()? };
        reader.finish()?;
        Ok(commitment)
    }
}

fn join(first: &EncodedPoint, second: &EncodedPoint) -> [u8; 64] {
    let mut bytes = [0u8; 64];
    bytes[..32].copy_from_slice(first.encoded.as_bytes());
    bytes[32..].copy_from_slice(second.encoded.as_bytes());
    bytes
}

/// c_t = hash(X, Ā, B̄, R_1, R_2).
pub fn token_challenge(
    key: &IssuerPublicKey,
    a_bar: &CompressedRistretto,
    b_bar: &CompressedRistretto,
    r1: &CompressedRistretto,
    r2: &CompressedRistretto,
) -> Scalar {
    let mut hash = transcript(labels::TOKEN);
    hash.append_point(b"X", key.encoded());
    hash.append_point(b"A", a_bar);
    hash.append_point(b"B", b_bar);
    hash.append_point(b"R1", r1);
    hash.append_point(b"R2", r2);
    hash.challenge_scalar(b"ct")
}
