//! A few connections, each replaced when it breaks.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rand_core::{OsRng, RngCore};
use redis::{RedisResult, Value};
use tokio::time::{Instant, timeout};

use super::faults::{Reaction, RedisFault, said};
use super::scripts::Ask;
use super::source::{Link, Source};
use crate::config::RedisConfig;

/// How long a server that could not be reached is left alone at first, and at most.
const REST: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// The connections of one process.
pub(super) struct Pool {
    source: Source,
    places: Vec<Place>,
    next: AtomicUsize,
    /// Longest time for an operation, repetition included.
    patience: Duration,
    replicas: Option<Replicas>,
}

/// How many replicas to wait for, and how.
struct Replicas {
    count: u32,
    longest: Duration,
    /// Written before each wait: from version 7.2 Redis waits only for what the same connection wrote.
    barrier: String,
}

/// Room for one connection.
#[derive(Default)]
struct Place {
    state: Mutex<State>,
    /// Held by whoever makes the connection.
    connecting: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct State {
    link: Option<Link>,
    /// Counts the connections that were here.
    generation: u64,
    failures: u32,
    /// Until when nothing is tried, and why.
    resting: Option<(Instant, RedisFault)>,
}

impl Pool {
    pub(super) fn new(source: Source, config: &RedisConfig, barrier: String) -> Self {
        let places = if source.is_cluster() { 1 } else { config.connections };
        let replicas = (config.wait_replicas > 0).then(|| Replicas {
            count: config.wait_replicas,
            // So that its end is still an answer in time.
            longest: config.response_timeout / 2,
            barrier,
        });
        Self {
            source,
            places: (0..places).map(|_| Place::default()).collect(),
            next: AtomicUsize::new(0),
            patience: config.connect_timeout + config.response_timeout,
            replicas,
        }
    }

    /// Whether writes wait for replicas.
    pub(super) fn waits(&self) -> bool {
        self.replicas.is_some()
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// Sends a command and returns its answer. If the connection breaks, sends it once more on another; if there is no
    /// answer in time, does not.
    pub(super) async fn ask(&self, ask: &Ask) -> Result<Value, RedisFault> {
        timeout(self.patience, self.attempts(ask)).await.unwrap_or(Err(RedisFault::TimedOut))
    }

    async fn attempts(&self, ask: &Ask) -> Result<Value, RedisFault> {
        // Twice at the same place: there the second connection is a new one, elsewhere it may be as old as the first.
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let mut repeated = false;
        loop {
            let (place, generation, mut link) = self.link(first).await?;
            let error = match self.send(&mut link, ask).await {
                Ok(answer) => {
                    place.works(generation);
                    return answer;
                }
                Err(error) => error,
            };
            let reaction = Reaction::to(&error);
            let again = reaction.again && !repeated;
            if reaction.reconnect {
                place.forget(generation, (!again).then_some(reaction.fault));
            }
            if !again {
                return Err(reaction.fault);
            }
            repeated = true;
        }
    }

    /// A connection that seems to work, with its place and generation.
    async fn link(&self, first: usize) -> Result<(&Place, u64, Link), RedisFault> {
        let mut fault = RedisFault::Unreachable;
        let (mut tried, mut being_made) = (false, None);
        for offset in 0..self.places.len() {
            let place = &self.places[first.wrapping_add(offset) % self.places.len()];
            match place.look() {
                Seen::Link(generation, link) => return Ok((place, generation, link)),
                Seen::Resting(found) => fault = found,
                // One that cannot be made is enough; another may still be there.
                Seen::Empty if tried => {}
                Seen::Empty => match place.connecting.try_lock() {
                    Ok(_held) => match self.connect(place).await {
                        Ok(found) => return Ok(found),
                        Err(found) => (fault, tried) = (found, true),
                    },
                    Err(_) => being_made = being_made.or(Some(place)),
                },
            }
        }
        if tried {
            return Err(fault);
        }
        let Some(place) = being_made else { return Err(fault) };
        let _held = place.connecting.lock().await;
        self.connect(place).await
    }

    /// Makes a connection unless somebody just did, or tried to. For whoever holds `connecting`.
    async fn connect<'a>(&self, place: &'a Place) -> Result<(&'a Place, u64, Link), RedisFault> {
        match place.look() {
            Seen::Link(generation, link) => return Ok((place, generation, link)),
            Seen::Resting(fault) => return Err(fault),
            Seen::Empty => {}
        }
        let connected = self.source.connect().await;
        let mut state = place.state();
        match connected {
            Ok(link) => {
                state.generation += 1;
                state.link = Some(link.clone());
                Ok((place, state.generation, link))
            }
            Err(error) => {
                let fault = Reaction::to(&error).fault;
                state.rest(fault);
                Err(fault)
            }
        }
    }

    async fn send(&self, link: &mut Link, ask: &Ask) -> RedisResult<Result<Value, RedisFault>> {
        let sent = self.send_once(link, &ask.command, ask.writes).await;
        match (&ask.with_text, sent) {
            (Some(command), Err(error)) if said(&error).is_some_and(|(code, _)| code == "NOSCRIPT") => {
                self.send_once(link, command, ask.writes).await
            }
            (_, sent) => sent,
        }
    }

    async fn send_once(
        &self,
        link: &mut Link,
        command: &redis::Cmd,
        writes: bool,
    ) -> RedisResult<Result<Value, RedisFault>> {
        let Some(replicas) = self.replicas.as_ref().filter(|_| writes) else {
            return command.query_async(link).await.map(Ok);
        };
        // A repetition that finds everything written writes nothing itself, and there would be nothing to wait for.
        let mut pipeline = redis::pipe();
        pipeline.add_command(command.clone());
        pipeline.cmd("SET").arg(&replicas.barrier).arg(1).arg("EX").arg(60);
        pipeline.cmd("WAIT").arg(replicas.count).arg(replicas.longest.as_millis() as u64);
        let (answer, _, kept): (Value, Value, u32) = pipeline.query_async(link).await?;
        Ok(if kept >= replicas.count { Ok(answer) } else { Err(RedisFault::NotReplicated) })
    }
}

/// What is found at a place.
enum Seen {
    Link(u64, Link),
    Resting(RedisFault),
    Empty,
}

impl Place {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self) -> Seen {
        let state = self.state();
        match (&state.link, state.resting) {
            (Some(link), _) => Seen::Link(state.generation, link.clone()),
            (None, Some((until, fault))) if Instant::now() < until => Seen::Resting(fault),
            _ => Seen::Empty,
        }
    }

    fn works(&self, generation: u64) {
        let mut state = self.state();
        if state.generation == generation {
            state.failures = 0;
            state.resting = None;
        }
    }

    /// Lets go of a connection, unless it was replaced already. With a fault, another is not made at once.
    fn forget(&self, generation: u64, fault: Option<RedisFault>) {
        let mut state = self.state();
        if state.generation != generation || state.link.take().is_none() {
            return;
        }
        if let Some(fault) = fault {
            state.rest(fault);
        }
    }
}

impl State {
    /// Tries nothing for a while, longer from time to time, and never as long as others do.
    fn rest(&mut self, fault: RedisFault) {
        let (least, most) = REST;
        let longest = least.saturating_mul(1 << self.failures.min(8)).min(most);
        self.failures = self.failures.saturating_add(1);
        let share = f64::from(OsRng.next_u32()) / f64::from(u32::MAX);
        self.resting = Some((Instant::now() + longest.mul_f64(0.5 + share / 2.0), fault));
    }
}
