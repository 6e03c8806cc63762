//! What both roles need.

use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::access::Access;
use crate::config::{Clock, Limits};
use crate::drain::Drain;
use crate::metrics::Metrics;
use crate::nodes::Node;
use crate::store::{Buckets, SharedStore};
use crate::trust_list::ListInForce;

/// What one service has of everything.
pub(crate) struct Shared {
    pub(crate) store: SharedStore,
    pub(crate) clock: Clock,
    /// Who may do what.
    pub(crate) access: Access,
    /// Whether there is an issuer's role, and whether there is a verifier's.
    pub(crate) issuer: bool,
    pub(crate) verifier: bool,
    /// The signed list of issuers that the verifier goes by.
    pub(crate) trust_list: Option<Arc<ListInForce>>,
    /// Proxies whose word is taken for where a request comes from.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Without a slash at its end.
    pub(crate) public_uri: String,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    pub(crate) node: Node,
    pub(crate) drain: Drain,
    /// What clients may still do here while the store cannot be asked.
    pub(crate) own_buckets: Buckets,
}

impl Shared {
    /// Where a path of the interface is, with its one parameter filled in.
    pub(crate) fn uri(&self, pattern: &str, parameter: &str, value: &str) -> String {
        format!("{}{}", self.public_uri, pattern.replace(&format!("{{{parameter}}}"), value))
    }
}

#[cfg(test)]
impl Shared {
    /// Of a service that serves nobody.
    pub(crate) fn of_tests(store: SharedStore, clock: Clock, limits: Limits) -> Self {
        Self {
            store,
            clock,
            access: Access::default(),
            issuer: true,
            verifier: true,
            trust_list: None,
            trusted_proxies: Vec::new(),
            public_uri: String::new(),
            limits,
            metrics: Metrics::new(),
            node: Node::new(None),
            drain: Drain::default(),
            own_buckets: Buckets::new(),
        }
    }
}

impl Limits {
    /// How long a body may take to arrive: less than the whole request, so that its sender is told what was slow.
    pub(crate) fn body_timeout(&self) -> Duration {
        self.request_timeout.mul_f32(0.75)
    }
}
