//! Files that are read again while the service runs.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// What could not be taken over when it was last looked at.
#[derive(Clone)]
pub(crate) struct ReloadMetrics(Family<Labels, Gauge<u64, AtomicU64>>);

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    what: &'static str,
}

impl ReloadMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let family = Family::default();
        let help =
            "Whether what was last found in a file could not be taken over, so that older content is in use";
        registry.register("reload_failing", help, family.clone());
        Self(family)
    }

    /// Something was looked at.
    pub(crate) fn looked_at(&self, what: &'static str, failing: bool) {
        self.0.get_or_create(&Labels { what }).set(failing.into());
    }
}
