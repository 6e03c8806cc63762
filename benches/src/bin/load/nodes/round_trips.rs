//! What a presentation asks Redis for, by Redis' own count.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::ops::Range;

use glimpse_benches::nodes::RedisServer;
use serde::Serialize;
use tokio::runtime::Runtime;

use super::visits::{Stock, Visitor};

/// Round trips of each of the three requests of a presentation.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct RoundTrips {
    pub(crate) create: f64,
    pub(crate) read: f64,
    pub(crate) present: f64,
}

/// Calls of each command so far.
pub(crate) type Commands = BTreeMap<String, f64>;

/// Sends one request after another on one connection: each time Redis finds something to read is a round trip then.
/// Under load several operations go over a connection together, and there are fewer.
pub(crate) fn count(
    redis: &RedisServer,
    runtime: &Runtime,
    stock: &Stock,
    node: SocketAddr,
    visits: Range<usize>,
) -> RoundTrips {
    let many = visits.len() as f64;
    let mut visitor = Visitor::new(&[node]);
    let reads = || {
        let stats: String = redis.ask("INFO stats");
        let line = stats.lines().find_map(|line| line.strip_prefix("total_reads_processed:"));
        line.and_then(|count| count.trim().parse::<f64>().ok()).expect("Redis counts what it reads")
    };
    // What asking for it costs.
    let before = reads();
    let own = reads() - before;
    let mut trips = |work: &mut dyn FnMut(&mut Visitor)| {
        let before = reads();
        work(&mut visitor);
        (reads() - before - own) / many
    };
    let mut ids = Vec::new();
    let create = trips(&mut |visitor| {
        ids = visits.clone().map(|visit| runtime.block_on(visitor.create(visit))).collect();
    });
    let read = trips(&mut |visitor| ids.iter().for_each(|id| runtime.block_on(visitor.read(0, id))));
    let present = trips(&mut |visitor| {
        visits.clone().for_each(|visit| runtime.block_on(visitor.present(0, stock.submission(visit))));
    });
    RoundTrips { create, read, present }
}

/// Calls of each command so far. Those that scripts make are among them.
pub(crate) fn commands(redis: &RedisServer) -> Commands {
    let stats: String = redis.ask("INFO commandstats");
    let call = |line: &str| {
        let (name, rest) = line.strip_prefix("cmdstat_")?.split_once(":calls=")?;
        Some((name.to_owned(), rest.split(',').next()?.parse().ok()?))
    };
    stats.lines().filter_map(call).collect()
}

/// Calls since then, for each of so many visits. What came less than once in twenty has nothing to do with them.
pub(crate) fn since(redis: &RedisServer, before: &Commands, visits: u64) -> Commands {
    let mut calls = commands(redis);
    for (name, count) in &mut calls {
        *count = (*count - before.get(name).copied().unwrap_or_default()) / visits.max(1) as f64;
    }
    calls.retain(|_, count| *count >= 0.05);
    calls
}
