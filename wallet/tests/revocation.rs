//! Revocation lists in the wallet: fetched ahead, shown when asked, in plain words when they do not do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;

use glimpse_api::paths;
use glimpse_circuits::text::Language;
use glimpse_wallet::{
    Consent, LedgerOutcome, Obstacle, Refreshed, Review, Standing, Wallet, WalletError, Warning,
};
use serde_json::json;
use support::{NOW, PERIOD, Stage};

fn not_revoked(id: &str, max_age: u64) -> serde_json::Value {
    json!({"not_revoked": {"credential": id, "max_age": max_age.to_string()}})
}

fn adult() -> serde_json::Value {
    json!({"age":{"of":"l.birth_date","at_least":"18"}})
}

/// Refreshes all, and says where the first one stands.
fn refresh(stage: &mut Stage, wallet: &mut Wallet, now: u64) -> Standing {
    let mut refreshed = wallet.refresh(now, &mut stage.rng);
    refreshed.remove(0).result.unwrap().standing
}

fn tokens(wallet: &Wallet) -> (usize, usize) {
    let first = &wallet.list()[0];
    (first.tokens, first.list_tokens)
}

/// Paths that the wallet asked for since there were so many.
fn seen_since(stage: &Stage, count: usize) -> Vec<String> {
    stage.service().seen[count..].iter().map(|seen| seen.path.clone()).collect()
}

fn said(review: &Review) -> String {
    let said = |language| review.obstacles().iter().map(move |it| it.to_text(language)).collect::<String>();
    said(Language::English) + &said(Language::Chinese)
}

#[test]
fn a_licence_is_shown_not_to_be_revoked() {
    let mut stage = Stage::with_list(1, NOW - 600);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
    assert_eq!(wallet.list()[0].standing, Standing::NotFetched);
    assert!(wallet.refresh_due(NOW));
    let before = stage.service().seen.len();
    let good = Standing::Good { as_of: NOW - 600, next: NOW - 600 + PERIOD };
    assert_eq!(refresh(&mut stage, &mut wallet, NOW), good);
    // The manifest, the bucket of the handle's first four bits and no other, tokens.
    let asked = seen_since(&stage, before);
    let bucket = format!("/versions/1/buckets/{}", stage.service().handles[0] >> 28);
    assert!(asked.len() == 4 && asked[1].ends_with(&bucket), "{asked:?}");
    assert!(!wallet.refresh_due(NOW));
    drop(wallet);
    let mut wallet = stage.open();
    assert_eq!((wallet.list()[0].standing, tokens(&wallet)), (good, (4, 16)));

    for (check, left) in [("token", (3, 15)), ("keyed", (3, 15))] {
        let asked = json!([adult(), not_revoked("l", 600)]);
        let uri = stage.service().request(&[("l", "test.licence", check)], asked);
        let review = wallet.review(&uri, NOW + 1).unwrap();
        let text = review.to_text(Language::English);
        assert!(text.contains("neither revoked nor suspended"), "{text}");
        assert!(text.contains("Revocation list issued at  2026-11-22 11:50:00 (China time)"), "{text}");
        let before = stage.service().seen.len();
        let consent = Consent::given_to(&review).unwrap();
        let outcome = wallet.present(review, consent, NOW + 1, &mut stage.rng).unwrap();
        assert_eq!(outcome.outcome, LedgerOutcome::Accepted, "{check}");
        assert_eq!(tokens(&wallet), left, "{check}");
        // To answer a request nothing is fetched.
        let sent = seen_since(&stage, before);
        assert!(sent.len() == 1 && sent[0].ends_with("/presentation"), "{sent:?}");
    }
    assert!(wallet.ledger()[0].statements[1].en.contains("neither revoked nor suspended"));
}

#[test]
fn what_nobody_asks_for_is_not_used_up() {
    let mut stage = Stage::with_list(2, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    refresh(&mut stage, &mut wallet, NOW);
    let uri = stage.request(json!([adult()]));
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    assert_eq!(tokens(&wallet), (15, 16));
    assert_eq!(stage.service().shown.len(), 1);

    // One credential in two places: two tokens of each.
    let places = [("a", "test.licence", "token"), ("b", "test.licence", "token")];
    let both = json!([not_revoked("a", 600), not_revoked("b", 600)]);
    let uri = stage.service().request(&places, both);
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    let uri = stage.service().request(&places, json!([not_revoked("b", 600)]));
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    assert_eq!(tokens(&wallet), (11, 13));
    let shown = stage.service().shown.clone();
    assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), 1 + 4 + 3);
}

