//! Does the time of what handles a secret depend on it? Measured as dudect does (Reparaz, Balasch and Verbauwhede,
//! "dude, is my code constant time?", DATE 2017).
//!
//! Each case has two classes of inputs, with a special secret and with a random one, prepared beforehand through the same
//! code and in random order. Their times are held against each other by Welch's t-test (`glimpse_benches::welch`). Controls
//! of the same run show that the measurement can tell classes apart, and that it does not where there is nothing to tell.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod case;
mod cases;
mod report;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use glimpse_benches::nodes::pin;
use glimpse_benches::report::{Machine, Progress};

use case::Limits;
use report::{Finding, Report};

/// Looks for secrets in the time that is taken. Exits with 1 if it finds one, or if the controls show that it could not.
#[derive(Parser)]
struct Arguments {
    /// Seconds for each case, the preparation of its inputs included
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Most samples of each case
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(2_000..=50_000_000))]
    samples: u64,
    /// Only cases with this in their names, and the controls
    #[arg(long)]
    only: Option<String>,
    /// Stay on this core
    #[arg(long)]
    core: Option<usize>,
    /// Decides the random inputs and the order of the classes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    arguments.core.into_iter().for_each(|core| pin(None, core));
    let machine = Machine::this();
    let limits = Limits { time: Duration::from_secs(arguments.seconds), samples: arguments.samples as usize };
    let chosen: Vec<_> = cases::all(arguments.seed)
        .into_iter()
        .filter(|plan| {
            plan.role.is_control() || arguments.only.as_ref().is_none_or(|part| plan.name.contains(part))
        })
        .collect();
    let mut progress = Progress::new(chosen.len() as f64);
    let mut findings = Vec::with_capacity(chosen.len());
    for plan in chosen {
        let mut case = (plan.make)();
        let samples = case.measure(&limits, arguments.seed, |part| progress.tell(plan.name, 1.0, part));
        findings.push(Finding::new(&plan, &samples));
    }
    progress.finish();
    let report = Report::new(machine, arguments.seconds, arguments.seed, findings);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report.to_json()).unwrap());
    } else {
        println!("{report}");
    }
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
