//! Presentations that wait for their turn. The threads that verify are held where they ask what time it is.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};

use glimpse_api::{Blob, paths};
use glimpse_service::{Access, Clock, Key, Principal, Registration};
use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::support::{NOW, RELYING_PARTY, Response, Service, driving_policy, holder, principals};

const ANOTHER: &str = "token-of-another-relying-party";

/// Closed, it holds whoever verifies.
#[derive(Default)]
struct Gate {
    closed: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn set(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }

    fn clock(self: Arc<Self>) -> Clock {
        Clock::new(move || {
            if thread::current().name().is_some_and(|name| name.starts_with("check-")) {
                drop(self.opened.wait_while(self.closed.lock().unwrap(), |closed| *closed).unwrap());
            }
            NOW
        })
    }
}

/// One thread and two places.
fn service(gate: &Arc<Gate>) -> Service {
    let clock = gate.clone().clock();
    Service::start_with(move |config| {
        config.clock = clock;
        let another = Principal::relying_party("another", Registration::anything());
        let everybody = principals().into_iter().chain([another.with_key(Key::of(ANOTHER))]);
        config.access = Access::new(everybody).unwrap();
        config.limits.proof_workers = 1;
        config.limits.proof_queue = 2;
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    })
}

fn wait_for(service: &Service, line: &str) {
    while !service.metrics().lines().any(|found| found == line) {
        thread::yield_now();
    }
}

/// A request of the service's and a presentation for it, to be checked without keeping anything.
fn to_verify(service: &Service, seed: u64) -> Value {
    let (wallet, credential) = holder(service, seed);
    let created = wallet.client.request(&driving_policy("token"));
    let request = wallet.client.fetch(&created);
    let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
    json!({ "request": *request, "presentation": Blob::from(presentation) })
}

fn verify(service: &Service, body: &Value) -> JoinHandle<Response> {
    let (client, body) = (service.client(), body.clone());
    thread::spawn(move || client.post(paths::VERIFY, Some(RELYING_PARTY), &body))
}

/// The same for another relying party, from 127.0.0.2; returns what was answered.
fn verify_for_another(service: &Service, body: &Value) -> JoinHandle<String> {
    let to: SocketAddr = service.url.trim_start_matches("http://").parse().unwrap();
    let body = body.to_string();
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: {to}\r\nauthorization: Bearer {ANOTHER}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n",
        paths::VERIFY,
        body.len(),
    );
    thread::spawn(move || {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        socket.bind(&SocketAddr::from(([127, 0, 0, 2], 0)).into()).unwrap();
        socket.connect(&to.into()).unwrap();
        let mut stream = TcpStream::from(socket);
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    })
}

#[test]
fn a_full_queue_answers_503_and_has_room_for_another_client() {
    let gate = Arc::new(Gate::default());
    let service = service(&gate);
    let body = to_verify(&service, 1);
    wait_for(&service, "glimpse_check_waiting 0");
    gate.set(true);
    let held = verify(&service, &body);
    // The thread has taken it when it does not wait any more.
    wait_for(&service, "glimpse_check_queue_time_seconds_count 1");
    let first = verify(&service, &body);
    wait_for(&service, "glimpse_check_waiting 1");
    let second = verify(&service, &body);
    wait_for(&service, "glimpse_check_waiting 2");

    let turned_away = verify(&service, &body).join().unwrap();
    assert_eq!(turned_away.header("retry-after"), "1");
    turned_away.problem(503, "busy");
    let newcomer = verify_for_another(&service, &body);
    let pushed_out = second.join().unwrap();
    assert_eq!(pushed_out.header("retry-after"), "1");
    pushed_out.problem(503, "busy");

    gate.set(false);
    assert_eq!(held.join().unwrap().status, 200);
    assert_eq!(first.join().unwrap().status, 200);
    assert!(newcomer.join().unwrap().starts_with("HTTP/1.1 200 "));
    let metrics = service.metrics();
    for line in [
        "glimpse_check_done_total{outcome=\"turned_away\"} 2",
        "glimpse_check_done_total{outcome=\"accepted\"} 3",
        // One alone, then two together.
        "glimpse_check_batch_size_sum 3.0",
        "glimpse_check_batch_size_count 2",
        "glimpse_check_queue_time_seconds_count 3",
        "glimpse_check_verify_time_seconds_count 2",
    ] {
        assert!(metrics.lines().any(|found| found == line), "{line} in\n{metrics}");
    }
}

#[test]
fn a_good_and_a_bad_one_of_one_batch_have_their_own_answers() {
    let gate = Arc::new(Gate::default());
    let service = service(&gate);
    let good = to_verify(&service, 1);
    let mut bad = to_verify(&service, 2);
    bad["presentation"] = good["presentation"].clone();
    gate.set(true);
    let held = verify(&service, &good);
    wait_for(&service, "glimpse_check_queue_time_seconds_count 1");
    let good = verify(&service, &good);
    wait_for(&service, "glimpse_check_waiting 1");
    let bad = verify(&service, &bad);
    wait_for(&service, "glimpse_check_waiting 2");
    gate.set(false);
    assert_eq!(held.join().unwrap().status, 200);
    assert_eq!(good.join().unwrap().status, 200);
    bad.join().unwrap().problem(422, "presentation-refused");
    wait_for(&service, "glimpse_check_batch_size_count 2");
}

#[test]
fn a_wallet_that_goes_away_is_decided_all_the_same() {
    let gate = Arc::new(Gate::default());
    let service = service(&gate);
    let (wallet, credential) = holder(&service, 1);
    let created = wallet.client.request(&driving_policy("token"));
    let request = wallet.client.fetch(&created);
    let presentation = wallet.present(request, &credential, wallet.tokens(&credential, 4).pop());
    let to_verify = to_verify(&service, 2);
    gate.set(true);
    let held = verify(&service, &to_verify);
    wait_for(&service, "glimpse_check_queue_time_seconds_count 1");
    let body = json!({ "presentation": Blob::from(presentation) }).to_string();
    let mut stream = TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
    let path = paths::PRESENTATION.replace("{request}", &created.id);
    let head = format!("POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n");
    stream.write_all(format!("{head}content-length: {}\r\n\r\n{body}", body.len()).as_bytes()).unwrap();
    wait_for(&service, "glimpse_check_waiting 1");
    drop(stream);
    gate.set(false);
    assert_eq!(held.join().unwrap().status, 200);
    while wallet.client.result(&created).verdict.is_none() {
        thread::yield_now();
    }
}

#[test]
fn metrics_are_for_the_operator_alone() {
    let service = service(&Arc::new(Gate::default()));
    service.client().get("/metrics", Some(RELYING_PARTY)).problem(404, "not-found");
    assert!(service.metrics().ends_with("# EOF\n"));
    assert!(Service::start().running.as_ref().unwrap().admin_url().is_none());
}
