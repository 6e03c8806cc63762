//! Whom a wallet deals with that goes by a list of issuers: issuers that publish something else, requests that name others,
//! and changes of every kind of key.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use glimpse_api::{Metadata, paths};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::relation::{Reason, RelationError};
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_circuits::text::Language;
use glimpse_issuer::{DocumentSecretKey, IssuerSecretKey};
use glimpse_trust::list::Validity;
use glimpse_wallet::{
    Change, Consent, LedgerOutcome, ListFrom, Listing, NotListed, Obstacle, Pinning, Review, Standing,
    Wallet, WalletError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use support::{BASE, DAY, Domain, Fault, NOW, PERIOD, Stage, Tamper, listed, roots, stranger, values};

fn adult() -> Value {
    json!([{"age":{"of":"l.birth_date","at_least":"18"}}])
}

fn not_revoked() -> Value {
    json!([{"not_revoked":{"credential":"l","max_age":PERIOD.to_string()}}])
}

/// A wallet that knows nobody but a list.
fn trusting(stage: &mut Stage) -> (Wallet, Domain) {
    let domain = Domain::of(&stage.service());
    let mut wallet = stage.create_empty();
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    (wallet, domain)
}

/// Gives a wallet the next list, and says what it noticed.
fn take(wallet: &mut Wallet, list: &str, now: u64) -> Vec<Change> {
    let changes = wallet.next_trust_list(&[ListFrom::Text(list)], now).unwrap().changes;
    for language in [Language::Chinese, Language::English] {
        assert!(changes.iter().all(|change| !change.to_text(language).is_empty()));
    }
    changes
}

fn said(review: &Review, language: Language) -> String {
    review.obstacles().iter().map(|it| it.to_text(language)).collect::<Vec<_>>().join("\n")
}

/// A request of the service for a licence under these keys.
fn ask(stage: &Stage, keys: &Value, statements: Value) -> String {
    let mut service = stage.service();
    let mut request = service.request_json(&[("l", "test.licence", "token")], statements);
    request["credentials"][0]["issuers"] = keys.clone();
    service.publish(&request)
}

fn secret(seed: u64) -> IssuerSecretKey {
    IssuerSecretKey::generate(&mut ChaCha20Rng::seed_from_u64(seed))
}

#[test]
fn a_wallet_that_knows_only_the_list_obtains_and_shows_a_licence_not_to_be_revoked() {
    let mut stage = Stage::with_list(1, NOW - 600);
    let (mut wallet, _) = trusting(&mut stage);
    // The issuer is met on the way.
    let credential = stage.obtain(&mut wallet);
    assert!(matches!(credential.listing, Some(Listing::Listed { until, .. }) if until == NOW + 100 * DAY));
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let uri = stage.request(not_revoked());
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    assert!(matches!(wallet.pin_issuer(BASE, NOW).unwrap(), Pinning::Unchanged(_)));
}

/// Each differs from the list in one thing. None is pinned, also not where the issuer was pinned before, and also not if the
/// holder says so.
#[test]
fn what_the_list_does_not_have_is_not_pinned() {
    type Change = fn(&mut Metadata);
    let changes: [(Change, fn(&NotListed) -> bool); 8] = [
        (|it| it.issuers[0].key = *secret(7).public(), |e| matches!(e, NotListed::Key { .. })),
        (|it| it.issuers[0].id = "other".into(), |e| matches!(e, NotListed::Identifier(_))),
        (|it| it.issuers[0].name.en = "Other".into(), |e| matches!(e, NotListed::Name(_))),
        (
            |it| it.issuers[0].revocation = Some(*secret(8).public()),
            |e| matches!(e, NotListed::RevocationKey(_)),
        ),
        (
            |it| it.manifest_keys.push(DocumentSecretKey::from_bytes(&[9; 32]).public()),
            |e| matches!(e, NotListed::ManifestKey(_)),
        ),
        (
            |it| {
                it.issuers[0].revocation = None;
                it.manifest_keys.clear();
            },
            |e| matches!(e, NotListed::RevocationKey(_)),
        ),
        (
            |it| {
                let mut more: Value = serde_json::to_value(&it.schemas[0]).unwrap();
                more["version"] = "2".into();
                it.schemas.push(Schema::from_json(&more.to_string()).unwrap());
                it.issuers[0].schemas.push(it.schemas.last().unwrap().digest());
            },
            |e| matches!(e, NotListed::Schema(_)),
        ),
        (
            // A second key of its own making, beside the listed one.
            |it| {
                let mut second = it.issuers[0].clone();
                second.key = *secret(10).public();
                it.issuers.push(second);
            },
            |e| matches!(e, NotListed::Key { .. }),
        ),
    ];
    for pinned_before in [false, true] {
        for (number, (change, expected)) in changes.iter().enumerate() {
            let mut stage = Stage::with_list(20 + number as u64, NOW - 600);
            let (mut wallet, _) = trusting(&mut stage);
            if pinned_before {
                assert!(matches!(wallet.pin_issuer(BASE, NOW).unwrap(), Pinning::Pinned(_)));
            }
            let mut metadata = stage.service().metadata();
            change(&mut metadata);
            let raw = serde_json::to_vec(&metadata).unwrap();
            stage.service().tamper = Some(Tamper::Raw(200, "application/json", raw));
            let error = stage.unchanged(|| wallet.pin_issuer(BASE, NOW)).unwrap_err();
            let WalletError::NotListed(refused) = &error else { panic!("{number}: {error}") };
            assert!(expected(refused), "{number}: {error}");
            assert!(!refused.to_text(Language::Chinese).is_ascii());
            if !pinned_before {
                let mut rng = stage.rng.clone();
                let offer = stage.unchanged(|| wallet.accept_offer(BASE, "code", NOW, &mut rng));
                assert!(matches!(offer, Err(WalletError::NotListed(_))), "{number}");
            }
        }
    }
}

#[test]
fn changes_that_the_holder_was_about_to_take_are_refused_once_there_is_a_list() {
    let mut stage = Stage::new(3);
    let mut wallet = stage.create();
    let domain = Domain::of(&stage.service());
    stage.service().name.en = "Renamed".into();
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!() };
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    let refused = stage.unchanged(|| wallet.repin(changed, NOW));
    assert!(matches!(refused, Err(WalletError::NotListed(NotListed::Name(_)))));
}

