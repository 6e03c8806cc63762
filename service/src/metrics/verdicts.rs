//! What was said of presentations.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// Verdicts by their cause.
pub(crate) struct VerdictMetrics(Family<Labels, Counter>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    cause: &'static str,
}

impl VerdictMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let family = Family::default();
        let help = "Presentations that were judged: accepted, or why not";
        registry.register("verdicts", help, family.clone());
        Self(family)
    }

    /// A presentation was judged: `accepted`, or the cause of its refusal.
    pub(crate) fn given(&self, cause: &'static str) {
        self.0.get_or_create(&Labels { cause }).inc();
    }
}
