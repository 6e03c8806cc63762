//! The service behind a socket.

mod answer;
mod bodies;

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::path::Path;
use std::sync::{LazyLock, Mutex};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use glimpse_api::{Blob, paths};
use glimpse_circuits::text::Text;
use glimpse_fixtures::{AUDIENCE, NOW};
use glimpse_service::{
    Access, ApiToken, Clock, Config, IssuerConfig, Principal, RateLimits, RevocationConfig, Role, Running,
    StoreConfig, VerifierConfig, spawn,
};
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use self::answer::{Answer, read_answer};
use self::bodies::{IMPORT, bodies, register, schema};
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
    /// Another one, which is changed and corrected.
    changing: String,
    pub(crate) code: String,
    exchange: String,
    /// Of the newest revocation list.
    version: String,
    _folder: TempDir,
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
        let key = |name: &str| folder.path().join(name);
        let mut issuer = IssuerConfig::new("91000000FUZZ", text("Issuer"), key("issuer.key"));
        // Where each input puts a record into the store, what is published beside that only takes time.
        let has_lists = matches!(store, StoreConfig::Embedded);
        issuer.revocation =
            has_lists.then(|| RevocationConfig::new(key("revocation.key"), key("manifest.key")));
        config.store = store;
        config.issuer = Some(issuer);
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
            changing: none(),
            code: none(),
            exchange: none(),
            version: none(),
            _folder: folder,
        };
        site.fill();
        if has_lists {
            site.publish();
        }
        site
    }

    fn fill(&mut self) {
        let admin = format!("Bearer {ADMINISTRATOR}");
        let party = format!("Bearer {RELYING_PARTY}");
        let body = |wanted: &str| bodies().into_iter().find(|(_, path, _)| *path == wanted).unwrap().2;
        self.licence = self.said("POST", paths::LICENCES, &admin, &register("h-1"), "licence");
        self.changing = self.said("POST", paths::LICENCES, &admin, &register("h-2"), "licence");
        let offers = paths::LICENCE_OFFERS.replace("{licence}", &self.licence);
        self.code = self.said("POST", &offers, &admin, "", "code");
        let policy = paths::POLICY.replace("{policy}", "adult");
        assert_eq!(self.ask("PUT", &policy, &party, &body(paths::POLICY)).status, 204);
        self.request = self.said("POST", paths::REQUESTS, &party, &body(paths::REQUESTS), "id");
        let import = paths::IMPORT.replace("{import}", IMPORT);
        assert!((200..300).contains(&self.ask("PUT", &import, &admin, &body(paths::IMPORT)).status));
        self.exchange = "0".repeat(48);
        assert!([&self.licence, &self.code, &self.request].iter().all(|reference| !reference.is_empty()));
    }

    /// The first version of each list, whether the service made it by itself or is told to.
    fn publish(&mut self) {
        self.ask("POST", paths::REVOCATION_LISTS, &format!("Bearer {ADMINISTRATOR}"), "{}");
        let path = paths::MANIFEST.replace("{schema}", &schema());
        let given_up = Instant::now() + 3 * PATIENCE;
        while self.version.is_empty() {
            assert!(Instant::now() < given_up, "no list is published");
            let payload = STANDARD.decode(self.said("GET", &path, "", "", "payload")).unwrap();
            let manifest: Json = serde_json::from_slice(&payload).unwrap_or_default();
            self.version = manifest["version"].as_str().unwrap_or_default().to_owned();
            sleep(Duration::from_millis(20));
        }
        let path = paths::BUCKET.replace("{schema}", &schema()).replace("{version}", &self.version);
        assert_eq!(self.ask("GET", &path.replace("{bucket}", "0"), "", "").status, 200);
    }

    fn said(&mut self, method: &str, path: &str, bearer: &str, body: &str, member: &str) -> String {
        self.ask(method, path, bearer, body).member(member)
    }

    /// A licence that was corrected or has ended is not changed any more: another takes its place.
    fn go_on_with(&mut self, template: &str, answer: &Answer) {
        let next = match (template, answer.status) {
            (paths::LICENCE_CORRECTION, 201) => answer.member("licence"),
            (paths::LICENCE_CHANGES, 200) if answer.member("stage") == "ended" => {
                let admin = format!("Bearer {ADMINISTRATOR}");
                self.said("POST", paths::LICENCES, &admin, &register("h-2"), "licence")
            }
            _ => return,
        };
        assert!(!next.is_empty());
        self.changing = next;
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

const METHODS: &[&str] = &["POST", "GET", "PUT", "HEAD", "OPTIONS", "DELETE", "PATCH"];
/// Every path there is: `tests/regressions.rs` compares them with docs/openapi.json.
pub const PATHS: &[&str] = &[
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
    paths::LIVEZ,
    paths::READYZ,
    paths::OPENAPI,
    paths::LICENCE,
    paths::LICENCE_CHANGES,
    paths::LICENCE_CORRECTION,
    paths::WALLET_CHANGES,
    paths::IMPORT,
    paths::IMPORT_ROWS,
    paths::CATALOGUE,
    paths::CATALOGUE_PAGE,
    paths::REVOCATION_LISTS,
    paths::MANIFEST,
    paths::BUCKET,
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
    site.go_on_with(template, &answer);
}

/// Puts a request together. Only what stands in it is chosen by the input, not where it begins and ends.
fn request(site: &Site, method: &str, template: &str, input: &mut Bytes<'_>) -> Vec<u8> {
    let mut path = template.to_owned();
    let changes = [paths::LICENCE, paths::LICENCE_CHANGES, paths::LICENCE_CORRECTION].contains(&template);
    let schema = schema();
    let known = [
        ("{request}", site.request.as_str()),
        ("{licence}", if changes { &site.changing } else { &site.licence }),
        ("{exchange}", &site.exchange),
        ("{policy}", "adult"),
        ("{relying_party}", "relying-party"),
        ("{import}", IMPORT),
        ("{schema}", &schema),
        ("{stage}", "registered"),
        ("{version}", &site.version),
        ("{bucket}", "0"),
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

/// Every path with a sound body and each bearer, headers, and some bytes as they go over the wire.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let place = |all: &[&str], one: &str| all.iter().position(|it| *it == one).unwrap() as u8;
    for (method, path, body) in bodies() {
        for bearer in 0..3u8 {
            let head = [0, place(METHODS, method), place(PATHS, path), 0, bearer, 0];
            seeds.add([&head[..], &block(body.as_bytes())].concat());
        }
    }
    for path in 0..PATHS.len() as u8 {
        for bearer in 0..4u8 {
            seeds.add([0, 1, path, 0, bearer, 0, 0, 0]);
        }
    }
    let (_, path, presentation) =
        bodies().into_iter().find(|(_, path, _)| *path == paths::PRESENTATION).unwrap();
    let step = json!({"act": "suspend", "reason": "r"}).to_string();
    let changes = [0, 0, place(PATHS, paths::LICENCE_CHANGES), 0, 0, 1, 1];
    seeds.add([&changes[..], &block(b"0123456789abcdef"), &block(step.as_bytes())].concat());
    let parent = b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    for (header, value) in [
        (0u8, &parent[..]),
        (1, b"0123456789abcdef"),
        (2, b"application/json; charset=utf-8"),
        (3, b"https://wallet.example"),
        (4, b"for=192.0.2.1;proto=https, for=\"[2001:db8::1]:1\""),
        (5, b"192.0.2.1, 10.0.0.1"),
    ] {
        let head = [&[0, 0, place(PATHS, path), 0, 3, 1, header][..], &block(value)].concat();
        seeds.add([&head[..], &block(presentation.as_bytes())].concat());
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
