//! Measures everything.

use std::cell::{Cell, RefCell};
use std::hint::black_box;

use glimpse_fixtures::NOW;
use glimpse_verifier::Verifier;

use super::{BATCH_SIZES, BaselineFigures, CaseFigures, Figure, Machine, Progress, Report};
use crate::baseline::Baseline;
use crate::cases::{Answered, Case, age_over_18, groups};
use crate::measure::{Effort, Task, Timing, measure};
use crate::operations::Desk;
use crate::subject::Subject;

/// Presentations of one case: the largest batch.
const ANSWERS: usize = 1024;
/// Tasks of one case.
const TASKS: usize = 5;
/// What preparing a case costs, where measuring it costs 1: for the progress alone.
const PREPARING: f64 = 0.6;

/// Measures all cases; `effort` is for one case.
pub fn gather(effort: Effort) -> Report {
    let machine = Machine::this();
    glimpse_verifier::prepare();
    let groups = groups();
    let count: usize = groups.iter().map(|(_, cases)| cases.len()).sum();
    // The batches count as three cases, the operations and the baselines as one each.
    let mut progress = Progress::new(count as f64 * (1.0 + PREPARING) + 4.0 + 1.0 + PREPARING);

    let baselines = baselines(effort, &mut progress);
    let batches = batches(effort, &mut progress);
    let cases = groups.iter().flat_map(|(name, cases)| group(name, cases, effort, &mut progress)).collect();
    let desk = Desk::default();
    let operations = measure(&mut desk.tasks(), effort, |part| progress.tell("issuer and wallet", 1.0, part));
    progress.finish();
    Report {
        machine,
        cases,
        operations,
        baselines,
        batches,
        peers: Vec::new(),
        table_bytes: glimpse_verifier::table_bytes(),
    }
}

fn baselines(effort: Effort, progress: &mut Progress) -> Vec<BaselineFigures> {
    let baselines = [16, 64].map(Baseline::new);
    let mut tasks: Vec<_> = baselines.iter().flat_map(baseline_tasks).collect();
    let timings = measure(&mut tasks, effort, |part| progress.tell("baselines", 1.0, part));
    drop(tasks);
    baselines
        .iter()
        .zip(timings.chunks_exact(2))
        .map(|(baseline, timings)| BaselineFigures {
            name: baseline.name().to_owned(),
            prove: timings[0].clone(),
            verify: timings[1].clone(),
            proof_bytes: baseline.proof_bytes(),
        })
        .collect()
}

/// Proving and verifying.
fn baseline_tasks(baseline: &Baseline) -> [Task<'_>; 2] {
    [Task::new("prove", 1, || baseline.prove()), Task::new("verify", 1, || baseline.verify())]
}

/// Batches of every size of the first case.
fn batches(effort: Effort, progress: &mut Progress) -> Vec<(usize, Figure)> {
    let baseline = Baseline::new(16);
    let prepared = Prepared::new(&age_over_18(), progress);
    let mut tasks: Vec<_> = BATCH_SIZES.iter().map(|size| prepared.batch_task(*size)).collect();
    tasks.extend(baseline_tasks(&baseline));
    let effort = Effort { budget: effort.budget * 3, ..effort };
    let mut timings = measure(&mut tasks, effort, |part| progress.tell("batches", 3.0, part));
    let verify = timings.split_off(BATCH_SIZES.len()).swap_remove(1).median_us;
    BATCH_SIZES.into_iter().zip(timings.into_iter().map(|timing| figure(timing, verify))).collect()
}

/// The cases of a group in turns with the baseline.
fn group(name: &str, cases: &[Case], effort: Effort, progress: &mut Progress) -> Vec<CaseFigures> {
    let baseline = Baseline::new(16);
    let prepared: Vec<_> = cases.iter().map(|case| Prepared::new(case, progress)).collect();
    let mut tasks: Vec<_> = prepared.iter().flat_map(Prepared::tasks).collect();
    tasks.extend(baseline_tasks(&baseline));
    let work = cases.len() as f64;
    let effort = Effort { budget: effort.budget * cases.len() as u32, ..effort };
    let mut timings = measure(&mut tasks, effort, |part| progress.tell(name, work, part));
    let baseline = timings.split_off(cases.len() * TASKS);
    let (prove_base, verify_base) = (baseline[0].median_us, baseline[1].median_us);

    let figures = |(prepared, timings): (&Prepared, &[Timing])| {
        let verifying = |i: usize| figure(timings[i].clone(), verify_base);
        CaseFigures {
            name: prepared.case.name.clone(),
            title: prepared.case.title.clone(),
            series: prepared.case.series,
            prove: figure(timings[0].clone(), prove_base),
            verify: verifying(1),
            verify_compiled: verifying(2),
            batch64: verifying(3),
            batch1024: verifying(4),
            proof_bytes: prepared.answered[0].presentation.len(),
        }
    };
    prepared.iter().zip(timings.chunks_exact(TASKS)).map(figures).collect()
}

fn figure(timing: Timing, base: f64) -> Figure {
    Figure { ratio: timing.median_us / base, timing }
}

/// A case with its presentations.
struct Prepared {
    case: Case,
    subject: Subject,
    verifier: Verifier,
    answered: Vec<Answered>,
}

impl Prepared {
    fn new(case: &Case, progress: &mut Progress) -> Self {
        let mut subject = Subject::new(case.licences);
        progress.tell(&format!("preparing {}", case.name), PREPARING, 0.0);
        let answered = Answered::several(&mut subject, case, ANSWERS);
        progress.tell(&format!("preparing {}", case.name), PREPARING, 1.0);
        Self { case: case.clone(), verifier: case.verifier(&subject), subject, answered }
    }

    /// Prove, verify, verify compiled, batch of 64, batch of 1,024: [`TASKS`] in all. One after the other of the
    /// presentations is taken, so that nothing is verified twice in a row.
    fn tasks(&self) -> [Task<'_>; TASKS] {
        let turn = |next: Cell<usize>| {
            move || {
                let number = next.get();
                next.set((number + 1) % self.answered.len());
                (number, &self.answered[number])
            }
        };
        let rng = RefCell::new(glimpse_fixtures::rng(13));
        let for_proof = turn(Cell::new(0));
        let prove = Task::with_setup(
            "prove",
            1,
            move || {
                let (number, one) = for_proof();
                (&one.shown, self.subject.holdings(&one.shown, number))
            },
            move |(relation, holdings)| self.subject.present(relation, holdings, &mut rng.borrow_mut()),
        );
        let verify = Task::with_setup("verify", 1, turn(Cell::new(0)), |(_, one)| {
            self.verifier.verify(&one.request, &one.presentation, NOW).unwrap()
        });
        let verify_compiled = Task::with_setup("verify_compiled", 1, turn(Cell::new(0)), |(_, one)| {
            self.verifier.verify_compiled(&one.relation, &one.presentation, NOW).unwrap()
        });
        [prove, verify, verify_compiled, self.batch_task(64), self.batch_task(1024)]
    }

    /// One batch of `size`, each time of the next presentations.
    fn batch_task(&self, size: usize) -> Task<'_> {
        let next = Cell::new(0);
        let items = Answered::items(&self.answered);
        Task::new(format!("batch {size}"), size as u32, move || {
            let start = next.get();
            next.set((start + size) % items.len());
            let results = self.verifier.verify_batch(&items[start..start + size], NOW).unwrap();
            assert!(black_box(&results).iter().all(Result::is_ok));
            results
        })
    }
}
