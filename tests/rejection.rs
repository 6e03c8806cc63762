//! A proof has one spelling: any other bytes are refused.
//!
//! attacks.md, Soundness 9 and 11.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::presentation::{expected_length, in_profile_of};
use glimpse_circuits::range_proof::{RangeProof, bits, slots};
use glimpse_circuits::relation::Profile;
use glimpse_circuits::request::CheckKind;
use glimpse_fixtures::NOW;
use glimpse_fixtures::proof::{Proof, age, cause, compact_age, compact_rich, proof, relation, rich};
use glimpse_verifier::Cause;
use serde_json::json;

fn every_bit(proof: &Proof) {
    every_bit_in_steps(proof, 1);
}

fn every_bit_in_steps(proof: &Proof, step: usize) {
    let verifier = proof.world.keyed_verifier();
    let mut bytes = proof.bytes.clone();
    for bit in (0..bytes.len() * 8).step_by(step) {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(cause(&verifier, &proof.relation, &bytes).is_some(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert_eq!(bytes, proof.bytes);
}

#[test]
fn every_bit_of_a_token_proof() {
    every_bit(&age("token", 1));
}

#[test]
fn every_bit_of_a_keyed_proof() {
    every_bit(&age("keyed", 2));
}

#[test]
fn every_bit_of_a_proof_with_two_credentials() {
    let statements = json!([
        {"disclose": {"of": "b.points"}},
        {"member": {"of": "c.title", "values": ["x", "company", "y"]}},
        {"flags": {"of": "b.bits", "all": ["b0"], "any": ["b31"], "none": (1..30).map(|i| format!("b{i}")).collect::<Vec<_>>()}},
    ]);
    every_bit(&proof(3, "token", &["b", "c"], statements));
}

#[test]
fn every_bit_of_a_proof_that_discloses_everything() {
    let of = |name: &str| json!({"disclose": {"of": format!("c.{name}")}});
    every_bit(&proof(4, "token", &["c"], json!([of("title"), of("since"), of("count")])));
}

/// The header's bits all, and of the rest every 37th: each bit of a byte in turn, in each point and scalar several.
#[test]
fn bits_of_compact_proofs() {
    for proof in [compact_age("token", 11), compact_age("keyed", 12), compact_rich("token", 13)] {
        every_bit_in_steps(&proof, 37);
        let verifier = proof.world.keyed_verifier();
        for bit in 0..24 {
            let mut bytes = proof.bytes.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert!(cause(&verifier, &proof.relation, &bytes).is_some(), "bit {bit}");
        }
    }
}

#[test]
fn every_length() {
    let compact = [compact_age("token", 14), compact_age("keyed", 15), compact_rich("keyed", 16)];
    for proof in [age("token", 5), age("keyed", 6), rich("keyed", 7)].into_iter().chain(compact) {
        let verifier = proof.world.keyed_verifier();
        for length in 0..proof.bytes.len() {
            let refusal = cause(&verifier, &proof.relation, &proof.bytes[..length]);
            assert!(matches!(refusal, Some(Cause::Decode(DecodeError::TooShort))), "{length}: {refusal:?}");
        }
        for more in [0u8, 1, 255] {
            let longer = [proof.bytes.as_slice(), &[more]].concat();
            let refusal = cause(&verifier, &proof.relation, &longer);
            assert_eq!(refusal, Some(Cause::Decode(DecodeError::TooLong)));
        }
        let twice = [proof.bytes.as_slice(), &proof.bytes].concat();
        assert_eq!(proof.refusal(&twice), Some(Cause::Decode(DecodeError::TooLong)));
    }
}

/// attacks.md 11: s + ℓ for every scalar, −p and malformed encodings and the identity for every point.
#[test]
fn non_canonical_scalars_and_points() {
    let compact = [compact_age("token", 17), compact_age("keyed", 18), compact_rich("token", 19)];
    for proof in [age("token", 8), age("keyed", 9), rich("token", 10)].into_iter().chain(compact) {
        let header = 2 + proof.relation.credentials().len();
        let values = proof.bytes.len() - expected_length(&proof.relation);
        let start = header + values;
        let token = proof.relation.credentials()[0].check == CheckKind::Token;
        let count = proof.relation.credentials().len();
        let ranges = proof.relation.ranges();
        let of_credentials = count * if token { 5 } else { 3 };
        let points = of_credentials + 1 + usize::from(proof.relation.has_digits()) + ranges.len();
        let parts = (proof.bytes.len() - start) / 32;
        assert!(parts > points + proof.relation.hidden());
        // A Bulletproof at the end: four points, three scalars, two points for each round, two scalars.
        let bulletproof = match slots(ranges) {
            0 => parts,
            slots => parts - RangeProof::elements(slots, bits(ranges)),
        };
        let in_bulletproof = |part: usize| {
            part.checked_sub(bulletproof).is_some_and(|i| i < 4 || (i >= 7 && part + 2 < parts))
        };
        for part in 0..parts {
            let at = start + 32 * part;
            let original: [u8; 32] = proof.bytes[at..at + 32].try_into().unwrap();
            let with = |replacement: &[u8; 32]| {
                let mut bytes = proof.bytes.clone();
                bytes[at..at + 32].copy_from_slice(replacement);
                proof.refusal(&bytes)
            };
            if part >= points && !in_bulletproof(part) {
                let mut sum = original;
                for multiple in 1..=7 {
                    add(&mut sum, &ORDER);
                    assert_eq!(Scalar::from_bytes_mod_order(sum).to_bytes(), original);
                    assert_eq!(with(&sum), Some(Cause::Decode(DecodeError::Scalar)), "{part} + {multiple}l");
                }
                continue;
            }
            let mut negative = FIELD;
            subtract(&mut negative, &original);
            assert_eq!(with(&negative), Some(Cause::Decode(DecodeError::Point)), "-point {part}");
            assert_eq!(with(&FIELD), Some(Cause::Decode(DecodeError::Point)), "p for point {part}");
            assert_eq!(with(&[0xff; 32]), Some(Cause::Decode(DecodeError::Point)));
            let mut high = original;
            high[31] |= 0x80;
            assert_eq!(with(&high), Some(Cause::Decode(DecodeError::Point)), "high bit of point {part}");
            let a_bar = part % if token { 5 } else { 3 } == 0 && part < of_credentials;
            let refusal = with(&[0; 32]);
            if a_bar || in_bulletproof(part) {
                assert_eq!(refusal, Some(Cause::Decode(DecodeError::Identity)), "identity at {part}");
            } else {
                assert_eq!(refusal, Some(Cause::Proof), "identity at {part}");
            }
        }
    }
}

/// A compact answer where none was asked for, and each profile's bytes under the other's number.
#[test]
fn profiles_are_not_interchangeable() {
    for check in ["token", "keyed"] {
        let Proof { mut world, wallet, credentials, request, bytes: compact, .. } = compact_age(check, 20);
        let asked = relation(&world, &request);
        let verifier = world.keyed_verifier();
        // The bytes say which profile they are in.
        assert_eq!(asked.profile(), Profile::Fast);
        assert_eq!(cause(&verifier, &asked, &compact), None);
        assert!(verifier.verify(asked.request(), &compact, NOW).is_ok());
        let fast = world.present(&asked, &wallet, &[&credentials[0]]);
        assert_eq!(cause(&verifier, &asked, &fast), None);
        for bytes in [&compact, &fast] {
            let mut other = bytes.clone();
            other[1] ^= 1;
            assert!(matches!(cause(&verifier, &asked, &other), Some(Cause::Decode(_))));
        }

        let mut plain = request.clone();
        plain.as_object_mut().unwrap().remove("prefer");
        let plain = relation(&world, &plain);
        assert!(plain.compact().is_none());
        assert_eq!(cause(&verifier, &plain, &compact), Some(Cause::Decode(DecodeError::Version)));
        assert_eq!(in_profile_of(&plain, &compact).profile(), Profile::Fast);
    }
}

/// ℓ and p = 2^255 − 19, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const FIELD: [u8; 32] = {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed, 0x7f);
    bytes
};

fn add(sum: &mut [u8; 32], other: &[u8; 32]) {
    let mut carry = 0;
    for (byte, more) in sum.iter_mut().zip(other) {
        let total = u16::from(*byte) + u16::from(*more) + carry;
        (*byte, carry) = (total as u8, total >> 8);
    }
    assert_eq!(carry, 0);
}

fn subtract(difference: &mut [u8; 32], other: &[u8; 32]) {
    let mut borrow = 0;
    for (byte, less) in difference.iter_mut().zip(other) {
        let total = i16::from(*byte) - i16::from(*less) - borrow;
        (*byte, borrow) = (total as u8, i16::from(total < 0));
    }
}
