//! Load on the real service: full, half, and twice what it can take.
//!
//! The service is a child process that listens on loopback; nothing else can be a target. The presentations are made
//! first, each for a request of its own, and are checked by `POST /verifier/v1/verify`. Generator and service share the
//! machine, so the generator is one thread that writes prepared bytes.
//!
//! With `--nodes` there are one or two nodes on a Redis instead: see the module `nodes`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod client;
mod drive;
mod nodes;
mod observe;
mod report;
mod serve;
mod stock;

use std::fmt::Display;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use std::{env, thread};

use clap::Parser;
use glimpse_benches::measure::{Task, measure};
use glimpse_benches::nodes::NODE_FLAG;

use drive::{Driver, Pace};
use observe::Service;
use report::{Phase, Report};
use serde::Serialize;
use stock::Stock;

/// Connections that it takes to offer more than the service can do: what waits there and here at once.
const OVERLOAD_CONNECTIONS: usize = 1024;

/// Puts load on a service of its own, on this machine.
#[derive(Parser)]
pub(crate) struct Arguments {
    /// Seconds of full load; the other phases take as long, but 5 to 30 seconds
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=3600))]
    seconds: u64,
    /// Connections under full load
    #[arg(long, default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=1024))]
    connections: u16,
    /// Presentations a second in the open-loop phase [default: half of what full load came to]
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    rate: Option<u32>,
    /// Different presentations
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u32).range(64..=20_000))]
    presentations: u32,
    /// One node on a Redis, or two in turns with one of them alone; `--rate` has no meaning then
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=2))]
    nodes: Option<u16>,
    /// Keep each node on a core of its own
    #[arg(long, requires = "nodes")]
    pin: bool,
    /// Keep Redis on this core
    #[arg(long, requires = "nodes")]
    pin_redis: Option<usize>,
    /// Keep the generator on this core
    #[arg(long, requires = "nodes")]
    pin_generator: Option<usize>,
    /// How often each phase comes in turns, with nodes
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Be the service
    #[arg(long, hide = true)]
    serve: bool,
}

fn main() -> ExitCode {
    if let (Some(flag), Some(options)) = (env::args().nth(1), env::args().nth(2))
        && flag == NODE_FLAG
    {
        glimpse_benches::nodes::serve(&options);
        return ExitCode::SUCCESS;
    }
    let arguments = Arguments::parse();
    if arguments.serve {
        serve::run();
        return ExitCode::SUCCESS;
    }
    match arguments.nodes {
        Some(count) => print(&nodes::run(&arguments, count.into()), arguments.json),
        None => print(&run(&arguments), arguments.json),
    }
    ExitCode::SUCCESS
}

fn print(report: &(impl Serialize + Display), json: bool) {
    if json {
        println!("{}", serde_json::to_string_pretty(report).unwrap());
    } else {
        println!("{report}");
    }
}

fn run(arguments: &Arguments) -> Report {
    let (mut stock, verifier) = Stock::make(arguments.presentations as usize);
    let (single_us, batch_us) = verification(&stock, &verifier);
    let together = all_cores(&stock, &verifier);
    stock.forget_relations();

    let service = Service::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let driver = Driver::new(&service, &stock.requests);
    runtime.block_on(driver.check_answers(&stock.altered));

    let full_time = Duration::from_secs(arguments.seconds);
    let other_time = full_time.clamp(Duration::from_secs(5), Duration::from_secs(30));
    let full = usize::from(arguments.connections);
    let phase = |name, pace, connections, time| -> Phase {
        runtime.block_on(driver.phase(name, pace, connections, time))
    };
    phase("warm-up", Pace::Closed, full, Duration::from_secs(2));
    let full = phase("full load", Pace::Closed, full, full_time);
    let half = arguments.rate.map_or(full.accepted_per_second / 2.0, f64::from);
    let twice = full.accepted_per_second * 2.0;
    let phases = vec![
        phase("half load", Pace::Open(half), OVERLOAD_CONNECTIONS, other_time),
        phase("twice the load", Pace::Open(twice), OVERLOAD_CONNECTIONS, other_time),
        phase("half load again", Pace::Open(half), OVERLOAD_CONNECTIONS, Duration::from_secs(5)),
    ];
    let memory = service.memory();
    service.stop();
    let phases = std::iter::once(full).chain(phases).collect();
    Report::new([single_us, batch_us, together], phases, memory)
}

/// Microseconds of one core for one presentation: alone, and in a batch of 64. Nothing else runs meanwhile.
fn verification(stock: &Stock, verifier: &glimpse_verifier::Verifier) -> (f64, f64) {
    let items = stock.items(64);
    let mut tasks = [
        Task::new("alone", 1, || {
            verifier.verify_compiled(items[0].relation, items[0].presentation, stock::NOW)
        }),
        Task::new("of a batch of 64", 64, || verifier.verify_batch(&items, stock::NOW)),
    ];
    let timings =
        measure(&mut tasks, 30, |part| eprint!("\rverification without a service {:3.0} %", part * 100.0));
    eprintln!();
    (timings[0].median_us, timings[1].median_us)
}

/// Presentations that all cores verify in a second in batches of 64, at the same time and with nothing else to do. Where
/// cores are threads of one processor core, or clock down together, that is less than a core's rate times their number.
fn all_cores(stock: &Stock, verifier: &glimpse_verifier::Verifier) -> f64 {
    const LASTS: Duration = Duration::from_secs(3);
    let items = stock.items(64);
    let start = Instant::now();
    let verified: usize = thread::scope(|scope| {
        let work = || {
            let mut verified = 0;
            while start.elapsed() < LASTS {
                verified += verifier.verify_batch(&items, stock::NOW).unwrap().len();
            }
            verified
        };
        let threads: Vec<_> = (0..report::cores()).map(|_| scope.spawn(work)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    verified as f64 / start.elapsed().as_secs_f64()
}
