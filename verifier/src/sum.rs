//! Many claims in one multiscalar multiplication, and the search for the false ones if they do not all hold.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use curve25519_dalek::ristretto::{RistrettoPoint, VartimeRistrettoPrecomputation};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimeMultiscalarMul, VartimePrecomputedMultiscalarMul};
use glimpse_circuits::generators::generators;
use glimpse_circuits::range_proof::range_generators;

use crate::claim::Claim;

/// From so many points on, buckets (Pippenger) beat shared doublings (Straus) even without precomputed tables.
const MANY_POINTS: usize = 224;

/// Which claims hold.
///
/// If all do, that is one multiplication. Otherwise halves are searched: the left half is summed, the right half is
/// what is then missing from the sum, so each split costs half of what was searched, and there are never more
/// multiplications than claims.
pub(crate) fn which_hold(claims: &[Claim]) -> Vec<bool> {
    let mut hold = vec![true; claims.len()];
    if !claims.is_empty() {
        search(claims, sum(claims), &mut hold);
    }
    hold
}

fn search(claims: &[Claim], total: RistrettoPoint, hold: &mut [bool]) {
    if total.is_identity() {
        return;
    }
    if claims.len() == 1 {
        hold[0] = false;
        return;
    }
    let middle = claims.len() / 2;
    let (left, right) = claims.split_at(middle);
    let (hold_left, hold_right) = hold.split_at_mut(middle);
    let left_sum = sum(left);
    search(left, left_sum, hold_left);
    search(right, total - left_sum, hold_right);
}

/// The sum of all claims' terms: generators and issuer keys collect one coefficient each.
fn sum(claims: &[Claim]) -> RistrettoPoint {
    let fixed = coefficients(claims, |claim| &claim.fixed);
    let range = coefficients(claims, |claim| &claim.range);
    let mut keys: BTreeMap<[u8; 32], (Scalar, RistrettoPoint)> = BTreeMap::new();
    let points = claims.iter().map(|claim| claim.points.len()).sum();
    let (mut scalars, mut own) = (Vec::with_capacity(points), Vec::with_capacity(points));
    for claim in claims {
        for (key, coefficient) in &claim.keys {
            keys.entry(key.encoded().0).or_insert((Scalar::ZERO, *key.point())).0 += coefficient;
        }
        scalars.extend(&claim.scalars);
        own.extend(&claim.points);
    }
    for (coefficient, key) in keys.values() {
        scalars.push(coefficient);
        own.push(key);
    }
    let mut sum = RistrettoPoint::default();
    if !range.is_empty() {
        sum += range_tables().vartime_multiscalar_mul(&range);
    }
    if own.len() < MANY_POINTS {
        return sum + tables().vartime_mixed_multiscalar_mul(&fixed, scalars, own.into_iter().copied());
    }
    for (coefficient, generator) in fixed.iter().zip(generators().all()) {
        if *coefficient != Scalar::ZERO {
            scalars.push(coefficient);
            own.push(generator);
        }
    }
    sum + RistrettoPoint::vartime_multiscalar_mul(scalars, own)
}

/// The sum of one vector of coefficients over all claims, as long as the longest.
fn coefficients(claims: &[Claim], of: impl Fn(&Claim) -> &Vec<Scalar>) -> Vec<Scalar> {
    let mut sums = vec![Scalar::ZERO; claims.iter().map(|claim| of(claim).len()).max().unwrap_or(0)];
    for claim in claims {
        sums.iter_mut().zip(of(claim)).for_each(|(sum, coefficient)| *sum += coefficient);
    }
    sums
}

/// Builds the generators and their tables, which the first check does otherwise. Those of range proofs are left to the
/// first compact presentation.
pub fn prepare() {
    tables();
}

/// Bytes that the precomputed tables take once all of them are built: of each generator 64 odd multiples, at the 160
/// bytes that a point prepared for addition takes in the curve crate.
pub fn table_bytes() -> usize {
    (generators().all().len() + range_generators().len()) * 64 * 160
}

/// Precomputed multiples of the generators of range proofs, which only compact presentations need.
fn range_tables() -> &'static VartimeRistrettoPrecomputation {
    static TABLES: OnceLock<VartimeRistrettoPrecomputation> = OnceLock::new();
    TABLES.get_or_init(|| VartimeRistrettoPrecomputation::new(range_generators()))
}

/// Precomputed multiples of the generators.
fn tables() -> &'static VartimeRistrettoPrecomputation {
    static TABLES: OnceLock<VartimeRistrettoPrecomputation> = OnceLock::new();
    TABLES.get_or_init(|| VartimeRistrettoPrecomputation::new(generators().all()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A claim about points of its own and a few generators, off by `error`·G.
    fn claim(i: u64, error: i8) -> Claim {
        let scalar = Scalar::from(i + 1);
        let off = if error < 0 { -Scalar::ONE } else { Scalar::from(error as u8) };
        let own = RistrettoPoint::mul_base(&scalar);
        let mut fixed = vec![Scalar::ZERO; 1 + i as usize % 3];
        fixed[0] = off - scalar * scalar;
        Claim { fixed, range: Vec::new(), keys: Vec::new(), scalars: vec![scalar], points: vec![own] }
    }

    #[test]
    fn one_false_claim_is_found_at_every_position() {
        for size in (1..=33).chain([64, 65, 127, 130]) {
            let mut claims: Vec<Claim> = (0..size).map(|i| claim(i, 0)).collect();
            assert_eq!(which_hold(&claims), vec![true; claims.len()]);
            for place in 0..claims.len() {
                claims[place] = claim(place as u64, 1);
                let hold = which_hold(&claims);
                assert!(
                    hold.iter().enumerate().all(|(i, holds)| *holds == (i != place)),
                    "{place} of {size}"
                );
                claims[place] = claim(place as u64, 0);
            }
        }
    }

    /// Errors that do not cancel in sum are found, whatever cancels inside: weights see to the rest.
    #[test]
    fn every_set_of_false_claims_is_found() {
        for bad in 0u32..1 << 9 {
            let is_bad = |i: u64| bad & (1 << i) != 0;
            let claims: Vec<Claim> =
                (0..9).map(|i| claim(i, if is_bad(i) { 1 + i as i8 } else { 0 })).collect();
            assert_eq!(which_hold(&claims), (0..9).map(|i| !is_bad(i)).collect::<Vec<_>>());
        }
        assert_eq!(which_hold(&[]), Vec::<bool>::new());
    }

    /// Both ways to multiply agree: few points of their own, and many.
    #[test]
    fn many_points_add_up_as_few_do() {
        for size in [MANY_POINTS as u64 - 1, MANY_POINTS as u64, MANY_POINTS as u64 + 1] {
            let claims: Vec<Claim> = (0..size).map(|i| claim(i, i8::from(i == 5))).collect();
            assert_eq!(sum(&claims), RistrettoPoint::mul_base(&Scalar::ONE));
        }
    }
}
