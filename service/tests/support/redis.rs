//! A Redis of its own for a test: on a free port, in a directory that goes away.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{Client, Connection, FromRedisValue, RedisResult, cmd};
use tempfile::TempDir;

/// Longest wait for a server, a cluster or a fail-over.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that everything is kept of, and that ends with this.
pub struct Redis {
    child: Child,
    pub port: u16,
    arguments: Vec<String>,
    directory: TempDir,
}

impl Redis {
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// With more settings than those that every server here has.
    pub fn start_with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        // Another process may be faster and take the port.
        for _ in 0..10 {
            let port = free_port();
            let child = launch(port, &arguments, &directory);
            let mut server =
                Self { child, port, arguments: arguments.clone(), directory: tempfile::tempdir().unwrap() };
            if server.is_up() {
                server.directory = directory;
                return server;
            }
        }
        panic!("redis-server does not start");
    }

    /// A sentinel that watches a master, alone.
    pub fn sentinel(master: &Self) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = free_port();
        let file = directory.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor licences 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds licences 4000\nsentinel failover-timeout licences 2000\n",
            directory.path().display(),
            master.port,
        );
        std::fs::write(&file, settings).unwrap();
        let child = quiet(Command::new("redis-server").arg(&file).arg("--sentinel"));
        let mut sentinel = Self { child, port, arguments: Vec::new(), directory };
        assert!(sentinel.is_up(), "the sentinel does not start");
        sentinel
    }

    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// SIGKILL: nothing is flushed, nothing is closed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was.
    pub fn restart(&mut self) {
        let given_up = Instant::now() + PATIENCE;
        loop {
            self.child = launch(self.port, &self.arguments, &self.directory);
            if self.is_up() {
                return;
            }
            // Somebody else may have the port for a moment.
            assert!(Instant::now() < given_up, "redis-server does not start again");
            sleep(Duration::from_millis(100));
        }
    }

    /// SIGSTOP: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.signal("-STOP");
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// To ask more with.
    pub fn connection(&self) -> Connection {
        Client::open(self.address()).unwrap().get_connection_with_timeout(Duration::from_secs(5)).unwrap()
    }

    /// Does what is written with spaces between.
    pub fn ask<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_ask(command).unwrap()
    }

    fn try_ask<T: FromRedisValue>(&self, command: &str) -> RedisResult<T> {
        let mut words = command.split(' ');
        let mut asked = cmd(words.next().unwrap());
        words.for_each(|word| {
            asked.arg(word);
        });
        let client = Client::open(self.address())?;
        asked.query(&mut client.get_connection_with_timeout(Duration::from_secs(5))?)
    }

    /// Until the answer to a command contains something.
    pub fn wait_for(&self, command: &str, expected: &str) {
        wait(|| self.try_ask::<String>(command).is_ok_and(|found| found.contains(expected)), command);
    }

    fn is_up(&mut self) -> bool {
        let given_up = Instant::now() + PATIENCE;
        while Instant::now() < given_up {
            if self.child.try_wait().unwrap().is_some() {
                return false;
            }
            let client = Client::open(self.address()).unwrap();
            if let Ok(mut connection) = client.get_connection_with_timeout(Duration::from_millis(500)) {
                // A sentinel, or somebody else's server that has the port, is not what was launched here.
                let process: RedisResult<String> = cmd("INFO").arg("server").query(&mut connection);
                let own = format!("process_id:{}", self.child.id());
                if process.is_ok_and(|found| found.lines().any(|line| line.trim() == own)) {
                    return true;
                }
            }
            sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Three masters that have all slots between them.
pub fn cluster() -> [Redis; 3] {
    let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let nodes = [(); 3].map(|()| Redis::start_with(&settings));
    let addresses = nodes.each_ref().map(|node| format!("127.0.0.1:{}", node.port));
    let created = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(&addresses)
        .arg("--cluster-yes")
        .output()
        .unwrap();
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
    nodes.iter().for_each(|node| node.wait_for("CLUSTER INFO", "cluster_state:ok"));
    nodes
}

#[track_caller]
pub fn wait(mut until: impl FnMut() -> bool, what: &str) {
    let given_up = Instant::now() + PATIENCE;
    while !until() {
        assert!(Instant::now() < given_up, "{what}: in vain");
        sleep(Duration::from_millis(20));
    }
}

/// Low enough for the port of a cluster's bus, which is higher by 10,000.
pub fn free_port() -> u16 {
    loop {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        if port < 55_000 {
            return port;
        }
    }
}

fn launch(port: u16, arguments: &[String], directory: &TempDir) -> Child {
    // What was answered outlives the process without a sync to the disk; only a loss of power is another matter, and a busy
    // disk would hold up every answer.
    let common = "--bind 127.0.0.1 --appendonly yes --appendfsync no --save  --daemonize no";
    let mut command = Command::new("redis-server");
    command.arg("--port").arg(port.to_string()).args(common.split(' ')).arg("--dir").arg(directory.path());
    quiet(command.args(arguments))
}

fn quiet(command: &mut Command) -> Child {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.unwrap_or_else(|error| {
        panic!(
            "the tests need redis-server, which scripts/test installs (apt-get install redis-server): {error}"
        )
    })
}
