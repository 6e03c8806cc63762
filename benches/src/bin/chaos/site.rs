//! The Redis and the nodes, and how they are broken.

use std::net::SocketAddr;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_benches::nodes::{Keeps, Node, NodeOptions, RedisServer, quiet_port};
use tempfile::TempDir;

use crate::faults::Fault;
use crate::ledger::Breach;
use crate::scene::Scene;

/// How long what is stopped stays so.
const STOPPED: Duration = Duration::from_secs(3);
/// How long what is killed stays away.
const GONE: Duration = Duration::from_secs(2);

/// Everything that can break.
pub(crate) struct Site {
    nodes: Vec<(NodeOptions, Node)>,
    pub(crate) redis: RedisServer,
    /// Of the node that breaks next.
    next: usize,
    _directory: TempDir,
}

impl Site {
    /// Starts so many nodes on a Redis that keeps everything, or nothing.
    pub(crate) fn start(count: u16, forgetful: bool, logs: Option<&Path>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let logs = logs.unwrap_or(directory.path());
        std::fs::create_dir_all(logs).unwrap();
        let redis = RedisServer::start(if forgetful { Keeps::Nothing } else { Keeps::Always });
        let start = |number: u16| {
            let options = NodeOptions {
                listen: SocketAddr::from(([127, 0, 0, 1], quiet_port())),
                redis: redis.address(),
                directory: directory.path().to_owned(),
                core: None,
                proof_workers: 1,
                event_loops: 1,
                log: Some(logs.join(format!("node-{number}.log"))),
            };
            // The first makes the key that the others read.
            let node = Node::start(&options).unwrap();
            (options, node)
        };
        let nodes = (0..count).map(start).collect();
        Self { nodes, redis, next: 0, _directory: directory }
    }

    pub(crate) fn addresses(&self) -> Vec<SocketAddr> {
        self.nodes.iter().map(|(options, _)| options.listen).collect()
    }

    /// Something breaks and is mended. Returns the moment from which on nothing is in the way any more: Redis answers,
    /// or the node is being started.
    pub(crate) fn suffer(&mut self, fault: Fault, scene: &Scene) -> Instant {
        match fault {
            Fault::StoreKilled => {
                self.redis.kill();
                sleep(GONE);
                self.redis.restart();
            }
            Fault::StoreStopped => {
                self.redis.pause();
                sleep(STOPPED);
                self.redis.resume();
            }
            Fault::StoreDisconnected => {
                let _cut: i64 = self.redis.ask("CLIENT KILL TYPE normal");
            }
            Fault::StoreWithoutMemory => {
                let () = self.redis.ask("CONFIG SET maxmemory 1");
                sleep(STOPPED);
                let () = self.redis.ask("CONFIG SET maxmemory 0");
            }
            Fault::StoreReadOnly => {
                // Of nobody, so that it keeps what it has.
                let () = self.redis.ask(&format!("REPLICAOF 127.0.0.1 {}", quiet_port()));
                sleep(STOPPED);
                let () = self.redis.ask("REPLICAOF NO ONE");
            }
            Fault::NodeKilled | Fault::NodeRestarted => return self.restart(fault, scene),
        }
        Instant::now()
    }

    fn restart(&mut self, fault: Fault, scene: &Scene) -> Instant {
        let number = self.next % self.nodes.len();
        self.next += 1;
        let (options, node) = &mut self.nodes[number];
        scene.change(number);
        if fault == Fault::NodeKilled {
            node.kill();
            sleep(GONE);
        } else if !node.terminate().success() {
            scene.ledger.breach(Breach::Wrong, "a node that was asked to stop did not end well".to_owned());
        }
        let returned = Instant::now();
        *node = Node::start(options).unwrap();
        scene.change(number);
        returned
    }
}
