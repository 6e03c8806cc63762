//! Whose licences are accepted.

use std::sync::Arc;
use std::time::Duration;

use glimpse_api::{Metadata, VerdictReport, paths};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_issuer::IssuerSecretKey;
use glimpse_trust::list::{ListedKey, Validity};
use serde_json::{Value, json};

use super::{Authority, Domain, SHANDONG, SHANGHAI, eventually, of_regions, pair, refused};
use crate::support::{NOW, RELYING_PARTY, Service, driving_policy, holder};

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
    let unknown = client.post(paths::VERIFY, Some(RELYING_PARTY), &body);
    assert_eq!(unknown.fields(422, "invalid"), ["request.credentials[0].issuers"]);
    // Nor can a policy name it.
    let mut policy = driving_policy("token");
    policy["licences"][0]["issuers"] = json!([one.credential.key(), other.credential.key()]);
    assert_eq!(refused(&client, &policy).fields(422, "invalid"), ["inline.licences[0].issuers[1]"]);
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
    let presentation = own_wallet.present(client.fetch(&created), &own, own_wallet.tokens(&own, 4).pop());
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
fn a_request_has_room_for_so_many_keys() {
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

/// A key of the configuration that the list ends is ended: whoever leaves it in the configuration does not keep it alive.
#[test]
fn a_key_of_the_configuration_ends_when_the_list_ends_it() {
    let (one, other) = pair();
    let mut ending = one.listed.clone();
    ending.keys[0].accepted.until = NOW + 100;
    let mut domain = Domain::new(vec![ending]);
    let configured = [&one, &other].map(|authority| {
        let metadata: Metadata = authority.wallet.client.get(paths::METADATA, None).ok();
        metadata.issuers.into_iter().next().unwrap()
    });
    let verifier = Service::start_with(|config| {
        config.issuer = None;
        config.limits.reload_interval = Duration::from_millis(20);
        let verifier = config.verifier.as_mut().unwrap();
        verifier.trusted_issuers = configured.to_vec();
        verifier.trust_list = Some(domain.config());
    });
    let client = verifier.client();
    let named = |authority: &Authority| {
        let mut policy = driving_policy("token");
        policy["licences"][0]["issuers"] = json!([authority.credential.key()]);
        policy
    };
    assert!(one.is_accepted(&client) && other.is_accepted(&client));
    let created = client.request(&named(&one));
    let presentation = one.answer(client.fetch(&created));
    verifier.pass(100);
    assert!(!one.is_accepted(&client) && other.is_accepted(&client));
    client.submit(&created.id, &presentation).problem(422, "presentation-refused");
    assert_eq!(refused(&client, &named(&one)).fields(422, "invalid"), ["inline.licences[0].issuers[0]"]);

    // Nor is it accepted again when the list that ended it expires, while the other one goes on.
    verifier.pass(86_400);
    refused(&client, &named(&one)).problem(503, "trust-list-expired");
    assert_eq!(other.visit(&client, &named(&other)).status, 200);
    // A list that says nothing of it leaves it to the configuration.
    domain.next(&[1], |document| {
        document.expires_at += 86_400;
        document.issuers.clear();
    });
    eventually("the list without it", || client.get(paths::READYZ, None).status == 200);
    assert!(one.is_accepted(&client));
}
