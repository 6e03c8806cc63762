//! Licences, offers, credentials: what is refused, what happens once, what is repeated.

use std::thread;

use glimpse_api::{Blob, CredentialResponse, paths};
use glimpse_service::Access;
use serde_json::{Value, json};

use crate::support::{ADMIN, DRIVING, Service, Wallet, sample};

#[test]
fn every_problem_of_a_licence_is_named_and_no_value_repeated() {
    let service = Service::start();
    let client = service.client();
    let mut attributes = sample(DRIVING, 1);
    attributes.insert("sex".into(), json!("9-secret"));
    attributes.insert("birth_date".into(), json!(19_900_101));
    attributes.insert("张三-secret".into(), json!("x"));
    attributes.remove("name");
    let body = json!({ "profile": DRIVING, "holder": "h", "attributes": attributes });
    let response = client.post(paths::LICENCES, Some(ADMIN), &body);
    assert!(!String::from_utf8(response.body.clone()).unwrap().contains("secret"));
    let mut fields = response.fields(422, "invalid");
    fields.sort();
    assert_eq!(fields, ["attributes.a key", "attributes.birth_date", "attributes.name", "attributes.sex"]);

    let unknown = json!({ "profile": "cn.unknown", "holder": "h", "attributes": {} });
    assert_eq!(client.post(paths::LICENCES, Some(ADMIN), &unknown).fields(422, "invalid"), ["profile"]);
    let unseen = ["h\u{200b}", "\u{feff}h", "h\u{200d}1", "h\u{e0101}", "h\u{fe0f}", "h\u{a0}1", "\u{3164}"];
    let long = "h".repeat(257);
    for holder in ["", " h", "h\u{7}", &long].into_iter().chain(unseen) {
        let body = json!({ "profile": DRIVING, "holder": holder, "attributes": sample(DRIVING, 1) });
        assert_eq!(client.post(paths::LICENCES, Some(ADMIN), &body).fields(422, "invalid"), ["holder"]);
    }
}

#[test]
fn administration_needs_its_token() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let offers = paths::LICENCE_OFFERS.replace("{licence}", &licence);
    for path in [paths::LICENCES, &offers] {
        let refused = client.post(path, None, &json!({}));
        assert_eq!(refused.header("www-authenticate"), "Bearer");
        refused.problem(401, "unauthorized");
        for wrong in ["", "wrong", crate::support::RELYING_PARTY, &ADMIN[1..], &format!("{ADMIN} ")] {
            let header = format!("Bearer {wrong}x");
            client.send("POST", path, &[("authorization", &header)], Some(b"")).problem(401, "unauthorized");
        }
        let basic = [("authorization", "Basic YWRtaW46YWRtaW4=")];
        client.send("POST", path, &basic, Some(b"")).problem(401, "unauthorized");
        let right = format!("Bearer {ADMIN}");
        let twice = [("authorization", right.as_str()), ("authorization", right.as_str())];
        client.send("POST", path, &twice, Some(b"")).problem(401, "unauthorized");
    }
    let unknown = paths::LICENCE_OFFERS.replace("{licence}", &"0".repeat(32));
    client.post(&unknown, Some(ADMIN), &json!({})).problem(404, "licence-unknown");
    let malformed = paths::LICENCE_OFFERS.replace("{licence}", "1");
    client.post(&malformed, Some(ADMIN), &json!({})).problem(404, "licence-unknown");

    let closed = Service::start_with(|config| config.access = Access::default());
    closed.client().post(paths::LICENCES, Some(ADMIN), &json!({})).problem(403, "not-configured");
    closed.client().post(paths::LICENCES, None, &json!({})).problem(403, "not-configured");
}

#[test]
fn an_offer_that_is_unknown_or_expired_looks_the_same() {
    let service = Service::start();
    let client = service.client();
    let code = client.offer(&client.register_sample(DRIVING, 1)).code;
    client.redeem(&code);
    let wallet = Wallet::new(client.clone());
    let (_, _, ask) = wallet.ask(&code);
    let problem = |code: &str| {
        client.post(paths::OFFERS_REDEEM, None, &json!({ "code": code })).problem(404, "offer-unknown")
    };
    let unknown = problem("unknown");
    service.pass(15 * 60 - 1);
    client.redeem(&code);
    service.pass(1);
    assert_eq!(problem(&code), unknown);
    client.post(paths::CREDENTIALS, None, &ask).problem(404, "offer-unknown");
}

