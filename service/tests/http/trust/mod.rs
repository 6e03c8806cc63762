//! A verifier that knows nobody but whom a signed list names: two issuers apart from each other, regions, changes of keys
//! and roots, and lists that are not taken.

mod issuers;
mod lists;

use std::cell::RefCell;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{Metadata, paths};
use glimpse_circuits::request::Request;
use glimpse_issuer::DocumentSecretKey;
use glimpse_prover::{Credential, Token};
use glimpse_service::TrustListConfig;
use glimpse_trust::list::{ListedIssuer, ListedKey, Roots, Validity};
use glimpse_trust::{TrustList, TrustListDocument};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Client, NOW, RELYING_PARTY, Response, Service, Wallet, driving_policy, holder, text};

const SHANDONG: &str = "370000";
const SHANGHAI: &str = "310000";

fn root(seed: u8) -> DocumentSecretKey {
    DocumentSecretKey::from_bytes(&[seed; 32])
}

fn roots(seeds: &[u8]) -> Roots {
    let keys: Vec<_> = seeds.iter().map(|seed| root(*seed).public()).collect();
    Roots { threshold: keys.len().try_into().unwrap(), keys }
}

/// Who runs a list, and the file that a verifier reads it from.
struct Domain {
    directory: TempDir,
    document: TrustListDocument,
}

impl Domain {
    /// A list with these issuers, good for a day from now on.
    fn new(issuers: Vec<ListedIssuer>) -> Self {
        let document = TrustListDocument {
            version: 1,
            name: text("Domain"),
            issued_at: NOW,
            expires_at: NOW + 86_400,
            roots: roots(&[1]),
            issuers,
        };
        let domain = Self { directory: tempfile::tempdir().unwrap(), document };
        domain.sign(&[1]);
        domain
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("list.json")
    }

    /// What is on the list now, signed by these roots.
    fn sign(&self, seeds: &[u8]) {
        let list = TrustList::try_from(self.document.clone()).unwrap();
        let envelope = seeds.iter().fold(list.to_envelope().unwrap(), |it, seed| root(*seed).sign(it));
        self.publish(&envelope.to_json().unwrap());
    }

    /// Put in its place whole.
    fn publish(&self, text: &str) {
        let draft = self.directory.path().join("draft");
        fs::write(&draft, text).unwrap();
        fs::rename(draft, self.file()).unwrap();
    }

    /// The next version, signed by these roots.
    fn next(&mut self, seeds: &[u8], change: impl FnOnce(&mut TrustListDocument)) {
        self.document.version += 1;
        change(&mut self.document);
        self.sign(seeds);
    }

    fn config(&self) -> TrustListConfig {
        TrustListConfig { file: self.file(), roots: roots(&[1]) }
    }

    /// A verifier that looks at the file often and knows no issuer but those of the list.
    fn verifier(&self) -> Service {
        Service::start_with(|config| {
            config.issuer = None;
            config.verifier.as_mut().unwrap().trust_list = Some(self.config());
            config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
            config.limits.reload_interval = Duration::from_millis(20);
        })
    }
}

/// An issuer's service with a holder of its own: its own key, identifier and name.
struct Authority {
    _service: Service,
    wallet: Wallet,
    credential: Credential,
    tokens: RefCell<Vec<Token>>,
    listed: ListedIssuer,
}

impl Authority {
    fn new(name: &str, region: &str) -> Self {
        let service = Service::start_with(|config| {
            config.verifier = None;
            let issuer = config.issuer.as_mut().unwrap();
            (issuer.id, issuer.name) = (format!("91{name}"), text(name));
        });
        let (wallet, credential) = holder(&service, 1);
        let metadata: Metadata = service.client().get(paths::METADATA, None).ok();
        let [issuer] = &metadata.issuers[..] else { panic!("one issuer") };
        let key = ListedKey {
            key: issuer.key,
            accepted: Validity { from: NOW - 1000, until: NOW + 100_000 },
            schemas: issuer.schemas.clone(),
            revocation: None,
        };
        let listed = ListedIssuer {
            id: issuer.id.clone(),
            name: issuer.name.clone(),
            regions: vec![region.to_owned()],
            uri: service.url.clone(),
            keys: vec![key],
        };
        Self { _service: service, wallet, credential, tokens: RefCell::default(), listed }
    }

    /// Answers a request of a verifier.
    fn answer(&self, request: Arc<Request>) -> Vec<u8> {
        let mut tokens = self.tokens.borrow_mut();
        if tokens.is_empty() {
            tokens.extend(self.wallet.tokens(&self.credential, 16));
        }
        self.wallet.present(request, &self.credential, tokens.pop())
    }

    /// Whether its holder can answer the request at all: it names the key of the credential.
    fn is_asked(&self, request: &Request) -> bool {
        request.document().credentials[0].issuers.contains(self.credential.key())
    }

    /// What comes of a request to its holder.
    fn visit(&self, client: &Client, policy: &Value) -> Response {
        let created = client.request(policy);
        client.submit(&created.id, &self.answer(client.fetch(&created)))
    }

    /// Whether the verifier accepts its licences now.
    fn is_accepted(&self, client: &Client) -> bool {
        let created = client.request(&driving_policy("token"));
        let request = client.fetch(&created);
        self.is_asked(&request) && client.submit(&created.id, &self.answer(request)).status == 200
    }
}

fn pair() -> (Authority, Authority) {
    (Authority::new("Shandong", SHANDONG), Authority::new("Shanghai", SHANGHAI))
}

fn of_regions(regions: &[&str]) -> Value {
    let mut policy = driving_policy("token");
    policy["licences"][0]["regions"] = json!(regions);
    policy
}

fn refused(client: &Client, policy: &Value) -> Response {
    client.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy }))
}

fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < Duration::from_secs(60), "{what} did not come");
        sleep(Duration::from_millis(20));
    }
}

/// What the operator is told of the last look at the list.
fn is_failing(service: &Service) -> bool {
    service.metrics().contains("glimpse_reload_failing{what=\"trust_list\"} 1\n")
}

/// A list that is not taken changes nothing.
#[track_caller]
fn stays(service: &Service, accepted: &[&Authority]) {
    eventually("a word of the failure", || is_failing(service));
    let client = service.client();
    assert!(accepted.iter().all(|authority| authority.is_accepted(&client)));
    assert_eq!(client.get(paths::READYZ, None).status, 200);
}
