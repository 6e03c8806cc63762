//! Presentations made in advance for requests that nodes have created, and sent to them.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::net::SocketAddr;
use std::ops::Range;
use std::rc::Rc;
use std::time::{Duration, Instant};

use glimpse_api::{OfferCreated, OfferDetails, RegisteredLicence, RequestCreated, paths};
use glimpse_benches::nodes::{ADMIN, Answer, Call, Client, Holder, PROFILE, RELYING_PARTY, policy};
use glimpse_circuits::request::CheckKind;
use glimpse_profiles::sample::Persona;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::LocalSet;

use super::usage::{Processes, Usage};
use crate::client::Connection;

/// Tokens fetched at once: the greatest batch an issuer answers.
const TOKENS: usize = 64;

/// What is sent.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Stateless verifications for a time, the same presentations again and again.
    Stateless(Duration),
    /// Whole presentations, each of these once.
    Visits(Range<usize>),
}

/// What came of it.
pub(crate) struct Phase {
    pub(crate) what: What,
    pub(crate) nodes: usize,
    pub(crate) seconds: f64,
    /// Microseconds of each.
    pub(crate) times: Histogram<u64>,
    pub(crate) used: Usage,
}

/// Presentations as bytes that only have to be written to a connection: to be verified, and to be submitted.
pub(crate) struct Stock(Rc<Vec<[Vec<u8>; 2]>>);

impl Stock {
    /// So many, each of a holder of 18 or more for a request of its own.
    pub(crate) fn make(nodes: &[SocketAddr], count: usize) -> Self {
        let client = Client::new(Duration::from_secs(30));
        let mut turn = 0;
        let mut ask = |call: Call| -> Answer {
            turn += 1;
            let answer = client.send(nodes[turn % nodes.len()], &call).expect("the node answers");
            assert!((200..300).contains(&answer.status), "{}", String::from_utf8_lossy(&answer.body));
            answer
        };
        let mut holder = Holder::new(&ask(Call::get(paths::METADATA)), glimpse_fixtures::rng(7));
        let profile = glimpse_profiles::builtin_by_schema_id(PROFILE).unwrap();
        let persona = Persona::new(1).with_birth_date("1990-05-17".parse().unwrap());
        let body = json!({ "profile": PROFILE, "holder": "holder", "attributes": profile.sample(&persona) });
        let licence = ask(Call::post(paths::LICENCES, &body).by(ADMIN)).read::<RegisteredLicence>().licence;
        let path = paths::LICENCE_OFFERS.replace("{licence}", &licence);
        let code = ask(Call::post(path, &Value::Null).by(ADMIN)).read::<OfferCreated>().code;
        let details: OfferDetails = ask(Call::post(paths::OFFERS_REDEEM, &json!({ "code": code }))).read();
        let (pending, body) = holder.ask(&code, &details);
        let issued = ask(Call::post(paths::CREDENTIALS, &body));
        let (credential, _) = holder.accept(&details, pending, &issued).unwrap();
        let mut tokens = Vec::new();
        let mut made = Vec::with_capacity(count);
        while made.len() < count {
            if tokens.is_empty() {
                let (pending, body) = holder.begin_tokens(&credential, TOKENS);
                let opened = ask(Call::post(paths::TOKENS, &body));
                let (exchange, blinded, challenges) = holder.challenge(pending, &opened);
                let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
                tokens = holder.tokens(blinded, &ask(Call::post(path, &challenges))).unwrap();
            }
            let created: RequestCreated = ask(creation()).read();
            let request = ask(Call::get(paths::REQUEST.replace("{request}", &created.id)));
            let body = holder.present(&request.body, &credential, tokens.pop());
            let path = paths::PRESENTATION.replace("{request}", &created.id);
            let submission = Call::post(path, &body).keyed(format!("presentation-{:08}", made.len()));
            let mut body = body;
            body["request"] = request.read();
            let verification = Call::post(paths::VERIFY, &body).by(RELYING_PARTY);
            made.push([verification.to_http(), submission.to_http()]);
            if made.len() % 50 == 0 || made.len() == count {
                eprint!("\rmaking presentations {}/{count}", made.len());
            }
        }
        eprintln!();
        Self(Rc::new(made))
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn submission(&self, number: usize) -> &[u8] {
        &self.0[number][1]
    }
}

fn creation() -> Call {
    Call::post(paths::REQUESTS, &policy(CheckKind::Token)).by(RELYING_PARTY)
}

/// A connection to each of the nodes, used in turns.
pub(crate) struct Visitor {
    nodes: Vec<(SocketAddr, Option<Connection>)>,
    creation: Vec<u8>,
}

impl Visitor {
    pub(crate) fn new(nodes: &[SocketAddr]) -> Self {
        let nodes = nodes.iter().map(|node| (*node, None)).collect();
        Self { nodes, creation: creation().to_http() }
    }

