//! Generated licences: always admitted, always the same, and adjustable.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::date::Date;
use glimpse_profiles::rules::Check;
use glimpse_profiles::sample::{Persona, Sex};
use glimpse_profiles::{Profile, builtin, builtin_by_schema_id};

const DRIVING: &str = "cn.driving_licence";
const CARD: &str = "cn.resident_identity_card";
const BUSINESS: &str = "cn.business_licence";

fn profile(id: &str) -> &'static Profile {
    builtin_by_schema_id(id).unwrap()
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// The admitted value of one attribute of a persona's licence.
fn value(id: &str, persona: &Persona, name: &str) -> Value {
    let values =
        profile(id).admit(&profile(id).sample(persona)).map_err(|refusals| refusals.to_string()).unwrap();
    values[profile(id).schema().attribute(name).unwrap().0].clone()
}

#[test]
fn a_thousand_seeds_are_admitted() {
    let mut ids = BTreeSet::new();
    for seed in 0..1_000 {
        let persona = Persona::new(seed);
        // Every third profile, by turns.
        for profile in builtin().iter().skip(seed as usize % 3).step_by(3) {
            let licence = profile.sample(&persona);
            let values = profile.admit(&licence).map_err(|refusals| refusals.to_string()).unwrap();
            profile.schema().check(&values).unwrap();
            assert_eq!(licence, profile.sample(&Persona::new(seed)));
        }
        ids.insert(persona.citizen_id());
    }
    assert_eq!(ids.len(), 1_000);
}

#[test]
fn samples_stay_the_same() {
    // Demos, documentation and benchmarks count on it: change it knowingly.
    let persona = Persona::new(1);
    let shown =
        format!("{} {} {} {}", persona.name(), persona.birth_date(), persona.citizen_id(), persona.uscc());
    assert_eq!(shown, "拟名戊戌 1973-07-25 510599197307257582 91510599HH9F60G942");
}

#[test]
fn two_licences_of_a_persona_agree() {
    for seed in 0..50 {
        let persona = Persona::new(seed);
        for (driving, card) in [
            ("name", "name"),
            ("licence_number", "id_number"),
            ("birth_date", "birth_date"),
            ("sex", "sex"),
            ("region", "region"),
        ] {
            assert!(value(DRIVING, &persona, driving) == value(CARD, &persona, card), "{driving}");
        }
        assert!(value(BUSINESS, &persona, "legal_representative") == value(CARD, &persona, "name"));
    }
}

#[test]
fn a_family_agrees_across_licences() {
    for seed in 0..50 {
        let persona = Persona::new(seed);
        let of = |id: &str, name: &str| value(id, &persona, name);
        for id in [
            "cn.household_register_page",
            "cn.social_security_card",
            "cn.degree_certificate",
            "cn.professional_qualification",
            "cn.marriage_certificate",
            "cn.divorce_certificate",
            "cn.senior_citizen_card",
            "cn.real_estate_certificate",
        ] {
            assert!(of(id, "id_number") == of(CARD, "id_number"), "{id}");
        }
        for id in ["cn.production_permit", "cn.testing_qualification"] {
            assert!(of(id, "uscc") == of(BUSINESS, "uscc") && of(id, "name") == of(BUSINESS, "name"), "{id}");
        }
        assert!(of("cn.vehicle_licence", "owner") == of(CARD, "name"));
        assert!(of("cn.household_register_page", "county") == of("cn.real_estate_certificate", "county"));
        // The persona and the spouse are the two parents of the child.
        let spouse = of("cn.marriage_certificate", "spouse_id_number");
        let own = of(CARD, "id_number");
        let parents = ["mother_id_number", "father_id_number"].map(|name| of("cn.birth_certificate", name));
        assert!(parents == [own.clone(), spouse.clone()] || parents == [spouse.clone(), own.clone()]);
        let is_male = |number: &Value| {
            let Value::Text(number) = number else { panic!("not a text") };
            glimpse_profiles::identifiers::citizen_id(number).unwrap().is_male()
        };
        assert!(!is_male(&parents[0]) && is_male(&parents[1]));
        assert!(of("cn.divorce_certificate", "spouse_id_number") == spouse);
    }
}

#[test]
fn counties_lie_in_the_region() {
    for seed in 0..200 {
        let persona = Persona::new(seed);
        let Value::Code(ref county) = value("cn.household_register_page", &persona, "county") else {
            panic!("not a code")
        };
        let region = persona.region();
        let above = if region.ends_with("0000") { &region[..2] } else { &region[..4] };
        assert!(county.starts_with(above) && county[..] != persona.citizen_id()[..6]);
    }
}

#[test]
fn numbers_belong_to_nobody() {
    for seed in 0..200 {
        let persona = Persona::new(seed);
        assert_eq!((&persona.citizen_id()[4..6], &persona.uscc()[6..8]), ("99", "99"));
        assert_eq!(persona.citizen_id()[..2], persona.region()[..2]);
        for profile in builtin() {
            let licence = profile.sample(&persona);
            for (attribute, info) in profile.schema().attributes().iter().zip(profile.attributes()) {
                let text = licence[&attribute.name].as_str().unwrap_or_default();
                match info.check {
                    Some(Check::CitizenId) => assert_eq!(&text[4..6], "99"),
                    Some(Check::Uscc) => assert_eq!(&text[6..8], "99"),
                    Some(Check::LicenceIdentifier) => assert_eq!(&text[21..23], "99"),
                    None => {}
                }
            }
            if let Some(plate) = licence.get("plate_number") {
                assert!(plate.as_str().unwrap().starts_with('样'));
            }
        }
    }
}

