//! Whom a wallet deals with that goes by a list of issuers: issuers that publish something else, and requests that name
//! others.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use glimpse_api::{Metadata, paths};
use glimpse_circuits::relation::{Reason, RelationError};
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_circuits::text::Language;
use glimpse_issuer::{DocumentSecretKey, IssuerSecretKey};
use glimpse_trust::list::Validity;
use glimpse_wallet::{
    Change, Consent, LedgerOutcome, ListFrom, Listing, NotListed, Obstacle, Pinning, Review, Wallet,
    WalletError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use support::{BASE, DAY, Domain, NOW, PERIOD, Stage, Tamper, roots, stranger, values};

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
    type Refused = fn(&NotListed) -> bool;
    let changes: [(Change, Refused); 8] = [
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
    wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
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
    let tokens = stage.unchanged(|| wallet.fetch_tokens(&id, 4, NOW, &mut rng));
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
