//! What a request may ask about: grades, values that are nobody's business, and questions so narrow that they are
//! disclosures in disguise.
//!
//! attacks.md, Soundness 7 (what no request can name) and 13 (the part that is in the relation).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::date::Date;
use glimpse_circuits::relation::{Reason, Relation, RelationError};
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::World;
use glimpse_fixtures::schemas::{all_types, attribute, flags, numbered, schema, second};
use serde_json::{Value as Json, json};

fn compile_with(schemas: [Arc<Schema>; 2], statements: Json) -> Result<Relation, RelationError> {
    let mut world = World::new(1, &schemas);
    let [l, m] = &schemas;
    let json = world.request_json(&[("l", l), ("m", m)], statements, "token");
    Relation::compile(Arc::new(Request::from_json(&json.to_string()).unwrap()), &world.registry)
}

/// `l` is a licence of `all_types`, `m` one of `second`.
fn compile(statements: Json) -> Result<Relation, RelationError> {
    compile_with([all_types(), second()], statements)
}

fn refused(statements: Json, member: &str, reason: Reason) {
    let error = compile(statements.clone()).map(|_| ()).expect_err(&statements.to_string());
    assert_eq!(error, RelationError { member: member.into(), reason }, "{statements}");
}

/// Expects a request to be refused for leaving `choices` values of an attribute, where `least` must be left.
fn narrow(statements: Json, name: &str, choices: u128, least: u64) {
    refused(statements, "statements", Reason::Narrow { name: name.into(), choices, least });
}

fn range(name: &str, lo: u64, hi: u64) -> Json {
    let of = json!([{"attribute": name, "coefficient": "1"}]);
    json!({"range": {"of": of, "lo": lo.to_string(), "hi": hi.to_string()}})
}

fn day(text: &str) -> u64 {
    text.parse::<Date>().unwrap().days().into()
}

/// Every kind of statement about an attribute.
fn about(name: &str) -> Vec<Json> {
    let of = json!([{"attribute": name, "coefficient": "1"}]);
    vec![
        json!({"disclose": {"of": name}}),
        json!({"range": {"of": of, "lo": "0", "hi": "9"}}),
        json!({"age": {"of": name, "at_least": "18"}}),
        json!({"date": {"of": name, "from": "today"}}),
        json!({"equals": {"of": name, "value": "x"}}),
        json!({"member": {"of": name, "values": ["x", "y"]}}),
        json!({"not_member": {"of": name, "values": ["x"]}}),
        json!({"intervals": {"of": of, "intervals": [{"lo": "0", "hi": "9"}]}}),
        json!({"flags": {"of": name, "any": ["x"]}}),
        json!({"equal": {"left": name, "right": "l.name"}}),
        json!({"equal": {"left": "l.name", "right": name}}),
    ]
}

fn kind(statement: &Json) -> &str {
    statement.as_object().unwrap().keys().next().unwrap()
}

/// attacks.md 7: link secret, blinding and handle have no name, under any spelling.
#[test]
fn what_is_no_attribute_cannot_be_named() {
    for name in ["link_secret", "blinding", "handle", "s", "t", "h", "h_0", "h_1", "h_2", "domain", "e"] {
        for statement in about(&format!("l.{name}")) {
            let member = format!("statements[0].{}", kind(&statement));
            refused(json!([statement]), &member, Reason::UnknownAttribute(name.into()));
        }
    }
    for statement in about("x.name") {
        let member = format!("statements[0].{}", kind(&statement));
        refused(json!([statement]), &member, Reason::UnknownCredential("x".into()));
    }
}

#[test]
fn what_never_leaves_the_wallet_cannot_be_asked_about() {
    for statement in about("l.diary") {
        let member = format!("statements[0].{}", kind(&statement));
        refused(json!([statement]), &member, Reason::Never("l.diary".into()));
    }
}

