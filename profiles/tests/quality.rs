//! The numbers of a data quality report, on licences that are made to be wrong in one way each.
#![allow(clippy::unwrap_used)]

use glimpse_circuits::date::Date;
use glimpse_profiles::quality::{ElementQuality, InTime, Quality, QualityReport, Repeats};
use glimpse_profiles::rules::Check;
use glimpse_profiles::sample::Persona;
use glimpse_profiles::{Override, OverrideReason, Profile, builtin, builtin_by_schema_id};
use serde_json::{Map, Value as Json, json};

fn profile() -> &'static Profile {
    builtin_by_schema_id("cn.driving_licence").unwrap()
}

fn licence(seed: u64) -> Map<String, Json> {
    profile().sample(&Persona::new(seed))
}

fn quality(profile: &'static Profile) -> Quality {
    Quality::new(profile, Date::from_calendar(2026, 11, 22).unwrap())
}

fn element<'a>(report: &'a QualityReport, name: &str) -> &'a ElementQuality {
    report.elements.iter().find(|element| element.attribute == name).unwrap()
}

#[test]
fn samples_of_every_profile_are_sound() {
    for profile in builtin() {
        let mut quality = quality(profile);
        for seed in 1..=20 {
            assert!(quality.add(&profile.sample(&Persona::new(seed)), &[]));
        }
        let report = quality.finish();
        assert_eq!((report.licences, report.sound, report.unreadable), (20, 20, 0));
        assert!(report.rules.iter().all(|rule| rule.broken == 0 && rule.compared <= 20));
        assert!(report.elements.iter().all(|element| element.given == element.valid && element.given <= 20));
        assert!(report.elements.iter().all(|element| !element.required || element.given == 20));
        let read: QualityReport = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(read, report);
    }
}

#[test]
fn every_kind_of_mistake_is_counted_where_it_is() {
    let mut quality = quality(profile());
    let mut add = |seed: u64, change: &dyn Fn(&mut Map<String, Json>)| {
        let mut licence = licence(seed);
        change(&mut licence);
        quality.add(&licence, &[])
    };
    assert!(add(1, &|_| ()));
    // Completeness: not there, and nothing written where it ought to be.
    assert!(!add(2, &|licence| drop(licence.remove("name"))));
    // Admission takes blanks for a text.
    assert!(add(3, &|licence| licence["name"] = json!(" ")));
    assert!(!add(4, &|licence| licence["name"] = json!(null)));
    // Validity: a day that there is not, a number that fails its check, a number in the place of a text.
    assert!(!add(5, &|licence| licence["valid_from"] = json!("2026-02-30")));
    assert!(!add(6, &|licence| licence["licence_number"] = json!("110105194912310020")));
    assert!(!add(7, &|licence| licence["name"] = json!(7)));
    // Consistency: valid until a day before it is valid from.
    assert!(!add(8, &|licence| {
        licence["valid_from"] = json!("2026-01-01");
        licence["valid_until"] = json!("2025-01-01");
    }));
    // Timeliness: nothing is wrong with a licence that has run out, or is of next year.
    assert!(add(9, &|licence| {
        licence["valid_from"] = json!("2010-01-01");
        licence["valid_until"] = json!("2016-01-01");
    }));
    // Uniqueness: the same licence again, and the same under its element names.
    assert!(add(1, &|_| ()));
    assert!(add(1, &|licence| {
        let number = licence.remove("licence_number").unwrap();
        licence.insert("ZZBH".into(), number);
    }));
    assert!(!add(10, &|licence| drop(licence.insert("colour".into(), json!("red")))));
    quality.add_unreadable();
    let report = quality.finish();

    assert_eq!((report.licences, report.unreadable, report.sound), (13, 1, 5));
    assert_eq!(report.with_unknown_names, 1);
    assert_eq!(report.repeated, Repeats { compared: 12, repeated: 1 });
    let name = element(&report, "name");
    assert_eq!((name.element.as_deref(), name.required, name.given, name.valid), (Some("CZZT"), true, 9, 8));
    let number = element(&report, "licence_number");
    assert_eq!((number.given, number.valid, number.set_aside), (12, 11, 0));
    assert_eq!(number.repeated, Some(Repeats { compared: 12, repeated: 2 }));
    assert_eq!((element(&report, "valid_from").given, element(&report, "valid_from").valid), (12, 11));
    let until = element(&report, "valid_until").timeliness.clone().unwrap();
    assert_eq!((until.expected, until.compared), (InTime::NotPast, 12));
    assert_eq!(until.compared - until.in_time, 2 + past(&[1, 2, 3, 4, 5, 6, 7, 1, 1, 10]));
    let orders: Vec<_> = report.rules.iter().filter(|rule| rule.rule == "order").collect();
    let validity = orders.iter().find(|rule| rule.attributes == ["valid_from", "valid_until"]).unwrap();
    assert_eq!((validity.compared, validity.broken), (11, 1));
    let birth = report.rules.iter().find(|rule| rule.rule == "citizen_id_birth_date").unwrap();
    assert_eq!((birth.compared, birth.broken), (11, 0));
}

/// Samples whose validity has run out by themselves.
fn past(seeds: &[u64]) -> u64 {
    let out = |seed: &&u64| licence(**seed)["valid_until"].as_str().unwrap() < "2026-11-22";
    seeds.iter().filter(out).count() as u64
}

#[test]
fn what_is_set_aside_is_valid_and_said() {
    let mut licence = licence(7);
    licence["licence_number"] = json!("110105491231002");
    let set_aside = Override {
        attribute: "licence_number".into(),
        check: Check::CitizenId,
        reason: OverrideReason::BeforeStandard,
    };
    let mut quality = quality(profile());
    assert!(quality.add(&licence, &[set_aside]));
    let report = quality.finish();
    let number = element(&report, "licence_number");
    assert_eq!((number.given, number.valid, number.set_aside), (1, 1, 1));
}