#[test]
fn issuers_that_are_not_listed_or_elsewhere_are_not_even_asked() {
    let mut stage = Stage::new(4);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let sent = stage.service().seen.len();
    for elsewhere in [&format!("{BASE}/elsewhere"), "https://stranger.example"] {
        let mut rng = stage.rng.clone();
        let pin = stage.unchanged(|| wallet.pin_issuer(elsewhere, NOW));
        assert!(matches!(pin, Err(WalletError::NotListed(NotListed::Address(uri))) if uri == *elsewhere));
        let offer = stage.unchanged(|| wallet.accept_offer(elsewhere, "code", NOW, &mut rng));
        assert!(matches!(offer, Err(WalletError::NotListed(NotListed::Address(_)))));
    }
    assert_eq!(stage.service().seen.len(), sent, "nothing was sent");

    // Another listed issuer publishes the keys of this one as its own.
    let mut other = stranger("other", 41);
    other.uri = format!("{BASE}/other");
    let next = domain.next(|it| it.issuers.push(other));
    take(&mut wallet, &next, NOW);
    let raw = serde_json::to_vec(&stage.service().metadata()).unwrap();
    stage.service().tamper = Some(Tamper::Raw(200, "application/json", raw));
    let pin = stage.unchanged(|| wallet.pin_issuer(&format!("{BASE}/other"), NOW)).unwrap_err();
    assert!(
        matches!(&pin, WalletError::NotListed(NotListed::OtherAddress { listed, .. }) if listed == BASE),
        "{pin}"
    );
}

