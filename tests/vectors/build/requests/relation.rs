//! Requests of good form that nobody answers.

use std::sync::Arc;

use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_fixtures::schemas::numbered;
use serde_json::{Value as Json, json};

use super::{MAX, narrow};
use crate::build::ask::{
    Ask, disclose, equal, equals, flags, intervals, member, not_member, range, range_of,
};
use crate::format::InvalidRequest;
use crate::scene::{SECOND, STRANGER, Scene, UNKNOWN_SCHEMA};

/// Requests of good form that nobody answers. The word before the reason is the product's own name for it.
pub(super) fn all(scene: &Scene) -> Vec<InvalidRequest> {
    let mut all = Vec::new();
    let mut refuse = |ask: Ask, word: &str, reason: &str| all.push(refused(scene, &ask, word, reason));
    unknown(&mut refuse);
    forbidden(&mut refuse);
    meaningless(&mut refuse);
    narrow::too_large(&mut refuse);
    narrow::narrow(&mut refuse);
    all
}

/// Makes sure that the request is refused for this reason.
pub(super) fn refused(scene: &Scene, ask: &Ask, word: &str, reason: &str) -> InvalidRequest {
    let request = Request::from_json(&ask.json(scene).to_string());
    let request = request.unwrap_or_else(|error| panic!("{}: {error}", ask.name));
    let canonical = String::from_utf8(request.to_canonical_json().unwrap()).unwrap();
    let error = Relation::compile(Arc::new(request), &scene.registry).map(|_| ()).expect_err(&ask.name);
    let found = format!("{:?}", error.reason);
    assert!(found.starts_with(word), "{}: {found}", ask.name);
    InvalidRequest {
        name: ask.name.clone(),
        json: canonical,
        stage: "relation".to_owned(),
        reason: reason.to_owned(),
    }
}

pub(super) type Refuse<'a> = &'a mut dyn FnMut(Ask, &str, &str);

fn unknown(refuse: Refuse<'_>) {
    refuse(
        Ask::new("an unknown schema", &[("l", UNKNOWN_SCHEMA)], json!([])),
        "UnknownSchema",
        "the registry does not have it",
    );
    refuse(
        Ask::l("an unknown key alone", json!([])).issuers(&[STRANGER]),
        "UnknownIssuer",
        "the registry does not have it",
    );
    let firm = Ask::new("a key that does not issue this schema", &[("l", "cn.business_licence")], json!([]));
    refuse(firm.issuers(&[SECOND]), "UnknownIssuer", "the registry has it for other schemas");
    refuse(
        Ask::l("an unknown credential", json!([disclose("m.name")])),
        "UnknownCredential",
        "the request has no `m`",
    );
    refuse(
        Ask::l("an unknown attribute", json!([disclose("l.height")])),
        "UnknownAttribute",
        "the schema has no `height`",
    );
    refuse(
        Ask::l("the link secret", json!([disclose("l.link_secret")])),
        "UnknownAttribute",
        "it has no name",
    );
    refuse(Ask::l("the handle", json!([equals("l.h_2", "1")])), "UnknownAttribute", "it has no name");
}

