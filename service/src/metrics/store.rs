//! The operations of the store.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

/// How often each operation was done, with which outcome, and how long it took.
#[derive(Clone)]
pub(crate) struct StoreMetrics {
    operations: Family<Outcome, Counter>,
    time: Family<Operation, Histogram, fn() -> Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    operation: &'static str,
    /// `ok`, or the kind of the error.
    outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Operation {
    operation: &'static str,
}

impl StoreMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        // 0.1 ms to 3.3 s.
        let times: fn() -> Histogram = || Histogram::new(exponential_buckets(0.0001, 2.0, 16));
        let metrics = Self { operations: Family::default(), time: Family::new_with_constructor(times) };
        let (name, help) = ("operations", "Operations of the store by what became of them");
        registry.register(name, help, metrics.operations.clone());
        let (name, help) = ("operation_time", "What an operation of the store took");
        registry.register_with_unit(name, help, Unit::Seconds, metrics.time.clone());
        metrics
    }

    /// An operation is over.
    pub(crate) fn done(&self, operation: &'static str, outcome: &'static str, taken: Duration) {
        self.operations.get_or_create(&Outcome { operation, outcome }).inc();
        self.time.get_or_create(&Operation { operation }).observe(taken.as_secs_f64());
    }
}
