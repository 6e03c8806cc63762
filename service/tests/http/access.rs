//! Who is let in where, what belongs to whom, and how keys change.

use std::fs;
use std::path::Path;

use glimpse_api::{
    AllowedNames, AuditedPolicies, AuditedRequest, Blob, RegisteredRelyingParties, RequestCreated,
    RequestStatus, paths,
};
use glimpse_circuits::text::Text;
use glimpse_service::{Access, AccessError, Key, Principal, Registration, Role};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{ADMIN, NOW, RELYING_PARTY, Service, driving_policy, holder, principals};

pub(crate) const AUDITOR: &str = "auditor-token-of-the-tests";
/// Methods as the document writes them.
const METHODS: [&str; 4] = ["get", "post", "put", "delete"];
const OTHER: &str = "token-of-another-relying-party";

fn name() -> Text {
    Text { zh_cn: "另一依赖方".into(), en: "Another relying party".into() }
}

/// Those of all tests, an auditor, and another relying party with a name.
fn everybody() -> Access {
    let auditor = Principal::new("inspector", Role::Auditor).with_key(Key::of(AUDITOR));
    let other = Principal::relying_party("another", Registration::anything()).with_name(name());
    let other =
        other.with_key(Key { label: Some("first".into()), not_after: Some(NOW + 100), ..Key::of(OTHER) });
    Access::new(principals().into_iter().chain([auditor, other])).unwrap()
}

fn service() -> Service {
    Service::start_with(|config| config.access = everybody())
}

/// Every route: its method, its path, and whose it is, if not anybody's.
fn routes() -> Vec<(&'static str, String, Option<&'static str>)> {
    let (id, digest) = ("0".repeat(32), "0".repeat(64));
    let with =
        |pattern: &str, parameter: &str, value: &str| pattern.replace(&format!("{{{parameter}}}"), value);
    vec![
        ("GET", paths::LIVEZ.into(), None),
        ("GET", paths::READYZ.into(), None),
        ("GET", paths::OPENAPI.into(), None),
        ("GET", paths::METADATA.into(), None),
        ("POST", paths::OFFERS_REDEEM.into(), None),
        ("POST", paths::CREDENTIALS.into(), None),
        ("POST", paths::TOKENS.into(), None),
        ("POST", with(paths::TOKEN_EXCHANGE, "exchange", &id), None),
        ("GET", with(paths::REQUEST, "request", &id), None),
        ("POST", with(paths::PRESENTATION, "request", &id), None),
        ("POST", paths::LICENCES.into(), Some(ADMIN)),
        ("POST", with(paths::LICENCE_OFFERS, "licence", &id), Some(ADMIN)),
        ("GET", with(paths::LICENCE, "licence", &id), Some(ADMIN)),
        ("POST", with(paths::LICENCE_CHANGES, "licence", &id), Some(ADMIN)),
        ("POST", with(paths::LICENCE_CORRECTION, "licence", &id), Some(ADMIN)),
        ("POST", paths::WALLET_CHANGES.into(), Some(ADMIN)),
        ("GET", with(paths::IMPORT, "import", "i"), Some(ADMIN)),
        ("PUT", with(paths::IMPORT, "import", "i"), Some(ADMIN)),
        ("POST", with(paths::IMPORT_ROWS, "import", "i"), Some(ADMIN)),
        ("GET", paths::CATALOGUE.into(), Some(ADMIN)),
        ("GET", with(&with(paths::CATALOGUE_PAGE, "schema", &digest), "stage", "ended"), Some(ADMIN)),
        ("POST", paths::REVOCATION_LISTS.into(), Some(ADMIN)),
        ("GET", with(paths::MANIFEST, "schema", &digest), None),
        ("GET", with(&with(&with(paths::BUCKET, "schema", &digest), "version", "1"), "bucket", "0"), None),
        ("PUT", with(paths::POLICY, "policy", "p"), Some(RELYING_PARTY)),
        ("GET", with(paths::POLICY, "policy", "p"), Some(RELYING_PARTY)),
        ("POST", paths::REQUESTS.into(), Some(RELYING_PARTY)),
        ("GET", with(paths::RESULT, "request", &id), Some(RELYING_PARTY)),
        ("POST", paths::VERIFY.into(), Some(RELYING_PARTY)),
        ("GET", paths::AUDIT_RELYING_PARTIES.into(), Some(AUDITOR)),
        ("GET", with(paths::AUDIT_POLICIES, "relying_party", "another"), Some(AUDITOR)),
        ("GET", with(paths::AUDIT_REQUEST, "request", &id), Some(AUDITOR)),
    ]
}

