//! Connections that break in the middle of a command, and how often Redis is asked at all.

use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use glimpse_api::{Blob, OfferCreated, OfferDetails, RequestCreated, paths};
use glimpse_circuits::request::Request;
use glimpse_prover::PendingIssuance;
use glimpse_service::RedisServers;
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::proxy::{Cut, Proxy};
use crate::server::Redis;
use crate::support::{ADMIN, RELYING_PARTY, Response, Service};
use crate::visits::{
    Visit, Visitor, available, credential, nothing_changed, patient, policy, redis, service_at, single,
    submit,
};

/// Asks again whenever it is told that the store cannot be reached.
#[derive(Default)]
struct Patient {
    refusals: usize,
}

impl Patient {
    fn ask(&mut self, ask: impl Fn() -> Response) -> Response {
        loop {
            if let Some(answer) = available(&ask) {
                return answer;
            }
            self.refusals += 1;
            assert!(self.refusals < 100, "it does not recover");
            sleep(Duration::from_millis(20));
        }
    }
}

/// Issues and presents, each step repeated by the client until it is done, and then once more. Says how often a step was
/// not done at once.
fn issue_and_present(visitor: &Visitor) -> (usize, (Value, Vec<u8>), Visit) {
    let client = visitor.client();
    let mut patient = Patient::default();
    let bearer = format!("Bearer {ADMIN}");
    let offers = paths::LICENCE_OFFERS.replace("{licence}", &visitor.licence);
    let offer: OfferCreated =
        patient.ask(|| client.send("POST", &offers, &[("authorization", &bearer)], Some(b""))).ok();
    let redemption = json!({ "code": offer.code });
    let details: OfferDetails = patient.ask(|| client.post(paths::OFFERS_REDEEM, None, &redemption)).ok();
    let schema = visitor.wallet.registry.schema(&details.schema).unwrap();
    let secret = &visitor.wallet.secret;
    let pending = PendingIssuance::begin(secret, &details.key, schema, &details.nonce, &mut OsRng);
    let asked = Blob::from(pending.request().to_bytes().as_slice());
    let body = json!({ "code": offer.code, "request": asked });
    let issued = [(); 2].map(|()| credential(patient.ask(|| client.post(paths::CREDENTIALS, None, &body))));
    assert!(issued[0] == issued[1]);

    let inline = json!({ "inline": policy() });
    let created: RequestCreated =
        patient.ask(|| client.post(paths::REQUESTS, Some(RELYING_PARTY), &inline)).ok();
    let fetched = patient.ask(|| client.get(&created.request_uri, None));
    let request = Arc::new(Request::from_json(std::str::from_utf8(&fetched.body).unwrap()).unwrap());
    let presentations = [visitor.present(request.clone()), visitor.present(request)];
    let visit = Visit { created, presentations };
    for _ in 0..2 {
        let answer = patient.ask(|| submit(client, &visit, 0));
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
    patient.ask(|| submit(client, &visit, 1)).problem(409, "request-closed");
    (patient.refusals, (body, issued[0].clone()), visit)
}

fn behind_a_proxy(redis: &Redis) -> (Proxy, Service, Visitor) {
    let proxy = Proxy::before(redis.port);
    // One connection, so that it is the next command that is cut off.
    let service = service_at(single(proxy.address()), |redis| {
        redis.connections = 1;
        patient(redis);
    });
    let visitor = Visitor::of(&service);
    (proxy, service, visitor)
}

/// Every command of issuance and presentation is cut off in every way, the commands after it are not.
fn cut_everywhere(how: Cut, times: usize) {
    let redis = Redis::start();
    let (proxy, _service, visitor) = behind_a_proxy(&redis);
    let (mut answered, mut decided) = (Vec::new(), Vec::new());
    for after in 0.. {
        proxy.cut(after, how, times);
        let (refusals, issued, visit) = issue_and_present(&visitor);
        let whole = proxy.spare();
        // The first cut is mended by the service itself; of two in a row the client is told.
        assert_eq!(refusals > 0, times > 1 && !whole, "{how:?} after {after}: {refusals} refusals");
        answered.push(issued);
        decided.push((visit, 0));
        if whole {
            assert!(after > 10, "there are more commands than {after}");
            break;
        }
    }
    nothing_changed(visitor.client(), &answered, &decided);
}

#[test]
fn cut_off_in_a_command() {
    cut_everywhere(Cut::InRequest, 1);
}

#[test]
fn cut_off_before_the_answer() {
    cut_everywhere(Cut::BeforeAnswer, 1);
}

#[test]
fn cut_off_in_the_answer() {
    cut_everywhere(Cut::InAnswer, 1);
}

#[test]
fn cut_off_in_a_command_and_in_its_repetition() {
    cut_everywhere(Cut::InRequest, 2);
}

#[test]
fn cut_off_before_the_answer_and_before_that_of_its_repetition() {
    cut_everywhere(Cut::BeforeAnswer, 2);
}

#[test]
fn a_presentation_takes_two_trips_and_a_fetch_one() {
    let redis = Redis::start();
    let (proxy, _service, visitor) = behind_a_proxy(&redis);
    let [warm, cold] = [visitor.visit(), visitor.visit()];
    assert_eq!(submit(visitor.client(), &warm, 0).status, 200);
    proxy.slow_down(Duration::from_millis(250));
    proxy.trips();
    // The client's rate and the request are asked for at once; then the decision is kept.
    assert_eq!(submit(visitor.client(), &cold, 0).status, 200);
    assert_eq!(proxy.trips(), 2);
    // To be told the same again takes one, and so does to be told that it is too late.
    assert_eq!(submit(visitor.client(), &cold, 0).status, 200);
    assert_eq!(proxy.trips(), 1);
    submit(visitor.client(), &cold, 1).problem(409, "request-closed");
    assert_eq!(proxy.trips(), 1);
    // The relying party's rate, the new request; then the wallet fetches it.
    visitor.visit();
    assert_eq!(proxy.trips(), 3);
    visitor.verify();
    assert_eq!(proxy.trips(), 0);
}

#[test]
fn a_store_that_is_not_there_is_no_start() {
    let directory = tempfile::tempdir().unwrap();
    let address = format!("redis://127.0.0.1:{}", crate::server::free_port());
    let mut config = crate::support::config(directory.path());
    config.store = redis(single(address));
    let refused = glimpse_service::Application::build(config.clone()).err().unwrap().to_string();
    assert!(refused.contains("cannot be reached"), "{refused}");
    let secret = RedisServers::Single("redis://:hunter2@127.0.0.1".into());
    config.store = redis(secret);
    let refused = glimpse_service::Application::build(config).err().unwrap().to_string();
    assert!(refused.contains("no credentials") && !refused.contains("hunter2"), "{refused}");
}
