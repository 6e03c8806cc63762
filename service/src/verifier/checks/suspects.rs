//! Clients whose proofs did not hold, for as long as that says something about their next one.

use std::num::NonZeroUsize;
use std::time::{Duration, Instant};

use lru::LruCache;

use crate::client::Client;

/// How long a proof that did not hold is held against its client.
const FOR_A_BAD_ONE: Duration = Duration::from_secs(10);
/// How much earlier a proof that held ends that: those of whom fewer than one in 32 fail are no suspects for long, and
/// their batches are better not cut small.
const FOR_A_GOOD_ONE: Duration = Duration::from_micros(312_500);
/// Longest time for which anything is held against a client.
const AT_MOST: Duration = Duration::from_secs(160);
/// Most clients remembered; beyond, whoever failed longest ago is forgotten. About 100 bytes each.
const REMEMBERED: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4095);

/// Until when whom something is held against.
pub(super) struct Suspects {
    until: LruCache<Client, Instant>,
}

impl Suspects {
    /// Nothing against anybody.
    pub(super) fn new() -> Self {
        Self { until: LruCache::new(REMEMBERED) }
    }

    /// Whether something is held against a client at this moment.
    pub(super) fn includes(&self, client: Client, now: Instant) -> bool {
        self.until.peek(&client).is_some_and(|until| *until > now)
    }

    /// Takes note of a proof that held, or did not.
    pub(super) fn note(&mut self, client: Client, held: bool, now: Instant) {
        if !held {
            let since = self.until.peek(&client).map_or(now, |until| now.max(*until));
            self.until.put(client, (since + FOR_A_BAD_ONE).min(now + AT_MOST));
        } else if let Some(until) = self.until.peek_mut(&client) {
            *until = until.checked_sub(FOR_A_GOOD_ONE).unwrap_or(now);
            if *until <= now {
                self.until.pop(&client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(last: u8) -> Client {
        Client::at([192, 0, 2, last].into())
    }

    #[test]
    fn good_proofs_and_time_clear_a_client() {
        let (mut suspects, start) = (Suspects::new(), Instant::now());
        let a = client(1);
        suspects.note(a, true, start);
        assert!(!suspects.includes(a, start));
        suspects.note(a, false, start);
        assert!(suspects.includes(a, start) && !suspects.includes(client(2), start));
        (1..32).for_each(|_| suspects.note(a, true, start));
        assert!(suspects.includes(a, start));
        suspects.note(a, true, start);
        assert!(!suspects.includes(a, start));

        suspects.note(a, false, start);
        suspects.note(a, false, start);
        assert!(suspects.includes(a, start + FOR_A_BAD_ONE * 3 / 2));
        assert!(!suspects.includes(a, start + FOR_A_BAD_ONE * 2));
    }

    #[test]
    fn what_is_held_has_a_bound_and_so_has_the_memory() {
        let (mut suspects, start) = (Suspects::new(), Instant::now());
        (0..1000).for_each(|_| suspects.note(client(1), false, start));
        assert!(suspects.includes(client(1), start + AT_MOST - FOR_A_GOOD_ONE));
        assert!(!suspects.includes(client(1), start + AT_MOST));
        for address in 0..10_000u32 {
            suspects.note(Client::at(std::net::Ipv4Addr::from(address).into()), false, start);
        }
        assert_eq!(suspects.until.len(), REMEMBERED.get());
        assert!(!suspects.includes(client(1), start));
    }
}
