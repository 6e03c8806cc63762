//! A report with made-up figures, for the tests.

use super::*;
use crate::cases::groups;

fn timing(name: &str, us: f64) -> Timing {
    Timing { name: name.into(), median_us: us, low_us: us * 0.95, high_us: us * 1.05, samples: 9 }
}

/// A baseline of 1,000 µs to prove and 400 to verify. Every case takes 500, 300, 280, 100 and 90 µs, and what 0.2 µs
/// for each element of a set come to.
pub(crate) fn report() -> Report {
    let figure = |us: f64, base: f64| Figure { timing: timing("", us), ratio: us / base };
    let cases = groups().into_iter().flat_map(|(_, cases)| cases).map(|case| {
        let extra = match case.series {
            Series::Regions(size) | Series::Set(size) => size as f64 * 0.2,
            Series::Range(_) | Series::Single => 0.0,
        };
        CaseFigures {
            name: case.name,
            title: case.title,
            series: case.series,
            prove: figure(500.0 + extra, 1_000.0),
            verify: figure(300.0 + extra, 400.0),
            verify_compiled: figure(280.0 + extra, 400.0),
            batch64: figure(100.0 + extra, 400.0),
            batch1024: figure(90.0 + extra, 400.0),
            proof_bytes: 1_216,
        }
    });
    let baseline = |name: &str, factor: f64| BaselineFigures {
        name: name.into(),
        prove: timing("", 1_000.0 * factor),
        verify: timing("", 400.0 * factor),
        proof_bytes: 544,
    };
    Report {
        machine: Machine::this(),
        cases: cases.collect(),
        operations: vec![timing("issuer: issue & <check>", 200.0)],
        baselines: vec![baseline(BASELINE, 1.0), baseline("bulletproofs_64", 3.5)],
        batches: BATCH_SIZES.map(|size| (size, figure(90.0 + 200.0 / size as f64, 400.0))).into(),
        peers: Vec::new(),
        table_bytes: 2 << 20,
    }
}
