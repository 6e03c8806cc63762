//! What every store promises, checked on whichever there is.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use glimpse_api::{Act, LicenceEvent, Policy};
use glimpse_circuits::key::{DocumentKey, IssuerPublicKey};
use glimpse_circuits::request::{Nonce, Request};
use serde_json::json;

use super::*;
use crate::issuer::changes::registration;
use crate::lifecycle::{IssuedCredential, Standing, Step};

#[path = "conformance/imports.rs"]
mod imports;
#[path = "conformance/lists.rs"]
mod lists;
#[path = "conformance/lives.rs"]
mod lives;

use imports::imports;
use lists::lists;
use lives::lives;

/// A moment by the system's clock: some stores count on it.
fn now() -> u64 {
    crate::config::Clock::system().now()
}

fn code(text: &str) -> Fingerprint {
    Fingerprint::of(text.as_bytes())
}

fn licence(holder: &str) -> LicenceRecord {
    LicenceRecord::new(glimpse_profiles::builtin()[0].schema(), holder.into(), &[], Vec::new(), 0)
}

/// A licence that becomes known.
fn known(id: Id, holder: &str) -> LicenceUpdate {
    registration(id, licence(holder), Act::Registered, "admin", 1)
}

fn update(id: Id, before: &LicenceRecord, change: impl FnOnce(&mut Standing) -> Act) -> LicenceUpdate {
    let mut licence = before.clone();
    let act = change(&mut licence.standing);
    let stage = licence.standing.stage();
    let event =
        LicenceEvent { at: 2, actor: "admin".into(), act, stage, reason: Some("理由".into()), code: None };
    let from = Some((before.standing.revision, before.place()));
    LicenceUpdate { id, from, licence, event, withhold: Vec::new(), restore: Vec::new() }
}

/// A licence with an offer for it.
pub(super) async fn offered(store: &dyn Store, offer: &str, holder: &str, nonce: u8, expires_at: u64) -> Id {
    let id = Id::random();
    let new = known(id, holder);
    let before = new.licence.clone();
    assert_eq!(store.update_licences(vec![new]).await.unwrap(), Updated::Done);
    let new = NewOffer { code: code(offer), licence: id, wallet: 0, nonce: Nonce([nonce; 32]), expires_at };
    let update = update(id, &before, |standing| standing.offer().unwrap());
    assert_eq!(store.add_offer(new, update).await.unwrap(), Updated::Done);
    id
}

/// A request that asks for nothing.
pub(crate) fn request(expires_at: u64) -> Request {
    let text = json!({ "zh-CN": "x", "en": "x" });
    let json = json!({
        "version": "1", "audience": "a", "audience_name": text, "purpose": text, "response_uri": "r",
        "nonce": "0".repeat(64), "issued_at": "0", "expires_at": expires_at.to_string(),
        "credentials": [{
            "id": "l", "schema": "0".repeat(64), "check": "token",
            // The base point of ristretto255 (RFC 9496).
            "issuers": ["e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"],
        }],
        "statements": [],
    });
    Request::from_json(&json.to_string()).unwrap()
}

fn policy(purpose: &str) -> Policy {
    let purpose = json!({ "zh-CN": purpose, "en": purpose });
    serde_json::from_value(json!({ "purpose": purpose, "licences": [], "statements": [] })).unwrap()
}

/// With what it changes of the licence as it stands in the store.
async fn issuance(
    store: &dyn Store,
    (offer, id): (&str, Id),
    asked: &str,
    key: u8,
    holder: Option<(&str, u32, u8)>,
) -> IssuanceRecord {
    let before = store.licence(id).await.unwrap().unwrap();
    let credential =
        IssuedCredential { key: base_point(), handle: holder.map_or(0, |(_, handle, _)| handle) };
    let update = update(id, &before, |standing| standing.issue(credential).unwrap());
    let holder = holder.map(|(reference, handle, registration)| HolderRecord {
        reference: code(reference),
        handle,
        registration: [registration; 32],
    });
    IssuanceRecord {
        offer: code(offer),
        request: code(asked),
        key: [key; 32],
        holder,
        credential: asked.as_bytes().to_vec(),
        update,
    }
}

fn base_point() -> IssuerPublicKey {
    IssuerPublicKey::from_point(curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT).unwrap()
}

