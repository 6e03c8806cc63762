//! The manifest of one version of a revocation list: what everybody must have alike before anything is shown by it.
//!
//! An issuer that gives each holder a version of its own can tell them apart by its moment, which presentations show. The
//! manifest is meant to be one signed document for all: wallets keep the last one they saw, refuse one that goes back or
//! calls itself the same version and is another, and moments are whole minutes not ahead of the clock. **That does not stop
//! an issuer that makes a manifest for one wallet at a moment of its own.** A [`Schedule`] that was settled beforehand
//! leaves it two moments to choose from, this period's and that of the one before; only wallets that compare what they were
//! given would end it.

use glimpse_circuits::decimal;
use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::interval::{Bucket, BucketDigest, Ends, MOMENT_SECONDS, ManifestDigest, Scope};
use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::envelope::{Envelope, EnvelopeError};
use crate::seen::SeenManifest;

/// The kind of document that a manifest is.
pub const KIND: &str = "application/vnd.glimpse.revocation-manifest.v1+json";
/// Most bits of a handle that name a bucket.
pub const MAX_PREFIX_BITS: u8 = 16;
/// A wallet that fetches a bucket shows the first bits of its handle: an honest issuer takes so few of them that as many
/// holders as this share a bucket.
pub const HOLDERS_PER_BUCKET: u64 = 4096;

/// Longest time from one version to the next: a quarter of a year.
pub const MAX_PERIOD_SECONDS: u64 = 92 * 86_400;
/// Seconds by which an issuer's clock may be ahead.
const CLOCK_SKEW_SECONDS: u64 = 60;

/// The members of a manifest as they stand in its JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestDocument {
    /// Rises from version to version, from 1 at least.
    #[serde(with = "decimal")]
    pub version: u64,
    /// When it was issued: seconds since 1970-01-01T00:00:00Z, a whole number of minutes.
    #[serde(with = "decimal")]
    pub issued_at: u64,
    /// When the next version is due at the latest, the same way: after `issued_at`, by at most [`MAX_PERIOD_SECONDS`].
    #[serde(with = "decimal")]
    pub next: u64,
    /// X: the key of the credentials that the list is about.
    pub issuer: IssuerPublicKey,
    /// Their schema.
    pub schema: SchemaDigest,
    /// W: the key that the intervals are under.
    pub revocation: IssuerPublicKey,
    /// So many bits at the beginning of a handle name its bucket.
    #[serde(with = "decimal")]
    pub prefix_bits: u8,
    /// The digest of each bucket, 2^prefix_bits of them, in order.
    pub buckets: Vec<BucketDigest>,
}

/// A manifest that does not contradict itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ManifestDocument", into = "ManifestDocument")]
pub struct Manifest(ManifestDocument);

impl Manifest {
    /// Opens an envelope that one of these keys has signed.
    pub fn open(envelope: &Envelope, keys: &[DocumentKey]) -> Result<Self, ManifestError> {
        let document = envelope.open(KIND, keys)?;
        let text = std::str::from_utf8(document).map_err(|_| ManifestError::Utf8)?;
        json::from_str::<ManifestDocument>(text)?.try_into()
    }

    /// The document in an envelope, to be signed.
    pub fn to_envelope(&self) -> Result<Envelope, ManifestError> {
        Ok(Envelope::new(KIND, json::canonical(&self.0)?))
    }

