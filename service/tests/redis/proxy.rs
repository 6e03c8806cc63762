//! Between a service and its Redis: counts what goes to and fro, and cuts it off where it is told to.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// Where a connection is cut off.
#[derive(Clone, Copy, Debug)]
pub enum Cut {
    /// After half of a command went through.
    InRequest,
    /// After a command went through whole, before its answer.
    BeforeAnswer,
    /// After the first byte of the answer.
    InAnswer,
}

/// What is to be done, and what was.
#[derive(Default)]
struct Plan {
    /// Commands to let through, how to cut, and how many times in a row.
    cut: Option<(usize, Cut, usize)>,
    /// Commands, or batches of them, that were sent after an answer had come.
    trips: usize,
    /// Whether what comes next from the service begins a trip.
    answered: bool,
    /// How long an answer takes on its way, so that what is asked at the same time is seen to be.
    delay: Duration,
}

pub struct Proxy {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
}

impl Proxy {
    /// In front of a server. For one connection at a time.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let plan = Arc::new(Mutex::new(Plan { answered: true, ..Plan::default() }));
        let own = plan.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, plan) = (client.unwrap(), own.clone());
                if let Ok(server) = TcpStream::connect(("127.0.0.1", port)) {
                    carry(client, server, &plan);
                }
            }
        });
        Self { address, plan }
    }

    pub fn address(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// From now on lets so many commands through and cuts off the next ones, with their repetitions.
    pub fn cut(&self, after: usize, how: Cut, times: usize) {
        self.plan.lock().unwrap().cut = Some((after, how, times));
    }

    /// Whether a cut is still to come; there is none afterwards.
    pub fn spare(&self) -> bool {
        self.plan.lock().unwrap().cut.take().is_some()
    }

    /// From now on answers take so long.
    pub fn slow_down(&self, delay: Duration) {
        self.plan.lock().unwrap().delay = delay;
    }

    /// Trips since the last time.
    pub fn trips(&self) -> usize {
        std::mem::take(&mut self.plan.lock().unwrap().trips)
    }
}

fn carry(client: TcpStream, server: TcpStream, plan: &Arc<Mutex<Plan>>) {
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    plan.lock().unwrap().answered = true;
    // Set when a command went through whose answer is not to.
    let doomed = Arc::new(Mutex::new(None));
    let (to_server, own_plan, own_doomed) = (pair(&client, &server), plan.clone(), doomed.clone());
    thread::spawn(move || requests(to_server, &own_plan, &own_doomed));
    let (to_client, plan) = (pair(&server, &client), plan.clone());
    thread::spawn(move || answers(to_client, &plan, &doomed));
}

fn pair(from: &TcpStream, to: &TcpStream) -> (TcpStream, TcpStream) {
    (from.try_clone().unwrap(), to.try_clone().unwrap())
}

fn end(streams: &(TcpStream, TcpStream)) {
    let _ = streams.0.shutdown(Shutdown::Both);
    let _ = streams.1.shutdown(Shutdown::Both);
}

fn requests(mut streams: (TcpStream, TcpStream), plan: &Mutex<Plan>, doomed: &Mutex<Option<Cut>>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = streams.0.read(&mut buffer) {
        let mut chunk = &buffer[..count];
        // What introduces a connection is not counted and not cut.
        let counts = !chunk.windows(6).any(|word| word == b"CLIENT");
        let how = counts.then(|| next(plan)).flatten();
        match how {
            Some(Cut::InRequest) => chunk = &chunk[..count / 2],
            Some(cut) => *doomed.lock().unwrap() = Some(cut),
            None => {}
        }
        if streams.1.write_all(chunk).is_err() || matches!(how, Some(Cut::InRequest)) {
            break;
        }
    }
    end(&streams);
}

/// Counts a command; says how it is cut, if it is.
fn next(plan: &Mutex<Plan>) -> Option<Cut> {
    let mut plan = plan.lock().unwrap();
    if !std::mem::take(&mut plan.answered) {
        return None;
    }
    plan.trips += 1;
    let (after, how, times) = plan.cut?;
    plan.cut = match (after, times) {
        (0, ..=1) => None,
        (0, _) => Some((0, how, times - 1)),
        _ => Some((after - 1, how, times)),
    };
    (after == 0).then_some(how)
}

fn answers(mut streams: (TcpStream, TcpStream), plan: &Mutex<Plan>, doomed: &Mutex<Option<Cut>>) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(count @ 1..) = streams.0.read(&mut buffer) {
        match *doomed.lock().unwrap() {
            None => {}
            Some(Cut::InAnswer) => {
                let _ = streams.1.write_all(&buffer[..1]);
                break;
            }
            Some(_) => break,
        }
        let delay = plan.lock().unwrap().delay;
        thread::sleep(delay);
        plan.lock().unwrap().answered = true;
        if streams.1.write_all(&buffer[..count]).is_err() {
            break;
        }
    }
    end(&streams);
}
