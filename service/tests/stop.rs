//! A real process that is asked to stop by signals while it has work to do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use glimpse_api::{RegisteredLicence, paths};
use glimpse_service::spawn;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use support::log::{self, Watched};
use support::{ADMIN, Client, DRIVING, config, sample};

/// Where the child serves from; this test binary run again with it is the child.
const DIRECTORY: &str = "GLIMPSE_TEST_DIRECTORY";
const DELAY: &str = "GLIMPSE_TEST_DRAIN_DELAY_MS";
const ADDRESS_FILE: &str = "address";

/// Serves until it is stopped by a signal. Does nothing unless it is started by the tests below.
#[test]
fn child() {
    let (Ok(directory), Ok(delay)) = (env::var(DIRECTORY), env::var(DELAY)) else { return };
    let directory = Path::new(&directory);
    let mut config = config(directory);
    config.stop_on_signals = true;
    config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    config.limits.drain_delay = Duration::from_millis(delay.parse().unwrap());
    // What is slow on purpose here has this long, and what is slow because the machine is busy.
    config.limits.request_timeout = Duration::from_secs(120);
    config.limits.shutdown_timeout = Duration::from_secs(60);
    log::to_stderr();
    let running = spawn(config).unwrap();
    let addresses = format!("{} {}", running.base_url(), running.admin_url().unwrap());
    fs::write(directory.join("address.new"), addresses).unwrap();
    fs::rename(directory.join("address.new"), directory.join(ADDRESS_FILE)).unwrap();
    running.wait().unwrap();
}

struct Process {
    child: Child,
    public: Client,
    admin: Client,
    _log: Watched,
}

impl Process {
    fn start(directory: &Path, delay_ms: u64) -> Self {
        let _ = fs::remove_file(directory.join(ADDRESS_FILE));
        let (log, stderr) = Watched::file(&directory.join("log"));
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(DIRECTORY, directory)
            .env(DELAY, delay_ms.to_string())
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut process = Self { _log: log, child, public: Client::new(""), admin: Client::new("") };
        let given_up = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(addresses) = fs::read_to_string(directory.join(ADDRESS_FILE)) {
                let (public, admin) = addresses.split_once(' ').unwrap();
                (process.public, process.admin) = (Client::new(public), Client::new(admin));
                return process;
            }
            assert!(Instant::now() < given_up, "the child did not start");
            sleep(Duration::from_millis(10));
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    fn wait_until_draining(&self) {
        while self.admin.get(paths::READYZ, None).status == 200 {
            sleep(Duration::from_millis(2));
        }
        self.admin.get(paths::READYZ, None).problem(503, "draining");
    }

    fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A registration on a connection of its own, cut in two.
struct Registration {
    stream: TcpStream,
    rest: String,
}

impl Registration {
    fn begin(url: &str, holder: &str) -> Self {
        let body =
            json!({ "profile": DRIVING, "holder": holder, "attributes": sample(DRIVING, 1) }).to_string();
        let (first, rest) = body.split_at(20);
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {ADMIN}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{first}",
            paths::LICENCES,
            body.len(),
        );
        let mut stream = TcpStream::connect(url.trim_start_matches("http://")).unwrap();
        stream.write_all(head.as_bytes()).unwrap();
        Self { stream, rest: rest.to_owned() }
    }

    /// The licence that was registered: anything but a whole answer is a failure.
    fn end(mut self) -> String {
        self.stream.write_all(self.rest.as_bytes()).unwrap();
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        serde_json::from_str::<RegisteredLicence>(body).unwrap().licence
    }
}

#[test]
fn nothing_accepted_is_lost_when_asked_to_stop() {
    let directory = tempfile::tempdir().unwrap();
    const DELAY_MS: u64 = 10_000;
    let mut process = Process::start(directory.path(), DELAY_MS);
    let url = process.public.url.clone();
    process.public.get(paths::READYZ, None).ok::<serde_json::Value>();

    // Begun before the signal, ended when nobody else is let in any more.
    let slow = Registration::begin(&url, "slow");
    let (full, done) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let senders: Vec<_> = (0..4)
        .map(|sender| {
            let (url, full, done) = (url.clone(), full.clone(), done.clone());
            thread::spawn(move || {
                let mut licences = Vec::new();
                while !full.load(Ordering::SeqCst) {
                    let holder = format!("holder-{sender}-{}", licences.len());
                    licences.push(Registration::begin(&url, &holder).end());
                    done.fetch_add(1, Ordering::SeqCst);
                }
                licences
            })
        })
        .collect();
    let wait_for = |count: usize| {
        let given_up = Instant::now() + Duration::from_secs(60);
        while done.load(Ordering::SeqCst) < count {
            assert!(Instant::now() < given_up, "{count} registrations did not come");
            sleep(Duration::from_millis(5));
        }
    };
    wait_for(4);
    let asked = Instant::now();
    process.signal(Signal::TERM);
    process.wait_until_draining();
    process.public.get(paths::READYZ, None).problem(503, "draining");
    let alive = process.public.get(paths::LIVEZ, None);
    assert_eq!((alive.status, alive.header("connection")), (200, "close"));
    // A load balancer takes some time to act on it, and meanwhile everything is served.
    wait_for(done.load(Ordering::SeqCst) + 8);
    full.store(true, Ordering::SeqCst);
    let mut licences: Vec<String> = senders.into_iter().flat_map(|sender| sender.join().unwrap()).collect();

    while TcpStream::connect(url.trim_start_matches("http://")).is_ok() {
        sleep(Duration::from_millis(10));
    }
    assert!(asked.elapsed() >= Duration::from_millis(DELAY_MS), "the delay was cut short");
    // The operator is still answered.
    process.admin.get(paths::READYZ, None).problem(503, "draining");
    licences.push(slow.end());
    assert!(process.ended().success());

    let process = Process::start(directory.path(), 0);
    for licence in &licences {
        process.public.offer(licence);
    }
}

#[test]
fn a_second_signal_ends_the_wait() {
    let directory = tempfile::tempdir().unwrap();
    let mut process = Process::start(directory.path(), 600_000);
    // A hangup is no reason to stop.
    process.signal(Signal::HUP);
    process.signal(Signal::INT);
    process.wait_until_draining();
    assert!(process.child.try_wait().unwrap().is_none());
    process.signal(Signal::TERM);
    assert!(process.ended().success());
}
