//! What wallets and the relying party do, again and again until it is done.

use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{Blob, CredentialResponse, IDEMPOTENCY_KEY, RequestCreated, paths};
use glimpse_circuits::request::Request;
use glimpse_prover::Credential;
use glimpse_service::{Clock, RedisConfig, RedisServers, StoreConfig};
use serde_json::{Value, json};

use crate::support::{Client, DRIVING, RELYING_PARTY, Response, Service, Wallet, holder, text};

/// Longest time from a request to its answer while the store fails: both timeouts of both operations of a presentation
/// are four seconds; the rest is for a busy machine.
pub const LONGEST: Duration = Duration::from_secs(20);
/// For stores that answer, however busy the machine is.
pub const PATIENT: Duration = Duration::from_secs(10);

/// A service that keeps everything at an address. Redis counts on the system's clock.
pub fn service_at(servers: RedisServers, change: impl FnOnce(&mut RedisConfig)) -> Service {
    let mut redis = RedisConfig::new(servers);
    change(&mut redis);
    Service::start_with(|config| {
        config.clock = Clock::system();
        config.store = StoreConfig::Redis(Box::new(redis));
    })
}

/// For stores that are there or gone, and never slow.
pub fn redis(servers: RedisServers) -> StoreConfig {
    let mut redis = RedisConfig::new(servers);
    patient(&mut redis);
    StoreConfig::Redis(Box::new(redis))
}

pub fn patient(redis: &mut RedisConfig) {
    (redis.connect_timeout, redis.response_timeout) = (PATIENT, PATIENT);
}

pub fn single(address: String) -> RedisServers {
    RedisServers::Single(address)
}

/// Asks for nothing that time changes.
pub fn policy() -> Value {
    json!({
        "purpose": text("Car rental"),
        "licences": [{ "id": "licence", "schema": DRIVING, "check": "keyed" }],
        "statements": [
            { "disclose": { "of": "licence.sex" } },
            { "age": { "of": "licence.birth_date", "at_least": "18" } },
        ],
    })
}

/// A holder with a credential, and a presentation that a stateless check accepts at any time.
pub struct Visitor {
    pub wallet: Wallet,
    pub credential: Credential,
    pub licence: String,
    stateless: Value,
}

/// A request for a presentation, and two presentations that answer it.
pub struct Visit {
    pub created: RequestCreated,
    pub presentations: [Vec<u8>; 2],
}

impl Visitor {
    pub fn of(service: &Service) -> Self {
        let (wallet, credential) = holder(service, 1);
        let licence = wallet.client.register_sample(DRIVING, 1);
        let mut visitor = Self { wallet, credential, licence, stateless: Value::Null };
        let visit = visitor.visit();
        let request = visitor.wallet.client.fetch(&visit.created);
        let [presentation, _] = visit.presentations;
        visitor.stateless =
            json!({ "request": &*request, "presentation": Blob::from(presentation.as_slice()) });
        visitor
    }

    pub fn client(&self) -> &Client {
        &self.wallet.client
    }

    /// What a wallet sends for a new offer.
    pub fn asked(&self) -> Value {
        self.wallet.ask(&self.client().offer(&self.licence).code).2
    }

    pub fn present(&self, request: Arc<Request>) -> Vec<u8> {
        self.wallet.present(request, &self.credential, None)
    }

    pub fn visit(&self) -> Visit {
        let created = self.client().request(&policy());
        let request = self.client().fetch(&created);
        Visit { created, presentations: [self.present(request.clone()), self.present(request)] }
    }

    /// Needs no store.
    pub fn verify(&self) {
        let answer = self.client().post(paths::VERIFY, Some(RELYING_PARTY), &self.stateless);
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    }
}

/// A presentation, told apart from others by its key.
pub fn submit(client: &Client, visit: &Visit, which: usize) -> Response {
    let path = paths::PRESENTATION.replace("{request}", &visit.created.id);
    let key = format!("the-{which}-th-presentation");
    let headers = [("content-type", "application/json"), (IDEMPOTENCY_KEY, key.as_str())];
    let body = json!({ "presentation": Blob::from(visit.presentations[which].as_slice()) });
    client.send("POST", &path, &headers, Some(body.to_string().as_bytes()))
}

/// In time, an answer, or the one problem there may be.
#[track_caller]
pub fn available(ask: impl FnOnce() -> Response) -> Option<Response> {
    let start = Instant::now();
    let answer = ask();
    assert!(start.elapsed() < LONGEST, "{:?}", start.elapsed());
    if answer.status != 503 {
        return Some(answer);
    }
    assert_eq!(answer.header("retry-after"), "1");
    answer.problem(503, "store-unavailable");
    None
}

/// Until there is an answer, or for too long.
#[track_caller]
pub fn insist(patience: Duration, mut ask: impl FnMut() -> Response) -> Response {
    let start = Instant::now();
    loop {
        if let Some(answer) = available(&mut ask) {
            return answer;
        }
        assert!(start.elapsed() < patience, "no answer for {:?}", start.elapsed());
        sleep(Duration::from_millis(20));
    }
}

/// The credential that a wallet is answered with, as it went over the wire.
pub fn credential(answer: Response) -> Vec<u8> {
    answer.ok::<CredentialResponse>().credential.0
}

/// Each of these was answered so: it is so still, and not otherwise for others.
pub fn nothing_changed(client: &Client, answered: &[(Value, Vec<u8>)], decided: &[(Visit, usize)]) {
    for (body, first) in answered {
        assert!(credential(client.post(paths::CREDENTIALS, None, body)) == *first);
        let other = json!({ "code": body["code"] });
        client.post(paths::CREDENTIALS, None, &other).problem(409, "offer-used");
    }
    for (visit, which) in decided {
        assert_eq!(submit(client, visit, *which).status, 200);
        submit(client, visit, 1 - which).problem(409, "request-closed");
        assert!(client.result(&visit.created).verdict.is_some());
    }
}
