//! Ranges, ages, dates and intervals.

use serde_json::json;

use super::{AMOUNT, MAX, one, short, short_keyed};
use crate::build::ask::{Ask, Show, disclose, intervals, intervals_of, range, range_of};

pub(super) fn ranges() -> Vec<Show> {
    let amount = |name: &str, lo: i128, hi: i128| short(&format!("range {name}"), range("l.amount", lo, hi));
    let of = |name: &str, terms: &[(&str, i64)], lo: i128, hi: i128| {
        short_keyed(&format!("range {name}"), range_of(terms, lo, hi))
    };
    let (birth, until) = (726_603, 741_077);
    let mut all = vec![
        amount("lo = hi", AMOUNT, AMOUNT),
        amount("hi = lo + 1, at lo", AMOUNT, AMOUNT + 1),
        amount("hi = lo + 1, at hi", AMOUNT - 1, AMOUNT),
        amount("of all values", 0, MAX),
        short("range of more than all values", range("l.level", i128::MIN, i128::MAX)),
        amount("cut at the schema's least value", -5, AMOUNT),
        short("range cut at the schema's greatest value", range("l.birth", birth, 2 * MAX)),
        short("range of a date", range("l.birth", birth, birth + 1000)),
        Show::short(Ask::short(
            "range of a disclosed number",
            json!([disclose("l.amount"), range("l.amount", AMOUNT - 7, AMOUNT + 7)]),
        )),
        Show::short(Ask::short(
            "range of a hidden and a disclosed number",
            json!([range_of(&[("l.amount", 1), ("l.level", -3)], 0, 2_000_000), disclose("l.amount")]),
        )),
        of("with coefficient 2", &[("l.amount", 2)], 2 * AMOUNT - 1, 2 * AMOUNT + 1),
        of("with coefficient -1", &[("l.amount", -1)], -AMOUNT - 9, -AMOUNT),
        of("of a difference of dates", &[("l.until", 1), ("l.birth", -1)], 14_000, 15_000),
        of("of a negative difference", &[("l.birth", 1), ("l.until", -1)], birth - until - 1, birth - until),
        of("of three terms", &[("l.amount", 3), ("l.level", -1000), ("l.until", 7)], 0, 10_000_000),
        of(
            "with the greatest coefficients",
            &[("l.amount", i64::MAX), ("l.until", -i64::MAX)],
            (AMOUNT - until) * MAX - 3,
            (AMOUNT - until) * MAX + 3,
        ),
        Show::new(
            Ask::new(
                "range of a combination of two credentials",
                &[("a", "test.all"), ("b", "test.second")],
                json!([range_of(&[("a.amount", -3), ("b.points", 7)], -3_000_000, -2_000_000)]),
            ),
            &["all types", "second"],
        ),
        Show::short(Ask::short(
            "range twice on one attribute",
            json!([range("l.amount", AMOUNT - 9, AMOUNT), range("l.amount", AMOUNT, AMOUNT + 3)]),
        )),
        Show::new(
            Ask::short("range of all values, at the greatest", json!([range("l.amount", 0, MAX)])),
            &["short at the greatest values"],
        ),
        Show::new(
            Ask::short("range of all values, at the least", json!([range("l.birth", 0, 999_999)])),
            &["short at the least values"],
        ),
    ];
    for width in [2i128, 3, 6, 7, 8, 15, 16, 999, 1 << 40] {
        let name = format!("range of width {width}");
        all.push(short_keyed(&format!("{name}, at lo"), range("l.amount", AMOUNT, AMOUNT + width)));
        let lo = AMOUNT - width;
        // Below 0 it would be cut to another width.
        if lo > 0 {
            all.push(short_keyed(&format!("{name}, at hi"), range("l.amount", lo, AMOUNT)));
        }
    }
    all
}

