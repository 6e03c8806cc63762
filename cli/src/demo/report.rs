//! What the demonstration showed, for people and for machines.

use comfy_table::{ContentArrangement, Table, presets::UTF8_FULL_CONDENSED};
use glimpse_circuits::text::Text;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::demo::attacks::Attack;

/// The whole demonstration.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) requests: Vec<Answered>,
    pub(crate) refused: Vec<Attack>,
}

/// A request and its answer.
#[derive(Debug, Serialize)]
pub(crate) struct Answered {
    pub(crate) name: &'static str,
    pub(crate) statements: Vec<Text>,
    /// What the relying party was shown in clear.
    pub(crate) revealed: Map<String, Value>,
    /// `accepted`, as the relying party reads it.
    pub(crate) verdict: &'static str,
    pub(crate) proof_bytes: usize,
    /// Microseconds to make the presentation, tokens in stock.
    pub(crate) prove_us: u64,
    /// Microseconds from request and bytes to the verdict: median of several runs.
    pub(crate) verify_us: u64,
}

impl Report {
    /// Whether every request was accepted and every attack refused.
    pub(crate) fn is_as_it_should_be(&self) -> bool {
        self.requests.iter().all(|answered| answered.verdict == "accepted")
            && self.refused.iter().all(|attack| attack.verdict == "refused")
    }

    /// Two tables.
    pub(crate) fn to_text(&self) -> String {
        let mut requests = table(&["request", "proven", "revealed", "verdict", "proof", "prove", "verify"]);
        for answered in &self.requests {
            let proven: Vec<String> =
                answered.statements.iter().map(|text| format!("· {}", text.en)).collect();
            let revealed: Vec<String> =
                answered.revealed.iter().map(|(name, value)| format!("{name} = {}", plain(value))).collect();
            requests.add_row([
                answered.name.to_owned(),
                proven.join("\n"),
                if revealed.is_empty() { "nothing".to_owned() } else { revealed.join("\n") },
                answered.verdict.to_owned(),
                format!("{} B", answered.proof_bytes),
                milliseconds(answered.prove_us),
                milliseconds(answered.verify_us),
            ]);
        }
        let mut refused = table(&["attack", "verdict", "reason"]);
        for attack in &self.refused {
            refused.add_row([attack.attack, attack.verdict, &attack.reason]);
        }
        let ending = if self.is_as_it_should_be() {
            "Every request was accepted and every attack refused."
        } else {
            "NOT everything went as it must."
        };
        format!(
            "{requests}\n\nprove: once, from the open wallet, a helper token in stock. verify: median of {} runs in this process.\n\n{refused}\n\n{ending}",
            super::requests::VERIFY_RUNS
        )
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_header(header);
    // Without a terminal there is no width to arrange for.
    if table.width().is_none() {
        table.set_width(150);
    }
    table
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:02} ms", microseconds / 1000, microseconds % 1000 / 10)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
