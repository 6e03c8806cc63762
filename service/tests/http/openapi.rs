//! The document and the service are the same. `support` holds every answer of every test against the document; here,
//! that nothing was left out, that the schemas refuse what the service refuses, and how both are served.

use std::collections::BTreeSet;

use glimpse_api::paths;
use glimpse_prover::Credential;
use glimpse_service::{Access, ApiToken, Key, Principal, Role, openapi_document};
use serde_json::{Value, json};

use crate::access::AUDITOR;
use crate::support::contract::CONTRACT;
use crate::support::{
    ADMIN, DRIVING, RELYING_PARTY, Service, Wallet, driving_policy, holder, sample, text, with_lists,
};

#[test]
fn every_operation_succeeds_as_documented() {
    let service = Service::start_with(|config| {
        let token = |token: &str| ApiToken::new(token).unwrap();
        let auditor = Principal::new("auditor", Role::Auditor).with_key(Key::of(AUDITOR));
        let administrator = Principal::sole_administrator(&token(ADMIN));
        let relying_party = Principal::sole_relying_party(&token(RELYING_PARTY));
        config.access = Access::new([administrator, relying_party, auditor]).unwrap();
        with_lists(config);
    });
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    an_administrator_does_everything(&service, &wallet, &credential);
    let policy = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &policy, Some(RELYING_PARTY), &driving_policy("token")).status, 204);
    assert_eq!(client.get(&policy, Some(RELYING_PARTY)).status, 200);
    let created = client.request(&driving_policy("token"));
    let request = client.fetch(&created);
    let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
    let body = json!({ "request": &*request, "presentation": glimpse_api::Blob::from(presentation.clone()) });
    assert_eq!(client.post(paths::VERIFY, Some(RELYING_PARTY), &body).status, 200);
    client.result(&created);
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
    client.result(&created);
    let policies = paths::AUDIT_POLICIES.replace("{relying_party}", "relying-party");
    let asked = paths::AUDIT_REQUEST.replace("{request}", &created.id);
    for path in [paths::AUDIT_RELYING_PARTIES, &policies, &asked] {
        assert_eq!(client.get(path, Some(AUDITOR)).status, 200);
    }
    for path in [paths::LIVEZ, paths::READYZ, paths::METADATA, paths::OPENAPI] {
        assert_eq!(client.get(path, None).status, 200);
    }
    let seen: BTreeSet<_> = client.seen().into_iter().collect();
    let missing: Vec<_> =
        CONTRACT.successes().into_iter().filter(|success| !seen.contains(success)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn an_administrator_does_everything(service: &Service, wallet: &Wallet, credential: &Credential) {
    let client = &wallet.client;
    let licence = client.register_sample(DRIVING, 1);
    let schema = credential.schema().digest().to_string();
    for path in [
        paths::CATALOGUE.to_owned(),
        paths::CATALOGUE_PAGE.replace("{schema}", &schema).replace("{stage}", "valid"),
        paths::LICENCE.replace("{licence}", &licence),
    ] {
        assert_eq!(client.get(&path, Some(ADMIN)).status, 200);
    }
    let import = paths::IMPORT.replace("{import}", "i");
    let announcement = json!({ "profile": DRIVING, "announced": "1", "digest": "0".repeat(64) });
    assert_eq!(client.json("PUT", &import, Some(ADMIN), &announcement).status, 200);
    assert_eq!(client.get(&import, Some(ADMIN)).status, 200);
    let rows = json!({ "rows": [{ "row": "1", "holder": "holder-3", "attributes": sample(DRIVING, 3) }] });
    let path = paths::IMPORT_ROWS.replace("{import}", "i");
    assert_eq!(client.post(&path, Some(ADMIN), &rows).status, 200);
    let suspension = json!({ "act": "suspend", "reason": "r" });
    assert_eq!(client.change(&licence, &suspension).status, 200);
    let correction = json!({ "attributes": sample(DRIVING, 2), "reason": "r" });
    let path = paths::LICENCE_CORRECTION.replace("{licence}", &licence);
    assert_eq!(client.post(&path, Some(ADMIN), &correction).status, 201);
    service.pass(86_400);
    while client.publish(DRIVING).status != 200 {
        service.pass(60);
    }
    wallet.interval(credential).unwrap();
    let change = json!({ "holder": "holder-2", "reason": "r" });
    client.register_sample(DRIVING, 2);
    assert_eq!(client.post(paths::WALLET_CHANGES, Some(ADMIN), &change).status, 200);
}

#[test]
fn examples_are_taken() {
    let service = Service::start();
    let client = service.client();
    let mut examples = CONTRACT.examples();
    assert!(examples.len() >= 4);
    // First those that store something, which others name.
    examples.sort_by_key(|(method, ..)| method != "PUT");
    for (method, path, body) in examples {
        let token = if path.starts_with("/admin") { ADMIN } else { RELYING_PARTY };
        let path = path.replace("{policy}", "car-rental").replace("{import}", "driving-2026");
        let answer = client.json(&method, &path, Some(token), &body);
        assert!(answer.status < 300, "{path}: {answer:?}");
    }
}

#[test]
fn what_the_service_cannot_read_the_schemas_refuse_and_the_other_way_round() {
    let service = Service::start();
    let client = service.client();
    let statement = |statement: Value| {
        let policy = json!({
            "purpose": text("x"),
            "licences": [{ "id": "l", "schema": DRIVING, "check": "token" }],
            "statements": [statement],
        });
        let status = client.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "inline": policy })).status;
        (status, CONTRACT.admits("Policy", &policy))
    };
    for sound in [
        json!({ "age": { "of": "l.birth_date", "at_least": "18" } }),
        json!({ "age": { "of": "l.birth_date", "at_least": "18", "below": "65" } }),
        json!({ "date": { "of": "l.valid_until", "from": "today", "to": "9999-12-31" } }),
        json!({ "flags": { "of": "l.classes", "any": ["C1", "B2"], "none": ["A1"] } }),
        json!({ "equals": { "of": "l.sex", "value": "1" } }),
        json!({ "member": { "of": "l.sex", "values": ["1", "2"] } }),
        json!({ "not_member": { "of": "l.region", "values": ["310000"] } }),
        json!({ "disclose": { "of": "l.sex" } }),
        json!({ "range": { "of": [{ "attribute": "l.birth_date", "coefficient": "-1" }], "lo": "-740000",
            "hi": "-700000" } }),
        json!({ "intervals": { "of": [{ "attribute": "l.birth_date", "coefficient": "1" }],
            "intervals": [{ "lo": "700000", "hi": "710000" }, { "lo": "720000", "hi": "740000" }] } }),
    ] {
        assert_eq!(statement(sound.clone()), (201, true), "{sound}");
    }
    for (status, unsound) in [
        (400, json!({ "age": { "of": "l.birth_date", "at_least": 18 } })),
        (400, json!({ "age": { "of": "l.birth_date", "at_least": "018" } })),
        (400, json!({ "age": { "of": "l.birth_date", "at_least": "65536" } })),
        (422, json!({ "age": { "of": "l.birth_date" } })),
        (400, json!({ "age": { "of": "birth_date", "at_least": "18" } })),
        (400, json!({ "date": { "of": "l.valid_until", "from": "tomorrow" } })),
        (400, json!({ "date": { "of": "l.valid_until", "from": "2026-02-30" } })),
        (400, json!({ "date": { "of": "l.valid_until", "from": null } })),
        (400, json!({ "disclose": { "of": "l.sex", "also": "l.name" } })),
        (400, json!({ "disclose": { "of": "l.sex" }, "age": { "of": "l.birth_date", "below": "9" } })),
        (400, json!({ "unknown": {} })),
        (422, json!({ "member": { "of": "l.sex", "values": [] } })),
        (422, json!({ "range": { "of": [], "lo": "0", "hi": "1" } })),
    ] {
        assert_eq!(statement(unsound.clone()), (status, false), "{unsound}");
    }
    for (text, sound) in
        [("_-8", true), ("", true), ("_-8=", false), ("_-9", false), ("/+8", false), ("_", false)]
    {
        assert_eq!(CONTRACT.admits("Bytes", &json!(text)), sound, "{text}");
        let read = serde_json::from_value::<glimpse_api::Blob>(json!(text)).is_ok();
        assert_eq!(read, sound, "{text}");
    }
    for (seconds, sound) in [("0", true), ("1795320000", true), ("01", false), ("-1", false), ("", false)] {
        assert_eq!(CONTRACT.admits("UnixSeconds", &json!(seconds)), sound, "{seconds}");
    }
}

