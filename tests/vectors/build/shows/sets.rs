//! Disclosures, equalities, sets and flags.

use glimpse_fixtures::schemas::numbered;
use serde_json::{Value as Json, json};

use super::{one, one_keyed, short, short_keyed};
use crate::build::ask::{Ask, Show, disclose, equals, flags, member, not_member};

pub(super) fn disclosures() -> Vec<Show> {
    let attributes =
        |names: &[&str]| -> Json { names.iter().map(|name| disclose(&format!("l.{name}"))).collect() };
    let open = ["badges", "score", "seen", "note", "city", "region", "classes", "amount", "until", "name"];
    let all = |name: &str, holding| Show::new(Ask::l(name, attributes(&open)), &[holding]);
    let unbound = [("l", "test.unbound")];
    let everything = attributes(&["title", "since", "count"]);
    vec![
        Show::l(Ask::l("no statement", json!([]))),
        Show::l(Ask::l("no statement, keyed", json!([])).keyed()),
        one("disclose a text", disclose("l.name")),
        one("disclose a date", disclose("l.until")),
        one("disclose a number", disclose("l.amount")),
        one("disclose flags", disclose("l.classes")),
        one("disclose a code of a table", disclose("l.region")),
        one("disclose a code without a table", disclose("l.city")),
        one("disclose what is absent", disclose("l.note")),
        one("disclose what is optional and there", disclose("l.score")),
        all("disclose all in another order than the schema's", "all types"),
        all("disclose all, other optional values", "all types with other optional values"),
        all("disclose all, the least values", "all types at the least values"),
        all("disclose all, the greatest values", "all types at the greatest values"),
        Show::new(Ask::new("unbound, no statement", &unbound, json!([])), &["unbound"]),
        Show::new(Ask::new("unbound, no statement, keyed", &unbound, json!([])).keyed(), &["unbound"]),
        Show::new(Ask::new("unbound, everything disclosed", &unbound, everything.clone()), &["unbound"]),
        Show::new(
            Ask::new("unbound, everything disclosed, keyed", &unbound, everything.clone()).keyed(),
            &["unbound"],
        ),
        Show::new(
            Ask::new("bound, everything disclosed", &[("l", "test.unbound with a holder")], everything),
            &["unbound with a holder"],
        ),
    ]
}

pub(super) fn equalities() -> Vec<Show> {
    vec![
        one("equals, a text", equals("l.name", "张三")),
        one("equals, a date", equals("l.until", "2030-01-01")),
        one("equals, a number", equals("l.amount", "1000000")),
        one("equals, a code of a table", equals("l.region", "r7")),
        one("equals, a code without a table", equals("l.city", "上海")),
        one_keyed("equals, optional and there", equals("l.score", "7")),
        Show::new(
            Ask::l(
                "equals, a text typed with a combining accent",
                json!([equals("l.note", "cafe\u{301} 😀")]),
            ),
            &["all types with other optional values"],
        ),
        Show::l(Ask::l(
            "equals, twice the same",
            json!([equals("l.name", "张三"), equals("l.name", "张三")]),
        )),
        Show::l(Ask::l("equals, and disclosed", json!([disclose("l.name"), equals("l.name", "张三")]))),
    ]
}

pub(super) fn sets() -> Vec<Show> {
    let city = |size: usize, place: usize| {
        let mut values = numbered("k", size);
        values[place] = "上海".into();
        member("l.city", &values)
    };
    let mut most = numbered("", 4096);
    most[4095] = "上海".into();
    let mut all = Vec::new();
    for size in [1usize, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 63, 64] {
        all.push(short_keyed(&format!("member of {size}, the first"), city(size, 0)));
        if size > 1 {
            all.push(short(&format!("member of {size}, the last"), city(size, size - 1)));
        }
    }
    all.extend([
        short("member of 64, in the middle", city(64, 37)),
        short_keyed("member of 4096, the last", member("l.city", &most)),
        short("member, dates", member("l.until", &["2029-12-31", "2030-01-01"])),
        short("member, numbers", member("l.amount", &["0", "1000000", "9223372036854775807"])),
        one("member, codes of a table", member("l.tier", &["t2", "t3"])),
        one("member, texts", member("l.name", &["李四", "张三", "王五"])),
        one("member, optional and there", member("l.score", &["6", "7"])),
        Show::l(Ask::l(
            "member, and disclosed",
            json!([member("l.city", &["北京", "上海"]), disclose("l.city")]),
        )),
    ]);
    all
}

pub(super) fn excluded() -> Vec<Show> {
    let others: Vec<String> = numbered("r", 10).into_iter().filter(|code| code != "r7").collect();
    vec![
        short("not_member, one excluded", not_member("l.region", &["r1"])),
        short_keyed("not_member, the first excluded", not_member("l.region", &["r0"])),
        short("not_member, in another order than the table's", not_member("l.region", &["r9", "r3", "r0"])),
        short("not_member, one left", not_member("l.region", &others)),
        short("not_member, two left", not_member("l.region", &others[1..])),
        one("not_member, of an attribute for predicates", not_member("l.tier", &["t0", "t4"])),
    ]
}

pub(super) fn flag_sets() -> Vec<Show> {
    let (all, none) = (["A2", "C1"], ["A1", "B1", "B2", "C2"]);
    let empty: [&str; 0] = [];
    let of = |name: &str, all: &[&str], none: &[&str], any: &[&str]| {
        short(&format!("flags {name}"), flags("l.classes", all, none, any))
    };
    let second = |name: &str, statement: Json| {
        Show::new(
            Ask::new(&format!("flags {name}"), &[("l", "test.second")], json!([statement])).keyed(),
            &["second"],
        )
    };
    let between: Vec<String> = (1..31).map(|i| format!("b{i}")).collect();
    let ends: Vec<String> = vec!["b0".into(), "b31".into()];
    vec![
        of("every one fixed", &all, &none, &empty),
        of("every one fixed but the first", &all, &none[1..], &empty),
        of("every one fixed but the last", &all, &none[..3], &empty),
        of("the first fixed", &[], &["A1"], &empty),
        of("the second fixed", &["A2"], &[], &empty),
        of("the last fixed", &[], &["C2"], &empty),
        of("all, none and any", &["A2"], &["C2"], &["B1", "C1"]),
        of("any of one", &[], &[], &["A2"]),
        of("any of two, the first set", &[], &[], &["A2", "C2"]),
        of("any of two, the last set", &[], &[], &["B1", "C1"]),
        of("any of three with the lowest", &[], &[], &["C1", "A1", "B2"]),
        of("any of all", &[], &[], &["A1", "A2", "B1", "B2", "C1", "C2"]),
        of("any of all that are free", &["A2"], &["A1"], &["B1", "B2", "C1", "C2"]),
        of("any of the lowest that is free, which is set", &[], &["A1"], &["A2"]),
        second("thirty-two, every one fixed", flags("l.bits", &ends, &between, &[])),
        second("thirty-two, none fixed, any of two", flags("l.bits", &[], &[], &ends)),
        second("thirty-two, thirty fixed", flags("l.bits", &[], &between, &[])),
        second("one alone", flags("l.single", &["on"], &[], &[])),
        second("any of one alone", flags("l.single", &[], &[], &["on"])),
        Show::l(Ask::l(
            "flags disclosed and asked about",
            json!([disclose("l.classes"), flags("l.classes", &["A2"], &[], &["C1", "C2"])]),
        )),
    ]
}