#[test]
fn offers_under_keys_that_are_not_listed_or_not_valid_now_are_refused() {
    let mut stage = Stage::new(5);
    let (mut wallet, mut domain) = trusting(&mut stage);
    wallet.pin_issuer(BASE, NOW).unwrap();
    let refused = |stage: &Stage, wallet: &mut Wallet, now: u64| -> NotListed {
        let code = stage.service().offer("test.licence", values());
        let mut rng = stage.rng.clone();
        let error = stage.unchanged(|| wallet.accept_offer(BASE, &code, now, &mut rng)).unwrap_err();
        assert!(stage.service().seen_at(paths::CREDENTIALS).is_empty(), "nothing was asked for");
        match error {
            WalletError::NotListed(error) => error,
            error => panic!("{error}"),
        }
    };
    let listed_key = stage.service().key.to_bytes();
    stage.service().key = secret(7);
    assert!(matches!(refused(&stage, &mut wallet, NOW), NotListed::Key { .. }));
    // The key of somebody who is listed elsewhere.
    let mut other = stranger("other", 51);
    other.keys[0].key = *secret(7).public();
    let next = domain.next(|it| it.issuers.push(other));
    take(&mut wallet, &next, NOW);
    assert!(matches!(refused(&stage, &mut wallet, NOW), NotListed::OtherAddress { .. }));
    stage.service().key = IssuerSecretKey::from_bytes(&listed_key).unwrap();
    let next =
        domain.next(|it| it.issuers[0].keys[0].accepted = Validity { from: NOW + 10, until: NOW + 20 });
    take(&mut wallet, &next, NOW);
    for (now, words) in [(NOW + 9, "not yet"), (NOW + 20, "has not been accepted")] {
        let error = refused(&stage, &mut wallet, now);
        assert!(matches!(error, NotListed::NotNow { .. }) && error.to_string().contains(words), "{error}");
        assert!(error.to_text(Language::Chinese).contains("认可"));
    }
    let company = stage.service().schemas[1].digest();
    let next = domain.next(|it| {
        it.issuers[0].keys[0].accepted = Validity { from: NOW, until: NOW + DAY };
        it.issuers[0].keys[0].schemas = vec![company];
    });
    take(&mut wallet, &next, NOW);
    assert!(matches!(refused(&stage, &mut wallet, NOW), NotListed::Schema(_)));
}

/// Somebody else's licence counts for nothing once there is a list: not to the holder, not in an answer.
#[test]
fn what_was_pinned_and_is_not_listed_counts_no_longer() {
    let mut stage = Stage::with_list(6, NOW - 600);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 4, &mut stage.rng).unwrap();
    assert!(wallet.list()[0].usable && wallet.list()[0].listing.is_none());
    let uri = stage.request(adult());
    let before = wallet.review(&uri, NOW + 1).unwrap();
    let consent = Consent::given_to(&before).unwrap();

    let mut domain = Domain::of(&stage.service());
    domain.document.issuers = vec![stranger("a", 61)];
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    let credential = &wallet.list()[0];
    assert!(!credential.usable && credential.listing == Some(Listing::KeyNotListed));
    assert!(Listing::KeyNotListed.to_text(Language::English, NOW).contains("not on the list of issuers"));
    assert!(wallet.show(&id).is_ok());
    // What was agreed to before the list was taken is not sent any more.
    let sent = stage.service().seen.len();
    let late = stage.unchanged(|| wallet.present(before, consent, NOW + 1, &mut stage.rng.clone()));
    assert!(matches!(late, Err(WalletError::NotAnswerable)));
    let mut rng = stage.rng.clone();
    assert!(stage.unchanged(|| wallet.refresh(NOW, &mut rng)).is_empty());
    let tokens = stage.unchanged(|| wallet.fetch_tokens(&id, 4, &mut rng));
    assert!(matches!(tokens, Err(WalletError::NotListed(NotListed::Key { .. }))));
    assert_eq!(stage.service().seen.len(), sent, "nothing was sent");

    // A request that names nobody but whom the list does not have.
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(
        matches!(review.obstacles(), [Obstacle::NoListedIssuer { .. }, Obstacle::NotListed { .. }]),
        "{:?}",
        review.obstacles()
    );
    let words = said(&review, Language::English);
    assert!(words.contains("is on the list this wallet goes by (Example domain)"), "{words}");
    assert!(words.contains("Test driving licence: its issuer key is not on the list"), "{words}");
    assert!(said(&review, Language::Chinese).contains("不在签发机关名录上"));
    // One that names the wallet's own issuer beside a listed one: that is no way around it either.
    let keys = json!([stage.service().key.public(), domain.document.issuers[0].keys[0].key]);
    let review = wallet.review(&ask(&stage, &keys, adult()), NOW + 1).unwrap();
    assert!(
        matches!(review.obstacles(), [Obstacle::NoLicenceOf { .. }, Obstacle::NotListed { .. }]),
        "{:?}",
        review.obstacles()
    );
    assert!(matches!(Consent::given_to(&review), Err(WalletError::NotAnswerable)));
}

