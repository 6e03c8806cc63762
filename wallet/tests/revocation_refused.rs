//! Revocation lists that are not taken, and refreshing that is interrupted: the wallet keeps what it had, and shows no token
//! twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use glimpse_circuits::key::{DocumentKey, IssuerPublicKey};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Language;
use glimpse_issuer::{DocumentSecretKey, IssuerSecretKey};
use glimpse_wallet::{Change, Consent, LedgerOutcome, PinError, Pinning, Standing, Wallet, WalletError};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::json;
use support::{BASE, Fake, Fault, Lists, NOW, PERIOD, Stage, Tamper};

const OLD: Standing = Standing::Good { as_of: NOW - 600, next: NOW - 600 + PERIOD };
const NEW: Standing = Standing::Good { as_of: NOW, next: NOW + PERIOD };

fn asked() -> serde_json::Value {
    json!([{"not_revoked": {"credential": "l", "max_age": "600"}}])
}

/// What the list is about.
fn about(stage: &Stage) -> (IssuerPublicKey, SchemaDigest) {
    let service = stage.service();
    (*service.key.public(), service.schemas[0].digest())
}

/// A wallet with a licence and the list of ten minutes ago.
fn refreshed(seed: u64) -> (Stage, Wallet) {
    let mut stage = Stage::with_list(seed, NOW - 600);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    (stage, wallet)
}

/// Why the first credential's list is not refreshed. The file stays as it is.
fn refused(stage: &mut Stage, wallet: &mut Wallet) -> String {
    let before = fs::read(stage.path()).unwrap();
    let error = wallet.refresh(NOW, &mut stage.rng).remove(0).result.unwrap_err();
    assert_eq!(fs::read(stage.path()).unwrap(), before, "{error}");
    let credential = &wallet.list()[0];
    assert_eq!((credential.standing, credential.list_tokens), (OLD, 16), "{error}");
    error.to_string()
}

#[test]
fn lists_that_are_not_in_order_are_refused_and_nothing_is_lost() {
    const KEEPS: &str = "the newest revocation list is not taken, and the wallet keeps what it had: ";
    type Change = fn(&mut Lists, IssuerPublicKey, SchemaDigest);
    let changes: [(Change, &str); 8] = [
        (|lists, key, schema| lists.publish_as(1, key, schema, NOW - 660), "two different manifests"),
        (|lists, key, schema| lists.publish_as(2, key, schema, NOW - 660), "older than one that was seen"),
        (|lists, key, schema| lists.publish(key, schema, NOW + 120), "from the future"),
        (
            |lists, key, schema| {
                lists.publish(key, schema, NOW);
                lists.buckets.values_mut().for_each(|bytes| bytes[3] ^= 1);
            },
            "not the one that the manifest names",
        ),
        (
            // Signed with another key than the manifest says.
            |lists, key, schema| {
                let own = *lists.revocation.public();
                lists.revocation = IssuerSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(7));
                lists.publish(key, schema, NOW);
                let mut document = lists.manifest.clone().unwrap().document().clone();
                document.revocation = own;
                lists.sign(document.try_into().unwrap());
            },
            "not signed by its issuer",
        ),
        (
            |lists, key, schema| {
                lists.revocation = IssuerSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(7));
                lists.publish(key, schema, NOW);
            },
            "pin the issuer again and look at what changed",
        ),
        (
            |lists, key, schema| {
                lists.signer = DocumentSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(7));
                lists.publish(key, schema, NOW);
            },
            "pin the issuer again and look at what changed",
        ),
        (
            |lists, key, schema| {
                lists.publish(key, schema, NOW);
                lists.envelope = lists.envelope.replace("payloadType", "payloadKind");
            },
            "envelope",
        ),
    ];
    for (number, (change, expected)) in changes.into_iter().enumerate() {
        let (mut stage, mut wallet) = refreshed(10 + number as u64);
        let (key, schema) = about(&stage);
        change(stage.service().lists.as_mut().unwrap(), key, schema);
        let said = refused(&mut stage, &mut wallet);
        assert!(said.contains(expected), "{number}: {said}");
        assert!(said.starts_with(KEEPS) || said.contains("pin the issuer again"), "{number}: {said}");
        // What it has is as good as before, where it is still the issuer's.
        if expected.starts_with("pin") || expected.contains("by its issuer") {
            continue;
        }
        let uri = stage.request(asked());
        assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    }
}