/// Everything, on a store that holds nothing yet.
pub(crate) async fn all(store: SharedStore) {
    issuer_keys(&*store).await;
    lives(&store).await;
    lists(&store).await;
    imports(&store).await;
    licences_and_offers(&*store).await;
    an_issuance_happens_once(&*store).await;
    of_many_issuances_at_once_one_happens(&store).await;
    no_handle_is_given_out_twice(&store).await;
    policies_belong_to_their_owner(&*store).await;
    a_request_is_decided_once(&*store).await;
    of_many_decisions_at_once_one_stands(&store).await;
    large_records_and_many_of_them(&store).await;
    buckets_empty_and_fill(&store).await;
    store.ready().await.unwrap();
}

async fn issuer_keys(store: &dyn Store) {
    assert!(!store.knows_an_issuer_key().await.unwrap());
    store.remember_issuer_key(&[7; 32], 1).await.unwrap();
    store.remember_issuer_key(&[7; 32], 2).await.unwrap();
    assert!(store.knows_an_issuer_key().await.unwrap());
}

async fn licences_and_offers(store: &dyn Store) {
    let now = now();
    assert!(store.licence(Id::random()).await.unwrap().is_none());
    assert!(store.open_offer(code("offer"), [1; 32], now).await.unwrap().is_none());
    let id = offered(store, "offer", "h", 3, now + 100).await;
    assert_eq!(store.licence(id).await.unwrap().unwrap().holder, "h");
    let open = store.open_offer(code("offer"), [1; 32], now + 99).await.unwrap().unwrap();
    assert_eq!((open.nonce, open.expires_at, open.registered), (Nonce([3; 32]), now + 100, None));
    assert!(open.licence.holder == "h" && open.id == id && open.wallet == 0);
    assert!(open.answer.is_none());
    assert!(store.open_offer(code("offer"), [1; 32], now + 100).await.unwrap().is_none());
    // One that has expired already is never there.
    offered(store, "late", "h", 3, now - 1).await;
    assert!(store.open_offer(code("late"), [1; 32], now).await.unwrap().is_none());
}

async fn an_issuance_happens_once(store: &dyn Store) {
    let now = now();
    let expires = now + 100;
    let mut ids = BTreeMap::new();
    for (offer, holder) in [("a", "1"), ("b", "1"), ("c", "2"), ("d", "-"), ("x", "-")] {
        ids.insert(offer, offered(store, offer, holder, 0, expires).await);
    }
    let record = async |offer, asked, holder, now| {
        let code = if offer == "x" { "none" } else { offer };
        let record = issuance(store, (code, ids[offer]), asked, 1, holder).await;
        store.record_issuance(record, now).await.unwrap()
    };
    let one = |handle, registration| Some(("1", handle, registration));
    assert!(matches!(record("x", "r", one(7, 1), now).await, RecordedIssuance::OfferUnknown));
    assert!(matches!(record("a", "r", one(7, 1), expires).await, RecordedIssuance::OfferUnknown));
    assert!(matches!(record("a", "r", one(7, 1), expires - 1).await, RecordedIssuance::Stored));
    assert!(matches!(record("a", "other", one(8, 1), now).await, RecordedIssuance::OfferUsed));
    let RecordedIssuance::Repeated(answer) = record("a", "r", one(9, 1), now).await else { panic!() };
    assert_eq!(answer.credential.0, b"r");
    // What the refused ones would have kept was not kept: handles 8 and 9 are free.
    assert!(matches!(record("b", "r", one(7, 1), now).await, RecordedIssuance::HandleTaken));
    assert!(matches!(record("b", "r", one(8, 2), now).await, RecordedIssuance::HolderRegistered));
    assert!(matches!(record("b", "r", one(8, 1), now).await, RecordedIssuance::Stored));
    assert!(matches!(record("c", "r", Some(("2", 9, 2)), now).await, RecordedIssuance::Stored));
    assert!(matches!(record("d", "r", None, now).await, RecordedIssuance::Stored));
    assert!(matches!(record("d", "r", None, now).await, RecordedIssuance::Repeated(_)));

    let offer = store.open_offer(code("a"), [1; 32], now).await.unwrap().unwrap();
    assert_eq!((offer.registered, offer.expires_at), (Some([1; 32]), expires));
    assert!(offer.answer.unwrap().is_to(&code("r")));
    let other_key = store.open_offer(code("a"), [2; 32], now).await.unwrap().unwrap();
    assert_eq!(other_key.registered, None);
    // An offer that is made again by somebody who does not know whether it was made stays used.
    let before = store.licence(ids["a"]).await.unwrap().unwrap();
    let again = NewOffer {
        code: code("a"),
        licence: ids["a"],
        wallet: 0,
        nonce: Nonce([0; 32]),
        expires_at: expires,
    };
    let change = update(ids["a"], &before, |standing| standing.offer().unwrap());
    assert_eq!(store.add_offer(again, change).await.unwrap(), Updated::Done);
    assert!(store.open_offer(code("a"), [1; 32], now).await.unwrap().unwrap().answer.is_some());
}

