//! One run over all cases: gathered, judged against the targets, and written as table, JSON and pictures.

mod chart;
mod gather;
mod json;
mod machine;
mod markdown;
mod peers;
mod pictures;
mod progress;
mod table;
mod targets;

pub use gather::gather;
pub use json::to_json;
pub use machine::Machine;
pub use markdown::{BEGIN, END, MarkerError, replace};
pub use peers::{PeersError, read_peers};
pub use pictures::pictures;
pub use progress::Progress;
pub use table::{to_markdown, to_text};
pub use targets::{Target, targets};

use serde_json::Value;

use crate::cases::Series;
use crate::measure::Timing;

/// The baseline that ratios refer to.
pub const BASELINE: &str = "bulletproofs_16";
/// The sizes of batches in the picture.
pub const BATCH_SIZES: [usize; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/// Everything that one run found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Where.
    pub machine: Machine,
    /// The cases in their order.
    pub cases: Vec<CaseFigures>,
    /// What issuer and wallet do before.
    pub operations: Vec<Timing>,
    /// The baselines.
    pub baselines: Vec<BaselineFigures>,
    /// Verifying age_over_18 in batches: size, and the time per presentation.
    pub batches: Vec<(usize, Figure)>,
    /// What a run of `benches/peers` said, as it stands in its file.
    pub peers: Vec<Value>,
    /// Bytes of the verifier's precomputed tables.
    pub table_bytes: usize,
}

/// A time and how it compares.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Per operation.
    pub timing: Timing,
    /// Its median divided by that of the baseline's like operation, measured in turns with it.
    pub ratio: f64,
}

/// What one case costs.
#[derive(Clone, Debug)]
pub struct CaseFigures {
    /// Its name.
    pub name: String,
    /// What it asks.
    pub title: String,
    /// The series it belongs to.
    pub series: Series,
    /// Making a presentation, tokens in stock and relation compiled.
    pub prove: Figure,
    /// From a request and bytes to the verdict.
    pub verify: Figure,
    /// The same with the relation compiled beforehand.
    pub verify_compiled: Figure,
    /// One of a batch of 64, relations compiled beforehand.
    pub batch64: Figure,
    /// One of a batch of 1,024.
    pub batch1024: Figure,
    /// Length of a presentation.
    pub proof_bytes: usize,
}

impl CaseFigures {
    /// The columns with their names: those of JSON, without the unit.
    pub fn figures(&self) -> [(&'static str, &Figure); 5] {
        [
            ("prove", &self.prove),
            ("verify", &self.verify),
            ("verify_compiled", &self.verify_compiled),
            ("batch64", &self.batch64),
            ("batch1024", &self.batch1024),
        ]
    }
}

/// What one baseline costs.
#[derive(Clone, Debug)]
pub struct BaselineFigures {
    /// Its name.
    pub name: String,
    /// Proving.
    pub prove: Timing,
    /// Verifying one, from bytes.
    pub verify: Timing,
    /// Length of the proof.
    pub proof_bytes: usize,
}

impl Report {
    /// A case by its name.
    pub fn case(&self, name: &str) -> Option<&CaseFigures> {
        self.cases.iter().find(|case| case.name == name)
    }

    /// The baseline that ratios refer to.
    pub fn baseline(&self) -> Option<&BaselineFigures> {
        self.baselines.iter().find(|baseline| baseline.name == BASELINE)
    }
}

#[cfg(test)]
pub(crate) mod made_up;
