//! Reviews, consent, and tokens that are never shown twice.

mod support;

use std::collections::BTreeSet;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::text::Language;
use glimpse_issuer::IssuerSecretKey;
use glimpse_wallet::{Consent, LedgerOutcome, Obstacle, Pinning, Review, Wallet, WalletError, Warning};
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use serde_json::json;
use support::{BASE, Fake, Fault, NOW, Stage, Tamper, values};

fn adult() -> serde_json::Value {
    json!([{"age":{"of":"l.birth_date","at_least":"18"}}])
}

fn answer(
    stage: &mut Stage,
    wallet: &mut Wallet,
    uri: &str,
    now: u64,
) -> Result<glimpse_wallet::Outcome, WalletError> {
    let review = wallet.review(uri, now)?;
    let consent = Consent::given_to(&review)?;
    wallet.present(review, consent, now, &mut stage.rng)
}

#[test]
fn what_is_true_is_accepted_and_written_down() {
    let mut stage = Stage::new(1);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    let uri =
        stage.request(json!([{"disclose":{"of":"l.name"}}, {"age":{"of":"l.birth_date","at_least":"18"}}]));
    let outcome = answer(&mut stage, &mut wallet, &uri, NOW + 1).unwrap();
    assert_eq!((outcome.outcome, outcome.detail, outcome.recorded), (LedgerOutcome::Accepted, None, true));
    assert_eq!(wallet.list()[0].tokens, 15, "a batch was fetched and one token used");
    drop(wallet);
    let wallet = stage.open();
    let [entry] = wallet.ledger() else { panic!() };
    assert_eq!((entry.at, entry.outcome, entry.audience.as_str()), (NOW + 1, LedgerOutcome::Accepted, BASE));
    assert_eq!((&entry.credentials[..], &entry.asked[..]), (&[id][..], &["birth_date".to_owned()][..]));
    assert_eq!(entry.disclosed[0].en, "Name");
    assert!(!serde_json::to_string(entry).unwrap().contains("张三"), "no values in the ledger");
    let again = wallet.review(&uri, NOW + 2).unwrap();
    assert_eq!(again.obstacles(), [Obstacle::Answered]);
}

