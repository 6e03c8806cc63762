//! Pins, offers, tokens: across crashes, and from issuers that do not keep to the protocol.

mod support;

use glimpse_api::PROBLEM_CONTENT_TYPE;
use glimpse_api::paths;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::text::{Language, Text};
use glimpse_issuer::IssuerSecretKey;
use glimpse_wallet::{Change, ClientError, PinError, Pinning, WalletError};
use support::{BASE, Fake, Fault, NOW, Stage, Tamper, values};

#[test]
fn a_licence_is_obtained_and_survives() {
    let mut stage = Stage::new(1);
    let mut wallet = stage.create();
    let summary = stage.obtain(&mut wallet);
    assert_eq!(
        (summary.title.en.as_str(), summary.tokens, summary.usable),
        ("Test driving licence", 0, true)
    );
    let saves = wallet.saves();
    drop(wallet);
    let wallet = stage.open();
    assert_eq!(wallet.list(), std::slice::from_ref(&summary));
    assert_eq!(wallet.saves(), saves);
    let shown = wallet.show(&summary.id).unwrap();
    assert_eq!(shown[0].value.get(Language::Chinese), "张三");
    assert!(!format!("{shown:?} {wallet:?}").contains("张三"));
    assert!(matches!(wallet.show("nobody"), Err(WalletError::UnknownCredential(_))));
    let file = std::fs::read(stage.path()).unwrap();
    assert!(!file.windows(6).any(|window| window == "张三".as_bytes()));
}

#[test]
fn an_unbound_licence_is_obtained() {
    let mut stage = Stage::new(2);
    let mut wallet = stage.create();
    let code = stage.service().offer("test.company", vec![Value::Text("样例公司".into())]);
    let id = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap().id;
    assert_eq!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap(), 4);
    wallet.forget(&id).unwrap();
    assert!(wallet.list().is_empty());
}

/// At every request of an issuance the process ends, before or after it arrives; what follows sends the same bytes,
/// and one credential comes of it.
#[test]
fn no_crash_makes_a_second_issuance() {
    for at in 0..2 {
        for fault in [Fault::CrashBefore, Fault::CrashAfter, Fault::ErrorBefore, Fault::ErrorAfter] {
            let mut stage = Stage::new(3);
            let mut wallet = stage.create();
            let code = stage.service().offer("test.licence", values());
            stage.fake.plan((0..at).map(|_| Fault::None).chain([fault]));
            let mut rng = stage.rng.clone();
            let first = Fake::until_crash(|| wallet.accept_offer(BASE, &code, NOW, &mut rng));
            assert!(first.is_none_or(|result| result.is_err()), "{at} {fault:?}");
            drop(wallet);

            let mut wallet = stage.open();
            assert_eq!(wallet.pending(), at);
            // A second interruption, in the same place.
            if at == 1 {
                stage.fake.plan([fault]);
                let resumed = Fake::until_crash(|| wallet.resume(NOW + 5));
                assert!(resumed.is_none_or(|all| all[0].result.is_err()));
                drop(wallet);
                wallet = stage.open();
                let resumed = wallet.resume(NOW + 10);
                assert!(resumed[0].result.is_ok(), "{:?}", resumed[0]);
            } else {
                wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap();
            }
            assert_eq!((wallet.pending(), wallet.list().len()), (0, 1));
            let service = stage.service();
            assert_eq!(service.issued, 1);
            let sent = service.seen_at(paths::CREDENTIALS);
            assert!(sent.iter().all(|body| *body == sent[0]), "{at} {fault:?}");
        }
    }
}

#[test]
fn accepting_an_interrupted_offer_again_resumes_it() {
    let mut stage = Stage::new(4);
    let mut wallet = stage.create();
    let code = stage.service().offer("test.licence", values());
    stage.fake.plan([Fault::None, Fault::ErrorAfter]);
    let first = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng);
    assert!(matches!(first, Err(WalletError::NotFinished(_))));
    wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap();
    assert_eq!((stage.service().issued, wallet.pending()), (1, 0));
}