    /// Opens the manifest of an issuer's list about one schema, signed by one of the keys that the issuer signs manifests
    /// with, and holds it against the last one that was seen of that list, against the schedule of its versions where there
    /// is one, and against the clock: `now` is in seconds since 1970-01-01T00:00:00Z.
    pub fn accept(
        envelope: &Envelope,
        keys: &[DocumentKey],
        issuer: &Issuer,
        schema: &SchemaDigest,
        schedule: Option<Schedule>,
        last: Option<&SeenManifest>,
        now: u64,
    ) -> Result<(Self, VersionChange), ManifestError> {
        let manifest = Self::open(envelope, keys)?;
        let document = &manifest.0;
        if document.issuer != issuer.key
            || document.schema != *schema
            || Some(document.revocation) != issuer.revocation
        {
            return Err(ManifestError::OtherList);
        }
        if document.issued_at > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(ManifestError::Future);
        }
        let change = last.map_or(Ok(VersionChange::Newer), |last| manifest.follows(last))?;
        // What a wallet has already it may keep until it is overdue.
        if change == VersionChange::Newer
            && schedule.is_some_and(|it| {
                !it.has(document.issued_at, now) || !it.fits(document.issued_at, document.next)
            })
        {
            return Err(ManifestError::OffSchedule);
        }
        Ok((manifest, change))
    }

    /// Whether the next version is due, so that this one should no longer be shown.
    pub fn is_overdue(&self, now: u64) -> bool {
        now >= self.0.next
    }

    /// What it says.
    pub fn document(&self) -> &ManifestDocument {
        &self.0
    }

    /// What to keep of it, for [`Manifest::accept`] of the next one.
    pub fn seen(&self) -> Result<SeenManifest, ManifestError> {
        let ManifestDocument { version, issued_at, next, issuer, schema, revocation, .. } = self.0;
        let document = ManifestDigest(Sha256::digest(json::canonical(&self.0)?).into());
        Ok(SeenManifest { version, issued_at, next, issuer, schema, revocation, document })
    }

    /// What the version's intervals are good for.
    pub fn scope(&self) -> Scope {
        let ManifestDocument { revocation, issuer, schema, issued_at, .. } = self.0;
        Scope { revocation, issuer, schema, issued_at }
    }

    /// The bucket that a handle is in.
    pub fn bucket_of(&self, handle: u32) -> u32 {
        bucket_of(handle, self.0.prefix_bits)
    }

    /// Reads the bytes of a bucket, if they are those that the manifest names. That its intervals are signed is for
    /// [`Bucket::is_signed`], which those check that take an interval from it.
    pub fn read_bucket(&self, bucket: u32, bytes: &[u8]) -> Result<Bucket, ManifestError> {
        let place = usize::try_from(bucket).ok();
        let digest = place.and_then(|place| self.0.buckets.get(place)).ok_or(ManifestError::NoSuchBucket)?;
        if bucket_digest(bytes) != *digest {
            return Err(ManifestError::OtherBucket);
        }
        Ok(Bucket::from_bytes(bytes, bucket_bounds(bucket, self.0.prefix_bits))?)
    }

    /// What came of it that this manifest follows the last one that was seen of the list.
    ///
    /// Refused are lists about something else, versions that go back, and a second document that calls itself the same
    /// version: whoever signed both may be telling holders apart.
    pub fn follows(&self, last: &SeenManifest) -> Result<VersionChange, ManifestError> {
        let new = self.seen()?;
        if new.issuer != last.issuer || new.schema != last.schema {
            return Err(ManifestError::OtherList);
        }
        if new.version == last.version {
            return if new == *last { Ok(VersionChange::Same) } else { Err(ManifestError::TwoOfOneVersion) };
        }
        if new.version < last.version || new.issued_at <= last.issued_at {
            return Err(ManifestError::Backwards);
        }
        Ok(VersionChange::Newer)
    }
}

/// How a manifest stands to the last one that was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VersionChange {
    /// The same document.
    Same,
    /// A later version.
    Newer,
}

/// How many bits name a bucket where there are so many holders: as many as leave [`HOLDERS_PER_BUCKET`] for each.
pub fn prefix_bits(holders: u64) -> u8 {
    let buckets = (holders / HOLDERS_PER_BUCKET).max(1);
    // The logarithm of a number of 64 bits.
    u8::try_from(buckets.ilog2()).unwrap_or(MAX_PREFIX_BITS).min(MAX_PREFIX_BITS)
}

/// The bucket that a handle is in, with so many bits to a name.
pub fn bucket_of(handle: u32, prefix_bits: u8) -> u32 {
    handle.checked_shr(32 - u32::from(prefix_bits)).unwrap_or(0)
}

/// The handles of a bucket. `bucket` must be below 2^prefix_bits.
pub fn bucket_bounds(bucket: u32, prefix_bits: u8) -> Ends {
    let rest = 32 - u32::from(prefix_bits);
    let first = bucket.checked_shl(rest).unwrap_or(0);
    Ends { first, last: first | u32::MAX.checked_shr(u32::from(prefix_bits)).unwrap_or(0) }
}

/// SHA-256 of a bucket's bytes.
pub fn bucket_digest(bytes: &[u8]) -> BucketDigest {
    BucketDigest(Sha256::digest(bytes).into())
}

impl From<Manifest> for ManifestDocument {
    fn from(manifest: Manifest) -> Self {
        manifest.0
    }
}

impl TryFrom<ManifestDocument> for Manifest {
    type Error = ManifestError;

    fn try_from(document: ManifestDocument) -> Result<Self, ManifestError> {
        let wrong = |member| Err(ManifestError::Member(member));
        if document.version == 0 {
            return wrong("version");
        }
        if !document.issued_at.is_multiple_of(MOMENT_SECONDS) {
            return wrong("issued_at");
        }
        let period = document.next.checked_sub(document.issued_at);
        if !period.is_some_and(|it| (1..=MAX_PERIOD_SECONDS).contains(&it))
            || !document.next.is_multiple_of(MOMENT_SECONDS)
        {
            return wrong("next");
        }
        if document.revocation == document.issuer {
            return wrong("revocation");
        }
        if document.prefix_bits > MAX_PREFIX_BITS {
            return wrong("prefix_bits");
        }
        if document.buckets.len() != 1 << document.prefix_bits {
            return wrong("buckets");
        }
        Ok(Self(document))
    }
}