#[test]
fn each_role_on_each_route() {
    let (service, closed) = (service(), Service::start_with(|config| config.access = Access::default()));
    let (client, nobody) = (service.client(), closed.client());
    let document: Value = client.get(paths::OPENAPI, None).ok();
    let methods = |path: &Value| {
        path.as_object().map_or(0, |path| path.keys().filter(|it| METHODS.contains(&it.as_str())).count())
    };
    let operations: usize = document["paths"].as_object().unwrap().values().map(methods).sum();
    assert_eq!(routes().len(), operations, "each of the document's operations stands here");
    for (method, path, whose) in routes() {
        let ask = |token| match method {
            "GET" => client.get(&path, token),
            // A body that nothing can be made of, for those who get as far as that.
            _ => client.json(method, &path, token, &json!({ "no": "body" })),
        };
        for token in [ADMIN, RELYING_PARTY, AUDITOR] {
            let response = ask(Some(token));
            match whose {
                Some(owner) if owner != token => drop(response.problem(403, "forbidden")),
                _ => assert!(![401, 403].contains(&response.status), "{method} {path} {}", response.status),
            }
        }
        for token in [None, Some("wrong"), Some("glk_wrong")] {
            let response = ask(token);
            match whose {
                Some(_) => {
                    assert_eq!(response.header("www-authenticate"), "Bearer");
                    response.problem(401, "unauthorized");
                }
                None => assert!(![401, 403].contains(&response.status), "{method} {path}"),
            }
        }
        if let Some(owner) = whose {
            let response = match method {
                "GET" => nobody.get(&path, Some(owner)),
                _ => nobody.json(method, &path, Some(owner), &json!({})),
            };
            response.problem(403, "not-configured");
        }
        if method == "GET" {
            let bearer = format!("Bearer {}", whose.unwrap_or("x"));
            let head = client.send("HEAD", &path, &[("authorization", &bearer)], None);
            assert_eq!(head.status, ask(whose).status, "{path}");
        }
    }
}

#[test]
fn what_belongs_to_one_relying_party_is_not_there_for_another() {
    let service = service();
    let client = service.client();
    let policy = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &policy, Some(RELYING_PARTY), &driving_policy("token")).status, 204);
    client.get(&policy, Some(OTHER)).problem(404, "policy-unknown");
    let from_stored = json!({ "policy": "p" });
    client.post(paths::REQUESTS, Some(OTHER), &from_stored).problem(404, "policy-unknown");
    // One of the same name of its own.
    assert_eq!(client.json("PUT", &policy, Some(OTHER), &driving_policy("keyed")).status, 204);
    let kept: Value = client.get(&policy, Some(RELYING_PARTY)).ok();
    assert_eq!(kept["licences"][0]["check"], "token");

    let created: RequestCreated = client.post(paths::REQUESTS, Some(RELYING_PARTY), &from_stored).ok();
    let theirs = client.get(&created.result_uri, Some(OTHER));
    let unknown = client.get(&paths::RESULT.replace("{request}", &"0".repeat(32)), Some(OTHER));
    assert_eq!(theirs.body, unknown.body);
    theirs.problem(404, "request-unknown");
    assert_eq!(client.result(&created).status, RequestStatus::Pending);
}

#[test]
fn requests_carry_the_registered_name_and_no_other() {
    let service = service();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let create = |token| -> RequestCreated {
        client.post(paths::REQUESTS, Some(token), &json!({ "inline": driving_policy("token") })).ok()
    };
    let request = client.fetch(&create(OTHER));
    assert_eq!(request.document().audience_name, name());
    let unnamed = client.fetch(&create(RELYING_PARTY));
    assert_eq!(unnamed.document().audience_name.en, "Verifier");

    let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
    let body = json!({ "request": *request, "presentation": Blob::from(presentation) });
    assert_eq!(client.post(paths::VERIFY, Some(OTHER), &body).status, 200);
    // Nobody has an answer to another's request checked.
    let refused = client.post(paths::VERIFY, Some(RELYING_PARTY), &body);
    assert_eq!(refused.fields(422, "invalid"), ["request.audience_name"]);
}

