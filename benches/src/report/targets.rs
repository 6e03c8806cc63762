//! What the figures should be.

use super::{CaseFigures, Figure, Report};
use crate::cases::Series;
use crate::measure::slope;

/// A figure with its limit.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    /// What is measured.
    pub what: String,
    /// `×` for a ratio to the baseline, `µs` otherwise.
    pub unit: &'static str,
    /// What was measured.
    pub measured: f64,
    /// The most it may be. Some figures are given without a limit, for comparison.
    pub limit: Option<f64>,
}

impl Target {
    /// Whether the figure keeps to its limit; one that is missing does not.
    pub fn is_met(&self) -> bool {
        self.limit.is_none_or(|limit| self.measured <= limit)
    }
}

/// The columns of sets that have a limit, and one that has none: a single check pays for the set alone, a batch shares.
const SET_COLUMNS: [(&str, Column, bool); 3] = [
    ("one at a time", |case| &case.verify, false),
    ("in a batch of 64", |case| &case.batch64, true),
    ("in a batch of 1,024", |case| &case.batch1024, true),
];
/// Most µs that a set of 100 adds to no set.
const SET_OF_100: f64 = 30.0;
/// Most µs that one more element adds.
const ELEMENT: f64 = 0.3;

type Column = fn(&CaseFigures) -> &Figure;

/// All targets of a report.
pub fn targets(report: &Report) -> Vec<Target> {
    let age = report.case("age_over_18");
    let ratio = |what: &str, column: Column, limit: f64| Target {
        what: format!("age_over_18: {what}, to one 16-bit range of bulletproofs"),
        unit: "×",
        measured: age.map_or(f64::NAN, |age| column(age).ratio),
        limit: Some(limit),
    };
    let mut targets = vec![
        ratio("prove", |case| &case.prove, 0.5),
        ratio("verify one", |case| &case.verify, 0.85),
        ratio("one of a batch of 64", |case| &case.batch64, 0.27),
        ratio("one of a batch of 1,024", |case| &case.batch1024, 0.23),
    ];
    for (how, column, limited) in SET_COLUMNS {
        let cost = |case: &CaseFigures| column(case).timing.median_us;
        let of_100 = report.case("age_and_region_100");
        let added = of_100.zip(age).map_or(f64::NAN, |(with, without)| cost(with) - cost(without));
        targets.push(Target {
            what: format!("from no set to a set of 100, verified {how}"),
            unit: "µs",
            measured: added,
            limit: limited.then_some(SET_OF_100),
        });
    }
    for (how, column, limited) in SET_COLUMNS {
        for (series, which) in
            [("regions: none to 300", Which::Regions), ("codes: 10 to 4,096", Which::Codes)]
        {
            let point = |case| Some((set_size(case, which)? as f64, column(case).timing.median_us));
            targets.push(Target {
                what: format!("one more element ({series}), verified {how}"),
                unit: "µs",
                measured: slope(&report.cases.iter().filter_map(point).collect::<Vec<_>>()),
                limit: limited.then_some(ELEMENT),
            });
        }
    }
    targets
}

#[derive(Clone, Copy)]
enum Which {
    Regions,
    Codes,
}

/// The size of a case's set; 0 for the case that the regions are added to.
fn set_size(case: &CaseFigures, which: Which) -> Option<usize> {
    match (case.series, which) {
        (Series::Regions(size), Which::Regions) | (Series::Set(size), Which::Codes) => Some(size),
        (Series::Single, Which::Regions) if case.name == "age_over_18" => Some(0),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up;

    fn of<'a>(targets: &'a [Target], what: &str) -> &'a Target {
        targets.iter().find(|target| target.what.contains(what)).unwrap()
    }

    #[test]
    fn measured_against_limits() {
        let targets = targets(&made_up::report());
        assert!((of(&targets, "prove").measured - 0.5).abs() < 1e-9);
        assert!((of(&targets, "verify one").measured - 0.75).abs() < 1e-9);
        assert!((of(&targets, "set of 100, verified in a batch of 64").measured - 20.0).abs() < 1e-9);
        for series in ["regions", "codes"] {
            let target = of(&targets, series);
            assert!((target.measured - 0.2).abs() < 1e-9, "{target:?}");
        }
        assert!(targets.iter().all(Target::is_met));
    }

    #[test]
    fn over_the_limit_or_missing_is_not_met() {
        let mut report = made_up::report();
        report.cases[0].batch64.ratio = 0.28;
        assert!(!of(&targets(&report), "one of a batch of 64").is_met());
        report.cases.remove(0);
        assert!(!of(&targets(&report), "prove").is_met());
    }
}
