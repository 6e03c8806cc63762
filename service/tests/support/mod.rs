//! A service on a port of its own, and a wallet to visit it with.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod contract;
pub mod log;

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use glimpse_api::{
    Blob, CredentialResponse, LicenceReport, Metadata, OfferCreated, OfferDetails, PROBLEM_CONTENT_TYPE,
    Problem, RegisteredLicence, RequestCreated, ResultReport, TokenCommitResponse, TokenRespondResponse,
    paths,
};
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::key::Registry;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_circuits::text::Text;
use glimpse_circuits::token::TokenCommitment;
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{
    BlindedTokens, Credential, Holding, Interval, IntervalError, LinkSecret, PendingIssuance, PendingTokens,
    PresentError, Showing, Signed, Token, present,
};
use glimpse_service::{
    Access, ApiToken, Clock, Config, IssuerConfig, Principal, RevocationConfig, Running, VerifierConfig,
    spawn,
};
use glimpse_trust::envelope::Envelope;
use glimpse_trust::manifest::Manifest;
use rand_core::OsRng;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use tempfile::TempDir;

use self::contract::{CONTRACT, Seen};
use self::log::Watched;

pub const ADMIN: &str = "admin-token-of-the-tests";
pub const RELYING_PARTY: &str = "relying-party-token-of-the-tests";
pub const DRIVING: &str = "cn.driving_licence";
/// 2026-11-22T04:00:00Z, noon in China.
pub const NOW: u64 = 1_795_320_000;

pub fn text(text: &str) -> Text {
    Text { zh_cn: text.into(), en: text.into() }
}

/// An administrator and a relying party that may ask for anything.
pub fn principals() -> [Principal; 2] {
    [
        Principal::sole_administrator(&ApiToken::new(ADMIN).unwrap()),
        Principal::sole_relying_party(&ApiToken::new(RELYING_PARTY).unwrap()),
    ]
}

/// Both roles, with everything in one directory.
pub fn config(directory: &Path) -> Config {
    let issuer = IssuerConfig::new("91000000TEST", text("Issuer"), directory.join("issuer.key"));
    let verifier = VerifierConfig::new(text("Verifier"));
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), directory);
    config.issuer = Some(issuer);
    config.verifier = Some(verifier);
    config.access = Access::new(principals()).unwrap();
    config.limits.event_loops = 2;
    config.stop_on_signals = false;
    config
}

/// Gives a service's issuer revocation lists, each of whose versions is due after an hour.
pub fn with_lists(config: &mut Config) {
    let directory = config.data_directory.clone();
    let lists = RevocationConfig::new(directory.join("revocation.key"), directory.join("manifest.key"));
    config.issuer.as_mut().unwrap().revocation = Some(lists);
}

pub struct Service {
    pub running: Option<Running>,
    pub url: String,
    pub clock: Arc<AtomicU64>,
    pub directory: TempDir,
    /// Last, so that what it says when it goes is looked through as well.
    _log: Watched,
}

impl Service {
    pub fn start() -> Self {
        Self::start_with(|_| ())
    }

    pub fn start_with(change: impl FnOnce(&mut Config)) -> Self {
        let log = Watched::here();
        let directory = tempfile::tempdir().unwrap();
        let clock = Arc::new(AtomicU64::new(NOW));
        let mut config = config(directory.path());
        let told = clock.clone();
        config.clock = Clock::new(move || told.load(Ordering::Relaxed));
        change(&mut config);
        let running = spawn(config).unwrap();
        Self { url: running.base_url().to_owned(), running: Some(running), clock, directory, _log: log }
    }

    pub fn pass(&self, seconds: u64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }

    /// What the operator is told of everything, where there is an address for it.
    pub fn metrics(&self) -> String {
        let admin = Client::new(self.running.as_ref().unwrap().admin_url().unwrap());
        let answer = admin.get("/metrics", None);
        assert!(answer.header("content-type").starts_with("application/openmetrics-text"));
        String::from_utf8(answer.body).unwrap()
    }
}

