//! What a store gives back: records that were damaged, or that another program wrote.
//!
//! A Redis stands behind the service, and its keys (`service/src/store/redis/keys.rs`) are written past it. Both stores
//! read their records with the same code.

use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::paths;
use glimpse_circuits::key::Issuer;
use glimpse_service::{RedisConfig, RedisServers, StoreConfig};
use redis::{Client, Connection, Value as Reply, cmd};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};

use crate::bytes::{Bytes, block};
use crate::http::Site;
use crate::scene::stock;
use crate::seeds::Seeds;

const RELYING_PARTY: &str = "Bearer relying-party-of-the-fuzzer";
const ADMINISTRATOR: &str = "Bearer administrator-of-the-fuzzer";
const AUDITOR: &str = "Bearer auditor-of-the-fuzzer";

struct Scene {
    site: Site,
    redis: Connection,
    _server: Server,
}

struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Scene {
    fn new() -> Self {
        // Another process may be faster and take the port.
        for _ in 0..10 {
            let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
            let port = listener.local_addr().unwrap().port();
            drop(listener);
            let port = port.to_string();
            // Nothing is kept: neither snapshots nor a log.
            let child = Command::new("redis-server")
                .args(["--bind", "127.0.0.1", "--port", &port, "--save", "", "--appendonly", "no"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .expect("scripts/test installs redis-server");
            let server = Server(child);
            let address = format!("redis://127.0.0.1:{port}");
            if let Some(redis) = connected(&address, server.0.id()) {
                let config = RedisConfig::new(RedisServers::Single(address));
                return Self {
                    site: Site::new(StoreConfig::Redis(Box::new(config))),
                    redis,
                    _server: server,
                };
            }
        }
        panic!("redis-server does not start");
    }

    fn set(&mut self, key: &str, fields: &[(&str, &[u8])]) {
        let _: Reply = cmd("DEL").arg(key).query(&mut self.redis).unwrap();
        for (field, value) in fields {
            let _: Reply = cmd("HSET").arg(key).arg(field).arg(*value).query(&mut self.redis).unwrap();
        }
    }

    fn ask(&mut self, method: &str, path: &str, bearer: &str, body: &str) {
        let answer = self.site.ask(method, path, bearer, body);
        assert_ne!(answer.status, 500, "{method} {path}: {}", String::from_utf8_lossy(&answer.body));
    }
}

fn connected(address: &str, process: u32) -> Option<Connection> {
    let given_up = Instant::now() + Duration::from_secs(60);
    while Instant::now() < given_up {
        let client = Client::open(address).unwrap();
        if let Ok(mut connection) = client.get_connection_with_timeout(Duration::from_millis(500)) {
            let said: String = cmd("INFO").arg("server").query(&mut connection).unwrap_or_default();
            return said.lines().any(|line| line == format!("process_id:{process}")).then_some(connection);
        }
        sleep(Duration::from_millis(20));
    }
    None
}

/// First byte: which record. Then its fields.
pub(crate) fn read(input: &[u8]) {
    static SCENE: LazyLock<Mutex<Scene>> = LazyLock::new(|| Mutex::new(Scene::new()));
    let mut scene = SCENE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut input = Bytes::new(input);
    let (request, licence, code) =
        (scene.site.request.clone(), scene.site.licence.clone(), scene.site.code.clone());
    match input.below(4) {
        0 => {
            let key = format!("glimpse:request:{{{request}}}");
            let mut fields = vec![("record", input.block())];
            fields.extend(some(&mut input, &["expires_at", "attempt", "outcome"]));
            scene.set(&key, &fields);
            scene.ask("GET", &paths::REQUEST.replace("{request}", &request), "", "");
            scene.ask("GET", &paths::RESULT.replace("{request}", &request), RELYING_PARTY, "");
            scene.ask("GET", &paths::AUDIT_REQUEST.replace("{request}", &request), AUDITOR, "");
            let body = json!({"presentation": "AQAA"}).to_string();
            scene.ask("POST", &paths::PRESENTATION.replace("{request}", &request), "", &body);
        }
        1 => {
            scene.set("glimpse:policies:{relying-party}", &[("adult", input.block())]);
            scene.ask("GET", &paths::POLICY.replace("{policy}", "adult"), RELYING_PARTY, "");
            scene.ask("POST", paths::REQUESTS, RELYING_PARTY, r#"{"policy":"adult"}"#);
            scene.ask("GET", &paths::AUDIT_POLICIES.replace("{relying_party}", "relying-party"), AUDITOR, "");
        }
        2 => {
            let key = format!("glimpse:{{issuance}}:licence:{licence}");
            let mut fields = vec![("record", input.block())];
            fields.extend(some(&mut input, &["revision", "change"]));
            scene.set(&key, &fields);
            let at = |pattern: &str| pattern.replace("{licence}", &licence);
            scene.ask("GET", &at(paths::LICENCE), ADMINISTRATOR, "");
            scene.ask("POST", &at(paths::LICENCE_OFFERS), ADMINISTRATOR, "");
            scene.ask(
                "POST",
                &at(paths::LICENCE_CHANGES),
                ADMINISTRATOR,
                r#"{"act":"suspend","reason":"r"}"#,
            );
            redeem(&mut scene, &code);
        }
        _ => {
            let hash: String = Sha256::digest(&code).iter().map(|byte| format!("{byte:02x}")).collect();
            let fields =
                some(&mut input, &["licence", "wallet", "nonce", "expires_at", "request", "credential"]);
            scene.set(&format!("glimpse:{{issuance}}:offer:{hash}"), &fields);
            redeem(&mut scene, &code);
        }
    }
}

/// Some of these fields: for each a byte that says whether it is there, and what is in it.
fn some<'a>(input: &mut Bytes<'a>, names: &[&'static str]) -> Vec<(&'static str, &'a [u8])> {
    let mut fields = Vec::new();
    for name in names {
        if input.byte() % 4 != 3 {
            fields.push((*name, input.block()));
        }
    }
    fields
}

fn redeem(scene: &mut Scene, code: &str) {
    scene.ask("POST", paths::OFFERS_REDEEM, "", &json!({ "code": code }).to_string());
    scene.ask("POST", paths::CREDENTIALS, "", &json!({ "code": code }).to_string());
}

/// Records as the service writes them.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let asked = &stock().asked[2];
    let request: Json =
        serde_json::from_slice(&asked.relation.request().to_canonical_json().unwrap()).unwrap();
    let record = json!({"owner": "relying-party", "request": request}).to_string();
    let key: &Issuer = stock().registry().issuers().next().unwrap();
    let digest = "0".repeat(64);
    let verdict = json!({"verdict": "accepted", "request": digest, "statements": [], "disclosed": [
        {"of": "a.name", "value": "张三"}], "licences": [{"id": "a", "schema": digest, "schema_id": "test.all",
        "issuer": key, "check": "keyed"}]});
    let field = |value: &[u8]| [&[0][..], &block(value)].concat();
    for outcome in [json!("refused"), json!({ "accepted": verdict })] {
        let fields = [field(b"1795320300"), field(&[1; 32]), field(outcome.to_string().as_bytes())].concat();
        seeds.add([&[0][..], &block(record.as_bytes()), &fields].concat());
    }
    seeds.add([&[0][..], &block(record.as_bytes()), &field(b"1795320300"), &[3, 3]].concat());
    let policy = json!({"purpose": {"zh-CN": "x", "en": "x"}, "licences": [
        {"id": "a", "schema": "cn.driving_licence", "check": "keyed"}], "statements": []});
    seeds.add([&[1][..], &block(policy.to_string().as_bytes())].concat());
    let driving = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let values = driving.admit(&driving.sample(&glimpse_profiles::sample::Persona::new(1))).unwrap();
    let values = glimpse_api::Blob(crate::scene::written(&values));
    let change = "0".repeat(32);
    let standing = json!({"revision": "2", "change": change, "stage": "valid", "wallet": "0",
        "credentials": [{"key": key.key, "handle": 7}]});
    let licence = json!({"schema": driving.schema().digest(), "holder": "h", "values": values, "registered_at": 1,
        "version": "1", "standing": standing});
    let fields = [field(b"2"), field(change.as_bytes())].concat();
    seeds.add([&[2][..], &block(licence.to_string().as_bytes()), &fields].concat());
    let fields =
        [field(change.as_bytes()), field(b"0"), field(digest.as_bytes()), field(b"1795320300")].concat();
    seeds.add([&[3][..], &fields, &[3, 3]].concat());
    seeds.add([&[3][..], &fields, &field(&[1; 32]), &field(b"x")].concat());
}
