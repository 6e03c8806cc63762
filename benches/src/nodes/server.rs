//! The Redis that nodes share: on a port of its own, in a directory that goes away.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use redis::{FromRedisValue, RedisResult, cmd};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::quiet_port;

/// Longest wait for a server to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// What a server keeps on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeps {
    /// Everything, before it answers.
    Always,
    /// Everything, within a second.
    EverySecond,
    /// Nothing. What was acknowledged is lost when it is killed: to see that this is noticed.
    Nothing,
}

/// A `redis-server` that ends with this.
pub struct RedisServer {
    child: Child,
    port: u16,
    keeps: Keeps,
    directory: TempDir,
}

impl RedisServer {
    /// Starts one.
    pub fn start(keeps: Keeps) -> Self {
        let (port, directory) = (quiet_port(), tempfile::tempdir().unwrap());
        let mut server = Self { child: launch(port, keeps, directory.path()), port, keeps, directory };
        server.wait();
        server
    }

    /// Its address.
    pub fn address(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: nothing is flushed, nothing is closed.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was, and waits until it answers.
    pub fn restart(&mut self) {
        self.child = launch(self.port, self.keeps, self.directory.path());
        self.wait();
    }

    /// SIGSTOP: connections stay open, and nobody answers.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// The answer to a command that is written with spaces between.
    pub fn ask<T: FromRedisValue>(&self, command: &str) -> T {
        self.try_ask(command).unwrap()
    }

    fn try_ask<T: FromRedisValue>(&self, command: &str) -> RedisResult<T> {
        let mut words = command.split(' ');
        let mut asked = cmd(words.next().unwrap_or_default());
        words.for_each(|word| {
            asked.arg(word);
        });
        let client = redis::Client::open(self.address())?;
        asked.query(&mut client.get_connection_with_timeout(Duration::from_secs(5))?)
    }

    fn signal(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).unwrap();
        kill_process(Pid::from_raw(id).unwrap(), signal).unwrap();
    }

    fn wait(&mut self) {
        let given_up = Instant::now() + PATIENCE;
        // It answers otherwise while it reads what it kept.
        while !self.try_ask::<String>("PING").is_ok_and(|answer| answer == "PONG") {
            assert!(self.child.try_wait().unwrap().is_none(), "redis-server ended");
            assert!(Instant::now() < given_up, "redis-server does not start");
            sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn launch(port: u16, keeps: Keeps, directory: &Path) -> Child {
    let (appendonly, appendfsync) = match keeps {
        Keeps::Always => ("yes", "always"),
        Keeps::EverySecond => ("yes", "everysec"),
        Keeps::Nothing => ("no", "no"),
    };
    let mut command = Command::new("redis-server");
    command.args(["--bind", "127.0.0.1", "--save", "", "--daemonize", "no"]);
    command.args(["--appendonly", appendonly, "--appendfsync", appendfsync]);
    command.arg("--port").arg(port.to_string()).arg("--dir").arg(directory);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("this needs redis-server (apt-get install redis-server)")
}
