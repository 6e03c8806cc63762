//! A node killed at every point of everything it does: before each of its commands reaches Redis, before it hears of
//! each answer, and after it answered. Another node goes on from there.

use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use glimpse_api::{
    Blob, CredentialResponse, IDEMPOTENCY_KEY, OfferCreated, OfferDetails, RegisteredLicence, RequestCreated,
    RequestStatus, TokenCommitResponse, paths,
};
use glimpse_prover::PendingTokens;
use glimpse_service::{Clock, NodeConfig, StoreConfig, spawn};
use rand_core::OsRng;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lockstep::{Lockstep, Moment};
use crate::server::{Redis, wait};
use crate::several::{Nodes, handles, read};
use crate::support::log::{self, Watched};
use crate::support::{ADMIN, Client, DRIVING, RELYING_PARTY, Response, Wallet, commit_body, config, sample};
use crate::visits::{Visitor, policy, redis, single};

/// Where the victim's Redis is, the key and the address that all nodes have, and where it says its own; this test
/// binary run again with them is the victim.
const STORE: &str = "GLIMPSE_TEST_STORE";
const KEY_FILE: &str = "GLIMPSE_TEST_KEY_FILE";
const PUBLIC_URI: &str = "GLIMPSE_TEST_PUBLIC_URI";
const DIRECTORY: &str = "GLIMPSE_TEST_DIRECTORY";

/// Serves until it is killed. Does nothing unless it is started by the tests below.
#[test]
fn victim() {
    let Ok(directory) = env::var(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    let mut config = config(directory);
    config.clock = Clock::system();
    config.public_uri = Some(env::var(PUBLIC_URI).unwrap());
    config.issuer.as_mut().unwrap().key_file = env::var(KEY_FILE).unwrap().into();
    config.node = Some(NodeConfig { listen: "127.0.0.1:0".parse().unwrap(), uri: None });
    config.store = redis(single(env::var(STORE).unwrap()));
    if let StoreConfig::Redis(redis) = &mut config.store {
        // So that commands have an order.
        redis.connections = 1;
    }
    log::to_stderr();
    let running = spawn(config).unwrap();
    fs::write(directory.join("new"), running.base_url()).unwrap();
    fs::rename(directory.join("new"), directory.join("address")).unwrap();
    running.wait().unwrap();
}

struct Victim {
    child: Arc<Mutex<Child>>,
    lockstep: Lockstep,
    client: Client,
    _log: Watched,
    _directory: TempDir,
}

impl Victim {
    fn start(nodes: &Nodes) -> Self {
        let (lockstep, directory) = (Lockstep::before(nodes.redis.port), tempfile::tempdir().unwrap());
        let (log, stderr) = Watched::file(&directory.path().join("log"));
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "kills::victim", "--nocapture"])
            .env(DIRECTORY, directory.path())
            .env(STORE, lockstep.address())
            .env(KEY_FILE, nodes.key_file())
            .env(PUBLIC_URI, &nodes.services[0].url)
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let child = Arc::new(Mutex::new(child));
        let mut victim = Self { child, lockstep, client: Client::new(""), _log: log, _directory: directory };
        let address = victim._directory.path().join("address");
        wait(|| address.exists(), "the victim's start");
        victim.client = Client::new(&fs::read_to_string(address).unwrap());
        victim
    }

    fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let mut child = self.child.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Something that a client asks, of whichever node.
