//! Sends something until it is answered, as wallets do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{RequestCreated, paths};
use glimpse_benches::nodes::{Answer, Call, Client, RELYING_PARTY, policy};
use glimpse_circuits::request::CheckKind;

use crate::ledger::{Breach, Kind};
use crate::scene::Scene;

/// Longest wait for one answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// When nobody sends a thing again any more.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Sends to nodes in turns.
pub(crate) struct Caller<'a> {
    scene: &'a Scene,
    client: Client,
    next: AtomicUsize,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(scene: &'a Scene) -> Self {
        Self { scene, client: Client::new(TIMEOUT), next: AtomicUsize::new(0) }
    }

    /// The answer of the first node that has one. What is answered 5xx, or not at all, is sent again as it is, to the
    /// next.
    pub(crate) fn insist(&self, call: &Call) -> Option<Answer> {
        let given_up = Instant::now() + PATIENCE;
        while Instant::now() < given_up {
            let node = self.next.fetch_add(1, Ordering::Relaxed) % self.scene.addresses.len();
            self.scene.sent.fetch_add(1, Ordering::Relaxed);
            match self.client.send(self.scene.addresses[node], call) {
                Some(answer) if answer.status < 500 => return Some(answer),
                _ => self.scene.repeated.fetch_add(1, Ordering::Relaxed),
            };
            sleep(PAUSE);
        }
        self.scene.ledger.breach(Breach::Unanswered, format!("no answer for {} s", PATIENCE.as_secs()));
        None
    }

    /// The answer, if it is of this status. Of what it relies on, `kind` was acknowledged.
    pub(crate) fn expect(&self, call: &Call, status: u16, kind: Kind) -> Option<Answer> {
        let answer = self.insist(call)?;
        if answer.status == status {
            return Some(answer);
        }
        let breach = if matches!(answer.status, 404 | 410) { Breach::Lost } else { Breach::Wrong };
        self.scene.ledger.breach(breach, format!("{kind}: then answered {}, not {status}", answer.status));
        None
    }

    /// How long one node took, since some moment, to keep a request.
    pub(crate) fn keeps_a_request(
        &self,
        node: usize,
        since: Instant,
        patience: Duration,
    ) -> Option<Duration> {
        let create = Call::post(paths::REQUESTS, &policy(CheckKind::Keyed)).by(RELYING_PARTY);
        while since.elapsed() < patience {
            let answer = self.client.send(self.scene.addresses[node], &create);
            if let Some(answer) = answer.filter(|answer| answer.status == 201) {
                let taken = since.elapsed();
                let id = answer.read::<RequestCreated>().id;
                self.scene.ledger.add(
                    Kind::Request,
                    Call::get(paths::REQUEST.replace("{request}", &id)),
                    200,
                    None,
                );
                return Some(taken);
            }
            sleep(Duration::from_millis(10));
        }
        None
    }
}