#[test]
fn what_is_for_predicates_only_is_not_disclosed() {
    let disclose = |name: &str| json!({"disclose": {"of": name}});
    let equal = |left: &str, right: &str| json!({"equal": {"left": left, "right": right}});
    let not = |name: &str| Reason::NotDisclosed(name.into());
    for name in ["l.birth", "l.level", "l.serial", "l.stamp", "m.born"] {
        refused(json!([disclose(name)]), "statements[0].disclose", not(name));
    }
    // Nor through something equal to it, however many equalities that takes and in whatever order they stand.
    refused(
        json!([equal("l.name", "l.serial"), disclose("l.name")]),
        "statements[1].disclose",
        not("l.serial"),
    );
    refused(
        json!([disclose("l.name"), equal("l.serial", "l.name")]),
        "statements[0].disclose",
        not("l.serial"),
    );
    let chain = json!([equal("l.serial", "m.owner"), disclose("l.name"), equal("m.owner", "l.name")]);
    refused(chain, "statements[1].disclose", not("l.serial"));
    refused(
        json!([equal("l.until", "m.born"), disclose("l.until")]),
        "statements[1].disclose",
        not("m.born"),
    );
    assert!(compile(json!([equal("l.name", "m.owner"), disclose("m.owner")])).is_ok());
}

/// One value left is a disclosure, whatever the statement is called.
#[test]
fn narrow_questions_about_predicate_attributes() {
    let equals = |name: &str, value: &str| json!({"equals": {"of": name, "value": value}});
    let member = |name: &str, values: &[&str]| json!({"member": {"of": name, "values": values}});
    narrow(json!([equals("l.birth", "1990-05-17")]), "l.birth", 1, 2);
    narrow(json!([equals("l.tier", "t2")]), "l.tier", 1, 2);
    narrow(json!([member("l.tier", &["t2"])]), "l.tier", 1, 2);
    narrow(json!([{"not_member": {"of": "l.tier", "values": ["t0", "t1", "t3", "t4"]}}]), "l.tier", 1, 2);
    narrow(json!([range("l.level", 15, 15)]), "l.level", 1, 2);
    narrow(json!([range("l.level", 20, 99)]), "l.level", 1, 2);
    narrow(json!([range("l.level", 0, 10)]), "l.level", 1, 2);
    assert!(compile(json!([range("l.level", 15, 16)])).is_ok());
    assert!(compile(json!([member("l.tier", &["t2", "t3"])])).is_ok());

    // Two statements that leave one value between them.
    narrow(json!([range("l.level", 10, 15), range("l.level", 15, 20)]), "l.level", 1, 2);
    let (a, b) = (member("l.tier", &["t0", "t1", "t2"]), member("l.tier", &["t2", "t3", "t4"]));
    narrow(json!([a.clone(), b]), "l.tier", 1, 2);
    narrow(json!([a, {"not_member": {"of": "l.tier", "values": ["t1", "t2"]}}]), "l.tier", 1, 2);
    refused(json!([range("l.level", 10, 14), range("l.level", 15, 20)]), "statements", Reason::Empty);
    // On two names for one value.
    let equal = json!({"equal": {"left": "l.birth", "right": "m.born"}});
    let (d, e) = (day("1990-01-01"), day("1991-01-01"));
    narrow(json!([equal, range("l.birth", d, e), range("m.born", e, e + 9)]), "l.birth", 1, 2);
    let equal = json!({"equal": {"left": "l.birth", "right": "l.until"}});
    narrow(json!([equal, {"equals": {"of": "l.until", "value": "1990-05-17"}}]), "l.birth", 1, 2);
    // With a coefficient: 3·level in 44…47 is 15.
    let of = json!([{"attribute": "l.level", "coefficient": "3"}]);
    narrow(json!([{"range": {"of": of, "lo": "43", "hi": "47"}}]), "l.level", 1, 2);
    let of = json!([{"attribute": "l.level", "coefficient": "-3"}]);
    narrow(json!([{"range": {"of": of, "lo": "-47", "hi": "-43"}}]), "l.level", 1, 2);
}

