//! What becomes of licences.

use glimpse_api::{Act, Catalogue, CataloguePage, EndedAs, RegisteredLicence, Stage, WalletChanged, paths};
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, DRIVING, RELYING_PARTY, Service, Wallet, sample, with_lists};

fn acts(client: &Client, licence: &str) -> Vec<Act> {
    client.licence(licence).events.iter().map(|event| event.act).collect()
}

#[test]
fn from_registration_to_the_end() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    assert_eq!(client.licence(&licence).stage, Stage::Registered);
    let offer = client.offer(&licence);
    assert_eq!(client.licence(&licence).stage, Stage::Offered);
    let wallet = Wallet::new(client.clone());
    wallet.obtain(&offer.code);
    assert_eq!((client.licence(&licence).stage, client.licence(&licence).credentials), (Stage::Valid, 1));

    let change = |body: Value| client.change(&licence, &body);
    let problem = change(json!({ "act": "resume", "reason": "r" })).problem(409, "impossible");
    assert_eq!(problem.detail.as_deref(), Some("the licence is not suspended"));
    change(json!({ "act": "suspend", "reason": "unpaid fines 罚款" })).ok::<Value>();
    assert_eq!(client.licence(&licence).credentials, 1);
    let path = paths::LICENCE_OFFERS.replace("{licence}", &licence);
    client.post(&path, Some(ADMIN), &json!({})).problem(409, "impossible");
    change(json!({ "act": "resume", "reason": "paid" })).ok::<Value>();
    // The registry's own letters: A is in force, B exceeded its points, C was taken away.
    change(json!({ "act": "status", "code": "?", "reason": "r" })).problem(409, "impossible");
    change(json!({ "act": "end", "as": "corrected", "reason": "r" })).problem(409, "impossible");
    change(json!({ "act": "end", "as": "cancelled", "reason": "given up" })).ok::<Value>();
    change(json!({ "act": "suspend", "reason": "r" })).problem(409, "impossible");

    let report = client.licence(&licence);
    assert_eq!((report.stage, report.ended, report.version), (Stage::Ended, Some(EndedAs::Cancelled), 1));
    assert_eq!(report.credentials, 0);
    let expected = [Act::Registered, Act::Offered, Act::Issued, Act::Suspended, Act::Resumed, Act::Ended];
    assert_eq!(acts(&client, &licence), expected);
    let suspended = &report.events[3];
    assert_eq!(
        (suspended.actor.as_str(), suspended.reason.as_deref()),
        ("administrator", Some("unpaid fines 罚款"))
    );
    assert_eq!(report.events[2].actor, "wallet");
    // Nothing of what the licence says is told.
    let told = serde_json::to_string(&report).unwrap();
    for value in sample(DRIVING, 1).values().filter_map(Value::as_str).filter(|text| text.chars().count() > 3)
    {
        assert!(!told.contains(value));
    }
}

#[test]
fn every_code_of_a_registry_leads_where_its_profile_says() {
    use glimpse_profiles::status::Status;
    let service = Service::start();
    let client = service.client();
    for code in &builtin_by_schema_id(DRIVING).unwrap().status().codes {
        let licence = client.register_sample(DRIVING, 1);
        let change = json!({ "act": "status", "code": code.code, "reason": "r" });
        let answer = client.change(&licence, &change);
        match code.status {
            Status::Valid => drop(answer.problem(409, "impossible")),
            Status::Suspended => {
                answer.ok::<Value>();
                assert_eq!(client.licence(&licence).stage, Stage::Suspended);
            }
            Status::Ended(ending) => {
                answer.ok::<Value>();
                let report = client.licence(&licence);
                assert_eq!(report.stage, Stage::Ended);
                assert_eq!(serde_json::to_value(report.ended).unwrap(), ending.name());
                assert_eq!(report.events[1].code.as_deref(), Some(code.code.as_str()));
            }
        }
    }
}

/// The offer that was open when the licence was suspended is worth nothing until it is resumed.
#[test]
fn nothing_is_issued_of_what_is_suspended_or_ended() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let offer = client.offer(&licence);
    let wallet = Wallet::new(client.clone());
    let (details, pending, body) = wallet.ask(&offer.code);
    client.change(&licence, &json!({ "act": "suspend", "reason": "r" })).ok::<Value>();
    client.post(paths::CREDENTIALS, None, &body).problem(409, "impossible");
    client.post(paths::OFFERS_REDEEM, None, &json!({ "code": offer.code })).problem(409, "impossible");
    client.change(&licence, &json!({ "act": "resume", "reason": "r" })).ok::<Value>();
    let answer = client.post(paths::CREDENTIALS, None, &body).ok();
    wallet.finish(&details, pending, &answer);
    // What was answered once is answered again, whatever became of the licence.
    client.change(&licence, &json!({ "act": "end", "as": "expired", "reason": "r" })).ok::<Value>();
    assert_eq!(client.post(paths::CREDENTIALS, None, &body).status, 200);
}

