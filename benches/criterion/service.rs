//! The service over HTTP on this machine, one request after the other on one connection. Durability included: what is
//! acknowledged is on disk.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use criterion::{BatchSize, Criterion};
use glimpse_api::{
    Blob, CredentialResponse, Metadata, OfferCreated, OfferDetails, RegisteredLicence, RequestCreated,
    TokenCommitResponse, TokenRespondResponse, paths,
};
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::key::Registry;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::text::Text;
use glimpse_circuits::token::TokenCommitment;
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{
    Credential, Holding, LinkSecret, PendingIssuance, PendingTokens, Showing, Token, present,
};
use glimpse_service::{
    Access, ApiToken, Config, IssuerConfig, Principal, RateLimits, Running, VerifierConfig, spawn,
};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value, json};
use tempfile::TempDir;

const BEARER: &str = "token-of-the-benchmarks";
const ADMINISTRATOR: &str = "administrator-of-the-benchmarks";
const SCHEMA: &str = "cn.driving_licence";

/// Requests and answers of a relying party and a holder.
pub(crate) fn service(c: &mut Criterion) {
    let site = Site::new();
    let holder = Holder::new(&site);
    let mut group = c.benchmark_group("service");
    group.sample_size(20);
    group.bench_function("livez", |b| b.iter(|| site.agent.get(site.uri(paths::LIVEZ)).call().unwrap()));
    group.bench_function("create_request", |b| b.iter(|| site.create()));

    let ready = || {
        let created = site.create();
        let presentation = holder.present(&site.fetch(&created));
        (created, presentation)
    };
    group.bench_function("submit_presentation", |b| {
        b.iter_batched(ready, |(created, bytes)| site.submit(&created, &bytes), BatchSize::PerIteration);
    });
    group.bench_function("create_fetch_present_submit_result", |b| {
        b.iter(|| {
            let (created, presentation) = ready();
            site.submit(&created, &presentation);
            let result: Value = site.get(&created.result_uri);
            assert_eq!(result["status"], "accepted");
        });
    });
    let (created, presentation) = ready();
    let body = json!({"request": &*site.fetch(&created), "presentation": Blob(presentation)});
    group.bench_function("verify_stateless", |b| b.iter(|| -> Value { site.post(paths::VERIFY, &body) }));
    group.bench_function("fetch_64_tokens", |b| b.iter(|| holder.tokens(&site, 64)));
    site.running.stop().unwrap();
}

/// A service with both roles and a client that keeps its connection.
struct Site {
    running: Running,
    agent: ureq::Agent,
    _directory: TempDir,
}

impl Site {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let name = |text: &str| Text { zh_cn: text.into(), en: text.into() };
        let issuer = IssuerConfig::new("91000000BENCH", name("Issuer"), directory.path().join("issuer.key"));
        let verifier = VerifierConfig::new(name("Verifier"));
        let mut config = Config::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), directory.path());
        (config.issuer, config.verifier, config.stop_on_signals) = (Some(issuer), Some(verifier), false);
        let token = |text: &str| ApiToken::new(text).unwrap();
        let administrator = Principal::sole_administrator(&token(ADMINISTRATOR));
        let relying_party = Principal::sole_relying_party(&token(BEARER));
        config.access = Access::new([administrator, relying_party]).unwrap();
        // As fast as it can.
        config.limits.rates = RateLimits::NONE;
        Self {
            running: spawn(config).unwrap(),
            agent: ureq::Agent::new_with_defaults(),
            _directory: directory,
        }
    }

    fn uri(&self, path: &str) -> String {
        if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.running.base_url()) }
    }

    fn get<T: serde::de::DeserializeOwned>(&self, path: &str) -> T {
        let request = self.agent.get(self.uri(path)).header("authorization", format!("Bearer {BEARER}"));
        request.call().unwrap().body_mut().read_json().unwrap()
    }

    fn post<T: serde::de::DeserializeOwned>(&self, path: &str, body: &Value) -> T {
        let bearer = if path.starts_with("/admin/") { ADMINISTRATOR } else { BEARER };
        let request = self.agent.post(self.uri(path)).header("authorization", format!("Bearer {bearer}"));
        request.send_json(body).unwrap().body_mut().read_json().unwrap()
    }

    fn create(&self) -> RequestCreated {
        let policy = json!({
            "purpose": {"zh-CN": "测试", "en": "Benchmark"},
            "licences": [{"id": "licence", "schema": SCHEMA, "check": "token"}],
            "statements": [{"age": {"of": "licence.birth_date", "at_least": "18"}}],
        });
        self.post(paths::REQUESTS, &json!({"inline": policy}))
    }

    fn fetch(&self, created: &RequestCreated) -> Arc<Request> {
        let mut answer = self.agent.get(&created.request_uri).call().unwrap();
        Arc::new(Request::from_json(&answer.body_mut().read_to_string().unwrap()).unwrap())
    }

    fn submit(&self, created: &RequestCreated, presentation: &[u8]) {
        let path = paths::PRESENTATION.replace("{request}", &created.id);
        let answer: Value = self.post(&path, &json!({"presentation": Blob::from(presentation)}));
        assert_eq!(answer["decision"], "accepted");
    }
}

