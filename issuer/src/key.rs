//! The issuer's secret key.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::key::{IssuerPublicKey, KeyedCheck};
use glimpse_circuits::random::{self, random_scalar};
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// x ≠ 0, with X = x·G. It serves credentials and their tokens and nothing else.
#[derive(ZeroizeOnDrop)]
pub struct IssuerSecretKey {
    x: Scalar,
    #[zeroize(skip)]
    public: IssuerPublicKey,
}

impl IssuerSecretKey {
    /// Draws a key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        loop {
            let mut x = random_scalar(rng);
            if let Some(public) = IssuerPublicKey::from_point(RistrettoPoint::mul_base(&x)) {
                return Self { x, public };
            }
            x.zeroize();
        }
    }

    /// The key with this 32-byte little-endian secret; `None` if it is not reduced, or 0.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let x: Scalar = Option::from(Scalar::from_canonical_bytes(*bytes))?;
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
        a * self.x == *b
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
