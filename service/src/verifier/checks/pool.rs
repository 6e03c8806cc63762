//! Threads that take batches from the queue, and the way back to whoever waits for an answer.

use std::io;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use tokio::sync::oneshot;

use super::queue::{Batch, Bill, Entry, Lane, Queue};
use super::suspects::Suspects;
use crate::client::Client;
use crate::error::ApiError;
use crate::metrics::{CheckMetrics, Outcome};

/// Most threads.
const MOST_THREADS: usize = 1024;

/// By how much the threads give way to others, on the system's scale from 0 to 19.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// What the threads do.
pub(crate) trait Judging: Send + Sync + 'static {
    /// What is to be judged.
    type Check: Send + 'static;
    /// What is said of it.
    type Answer: Send + 'static;

    /// One answer for each check, in order.
    fn judge(&self, checks: &[Self::Check]) -> Vec<Self::Answer>;

    /// What an answer means to those who share the threads.
    fn finding(answer: &Self::Answer) -> Finding;
}

/// What an answer means to those who share the threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// Accepted.
    Good,
    /// Refused, at no cost to others.
    Idle,
    /// Refused after its batch had to be searched for it.
    Costly,
}

/// A pool of threads with a queue of their own. Dropped, it finishes what waits.
pub(crate) struct Pool<J: Judging> {
    shared: Arc<Shared<J>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
}

struct Shared<J: Judging> {
    judge: J,
    threads: usize,
    state: Mutex<State<J>>,
    /// Something waits, or the pool stops.
    something_to_do: Condvar,
    metrics: CheckMetrics,
}

struct State<J: Judging> {
    queue: Queue<Waiting<J>>,
    suspects: Suspects,
    /// Threads that are at work on a batch.
    busy: usize,
    stopping: bool,
}

struct Waiting<J: Judging> {
    check: J::Check,
    since: Instant,
    answer: oneshot::Sender<Result<J::Answer, ApiError>>,
}

impl<J: Judging> Pool<J> {
    /// Starts so many threads with places for so many checks to wait. Fails if the system has no threads left.
    pub(crate) fn start(judge: J, threads: usize, places: usize, metrics: CheckMetrics) -> io::Result<Self> {
        let threads = threads.clamp(1, MOST_THREADS);
        let state = State { queue: Queue::new(places), suspects: Suspects::new(), busy: 0, stopping: false };
        let (state, something_to_do) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { judge, threads, state, something_to_do, metrics });
        // Made first, so that the threads that did start end if another does not.
        let pool = Self { shared, threads: Mutex::default() };
        for number in 0..threads {
            let shared = pool.shared.clone();
            let work = move || {
                give_way();
                shared.work();
            };
            let thread = thread::Builder::new().name(format!("check-{number}")).spawn(work)?;
            pool.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        }
        Ok(pool)
    }

    /// The answer to a check. [`ApiError::Busy`] if there is no place for it, now or when somebody with a better claim
    /// comes; [`ApiError::Internal`] if it cannot be answered.
    ///
    /// Nothing is lost if nobody waits for the answer any more, but nothing is gained by it either: a check that has not
    /// begun by then is left undone.
    pub(crate) async fn check(&self, client: Client, check: J::Check) -> Result<J::Answer, ApiError> {
        let (answer, answered) = oneshot::channel();
        self.shared.admit(client, Waiting { check, since: Instant::now(), answer });
        answered.await.map_err(|_| ApiError::Internal)?
    }

    /// Whether a check would be let in now. Who asks before reading what is to be checked turns away for less.
    pub(crate) fn has_room(&self, client: Client) -> bool {
        let state = self.shared.lock();
        let lane = state.lane(client, Instant::now());
        let room = !state.stopping && state.queue.has_room(client, lane, self.shared.threads - state.busy);
        drop(state);
        if !room {
            self.shared.metrics.done(Outcome::TurnedAway);
        }
        room
    }

    /// Lets nothing more in, and returns when everything that waits is answered. Blocks.
    pub(crate) fn stop(&self) {
        self.shared.lock().stopping = true;
        self.shared.something_to_do.notify_all();
        let threads = mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A thread that ended in a panic has nothing left to finish.
            let _ = thread.join();
        }
    }
}

impl<J: Judging> Drop for Pool<J> {
    fn drop(&mut self) {
        self.stop();
    }
}

impl<J: Judging> Shared<J> {
    fn admit(&self, client: Client, waiting: Waiting<J>) {
        let entry = {
            let mut state = self.lock();
            let idle = self.threads - state.busy;
            let lane = state.lane(client, waiting.since);
            let entry = match state.stopping {
                true => Entry::Full(waiting),
                false => state.queue.push(client, lane, waiting, idle),
            };
            self.metrics.waiting(state.queue.waiting());
            entry
        };
        match entry {
            Entry::Waits => self.something_to_do.notify_one(),
            Entry::Instead(turned_away) | Entry::Full(turned_away) => {
                self.metrics.done(Outcome::TurnedAway);
                turned_away.settle(Err(ApiError::Busy));
            }
        }
    }

