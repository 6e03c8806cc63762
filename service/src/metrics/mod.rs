//! What is counted and timed, for the operator.
//!
//! No metric has a label that says anything about a holder, a relying party or a client, and every label has a bounded
//! set of values.

mod checks;
mod http;
mod lists;
mod reloads;
mod store;
mod verdicts;

use std::sync::atomic::AtomicU64;
use std::time::{SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use checks::{CheckMetrics, Outcome};
pub(crate) use http::{Answered, HttpMetrics};
pub(crate) use lists::{RevocationMetrics, TrustListMetrics};
pub(crate) use reloads::ReloadMetrics;
pub(crate) use store::StoreMetrics;
pub(crate) use verdicts::VerdictMetrics;

use crate::version;

/// Everything that is measured in one service.
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) checks: CheckMetrics,
    pub(crate) http: HttpMetrics,
    pub(crate) verdicts: VerdictMetrics,
    pub(crate) reloads: ReloadMetrics,
    pub(crate) store: StoreMetrics,
    pub(crate) revocation: RevocationMetrics,
    pub(crate) trust_list: TrustListMetrics,
}

impl Metrics {
    /// Nothing has happened yet.
    pub(crate) fn new() -> Self {
        let mut registry = Registry::default();
        let started = Gauge::<f64, AtomicU64>::default();
        started.set(SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));
        let help = "When the service started, since 1970";
        // Without a prefix: the name under which everybody looks for it.
        registry.register_with_unit("process_start_time", help, Unit::Seconds, started);

        let own = registry.sub_registry_with_prefix("glimpse");
        let build = vec![
            ("version", version::VERSION.to_owned()),
            ("protocol", version::PROTOCOL.to_string()),
            ("commit", version::COMMIT.unwrap_or("unknown").to_owned()),
        ];
        own.register("build", "What is running", Info::new(build));
        let checks = CheckMetrics::new(own.sub_registry_with_prefix("check"));
        let http = HttpMetrics::new(own.sub_registry_with_prefix("http"));
        let store = StoreMetrics::new(own.sub_registry_with_prefix("store"));
        let revocation = RevocationMetrics::new(own.sub_registry_with_prefix("revocation_list"));
        let trust_list = TrustListMetrics::new(own.sub_registry_with_prefix("trust_list"));
        let (verdicts, reloads) = (VerdictMetrics::new(own), ReloadMetrics::new(own));
        Self { registry, checks, http, verdicts, reloads, store, revocation, trust_list }
    }

    /// In the text format of OpenMetrics 1.0; `None` if it cannot be written, which no metric here can cause.
    pub(crate) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.registry).ok().map(|()| text)
    }
}
