//! Licence input: what is admitted, and that every refusal names its element and repeats no value.
#![allow(clippy::unwrap_used)]

use glimpse_circuits::attribute::{Value, ValueError};
use glimpse_circuits::date::Date;
use glimpse_profiles::identifiers::IdentifierError;
use glimpse_profiles::sample::{Persona, Sex};
use glimpse_profiles::{Profile, Reason, Refusal, Refusals, builtin_by_schema_id};
use serde_json::{Map, Value as Json, json};

fn driving_licence() -> &'static Profile {
    builtin_by_schema_id("cn.driving_licence").unwrap()
}

fn sample() -> Map<String, Json> {
    let born = "1990-05-17".parse().unwrap();
    driving_licence()
        .sample(&Persona::new(7).with_birth_date(born).with_sex(Sex::Male).with_classes(&["C1", "D"]))
}

fn refused(profile: &Profile, licence: &Map<String, Json>) -> Refusals {
    profile.admit(licence).unwrap_err()
}

/// The one refusal after a change to a good licence.
fn refusal_after(change: impl FnOnce(&mut Map<String, Json>)) -> Refusal {
    let mut licence = sample();
    change(&mut licence);
    let refusals: Vec<Refusal> = refused(driving_licence(), &licence).into_iter().collect();
    assert_eq!(refusals.len(), 1, "{refusals:?}");
    refusals.into_iter().next().unwrap()
}

fn set(name: &'static str, value: Json) -> impl FnOnce(&mut Map<String, Json>) {
    move |licence| assert!(licence.insert(name.into(), value).is_some())
}

#[test]
fn values_come_in_the_order_of_the_schema() {
    let values = driving_licence().admit(&sample()).unwrap();
    driving_licence().schema().check(&values).unwrap();
    assert_eq!(values[2], Value::Code("1".into()));
    assert_eq!(values[3], Value::Date("1990-05-17".parse().unwrap()));
    assert_eq!(values[7], Value::Flags(1 << 5 | 1 << 11));
}

#[test]
fn element_names_are_accepted_but_not_beside_attribute_names() {
    let profile = driving_licence();
    let mut licence = sample();
    for (name, element) in [
        ("name", "CZZT"),
        ("licence_number", "ZZBH"),
        ("valid_from", "ZZYXQQSRQ"),
        ("valid_until", "ZZYXQJZRQ"),
    ] {
        assert_eq!(profile.attribute(name).unwrap().element.as_deref(), Some(element));
        let value = licence.remove(name).unwrap();
        licence.insert(element.into(), value);
    }
    assert_eq!(profile.admit(&licence), profile.admit(&sample()));

    let twice =
        refusal_after(|licence| assert!(licence.insert("CZZT".into(), licence["name"].clone()).is_none()));
    assert_eq!(
        (twice.name.as_str(), twice.element.as_deref(), &twice.reason),
        ("name", Some("CZZT"), &Reason::Twice)
    );
    assert_eq!(twice.to_string(), "name (CZZT) is given under both of its names");
}

#[test]
fn optional_attributes_may_be_absent() {
    let mut licence = sample();
    assert!(licence.remove("address").is_some());
    assert_eq!(driving_licence().admit(&licence).unwrap()[9], Value::Absent);
}

#[test]
fn no_end_is_written_out_where_it_can_be() {
    let mut licence = sample();
    licence["valid_until"] = json!("长期");
    assert_eq!(driving_licence().admit(&licence).unwrap()[6], Value::Date(Date::MAX));
    let refusal = refusal_after(set("birth_date", json!("长期")));
    assert_eq!(refusal.reason, Reason::Value(ValueError::WrongType { expected: "date" }));
}

