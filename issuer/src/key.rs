//! The issuer's secret key.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::key::{IssuerPublicKey, KeyedCheck};
use glimpse_circuits::random::{self, random_scalar};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

/// x ≠ 0, with X = x·G. It serves credentials and their tokens and nothing else.
pub struct IssuerSecretKey {
    x: SecretScalar,
    public: IssuerPublicKey,
}

impl IssuerSecretKey {
    /// Draws a key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        loop {
            if let Some(key) = apart(|| Self::of(SecretScalar::new(random_scalar(rng)))) {
                return key;
            }
        }
    }

    /// The key with this 32-byte little-endian secret; `None` if it is not reduced, or 0.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        apart(|| {
            let x: Option<Scalar> = Scalar::from_canonical_bytes(*bytes).into();
            Self::of(SecretScalar::new(x?))
        })
    }

    fn of(x: SecretScalar) -> Option<Self> {
        let public = IssuerPublicKey::from_point(RistrettoPoint::mul_base(&x))?;
        Some(Self { x, public })
    }

    /// The secret itself, for the place it is kept in.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.x.to_bytes())
    }

    /// X.
    pub fn public(&self) -> &IssuerPublicKey {
        &self.public
    }

    pub(crate) fn x(&self) -> &Scalar {
        &self.x
    }
}

impl fmt::Debug for IssuerSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerSecretKey(of {})", self.public)
    }
}

impl KeyedCheck for IssuerSecretKey {
    fn key(&self) -> &IssuerPublicKey {
        &self.public
    }

    fn holds(&self, a: &RistrettoPoint, b: &RistrettoPoint) -> bool {
        apart(|| a * *self.x == *b)
    }
}

/// [`random::hedged`] for one use of this key.
pub(crate) fn hedged(
    label: &'static [u8],
    key: &IssuerSecretKey,
    public: &[&[u8]],
    rng: &mut impl CryptoRngCore,
) -> TranscriptRng {
    let mut parts: Vec<&[u8]> = vec![key.public().encoded().as_bytes()];
    parts.extend(public);
    random::hedged(label, &parts, &[key.x()], rng)
}