fn forbidden(refuse: Refuse<'_>) {
    let never = "`diary` is graded never";
    for (kind, statement) in [
        ("disclose", disclose("l.diary")),
        ("equals", equals("l.diary", "x")),
        ("member", member("l.diary", &["x", "y"])),
        ("equal", equal("l.name", "l.diary")),
    ] {
        refuse(
            Ask::l(&format!("{kind} of an attribute that never leaves"), json!([statement])),
            "Never",
            never,
        );
    }
    let predicate = "the attribute is for predicates";
    refuse(
        Ask::l("a date for predicates disclosed", json!([disclose("l.birth")])),
        "NotDisclosed",
        predicate,
    );
    refuse(
        Ask::l("a text for predicates disclosed", json!([disclose("l.serial")])),
        "NotDisclosed",
        predicate,
    );
    refuse(Ask::l("a code for predicates disclosed", json!([disclose("l.tier")])), "NotDisclosed", predicate);
    refuse(
        Ask::l("disclosed by way of an equality", json!([equal("l.name", "l.serial"), disclose("l.name")])),
        "NotDisclosed",
        "`serial`, which is for predicates, is equal to what is disclosed",
    );
    let both = [("l", "test.all"), ("m", "test.second")];
    refuse(
        Ask::new(
            "disclosed by way of two equalities",
            &both,
            json!([equal("l.serial", "m.owner"), disclose("l.name"), equal("m.owner", "l.name")]),
        ),
        "NotDisclosed",
        "`serial`, which is for predicates, is equal to what is disclosed",
    );
    let free = "text for predicates without a code table is compared with attributes only";
    refuse(Ask::l("a text for predicates compared", json!([equals("l.serial", "S-0042")])), "FreeText", free);
    refuse(
        Ask::l("a text for predicates in a list", json!([member("l.serial", &["S-0042", "x"])])),
        "FreeText",
        free,
    );
    refuse(
        Ask::new(
            "a text equal to one for predicates compared",
            &[("l", "test.narrow")],
            json!([equal("l.hidden", "l.open"), equals("l.open", "x")]),
        ),
        "FreeText",
        free,
    );
    let optional = "an absent value has no place among integers";
    refuse(
        Ask::l("an optional date in a range", json!([{"date": {"of": "l.seen", "from": "today"}}])),
        "Optional",
        optional,
    );
    refuse(Ask::l("an optional number in a range", json!([range("l.score", 0, 9)])), "Optional", optional);
    refuse(
        Ask::l("an optional date's age", json!([{"age": {"of": "l.seen", "at_least": "1"}}])),
        "Optional",
        optional,
    );
    refuse(
        Ask::l("an optional number in intervals", json!([intervals("l.score", &[(0, 9)])])),
        "Optional",
        optional,
    );
    refuse(Ask::l("optional flags", json!([flags("l.badges", &["G1"], &[], &[])])), "Optional", optional);
    refuse(
        Ask::new(
            "optional attributes equated",
            &[("l", "test.all"), ("m", "test.all")],
            json!([equal("l.note", "m.note")]),
        ),
        "Optional",
        "two absent values would be equal",
    );
    refuse(
        Ask::l("different types equated", json!([equal("l.birth", "l.amount")])),
        "Incomparable",
        "a date and a number",
    );
    refuse(
        Ask::l("a code and a text equated", json!([equal("l.name", "l.city")])),
        "Incomparable",
        "a text and a code",
    );
    refuse(
        Ask::l("an attribute equated with itself", json!([equal("l.name", "l.name")])),
        "Incomparable",
        "two attributes are needed",
    );
    refuse(
        Ask::new("flags of different lists equated", &both, json!([equal("l.classes", "m.bits")])),
        "DifferentFlags",
        "bits would mean different things",
    );
}