#[test]
fn reasons_repeat_nothing() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let attributes = sample(DRIVING, 1);
    let said = |name: &str| attributes[name].as_str().unwrap().to_owned();
    let (person, born) = (said("name"), said("birth_date"));
    let days = born.replace('-', "");
    let wide: String = days.chars().filter_map(|c| char::from_u32(u32::from(c) + 0xfee0)).collect();
    for reason in [
        format!("罚款未缴，{person}"),
        format!("it says {}", said("address")),
        format!("born {days}"),
        format!("born {wide}"),
        format!("born {}", born.replace('-', " / ")),
        format!("number {}", said("licence_number").to_lowercase()),
        "of HOLDER 1".into(),
        String::new(),
        "x".repeat(201),
        "a\nb".into(),
        "  ".into(),
        "fines\u{200b}".into(),
        "fines\u{fe0f}".into(),
    ] {
        let answer = client.change(&licence, &json!({ "act": "suspend", "reason": reason }));
        assert_eq!(answer.fields(422, "invalid"), ["reason"]);
        let answer = client.post(
            &paths::LICENCE_CORRECTION.replace("{licence}", &licence),
            Some(ADMIN),
            &json!({ "attributes": sample(DRIVING, 2), "reason": reason }),
        );
        assert_eq!(answer.fields(422, "invalid"), ["reason"]);
    }
    assert_eq!(acts(&client, &licence), [Act::Registered]);
}

#[test]
fn a_correction_is_the_next_version() {
    let service = Service::start_with(with_lists);
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let wallet = Wallet::new(client.clone());
    let old = wallet.obtain(&client.offer(&licence).code);
    client
        .change(&licence, &json!({ "act": "open_dispute", "suspend": true, "reason": "wrong classes" }))
        .ok::<Value>();
    assert!(client.licence(&licence).disputed);
    client.change(&licence, &json!({ "act": "resume", "reason": "r" })).problem(409, "impossible");
    let path = paths::LICENCE_CORRECTION.replace("{licence}", &licence);
    let persona = Persona::new(1).with_classes(&["C1"]);
    let right = builtin_by_schema_id(DRIVING).unwrap().sample(&persona);
    // One that is not in order changes nothing.
    let mut wrong = right.clone();
    wrong.insert("classes".into(), json!(["Z9"]));
    let refused =
        client.post(&path, Some(ADMIN), &json!({ "attributes": wrong, "reason": "the objection is right" }));
    assert_eq!(refused.fields(422, "invalid"), ["attributes.classes"]);
    assert_eq!(client.licence(&licence).stage, Stage::Suspended);
    let body = json!({ "attributes": right, "reason": "the objection is right" });
    let next: RegisteredLicence = client.post(&path, Some(ADMIN), &body).ok();
    let (before, after) = (client.licence(&licence), client.licence(&next.licence));
    assert_eq!((before.ended, before.corrected_by), (Some(EndedAs::Corrected), Some(next.licence.clone())));
    assert!(!before.disputed);
    assert_eq!((after.version, after.corrects.as_deref()), (2, Some(licence.as_str())));
    client.post(&path, Some(ADMIN), &body).problem(409, "impossible");

    // The same wallet takes the new one, and the old one is left out of the list.
    let new = wallet.obtain(&client.offer(&next.licence).code);
    service.pass(3600);
    while client.publish(DRIVING).status != 200 {
        service.pass(60);
    }
    assert!(wallet.interval(&old).is_err() && wallet.interval(&new).is_ok());
}

