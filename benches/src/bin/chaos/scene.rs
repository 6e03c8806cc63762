//! What everybody sees: the nodes' addresses, whether one of them is away, whether something is broken, the ledger.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

use crate::ledger::Ledger;
use crate::prober::Probes;

/// What is broken at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disturbance {
    /// Nothing.
    None,
    /// Redis, or the way to it.
    Store,
    /// One of the nodes.
    Node,
}

/// What wallets, probers and whoever breaks things share.
pub(crate) struct Scene {
    /// Where the nodes are; they come back where they were.
    pub(crate) addresses: Vec<SocketAddr>,
    /// How often each went and came back: an odd number while it is away.
    changes: Vec<AtomicU64>,
    disturbance: AtomicU8,
    /// Whether wallets may go home.
    pub(crate) over: AtomicBool,
    pub(crate) ledger: Ledger,
    pub(crate) probes: Probes,
    /// Requests sent by wallets.
    pub(crate) sent: AtomicU64,
    /// Of these, sent again.
    pub(crate) repeated: AtomicU64,
    /// Token exchanges that ended without tokens: the node that held them was gone, or the way to it.
    pub(crate) exchanges_lost: AtomicU64,
    /// Token exchanges that ended with tokens.
    pub(crate) exchanges: AtomicU64,
    /// Offers for which several asked at the same time, and requests that several answered.
    pub(crate) races: AtomicU64,
}

impl Scene {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self {
            changes: addresses.iter().map(|_| AtomicU64::new(0)).collect(),
            addresses,
            disturbance: AtomicU8::new(0),
            over: AtomicBool::new(false),
            ledger: Ledger::default(),
            probes: Probes::default(),
            sent: AtomicU64::new(0),
            repeated: AtomicU64::new(0),
            exchanges_lost: AtomicU64::new(0),
            exchanges: AtomicU64::new(0),
            races: AtomicU64::new(0),
        }
    }

    /// A node goes, or has come back.
    pub(crate) fn change(&self, node: usize) {
        self.changes[node].fetch_add(1, Ordering::SeqCst);
    }

    /// Since when a node is there, if it is: the same number as long as it did not go.
    pub(crate) fn is_up(&self, node: usize) -> Option<u64> {
        Some(self.changes[node].load(Ordering::SeqCst)).filter(|changes| changes % 2 == 0)
    }

    pub(crate) fn disturb(&self, disturbance: Disturbance) {
        self.disturbance.store(disturbance as u8, Ordering::SeqCst);
    }

    pub(crate) fn disturbance(&self) -> Disturbance {
        match self.disturbance.load(Ordering::SeqCst) {
            1 => Disturbance::Store,
            2 => Disturbance::Node,
            _ => Disturbance::None,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}
