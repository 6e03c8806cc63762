//! One node or two on a Redis of their own, all on this machine: stateless verification, and whole presentations.
//!
//! A whole presentation is what a relying party and a wallet ask for: a request is created, read, and a presentation is
//! taken. Nobody proves while it is measured, so the presentation that is taken is one for a request that was created
//! before; each is used once. One and two nodes are measured in turns. Nodes, Redis and generator share the cores of
//! this machine, so what each process used is told beside what came of it.

mod report;
mod round_trips;
mod usage;
mod visits;

use std::net::SocketAddr;
use std::time::Duration;

use glimpse_benches::nodes::{Keeps, Node, NodeOptions, RedisServer, pin, quiet_port};

use crate::Arguments;
use crate::report::cores;
use report::Report;
use usage::Processes;
use visits::{Stock, What};

/// Visits before anything is measured.
const WARM_UP: usize = 100;
/// Visits one after another, to count what they ask Redis for.
const COUNTED: usize = 50;

/// The nodes, and what they share.
struct Site {
    redis: RedisServer,
    nodes: Vec<Node>,
    _directory: tempfile::TempDir,
}

impl Site {
    fn start(arguments: &Arguments, count: usize) -> Self {
        let (redis, directory) = (RedisServer::start(Keeps::EverySecond), tempfile::tempdir().unwrap());
        arguments.pin_redis.into_iter().for_each(|core| pin(Some(redis.id()), core));
        let start = |number: usize| {
            let options = NodeOptions {
                listen: SocketAddr::from(([127, 0, 0, 1], quiet_port())),
                redis: redis.address(),
                directory: directory.path().to_owned(),
                core: arguments.pin.then_some(number % cores()),
                proof_workers: 1,
                event_loops: 1,
                log: None,
            };
            // The first makes the key that the others read.
            Node::start(&options).unwrap()
        };
        let nodes = (0..count).map(start).collect();
        // Not before: what it starts would stay there too.
        arguments.pin_generator.into_iter().for_each(|core| pin(None, core));
        Self { redis, nodes, _directory: directory }
    }
}

/// Measures with so many nodes, and with one of them alone.
pub(crate) fn run(arguments: &Arguments, count: usize) -> Report {
    let cores = cores();
    let site = Site::start(arguments, count);
    let addresses: Vec<_> = site.nodes.iter().map(|node| node.address).collect();
    let rounds = usize::from(arguments.rounds);
    let stock = Stock::make(&addresses, WARM_UP + COUNTED + arguments.presentations as usize);
    let mut unused = 0..stock.len();
    let mut take = |many: usize| {
        let taken = unused.start..(unused.start + many).min(unused.end);
        unused.start = taken.end;
        taken
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let processes = Processes { redis: site.redis.id(), nodes: site.nodes.iter().map(Node::id).collect() };
    let connections = usize::from(arguments.connections);
    let phase = |what: What, nodes: usize, connections: usize| {
        eprintln!("{what}, {nodes} of {count} nodes");
        runtime.block_on(visits::phase(&stock, &addresses[..nodes], what, connections, &processes))
    };
    phase(What::Visits(take(WARM_UP)), count, connections);
    let trips = round_trips::count(&site.redis, &runtime, &stock, addresses[0], take(COUNTED));
    let time = Duration::from_secs(arguments.seconds);
    let sizes: Vec<usize> = if count == 1 { vec![1] } else { vec![1, count] };
    let each = arguments.presentations as usize / (rounds * sizes.len());
    let commands = round_trips::commands(&site.redis);
    let mut phases = Vec::new();
    for _ in 0..rounds {
        for &nodes in &sizes {
            phases.push(phase(What::Stateless(time), nodes, connections));
        }
        for &nodes in &sizes {
            phases.push(phase(What::Visits(take(each)), nodes, connections));
        }
    }
    let visits = phases.iter().filter(|phase| matches!(phase.what, What::Visits(_)));
    let visits: u64 = visits.map(|phase| phase.times.len()).sum();
    let commands = round_trips::since(&site.redis, &commands, visits);
    Report::new(arguments, cores, &phases, &sizes, trips, commands)
}
