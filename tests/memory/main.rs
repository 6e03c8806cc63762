//! What is left of secrets in the memory of a process that has let go of them.
//!
//! Each scenario runs in a child process, which holds secrets, says so and waits, then drops them, says so and waits again.
//! Meanwhile the parent reads the child's memory (`/proc/PID/mem`): every secret must be found while it is held, or the
//! search proves nothing, and none once it is dropped. Nobody asks the child for the secrets: a first child, with the same
//! seeds, tells them and is gone before the second begins, or the parent gets them out of the file that the child wrote.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod holder;
mod issuer;
mod parent;
mod search;
mod service;
mod stage;
mod wallet;

use std::process::ExitCode;
use std::{env, io};

use stage::Stage;

/// A scenario: what the child does, and who looks on.
type Scenario = (&'static str, fn(&mut Stage), fn(&'static str) -> Vec<String>);

const SCENARIOS: [Scenario; 4] = [
    ("issuer", issuer::run, parent::told),
    ("holder", holder::run, parent::told),
    ("wallet", wallet::run, wallet::watch),
    ("service", service::run, service::watch),
];

fn main() -> ExitCode {
    if let Some(mut stage) = Stage::of_child() {
        let (_, run, _) = SCENARIOS.iter().find(|(name, ..)| *name == stage.scenario()).unwrap();
        run(&mut stage);
        return ExitCode::SUCCESS;
    }
    // As the usual harness: words choose scenarios, flags do not matter here.
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let mut failures = 0;
    for (name, _, watch) in SCENARIOS {
        if !words.is_empty() && !words.iter().any(|word| name.contains(word.as_str())) {
            continue;
        }
        let complaints = watch(name);
        println!("test memory::{name} ... {}", if complaints.is_empty() { "ok" } else { "FAILED" });
        complaints.iter().for_each(|complaint| println!("    {complaint}"));
        failures += complaints.len();
    }
    io::Write::flush(&mut io::stdout()).unwrap();
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
