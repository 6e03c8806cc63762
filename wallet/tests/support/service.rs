//! Issuer and verifier in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use glimpse_api::{
    Blob, CredentialRequest, CredentialResponse, Metadata, OfferDetails, OfferRedemption,
    PROBLEM_CONTENT_TYPE, PresentationSubmission, Problem, TokenCommitRequest, TokenCommitResponse,
    TokenRespondRequest, TokenRespondResponse, paths,
};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::issuance::IssuanceRequest;
use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::{Nonce, Request};
use glimpse_circuits::schema::{Binding, Schema};
use glimpse_circuits::text::Text;
use glimpse_circuits::token::TokenPair;
use glimpse_issuer::{Issuance, IssuerSecretKey, TokenExchange, issue};
use glimpse_verifier::Verifier;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde::Serialize;
use serde_json::json;

use super::{Lists, NOW, schema, unbound_schema};

/// A request that arrived.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub body: Vec<u8>,
    pub idempotency_key: Option<String>,
}

/// How the service misbehaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tamper {
    /// Another credential than was asked for.
    WrongCredential,
    /// One of the responses is wrong.
    WrongToken,
    /// One token fewer.
    FewerTokens,
    /// No exchange is ever known; so many times.
    ForgetExchanges(usize),
    /// This, whatever was asked.
    Raw(u16, &'static str, Vec<u8>),
}

pub struct Service {
    pub base: String,
    pub key: IssuerSecretKey,
    pub name: Text,
    pub id: String,
    pub schemas: Vec<Arc<Schema>>,
    pub seen: Vec<Seen>,
    /// Ā of every presentation that arrived.
    pub shown: Vec<[u8; 32]>,
    /// Credentials that were issued, answers repeated not counted.
    pub issued: usize,
    pub tamper: Option<Tamper>,
    /// The list of the first schema; none, unless a test makes it.
    pub lists: Option<Lists>,
    /// Handles of the credentials, in the order in which they were issued.
    pub handles: Vec<u32>,
    /// Issuers that it accepts presentations of beside its own, as its verifier.
    pub others: Vec<Issuer>,
    /// What is at `/list.json`: the list of issuers of somebody else.
    pub trust_list: String,
    /// When requests are made, and answers to them checked a second later.
    pub now: u64,
    pub rng: ChaCha20Rng,
    offers: BTreeMap<String, Offer>,
    /// With the key they are under.
    exchanges: BTreeMap<String, (IssuerPublicKey, TokenExchange)>,
    requests: BTreeMap<String, (Arc<Request>, Option<Decided>)>,
}

struct Offer {
    schema: Arc<Schema>,
    values: Vec<Value>,
    nonce: Nonce,
    answered: Option<(Vec<u8>, Answer)>,
}

/// Idempotency key, presentation and answer of the one that decided.
type Decided = (Option<String>, Vec<u8>, Answer);

