//! Signing the intervals of a revocation list.

use curve25519_dalek::ristretto::{RistrettoBasepointTable, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::{H_ATTRIBUTES, generators};
use glimpse_circuits::interval::{Bucket, Composites, Ends, MAX_SPAN, MOMENT_SECONDS, Scope, SignedInterval};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::labels;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::secrecy::apart;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::key::{IssuerSecretKey, hedged};

/// Signs the intervals of one version of a list, bucket by bucket.
pub struct IntervalSigner<'a> {
    key: &'a IssuerSecretKey,
    scope: Scope,
    /// P + d·Q, H_3 and H_4: an interval's A is made of them in time that does not depend on the key.
    tables: [RistrettoBasepointTable; 3],
}

impl<'a> IntervalSigner<'a> {
    /// For the version issued at this moment (seconds since 1970-01-01T00:00:00Z) about credentials under `issuer` with
    /// this schema. `key` is the revocation key.
    pub fn new(
        key: &'a IssuerSecretKey,
        issuer: IssuerPublicKey,
        schema: SchemaDigest,
        issued_at: u64,
    ) -> Result<Self, IntervalError> {
        let scope = Scope { revocation: *key.public(), issuer, schema, issued_at };
        if scope.revocation == issuer {
            return Err(IntervalError::SameKey);
        }
        if !issued_at.is_multiple_of(MOMENT_SECONDS) {
            return Err(IntervalError::Moment);
        }
        let (generators, h) = (generators(), generators().h());
        let constant = generators.p() + generators.q() * scope.domain();
        let tables = [&constant, &h[H_ATTRIBUTES], &h[H_ATTRIBUTES + 1]].map(RistrettoBasepointTable::create);
        Ok(Self { key, scope, tables })
    }

    /// What the intervals are good for.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Signs the intervals of a bucket: in rising order, disjoint, none longer than [`MAX_SPAN`].
    pub fn sign(&self, intervals: &[Ends], rng: &mut impl CryptoRngCore) -> Result<Bucket, IntervalError> {
        let in_order = intervals.windows(2).all(|pair| pair[0].last < pair[1].first);
        let in_span = |ends: &Ends| ends.first <= ends.last && u64::from(ends.last - ends.first) <= MAX_SPAN;
        if !in_order || !intervals.iter().all(in_span) {
            return Err(IntervalError::Order);
        }
        Ok(apart(|| self.sign_apart(intervals, rng)))
    }

    fn sign_apart(&self, intervals: &[Ends], rng: &mut impl CryptoRngCore) -> Bucket {
        let domain = self.scope.domain().to_bytes();
        let mut public: Vec<u8> = Vec::with_capacity(8 * intervals.len());
        intervals.iter().for_each(|Ends { first, last }| {
            public.extend_from_slice(&first.to_le_bytes());
            public.extend_from_slice(&last.to_le_bytes());
        });
        let mut rng = hedged(labels::INTERVAL_RANDOMNESS, self.key, &[&domain, &public], rng);

        let e: Vec<Scalar> = intervals.iter().map(|_| self.fresh_e(&mut rng)).collect();
        let mut inverses = Zeroizing::new(Vec::with_capacity(e.len()));
        inverses.extend(e.iter().map(|e| self.key.x() + e));
        // Σ of nothing is not defined for an empty list.
        if !inverses.is_empty() {
            Scalar::invert_batch_alloc(&mut inverses);
        }
        let mut signed = Vec::with_capacity(intervals.len());
        for ((ends, e), inverse) in intervals.iter().zip(e).zip(inverses.iter()) {
            signed.push(SignedInterval { ends: *ends, a: EncodedPoint::from(self.a(*ends, inverse)), e });
        }
        let composites = Composites::of(&self.scope, &signed);
        let k = Zeroizing::new(random_scalar(&mut rng));
        let mask_g = RistrettoPoint::mul_base(&k).compress();
        let mask_m = (composites.m * *k).compress();
        let challenge = composites.challenge(&mask_g, &mask_m);
        Bucket {
            intervals: signed,
            proof_challenge: challenge,
            proof_response: *k + challenge * self.key.x(),
        }
    }

    /// e with w + e ≠ 0.
    fn fresh_e(&self, rng: &mut impl CryptoRngCore) -> Scalar {
        loop {
            let e = random_scalar(rng);
            let sum = Zeroizing::new(self.key.x() + e);
            if *sum != Scalar::ZERO {
                return e;
            }
        }
    }

