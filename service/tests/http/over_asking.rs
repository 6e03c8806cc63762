//! Nobody asks for more than is registered: not in a policy, not in a request, not in what is only checked here.

use std::fs;

use glimpse_api::{Blob, RequestCreated, paths};
use glimpse_circuits::request::CheckKind;
use glimpse_service::{Access, Allowed, Key, Principal, Registration, StatementKind};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{DRIVING, RELYING_PARTY, Response, Service, driving_policy, holder, principals, text};

const RENTAL: &str = "token-of-the-car-rental";

fn attributes(names: &[&str]) -> Allowed<String> {
    Allowed::Only(names.iter().map(|name| format!("{DRIVING}.{name}")).collect())
}

/// Classes may be disclosed, ages and days be proven.
fn rental() -> Registration {
    Registration {
        schemas: Allowed::Only(vec![DRIVING.to_owned()]),
        disclose: attributes(&["classes"]),
        prove: attributes(&["birth_date", "valid_until"]),
        statements: Allowed::Only(vec![StatementKind::Age, StatementKind::Date, StatementKind::Disclose]),
        checks: Allowed::Only(vec![CheckKind::Token]),
    }
}

fn service(registration: Registration) -> Service {
    Service::start_with(|config| {
        let rental = Principal::relying_party("rental", registration).with_key(Key::of(RENTAL));
        config.access = Access::new(principals().into_iter().chain([rental])).unwrap();
    })
}

fn policy(statements: Value) -> Value {
    json!({
        "purpose": text("Car rental"),
        "licences": [{ "id": "licence", "schema": DRIVING, "check": "token" }],
        "statements": statements,
    })
}

fn within() -> Value {
    policy(json!([
        { "disclose": { "of": "licence.classes" } },
        { "age": { "of": "licence.birth_date", "at_least": "18" } },
        { "date": { "of": "licence.valid_until", "from": "today" } },
    ]))
}

fn put(service: &Service, policy: &Value) -> Response {
    service.client().json("PUT", &paths::POLICY.replace("{policy}", "p"), Some(RENTAL), policy)
}

fn create(service: &Service, body: &Value) -> Response {
    service.client().post(paths::REQUESTS, Some(RENTAL), body)
}

#[test]
fn what_is_registered_may_be_asked_for() {
    let service = service(rental());
    assert_eq!(put(&service, &within()).status, 204);
    assert_eq!(create(&service, &json!({ "policy": "p" })).status, 201);
    assert_eq!(create(&service, &json!({ "inline": within() })).status, 201);
}

#[test]
fn everything_beyond_it_is_named_with_what_is_registered() {
    let service = service(rental());
    let mut beyond = driving_policy("keyed");
    let card = json!({ "id": "card", "schema": "cn.resident_identity_card", "check": "token" });
    beyond["licences"].as_array_mut().unwrap().push(card);
    let more = json!({ "equal": { "left": "licence.birth_date", "right": "card.birth_date" } });
    beyond["statements"].as_array_mut().unwrap().push(more);
    let expected = [
        ("licences[0].check", "may not be asked for; registered: token"),
        ("licences[1].schema", "may not be asked for; registered: cn.driving_licence"),
        ("statements[0].disclose.of", "may not be disclosed; registered: cn.driving_licence.classes"),
        (
            "statements[4].equal",
            "is a kind of statement that may not be made; registered: disclose, age, date",
        ),
        ("statements[4].equal.right", "may not be proven about; registered: none"),
    ];
    let check = |response: Response, at: &str| {
        let problem = response.problem(403, "over-asking");
        let said: Vec<_> = problem.errors.iter().map(|e| (e.field.as_str(), e.reason.as_str())).collect();
        let expected: Vec<_> = expected.iter().map(|(field, why)| (format!("{at}{field}"), *why)).collect();
        let expected: Vec<_> = expected.iter().map(|(field, why)| (field.as_str(), *why)).collect();
        assert_eq!(said, expected);
    };
    check(put(&service, &beyond), "");
    check(create(&service, &json!({ "inline": beyond })), "inline.");
    service
        .client()
        .get(&paths::POLICY.replace("{policy}", "p"), Some(RENTAL))
        .problem(404, "policy-unknown");
    // Whoever is registered for anything may.
    let as_before = json!({ "inline": driving_policy("token") });
    assert_eq!(service.client().post(paths::REQUESTS, Some(RELYING_PARTY), &as_before).status, 201);
}

