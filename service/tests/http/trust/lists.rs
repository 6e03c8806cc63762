//! Which lists are taken.

use std::fs;
use std::path::Path;
use std::time::Duration;

use glimpse_api::paths;
use glimpse_service::{Application, Clock, StartError, TrustListConfig};
use glimpse_trust::list::Roots;
use serde_json::{Value, json};

use super::{Authority, Domain, SHANDONG, eventually, is_failing, of_regions, pair, refused, roots, stays};
use crate::support::{DRIVING, NOW, RELYING_PARTY, Response, Service, config, driving_policy};

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

/// Whoever starts with an expired list serves what does not depend on it, and takes the next one when it comes.
#[test]
fn a_service_starts_with_a_list_that_has_expired() {
    let (one, other) = pair();
    let mut domain = Domain::new(vec![one.listed.clone()]);
    let data = tempfile::tempdir().unwrap();
    let start = |directory: &Path, domain: &Domain, is_issuer: bool| {
        let list = domain.config();
        Service::start_with(|config| {
            config.data_directory = directory.to_owned();
            config.issuer.as_mut().unwrap().key_file = directory.join("issuer.key");
            config.issuer = config.issuer.take().filter(|_| is_issuer);
            config.verifier.as_mut().unwrap().trust_list = Some(list);
            config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
            config.limits.reload_interval = Duration::from_millis(20);
            assert!(glimpse_service::check(config).is_empty());
        })
    };
    let health = |service: &Service| service.client().get(paths::READYZ, None).ok::<Value>();
    let ready = |service: &Service| health(service)["verifier"] == "ready";
    let of_both = json!({ "status": "partial", "issuer": "ready", "verifier": "trust_list_expired" });
    domain.next(&[1], |document| (document.issued_at, document.expires_at) = (NOW - 100, NOW - 50));
    // A directory that remembers no list, and then one that remembers this one.
    for _ in 0..2 {
        let both = start(data.path(), &domain, true);
        let client = both.client();
        assert_eq!(health(&both), of_both);
        assert_eq!(client.offer(&client.register_sample(DRIVING, 1)).code.len(), 43);
        refused(&client, &of_regions(&[SHANDONG])).problem(503, "trust-list-expired");
        eventually("a word of it", || is_failing(&both));
    }
    // Who has nothing else to do is not ready.
    let alone = tempfile::tempdir().unwrap();
    let verifier = start(alone.path(), &domain, false);
    verifier.client().get(paths::READYZ, None).problem(503, "trust-list-expired");
    let both = start(data.path(), &domain, true);
    domain.next(&[1], |document| document.expires_at = NOW + 86_400);
    for service in [&verifier, &both] {
        eventually("the new list", || {
            service.client().get(paths::READYZ, None).status == 200 && ready(service)
        });
        assert!(one.is_accepted(&service.client()));
    }
    assert_eq!(health(&both), json!({ "status": "ok", "issuer": "ready", "verifier": "ready" }));
    assert_eq!(health(&verifier), json!({ "status": "ok", "verifier": "ready" }));
    assert!(
        both.metrics().contains(&format!("glimpse_trust_list_expires_at_seconds{{}} {}\n", NOW + 86_400))
    );
    assert!(both.metrics().contains("glimpse_trust_list_version{} 3\n"));
    drop((both, verifier));

    // A further one that had expired before it came is not taken, at a start as little as later.
    domain.next(&[1], |document| {
        document.expires_at = NOW - 40;
        document.issuers = vec![other.listed.clone()];
    });
    let both = start(data.path(), &domain, true);
    stays(&both, &[&one]);
    assert!(ready(&both) && !other.is_accepted(&both.client()));
    // What the roots have not signed is as little to start with as before.
    domain.sign(&[2]);
    let mut config = config(domain.directory.path());
    config.verifier.as_mut().unwrap().trust_list = Some(domain.config());
    config.clock = Clock::new(|| NOW);
    assert!(matches!(Application::build(config), Err(StartError::TrustList { .. })));
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
