//! What is counted and timed, for the operator.
//!
//! No metric has a label that says anything about a holder, a relying party or a client.

mod store;

use std::fmt::{self, Write};
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

pub(crate) use store::StoreMetrics;

/// Everything that is measured in one service.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) checks: CheckMetrics,
    pub(crate) store: StoreMetrics,
}

impl Metrics {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("glimpse");
        let checks = CheckMetrics::new(registry.sub_registry_with_prefix("check"));
        let store = StoreMetrics::new(registry.sub_registry_with_prefix("store"));
        Self { registry, checks, store }
    }

    /// In the text format of OpenMetrics 1.0; `None` if it cannot be written, which no metric here can cause.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}

/// The way of presentations through the queue and the threads.
#[derive(Clone)]
pub(crate) struct CheckMetrics {
    batch_size: Histogram,
    queue_time: Histogram,
    verify_time: Histogram,
    waiting: Gauge<u64, AtomicU64>,
    done: Family<Labels, Counter>,
}

/// What became of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Outcome {
    /// There is a verdict.
    Accepted,
    /// There is none.
    Refused,
    /// No place in the queue: answered 503.
    TurnedAway,
    /// Nobody waited for the answer any more, so none was made.
    Abandoned,
    /// Something went wrong here: answered 500.
    Failed,
}

impl EncodeLabelValue for Outcome {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> fmt::Result {
        encoder.write_str(match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::TurnedAway => "turned_away",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    outcome: Outcome,
}

impl CheckMetrics {
    fn new(registry: &mut Registry) -> Self {
        // 1 to 128 checks; 0.1 ms to 3.3 s.
        let sizes = || Histogram::new(exponential_buckets(1.0, 2.0, 8));
        let times = || Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        let metrics = Self {
            batch_size: sizes(),
            queue_time: times(),
            verify_time: times(),
            waiting: Gauge::default(),
            done: Family::default(),
        };
        registry.register("batch_size", "Checks verified together", metrics.batch_size.clone());
        let (name, help) = ("queue_time", "From a check's arrival to the start of its batch");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.queue_time.clone());
        let (name, help) = ("verify_time", "What one batch took");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.verify_time.clone());
        registry.register("waiting", "Checks in the queue", metrics.waiting.clone());
        registry.register("done", "Checks by what became of them", metrics.done.clone());
        metrics
    }

    /// So many checks wait now.
    pub(crate) fn waiting(&self, count: usize) {
        self.waiting.set(count as u64);
    }

    /// A check waited so long.
    pub(crate) fn queued(&self, waited: Duration) {
        self.queue_time.observe(waited.as_secs_f64());
    }

    /// So many checks were verified together, in so much time.
    pub(crate) fn batch(&self, size: usize, taken: Duration) {
        self.batch_size.observe(size as f64);
        self.verify_time.observe(taken.as_secs_f64());
    }

    /// A check is over.
    pub(crate) fn done(&self, outcome: Outcome) {
        self.done.get_or_create(&Labels { outcome }).inc();
    }
}
