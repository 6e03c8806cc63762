//! Which lists of issuers a wallet takes, where from and when; what one that has expired is still good for.
#![allow(clippy::unwrap_used, clippy::panic)]

mod support;

use glimpse_circuits::text::Language;
use glimpse_trust::{EnvelopeError, TrustError};
use glimpse_wallet::{
    Change, ClientError, Consent, LedgerOutcome, ListFrom, ListRefused, NotListed, Obstacle, Pinning,
    Standing, Wallet, WalletError,
};
use serde_json::json;
use support::{BASE, DAY, Domain, Fault, NOW, PERIOD, Stage, listed, roots, stranger};

const LIST: &str = "https://service.example/list.json";

fn adult() -> serde_json::Value {
    json!([{"age":{"of":"l.birth_date","at_least":"18"}}])
}

/// A wallet that knows nobody but a list.
fn trusting(stage: &mut Stage) -> (Wallet, Domain) {
    let domain = Domain::of(&stage.service());
    let mut wallet = stage.create_empty();
    let update = wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    assert_eq!((update.list.version, update.list.issuers, update.changes.len()), (1, 1, 0));
    (wallet, domain)
}

/// Why a list is not taken. It is said in both languages, and the wallet stays as it is.
#[track_caller]
fn refused(stage: &Stage, wallet: &mut Wallet, lists: &[&str], now: u64) -> (TrustError, String) {
    let from: Vec<_> = lists.iter().map(|text| ListFrom::Text(text)).collect();
    let before = wallet.trusted_list();
    let error = stage.unchanged(|| wallet.next_trust_list(&from, now)).unwrap_err();
    assert_eq!(wallet.trusted_list(), before);
    let [zh, en] = [Language::Chinese, Language::English].map(|language| error.to_text(language));
    assert!(zh.starts_with("不接受") && zh.contains("；仍依据第1版") && en == error.to_string(), "{zh} {en}");
    match error {
        WalletError::TrustList(ListRefused::List { error, .. }) => (error, en),
        error => panic!("{error}"),
    }
}

const UNSIGNED: TrustError = TrustError::Envelope(EnvelopeError::Signature);

#[test]
fn the_first_list_is_taken_with_roots_and_nothing_else_is() {
    let mut stage = Stage::new(1);
    let domain = Domain::of(&stage.service());
    let mut wallet = stage.create_empty();
    let mut first = |text: &str, roots: &glimpse_trust::list::Roots, now| {
        let refused = stage.unchanged(|| wallet.trust_list(&[ListFrom::Text(text)], roots, now)).unwrap_err();
        assert!(wallet.trusted_list().is_none());
        assert!(!refused.to_text(Language::Chinese).is_ascii(), "{refused}");
        refused.to_string()
    };
    let good = domain.signed(&[1]);
    assert!(first(&good, &roots(&[2]), NOW).contains("not enough of the roots have signed it"));
    // Two have to sign, and one has.
    assert!(first(&good, &roots(&[1, 2]), NOW).contains("not enough of the roots"));
    let mut two = domain.clone();
    two.document.roots = roots(&[1, 2]);
    assert!(first(&two.signed(&[1]), &roots(&[1]), NOW).contains("not signed by the roots that it names"));
    assert!(first(&good, &roots(&[1]), NOW + 10 * DAY).contains("has expired"));
    assert!(first(&good, &roots(&[1]), NOW - 3701).contains("from the future"));
    assert!(first(&good, &roots(&[1, 1]), NOW).contains("keys of the roots"));
    assert!(first(&good.replace("trust-list", "manifest"), &roots(&[1]), NOW).contains("envelope"));
    assert!(first("", &roots(&[1]), NOW).contains("envelope"));
    let none = wallet.next_trust_list(&[ListFrom::Text(&good)], NOW).unwrap_err();
    assert!(matches!(none, WalletError::TrustList(ListRefused::NoRoots)), "{none}");

    wallet.trust_list(&[ListFrom::Text(&good)], &roots(&[1]), NOW).unwrap();
    let list = wallet.trusted_list().unwrap();
    assert_eq!((list.name.en.as_str(), list.version, list.issuers), ("Example domain", 1, 1));
    assert_eq!((list.issued_at, list.expires_at), (NOW - 100, NOW + 10 * DAY));
    assert!(list.roots.same_as(&roots(&[1])) && list.source.is_none());
    // Once there is one, its own roots decide, whatever is given beside it.
    let mut other = domain.clone();
    other.document.roots = roots(&[2]);
    let in_force = stage.unchanged(|| {
        wallet.trust_list(&[ListFrom::Text(&other.signed(&[2]))], &roots(&[2]), NOW).unwrap_err()
    });
    assert!(matches!(in_force, WalletError::TrustList(ListRefused::InForce)), "{in_force}");
    drop(wallet);
    assert_eq!(stage.open().trusted_list(), Some(list));
}