#[test]
fn each_kind_of_statement_needs_its_registration() {
    let range = |lo: &str| json!([{ "attribute": "licence.valid_until", "coefficient": "1" }, lo])[0].clone();
    let statements = [
        (StatementKind::Disclose, json!({ "disclose": { "of": "licence.valid_until" } })),
        (StatementKind::Range, json!({ "range": { "of": [range("")], "lo": "1", "hi": "3652058" } })),
        (StatementKind::Age, json!({ "age": { "of": "licence.birth_date", "at_least": "18" } })),
        (StatementKind::Date, json!({ "date": { "of": "licence.valid_until", "from": "today" } })),
        (StatementKind::Equals, json!({ "equals": { "of": "licence.sex", "value": "1" } })),
        (StatementKind::Member, json!({ "member": { "of": "licence.sex", "values": ["1", "2"] } })),
        (StatementKind::NotMember, json!({ "not_member": { "of": "licence.sex", "values": ["9"] } })),
        (
            StatementKind::Intervals,
            json!({ "intervals": { "of": [range("")], "intervals": [{ "lo": "1", "hi": "2" }, { "lo": "5", "hi": "9" }] } }),
        ),
        (StatementKind::Flags, json!({ "flags": { "of": "licence.classes", "any": ["C1"] } })),
        (
            StatementKind::Equal,
            json!({ "equal": { "left": "licence.birth_date", "right": "licence.valid_until" } }),
        ),
        (
            StatementKind::NotRevoked,
            json!({ "not_revoked": { "credential": "licence", "max_age": "86400" } }),
        ),
    ];
    assert_eq!(statements.len(), StatementKind::ALL.len());
    for (kind, statement) in statements {
        let (mut all, mut others, mut no_attribute) =
            (Registration::anything(), Registration::anything(), Registration::anything());
        all.statements = Allowed::Only(vec![kind]);
        others.statements =
            Allowed::Only(StatementKind::ALL.into_iter().filter(|other| *other != kind).collect());
        (no_attribute.disclose, no_attribute.prove) = (Allowed::default(), Allowed::default());
        // Not the id itself, which the log may have.
        let key_of = |id: &str| format!("key-of-{id}");
        let service = Service::start_with(|config| {
            let party = |id: &str, may_ask: &Registration| {
                Principal::relying_party(id, may_ask.clone()).with_key(Key::of(&key_of(id)))
            };
            let parties =
                [party("all", &all), party("others", &others), party("no-attribute", &no_attribute)];
            config.access = Access::new(parties).unwrap();
        });
        let client = service.client();
        let ask = |token: &str| {
            let path = paths::POLICY.replace("{policy}", "p");
            client.json("PUT", &path, Some(&key_of(token)), &policy(json!([statement])))
        };
        // It may be of no use, but it was not refused for asking too much.
        let allowed = ask("all");
        assert!([204, 422].contains(&allowed.status), "{kind:?}");
        let at = format!("statements[0].{}", kind.name());
        assert_eq!(ask("others").fields(403, "over-asking"), [at.as_str()]);
        if kind == StatementKind::NotRevoked {
            // It is about no attribute.
            assert!([204, 422].contains(&ask("no-attribute").status));
            continue;
        }
        let fields = ask("no-attribute").fields(403, "over-asking");
        let operands = if kind == StatementKind::Equal { 2 } else { 1 };
        assert!(fields.len() == operands && fields.iter().all(|field| field.starts_with(&at)), "{fields:?}");
    }
}

#[test]
fn a_policy_outlives_its_registration_and_is_of_no_use_then() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access.toml");
    let write = |disclose: &str| {
        let text = format!(
            "[[principal]]\nid = \"rental\"\nrole = \"relying_party\"\nkeys = [{{ sha256 = \"{}\" }}]\n\
             [principal.may_ask]\nschemas = \"any\"\ndisclose = {disclose}\nprove = \"any\"\n\
             statements = \"any\"\nchecks = \"any\"\n",
            hex::encode(Sha256::digest(RENTAL))
        );
        fs::write(&path, text).unwrap();
    };
    write("\"any\"");
    let access = Access::from_file(&path, []).unwrap();
    let service = Service::start_with(|config| config.access = access.clone());
    assert_eq!(put(&service, &within()).status, 204);
    assert_eq!(create(&service, &json!({ "policy": "p" })).status, 201);
    write("[]");
    assert!(access.reload().unwrap());
    let refused = create(&service, &json!({ "policy": "p" }));
    assert_eq!(refused.fields(403, "over-asking"), ["policy.statements[0].disclose.of"]);
}

#[test]
fn what_is_only_checked_here_is_held_to_it_too() {
    let service = service(rental());
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let verify = |policy: Value| {
        // Made by somebody who may: only who has it checked makes a difference.
        let created: RequestCreated =
            client.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy })).ok();
        let request = client.fetch(&created);
        let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
        let body = json!({ "request": *request, "presentation": Blob::from(presentation) });
        client.post(paths::VERIFY, Some(RENTAL), &body)
    };
    assert_eq!(verify(within()).status, 200);
    let refused = verify(driving_policy("keyed"));
    let expected = ["request.credentials[0].check", "request.statements[0].disclose.of"];
    assert_eq!(refused.fields(403, "over-asking"), expected);
}