#[test]
fn a_request_may_name_listed_issuers_that_the_wallet_has_never_met() {
    let mut stage = Stage::with_list(7, NOW - 600);
    let strangers: Vec<_> = ["a", "b", "c", "d", "e", "f", "g"]
        .iter()
        .zip(71..)
        .map(|(name, seed)| stranger(name, seed))
        .collect();
    let mut domain = Domain::of(&stage.service());
    domain.document.issuers.extend(strangers.clone());
    let mut wallet = stage.create_empty();
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    stage.obtain(&mut wallet);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let others: Vec<_> = strangers.iter().map(|issuer| issuer.keys[0].key).collect();
    {
        let mut service = stage.service();
        service.others = strangers.iter().map(|issuer| issuer.with_key(&issuer.keys[0])).collect();
    }
    let own = *stage.service().key.public();
    let all = json!([&[others[0], own][..], &others[1..]].concat());
    let mut statements = not_revoked().as_array().unwrap().clone();
    statements.extend(adult().as_array().unwrap().clone());
    for statements in [adult(), Value::Array(statements)] {
        let uri = ask(&stage, &all, statements);
        let review = wallet.review(&uri, NOW + 1).unwrap();
        assert_eq!(review.chosen().unwrap().credentials[0].issuer.en, "Test authority");
        assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
    }
    // Only others: the wallet knows what they are called, and has nothing of them.
    let review = wallet.review(&ask(&stage, &json!(others[..2]), adult()), NOW + 1).unwrap();
    let words = said(&review, Language::English);
    assert_eq!(words, "no licence that would do: Test driving licence, issued by Authority a or Authority b");
    assert_eq!(
        said(&review, Language::Chinese),
        "没有可用的证照：测试驾驶证（须由以下机关签发：机关a、机关b）"
    );
    let review = wallet.review(&ask(&stage, &json!(others), adult()), NOW + 1).unwrap();
    assert!(said(&review, Language::English).ends_with("Authority e or one of 2 more"));
    assert!(said(&review, Language::Chinese).ends_with("机关e，及另外2家）"));
    // None of these has revocation lists.
    let review = wallet.review(&ask(&stage, &json!(others), not_revoked()), NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::NoListedLists { .. }]), "{:?}", review.obstacles());
    // A kind of licence that nobody has shown the wallet yet is another matter.
    let mut request = stage.service().request_json(&[("l", "test.licence", "token")], json!([]));
    request["credentials"][0]["schema"] = json!(SchemaDigest([7; 32]));
    let review = wallet.review_json(&request.to_string(), NOW + 1).unwrap();
    let unknown = RelationError { member: "credentials[0].schema".into(), reason: Reason::UnknownSchema };
    assert_eq!(review.obstacles(), [Obstacle::NotAcceptable(unknown)]);
}