#[test]
fn offers_that_are_no_longer_good_leave_nothing_behind() {
    let mut stage = Stage::new(5);
    let mut wallet = stage.create();
    let unknown = wallet.accept_offer(BASE, "none", NOW, &mut stage.rng);
    assert!(matches!(unknown, Err(WalletError::OfferDead(problem)) if problem.kind == "offer-unknown"));

    // Expired between asking and answering.
    let code = stage.service().offer("test.licence", values());
    stage.fake.plan([Fault::None, Fault::ErrorBefore]);
    assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
    stage.service().expire(&code);
    assert_eq!(wallet.pending(), 1);
    let resumed = wallet.resume(NOW + 700).pop().unwrap();
    assert!(matches!(resumed.result, Err(WalletError::OfferDead(_))));
    assert_eq!(wallet.pending(), 0);

    // Used by somebody else.
    let code = stage.service().offer("test.licence", values());
    wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap();
    let used = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng);
    assert!(matches!(used, Err(WalletError::OfferDead(problem)) if problem.kind == "offer-used"));
    assert_eq!((wallet.pending(), wallet.list().len()), (0, 1));

    // Nobody answers any more: given up only long after it expired.
    let code = stage.service().offer("test.licence", values());
    stage.fake.plan([Fault::None, Fault::ErrorBefore, Fault::ErrorBefore, Fault::ErrorBefore]);
    assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
    assert!(matches!(wallet.resume(NOW + 700)[0].result, Err(WalletError::NotFinished(_))));
    assert!(matches!(wallet.resume(NOW + 600 + 3600)[0].result, Err(WalletError::OfferLapsed(_))));
    assert_eq!(wallet.pending(), 0);
}

#[test]
fn a_foreign_404_does_not_end_an_issuance() {
    let mut stage = Stage::new(6);
    let mut wallet = stage.create();
    let code = stage.service().offer("test.licence", values());
    stage.fake.plan([Fault::None, Fault::ErrorAfter]);
    assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
    for raw in [
        Tamper::Raw(404, "text/html", b"<h1>not here</h1>".to_vec()),
        Tamper::Raw(502, "text/html", Vec::new()),
        Tamper::Raw(302, "text/html", Vec::new()),
        Tamper::Raw(200, "application/json", b"{".to_vec()),
        Tamper::Raw(200, "application/json", vec![0xff; 9]),
        Tamper::Raw(200, "application/json", br#"{"credential":"AAAA"}"#.to_vec()),
        Tamper::Raw(200, "application/json", vec![b' '; 300 * 1024]),
    ] {
        stage.service().tamper = Some(raw);
        assert!(matches!(wallet.resume(NOW)[0].result, Err(WalletError::NotFinished(_))));
    }
    stage.service().tamper = None;
    assert!(wallet.resume(NOW)[0].result.is_ok());
    assert_eq!(stage.service().issued, 1);
}

#[test]
fn wrong_credentials_and_wrong_tokens_are_not_stored() {
    let mut stage = Stage::new(7);
    let mut wallet = stage.create();
    let code = stage.service().offer("test.licence", values());
    stage.service().tamper = Some(Tamper::WrongCredential);
    let wrong = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng);
    assert!(
        matches!(wrong, Err(WalletError::NotFinished(cause)) if matches!(*cause, WalletError::Obtain(_)))
    );
    assert!(wallet.list().is_empty());

    stage.service().tamper = None;
    let id = stage.obtain(&mut wallet).id;
    for tamper in [Tamper::WrongToken, Tamper::FewerTokens] {
        stage.service().tamper = Some(tamper);
        assert!(matches!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng), Err(WalletError::Tokens(_))));
        assert_eq!(wallet.list()[0].tokens, 0);
    }
    stage.service().tamper = None;
    assert!(matches!(wallet.fetch_tokens(&id, 5, NOW, &mut stage.rng), Err(WalletError::BatchSize)));
    assert_eq!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap(), 4);
    assert_eq!(wallet.fetch_tokens(&id, 16, NOW, &mut stage.rng).unwrap(), 20);
    assert_eq!(wallet.drop_tokens().unwrap(), 20);
    drop(wallet);
    assert_eq!(stage.open().list()[0].tokens, 0);
}