#[test]
fn a_request_that_does_not_hold_leaves_the_offer_open() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let (code, other) = (client.offer(&licence).code, client.offer(&licence).code);
    let wallet = Wallet::new(client.clone());
    let (details, pending, sound) = wallet.ask(&code);
    let bytes = pending.request().to_bytes();
    let send = |bytes: &[u8]| {
        let body = json!({ "code": code, "request": Blob::from(bytes) });
        client.post(paths::CREDENTIALS, None, &body)
    };
    // Made for another offer's nonce.
    let (_, elsewhere, _) = wallet.ask(&other);
    send(&elsewhere.request().to_bytes()).problem(422, "issuance-refused");
    // Short, long, a point that is none, the identity, a scalar that is not reduced.
    assert_eq!(send(&bytes[1..]).fields(422, "invalid"), ["request"]);
    assert_eq!(send(&[&bytes[..], &[0]].concat()).fields(422, "invalid"), ["request"]);
    for (at, filling) in [(0, 0xff), (0, 0), (160, 0xff)] {
        let mut altered = bytes;
        altered[at..at + 32].fill(filling);
        assert_eq!(send(&altered).fields(422, "invalid"), ["request"]);
    }
    let none = client.post(paths::CREDENTIALS, None, &json!({ "code": code }));
    assert_eq!(none.fields(422, "invalid"), ["request"]);
    let answer = client.post(paths::CREDENTIALS, None, &sound).ok();
    wallet.finish(&details, pending, &answer);
}

#[test]
fn the_same_request_is_answered_the_same_and_another_refused() {
    let service = Service::start();
    let client = service.client();
    let code = client.offer(&client.register_sample(DRIVING, 1)).code;
    let wallet = Wallet::new(client.clone());
    let (details, pending, body) = wallet.ask(&code);
    let (_, _, fresh_blinding) = wallet.ask(&code);
    let first = client.post(paths::CREDENTIALS, None, &body);
    let again = client.post(paths::CREDENTIALS, None, &body);
    assert_eq!((first.status, &first.body), (200, &again.body));
    client.post(paths::CREDENTIALS, None, &fresh_blinding).problem(409, "offer-used");
    client.post(paths::CREDENTIALS, None, &json!({ "code": code })).problem(409, "offer-used");
    wallet.finish(&details, pending, &first.ok());
    service.pass(15 * 60);
    client.post(paths::CREDENTIALS, None, &body).problem(404, "offer-unknown");
}

#[test]
fn of_two_requests_at_once_one_is_answered() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let wallet = Wallet::new(client.clone());
    for _ in 0..8 {
        let code = client.offer(&licence).code;
        let bodies: Vec<Value> = (0..4).map(|_| wallet.ask(&code).2).collect();
        let statuses: Vec<u16> = thread::scope(|scope| {
            let threads: Vec<_> = bodies
                .iter()
                .map(|body| scope.spawn(|| service.client().post(paths::CREDENTIALS, None, body).status))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(statuses.iter().filter(|status| **status == 409).count(), 3, "{statuses:?}");
    }
}

#[test]
fn the_same_request_many_times_at_once_has_one_answer() {
    let service = Service::start();
    let client = service.client();
    let wallet = Wallet::new(client.clone());
    let (_, _, body) = wallet.ask(&client.offer(&client.register_sample(DRIVING, 1)).code);
    let answers: Vec<Vec<u8>> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let answer = service.client().post(paths::CREDENTIALS, None, &body);
                    answer.ok::<CredentialResponse>().credential.0
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(answers.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn one_holder_has_one_wallet() {
    let service = Service::start();
    let client = service.client();
    let first = client.register(DRIVING, "same", &sample(DRIVING, 1));
    let second =
        client.register("cn.resident_identity_card", "same", &sample("cn.resident_identity_card", 1));
    let wallet = Wallet::new(client.clone());
    wallet.obtain(&client.offer(&first).code);
    let stranger = Wallet::new(client.clone());
    let code = client.offer(&second).code;
    let (_, _, body) = stranger.ask(&code);
    client.post(paths::CREDENTIALS, None, &body).problem(409, "holder-registered");
    wallet.obtain(&code);
    // Another holder may have that other wallet.
    stranger.obtain(&client.offer(&client.register_sample(DRIVING, 2)).code);
}

#[test]
fn two_wallets_of_one_holder_at_once() {
    let service = Service::start();
    let client = service.client();
    for seed in 0..6 {
        let licence = client.register_sample(DRIVING, seed);
        let bodies: Vec<Value> =
            (0..3).map(|_| Wallet::new(client.clone()).ask(&client.offer(&licence).code).2).collect();
        let mut statuses: Vec<u16> = thread::scope(|scope| {
            let threads: Vec<_> = bodies
                .iter()
                .map(|body| scope.spawn(|| service.client().post(paths::CREDENTIALS, None, body).status))
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409, 409]);
    }
}