#[test]
fn lists_that_do_not_follow_the_last_one_are_refused() {
    let mut stage = Stage::new(2);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let first = domain.clone();
    let with = |change: fn(&mut Domain)| {
        let mut other = first.clone();
        change(&mut other);
        other
    };
    let unsigned = refused(&stage, &mut wallet, &[&with(|it| it.document.version = 2).signed(&[9])], NOW);
    assert_eq!(unsigned.0, UNSIGNED);
    assert!(unsigned.1.contains("oldest first") && unsigned.1.contains("stays in force"), "{}", unsigned.1);
    // The list of another domain, in the place of this one.
    let another = with(|it| {
        it.document.version = 7;
        it.document.name.en = "Another domain".into();
        it.document.roots = roots(&[5]);
    });
    assert_eq!(refused(&stage, &mut wallet, &[&another.signed(&[5])], NOW).0, UNSIGNED);
    let own_roots = with(|it| {
        it.document.version = 2;
        it.document.roots = roots(&[1, 2]);
    });
    assert_eq!(refused(&stage, &mut wallet, &[&own_roots.signed(&[1])], NOW).0, TrustError::OwnRoots);
    let second_of_one = with(|it| it.document.issuers.clear());
    assert_eq!(
        refused(&stage, &mut wallet, &[&second_of_one.signed(&[1])], NOW).0,
        TrustError::TwoOfOneVersion
    );
    let future = with(|it| (it.document.version, it.document.issued_at) = (2, NOW + 4000));
    assert_eq!(refused(&stage, &mut wallet, &[&future.signed(&[1])], NOW).0, TrustError::Future);
    let expired = with(|it| (it.document.version, it.document.expires_at) = (2, NOW));
    assert_eq!(refused(&stage, &mut wallet, &[&expired.signed(&[1])], NOW).0, TrustError::Expired);
    assert!(matches!(refused(&stage, &mut wallet, &["{}"], NOW).0, TrustError::Envelope(_)));

    // The same once more is nothing new, and nothing is written.
    let same = first.signed(&[1]);
    let update = stage.unchanged(|| wallet.next_trust_list(&[ListFrom::Text(&same)], NOW + 5)).unwrap();
    assert!(update.changes.is_empty());
    // Back to a version from before, also after the wallet was closed.
    let next = domain.next(|it| it.issued_at = NOW);
    assert_eq!(wallet.next_trust_list(&[ListFrom::Text(&next)], NOW).unwrap().list.version, 2);
    drop(wallet);
    let mut wallet = stage.open();
    for text in [same, with(|it| (it.document.version, it.document.issued_at) = (3, NOW - 1)).signed(&[1])] {
        let error = stage.unchanged(|| wallet.next_trust_list(&[ListFrom::Text(&text)], NOW)).unwrap_err();
        let backwards = ListRefused::List { number: None, in_force: Some(2), error: TrustError::Backwards };
        assert!(matches!(&error, WalletError::TrustList(refused) if *refused == backwards), "{error}");
    }
}

