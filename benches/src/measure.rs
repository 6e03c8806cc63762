//! Medians of things measured in turns, so that a noisy minute falls on all of them and their ratios stay true.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// Least duration of one sample: the clock's own cost must not show.
const SAMPLE: Duration = Duration::from_millis(2);

/// One thing to measure.
pub struct Task<'a> {
    name: String,
    /// How many operations one run stands for: a batch of 64 is 64.
    operations: u32,
    run: Box<dyn FnMut() -> Duration + 'a>,
}

impl<'a> Task<'a> {
    /// A routine that does `operations` operations each time.
    pub fn new<T>(name: impl Into<String>, operations: u32, mut routine: impl FnMut() -> T + 'a) -> Self {
        Self::with_setup(name, operations, || (), move |()| routine())
    }

    /// A routine that uses up what `setup` makes; only the routine is timed.
    pub fn with_setup<I, T>(
        name: impl Into<String>,
        operations: u32,
        mut setup: impl FnMut() -> I + 'a,
        mut routine: impl FnMut(I) -> T + 'a,
    ) -> Self {
        let run = move || {
            let input = setup();
            let start = Instant::now();
            let output = black_box(routine(black_box(input)));
            let taken = start.elapsed();
            drop(output);
            taken
        };
        Self { name: name.into(), operations, run: Box::new(run) }
    }

    fn sample(&mut self, runs: u32) -> f64 {
        let total: Duration = (0..runs).map(|_| (self.run)()).sum();
        total.as_secs_f64() * 1e6 / f64::from(runs) / f64::from(self.operations)
    }
}

/// What a task took, per operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The task's name.
    pub name: String,
    /// Median over all samples, in microseconds.
    pub median_us: f64,
    /// First quartile, in microseconds.
    pub low_us: f64,
    /// Third quartile, in microseconds.
    pub high_us: f64,
    /// How many samples there are.
    pub samples: usize,
}

/// Runs every task `rounds` times in turns, after one round to warm up. `progress` is told what part is done.
pub fn measure(tasks: &mut [Task<'_>], rounds: usize, mut progress: impl FnMut(f64)) -> Vec<Timing> {
    let warm_up = |task: &mut Task<'_>| {
        let once = (task.run)().max(Duration::from_nanos(100));
        let runs = SAMPLE.as_secs_f64() / once.as_secs_f64();
        (runs.ceil() as u32).max(1)
    };
    let runs: Vec<u32> = tasks
        .iter_mut()
        .map(|task| {
            warm_up(task);
            warm_up(task)
        })
        .collect();
    let mut samples = vec![Vec::with_capacity(rounds); tasks.len()];
    for round in 0..rounds {
        for ((task, runs), samples) in tasks.iter_mut().zip(&runs).zip(&mut samples) {
            samples.push(task.sample(*runs));
        }
        progress((round + 1) as f64 / rounds as f64);
    }
    tasks.iter().zip(samples).map(|(task, samples)| summary(&task.name, samples)).collect()
}

fn summary(name: &str, mut samples: Vec<f64>) -> Timing {
    samples.sort_by(f64::total_cmp);
    // At a part of the way from the least to the greatest sample; none at all has no figure.
    let at = |part: f64| match samples.len() {
        0 => f64::NAN,
        n => samples[((n - 1) as f64 * part).round() as usize],
    };
    Timing {
        name: name.to_owned(),
        median_us: at(0.5),
        low_us: at(0.25),
        high_us: at(0.75),
        samples: samples.len(),
    }
}
