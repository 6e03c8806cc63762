use serde_json::{Value, json};

use super::*;

fn policy(licences: Value, statements: Value) -> Policy {
    let purpose = json!({ "zh-CN": "x", "en": "x" });
    serde_json::from_value(json!({ "purpose": purpose, "licences": licences, "statements": statements }))
        .unwrap()
}

fn licences() -> Value {
    json!([
        { "id": "l", "schema": "cn.licence", "check": "token" },
        { "id": "c", "schema": "cn.card", "check": "keyed" },
    ])
}

/// The members that are refused, in order.
fn refused(registration: &Registration, statements: Value) -> Vec<String> {
    let policy = policy(licences(), statements);
    let refusals = registration.refusals(&Ask::of_policy(&policy, "at."));
    refusals.into_iter().map(|refusal| refusal.field).collect()
}

fn only(names: &[&str]) -> Allowed<String> {
    Allowed::Only(names.iter().map(|name| (*name).to_owned()).collect())
}

/// One of each kind, with the attributes it uses.
fn each_kind() -> Vec<(StatementKind, Value, Vec<&'static str>)> {
    let term = |of: &str| json!({ "attribute": of, "coefficient": "1" });
    vec![
        (StatementKind::Disclose, json!({ "disclose": { "of": "l.a" } }), vec!["of"]),
        (
            StatementKind::Range,
            json!({ "range": { "of": [term("l.a"), term("c.b")], "lo": "0", "hi": "1" } }),
            vec!["of[0].attribute", "of[1].attribute"],
        ),
        (StatementKind::Age, json!({ "age": { "of": "l.a", "at_least": "18" } }), vec!["of"]),
        (StatementKind::Date, json!({ "date": { "of": "l.a", "from": "today" } }), vec!["of"]),
        (StatementKind::Equals, json!({ "equals": { "of": "l.a", "value": "x" } }), vec!["of"]),
        (StatementKind::Member, json!({ "member": { "of": "l.a", "values": ["x"] } }), vec!["of"]),
        (StatementKind::NotMember, json!({ "not_member": { "of": "l.a", "values": ["x"] } }), vec!["of"]),
        (
            StatementKind::Intervals,
            json!({ "intervals": { "of": [term("c.b"), term("l.a")], "intervals": [] } }),
            vec!["of[0].attribute", "of[1].attribute"],
        ),
        (StatementKind::Flags, json!({ "flags": { "of": "l.a", "any": ["x"] } }), vec!["of"]),
        (StatementKind::Equal, json!({ "equal": { "left": "l.a", "right": "c.b" } }), vec!["left", "right"]),
        (StatementKind::NotRevoked, json!({ "not_revoked": { "credential": "l", "max_age": "60" } }), vec![]),
    ]
}

#[test]
fn every_kind_needs_its_name_and_each_of_its_attributes() {
    let kinds = each_kind();
    assert_eq!(kinds.len(), StatementKind::ALL.len());
    for (kind, statement, members) in kinds {
        // The name of the kind is that of the wire format.
        assert!(statement.get(kind.name()).is_some());
        let at = format!("at.statements[0].{}", kind.name());
        let statements = json!([statement]);
        let anything = Registration::anything();
        assert!(refused(&anything, statements.clone()).is_empty());
        let others = StatementKind::ALL.into_iter().filter(|other| *other != kind).collect();
        let without = Registration { statements: Allowed::Only(others), ..anything.clone() };
        assert_eq!(refused(&without, statements.clone()), [at.as_str()]);
        let exactly = Registration { statements: Allowed::Only(vec![kind]), ..anything.clone() };
        assert!(refused(&exactly, statements.clone()).is_empty());

        let all: Vec<_> = members.iter().map(|member| format!("{at}.{member}")).collect();
        let no_attribute = match kind {
            StatementKind::Disclose => Registration { disclose: Allowed::default(), ..anything.clone() },
            _ => Registration { prove: Allowed::default(), ..anything.clone() },
        };
        assert_eq!(refused(&no_attribute, statements.clone()), all);
        // What may be disclosed may not therefore be proven about, nor the other way round.
        let the_other = match kind {
            StatementKind::Disclose => Registration { prove: Allowed::default(), ..anything.clone() },
            _ => Registration { disclose: Allowed::default(), ..anything.clone() },
        };
        assert!(refused(&the_other, statements.clone()).is_empty());
        if members.len() == 2 {
            let one = Registration { prove: only(&["cn.licence.a", "cn.licence.b"]), ..anything };
            assert_eq!(refused(&one, statements).len(), 1);
        }
    }
}

