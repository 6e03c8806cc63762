//! A verifier that knows nobody but whom a signed list names: two issuers apart from each other, regions, changes of keys
//! and roots, and lists that are not taken.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{Metadata, VerdictReport, paths};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_issuer::DocumentSecretKey;
use glimpse_prover::Credential;
use glimpse_service::{Application, Clock, StartError, TrustListConfig};
use glimpse_trust::list::{ListedIssuer, ListedKey, Roots, Validity};
use glimpse_trust::{TrustList, TrustListDocument};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    Client, NOW, RELYING_PARTY, Response, Service, Wallet, config, driving_policy, holder, text,
};

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
        Self { _service: service, wallet, credential, listed }
    }

    /// Answers a request of a verifier.
    fn answer(&self, request: Arc<Request>) -> Vec<u8> {
        let token = self.wallet.tokens(&self.credential, 1).pop();
        self.wallet.present(request, &self.credential, token)
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
        assert!(since.elapsed() < Duration::from_secs(20), "{what} did not come");
        sleep(Duration::from_millis(20));
    }
}

/// What the operator is told of the last look at the list.
fn is_failing(service: &Service) -> bool {
    let admin = Client::new(service.running.as_ref().unwrap().admin_url().unwrap());
    let text = String::from_utf8(admin.get("/metrics", None).body).unwrap();
    text.contains("glimpse_reload_failing{what=\"trust_list\"} 1\n")
}

/// A list that is not taken changes nothing.
#[track_caller]
fn stays(service: &Service, accepted: &[&Authority]) {
    eventually("a word of the failure", || is_failing(service));
    let client = service.client();
    assert!(accepted.iter().all(|authority| authority.is_accepted(&client)));
    assert_eq!(client.get(paths::READYZ, None).status, 200);
}

#[test]
fn licences_of_any_listed_issuer_are_accepted_and_the_verdict_names_it() {
    let (one, other) = pair();
    let domain = Domain::new(vec![one.listed.clone(), other.listed.clone()]);
    let verifier = domain.verifier();
    let client = verifier.client();
    for authority in [&one, &other] {
        let created = client.request(&driving_policy("token"));
        let request = client.fetch(&created);
        // Nobody can tell from the request who will answer.
        assert_eq!(request.document().credentials[0].issuers.len(), 2);
        let presentation = authority.answer(request.clone());
        let body = json!({ "request": &*request, "presentation": glimpse_api::Blob(presentation.clone()) });
        let stateless: VerdictReport = client.post(paths::VERIFY, Some(RELYING_PARTY), &body).ok();
        assert_eq!(client.submit(&created.id, &presentation).status, 200);
        let kept = client.result(&created).verdict.unwrap();
        for verdict in [stateless, kept] {
            let issuer = &verdict.licences[0].issuer;
            assert_eq!((&issuer.id, &issuer.name), (&authority.listed.id, &authority.listed.name));
            assert_eq!(issuer.key, *authority.credential.key());
        }
    }
}

#[test]
fn an_issuer_that_is_not_listed_is_refused() {
    let (one, other) = pair();
    let verifier = Domain::new(vec![one.listed.clone()]).verifier();
    let client = verifier.client();
    let created = client.request(&driving_policy("token"));
    let request = client.fetch(&created);
    assert!(one.is_asked(&request) && !other.is_asked(&request));
    // Its holder takes the request for one that names it.
    let mut forged = json!(&*request);
    forged["credentials"][0]["issuers"] = json!([other.credential.key()]);
    let forged = Arc::new(Request::from_json(&forged.to_string()).unwrap());
    let presentation = other.answer(forged.clone());
    client.submit(&created.id, &presentation).problem(422, "presentation-refused");
    let body = json!({ "request": &*forged, "presentation": glimpse_api::Blob(presentation) });
    let refused = client.post(paths::VERIFY, Some(RELYING_PARTY), &body);
    assert_eq!(refused.fields(422, "invalid"), ["request.credentials[0].issuers"]);
    // Nor can a policy name it.
    let mut policy = driving_policy("token");
    policy["licences"][0]["issuers"] = json!([one.credential.key(), other.credential.key()]);
    assert_eq!(self::refused(&client, &policy).fields(422, "invalid"), ["inline.licences[0].issuers[1]"]);
}

