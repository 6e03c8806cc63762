//! Historic numbers: what an issuer may set aside, and what nobody may.
#![allow(clippy::unwrap_used)]

use glimpse_circuits::attribute::{Value, ValueError};
use glimpse_profiles::identifiers::IdentifierError;
use glimpse_profiles::rules::Check;
use glimpse_profiles::sample::Persona;
use glimpse_profiles::{Override, OverrideReason, Profile, Reason, builtin_by_schema_id};
use serde_json::{Map, Value as Json, json};

/// As numbers were before 1999: 15 digits, none of them a check.
const OLD_NUMBER: &str = "110105491231002";

fn driving_licence() -> &'static Profile {
    builtin_by_schema_id("cn.driving_licence").unwrap()
}

fn licence(number: &str) -> Map<String, Json> {
    let mut licence = driving_licence().sample(&Persona::new(7));
    licence["licence_number"] = json!(number);
    licence
}

fn set_aside(attribute: &str, check: Check) -> Override {
    Override { attribute: attribute.to_owned(), check, reason: OverrideReason::BeforeStandard }
}

fn reasons(licence: &Map<String, Json>, overrides: &[Override]) -> Vec<(String, Reason)> {
    let refusals = driving_licence().admit_with(licence, overrides).unwrap_err();
    refusals.into_iter().map(|refusal| (refusal.name, refusal.reason)).collect()
}

#[test]
fn a_number_that_fails_its_check_is_admitted_and_recorded() {
    for number in [OLD_NUMBER, "110105194912310021", "11010519490231002X", "不详"] {
        assert!(driving_licence().admit(&licence(number)).is_err(), "{number}");
        let overrides = [set_aside("licence_number", Check::CitizenId)];
        let admitted = driving_licence().admit_with(&licence(number), &overrides).unwrap();
        assert_eq!(admitted.overrides, overrides);
        assert!(admitted.values[1] == Value::Text(number.into()));
        driving_licence().schema().check(&admitted.values).unwrap();
    }
}

#[test]
fn nothing_is_recorded_where_nothing_was_set_aside() {
    let persona = Persona::new(7);
    let sample = driving_licence().sample(&persona);
    let admitted = driving_licence().admit_with(&sample, &[]).unwrap();
    assert!(admitted.overrides.is_empty() && driving_licence().admit(&sample).unwrap() == admitted.values);
}

#[test]
fn what_is_not_needed_or_not_there_is_refused() {
    let number = Persona::new(7).citizen_id();
    let one = set_aside("licence_number", Check::CitizenId);
    let named = |reason: Reason| vec![("licence_number".to_owned(), reason)];
    assert_eq!(reasons(&licence(&number), std::slice::from_ref(&one)), named(Reason::OverrideNotNeeded));
    assert_eq!(reasons(&licence(OLD_NUMBER), &[one.clone(), one]), named(Reason::OverrideTwice));
    // Another check than the attribute has does not help.
    let shape = Reason::Identifier(IdentifierError::Shape { standard: "GB 11643" });
    assert_eq!(
        reasons(&licence(OLD_NUMBER), &[set_aside("licence_number", Check::Uscc)]),
        [named(Reason::OverrideWithoutCheck), named(shape)].concat()
    );
    for (attribute, told) in [("name", "name"), ("height", "height"), (OLD_NUMBER, "a key"), ("ZZBH", "ZZBH")]
    {
        let found = reasons(&licence(&number), &[set_aside(attribute, Check::CitizenId)]);
        assert_eq!(found, [(told.to_owned(), Reason::OverrideWithoutCheck)]);
    }
}

#[test]
fn what_decides_the_encoding_is_never_set_aside() {
    let overrides = [set_aside("licence_number", Check::CitizenId)];
    for (number, expected) in [
        (json!("1".repeat(19)), Reason::Value(ValueError::TooLong)),
        (json!(""), Reason::Value(ValueError::Empty)),
        (json!("1101054912310\u{7}2"), Reason::Value(ValueError::ControlCharacter)),
        (json!(110_105), Reason::NotAString),
    ] {
        let mut licence = licence(OLD_NUMBER);
        licence["licence_number"] = number;
        assert_eq!(reasons(&licence, &overrides), [("licence_number".to_owned(), expected)]);
    }
    let mut absent = licence(OLD_NUMBER);
    absent.remove("licence_number");
    assert_eq!(
        reasons(&absent, &overrides),
        [("licence_number".to_owned(), Reason::Value(ValueError::Required))]
    );
    // Nor do other attributes get through in its company.
    let mut other = licence(OLD_NUMBER);
    other["sex"] = json!("3");
    assert_eq!(reasons(&other, &overrides).len(), 1);
}

#[test]
fn an_absent_value_has_no_check_to_set_aside() {
    let profile = builtin_by_schema_id("cn.birth_certificate").unwrap();
    let mut licence = profile.sample(&Persona::new(7));
    licence.remove("father_id_number");
    assert!(profile.admit(&licence).is_ok());
    let refused =
        profile.admit_with(&licence, &[set_aside("father_id_number", Check::CitizenId)]).unwrap_err();
    assert_eq!(refused.iter().next().unwrap().reason, Reason::OverrideNotNeeded);
}

#[test]
fn overrides_are_written_by_name_and_hold_no_value() {
    let written = json!({"attribute": "licence_number", "check": "citizen_id", "reason": "before_standard"});
    let read: Override = serde_json::from_value(written.clone()).unwrap();
    assert_eq!(read, set_aside("licence_number", Check::CitizenId));
    assert_eq!(serde_json::to_value(&read).unwrap(), written);
    for wrong in [
        json!({"attribute": "licence_number", "check": "citizen_id"}),
        json!({"attribute": "licence_number", "check": "citizen_id", "reason": "because"}),
        json!({"attribute": "licence_number", "check": "order", "reason": "before_standard"}),
        json!({"attribute": "a", "check": "uscc", "reason": "other_scheme", "value": "x"}),
    ] {
        assert!(serde_json::from_value::<Override>(wrong).is_err());
    }
    let refused = driving_licence().admit_with(&licence(OLD_NUMBER), &[set_aside(OLD_NUMBER, Check::Uscc)]);
    let shown = format!("{0} {0:?}", refused.unwrap_err());
    assert!(!shown.contains(OLD_NUMBER));
}
