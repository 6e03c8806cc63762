//! Sound presentations changed in every way that there is a name for: all are refused. `benches` has the same by the
//! million.
//!
//! attacks.md, Soundness 9, 11 and 12.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use glimpse_fixtures::NOW;
use glimpse_fixtures::mutant::{Answer, FIELD, Kind, Said, Stock};
use glimpse_verifier::Cause;

/// Judged together: in turns each alone, and all of them in one batch.
const BLOCK: u64 = 50;
const BLOCKS: u64 = 120;
/// One in so many is held against the reference.
const EXPLAINED: u64 = 40;

#[test]
fn mutants_are_refused() {
    let stock = Stock::new(2);
    let verifier = stock.verifier();
    let mut by_equations: BTreeMap<Kind, u64> = BTreeMap::new();
    let (mut refused, mut controls) = (0, 0);
    for block in 0..BLOCKS {
        for one in stock.judge(&verifier, 2, block * BLOCK..(block + 1) * BLOCK, block % 2 == 1) {
            let name = format!("mutant {} of seed 2, {}", one.number, one.mutant.kind.name());
            match &one.said {
                Said::Wrong(what) => panic!("{name}, {}: {what}", one.mutant.asked.name),
                Said::Accepted => controls += u64::from(one.mutant.kind == Kind::Control),
                Said::Refused(cause) => {
                    refused += 1;
                    *by_equations.entry(one.mutant.kind).or_default() += u64::from(*cause == Cause::Proof);
                }
            }
            if one.number % EXPLAINED == 0
                && let Some(broken) = stock.broken(&one.mutant)
            {
                assert_eq!(broken.is_empty(), one.said == Said::Accepted, "{name}: {broken:?}");
            }
        }
    }
    assert!(controls > 50, "{controls}");
    // Most of them can be read, so that it is the proof that is tried. There are such of every kind but those that cannot
    // be; what is given to any other request has another length there, as a rule.
    assert!(by_equations.values().sum::<u64>() > refused * 3 / 4, "{by_equations:?} of {refused}");
    for (kind, _) in Kind::ALL {
        let reached = by_equations.get(&kind).copied().unwrap_or(0);
        match kind {
            Kind::Control | Kind::Length | Kind::NotCanonical => assert_eq!(reached, 0, "{}", kind.name()),
            Kind::WholeOther => {}
            _ => assert!(reached > 0, "no {} reached the equations", kind.name()),
        }
    }
}

/// Drawn mutants reach a field of a rare kind of answer rarely: here every field of one answer to every request, in each
/// profile, is moved by the least there is.
#[test]
fn every_field_counts() {
    let stock = Stock::new(3);
    let verifier = stock.verifier();
    let mut fields = 0;
    for asked in stock.asked.iter().step_by(2) {
        let mut profiles = Vec::new();
        for answer in &asked.answers {
            if profiles.contains(&answer.shown.profile()) {
                continue;
            }
            profiles.push(answer.shown.profile());
            for (place, role) in answer.layout.roles().iter().enumerate() {
                let moved = moved(answer, place);
                let said = verifier.verify_compiled(&asked.relation, &moved, NOW).map(|_| ());
                let cause = said.err().map(|failure| failure.cause().clone());
                assert_eq!(cause, Some(Cause::Proof), "{}: {role:?}", asked.name);
                fields += 1;
            }
        }
    }
    assert!(fields > 2000, "{fields}");
}

/// What is sent before a challenge is bound by it, so that only a prover who lies and proves on breaks one equation alone:
/// every lie there is about, in every place that three draws find.
#[test]
fn every_lie_is_refused() {
    let stock = Stock::new(4);
    let verifier = stock.verifier();
    let mut told: BTreeMap<usize, u64> = BTreeMap::new();
    for (place, asked) in stock.asked.iter().enumerate().step_by(2) {
        // The first holder's in each profile.
        for answer in (0..asked.answers.len()).step_by(2) {
            for seed in 0..3 {
                for (lie, mutant) in stock.lies(place, answer, seed).enumerate() {
                    let Some(mutant) = mutant else { continue };
                    let said = verifier.verify_compiled(&asked.relation, &mutant.bytes, NOW).map(|_| ());
                    let cause = said.err().map(|failure| failure.cause().clone());
                    assert_eq!(cause, Some(Cause::Proof), "{}: lie {lie}", asked.name);
                    *told.entry(lie).or_default() += 1;
                }
            }
        }
    }
    assert!(told.len() == 14 && told.values().all(|count| *count >= 6), "{told:?}");
}

/// P + G for a point, s + 1 for a scalar.
fn moved(answer: &Answer, place: usize) -> Vec<u8> {
    let mut bytes = answer.bytes.clone();
    let span = answer.layout.span(place);
    let field: [u8; FIELD] = bytes[span.clone()].try_into().unwrap();
    let moved = if answer.layout.roles()[place].is_point() {
        let point = CompressedRistretto(field).decompress().unwrap();
        (point + RISTRETTO_BASEPOINT_POINT).compress().to_bytes()
    } else {
        (Scalar::from_canonical_bytes(field).unwrap() + Scalar::ONE).to_bytes()
    };
    bytes[span].copy_from_slice(&moved);
    bytes
}