/// Old and new key are listed with an overlap. The old licence answers within it and not after; one under the new key does.
#[test]
fn an_issuer_changes_its_key_with_an_overlap() {
    let mut stage = Stage::with_list(8, NOW - 600);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let old = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&old, 16, &mut stage.rng).unwrap();
    let was = stage.service().metadata().issuers[0].clone();
    let old_key = was.key;
    {
        let mut service = stage.service();
        service.key = secret(81);
        service.others = vec![was];
    }
    let new_key = *stage.service().key.public();
    let mut both = listed(&stage.service());
    both.keys[0].accepted = Validity { from: NOW + 1000, until: NOW + 100 * DAY };
    both.keys[0].revocation = None;
    let next = domain.next(|it| {
        it.issuers[0].keys[0].accepted.until = NOW + 2000;
        it.issuers[0].keys.push(both.keys[0].clone());
    });
    let noticed = take(&mut wallet, &next, NOW);
    assert!(
        matches!(&noticed[..], [Change::Accepted(first, _, _), Change::KeyAdded(second, _), Change::Accepted(..)]
            if *first == old_key && *second == new_key),
        "{noticed:?}"
    );

    let keys = json!([old_key, new_key]);
    let answers = |stage: &mut Stage, wallet: &mut Wallet, now: u64| -> Result<String, Vec<Obstacle>> {
        stage.service().now = now - 1;
        let uri = ask(stage, &keys, adult());
        let review = wallet.review(&uri, now).unwrap();
        let Some(choice) = review.choices().last() else { return Err(review.obstacles().to_vec()) };
        let id = choice.credentials[0].id.clone();
        let mut review = review;
        review.choose(review.choices().len() - 1).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        let outcome = wallet.present(review, consent, now, &mut stage.rng).unwrap();
        assert_eq!(outcome.outcome, LedgerOutcome::Accepted);
        Ok(id)
    };
    for now in [NOW + 999, NOW + 1000, NOW + 1999] {
        assert_eq!(answers(&mut stage, &mut wallet, now).as_deref(), Ok(&old[..]));
    }
    // The key ends between review and answer.
    let uri = ask(&stage, &keys, adult());
    let review = wallet.review(&uri, NOW + 1999).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    let late = stage.unchanged(|| wallet.present(review, consent, NOW + 2000, &mut stage.rng.clone()));
    assert!(matches!(late, Err(WalletError::NotAnswerable)));
    let ended = answers(&mut stage, &mut wallet, NOW + 2000).unwrap_err();
    assert!(
        matches!(&ended[..], [Obstacle::NoLicenceOf { .. }, Obstacle::NotListed { listing, .. }]
            if matches!(listing, Listing::Listed { until, .. } if *until == NOW + 2000)),
        "{ended:?}"
    );
    assert!(ended[1].to_text(Language::English).contains("has not been accepted since 2026-11-22 12:33:20"));
    assert!(ended[1].to_text(Language::Chinese).contains("请重新领取"));
    let listing = wallet.list()[0].listing.unwrap();
    assert!(listing.holds(NOW + 1999) && !listing.holds(NOW + 2000));
    // Its list is of no more use, and not fetched.
    assert!(wallet.refresh(NOW + 2000, &mut stage.rng).is_empty() && !wallet.refresh_due(NOW + 2000));

    let code = stage.service().offer("test.licence", values());
    let new = wallet.accept_offer(BASE, &code, NOW + 2000, &mut stage.rng).unwrap().id;
    assert_eq!(answers(&mut stage, &mut wallet, NOW + 2001), Ok(new.clone()));
    // A list without the old key, and what it is told as.
    let dropped = domain.next(|it| drop(it.issuers[0].keys.remove(0)));
    assert!(
        matches!(&take(&mut wallet, &dropped, NOW + 2002)[..], [Change::KeyRemoved(key, _)] if *key == old_key)
    );
    let listings: Vec<_> = wallet.list().iter().map(|it| (it.id.clone(), it.usable)).collect();
    assert_eq!(listings, [(old, false), (new, true)]);
}