#[test]
fn a_policy_may_ask_for_licences_of_some_regions() {
    let (one, other) = pair();
    let domain = Domain::new(vec![one.listed.clone(), other.listed.clone()]);
    let verifier = domain.verifier();
    let client = verifier.client();
    // A city of Shandong, and the province.
    for region in ["371300", SHANDONG] {
        let policy = of_regions(&[region]);
        assert_eq!(one.visit(&client, &policy).status, 200);
        let created = client.request(&policy);
        let request = client.fetch(&created);
        assert!(!other.is_asked(&request));
        // Its own wallet does not find the issuer in the request.
        assert!(Relation::compile(request.clone(), &other.wallet.registry).is_err());
        let mut forged = json!(&*request);
        forged["credentials"][0]["issuers"] = json!([other.credential.key()]);
        let forged = Arc::new(Request::from_json(&forged.to_string()).unwrap());
        client.submit(&created.id, &other.answer(forged)).problem(422, "presentation-refused");
    }
    assert_eq!(other.visit(&client, &of_regions(&["000000"])).status, 200);
    assert_eq!(other.visit(&client, &of_regions(&[SHANDONG, "310115"])).status, 200);
    // As a stored policy too.
    let stored = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &stored, Some(RELYING_PARTY), &of_regions(&[SHANGHAI])).status, 204);
    assert_eq!(client.get(&stored, Some(RELYING_PARTY)).ok::<Value>(), of_regions(&[SHANGHAI]));

    let fields = |policy: &Value| refused(&client, policy).fields(422, "invalid");
    assert_eq!(fields(&of_regions(&["330000"])), ["inline.licences[0].regions"]);
    assert_eq!(fields(&of_regions(&[])), ["inline.licences[0].regions"]);
    assert_eq!(fields(&of_regions(&[SHANDONG, "37"])), ["inline.licences[0].regions[1]"]);
    let mut both = of_regions(&[SHANDONG]);
    both["licences"][0]["issuers"] = json!([one.credential.key()]);
    assert_eq!(fields(&both), ["inline.licences[0].regions"]);
    let without = Service::start();
    let problem = refused(&without.client(), &of_regions(&[SHANDONG])).problem(422, "invalid");
    assert_eq!(problem.errors[0].field, "inline.licences[0].regions");
    assert!(problem.errors[0].reason.contains("no list of issuers"));
}

#[test]
fn issuers_of_the_configuration_stay_beside_the_list() {
    let (one, other) = pair();
    let domain = Domain::new(vec![one.listed.clone()]);
    let verifier = Service::start_with(|config| {
        let verifier = config.verifier.as_mut().unwrap();
        verifier.trust_list = Some(domain.config());
        verifier.trusted_issuers = other.wallet.registry.issuers().map(|issuer| (**issuer).clone()).collect();
    });
    let client = verifier.client();
    let (own_wallet, own) = holder(&verifier, 7);
    let created = client.request(&driving_policy("token"));
    assert_eq!(client.fetch(&created).document().credentials[0].issuers.len(), 3);
    assert!(one.is_accepted(&client) && other.is_accepted(&client));
    let presentation = own_wallet.present(client.fetch(&created), &own, own_wallet.tokens(&own, 1).pop());
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
    // They are nowhere as far as the list is concerned.
    let in_all_regions = client.request(&of_regions(&["000000"]));
    assert_eq!(client.fetch(&in_all_regions).document().credentials[0].issuers, [*one.credential.key()]);
    // And they do not end with it: who asks for them by their keys does not depend on it.
    verifier.pass(86_400);
    refused(&client, &driving_policy("token")).problem(503, "trust-list-expired");
    let mut by_key = driving_policy("token");
    by_key["licences"][0]["issuers"] = json!([other.credential.key(), own.key()]);
    assert_eq!(other.visit(&client, &by_key).status, 200);
}

#[test]
fn an_issuer_that_the_next_list_drops_is_refused_at_once() {
    let (one, other) = pair();
    let mut domain = Domain::new(vec![one.listed.clone(), other.listed.clone()]);
    let verifier = domain.verifier();
    let client = verifier.client();
    let under_way = client.request(&driving_policy("token"));
    let for_the_other = {
        let mut policy = driving_policy("token");
        policy["licences"][0]["issuers"] = json!([other.credential.key()]);
        client.request(&policy)
    };
    let [late, alone] = [&under_way, &for_the_other].map(|created| other.answer(client.fetch(created)));
    let in_time = client.request(&driving_policy("token"));
    let still = one.answer(client.fetch(&in_time));

    domain.next(&[1], |document| document.issuers.truncate(1));
    eventually("the new list", || !other.is_accepted(&client));
    assert!(one.is_accepted(&client));
    // What was asked before is judged by the list of now: for the one that is left as for the one that is gone.
    assert_eq!(client.submit(&in_time.id, &still).status, 200);
    client.submit(&under_way.id, &late).problem(422, "presentation-refused");
    client.submit(&for_the_other.id, &alone).problem(422, "presentation-refused");
}

