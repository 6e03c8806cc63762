//! Ten million presentations that must be refused.
//!
//! `cargo run --release -p glimpse-benches --bin reject -- --count 10000000`
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;

use clap::Parser;
use glimpse_benches::reject::{Plan, explain, run, to_json, to_text};

/// Changes sound presentations in many ways and verifies them. Exits with 1 if a changed one is accepted, or a sound
/// one among them refused.
#[derive(Debug, Parser)]
#[command(name = "reject")]
struct Arguments {
    /// How many
    #[arg(long, default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(1..))]
    count: u64,
    /// Decides all presentations and all changes
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Threads that verify [default: one for each core]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
    /// Hold one in so many against the equations one by one, which is slow
    #[arg(long, default_value_t = 256, value_parser = clap::value_parser!(u64).range(1..))]
    explain_every: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Show one of them: what was changed, and what is said of it
    #[arg(long, value_name = "NUMBER", conflicts_with_all = ["count", "json"])]
    only: Option<u64>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let Some(number) = arguments.only {
        println!("{}", explain(arguments.seed, number));
        return ExitCode::SUCCESS;
    }
    let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let outcome = run(Plan {
        count: arguments.count,
        seed: arguments.seed,
        threads: arguments.threads.map_or_else(cores, NonZeroUsize::get),
        explain_every: arguments.explain_every,
    });
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&to_json(&outcome)).unwrap());
    } else {
        println!("{}", to_text(&outcome));
    }
    if outcome.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
