//! Signed lists: how old they are, and until when they are good.

use std::sync::atomic::AtomicU64;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

type Moment = Gauge<u64, AtomicU64>;

/// The issuer's revocation lists.
pub(crate) struct RevocationMetrics {
    issued_at: Family<Labels, Moment>,
    next: Family<Labels, Moment>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Labels {
    /// Of a built-in profile.
    schema: String,
}

impl RevocationMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self { issued_at: Family::default(), next: Family::default() };
        let help = "Moment of the newest version of a revocation list, since 1970";
        registry.register_with_unit("issued_at", help, Unit::Seconds, metrics.issued_at.clone());
        let help = "When the version after the newest is due at the latest, since 1970";
        registry.register_with_unit("next", help, Unit::Seconds, metrics.next.clone());
        metrics
    }

    /// A version is the newest one.
    pub(crate) fn published(&self, schema: &str, issued_at: u64, next: u64) {
        let labels = Labels { schema: schema.to_owned() };
        self.issued_at.get_or_create(&labels).set(issued_at);
        self.next.get_or_create(&labels).set(next);
    }
}

/// The list of issuers that a verifier goes by. Nothing is said of it where there is none.
#[derive(Clone)]
pub(crate) struct TrustListMetrics {
    expires_at: Family<[(&'static str, &'static str); 0], Moment>,
    version: Family<[(&'static str, &'static str); 0], Moment>,
}

impl TrustListMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self { expires_at: Family::default(), version: Family::default() };
        let help = "When the list of issuers in force expires, since 1970";
        registry.register_with_unit("expires_at", help, Unit::Seconds, metrics.expires_at.clone());
        registry.register("version", "Version of the list of issuers in force", metrics.version.clone());
        metrics
    }

    /// A list is in force.
    pub(crate) fn in_force(&self, version: u64, expires_at: u64) {
        self.expires_at.get_or_create(&[]).set(expires_at);
        self.version.get_or_create(&[]).set(version);
    }
}
