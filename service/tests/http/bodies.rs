//! What is wrong before any handler runs, on every route.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use glimpse_api::paths;
use serde_json::json;

use crate::support::{ADMIN, DRIVING, RELYING_PARTY, Service, sample};

/// Each route that takes a body, with its method and token.
fn taking_bodies() -> Vec<(&'static str, String, Option<&'static str>)> {
    let id = "0".repeat(32);
    vec![
        ("POST", paths::LICENCES.into(), Some(ADMIN)),
        ("PUT", paths::IMPORT.replace("{import}", "i"), Some(ADMIN)),
        ("POST", paths::IMPORT_ROWS.replace("{import}", "i"), Some(ADMIN)),
        ("POST", paths::OFFERS_REDEEM.into(), None),
        ("POST", paths::CREDENTIALS.into(), None),
        ("POST", paths::TOKENS.into(), None),
        ("POST", paths::TOKEN_EXCHANGE.replace("{exchange}", &"0".repeat(48)), None),
        ("PUT", paths::POLICY.replace("{policy}", "p"), Some(RELYING_PARTY)),
        ("POST", paths::REQUESTS.into(), Some(RELYING_PARTY)),
        ("POST", paths::PRESENTATION.replace("{request}", &id), None),
        ("POST", paths::VERIFY.into(), Some(RELYING_PARTY)),
    ]
}

#[test]
fn malformed_bodies_on_every_route() {
    let service = Service::start();
    let client = service.client();
    for (method, path, token) in taking_bodies() {
        let deep = "[".repeat(100_000);
        for bad in ["", "{", "[]", "1", "null", "{} {}", "{\"unknown\":1}", "{\"a\":1,\"a\":1}", &deep] {
            let problem = client.raw(method, &path, token, bad.as_bytes()).problem(400, "malformed-body");
            assert_eq!(problem.errors.len(), 1, "{path} {bad}");
        }
        client.raw(method, &path, token, b"{\"code\":\"\xff\"}").problem(400, "malformed-body");
        let bearer = format!("Bearer {}", token.unwrap_or("none"));
        for media in ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", ""] {
            let headers = [("authorization", bearer.as_str()), ("content-type", media)];
            client.send(method, &path, &headers, Some(b"{}")).problem(415, "media-type");
        }
    }
}