#[derive(Debug)]
pub struct Response {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Response {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// A successful answer of a wire type.
    pub fn ok<T: DeserializeOwned>(self) -> T {
        assert!(
            (200..300).contains(&self.status),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        serde_json::from_slice(&self.body).unwrap()
    }

    /// A problem of a status and kind, in the form that all of them have.
    #[track_caller]
    pub fn problem(self, status: u16, kind: &str) -> Problem {
        assert_eq!(self.status, status, "{}", String::from_utf8_lossy(&self.body));
        assert_eq!(self.header("content-type"), PROBLEM_CONTENT_TYPE);
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("x-request-id").len(), 32);
        let problem: Problem = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem.kind, format!("urn:glimpse:problem:{kind}"));
        assert_eq!(problem.status, status);
        problem
    }

    /// The members a problem names.
    #[track_caller]
    pub fn fields(self, status: u16, kind: &str) -> Vec<String> {
        self.problem(status, kind).errors.into_iter().map(|error| error.field).collect()
    }
}

#[derive(Clone)]
pub struct Client {
    agent: ureq::Agent,
    pub url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Client {
    pub fn new(url: &str) -> Self {
        let agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Self { agent, url: url.to_owned(), seen: Arc::default() }
    }

    /// What this client and its clones were answered.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Response {
        self.try_send(method, path, headers, body).unwrap()
    }

    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Result<Response, ureq::Error> {
        let uri = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        let mut request = ureq::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body).unwrap())?,
            None => self.agent.run(request.body(()).unwrap())?,
        };
        let response = Response {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body: response.body_mut().read_to_vec()?,
        };
        log::look_through(headers, [body.unwrap_or_default(), &response.body]);
        let path = path.strip_prefix(&self.url).unwrap_or(path);
        self.seen.lock().unwrap().extend(CONTRACT.check(method, path, body, &response));
        Ok(response)
    }

    pub fn get(&self, path: &str, token: Option<&str>) -> Response {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let headers: Vec<_> = bearer.iter().map(|bearer| ("authorization", bearer.as_str())).collect();
        self.send("GET", path, &headers, None)
    }

    pub fn post(&self, path: &str, token: Option<&str>, body: &Value) -> Response {
        self.json("POST", path, token, body)
    }

    pub fn json(&self, method: &str, path: &str, token: Option<&str>, body: &Value) -> Response {
        self.raw(method, path, token, body.to_string().as_bytes())
    }

    pub fn raw(&self, method: &str, path: &str, token: Option<&str>, body: &[u8]) -> Response {
        let bearer = token.map(|token| format!("Bearer {token}"));
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(bearer.iter().map(|bearer| ("authorization", bearer.as_str())));
        self.send(method, path, &headers, Some(body))
    }

    /// Registers a licence.
    pub fn register(&self, profile: &str, holder: &str, attributes: &Map<String, Value>) -> String {
        let body = json!({ "profile": profile, "holder": holder, "attributes": attributes });
        self.post(paths::LICENCES, Some(ADMIN), &body).ok::<RegisteredLicence>().licence
    }

    /// Registers a generated licence.
    pub fn register_sample(&self, profile: &str, seed: u64) -> String {
        self.register(profile, &format!("holder-{seed}"), &sample(profile, seed))
    }

    pub fn offer(&self, licence: &str) -> OfferCreated {
        let path = paths::LICENCE_OFFERS.replace("{licence}", licence);
        self.send("POST", &path, &[("authorization", &format!("Bearer {ADMIN}"))], Some(b"")).ok()
    }

    /// Does something to a licence.
    pub fn change(&self, licence: &str, change: &Value) -> Response {
        self.post(&paths::LICENCE_CHANGES.replace("{licence}", licence), Some(ADMIN), change)
    }

    /// Where a licence stands.
    pub fn licence(&self, licence: &str) -> LicenceReport {
        self.get(&paths::LICENCE.replace("{licence}", licence), Some(ADMIN)).ok()
    }

    /// Has the list of a profile published.
    pub fn publish(&self, profile: &str) -> Response {
        self.post(paths::REVOCATION_LISTS, Some(ADMIN), &json!({ "profile": profile }))
    }

    pub fn redeem(&self, code: &str) -> OfferDetails {
        self.post(paths::OFFERS_REDEEM, None, &json!({ "code": code })).ok()
    }

    pub fn registry(&self) -> Registry {
        let metadata: Metadata = self.get(paths::METADATA, None).ok();
        let mut registry = Registry::default();
        metadata.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        metadata.issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        registry
    }

    /// Makes a request of a policy in place.
    pub fn request(&self, policy: &Value) -> RequestCreated {
        self.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy })).ok()
    }

    pub fn fetch(&self, created: &RequestCreated) -> Arc<Request> {
        let response = self.get(&created.request_uri, None);
        assert_eq!(response.header("content-type"), "application/json");
        Arc::new(Request::from_json(std::str::from_utf8(&response.body).unwrap()).unwrap())
    }

    pub fn submit(&self, id: &str, presentation: &[u8]) -> Response {
        let body = json!({ "presentation": Blob::from(presentation) });
        self.post(&paths::PRESENTATION.replace("{request}", id), None, &body)
    }

    pub fn result(&self, created: &RequestCreated) -> ResultReport {
        self.get(&created.result_uri, Some(RELYING_PARTY)).ok()
    }
}

