//! Policies, requests, presentations and results.

use std::thread;

use glimpse_api::{RequestCreated, RequestStatus, paths};
use glimpse_service::Access;
use serde_json::{Value, json};

use crate::support::{DRIVING, RELYING_PARTY, Service, driving_policy, holder, text};

fn policy_path(name: &str) -> String {
    paths::POLICY.replace("{policy}", name)
}

#[test]
fn a_policy_that_no_request_could_be_made_of_is_not_stored() {
    let service = Service::start();
    let client = service.client();
    let foreign = glimpse_issuer::IssuerSecretKey::generate(&mut rand_core::OsRng);
    let with = |pointer: &str, value: Value| {
        let mut policy = driving_policy("token");
        *policy.pointer_mut(pointer).unwrap() = value;
        policy
    };
    let licence = |name: &str, value: Value| {
        let mut policy = driving_policy("token");
        policy["licences"][0][name] = value;
        policy
    };
    for (policy, field) in [
        (with("/purpose/en", json!("")), "purpose"),
        (with("/licences", json!([])), "licences"),
        (licence("id", json!("Licence")), "licences[0].id"),
        (licence("schema", json!("cn.unknown")), "licences[0].schema"),
        (licence("issuers", json!([])), "licences[0].issuers"),
        (licence("issuers", json!([foreign.public()])), "licences[0].issuers[0]"),
        (with("/statements/0", json!({"disclose": {"of": "licence.name"}})), "statements[0].disclose"),
        (with("/statements/1", json!({"disclose": {"of": "other.sex"}})), "statements[1].disclose"),
        (with("/statements/2", json!({"age": {"of": "licence.birth_date"}})), "statements[2].age"),
        (with("/statements/3", json!({"date": {"of": "licence.sex", "to": "today"}})), "statements[3].date"),
    ] {
        let refused = client.json("PUT", &policy_path("p"), Some(RELYING_PARTY), &policy);
        assert!(refused.fields(422, "invalid")[0].starts_with(field), "{field}");
        let refused = client.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy }));
        assert!(refused.fields(422, "invalid")[0].starts_with(&format!("inline.{field}")), "{field}");
    }
    client.get(&policy_path("p"), Some(RELYING_PARTY)).problem(404, "policy-unknown");
    let unknown = json!({ "policy": "p" });
    client.post(paths::REQUESTS, Some(RELYING_PARTY), &unknown).problem(404, "policy-unknown");
    let upper = client.json("PUT", &policy_path("P"), Some(RELYING_PARTY), &driving_policy("token"));
    assert_eq!(upper.fields(422, "invalid"), ["policy"]);
}

#[test]
fn the_relying_partys_interface_needs_its_token() {
    let service = Service::start();
    let client = service.client();
    let created = client.request(&driving_policy("token"));
    let policy = policy_path("p");
    for token in [None, Some("wrong"), Some(&RELYING_PARTY[1..])] {
        client.json("PUT", &policy, token, &driving_policy("token")).problem(401, "unauthorized");
        client.get(&policy, token).problem(401, "unauthorized");
        client.post(paths::REQUESTS, token, &json!({ "policy": "p" })).problem(401, "unauthorized");
        client.get(&created.result_uri, token).problem(401, "unauthorized");
        client.post(paths::VERIFY, token, &json!({})).problem(401, "unauthorized");
    }
    let closed = Service::start_with(|config| config.access = Access::default());
    let closed = closed.client();
    closed.get(&policy, Some(RELYING_PARTY)).problem(403, "not-configured");
    closed.get(&policy, None).problem(403, "not-configured");
}

#[test]
fn a_request_expires_and_is_forgotten_in_the_end() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let created = client.request(&driving_policy("token"));
    let request = client.fetch(&created);
    let presentation = wallet.present(request, &credential, wallet.tokens(&credential, 4).pop());
    service.pass(299);
    client.fetch(&created);
    service.pass(1);
    client.get(&created.request_uri, None).problem(410, "request-expired");
    client.submit(&created.id, &presentation).problem(410, "request-expired");
    assert_eq!(client.result(&created).status, RequestStatus::Expired);

    let unknown = "0".repeat(32);
    client.get(&paths::REQUEST.replace("{request}", &unknown), None).problem(404, "request-unknown");
    client.get(&paths::REQUEST.replace("{request}", "x"), None).problem(404, "request-unknown");
    client.submit(&unknown, &presentation).problem(404, "request-unknown");
    let result = paths::RESULT.replace("{request}", &unknown);
    client.get(&result, Some(RELYING_PARTY)).problem(404, "request-unknown");
}

