//! What needs no store goes on while there is none.

use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_benches::nodes::{Call, Client};
use serde::Serialize;

use crate::ledger::Breach;
use crate::scene::{Disturbance, Scene};

/// From one to the next, for each node.
const PACE: Duration = Duration::from_millis(50);
/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(5);

/// Stateless verifications at nodes that were there: while nothing was broken, Redis was, another node was.
#[derive(Default)]
pub(crate) struct Probes([Mutex<Probed>; 3]);

/// How they went.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Probed {
    pub(crate) asked: u64,
    pub(crate) accepted: u64,
    pub(crate) slowest_ms: f64,
}

impl Probes {
    pub(crate) fn during(&self, disturbance: Disturbance) -> Probed {
        self.0[disturbance as usize].lock().unwrap().clone()
    }
}

/// Has a presentation verified by one node, again and again.
pub(crate) fn probe(scene: &Scene, node: usize, verify: &Call) {
    let client = Client::without_pool(TIMEOUT);
    while !scene.is_over() {
        sleep(PACE);
        let Some(since) = scene.is_up(node) else { continue };
        let (disturbance, start) = (scene.disturbance(), Instant::now());
        let accepted = client.send(scene.addresses[node], verify).is_some_and(|answer| answer.status == 200);
        if scene.is_up(node) != Some(since) {
            // It was on its way out.
            continue;
        }
        let mut probed = scene.probes.0[disturbance as usize].lock().unwrap();
        probed.asked += 1;
        probed.accepted += u64::from(accepted);
        probed.slowest_ms = probed.slowest_ms.max(start.elapsed().as_secs_f64() * 1e3);
        if !accepted {
            scene.ledger.breach(Breach::Stateless, "a verification that needs no store".to_owned());
        }
    }
}