/// Old and new root sign one list; from then on the new one alone does.
#[test]
fn roots_change_with_an_overlap_and_one_that_was_dropped_cannot_come_back() {
    let mut stage = Stage::new(3);
    let (mut wallet, mut domain) = trusting(&mut stage);
    domain.next(|it| it.roots = roots(&[2]));
    assert_eq!(refused(&stage, &mut wallet, &[&domain.signed(&[2])], NOW).0, UNSIGNED);
    assert_eq!(refused(&stage, &mut wallet, &[&domain.signed(&[1])], NOW).0, TrustError::OwnRoots);
    let both = domain.signed(&[1, 2]);
    let update = wallet.next_trust_list(&[ListFrom::Text(&both)], NOW).unwrap();
    let [change @ Change::Roots(keys, 1)] = &update.changes[..] else { panic!("{:?}", update.changes) };
    assert_eq!(*keys, roots(&[2]).keys);
    assert!(change.to_text(Language::Chinese).contains(&keys[0].to_string()));
    assert!(change.to_text(Language::English).contains("other roots sign the list"));

    // Two from now on, and one of them is not enough for the next.
    domain.next(|it| it.roots = roots(&[2, 4]));
    let two = domain.signed(&[2, 4]);
    assert_eq!(wallet.next_trust_list(&[ListFrom::Text(&two)], NOW).unwrap().list.version, 3);
    domain.next(|it| it.roots = roots(&[2]));
    for signers in [&[2][..], &[4], &[2, 2], &[1, 2]] {
        let text = domain.signed(signers);
        let error = stage.unchanged(|| wallet.next_trust_list(&[ListFrom::Text(&text)], NOW)).unwrap_err();
        assert!(error.to_string().contains("not enough of the roots"), "{error}");
    }
    assert_eq!(
        wallet.next_trust_list(&[ListFrom::Text(&domain.signed(&[2, 4]))], NOW).unwrap().list.version,
        4
    );

    let by_the_old = domain.next(|it| it.roots = roots(&[1]));
    let error = stage.unchanged(|| wallet.next_trust_list(&[ListFrom::Text(&by_the_old)], NOW)).unwrap_err();
    assert!(error.to_string().contains("not enough of the roots"), "{error}");
    domain.document.roots = roots(&[2]);
    assert_eq!(wallet.next_trust_list(&[ListFrom::Text(&domain.signed(&[2]))], NOW).unwrap().list.version, 5);
}

/// Offline while the roots changed twice: the newest list is signed by nobody the wallet knows, and the lists in between
/// have expired. Together they are the way on.
#[test]
fn a_wallet_that_missed_two_changes_of_roots_gets_on_by_the_lists_in_between() {
    let mut stage = Stage::new(4);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let later = NOW + 20 * DAY;
    domain.next(|it| it.roots = roots(&[2]));
    let second = domain.signed(&[1, 2]);
    domain.next(|it| (it.roots, it.issued_at, it.expires_at) = (roots(&[3]), NOW + 15 * DAY, NOW + 16 * DAY));
    let third = domain.signed(&[2, 3]);
    domain.next(|it| (it.issued_at, it.expires_at) = (NOW + 19 * DAY, NOW + 30 * DAY));
    let newest = domain.signed(&[3]);

    let (error, said) = refused(&stage, &mut wallet, &[&newest], later);
    assert_eq!(error, UNSIGNED);
    assert!(
        said.contains("changed more than once since version 1") && said.contains("oldest first"),
        "{said}"
    );
    assert_eq!(refused(&stage, &mut wallet, &[&second], later).0, TrustError::Expired);
    let (error, said) = {
        let error =
            wallet.next_trust_list(&[ListFrom::Text(&second), ListFrom::Text(&newest)], later).unwrap_err();
        let WalletError::TrustList(ListRefused::List { error, number, .. }) = &error else {
            panic!("{error}")
        };
        assert_eq!(*number, Some(2));
        (error.clone(), error.to_string())
    };
    assert_eq!(error, UNSIGNED, "{said}");
    let chain = [&second, &third, &newest].map(|text| ListFrom::Text(text));
    let update = wallet.next_trust_list(&chain, later).unwrap();
    assert_eq!(update.list.version, 4);
    assert!(matches!(&update.changes[..], [Change::Roots(keys, 1)] if *keys == roots(&[3]).keys));
    // For whoever begins with the first root, too.
    wallet.give_up_trust_list().unwrap();
    let first = Domain::of(&stage.service()).signed(&[1]);
    let chain = [&[ListFrom::Text(&first)][..], &chain].concat();
    assert_eq!(wallet.trust_list(&chain, &roots(&[1]), later).unwrap().list.version, 4);
}