async fn of_many_issuances_at_once_one_happens(store: &SharedStore) {
    let now = now();
    let id = offered(&**store, "many", "many", 0, now + 100).await;
    let attempts = (0..32u32).map(|i| {
        let store = store.clone();
        actix_web::rt::spawn(async move {
            let holder = Some(("many", 1000 + i, 1));
            let record = issuance(&*store, ("many", id), &format!("r{i}"), 1, holder).await;
            store.record_issuance(record, now).await.unwrap()
        })
    });
    let outcomes = join_all(attempts).await.into_iter().map(Result::unwrap);
    let (stored, refused): (Vec<_>, Vec<_>) =
        outcomes.partition(|outcome| matches!(outcome, RecordedIssuance::Stored));
    assert_eq!(stored.len(), 1);
    // Whoever looked at the licence before it was issued, and came after it, is told first that the offer is used.
    assert!(refused.iter().all(|outcome| matches!(outcome, RecordedIssuance::OfferUsed)));
}

async fn no_handle_is_given_out_twice(store: &SharedStore) {
    let now = now();
    let names: Vec<_> = (0..16).map(|i| format!("handle-{i}")).collect();
    let mut records = Vec::new();
    for name in &names {
        let id = offered(&**store, name, name, 0, now + 100).await;
        records.push((id, issuance(&**store, (name, id), "r", 1, Some((name, 77, 1))).await));
    }
    let ids: Vec<Id> = records.iter().map(|(id, _)| *id).collect();
    let attempts = records.into_iter().map(|(_, record)| {
        let store = store.clone();
        actix_web::rt::spawn(async move { store.record_issuance(record, now).await.unwrap() })
    });
    let outcomes: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    let count = |wanted: fn(&RecordedIssuance) -> bool| outcomes.iter().filter(|found| wanted(found)).count();
    assert_eq!(count(|found| matches!(found, RecordedIssuance::Stored)), 1);
    assert_eq!(count(|found| matches!(found, RecordedIssuance::HandleTaken)), 15);
    // Under another key it is another handle.
    let loser = outcomes.iter().position(|found| matches!(found, RecordedIssuance::HandleTaken)).unwrap();
    let record = issuance(&**store, (&names[loser], ids[loser]), "r", 2, Some((&names[loser], 77, 1))).await;
    assert!(matches!(store.record_issuance(record, now).await.unwrap(), RecordedIssuance::Stored));
}

async fn policies_belong_to_their_owner(store: &dyn Store) {
    assert!(store.policies("a").await.unwrap().is_empty());
    for (owner, name, purpose) in [("a", "two", "1"), ("a", "two", "2"), ("a", "one", "3"), ("b", "two", "4")]
    {
        store.put_policy(owner, name, &policy(purpose)).await.unwrap();
    }
    store.put_policy("a-b", "three", &policy("5")).await.unwrap();
    assert_eq!(store.policy("a", "two").await.unwrap(), Some(policy("2")));
    assert_eq!(store.policy("b", "two").await.unwrap(), Some(policy("4")));
    assert_eq!(store.policy("b", "one").await.unwrap(), None);
    let expected = vec![("one".to_owned(), policy("3")), ("two".to_owned(), policy("2"))];
    assert_eq!(store.policies("a").await.unwrap(), expected);
}

async fn a_request_is_decided_once(store: &dyn Store) {
    let now = now();
    let (id, other) = (Id::random(), Id::random());
    let (asked, keep) = (request(now + 10), now + 100);
    store.add_request(id, "a", &asked, keep).await.unwrap();
    store.add_request(other, "b", &asked, keep).await.unwrap();
    assert!(store.request(Id::random()).await.unwrap().is_none());
    let found = store.request(id).await.unwrap().unwrap();
    assert_eq!((found.owner.as_str(), found.request.digest()), ("a", asked.digest()));
    assert!(found.outcome.is_none());

    let close = async |id, attempt, now| {
        store.close_request(id, code(attempt), &Outcome::Refused, now).await.unwrap()
    };
    assert_eq!(close(Id::random(), "1", now).await, Closed::Unknown);
    assert_eq!(close(other, "1", now + 10).await, Closed::Expired);
    assert_eq!(close(id, "1", now + 9).await, Closed::Decided);
    assert_eq!(close(id, "2", now + 9).await, Closed::Already);
    assert_eq!(close(id, "2", now + 10).await, Closed::Already);
    // Whoever made it and was not told is told, in time or not.
    assert_eq!(close(id, "1", now + 9).await, Closed::Decided);
    assert_eq!(close(id, "1", now + 10).await, Closed::Decided);
    // Made again by somebody who does not know whether it was made, it stays decided.
    store.add_request(id, "a", &asked, keep).await.unwrap();
    let outcome = store.request(id).await.unwrap().unwrap().outcome.unwrap();
    assert!(outcome.is_of(&code("1")) && !outcome.is_of(&code("2")));
    assert!(matches!(outcome.outcome, Outcome::Refused));
    assert!(store.request(other).await.unwrap().unwrap().outcome.is_none());
}

