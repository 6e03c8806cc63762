//! The real transport, against a real server on this machine.

#![allow(clippy::unwrap_used)]

mod support;

use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use glimpse_wallet::{
    ClientError, Consent, HttpRequest, HttpTransport, KdfParams, LedgerOutcome, ListFrom, Pinning, Transport,
    TransportError, Wallet, WalletError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;
use support::{Domain, Lists, NOW, Service, Tamper, passphrase, roots, stranger, values};
use tiny_http::{Header, Response, Server};

/// Serves on a free port until the test ends.
fn serve() -> Arc<Mutex<Service>> {
    let server = Server::http("127.0.0.1:0").unwrap();
    let base = format!("http://{}", server.server_addr());
    let service = Arc::new(Mutex::new(Service::new(1, &base)));
    let shared = service.clone();
    thread::spawn(move || {
        for mut request in server.incoming_requests() {
            let mut body = Vec::new();
            request.as_reader().read_to_end(&mut body).unwrap();
            let body = (*request.method() == tiny_http::Method::Post).then_some(body);
            let path = request.url().to_owned();
            let key = request.headers().iter().find(|header| header.field.equiv("idempotency-key"));
            let key = key.map(|header| header.value.to_string());
            let mut service = shared.lock().unwrap();
            let (status, content_type, answer) = service.handle(&path, body.as_deref(), key.as_deref());
            drop(service);
            let mut response = Response::from_data(answer).with_status_code(status);
            let content_type = format!("{content_type}; charset=utf-8");
            response.add_header(Header::from_bytes("Content-Type", content_type).unwrap());
            if (300..400).contains(&status) {
                response.add_header(Header::from_bytes("Location", format!("{path}/elsewhere")).unwrap());
            }
            let _ = request.respond(response);
        }
    });
    service
}

#[test]
fn the_whole_way_over_http() {
    let service = serve();
    let base = service.lock().unwrap().base.clone();
    let directory = tempfile::tempdir().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    let path = directory.path().join("wallet");
    service.lock().unwrap().lists = Some(Lists::new(1));
    service.lock().unwrap().publish_list(NOW - 600);
    let mut wallet = Wallet::create(&path, &passphrase(), KdfParams::FOR_TESTS, &mut rng).unwrap();
    assert!(matches!(wallet.pin_issuer(&base, NOW).unwrap(), Pinning::Pinned(_)));
    let code = service.lock().unwrap().offer("test.licence", values());
    wallet.accept_offer(&base, &code, NOW, &mut rng).unwrap();
    assert!(wallet.refresh_if_due(NOW, &mut rng)[0].result.is_ok());
    let statements = json!([
        {"age":{"of":"l.birth_date","at_least":"18"}},
        {"not_revoked":{"credential":"l","max_age":"600"}},
    ]);
    let uri = service.lock().unwrap().request(&[("l", "test.licence", "token")], statements);
    let review = wallet.review(&uri, NOW + 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    let outcome = wallet.present(review, consent, NOW + 1, &mut rng).unwrap();
    assert_eq!(outcome.outcome, LedgerOutcome::Accepted);

    let dead = wallet.accept_offer(&base, "none", NOW, &mut rng).unwrap_err();
    assert_eq!(dead.to_string(), "the offer is no longer good: Title of offer-unknown");

    // Redirects are not followed, not even here.
    service.lock().unwrap().tamper = Some(Tamper::Raw(307, "text/html", Vec::new()));
    let before = service.lock().unwrap().seen.len();
    assert!(matches!(wallet.pin_issuer(&base, NOW), Err(WalletError::Client(ClientError::Redirect))));
    assert!(matches!(wallet.review(&uri, NOW), Err(WalletError::Client(ClientError::Redirect))));
    assert!(wallet.accept_offer(&base, "x", NOW, &mut rng).is_err());
    assert_eq!(service.lock().unwrap().seen.len(), before + 3);

    service.lock().unwrap().tamper = Some(Tamper::Raw(200, "application/json", vec![b' '; 5 * 1024 * 1024]));
    let too_large = wallet.pin_issuer(&base, NOW).unwrap_err();
    assert!(
        matches!(too_large, WalletError::Client(ClientError::Transport(TransportError::TooLarge))),
        "{too_large:?}"
    );
}

/// Issuer, verifier and whoever runs the list are reached over HTTP, and the wallet knows nothing but a root key.
#[test]
fn the_whole_way_over_http_with_nothing_but_a_root_key() {
    let service = serve();
    let directory = tempfile::tempdir().unwrap();
    let mut rng = ChaCha20Rng::seed_from_u64(1);
    service.lock().unwrap().lists = Some(Lists::new(1));
    service.lock().unwrap().publish_list(NOW - 600);
    let mut domain = Domain::of(&service.lock().unwrap());
    domain.document.issuers.push(stranger("other", 7));
    service.lock().unwrap().trust_list = domain.signed(&[1]);
    let base = service.lock().unwrap().base.clone();
    let list = format!("{base}/list.json");
    let path = directory.path().join("wallet");
    let mut wallet = Wallet::create(&path, &passphrase(), KdfParams::FOR_TESTS, &mut rng).unwrap();
    wallet.trust_list(&[ListFrom::Address(&list)], &roots(&[1]), NOW).unwrap();

    let code = service.lock().unwrap().offer("test.licence", values());
    wallet.accept_offer(&base, &code, NOW, &mut rng).unwrap();
    assert!(wallet.refresh(NOW, &mut rng)[0].result.is_ok());
    assert_eq!(wallet.take_fetched_list().unwrap().unwrap().list.version, 1);
    let statements = json!([{"not_revoked":{"credential":"l","max_age":"600"}}]);
    let mut request = service.lock().unwrap().request_json(&[("l", "test.licence", "token")], statements);
    let other = domain.document.issuers[1].keys[0].key;
    request["credentials"][0]["issuers"].as_array_mut().unwrap().insert(0, json!(other));
    let uri = service.lock().unwrap().publish(&request);
    service.lock().unwrap().others =
        vec![domain.document.issuers[1].with_key(&domain.document.issuers[1].keys[0])];
    let review = wallet.review(&uri, NOW + 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    let outcome = wallet.present(review, consent, NOW + 1, &mut rng).unwrap();
    assert_eq!(outcome.outcome, LedgerOutcome::Accepted);

    // Whoever has that address next cannot make another list of it, nor send the wallet elsewhere.
    domain.document.version = 2;
    service.lock().unwrap().trust_list = domain.signed(&[2]);
    wallet.refresh(NOW, &mut rng);
    assert!(matches!(wallet.take_fetched_list(), Some(Err(WalletError::TrustList(_)))));
    service.lock().unwrap().tamper = Some(Tamper::Raw(302, "text/html", Vec::new()));
    wallet.refresh(NOW, &mut rng);
    assert!(matches!(wallet.take_fetched_list(), Some(Err(WalletError::Client(ClientError::Redirect)))));
    assert_eq!(wallet.trusted_list().unwrap().version, 1);
}

#[test]
fn servers_that_are_not_there_or_say_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let uri = format!("http://{}/", silent.local_addr().unwrap());
    let send = |uri: &str, body| {
        let transport = HttpTransport::new(Duration::from_millis(600));
        transport
            .send(&HttpRequest { uri, body, idempotency_key: None, max_response_bytes: 100 })
            .unwrap_err()
    };
    let started = Instant::now();
    assert_eq!(send(&uri, None), TransportError::Timeout);
    assert_eq!(send(&uri, Some(b"{}".as_slice())), TransportError::Timeout);
    assert!(started.elapsed() < Duration::from_secs(20));
    drop(silent);
    assert_eq!(send(&uri, None), TransportError::Unreachable);
}
