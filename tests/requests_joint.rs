//! Questions that are narrow only together: across statements, across equal attributes, across two credentials that
//! one credential may answer for. And lists and numbers that are too long to be answered.
//!
//! attacks.md, Soundness 10 and 13 (the part that is in the relation).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::relation::{Reason, Relation, RelationError};
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::World;
use glimpse_fixtures::schemas::{all_types, attribute, schema};
use serde_json::{Value as Json, json};

fn compile(credentials: &[(&str, &Arc<Schema>)], statements: Json) -> Result<Relation, RelationError> {
    let schemas: Vec<Arc<Schema>> = credentials.iter().map(|(_, schema)| (*schema).clone()).collect();
    let mut world = World::new(1, &schemas);
    let named: Vec<(&str, &Schema)> = credentials.iter().map(|(id, schema)| (*id, schema.as_ref())).collect();
    let json = world.request_json(&named, statements, "token");
    Relation::compile(Arc::new(Request::from_json(&json.to_string()).unwrap()), &world.registry)
}

fn reason(credentials: &[(&str, &Arc<Schema>)], statements: Json) -> Reason {
    compile(credentials, statements.clone()).map(|_| ()).expect_err(&statements.to_string()).reason
}

/// About two licences of one kind, each with three digits that only predicates may be about.
fn compile_twins(statements: Json) -> Result<Relation, RelationError> {
    let digit = json!({"uint": {"min": "0", "max": "9"}});
    let kinds = ["x", "y", "z"].map(|name| attribute(name, digit.clone(), true, "predicate"));
    let twin = schema("test.twin", "holder", kinds.to_vec());
    compile(&[("a", &twin), ("b", &twin)], statements)
}

fn dates(name: &str, from: &str, to: &str) -> Json {
    json!({"date": {"of": name, "from": from, "to": to}})
}

fn intervals(name: &str, intervals: &[(u32, u32)]) -> Json {
    let intervals: Vec<Json> =
        intervals.iter().map(|(lo, hi)| json!({"lo": lo.to_string(), "hi": hi.to_string()})).collect();
    json!({"intervals": {"of": [{"attribute": name, "coefficient": "1"}], "intervals": intervals}})
}

#[test]
fn two_lists_of_intervals_that_meet_in_one_value() {
    let all = all_types();
    let statements =
        json!([intervals("l.level", &[(10, 12), (15, 16)]), intervals("l.level", &[(13, 15), (18, 20)])]);
    let expected = Reason::Narrow { name: "l.level".into(), choices: 1, least: 2 };
    assert_eq!(reason(&[("l", &all)], statements), expected);
}

#[test]
fn two_credentials_that_may_be_one() {
    let all = all_types();
    let both = [("a", &all), ("b", &all)];
    let narrow =
        json!([dates("a.stamp", "2019-03-01", "2020-02-29"), dates("b.stamp", "2020-02-29", "2021-02-27")]);
    let expected = Reason::Narrow { name: "a.stamp".into(), choices: 1, least: 365 };
    assert_eq!(reason(&both, narrow), expected);
    // Ranges that do not meet cannot be about one credential.
    let apart =
        json!([dates("a.stamp", "2018-01-01", "2019-12-31"), dates("b.stamp", "2020-01-01", "2021-12-31")]);
    compile(&both, apart).unwrap();
}

#[test]
fn an_equality_that_says_more_than_that() {
    let uint = |min: &str, max: &str| json!({"uint": {"min": min, "max": max}});
    let left = schema("test.left", "holder", vec![attribute("x", uint("0", "5"), true, "predicate")]);
    let right = schema("test.right", "holder", vec![attribute("x", uint("5", "9"), true, "predicate")]);
    let statements = json!([{"equal": {"left": "a.x", "right": "b.x"}}]);
    let expected = Reason::Narrow { name: "a.x".into(), choices: 1, least: 2 };
    assert_eq!(reason(&[("a", &left), ("b", &right)], statements), expected);
}

#[test]
fn lists_of_other_codes_are_bounded() {
    let all = all_types();
    let values = vec!["r1"; 4097];
    assert_eq!(
        reason(&[("l", &all)], json!([{"not_member": {"of": "l.region", "values": values}}])),
        Reason::TooLong(4096)
    );
}