#[test]
fn a_presentation_that_does_not_hold_closes_the_request_without_a_reason() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let mut tokens = wallet.tokens(&credential, 16);
    let mut refused = |change: &dyn Fn(&mut Vec<u8>)| {
        let created = client.request(&driving_policy("token"));
        let mut bytes = wallet.present(client.fetch(&created), &credential, tokens.pop());
        let sound = bytes.clone();
        change(&mut bytes);
        let response = client.submit(&created.id, &bytes);
        let body = response.body.clone();
        response.problem(422, "presentation-refused");
        client.submit(&created.id, &sound).problem(409, "request-closed");
        let result = client.result(&created);
        assert_eq!((result.status, result.verdict.is_none()), (RequestStatus::Refused, true));
        body
    };
    let answers = [
        refused(&|bytes| bytes.clear()),
        refused(&|bytes| bytes.push(0)),
        // The version, a point in the middle, a scalar that is not reduced at the end, a sound scalar that is wrong.
        refused(&|bytes| bytes[0] ^= 0xff),
        refused(&|bytes| bytes[64..96].fill(0xff)),
        refused(&|bytes| bytes.iter_mut().rev().take(32).for_each(|b| *b = 0xff)),
        refused(&|bytes| *bytes.iter_mut().rev().nth(31).unwrap() ^= 1),
    ];
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn a_presentation_serves_one_request() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let (first, second) =
        (client.request(&driving_policy("token")), client.request(&driving_policy("token")));
    let presentation = wallet.present(client.fetch(&first), &credential, wallet.tokens(&credential, 4).pop());
    client.submit(&second.id, &presentation).problem(422, "presentation-refused");
    assert_eq!(client.submit(&first.id, &presentation).status, 200);
    client.submit(&first.id, &presentation).problem(409, "request-closed");
}

#[test]
fn what_is_no_presentation_at_all_leaves_the_request_open() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let created = client.request(&driving_policy("token"));
    let path = paths::PRESENTATION.replace("{request}", &created.id);
    for body in [json!({ "presentation": "not base64url=" }), json!({ "presentation": 1 }), json!({})] {
        client.post(&path, None, &body).problem(400, "malformed-body");
    }
    assert_eq!(client.result(&created).status, RequestStatus::Pending);
    let presentation =
        wallet.present(client.fetch(&created), &credential, wallet.tokens(&credential, 4).pop());
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
}

#[test]
fn of_sixteen_submissions_one_decides() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let mut tokens = wallet.tokens(&credential, 64);
    let mut round = |distinct: bool| {
        let created: RequestCreated = client.request(&driving_policy("token"));
        let request = client.fetch(&created);
        let mut make = || wallet.present(request.clone(), &credential, tokens.pop());
        let one = make();
        let all: Vec<Vec<u8>> = (0..16).map(|_| if distinct { make() } else { one.clone() }).collect();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let threads: Vec<_> = all
                .iter()
                .map(|bytes| scope.spawn(|| service.client().submit(&created.id, bytes).status))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 15, "{statuses:?}");
        assert_eq!(client.result(&created).status, RequestStatus::Accepted);
    };
    round(false);
    round(true);
    round(false);
}

#[test]
fn a_full_queue_turns_submissions_away_and_they_decide_nothing() {
    let service = Service::start_with(|config| {
        config.limits.proof_workers = 1;
        config.limits.proof_queue = 0;
    });
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let created = client.request(&driving_policy("token"));
    let bytes = wallet.present(client.fetch(&created), &credential, wallet.tokens(&credential, 4).pop());
    let statuses: Vec<u16> = thread::scope(|scope| {
        let threads: Vec<_> =
            (0..32).map(|_| scope.spawn(|| service.client().submit(&created.id, &bytes))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().status).collect()
    });
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| [200, 409, 503].contains(status)), "{statuses:?}");
}

#[test]
fn several_licences_of_one_holder() {
    let service = Service::start();
    let (wallet, licence) = holder(&service, 1);
    let client = &wallet.client;
    let card = "cn.resident_identity_card";
    let code = client.offer(&client.register_sample(card, 1)).code;
    let card_credential = wallet.obtain(&code);
    let policy = json!({
        "purpose": text("Both"),
        "licences": [
            { "id": "licence", "schema": DRIVING, "check": "token" },
            { "id": "card", "schema": card, "check": "keyed" },
        ],
        "statements": [{ "equal": { "left": "licence.birth_date", "right": "card.birth_date" } }],
    });
    let created = client.request(&policy);
    let relation =
        glimpse_circuits::relation::Relation::compile(client.fetch(&created), &wallet.registry).unwrap();
    let holdings = vec![
        glimpse_prover::Holding::new(
            &licence,
            glimpse_prover::Showing::Token(wallet.tokens(&licence, 4).pop().unwrap()),
        ),
        glimpse_prover::Holding::new(&card_credential, glimpse_prover::Showing::Keyed),
    ];
    let presentation =
        glimpse_prover::present(&relation, &wallet.secret, holdings, &mut rand_core::OsRng).unwrap();
    assert_eq!(client.submit(&created.id, &presentation.to_bytes()).status, 200);
    assert_eq!(client.result(&created).verdict.unwrap().licences.len(), 2);
}
