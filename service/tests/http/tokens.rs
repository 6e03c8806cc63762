//! Token exchanges.

use std::thread::sleep;
use std::time::Duration;

use glimpse_api::{Blob, paths};
use glimpse_prover::PendingTokens;
use rand_core::OsRng;
use serde_json::json;

use crate::support::{Service, commit_body, holder};

#[test]
fn every_batch_size_and_no_other() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    for count in [4, 16, 64] {
        assert_eq!(wallet.tokens(&credential, count).len(), count);
    }
    for count in [0, 1, 5, 65] {
        let body = commit_body(&credential, &PendingTokens::begin(&credential, count, &mut OsRng));
        assert_eq!(wallet.client.post(paths::TOKENS, None, &body).fields(422, "invalid"), ["pairs"]);
    }
}

#[test]
fn pairs_that_are_none_are_refused() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let pending = PendingTokens::begin(&credential, 4, &mut OsRng);
    let sound: Vec<[u8; 64]> = pending.pairs().iter().map(|pair| pair.to_bytes()).collect();
    let send = |pairs: &[Vec<u8>]| {
        let pairs: Vec<Blob> = pairs.iter().map(|pair| pair.clone().into()).collect();
        wallet.client.post(paths::TOKENS, None, &json!({ "key": credential.key(), "pairs": pairs }))
    };
    let altered = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut pairs: Vec<Vec<u8>> = sound.iter().map(|pair| pair.to_vec()).collect();
        change(&mut pairs[3]);
        pairs
    };
    assert_eq!(send(&altered(&|_| ())).status, 200);
    // Q' of another pair: a pair, but not of a credential under this key.
    let foreign = sound[0];
    let swapped = altered(&|pair| pair[32..].copy_from_slice(&foreign[32..]));
    assert_eq!(send(&swapped).fields(422, "invalid"), ["pairs"]);
    for change in [
        &(|pair: &mut Vec<u8>| pair.truncate(63)) as &dyn Fn(&mut Vec<u8>),
        &|pair| pair.push(0),
        &|pair| pair[..32].fill(0xff),
        &|pair| pair[..32].fill(0),
    ] {
        assert_eq!(send(&altered(change)).fields(422, "invalid"), ["pairs[3]"]);
    }
    let other_key = glimpse_issuer::IssuerSecretKey::generate(&mut OsRng);
    let pairs: Vec<Blob> = sound.iter().map(|pair| pair.as_slice().into()).collect();
    let body = json!({ "key": other_key.public(), "pairs": pairs });
    assert_eq!(wallet.client.post(paths::TOKENS, None, &body).fields(422, "invalid"), ["key"]);
    let body = json!({ "key": "0".repeat(64), "pairs": pairs });
    assert_eq!(wallet.client.post(paths::TOKENS, None, &body).fields(400, "malformed-body"), ["key"]);
}

#[test]
fn an_exchange_is_answered_once() {
    let service = Service::start();
    let (wallet, credential) = holder(&service, 1);
    let respond = |exchange: &str, body: &serde_json::Value| {
        wallet.client.post(&paths::TOKEN_EXCHANGE.replace("{exchange}", exchange), None, body)
    };
    let (exchange, _, body) = wallet.open_exchange(&credential, 4);
    // Challenges that cannot be read are not answered, so k is still to be used once.
    for bad in [vec![0xff; 32], vec![0; 31], vec![0; 33]] {
        let mut altered = body.clone();
        altered["challenges"][2] = json!(Blob(bad));
        assert_eq!(respond(&exchange, &altered).fields(422, "invalid"), ["challenges[2]"]);
    }
    assert_eq!(respond(&exchange, &body).status, 200);
    respond(&exchange, &body).problem(404, "exchange-unknown");

    let (exchange, _, mut body) = wallet.open_exchange(&credential, 4);
    body["challenges"].as_array_mut().unwrap().pop();
    assert_eq!(respond(&exchange, &body).fields(422, "invalid"), ["challenges"]);
    respond(&exchange, &body).problem(404, "exchange-unknown");
    respond("1234", &body).problem(404, "exchange-unknown");
    respond(&"0".repeat(32), &body).problem(404, "exchange-unknown");
}

#[test]
fn exchanges_end_by_themselves_and_their_number_is_bounded() {
    let service = Service::start_with(|config| {
        let issuer = config.issuer.as_mut().unwrap();
        (issuer.exchange_lifetime, issuer.exchange_capacity) = (10, 2);
    });
    let (wallet, credential) = holder(&service, 1);
    let (first, _, body) = wallet.open_exchange(&credential, 4);
    wallet.open_exchange(&credential, 4);
    let more = commit_body(&credential, &PendingTokens::begin(&credential, 4, &mut OsRng));
    let busy = wallet.client.post(paths::TOKENS, None, &more);
    assert_eq!(busy.header("retry-after"), "1");
    busy.problem(503, "busy");
    sleep(Duration::from_millis(10_100));
    let late = wallet.client.post(&paths::TOKEN_EXCHANGE.replace("{exchange}", &first), None, &body);
    late.problem(404, "exchange-unknown");
    assert_eq!(wallet.client.post(paths::TOKENS, None, &more).status, 200);
}
