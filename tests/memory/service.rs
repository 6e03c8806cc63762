//! A service: the issuer's key as long as it runs, and bearer keys that it was told and need not keep.

use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::{env, fs};

use glimpse_api::paths;
use glimpse_circuits::text::Text;
use glimpse_service::{
    Access, ApiToken, Config, IssuerConfig, Principal, Running, VerifierConfig, read_secret_file, spawn,
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::parent::Process;
use crate::search::Secret;
use crate::stage::Stage;

pub(crate) const ADMIN: &str = "admin-key-of-the-tests-7xq91wzk";
pub(crate) const RELYING_PARTY: &str = "relying-party-key-of-the-memory-tests";

const DIRECTORY: &str = "GLIMPSE_MEMORY_SERVICE";

/// A service of this process.
pub(crate) struct Keeper {
    running: Option<Running>,
    url: String,
    _directory: TempDir,
}

impl Keeper {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let principals = [
            Principal::sole_administrator(&ApiToken::new(ADMIN).unwrap()),
            Principal::sole_relying_party(&ApiToken::new(RELYING_PARTY).unwrap()),
        ];
        let running = spawn(config(directory.path(), Access::new(principals).unwrap())).unwrap();
        Self { url: running.base_url().to_owned(), running: Some(running), _directory: directory }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn post(&self, path: &str, key: &str, body: &Value) -> Value {
        post(&self.url, path, key, body)
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.running.take().unwrap().stop().unwrap();
    }
}

fn config(directory: &Path, access: Access) -> Config {
    let text = |text: &str| Text { zh_cn: text.into(), en: text.into() };
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), directory);
    config.issuer = Some(IssuerConfig::new("memory", text("Issuer"), directory.join("issuer.key")));
    config.verifier = Some(VerifierConfig::new(text("Verifier")));
    config.access = access;
    config.limits.event_loops = 2;
    config.stop_on_signals = false;
    config
}

fn post(url: &str, path: &str, key: &str, body: &Value) -> Value {
    let agent: ureq::Agent = ureq::Agent::config_builder().http_status_as_error(false).build().into();
    let request = agent.post(format!("{url}{path}")).header("authorization", format!("Bearer {key}"));
    let answer = if body.is_null() { request.send_empty() } else { request.send_json(body) };
    let text = answer.unwrap().body_mut().read_to_string().unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}: {text}"))
}

pub(crate) fn run(stage: &mut Stage) {
    let directory = PathBuf::from(env::var(DIRECTORY).unwrap());
    work(stage, &directory);
    stage.dropped();
}

#[inline(never)]
fn work(stage: &Stage, directory: &Path) {
    let key = read_secret_file(&directory.join("admin"), 256).unwrap();
    let access = {
        let token = ApiToken::new(str::from_utf8(&key).unwrap()).unwrap();
        Access::new([Principal::sole_administrator(&token)]).unwrap()
    };
    let mut config = config(directory, access);
    // Its tables are large and public: looking through them takes long.
    config.verifier = None;
    let running = spawn(config).unwrap();
    stage.pause(running.base_url());
    stage.held();
    drop(key);
    stage.pause("told");
    stage.pause("used");
    running.stop().unwrap();
}

pub(crate) fn watch(scenario: &'static str) -> Vec<String> {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let mut file =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(place.join("admin")).unwrap();
    file.write_all(ADMIN.as_bytes()).unwrap();
    let mut process = Process::start("hold", scenario, &[(DIRECTORY, place.to_str().unwrap())]);
    let url = process.line().unwrap();
    process.answer("");
    process.expect("held");
    let text = fs::read_to_string(place.join("issuer.key")).unwrap();
    let digits = text.lines().nth(1).unwrap().strip_prefix("secret ").unwrap();
    let x = Secret::new("x", &hex::decode(digits).unwrap());
    let bearer = Secret::new("bearer-key", ADMIN.as_bytes());
    let on_file = Secret::transient("x-as-its-file-has-it", digits.as_bytes());
    let secrets = [x, bearer, on_file];
    let mut complaints = process.missed(&secrets);
    complaints.extend(process.left(&secrets[2..]));
    process.answer("");

    // The key has been told and hashed. The issuer's own is needed as long as it runs.
    process.expect("told");
    complaints.extend(process.left(&secrets[1..]));
    complaints.extend(process.missed(&secrets[..1]));
    let body = json!({ "profile": "none", "holder": "h", "attributes": {} });
    post(&url, paths::LICENCES, ADMIN, &body);
    process.answer("");

    process.expect("used");
    process.answer("");
    process.expect("dropped");
    // Where requests were read there is what they carried: that is the HTTP server's, and is said in docs/security.md.
    complaints.extend(process.left(&secrets[..1]));
    complaints.extend(process.left(&secrets[2..]));
    process.answer("");
    complaints
}
