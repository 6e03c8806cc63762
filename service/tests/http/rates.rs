//! How often a client may do something, and who counts as one.

use std::thread::sleep;
use std::time::{Duration, Instant};

use glimpse_api::{Blob, paths};
use glimpse_service::{Access, Config, Key, Principal, RateLimit, Registration};
use serde_json::{Value, json};

use crate::support::{RELYING_PARTY, Response, Service, driving_policy, holder, principals};

const OTHER: &str = "token-of-another-relying-party";

/// Two at once, then one in ten seconds.
const SLOW: RateLimit = RateLimit { burst: 2, per_minute: 6 };

fn service(change: impl FnOnce(&mut Config)) -> Service {
    Service::start_with(|config| {
        let other = Principal::relying_party("another", Registration::anything()).with_key(Key::of(OTHER));
        config.access = Access::new(principals().into_iter().chain([other])).unwrap();
        change(config);
    })
}

/// What is answered to a code that is none, as if from somewhere.
fn redeem(service: &Service, headers: &[(&str, &str)]) -> Response {
    let headers: Vec<_> =
        [("content-type", "application/json")].into_iter().chain(headers.iter().copied()).collect();
    service.client().send("POST", paths::OFFERS_REDEEM, &headers, Some(b"{\"code\":\"none\"}"))
}

#[test]
fn retry_after_is_true_by_the_clock_on_the_wall() {
    let service = service(|config| config.limits.rates.offers = SLOW);
    redeem(&service, &[]).problem(404, "offer-unknown");
    redeem(&service, &[]).problem(404, "offer-unknown");
    let refused = redeem(&service, &[]);
    let told = Instant::now();
    let seconds: u64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=10).contains(&seconds), "{seconds}");
    refused.problem(429, "rate-limited");
    // The service's own clock is another: it stands still in tests, and to move it changes nothing.
    service.pass(3600);
    redeem(&service, &[]).problem(429, "rate-limited");
    sleep(Duration::from_secs(seconds).saturating_sub(told.elapsed()));
    redeem(&service, &[]).problem(404, "offer-unknown");
    redeem(&service, &[]).problem(429, "rate-limited");
}

#[test]
fn both_requests_of_an_issuance_and_of_an_exchange_count_and_classes_are_apart() {
    let service = service(|config| {
        let once_an_hour = RateLimit { burst: 4, per_minute: 1 };
        config.limits.rates.offers = once_an_hour;
        config.limits.rates.tokens = once_an_hour;
    });
    let (wallet, credential) = holder(&service, 1);
    let offer = json!({ "code": "none" });
    wallet.client.post(paths::CREDENTIALS, None, &offer).problem(404, "offer-unknown");
    wallet.client.post(paths::OFFERS_REDEEM, None, &offer).problem(404, "offer-unknown");
    wallet.client.post(paths::CREDENTIALS, None, &offer).problem(429, "rate-limited");
    wallet.client.post(paths::OFFERS_REDEEM, None, &offer).problem(429, "rate-limited");

    wallet.tokens(&credential, 4);
    let (exchange, _, challenges) = wallet.open_exchange(&credential, 4);
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange);
    assert_eq!(wallet.client.post(&path, None, &challenges).status, 200);
    wallet.client.post(&path, None, &challenges).problem(429, "rate-limited");
    wallet.client.post(paths::TOKENS, None, &json!({})).problem(429, "rate-limited");
}

#[test]
fn presentations_count_whether_or_not_there_is_such_a_request() {
    let service = service(|config| config.limits.rates.presentations = RateLimit { burst: 2, per_minute: 1 });
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let created = client.request(&driving_policy("token"));
    client.submit(&"0".repeat(32), b"x").problem(404, "request-unknown");
    client.submit(&"0".repeat(32), b"x").problem(404, "request-unknown");
    let bytes = wallet.present(client.fetch(&created), &credential, wallet.tokens(&credential, 4).pop());
    let refused = client.submit(&created.id, &bytes);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 20);
    refused.problem(429, "rate-limited");
    // It decided nothing, and the relying party is not held back by it.
    assert!(client.result(&created).verdict.is_none());
}