#[test]
fn the_document_says_what_this_service_serves() {
    let served = |change: &dyn Fn(&mut glimpse_service::Config)| -> Value {
        let service = Service::start_with(change);
        service.client().get(paths::OPENAPI, None).ok()
    };
    let whole = served(&|config| config.public_uri = Some("https://glimpse.example/under".into()));
    assert_eq!(whole["servers"], json!([{ "url": "/under" }]));
    assert_eq!(whole["paths"], openapi_document()["paths"]);
    let issuer = served(&|config| config.verifier = None);
    assert_eq!(issuer["servers"], json!([{ "url": "/" }]));
    let paths = issuer["paths"].as_object().unwrap();
    assert!(paths.contains_key(paths::TOKENS) && !paths.contains_key(paths::VERIFY));
    let verifier = served(&|config| config.issuer = None);
    let paths = verifier["paths"].as_object().unwrap();
    assert!(paths.contains_key(paths::VERIFY) && !paths.contains_key(paths::TOKENS));
}

#[test]
fn pages_come_from_the_service_alone() {
    let service = Service::start();
    let client = service.client();
    let page = client.get("/docs/", None);
    assert_eq!((page.status, page.header("content-type")), (200, "text/html"));
    assert_eq!(page.header("cache-control"), "no-store");
    assert_eq!(page.header("x-request-id").len(), 32);
    let policy = page.header("content-security-policy").to_owned();
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'; ") && !policy.contains("unsafe"),
        "{policy}"
    );
    let html = String::from_utf8(page.body).unwrap();
    assert!(!html.contains("http://") && !html.contains("https://"), "{html}");
    let files = html.split('"').filter_map(|part| part.strip_prefix("./"));
    let files: Vec<_> = files.chain(html.split('"').filter(|part| part.ends_with(".css"))).collect();
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let answer = client.get(&format!("/docs/{}", file.trim_start_matches("./")), None);
        assert_eq!((answer.status, answer.header("x-content-type-options")), (200, "nosniff"), "{file}");
        assert_eq!(answer.header("content-security-policy"), policy);
    }
    let start = client.get("/docs/swagger-initializer.js", None);
    assert!(String::from_utf8(start.body).unwrap().contains("../openapi.json"));
    for path in ["/docs/none", "/docs/../Cargo.toml", "/docs/a/b"] {
        client.get(path, None).problem(404, "not-found");
    }
    client.post("/docs/", None, &json!({})).problem(405, "method-not-allowed");
}

#[test]
fn it_can_be_turned_off() {
    let service = Service::start_with(|config| config.openapi_ui = false);
    for path in [paths::OPENAPI, "/docs", "/docs/", "/docs/index.html"] {
        service.client().get(path, None).problem(404, "not-found");
    }
}