#[test]
fn a_version_that_is_overtaken_is_left_for_the_newer_one() {
    let (mut stage, mut wallet) = refreshed(30);
    stage.service().publish_list(NOW - 60);
    stage.service().lists.as_mut().unwrap().overtaken = Some(NOW);
    let before = stage.service().seen.len();
    assert_eq!(wallet.refresh(NOW, &mut stage.rng).remove(0).result.unwrap().standing, NEW);
    let paths: Vec<_> = stage.service().seen[before..].iter().map(|seen| seen.path.clone()).collect();
    assert!(paths[1].contains("/versions/2/") && paths[3].contains("/versions/3/"), "{paths:?}");

    // Once, not for ever.
    let (mut stage, mut wallet) = refreshed(31);
    stage.service().publish_list(NOW);
    stage.service().lists.as_mut().unwrap().buckets.clear();
    let before = stage.service().seen.len();
    assert!(refused(&mut stage, &mut wallet).contains("list-unknown"));
    assert_eq!(stage.service().seen.len() - before, 4);
}

/// Manifest, bucket and both halves of the token exchange, each lost or the process ended, before or after it arrives.
#[test]
fn a_refresh_that_is_cut_off_leaves_the_old_list() {
    for step in 0..4 {
        for fault in [Fault::ErrorBefore, Fault::ErrorAfter, Fault::CrashBefore, Fault::CrashAfter] {
            let (mut stage, mut wallet) = refreshed(40 + step);
            stage.service().publish_list(NOW);
            let before = fs::read(stage.path()).unwrap();
            let faults = (0..step).map(|_| Fault::None).chain([fault]);
            stage.fake.plan(faults);
            // A generator that repeats itself after a crash must not matter either.
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            let done = Fake::until_crash(|| wallet.refresh(NOW, &mut rng));
            assert!(done.is_none_or(|done| done[0].result.is_err()), "{step} {fault:?}");
            assert_eq!(fs::read(stage.path()).unwrap(), before, "{step} {fault:?}");
            drop(wallet);
            let mut wallet = stage.open();
            assert_eq!((wallet.list()[0].standing, wallet.list()[0].list_tokens), (OLD, 16));
            stage.fake.plan([]);
            let mut rng = ChaCha20Rng::seed_from_u64(1);
            assert_eq!(wallet.refresh(NOW, &mut rng).remove(0).result.unwrap().standing, NEW);
            let uri = stage.request(asked());
            assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
        }
    }
}

#[test]
fn one_failure_does_not_stop_the_others() {
    let (mut stage, mut wallet) = refreshed(50);
    stage.obtain(&mut wallet);
    stage.service().publish_list(NOW);
    stage.fake.plan([Fault::ErrorBefore]);
    let done = wallet.refresh(NOW, &mut stage.rng);
    assert!(matches!(done[0].result, Err(WalletError::Client(_))));
    assert_eq!(done[1].result.as_ref().unwrap().standing, NEW);
    assert_eq!(wallet.list()[0].standing, OLD);
    // What the second saw counts for the first: the list is one.
    let (key, schema) = about(&stage);
    stage.service().lists.as_mut().unwrap().publish_as(2, key, schema, NOW - 60);
    assert!(refused(&mut stage, &mut wallet).contains("two different manifests"));
}

/// At the moment a presentation leaves, the file already lacks both tokens.
#[test]
fn list_tokens_are_spent_on_disk_before_the_presentation_leaves() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let (mut stage, mut wallet) = refreshed(60);
        let id = wallet.list()[0].id.clone();
        wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
        let review = wallet.review(&stage.request(asked()), NOW + 1).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        stage.fake.plan([fault]);
        let mut rng = stage.rng.clone();
        assert!(Fake::until_crash(|| wallet.present(review, consent, NOW + 1, &mut rng)).is_none());
        drop(wallet);
        let wallet = stage.open();
        assert_eq!((wallet.list()[0].tokens, wallet.list()[0].list_tokens), (3, 15));
    }
}

/// Random schedules of crashes and lost messages over refreshing, presenting and opening: no Ā arrives twice.
#[test]
fn no_list_token_is_ever_shown_twice() {
    for seed in 0..6 {
        let (stage, mut wallet) = refreshed(100 + seed);
        let mut dice = ChaCha20Rng::seed_from_u64(seed);
        let mut issued_at = NOW - 600;
        for _ in 0..20 {
            let faults: Vec<Fault> = (0..6)
                .map(|_| match dice.next_u32() % 14 {
                    0 => Fault::CrashBefore,
                    1 => Fault::CrashAfter,
                    2 => Fault::ErrorBefore,
                    3 => Fault::ErrorAfter,
                    _ => Fault::None,
                })
                .collect();
            if dice.next_u32() % 4 == 0 && issued_at < NOW {
                issued_at += 60;
                stage.service().publish_list(issued_at);
            }
            let uri = stage.request(asked());
            let refreshes = dice.next_u32() % 3 == 0;
            stage.fake.plan(faults);
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let result = Fake::until_crash(|| -> Result<(), WalletError> {
                if refreshes {
                    wallet.refresh(NOW, &mut rng);
                    return Ok(());
                }
                let review = wallet.review(&uri, NOW + 1)?;
                let consent = Consent::given_to(&review)?;
                wallet.present(review, consent, NOW + 1, &mut rng).map(|_| ())
            });
            if result.is_none() || dice.next_u32() % 4 == 0 {
                drop(wallet);
                wallet = stage.open();
            }
        }
        stage.fake.plan([]);
        let shown = stage.service().shown.clone();
        assert!(shown.len() > 6, "seed {seed}");
        assert_eq!(shown.iter().collect::<BTreeSet<_>>().len(), shown.len(), "seed {seed}");
    }
}