fn meaningless(refuse: Refuse<'_>) {
    let wrong = |refuse: Refuse<'_>, name: &str, statement: Json| {
        refuse(Ask::l(name, json!([statement])), "WrongType", "the attribute has another type");
    };
    wrong(refuse, "a range of a text", range("l.name", 0, 1));
    wrong(refuse, "a range of a code", range("l.region", 0, 1));
    wrong(refuse, "a range of flags", range("l.classes", 0, 1));
    wrong(refuse, "the age of a number", json!({"age": {"of": "l.amount", "at_least": "18"}}));
    wrong(refuse, "a day of a text", json!({"date": {"of": "l.name", "from": "today"}}));
    wrong(refuse, "flags of a code", flags("l.city", &["A1"], &[], &[]));
    wrong(refuse, "equals of flags", equals("l.classes", "A1"));
    let value = |refuse: Refuse<'_>, name: &str, statement: Json, reason: &str| {
        refuse(Ask::l(name, json!([statement])), "Value", reason);
    };
    value(
        refuse,
        "equals, beyond the bounds",
        equals("l.until", "1899-12-31"),
        "the schema begins with 1900",
    );
    value(refuse, "equals, 2^63", equals("l.amount", "9223372036854775808"), "numbers are below 2^63");
    value(
        refuse,
        "equals, a number with a leading zero",
        equals("l.amount", "01"),
        "integers have one spelling",
    );
    value(refuse, "equals, a code that is none", equals("l.region", "r10"), "not in the table");
    value(refuse, "equals, an empty text", equals("l.name", ""), "strings have a character");
    value(refuse, "equals, 65 characters", equals("l.name", &"x".repeat(65)), "the schema allows 64");
    value(refuse, "equals, a control character", equals("l.name", "a\u{7}"), "no control characters");
    value(
        refuse,
        "equals, an invisible character",
        equals("l.city", "上\u{200b}海"),
        "no invisible characters",
    );
    value(refuse, "member, a code that is none", member("l.region", &["r1", "r10"]), "not in the table");
    value(refuse, "not_member, a code that is none", not_member("l.region", &["r10"]), "not in the table");
    value(
        refuse,
        "flags, one that is none",
        flags("l.classes", &["Z9"], &[], &[]),
        "the schema has no such flag",
    );
    value(refuse, "flags, one twice in a list", flags("l.classes", &[], &[], &["A1", "A1"]), "each once");
    refuse(
        Ask::l("not_member without a table", json!([not_member("l.city", &["x"])])),
        "NoTable",
        "there are no other codes to take",
    );
    let empty: [&str; 0] = [];
    let mut say = |name: &str, statements: Json, word: &str, reason: &str| {
        refuse(Ask::l(name, statements), word, reason)
    };
    say("an age without a bound", json!([{"age": {"of": "l.birth"}}]), "NoBound", "nothing is asked");
    say("a day without a bound", json!([{"date": {"of": "l.until"}}]), "NoBound", "nothing is asked");
    say("flags without a flag", json!([flags("l.classes", &empty, &[], &[])]), "NoBound", "nothing is asked");
    say("an empty range", json!([range("l.amount", 5, 4)]), "Empty", "lo > hi");
    say("a range below the schema's", json!([range("l.amount", -9, -1)]), "Empty", "no value is there");
    say(
        "a range above the schema's",
        json!([range("l.amount", MAX + 1, 2 * MAX)]),
        "Empty",
        "no value is there",
    );
    say("a range of nothing", json!([range_of(&[], 0, 1)]), "Empty", "no terms");
    say(
        "days in the wrong order",
        json!([{"date": {"of": "l.until", "from": "2026-01-02", "to": "2026-01-01"}}]),
        "Empty",
        "from > to",
    );
    say(
        "an age that nobody reaches",
        json!([{"age": {"of": "l.birth", "at_least": "300"}}]),
        "Empty",
        "the schema begins with 1900",
    );
    say(
        "an age before year 1",
        json!([{"age": {"of": "l.birth", "at_least": "65535"}}]),
        "Empty",
        "no calendar reaches there",
    );
    say(
        "an age at least and below the same",
        json!([{"age": {"of": "l.birth", "at_least": "40", "below": "40"}}]),
        "Empty",
        "no age is both",
    );
    say("a set of nothing", json!([member("l.city", &empty)]), "Empty", "nothing is in it");
    say("nothing excluded", json!([not_member("l.region", &empty)]), "Empty", "nothing is ruled out");
    say(
        "everything excluded",
        json!([not_member("l.region", &numbered("r", 10))]),
        "Empty",
        "nothing is left",
    );
    say("no intervals", json!([intervals("l.amount", &[])]), "Empty", "nothing is in them");
    say(
        "an interval in the wrong order",
        json!([intervals("l.amount", &[(1, 2), (4, 3)])]),
        "Empty",
        "lo > hi",
    );
    say(
        "intervals out of reach",
        json!([intervals("l.amount", &[(-5, -4), (-2, -1)])]),
        "Empty",
        "no value is there",
    );
    say(
        "two ranges that do not meet",
        json!([range("l.level", 10, 14), range("l.level", 15, 20)]),
        "Empty",
        "no value is in both",
    );
    say("disclosed twice", json!([disclose("l.name"), disclose("l.name")]), "Repeated", "once is enough");
    say("a set with a value twice", json!([member("l.city", &["a", "b", "a"])]), "Repeated", "each once");
    say(
        "a set with a value in two spellings",
        json!([member("l.city", &["caf\u{e9}", "cafe\u{301}"])]),
        "Repeated",
        "in form C they are one",
    );
    say("a code excluded twice", json!([not_member("l.region", &["r1", "r1"])]), "Repeated", "each once");
    say(
        "a flag set and not set",
        json!([flags("l.classes", &["A1"], &["A1"], &[])]),
        "Repeated",
        "in two lists",
    );
    say(
        "a flag set and one of any",
        json!([flags("l.classes", &["A1"], &[], &["B1", "A1"])]),
        "Repeated",
        "in two lists",
    );
    say(
        "a term twice",
        json!([range_of(&[("l.amount", 1), ("l.amount", 1)], 0, 5)]),
        "Repeated",
        "each attribute once",
    );
    let two = [("l", "test.all"), ("m", "test.all")];
    let sum = range_of(&[("l.amount", 1), ("m.amount", 1)], 0, 5);
    refuse(
        Ask::new("equal attributes as two terms", &two, json!([sum, equal("l.amount", "m.amount")])),
        "Repeated",
        "they are one value",
    );
    refuse(
        Ask::new(
            "equal attributes disclosed twice",
            &two,
            json!([equal("l.amount", "m.amount"), disclose("l.amount"), disclose("m.amount")]),
        ),
        "Repeated",
        "they are one value",
    );
}
