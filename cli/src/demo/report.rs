//! What the demonstration showed, for people and for machines.

use glimpse_circuits::text::Text;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::demo::attacks::Attack;
use crate::demo::lives::Step;
use crate::table;

/// The whole demonstration.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) requests: Vec<Answered>,
    pub(crate) refused: Vec<Attack>,
    pub(crate) lives: Vec<Step>,
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
    /// Whether every request was accepted, every attack refused, and everything else came as it should.
    pub(crate) fn is_as_it_should_be(&self) -> bool {
        self.requests.iter().all(|answered| answered.verdict == "accepted")
            && self.refused.iter().all(|attack| attack.verdict == "refused")
            && self.lives.iter().all(|step| step.as_it_should_be)
    }

    /// Three tables.
    pub(crate) fn to_text(&self) -> String {
        let mut requests =
            table::new(&["request", "proven", "revealed", "verdict", "proof", "prove", "verify"]);
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
        let mut refused = table::new(&["attack", "verdict", "reason"]);
        for attack in &self.refused {
            refused.add_row([attack.attack, attack.verdict, &attack.reason]);
        }
        let mut lives = table::new(&["what happens", "what comes of it", "as it should be"]);
        for step in &self.lives {
            lives.add_row([step.step, &step.outcome, if step.as_it_should_be { "yes" } else { "NO" }]);
        }
        let ending = if self.is_as_it_should_be() {
            "Every request was accepted, every attack refused, and licences lived as they should."
        } else {
            "NOT everything went as it must."
        };
        format!(
            "{requests}\n\nprove: once, from the open wallet, a helper token in stock. verify: median of {} runs in this process.\n\n{refused}\n\n{lives}\n\n{ending}",
            super::requests::VERIFY_RUNS
        )
    }
}

fn milliseconds(microseconds: u64) -> String {
    format!("{}.{:02} ms", microseconds / 1000, microseconds % 1000 / 10)
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