    /// What each thread does until the pool stops and nothing waits.
    fn work(&self) {
        while let Some(batch) = self.next() {
            let Batch { lane, checks, charged } = batch;
            let started = Instant::now();
            let judged = self.judge(checks, started);
            let ended = Instant::now();
            let mut state = self.lock();
            state.busy -= 1;
            let bad = judged.iter().filter(|(_, finding)| *finding == Finding::Costly).count();
            let (good, bad) = (count(judged.len() - bad), count(bad));
            state.queue.settle(Bill { lane, charged, good, bad, spent: ended - started });
            for (client, finding) in judged {
                state.note(client, finding, ended);
            }
        }
    }

    /// The next batch, as soon as there is one; `None` once the pool stops and nothing waits.
    fn next(&self) -> Option<Batch<Waiting<J>>> {
        let mut state = self.lock();
        loop {
            let idle = self.threads - state.busy;
            if let Some(batch) = state.queue.take(idle) {
                state.busy += 1;
                let left = state.queue.waiting();
                self.metrics.waiting(left);
                // The rest is for another thread, if there is one to take it.
                if left > 0 && idle > 1 {
                    self.something_to_do.notify_one();
                }
                return Some(batch);
            }
            if state.stopping {
                return None;
            }
            state = self.something_to_do.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Judges and answers. Returns what was found of whom.
    fn judge(&self, batch: Vec<(Client, Waiting<J>)>, now: Instant) -> Vec<(Client, Finding)> {
        let (mut clients, mut checks, mut answers) = (Vec::new(), Vec::new(), Vec::new());
        for (client, waiting) in batch {
            self.metrics.queued(now.saturating_duration_since(waiting.since));
            if waiting.answer.is_closed() {
                self.metrics.done(Outcome::Abandoned);
                continue;
            }
            clients.push(client);
            checks.push(waiting.check);
            answers.push(waiting.answer);
        }
        let judged = self.judge_all(&checks);
        if !judged.is_empty() {
            self.metrics.batch(judged.len(), now.elapsed());
        }
        let settled = clients.into_iter().zip(answers).zip(judged).map(|((client, answer), judged)| {
            // What made the judge panic was judged twice.
            let finding = judged.as_ref().map_or(Finding::Costly, J::finding);
            self.metrics.done(outcome(judged.as_ref().ok().map(|_| finding)));
            // Whoever asked may have gone away meanwhile.
            let _ = answer.send(judged);
            (client, finding)
        });
        settled.collect()
    }

    /// One answer for each check. Those that make the judge panic are found by judging each alone: the others of their
    /// batch have their answers.
    fn judge_all(&self, checks: &[J::Check]) -> Vec<Result<J::Answer, ApiError>> {
        if checks.is_empty() {
            return Vec::new();
        }
        match self.try_judge(checks) {
            Some(answers) => answers.into_iter().map(Ok).collect(),
            None if checks.len() == 1 => vec![Err(ApiError::Internal)],
            None => checks.chunks(1).flat_map(|one| self.judge_all(one)).collect(),
        }
    }

    fn try_judge(&self, checks: &[J::Check]) -> Option<Vec<J::Answer>> {
        // The judge keeps nothing that a panic could leave half done.
        let answers = catch_unwind(AssertUnwindSafe(|| self.judge.judge(checks)));
        answers.ok().filter(|answers| answers.len() == checks.len())
    }

    /// A panic cannot leave the state in disorder: nothing in it is judged under the lock.
    fn lock(&self) -> MutexGuard<'_, State<J>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<J: Judging> State<J> {
    fn lane(&self, client: Client, now: Instant) -> Lane {
        if self.suspects.includes(client, now) { Lane::Suspect } else { Lane::Usual }
    }

    fn note(&mut self, client: Client, finding: Finding, now: Instant) {
        match finding {
            Finding::Good => self.suspects.note(client, true, now),
            Finding::Costly => self.suspects.note(client, false, now),
            Finding::Idle => return,
        }
        let lane = self.lane(client, now);
        self.queue.transfer(client, lane);
    }
}

impl<J: Judging> Waiting<J> {
    fn settle(self, answer: Result<J::Answer, ApiError>) {
        // Whoever asked may have gone away.
        let _ = self.answer.send(answer);
    }
}

/// Lets the event loops go first where processors are short. They then take in and answer whatever there is while the
/// arithmetic waits a little, so batches grow just when that saves most, and a request under way is never stuck behind
/// batches of others before it was even read. Where it cannot be had, things only go on with smaller batches.
fn give_way() {
    #[cfg(target_os = "linux")]
    if rustix::process::setpriority_process(Some(rustix::thread::gettid()), NICENESS).is_err() {
        tracing::debug!("the threads that check presentations keep their usual priority");
    }
}

/// No batch has more than a few.
fn count(checks: usize) -> u32 {
    u32::try_from(checks).unwrap_or(u32::MAX)
}

fn outcome(finding: Option<Finding>) -> Outcome {
    match finding {
        Some(Finding::Good) => Outcome::Accepted,
        Some(Finding::Idle | Finding::Costly) => Outcome::Refused,
        None => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests;
