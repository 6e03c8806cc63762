//! Mutants of accepted presentations by the million: each must be refused.
//!
//! What the mutants are is in `glimpse_fixtures::mutant`. Here they are spread over threads, counted by how they were
//! made and why they were refused, and a part of them is held against the reference that is written without weights.

mod report;
mod tally;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use glimpse_fixtures::mutant::{Said, Stock};

pub use report::{to_json, to_text};
pub use tally::{KindTally, Tally};

use crate::report::Progress;

/// Mutants that are judged together: each alone, and in every eighth block all of them in one batch, which takes several
/// times as long where nearly all are bad.
pub const BLOCK: u64 = 64;
const BATCH_EVERY: u64 = 8;
/// After so many failures there is no more to learn.
const ENOUGH: usize = 10;

/// What to run.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// Mutants, controls among them.
    pub count: u64,
    /// Decides all of them.
    pub seed: u64,
    /// Threads that verify.
    pub threads: usize,
    /// One in so many is held against the reference.
    pub explain_every: u64,
}

/// A mutant on which something went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its number.
    pub number: u64,
    /// How it was made.
    pub kind: &'static str,
    /// The request that it was given to.
    pub asked: String,
    /// What went wrong.
    pub what: String,
}

/// What a run found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The plan.
    pub plan: Plan,
    /// Different requests, twins included.
    pub requests: usize,
    /// Presentations that mutants were made of.
    pub answers: usize,
    /// Counts.
    pub tally: Tally,
    /// What went wrong.
    pub failures: Vec<Failure>,
    /// How long it took, without making the stock.
    pub elapsed: Duration,
}

impl Outcome {
    /// Whether nothing went wrong, and something was tried at all.
    pub fn holds(&self) -> bool {
        self.failures.is_empty() && self.tally.refused() > 0 && self.tally.accepted() > 0
    }
}

/// Judges all mutants of the plan.
pub fn run(plan: Plan) -> Outcome {
    let stock = Stock::new(plan.seed);
    let (next, judged, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let found = Mutex::new((Tally::default(), Vec::new()));
    let start = Instant::now();
    thread::scope(|scope| {
        let work = || {
            let mut tally = Tally::default();
            while !stop.load(Ordering::Relaxed) {
                let block = next.fetch_add(1, Ordering::Relaxed);
                if block * BLOCK >= plan.count {
                    break;
                }
                let failures = judge_block(&stock, plan, block, &mut tally);
                judged.fetch_add(BLOCK, Ordering::Relaxed);
                if !failures.is_empty() {
                    let all = &mut found.lock().unwrap().1;
                    all.extend(failures);
                    stop.fetch_or(all.len() >= ENOUGH, Ordering::Relaxed);
                }
            }
            found.lock().unwrap().0.add(&tally);
        };
        let workers: Vec<_> = (0..plan.threads).map(|_| scope.spawn(work)).collect();
        let mut progress = Progress::new(plan.count as f64);
        while !workers.iter().all(|worker| worker.is_finished()) {
            thread::sleep(Duration::from_millis(200));
            let done = judged.load(Ordering::Relaxed).min(plan.count);
            let rate = done as f64 / start.elapsed().as_secs_f64();
            let wrong = found.lock().unwrap().1.len();
            let part = (done as f64 / plan.count as f64).min(0.999);
            progress.tell(&format!("{done} mutants, {rate:.0}/s, {wrong} wrong"), plan.count as f64, part);
        }
        progress.finish();
    });
    let (tally, mut failures) = found.into_inner().unwrap();
    failures.sort_by_key(|failure: &Failure| failure.number);
    let answers = stock.asked.iter().map(|asked| asked.answers.len()).sum();
    Outcome { plan, requests: stock.asked.len(), answers, tally, failures, elapsed: start.elapsed() }
}

/// Judges one block, and says what went wrong.
fn judge_block(stock: &Stock, plan: Plan, block: u64, tally: &mut Tally) -> Vec<Failure> {
    let numbers = block * BLOCK..((block + 1) * BLOCK).min(plan.count);
    let verifier = stock.verifier();
    let failure = |number: u64, what: String| {
        let mutant = stock.mutant(plan.seed, number);
        Failure { number, kind: mutant.kind.name(), asked: mutant.asked.name.clone(), what }
    };
    let judge = || stock.judge(&verifier, plan.seed, numbers.clone(), block % BATCH_EVERY == 1);
    let Ok(judged) = catch_unwind(AssertUnwindSafe(judge)) else {
        return vec![failure(numbers.start, format!("a panic between this one and {}", numbers.end - 1))];
    };
    let mut failures = Vec::new();
    for one in judged {
        tally.count(one.mutant.kind, &one.said);
        if let Said::Wrong(what) = &one.said {
            failures.push(failure(one.number, what.clone()));
        }
        if one.number % plan.explain_every == 0
            && let Some(broken) = stock.broken(&one.mutant)
        {
            if broken.is_empty() != (one.said == Said::Accepted) {
                failures
                    .push(failure(one.number, format!("the reference says that these break: {broken:?}")));
            }
            tally.explain(&broken);
        }
    }
    failures
}

/// Everything about one mutant, for people.
pub fn explain(seed: u64, number: u64) -> String {
    let stock = Stock::new(seed);
    let verifier = stock.verifier();
    let mutant = stock.mutant(seed, number);
    let block = number / BLOCK * BLOCK..(number / BLOCK + 1) * BLOCK;
    let alone = stock.judge(&verifier, seed, number..number + 1, false);
    let together = stock.judge(&verifier, seed, block.clone(), true);
    let place = (number - block.start) as usize;
    let hex: String = mutant.bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    format!(
        "mutant {number} of seed {seed}: {}\nof: {}\nrequest: {}\nalone: {:?}\nin a batch of {}: {:?}\n\
         broken, says the reference: {:?}\nbytes: {hex}",
        mutant.kind.name(),
        mutant.asked.name,
        String::from_utf8_lossy(&mutant.asked.relation.request().to_canonical_json().unwrap()),
        alone[0].said,
        together.len(),
        together[place].said,
        stock.broken(&mutant),
    )
}