struct Ask {
    method: &'static str,
    path: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl Ask {
    fn get(path: &str) -> Self {
        Self { method: "GET", path: path.to_owned(), headers: Vec::new(), body: None }
    }

    fn post(path: &str, token: Option<&str>, body: &Value) -> Self {
        let headers = [("content-type", "application/json".to_owned())].into_iter();
        let headers = headers.chain(token.map(|token| ("authorization", format!("Bearer {token}"))));
        let body = Some(body.to_string());
        Self { method: "POST", path: path.to_owned(), headers: headers.collect(), body }
    }

    fn of(&self, client: &Client) -> Result<Response, ureq::Error> {
        let headers: Vec<_> = self.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        client.try_send(self.method, &self.path, &headers, self.body.as_deref().map(str::as_bytes))
    }

    fn again(&self, client: &Client) -> Response {
        self.of(client).unwrap()
    }

    /// What the victim wrote, which nobody hears.
    fn written(&self, victim: &Victim) -> Response {
        let host = victim.client.url.strip_prefix("http://").unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let body = self.body.as_deref().unwrap_or_default();
        let mut sent =
            format!("{} {} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n", self.method, self.path);
        self.headers.iter().for_each(|(name, value)| sent.push_str(&format!("{name}: {value}\r\n")));
        sent.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        victim.kill();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Response { status, headers: ureq::http::HeaderMap::new(), body: body.into() }
    }
}

/// The node that lives on, and who visits it.
struct Stage {
    visitor: Visitor,
    nodes: Nodes,
}

impl Stage {
    fn new() -> Self {
        let nodes = Nodes::start(1);
        Self { visitor: Visitor::of(&nodes.services[0]), nodes }
    }

    fn client(&self) -> &Client {
        self.visitor.client()
    }

    fn redis(&self) -> &Redis {
        &self.nodes.redis
    }

