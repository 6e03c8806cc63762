//! What may break.

use std::fmt;

use glimpse_fixtures::rng;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;

/// Something that breaks and is mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    StoreKilled,
    StoreStopped,
    StoreDisconnected,
    StoreWithoutMemory,
    StoreReadOnly,
    NodeKilled,
    NodeRestarted,
}

const ALL: [Fault; 7] = [
    Fault::StoreKilled,
    Fault::StoreStopped,
    Fault::StoreDisconnected,
    Fault::StoreWithoutMemory,
    Fault::StoreReadOnly,
    Fault::NodeKilled,
    Fault::NodeRestarted,
];

impl Fault {
    pub(crate) fn is_of_the_store(self) -> bool {
        !matches!(self, Self::NodeKilled | Self::NodeRestarted)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::StoreKilled => "redis: kill -9, started again after 2 s",
            Self::StoreStopped => "redis: SIGSTOP for 3 s",
            Self::StoreDisconnected => "redis: all connections cut",
            Self::StoreWithoutMemory => "redis: maxmemory 1 for 3 s",
            Self::StoreReadOnly => "redis: a replica for 3 s",
            Self::NodeKilled => "one node: kill -9, started again",
            Self::NodeRestarted => "one node: SIGTERM, started again",
        })
    }
}

/// All faults in some order, then all of them in another: chance leaves none out.
pub(crate) struct Deck {
    rng: ChaCha20Rng,
    all: Vec<Fault>,
    left: Vec<Fault>,
}

impl Deck {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: rng(seed), all: ALL.to_vec(), left: Vec::new() }
    }

    /// Nothing but what a store outlives only if it keeps things on disk.
    pub(crate) fn of_kills(seed: u64) -> Self {
        Self { all: vec![Fault::StoreKilled], ..Self::new(seed) }
    }

    pub(crate) fn draw(&mut self) -> Fault {
        if self.left.is_empty() {
            self.left.clone_from(&self.all);
        }
        let at = self.rng.next_u32() as usize % self.left.len();
        self.left.swap_remove(at)
    }
}
