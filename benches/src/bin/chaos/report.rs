//! What came of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use comfy_table::Table;
use serde::Serialize;

use crate::faults::Fault;
use crate::ledger::{Breach, Kind};
use crate::prober::Probed;
use crate::scene::{Disturbance, Scene};

/// Everything.
#[derive(Serialize)]
pub(crate) struct Report {
    seconds: f64,
    seed: u64,
    nodes: u16,
    faults: Vec<FaultReport>,
    /// Acknowledged, and held against the service at the end.
    acknowledged: BTreeMap<Kind, usize>,
    races: u64,
    token_exchanges: u64,
    token_exchanges_lost: u64,
    requests_sent: u64,
    requests_sent_again: u64,
    lost_acknowledged_writes: u64,
    double_uses: u64,
    /// From the return of what failed until every node kept something again: the longest.
    slowest_recovery_ms: f64,
    stateless_undisturbed: Probed,
    stateless_during_store_faults: Probed,
    /// At the nodes that were there.
    stateless_during_node_faults: Probed,
    breaches: Vec<BreachReport>,
}

/// A kind of breach.
#[derive(Serialize)]
struct BreachReport {
    breach: Breach,
    what: String,
    times: u64,
}

/// One fault.
#[derive(Serialize)]
pub(crate) struct FaultReport {
    at_seconds: f64,
    fault: String,
    /// From its end until the first node kept something again.
    first_ms: Option<f64>,
    /// And until every node had.
    all_ms: Option<f64>,
    /// Acknowledgements since the fault before, held against the service.
    checked: usize,
    /// Everything that was found to be wrong since then.
    breaches: u64,
}

impl FaultReport {
    pub(crate) fn new(
        fault: Fault,
        at: Duration,
        recovery: &[Option<Duration>],
        checked: usize,
        breaches: u64,
    ) -> Self {
        let ms = |time: Duration| time.as_secs_f64() * 1e3;
        let all: Option<Vec<Duration>> = recovery.iter().copied().collect();
        Self {
            at_seconds: at.as_secs_f64(),
            fault: fault.to_string(),
            first_ms: recovery.iter().flatten().min().copied().map(ms),
            all_ms: all.and_then(|all| all.into_iter().max()).map(ms),
            checked,
            breaches,
        }
    }
}

impl Report {
    pub(crate) fn new(
        scene: &Scene,
        taken: Duration,
        seed: u64,
        nodes: u16,
        faults: Vec<FaultReport>,
    ) -> Self {
        let breaches = scene.ledger.all_breaches();
        let of = |wanted: Breach| {
            breaches.iter().filter(|(breach, ..)| *breach == wanted).map(|(.., times)| times).sum()
        };
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let slowest = faults.iter().filter_map(|fault| fault.all_ms).fold(0.0, f64::max);
        Self {
            seconds: taken.as_secs_f64(),
            seed,
            nodes,
            acknowledged: scene.ledger.counts(),
            races: read(&scene.races),
            token_exchanges: read(&scene.exchanges),
            token_exchanges_lost: read(&scene.exchanges_lost),
            requests_sent: read(&scene.sent),
            requests_sent_again: read(&scene.repeated),
            lost_acknowledged_writes: of(Breach::Lost),
            double_uses: of(Breach::DoubleUse),
            slowest_recovery_ms: slowest,
            stateless_undisturbed: scene.probes.during(Disturbance::None),
            stateless_during_store_faults: scene.probes.during(Disturbance::Store),
            stateless_during_node_faults: scene.probes.during(Disturbance::Node),
            faults,
            breaches: breaches
                .into_iter()
                .map(|(breach, what, times)| BreachReport { breach, what, times })
                .collect(),
        }
    }

    /// Whether nothing was wrong.
    pub(crate) fn holds(&self) -> bool {
        self.breaches.is_empty()
    }
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = |ms: Option<f64>| ms.map_or("never".to_owned(), |ms| format!("{ms:.0} ms"));
        write!(
            f,
            "{:5.0} s  {:39} first answer after {:>7}, every node after {:>7}, {:5} entries checked, {} breaches",
            self.at_seconds,
            self.fault,
            time(self.first_ms),
            time(self.all_ms),
            self.checked,
            self.breaches
        )
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        let mut row = |name: &str, value: String| {
            table.add_row([name.to_owned(), value]);
        };
        row("time", format!("{:.0} s, seed {}, {} nodes", self.seconds, self.seed, self.nodes));
        row("faults", self.faults.len().to_string());
        let sent = format!("{}, of them again {}", self.requests_sent, self.requests_sent_again);
        row("requests sent", sent);
        for (kind, count) in &self.acknowledged {
            row(&format!("acknowledged: {kind}"), count.to_string());
        }
        row("races", self.races.to_string());
        let exchanges = format!("{}, begun again {}", self.token_exchanges, self.token_exchanges_lost);
        row("token exchanges", exchanges);
        row("lost acknowledged writes", self.lost_acknowledged_writes.to_string());
        row("double uses", self.double_uses.to_string());
        row("slowest recovery of all nodes", format!("{:.0} ms", self.slowest_recovery_ms));
        row("stateless, nothing broken", self.stateless_undisturbed.to_string());
        row("stateless, store broken", self.stateless_during_store_faults.to_string());
        row("stateless, another node gone", self.stateless_during_node_faults.to_string());
        writeln!(f, "{table}\n")?;
        if self.holds() {
            return f.write_str("nothing was lost, nothing was used twice");
        }
        f.write_str("BROKEN")?;
        self.breaches.iter().try_for_each(|BreachReport { breach, what, times }| {
            write!(f, "\n  {times} × {breach:?}: {what}")
        })
    }
}

impl fmt::Display for Probed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} accepted, slowest {:.0} ms", self.accepted, self.asked, self.slowest_ms)
    }
}