    /// Kills one node after the other at each point of an operation, which takes so many commands. What is asked is
    /// prepared anew each time; what holds afterwards is checked with the answer, if the victim came to write one.
    fn kill_everywhere<T>(
        &self,
        commands: usize,
        prepare: impl Fn(&Victim) -> (Ask, T),
        check: impl Fn(&Ask, T, Option<Response>),
    ) {
        let mut victim = Victim::start(&self.nodes);
        for moment in [Moment::BeforeCommand, Moment::BeforeAnswer] {
            for after in 0.. {
                let (ask, kept) = prepare(&victim);
                victim.lockstep.kill(victim.child.clone(), after, moment);
                let heard = ask.of(&victim.client);
                if victim.lockstep.spare() {
                    assert_eq!(after, commands, "commands of {} {}", ask.method, ask.path);
                    check(&ask, kept, Some(heard.unwrap()));
                    break;
                }
                assert!(heard.is_err(), "{moment:?} {after}: somebody answered");
                check(&ask, kept, None);
                victim = Victim::start(&self.nodes);
            }
        }
        let (ask, kept) = prepare(&victim);
        let written = ask.written(&victim);
        check(&ask, kept, Some(written));
    }
}

#[test]
fn a_licence_is_registered() {
    let stage = Stage::new();
    let body = json!({ "profile": DRIVING, "holder": "holder-2", "attributes": sample(DRIVING, 2) });
    let check = |ask: &Ask, (), heard: Option<Response>| {
        for answer in heard.into_iter().chain([ask.again(stage.client())]) {
            stage.client().offer(&answer.ok::<RegisteredLicence>().licence);
        }
    };
    stage.kill_everywhere(1, |_| (Ask::post(paths::LICENCES, Some(ADMIN), &body), ()), check);
}

#[test]
fn an_offer_is_made() {
    let stage = Stage::new();
    let path = paths::LICENCE_OFFERS.replace("{licence}", &stage.visitor.licence);
    let prepare = |_: &Victim| {
        let headers = vec![("authorization", format!("Bearer {ADMIN}"))];
        (Ask { method: "POST", path: path.clone(), headers, body: Some(String::new()) }, ())
    };
    let check = |ask: &Ask, (), heard: Option<Response>| {
        for answer in heard.into_iter().chain([ask.again(stage.client())]) {
            stage.visitor.wallet.obtain(&answer.ok::<OfferCreated>().code);
        }
    };
    stage.kill_everywhere(2, prepare, check);
}

#[test]
fn an_offer_is_redeemed() {
    let stage = Stage::new();
    let prepare = |_: &Victim| {
        let code = stage.client().offer(&stage.visitor.licence).code;
        (Ask::post(paths::OFFERS_REDEEM, None, &json!({ "code": code })), code)
    };
    let check = |ask: &Ask, code: String, heard: Option<Response>| {
        let told = heard.into_iter().chain([ask.again(stage.client()), ask.again(stage.client())]);
        let told: Vec<Value> = told.map(|answer| json!(answer.ok::<OfferDetails>())).collect();
        assert!(told.iter().all(|details| *details == told[0]));
        stage.visitor.wallet.obtain(&code);
    };
    stage.kill_everywhere(4, prepare, check);
}

#[test]
fn a_credential_is_issued() {
    let stage = Stage::new();
    let (wallet, unheard) = (&stage.visitor.wallet, Mutex::new(0));
    let prepare = |_: &Victim| {
        let code = stage.client().offer(&stage.visitor.licence).code;
        let (details, pending, body) = wallet.ask(&code);
        let other = wallet.ask(&code).2;
        (Ask::post(paths::CREDENTIALS, None, &body), (details, pending, other, handles(stage.redis())))
    };
    let check =
        |ask: &Ask, (details, pending, other, before): (_, _, Value, usize), heard: Option<Response>| {
            let refused = || stage.client().post(paths::CREDENTIALS, None, &other).problem(409, "offer-used");
            // It was issued, and nobody was told, or perhaps somebody: nobody else is served.
            if handles(stage.redis()) > before {
                *unheard.lock().unwrap() += usize::from(heard.is_none());
                refused();
            } else {
                assert!(heard.is_none(), "answered, and not kept");
            }
            let told = heard.into_iter().chain([ask.again(stage.client()), ask.again(stage.client())]);
            let told: Vec<CredentialResponse> = told.map(Response::ok).collect();
            assert!(told.iter().all(|answer| answer.credential == told[0].credential));
            wallet.finish(&details, pending, &told[0]);
            refused();
            assert_eq!(handles(stage.redis()), before + 1);
        };
    stage.kill_everywhere(5, prepare, check);
    assert_eq!(*unheard.lock().unwrap(), 1, "kills after the last command");
}

#[test]
fn a_request_is_made() {
    let stage = Stage::new();
    let body = json!({ "inline": policy() });
    let check = |ask: &Ask, (), heard: Option<Response>| {
        for answer in heard.into_iter().chain([ask.again(stage.client())]) {
            let created: RequestCreated = answer.ok();
            stage.client().fetch(&created);
            assert_eq!(stage.client().result(&created).status, RequestStatus::Pending);
        }
    };
    stage.kill_everywhere(2, |_| (Ask::post(paths::REQUESTS, Some(RELYING_PARTY), &body), ()), check);
}

#[test]
fn a_request_is_fetched() {
    let stage = Stage::new();
    let prepare = |_: &Victim| {
        let created = stage.client().request(&policy());
        (Ask::get(stage.nodes.path(&created.request_uri)), ())
    };
    let check = |ask: &Ask, (), heard: Option<Response>| {
        let told: Vec<_> = heard.into_iter().chain([ask.again(stage.client())]).collect();
        assert!(told.iter().all(|answer| read(answer).document() == read(&told[0]).document()));
        assert!(told.iter().all(|answer| answer.body == told[0].body));
    };
    stage.kill_everywhere(1, prepare, check);
}

#[test]
fn a_presentation_is_decided() {
    let stage = Stage::new();
    let unheard = Mutex::new(0);
    let prepare = |_: &Victim| {
        let visit = stage.visitor.visit();
        let path = paths::PRESENTATION.replace("{request}", &visit.created.id);
        let [mut ask, other] = [0, 1].map(|which: usize| {
            let presentation = Blob::from(visit.presentations[which].as_slice());
            Ask::post(&path, None, &json!({ "presentation": presentation }))
        });
        ask.headers.push((IDEMPOTENCY_KEY, "drawn-by-the-wallet".into()));
        (ask, (other, visit.created))
    };
    let check = |ask: &Ask, (mut other, created): (Ask, RequestCreated), heard: Option<Response>| {
        other.headers = ask.headers.clone();
        let refused = || drop(other.again(stage.client()).problem(409, "request-closed"));
        let before = stage.client().result(&created);
        if before.status == RequestStatus::Accepted {
            *unheard.lock().unwrap() += usize::from(heard.is_none());
            refused();
        } else {
            assert!(heard.is_none() && before.status == RequestStatus::Pending, "answered, and not kept");
        }
        let told = heard.into_iter().chain([ask.again(stage.client()), ask.again(stage.client())]);
        told.for_each(|answer| assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body)));
        refused();
        let after = stage.client().result(&created);
        assert_eq!(after.status, RequestStatus::Accepted);
        assert!(before.verdict.is_none() || json!(before.verdict) == json!(after.verdict), "written once");
    };
    stage.kill_everywhere(3, prepare, check);
    assert_eq!(*unheard.lock().unwrap(), 1, "kills after the last command");
}