#[test]
fn members_at_fault_are_named_and_values_are_not_repeated() {
    let service = Service::start();
    let client = service.client();
    let fault = |path: &str, token, body: &str| {
        let response = client.raw("POST", path, token, body.as_bytes());
        assert!(!String::from_utf8(response.body.clone()).unwrap().contains("secret"));
        response.fields(400, "malformed-body").pop().unwrap()
    };
    assert_eq!(fault(paths::OFFERS_REDEEM, None, r#"{"code":["secret"]}"#), "code");
    // A structure's members in order are a structure for serde, but not here.
    assert_eq!(fault(paths::OFFERS_REDEEM, None, r#"["secret"]"#), ".");
    assert_eq!(fault(paths::CREDENTIALS, None, r#"{"code":"x","request":"secret=="}"#), "request");
    assert_eq!(fault(paths::TOKENS, None, r#"{"key":"secret","pairs":[]}"#), "key");
    let twice = r#"{"profile":"x","holder":"h","attributes":{"name":"a","name":"secret"}}"#;
    assert!(fault(paths::LICENCES, Some(ADMIN), twice).starts_with("attributes"));
    let slipped = r#"{"profile":"x","holder":"h","attributes":{"secret 张三":{"a":1,"a":2}}}"#;
    assert_eq!(fault(paths::LICENCES, Some(ADMIN), slipped), "attributes.?");
    let statement = r#"{"inline":{"purpose":{"zh-CN":"x","en":"x"},"licences":[],"statements":[
        {"age":{"of":"a.b","at_least":18}}]}}"#;
    assert!(fault(paths::REQUESTS, Some(RELYING_PARTY), statement).starts_with("inline.statements[0]"));
}

#[test]
fn large_bodies() {
    let service = Service::start_with(|config| {
        config.limits.body = 1000;
        config.limits.large_body = 10_000;
    });
    let client = service.client();
    for (method, path, token) in taking_bodies() {
        let large = [paths::LICENCES, paths::REQUESTS, paths::VERIFY].contains(&path.as_str())
            || path.ends_with("/policies/p")
            || path.ends_with("/rows");
        let limit = if large { 10_000 } else { 1000 };
        let padded = |length: usize| [b"{".to_vec(), vec![b' '; length - 2], b"}".to_vec()].concat();
        client.raw(method, &path, token, &padded(limit)).problem(400, "malformed-body");
        let problem = client.raw(method, &path, token, &padded(limit + 1)).problem(413, "too-large");
        assert_eq!(problem.detail, Some(format!("at most {limit} bytes")));
    }
    // Without a length announced.
    let mut stream = TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    let head = "POST /issuer/v1/offers/redeem HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";
    write!(stream, "{head}transfer-encoding: chunked\r\nconnection: close\r\n\r\n").unwrap();
    for _ in 0..3 {
        write!(stream, "1F4\r\n{}\r\n", " ".repeat(500)).unwrap();
    }
    let mut answer = [0u8; 4096];
    let length = stream.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..length]);
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("application/problem+json"));
}

#[test]
fn a_licence_may_be_larger_than_a_presentation() {
    let service = Service::start();
    let mut body = json!({ "profile": DRIVING, "holder": "h", "attributes": sample(DRIVING, 1) }).to_string();
    body.push_str(&" ".repeat(600 * 1024));
    let client = service.client();
    assert_eq!(client.raw("POST", paths::LICENCES, Some(ADMIN), body.as_bytes()).status, 201);
}

#[test]
fn other_paths_and_other_methods() {
    let service = Service::start();
    let client = service.client();
    for path in ["/", "/issuer", "/issuer/v1/metadata/", "/verifier/v1/requests/a/b", "/livez/x", "/%00"] {
        client.get(path, None).problem(404, "not-found");
    }
    for (_, path, token) in taking_bodies() {
        let refused = client.json("PATCH", &path, token, &json!({}));
        assert!(["POST", "GET, HEAD, PUT"].contains(&refused.header("allow")));
        refused.problem(405, "method-not-allowed");
    }
    for path in [paths::METADATA, paths::LIVEZ, paths::READYZ, &paths::REQUEST.replace("{request}", "x")] {
        let refused = client.post(path, None, &json!({}));
        assert_eq!(refused.header("allow"), "GET, HEAD");
        refused.problem(405, "method-not-allowed");
    }
}

#[test]
fn health_and_headers() {
    let service = Service::start();
    for path in [paths::LIVEZ, paths::READYZ, paths::METADATA] {
        for method in ["GET", "HEAD"] {
            let response = service.client().send(method, path, &[], None);
            assert_eq!((response.status, response.body.is_empty()), (200, method == "HEAD"));
            assert_eq!(response.header("content-type"), "application/json");
            assert_eq!(response.header("cache-control"), "no-store");
            assert_eq!(response.header("x-content-type-options"), "nosniff");
            assert_eq!(response.header("x-request-id").len(), 32);
        }
    }
}

#[test]
fn slow_clients_are_not_waited_for() {
    let service = Service::start_with(|config| {
        config.limits.request_timeout = Duration::from_secs(1);
        config.limits.head_timeout = Duration::from_secs(1);
    });
    let exchange = |sent: &str| {
        let mut stream = TcpStream::connect(service.url.trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let started = Instant::now();
        stream.write_all(sent.as_bytes()).unwrap();
        let mut answer = [0u8; 4096];
        let length = stream.read(&mut answer).unwrap();
        assert!(started.elapsed() < Duration::from_secs(20));
        String::from_utf8_lossy(&answer[..length]).into_owned()
    };
    let head = "POST /issuer/v1/offers/redeem HTTP/1.1\r\nhost: x\r\n";
    let body = exchange(&format!("{head}content-type: application/json\r\ncontent-length: 100\r\n\r\n{{"));
    assert!(body.starts_with("HTTP/1.1 408") && body.contains("urn:glimpse:problem:slow-body"), "{body}");
    assert!(exchange(head).starts_with("HTTP/1.1 408"));
}
