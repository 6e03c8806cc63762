//! The one aggregated range proof of a compact presentation, and the bridge to the crate that makes it.
//!
//! The `bulletproofs` crate is built on another version of the curve crate: points and scalars cross over by their
//! encodings, here and nowhere else. Values are committed to as value·G + blinding·K. The proof is that of Bünz, Bootle,
//! Boneh, Poelstra, Wuille and Maxwell, "Bulletproofs: Short Proofs for Confidential Transactions and More" (2018),
//! sections 4.1 and 4.2, in the crate's own bytes.

use std::sync::OnceLock;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof as Bulletproof};
use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek_4::ristretto::CompressedRistretto as ForeignPoint;
use curve25519_dalek_4::scalar::Scalar as ForeignScalar;
use merlin::Transcript;
use rand_core::CryptoRngCore;
use sha3::Shake256;
use sha3::digest::{ExtendableOutput, Update, XofReader};
use zeroize::Zeroizing;

use crate::encoding::{DecodeError, EncodedPoint, Reader};
use crate::generators::generators;
use crate::relation::Range;

/// Most values of one proof, those of other ends and padding included.
pub const MAX_SLOTS: usize = 16;
/// Most bits of one value.
pub const MAX_BITS: usize = 64;

/// How many values the proof is about: one or two for each range, padded to a power of two with the value 0 under the
/// blinding 0. 0 without ranges.
pub fn slots(ranges: &[Range]) -> usize {
    let values: usize = ranges.iter().map(|range| 1 + usize::from(range.both_ends)).sum();
    if values == 0 { 0 } else { values.next_power_of_two() }
}

/// The bits of each value: 8, 16, 32 or 64, enough for the widest range.
pub fn bits(ranges: &[Range]) -> usize {
    let widest = ranges.iter().map(|range| range.width).max().unwrap_or_default();
    let needed = (u64::BITS - widest.leading_zeros()) as usize;
    needed.next_power_of_two().clamp(8, MAX_BITS)
}

/// The commitments of all values in order: of each range, then of its other end, then the padding.
pub fn all_commitments(ranges: &[Range], commitments: &[RistrettoPoint]) -> Vec<RistrettoPoint> {
    let mut all = Vec::with_capacity(slots(ranges));
    for (range, commitment) in ranges.iter().zip(commitments) {
        all.push(*commitment);
        if range.both_ends {
            all.push(generators().g() * Scalar::from(range.width) - commitment);
        }
    }
    all.resize(slots(ranges), RistrettoPoint::default());
    all
}

/// An aggregated range proof with the crate's names.
#[derive(Clone, PartialEq, Eq)]
pub struct RangeProof {
    /// A: the bits.
    pub a: EncodedPoint,
    /// S: their masks.
    pub s: EncodedPoint,
    /// T_1.
    pub t_1: EncodedPoint,
    /// T_2.
    pub t_2: EncodedPoint,
    /// t(x).
    pub t_x: Scalar,
    /// Blinding of t(x).
    pub t_x_blinding: Scalar,
    /// Blinding of A + x·S.
    pub e_blinding: Scalar,
    /// L and R of each round of the inner product proof.
    pub rounds: Vec<(EncodedPoint, EncodedPoint)>,
    /// a: what is left of the left vector.
    pub left: Scalar,
    /// b: what is left of the right vector.
    pub right: Scalar,
}

opaque_debug!(RangeProof);

impl RangeProof {
    /// How many points and scalars it has.
    pub fn elements(slots: usize, bits: usize) -> usize {
        9 + 2 * rounds(slots, bits)
    }

