//! Requests that a schema does not allow, or that are too large, each with the member at fault and the reason.
//!
//! attacks.md, Soundness 4 and 10. What they may ask of whom is in suite `requests_grades`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::attribute::ValueError;
use glimpse_circuits::relation::{Reason, Relation, RelationError};
use glimpse_circuits::request::Request;
use glimpse_fixtures::World;
use glimpse_fixtures::schemas::{all_types, all_types_values, numbered};
use glimpse_prover::{PresentError, can_present};
use serde_json::{Value as Json, json};

/// Compiles a request for two credentials of schema `all_types`, `l` and `m`.
fn compile(statements: Json) -> Result<Relation, RelationError> {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let json = world.request_json(&[("l", &schema), ("m", &schema)], statements, "token");
    Relation::compile(Arc::new(Request::from_json(&json.to_string()).unwrap()), &world.registry)
}

/// Expects a reason for one statement.
fn refused(statement: Json, reason: Reason) {
    let name = statement.as_object().unwrap().keys().next().unwrap().clone();
    let error = compile(json!([statement])).map(|_| ()).expect_err(&statement.to_string());
    assert_eq!(error, RelationError { member: format!("statements[0].{name}"), reason }, "{statement}");
}

fn terms(list: &[(&str, &str)]) -> Json {
    list.iter()
        .map(|(attribute, coefficient)| json!({"attribute": attribute, "coefficient": coefficient}))
        .collect()
}

fn range(of: Json, lo: &str, hi: &str) -> Json {
    json!({"range": {"of": of, "lo": lo, "hi": hi}})
}

fn intervals(of: Json, list: &[(&str, &str)]) -> Json {
    let list: Vec<Json> = list.iter().map(|(lo, hi)| json!({"lo": lo, "hi": hi})).collect();
    json!({"intervals": {"of": of, "intervals": list}})
}

fn wrong_type(name: &str, expected: &'static str) -> Reason {
    Reason::WrongType { name: name.into(), expected }
}