async fn of_many_decisions_at_once_one_stands(store: &SharedStore) {
    let (id, now) = (Id::random(), now());
    store.add_request(id, "a", &request(now + 10), now + 100).await.unwrap();
    let attempts = (0..32u32).map(|i| {
        let (store, attempt) = (store.clone(), Fingerprint::of(&i.to_be_bytes()));
        actix_web::rt::spawn(async move {
            store.close_request(id, attempt, &Outcome::Refused, now).await.unwrap()
        })
    });
    let closed: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(closed.iter().filter(|closed| **closed == Closed::Decided).count(), 1);
    assert_eq!(closed.iter().filter(|closed| **closed == Closed::Already).count(), 31);
}

async fn large_records_and_many_of_them(store: &SharedStore) {
    let now = now();
    let holder = "长".repeat(100_000);
    let id = Id::random();
    store.update_licences(vec![known(id, &holder)]).await.unwrap();
    assert!(store.licence(id).await.unwrap().unwrap().holder == holder);
    let ids: Vec<_> = (0..200).map(|_| Id::random()).collect();
    let asked = Arc::new(request(now + 10));
    let added = ids.iter().map(|id| {
        let (store, asked, id) = (store.clone(), asked.clone(), *id);
        actix_web::rt::spawn(async move { store.add_request(id, "many", &asked, now + 100).await.unwrap() })
    });
    join_all(added).await.into_iter().for_each(Result::unwrap);
    for id in &ids {
        assert_eq!(store.request(*id).await.unwrap().unwrap().owner, "many");
    }
    for i in 0..300 {
        store.put_policy("many", &format!("p{i:03}"), &policy("x")).await.unwrap();
    }
    let names: Vec<_> = store.policies("many").await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert!(names.len() == 300 && names.is_sorted());
}

async fn buckets_empty_and_fill(store: &SharedStore) {
    let rate = Rate { burst: 5, interval: Duration::from_secs(600) };
    let attempts = (0..20).map(|_| {
        let store = store.clone();
        actix_web::rt::spawn(async move { store.spend(code("bucket"), rate).await.unwrap() })
    });
    let spent: Vec<_> = join_all(attempts).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(spent.iter().filter(|spent| **spent == Spent::Yes).count(), 5);
    for spent in spent {
        let Spent::After(wait) = spent else { continue };
        assert!(wait > Duration::from_secs(590) && wait <= Duration::from_secs(600));
    }
    assert_eq!(store.spend(code("another"), rate).await.unwrap(), Spent::Yes);
    let quick = Rate { burst: 1, interval: Duration::from_millis(30) };
    assert_eq!(store.spend(code("quick"), quick).await.unwrap(), Spent::Yes);
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert_eq!(store.spend(code("quick"), quick).await.unwrap(), Spent::Yes);
}

#[actix_web::test]
async fn redb_keeps_its_promises() {
    let directory = tempfile::tempdir().unwrap();
    all(Arc::new(RedbStore::open(directory.path()).unwrap())).await;
}

/// Of what expires nothing is left. By the clock that the store is told, where it does not have one of its own.
#[actix_web::test]
async fn redb_forgets() {
    let directory = tempfile::tempdir().unwrap();
    let store = RedbStore::open(directory.path()).unwrap();
    let (id, other) = (Id::random(), Id::random());
    store.add_request(id, "a", &request(10), 100).await.unwrap();
    store.add_request(other, "a", &request(10), 101).await.unwrap();
    assert_eq!(store.close_request(id, code("1"), &Outcome::Refused, 9).await.unwrap(), Closed::Decided);
    assert_eq!(store.purge(99, 10).await.unwrap(), 0);
    assert_eq!(store.purge(100, 10).await.unwrap(), 1);
    assert!(store.request(id).await.unwrap().is_none());
    assert!(store.request(other).await.unwrap().is_some());
    // Nothing of it is left to be taken for the outcome of another.
    store.add_request(id, "a", &request(10), 100).await.unwrap();
    assert!(store.request(id).await.unwrap().unwrap().outcome.is_none());
}