    /// Reads the crate's bytes. As in the crate, no point may be the identity.
    pub fn read(reader: &mut Reader<'_>, slots: usize, bits: usize) -> Result<Self, DecodeError> {
        Ok(Self {
            a: reader.nonzero_point()?,
            s: reader.nonzero_point()?,
            t_1: reader.nonzero_point()?,
            t_2: reader.nonzero_point()?,
            t_x: reader.scalar()?,
            t_x_blinding: reader.scalar()?,
            e_blinding: reader.scalar()?,
            rounds: (0..rounds(slots, bits))
                .map(|_| Ok((reader.nonzero_point()?, reader.nonzero_point()?)))
                .collect::<Result<_, DecodeError>>()?,
            left: reader.scalar()?,
            right: reader.scalar()?,
        })
    }

    /// The crate's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(32 * (9 + 2 * self.rounds.len()));
        for point in [&self.a, &self.s, &self.t_1, &self.t_2] {
            bytes.extend_from_slice(point.encoded.as_bytes());
        }
        for scalar in [&self.t_x, &self.t_x_blinding, &self.e_blinding] {
            bytes.extend_from_slice(scalar.as_bytes());
        }
        for (l, r) in &self.rounds {
            bytes.extend_from_slice(l.encoded.as_bytes());
            bytes.extend_from_slice(r.encoded.as_bytes());
        }
        bytes.extend_from_slice(self.left.as_bytes());
        bytes.extend_from_slice(self.right.as_bytes());
        bytes
    }

    /// Proves that every value, and for ranges with two ends also width − value, has at most [`bits`] bits.
    ///
    /// `transcript` is a fork of the presentation's that has absorbed the commitments; `rng` must be hedged over the
    /// values and blindings.
    pub fn prove(
        ranges: &[Range],
        values: &[u64],
        blindings: &[Scalar],
        transcript: &mut Transcript,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, RangeProofError> {
        let (slots, bits) = (slots(ranges), bits(ranges));
        let mut all_values = Zeroizing::new(Vec::with_capacity(slots));
        let mut all_blindings = Zeroizing::new(Vec::with_capacity(slots));
        for ((range, value), blinding) in ranges.iter().zip(values).zip(blindings) {
            all_values.push(*value);
            all_blindings.push(foreign_scalar(blinding)?);
            if range.both_ends {
                all_values.push(range.width.wrapping_sub(*value));
                all_blindings.push(foreign_scalar(&-blinding)?);
            }
        }
        all_values.resize(slots, 0);
        all_blindings.resize(slots, ForeignScalar::ZERO);
        let bases = foreign_bases()?;
        let foreign = foreign_generators();
        let (proof, _) = Bulletproof::prove_multiple_with_rng(
            foreign,
            bases,
            transcript,
            &all_values,
            &all_blindings,
            bits,
            rng,
        )
        .map_err(|_| RangeProofError)?;
        let bytes = proof.to_bytes();
        let mut reader = Reader::new(&bytes);
        let proof = Self::read(&mut reader, slots, bits).map_err(|_| RangeProofError)?;
        reader.finish().map_err(|_| RangeProofError)?;
        Ok(proof)
    }

    /// What the crate's own verifier says, in a multiplication of its own. The product's verifier folds the equation
    /// into its own instead; the two are tested against each other.
    pub fn holds_in_the_crate(
        &self,
        ranges: &[Range],
        commitments: &[RistrettoPoint],
        transcript: &mut Transcript,
        rng: &mut impl CryptoRngCore,
    ) -> bool {
        let Ok(proof) = Bulletproof::from_bytes(&self.to_bytes()) else { return false };
        let Ok(bases) = foreign_bases() else { return false };
        let commitments: Vec<ForeignPoint> = all_commitments(ranges, commitments)
            .iter()
            .map(|commitment| ForeignPoint(commitment.compress().to_bytes()))
            .collect();
        let foreign = foreign_generators();
        proof.verify_multiple_with_rng(foreign, bases, transcript, &commitments, bits(ranges), rng).is_ok()
    }
}

/// A range proof could not be made: a value does not fit, or the generator of randomness gave the identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a range proof could not be made")]
pub struct RangeProofError;

/// log₂ of the length of the inner product.
fn rounds(slots: usize, bits: usize) -> usize {
    (slots * bits).trailing_zeros() as usize
}