/// Why a manifest, or a bucket, is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// The envelope is refused.
    #[error("the manifest's envelope: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Not UTF-8.
    #[error("the manifest is not UTF-8")]
    Utf8,
    /// Not JSON of the right form.
    #[error("the manifest: {0}")]
    Json(#[from] JsonError),
    /// A member contradicts the others, or is out of its limits.
    #[error("the manifest's {0} is not as it must be")]
    Member(&'static str),
    /// A bucket that is not in the list.
    #[error("the list has no such bucket")]
    NoSuchBucket,
    /// The bytes are not those that the manifest names.
    #[error("the bucket is not the one that the manifest names")]
    OtherBucket,
    /// The bytes of a bucket that are not in order.
    #[error("the bucket cannot be read: {0}")]
    Bucket(#[from] DecodeError),
    /// About another issuer key or schema, or under another revocation key.
    #[error("the manifest is about another list")]
    OtherList,
    /// From a moment that has not come.
    #[error("the manifest is from the future")]
    Future,
    /// From another moment than the schedule has now.
    #[error("the manifest is not of this period of the list's schedule, nor of the one before")]
    OffSchedule,
    /// An older version than was seen before, or an earlier moment.
    #[error("the manifest is older than one that was seen before")]
    Backwards,
    /// Two documents that call themselves the same version.
    #[error(
        "two different manifests call themselves the same version: the issuer may be telling holders apart"
    )]
    TwoOfOneVersion,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};
    use glimpse_circuits::text::Text;
    use proptest::prelude::*;

    fn key(n: u8) -> IssuerPublicKey {
        // Canonical encodings of points: multiples of the basepoint (RFC 9496 appendix A.1).
        let text = [
            "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
            "6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
            "94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
        ][usize::from(n)];
        text.parse().unwrap()
    }

    fn document() -> ManifestDocument {
        ManifestDocument {
            version: 3,
            issued_at: 6000,
            next: 9000,
            issuer: key(0),
            schema: SchemaDigest([7; 32]),
            revocation: key(1),
            prefix_bits: 1,
            buckets: vec![bucket_digest(b"a"), bucket_digest(b"b")],
        }
    }

    fn manifest(change: impl Fn(&mut ManifestDocument)) -> Result<Manifest, ManifestError> {
        let mut document = document();
        change(&mut document);
        document.try_into()
    }

    #[test]
    fn what_contradicts_itself_is_refused() {
        manifest(|_| ()).unwrap();
        type Change = fn(&mut ManifestDocument);
        let changes: [(&str, Change); 9] = [
            ("version", |it| it.version = 0),
            ("issued_at", |it| it.issued_at += 1),
            ("next", |it| it.next = it.issued_at),
            ("next", |it| it.next += 1),
            ("next", |it| it.next = it.issued_at + MAX_PERIOD_SECONDS + 60),
            ("revocation", |it| it.revocation = it.issuer),
            ("prefix_bits", |it| it.prefix_bits = 17),
            ("buckets", |it| it.prefix_bits = 2),
            ("buckets", |it| it.buckets.truncate(1)),
        ];
        for (member, change) in changes {
            assert_eq!(manifest(change), Err(ManifestError::Member(member)));
        }
    }

    #[test]
    fn versions_go_forward() {
        let last = manifest(|_| ()).unwrap().seen().unwrap();
        let follows = |change: fn(&mut ManifestDocument)| manifest(change).unwrap().follows(&last);
        assert_eq!(follows(|_| ()), Ok(VersionChange::Same));
        assert_eq!(follows(|it| (it.version, it.issued_at) = (4, 6060)), Ok(VersionChange::Newer));
        // The same version once more, with one bucket of its own.
        assert_eq!(follows(|it| it.buckets[0] = bucket_digest(b"c")), Err(ManifestError::TwoOfOneVersion));
        assert_eq!(follows(|it| it.issued_at = 6060), Err(ManifestError::TwoOfOneVersion));
        assert_eq!(follows(|it| it.version = 2), Err(ManifestError::Backwards));
        assert_eq!(follows(|it| it.version = 4), Err(ManifestError::Backwards));
        assert_eq!(follows(|it| it.issuer = key(2)), Err(ManifestError::OtherList));
        assert_eq!(follows(|it| it.schema = SchemaDigest([8; 32])), Err(ManifestError::OtherList));
    }

    #[test]
    fn a_manifest_is_held_against_issuer_schema_and_clock() {
        let signer = SigningKey::from_bytes(&[1; 32]);
        let keys = [DocumentKey(signer.verifying_key().to_bytes())];
        let signed = |next| {
            let envelope = manifest(|it| it.next = next).unwrap().to_envelope().unwrap();
            let signature = signer.sign(&envelope.to_be_signed()).to_bytes();
            envelope.with_signature(keys[0], signature)
        };
        let envelope = signed(9000);
        let name = Text { zh_cn: "i".into(), en: "i".into() };
        let schema = SchemaDigest([7; 32]);
        let issuer = |key, revocation| Issuer {
            id: "i".into(),
            name: name.clone(),
            key,
            schemas: vec![schema],
            revocation,
        };
        let own = issuer(key(0), Some(key(1)));
        let accept = |issuer: &Issuer, schema: &SchemaDigest, now| {
            Manifest::accept(&envelope, &keys, issuer, schema, None, None, now).map(|(_, change)| change)
        };
        assert_eq!(accept(&own, &schema, 6000), Ok(VersionChange::Newer));
        assert_eq!(accept(&own, &schema, 5940), Ok(VersionChange::Newer));
        assert_eq!(accept(&own, &schema, 5939), Err(ManifestError::Future));
        assert_eq!(accept(&own, &SchemaDigest([8; 32]), 6000), Err(ManifestError::OtherList));
        for other in [issuer(key(2), Some(key(1))), issuer(key(0), Some(key(2))), issuer(key(0), None)] {
            assert_eq!(accept(&other, &schema, 6000), Err(ManifestError::OtherList));
        }
        let last = manifest(|it| it.version = 4).unwrap().seen().unwrap();
        let back = Manifest::accept(&envelope, &keys, &own, &schema, None, Some(&last), 6000).map(|_| ());
        assert_eq!(back, Err(ManifestError::Backwards));
        let foreign = Manifest::accept(&envelope, &[], &own, &schema, None, None, 6000).map(|_| ());
        assert_eq!(foreign, Err(ManifestError::Envelope(EnvelopeError::Signature)));
        let list = manifest(|_| ()).unwrap();
        assert!(!list.is_overdue(8999) && list.is_overdue(9000));
        // On the schedule of 20 minutes the next one would be due 2 · 20 + 5 minutes later.
        let envelope = signed(8700);
        let on = |minutes: u64, last, now| {
            let schedule = Schedule::every(60 * minutes);
            Manifest::accept(&envelope, &keys, &own, &schema, schedule, last, now).map(|(_, change)| change)
        };
        assert_eq!(on(20, None, 8399), Ok(VersionChange::Newer));
        assert_eq!(on(20, None, 8400), Err(ManifestError::OffSchedule));
        for minutes in [10, 25, 50, 100, 60] {
            assert_eq!(on(minutes, None, 6000), Err(ManifestError::OffSchedule), "{minutes}");
        }
        let own_version = manifest(|it| it.next = 8700).unwrap().seen().unwrap();
        assert_eq!(on(60, Some(&own_version), 8999), Ok(VersionChange::Same));
    }

    #[test]
    fn only_the_named_bytes_are_a_bucket() {
        let list = manifest(|_| ()).unwrap();
        assert_eq!(list.read_bucket(0, b"b").map(|_| ()), Err(ManifestError::OtherBucket));
        assert_eq!(list.read_bucket(2, b"a").map(|_| ()), Err(ManifestError::NoSuchBucket));
        // The right bytes, but no bucket.
        assert!(matches!(list.read_bucket(0, b"a"), Err(ManifestError::Bucket(_))));
    }

    #[test]
    fn buckets_are_shared_by_thousands() {
        for (holders, bits) in
            [(0, 0), (1, 0), (8191, 0), (8192, 1), (10_000_000, 11), (1 << 28, 16), (u64::MAX, 16)]
        {
            assert_eq!(prefix_bits(holders), bits, "{holders}");
        }
    }

    proptest! {
        #[test]
        fn every_handle_is_in_one_bucket(handle in any::<u32>(), bits in 0u8..=16) {
            let bucket = bucket_of(handle, bits);
            prop_assert!(bucket < 1 << bits);
            prop_assert!(bucket_bounds(bucket, bits).holds(handle));
            if bucket > 0 {
                let (before, own) = (bucket_bounds(bucket - 1, bits), bucket_bounds(bucket, bits));
                prop_assert_eq!(before.last + 1, own.first);
            }
            let last = bucket_bounds((1 << bits) - 1, bits);
            prop_assert_eq!(last.last, u32::MAX);
        }
    }
}