    /// A = inverse·(P + d·Q + first·H_3 + last·H_4).
    fn a(&self, ends: Ends, inverse: &Scalar) -> RistrettoPoint {
        let [constant, first, last] = &self.tables;
        let scaled = |end: u32| Zeroizing::new(inverse * Scalar::from(end));
        constant * inverse + first * &*scaled(ends.first) + last * &*scaled(ends.last)
    }
}

/// All handles of `bounds` but the revoked ones, as intervals that none exceeds [`MAX_SPAN`].
///
/// `revoked` must rise; those outside of `bounds` are passed over. One at a time is looked at.
pub fn gaps(bounds: Ends, revoked: impl Iterator<Item = u32>) -> impl Iterator<Item = Ends> {
    Gaps { next: Some(bounds.first), end: None, last: bounds.last, revoked: revoked.fuse() }
}

struct Gaps<I> {
    /// The first handle that was not looked at; `None` at the end.
    next: Option<u32>,
    /// The last handle of the gap that is being cut up, and the revoked one after it.
    end: Option<u32>,
    last: u32,
    revoked: I,
}

impl<I: Iterator<Item = u32>> Iterator for Gaps<I> {
    type Item = Ends;

    fn next(&mut self) -> Option<Ends> {
        loop {
            let first = self.next.filter(|first| *first <= self.last)?;
            let end = match self.end {
                Some(end) => end,
                None => {
                    // The gap reaches to the next one that is revoked.
                    let stop = self.revoked.by_ref().find(|handle| *handle >= first);
                    match stop.filter(|handle| *handle <= self.last) {
                        Some(handle) if handle == first => {
                            self.next = handle.checked_add(1);
                            continue;
                        }
                        Some(handle) => handle - 1,
                        None => self.last,
                    }
                }
            };
            let span = u32::try_from(MAX_SPAN).unwrap_or(u32::MAX);
            let last = first.saturating_add(span).min(end);
            if last == end {
                // `end` is just before a revoked one, or the end of all.
                self.end = None;
                self.next = if end == self.last { None } else { end.checked_add(2) };
            } else {
                self.end = Some(end);
                self.next = Some(last + 1);
            }
            return Some(Ends { first, last });
        }
    }
}

/// Why nothing was signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IntervalError {
    /// The revocation key must not be the key that credentials are under.
    #[error("the revocation key is the issuer key")]
    SameKey,
    /// Versions are issued on whole minutes.
    #[error("a version of a list is issued on a whole minute")]
    Moment,
    /// Intervals that overlap, do not rise or are too long.
    #[error("intervals must rise, be disjoint and at most 2^24 handles long")]
    Order,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Every handle is in exactly one interval, unless it is revoked: then in none.
        #[test]
        fn gaps_cover_what_is_not_revoked(
            first in 0u32..50,
            length in 0u32..200,
            mut revoked in proptest::collection::vec(0u32..300, 0..60),
        ) {
            revoked.sort_unstable();
            revoked.dedup();
            let bounds = Ends { first, last: first + length };
            let covered: Vec<Ends> = gaps(bounds, revoked.iter().copied()).collect();
            for handle in 0..300 {
                let times = covered.iter().filter(|ends| ends.holds(handle)).count();
                prop_assert_eq!(times, usize::from(bounds.holds(handle) && !revoked.contains(&handle)));
            }
        }

        #[test]
        fn gaps_at_the_far_ends(mut revoked in proptest::collection::vec(any::<u32>(), 0..30), ends in any::<[bool; 2]>()) {
            revoked.extend(ends[0].then_some(0));
            revoked.extend(ends[1].then_some(u32::MAX));
            revoked.sort_unstable();
            revoked.dedup();
            let all = Ends { first: 0, last: u32::MAX };
            let mut count = 0u64;
            let mut next = 0u64;
            for Ends { first, last } in gaps(all, revoked.iter().copied()) {
                prop_assert!(u64::from(first) >= next && first <= last);
                prop_assert!(u64::from(last - first) <= MAX_SPAN);
                count += u64::from(last - first) + 1;
                next = u64::from(last) + 1;
            }
            prop_assert_eq!(count, (1u64 << 32) - revoked.len() as u64);
        }
    }
}
