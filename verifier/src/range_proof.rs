//! The equation of a Bulletproof, folded into the claim of its presentation: the proofs of a batch share the
//! generators, and the multiplication.
//!
//! Bünz et al. 2018, sections 4.2 and 6.2, with the transcript of the `bulletproofs` crate: its verifier and this one
//! accept the same proofs.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::{INDEX_G, INDEX_K};
use glimpse_circuits::presentation::RangePart;
use glimpse_circuits::range_proof::{MAX_BITS, RangeProof, all_commitments, bits, slots};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::transcript::TranscriptProtocol;
use merlin::Transcript;

use crate::claim::Claim;
use crate::weights::Weights;

/// The challenges of a range proof, by the names of the paper and the crate.
pub(crate) struct Challenges {
    y: Scalar,
    z: Scalar,
    x: Scalar,
    w: Scalar,
    /// One for each round of the inner product.
    u: Vec<Scalar>,
}

impl Challenges {
    /// Draws them from the fork of the presentation's transcript.
    pub(crate) fn draw(relation: &Relation, part: &RangePart, mut fork: Transcript) -> Self {
        let (slots, bits) = (slots(relation.ranges()), bits(relation.ranges()));
        let RangeProof { a, s, t_1, t_2, t_x, t_x_blinding, e_blinding, rounds, .. } = &part.proof;
        fork.append_message(b"dom-sep", b"rangeproof v1");
        fork.append_message(b"n", &(bits as u64).to_le_bytes());
        fork.append_message(b"m", &(slots as u64).to_le_bytes());
        let commitments: Vec<RistrettoPoint> = part.commitments.iter().map(|v| v.point).collect();
        for commitment in all_commitments(relation.ranges(), &commitments) {
            fork.append_point(b"V", &commitment.compress());
        }
        fork.append_point(b"A", &a.encoded);
        fork.append_point(b"S", &s.encoded);
        let y = fork.challenge_scalar(b"y");
        let z = fork.challenge_scalar(b"z");
        fork.append_point(b"T_1", &t_1.encoded);
        fork.append_point(b"T_2", &t_2.encoded);
        let x = fork.challenge_scalar(b"x");
        fork.append_scalar(b"t_x", t_x);
        fork.append_scalar(b"t_x_blinding", t_x_blinding);
        fork.append_scalar(b"e_blinding", e_blinding);
        let w = fork.challenge_scalar(b"w");
        fork.append_message(b"dom-sep", b"ipp v1");
        fork.append_message(b"n", &((slots * bits) as u64).to_le_bytes());
        let round = |(l, r): &(EncodedPoint, EncodedPoint)| {
            fork.append_point(b"L", &l.encoded);
            fork.append_point(b"R", &r.encoded);
            fork.challenge_scalar(b"u")
        };
        let u = rounds.iter().map(round).collect();
        Self { y, z, x, w, u }
    }
}

/// Adds the proof's two equations, each under a weight of its own: that t(x) is the value of the committed polynomial
/// (equation 65), and the inner product (equations 66 to 68).
pub(crate) fn add(
    claim: &mut Claim,
    relation: &Relation,
    part: &RangePart,
    challenges: &Challenges,
    weights: &mut Weights,
) {
    let (slots, bits) = (slots(relation.ranges()), bits(relation.ranges()));
    let Challenges { y, z, x, w, u } = challenges;
    let proof = &part.proof;
    let (inner, polynomial) = (weights.next(), weights.next());

    claim.add(inner, proof.a.point);
    claim.add(inner * x, proof.s.point);
    claim.add(polynomial * x, proof.t_1.point);
    claim.add(polynomial * x * x, proof.t_2.point);
    claim.fixed[INDEX_K] -= inner * proof.e_blinding + polynomial * proof.t_x_blinding;
    claim.fixed[INDEX_G] += inner * w * (proof.t_x - proof.left * proof.right)
        + polynomial * (delta(bits, slots, y, z) - proof.t_x);

    let inverses: Vec<Scalar> = u.iter().map(Scalar::invert).collect();
    for ((u, inverse), (l, r)) in u.iter().zip(&inverses).zip(&proof.rounds) {
        claim.add(inner * u * u, l.point);
        claim.add(inner * inverse * inverse, r.point);
    }

    let mut slot_power = polynomial * z * z;
    for (range, commitment) in relation.ranges().iter().zip(&part.commitments) {
        let mut coefficient = slot_power;
        slot_power *= z;
        if range.both_ends {
            // width·G − V stands in the next slot.
            claim.fixed[INDEX_G] += slot_power * Scalar::from(range.width);
            coefficient -= slot_power;
            slot_power *= z;
        }
        claim.add(coefficient, commitment.point);
    }
    generators(claim, proof, challenges, &inverses, (slots, bits), &inner);
}

/// The coefficients of the bits' generators, −z − a·s and z + y^-i·(z^(2+j)·2^i − b/s), times the weight.
fn generators(
    claim: &mut Claim,
    proof: &RangeProof,
    challenges: &Challenges,
    inverses: &[Scalar],
    (slots, bits): (usize, usize),
    weight: &Scalar,
) {
    let Challenges { y, z, u, .. } = challenges;
    let s = products(u, inverses);
    let (wz, wa, wb) = (weight * z, weight * proof.left, weight * proof.right);
    let y_inverse = y.invert();
    let mut y_power = Scalar::ONE;
    let mut slot_power = weight * z * z;
    claim.range.resize(2 * MAX_BITS * slots, Scalar::ZERO);
    for slot in 0..slots {
        let (g, h) = claim.range[2 * MAX_BITS * slot..][..2 * MAX_BITS].split_at_mut(MAX_BITS);
        let mut bit_power = slot_power;
        for bit in 0..bits {
            let i = slot * bits + bit;
            g[bit] = -wz - wa * s[i];
            // 1/s_i is s with all choices reversed.
            h[bit] = wz + y_power * (bit_power - wb * s[s.len() - 1 - i]);
            bit_power += bit_power;
            y_power *= y_inverse;
        }
        slot_power *= z;
    }
}

/// s_i: for each bit of i the challenge of that round, or its inverse. The first round is the highest bit.
fn products(u: &[Scalar], inverses: &[Scalar]) -> Vec<Scalar> {
    let mut s = Vec::with_capacity(1 << u.len());
    s.push(inverses.iter().product());
    for u in u.iter().rev() {
        let square = u * u;
        s.extend_from_within(..);
        let half = s.len() / 2;
        s[half..].iter_mut().for_each(|s| *s *= square);
    }
    s
}

/// δ(y, z) = (z − z²)·Σ y^i − z³·Σ 2^i·Σ z^j.
fn delta(bits: usize, slots: usize, y: &Scalar, z: &Scalar) -> Scalar {
    let powers = |base: &Scalar, count: usize| {
        let mut sum = Scalar::ZERO;
        (0..count).for_each(|_| sum = sum * base + Scalar::ONE);
        sum
    };
    let ones = powers(&Scalar::from(2u64), bits);
    (z - z * z) * powers(y, slots * bits) - z * z * z * ones * powers(z, slots)
}
