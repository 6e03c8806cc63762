//! The service behind a socket, and its access file.

use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use glimpse_api::{Blob, paths};
use glimpse_circuits::text::Text;
use glimpse_fixtures::{AUDIENCE, NOW};
use glimpse_service::{
    Access, ApiToken, Clock, Config, IssuerConfig, Principal, RateLimits, Role, Running, StoreConfig,
    VerifierConfig, spawn,
};
use serde_json::{Value as Json, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::bytes::{Bytes, block};
use crate::scene::stock;
use crate::seeds::Seeds;

/// After so many inputs the service is started anew, with nothing in its store.
const RENEWED_AFTER: usize = 20_000;
/// Longest wait for an answer. Whoever waits longer has found something.
const PATIENCE: Duration = Duration::from_secs(20);

const ADMINISTRATOR: &str = "administrator-of-the-fuzzer";
const RELYING_PARTY: &str = "relying-party-of-the-fuzzer";
const AUDITOR: &str = "auditor-of-the-fuzzer";

/// A service with something of everything in its store.
pub(crate) struct Site {
    /// Goes first: whoever is connected is waited for.
    connection: Option<TcpStream>,
    _running: Running,
    address: SocketAddr,
    inputs: usize,
    pub(crate) request: String,
    pub(crate) licence: String,
    pub(crate) code: String,
    exchange: String,
    _folder: TempDir,
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn member(&self, name: &str) -> String {
        let json: Json = serde_json::from_slice(&self.body).unwrap_or_default();
        json[name].as_str().unwrap_or_default().to_owned()
    }
}

impl Site {
    pub(crate) fn new(store: StoreConfig) -> Self {
        let memory = Path::new("/dev/shm");
        let folder =
            if memory.exists() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        let text = |text: &str| Text { zh_cn: text.into(), en: text.into() };
        let mut verifier = VerifierConfig::new(text("Verifier"));
        // So that it accepts the answers in stock, for the requests that they are to.
        verifier.audience = Some(AUDIENCE.into());
        verifier.trusted_issuers = stock().registry().issuers().map(|issuer| (**issuer).clone()).collect();
        verifier.schemas = stock().registry().schemas().map(|schema| (**schema).clone()).collect();
        let token = |token: &str| ApiToken::new(token).unwrap();
        let auditor = Principal { role: Role::Auditor, ..Principal::sole_administrator(&token(AUDITOR)) };
        let principals = [
            Principal::sole_administrator(&token(ADMINISTRATOR)),
            Principal::sole_relying_party(&token(RELYING_PARTY)),
            Principal { id: "auditor".into(), ..auditor },
        ];
        let mut config = Config::new("127.0.0.1:0".parse().unwrap(), folder.path());
        config.store = store;
        config.issuer =
            Some(IssuerConfig::new("91000000FUZZ", text("Issuer"), folder.path().join("issuer.key")));
        config.verifier = Some(verifier);
        config.access = Access::new(principals).unwrap();
        config.stop_on_signals = false;
        config.limits.event_loops = 1;
        config.limits.proof_workers = 1;
        config.limits.rates = RateLimits::NONE;
        config.limits.head_timeout = Duration::from_millis(100);
        // Requests in stock are good for 300 seconds from there.
        config.clock = Clock::new(|| NOW);
        let running = spawn(config).unwrap();
        let address = running.base_url().strip_prefix("http://").unwrap().parse().unwrap();
        let none = String::new;
        let mut site = Self {
            _running: running,
            address,
            connection: None,
            inputs: 0,
            request: none(),
            licence: none(),
            code: none(),
            exchange: none(),
            _folder: folder,
        };
        site.fill();
        site
    }

    fn fill(&mut self) {
        let bodies = bodies();
        let [(_, register), (_, policy), (_, create), ..] = &bodies[..] else { return };
        let admin = format!("Bearer {ADMINISTRATOR}");
        let party = format!("Bearer {RELYING_PARTY}");
        self.licence = self.said("POST", paths::LICENCES, &admin, register, "licence");
        let offers = paths::LICENCE_OFFERS.replace("{licence}", &self.licence);
        self.code = self.said("POST", &offers, &admin, "", "code");
        assert_eq!(self.ask("PUT", &paths::POLICY.replace("{policy}", "adult"), &party, policy).status, 204);
        self.request = self.said("POST", paths::REQUESTS, &party, create, "id");
        self.exchange = "0".repeat(48);
        assert!([&self.licence, &self.code, &self.request].iter().all(|reference| !reference.is_empty()));
    }

    fn said(&mut self, method: &str, path: &str, bearer: &str, body: &str, member: &str) -> String {
        self.ask(method, path, bearer, body).member(member)
    }

    /// Sends JSON.
    pub(crate) fn ask(&mut self, method: &str, path: &str, bearer: &str, body: &str) -> Answer {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: fuzz\r\ncontent-type: application/json\r\nauthorization: {bearer}\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(method, &[head.as_bytes(), body.as_bytes()].concat())
            .expect("a sound request is answered")
    }

    /// Sends a request, on a connection that is kept, and reads the whole answer. `None` if there is none.
    fn exchange(&mut self, method: &str, bytes: &[u8]) -> Option<Answer> {
        // One that was kept may have been closed meanwhile, so it is tried twice.
        for _ in 0..2 {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => {
                    let connection = TcpStream::connect(self.address).unwrap();
                    connection.set_read_timeout(Some(PATIENCE)).unwrap();
                    connection.set_nodelay(true).unwrap();
                    connection
                }
            };
            if connection.write_all(bytes).is_err() {
                continue;
            }
            if let Some(answer) = read_answer(&mut connection, method) {
                if answer.header("connection").is_none_or(|said| said != "close") {
                    self.connection = Some(connection);
                }
                return Some(answer);
            }
        }
        None
    }

    /// Sends anything, and reads whatever comes until the end.
    fn shout(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut connection = TcpStream::connect(self.address).unwrap();
        connection.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut answer = Vec::new();
        // Whoever is told that something is wrong may find the connection gone.
        if connection.write_all(bytes).is_ok() && connection.shutdown(Shutdown::Write).is_ok() {
            let _ = connection.read_to_end(&mut answer);
        }
        answer
    }
}

