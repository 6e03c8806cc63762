//! What each process used.

use serde::Serialize;

use crate::observe::{ProcessView, machine};

/// Who takes part, by their ids.
pub(crate) struct Processes {
    pub(crate) redis: u32,
    pub(crate) nodes: Vec<u32>,
}

/// Seconds of CPU.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Usage {
    /// Threads of nodes that verify.
    pub(crate) verifying: f64,
    /// Their other threads.
    pub(crate) serving: f64,
    pub(crate) redis: f64,
    pub(crate) generator: f64,
    /// Everything on this machine.
    pub(crate) machine: f64,
}

impl Usage {
    /// Until now.
    pub(crate) fn now(processes: &Processes) -> Self {
        let seconds = |nanoseconds: u64| nanoseconds as f64 / 1e9;
        let whole = |(one, other): (u64, u64)| seconds(one + other);
        let mut usage = Self {
            redis: whole(ProcessView::of(processes.redis).cpu()),
            generator: whole(ProcessView::myself().cpu()),
            machine: seconds(machine()),
            ..Self::default()
        };
        for &node in &processes.nodes {
            let (verifying, serving) = ProcessView::of(node).cpu();
            usage.verifying += seconds(verifying);
            usage.serving += seconds(serving);
        }
        usage
    }

    /// Of the nodes.
    pub(crate) fn nodes(&self) -> f64 {
        self.verifying + self.serving
    }

    /// Of what has nothing to do with it.
    pub(crate) fn others(&self) -> f64 {
        (self.machine - self.nodes() - self.redis - self.generator).max(0.0)
    }

    /// Member by member.
    pub(crate) fn combine(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            verifying: with(self.verifying, other.verifying),
            serving: with(self.serving, other.serving),
            redis: with(self.redis, other.redis),
            generator: with(self.generator, other.generator),
            machine: with(self.machine, other.machine),
        }
    }
}
