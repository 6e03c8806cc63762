//! An interval of a revocation list in the holder's hands.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::Identity;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint, Reader};
use glimpse_circuits::interval::{Bucket, Ends, Scope, SignedInterval, interval_point};
use glimpse_circuits::secrecy::apart;
use subtle::{Choice, ConditionallySelectable, ConstantTimeGreater, ConstantTimeLess};
use zeroize::{Zeroize, Zeroizing};

use crate::credential::Credential;
use crate::signature::{SignatureParts, Signed};

/// The interval of one version of a list that holds a credential's handle.
///
/// The list is public, but which interval of it this is tells about where the handle lies.
pub struct Interval {
    scope: Scope,
    /// In a place of its own, so that moving it leaves no copy behind.
    parts: Box<Parts>,
}

/// Each of them tells which interval of the public list it is.
struct Parts {
    ends: Ends,
    a: EncodedPoint,
    e: Scalar,
    /// C − e·A = w·A.
    signed: RistrettoPoint,
}

impl Drop for Parts {
    fn drop(&mut self) {
        self.ends.first.zeroize();
        self.ends.last.zeroize();
        self.a.point.zeroize();
        self.a.encoded.zeroize();
        self.e.zeroize();
        self.signed.zeroize();
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
        apart(|| {
            let (ends, a, e) = select(bucket, credential.handle()).ok_or(IntervalError::Revoked)?;
            Ok(Self::new(scope, ends, EncodedPoint::from(a), e))
        })
    }

    fn new(scope: Scope, ends: Ends, a: EncodedPoint, e: Scalar) -> Self {
        let signed = interval_point(&scope.domain(), ends) - a.point * e;
        Self { scope, parts: Box::new(Parts { ends, a, e, signed }) }
    }

    /// What it is good for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether it is about this credential.
    pub fn is_for(&self, credential: &Credential) -> bool {
        self.scope.issuer == *credential.key()
            && self.scope.schema == credential.schema().digest()
            && self.parts.ends.holds(credential.handle())
    }

    /// Everything but the scope, for the wallet's encrypted file: first and last (4 bytes little-endian each), A, e.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(72));
        let Parts { ends, a, e, .. } = &*self.parts;
        bytes.extend_from_slice(&ends.first.to_le_bytes());
        bytes.extend_from_slice(&ends.last.to_le_bytes());
        bytes.extend_from_slice(a.encoded.as_bytes());
        bytes.extend_from_slice(e.as_bytes());
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
            let (a, e) = (reader.nonzero_point()?, reader.scalar()?);
            reader.finish()?;
            Ok(Self::new(scope, ends, a, e))
        })
    }

    /// The scalars of the two generators that the ends stand at.
    pub(crate) fn end_scalars(&self) -> [Scalar; 2] {
        [Scalar::from(self.parts.ends.first), Scalar::from(self.parts.ends.last)]
    }
}

/// The interval of a bucket that holds a handle. Every interval is looked at, and in the same way.
fn select(bucket: &Bucket, handle: u32) -> Option<(Ends, RistrettoPoint, Scalar)> {
    let (mut first, mut last) = (0, 0);
    let (mut a, mut e) = (RistrettoPoint::identity(), Scalar::ZERO);
    let mut found = Choice::from(0);
    for SignedInterval { ends, a: point, e: scalar } in &bucket.intervals {
        let here = !handle.ct_lt(&ends.first) & !handle.ct_gt(&ends.last);
        first.conditional_assign(&ends.first, here);
        last.conditional_assign(&ends.last, here);
        a.conditional_assign(&point.point, here);
        e.conditional_assign(scalar, here);
        found |= here;
    }
    bool::from(found).then_some((Ends { first, last }, a, e))
}

impl Signed for Interval {
    fn signature(&self) -> SignatureParts<'_> {
        let Parts { a, e, signed, .. } = &*self.parts;
        SignatureParts { key: &self.scope.revocation, a, e, signed }
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
