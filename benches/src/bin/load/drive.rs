//! Sends what was prepared, at a given pace, and takes the time.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::task::LocalSet;
use tokio::time::{sleep, sleep_until, timeout};

use crate::client::Connection;
use crate::observe::{Observed, Service};
use crate::report::Phase;

/// Longest wait for answers after the end of a phase.
const PATIENCE: Duration = Duration::from_secs(35);

/// When the next request is sent.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pace {
    /// When the answer to the last one is there.
    Closed,
    /// So many a second, come what may. Time is taken from the moment at which it should have been sent.
    Open(f64),
}

/// What came back.
pub(crate) struct Tally {
    /// Answered 200, with microseconds.
    pub(crate) accepted: Histogram<u64>,
    /// Answered 503, with microseconds.
    pub(crate) turned_away: Histogram<u64>,
    /// Answered otherwise, or not at all.
    pub(crate) failed: u64,
}

impl Tally {
    fn new() -> Self {
        // Three digits, up to a minute and a half.
        let histogram = || Histogram::new_with_max(100_000_000, 3).unwrap();
        Self { accepted: histogram(), turned_away: histogram(), failed: 0 }
    }

    fn answers(&self) -> u64 {
        self.accepted.len() + self.turned_away.len() + self.failed
    }
}

/// Sends to one service.
pub(crate) struct Driver<'a> {
    service: &'a Service,
    requests: Rc<Vec<Vec<u8>>>,
}

/// What the connections of one phase share.
struct Shared {
    address: SocketAddr,
    requests: Rc<Vec<Vec<u8>>>,
    pace: Pace,
    start: Instant,
    end: Instant,
    next: Cell<u64>,
    tally: RefCell<Tally>,
}

impl<'a> Driver<'a> {
    /// Sends these requests to that service, in turns.
    pub(crate) fn new(service: &'a Service, requests: &[Vec<u8>]) -> Self {
        Self { service, requests: Rc::new(requests.to_vec()) }
    }

    /// A 200 is only worth counting if what does not hold is answered otherwise.
    pub(crate) async fn check_answers(&self, altered: &[u8]) {
        let mut connection = Connection::open(self.service.address).await.unwrap();
        assert_eq!(connection.exchange(&self.requests[0]).await.unwrap(), 200);
        assert!(String::from_utf8_lossy(connection.body()).contains("\"verdict\":\"accepted\""));
        assert_eq!(connection.exchange(altered).await.unwrap(), 422);
    }

    /// Sends at this pace for a time, then waits for the last answers.
    pub(crate) async fn phase(&self, name: &str, pace: Pace, connections: usize, time: Duration) -> Phase {
        let before = Observed::now(self.service).await;
        let start = Instant::now();
        let shared = Rc::new(Shared {
            address: self.service.address,
            requests: self.requests.clone(),
            pace,
            start,
            end: start + time,
            next: Cell::new(0),
            tally: RefCell::new(Tally::new()),
        });
        let local = LocalSet::new();
        for _ in 0..connections {
            local.spawn_local(send(shared.clone()));
        }
        let watched = shared.clone();
        let (service, label) = (self.service.process(), name.to_owned());
        let watching = local.spawn_local(async move {
            let mut peak = 0;
            loop {
                peak = peak.max(service.resident());
                let (passed, answers) = (watched.start.elapsed().as_secs(), watched.tally.borrow().answers());
                eprint!("\r{label} {passed}/{} s, {answers} answers, {} MB ", time.as_secs(), peak >> 20);
                if Instant::now() >= watched.end {
                    return peak;
                }
                sleep(Duration::from_millis(500)).await;
            }
        });
        let peak = local.run_until(watching).await.unwrap();
        let passed = start.elapsed();
        // What is answered later is counted in no rate, only in the times.
        let in_time = shared.tally.borrow().accepted.len();
        let after = Observed::now(self.service).await;
        let all_answered = timeout(PATIENCE, local).await.is_ok();
        eprintln!();
        let tally = Rc::try_unwrap(shared).ok().filter(|_| all_answered);
        let tally = tally.expect("answers within the service's own time limit").tally.into_inner();
        Phase::new(name, pace, connections, passed, in_time, &tally, &before, &after, peak)
    }
}

/// What one connection does.
async fn send(shared: Rc<Shared>) {
    let mut connection: Option<Connection> = None;
    loop {
        let number = shared.next.get();
        let intended = match shared.pace {
            Pace::Closed => Instant::now(),
            Pace::Open(rate) => shared.start + Duration::from_secs_f64(number as f64 / rate),
        };
        if intended >= shared.end || Instant::now() >= shared.end {
            return;
        }
        shared.next.set(number + 1);
        if intended > Instant::now() {
            sleep_until(intended.into()).await;
        }
        let request = &shared.requests[number as usize % shared.requests.len()];
        let status = exchange(&mut connection, shared.address, request).await;
        let taken = u64::try_from(intended.elapsed().as_micros()).unwrap();
        let mut tally = shared.tally.borrow_mut();
        match status {
            Some(200) => tally.accepted.saturating_record(taken),
            Some(503) => tally.turned_away.saturating_record(taken),
            _ => tally.failed += 1,
        }
    }
}

async fn exchange(connection: &mut Option<Connection>, address: SocketAddr, request: &[u8]) -> Option<u16> {
    if connection.is_none() {
        *connection = Connection::open(address).await.ok();
    }
    let status = connection.as_mut()?.exchange(request).await.ok();
    if status.is_none() {
        *connection = None;
        // Not to spin on a service that is gone.
        sleep(Duration::from_millis(10)).await;
    }
    status
}