#[test]
fn the_widest_combination_does_not_overflow() {
    let uint = |max: u64| json!({"uint": {"min": "0", "max": max.to_string()}});
    let wide = (1u64 << 63) - 1;
    let attributes = [("a", wide), ("b", wide), ("c", 1), ("d", wide), ("e", wide), ("f", 1)];
    let attributes = attributes.map(|(name, max)| attribute(name, uint(max), true, "disclose"));
    let schema = schema("test.wide", "holder", attributes.to_vec());
    let coefficients = [wide as i64, 2, 1, -(wide as i64), -2, -1];
    let of: Vec<Json> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .zip(coefficients)
        .map(|(name, coefficient)| json!({"attribute": format!("l.{name}"), "coefficient": coefficient.to_string()}))
        .collect();
    for intervals in [
        json!({"range": {"of": of, "lo": i128::MIN.to_string(), "hi": i128::MAX.to_string()}}),
        json!({"intervals": {"of": of, "intervals": [{"lo": i128::MIN.to_string(), "hi": i128::MAX.to_string()}]}}),
    ] {
        assert_eq!(reason(&[("l", &schema)], json!([intervals])), Reason::Overflow);
    }
}

#[test]
fn invisible_characters_do_not_reach_the_holder() {
    let all = all_types();
    for text in ["上\u{202E}海", "上\u{200B}海", "上\u{061C}海", "上\u{00AD}海", "上\n海"] {
        let refused = reason(&[("l", &all)], json!([{"equals": {"of": "l.city", "value": text}}]));
        assert!(matches!(refused, Reason::Value(_)), "{text:?}");
    }
}

/// Hidden text that is equal to text that may be shown is still hidden: a list about the one is a list about the other.
#[test]
fn hidden_text_by_way_of_an_equality() {
    let text = || json!({"text": {"max_chars": "64"}});
    let hidden = schema("test.hidden", "holder", vec![attribute("number", text(), true, "predicate")]);
    let open = schema("test.open", "holder", vec![attribute("number", text(), true, "disclose")]);
    let both = [("a", &hidden), ("b", &open)];
    let equal = json!({"equal": {"left": "a.number", "right": "b.number"}});
    for about in [
        json!({"member": {"of": "b.number", "values": ["11010519491231002X", "junk"]}}),
        json!({"equals": {"of": "b.number", "value": "11010519491231002X"}}),
    ] {
        assert_eq!(reason(&both, json!([equal, about])), Reason::FreeText("a.number".into()), "{about}");
        // Without the equality it is about the open one alone.
        compile(&both, json!([about])).unwrap();
    }
}

/// A sum over two credentials that one credential may answer twice: then it is twice the value.
#[test]
fn a_sum_over_credentials_that_may_be_one() {
    let of = |coefficients: [&str; 2]| json!([{"attribute": "a.x", "coefficient": coefficients[0]}, {"attribute": "b.x", "coefficient": coefficients[1]}]);
    let range = |coefficients, hi: &str| json!([{"range": {"of": of(coefficients), "lo": "10", "hi": hi}}]);
    let error = compile_twins(range(["1", "1"], "11")).map(|_| ()).expect_err("2·x is 10 or 11");
    assert!(matches!(&error.reason, Reason::Narrow { choices: 1, .. }), "{error}");
    assert!(compile_twins(range(["1", "1"], "13")).is_ok());
    assert!(compile_twins(range(["3", "-2"], "14")).map(|_| ()).is_err());
    assert!(compile_twins(range(["3", "-2"], "15")).is_ok());
}

/// The same across an equality: if one credential answers for both, x is y, and the two ranges meet in one value.
#[test]
fn a_chain_of_credentials_that_may_be_one() {
    let range = |name: &str, lo: &str, hi: &str| json!({"range": {"of": [{"attribute": name, "coefficient": "1"}], "lo": lo, "hi": hi}});
    let equal = json!({"equal": {"left": "a.x", "right": "b.y"}});
    let narrow = json!([equal, range("a.y", "0", "5"), range("b.x", "5", "9")]);
    let error = compile_twins(narrow).map(|_| ()).expect_err("x = y = 5");
    assert!(matches!(&error.reason, Reason::Narrow { choices: 1, .. }), "{error}");
    assert!(compile_twins(json!([equal, range("a.y", "0", "6"), range("b.x", "5", "9")])).is_ok());
    // Here no class is next to both that the ranges are about: b.x, a.x = b.y, a.y = b.z, a.z.
    let further = json!({"equal": {"left": "a.y", "right": "b.z"}});
    let narrow = json!([equal, further, range("a.z", "0", "5"), range("b.x", "5", "9")]);
    let error = compile_twins(narrow).map(|_| ()).expect_err("x = y = z = 5");
    assert!(matches!(&error.reason, Reason::Narrow { choices: 1, .. }), "{error}");
    assert!(compile_twins(json!([equal, further, range("a.z", "0", "6"), range("b.x", "5", "9")])).is_ok());
}
