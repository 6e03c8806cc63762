//! Glimpse beside other libraries: the same statement, measured in turns in one process, on one thread.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml [-- --json] [--rounds N]`; README.md says what each
//! row does.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod machine;
mod report;
mod scheme;
mod schemes;

use std::io::{self, Write};
use std::process::ExitCode;

use glimpse_benches::measure::{Task, Timing, measure};

use report::{Role, Row};
use scheme::{Batch, Scheme, check, check_batch};
use schemes::{bbs, bulletproofs, bulletproofs_plus, cmz, dock, glimpse};

const USAGE: &str = "usage: glimpse-peers [--json] [--rounds N]";
/// Sizes of batches.
const BATCHES: [usize; 2] = [64, 1024];

struct Options {
    json: bool,
    rounds: usize,
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { json: false, rounds: 31 };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => options.json = true,
            "--rounds" => options.rounds = arguments.next()?.parse().ok().filter(|rounds| *rounds > 0)?,
            _ => return None,
        }
    }
    Some(options)
}

fn main() -> ExitCode {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let rows = run(options.rounds);
    let text = if options.json { format!("{:#}\n", report::json(&rows)) } else { report::table(&rows) };
    match io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Everything that is compared.
fn schemes() -> Vec<(Role, Box<dyn Scheme>)> {
    vec![
        (Role::Case, Box::new(glimpse::Glimpse::token())),
        (Role::Case, Box::new(glimpse::Glimpse::keyed())),
        (Role::Baseline, Box::new(bulletproofs::Bulletproofs::new())),
        (Role::Peer, Box::new(dock::Dock::bbs_legogroth16())),
        (Role::Peer, Box::new(dock::Dock::bbs_smc())),
        (Role::Peer, Box::new(dock::Dock::bbdt16_smc_kv())),
        (Role::Peer, Box::new(cmz::Cmz::cmz14())),
        (Role::Peer, Box::new(cmz::Cmz::mu())),
        (Role::Peer, Box::new(bbs::DisclosureOnly::new())),
        (Role::Peer, Box::new(bulletproofs_plus::BulletproofsPlus::new())),
    ]
}

/// Checks everything, then measures it in turns.
fn run(rounds: usize) -> Vec<Row> {
    eprintln!("setting up");
    let schemes = schemes();
    let mut proofs = Vec::new();
    for (_, scheme) in &schemes {
        eprintln!("checking {}", scheme.about().name);
        check(scheme.as_ref());
        scheme.stock();
        proofs.push(scheme.prove());
    }
    let mut batches: Vec<(usize, Batch<'_>)> = Vec::new();
    for (at, (_, scheme)) in schemes.iter().enumerate() {
        for size in BATCHES {
            if let Some(batch) = scheme.batch(size) {
                eprintln!("checking {} in a batch of {size}", scheme.about().name);
                check_batch(scheme.about().name, &batch);
                batches.push((at, batch));
            }
        }
    }

    let mut tasks = Vec::new();
    for ((_, scheme), proof) in schemes.iter().zip(&proofs) {
        let name = scheme.about().name;
        tasks.push(Task::with_setup(format!("{name}/prove"), 1, || scheme.stock(), |()| scheme.prove()));
        tasks.push(Task::new(format!("{name}/verify"), 1, || assert!(scheme.verify(proof))));
    }
    for (at, batch) in &batches {
        let (name, size) = (schemes[*at].1.about().name, batch.proofs.len());
        let verify = || assert!((batch.verify)(&batch.proofs));
        tasks.push(Task::new(format!("{name}/batch{size}"), size as u32, verify));
    }
    let timings = measure(&mut tasks, rounds, |done| eprintln!("measured {:.0} %", done * 100.0));

    let timing = |name: &str, what: &str| -> Option<Timing> {
        timings.iter().find(|timing| timing.name == format!("{name}/{what}")).cloned()
    };
    let row = |((role, scheme), proof): (&(Role, Box<dyn Scheme>), &Vec<u8>)| {
        let about = scheme.about().clone();
        Row {
            role: *role,
            prove: timing(about.name, "prove").unwrap(),
            verify: timing(about.name, "verify").unwrap(),
            batch64: timing(about.name, "batch64"),
            batch1024: timing(about.name, "batch1024"),
            proof_bytes: proof.len(),
            about,
        }
    };
    schemes.iter().zip(&proofs).map(row).collect()
}