/// A real name among invented ones is as good as the name alone.
#[test]
fn free_text_for_predicates_is_compared_with_attributes_only() {
    let free_text = || Reason::FreeText("l.serial".into());
    for values in [vec!["S-0042"], vec!["S-0042", "S-0043", "S-0044"]] {
        let member = json!({"member": {"of": "l.serial", "values": values}});
        refused(json!([member]), "statements[0].member", free_text());
    }
    refused(json!([{"equals": {"of": "l.serial", "value": "x"}}]), "statements[0].equals", free_text());
    assert!(compile(json!([{"equal": {"left": "l.serial", "right": "m.owner"}}])).is_ok());
}

/// Masks are compared bit by bit, so both sides must give the bits the same meaning.
#[test]
fn flags_of_different_lists_are_not_compared() {
    for (left, right) in [("l.classes", "m.bits"), ("m.single", "m.bits")] {
        let statement = json!({"equal": {"left": left, "right": right}});
        refused(json!([statement]), "statements[0].equal", Reason::DifferentFlags);
    }
}

/// An attribute may ask for more than two.
#[test]
fn fewer_choices_than_declared() {
    let d = day("2020-01-01");
    let (lo, hi) = (d.to_string(), (d + 363).to_string());
    assert!(compile(json!([range("l.stamp", d, d + 364)])).is_ok());
    narrow(json!([range("l.stamp", d, d + 363)]), "l.stamp", 364, 365);
    narrow(
        json!([{"date": {"of": "l.stamp", "from": "2020-01-01", "to": "2020-12-29"}}]),
        "l.stamp",
        364,
        365,
    );
    narrow(json!([{"member": {"of": "l.stamp", "values": ["2020-01-01", "2020-01-02"]}}]), "l.stamp", 2, 365);
    let stamp = json!([{"attribute": "l.stamp", "coefficient": "1"}]);
    narrow(json!([{"intervals": {"of": stamp, "intervals": [{"lo": lo, "hi": hi}]}}]), "l.stamp", 364, 365);
    let halves = json!([{"lo": d.to_string(), "hi": (d + 99).to_string()}, {"lo": (d + 900).to_string(), "hi": (d + 999).to_string()}]);
    narrow(json!([{"intervals": {"of": stamp, "intervals": halves}}]), "l.stamp", 200, 365);
    // An age of one year is 365 days, or 366.
    assert!(compile(json!([{"age": {"of": "l.stamp", "at_least": "5", "below": "6"}}])).is_ok());
    // At a known distance from something that is shown.
    let of =
        json!([{"attribute": "l.stamp", "coefficient": "1"}, {"attribute": "l.until", "coefficient": "-1"}]);
    let near = json!({"range": {"of": of, "lo": "-5", "hi": "5"}});
    narrow(json!([near, {"disclose": {"of": "l.until"}}]), "l.stamp", 11, 365);
}

/// What may be disclosed may be asked about as narrowly as one likes, and the holder is told.
#[test]
fn narrow_questions_about_other_attributes_are_listed() {
    let listed = |statements: Json| -> Vec<String> {
        compile(statements).unwrap().revealing().iter().map(ToString::to_string).collect()
    };
    assert_eq!(listed(json!([range("l.amount", 7, 7)])), ["l.amount"]);
    assert_eq!(listed(json!([range("l.amount", 7, 8)])), Vec::<String>::new());
    assert_eq!(listed(json!([range("l.amount", 0, 7), range("l.amount", 7, 9)])), ["l.amount"]);
    assert_eq!(listed(json!([{"equals": {"of": "l.city", "value": "x"}}])), ["l.city"]);
    assert_eq!(listed(json!([{"disclose": {"of": "l.city"}}])), Vec::<String>::new());
    let all: Vec<String> = ["A1", "A2", "B1", "B2", "C1"].map(String::from).to_vec();
    assert_eq!(listed(json!([{"flags": {"of": "l.classes", "all": all}}])), Vec::<String>::new());
    assert_eq!(listed(json!([{"flags": {"of": "l.classes", "all": all, "none": ["C2"]}}])), ["l.classes"]);
    assert_eq!(listed(json!([{"flags": {"of": "l.classes", "all": all, "any": ["C2"]}}])), ["l.classes"]);
    assert_eq!(listed(json!([{"not_member": {"of": "l.region", "values": numbered("r", 9)}}])), ["l.region"]);
}