fn read_answer(connection: &mut TcpStream, method: &str) -> Option<Answer> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => bytes.extend(&buffer[..count]),
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec()).expect("a head is ASCII");
    let mut answer = Answer { status: head.get(9..12)?.parse().ok()?, head, body: bytes[end..].to_vec() };
    let empty = method == "HEAD" || matches!(answer.status, 204 | 304);
    let length = if empty { 0 } else { answer.header("content-length").map_or(0, |it| it.parse().unwrap()) };
    while answer.body.len() < length {
        match connection.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(count) => answer.body.extend(&buffer[..count]),
        }
    }
    assert_eq!(answer.body.len(), length, "more than was announced");
    Some(answer)
}

const METHODS: &[&str] = &["POST", "GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"];
const PATHS: &[&str] = &[
    paths::LICENCES,
    paths::POLICY,
    paths::REQUESTS,
    paths::PRESENTATION,
    paths::VERIFY,
    paths::OFFERS_REDEEM,
    paths::CREDENTIALS,
    paths::TOKENS,
    paths::TOKEN_EXCHANGE,
    paths::REQUEST,
    paths::RESULT,
    paths::LICENCE_OFFERS,
    paths::METADATA,
    paths::AUDIT_RELYING_PARTIES,
    paths::AUDIT_POLICIES,
    paths::AUDIT_REQUEST,
    paths::READYZ,
    paths::OPENAPI,
];
const HEADERS: &[&str] =
    &["traceparent", "idempotency-key", "content-type", "origin", "forwarded", "x-forwarded-for", "accept"];

/// First byte: whether all bytes are given or only parts of a request.
pub(crate) fn read(input: &[u8]) {
    static SITE: LazyLock<Mutex<Option<Site>>> = LazyLock::new(Mutex::default);
    let mut site = SITE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if site.as_ref().is_some_and(|site| site.inputs >= RENEWED_AFTER) {
        *site = None;
    }
    let site = site.get_or_insert_with(|| Site::new(StoreConfig::Embedded));
    site.inputs += 1;
    let mut input = Bytes::new(input);
    // Whatever comes in pieces costs a connection, and the service some patience.
    if input.below(8) == 7 {
        let answer = site.shout(input.rest());
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "an answer that is no HTTP");
        assert!(!answer.starts_with(b"HTTP/1.1 500"), "an internal error");
        return;
    }
    let (method, template) = (*input.pick(METHODS), *input.pick(PATHS));
    let request = request(site, method, template, &mut input);
    let Some(answer) = site.exchange(method, &request) else {
        panic!("no answer to {method} {template}");
    };
    look_at(method, template, &request, &answer);
}

