//! Sound presentations changed in every way that there is a name for: all are refused. `benches` has the same by the
//! million.
//!
//! attacks.md, Soundness 9, 11 and 12.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use glimpse_fixtures::mutant::{Kind, Said, Stock};
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