#[test]
fn an_issuer_changes_its_key_with_an_overlap_and_the_clock_ends_the_old_one() {
    let (one, other) = pair();
    // Two services of one issuer, each with its key.
    let mut listed = one.listed.clone();
    listed.keys[0].accepted.until = NOW + 2000;
    listed.keys.push(ListedKey {
        accepted: Validity { from: NOW + 1000, until: NOW + 100_000 },
        ..other.listed.keys[0].clone()
    });
    let domain = Domain::new(vec![listed]);
    let verifier = domain.verifier();
    let client = verifier.client();
    let accepted = || [one.is_accepted(&client), other.is_accepted(&client)];
    assert_eq!(accepted(), [true, false]);
    verifier.pass(999);
    assert_eq!(accepted(), [true, false]);
    verifier.pass(1);
    assert_eq!(accepted(), [true, true]);
    verifier.pass(999);
    let under_way = client.request(&driving_policy("token"));
    let [late, good] = [&one, &other].map(|authority| authority.answer(client.fetch(&under_way)));
    assert_eq!(accepted(), [true, true]);
    verifier.pass(1);
    assert_eq!(accepted(), [false, true]);
    // By the clock of the answer, not of the request.
    let body = |presentation: Vec<u8>| json!({ "request": &*client.fetch(&under_way), "presentation": glimpse_api::Blob(presentation) });
    let stateless = |presentation| client.post(paths::VERIFY, Some(RELYING_PARTY), &body(presentation));
    stateless(late.clone()).problem(422, "presentation-refused");
    assert_eq!(stateless(good).status, 200);
    client.submit(&under_way.id, &late).problem(422, "presentation-refused");
}

#[test]
fn roots_change_with_an_overlap_and_a_dropped_root_cannot_come_back() {
    let (one, other) = pair();
    let mut domain = Domain::new(vec![one.listed.clone()]);
    let verifier = domain.verifier();
    let client = verifier.client();
    // The new root alone has nothing to say yet.
    domain.next(&[2], |document| {
        document.roots = roots(&[2]);
        document.issuers.push(other.listed.clone());
    });
    stays(&verifier, &[&one]);
    assert!(!other.is_accepted(&client));
    // Both together have.
    domain.sign(&[1, 2]);
    eventually("the list of both roots", || other.is_accepted(&client));
    eventually("nothing to complain about", || !is_failing(&verifier));
    // From then on the old one has none.
    let dropped = domain.document.clone();
    domain.next(&[1], |document| (document.roots, document.issuers) = (roots(&[1]), vec![]));
    stays(&verifier, &[&one, &other]);
    domain.document = dropped;
    domain.next(&[2], |document| document.issuers.truncate(1));
    eventually("the list of the new root", || !other.is_accepted(&client));
}

#[test]
fn lists_that_go_back_are_not_taken_and_a_restart_does_not_forget() {
    let (one, other) = pair();
    let mut domain = Domain::new(vec![one.listed.clone(), other.listed.clone()]);
    let both = fs::read_to_string(domain.file()).unwrap();
    let data = tempfile::tempdir().unwrap();
    let mut verifier = Service::start_with(|config| {
        config.issuer = None;
        config.data_directory = data.path().to_owned();
        config.verifier.as_mut().unwrap().trust_list = Some(domain.config());
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        config.limits.reload_interval = Duration::from_millis(20);
    });
    domain.next(&[1], |document| document.issuers.truncate(1));
    let second = fs::read_to_string(domain.file()).unwrap();
    eventually("the second list", || !other.is_accepted(&verifier.client()));

    domain.publish(&both);
    stays(&verifier, &[&one]);
    assert!(!other.is_accepted(&verifier.client()));
    domain.publish(&second);
    eventually("nothing to complain about", || !is_failing(&verifier));
    // Two lists of one version.
    domain.document.issuers.push(other.listed.clone());
    domain.sign(&[1]);
    stays(&verifier, &[&one]);
    assert!(!other.is_accepted(&verifier.client()));
    let second_of_version = fs::read_to_string(domain.file()).unwrap();
    verifier.running.take().unwrap().stop().unwrap();

    let file = domain.file();
    let start = |roots: Roots| {
        let mut config = config(data.path());
        config.issuer = None;
        config.clock = Clock::new(|| NOW);
        let list = TrustListConfig { file: file.clone(), roots };
        config.verifier.as_mut().unwrap().trust_list = Some(list);
        let found: Vec<String> = glimpse_service::check(&config).iter().map(ToString::to_string).collect();
        match Application::build(config) {
            Ok(_) => {
                assert_eq!(found, [""; 0]);
                None
            }
            Err(error) => {
                assert_eq!(found, [error.to_string()]);
                Some(error.to_string())
            }
        }
    };
    for (text, reason) in
        [(&both, "older than one that was seen before"), (&second_of_version, "same version")]
    {
        domain.publish(text);
        assert!(start(roots(&[1])).unwrap().contains(reason));
    }
    domain.publish(&second);
    assert!(start(roots(&[3])).unwrap().contains("to begin anew with them, remove"));
    assert_eq!(start(roots(&[1])), None);
    // Once they are the list's own, the new roots may be given; a memory that was removed begins anew.
    domain.document.issuers.truncate(1);
    domain.next(&[1, 2], |document| document.roots = roots(&[2]));
    assert_eq!(start(roots(&[1])), None);
    assert_eq!(start(roots(&[2])), None);
    domain.publish(&both);
    assert!(start(roots(&[2])).is_some());
    fs::remove_file(data.path().join("trust-list.json")).unwrap();
    assert_eq!(start(roots(&[1])), None);
}