#[test]
fn facts_can_be_set() {
    let persona = Persona::new(5)
        .with_name("虚构甲")
        .with_birth_date(day("2012-02-29"))
        .with_sex(Sex::Female)
        .with_region("310000")
        .with_classes(&["A1"])
        .with_capital(999_999)
        .with_established(day("2025-12-31"));
    assert!(value(CARD, &persona, "birth_date") == Value::Date(day("2012-02-29")));
    assert!(value(CARD, &persona, "name") == Value::Text("虚构甲".into()));
    assert!(value(CARD, &persona, "sex") == Value::Code("2".into()));
    assert!(value(DRIVING, &persona, "classes") == Value::Flags(1));
    assert!(value(DRIVING, &persona, "region") == Value::Code("310000".into()));
    assert!(value(BUSINESS, &persona, "registered_capital") == Value::Uint(999_999));
    assert!(value(BUSINESS, &persona, "established") == Value::Date(day("2025-12-31")));
    assert!(persona.citizen_id().starts_with("31019920120229"));
}

#[test]
fn days_stay_in_order_whatever_is_set() {
    for seed in 0..20 {
        for (born, until) in [
            ("1935-01-01", "2021-06-30"),
            ("1999-12-31", "2001-01-01"),
            ("2020-02-29", "2026-12-31"),
            ("1960-07-01", "9999-12-31"),
            ("2026-11-22", "2026-12-01"),
        ] {
            for established in ["1995-05-05", "2026-11-22"] {
                let (born, until, established) = (day(born), day(until), day(established));
                let orders = [
                    Persona::new(seed)
                        .with_birth_date(born)
                        .with_valid_until(until)
                        .with_established(established),
                    Persona::new(seed)
                        .with_established(established)
                        .with_birth_date(born)
                        .with_valid_until(until),
                    Persona::new(seed)
                        .with_valid_until(until)
                        .with_established(established)
                        .with_birth_date(born),
                ];
                for persona in orders {
                    for profile in builtin() {
                        let result =
                            profile.admit(&profile.sample(&persona)).map_err(|refusals| refusals.to_string());
                        assert_eq!(result.err(), None, "{profile:?}", profile = profile.schema().id());
                    }
                }
            }
        }
    }
    let expired = Persona::new(9).with_valid_until(day("2021-06-30"));
    assert!(value(DRIVING, &expired, "valid_until") == Value::Date(day("2021-06-30")));
    assert!(value(BUSINESS, &expired, "valid_until") == Value::Date(day("2021-06-30")));
}

#[test]
fn a_new_profile_is_sampled_without_code() {
    let text = r#"{
      "schema": {"id": "test.everything", "version": "1", "title": {"zh-CN": "甲", "en": "A"}, "binding": "none", "attributes": [
        {"name": "day", "title": {"zh-CN": "甲", "en": "A"}, "type": {"date": {"min": "2020-01-01", "max": "2020-01-01"}}, "required": true, "grade": "disclose"},
        {"name": "count", "title": {"zh-CN": "甲", "en": "A"}, "type": {"uint": {"min": "0", "max": "9223372036854775807"}}, "required": true, "grade": "disclose"},
        {"name": "marks", "title": {"zh-CN": "甲", "en": "A"}, "type": {"flags": {"flags": [{"code": "x", "title": {"zh-CN": "甲", "en": "A"}}]}}, "required": true, "grade": "disclose"},
        {"name": "group", "title": {"zh-CN": "甲", "en": "A"}, "type": {"code": {"table": {"from": "gb3304-ethnic"}}}, "required": true, "grade": "disclose"},
        {"name": "word", "title": {"zh-CN": "甲", "en": "A"}, "type": {"code": {}}, "required": true, "grade": "disclose"},
        {"name": "short", "title": {"zh-CN": "甲", "en": "A"}, "type": {"text": {"max_chars": "2"}}, "required": true, "grade": "disclose"},
        {"name": "mark", "title": {"zh-CN": "甲", "en": "A"}, "type": {"text": {"max_chars": "96"}}, "required": true, "grade": "disclose"}]},
      "licence_type": {"code": null, "note": "none"}, "notes": [],
      "attributes": {"day": {}, "count": {}, "marks": {}, "group": {}, "word": {}, "short": {}, "mark": {"element": "ZZBS", "check": "licence_identifier"}},
      "rules": [{"some_flag": {"of": "marks"}}],
      "status": {"written_as": "one", "note": "none", "codes": [{"code": "0", "title": {"zh-CN": "甲", "en": "A"}, "status": "valid"}]},
      "questions": []}"#;
    let profile = Profile::from_json(text).unwrap();
    for seed in 0..200 {
        profile.admit(&profile.sample(&Persona::new(seed))).map_err(|refusals| refusals.to_string()).unwrap();
    }
}
