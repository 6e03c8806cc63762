//! What stands before the nodes: each connection goes to the next of them, whether it is there or not.

use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Child;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::support::log::Watched;

/// A process that serves.
pub struct Node {
    pub child: Child,
    /// Host and port.
    pub address: String,
    /// Last: what it says when it ends is looked through as well.
    pub _log: Watched,
}

impl Node {
    /// SIGKILL: nothing is flushed, nothing is closed.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// When a node is killed, once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// The one that opened the last token exchange, as the challenges come.
    HolderOfExchange,
    /// The one that was asked, once it answered something at such a path. The answer goes no further.
    OnceItAnswered(&'static str),
}

#[derive(Default)]
struct State {
    nodes: Vec<Node>,
    turn: usize,
    /// The first line of each request, and where it went.
    seen: Vec<(String, usize)>,
    plan: Option<Plan>,
}

#[derive(Clone)]
pub struct Balancer {
    pub url: String,
    state: Arc<Mutex<State>>,
}

impl Balancer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let balancer = Self { url, state: Arc::default() };
        let own = balancer.clone();
        thread::spawn(move || {
            for client in listener.incoming() {
                let (balancer, client) = (own.clone(), client.unwrap());
                thread::spawn(move || balancer.serve(client));
            }
        });
        balancer
    }

    /// One more node, or another in the place of one.
    pub fn put(&self, place: usize, node: Node) {
        let mut state = self.state.lock().unwrap();
        if place < state.nodes.len() { state.nodes[place] = node } else { state.nodes.push(node) }
    }

    /// The address of a node, for whoever does not repeat.
    pub fn node(&self, place: usize) -> String {
        format!("http://{}", self.state.lock().unwrap().nodes[place].address)
    }

    pub fn kill(&self, place: usize) {
        self.state.lock().unwrap().nodes[place].kill();
    }

    pub fn kill_all(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).nodes.clear();
    }

    pub fn plan(&self, plan: Plan) {
        self.state.lock().unwrap().plan = Some(plan);
    }

    /// Which node is dead.
    pub fn dead(&self) -> Option<usize> {
        let mut state = self.state.lock().unwrap();
        state.nodes.iter_mut().position(|node| node.child.try_wait().unwrap().is_some())
    }

    /// Where requests that begin like this went since the last time.
    pub fn seen(&self, start: &[&str]) -> Vec<usize> {
        let seen = std::mem::take(&mut self.state.lock().unwrap().seen);
        let of_interest = |line: &str| start.iter().any(|start| line.starts_with(start));
        seen.into_iter().filter(|(line, _)| of_interest(line)).map(|(_, place)| place).collect()
    }

    fn serve(&self, mut client: TcpStream) {
        let mut first = vec![0; 1 << 14];
        let Ok(count @ 1..) = client.read(&mut first) else { return };
        let line = String::from_utf8_lossy(&first[..count]).lines().next().unwrap_or_default().to_owned();
        let (place, address, is_last) = self.route(line);
        let Ok(mut node) = TcpStream::connect(address) else { return };
        if node.write_all(&first[..count]).is_err() {
            return;
        }
        let (mut from, mut to) = (client.try_clone().unwrap(), node.try_clone().unwrap());
        thread::spawn(move || {
            let _ = copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        if is_last {
            let _ = node.read(&mut first);
            self.kill(place);
        } else {
            let _ = copy(&mut node, &mut client);
        }
        let _ = client.shutdown(Shutdown::Both);
    }

    /// Whose turn it is, and whether its answer is its last.
    fn route(&self, line: String) -> (usize, String, bool) {
        let mut state = self.state.lock().unwrap();
        let mut is_last = false;
        match state.plan {
            Some(Plan::HolderOfExchange) if line.starts_with("POST /issuer/v1/tokens/") => {
                let opened =
                    state.seen.iter().rev().find(|(line, _)| line.starts_with("POST /issuer/v1/tokens "));
                let holder = opened.unwrap().1;
                state.nodes[holder].kill();
                state.plan = None;
            }
            Some(Plan::OnceItAnswered(path)) if line.contains(path) => {
                is_last = true;
                state.plan = None;
            }
            _ => {}
        }
        let place = state.turn % state.nodes.len();
        state.turn += 1;
        state.seen.push((line, place));
        (place, state.nodes[place].address.clone(), is_last)
    }
}
