//! Counts of one run.

use std::collections::BTreeMap;

use glimpse_fixtures::mutant::{Kind, Said};
use glimpse_verifier::Cause;

/// Mutants of one kind.
#[derive(Clone, Debug, Default)]
pub struct KindTally {
    /// All of them.
    pub made: u64,
    /// Those that are answers: all controls, and what a change left or made one. All were accepted.
    pub accepted: u64,
    /// Refused because an equation does not hold.
    pub proof: u64,
    /// Refused because they cannot be read, by reason.
    pub decode: BTreeMap<String, u64>,
}

impl KindTally {
    /// Refused because they cannot be read.
    pub fn unreadable(&self) -> u64 {
        self.decode.values().sum()
    }
}

/// Counts of one run.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// By kind.
    pub kinds: BTreeMap<Kind, KindTally>,
    /// Of those that were held against the reference: which equations they break, without numbers of credentials.
    pub broken: BTreeMap<String, u64>,
}

impl Tally {
    /// Counts one. What went wrong is only counted as made.
    pub fn count(&mut self, kind: Kind, said: &Said) {
        let tally = self.kinds.entry(kind).or_default();
        tally.made += 1;
        match said {
            Said::Accepted => tally.accepted += 1,
            Said::Refused(Cause::Decode(error)) => *tally.decode.entry(error.to_string()).or_default() += 1,
            Said::Refused(_) => tally.proof += 1,
            Said::Wrong(_) => {}
        }
    }

    /// Counts what one was found to break.
    pub fn explain(&mut self, broken: &[String]) {
        let mut names: Vec<&str> = broken.iter().map(|name| name.split(' ').next().unwrap_or(name)).collect();
        names.sort_unstable();
        names.dedup();
        let names = if names.is_empty() { "none: an answer".to_owned() } else { names.join(", ") };
        *self.broken.entry(names).or_default() += 1;
    }

    /// Adds the counts of another thread.
    pub fn add(&mut self, other: &Self) {
        for (kind, more) in &other.kinds {
            let tally = self.kinds.entry(*kind).or_default();
            tally.made += more.made;
            tally.accepted += more.accepted;
            tally.proof += more.proof;
            more.decode
                .iter()
                .for_each(|(why, count)| *tally.decode.entry(why.clone()).or_default() += count);
        }
        other
            .broken
            .iter()
            .for_each(|(names, count)| *self.broken.entry(names.clone()).or_default() += count);
    }

    /// The sum over all kinds.
    pub fn total(&self) -> KindTally {
        let mut total = KindTally::default();
        for tally in self.kinds.values() {
            total.made += tally.made;
            total.accepted += tally.accepted;
            total.proof += tally.proof;
            tally
                .decode
                .iter()
                .for_each(|(why, count)| *total.decode.entry(why.clone()).or_default() += count);
        }
        total
    }

    /// All that were refused.
    pub fn refused(&self) -> u64 {
        let total = self.total();
        total.proof + total.unreadable()
    }

    /// All that were accepted, as they must be: controls, and mutants that happen to be an answer.
    pub fn accepted(&self) -> u64 {
        self.total().accepted
    }
}
