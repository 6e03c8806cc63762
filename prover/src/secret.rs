//! The holder's link secret, and how random scalars are drawn.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::labels;
use glimpse_circuits::random::{self, random_scalar};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

/// s ≠ 0: one for each wallet, in all its holder-bound credentials, never shown to anyone.
pub struct LinkSecret(pub(crate) SecretScalar);

impl LinkSecret {
    /// Draws a link secret.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        apart(|| Self(SecretScalar::new(nonzero_scalar(rng))))
    }

    /// The secret with these 32 little-endian bytes; `None` if they are not reduced, or 0.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        read_secret(bytes).filter(|secret| **secret != Scalar::ZERO).map(Self)
    }

    /// The secret itself, for the wallet's encrypted file.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// N_reg: what this holder is registered as with an issuer key, unlinkable between keys.
    pub fn registration(&self, key: &IssuerPublicKey) -> RistrettoPoint {
        apart(|| key.registration_base() * *self.0)
    }
}

impl fmt::Debug for LinkSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LinkSecret(..)")
    }
}

/// [`random::hedged`] for one use of a wallet's secrets.
pub(crate) fn hedged(public: &[&[u8]], secrets: &[&Scalar], rng: &mut impl CryptoRngCore) -> TranscriptRng {
    random::hedged(labels::WALLET_RANDOMNESS, public, secrets, rng)
}

/// The scalar with these bytes; `None` if they are not reduced.
pub(crate) fn read_secret(bytes: &[u8; 32]) -> Option<SecretScalar> {
    apart(|| Option::from(Scalar::from_canonical_bytes(*bytes)).map(SecretScalar::new))
}

/// A uniform scalar other than 0.
pub(crate) fn nonzero_scalar(rng: &mut impl CryptoRngCore) -> Scalar {
    loop {
        let mut scalar = random_scalar(rng);
        if scalar != Scalar::ZERO {
            return scalar;
        }
        scalar.zeroize();
    }
}
