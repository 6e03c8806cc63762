//! The pictures of a report.

use super::chart::{Chart, Line};
use super::{BASELINE, CaseFigures, Figure, Report};
use crate::cases::Series;

/// File names and SVG documents.
pub fn pictures(report: &Report) -> Vec<(&'static str, String)> {
    vec![
        ("verify-batch.svg", batch(report).to_svg()),
        ("verify-set.svg", set(report).to_svg()),
        ("verify-range.svg", range(report).to_svg()),
    ]
}

/// Cost per presentation against the size of the batch.
fn batch(report: &Report) -> Chart {
    let points = report.batches.iter().map(|(size, figure)| (*size as f64, figure.timing.median_us));
    let mut lines = vec![Line::Points("age_over_18, in a batch".into(), points.collect())];
    lines.extend(baseline(report, BASELINE, "bulletproofs, 16 bits"));
    Chart {
        title: "Verifying “at least 18”: cost of one presentation in a batch".into(),
        x_title: "presentations in the batch (logarithmic)".into(),
        y_title: "µs per presentation".into(),
        x_ticks: report.batches.iter().map(|(size, _)| *size as f64).collect(),
        x_log: true,
        y_log: false,
        lines,
    }
}

/// Cost of one presentation against the size of its set.
fn set(report: &Report) -> Chart {
    let size = |case: &CaseFigures| match case.series {
        Series::Set(size) => Some(size as f64),
        _ => None,
    };
    Chart {
        title: "Verifying “the code is one of a set”".into(),
        x_title: "codes in the set (logarithmic)".into(),
        y_title: "µs per presentation (logarithmic)".into(),
        x_ticks: vec![10.0, 30.0, 100.0, 300.0, 1000.0, 4096.0],
        x_log: true,
        y_log: true,
        lines: columns(report, size),
    }
}

/// Cost of one presentation against the bits of its range.
fn range(report: &Report) -> Chart {
    let bits = |case: &CaseFigures| match case.series {
        Series::Range(bits) => Some(f64::from(bits)),
        _ => None,
    };
    let mut lines = columns(report, bits);
    lines.extend(baseline(report, BASELINE, "bulletproofs, 16 bits"));
    lines.extend(baseline(report, "bulletproofs_64", "bulletproofs, 64 bits"));
    Chart {
        title: "Verifying “the number is in a range”".into(),
        x_title: "bits of the range".into(),
        y_title: "µs per presentation".into(),
        x_ticks: vec![0.0, 8.0, 16.0, 24.0, 32.0, 40.0, 48.0, 56.0, 64.0],
        x_log: false,
        y_log: false,
        lines,
    }
}

/// One at a time, compiled or not, and in batches, against what `x` says of a case.
fn columns(report: &Report, x: impl Fn(&CaseFigures) -> Option<f64>) -> Vec<Line> {
    let line = |label: &str, column: fn(&CaseFigures) -> &Figure| {
        let point = |case: &CaseFigures| Some((x(case)?, column(case).timing.median_us));
        Line::Points(label.into(), report.cases.iter().filter_map(point).collect())
    };
    vec![
        line("one, from the request", |case| &case.verify),
        line("one, relation compiled", |case| &case.verify_compiled),
        line("in a batch of 64", |case| &case.batch64),
        line("in a batch of 1,024", |case| &case.batch1024),
    ]
}

fn baseline(report: &Report, name: &str, label: &str) -> Option<Line> {
    let baseline = report.baselines.iter().find(|baseline| baseline.name == name)?;
    Some(Line::Level(label.into(), baseline.verify.median_us))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up;

    #[test]
    fn well_formed() {
        let report = made_up::report();
        for (name, svg) in pictures(&report) {
            let document = roxmltree::Document::parse(&svg).unwrap();
            assert_eq!(document.root_element().tag_name().name(), "svg", "{name}");
            let circles = document.descendants().filter(|node| node.has_tag_name("circle")).count();
            assert!(circles >= 11, "{name}: {circles} points");
            for text in document.descendants().filter(|node| node.has_tag_name("text")) {
                let y: f64 = text.attribute("y").map_or(0.0, |y| y.parse().unwrap());
                assert!((0.0..440.0).contains(&y), "{name}: {text:?}");
            }
        }
    }
}