#[test]
fn nothing_is_accepted_by_a_list_that_has_expired() {
    let (one, _) = pair();
    let mut domain = Domain::new(vec![one.listed.clone()]);
    let verifier = domain.verifier();
    let client = verifier.client();
    verifier.pass(86_399);
    let created = client.request(&driving_policy("token"));
    let request = client.fetch(&created);
    let presentation = one.answer(request.clone());
    let body = json!({ "request": &*request, "presentation": glimpse_api::Blob(presentation.clone()) });
    verifier.pass(1);
    let stored = paths::POLICY.replace("{policy}", "p");
    let (token, policy) = (Some(RELYING_PARTY), driving_policy("token"));
    let expired = |response: Response| {
        assert_eq!(response.header("retry-after"), "1");
        response.problem(503, "trust-list-expired");
    };
    expired(refused(&client, &policy));
    expired(refused(&client, &of_regions(&[SHANDONG])));
    expired(client.json("PUT", &stored, token, &policy));
    expired(client.submit(&created.id, &presentation));
    expired(client.post(paths::VERIFY, token, &body));
    expired(client.get(paths::READYZ, None));
    assert_eq!(client.get(paths::LIVEZ, None).status, 200);
    eventually("a word of it", || is_failing(&verifier));

    // With a new one all is well, and what was not decided can be.
    domain.next(&[1], |document| document.expires_at += 86_400);
    eventually("the new list", || client.get(paths::READYZ, None).status == 200);
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
    assert!(one.is_accepted(&client));
}

#[test]
fn what_is_no_list_is_not_taken_and_not_started_with() {
    let one = Authority::new("Shandong", SHANDONG);
    let domain = Domain::new(vec![one.listed.clone()]);
    let good = fs::read_to_string(domain.file()).unwrap();
    let verifier = domain.verifier();
    let another_kind = good.replace("trust-list", "manifest");
    for text in ["", "nonsense", "{}", &good[..good.len() / 2], &another_kind] {
        domain.publish(text);
        stays(&verifier, &[&one]);
        let mut config = config(domain.directory.path());
        config.verifier.as_mut().unwrap().trust_list = Some(domain.config());
        config.clock = Clock::new(|| NOW);
        let found: Vec<String> = glimpse_service::check(&config).iter().map(ToString::to_string).collect();
        match Application::build(config) {
            Err(error @ StartError::TrustList { .. }) => assert_eq!(found, [error.to_string()]),
            other => panic!("{other:?}"),
        }
        domain.publish(&good);
        eventually("nothing to complain about", || !is_failing(&verifier));
    }
    fs::remove_file(domain.file()).unwrap();
    stays(&verifier, &[&one]);
}

#[test]
fn a_request_has_room_for_so_many_keys() {
    use glimpse_issuer::IssuerSecretKey;
    let mut one = Authority::new("Shandong", SHANDONG).listed;
    let template = one.keys[0].clone();
    let mut issuers = Vec::new();
    for issuer in 0..16u8 {
        one.id = format!("91{issuer}");
        one.keys.clear();
        for key in 1..=16u8 {
            let mut secret = [0; 32];
            (secret[0], secret[1]) = (key, issuer + 1);
            let key = *IssuerSecretKey::from_bytes(&secret).unwrap().public();
            one.keys.push(ListedKey { key, ..template.clone() });
        }
        issuers.push(one.clone());
    }
    issuers[0].regions = vec![SHANGHAI.to_owned()];
    let verifier = Domain::new(issuers).verifier();
    let client = verifier.client();
    let asked =
        |policy: &Value| client.fetch(&client.request(policy)).document().credentials[0].issuers.len();
    let problem = refused(&client, &driving_policy("token")).problem(422, "invalid");
    assert_eq!(problem.errors[0].field, "inline.licences[0].issuers");
    assert!(problem.errors[0].reason.starts_with("256 keys"), "{}", problem.errors[0].reason);
    assert_eq!(asked(&of_regions(&[SHANDONG])), 240);
    assert_eq!(asked(&of_regions(&[SHANGHAI])), 16);
    assert_eq!(
        refused(&client, &of_regions(&["000000"])).fields(422, "invalid"),
        ["inline.licences[0].regions"]
    );
}
