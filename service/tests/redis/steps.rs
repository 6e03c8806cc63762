//! A step of a licence's life that comes to several nodes, as often as it likes, is taken once.

use std::thread::sleep;
use std::time::Duration;

use glimpse_api::{Act, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, paths};
use serde_json::json;

use crate::several::{Nodes, at_once};
use crate::support::{ADMIN, Client, DRIVING, Wallet, sample};

#[test]
fn a_change_of_wallet_repeated_at_three_nodes_is_made_once() {
    let nodes = Nodes::start(3);
    let clients: [Client; 3] = nodes.clients();
    let licences: Vec<_> =
        (0..2).map(|_| clients[0].register(DRIVING, "holder-x", &sample(DRIVING, 1))).collect();
    let body = json!({ "holder": "holder-x", "reason": "lost phone" }).to_string();
    let bearer = format!("Bearer {ADMIN}");
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        (IDEMPOTENCY_KEY, "0123456789abcdef"),
    ];
    // A busy machine's Redis is late now and then: whoever is told so asks again, as everybody may.
    let change = |client: &Client| {
        let send = || client.send("POST", paths::WALLET_CHANGES, &headers, Some(body.as_bytes()));
        let mut answer = send();
        for _ in 0..50 {
            if answer.status != 503 {
                break;
            }
            sleep(Duration::from_millis(200));
            answer = send();
        }
        answer
    };
    let answers = at_once(12, |which| change(&clients[which % 3]));
    for answer in &answers {
        assert_eq!((answer.status, &answer.body), (200, &answers[0].body), "{answer:?}");
    }
    // None, if that answer was lost on the way.
    let first = answers.iter().filter(|answer| answer.header(IDEMPOTENT_REPLAYED) == "false").count();
    assert!(first <= 1, "made {first} times");

    let new = Wallet::new(clients[1].clone());
    new.obtain(&clients[2].offer(&licences[0]).code);
    assert_eq!(change(&clients[0]).header(IDEMPOTENT_REPLAYED), "true");
    for licence in &licences {
        let events = clients[1].licence(licence).events;
        assert_eq!(events.iter().filter(|event| event.act == Act::WalletChanged).count(), 1);
    }
    // The new wallet is still the holder's.
    new.obtain(&clients[0].offer(&licences[1]).code);
}
