//! The linter: silent about every profile that comes with the crate, and each of its rules can fire.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use glimpse_profiles::lint::{self, Finding, Lint, Severity};
use glimpse_profiles::{Profile, builtin, tables};
use serde_json::{Value, json};

const SENIOR_CITIZEN_CARD: &str = include_str!("../data/cn.senior_citizen_card.json");
const TESTING: &str = include_str!("../data/cn.testing_qualification.json");

#[test]
fn nothing_is_found_in_what_comes_with_the_crate() {
    for profile in builtin() {
        assert_eq!(lint::check(profile), [], "{}", profile.schema().id());
    }
    assert_eq!(lint::check_together(&builtin().iter().collect::<Vec<_>>()), []);
    for table in tables::tables() {
        assert_eq!(lint::check_table(table), [], "{}", table.id);
    }
}

/// What is found after a change to a good profile.
fn found(text: &str, change: impl FnOnce(&mut Value)) -> Vec<Finding> {
    let mut document: Value = serde_json::from_str(text).unwrap();
    change(&mut document);
    lint::check_text(&document.to_string())
}

fn attribute<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    let attributes = document["schema"]["attributes"].as_array_mut().unwrap();
    attributes.iter_mut().find(|attribute| attribute["name"] == name).unwrap()
}

fn remove(value: &mut Value, member: &str) {
    assert!(value.as_object_mut().unwrap().remove(member).is_some(), "{member}");
}