type Answer = (u16, &'static str, Vec<u8>);

impl Service {
    pub fn new(seed: u64, base: &str) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        Self {
            base: base.into(),
            key: IssuerSecretKey::generate(&mut rng),
            name: Text { zh_cn: "测试车管所".into(), en: "Test authority".into() },
            id: "authority".into(),
            schemas: vec![schema(), unbound_schema()],
            seen: Vec::new(),
            shown: Vec::new(),
            issued: 0,
            tamper: None,
            lists: None,
            handles: Vec::new(),
            others: Vec::new(),
            trust_list: String::new(),
            now: NOW,
            rng,
            offers: BTreeMap::new(),
            exchanges: BTreeMap::new(),
            requests: BTreeMap::new(),
        }
    }

    pub fn metadata(&self) -> Metadata {
        let issuer = Issuer {
            id: self.id.clone(),
            name: self.name.clone(),
            key: *self.key.public(),
            schemas: self.schemas.iter().map(|schema| schema.digest()).collect(),
            revocation: self.lists.as_ref().map(|lists| *lists.revocation.public()),
        };
        Metadata {
            issuers: vec![issuer],
            schemas: self.schemas.iter().map(|s| Schema::clone(s)).collect(),
            manifest_keys: self.lists.iter().map(|lists| lists.signer.public()).collect(),
            schedule: self.lists.as_ref().and_then(|lists| lists.schedule),
        }
    }

    /// Publishes the next version of the list, issued at this moment.
    pub fn publish_list(&mut self, issued_at: u64) {
        let (key, schema) = (*self.key.public(), self.schemas[0].digest());
        self.lists.as_mut().unwrap().publish(key, schema, issued_at);
    }

    /// The secret of a key.
    fn secret(&self, key: &IssuerPublicKey) -> &IssuerSecretKey {
        let revocation = self.lists.as_ref().map(|lists| &lists.revocation);
        revocation.filter(|secret| secret.public() == key).unwrap_or(&self.key)
    }

    /// Makes an offer.
    pub fn offer(&mut self, schema: &str, values: Vec<Value>) -> String {
        let schema = self.schemas.iter().find(|s| s.id() == schema).unwrap().clone();
        let mut nonce = Nonce([0; 32]);
        self.rng.fill_bytes(&mut nonce.0);
        let code = format!("offer-{}", self.offers.len());
        self.offers.insert(code.clone(), Offer { schema, values, nonce, answered: None });
        code
    }

    /// Forgets an offer, as after its expiry.
    pub fn expire(&mut self, code: &str) {
        self.offers.remove(code);
    }

    /// Makes a request for credentials `(id, schema, check)`.
    pub fn request(&mut self, credentials: &[(&str, &str, &str)], statements: serde_json::Value) -> String {
        let json = self.request_json(credentials, statements);
        self.publish(&json)
    }

    pub fn request_json(
        &mut self,
        credentials: &[(&str, &str, &str)],
        statements: serde_json::Value,
    ) -> serde_json::Value {
        let mut nonce = Nonce([0; 32]);
        self.rng.fill_bytes(&mut nonce.0);
        let credentials: Vec<_> = credentials
            .iter()
            .map(|(id, schema, check)| {
                let schema = self.schemas.iter().find(|s| s.id() == *schema).unwrap().digest();
                json!({ "id": id, "schema": schema, "issuers": [self.key.public()], "check": check })
            })
            .collect();
        let id = format!("r{}", self.requests.len());
        json!({
            "version": "1",
            "audience": self.base,
            "audience_name": { "zh-CN": "示例租车", "en": "Example Car Hire" },
            "purpose": { "zh-CN": "核实能否租车", "en": "To check whether you may hire a car" },
            "response_uri": format!("{}/verifier/v1/requests/{id}/presentation", self.base),
            "nonce": nonce,
            "issued_at": self.now.to_string(),
            "expires_at": (self.now + 300).to_string(),
            "credentials": credentials,
            "statements": statements,
        })
    }

    /// Publishes a request and says where.
    pub fn publish(&mut self, json: &serde_json::Value) -> String {
        let id = format!("r{}", self.requests.len());
        self.requests.insert(id.clone(), (Arc::new(Request::from_json(&json.to_string()).unwrap()), None));
        format!("{}/verifier/v1/requests/{id}", self.base)
    }

    /// Requests for the credentials endpoint that arrived, byte for byte.
    pub fn seen_at(&self, path: &str) -> Vec<Vec<u8>> {
        self.seen.iter().filter(|seen| seen.path == path).map(|seen| seen.body.clone()).collect()
    }

    pub fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        self.schemas.iter().for_each(|schema| registry.add_schema(schema.clone()));
        self.others.iter().for_each(|issuer| registry.add_issuer(issuer.clone()));
        self.metadata().issuers.into_iter().for_each(|issuer| registry.add_issuer(issuer));
        registry
    }

    /// Answers a request: GET without a body.
    pub fn handle(&mut self, path: &str, body: Option<&[u8]>, key: Option<&str>) -> Answer {
        let idempotency_key = key.map(str::to_owned);
        self.seen.push(Seen { path: path.into(), body: body.unwrap_or_default().to_vec(), idempotency_key });
        if let Some(Tamper::Raw(status, content_type, body)) = &self.tamper {
            return (*status, content_type, body.clone());
        }
        let request = path.strip_prefix("/verifier/v1/requests/");
        match (path, body) {
            (paths::METADATA, None) => ok(&self.metadata()),
            ("/list.json", None) => (200, "application/json", self.trust_list.clone().into_bytes()),
            (_, None) if path.starts_with("/issuer/v1/revocation-lists/") => self.list(path),
            (paths::OFFERS_REDEEM, Some(body)) => self.redeem(body),
            (paths::CREDENTIALS, Some(body)) => self.credential(body),
            (paths::TOKENS, Some(body)) => self.commit(body),
            (_, Some(body)) if path.starts_with("/issuer/v1/tokens/") => {
                self.respond(&path["/issuer/v1/tokens/".len()..], body)
            }
            (_, None) if request.is_some() => match self.requests.get(request.unwrap()) {
                Some((request, _)) => (200, "application/json", request.to_canonical_json().unwrap()),
                None => problem(404, "request-unknown"),
            },
            (_, Some(body)) if path.ends_with("/presentation") => {
                self.presentation(request.unwrap().strip_suffix("/presentation").unwrap(), body, key)
            }
            _ => problem(404, "not-found"),
        }
    }

    fn list(&mut self, path: &str) -> Answer {
        let found = self.lists.as_ref().and_then(|lists| lists.at(path));
        let overtaken = self.lists.as_mut().and_then(|lists| lists.overtaken.take());
        overtaken.into_iter().for_each(|issued_at| self.publish_list(issued_at));
        let Some((content_type, body)) = found else { return problem(404, "list-unknown") };
        (200, content_type, body)
    }

    fn redeem(&mut self, body: &[u8]) -> Answer {
        let code = serde_json::from_slice::<OfferRedemption>(body).unwrap().code;
        let Some(offer) = self.offers.get(&code) else { return problem(404, "offer-unknown") };
        ok(&OfferDetails {
            schema: offer.schema.digest(),
            key: *self.key.public(),
            nonce: offer.nonce,
            expires_at: NOW + 600,
        })
    }

    fn credential(&mut self, body: &[u8]) -> Answer {
        let request: CredentialRequest = serde_json::from_slice(body).unwrap();
        let Some(offer) = self.offers.get_mut(&request.code) else { return problem(404, "offer-unknown") };
        if let Some((same, answer)) = &offer.answered {
            return if same == body { answer.clone() } else { problem(409, "offer-used") };
        }
        let wallet_request = request.request.map(|bytes| IssuanceRequest::from_bytes(&bytes.0).unwrap());
        let handle = if offer.schema.binding() == Binding::Holder { self.rng.next_u32() } else { 0 };
        let issuance = Issuance {
            schema: &offer.schema,
            values: offer.values.clone(),
            handle,
            nonce: offer.nonce,
            request: wallet_request.as_ref(),
            registered: None,
        };
        let mut issued = issue(&self.key, issuance, &mut self.rng).unwrap();
        self.issued += 1;
        self.handles.push(handle);
        if self.tamper == Some(Tamper::WrongCredential) {
            issued.values[0] = Value::Text("李四".into());
        }
        let answer = ok(&CredentialResponse { credential: Blob(issued.to_bytes()) });
        offer.answered = Some((body.to_vec(), answer.clone()));
        answer
    }

    fn commit(&mut self, body: &[u8]) -> Answer {
        let request: TokenCommitRequest = serde_json::from_slice(body).unwrap();
        let pairs: Vec<_> =
            request.pairs.iter().map(|pair| TokenPair::from_bytes(&pair.0).unwrap()).collect();
        let mut rng = self.rng.clone();
        let (exchange, commitments) =
            TokenExchange::commit(self.secret(&request.key), &pairs, &mut rng).unwrap();
        self.rng = rng;
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        let id: String = id.iter().map(|byte| format!("{byte:02x}")).collect();
        self.exchanges.insert(id.clone(), (request.key, exchange));
        if let Some(Tamper::ForgetExchanges(times @ 1..)) = &mut self.tamper {
            *times -= 1;
            self.exchanges.clear();
        }
        let commitments = commitments.iter().map(|c| Blob(c.to_bytes().to_vec())).collect();
        ok(&TokenCommitResponse { exchange: id, commitments })
    }

    fn respond(&mut self, exchange: &str, body: &[u8]) -> Answer {
        let request: TokenRespondRequest = serde_json::from_slice(body).unwrap();
        let Some((key, exchange)) = self.exchanges.remove(exchange) else {
            return problem(404, "exchange-unknown");
        };
        let challenges: Vec<_> =
            request.challenges.iter().map(|bytes| Reader::new(&bytes.0).scalar().unwrap()).collect();
        let responses = exchange.respond(self.secret(&key), &challenges).unwrap();
        let mut responses: Vec<Blob> = responses.iter().map(|r| Blob(r.as_bytes().to_vec())).collect();
        match self.tamper {
            Some(Tamper::WrongToken) => responses[2] = responses[1].clone(),
            Some(Tamper::FewerTokens) => drop(responses.pop()),
            _ => {}
        }
        ok(&TokenRespondResponse { responses })
    }

    fn presentation(&mut self, id: &str, body: &[u8], key: Option<&str>) -> Answer {
        let bytes = serde_json::from_slice::<PresentationSubmission>(body).unwrap().presentation.0;
        let registry = self.registry();
        let copy = |key: &IssuerSecretKey| Arc::new(IssuerSecretKey::from_bytes(&key.to_bytes()).unwrap());
        let verifier = Verifier::new(self.base.as_str(), registry.clone());
        let verifier = self
            .lists
            .iter()
            .fold(verifier, |verifier, lists| verifier.with_keyed_check(copy(&lists.revocation)))
            .with_keyed_check(copy(&self.key));
        let Some((request, decided)) = self.requests.get_mut(id) else {
            return problem(404, "request-unknown");
        };
        let relation = Relation::compile(request.clone(), &registry).unwrap();
        let presentation = Presentation::from_bytes(&relation, &bytes).unwrap();
        self.shown.extend(presentation.commitments.iter().map(|c| c.a_bar.encoded.to_bytes()));
        if let Some((earlier, shown, answer)) = decided {
            let repeated = key.is_some() && earlier.as_deref() == key && *shown == bytes;
            return if repeated { answer.clone() } else { problem(409, "request-closed") };
        }
        let answer = match verifier.verify(request, &bytes, self.now + 1) {
            Ok(_) => ok(&json!({ "decision": "accepted" })),
            Err(_) => problem(422, "presentation-refused"),
        };
        *decided = Some((key.map(str::to_owned), bytes, answer.clone()));
        answer
    }
}

fn ok(value: &impl Serialize) -> Answer {
    (200, "application/json", serde_json::to_vec(value).unwrap())
}

pub fn problem(status: u16, kind: &str) -> Answer {
    let problem = Problem {
        kind: format!("urn:glimpse:problem:{kind}"),
        title: format!("Title of {kind}"),
        status,
        detail: None,
        errors: Vec::new(),
    };
    (status, PROBLEM_CONTENT_TYPE, serde_json::to_vec(&problem).unwrap())
}