#[test]
fn nothing_leaves_without_consent_or_when_it_is_not_true() {
    let mut stage = Stage::new(2);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let yes = stage.request(adult());
    let no = stage.request(json!([{"age":{"of":"l.birth_date","below":"18"}}]));
    let before = stage.service().seen.len();
    let other = wallet.review(&yes, NOW + 1).unwrap();
    drop(other); // Declined.
    let cannot = wallet.review(&no, NOW + 1).unwrap();
    assert_eq!(cannot.obstacles(), [Obstacle::NotTrue]);
    assert!(matches!(Consent::given_to(&cannot), Err(WalletError::NotAnswerable)));
    // Declined or unable: the service saw two fetches, and nothing to tell them apart by.
    let seen: Vec<bool> = stage.service().seen[before..].iter().map(|seen| seen.body.is_empty()).collect();
    assert_eq!(seen, [true, true]);

    // Consent to one request is no consent to another.
    let review = wallet.review(&yes, NOW + 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    let second = stage.request(adult());
    let second = wallet.review(&second, NOW + 1).unwrap();
    let foreign = wallet.present(second, consent.clone(), NOW + 1, &mut stage.rng);
    assert!(matches!(foreign, Err(WalletError::ForeignConsent)));
    // Thinking for too long is declining.
    let late = wallet.present(review, consent, NOW + 300, &mut stage.rng);
    assert!(matches!(late, Err(WalletError::NotAnswerable)));
    assert!(stage.service().shown.is_empty() && wallet.ledger().is_empty());
    assert_eq!(wallet.list()[0].tokens, 0, "no token was fetched");
}

#[test]
fn the_holder_chooses_between_licences() {
    let mut stage = Stage::new(3);
    let mut wallet = stage.create();
    let first = stage.obtain(&mut wallet).id;
    let mut other = values();
    other[4] = Value::Code("44".into());
    let second = stage.obtain_with(&mut wallet, other).id;
    let uri = stage.request(json!([{"disclose":{"of":"l.region"}}]));
    let mut review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(review.can_answer() && review.chosen().is_none());
    let ids: Vec<&String> = review.choices().iter().map(|choice| &choice.credentials[0].id).collect();
    assert_eq!(ids, [&first, &second]);
    assert!(matches!(Consent::given_to(&review), Err(WalletError::NothingChosen)));
    assert!(matches!(review.choose(2), Err(WalletError::NoSuchChoice)));
    review.choose(0).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    review.choose(1).unwrap();
    assert!(review.to_text(Language::Chinese).contains("广东（44）"));
    let changed = wallet.present(review, consent, NOW + 1, &mut stage.rng);
    assert!(matches!(changed, Err(WalletError::ForeignConsent)));
    // Only one of them makes this true: nothing to choose.
    let uri = stage.request(json!([{"equals":{"of":"l.region","value":"44"}}]));
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert_eq!(review.chosen().unwrap().credentials[0].id, second);
}

#[test]
fn requests_that_must_not_be_answered() {
    let mut stage = Stage::new(4);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let review = |json: &serde_json::Value| wallet.review_json(&json.to_string(), NOW + 1).unwrap();
    let good = stage.service().request_json(&[("l", "test.licence", "token")], adult());
    assert!(review(&good).can_answer());
    assert_eq!(review(&good).warnings(), [Warning::UnknownOrigin]);

    let expect = |member: &str, value: serde_json::Value, expected: fn(&Obstacle) -> bool| {
        let mut changed = good.clone();
        changed[member] = value;
        let review = review(&changed);
        assert!(review.obstacles().iter().any(expected), "{member}: {:?}", review.obstacles());
        assert!(Consent::given_to(&review).is_err());
        for language in [Language::Chinese, Language::English] {
            assert!(review.obstacles().iter().all(|obstacle| !obstacle.to_text(language).is_empty()));
        }
    };
    expect("expires_at", json!((NOW + 1).to_string()), |o| *o == Obstacle::Expired);
    let early = wallet.review_json(&good.to_string(), NOW - 301).unwrap();
    assert_eq!(early.obstacles(), [Obstacle::NotYetValid]);
    expect("response_uri", json!("http://service.example/x"), |o| matches!(o, Obstacle::ResponseAddress(_)));
    expect("response_uri", json!("https://service.example@evil.example/"), |o| {
        matches!(o, Obstacle::ResponseAddress(_))
    });
    let too_much = |o: &Obstacle| matches!(o, Obstacle::NotAcceptable(_));
    expect("statements", json!([{"disclose":{"of":"l.birth_date"}}]), too_much);
    expect("statements", json!([{"disclose":{"of":"l.number"}}]), too_much);
    expect(
        "statements",
        json!([{"date":{"of":"l.birth_date","from":"1990-05-17","to":"1990-05-17"}}]),
        too_much,
    );
    expect("statements", json!([{"disclose":{"of":"l.nonsense"}}]), too_much);
    let mut rng = ChaCha20Rng::seed_from_u64(99);
    let unknown_key = *IssuerSecretKey::generate(&mut rng).public();
    let mut credentials = good["credentials"].clone();
    credentials[0]["issuers"] = json!([unknown_key]);
    expect("credentials", credentials.clone(), too_much);
    credentials[0]["issuers"] = good["credentials"][0]["issuers"].clone();
    credentials[0]["schema"] = json!("00".repeat(32));
    expect("credentials", credentials, too_much);
    assert!(wallet.review_json("{", NOW).is_err());
    let mut form = good.clone();
    form["audience_name"]["en"] = json!("evil \u{1b}[2J");
    assert!(matches!(wallet.review_json(&form.to_string(), NOW), Err(WalletError::Request(_))));

    let company = stage.service().request_json(&[("c", "test.company", "token")], json!([]));
    assert!(
        matches!(review(&company).obstacles(), [Obstacle::NoLicence(titles)] if titles[0].en == "Company")
    );
}

#[test]
fn the_answer_goes_where_the_request_came_from() {
    let mut stage = Stage::new(5);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let mut request = stage.service().request_json(&[("l", "test.licence", "token")], adult());
    request["response_uri"] = json!("https://evil.example/take");
    let uri = stage.service().publish(&request);
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(
        matches!(review.obstacles(), [Obstacle::ForeignResponse { to, .. }] if to == "https://evil.example")
    );

    request["response_uri"] = json!(format!("{BASE}/x"));
    request["audience"] = json!("https://bank.example");
    let uri = stage.service().publish(&request);
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(review.can_answer());
    assert!(matches!(review.warnings(), [Warning::ForeignAudience { .. }]));
}

#[test]
fn a_party_that_asks_again_and_again_is_pointed_out() {
    let mut stage = Stage::new(6);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let warned = |review: &Review| {
        review.warnings().iter().find_map(|warning| match warning {
            Warning::Budget { title, count } => Some((title.en.clone(), *count)),
            _ => None,
        })
    };
    for round in 0..4 {
        let at_least = (18 + round).to_string();
        let uri = stage.request(json!([{"age":{"of":"l.birth_date","at_least":at_least}}]));
        let review = wallet.review(&uri, NOW + 1).unwrap();
        let expected = (round >= 3).then(|| ("Date of birth".to_owned(), 3));
        assert_eq!(warned(&review), expected, "round {round}");
        answer(&mut stage, &mut wallet, &uri, NOW + 1).unwrap();
    }
    let uri = stage.request(json!([{"date":{"of":"l.valid_until","from":"today"}}]));
    assert_eq!(warned(&wallet.review(&uri, NOW + 1).unwrap()), None, "another attribute");
    let uri = stage.request(adult());
    assert_eq!(warned(&wallet.review(&uri, NOW + 2).unwrap()), Some(("Date of birth".into(), 4)));
    assert_eq!(warned(&wallet.review(&uri, NOW + 2 + 30 * 86_400).unwrap()), None, "long ago");
}

#[test]
fn two_slots_may_take_one_credential_and_two_tokens() {
    let mut stage = Stage::new(7);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
    let uri =
        stage.service().request(&[("a", "test.licence", "token"), ("b", "test.licence", "token")], json!([]));
    let review = wallet.review(&uri, NOW + 1).unwrap();
    assert!(review.to_text(Language::English).contains("several places"));
    let outcome = answer(&mut stage, &mut wallet, &uri, NOW + 1).unwrap();
    assert_eq!(outcome.outcome, LedgerOutcome::Accepted);
    assert_eq!(wallet.list()[0].tokens, 2);
    let shown = stage.service().shown.clone();
    assert!(shown.len() == 2 && shown[0] != shown[1]);
}

#[test]
fn pins_that_change_after_the_review_count() {
    let mut stage = Stage::new(8);
    let mut wallet = stage.create();
    stage.obtain(&mut wallet);
    let review = wallet.review(&stage.request(adult()), NOW + 1).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    {
        let mut service = stage.service();
        service.key = IssuerSecretKey::generate(&mut service.rng.clone());
    }
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!() };
    wallet.repin(changed, NOW).unwrap();
    let refused = wallet.present(review, consent, NOW + 1, &mut stage.rng);
    assert!(matches!(refused, Err(WalletError::NotAnswerable)));
}