#[test]
fn a_list_from_an_address_is_fetched_with_a_refresh_and_never_for_a_request() {
    let mut stage = Stage::with_list(5, NOW - 600);
    let mut domain = Domain::of(&stage.service());
    stage.service().trust_list = domain.signed(&[1]);
    let mut wallet = stage.create_empty();
    let open = wallet.trust_list(&[ListFrom::Address("http://far.example/list")], &roots(&[1]), NOW);
    assert!(matches!(open, Err(WalletError::Client(ClientError::Address(_)))));
    wallet.trust_list(&[ListFrom::Address(LIST)], &roots(&[1]), NOW).unwrap();
    assert_eq!(wallet.trusted_list().unwrap().source.as_deref(), Some(LIST));
    stage.obtain(&mut wallet);
    let fetches = |stage: &Stage| stage.service().seen_at("/list.json").len();
    assert_eq!(fetches(&stage), 1);

    // With every refresh, and by itself once a day has passed.
    stage.service().trust_list = domain.next(|it| it.issuers.push(stranger("a", 51)));
    assert!(wallet.refresh(NOW + 10, &mut stage.rng)[0].result.is_ok());
    assert_eq!(wallet.take_fetched_list().unwrap().unwrap().list.version, 2);
    assert!(wallet.take_fetched_list().is_none());
    wallet.refresh_if_due(NOW + 20, &mut stage.rng);
    assert!(fetches(&stage) == 2 && wallet.take_fetched_list().is_none());
    assert!(!wallet.refresh_due(NOW + 20));
    stage.service().publish_list(NOW + DAY - PERIOD);
    assert!(wallet.refresh(NOW + DAY, &mut stage.rng)[0].result.is_ok());
    assert_eq!(fetches(&stage), 3);
    assert!(wallet.refresh_due(NOW + 2 * DAY));
    stage.service().trust_list = domain.next(|it| it.expires_at = NOW + 20 * DAY);
    wallet.refresh_if_due(NOW + 2 * DAY, &mut stage.rng);
    assert_eq!((fetches(&stage), wallet.trusted_list().unwrap().version), (4, 3));

    // One that is handed over in between does not end that.
    let by_hand = domain.next(|it| it.expires_at += 1);
    wallet.next_trust_list(&[ListFrom::Text(&by_hand)], NOW + 2 * DAY).unwrap();
    assert_eq!(wallet.trusted_list().unwrap().source.as_deref(), Some(LIST));
    stage.service().trust_list = by_hand;

    // One that is refused, and one that does not come, change nothing; the revocation lists are fetched all the same.
    wallet.take_fetched_list();
    let good = stage.service().trust_list.clone();
    let mut back = domain.clone();
    back.document.version = 3;
    stage.service().publish_list(NOW + 2 * DAY);
    for broken in [back.signed(&[1]), back.signed(&[7]), String::new()] {
        stage.service().trust_list = broken;
        let before = wallet.trusted_list();
        assert!(wallet.refresh(NOW + 2 * DAY, &mut stage.rng)[0].result.is_ok());
        assert!(matches!(wallet.take_fetched_list(), Some(Err(WalletError::TrustList(_)))));
        assert_eq!(wallet.trusted_list(), before);
    }
    assert!(matches!(wallet.list()[0].standing, Standing::Good { as_of, .. } if as_of == NOW + 2 * DAY));
    stage.service().trust_list = good;
    stage.fake.plan([Fault::ErrorBefore]);
    wallet.refresh(NOW + 2 * DAY, &mut stage.rng);
    assert!(matches!(wallet.take_fetched_list(), Some(Err(WalletError::Client(_)))));

    // To answer a request nothing of it is fetched, however old it is.
    stage.service().now = NOW + 19 * DAY;
    let uri = stage.request(adult());
    assert!(wallet.refresh_due(NOW + 19 * DAY));
    let before = fetches(&stage);
    let outcome = stage.answer(&mut wallet, &uri, NOW + 19 * DAY + 1).unwrap();
    assert_eq!((outcome.outcome, fetches(&stage)), (LedgerOutcome::Accepted, before));
}