#[test]
fn keys_of_lists_that_make_no_sense_are_not_pinned() {
    let mut stage = Stage::with_list(70, NOW);
    let good = stage.service().metadata();
    let mut wallet = stage.create();
    let mut pin = |metadata: &glimpse_api::Metadata, place: &str| {
        let raw = serde_json::to_vec(metadata).unwrap();
        stage.service().tamper = Some(Tamper::Raw(200, "application/json", raw));
        wallet.pin_issuer(&format!("{BASE}{place}"), NOW)
    };
    let error = |result: Result<Pinning, WalletError>| match result {
        Err(WalletError::Pin(error)) => error,
        other => panic!("{other:?}"),
    };
    let mut bad = good.clone();
    bad.manifest_keys.clear();
    assert_eq!(error(pin(&bad, "/a")), PinError::UnsignedLists);
    let mut bad = good.clone();
    bad.issuers[0].revocation = None;
    assert_eq!(error(pin(&bad, "/a")), PinError::NoRevocationKey);
    let mut bad = good.clone();
    bad.issuers[0].revocation = Some(bad.issuers[0].key);
    assert_eq!(error(pin(&bad, "/a")), PinError::RevocationKeyIsIssuerKey);
    let mut bad = good.clone();
    bad.manifest_keys = (0..17).map(|i| DocumentKey([i; 32])).collect();
    assert_eq!(error(pin(&bad, "/a")), PinError::ManifestKeys);
    bad.manifest_keys = vec![DocumentKey([1; 32]); 2];
    assert_eq!(error(pin(&bad, "/a")), PinError::Repeated);
    // Somebody else claims the issuer's key, with a revocation key of his own.
    let mut bad = good.clone();
    let mine = IssuerSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(7));
    bad.issuers[0].revocation = Some(*mine.public());
    assert_eq!(error(pin(&bad, "/a")), PinError::Conflict(BASE.into()));
    assert!(matches!(pin(&good, "/a"), Ok(Pinning::Pinned(_))));
}

#[test]
fn new_keys_of_lists_are_the_holders_to_take() {
    let mut stage = Stage::new(71);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    // An issuer that had no lists has some.
    stage.service().lists = Some(Lists::new(71));
    stage.service().publish_list(NOW - 600);
    assert!(wallet.refresh(NOW, &mut stage.rng).is_empty(), "nothing of it is pinned");
    let kinds = |wallet: &mut Wallet, expected: usize| {
        let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!("changed") };
        assert_eq!(changed.changes().len(), expected, "{:?}", changed.changes());
        for language in [Language::Chinese, Language::English] {
            assert!(changed.changes().iter().all(|change| !change.to_text(language).is_empty()));
        }
        changed
    };
    let changed = kinds(&mut wallet, 2);
    let revocation = *stage.service().lists.as_ref().unwrap().revocation.public();
    assert!(
        matches!(changed.changes(), [Change::RevocationKey(_, _, Some(key)), Change::ManifestKeyAdded(_)] if *key == revocation)
    );
    wallet.repin(changed, NOW).unwrap();
    assert!(matches!(wallet.pin_issuer(BASE, NOW).unwrap(), Pinning::Unchanged(_)));
    assert_eq!(wallet.refresh(NOW, &mut stage.rng).remove(0).result.unwrap().standing, OLD);

    // Other keys: what the wallet has is not shown any more once they are pinned, and refreshing gets what is.
    {
        let mut service = stage.service();
        let lists = service.lists.as_mut().unwrap();
        lists.revocation = IssuerSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(7));
        lists.signer = DocumentSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(8));
        service.publish_list(NOW);
    }
    assert!(refused(&mut stage, &mut wallet).contains("pin the issuer again"));
    let changed = kinds(&mut wallet, 3);
    wallet.repin(changed, NOW).unwrap();
    assert_eq!(wallet.list()[0].standing, Standing::NotFetched);
    assert!(wallet.refresh_due(NOW));
    assert_eq!(wallet.refresh(NOW, &mut stage.rng).remove(0).result.unwrap().standing, NEW);
    let uri = stage.request(asked());
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
}