/// Longest time until a wallet is told that an exchange is over.
const GIVEN_UP: Duration = Duration::from_secs(15);

/// A new exchange at a node that lives.
fn exchange_anew(stage: &Stage) {
    assert_eq!(stage.visitor.wallet.tokens(&stage.visitor.credential, 4).len(), 4);
}

#[test]
fn an_exchange_is_opened() {
    let stage = Stage::new();
    let prepare = |_: &Victim| {
        let pending = PendingTokens::begin(&stage.visitor.credential, 4, &mut OsRng);
        let body = commit_body(&stage.visitor.credential, &pending);
        (Ask::post(paths::TOKENS, None, &body), pending)
    };
    let check = |ask: &Ask, _, heard: Option<Response>| {
        let [heard, again] = [heard, Some(ask.again(stage.client()))]
            .map(|answer| answer.map(Response::ok::<TokenCommitResponse>));
        let again = again.unwrap();
        if let Some(heard) = heard {
            // The same pairs, and never the same k for them.
            assert!(heard.exchange != again.exchange);
            let commitments = [heard, again].map(|answer| answer.commitments);
            assert!(commitments[0].iter().all(|one| !commitments[1].contains(one)));
        }
        exchange_anew(&stage);
    };
    stage.kill_everywhere(1, prepare, check);
}

#[test]
fn the_holder_of_an_exchange_is_killed() {
    let stage = Stage::new();
    let victim = Victim::start(&stage.nodes);
    let wallet = Wallet {
        client: victim.client.clone(),
        registry: victim.client.registry(),
        secret: glimpse_prover::LinkSecret::generate(&mut OsRng),
    };
    let respond = |exchange: &str, challenges: &Value| {
        let path = paths::TOKEN_EXCHANGE.replace("{exchange}", exchange);
        stage.client().post(&path, None, challenges)
    };
    let (exchange, _, challenges) = wallet.open_exchange(&stage.visitor.credential, 4);
    assert_eq!(respond(&exchange, &challenges).status, 200, "passed on");
    let (exchange, _, challenges) = wallet.open_exchange(&stage.visitor.credential, 4);
    victim.kill();
    let asked = Instant::now();
    respond(&exchange, &challenges).problem(404, "exchange-unknown");
    assert!(asked.elapsed() < GIVEN_UP, "{:?}", asked.elapsed());
    exchange_anew(&stage);
}

/// The node that passes it on is killed: what holds k answered it once, or may still do so.
#[test]
fn an_exchange_is_passed_on() {
    let stage = Stage::new();
    let prepare = |_: &Victim| {
        let (exchange, _, challenges) = stage.visitor.wallet.open_exchange(&stage.visitor.credential, 4);
        (Ask::post(&paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange), None, &challenges), ())
    };
    let check = |ask: &Ask, (), heard: Option<Response>| {
        // Both commands come before anything is passed on.
        match heard {
            Some(answer) => assert_eq!(answer.status, 200),
            None => assert_eq!(ask.again(stage.client()).status, 200),
        }
        ask.again(stage.client()).problem(404, "exchange-unknown");
        exchange_anew(&stage);
    };
    stage.kill_everywhere(2, prepare, check);
}