/// The generators of the bits: for slot j those at 128·j are `G` and those at 128·j + 64 are `H`, [`MAX_BITS`] each.
pub fn range_generators() -> &'static [RistrettoPoint] {
    static GENERATORS: OnceLock<Vec<RistrettoPoint>> = OnceLock::new();
    GENERATORS.get_or_init(|| {
        let chains = (0..MAX_SLOTS as u32).flat_map(|slot| [(b'G', slot), (b'H', slot)]);
        chains.flat_map(|(name, slot)| chain(name, slot)).collect()
    })
}

/// The crate's chain of generators: SHAKE256 of its name and the slot, 64 bytes each mapped to the group.
fn chain(name: u8, slot: u32) -> impl Iterator<Item = RistrettoPoint> {
    let mut shake = Shake256::default();
    shake.update(b"GeneratorsChain");
    shake.update(&[name]);
    shake.update(&slot.to_le_bytes());
    let mut reader = shake.finalize_xof();
    (0..MAX_BITS).map(move |_| {
        let mut bytes = [0u8; 64];
        reader.read(&mut bytes);
        RistrettoPoint::from_uniform_bytes(&bytes)
    })
}

fn foreign_generators() -> &'static BulletproofGens {
    static GENERATORS: OnceLock<BulletproofGens> = OnceLock::new();
    GENERATORS.get_or_init(|| BulletproofGens::new(MAX_BITS, MAX_SLOTS))
}

/// G for values and K for blindings.
fn foreign_bases() -> Result<&'static PedersenGens, RangeProofError> {
    static BASES: OnceLock<Option<PedersenGens>> = OnceLock::new();
    let foreign = |point: &RistrettoPoint| ForeignPoint(point.compress().to_bytes()).decompress();
    let bases =
        || Some(PedersenGens { B: foreign(generators().g())?, B_blinding: foreign(generators().k())? });
    BASES.get_or_init(bases).as_ref().ok_or(RangeProofError)
}

fn foreign_scalar(scalar: &Scalar) -> Result<ForeignScalar, RangeProofError> {
    Option::from(ForeignScalar::from_canonical_bytes(scalar.to_bytes())).ok_or(RangeProofError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::Linear;

    fn ranges(widths: &[(u64, bool)]) -> Vec<Range> {
        let range = |&(width, both_ends)| Range { value: Linear::default(), width, both_ends };
        widths.iter().map(range).collect()
    }

    #[test]
    fn generators_are_the_crates() {
        for slot in 0..MAX_SLOTS {
            let own = &range_generators()[128 * slot..][..MAX_BITS];
            let foreign: Vec<_> = foreign_generators().share(slot).G(MAX_BITS).collect();
            assert_eq!(foreign.len(), MAX_BITS);
            for (own, foreign) in own.iter().zip(foreign) {
                assert_eq!(own.compress().to_bytes(), foreign.compress().to_bytes());
            }
        }
        // No generator twice, also not among the others.
        let all = generators().all().iter().chain(range_generators());
        let distinct: std::collections::HashSet<_> = all.map(|point| point.compress().to_bytes()).collect();
        assert_eq!(distinct.len(), generators().all().len() + 2 * MAX_BITS * MAX_SLOTS);
    }

    #[test]
    fn sizes() {
        assert_eq!((slots(&[]), bits(&[])), (0, 8));
        for (width, expected) in
            [(15, 8), (255, 8), (256, 16), (65_535, 16), (65_536, 32), (u64::MAX >> 1, 64)]
        {
            assert_eq!(bits(&ranges(&[(20, false), (width, true)])), expected, "{width}");
        }
        assert_eq!(slots(&ranges(&[(20, false)])), 1);
        assert_eq!(slots(&ranges(&[(20, true)])), 2);
        assert_eq!(slots(&ranges(&[(20, true), (20, false)])), 4);
    }
}