#[test]
fn keys_of_revocation_lists_change_with_the_list_of_issuers() {
    let mut stage = Stage::with_list(9, NOW - 600);
    let (mut wallet, mut domain) = trusting(&mut stage);
    stage.obtain(&mut wallet);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let signer = |seed: u8| DocumentSecretKey::from_bytes(&[seed; 32]);
    let refused = |stage: &mut Stage, wallet: &mut Wallet| -> String {
        let mut rng = stage.rng.clone();
        let result = stage.unchanged(|| wallet.refresh(NOW, &mut rng)).remove(0).result;
        assert!(matches!(result, Err(WalletError::NotListed(NotListed::RevocationList(_)))), "{result:?}");
        result.unwrap_err().to_text(Language::Chinese)
    };
    // The issuer signs with another key than the listed one, and later with one that is listed beside it.
    stage.service().lists.as_mut().unwrap().signer = signer(91);
    stage.service().publish_list(NOW - 540);
    assert!(refused(&mut stage, &mut wallet).contains("获取最新的签发机关名录"));
    let added: DocumentKey = signer(91).public();
    let next = domain.next(|it| it.issuers[0].keys[0].revocation.as_mut().unwrap().manifests.push(added));
    assert_eq!(take(&mut wallet, &next, NOW), [Change::ManifestKeyAdded(added)]);
    assert!(wallet.refresh(NOW, &mut stage.rng)[0].result.is_ok());
    let Pinning::Noticed(_, noticed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!("noticed") };
    assert_eq!(noticed.len(), 2, "{noticed:?}");
    // The first one goes.
    let gone = domain.document.issuers[0].keys[0].revocation.as_ref().unwrap().manifests[0];
    let next = domain.next(|it| {
        it.issuers[0].keys[0].revocation.as_mut().unwrap().manifests.remove(0);
    });
    assert_eq!(take(&mut wallet, &next, NOW), [Change::ManifestKeyRemoved(gone)]);

    // Another W: published before the list has it, it is refused; then the old one is not shown any more.
    stage.service().lists.as_mut().unwrap().revocation = secret(92);
    stage.service().publish_list(NOW - 480);
    refused(&mut stage, &mut wallet);
    assert!(matches!(
        stage.unchanged(|| wallet.pin_issuer(BASE, NOW)),
        Err(WalletError::NotListed(NotListed::RevocationKey(_)))
    ));
    let w = *stage.service().lists.as_ref().unwrap().revocation.public();
    let next = domain.next(|it| it.issuers[0].keys[0].revocation.as_mut().unwrap().key = w);
    let noticed = take(&mut wallet, &next, NOW);
    assert!(matches!(&noticed[..], [Change::RevocationKey(_, _, Some(key))] if *key == w), "{noticed:?}");
    assert_eq!(wallet.list()[0].standing, Standing::NotFetched);
    let uri = stage.request(not_revoked());
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(matches!(review.obstacles(), [Obstacle::ListNotFetched { .. }]), "{:?}", review.obstacles());
    assert!(wallet.refresh_due(NOW));
    assert!(wallet.refresh_if_due(NOW, &mut stage.rng)[0].result.is_ok());
    assert_eq!(stage.answer(&mut wallet, &uri, NOW + 1).unwrap().outcome, LedgerOutcome::Accepted);
}

#[test]
fn an_issuer_that_moves_is_followed_and_one_that_comes_or_goes_is_noticed() {
    let mut stage = Stage::with_list(10, NOW - 600);
    let (mut wallet, mut domain) = trusting(&mut stage);
    // As if it had been met at another address.
    domain.document.version = 2;
    domain.document.issuers[0].uri = "https://old.example".into();
    take(&mut wallet, &domain.signed(&[1]), NOW);
    let moved = stage.unchanged(|| wallet.accept_offer(BASE, "code", NOW, &mut stage.rng.clone()));
    assert!(matches!(moved, Err(WalletError::NotListed(NotListed::Address(_)))));
    let back = domain.next(|it| it.issuers[0].uri = BASE.into());
    assert!(take(&mut wallet, &back, NOW).is_empty(), "it has nothing of that issuer yet");
    let id = stage.obtain(&mut wallet).id;

    let moved = domain.next(|it| it.issuers[0].uri = format!("{BASE}/new"));
    let noticed = take(&mut wallet, &moved, NOW);
    assert!(
        matches!(&noticed[..], [Change::Moved(_, was, now)] if was == BASE && *now == format!("{BASE}/new"))
    );
    let mut rng = stage.rng.clone();
    let tokens = wallet.fetch_tokens(&id, 4, &mut rng);
    assert!(matches!(tokens, Err(WalletError::Client(_))), "nobody is there");
    assert!(stage.service().seen.last().unwrap().path.starts_with("/new/"), "it was asked there");
    assert_eq!(wallet.list()[0].issuer_uri, format!("{BASE}/new"));

    // Others come and go without a word.
    let others = domain.next(|it| it.issuers.push(stranger("a", 101)));
    assert!(take(&mut wallet, &others, NOW).is_empty());
    let renamed = domain.next(|it| {
        it.issuers.pop();
        it.issuers[0].name.en = "Renamed".into();
        it.name.en = "Renamed domain".into();
    });
    let noticed = take(&mut wallet, &renamed, NOW);
    assert!(matches!(&noticed[..], [Change::ListRenamed(..), Change::Renamed(..)]), "{noticed:?}");
    assert_eq!(wallet.list()[0].issuer.en, "Renamed");
    let kept = domain.document.issuers[0].clone();
    let gone = domain.next(|it| it.issuers.clear());
    assert!(matches!(&take(&mut wallet, &gone, NOW)[..], [Change::Unlisted(name)] if name.en == "Renamed"));
    let again = domain.next(|it| it.issuers.push(kept));
    assert!(matches!(&take(&mut wallet, &again, NOW)[..], [Change::Listed(_)]));
}