/// As with those of credentials: best fetched ahead, and otherwise when they are needed. Lists are not.
#[test]
fn tokens_that_have_run_out_are_fetched_and_lists_are_not() {
    let mut stage = Stage::with_list(3, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    refresh(&mut stage, &mut wallet, NOW);
    assert_eq!(wallet.drop_tokens().unwrap(), 16);
    assert_eq!(tokens(&wallet), (0, 0));
    assert!(wallet.refresh_due(NOW));
    let uri = stage.request(json!([not_revoked("l", 600)]));
    let before = stage.service().seen.len();
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    assert!(seen_since(&stage, before).iter().all(|path| !path.contains("revocation-lists")));
    assert_eq!(tokens(&wallet), (15, 15));

    // Refreshing the version there is tops them up, and does not fetch the bucket again.
    wallet.drop_tokens().unwrap();
    let before = stage.service().seen.len();
    refresh(&mut stage, &mut wallet, NOW);
    assert!(seen_since(&stage, before).iter().all(|path| !path.contains("buckets")));
    assert_eq!(tokens(&wallet), (0, 16));
    let (saves, before) = (wallet.saves(), stage.service().seen.len());
    refresh(&mut stage, &mut wallet, NOW);
    assert_eq!((wallet.saves(), seen_since(&stage, before).len()), (saves, 1), "there was nothing to do");
}

#[test]
fn lists_are_refreshed_when_they_are_due() {
    let mut stage = Stage::with_list(4, NOW);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    assert_eq!(wallet.refresh_if_due(NOW, &mut stage.rng).len(), 1);
    let before = stage.service().seen.len();
    assert!(wallet.refresh_if_due(NOW + PERIOD - 1, &mut stage.rng).is_empty());
    assert!(seen_since(&stage, before).is_empty());
    stage.service().publish_list(NOW + PERIOD);
    assert!(wallet.refresh_due(NOW + PERIOD));
    let [Refreshed { result: Ok(credential), .. }] = &wallet.refresh_if_due(NOW + PERIOD, &mut stage.rng)[..]
    else {
        panic!("refreshed")
    };
    assert_eq!(credential.standing, Standing::Good { as_of: NOW + PERIOD, next: NOW + 2 * PERIOD });
    // New intervals, new tokens: the old ones are gone.
    assert_eq!(credential.list_tokens, 16);
    // A licence that nobody holds is in no list.
    let code = stage.service().offer("test.company", vec![support::values().remove(0)]);
    let company = wallet.accept_offer(support::BASE, &code, NOW, &mut stage.rng).unwrap();
    assert_eq!(company.standing, Standing::NoLists);
    assert!(!wallet.refresh_due(NOW + PERIOD));
}

#[test]
fn revoked_or_suspended_and_good_again() {
    let mut stage = Stage::with_list(5, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    refresh(&mut stage, &mut wallet, NOW);
    let handle = stage.service().handles[0];
    stage.service().lists.as_mut().unwrap().out.insert(handle);
    stage.service().publish_list(NOW - 300);
    let since = NOW - 300;
    assert_eq!(refresh(&mut stage, &mut wallet, NOW), Standing::Out { since, as_of: since });
    assert_eq!(tokens(&wallet).1, 0);
    assert!(wallet.list()[0].standing.to_text(Language::English).contains("2026-11-22 11:55:00"));
    stage.service().publish_list(NOW - 120);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW), Standing::Out { since, as_of: NOW - 120 });
    drop(wallet);
    let mut wallet = stage.open();

    let uri = stage.request(json!([not_revoked("l", 600)]));
    let before = stage.service().seen.len();
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(
        matches!(review.obstacles(), [Obstacle::RevokedOrSuspended { since: told, .. }] if *told == since)
    );
    assert!(said(&review).contains("Test driving licence was revoked or suspended"), "{}", said(&review));
    assert!(said(&review).contains("吊销、撤销或暂停"));
    assert!(matches!(Consent::given_to(&review), Err(WalletError::NotAnswerable)));
    assert_eq!(seen_since(&stage, before).len(), 1, "the request was fetched, and nothing was sent");
    // Where nobody asks the holder is told, and decides.
    let review = wallet.review(&stage.request(json!([adult()])), NOW + 1).unwrap();
    assert!(review.can_answer());
    assert!(matches!(review.warnings(), [Warning::RevokedOrSuspended { .. }]));

    stage.service().lists.as_mut().unwrap().out.clear();
    stage.service().publish_list(NOW);
    assert_eq!(refresh(&mut stage, &mut wallet, NOW), Standing::Good { as_of: NOW, next: NOW + PERIOD });
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
}

