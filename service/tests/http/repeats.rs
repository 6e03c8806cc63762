//! Steps of a licence's life whose answers were lost: whoever repeats them under their key does not take them twice.

use glimpse_api::{
    Act, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, RegisteredLicence, Stage, WalletChanged, paths,
};
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, DRIVING, Response, Service, Wallet, sample, with_lists};

const KEY: &str = "0123456789abcdef";

/// Sends a step under a key.
fn send(client: &Client, path: &str, key: &str, body: &Value) -> Response {
    let bearer = format!("Bearer {ADMIN}");
    let headers =
        [("authorization", bearer.as_str()), ("content-type", "application/json"), (IDEMPOTENCY_KEY, key)];
    client.send("POST", path, &headers, Some(body.to_string().as_bytes()))
}

/// The answer, and whether the step was taken before.
fn told(answer: Response) -> (Value, bool) {
    let again = answer.header(IDEMPOTENT_REPLAYED).parse().unwrap();
    (answer.ok(), again)
}

fn wallet_changes(client: &Client, licence: &str) -> usize {
    client.licence(licence).events.iter().filter(|event| event.act == Act::WalletChanged).count()
}

/// What the new wallet has fetched meanwhile stays good.
#[test]
fn a_change_of_wallet_that_is_repeated_revokes_nothing_of_the_new_wallet() {
    let service = Service::start_with(with_lists);
    let client = service.client();
    let licence = client.register(DRIVING, "holder-x", &sample(DRIVING, 1));
    Wallet::new(client.clone()).obtain(&client.offer(&licence).code);
    let body = json!({ "holder": "holder-x", "reason": "lost phone" });
    let change = |key: &str| send(&client, paths::WALLET_CHANGES, key, &body);
    let expected = json!({ "licences": [licence] });
    assert_eq!(told(change(KEY)), (expected.clone(), false));

    let new = Wallet::new(client.clone());
    let fetched = new.obtain(&client.offer(&licence).code);
    // Registered since: nothing of it was the old wallet's.
    let later = client.register(DRIVING, "holder-x", &sample(DRIVING, 1));
    let fetched_later = new.obtain(&client.offer(&later).code);
    for _ in 0..3 {
        assert_eq!(told(change(KEY)), (expected.clone(), true));
    }
    assert_eq!((wallet_changes(&client, &licence), wallet_changes(&client, &later)), (1, 0));
    assert_eq!(client.licence(&licence).stage, Stage::Valid);
    service.pass(3600);
    while client.publish(DRIVING).status != 200 {
        service.pass(60);
    }
    assert!(new.interval(&fetched).is_ok() && new.interval(&fetched_later).is_ok());

    // Another key is another change; a key stands for one step; without one nothing is a repetition.
    let other = json!({ "holder": "holder-x", "reason": "lost again" });
    let refused = send(&client, paths::WALLET_CHANGES, KEY, &other);
    assert_eq!(refused.fields(422, "invalid"), [IDEMPOTENCY_KEY]);
    let (changed, again) = told(change("another-key-of-this-form"));
    let changed: WalletChanged = serde_json::from_value(changed).unwrap();
    assert_eq!((changed.licences.len(), again), (2, false));
    let (_, again) = told(client.post(paths::WALLET_CHANGES, Some(ADMIN), &body));
    assert!(!again);
    assert_eq!((wallet_changes(&client, &licence), wallet_changes(&client, &later)), (3, 2));
}

/// Also where all that the old wallet had has ended, so that there was nothing to revoke.
#[test]
fn nor_where_nothing_was_left_to_be_revoked() {
    let service = Service::start();
    let client = service.client();
    let ended = client.register(DRIVING, "holder-x", &sample(DRIVING, 1));
    Wallet::new(client.clone()).obtain(&client.offer(&ended).code);
    client.change(&ended, &json!({ "act": "end", "as": "expired", "reason": "r" })).ok::<Value>();
    let body = json!({ "holder": "holder-x", "reason": "lost phone" });
    let change = || told(send(&client, paths::WALLET_CHANGES, KEY, &body));
    assert_eq!(change(), (json!({ "licences": [] }), false));
    // It is told, though nothing of the licence changed.
    assert_eq!((wallet_changes(&client, &ended), client.licence(&ended).stage), (1, Stage::Ended));
    let later = client.register(DRIVING, "holder-x", &sample(DRIVING, 1));
    Wallet::new(client.clone()).obtain(&client.offer(&later).code);
    assert_eq!(change(), (json!({ "licences": [] }), true));
    assert_eq!(client.licence(&later).stage, Stage::Valid);
}

/// A suspension that somebody lifted since does not come back, and a correction is told again.
#[test]
fn steps_of_one_licence_are_taken_once() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let changes = paths::LICENCE_CHANGES.replace("{licence}", &licence);
    let suspend = json!({ "act": "suspend", "reason": "r" });
    let suspended = || told(send(&client, &changes, KEY, &suspend));
    assert!(!suspended().1);
    let (report, again) = suspended();
    assert_eq!((report["stage"].as_str(), again), (Some("suspended"), true));
    client.change(&licence, &json!({ "act": "resume", "reason": "r" })).ok::<Value>();
    let (report, again) = suspended();
    assert_eq!((report["stage"].as_str(), again), (Some("registered"), true));
    // What was refused was not taken.
    let wrong = json!({ "act": "reject_dispute", "reason": "r" });
    for _ in 0..2 {
        send(&client, &changes, "a-key-of-a-refusal", &wrong).problem(409, "impossible");
    }
    send(&client, &changes, "short", &suspend).problem(422, "invalid");

    // As far back as is promised, and no further.
    for step in 0..16 {
        let act = if step % 2 == 0 { "suspend" } else { "resume" };
        assert!(suspended().1, "{step}");
        let body = json!({ "act": act, "reason": "r" });
        assert!(!told(send(&client, &changes, &format!("one-of-sixteen-{step:02}"), &body)).1);
    }
    assert!(!suspended().1);

    let path = paths::LICENCE_CORRECTION.replace("{licence}", &licence);
    let correction = json!({ "attributes": sample(DRIVING, 2), "reason": "r" });
    let correct = |key: &str| send(&client, &path, key, &correction);
    let (first, again) = told(correct("a-key-of-a-correction"));
    assert!(!again);
    assert_eq!(told(correct("a-key-of-a-correction")), (first.clone(), true));
    correct("another-key-of-a-correction").problem(409, "impossible");
    let next: RegisteredLicence = serde_json::from_value(first).unwrap();
    assert_eq!(client.licence(&licence).corrected_by, Some(next.licence));
}