#[test]
fn a_key_that_is_listed_for_other_licences_will_not_do() {
    let mut stage = Stage::new(11);
    let (mut wallet, mut domain) = trusting(&mut stage);
    stage.obtain(&mut wallet);
    let company = stage.service().schemas[1].digest();
    let next = domain.next(|it| it.issuers[0].keys[0].schemas = vec![company]);
    assert!(matches!(&take(&mut wallet, &next, NOW)[..], [Change::Permissions(..)]));
    let credential = &wallet.list()[0];
    assert!(!credential.usable && credential.listing == Some(Listing::KindNotListed));
    let review = wallet.review(&stage.request(adult()), NOW + 1).unwrap();
    let words = said(&review, Language::English);
    assert!(matches!(review.obstacles(), [Obstacle::NoListedIssuer { .. }, Obstacle::NotListed { .. }]));
    assert!(words.ends_with("its issuer key is not listed for this kind of licence"), "{words}");
}

/// What was asked for before the list changed is asked for again only of an issuer that is on it.
#[test]
fn an_interrupted_issuance_waits_for_a_list_that_has_its_issuer() {
    let mut stage = Stage::new(12);
    let (mut wallet, mut domain) = trusting(&mut stage);
    wallet.pin_issuer(BASE, NOW).unwrap();
    let code = stage.service().offer("test.licence", values());
    stage.fake.plan([Fault::None, Fault::ErrorAfter]);
    assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
    let issuer = domain.document.issuers[0].clone();
    let without = domain.next(|it| it.issuers.clear());
    take(&mut wallet, &without, NOW);
    let sent = stage.service().seen.len();
    let resumed = stage.unchanged(|| wallet.resume(NOW)).remove(0).result;
    assert!(
        matches!(&resumed, Err(WalletError::NotFinished(cause)) if matches!(**cause, WalletError::NotListed(_))),
        "{resumed:?}"
    );
    assert_eq!(stage.service().seen.len(), sent, "nothing was sent");
    let with = domain.next(|it| it.issuers.push(issuer));
    take(&mut wallet, &with, NOW);
    assert!(wallet.resume(NOW)[0].result.is_ok());
    assert_eq!((stage.service().issued, wallet.list().len()), (1, 1));
}

/// A kind of licence that is new, with the issuer and on the list: it is looked up when it is offered.
#[test]
fn a_kind_of_licence_that_the_list_adds_is_obtained_without_a_question() {
    let mut stage = Stage::new(13);
    let company = stage.service().schemas.pop().unwrap();
    let (mut wallet, mut domain) = trusting(&mut stage);
    wallet.pin_issuer(BASE, NOW).unwrap();
    stage.service().schemas.push(company.clone());
    let next = domain.next(|it| it.issuers[0].keys[0].schemas.push(company.digest()));
    take(&mut wallet, &next, NOW);
    let code = stage.service().offer("test.company", vec![values().remove(0)]);
    let obtained = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap();
    assert_eq!(obtained.title.en, "Company");
}