#[test]
fn a_dropped_exchange_is_started_again_a_few_times() {
    let mut stage = Stage::new(8);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    stage.service().tamper = Some(Tamper::ForgetExchanges(2));
    assert_eq!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng).unwrap(), 4);
    let sent = stage.service().seen_at(paths::TOKENS);
    assert_eq!(sent.len(), 3);
    assert!(sent[0] != sent[1] && sent[1] != sent[2], "new pairs each time");
    stage.service().tamper = Some(Tamper::ForgetExchanges(3));
    assert!(matches!(wallet.fetch_tokens(&id, 4, NOW, &mut stage.rng), Err(WalletError::ExchangeDropped(3))));
}

#[test]
fn a_change_of_key_name_or_schema_is_reported_and_refused() {
    let mut stage = Stage::new(9);
    let mut wallet = stage.create();
    assert!(matches!(wallet.pin_issuer(&format!("{BASE}/"), NOW + 1).unwrap(), Pinning::Unchanged(_)));
    let old_key = *stage.service().key.public();
    {
        let mut service = stage.service();
        service.key = IssuerSecretKey::generate(&mut service.rng.clone());
        service.name = Text { zh_cn: "改名".into(), en: "Renamed".into() };
        service.schemas.truncate(1);
    }
    let code = stage.service().offer("test.licence", values());
    let offer = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng);
    assert!(matches!(offer, Err(WalletError::KeyNotPinned(_))));
    assert!(stage.service().seen_at(paths::CREDENTIALS).is_empty(), "nothing was asked for");

    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW + 1).unwrap() else { panic!() };
    let new_key = *stage.service().key.public();
    let kinds: Vec<bool> = changed
        .changes()
        .iter()
        .map(|change| match change {
            Change::KeyAdded(key, _) => *key == new_key,
            Change::KeyRemoved(key, _) => *key == old_key,
            Change::SchemaRemoved(_, schema) => schema == "test.company version 1",
            _ => false,
        })
        .collect();
    assert_eq!(kinds, [true; 3], "{:?}", changed.changes());
    for language in [Language::Chinese, Language::English] {
        assert!(changed.changes().iter().all(|change| !change.to_text(language).is_empty()));
    }
    // Reported is not taken.
    assert_eq!(wallet.issuers()[0].issuers[0].key, old_key);
    assert!(wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).is_err());
    // What the issuer changes after the holder looked is not taken either.
    stage.service().name.en = "Changed again".into();
    wallet.repin(changed, NOW + 2).unwrap();
    assert_eq!(wallet.issuers()[0].issuers[0].name.en, "Renamed");
    wallet.accept_offer(BASE, &code, NOW, &mut stage.rng).unwrap();
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW + 3).unwrap() else { panic!() };
    assert!(matches!(changed.changes(), [Change::Renamed(..)]));
}

#[test]
fn a_credential_under_a_dropped_key_is_kept_and_not_used() {
    let mut stage = Stage::new(10);
    let mut wallet = stage.create();
    let id = stage.obtain(&mut wallet).id;
    {
        let mut service = stage.service();
        service.key = IssuerSecretKey::generate(&mut service.rng.clone());
    }
    let Pinning::Changed(changed) = wallet.pin_issuer(BASE, NOW).unwrap() else { panic!() };
    wallet.repin(changed, NOW).unwrap();
    drop(wallet);
    let wallet = stage.open();
    assert!(!wallet.list()[0].usable);
    assert!(wallet.show(&id).is_ok());
}

