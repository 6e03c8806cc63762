//! Nothing that is worth anything to a reader of the log is in it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use glimpse_api::{Blob, CredentialResponse, PROBLEM_CONTENT_TYPE, RequestCreated, paths};
use glimpse_circuits::issuance::IssuedCredential;
use serde_json::json;
use support::{ADMIN, DRIVING, RELYING_PARTY, Service, Wallet, driving_policy, log, sample};

#[test]
fn no_attribute_code_token_or_reference() {
    let mut secrets: Vec<String> = vec![ADMIN.into(), RELYING_PARTY.into()];
    let service = Service::start();
    let client = service.client();
    let attributes = sample(DRIVING, 7);
    // Short values would be found anywhere.
    secrets.extend(attributes.values().filter_map(|v| v.as_str()).filter(|v| v.len() >= 8).map(String::from));
    let licence = client.register(DRIVING, "holder-reference-7", &attributes);
    let code = client.offer(&licence).code;
    secrets.extend([licence, code.clone(), "holder-reference-7".into()]);

    let wallet = Wallet::new(client.clone());
    let (details, pending, ask) = wallet.ask(&code);
    let answer: CredentialResponse = client.post(paths::CREDENTIALS, None, &ask).ok();
    let schema = wallet.registry.schema(&details.schema).unwrap();
    let issued = IssuedCredential::from_bytes(schema, &answer.credential.0).unwrap();
    secrets.extend([issued.handle.to_string(), hex::encode(issued.a.encoded.as_bytes())]);
    secrets.extend([ask["request"].as_str().unwrap().into(), base64(&answer.credential.0)]);
    let credential = wallet.finish(&details, pending, &answer);
    let mut tokens = wallet.tokens(&credential, 4);
    let (exchange, _, mut challenges) = wallet.open_exchange(&credential, 4);
    secrets.push(challenges["challenges"][0].as_str().unwrap().into());

    // What goes wrong is logged as well, and so is what comes of it.
    let wrong = json!({ "profile": DRIVING, "holder": "h", "attributes": { "sex": "wrong-value-of-sex" } });
    client.post(paths::LICENCES, Some(ADMIN), &wrong).problem(422, "invalid");
    client
        .raw("POST", paths::OFFERS_REDEEM, None, br#"{"code":{"wrong-code":1}}"#)
        .problem(400, "malformed-body");
    client.post(paths::OFFERS_REDEEM, None, &json!({ "code": "wrong-code" })).problem(404, "offer-unknown");
    client.post(paths::LICENCES, Some("wrong-bearer-token"), &wrong).problem(401, "unauthorized");
    client.get("/wrong-path?wrong-query=1", None).problem(404, "not-found");
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
    challenges["challenges"].as_array_mut().unwrap().pop();
    client.post(&path, None, &challenges).problem(422, "invalid");
    secrets
        .extend(["wrong-value", "wrong-code", "wrong-bearer", "wrong-path", "wrong-query"].map(String::from));
    secrets.push(exchange);

    for alter in [false, true] {
        let created = client.request(&driving_policy("token"));
        let mut presentation = wallet.present(client.fetch(&created), &credential, tokens.pop());
        if alter {
            presentation[200] ^= 1;
        }
        let status = client.submit(&created.id, &presentation).status;
        assert_eq!(status, if alter { 422 } else { 200 });
        client.result(&created);
        secrets.extend([created.id, base64(&presentation), hex::encode(&presentation[..64])]);
    }
    // What a client calls its request is repeated nowhere; the trace that it belongs to goes on.
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{trace}-00f067aa0ba902b7-01");
    let headers = [("x-request-id", "wrong-request-id"), ("traceparent", parent.as_str())];
    let answer = client.send("GET", paths::METADATA, &headers, None);
    assert_eq!(answer.header("x-request-id").len(), 32);
    let own_id = answer.header("x-request-id").to_owned();
    let headers = [("traceparent", "00-wrong-trace-context-01")];
    client.send("GET", paths::LIVEZ, &headers, None);
    secrets.extend(["wrong-request-id", "wrong-trace", "00f067aa0ba902b7"].map(String::from));

    let policy = paths::POLICY.replace("{policy}", "rental");
    assert_eq!(client.json("PUT", &policy, Some(RELYING_PARTY), &driving_policy("token")).status, 204);
    let stored = client.post(paths::REQUESTS, Some(RELYING_PARTY), &json!({ "policy": "rental" }));
    secrets.push(stored.ok::<RequestCreated>().id);
    let key_file = std::fs::read_to_string(service.directory.path().join("issuer.key")).unwrap();
    secrets.push(key_file.lines().nth(1).unwrap().trim_start_matches("secret ").into());
    drop(service);

    let log = log::said();
    for secret in &secrets {
        let found = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(found.is_none(), "{secret} in {found:?}");
    }
    let traced = log.lines().find(|line| line.contains(&own_id)).unwrap();
    assert!(traced.contains(&format!("trace_id=\"{trace}\"")) && traced.contains("span_id="), "{traced}");
    // It is a log all the same.
    for said in
        [paths::TOKEN_EXCHANGE, paths::CREDENTIALS, "request_id=", "problem=\"offer-unknown\"", "cause="]
    {
        assert!(log.contains(said), "{said}");
    }
    assert!(!log.contains(PROBLEM_CONTENT_TYPE));
    // Who did what that others may have to answer for.
    for (principal, act) in [
        ("administrator", "act=\"licence registered\" schema=\"cn.driving_licence\""),
        ("administrator", "act=\"offer made\" schema=\"cn.driving_licence\""),
        ("relying-party", "act=\"policy stored\" policy=\"rental\""),
        ("relying-party", "act=\"request created\" of=\"rental\""),
        ("relying-party", "act=\"request created\" of=\"cn.driving_licence\""),
    ] {
        let line = format!("INFO audit: principal=\"{principal}\" {act}");
        assert!(log.contains(&line), "{line}");
    }
}

fn base64(bytes: &[u8]) -> String {
    let quoted = serde_json::to_string(&Blob::from(bytes)).unwrap();
    // Its beginning is enough to be found by.
    quoted.trim_matches('"')[..40].to_owned()
}