/// What the authority suspended a licence for is another matter than what is wrong in it.
#[test]
fn a_correction_lifts_no_suspension() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    client.change(&licence, &json!({ "act": "suspend", "reason": "unpaid fines" })).ok::<Value>();
    let body = json!({ "attributes": sample(DRIVING, 1), "reason": "a wrong date" });
    let path = paths::LICENCE_CORRECTION.replace("{licence}", &licence);
    let next: RegisteredLicence = client.post(&path, Some(ADMIN), &body).ok();
    let report = client.licence(&next.licence);
    assert_eq!((report.stage, report.version), (Stage::Suspended, 2));
    assert_eq!(
        (report.events[0].act, report.events[0].stage),
        (Act::RegisteredAsCorrection, Stage::Suspended)
    );
    let offers = paths::LICENCE_OFFERS.replace("{licence}", &next.licence);
    client.post(&offers, Some(ADMIN), &json!({})).problem(409, "impossible");
    client.change(&next.licence, &json!({ "act": "resume", "reason": "paid" })).ok::<Value>();
    Wallet::new(client.clone()).obtain(&client.offer(&next.licence).code);
}

#[test]
fn disputes_end_by_rejection_too() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let change = |body: Value| client.change(&licence, &body);
    change(json!({ "act": "reject_dispute", "reason": "r" })).problem(409, "impossible");
    change(json!({ "act": "open_dispute", "suspend": false, "reason": "r" })).ok::<Value>();
    change(json!({ "act": "open_dispute", "suspend": true, "reason": "r" })).problem(409, "impossible");
    change(json!({ "act": "reject_dispute", "reason": "unfounded" })).ok::<Value>();
    let report = client.licence(&licence);
    assert_eq!((report.stage, report.disputed), (Stage::Registered, false));
    assert_eq!(acts(&client, &licence), [Act::Registered, Act::DisputeOpened, Act::DisputeRejected]);
}

/// One person, one link secret, and one explicit way to another.
#[test]
fn a_holder_with_a_new_phone() {
    let service = Service::start_with(with_lists);
    let client = service.client();
    let licences: Vec<_> =
        (0..2).map(|_| client.register(DRIVING, "holder-x", &sample(DRIVING, 1))).collect();
    let old = Wallet::new(client.clone());
    let credential = old.obtain(&client.offer(&licences[0]).code);
    let open = client.offer(&licences[1]);
    let new = Wallet::new(client.clone());
    let (_, _, body) = new.ask(&open.code);
    client.post(paths::CREDENTIALS, None, &body).problem(409, "holder-registered");

    let change = |body: Value| client.post(paths::WALLET_CHANGES, Some(ADMIN), &body);
    let unknown = change(json!({ "holder": "holder-y", "reason": "lost phone" }));
    unknown.problem(404, "holder-unknown");
    let told = change(json!({ "holder": "holder-x", "reason": "told by holder-x" }));
    assert_eq!(told.fields(422, "invalid"), ["reason"]);
    let changed: WalletChanged = change(json!({ "holder": "holder-x", "reason": "lost phone" })).ok();
    let mut expected = licences.clone();
    expected.sort();
    assert_eq!(changed.licences, expected);
    assert_eq!(client.licence(&licences[0]).stage, Stage::Registered);
    assert_eq!(acts(&client, &licences[0]).last(), Some(&Act::WalletChanged));

    // The offer from before is worth nothing, to the old wallet as to the new.
    let (_, _, body) = {
        let fresh = client.offer(&licences[0]);
        new.ask(&fresh.code)
    };
    let stale = json!({ "code": open.code, "request": body["request"] });
    client.post(paths::CREDENTIALS, None, &stale).problem(404, "offer-unknown");
    let taken = new.obtain(&client.offer(&licences[1]).code);
    // From now on the new one is the holder's.
    let (_, _, body) = old.ask(&client.offer(&licences[0]).code);
    client.post(paths::CREDENTIALS, None, &body).problem(409, "holder-registered");
    service.pass(3600);
    while client.publish(DRIVING).status != 200 {
        service.pass(60);
    }
    assert!(old.interval(&credential).is_err() && new.interval(&taken).is_ok());
}

