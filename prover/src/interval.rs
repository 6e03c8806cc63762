//! An interval of a revocation list in the holder's hands.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint, Reader};
use glimpse_circuits::interval::{Bucket, Ends, Scope, interval_point};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use zeroize::{Zeroize, Zeroizing};

use crate::credential::Credential;
use crate::signature::{SignatureParts, Signed};

/// The interval of one version of a list that holds a credential's handle.
///
/// The list is public, but which interval of it this is tells about where the handle lies.
pub struct Interval {
    scope: Scope,
    ends: Ends,
    a: EncodedPoint,
    e: SecretScalar,
    /// C − e·A = w·A.
    signed: RistrettoPoint,
}

impl Drop for Interval {
    fn drop(&mut self) {
        self.ends.first.zeroize();
        self.ends.last.zeroize();
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Interval(..)")
    }
}

impl Interval {
    /// Finds the interval of a credential in its bucket, after checking the proof that the whole bucket is signed: an
    /// issuer could otherwise sign the interval of one holder alone in a way that tells it apart.
    ///
    /// The caller took the bucket from a list that is the same for everybody.
    pub fn find(credential: &Credential, scope: Scope, bucket: &Bucket) -> Result<Self, IntervalError> {
        if scope.issuer != *credential.key() || scope.schema != credential.schema().digest() {
            return Err(IntervalError::OtherList);
        }
        if !bucket.is_signed(&scope) {
            return Err(IntervalError::Signature);
        }
        let found = bucket.find(credential.handle()).ok_or(IntervalError::Revoked)?;
        Ok(apart(|| Self::new(scope, found.ends, found.a, SecretScalar::new(found.e))))
    }

    fn new(scope: Scope, ends: Ends, a: EncodedPoint, e: SecretScalar) -> Self {
        let signed = interval_point(&scope.domain(), ends) - a.point * *e;
        Self { scope, ends, a, e, signed }
    }

    /// What it is good for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether it is about this credential.
    pub fn is_for(&self, credential: &Credential) -> bool {
        self.scope.issuer == *credential.key()
            && self.scope.schema == credential.schema().digest()
            && self.ends.holds(credential.handle())
    }

    /// Everything but the scope, for the wallet's encrypted file: first and last (4 bytes little-endian each), A, e.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(72));
        bytes.extend_from_slice(&self.ends.first.to_le_bytes());
        bytes.extend_from_slice(&self.ends.last.to_le_bytes());
        bytes.extend_from_slice(self.a.encoded.as_bytes());
        bytes.extend_from_slice(self.e.as_bytes());
        bytes
    }

    /// Reads what [`Interval::to_bytes`] wrote. The signature was checked when the interval was found.
    pub fn from_bytes(scope: Scope, bytes: &[u8]) -> Result<Self, DecodeError> {
        apart(|| {
            let mut reader = Reader::new(bytes);
            let ends = Ends {
                first: u32::from_le_bytes(reader.array()?),
                last: u32::from_le_bytes(reader.array()?),
            };
            let (a, e) = (reader.nonzero_point()?, SecretScalar::new(reader.scalar()?));
            reader.finish()?;
            Ok(Self::new(scope, ends, a, e))
        })
    }

    /// The scalars of the two generators that the ends stand at.
    pub(crate) fn end_scalars(&self) -> [Scalar; 2] {
        [Scalar::from(self.ends.first), Scalar::from(self.ends.last)]
    }
}

impl Signed for Interval {
    fn signature(&self) -> SignatureParts<'_> {
        SignatureParts { key: &self.scope.revocation, a: &self.a, e: &self.e, signed: &self.signed }
    }
}

/// Why there is no interval for a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalError {
    /// The list is about another issuer key or schema.
    #[error("the revocation list is about other credentials")]
    OtherList,
    /// The bucket is not signed under the revocation key.
    #[error("the revocation list is not signed by its issuer")]
    Signature,
    /// No interval holds the handle.
    #[error("the credential is revoked or suspended")]
    Revoked,
}