#[test]
fn what_is_revoked_is_not_offered() {
    let mut stage = Stage::with_list(6, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let second = stage.obtain(&mut wallet).id;
    let handle = stage.service().handles[0];
    stage.service().lists.as_mut().unwrap().out.insert(handle);
    stage.service().publish_list(NOW - 60);
    assert_eq!(wallet.refresh(NOW, &mut stage.rng).len(), 2);
    let review = wallet.review(&stage.request(json!([not_revoked("l", 600)])), NOW + 1).unwrap();
    assert_eq!(review.choices().len(), 1);
    assert_eq!(review.chosen().unwrap().credentials[0].id, second);
    assert_eq!(wallet.review(&stage.request(json!([adult()])), NOW + 1).unwrap().choices().len(), 2);
    // Not true of the good one: the other might have done, and the holder is told why not.
    let neither = json!([{"age":{"of":"l.birth_date","below":"18"}}, not_revoked("l", 600)]);
    let review = wallet.review(&stage.request(neither), NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::NotTrue, Obstacle::RevokedOrSuspended { .. }]));
}

#[test]
fn lists_that_are_missing_or_too_old() {
    let mut stage = Stage::with_list(7, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let ask = |stage: &Stage, max_age| stage.request(json!([not_revoked("l", max_age)]));
    let review = wallet.review(&ask(&stage, 600), NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::ListNotFetched { .. }]));
    assert!(said(&review).contains("no revocation list for Test driving licence yet; refresh first"));

    refresh(&mut stage, &mut wallet, NOW);
    let review = wallet.review(&ask(&stage, 599), NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::ListTooOld { age: 600, max_age: 599, .. }]));
    assert!(said(&review).contains("10 minutes older than the request, which allows 9 minutes 59 seconds"));
    assert!(said(&review).contains("早10分钟，请求至多允许9分钟59秒"));
    assert!(wallet.review(&ask(&stage, 600), NOW + 1).unwrap().can_answer());

    // From the moment on at which the next version is due, also if that is between review and answer.
    let due = NOW - 600 + PERIOD;
    stage.service().now = due - 2;
    let review = wallet.review(&ask(&stage, 2 * PERIOD), due - 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    let before = stage.service().seen.len();
    let late = wallet.present(review, consent, due, &mut stage.rng);
    assert!(matches!(late, Err(WalletError::NotAnswerable)));
    assert_eq!((seen_since(&stage, before).len(), tokens(&wallet)), (0, (0, 16)));
    let review = wallet.review(&ask(&stage, 2 * PERIOD), due).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::ListOverdue { since, .. }] if *since == due));
    assert!(said(&review).contains("no longer shown; refresh first"));
}

#[test]
fn issuers_without_lists_cannot_be_asked_for_them() {
    let mut stage = Stage::new(8);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    assert_eq!(wallet.list()[0].standing, Standing::NoLists);
    assert!(!wallet.refresh_due(NOW) && wallet.refresh(NOW, &mut stage.rng).is_empty());
    let review = wallet.review(&stage.request(json!([not_revoked("l", 600)])), NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::NotAcceptable(_)]));
    assert!(said(&review).contains("pin that issuer again"), "{}", said(&review));
    assert!(stage.service().seen_at(paths::TOKENS).is_empty());
}