#[test]
fn a_historic_number_is_let_through_and_recorded() {
    let service = Service::start();
    let client = service.client();
    let mut attributes = sample(DRIVING, 1);
    let number = attributes.iter().find(|(_, value)| value.as_str().is_some_and(|text| text.len() == 18));
    let (name, number) =
        number.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).unwrap();
    // Another check character than the right one.
    let last = if number.ends_with('X') { '1' } else { 'X' };
    attributes.insert(name.clone(), format!("{}{last}", &number[..17]).into());
    let profile = builtin_by_schema_id(DRIVING).unwrap();
    let attribute = profile.schema().attributes().iter().find(|it| {
        it.name == name || profile.attribute(&it.name).and_then(|info| info.element.as_deref()) == Some(&name)
    });
    let attribute = attribute.unwrap().name.clone();
    let check = serde_json::to_value(profile.attribute(&attribute).unwrap().check.unwrap()).unwrap();
    let register = |overrides: Value| {
        let body =
            json!({ "profile": DRIVING, "holder": "h", "attributes": attributes, "overrides": overrides });
        client.post(paths::LICENCES, Some(ADMIN), &body)
    };
    assert_eq!(register(json!([])).status, 422);
    let wrong = register(json!([{ "attribute": attribute, "check": "none", "reason": "before_standard" }]));
    assert_eq!(wrong.fields(422, "invalid"), ["overrides[0]"]);
    let given = json!([{ "attribute": attribute, "check": check, "reason": "before_standard" }]);
    let registered: RegisteredLicence = register(given.clone()).ok();
    assert_eq!(serde_json::to_value(client.licence(&registered.licence).overrides).unwrap(), given);
}

#[test]
fn the_catalogue_counts_and_names_and_says_nothing_else() {
    let service = Service::start();
    let client = service.client();
    let licences: Vec<_> = (0..3).map(|seed| client.register_sample(DRIVING, seed)).collect();
    client.register_sample("cn.business_licence", 1);
    client.offer(&licences[0]);
    client.change(&licences[1], &json!({ "act": "end", "as": "revoked", "reason": "r" })).ok::<Value>();
    let catalogue: Catalogue = client.get(paths::CATALOGUE, Some(ADMIN)).ok();
    assert_eq!(catalogue.issuer, "91000000TEST");
    let mut counts: Vec<_> = catalogue
        .counts
        .iter()
        .map(|count| (count.profile.as_str(), count.stage, count.version, count.count))
        .collect();
    counts.sort();
    let expected = [
        ("cn.business_licence", Stage::Registered, 1, 1),
        (DRIVING, Stage::Registered, 1, 1),
        (DRIVING, Stage::Offered, 1, 1),
        (DRIVING, Stage::Ended, 1, 1),
    ];
    assert_eq!(counts, expected);
    let schema = catalogue.counts.iter().find(|count| count.profile == DRIVING).unwrap().schema.to_string();
    let path = |stage: &str| paths::CATALOGUE_PAGE.replace("{schema}", &schema).replace("{stage}", stage);
    let page: CataloguePage = client.get(&path("ended"), Some(ADMIN)).ok();
    assert_eq!((page.licences, page.more), (vec![licences[1].clone()], false));
    let after = format!("{}?after={}", path("ended"), licences[1]);
    let page: CataloguePage = client.get(&after, Some(ADMIN)).ok();
    assert!(page.licences.is_empty());
    assert_eq!(client.get(&path("gone"), Some(ADMIN)).fields(422, "invalid"), ["stage"]);
    for query in ["?after=x", "?before=x", "?after=1&after=2"] {
        let answer = client.get(&format!("{}{query}", path("ended")), Some(ADMIN));
        assert_eq!(answer.fields(422, "invalid"), ["after"], "{query}");
    }
}

#[test]
fn only_the_administrator() {
    let service = Service::start();
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let path = |pattern: &str| pattern.replace("{licence}", &licence);
    for (method, path, body) in [
        ("GET", path(paths::LICENCE), None),
        ("GET", paths::CATALOGUE.to_owned(), None),
        ("GET", format!("{}/{}/ended", paths::CATALOGUE, "0".repeat(64)), None),
        ("POST", path(paths::LICENCE_CHANGES), Some(json!({ "act": "suspend", "reason": "r" }))),
        ("POST", path(paths::LICENCE_CORRECTION), Some(json!({ "attributes": {}, "reason": "r" }))),
        ("POST", paths::WALLET_CHANGES.to_owned(), Some(json!({ "holder": "h", "reason": "r" }))),
    ] {
        let send = |token: Option<&str>| match &body {
            Some(body) => client.json(method, &path, token, body),
            None => client.get(&path, token),
        };
        send(None).problem(401, "unauthorized");
        send(Some(RELYING_PARTY)).problem(403, "forbidden");
    }
    client
        .get(&paths::LICENCE.replace("{licence}", &"0".repeat(32)), Some(ADMIN))
        .problem(404, "licence-unknown");
    client.change(&licence, &json!({ "act": "explode", "reason": "r" })).problem(400, "malformed-body");
    client
        .change(&licence, &json!({ "act": "suspend", "reason": "r", "x": 1 }))
        .problem(400, "malformed-body");
}
