//! Requests that are too large, and questions that leave too little open.

use glimpse_fixtures::schemas::numbered;
use serde_json::{Value as Json, json};

use super::MAX;
use super::relation::Refuse;
use crate::build::ask::{
    Ask, disclose, equal, equals, flags, intervals, intervals_of, member, not_member, range, range_of, terms,
};

pub(super) fn too_large(refuse: Refuse<'_>) {
    let range_at_64 = "above 2^126 in size";
    let two = [("l", "test.all"), ("m", "test.all")];
    let most = i64::MAX;
    for (name, sign) in [("positive", 1), ("negative", -1)] {
        refuse(
            Ask::new(
                &format!("a {name} combination beyond 2^126"),
                &two,
                json!([range_of(&[("l.amount", sign * most), ("m.amount", sign * most)], 0, 5)]),
            ),
            "Overflow",
            range_at_64,
        );
    }
    let mut say = |name: &str, statements: Json, word: &str, reason: &str| {
        refuse(Ask::l(name, statements), word, reason)
    };
    say("a coefficient of 0", json!([range_of(&[("l.amount", 0)], 0, 1)]), "Overflow", "it says nothing");
    say(
        "a coefficient of -2^63",
        json!([range_of(&[("l.amount", i64::MIN)], 0, 1)]),
        "Overflow",
        "of size 2^63",
    );
    say("a width of 2^63", json!([range_of(&[("l.amount", 2)], 0, MAX + 1)]), "Overflow", "hi - lo is 2^63");
    say(
        "an interval of width 2^63",
        json!([intervals_of(&[("l.amount", 2)], &[(0, MAX + 1)])]),
        "Overflow",
        "hi - lo is 2^63",
    );
    let one = ("l.amount", 1);
    let list = vec![one; 65];
    say("65 terms", json!([{"range": {"of": terms(&list), "lo": "0", "hi": "1"}}]), "TooLong", "at most 64");
    say("4,097 set elements", json!([member("l.city", &numbered("", 4097))]), "TooLong", "at most 4,096");
    let list: Vec<(i128, i128)> = (0..513).map(|i| (5 * i, 5 * i + 1)).collect();
    say("513 intervals", json!([intervals("l.amount", &list)]), "TooLong", "at most 512");
    let mut digits = vec![range("l.amount", 0, MAX); 16];
    digits.push(range("l.amount", 0, 65_536));
    say("1,025 digits", json!(digits), "TooLarge", "at most 1,024");
}

pub(super) fn narrow(refuse: Refuse<'_>) {
    let mut say = |name: &str, statements: Json, reason: &str| {
        refuse(Ask::l(&format!("narrow: {name}"), statements), "Narrow", reason)
    };
    let day = |text: &str| i128::from(text.parse::<glimpse_circuits::date::Date>().unwrap().days());
    let one = "one value is left, which is a disclosure";
    say("one day", json!([equals("l.birth", "1990-05-17")]), one);
    say("a set of one", json!([member("l.tier", &["t2"])]), one);
    say("all codes excluded but one", json!([not_member("l.tier", &["t0", "t1", "t3", "t4"])]), one);
    say("lo = hi", json!([range("l.level", 15, 15)]), one);
    say("a range that the schema's bound cuts", json!([range("l.level", 20, 99)]), one);
    say("two ranges that meet in one", json!([range("l.level", 10, 15), range("l.level", 15, 20)]), one);
    say(
        "two lists of intervals that meet in one",
        json!([intervals("l.level", &[(10, 12), (15, 16)]), intervals("l.level", &[(13, 15), (18, 20)])]),
        one,
    );
    say(
        "two sets that meet in one",
        json!([member("l.tier", &["t0", "t1", "t2"]), member("l.tier", &["t2", "t3", "t4"])]),
        one,
    );
    say("a set and a range", json!([member("l.level", &["10", "12", "16"]), range("l.level", 16, 20)]), one);
    say("a multiple", json!([range_of(&[("l.level", 3)], 43, 47)]), one);
    say("a negative multiple", json!([range_of(&[("l.level", -3)], -47, -43)]), one);
    say("equal to a known day", json!([equal("l.birth", "l.until"), equals("l.until", "1990-05-17")]), one);
    let d = day("1990-05-17");
    say(
        "a combination with a great coefficient",
        json!([range_of(&[("l.birth", 1000), ("l.level", 1)], 1000 * d + 10, 1000 * d + 20)]),
        one,
    );
    let few = "364 days are left, and the schema wants 365";
    let from = day("2020-01-01");
    say("364 days", json!([range("l.stamp", from, from + 363)]), few);
    say(
        "364 days of a calendar",
        json!([{"date": {"of": "l.stamp", "from": "2020-01-01", "to": "2020-12-29"}}]),
        few,
    );
    say(
        "two hundred days in two intervals",
        json!([intervals("l.stamp", &[(from, from + 99), (from + 900, from + 999)])]),
        "200 days are left, and the schema wants 365",
    );
    say("one interval many times", json!([intervals("l.stamp", &vec![(from, from); 40])]), "one day is left");
    say(
        "near a day that is disclosed",
        json!([range_of(&[("l.stamp", 1), ("l.until", -1)], -5, 5), disclose("l.until")]),
        "eleven days are left, and the schema wants 365",
    );
    let own = |name: &str, statements: Json| {
        Ask::new(&format!("narrow: {name}"), &[("l", "test.narrow")], statements)
    };
    refuse(own("an equality of 0..5 and 5..9", json!([equal("l.low", "l.high")])), "Narrow", "both are 5");
    let (any, none) = (flags("l.pair", &[], &[], &["f0", "f1"]), flags("l.pair", &[], &["f0"], &[]));
    refuse(
        own("one of two flags, and not the first", json!([any, none])),
        "Narrow",
        "it is the second alone",
    );
    let days = |of: &str, from: &str, to: &str| json!({"date": {"of": of, "from": from, "to": to}});
    let two = [("a", "test.all"), ("b", "test.all")];
    let statements =
        json!([days("a.stamp", "2019-03-01", "2020-02-29"), days("b.stamp", "2020-02-29", "2021-02-27")]);
    refuse(
        Ask::new("narrow: two credentials that may be one", &two, statements),
        "Narrow",
        "one day is in both ranges, and one credential may answer for both",
    );
}