#[test]
fn nothing_registered_is_nothing_allowed_and_everything_is_named_at_once() {
    let statements = json!([
        { "age": { "of": "l.birth", "at_least": "18" } },
        { "disclose": { "of": "c.name" } },
    ]);
    let expected = [
        "at.licences[0].schema",
        "at.licences[0].check",
        "at.licences[1].schema",
        "at.licences[1].check",
        "at.statements[0].age",
        "at.statements[0].age.of",
        "at.statements[1].disclose",
        "at.statements[1].disclose.of",
    ];
    assert_eq!(refused(&Registration::default(), statements), expected);
}

#[test]
fn an_attribute_is_that_of_its_schema() {
    let registration =
        Registration { disclose: only(&["cn.licence.a", "cn.card.b"]), ..Registration::anything() };
    let disclose = |of: &str| refused(&registration, json!([{ "disclose": { "of": of } }])).len();
    assert_eq!([disclose("l.a"), disclose("c.b"), disclose("l.b"), disclose("c.a")], [0, 0, 1, 1]);
    // A licence that is not asked for has no schema.
    assert_eq!([disclose("x.a"), disclose("cn.a")], [1, 1]);
}

#[test]
fn what_equals_a_disclosed_value_is_disclosed() {
    let registration = Registration { disclose: only(&["cn.licence.a"]), ..Registration::anything() };
    let equal = |left: &str, right: &str| json!({ "equal": { "left": left, "right": right } });
    let disclose = json!({ "disclose": { "of": "l.a" } });
    assert!(refused(&registration, json!([equal("l.a", "c.b")])).is_empty());
    assert_eq!(
        refused(&registration, json!([equal("l.a", "c.b"), disclose])),
        ["at.statements[0].equal.right"]
    );
    // By one in between, in whatever order.
    assert_eq!(
        refused(&registration, json!([equal("c.d", "c.b"), disclose, equal("c.b", "l.a")])),
        ["at.statements[2].equal.left", "at.statements[0].equal.left"]
    );
    assert!(refused(&registration, json!([equal("c.d", "c.b"), disclose])).is_empty());
}

#[test]
fn reasons_say_what_is_registered_and_not_what_was_sent() {
    let registration = Registration {
        schemas: only(&["cn.card"]),
        disclose: only(&["cn.card.name", "cn.other.x"]),
        prove: Allowed::Any,
        statements: Allowed::Only(vec![StatementKind::Age, StatementKind::Disclose]),
        checks: Allowed::Only(vec![CheckKind::Token]),
    };
    let statements =
        json!([{ "disclose": { "of": "c.secret_wish" } }, { "flags": { "of": "c.secret_wish" } }]);
    let policy = policy(licences(), statements);
    let refusals = registration.refusals(&Ask::of_policy(&policy, ""));
    let said: Vec<_> = refusals.iter().map(|r| format!("{} {}", r.field, r.reason)).collect();
    assert_eq!(
        said,
        [
            "licences[0].schema may not be asked for; registered: cn.card",
            "licences[1].check may not be asked for; registered: token",
            "statements[0].disclose.of may not be disclosed; registered: cn.card.name",
            "statements[1].flags is a kind of statement that may not be made; registered: disclose, age",
        ]
    );
}