#[test]
fn each_kind_of_problem_names_its_element() {
    let value = Reason::Value;
    let cases: Vec<(&'static str, Json, Reason)> = vec![
        ("name", json!(""), value(ValueError::Empty)),
        ("name", json!("名".repeat(65)), value(ValueError::TooLong)),
        ("name", json!("名\u{7}"), value(ValueError::ControlCharacter)),
        ("name", json!(["名"]), Reason::NotAString),
        ("name", json!(null), Reason::NotAString),
        ("first_issue", json!("2010-02-30"), value(ValueError::WrongType { expected: "date" })),
        ("first_issue", json!(20_100_101), Reason::NotAString),
        ("first_issue", json!("2100-01-01"), value(ValueError::OutOfBounds)),
        ("valid_until", json!("1949-09-30"), value(ValueError::OutOfBounds)),
        ("sex", json!("3"), value(ValueError::NotInTable)),
        ("region", json!("310101"), value(ValueError::NotInTable)),
        ("classes", json!("C1"), Reason::NotAList),
        ("classes", json!([1]), Reason::NotAList),
        ("classes", json!(["C7"]), value(ValueError::UnknownFlag)),
        ("classes", json!(["C1", "C1"]), value(ValueError::RepeatedFlag)),
        (
            "licence_number",
            json!("1101051949123100"),
            Reason::Identifier(IdentifierError::Shape { standard: "GB 11643" }),
        ),
    ];
    for (name, given, reason) in cases {
        let refusal = refusal_after(set(name, given.clone()));
        assert_eq!((refusal.name.as_str(), &refusal.reason), (name, &reason), "{given}");
        assert_eq!(refusal.element, driving_licence().attribute(name).unwrap().element, "{given}");
        if let Some(element) = &refusal.element {
            assert!(refusal.to_string().starts_with(&format!("{name} ({element}) ")));
        }
    }
    let missing = refusal_after(|licence| assert!(licence.remove("licence_number").is_some()));
    assert_eq!(missing.to_string(), "licence_number (ZZBH) is required");
}

#[test]
fn a_slip_in_the_number_is_found() {
    let number = sample()["licence_number"].as_str().unwrap().to_owned();
    let last = if number.ends_with('1') { '2' } else { '1' };
    let refusal = refusal_after(set("licence_number", json!(format!("{}{last}", &number[..17]))));
    assert_eq!(refusal.reason, Reason::Identifier(IdentifierError::CheckCharacter { standard: "GB 11643" }));
}

#[test]
fn rules_name_both_attributes() {
    let cases = [
        (
            "birth_date",
            json!("1990-05-18"),
            "birth_date does not agree with the date of birth inside licence_number",
        ),
        ("sex", json!("2"), "sex does not agree with the sex told by licence_number"),
        ("valid_until", json!("2019-12-31"), "valid_until (ZZYXQJZRQ) lies before valid_from"),
        ("first_issue", json!("1990-05-17"), "first_issue does not lie late enough after birth_date"),
        ("classes", json!([]), "classes names none at all"),
    ];
    for (name, given, message) in cases {
        assert_eq!(refusal_after(set(name, given)).to_string(), message);
    }
}

#[test]
fn all_problems_are_collected() {
    let profile = driving_licence();
    let all = refused(profile, &Map::new());
    let names: Vec<&str> = all.iter().map(|refusal| refusal.name.as_str()).collect();
    let required: Vec<&str> =
        profile.schema().attributes().iter().filter(|a| a.required).map(|a| a.name.as_str()).collect();
    assert_eq!(names, required);

    let mut licence = sample();
    licence.remove("name");
    licence.insert("height".into(), json!("180"));
    licence["sex"] = json!("2");
    licence["region"] = json!("000000");
    let found: Vec<String> = refused(profile, &licence).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "height is not known to the profile",
            "name (CZZT) is required",
            "region is not in the code table",
            "sex does not agree with the sex told by licence_number",
        ]
    );
    assert_eq!(refused(profile, &licence).to_string(), found.join("; "));
}

#[test]
fn no_message_repeats_a_value() {
    let secret = "11010519491231002X";
    let profile = driving_licence();
    let names: Vec<&str> = profile.schema().attributes().iter().map(|a| a.name.as_str()).collect();
    for name in names {
        let mut licence = sample();
        licence.insert(name.to_owned(), json!(secret));
        licence.insert(secret.to_owned(), json!(secret));
        licence.insert("张三".to_owned(), json!(secret));
        let refusals = refused(profile, &licence);
        let shown = format!("{refusals} {refusals:?}");
        assert!(!shown.contains(secret) && !shown.contains("1949") && !shown.contains("张三"), "{shown}");
    }
}

#[test]
fn business_licences_and_identity_cards_have_their_own_checks() {
    let business = builtin_by_schema_id("cn.business_licence").unwrap();
    let mut licence = business.sample(&Persona::new(3));
    licence["registered_capital"] = json!("1000000000000001");
    licence["uscc"] = json!("11100000000013338X");
    let found: Vec<String> = refused(business, &licence).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "uscc (CZZTDM) has a wrong check character (GB 32100)",
            "registered_capital lies outside the bounds that the schema declares",
        ]
    );
    let card = builtin_by_schema_id("cn.resident_identity_card").unwrap();
    let mut licence = card.sample(&Persona::new(3));
    licence["ethnicity"] = json!("57");
    licence.remove("address");
    let found: Vec<String> = refused(card, &licence).iter().map(ToString::to_string).collect();
    assert_eq!(found, ["ethnicity is not in the code table", "address is required"]);
}
