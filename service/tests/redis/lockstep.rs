//! Between a node and its Redis: one command goes through at a time, and at one of them the node is killed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex};
use std::thread;

/// When a node is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It sent a command, and Redis never hears of it.
    BeforeCommand,
    /// Redis did what it was told, and the node never hears of it.
    BeforeAnswer,
}

#[derive(Default)]
struct Plan {
    /// Commands to let through first, and the moment in the one after them.
    kill: Option<(usize, Moment)>,
    victim: Option<Arc<Mutex<Child>>>,
}

pub struct Lockstep {
    address: SocketAddr,
    plan: Arc<Mutex<Plan>>,
}

impl Lockstep {
    /// In front of a server.
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, plan) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Plan::default())));
        let own = plan.clone();
        thread::spawn(move || {
            for node in listener.incoming() {
                let (node, plan) = (node.unwrap(), own.clone());
                let Ok(redis) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                thread::spawn(move || {
                    carry(&node, &redis, &plan);
                    let _ = node.shutdown(Shutdown::Both);
                    let _ = redis.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, plan }
    }

    pub fn address(&self) -> String {
        format!("redis://{}", self.address)
    }

    /// Lets so many commands through, from now on, and kills at the next.
    pub fn kill(&self, victim: Arc<Mutex<Child>>, after: usize, moment: Moment) {
        *self.plan.lock().unwrap() = Plan { kill: Some((after, moment)), victim: Some(victim) };
    }

    /// Whether there were fewer commands than that. Nobody is killed afterwards.
    pub fn spare(&self) -> bool {
        self.plan.lock().unwrap().kill.take().is_some()
    }
}

/// Until the node is killed.
fn carry(mut node: &TcpStream, mut redis: &TcpStream, plan: &Mutex<Plan>) -> Option<()> {
    node.set_nodelay(true).ok()?;
    redis.set_nodelay(true).ok()?;
    let (mut commands, mut answers) = (BufReader::new(node), BufReader::new(redis));
    loop {
        let mut command = Vec::new();
        frame(&mut commands, &mut command)?;
        let victim = due(plan, &command);
        if let Some((victim, Moment::BeforeCommand)) = victim {
            return kill(&victim);
        }
        redis.write_all(&command).ok()?;
        let mut answer = Vec::new();
        frame(&mut answers, &mut answer)?;
        if let Some((victim, Moment::BeforeAnswer)) = victim {
            return kill(&victim);
        }
        node.write_all(&answer).ok()?;
    }
}

/// Counts a command; says whom it costs his life.
fn due(plan: &Mutex<Plan>, command: &[u8]) -> Option<(Arc<Mutex<Child>>, Moment)> {
    // What introduces a connection, and what comes every few seconds, is not of any operation.
    let is_in = |word: &[u8]| command.windows(word.len()).any(|part| part == word);
    if is_in(b"CLIENT") || (is_in(b"SET\r\n") && is_in(b":node:{") && !is_in(b"EVAL")) {
        return None;
    }
    let mut plan = plan.lock().unwrap();
    let (after, moment) = plan.kill?;
    plan.kill = after.checked_sub(1).map(|after| (after, moment));
    if after == 0 { Some((plan.victim.clone()?, moment)) } else { None }
}

/// SIGKILL: nothing is flushed, nothing is closed.
fn kill(victim: &Mutex<Child>) -> Option<()> {
    let mut victim = victim.lock().unwrap();
    victim.kill().ok()?;
    victim.wait().ok().map(drop)
}

/// One command or answer of RESP2, as it is on the wire.
fn frame(from: &mut impl BufRead, bytes: &mut Vec<u8>) -> Option<()> {
    let start = bytes.len();
    from.read_until(b'\n', bytes).ok()?;
    let (kind, rest) = bytes[start..].split_first()?;
    let kind = *kind;
    let count = |rest: &[u8]| std::str::from_utf8(rest).ok()?.trim_end().parse::<i64>().ok();
    match kind {
        b'+' | b'-' | b':' => Some(()),
        b'$' => match u64::try_from(count(rest)?) {
            Ok(length) => from.take(length + 2).read_to_end(bytes).ok().map(drop),
            Err(_) => Some(()),
        },
        b'*' => (0..count(rest)?).try_for_each(|_| frame(from, bytes)),
        _ => None,
    }
}
