//! Nodes that share a Redis and a key, and what is asked of several of them at once.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;

use glimpse_circuits::request::Request;
use glimpse_service::{Clock, Config, NodeConfig};
use redis::cmd;
use tempfile::TempDir;

use crate::server::Redis;
use crate::support::{Client, Response, Service};
use crate::visits::{redis, single};

/// Nodes in this process, each with a clock that can be put forward. What they name begins with the address of the first.
pub struct Nodes {
    pub services: Vec<Service>,
    pub ahead: Vec<Arc<AtomicU64>>,
    pub redis: Redis,
    directory: TempDir,
}

impl Nodes {
    pub fn start(count: usize) -> Self {
        Self::start_with(count, |_| ())
    }

    pub fn start_with(count: usize, change: impl Fn(&mut Config)) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut nodes = Self { services: Vec::new(), ahead: Vec::new(), redis: Redis::start(), directory };
        (0..count).for_each(|_| nodes.add(&change));
        nodes
    }

    /// One more.
    pub fn join(&mut self) {
        self.add(|_| ());
    }

    fn add(&mut self, change: impl Fn(&mut Config)) {
        let ahead = Arc::new(AtomicU64::new(0));
        let (told, system) = (ahead.clone(), Clock::system());
        let service = Service::start_with(|config| {
            config.clock = Clock::new(move || system.now() + told.load(Ordering::Relaxed));
            config.store = redis(single(self.redis.address()));
            config.public_uri = self.services.first().map(|first| first.url.clone());
            config.issuer.as_mut().unwrap().key_file = self.key_file();
            config.node = Some(NodeConfig { listen: "127.0.0.1:0".parse().unwrap(), uri: None });
            change(config);
        });
        self.services.push(service);
        self.ahead.push(ahead);
    }

    /// Of the key that all have.
    pub fn key_file(&self) -> PathBuf {
        self.directory.path().join("issuer.key")
    }

    pub fn clients<const N: usize>(&self) -> [Client; N] {
        std::array::from_fn(|which| self.services[which].client())
    }

    /// The path of what they named.
    pub fn path<'a>(&self, uri: &'a str) -> &'a str {
        uri.strip_prefix(&self.services[0].url).unwrap()
    }

    /// Ends one. What it announced is left.
    pub fn stop(&mut self, which: usize) {
        self.services[which].running.take().unwrap().stop().unwrap();
    }

    /// Where other nodes reach the node that holds an exchange.
    pub fn holder_of(&self, exchange: &str) -> String {
        let announced: String = cmd("GET").arg(key_of(exchange)).query(&mut self.redis.connection()).unwrap();
        announced.split_once(' ').unwrap().1.to_owned()
    }

    /// Says for a node where it is, for a few seconds.
    pub fn announce(&self, exchange: &str, uri: &str) {
        let value = format!("{} {uri}", Clock::system().now() + 60);
        cmd("SET").arg(key_of(exchange)).arg(value).exec(&mut self.redis.connection()).unwrap();
    }
}

/// The key under which the node of an exchange announces itself.
fn key_of(exchange: &str) -> String {
    format!("glimpse:node:{{{}}}", &exchange[..16])
}

/// Handles that were given out: as many as credentials.
pub fn handles(redis: &Redis) -> usize {
    let keys: Vec<String> = redis.ask("KEYS *:handles:*");
    keys.iter().map(|key| redis.ask::<usize>(&format!("HLEN {key}"))).sum()
}

/// A request as a wallet reads it.
pub fn read(response: &Response) -> Arc<Request> {
    assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
    Arc::new(Request::from_json(std::str::from_utf8(&response.body).unwrap()).unwrap())
}

/// So many times at the same moment.
pub fn at_once<T: Send>(count: usize, ask: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let barrier = Barrier::new(count);
    thread::scope(|scope| {
        let asking = (0..count).map(|which| {
            let (ask, barrier) = (&ask, &barrier);
            scope.spawn(move || {
                barrier.wait();
                ask(which)
            })
        });
        let asking: Vec<_> = asking.collect();
        asking.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
