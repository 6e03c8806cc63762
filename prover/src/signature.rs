//! What a wallet needs of a credential, or of an interval of a revocation list, to show that it is signed.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::key::IssuerPublicKey;

/// The parts of (A, e) under a key.
#[derive(Clone, Copy)]
pub struct SignatureParts<'a> {
    /// The key it is under.
    pub(crate) key: &'a IssuerPublicKey,
    /// A.
    pub(crate) a: &'a EncodedPoint,
    /// e.
    pub(crate) e: &'a Scalar,
    /// C − e·A = x·A.
    pub(crate) signed: &'a RistrettoPoint,
}

impl SignatureParts<'_> {
    /// The key it is under.
    pub fn key(&self) -> &IssuerPublicKey {
        self.key
    }
}

/// What helper tokens are fetched for: credentials and intervals.
pub trait Signed {
    /// Its signature.
    fn signature(&self) -> SignatureParts<'_>;
}

impl<T: Signed> Signed for &T {
    fn signature(&self) -> SignatureParts<'_> {
        (*self).signature()
    }
}