/// Puts a request together. Only what stands in it is chosen by the input, not where it begins and ends.
fn request(site: &Site, method: &str, template: &str, input: &mut Bytes<'_>) -> Vec<u8> {
    let mut path = template.to_owned();
    let known = [
        ("{request}", &site.request),
        ("{licence}", &site.licence),
        ("{exchange}", &site.exchange),
        ("{policy}", &"adult".to_owned()),
        ("{relying_party}", &"relying-party".to_owned()),
    ];
    let own = input.below(4) == 3;
    for (name, reference) in known {
        if own && path.contains(name) {
            let text = line(input.block(), |byte| byte.is_ascii_graphic());
            path = path.replace(name, &text);
        }
        path = path.replace(name, reference);
    }
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: fuzz\r\n");
    let bearer = [ADMINISTRATOR, RELYING_PARTY, AUDITOR, ""][input.below(4)];
    if !bearer.is_empty() {
        head += &format!("authorization: Bearer {bearer}\r\n");
    }
    let mut typed = false;
    for _ in 0..input.below(4) {
        let name = *input.pick(HEADERS);
        typed |= name == "content-type";
        head += &format!("{name}: {}\r\n", line(input.block(), |byte| (b' '..0x7f).contains(&byte)));
    }
    if !typed {
        head += "content-type: application/json\r\n";
    }
    // What the service gave out is put in place of what stands for it.
    let body = String::from_utf8_lossy(input.block()).replace("<code>", &site.code);
    head += &format!("content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body.as_bytes()].concat()
}

fn line(bytes: &[u8], keep: fn(u8) -> bool) -> String {
    bytes.iter().filter(|byte| keep(**byte)).map(|byte| char::from(*byte)).collect()
}

fn look_at(method: &str, template: &str, request: &[u8], answer: &Answer) {
    let what = || format!("{method} {template}: {} {}", answer.status, String::from_utf8_lossy(&answer.body));
    assert!((200..500).contains(&answer.status), "{}", what());
    // Heads that are refused before they are understood have an answer of the server's own.
    if answer.header("x-request-id").is_some() && answer.status >= 400 && method != "HEAD" {
        let problem: Json = serde_json::from_slice(&answer.body).unwrap_or_default();
        assert_eq!(problem["status"], answer.status, "{}", what());
        assert!(
            problem["type"].as_str().is_some_and(|it| it.starts_with("urn:glimpse:problem:")),
            "{}",
            what()
        );
    }
    let accepted = answer.member("decision") == "accepted" || answer.member("verdict") == "accepted";
    if accepted && template == paths::VERIFY {
        let (_, body) = request.split_at(request.windows(4).position(|it| it == b"\r\n\r\n").unwrap() + 4);
        let body: Json = serde_json::from_slice(body).unwrap();
        let presentation: Blob = serde_json::from_value(body["presentation"].clone()).unwrap();
        assert!(stock().asked.iter().any(|asked| asked.is_answer(&presentation.0)), "{}", what());
    } else {
        assert!(!accepted, "{}", what());
    }
}

/// Paths by their places in [`PATHS`], with bodies that are sound.
fn bodies() -> Vec<(usize, String)> {
    let text = json!({"zh-CN": "核实年龄", "en": "To check the age"});
    let licence = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let sample = licence.sample(&glimpse_profiles::sample::Persona::new(1));
    let policy = json!({"purpose": text, "prefer": "small", "licences": [
        {"id": "a", "schema": "cn.driving_licence", "check": "keyed"}],
        "statements": [{"age": {"of": "a.birth_date", "at_least": "18"}}, {"disclose": {"of": "a.sex"}}]});
    let asked = &stock().asked[2];
    let request: Json =
        serde_json::from_slice(&asked.relation.request().to_canonical_json().unwrap()).unwrap();
    let blob = |bytes: &[u8]| json!(Blob::from(bytes));
    let key = stock().registry().issuers().next().unwrap().key;
    vec![
        (0, json!({"profile": "cn.driving_licence", "holder": "h-1", "attributes": sample}).to_string()),
        (1, policy.to_string()),
        (2, json!({"inline": policy}).to_string()),
        (2, json!({"policy": "adult"}).to_string()),
        (3, json!({"presentation": blob(&asked.answers[0].bytes)}).to_string()),
        (4, json!({"request": request, "presentation": blob(&asked.answers[0].bytes)}).to_string()),
        (4, json!({"request": request, "presentation": blob(&asked.answers[1].bytes)}).to_string()),
        (5, json!({"code": "<code>"}).to_string()),
        (6, json!({"code": "<code>", "request": blob(&[2; 192])}).to_string()),
        (7, json!({"key": key, "pairs": vec![blob(&[2; 64]); 4]}).to_string()),
        (8, json!({"challenges": vec![blob(&[2; 32]); 4]}).to_string()),
    ]
}

/// Every path with a sound body and each bearer, headers, and some bytes as they go over the wire.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for (path, body) in bodies() {
        for bearer in 0..3u8 {
            let method = u8::from(path == 1) * 2;
            let head = [0, method, path as u8, 0, bearer, 0];
            seeds.add([&head[..], &block(body.as_bytes())].concat());
        }
    }
    for path in 9..PATHS.len() as u8 {
        for bearer in 0..4u8 {
            seeds.add([0, 1, path, 0, bearer, 0, 0, 0]);
        }
    }
    let parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (header, value) in [
        (0u8, &parent[..]),
        (1, b"0123456789abcdef"),
        (2, b"application/json; charset=utf-8"),
        (3, b"https://wallet.example"),
        (4, b"for=192.0.2.1;proto=https, for=\"[2001:db8::1]:1\""),
        (5, b"192.0.2.1, 10.0.0.1"),
    ] {
        let (_, body) = &bodies()[4];
        let head = [&[0, 0, 3, 0, 3, 1, header][..], &block(value)].concat();
        seeds.add([&head[..], &block(body.as_bytes())].concat());
    }
    for raw in [
        "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n",
        "GET /readyz HTTP/1.0\r\n\r\n",
        "POST /verifier/v1/verify HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "GET /livez HTTP/1.1\r\nhost: a\r\n\r\nGET /livez HTTP/1.1\r\nhost: a\r\n\r\n",
    ] {
        seeds.add([&[7][..], raw.as_bytes()].concat());
    }
}

