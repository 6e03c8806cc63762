//! Faults in a running installation: several nodes on one Redis, wallets and a relying party at work, and every half
//! minute something breaks. Whatever was acknowledged must outlive it, and nothing may be used twice.
//!
//! Everything listens on loopback and goes away with this program. Wallets are as wallets are: what is not answered, or
//! answered with 5xx, they send again to the next node, the same bytes under the same idempotency key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod caller;
mod faults;
mod ledger;
mod prober;
mod report;
mod scene;
mod site;
mod visitor;

use std::env;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use clap::Parser;
use glimpse_benches::nodes::{NODE_FLAG, serve};

use caller::Caller;
use faults::{Deck, Fault};
use ledger::Breach;
use report::{FaultReport, Report};
use scene::{Disturbance, Scene};
use site::Site;
use visitor::Visitor;

/// Longest time from the return of what failed until every node answers what needs the store.
const RECOVERY: Duration = Duration::from_secs(5);

/// Breaks things under load and holds what was acknowledged against what is found. Exits with 1 if anything is lost,
/// used twice, answered as it must not be, or slow to come back.
#[derive(Parser)]
struct Arguments {
    /// How long, in minutes
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=1440))]
    minutes: u64,
    /// How long, in seconds
    #[arg(long, conflicts_with = "minutes", value_parser = clap::value_parser!(u64).range(10..=86_400))]
    seconds: Option<u64>,
    /// Seconds from fault to fault; a fault that takes longer puts off the next
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3600))]
    fault_every: u64,
    /// Decides what breaks when, and what wallets do
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(2..=8))]
    nodes: u16,
    /// Wallets
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=64))]
    wallets: u16,
    /// Milliseconds that a wallet rests between visits
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(0..=10_000))]
    rest: u64,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Where nodes append their warnings [default: a directory that goes away]
    #[arg(long)]
    logs: Option<PathBuf>,
    /// Let Redis keep nothing on disk, and kill it every time: the run must fail, to see that losses are noticed
    #[arg(long)]
    forgetful: bool,
}

fn main() -> ExitCode {
    if let (Some(flag), Some(options)) = (env::args().nth(1), env::args().nth(2))
        && flag == NODE_FLAG
    {
        serve(&options);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    let report = run(&arguments);
    if arguments.json {
        println!("{}", serde_json::to_string_pretty(&report).unwrap());
    } else {
        println!("\n{report}");
    }
    if report.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run(arguments: &Arguments) -> Report {
    let mut site = Site::start(arguments.nodes, arguments.forgetful, arguments.logs.as_deref());
    eprintln!("{} nodes on {}, seed {}", arguments.nodes, site.redis.address(), arguments.seed);
    let scene = Scene::new(site.addresses());
    let probe = visitor::probe(&scene, arguments.seed);
    let start = Instant::now();
    let end = start + Duration::from_secs(arguments.seconds.unwrap_or(arguments.minutes * 60));
    let rest = Duration::from_millis(arguments.rest);
    let mut deck =
        if arguments.forgetful { Deck::of_kills(arguments.seed) } else { Deck::new(arguments.seed) };
    let mut faults = Vec::new();
    thread::scope(|scope| {
        let (scene, probe) = (&scene, &probe);
        // However this ends, wallets go home.
        let _ending = Ending(scene);
        (0..scene.addresses.len())
            .for_each(|node| drop(scope.spawn(move || prober::probe(scene, node, probe))));
        for number in 0..u64::from(arguments.wallets) {
            scope.spawn(move || Visitor::new(scene, arguments.seed, number).visit(rest));
        }
        let mut checked = 0;
        for turn in 1.. {
            let due = start + Duration::from_secs(arguments.fault_every) * turn;
            if due >= end {
                break;
            }
            watch(scene, start, due);
            let fault = suffer(&mut site, scene, deck.draw(), start, &mut checked);
            if arguments.json {
                eprintln!("\r{fault}")
            } else {
                println!("\r{fault}")
            }
            faults.push(fault);
        }
        watch(scene, start, end);
    });
    eprintln!("\rholding {} entries of the ledger against the service", scene.ledger.len());
    scene.ledger.check_from(&scene, 0);
    scene.ledger.check_counts();
    Report::new(&scene, start.elapsed(), arguments.seed, arguments.nodes, faults)
}

/// It is over when this goes.
struct Ending<'a>(&'a Scene);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

/// Waits, and says how far it is.
fn watch(scene: &Scene, start: Instant, until: Instant) {
    while Instant::now() < until {
        eprint!("\r{:4} s, {} entries in the ledger ", start.elapsed().as_secs(), scene.ledger.len());
        sleep(Duration::from_millis(500).min(until.saturating_duration_since(Instant::now())));
    }
}

/// Something breaks and is mended; then what was acknowledged since the last time is looked at.
fn suffer(site: &mut Site, scene: &Scene, fault: Fault, start: Instant, checked: &mut usize) -> FaultReport {
    let at = start.elapsed();
    let breaches = scene.ledger.breaches();
    scene.disturb(if fault.is_of_the_store() { Disturbance::Store } else { Disturbance::Node });
    let returned = site.suffer(fault, scene);
    let recovery = recovery(scene, returned);
    scene.disturb(Disturbance::None);
    let late = recovery.iter().flatten().any(|taken| *taken > RECOVERY);
    if late || recovery.contains(&None) {
        scene.ledger.breach(Breach::Slow, fault.to_string());
    }
    let before = *checked;
    *checked = scene.ledger.check_from(scene, before);
    FaultReport::new(fault, at, &recovery, *checked - before, scene.ledger.breaches() - breaches)
}

/// How long each node took, since something returned, to keep a request.
fn recovery(scene: &Scene, returned: Instant) -> Vec<Option<Duration>> {
    thread::scope(|scope| {
        let nodes = 0..scene.addresses.len();
        let asking: Vec<_> = nodes
            .map(|node| scope.spawn(move || Caller::new(scene).keeps_a_request(node, returned, RECOVERY * 4)))
            .collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