    /// Has a request created; returns its id.
    pub(crate) async fn create(&mut self, turn: usize) -> String {
        let creation = self.creation.clone();
        let body = self.exchange(turn, &creation, 201).await;
        serde_json::from_slice::<RequestCreated>(body).unwrap().id
    }

    /// Reads a request.
    pub(crate) async fn read(&mut self, turn: usize, id: &str) {
        let read = Call::get(paths::REQUEST.replace("{request}", id)).to_http();
        self.exchange(turn, &read, 200).await;
    }

    /// Submits a presentation, which is accepted.
    pub(crate) async fn present(&mut self, turn: usize, submission: &[u8]) {
        self.exchange(turn, submission, 200).await;
    }

    /// A figure is worth nothing if something else was answered, so that ends the run.
    async fn exchange(&mut self, turn: usize, request: &[u8], status: u16) -> &[u8] {
        let turn = turn % self.nodes.len();
        let (address, connection) = &mut self.nodes[turn];
        if connection.is_none() {
            *connection = Some(Connection::open(*address).await.unwrap());
        }
        let connection = connection.as_mut().unwrap();
        let answered = connection.exchange(request).await.unwrap();
        assert_eq!(answered, status, "{}", String::from_utf8_lossy(connection.body()));
        connection.body()
    }
}

/// What the connections of one phase share.
struct Shared {
    stock: Rc<Vec<[Vec<u8>; 2]>>,
    what: What,
    start: Instant,
    next: Cell<usize>,
    times: RefCell<Histogram<u64>>,
}

/// Sends to these nodes in turns, on so many connections to each, the next as soon as one is answered.
pub(crate) async fn phase(
    stock: &Stock,
    nodes: &[SocketAddr],
    what: What,
    connections: usize,
    processes: &Processes,
) -> Phase {
    let before = Usage::now(processes);
    let start = Instant::now();
    let shared = Rc::new(Shared {
        stock: stock.0.clone(),
        what: what.clone(),
        start,
        next: Cell::new(0),
        // Three digits, up to a minute and a half.
        times: RefCell::new(Histogram::new_with_max(100_000_000, 3).unwrap()),
    });
    let local = LocalSet::new();
    for number in 0..connections {
        local.spawn_local(send(shared.clone(), Visitor::new(nodes), number));
    }
    local.await;
    let seconds = start.elapsed().as_secs_f64();
    let used = Usage::now(processes).combine(before, |after, before| after - before);
    let times = shared.times.borrow().clone();
    Phase { what, nodes: nodes.len(), seconds, times, used }
}

/// What one visitor does.
async fn send(shared: Rc<Shared>, mut visitor: Visitor, mut turn: usize) {
    loop {
        let number = shared.next.get();
        let start = Instant::now();
        match &shared.what {
            What::Stateless(time) if shared.start.elapsed() < *time => {
                shared.next.set(number + 1);
                let request = &shared.stock[number % shared.stock.len()][0];
                visitor.exchange(turn, request, 200).await;
            }
            What::Visits(visits) if number < visits.len() => {
                shared.next.set(number + 1);
                let id = visitor.create(turn).await;
                visitor.read(turn + 1, &id).await;
                visitor.present(turn + 2, &shared.stock[visits.start + number][1]).await;
            }
            _ => return,
        }
        // Visitors begin at different nodes, and go on to the next each time.
        turn += 1;
        let taken = u64::try_from(start.elapsed().as_micros()).unwrap();
        shared.times.borrow_mut().saturating_record(taken);
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stateless(time) => write!(f, "stateless verification for {} s", time.as_secs()),
            Self::Visits(visits) => write!(f, "{} whole presentations", visits.len()),
        }
    }
}
