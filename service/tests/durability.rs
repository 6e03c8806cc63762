//! Whatever was acknowledged is there after the process was killed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::env;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use glimpse_api::{CredentialResponse, RequestStatus, paths};
use glimpse_service::spawn;
use serde_json::{Value, json};
use support::log::{self, Watched};
use support::{Client, DRIVING, RELYING_PARTY, Wallet, config, driving_policy};

/// Where the child serves from; this test binary run again with it is the child.
const DIRECTORY: &str = "GLIMPSE_TEST_DIRECTORY";
const ADDRESS_FILE: &str = "address";

/// Serves until it is killed. Does nothing unless it is started by the tests below.
#[test]
fn child() {
    let Ok(directory) = env::var(DIRECTORY) else { return };
    let directory = Path::new(&directory);
    log::to_stderr();
    let running = spawn(config(directory)).unwrap();
    fs::write(directory.join("address.new"), running.base_url()).unwrap();
    fs::rename(directory.join("address.new"), directory.join(ADDRESS_FILE)).unwrap();
    running.wait().unwrap();
}

struct Process {
    child: Child,
    client: Client,
    _log: Watched,
}

impl Process {
    fn start(directory: &Path) -> Self {
        let _ = fs::remove_file(directory.join(ADDRESS_FILE));
        let (log, stderr) = Watched::file(&directory.join("log"));
        let child = Command::new(env::current_exe().unwrap())
            .args(["--exact", "child", "--nocapture"])
            .env(DIRECTORY, directory)
            .stdout(Stdio::null())
            .stderr(stderr)
            .spawn()
            .unwrap();
        let mut process = Self { _log: log, child, client: Client::new("") };
        let given_up = Instant::now() + Duration::from_secs(60);
        loop {
            if let Ok(address) = fs::read_to_string(directory.join(ADDRESS_FILE)) {
                process.client = Client::new(&address);
                return process;
            }
            assert!(Instant::now() < given_up, "the child did not start");
            sleep(Duration::from_millis(10));
        }
    }

    /// SIGKILL: nothing is flushed, nothing is closed.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn everything_acknowledged_is_there_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let process = Process::start(directory.path());
    let client = process.client.clone();
    let licence = client.register_sample(DRIVING, 1);
    let (used, open) = (client.offer(&licence).code, client.offer(&licence).code);
    let mut wallet = Wallet::new(client.clone());
    let (details, pending, ask) = wallet.ask(&used);
    let answer: CredentialResponse = client.post(paths::CREDENTIALS, None, &ask).ok();
    let credential = wallet.finish(&details, pending, &answer);
    let mut tokens = wallet.tokens(&credential, 4);
    let (exchange, _, challenges) = wallet.open_exchange(&credential, 4);
    let policy = driving_policy("token");
    let policy_path = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &policy_path, Some(RELYING_PARTY), &policy).status, 204);
    let (decided, pending_request) = (client.request(&policy), client.request(&policy));
    let presentation = wallet.present(client.fetch(&decided), &credential, tokens.pop());
    assert_eq!(client.submit(&decided.id, &presentation).status, 200);
    process.kill();

    let process = Process::start(directory.path());
    let client = process.client.clone();
    let here = |uri: &str| uri.replace(&wallet.client.url, &client.url);
    // The offer stays used, its answer is repeated, another wallet of the holder is still refused.
    let again: CredentialResponse = client.post(paths::CREDENTIALS, None, &ask).ok();
    assert!(again.credential == answer.credential);
    let stranger = Wallet::new(client.clone());
    let (_, _, other) = stranger.ask(&used);
    client.post(paths::CREDENTIALS, None, &other).problem(409, "offer-used");
    let (_, _, second_wallet) = stranger.ask(&open);
    client.post(paths::CREDENTIALS, None, &second_wallet).problem(409, "holder-registered");
    // The policy, the decision and the open request are there; the decided one stays closed.
    assert_eq!(client.get(&policy_path, Some(RELYING_PARTY)).ok::<Value>(), policy);
    let result: glimpse_api::ResultReport = client.get(&here(&decided.result_uri), Some(RELYING_PARTY)).ok();
    assert_eq!((result.status, result.verdict.unwrap().disclosed.len()), (RequestStatus::Accepted, 2));
    client.submit(&decided.id, &presentation).problem(409, "request-closed");
    let request = client.get(&here(&pending_request.request_uri), None);
    assert_eq!(request.status, 200);
    // k is gone with the process.
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
    client.post(&path, None, &challenges).problem(404, "exchange-unknown");
    // And the same key serves on.
    wallet.client = client.clone();
    wallet.obtain(&open);
    assert_eq!(wallet.tokens(&credential, 4).len(), 4);
}

/// Killed at a random moment under load, again and again: of what was acknowledged nothing is missing, and an offer
/// that was cut off is answered once.
#[test]
fn killed_in_the_middle_of_things() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..4u64 {
        let process = Process::start(directory.path());
        let client = process.client.clone();
        let licence = client.register_sample(DRIVING, round);
        let wallet = Wallet::new(client.clone());
        let asked: Vec<_> = (0..24).map(|_| wallet.ask(&client.offer(&licence).code).2).collect();
        let victim = thread::spawn(move || {
            sleep(Duration::from_millis(20 + 25 * round));
            process.kill();
        });
        let mut acknowledged = Vec::new();
        for body in &asked {
            let headers = [("content-type", "application/json")];
            let sent =
                client.try_send("POST", paths::CREDENTIALS, &headers, Some(body.to_string().as_bytes()));
            let Ok(answer) = sent else { break };
            acknowledged.push((body, answer.ok::<CredentialResponse>()));
        }
        victim.join().unwrap();

        let process = Process::start(directory.path());
        for (body, answer) in &acknowledged {
            let again: CredentialResponse = process.client.post(paths::CREDENTIALS, None, body).ok();
            assert!(again.credential == answer.credential);
        }
        for body in &asked {
            process.client.post(paths::CREDENTIALS, None, body).ok::<CredentialResponse>();
            let other = json!({ "code": body["code"] });
            process.client.post(paths::CREDENTIALS, None, &other).problem(409, "offer-used");
        }
        process.kill();
    }
}
