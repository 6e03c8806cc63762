//! The figures, as tables for people and as JSON for programs.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};
use glimpse_benches::measure::Timing;
use serde_json::{Map, Value, json};

use crate::machine;
use crate::scheme::{About, Verification};

/// What a row stands for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Glimpse.
    Case,
    /// What most of this field knows the speed of.
    Baseline,
    /// Another library.
    Peer,
}

/// Everything measured of one scheme, times per presentation.
pub struct Row {
    /// What it stands for.
    pub role: Role,
    /// What it is.
    pub about: About,
    /// Proving.
    pub prove: Timing,
    /// Verifying one.
    pub verify: Timing,
    /// Verifying 64 at once.
    pub batch64: Option<Timing>,
    /// Verifying 1,024 at once.
    pub batch1024: Option<Timing>,
    /// Size of what is sent.
    pub proof_bytes: usize,
}

/// `{machine, cases, baselines, peers, timings}`; `timings` has the quartiles of every figure.
pub fn json(rows: &[Row]) -> Value {
    let of = |role: Role| -> Vec<Value> {
        rows.iter().filter(|row| row.role == role).map(|row| Value::Object(fields(row))).collect()
    };
    let timings: Vec<Value> = rows
        .iter()
        .flat_map(|row| [Some(&row.prove), Some(&row.verify), row.batch64.as_ref(), row.batch1024.as_ref()])
        .flatten()
        .map(|t| {
            json!({"name": t.name, "median_us": round(t.median_us), "low_us": round(t.low_us),
                "high_us": round(t.high_us), "samples": t.samples})
        })
        .collect();
    json!({
        "machine": machine::describe(),
        "cases": of(Role::Case),
        "baselines": of(Role::Baseline),
        "peers": of(Role::Peer),
        "timings": timings,
    })
}

fn fields(row: &Row) -> Map<String, Value> {
    let about = &row.about;
    let batch = |timing: &Option<Timing>| timing.as_ref().map(|timing| round(timing.median_us));
    let entries = [
        ("name", json!(about.name)),
        ("crate", json!(about.package)),
        ("version", json!(machine::version_of(about.package))),
        ("statement", json!(about.statement)),
        ("verification", json!(verification(about))),
        ("curve", json!(about.curve)),
        ("prove_us", json!(round(row.prove.median_us))),
        ("verify_us", json!(round(row.verify.median_us))),
        ("batch64_us", json!(batch(&row.batch64))),
        ("batch1024_us", json!(batch(&row.batch1024))),
        ("proof_bytes", json!(row.proof_bytes)),
        ("setup_prover_bytes", json!(about.setup_prover_bytes)),
        ("setup_verifier_bytes", json!(about.setup_verifier_bytes)),
    ];
    entries.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

/// To a hundredth of a microsecond.
fn round(us: f64) -> f64 {
    (us * 100.0).round() / 100.0
}

fn verification(about: &About) -> &'static str {
    match about.verification {
        Verification::Public => "public",
        Verification::Keyed => "keyed",
    }
}

/// Two tables, of times and of sizes, and the machine.
pub fn table(rows: &[Row]) -> String {
    let mut out = String::new();
    let mut times = new_table(&[
        "name",
        "key",
        "prove",
        "× ours",
        "verify",
        "× ours",
        "× bulletproofs",
        "of 64",
        "× ours",
        "of 1024",
        "× ours",
    ]);
    let baseline = rows.iter().find(|row| row.role == Role::Baseline);
    for row in rows {
        // Keyed schemes beside our keyed mode, the others beside our token mode.
        let ours = rows
            .iter()
            .find(|ours| ours.role == Role::Case && ours.about.verification == row.about.verification);
        let ratio = |a: Option<&Timing>, b: Option<&Timing>| match (a, b) {
            (Some(a), Some(b)) => format!("{:.2}", a.median_us / b.median_us),
            _ => "–".to_owned(),
        };
        let batch64 = (row.batch64.as_ref(), ours.and_then(|ours| ours.batch64.as_ref()));
        let batch1024 = (row.batch1024.as_ref(), ours.and_then(|ours| ours.batch1024.as_ref()));
        times.add_row([
            row.about.name.to_owned(),
            verification(&row.about).to_owned(),
            time(Some(&row.prove)),
            ratio(Some(&row.prove), ours.map(|ours| &ours.prove)),
            time(Some(&row.verify)),
            ratio(Some(&row.verify), ours.map(|ours| &ours.verify)),
            ratio(Some(&row.verify), baseline.map(|baseline| &baseline.verify)),
            time(batch64.0),
            ratio(batch64.0, batch64.1),
            time(batch1024.0),
            ratio(batch1024.0, batch1024.1),
        ]);
    }
    align(&mut times, 2..11);
    out += &format!("{times}\n");
    out += "Times in µs per presentation: median, and half the distance between the quartiles in % of it. × ours: to\n\
            Glimpse in this run, public rows to age_over_18, keyed rows to age_over_18_keyed. of 64, of 1024: verifying\n\
            that many at once, where the library has a batch.\n\n";

    let mut sizes = new_table(&[
        "name",
        "crate",
        "proven",
        "curve",
        "proof B",
        "prover's set-up B",
        "verifier's set-up B",
    ]);
    for row in rows {
        let about = &row.about;
        sizes.add_row([
            about.name.to_owned(),
            format!("{} {}", about.package, machine::version_of(about.package)),
            about.statement.to_owned(),
            about.curve.to_owned(),
            row.proof_bytes.to_string(),
            about.setup_prover_bytes.to_string(),
            about.setup_verifier_bytes.to_string(),
        ]);
    }
    align(&mut sizes, 4..7);
    out += &format!("{sizes}\n{:#}\n", machine::describe());
    out
}

fn time(timing: Option<&Timing>) -> String {
    timing.map_or("–".to_owned(), |timing| {
        let spread = (timing.high_us - timing.low_us) / 2.0 / timing.median_us * 100.0;
        format!("{:.0} ±{spread:.0}%", timing.median_us)
    })
}

fn new_table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header);
    table
}

fn align(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}