/// A set and a range on the same value, each of them wide.
#[test]
fn narrow_by_a_set_and_a_range() {
    let member = json!({"member": {"of": "l.level", "values": ["10", "12", "14", "16"]}});
    narrow(json!([member, range("l.level", 16, 20)]), "l.level", 1, 2);
}

/// 1000·birth + level in a range of 11 values: level has 11 of them, so birth has one.
#[test]
fn narrow_by_a_combination_with_a_great_coefficient() {
    let d = day("1990-05-17");
    let of = json!([{"attribute": "l.birth", "coefficient": "1000"}, {"attribute": "l.level", "coefficient": "1"}]);
    let statement =
        json!({"range": {"of": of, "lo": (1000 * d + 10).to_string(), "hi": (1000 * d + 20).to_string()}});
    let error = compile(json!([statement])).map(|_| ()).expect_err("birth is as good as disclosed");
    assert!(matches!(&error.reason, Reason::Narrow { name, .. } if name == "l.birth"), "{error}");
}

/// Among 1,999 numbers there are two multiples of 1,000 where the level lies right, and otherwise one.
#[test]
fn narrow_by_a_combination_that_leaves_two_by_luck_only() {
    let d = day("1990-05-17");
    let of = json!([{"attribute": "l.birth", "coefficient": "1000"}, {"attribute": "l.level", "coefficient": "1"}]);
    let range = |width: u64| json!([{"range": {"of": of, "lo": (1000 * d).to_string(), "hi": (1000 * d + width).to_string()}}]);
    let error = compile(range(1998)).map(|_| ()).expect_err("one too few for nearly all levels");
    assert!(matches!(&error.reason, Reason::Narrow { name, .. } if name == "l.birth"), "{error}");
    assert!(compile(range(1999)).is_ok());
}

/// The same interval many times over is one interval.
#[test]
fn narrow_by_intervals_that_repeat() {
    let d = day("2020-01-01");
    let mut list = vec![json!({"lo": d.to_string(), "hi": d.to_string()}); 364];
    list.push(json!({"lo": (d + 1000).to_string(), "hi": (d + 1000).to_string()}));
    let of = json!([{"attribute": "l.stamp", "coefficient": "1"}]);
    narrow(json!([{"intervals": {"of": of, "intervals": list}}]), "l.stamp", 2, 365);
}

/// 1000·stamp in two intervals of 1,000 values each: two days.
#[test]
fn narrow_by_intervals_of_a_multiple() {
    let d = day("2020-01-01");
    let interval = |d: u64| json!({"lo": (1000 * d).to_string(), "hi": (1000 * d + 999).to_string()});
    let of = json!([{"attribute": "l.stamp", "coefficient": "1000"}]);
    narrow(
        json!([{"intervals": {"of": of, "intervals": [interval(d), interval(d + 900)]}}]),
        "l.stamp",
        2,
        365,
    );
}

/// "One of these two" and "not the first" is "the second".
#[test]
fn narrow_by_flags_in_two_statements() {
    let kinds = vec![attribute("f", flags(&numbered("f", 2)), true, "predicate")];
    let of_flags = schema("test.flags", "holder", kinds);
    let first = json!({"flags": {"of": "l.f", "any": ["f0", "f1"]}});
    let second_one = json!({"flags": {"of": "l.f", "none": ["f0"]}});
    let result = compile_with([of_flags, second()], json!([first, second_one])).map(|_| ());
    let error = result.expect_err("both flags are known");
    assert!(matches!(&error.reason, Reason::Narrow { name, .. } if name == "l.f"), "{error}");
}