#[test]
fn auditors_see_who_asks_for_what_and_not_what_came_of_it() {
    let service = service();
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let policy = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &policy, Some(OTHER), &driving_policy("token")).status, 204);
    let created: RequestCreated = client.post(paths::REQUESTS, Some(OTHER), &json!({ "policy": "p" })).ok();

    let all: RegisteredRelyingParties = client.get(paths::AUDIT_RELYING_PARTIES, Some(AUDITOR)).ok();
    let ids: Vec<_> = all.relying_parties.iter().map(|party| party.id.as_str()).collect();
    assert_eq!(ids, ["relying-party", "another"]);
    let other = &all.relying_parties[1];
    assert_eq!((other.name.clone(), other.certificates), (Some(name()), 0));
    assert_eq!(other.may_ask.schemas, AllowedNames::Any);
    assert_eq!(other.keys.len(), 1);
    assert_eq!(other.keys[0].label.as_deref(), Some("first"));
    assert_eq!((other.keys[0].not_before, other.keys[0].not_after), (None, Some(NOW + 100)));
    let listed = client.get(paths::AUDIT_RELYING_PARTIES, Some(AUDITOR)).body;
    let listed = String::from_utf8(listed).unwrap();
    assert!(!listed.contains(&hex::encode(Sha256::digest(OTHER))) && !listed.contains("administrator"));

    let policies =
        |id: &str| client.get(&paths::AUDIT_POLICIES.replace("{relying_party}", id), Some(AUDITOR));
    let stored: AuditedPolicies = policies("another").ok();
    assert_eq!(stored.policies.len(), 1);
    assert_eq!(stored.policies[0].name, "p");
    assert_eq!(serde_json::to_value(&stored.policies[0].policy).unwrap(), driving_policy("token"));
    assert!(policies("relying-party").ok::<AuditedPolicies>().policies.is_empty());
    for unknown in ["nobody", "administrator", "Upper", "%2e%2e"] {
        policies(unknown).problem(404, "relying-party-unknown");
    }

    let path = paths::AUDIT_REQUEST.replace("{request}", &created.id);
    let request = client.fetch(&created);
    let audited: AuditedRequest = client.get(&path, Some(AUDITOR)).ok();
    assert_eq!((audited.relying_party.as_str(), audited.status), ("another", RequestStatus::Pending));
    assert_eq!(audited.request, *request);
    let presentation = wallet.present(request, &credential, wallet.tokens(&credential, 4).pop());
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
    let body: Value = client.get(&path, Some(AUDITOR)).ok();
    assert_eq!(body["status"], "accepted");
    let members: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(members, ["relying_party", "request", "status"]);
    client
        .get(&paths::AUDIT_REQUEST.replace("{request}", "x"), Some(AUDITOR))
        .problem(404, "request-unknown");
}

fn write(path: &Path, keys: &[&str]) {
    let keys: Vec<_> =
        keys.iter().map(|key| format!("{{ sha256 = \"{}\" }}", hex::encode(Sha256::digest(key)))).collect();
    let text =
        format!("[[principal]]\nid = \"inspector\"\nrole = \"auditor\"\nkeys = [{}]\n", keys.join(", "));
    fs::write(path, text).unwrap();
}

#[test]
fn keys_change_while_the_service_runs() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access.toml");
    write(&path, &["old"]);
    let access = Access::from_file(&path, principals()).unwrap();
    let service = Service::start_with(|config| config.access = access.clone());
    let client = service.client();
    let status = |token| client.get(paths::AUDIT_RELYING_PARTIES, Some(token)).status;
    assert_eq!([status("old"), status("new")], [200, 401]);
    write(&path, &["old", "new"]);
    assert_eq!([status("old"), status("new")], [200, 401]);
    assert!(access.reload().unwrap());
    assert_eq!([status("old"), status("new")], [200, 200]);
    fs::write(&path, "[[principal]]\nid = 7\n").unwrap();
    assert!(matches!(access.reload(), Err(AccessError::Problems(_))));
    assert_eq!([status("old"), status("new")], [200, 200]);
    write(&path, &["new"]);
    assert!(access.reload().unwrap());
    assert_eq!([status("old"), status("new"), status(RELYING_PARTY)], [401, 200, 403]);
}

#[test]
fn keys_run_out_by_the_services_clock() {
    let service = service();
    let client = service.client();
    let status = || client.get(&paths::POLICY.replace("{policy}", "p"), Some(OTHER)).status;
    service.pass(99);
    assert_eq!(status(), 404);
    service.pass(1);
    assert_eq!(status(), 401);
}
