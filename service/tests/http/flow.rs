//! From a licence to a result.

use glimpse_api::{Decision, Metadata, RequestStatus, VerdictReport, paths};
use serde_json::{Value, json};

use crate::support::{DRIVING, RELYING_PARTY, Service, Wallet, driving_policy, holder, sample};

#[test]
fn from_licence_to_result() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let offer = client.offer(&licence);
    assert_eq!(offer.issuer_uri, service.url);
    let wallet = Wallet::new(client.clone());
    let credential = wallet.obtain(&offer.code);
    let mut tokens = wallet.tokens(&credential, 4);
    assert_eq!(tokens.len(), 4);

    let policy = driving_policy("token");
    let path = paths::POLICY.replace("{policy}", "car-rental");
    assert_eq!(client.json("PUT", &path, Some(RELYING_PARTY), &policy).status, 204);
    assert_eq!(client.get(&path, Some(RELYING_PARTY)).ok::<Value>(), policy);
    let body = json!({ "policy": "car-rental" });
    let created = client.post(paths::REQUESTS, Some(RELYING_PARTY), &body).ok();
    assert_eq!(client.result(&created).status, RequestStatus::Pending);

    let request = client.fetch(&created);
    assert_eq!(request.document().audience, service.url);
    assert_eq!(request.document().expires_at, created.expires_at);
    let presentation = wallet.present(request.clone(), &credential, tokens.pop());
    let response = client.send(
        "POST",
        &request.document().response_uri,
        &[("content-type", "application/json; charset=utf-8")],
        Some(json!({ "presentation": glimpse_api::Blob(presentation.clone()) }).to_string().as_bytes()),
    );
    assert_eq!(response.header("cache-control"), "no-store");
    assert_eq!(response.ok::<Value>(), json!({ "decision": "accepted" }));

    let result = client.result(&created);
    assert_eq!(result.status, RequestStatus::Accepted);
    let verdict = result.verdict.unwrap();
    assert_eq!(verdict.request, *request.digest());
    assert_eq!(verdict.statements.len(), 4);
    assert_eq!(verdict.licences[0].schema_id, DRIVING);
    let attributes = sample(DRIVING, 1);
    let disclosed: Vec<_> =
        verdict.disclosed.iter().map(|d| (d.of.attribute.as_str(), d.value.clone())).collect();
    assert_eq!(disclosed, [("sex", attributes["sex"].clone()), ("classes", attributes["classes"].clone())]);

    client.submit(&created.id, &presentation).problem(409, "request-closed");
    let report = client.get(&created.result_uri, Some(RELYING_PARTY));
    let encoded = serde_json::to_string(&glimpse_api::Blob(presentation)).unwrap();
    assert!(!String::from_utf8(report.body).unwrap().contains(encoded.trim_matches('"')));
}

#[test]
fn keyed_presentations_to_the_issuers_own_platform() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 2);
    let created = wallet.client.request(&driving_policy("keyed"));
    let presentation = wallet.present(wallet.client.fetch(&created), &credential, None);
    assert_eq!(wallet.client.submit(&created.id, &presentation).status, 200);
    assert_eq!(wallet.client.result(&created).status, RequestStatus::Accepted);
}

#[test]
fn a_verifier_elsewhere_trusts_the_issuer_by_its_key() {
    let issuer = Service::start_with(|config| config.verifier = None);
    let (wallet, credential) = holder(&issuer, 3);
    let metadata: Metadata = wallet.client.get(paths::METADATA, None).ok();
    let verifier = Service::start_with(|config| {
        config.issuer = None;
        config.verifier.as_mut().unwrap().trusted_issuers = metadata.issuers;
    });
    let client = verifier.client();
    client.get(paths::METADATA, None).problem(404, "not-found");
    let created = client.request(&driving_policy("token"));
    let token = wallet.tokens(&credential, 4).pop();
    let presentation = wallet.present(client.fetch(&created), &credential, token);
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
    let keyed = json!({ "inline": driving_policy("keyed") });
    let refused = client.post(paths::REQUESTS, Some(RELYING_PARTY), &keyed);
    assert_eq!(refused.fields(422, "invalid"), ["inline.licences[0].check"]);
}

#[test]
fn a_presentation_is_checked_without_being_kept() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 4);
    let client = &wallet.client;
    let created = client.request(&driving_policy("token"));
    let request = client.fetch(&created);
    let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
    let body = |presentation: &[u8]| json!({ "request": &*request, "presentation": glimpse_api::Blob(presentation.into()) });

    for _ in 0..2 {
        let report: VerdictReport =
            client.post(paths::VERIFY, Some(RELYING_PARTY), &body(&presentation)).ok();
        assert_eq!((report.verdict, report.request), (Decision::Accepted, *request.digest()));
    }
    assert_eq!(client.result(&created).status, RequestStatus::Pending);
    client.post(paths::VERIFY, None, &body(&presentation)).problem(401, "unauthorized");

    let mut altered = presentation.clone();
    altered[100] ^= 1;
    let refused = client.post(paths::VERIFY, Some(RELYING_PARTY), &body(&altered));
    let problem = refused.problem(422, "presentation-refused");
    assert!(problem.detail.is_none() && problem.errors.is_empty());

    let mut elsewhere = body(&presentation);
    elsewhere["request"]["audience"] = json!("https://elsewhere.example");
    let refused = client.post(paths::VERIFY, Some(RELYING_PARTY), &elsewhere);
    assert_eq!(refused.fields(422, "invalid"), ["request.audience"]);

    service.pass(300);
    let refused = client.post(paths::VERIFY, Some(RELYING_PARTY), &body(&presentation));
    assert_eq!(refused.fields(422, "invalid"), ["request.expires_at"]);
}