/// A change that must be found, where it must be found, and as what.
type Case = (Lint, &'static str, fn(&mut Value));

const CASES: &[Case] = &[
    (Lint::Load, "profile", |d| d["extra"] = json!("x")),
    (Lint::Load, "profile", |d| d["attributes"]["name"]["element"] = json!("ZZBH")),
    (Lint::Load, "profile", |d| d["status"]["codes"] = json!([])),
    (Lint::Title, "schema", |d| d["schema"]["title"]["en"] = json!("老年人优待证")),
    (Lint::Title, "schema", |d| d["schema"]["title"]["zh-CN"] = json!("Card")),
    (Lint::Title, "schema.attributes.sex", |d| attribute(d, "sex")["title"]["en"] = json!("—")),
    (Lint::Title, "schema.attributes.tier.60", |d| {
        attribute(d, "tier")["type"]["code"]["table"][0]["title"]["zh-CN"] = json!("60-64");
    }),
    (Lint::Title, "status.codes.1", |d| d["status"]["codes"][1]["title"]["en"] = json!("")),
    (Lint::Title, "questions.at_least_65", |d| d["questions"][0]["title"]["zh-CN"] = json!("65+")),
    (Lint::MinChoices, "schema.attributes.issued", |d| remove(attribute(d, "issued"), "min_choices")),
    (Lint::MinChoices, "schema.attributes.issued", |d| {
        attribute(d, "issued")["min_choices"] = json!("1");
    }),
    (Lint::MinChoices, "schema.attributes.issued", |d| {
        attribute(d, "issued")["min_choices"] = json!("100000");
    }),
    (Lint::MinChoices, "schema.attributes.emergency_contact", |d| {
        attribute(d, "emergency_contact")["min_choices"] = json!("2");
    }),
    (Lint::Bounds, "schema.attributes.birth_date", |d| {
        attribute(d, "birth_date")["type"]["date"]["min"] = json!("1799-12-31");
    }),
    (Lint::Bounds, "schema.attributes.birth_date", |d| {
        attribute(d, "birth_date")["type"]["date"]["max"] = json!("2100-01-01");
    }),
    (Lint::Bounds, "schema.attributes.birth_date", |d| {
        attribute(d, "birth_date")["type"]["date"]["max"] = json!("9999-12-31");
    }),
    (Lint::Bounds, "schema.attributes.id_number", |d| {
        attribute(d, "id_number")["type"]["text"]["max_chars"] = json!("64");
    }),
    (Lint::Unaskable, "schema.attributes.valid_from", |d| {
        attribute(d, "valid_from")["required"] = json!(false);
    }),
    (Lint::Element, "schema.attributes.region", |d| {
        d["attributes"]["region"]["element"] = json!("XZQH");
    }),
    (Lint::Element, "schema.attributes.birth_date", |d| {
        d["attributes"]["birth_date"]["element"] = json!("ZZMC");
    }),
    (Lint::Codes, "schema.attributes.tier", |d| remove(&mut d["attributes"]["tier"], "codes")),
    (Lint::Codes, "schema.attributes.tier", |d| d["attributes"]["tier"]["codes"]["source"] = json!(" ")),
    (Lint::Codes, "schema.attributes.sex", |d| {
        d["attributes"]["sex"]["codes"] = json!({"source": "x", "snapshot": "2026-01-01"});
    }),
    (Lint::Status, "status.note", |d| d["status"]["note"] = json!("")),
    (Lint::Status, "status.codes", |d| keep_codes(d, |status| status != "suspended")),
    (Lint::Status, "status.codes", |d| keep_codes(d, |status| status.is_string())),
    (Lint::TypeCode, "licence_type.code", |d| d["licence_type"]["code"] = json!("11100000000013338X009")),
    (Lint::TypeCode, "licence_type.note", |d| d["licence_type"]["note"] = json!("")),
    (Lint::Note, "notes", |d| d["notes"] = json!([])),
    (Lint::Note, "notes", |d| d["notes"][0] = json!("")),
    // Unknown statement, unknown value, what never leaves, too narrow, what may not be disclosed.
    (Lint::Question, "questions.at_least_65", |d| ask(d, json!({"older": {"of": "licence.birth_date"}}))),
    (Lint::Question, "questions.at_least_65", |d| {
        ask(d, json!({"member": {"of": "licence.tier", "values": ["60", "90"]}}));
    }),
    (Lint::Question, "questions.at_least_65", |d| {
        ask(d, json!({"disclose": {"of": "licence.emergency_contact"}}));
    }),
    (Lint::Question, "questions.at_least_65", |d| {
        ask(d, json!({"date": {"of": "licence.issued", "from": "2026-01-01", "to": "2026-01-30"}}));
    }),
    (Lint::Question, "questions.at_least_65", |d| ask(d, json!({"disclose": {"of": "licence.name"}}))),
    (Lint::Reveals, "questions.at_least_65", |d| {
        ask(d, json!({"equals": {"of": "licence.tier", "value": "60"}}));
    }),
    (Lint::Reveals, "questions.at_least_65", |d| ask(d, json!({"disclose": {"of": "licence.tier"}}))),
    (Lint::Questions, "questions", |d| d["questions"] = json!([])),
    (Lint::Questions, "questions.at_least_70", |d| {
        d["questions"][1]["statements"] = d["questions"][0]["statements"].clone();
    }),
    (Lint::Order, "rules", |d| {
        d["rules"].as_array_mut().unwrap().retain(|rule| rule["order"]["later"] != "valid_until");
    }),
    (Lint::Sample, "attributes.issued", |d| d["attributes"]["issued"]["sample"] = json!("person_name")),
    (Lint::Sample, "attributes.region", |d| d["attributes"]["region"]["sample"] = json!("sex")),
];

fn keep_codes(document: &mut Value, kept: fn(&Value) -> bool) {
    document["status"]["codes"].as_array_mut().unwrap().retain(|code| kept(&code["status"]));
}

fn ask(document: &mut Value, statement: Value) {
    document["questions"][0]["statements"] = json!([statement]);
}

#[test]
fn each_rule_fires_alone_and_names_the_place() {
    assert_eq!(found(SENIOR_CITIZEN_CARD, |_| {}), []);
    for (i, (expected, place, change)) in CASES.iter().enumerate() {
        let findings = found(SENIOR_CITIZEN_CARD, change);
        assert_eq!(findings.len(), 1, "case {i}, {expected:?}: {findings:?}");
        assert_eq!((findings[0].lint, findings[0].place.as_str()), (*expected, *place), "case {i}");
        assert_eq!(findings[0].severity, expected.severity());
        assert!(findings[0].to_string().contains(place));
    }
}

#[test]
fn bounds_of_numbers_and_identifiers_are_looked_at() {
    let cases: [Case; 2] = [
        (Lint::Bounds, "schema.attributes.parameters", |d| {
            attribute(d, "parameters")["type"]["uint"]["max"] = json!("1000000000000001");
        }),
        (Lint::Bounds, "schema.attributes.identifier", |d| {
            attribute(d, "identifier")["type"]["text"]["max_chars"] = json!("80");
        }),
    ];
    for (expected, place, change) in cases {
        let findings: Vec<Finding> =
            found(TESTING, change).into_iter().filter(|finding| finding.lint != Lint::Sample).collect();
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert_eq!((findings[0].lint, findings[0].place.as_str()), (expected, place));
    }
}

#[test]
fn profiles_are_compared_with_each_other() {
    let changed = |change: fn(&mut Value)| {
        let mut document: Value = serde_json::from_str(TESTING).unwrap();
        change(&mut document);
        Profile::from_json(&document.to_string()).unwrap()
    };
    let first = changed(|d| d["licence_type"]["code"] = json!("11100000000013338W009"));
    let second = changed(|d| {
        d["licence_type"]["code"] = json!("11100000000013338W009");
        d["schema"]["id"] = json!("cn.other_qualification");
        attribute(d, "uscc")["type"] = json!({"code": {}});
    });
    let of = |profiles: &[&Profile]| {
        lint::check_together(profiles).into_iter().map(|it| (it.lint, it.place)).collect::<Vec<_>>()
    };
    assert_eq!(
        of(&[&first, &second]),
        [
            (Lint::Repeated, "cn.other_qualification.licence_type.code".to_owned()),
            (Lint::Comparable, "cn.other_qualification.schema.attributes.uscc".to_owned()),
        ]
    );
    assert_eq!(of(&[&first, &first])[0], (Lint::Repeated, "cn.testing_qualification.schema.id".to_owned()));
}

#[test]
fn tables_have_to_say_what_they_are() {
    let good = tables::table("gb2261-sex").unwrap();
    let of = |change: fn(&mut tables::CodeTable)| {
        let mut table = good.clone();
        change(&mut table);
        lint::check_table(&table).into_iter().map(|it| it.lint).collect::<Vec<_>>()
    };
    assert_eq!(of(|_| {}), []);
    assert_eq!(of(|table| table.source.clear()), [Lint::Codes]);
    assert_eq!(of(|table| table.notes.clear()), [Lint::Codes]);
    assert_eq!(of(|table| table.entries[0].title.en.clear()), [Lint::Title]);
    // Without a day there is no table at all.
    let mut undated = serde_json::to_value(good).unwrap();
    remove(&mut undated, "snapshot");
    assert!(tables::CodeTable::from_json(&undated.to_string()).is_err());
}

#[test]
fn no_rule_is_without_a_case() {
    let fired: BTreeSet<Lint> = CASES.iter().map(|(lint, ..)| *lint).collect();
    assert_eq!(fired.len() + [Lint::Repeated, Lint::Comparable].len(), 17);
    assert!(fired.iter().any(|lint| lint.severity() == Severity::Warning));
}
