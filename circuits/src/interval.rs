//! Intervals of a revocation list: which handles are good, signed interval by interval.
//!
//! A version of the list covers every handle that is not revoked or suspended by disjoint closed intervals [first, last].
//! For each the issuer signs C = P + d·Q + first·H_3 + last·H_4 under a key W of its own, the revocation key. What the
//! interval is good for stands in d: W itself, the issuer key and the schema that the list is about, and when the version
//! was issued. A holder shows that the hidden handle of a credential lies between the hidden ends of such an interval
//! (Nakanishi, Fujii, Hira, Funabiki, PKC 2009); what that costs does not depend on how many handles are revoked.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{MultiscalarMul, VartimeMultiscalarMul};
use merlin::Transcript;

use crate::encoding::{DecodeError, EncodedPoint, Reader};
use crate::generators::{H_ATTRIBUTES, generators};
use crate::key::IssuerPublicKey;
use crate::labels;
use crate::schema::SchemaDigest;
use crate::transcript::{TranscriptProtocol, transcript};

/// Most that last − first can be. The holder shows handle − first and last − handle to be at most this.
pub const MAX_SPAN: u64 = (1 << 24) - 1;
/// Versions are issued on whole minutes, so that there are fewer moments to mark somebody with.
pub const MOMENT_SECONDS: u64 = 60;

/// What the intervals of one version of a list are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// W: the key that intervals are under.
    pub revocation: IssuerPublicKey,
    /// X: the key of the credentials that the list is about.
    pub issuer: IssuerPublicKey,
    /// Their schema.
    pub schema: SchemaDigest,
    /// When the version was issued: seconds since 1970-01-01T00:00:00Z, a multiple of [`MOMENT_SECONDS`].
    pub issued_at: u64,
}

impl Scope {
    /// The domain scalar d of the version's intervals.
    pub fn domain(&self) -> Scalar {
        let mut hash = transcript(labels::INTERVAL_DOMAIN);
        hash.append_point(b"W", self.revocation.encoded());
        hash.append_point(b"X", self.issuer.encoded());
        hash.append_message(b"schema", &self.schema.0);
        hash.append_message(b"issued_at", &self.issued_at.to_le_bytes());
        hash.challenge_scalar(b"d")
    }
}

/// SHA-256 of a bucket's bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BucketDigest(pub [u8; 32]);

hex_text!(BucketDigest, "a bucket's digest: 64 lower-case hexadecimal digits");

/// SHA-256 of a manifest in canonical JSON: which document a version was published with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ManifestDigest(pub [u8; 32]);

hex_text!(ManifestDigest, "a manifest's digest: 64 lower-case hexadecimal digits");

/// All handles from `first` to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ends {
    /// The least.
    pub first: u32,
    /// The greatest.
    pub last: u32,
}

impl Ends {
    /// Whether a handle lies between them.
    pub fn holds(&self, handle: u32) -> bool {
        (self.first..=self.last).contains(&handle)
    }
}

/// An interval with its signature (A, e). Lists are public; which interval a wallet shows is not.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedInterval {
    /// Its ends.
    pub ends: Ends,
    /// A, not the identity.
    pub a: EncodedPoint,
    /// e.
    pub e: Scalar,
}

impl SignedInterval {
    /// Length in bytes.
    pub const LENGTH: usize = 72;

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.ends.first.to_le_bytes());
        bytes.extend_from_slice(&self.ends.last.to_le_bytes());
        bytes.extend_from_slice(self.a.encoded.as_bytes());
        bytes.extend_from_slice(self.e.as_bytes());
    }

    fn read(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let ends =
            Ends { first: u32::from_le_bytes(reader.array()?), last: u32::from_le_bytes(reader.array()?) };
        Ok(Self { ends, a: reader.nonzero_point()?, e: reader.scalar()? })
    }
}

/// The signed intervals of all handles that begin with the same bits, with one proof that they are under W.
#[derive(Clone, PartialEq, Eq)]
pub struct Bucket {
    /// Disjoint, in rising order, each at most [`MAX_SPAN`] long. None if all handles of the bucket are revoked.
    pub intervals: Vec<SignedInterval>,
    /// Challenge of the proof that log_G W = log_M Z, see [`Composites`].
    pub proof_challenge: Scalar,
    /// Its response.
    pub proof_response: Scalar,
}

// Many lines of numbers that nobody reads.
opaque_debug!(SignedInterval, Bucket);

