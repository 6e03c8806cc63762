//! The service from outside: its process and its metrics.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use procfs::process::Process;
use procfs::{CurrentSI, KernelStats};

use crate::client::Connection;

/// The service's process.
pub(crate) struct Service {
    child: Child,
    /// For everybody.
    pub(crate) address: SocketAddr,
    metrics: SocketAddr,
}

impl Service {
    /// Starts this program again, as a service. It ends when its standard input does.
    pub(crate) fn start() -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        // What it logs is written as always, and thrown away.
        command.arg("--serve").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (address, metrics) = line.trim().split_once(' ').expect("the service starts");
        let parse = |url: &str| url.trim_start_matches("http://").parse().unwrap();
        Self { address: parse(address), metrics: parse(metrics), child }
    }

    pub(crate) fn process(&self) -> ProcessView {
        ProcessView::of(self.child.id())
    }

    /// Resident bytes: most ever, and now.
    pub(crate) fn memory(&self) -> (u64, u64) {
        let status = self.process().0.status().unwrap();
        (status.vmhwm.unwrap_or_default() * 1024, status.vmrss.unwrap_or_default() * 1024)
    }

    /// Lets it finish.
    pub(crate) fn stop(mut self) {
        drop(self.child.stdin.take());
        assert!(self.child.wait().unwrap().success());
    }
}

/// A process as the system sees it.
pub(crate) struct ProcessView(Process);

impl ProcessView {
    /// By its id.
    pub(crate) fn of(id: u32) -> Self {
        Self(Process::new(i32::try_from(id).unwrap()).unwrap())
    }

    /// This one.
    pub(crate) fn myself() -> Self {
        Self(Process::myself().unwrap())
    }

    /// Bytes in memory.
    pub(crate) fn resident(&self) -> u64 {
        self.0.status().ok().and_then(|status| status.vmrss).unwrap_or_default() * 1024
    }

    /// Nanoseconds of CPU: of the threads that verify, and of all others.
    pub(crate) fn cpu(&self) -> (u64, u64) {
        let (mut verifying, mut others) = (0, 0);
        for task in self.0.tasks().unwrap().flatten() {
            let (Ok(stat), Ok(times)) = (task.stat(), task.schedstat()) else { continue };
            let part = if stat.comm.starts_with("check-") { &mut verifying } else { &mut others };
            *part += times.sum_exec_runtime;
        }
        (verifying, others)
    }
}

/// What was used up until some moment.
pub(crate) struct Observed {
    /// Nanoseconds of CPU of the threads that verify.
    pub(crate) verifying: u64,
    /// Of the service's other threads.
    pub(crate) serving: u64,
    /// Of the generator.
    pub(crate) generator: u64,
    /// Of everything on this machine.
    pub(crate) machine: u64,
    /// Batches, and checks in them.
    pub(crate) batches: (f64, f64),
}

impl Observed {
    /// Until now.
    pub(crate) async fn now(service: &Service) -> Self {
        let mut connection = Connection::open(service.metrics).await.unwrap();
        let request = b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
        assert_eq!(connection.exchange(request).await.unwrap(), 200);
        let text = String::from_utf8(connection.body().to_vec()).unwrap();
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
            line.unwrap_or_default()
        };
        let batches = (value("glimpse_check_batch_size_count "), value("glimpse_check_batch_size_sum "));
        let (verifying, serving) = service.process().cpu();
        let (_, generator) = ProcessView::myself().cpu();
        Self { verifying, serving, generator, machine: machine(), batches }
    }
}

/// Nanoseconds of CPU of everything on this machine.
pub(crate) fn machine() -> u64 {
    let all = KernelStats::current().unwrap().total;
    let all = all.user_duration() + all.nice_duration() + all.system_duration();
    u64::try_from(all.as_nanos()).unwrap()
}
