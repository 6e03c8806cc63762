//! What is sent again when it was not answered, and that nothing happens twice by it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use glimpse_api::paths;
use glimpse_wallet::{Consent, LedgerOutcome, WalletError};
use serde_json::json;
use support::{Fault, NOW, Stage};

fn adult() -> serde_json::Value {
    json!([{"age":{"of":"l.birth_date","at_least":"18"}}])
}

fn patient(stage: &Stage) {
    *stage.fake.waits.lock().unwrap() = Some(Vec::new());
}

fn waits(stage: &Stage) -> Vec<Duration> {
    stage.fake.waits.lock().unwrap().clone().unwrap()
}

#[test]
fn a_presentation_whose_answer_was_lost_is_repeated_and_recognised() {
    let mut stage = Stage::new(1);
    patient(&stage);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
    let uri = stage.request(adult());
    let review = wallet.review(&uri, NOW + 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    stage.fake.plan([Fault::BreakAfter, Fault::Unavailable(0), Fault::BreakAfter]);
    let outcome = wallet.present(review, consent, NOW + 1, &mut stage.rng).unwrap();
    assert_eq!(outcome.outcome, LedgerOutcome::Accepted);
    assert_eq!(wallet.list()[0].tokens, 3);
    assert_eq!(waits(&stage), [250, 500, 1000].map(Duration::from_millis));

    let service = stage.service();
    let sent: Vec<_> = service.seen.iter().filter(|seen| seen.path.ends_with("/presentation")).collect();
    assert_eq!(sent.len(), 3, "one of the four did not arrive");
    assert!(sent.iter().all(|seen| seen.body == sent[0].body));
    assert!(sent.iter().all(|seen| seen.idempotency_key == sent[0].idempotency_key));
    assert!(sent[0].idempotency_key.as_ref().unwrap().len() >= 16);
}

#[test]
fn each_presentation_has_a_key_of_its_own() {
    let mut stage = Stage::new(2);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
    for _ in 0..2 {
        let uri = stage.request(adult());
        let review = wallet.review(&uri, NOW + 1).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        wallet.present(review, consent, NOW + 1, &mut stage.rng).unwrap();
    }
    let service = stage.service();
    let keys: Vec<_> = service.seen.iter().filter_map(|seen| seen.idempotency_key.clone()).collect();
    assert_eq!(keys.len(), 2, "no other request has a key");
    assert_ne!(keys[0], keys[1]);
}

#[test]
fn as_long_as_the_server_asks_for_and_no_longer_than_is_sensible() {
    let mut stage = Stage::new(3);
    patient(&stage);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    stage.fake.plan([Fault::Unavailable(3), Fault::ErrorBefore]);
    assert_eq!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap(), 4);
    assert_eq!(waits(&stage), [Duration::from_secs(3), Duration::from_millis(500)]);

    stage.fake.plan([Fault::Unavailable(60)]);
    assert!(matches!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng), Err(WalletError::Client(_))));
    // Whoever did not answer within the whole time is not asked again.
    stage.fake.plan([Fault::ErrorAfter]);
    assert!(matches!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng), Err(WalletError::Client(_))));
    assert_eq!(waits(&stage).len(), 2);
    stage.fake.plan([Fault::ErrorBefore; 5]);
    assert!(matches!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng), Err(WalletError::Client(_))));
    assert_eq!(waits(&stage).len(), 5, "three times, then no more");
}

/// The node that held an exchange is gone when the challenges come, or answers and breaks the connection: the wallet
/// begins a new one, and no k answers twice.
#[test]
fn an_exchange_that_was_cut_off_is_begun_anew() {
    let mut stage = Stage::new(4);
    patient(&stage);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    stage.service().seen.clear();
    stage.fake.plan([Fault::None, Fault::BreakAfter]);
    assert_eq!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap(), 4);
    let service = stage.service();
    let commits = service.seen_at(paths::TOKENS);
    assert_eq!(commits.len(), 2);
    assert_ne!(commits[0], commits[1], "new pairs");
}
