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

    /// Runs it once and says how long that took, for all its operations together.
    pub fn once(&mut self) -> Duration {
        (self.run)()
    }

    fn sample(&mut self, runs: u32) -> f64 {
        let total: Duration = (0..runs).map(|_| self.once()).sum();
        total.as_secs_f64() * 1e6 / f64::from(runs) / f64::from(self.operations)
    }
}

/// How much is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effort {
    /// Time that one call of [`measure`] aims at. What `setup` takes comes on top of it.
    pub budget: Duration,
    /// Fewest rounds, whatever they take.
    pub least: usize,
    /// Most rounds.
    pub most: usize,
}

impl From<usize> for Effort {
    /// So many rounds, however long they take.
    fn from(rounds: usize) -> Self {
        Self { budget: Duration::ZERO, least: rounds, most: rounds }
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

impl Timing {
    /// Half the distance between the quartiles, as a part of the median: how far a sample is off, as a rule.
    pub fn spread(&self) -> f64 {
        (self.high_us - self.low_us) / 2.0 / self.median_us
    }
}

/// Runs every task in turns, round by round, after one round to warm up: with a number as effort, so many rounds.
/// `progress` is told what part is done.
pub fn measure(
    tasks: &mut [Task<'_>],
    effort: impl Into<Effort>,
    mut progress: impl FnMut(f64),
) -> Vec<Timing> {
    let effort = effort.into();
    let mut round = Duration::ZERO;
    let mut runs = Vec::with_capacity(tasks.len());
    for task in tasks.iter_mut() {
        task.once();
        let once = task.once().max(Duration::from_nanos(100));
        let needed = (SAMPLE.as_secs_f64() / once.as_secs_f64()).ceil().max(1.0) as u32;
        round += once * needed;
        runs.push(needed);
    }
    let affordable = (effort.budget.as_secs_f64() / round.as_secs_f64()) as usize;
    let rounds = affordable.clamp(effort.least, effort.most);

    let mut samples = vec![Vec::with_capacity(rounds); tasks.len()];
    for round in 0..rounds {
        for ((task, runs), samples) in tasks.iter_mut().zip(&runs).zip(&mut samples) {
            samples.push(task.sample(*runs));
        }
        progress((round + 1) as f64 / rounds as f64);
    }
    tasks.iter().zip(samples).map(|(task, samples)| summary(&task.name, samples)).collect()
}

/// The slope of the straight line with the least squares of distances: what one more of x adds to y.
pub fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / n, y + point.1 / n));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), (x, y)| {
        (above + (x - mean_x) * (y - mean_y), below + (x - mean_x).powi(2))
    });
    above / below
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn median_and_quartiles() {
        let timing = summary("x", vec![5.0, 1.0, 4.0, 2.0, 3.0]);
        assert_eq!((timing.low_us, timing.median_us, timing.high_us), (2.0, 3.0, 4.0));
        assert_eq!(timing.samples, 5);
        assert!((timing.spread() - 1.0 / 3.0).abs() < 1e-12);
        assert!(summary("none", Vec::new()).median_us.is_nan());
    }

    #[test]
    fn slopes() {
        assert!((slope(&[(0.0, 5.0), (10.0, 8.0), (30.0, 14.0)]) - 0.3).abs() < 1e-12);
        // Residuals of 1, -2 and 1 leave the slope as it was.
        assert!((slope(&[(0.0, 1.0), (1.0, 0.0), (2.0, 5.0)]) - 2.0).abs() < 1e-12);
    }

    #[test]
    fn operations_and_rounds_count() {
        let ten = Duration::from_millis(10);
        let mut setups = 0;
        let mut tasks = [
            Task::new("one", 1, || std::thread::sleep(ten)),
            Task::with_setup("of a thousand", 1000, || setups += 1, |()| std::thread::sleep(ten)),
        ];
        let mut told = Vec::new();
        let timings = measure(&mut tasks, 3, |part| told.push(part));
        assert_eq!(timings.iter().map(|timing| timing.samples).collect::<Vec<_>>(), [3, 3]);
        assert!(timings[0].median_us >= 10_000.0 && timings[1].median_us >= 10.0);
        assert!(timings[1].median_us < timings[0].median_us);
        assert_eq!(told.last(), Some(&1.0));
        drop(tasks);
        // Two to warm up, then one for each round.
        assert_eq!(setups, 5);
    }

    #[test]
    fn the_budget_bounds_the_rounds() {
        let count = |budget| {
            let effort = Effort { budget: Duration::from_millis(budget), least: 2, most: 4 };
            let mut tasks = [Task::new("one", 1, || std::thread::sleep(Duration::from_millis(10)))];
            measure(&mut tasks, effort, |_| ())[0].samples
        };
        assert_eq!((count(0), count(60_000)), (2, 4));
    }
}