#[test]
fn by_a_list_that_has_expired_nothing_is_answered_and_everything_can_be_looked_at() {
    let mut stage = Stage::with_list(6, NOW - 600);
    let (mut wallet, mut domain) = trusting(&mut stage);
    let id = stage.obtain(&mut wallet).id;
    let end = NOW + 10 * DAY;
    stage.service().now = end - 2;
    let uri = stage.request(adult());
    let in_time = wallet.review(&uri, end - 1).unwrap();
    assert!(in_time.can_answer());
    let consent = Consent::given_to(&in_time).unwrap();
    let review = wallet.review(&uri, end).unwrap();
    let [obstacle @ Obstacle::NoList(NotListed::Expired(since))] = review.obstacles() else {
        panic!("{:?}", review.obstacles())
    };
    assert_eq!(*since, end);
    assert!(obstacle.to_text(Language::English).contains("expired at 2026-12-02"), "{obstacle:?}");
    assert!(obstacle.to_text(Language::Chinese).contains("名录已于"));
    // It expired between review and consent.
    let sent = stage.service().seen.len();
    let late = stage.unchanged(|| wallet.present(in_time, consent, end, &mut stage.rng.clone()));
    assert!(matches!(late, Err(WalletError::NotListed(NotListed::Expired(_)))));
    // Nor is anything obtained, pinned or fetched.
    let code = stage.service().offer("test.licence", support::values());
    stage.unchanged(|| {
        let mut rng = stage.rng.clone();
        assert!(matches!(wallet.accept_offer(BASE, &code, end, &mut rng), Err(WalletError::NotListed(_))));
        assert!(matches!(wallet.pin_issuer(BASE, end), Err(WalletError::NotListed(_))));
        assert!(matches!(wallet.refresh(end, &mut rng)[0].result, Err(WalletError::NotListed(_))));
    });
    assert_eq!(stage.service().seen.len(), sent, "nothing was sent");
    assert!(wallet.list()[0].usable && wallet.show(&id).is_ok() && wallet.ledger().is_empty());

    let newer = domain.next(|it| (it.issued_at, it.expires_at) = (end - 10, end + DAY));
    wallet.next_trust_list(&[ListFrom::Text(&newer)], end).unwrap();
    assert_eq!(stage.answer(&mut wallet, &uri, end + 1).unwrap().outcome, LedgerOutcome::Accepted);
}

#[test]
fn a_list_that_is_given_up_leaves_what_is_pinned() {
    let mut stage = Stage::new(7);
    let mut wallet = stage.create();
    let elsewhere = stranger("b", 71);
    let mut domain = Domain::of(&stage.service());
    domain.document.issuers = vec![elsewhere];
    let update = wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    assert_eq!(update.changes, [Change::AddressNotListed(BASE.into())]);
    assert!(update.changes[0].to_text(Language::English).contains("no longer counts"));
    assert!(matches!(wallet.pin_issuer(BASE, NOW), Err(WalletError::NotListed(NotListed::Address(_)))));
    assert!(wallet.give_up_trust_list().unwrap());
    assert!(wallet.trusted_list().is_none());
    assert!(!stage.unchanged(|| wallet.give_up_trust_list()).unwrap());
    assert!(matches!(wallet.pin_issuer(BASE, NOW).unwrap(), Pinning::Unchanged(_)));
    drop(wallet);
    let mut wallet = stage.open();
    assert!(wallet.trusted_list().is_none());
    // What the list said of a key does not stay behind: whoever was pinned otherwise is gone.
    stage.service().name.en = "Renamed".into();
    domain.document.issuers = vec![listed(&stage.service())];
    domain.document.issuers[0].uri = format!("{BASE}/moved");
    wallet.trust_list(&[ListFrom::Text(&domain.signed(&[1]))], &roots(&[1]), NOW).unwrap();
    let raw = serde_json::to_vec(&stage.service().metadata()).unwrap();
    stage.service().tamper = Some(support::Tamper::Raw(200, "application/json", raw));
    assert!(matches!(wallet.pin_issuer(&format!("{BASE}/moved"), NOW).unwrap(), Pinning::Pinned(_)));
    wallet.give_up_trust_list().unwrap();
    let pinned: Vec<_> = wallet.issuers().into_iter().map(|issuer| issuer.uri).collect();
    assert_eq!(pinned, [format!("{BASE}/moved")]);
}
