//! The report for people, on a terminal and in a document.

use comfy_table::{ContentArrangement, Table, presets};
use serde_json::Value;

use super::{BASELINE, Figure, Report, targets};
use crate::measure::Timing;

/// One heading with its table.
struct Section {
    title: &'static str,
    header: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

/// For a terminal.
pub fn to_text(report: &Report) -> String {
    let tables = sections(report).into_iter().map(|section| {
        let title = section.title;
        let mut table = section.table(presets::UTF8_FULL_CONDENSED);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        if !table.is_tty() {
            table.set_width(160);
        }
        format!("{title}\n{table}")
    });
    format!("{}\n\n{}", legend(), tables.collect::<Vec<_>>().join("\n\n"))
}

/// For a document.
pub fn to_markdown(report: &Report) -> String {
    let tables = sections(report).into_iter().map(|section| {
        let title = section.title;
        format!("### {title}\n\n{}", section.table(presets::ASCII_MARKDOWN))
    });
    format!("{}\n\n{}", legend(), tables.collect::<Vec<_>>().join("\n\n"))
}

impl Section {
    fn table(self, style: comfy_table::TableStyle) -> Table {
        let mut table = Table::new();
        table.load_style(style).set_header(self.header);
        for row in self.rows {
            table.add_row(row);
        }
        table
    }
}

fn sections(report: &Report) -> Vec<Section> {
    let mut machine: Vec<Vec<String>> =
        report.machine.lines().into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let tables = thousands((report.table_bytes / 1024) as f64);
    machine.push(vec!["verifier's tables".to_owned(), format!("{tables} KiB")]);
    let cases = report.cases.iter().map(|case| {
        let mut row = vec![format!("{}: {}", case.name, case.title)];
        row.extend(case.figures().map(|(_, figure)| cell(figure)));
        row.push(thousands(case.proof_bytes as f64));
        row
    });
    let baselines = report.baselines.iter().map(|baseline| {
        let none = "no batch".to_owned();
        let bytes = thousands(baseline.proof_bytes as f64);
        vec![baseline.name.clone(), time(&baseline.prove), time(&baseline.verify), none, bytes]
    });
    let operations = report.operations.iter().map(|timing| vec![timing.name.clone(), time(timing)]);
    let batches = report.batches.iter().map(|(size, figure)| vec![thousands(*size as f64), cell(figure)]);
    let targets = targets(report).into_iter().map(|target| {
        let number = |value: f64| {
            if value.is_nan() { "–".to_owned() } else { format!("{value:.2} {}", target.unit) }
        };
        let mark = match target.limit {
            None => "",
            Some(_) if target.is_met() => "✓",
            Some(_) => "✗",
        };
        let limit = target.limit.map_or(String::new(), |limit| format!("≤ {limit} {}", target.unit));
        vec![target.what.clone(), number(target.measured), limit, mark.to_owned()]
    });
    let mut sections = vec![
        Section { title: "Machine and build", header: vec!["", ""], rows: machine },
        Section {
            title: "Cases",
            header: vec!["case", "prove", "verify", "verify, compiled", "1 of 64", "1 of 1,024", "bytes"],
            rows: cases.collect(),
        },
        Section {
            title: "Baselines",
            header: vec!["bare range proof", "prove", "verify", "batch", "bytes"],
            rows: baselines.collect(),
        },
        Section { title: "Targets", header: vec!["", "measured", "target", ""], rows: targets.collect() },
        Section {
            title: "age_over_18 in batches",
            header: vec!["batch", "one of it"],
            rows: batches.collect(),
        },
        Section { title: "Before a presentation", header: vec!["", "time"], rows: operations.collect() },
    ];
    if !report.peers.is_empty() {
        sections.push(peers(&report.peers));
    }
    sections
}

fn peers(peers: &[Value]) -> Section {
    let row = |peer: &Value| {
        let text = |key: &str| peer[key].as_str().unwrap_or_default().to_owned();
        let figure = |name: &str| {
            let us = peer[format!("{name}_us")].as_f64();
            let ratio = peer["ratios"][name].as_f64();
            us.zip(ratio)
                .map_or("–".to_owned(), |(us, ratio)| format!("{} µs · {ratio:.2}×", thousands(us)))
        };
        let mut row = vec![text("name"), text("compared_with")];
        row.extend(["prove", "verify", "batch64", "batch1024"].map(figure));
        row.push(peer["proof_bytes"].as_f64().map_or("–".to_owned(), thousands));
        row
    };
    Section {
        title: "Other libraries, from a run of benches/peers: ratios are theirs to Glimpse in that run",
        header: vec!["library", "beside", "prove", "verify", "1 of 64", "1 of 1,024", "bytes"],
        rows: peers.iter().map(row).collect(),
    }
}

/// A time with the spread of its samples, and the ratio to the baseline.
fn cell(figure: &Figure) -> String {
    format!("{} · {:.2}×", time(&figure.timing), figure.ratio)
}

/// Median and spread.
fn time(timing: &Timing) -> String {
    let us = timing.median_us;
    let digits = if us < 100.0 { format!("{us:.1}") } else { thousands(us) };
    format!("{digits} µs ±{:.0}%", (timing.spread() * 100.0).ceil())
}

/// A whole number with commas between groups of three digits.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// What the figures in the table are, in one paragraph.
fn legend() -> String {
    format!(
        "Medians over rounds measured in turns, ± half the distance between the quartiles; × is the ratio to proving or \
         verifying with {BASELINE}, measured in the same turns."
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up;

    #[test]
    fn numbers() {
        assert_eq!(thousands(1_234_567.4), "1,234,567");
        assert_eq!(thousands(999.0), "999");
        let timing =
            Timing { name: String::new(), median_us: 99.94, low_us: 98.0, high_us: 102.0, samples: 5 };
        assert_eq!(time(&timing), "99.9 µs ±3%");
    }

    #[test]
    fn everything_is_said() {
        let mut report = made_up::report();
        report.peers = vec![serde_json::json!({"name": "peer", "prove_us": 7.0, "ratios": {"prove": 2.5}})];
        for text in [to_text(&report), to_markdown(&report)] {
            for part in
                ["age_over_18", "cross_credential", "2,048 KiB", "bulletproofs_64", "✓", "7 µs · 2.50×"]
            {
                assert!(text.contains(part), "{part} is missing in\n{text}");
            }
        }
    }
}
