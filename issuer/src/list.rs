//! Building a version of a revocation list, bucket by bucket.

use glimpse_circuits::interval::{BucketDigest, Ends};
use glimpse_trust::manifest::{
    MAX_PREFIX_BITS, Manifest, ManifestDocument, ManifestError, bucket_bounds, bucket_digest, bucket_of,
};
use rand_core::CryptoRngCore;

use crate::interval::{IntervalError, IntervalSigner, gaps};

/// Which version of a list is built.
#[derive(Clone, Copy, Debug)]
pub struct VersionPlan {
    /// Its number: greater than that of the version before.
    pub version: u64,
    /// When the next one is due at the latest, in seconds since 1970-01-01T00:00:00Z.
    pub next: u64,
    /// So many bits of a handle name its bucket: see [`glimpse_trust::manifest::prefix_bits`].
    pub prefix_bits: u8,
}

/// Signs every bucket of a version, hands each to `keep` as soon as it is signed, and returns the manifest to be signed
/// and published when all are kept. Nothing is signed if the version could not be published.
///
/// `revoked` are the handles that are revoked or suspended, in rising order; they are taken one bucket at a time, and no
/// more than one bucket is held.
///
/// **A moment is signed for once.** Of two lists for one moment the buckets of both are good, so that whoever is revoked in
/// one shows the other. The caller therefore puts down the signer's moment for good before this is called, never gives it
/// again, not even after a failure, lets nobody read what is kept before the manifest is signed, and takes `revoked` at
/// that moment or later.
pub fn build_version<E>(
    signer: &IntervalSigner<'_>,
    plan: VersionPlan,
    revoked: impl IntoIterator<Item = Result<u32, E>>,
    rng: &mut impl CryptoRngCore,
    mut keep: impl FnMut(u32, &[u8]) -> Result<(), E>,
) -> Result<Manifest, BuildError<E>> {
    if plan.prefix_bits > MAX_PREFIX_BITS {
        return Err(ManifestError::Member("prefix_bits").into());
    }
    // As it will be, but for the digests: what is wrong with it is found before anything is signed.
    let count = 1usize << plan.prefix_bits;
    manifest::<E>(signer, plan, vec![BucketDigest([0; 32]); count])?;
    let mut buckets = Vec::with_capacity(count);
    let mut revoked = revoked.into_iter();
    let mut own = Vec::new();
    // The first handle beyond the bucket, once it was come across.
    let mut beyond = None;
    let mut last = None;
    for bucket in 0..1u32 << plan.prefix_bits {
        own.clear();
        loop {
            let Some(handle) = beyond.take().map(Ok).or_else(|| revoked.next()) else { break };
            let handle = handle.map_err(BuildError::Caller)?;
            if bucket_of(handle, plan.prefix_bits) != bucket {
                beyond = Some(handle);
                break;
            }
            if last.is_some_and(|last| last >= handle) {
                return Err(BuildError::Order);
            }
            last = Some(handle);
            own.push(handle);
        }
        // What is beyond the bucket must lie in a later one.
        if beyond.is_some_and(|handle| bucket_of(handle, plan.prefix_bits) < bucket) {
            return Err(BuildError::Order);
        }
        let bytes = sign_bucket(signer, bucket_bounds(bucket, plan.prefix_bits), &own, rng)?;
        buckets.push(bucket_digest(&bytes));
        keep(bucket, &bytes).map_err(BuildError::Caller)?;
    }
    manifest(signer, plan, buckets)
}

/// The bytes of one bucket, from the handles in it that are revoked, in rising order.
fn sign_bucket<E>(
    signer: &IntervalSigner<'_>,
    bounds: Ends,
    revoked: &[u32],
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<u8>, BuildError<E>> {
    let intervals: Vec<Ends> = gaps(bounds, revoked.iter().copied()).collect();
    Ok(signer.sign(&intervals, rng)?.to_bytes())
}

fn manifest<E>(
    signer: &IntervalSigner<'_>,
    plan: VersionPlan,
    buckets: Vec<BucketDigest>,
) -> Result<Manifest, BuildError<E>> {
    let scope = signer.scope();
    let document = ManifestDocument {
        version: plan.version,
        issued_at: scope.issued_at,
        next: plan.next,
        issuer: scope.issuer,
        schema: scope.schema,
        revocation: scope.revocation,
        prefix_bits: plan.prefix_bits,
        buckets,
    };
    Ok(document.try_into()?)
}

/// Why there is no version.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError<E> {
    /// The revoked handles do not rise.
    #[error("the revoked handles are not in rising order")]
    Order,
    /// A bucket could not be signed.
    #[error(transparent)]
    Interval(#[from] IntervalError),
    /// The version contradicts itself.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// What the caller's own reading or keeping said.
    #[error("{0}")]
    Caller(E),
}