/// A holder of a driving licence with a stock of tokens, whose use is not what is measured here: they go round.
struct Holder {
    secret: LinkSecret,
    registry: Registry,
    credential: Credential,
    stock: Vec<Vec<u8>>,
}

impl Holder {
    fn new(site: &Site) -> Self {
        let metadata: Metadata = site.get(paths::METADATA);
        let mut registry = Registry::default();
        metadata.schemas.into_iter().for_each(|schema| registry.add_schema(Arc::new(schema)));
        metadata.issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        let persona = Persona::new(1).with_birth_date("1990-05-17".parse().unwrap());
        let attributes = builtin_by_schema_id(SCHEMA).unwrap().sample(&persona);
        let licence = json!({"profile": SCHEMA, "holder": "holder", "attributes": attributes});
        let licence: RegisteredLicence = site.post(paths::LICENCES, &licence);
        let offer: OfferCreated =
            site.post(&paths::LICENCE_OFFERS.replace("{licence}", &licence.licence), &json!({}));
        let details: OfferDetails = site.post(paths::OFFERS_REDEEM, &json!({"code": offer.code}));

        let mut rng = rng();
        let secret = LinkSecret::generate(&mut rng);
        let schema = registry.schema(&details.schema).unwrap().clone();
        let pending = PendingIssuance::begin(&secret, &details.key, &schema, &details.nonce, &mut rng);
        let request = Blob::from(pending.request().to_bytes().as_slice());
        let answer: CredentialResponse =
            site.post(paths::CREDENTIALS, &json!({"code": offer.code, "request": request}));
        let issued = IssuedCredential::from_bytes(&schema, &answer.credential.0).unwrap();
        let credential = pending.finish(&secret, &details.key, schema, issued).unwrap();
        let mut holder = Self { secret, registry, credential, stock: Vec::new() };
        holder.stock = holder.tokens(site, 64).iter().map(|token| token.to_bytes().to_vec()).collect();
        holder
    }

    fn tokens(&self, site: &Site, count: usize) -> Vec<Token> {
        let mut rng = rng();
        let pending = PendingTokens::begin(&self.credential, count, &mut rng);
        let pairs: Vec<Blob> = pending.pairs().iter().map(|pair| pair.to_bytes().as_slice().into()).collect();
        let answer: TokenCommitResponse =
            site.post(paths::TOKENS, &json!({"key": self.credential.key(), "pairs": pairs}));
        let commitments: Vec<_> =
            answer.commitments.iter().map(|blob| TokenCommitment::from_bytes(&blob.0).unwrap()).collect();
        let (blinded, challenges) = pending.challenge(&commitments, &mut rng).unwrap();
        let challenges: Vec<Blob> = challenges.iter().map(|c| c.as_bytes().as_slice().into()).collect();
        let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &answer.exchange);
        let answer: TokenRespondResponse = site.post(&path, &json!({"challenges": challenges}));
        let responses: Vec<_> =
            answer.responses.iter().map(|blob| Reader::new(&blob.0).scalar().unwrap()).collect();
        blinded.finish(&responses).unwrap()
    }

    fn present(&self, request: &Arc<Request>) -> Vec<u8> {
        let relation = Relation::compile(request.clone(), &self.registry).unwrap();
        let number = usize::from(request.document().nonce.0[0]) % self.stock.len();
        let showing = Showing::Token(Token::from_bytes(&self.stock[number]).unwrap());
        let holdings = vec![Holding::new(&self.credential, showing)];
        present(&relation, &self.secret, holdings, &mut rng()).unwrap().to_bytes()
    }
}

/// The same numbers each time: the product mixes what it draws from.
fn rng() -> ChaCha20Rng {
    glimpse_fixtures::rng(17)
}