#[test]
fn answers_that_say_nothing_clear_are_unknown() {
    let mut stage = Stage::new(9);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    wallet.fetch_tokens(&id, 16, NOW, &mut stage.rng).unwrap();
    let problem = |kind: &str, status: u16| {
        let problem =
            json!({"type": format!("urn:glimpse:problem:{kind}"), "title": "\u{1b}T", "status": status});
        Tamper::Raw(status, "application/problem+json", problem.to_string().into_bytes())
    };
    use LedgerOutcome::{Accepted, Refused, Unknown};
    for (tamper, expected) in [
        (Tamper::Raw(200, "application/json", br#"{"decision":"accepted"}"#.to_vec()), Accepted),
        (Tamper::Raw(200, "application/json", br#"{"decision":"refused"}"#.to_vec()), Refused),
        (Tamper::Raw(200, "text/html", b"welcome".to_vec()), Unknown),
        (Tamper::Raw(200, "application/json", vec![b'1'; 300 * 1024]), Unknown),
        (Tamper::Raw(302, "text/html", Vec::new()), Unknown),
        (Tamper::Raw(404, "text/html", Vec::new()), Unknown),
        (problem("presentation-refused", 422), Refused),
        (problem("request-expired", 410), Refused),
        (problem("request-closed", 409), Unknown),
        (problem("busy", 503), Unknown),
    ] {
        let uri = stage.request(adult());
        let review = wallet.review(&uri, NOW + 1).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        stage.service().tamper = Some(tamper.clone());
        let outcome = wallet.present(review, consent, NOW + 1, &mut stage.rng).unwrap();
        stage.service().tamper = None;
        assert_eq!(outcome.outcome, expected, "{tamper:?}");
        assert!(!outcome.detail.unwrap_or_default().contains('\u{1b}'));
        let again = wallet.review(&uri, NOW + 2).unwrap();
        assert_eq!(again.can_answer(), expected == Unknown);
        assert_eq!(again.warnings().contains(&Warning::SentBefore), expected == Unknown);
    }
    assert_eq!(wallet.list()[0].tokens, 6, "spent each time");
}

/// Random schedules of crashes and lost messages over fetching, presenting and opening: no Ā arrives twice, and what
/// arrived is in the ledger.
#[test]
fn no_token_is_ever_shown_twice() {
    for seed in 0..12 {
        let mut stage = Stage::new(100 + seed);
        let mut wallet = stage.create();
        stage.obtain(&mut wallet);
        let mut dice = ChaCha20Rng::seed_from_u64(seed);
        let mut uri = stage.request(adult());
        for _ in 0..25 {
            let faults: Vec<Fault> = (0..5)
                .map(|_| match dice.next_u32() % 12 {
                    0 => Fault::CrashBefore,
                    1 => Fault::CrashAfter,
                    2 => Fault::ErrorBefore,
                    3 => Fault::ErrorAfter,
                    _ => Fault::None,
                })
                .collect();
            if dice.next_u32() % 2 == 0 {
                uri = stage.request(adult());
            }
            stage.fake.plan(faults);
            // A generator that repeats itself after a crash must not matter either.
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let result = Fake::until_crash(|| {
                let review = wallet.review(&uri, NOW + 1)?;
                let consent = Consent::given_to(&review)?;
                wallet.present(review, consent, NOW + 1, &mut rng)
            });
            if result.is_none() || dice.next_u32() % 4 == 0 {
                drop(wallet);
                wallet = stage.open();
            }
        }
        stage.fake.plan([]);
        let service = stage.service();
        let distinct: BTreeSet<[u8; 32]> = service.shown.iter().copied().collect();
        assert!(service.shown.len() > 3, "seed {seed}");
        assert_eq!(distinct.len(), service.shown.len(), "seed {seed}");
        assert!(wallet.ledger().len() >= service.shown.len());
        assert!(wallet.ledger().iter().all(|entry| entry.outcome != LedgerOutcome::Pending));
    }
}

/// At the moment a presentation leaves, the file already lacks its token and has its entry.
#[test]
fn spending_is_on_disk_before_the_presentation_leaves() {
    for fault in [Fault::CrashBefore, Fault::CrashAfter] {
        let mut stage = Stage::new(10);
        let mut wallet = stage.create();
        let id = stage.obtain(&mut wallet).id;
        wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap();
        let review = wallet.review(&stage.request(adult()), NOW + 1).unwrap();
        let consent = Consent::given_to(&review).unwrap();
        stage.fake.plan([fault]);
        let mut rng = stage.rng.clone();
        assert!(Fake::until_crash(|| wallet.present(review, consent, NOW + 1, &mut rng)).is_none());
        drop(wallet);
        let wallet = stage.open();
        assert_eq!(wallet.list()[0].tokens, 3);
        assert_eq!(wallet.ledger()[0].outcome, LedgerOutcome::Unknown);
    }
}