/// A licence of a generated persona.
pub fn sample(profile: &str, seed: u64) -> Map<String, Value> {
    builtin_by_schema_id(profile).unwrap().sample(&Persona::new(seed))
}

/// Sex and classes disclosed; of age; in force.
pub fn driving_policy(check: &str) -> Value {
    json!({
        "purpose": text("Car rental"),
        "licences": [{ "id": "licence", "schema": DRIVING, "check": check }],
        "statements": [
            { "disclose": { "of": "licence.sex" } },
            { "disclose": { "of": "licence.classes" } },
            { "age": { "of": "licence.birth_date", "at_least": "18" } },
            { "date": { "of": "licence.valid_until", "from": "today" } },
        ],
    })
}

/// A holder's wallet, in memory.
pub struct Wallet {
    pub client: Client,
    pub registry: Registry,
    pub secret: LinkSecret,
}

impl Wallet {
    pub fn new(client: Client) -> Self {
        Self { registry: client.registry(), client, secret: LinkSecret::generate(&mut OsRng) }
    }

    /// What a wallet sends for an offer, and what it keeps meanwhile.
    pub fn ask(&self, code: &str) -> (OfferDetails, PendingIssuance, Value) {
        let details = self.client.redeem(code);
        let schema = self.registry.schema(&details.schema).unwrap();
        let pending = PendingIssuance::begin(&self.secret, &details.key, schema, &details.nonce, &mut OsRng);
        let request = Blob::from(pending.request().to_bytes().as_slice());
        let body = json!({ "code": code, "request": request });
        (details, pending, body)
    }

    pub fn finish(
        &self,
        details: &OfferDetails,
        pending: PendingIssuance,
        answer: &CredentialResponse,
    ) -> Credential {
        let schema = self.registry.schema(&details.schema).unwrap();
        let issued = IssuedCredential::from_bytes(schema, &answer.credential.0).unwrap();
        pending.finish(&self.secret, &details.key, schema.clone(), issued).unwrap()
    }

    pub fn obtain(&self, code: &str) -> Credential {
        let (details, pending, body) = self.ask(code);
        let answer = self.client.post(paths::CREDENTIALS, None, &body).ok();
        self.finish(&details, pending, &answer)
    }

    /// First half of a token exchange.
    pub fn open_exchange(&self, credential: &impl Signed, count: usize) -> (String, BlindedTokens, Value) {
        let pending = PendingTokens::begin(credential, count, &mut OsRng);
        let answer: TokenCommitResponse =
            self.client.post(paths::TOKENS, None, &commit_body(credential, &pending)).ok();
        let commitments: Vec<_> =
            answer.commitments.iter().map(|blob| TokenCommitment::from_bytes(&blob.0).unwrap()).collect();
        let (blinded, challenges) = pending.challenge(&commitments, &mut OsRng).unwrap();
        let challenges: Vec<Blob> = challenges.iter().map(|c| c.as_bytes().as_slice().into()).collect();
        (answer.exchange, blinded, json!({ "challenges": challenges }))
    }

