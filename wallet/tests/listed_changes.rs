//! What changes with a list of issuers: every kind of key, addresses, names, and who is on it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::text::Language;
use glimpse_issuer::{DocumentSecretKey, IssuerSecretKey};
use glimpse_trust::list::Validity;
use glimpse_wallet::{
    Change, Consent, LedgerOutcome, ListFrom, Listing, NotListed, Obstacle, Pinning, Standing, Wallet,
    WalletError,
};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::{Value, json};
use support::{BASE, DAY, Domain, Fault, NOW, PERIOD, Stage, listed, roots, stranger, values};

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

/// Old and new key are listed with an overlap. The old licence answers within it and not after; one under the new key does.
#[test]
fn an_issuer_changes_its_key_with_an_overlap() {
    let mut stage = Stage::with_list(8, NOW - 600);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let old = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&old, 16, NOW, &mut stage.rng).unwrap();
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
    let tokens = wallet.fetch_tokens(&id, 4, NOW, &mut rng);
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