#[test]
fn metadata_that_cannot_be_trusted_is_not_pinned() {
    let mut stage = Stage::new(11);
    let mut wallet = stage.create();
    let mut impostor = stage.service().metadata();
    // Somebody else claims the pinned key under a name of their own.
    impostor.issuers[0].name.en = "Impostor".into();
    let conflict = |metadata: &glimpse_api::Metadata, wallet: &mut glimpse_wallet::Wallet| {
        let raw = serde_json::to_vec(metadata).unwrap();
        stage.service().tamper = Some(Tamper::Raw(200, "application/json", raw));
        wallet.pin_issuer(&format!("{BASE}/elsewhere"), NOW).unwrap_err()
    };
    assert!(
        matches!(conflict(&impostor, &mut wallet), WalletError::Pin(PinError::Conflict(uri)) if uri == BASE)
    );
    impostor.issuers[0].name.en = "\u{1b}[2J".into();
    assert!(matches!(conflict(&impostor, &mut wallet), WalletError::Pin(PinError::Name)));
    impostor.issuers[0].name.en = "Name".into();
    impostor.issuers.push(impostor.issuers[0].clone());
    assert!(matches!(conflict(&impostor, &mut wallet), WalletError::Pin(PinError::Repeated)));
    impostor.issuers.truncate(1);
    impostor.schemas.truncate(1);
    assert!(matches!(conflict(&impostor, &mut wallet), WalletError::Pin(PinError::UnpublishedSchema)));
    impostor.issuers.clear();
    assert!(matches!(conflict(&impostor, &mut wallet), WalletError::Pin(PinError::Count)));
    assert_eq!(wallet.issuers().len(), 1);
}

#[test]
fn offers_of_unpinned_issuers_and_unpinned_schemas_are_refused() {
    let mut stage = Stage::new(12);
    let mut wallet = stage.create();
    let code = stage.service().offer("test.licence", values());
    let elsewhere = wallet.accept_offer("https://elsewhere.example", &code, NOW, &mut stage.rng);
    assert!(matches!(elsewhere, Err(WalletError::NotPinned(uri)) if uri == "https://elsewhere.example"));
    let open = wallet.pin_issuer("http://far.example", NOW);
    assert!(matches!(open, Err(WalletError::Client(ClientError::Address(_)))));

    let mut other: serde_json::Value = serde_json::to_value(&*support::schema()).unwrap();
    other["version"] = "2".into();
    let other = glimpse_circuits::schema::Schema::from_json(&other.to_string()).unwrap();
    stage.service().schemas = vec![std::sync::Arc::new(other)];
    let code = stage.service().offer("test.licence", values());
    let unpinned = wallet.accept_offer(BASE, &code, NOW, &mut stage.rng);
    assert!(matches!(unpinned, Err(WalletError::SchemaNotPinned(_))));
    assert_eq!(wallet.pending(), 0);
}

#[test]
fn what_a_server_says_cannot_rewrite_the_terminal() {
    let mut stage = Stage::new(13);
    let mut wallet = stage.create();
    let problem = serde_json::json!({
        "type": "urn:glimpse:problem:offer-\u{1b}[31m", "title": "\u{1b}[2J\u{1b}[1;1HAll is well\r\n\u{202e}",
        "status": 409, "detail": "x".repeat(100_000), "errors": [{"field":"\u{7}","reason":"\u{9b}"}],
    });
    stage.service().tamper = Some(Tamper::Raw(409, PROBLEM_CONTENT_TYPE, problem.to_string().into_bytes()));
    let error = wallet.accept_offer(BASE, "code", NOW, &mut stage.rng).unwrap_err();
    for text in [error.to_string(), format!("{error:?}")] {
        assert!(text.contains("All is well") && text.chars().count() < 1500, "{text}");
        assert!(!text.chars().any(|c| c.is_control() || c == '\u{202e}'), "{text:?}");
    }
}
