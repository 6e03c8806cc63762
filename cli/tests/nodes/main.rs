//! Two services on one Redis behind one address, and a wallet that notices nothing of it: processes, flags and signals,
//! as an operator has them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod balancer;

#[path = "../support/mod.rs"]
mod support;

#[path = "../../../service/tests/support/redis.rs"]
mod server;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use balancer::{Balancer, Node, Plan};
use server::Redis;
use support::log::Watched;
use support::{POLICY, glimpse, json, run, write_secrets};

/// What a wallet sends of a token exchange.
const EXCHANGE: [&str; 2] = ["POST /issuer/v1/tokens ", "POST /issuer/v1/tokens/"];

struct Stage {
    balancer: Balancer,
    redis: Redis,
    directory: TempDir,
}

impl Stage {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        write_secrets(directory.path());
        let stage = Self { balancer: Balancer::start(), redis: Redis::start(), directory };
        stage.start_node(0);
        stage.start_node(1);
        stage
    }

    fn place(&self) -> &Path {
        self.directory.path()
    }

    fn start_node(&self, place: usize) {
        let (log, stderr) = Watched::file(&self.place().join(format!("log-{place}")));
        let mut child = glimpse(self.place())
            .args(["serve", "--listen", "127.0.0.1:0", "--public-uri", &self.balancer.url])
            .args(["--issuer-id", "demo", "--issuer-name", "示范机关", "--issuer-key-file", "issuer.key"])
            .args(["--verifier-name", "示范酒吧"])
            .args(["--admin-token-file", "admin", "--verifier-token-file", "relying-party"])
            .args(["--store-redis", &self.redis.address(), "--store-response-timeout", "2s"])
            .args(["--node-listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving at http://").unwrap_or_default().to_owned();
        let node = Node { child, address, _log: log };
        assert!(!node.address.is_empty(), "it does not start");
        self.balancer.put(place, node);
    }

    /// What the issuer and the relying party do, at a node that is there.
    fn ask(&self, node: usize, arguments: &[&str], input: &str) -> Value {
        json(&run(self.place(), &self.balancer.node(node), arguments, input))
    }

    fn wallet(&self, arguments: &[&str]) -> Output {
        self.wallet_with(arguments, "")
    }

    fn wallet_with(&self, arguments: &[&str], input: &str) -> Output {
        let arguments: Vec<_> = ["wallet", "--language", "en"].iter().chain(arguments).copied().collect();
        run(self.place(), "", &arguments, input)
    }

    /// A request, made at a node, that is answered at any.
    fn request(&self, node: usize) -> (String, String) {
        let created = self.ask(node, &["request", "create", "--file", "-"], POLICY);
        let [request, result] =
            ["request_uri", "result_uri"].map(|uri| created[uri].as_str().unwrap().to_owned());
        assert!(request.starts_with(&self.balancer.url), "{request}");
        (request, result.strip_prefix(&self.balancer.url).unwrap().to_owned())
    }

    #[track_caller]
    fn presents(&self, request: &str) {
        let presented = self.wallet(&["present", request, "--yes"]);
        let said = String::from_utf8_lossy(&presented.stderr);
        assert_eq!(String::from_utf8_lossy(&presented.stdout), "Accepted.\n", "{said}");
    }

    fn status(&self, node: usize, result: &str) -> Value {
        let answer = run(self.place(), &self.balancer.node(node), &["request", "result", result], "");
        serde_json::from_slice::<Value>(&answer.stdout).unwrap()["status"].clone()
    }
}

impl Drop for Stage {
    /// The balancer goes on as long as this process, and what it holds with it.
    fn drop(&mut self) {
        self.balancer.kill_all();
    }
}

#[test]
fn a_wallet_goes_on_when_nodes_are_killed_and_redis_stops() {
    let stage = Stage::new();
    let (balancer, url) = (&stage.balancer, stage.balancer.url.as_str());
    let card = stage.ask(0, &["licence", "sample", "cn.resident_identity_card"], "");
    let register =
        ["licence", "register", "--profile", "cn.resident_identity_card", "--holder", "person-1", "-"];
    let licence = stage.ask(0, &register, &card.to_string());
    let offer = stage.ask(1, &["licence", "offer", licence["licence"].as_str().unwrap()], "");
    assert_eq!(offer["issuer_uri"], url);
    assert!(stage.wallet(&["init"]).status.success());
    json(&stage.wallet(&["pin", url]));
    // The node that issues is killed before anybody hears of the credential: the other repeats it.
    balancer.plan(Plan::OnceItAnswered("/issuer/v1/credentials"));
    let credential = json(&stage.wallet_with(&["accept", url, "-"], offer["code"].as_str().unwrap()));
    let id = credential["id"].as_str().unwrap();
    assert_eq!(balancer.seen(&["POST /issuer/v1/credentials"]).len(), 2);
    stage.start_node(balancer.dead().unwrap());

    // Each half of an exchange goes to another node.
    let fetch = || json(&stage.wallet(&["tokens", id, "--count", "4"]))["tokens"].clone();
    assert_eq!(fetch(), 4);
    let [opened, answered] = balancer.seen(&EXCHANGE)[..] else { panic!("one exchange, two requests") };
    assert_ne!(opened, answered);
    // The node that holds it is killed between them: another is begun, and ended, at the one that is left, where every
    // other attempt arrives.
    balancer.plan(Plan::HolderOfExchange);
    assert_eq!(fetch(), 8);
    let (dead, tried) = (balancer.dead().unwrap(), balancer.seen(&EXCHANGE));
    assert!(tried.len() >= 4 && tried[0] == dead, "{tried:?}");
    let alive = 1 - dead;
    let (request, result) = stage.request(alive);
    stage.presents(&request);
    assert_eq!(stage.status(alive, &result), "accepted");
    stage.start_node(dead);

    // Accepted, but the wallet does not hear it: the other node knows the presentation by its key.
    let (request, result) = stage.request(dead);
    balancer.plan(Plan::OnceItAnswered("/presentation "));
    stage.presents(&request);
    let alive = 1 - balancer.dead().unwrap();
    assert_eq!(stage.status(alive, &result), "accepted");

    // Nothing can be asked for while Redis stands still. The wallet says so, and has lost nothing.
    let (request, result) = stage.request(alive);
    stage.start_node(1 - alive);
    let tokens = || json(&stage.wallet(&["--json", "list"]))[0]["tokens"].clone();
    let before = tokens();
    stage.redis.pause();
    let refused = stage.wallet(&["present", &request, "--yes"]);
    stage.redis.resume();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("The store cannot be reached"), "{said}");
    assert_eq!((tokens(), stage.status(alive, &result)), (before, "pending".into()));
    stage.presents(&request);
    assert_eq!(stage.status(1 - alive, &result), "accepted");
}