    /// Of a credential or of an interval.
    pub fn tokens(&self, credential: &impl Signed, count: usize) -> Vec<Token> {
        let (exchange, blinded, challenges) = self.open_exchange(credential, count);
        let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
        let answer: TokenRespondResponse = self.client.post(&path, None, &challenges).ok();
        let responses: Vec<_> =
            answer.responses.iter().map(|blob| Reader::new(&blob.0).scalar().unwrap()).collect();
        blinded.finish(&responses).unwrap()
    }

    /// The bytes of a presentation of one credential.
    pub fn present(&self, request: Arc<Request>, credential: &Credential, token: Option<Token>) -> Vec<u8> {
        let relation = Relation::compile(request, &self.registry).unwrap();
        let showing = match relation.credentials()[0].check {
            CheckKind::Token => Showing::Token(token.unwrap()),
            CheckKind::Keyed => Showing::Keyed,
        };
        present(&relation, &self.secret, vec![Holding::new(credential, showing)], &mut OsRng)
            .unwrap()
            .to_bytes()
    }

    /// The same with the interval of a revocation list, and tokens for both where they are wanted.
    pub fn present_with(
        &self,
        request: Arc<Request>,
        credential: &Credential,
        interval: &Interval,
    ) -> Result<Vec<u8>, PresentError> {
        let relation = Relation::compile(request, &self.registry).unwrap();
        let [showing, beside] = match relation.credentials()[0].check {
            CheckKind::Token => [self.tokens(credential, 4), self.tokens(interval, 4)]
                .map(|mut tokens| Showing::Token(tokens.pop().unwrap())),
            CheckKind::Keyed => [Showing::Keyed, Showing::Keyed],
        };
        let holding = Holding::new(credential, showing).with_interval(interval, beside);
        present(&relation, &self.secret, vec![holding], &mut OsRng)
            .map(|presentation| presentation.to_bytes())
    }

    /// The newest version of the list about a credential, from its envelope.
    pub fn manifest(&self, credential: &Credential) -> Manifest {
        let metadata: Metadata = self.client.get(paths::METADATA, None).ok();
        let schema = credential.schema().digest();
        let path = paths::MANIFEST.replace("{schema}", &schema.to_string());
        let envelope = String::from_utf8(self.client.get(&path, None).body).unwrap();
        let envelope = Envelope::from_json(&envelope).unwrap();
        Manifest::open(&envelope, &metadata.manifest_keys).unwrap()
    }

    /// What the newest version has for a credential.
    pub fn interval(&self, credential: &Credential) -> Result<Interval, IntervalError> {
        let manifest = self.manifest(credential);
        let bucket = manifest.bucket_of(credential.handle());
        let path = paths::BUCKET
            .replace("{schema}", &credential.schema().digest().to_string())
            .replace("{version}", &manifest.document().version.to_string())
            .replace("{bucket}", &bucket.to_string());
        let bytes = self.client.get(&path, None);
        assert_eq!(bytes.status, 200);
        let bucket = manifest.read_bucket(bucket, &bytes.body).unwrap();
        Interval::find(credential, manifest.scope(), &bucket)
    }
}

pub fn commit_body(of: &impl Signed, pending: &PendingTokens) -> Value {
    let pairs: Vec<Blob> = pending.pairs().iter().map(|pair| pair.to_bytes().as_slice().into()).collect();
    json!({ "key": of.signature().key(), "pairs": pairs })
}

/// A wallet with the generated driving licence of a seed.
pub fn holder(service: &Service, seed: u64) -> (Wallet, Credential) {
    let client = service.client();
    let licence = client.register_sample(DRIVING, seed);
    let wallet = Wallet::new(client.clone());
    let credential = wallet.obtain(&client.offer(&licence).code);
    (wallet, credential)
}
