//! Requests that prefer small answers: answered in both profiles.

use serde_json::{Value as Json, json};

use super::{AMOUNT, MAX};
use crate::build::ask::{
    Ask, Show, disclose, equal, equals, flags, intervals, member, not_member, range, range_of,
};

pub(super) fn compact() -> Vec<Show> {
    let one = |name: &str, statements: Json| Show::l(Ask::l(&format!("small: {name}"), statements).small());
    let short =
        |name: &str, statements: Json| Show::short(Ask::short(&format!("small: {name}"), statements).small());
    let keyed = |name: &str, statements: Json| {
        Show::short(Ask::short(&format!("small: {name}"), statements).small().keyed())
    };
    let v = AMOUNT;
    let amount = |lo: i128, hi: i128| range("l.amount", lo, hi);
    let mut all = Vec::new();
    for (bits, width) in [
        (8, 16i128),
        (8, 255),
        (16, 256),
        (16, 65_535),
        (32, 65_536),
        (32, (1 << 32) - 1),
        (64, 1 << 32),
        (64, MAX - v - 1),
    ] {
        all.push(keyed(&format!("both ends, {bits} bits, width {width}"), json!([amount(v, v + width)])));
    }
    let birth = 726_603;
    all.extend([
        short("the upper end is the schema's", json!([amount(v, MAX)])),
        short("the upper end is beyond the schema's", json!([range("l.birth", birth - 1, 2 * MAX)])),
        short("the lower end is the schema's", json!([amount(0, v)])),
        short("the lower end is below the schema's", json!([amount(-9, v + 1)])),
        short("both ends are the schema's", json!([range("l.birth", 0, 999_999)])),
        short("at the upper end of both", json!([amount(v - 100, v)])),
        one("at least 18", json!([{"age": {"of": "l.birth", "at_least": "18"}}])),
        one("below 60", json!([{"age": {"of": "l.birth", "below": "60"}}])),
        one("from today", json!([{"date": {"of": "l.until", "from": "today"}}])),
        short(
            "a range beside digits",
            json!([amount(v - 10, v + 20), member("l.city", &["x", "上海", "y"])]),
        ),
        short(
            "a wide range beside a narrow one",
            json!([amount(v - 100, v + 100), range("l.level", 12, 17)]),
        ),
        short("width 15 beside width 16", json!([amount(v, v + 15), amount(v, v + 16)])),
        short(
            "two ranges, four slots",
            json!([amount(v - 1, v + 99), range("l.birth", birth - 9, birth + 900)]),
        ),
        short(
            "three slots padded to four",
            json!([amount(v - 1, v + 99), range("l.birth", birth - 9, 999_999)]),
        ),
        keyed("sixteen slots", json!((0..8).map(|i| amount(v - 20 - i, v + 20 + i)).collect::<Vec<_>>())),
        keyed("nine slots padded to sixteen", nine_slots()),
        short(
            "a combination with negative coefficients",
            json!([range_of(&[("l.birth", -1), ("l.amount", -3)], -4_000_000, -3_000_000)]),
        ),
        short("a disclosed number", json!([disclose("l.amount"), amount(v - 500, v + 500)])),
        short("intervals of equal width", json!([intervals("l.amount", &[(0, 100), (v - 50, v + 50)])])),
        short(
            "intervals of different widths",
            json!([intervals("l.amount", &[(v - 7, v + 500), (3, 20), (40, 40)])]),
        ),
        keyed("intervals of one", json!([intervals("l.amount", &[(v - 7, v + 500)])])),
        keyed(
            "intervals that are narrow",
            json!([intervals("l.amount", &[(v - 7, v + 5), (3, 5)]), amount(0, v)]),
        ),
        Show::new(
            Ask::new(
                "small: three credentials, all statements",
                &[("a", "test.all"), ("b", "test.second"), ("c", "test.unbound")],
                json!([
                    {"age": {"of": "a.birth", "at_least": "18", "below": "60"}},
                    range_of(&[("a.amount", -3), ("b.points", 7), ("c.count", 1)], -3_000_000, -2_000_000),
                    range("c.count", 20, 10_000),
                    disclose("a.name"),
                    equal("a.birth", "b.born"),
                    flags("b.bits", &["b0"], &["b1"], &["b5", "b31"]),
                    equals("a.region", "r7"),
                    not_member("a.region", &["r1", "r2"]),
                    member("b.town", &["北京", "上海", "广州"]),
                    intervals("b.points", &[(0, 99), (400, 600)]),
                    {"date": {"of": "a.until", "from": "today"}},
                ]),
            )
            .small(),
            &["all types", "second", "unbound"],
        ),
        short("nothing to gain from", json!([range("l.level", 12, 17)])),
        keyed("eighteen slots", json!((0..9).map(|i| amount(v - 20 - i, v + 20 + i)).collect::<Vec<_>>())),
    ]);
    all
}

/// Four ranges with both ends and one with one.
fn nine_slots() -> Json {
    let mut list: Vec<Json> = (0..4).map(|i| range("l.amount", AMOUNT - 20 - i, AMOUNT + 20 + i)).collect();
    list.push(range("l.birth", 720_000, 999_999));
    json!(list)
}