/// attacks.md 10: 2^53 + 1 is not 2^53.
#[test]
fn bounds_beyond_2_to_the_53_are_exact() {
    let schema = all_types();
    let mut world = World::new(2, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let mut holding = |amount: u64| {
        let mut values = all_types_values();
        values[3] = glimpse_circuits::attribute::Value::Uint(amount);
        world.obtain(&wallet, &schema, values)
    };
    let great = [1u64 << 53, (1 << 53) + 1, (1 << 53) + 2, (1 << 63) - 2, (1 << 63) - 1];
    let credentials = great.map(&mut holding);
    let mut digests = Vec::new();
    for lo in great {
        let list = [(lo.to_string(), lo.to_string())];
        let list: Vec<(&str, &str)> = list.iter().map(|(lo, hi)| (lo.as_str(), hi.as_str())).collect();
        let of = terms(&[("l.amount", "1")]);
        for statement in [
            range(of.clone(), list[0].0, list[0].1),
            intervals(of.clone(), &list),
            json!({"equals": {"of": "l.amount", "value": list[0].0}}),
            json!({"member": {"of": "l.amount", "values": [list[0].0, "3"]}}),
        ] {
            let request = world.request(&[("l", &schema)], json!([statement]));
            digests.push(*request.digest());
            let relation = world.relation(&request);
            for (amount, credential) in great.iter().zip(&credentials) {
                let expected = if *amount == lo { Ok(()) } else { Err(PresentError::False) };
                assert_eq!(
                    can_present(&relation, &wallet.secret, &[(credential, None)]),
                    expected,
                    "{amount} {statement}"
                );
            }
        }
    }
    assert!((1..digests.len()).all(|i| !digests[..i].contains(&digests[i])));
}

/// attacks.md 10: more residuals, digits, elements, terms, intervals than there may be.
#[test]
fn requests_at_the_limits_and_beyond() {
    let equals = json!({"equals": {"of": "l.name", "value": "x"}});
    let many = |count: usize| json!(vec![equals.clone(); count]);
    // A statement makes at most one residual, so that 65 of these take 65 statements, refused before (requests_form).
    assert_eq!(compile(many(64)).unwrap().residuals().len(), 64);

    // 63 digits each, and what is left to 1,024.
    let wide = range(terms(&[("l.amount", "1")]), "0", "9223372036854775807");
    let with = |last: &str| {
        let mut list = vec![wide.clone(); 16];
        list.push(range(terms(&[("l.amount", "1")]), "0", last));
        compile(json!(list))
    };
    assert_eq!(with("65535").unwrap().digits().len(), 1024);
    let error = with("65536").map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[16].range".into(), reason: Reason::TooLarge });
    let mut list = vec![wide.clone(); 16];
    list.push(json!({"member": {"of": "l.city", "values": numbered("k", 256)}}));
    let error = compile(json!(list)).map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[16].member".into(), reason: Reason::TooLarge });
    let error = compile(json!(vec![wide; 20])).map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[16].range".into(), reason: Reason::TooLarge });

    let member = |count: usize| json!({"member": {"of": "l.city", "values": numbered("k", count)}});
    assert_eq!(compile(json!([member(4096)])).unwrap().digits().len(), 128);
    refused(member(4097), Reason::TooLong(4096));
    let one = ("l.amount", "1");
    refused(range(terms(&[one; 65]), "0", "1"), Reason::TooLong(64));
    refused(intervals(terms(&[one; 65]), &[("0", "1")]), Reason::TooLong(64));
    let list: Vec<(String, String)> =
        (0..513).map(|i| (format!("{}", 5 * i), format!("{}", 5 * i + 1))).collect();
    let list: Vec<(&str, &str)> = list.iter().map(|(lo, hi)| (lo.as_str(), hi.as_str())).collect();
    assert!(compile(json!([intervals(terms(&[one]), &list[..512])])).is_ok());
    refused(intervals(terms(&[one]), &list), Reason::TooLong(512));
}

/// attacks.md 4: coefficients and sums that would leave the integers that are represented.
#[test]
fn coefficients_and_bounds_out_of_range() {
    let min = i64::MIN.to_string();
    let max = i64::MAX.to_string();
    let huge = i128::MAX.to_string();
    let least = i128::MIN.to_string();
    for coefficient in ["0", min.as_str()] {
        refused(range(terms(&[("l.amount", coefficient)]), "0", "1"), Reason::Overflow);
        refused(intervals(terms(&[("l.amount", coefficient)]), &[("0", "1")]), Reason::Overflow);
        refused(range(terms(&[("m.amount", "1"), ("l.amount", coefficient)]), "0", "1"), Reason::Overflow);
    }
    // One term of (2^63 − 1)² is below 2^126, two are not, in either direction.
    assert!(compile(json!([range(terms(&[("l.amount", &max)]), "0", "5")])).is_ok());
    refused(range(terms(&[("l.amount", &max), ("m.amount", &max)]), "0", "5"), Reason::Overflow);
    let negative = format!("-{max}");
    refused(range(terms(&[("l.amount", &negative), ("m.amount", &negative)]), "0", "5"), Reason::Overflow);
    assert!(compile(json!([range(terms(&[("l.amount", &max), ("m.amount", &negative)]), "0", "5")])).is_ok());
    // Widths from 2^63 on, after cutting to what can be reached.
    let double = terms(&[("l.amount", "2")]);
    refused(range(double.clone(), "0", &huge), Reason::Overflow);
    refused(range(double.clone(), "0", "9223372036854775808"), Reason::Overflow);
    assert!(compile(json!([range(double.clone(), "0", "9223372036854775807")])).is_ok());
    refused(intervals(double.clone(), &[("0", "9223372036854775808")]), Reason::Overflow);
    assert!(compile(json!([range(terms(&[("l.amount", "1")]), &least, &huge)])).is_ok());
    for (lo, hi) in
        [("5", "4"), (huge.as_str(), least.as_str()), ("-9", "-1"), ("18446744073709551615", huge.as_str())]
    {
        refused(range(double.clone(), lo, hi), Reason::Empty);
        refused(intervals(double.clone(), &[(lo, hi)]), Reason::Empty);
    }
    refused(intervals(double.clone(), &[("1", "2"), ("4", "3")]), Reason::Empty);
    refused(intervals(double, &[]), Reason::Empty);
    refused(range(json!([]), "0", "1"), Reason::Empty);
    refused(range(terms(&[("l.amount", "1"), ("l.amount", "1")]), "0", "1"), Reason::Repeated);
}

/// attacks.md 4: hashes and absences have no place among integers.
#[test]
fn combinations_of_what_is_no_number() {
    for name in ["name", "city", "region", "classes", "note", "badges"] {
        let of = format!("l.{name}");
        let reason = wrong_type(&of, "date or number");
        refused(range(terms(&[(&of, "1")]), "0", "1"), reason.clone());
        refused(range(terms(&[("l.until", "1"), (&of, "-1")]), "0", "1"), reason.clone());
        refused(intervals(terms(&[(&of, "1")]), &[("0", "1")]), reason);
    }
    for name in ["seen", "score"] {
        let of = format!("l.{name}");
        refused(range(terms(&[(&of, "1")]), "0", "1"), Reason::Optional(of.clone()));
        refused(intervals(terms(&[(&of, "1")]), &[("0", "1")]), Reason::Optional(of.clone()));
    }
    // The difference of two dates that may both be absent, which would be 0.
    refused(range(terms(&[("l.seen", "1"), ("m.seen", "-1")]), "0", "0"), Reason::Optional("l.seen".into()));
    refused(json!({"date": {"of": "l.seen", "from": "today"}}), Reason::Optional("l.seen".into()));
    refused(json!({"age": {"of": "l.seen", "at_least": "1"}}), Reason::Optional("l.seen".into()));
    refused(json!({"flags": {"of": "l.badges", "all": ["G1"]}}), Reason::Optional("l.badges".into()));
}

#[test]
fn statements_about_another_type() {
    for name in ["l.amount", "l.city", "l.classes", "l.name"] {
        refused(json!({"age": {"of": name, "at_least": "18"}}), wrong_type(name, "date"));
        refused(json!({"date": {"of": name, "from": "today"}}), wrong_type(name, "date"));
    }
    for name in ["l.amount", "l.city", "l.until"] {
        refused(json!({"flags": {"of": name, "all": ["A1"]}}), wrong_type(name, "set of flags"));
        refused(json!({"not_member": {"of": name, "values": ["x"]}}), Reason::NoTable(name.into()));
    }
    for (kind, key, value) in [("equals", "value", json!("A1")), ("member", "values", json!(["A1"]))] {
        refused(json!({kind: {"of": "l.classes", key: value}}), wrong_type("l.classes", "single value"));
    }
    let wrong = |expected| Reason::Value(ValueError::WrongType { expected });
    for (name, value, reason) in [
        ("until", "2023-02-29", wrong("date")),
        ("until", "1", wrong("date")),
        ("until", "1899-12-31", Reason::Value(ValueError::OutOfBounds)),
        ("amount", "9223372036854775808", Reason::Value(ValueError::OutOfBounds)),
        ("amount", "01", wrong("uint")),
        ("amount", "-1", wrong("uint")),
        ("region", "r10", Reason::Value(ValueError::NotInTable)),
        ("city", "", Reason::Value(ValueError::Empty)),
        ("name", "a\u{7}", Reason::Value(ValueError::ControlCharacter)),
    ] {
        let of = format!("l.{name}");
        refused(json!({"equals": {"of": of, "value": value}}), reason.clone());
        refused(json!({"member": {"of": of, "values": [value]}}), reason);
    }
    refused(
        json!({"not_member": {"of": "l.region", "values": ["r10"]}}),
        Reason::Value(ValueError::NotInTable),
    );
}

#[test]
fn statements_that_say_nothing_or_contradict_themselves() {
    refused(json!({"age": {"of": "l.birth"}}), Reason::NoBound);
    refused(json!({"date": {"of": "l.until"}}), Reason::NoBound);
    refused(json!({"flags": {"of": "l.classes"}}), Reason::NoBound);
    refused(json!({"age": {"of": "l.birth", "at_least": "65535"}}), Reason::Empty);
    refused(json!({"age": {"of": "l.birth", "at_least": "300"}}), Reason::Empty);
    refused(json!({"age": {"of": "l.birth", "at_least": "40", "below": "40"}}), Reason::Empty);
    refused(json!({"date": {"of": "l.until", "from": "2026-01-02", "to": "2026-01-01"}}), Reason::Empty);
    refused(json!({"member": {"of": "l.city", "values": []}}), Reason::Empty);
    refused(json!({"not_member": {"of": "l.region", "values": []}}), Reason::Empty);
    refused(json!({"not_member": {"of": "l.region", "values": numbered("r", 10)}}), Reason::Empty);
    refused(json!({"member": {"of": "l.city", "values": ["a", "b", "a"]}}), Reason::Repeated);
    refused(json!({"member": {"of": "l.city", "values": ["caf\u{e9}", "cafe\u{301}"]}}), Reason::Repeated);
    refused(json!({"not_member": {"of": "l.region", "values": ["r1", "r1"]}}), Reason::Repeated);
    refused(json!({"flags": {"of": "l.classes", "all": ["A1"], "none": ["A1"]}}), Reason::Repeated);
    refused(json!({"flags": {"of": "l.classes", "all": ["A1"], "any": ["B1", "A1"]}}), Reason::Repeated);
    refused(json!({"flags": {"of": "l.classes", "none": ["A1"], "any": ["A1"]}}), Reason::Repeated);
    let repeated = Reason::Value(ValueError::RepeatedFlag);
    refused(json!({"flags": {"of": "l.classes", "any": ["A1", "A1"]}}), repeated);
    let unknown = Reason::Value(ValueError::UnknownFlag);
    refused(json!({"flags": {"of": "l.classes", "any": ["Z9"]}}), unknown);
}

/// attacks.md 4: `equal` of what may be absent, of two types, of one and the same.
#[test]
fn equalities_of_what_cannot_be_compared() {
    let equal = |left: &str, right: &str| json!({"equal": {"left": left, "right": right}});
    refused(equal("l.note", "m.note"), Reason::Optional("l.note".into()));
    refused(equal("l.name", "m.note"), Reason::Optional("m.note".into()));
    refused(equal("l.seen", "m.seen"), Reason::Optional("l.seen".into()));
    refused(equal("l.score", "m.amount"), Reason::Optional("l.score".into()));
    for (left, right) in
        [("l.name", "m.city"), ("l.birth", "l.amount"), ("l.classes", "l.amount"), ("l.name", "l.name")]
    {
        refused(equal(left, right), Reason::Incomparable);
    }
    // Equal classes that would put one value twice into a combination, or disclose it twice.
    let equality = equal("l.amount", "m.amount");
    let sum = range(terms(&[("l.amount", "1"), ("m.amount", "1")]), "0", "5");
    let error = compile(json!([sum, equality])).map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[0].range".into(), reason: Reason::Repeated });
    let shown = |name: &str| json!({"disclose": {"of": name}});
    let error = compile(json!([equality, shown("l.amount"), shown("m.amount")])).map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[2].disclose".into(), reason: Reason::Repeated });
    let error = compile(json!([shown("l.note"), shown("l.note")])).map(|_| ()).unwrap_err();
    assert_eq!(error, RelationError { member: "statements[1].disclose".into(), reason: Reason::Repeated });
}
