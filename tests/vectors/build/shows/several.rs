//! Several credentials, ready-made questions, and the moments at which a request is answered.

use glimpse_fixtures::NOW;
use serde_json::{Value as Json, json};

use crate::build::ask::{
    Ask, Show, disclose, equal, equals, flags, intervals, member, not_member, range, range_of,
};
use crate::scene::{FIRST, SECOND, STRANGER, profiles};

pub(super) fn equal_attributes() -> Vec<Show> {
    let both = [("a", "test.all"), ("b", "test.second")];
    let two = |name: &str, statements: Json| {
        Show::new(Ask::new(&format!("equal {name}"), &both, statements), &["all types", "second"])
    };
    vec![
        two("dates of two credentials", json!([equal("a.birth", "b.born")])),
        two("the other way round", json!([equal("b.born", "a.birth")])),
        two("texts of two credentials", json!([equal("a.name", "b.owner")])),
        two(
            "codes of two credentials, disclosed on the left",
            json!([disclose("a.city"), equal("a.city", "b.town")]),
        ),
        two(
            "codes of two credentials, disclosed on the right",
            json!([equal("a.city", "b.town"), disclose("b.town")]),
        ),
        two(
            "and in a range of the other",
            json!([equal("a.birth", "b.born"), range("b.born", 720_000, 730_000)]),
        ),
        two(
            "disclosed and in a set of the other",
            json!([
                equal("a.city", "b.town"),
                disclose("b.town"),
                member("a.city", &["北京", "上海", "广州"])
            ]),
        ),
        Show::new(
            Ask::new(
                "equal inside one credential",
                &[("l", "test.narrow")],
                json!([equal("l.hidden", "l.open")]),
            ),
            &["narrow"],
        ),
        Show::new(
            Ask::new(
                "equal in a chain of three",
                &[("a", "test.all"), ("b", "test.second"), ("c", "test.narrow")],
                json!([equal("b.owner", "c.open"), equal("a.name", "b.owner")]),
            )
            .keyed(),
            &["all types", "second", "narrow"],
        ),
        Show::new(
            Ask::new(
                "equal in a chain of three, disclosed in the middle",
                &[("a", "test.all"), ("b", "test.second"), ("c", "test.narrow")],
                json!([equal("a.name", "c.open"), disclose("b.owner"), equal("c.open", "b.owner")]),
            ),
            &["all types", "second", "narrow"],
        ),
        Show::new(
            Ask::new(
                "equal flags of two licences of two issuers",
                &[("a", "test.all"), ("b", "test.all")],
                json!([equal("a.classes", "b.classes"), flags("b.classes", &["A2"], &[], &[])]),
            ),
            &["all types", "all types of the second key"],
        ),
    ]
}

/// Several credentials, several issuers, several kinds of check.
pub(super) fn several() -> Vec<Show> {
    let three = [("a", "test.all"), ("b", "test.second"), ("c", "test.unbound")];
    let rich = json!([
        disclose("c.count"),
        disclose("a.name"),
        member("a.city", &["北京", "上海", "广州"]),
        intervals("b.points", &[(1, 9), (400, 501)]),
        flags("a.classes", &["A2"], &["C2"], &["B1", "C1"]),
        equal("a.birth", "b.born"),
        range("a.level", 12, 17),
        {"date": {"of": "a.until", "from": "today"}},
        equals("a.region", "r7"),
        not_member("a.region", &["r1", "r2"]),
        {"age": {"of": "b.born", "at_least": "18"}},
    ]);
    let mut mixed = Ask::new("three credentials, tokens and keyed", &three, rich.clone());
    mixed.wanted[1].check = "keyed";
    let ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let eight: Vec<(&str, &str)> = ids.iter().map(|id| (*id, "test.unbound")).collect();
    let unbound = ["unbound", "unbound of the second key"].repeat(4);
    let mut own = Ask::new(
        "two credentials, each of an issuer of its own",
        &[("a", "test.all"), ("b", "test.all")],
        json!([equal("a.name", "b.name")]),
    );
    own.wanted[0].issuers = vec![SECOND];
    own.wanted[1].issuers = vec![FIRST];
    let two_of_all = [("a", "test.all"), ("b", "test.all")];
    vec![
        Show::new(
            Ask::new("three credentials, all statements", &three, rich.clone()),
            &["all types", "second", "unbound"],
        ),
        Show::new(
            Ask::new("three credentials, all statements, keyed", &three, rich).keyed(),
            &["all types", "second", "unbound"],
        ),
        Show::new(mixed, &["all types", "second", "unbound"]),
        Show::new(
            Ask::new("eight unbound credentials of two issuers", &eight, json!([disclose("h.count")])),
            &unbound,
        ),
        Show::new(own, &["all types of the second key", "all types"]),
        Show::new(
            Ask::new(
                "one credential in two places",
                &two_of_all,
                json!([equal("a.name", "b.name"), disclose("b.city")]),
            ),
            &["all types", "all types"],
        ),
        Show::new(
            Ask::l("the second of two issuers", json!([disclose("l.city")])),
            &["all types of the second key"],
        ),
        Show::new(
            Ask::l("the second of two issuers, keyed", json!([disclose("l.city")])).keyed(),
            &["all types of the second key"],
        ),
        Show::new(
            Ask::l("an unknown key before the known ones", json!([])).issuers(&[STRANGER, SECOND, FIRST]),
            &["all types"],
        ),
        Show::new(
            Ask::new(
                "a key that is not known for this schema beside one that is",
                &[("l", "cn.business_licence")],
                json!([]),
            ),
            &["business licence"],
        ),
        Show::new(
            Ask::new(
                "unbound credentials beside a bound one",
                &[("c", "test.unbound"), ("a", "test.all")],
                json!([range_of(&[("c.count", 1), ("a.level", 1)], 50, 60)]),
            ),
            &["unbound", "all types"],
        ),
    ]
}

/// The ready-made questions of every profile, fast and small, by turns with tokens and keyed.
pub(super) fn questions() -> Vec<Show> {
    let mut all = Vec::new();
    for profile in profiles() {
        let id = profile.schema().id();
        for (i, question) in profile.questions().iter().enumerate() {
            let holding = match (id, question.id.as_str()) {
                ("cn.driving_licence", "at_least_60") => "driving licence of an elder",
                ("cn.driving_licence", _) => "driving licence",
                ("cn.resident_identity_card", "at_least_60") => "identity card of an elder",
                ("cn.resident_identity_card", "below_18") => "identity card of a child",
                ("cn.resident_identity_card", _) => "identity card",
                _ => "business licence",
            };
            let name = format!("question {} of {id}", question.id);
            let ask = Ask::new(&name, &[("licence", id)], json!(question.statements_for("licence"))).small();
            let ask = if i % 2 == 0 { ask } else { ask.keyed() };
            all.push(Show::new(ask, &[holding]));
        }
    }
    all
}

/// The last moments at which a request is answered: [`super::presentations`] checks these at their edge.
pub(super) fn moments() -> Vec<Show> {
    vec![
        Show::l(Ask::l("the last second before the request expires", json!([])).issued_at(NOW - 299))
            .now(NOW),
        Show::l(Ask::l("a request 60 s from the future", json!([])).issued_at(NOW + 60)).now(NOW),
    ]
}