impl Bucket {
    /// The proof's challenge and response, then each interval: first and last (4 bytes little-endian each), A, e.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(64 + SignedInterval::LENGTH * self.intervals.len());
        bytes.extend_from_slice(self.proof_challenge.as_bytes());
        bytes.extend_from_slice(self.proof_response.as_bytes());
        self.intervals.iter().for_each(|interval| interval.write(&mut bytes));
        bytes
    }

    /// Reads what [`Bucket::to_bytes`] writes, and checks that the intervals are in order and within `bounds`. Whether
    /// they are signed is for [`Bucket::is_signed`].
    pub fn from_bytes(bytes: &[u8], bounds: Ends) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let (proof_challenge, proof_response) = (reader.scalar()?, reader.scalar()?);
        let count = bytes.len().saturating_sub(64) / SignedInterval::LENGTH;
        let mut intervals: Vec<SignedInterval> = Vec::with_capacity(count);
        for _ in 0..count {
            let interval = SignedInterval::read(&mut reader)?;
            let Ends { first, last } = interval.ends;
            let follows = intervals.last().is_none_or(|before| before.ends.last < first);
            let within = bounds.first <= first && last <= bounds.last;
            if first > last || u64::from(last - first) > MAX_SPAN || !follows || !within {
                return Err(DecodeError::Value);
            }
            intervals.push(interval);
        }
        reader.finish()?;
        Ok(Self { intervals, proof_challenge, proof_response })
    }

    /// Whether all its intervals are signed under W for this scope.
    pub fn is_signed(&self, scope: &Scope) -> bool {
        let composites = Composites::of(scope, &self.intervals);
        let (c, z) = (self.proof_challenge, self.proof_response);
        let mask_g = RistrettoPoint::vartime_double_scalar_mul_basepoint(&-c, scope.revocation.point(), &z);
        let mask_m = RistrettoPoint::vartime_multiscalar_mul([z, -c], [composites.m, composites.z]);
        composites.challenge(&mask_g.compress(), &mask_m.compress()) == c
    }

    /// The interval that holds a handle, in time that depends on where it lies: for handles that are no secret.
    pub fn find(&self, handle: u32) -> Option<&SignedInterval> {
        let after = self.intervals.partition_point(|interval| interval.ends.last < handle);
        self.intervals.get(after).filter(|interval| interval.ends.holds(handle))
    }
}

/// C of an interval, in time that does not depend on its ends: which one is a holder's is a secret.
pub fn interval_point(domain: &Scalar, ends: Ends) -> RistrettoPoint {
    let h = generators().h();
    generators().p()
        + RistrettoPoint::multiscalar_mul(
            [domain, &Scalar::from(ends.first), &Scalar::from(ends.last)],
            [generators().q(), &h[H_ATTRIBUTES], &h[H_ATTRIBUTES + 1]],
        )
}

/// M = Σ ω·A and Z = Σ ω·(C − e·A) over a bucket, with weights ω hashed from all of it: one proof that Z = w·M stands
/// for all intervals (as in RFC 9497 section 2.2.1). An interval for which it did not hold would have to cancel under
/// 128-bit weights that are settled after it.
pub struct Composites {
    transcript: Transcript,
    /// M.
    pub m: RistrettoPoint,
    /// Z.
    pub z: RistrettoPoint,
}

impl Composites {
    /// From the intervals of a bucket. All of it is public.
    pub fn of(scope: &Scope, intervals: &[SignedInterval]) -> Self {
        let domain = scope.domain();
        let mut transcript = transcript(labels::INTERVAL_BUCKET);
        transcript.append_point(b"W", scope.revocation.encoded());
        transcript.append_scalar(b"d", &domain);
        let mut bytes = Vec::with_capacity(SignedInterval::LENGTH * intervals.len());
        intervals.iter().for_each(|interval| interval.write(&mut bytes));
        transcript.append_message(b"intervals", &bytes);

        // Σ ω·C = Σω·(P + d·Q) + Σ ω·first·H_3 + Σ ω·last·H_4.
        let (mut sum, mut first, mut last) = (Scalar::ZERO, Scalar::ZERO, Scalar::ZERO);
        let (mut weights, mut below) = (Vec::new(), Vec::new());
        for SignedInterval { ends, e, .. } in intervals {
            let mut bytes = [0; 16];
            transcript.challenge_bytes(b"weight", &mut bytes);
            let weight = Scalar::from(u128::from_le_bytes(bytes));
            sum += weight;
            first += weight * Scalar::from(ends.first);
            last += weight * Scalar::from(ends.last);
            below.push(-weight * e);
            weights.push(weight);
        }
        let (generators, h) = (generators(), generators().h());
        let ends = [generators.p(), generators.q(), &h[H_ATTRIBUTES], &h[H_ATTRIBUTES + 1]];
        let points = || intervals.iter().map(|interval| interval.a.point);
        let c = RistrettoPoint::vartime_multiscalar_mul([sum, sum * domain, first, last], ends);
        Self {
            transcript,
            m: RistrettoPoint::vartime_multiscalar_mul(weights, points()),
            z: c + RistrettoPoint::vartime_multiscalar_mul(below, points()),
        }
    }

    /// The challenge of the proof, over k·G and k·M.
    pub fn challenge(&self, mask_g: &CompressedRistretto, mask_m: &CompressedRistretto) -> Scalar {
        let mut transcript = self.transcript.clone();
        transcript.append_point(b"M", &self.m.compress());
        transcript.append_point(b"Z", &self.z.compress());
        transcript.append_point(b"TG", mask_g);
        transcript.append_point(b"TM", mask_m);
        transcript.challenge_scalar(b"c")
    }
}
