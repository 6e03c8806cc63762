//! What came of it.

use std::fmt;
use std::thread::available_parallelism;
use std::time::Duration;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::drive::{Pace, Tally};
use crate::observe::Observed;

/// Everything.
#[derive(Serialize)]
pub(crate) struct Report {
    cores: usize,
    /// Verification without a service, on one core.
    verify_alone_us: f64,
    verify_batch_64_us: f64,
    /// What the cores could do if they did nothing else.
    batch_64_per_second_times_cores: f64,
    /// Full load as a part of that.
    ratio: f64,
    /// What they did when they did nothing else, all at the same time.
    batch_64_per_second_all_cores: f64,
    /// Full load as a part of that.
    ratio_to_all_cores: f64,
    memory_peak_bytes: u64,
    memory_end_bytes: u64,
    phases: Vec<Phase>,
}

/// One phase.
#[derive(Serialize)]
pub(crate) struct Phase {
    name: String,
    connections: usize,
    seconds: f64,
    /// Requests a second that were to be sent; none in a closed loop.
    intended_per_second: Option<f64>,
    /// Answered 200 while the phase lasted.
    pub(crate) accepted_per_second: f64,
    /// Answered 200 in all, after how long.
    accepted: Times,
    /// Answered 503.
    turned_away: Times,
    failed: u64,
    batch_size_mean: f64,
    /// Parts of one core.
    verifying_cpu: f64,
    serving_cpu: f64,
    generator_cpu: f64,
    /// What else ran on this machine: the more, the less the other figures say.
    others_cpu: f64,
    /// Microseconds of CPU of the threads that verify, for each presentation that was accepted.
    verifying_us_per_accepted: f64,
    /// Microseconds of CPU of the service outside the threads that verify, for each answer.
    serving_us_per_answer: f64,
    memory_peak_bytes: u64,
}

#[derive(Serialize)]
struct Times {
    count: u64,
    p50_ms: f64,
    p99_ms: f64,
    max_ms: f64,
}

/// How many cores there are.
pub(crate) fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}

impl Report {
    /// From the microseconds of one presentation alone and in a batch, the rate of all cores together, and what was
    /// observed.
    pub(crate) fn new([alone, batch, together]: [f64; 3], phases: Vec<Phase>, memory: (u64, u64)) -> Self {
        let possible = 1e6 / batch * cores() as f64;
        let full = phases.first().map_or(0.0, |full| full.accepted_per_second);
        Self {
            cores: cores(),
            verify_alone_us: alone,
            verify_batch_64_us: batch,
            batch_64_per_second_times_cores: possible,
            ratio: full / possible,
            batch_64_per_second_all_cores: together,
            ratio_to_all_cores: full / together,
            memory_peak_bytes: memory.0,
            memory_end_bytes: memory.1,
            phases,
        }
    }
}

impl Phase {
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn new(
        name: &str,
        pace: Pace,
        connections: usize,
        passed: Duration,
        in_time: u64,
        tally: &Tally,
        before: &Observed,
        after: &Observed,
        memory_peak_bytes: u64,
    ) -> Self {
        let seconds = passed.as_secs_f64();
        let part = |before: u64, after: u64| after.saturating_sub(before) as f64 / 1e9 / seconds;
        let (batches, checks) = (after.batches.0 - before.batches.0, after.batches.1 - before.batches.1);
        let verifying_cpu = part(before.verifying, after.verifying);
        let serving_cpu = part(before.serving, after.serving);
        let generator_cpu = part(before.generator, after.generator);
        let machine = part(before.machine, after.machine);
        let answers = tally.accepted.len() + tally.turned_away.len() + tally.failed;
        Self {
            name: name.to_owned(),
            connections,
            seconds,
            intended_per_second: match pace {
                Pace::Closed => None,
                Pace::Open(rate) => Some(rate),
            },
            accepted_per_second: in_time as f64 / seconds,
            accepted: Times::of(&tally.accepted),
            turned_away: Times::of(&tally.turned_away),
            failed: tally.failed,
            batch_size_mean: checks / batches.max(1.0),
            verifying_cpu,
            serving_cpu,
            generator_cpu,
            others_cpu: (machine - verifying_cpu - serving_cpu - generator_cpu).max(0.0),
            verifying_us_per_accepted: verifying_cpu * seconds * 1e6 / tally.accepted.len().max(1) as f64,
            serving_us_per_answer: serving_cpu * seconds * 1e6 / answers.max(1) as f64,
            memory_peak_bytes,
        }
    }
}

impl Times {
    fn of(histogram: &Histogram<u64>) -> Self {
        let at = |quantile| histogram.value_at_quantile(quantile) as f64 / 1e3;
        Self {
            count: histogram.len(),
            p50_ms: at(0.5),
            p99_ms: at(0.99),
            max_ms: histogram.max() as f64 / 1e3,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "one core verifies a presentation in {:.0} us alone, {:.0} us in a batch of 64; {} cores: {:.0} a second",
            self.verify_alone_us, self.verify_batch_64_us, self.cores, self.batch_64_per_second_times_cores
        )?;
        writeln!(f, "the service came to {:.0} % of that under full load", self.ratio * 100.0)?;
        writeln!(
            f,
            "all cores at once verify {:.0} a second in batches of 64: the service came to {:.0} % of that",
            self.batch_64_per_second_all_cores,
            self.ratio_to_all_cores * 100.0
        )?;
        let megabytes = |bytes: u64| bytes as f64 / 1e6;
        let (peak, end) = (megabytes(self.memory_peak_bytes), megabytes(self.memory_end_bytes));
        writeln!(f, "resident memory of the service: {peak:.1} MB at most, {end:.1} MB at the end\n")?;
        let mut table = comfy_table::Table::new();
        table.load_style(comfy_table::presets::NOTHING);
        table.set_header([
            "phase",
            "offered/s",
            "200/s",
            "503",
            "failed",
            "p50 ms",
            "p99 ms",
            "max ms",
            "batch",
            "verify us",
            "serve us",
            "cpu verify",
            "cpu serve",
            "cpu load",
            "cpu others",
            "MB",
        ]);
        for phase in &self.phases {
            let answers = phase.accepted.count + phase.turned_away.count + phase.failed;
            let turned_away = phase.turned_away.count as f64 / answers.max(1) as f64 * 100.0;
            table.add_row([
                phase.name.clone(),
                phase.intended_per_second.map_or("-".to_owned(), |rate| format!("{rate:.0}")),
                format!("{:.0}", phase.accepted_per_second),
                format!("{turned_away:.1} %"),
                phase.failed.to_string(),
                format!("{:.1}", phase.accepted.p50_ms),
                format!("{:.1}", phase.accepted.p99_ms),
                format!("{:.0}", phase.accepted.max_ms),
                format!("{:.1}", phase.batch_size_mean),
                format!("{:.0}", phase.verifying_us_per_accepted),
                format!("{:.0}", phase.serving_us_per_answer),
                format!("{:.2}", phase.verifying_cpu),
                format!("{:.2}", phase.serving_cpu),
                format!("{:.2}", phase.generator_cpu),
                format!("{:.2}", phase.others_cpu),
                format!("{:.1}", megabytes(phase.memory_peak_bytes)),
            ]);
        }
        write!(f, "{table}")
    }
}