#[test]
fn relying_parties_are_counted_by_who_they_are() {
    let service = service(|config| {
        config.limits.rates.requests = RateLimit { burst: 3, per_minute: 1 };
        config.limits.rates.verifications = RateLimit { burst: 1, per_minute: 1 };
        config.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()];
    });
    let (wallet, credential) = holder(&service, 1);
    let client = &wallet.client;
    let create = |token: &str, from: &str| {
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("x-forwarded-for", from),
        ];
        let body = json!({ "inline": driving_policy("token") }).to_string();
        client.send("POST", paths::REQUESTS, &headers, Some(body.as_bytes()))
    };
    // From wherever it is.
    assert_eq!(create(RELYING_PARTY, "192.0.2.1").status, 201);
    let created = create(RELYING_PARTY, "192.0.2.2").ok();
    let policy = paths::POLICY.replace("{policy}", "p");
    assert_eq!(client.json("PUT", &policy, Some(RELYING_PARTY), &driving_policy("token")).status, 204);
    create(RELYING_PARTY, "192.0.2.3").problem(429, "rate-limited");
    client.json("PUT", &policy, Some(RELYING_PARTY), &driving_policy("token")).problem(429, "rate-limited");
    // Another has its own, even from there; and whoever is nobody takes nothing from anybody.
    assert_eq!(create(OTHER, "192.0.2.1").status, 201);
    (0..5).for_each(|_| drop(create("wrong", "192.0.2.1").problem(401, "unauthorized")));
    assert_eq!(create(OTHER, "192.0.2.1").status, 201);

    let request = client.fetch(&created);
    let presentation = wallet.present(request.clone(), &credential, wallet.tokens(&credential, 4).pop());
    let body: Value = json!({ "request": *request, "presentation": Blob::from(presentation) });
    let verify = |token| client.post(paths::VERIFY, Some(token), &body);
    assert_eq!(verify(RELYING_PARTY).status, 200);
    verify(RELYING_PARTY).problem(429, "rate-limited");
    assert_eq!(verify(OTHER).status, 200);
}

#[test]
fn a_trusted_proxy_says_who_it_is_and_nobody_else_does() {
    let limited = RateLimit { burst: 1, per_minute: 1 };
    let direct = service(|config| config.limits.rates.offers = limited);
    redeem(&direct, &[]).problem(404, "offer-unknown");
    for header in [("x-forwarded-for", "192.0.2.1"), ("forwarded", "for=192.0.2.1")] {
        redeem(&direct, &[header]).problem(429, "rate-limited");
    }

    let behind = service(|config| {
        config.limits.rates.offers = limited;
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    redeem(&behind, &[("x-forwarded-for", "192.0.2.1")]).problem(404, "offer-unknown");
    redeem(&behind, &[("forwarded", "for=192.0.2.1;proto=https")]).problem(429, "rate-limited");
    redeem(&behind, &[("x-forwarded-for", "192.0.2.2")]).problem(404, "offer-unknown");
    // What the client wrote itself stands to the left of what the proxy wrote, or in the other header.
    redeem(&behind, &[("x-forwarded-for", "203.0.113.7, 192.0.2.2")]).problem(429, "rate-limited");
    redeem(&behind, &[("x-forwarded-for", "203.0.113.7"), ("x-forwarded-for", "192.0.2.2")])
        .problem(429, "rate-limited");
    let spoofed = |n: u8| {
        redeem(&behind, &[("forwarded", &format!("for=203.0.113.{n}")), ("x-forwarded-for", "192.0.2.2")])
    };
    spoofed(1).problem(404, "offer-unknown");
    (2..5).for_each(|n| drop(spoofed(n).problem(429, "rate-limited")));
}

#[test]
fn by_default_a_whole_company_may_come_at_once() {
    let service = Service::start();
    (0..1000).for_each(|_| drop(redeem(&service, &[]).problem(404, "offer-unknown")));
}