pub(super) fn ages_and_dates() -> Vec<Show> {
    let age = |name: &str, at_least: Option<&str>, below: Option<&str>| {
        let mut statement = json!({"age": {"of": "l.birth"}});
        at_least.iter().for_each(|years| statement["age"]["at_least"] = json!(years));
        below.iter().for_each(|years| statement["age"]["below"] = json!(years));
        short(&format!("age {name}"), statement)
    };
    let date = |name: &str, from: Option<&str>, to: Option<&str>| {
        let mut statement = json!({"date": {"of": "l.until"}});
        from.iter().for_each(|day| statement["date"]["from"] = json!(day));
        to.iter().for_each(|day| statement["date"]["to"] = json!(day));
        one(&format!("date {name}"), statement)
    };
    // 2026-05-17 in China begins at 16:00 UTC of the day before; 2026-02-28 likewise.
    let (birthday, leap) = (1_778_947_200, 1_772_208_000);
    let at = |name: &str, of: &str, years: &str, moment: u64| {
        let statement = json!([{"age": {"of": of, "at_least": years}}]);
        Show::l(Ask::l(name, statement).issued_at(moment))
    };
    let later = |name: &str, of: &str, years: &str, moment: u64| {
        let statement = json!([{"age": {"of": of, "below": years}}]);
        Show::l(Ask::l(name, statement).issued_at(moment))
    };
    vec![
        age("at least 18", Some("18"), None),
        age("at least 0", Some("0"), None),
        age("below 60", None, Some("60")),
        age("at least 18 and below 60", Some("18"), Some("60")),
        age("of 36 years", Some("36"), Some("37")),
        at("age at the first second of the birthday in China", "l.birth", "36", birthday),
        later("age at the last second before the birthday in China", "l.birth", "36", birthday - 1),
        at("age of 6 on 28 February, born on 29 February", "l.stamp", "6", leap),
        later("age below 6 on 27 February, born on 29 February", "l.stamp", "6", leap - 1),
        date("from today", Some("today"), None),
        date("to its own day", None, Some("2030-01-01")),
        date("from its own day", Some("2030-01-01"), None),
        date("between two days", Some("2029-01-01"), Some("2030-12-31")),
        date("of one day", Some("2030-01-01"), Some("2030-01-01")),
        date("from today to the end", Some("today"), Some("9999-12-31")),
        Show::new(
            Ask::l("date without an end", json!([{"date": {"of": "l.until", "from": "9999-12-31"}}])),
            &["all types at the greatest values"],
        ),
    ]
}

pub(super) fn interval_lists() -> Vec<Show> {
    let amount =
        |name: &str, list: &[(i128, i128)]| short(&format!("intervals {name}"), intervals("l.amount", list));
    let keyed = |name: &str, list: &[(i128, i128)]| {
        short_keyed(&format!("intervals {name}"), intervals("l.amount", list))
    };
    let v = AMOUNT;
    let many: Vec<(i128, i128)> = (0..32).map(|i| (i * 40_000, i * 40_000 + i)).collect();
    vec![
        amount("of one", &[(v - 3, v + 3)]),
        amount("of one value", &[(v, v)]),
        amount("of equal width, in the first", &[(v, v + 9), (5, 14), (100, 109)]),
        amount("of equal width, in the last", &[(5, 14), (100, 109), (v - 9, v)]),
        amount("of different widths, in the widest", &[(0, 3), (v - 1000, v)]),
        amount("of different widths, in the narrowest", &[(0, 1000), (v, v + 3)]),
        keyed("of single values", &[(5, 5), (v, v), (v + 2, v + 2)]),
        keyed("of a value and a range", &[(v, v), (5, 6)]),
        keyed("that overlap", &[(v - 20, v + 5), (v - 10, v + 1), (v, v)]),
        keyed("that touch", &[(0, v - 1), (v, v + 1)]),
        keyed("of which one can be reached", &[(-9, -1), (v - 1, v + 1), (MAX + 1, 2 * MAX)]),
        keyed("cut to what can be reached", &[(-9, 3), (v, v + 9), (MAX - 3, 2 * MAX)]),
        keyed("of width 1 and 0", &[(v - 1, v), (7, 7)]),
        keyed("of thirty-two", &many),
        short_keyed(
            "intervals of a combination with a negative coefficient",
            intervals_of(&[("l.until", 1), ("l.birth", -1)], &[(0, 10), (14_000, 15_000), (-7, 3)]),
        ),
        Show::short(Ask::short(
            "intervals of a disclosed number",
            json!([disclose("l.amount"), intervals("l.amount", &[(v - 1, v + 1), (0, 7)])]),
        )),
    ]
}