/// The text of an access file.
pub(crate) fn access_file(input: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    let path = FOLDER.path().join("access.toml");
    fs::write(&path, input).unwrap();
    match Access::from_file(&path, []) {
        Ok(access) => {
            let principals = access.principals();
            assert!(principals.iter().all(|principal| !principal.id.is_empty()));
            assert!(!access.reload().unwrap(), "the same file says something else");
            let _ = format!("{access:?}");
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
}

/// One of everything that an access file can say.
pub(crate) fn seeds_of_access_files(seeds: &mut Seeds) {
    let hash: String = Sha256::digest(b"a").iter().map(|byte| format!("{byte:02x}")).collect();
    let key = format!(
        "{{ sha256 = \"{hash}\", label = \"2026\", not_before = \"2026-01-01T00:00:00Z\", not_after = 2027-01-01T00:00:00Z }}"
    );
    let issuer = format!("[[principal]]\nid = \"registry\"\nrole = \"issuer\"\nkeys = [{key}]\n");
    let certificate =
        format!("[[principal]]\nid = \"auditor\"\nrole = \"auditor\"\ncertificates = [\"{hash}\"]\n");
    let party = format!(
        "[[principal]]\nid = \"bar\"\nrole = \"relying_party\"\nname = {{ zh-CN = \"酒吧\", en = \"Bar\" }}\nkeys = [{key}]\n\
         [principal.may_ask]\nschemas = [\"cn.driving_licence\"]\nstatements = [\"age\"]\nchecks = [\"token\"]\n\
         prove = [\"cn.driving_licence.birth_date\"]\ndisclose = \"any\"\n"
    );
    seeds.add(&issuer);
    seeds.add(&certificate);
    seeds.add(&party);
    seeds.add(format!("{issuer}{certificate}{party}"));
    seeds.add("");
}
