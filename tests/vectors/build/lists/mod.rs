//! Revocation lists: their domains and buckets, and the statement `not_revoked`.

mod buckets;
mod lies;

use glimpse_circuits::interval::{Ends, Scope, interval_point};
use glimpse_fixtures::NOW;
use serde_json::json;

use super::ask::{Ask, Show, disclose, equal, flags, member, not_revoked, range};
use super::book::Book;
use crate::format::{Bounds, ListDomain, Lists, OneInterval, ValidBucket};
use crate::lists::{DAY, List};
use crate::scene::{FIRST, SECOND, STRANGER, Scene, THIRD};

/// The schema of most lists, with a holder and few attributes.
const BOUND: &str = "test.unbound with a holder";

/// Domains and buckets.
pub(crate) fn lists(book: &Book) -> Lists {
    Lists {
        domains: domains(&book.scene),
        valid: book.lists.iter().map(valid).collect(),
        invalid: buckets::invalid(book),
    }
}

fn domains(scene: &Scene) -> Vec<ListDomain> {
    let mut all = Vec::new();
    for (key, schema, issued_at) in [
        (FIRST, BOUND, 0),
        (FIRST, BOUND, 60),
        (FIRST, BOUND, NOW),
        (FIRST, BOUND, u64::MAX - 15),
        (FIRST, "test.all", NOW),
        (FIRST, "cn.driving_licence", NOW),
        (SECOND, BOUND, NOW),
        (STRANGER, BOUND, NOW),
    ] {
        let revocation = *scene.revocation(key).unwrap().public();
        let (issuer, digest) = (*scene.public(key), scene.schema(schema).digest());
        let d = Scope { revocation, issuer, schema: digest, issued_at }.domain();
        all.push(ListDomain {
            key: key.to_owned(),
            schema: schema.to_owned(),
            issued_at: issued_at.to_string(),
            d: hex::encode(d.as_bytes()),
        });
    }
    all
}

fn bounds(ends: Ends) -> Bounds {
    Bounds { first: ends.first.to_string(), last: ends.last.to_string() }
}

fn valid(list: &List) -> ValidBucket {
    assert!(list.bucket.is_signed(&list.scope), "{}", list.name);
    let domain = list.scope.domain();
    let intervals = list.bucket.intervals.iter().map(|interval| OneInterval {
        first: interval.ends.first.to_string(),
        last: interval.ends.last.to_string(),
        a: hex::encode(interval.a.encoded.as_bytes()),
        e: hex::encode(interval.e.as_bytes()),
        interval_point: hex::encode(interval_point(&domain, interval.ends).compress().as_bytes()),
    });
    ValidBucket {
        name: list.name.to_owned(),
        key: list.key.to_owned(),
        schema: list.schema.to_owned(),
        issued_at: list.scope.issued_at.to_string(),
        bounds: bounds(list.bounds),
        bytes: hex::encode(list.bucket.to_bytes()),
        intervals: intervals.collect(),
    }
}

/// Presentations with intervals, true and false.
pub(crate) fn all(book: &mut Book) {
    shows().iter().for_each(|show| book.show(show));
    at_the_limits(book);
    lies::all(book);
}

/// One statement about the licence `l` of the holder whose handle most lists are about.
fn one(name: &str, max_age: u64) -> Ask {
    Ask::new(name, &[("l", BOUND)], json!([not_revoked("l", max_age)]))
}

fn shows() -> Vec<Show> {
    let holder = |ask: Ask, list| Show::new(ask, &["unbound with a holder"]).lists(&[list]);
    let keyed = |name: &str, max_age, list| holder(one(name, max_age).keyed(), list);
    let beside = json!([
        disclose("l.count"),
        not_revoked("l", DAY),
        range("l.since", 700_000, 3_000_000),
        member("l.title", &["nobody", "company", "x"]),
    ]);
    let beside = Ask::new("not_revoked beside other statements", &[("l", BOUND)], beside);
    let rich = json!([
        flags("a.classes", &["A2"], &["C2"], &["B1", "C1"]),
        {"age": {"of": "a.birth", "at_least": "18"}},
        not_revoked("a", DAY),
        range("a.level", 12, 17),
        disclose("a.city"),
    ]);
    let two = [("a", "test.all"), ("b", "test.all")];
    let both = |name: &str| {
        Ask::new(
            name,
            &two,
            json!([not_revoked("b", DAY), equal("a.name", "b.name"), not_revoked("a", 3600)]),
        )
    };
    let mut mixed = both("not_revoked of two credentials, token and keyed").small();
    mixed.wanted[0].check = "keyed";
    let all_types = |ask, lists: &[&'static str]| {
        Show::new(ask, &["all types", "all types of the second key"]).lists(lists)
    };
    let of_both = ["of the second key", "of test.all"];
    let second = Ask::new(
        "not_revoked of the second credential of three",
        &[("u", "test.unbound"), ("l", BOUND), ("v", "test.unbound")],
        json!([disclose("v.count"), not_revoked("l", 600)]),
    );
    vec![
        holder(one("not_revoked", DAY).small(), "near the holder"),
        holder(one("not_revoked, keyed", DAY).small().keyed(), "near the holder"),
        holder(beside.clone().small(), "the same a minute later"),
        Show::new(
            Ask::new("not_revoked among all kinds of statements", &[("a", "test.all")], rich).small().keyed(),
            &["all types"],
        )
        .lists(&["of test.all"]),
        all_types(both("not_revoked of two credentials").small(), &of_both),
        all_types(both("not_revoked of two credentials, keyed").small().keyed(), &of_both),
        all_types(mixed, &of_both),
        Show::new(second.keyed().small(), &["unbound", "unbound with a holder", "unbound of the second key"])
            .lists(&["near the holder"]),
        holder(
            one("not_revoked, in an interval of one handle", 0).keyed().small(),
            "an interval of one handle",
        ),
        keyed("not_revoked, the first handle of an interval", 0, "the first handle of an interval"),
        keyed("not_revoked, the last handle of an interval", 0, "the last handle of an interval"),
        keyed("not_revoked, from a bucket of one handle", DAY, "of one handle"),
        keyed("not_revoked, from a bucket of many", DAY, "of many"),
        keyed("not_revoked, as old as may be", DAY, "a day old"),
        keyed("not_revoked, of 1970", u64::MAX, "of 1970"),
        keyed("not_revoked, 60 s from the future", 0, "60 s from the future").now(NOW),
        keyed("not_revoked, 120 s from the future when the request was", 60, "120 s from the future")
            .now(NOW + 60),
        holder(
            one("not_revoked, a key without lists before the known ones", DAY)
                .issuers(&[THIRD, STRANGER, FIRST]),
            "near the holder",
        ),
    ]
}

/// Requests without a presentation.
fn at_the_limits(book: &mut Book) {
    let wide = range("l.amount", 0, (1 << 63) - 1);
    let mut statements = vec![wide; 15];
    statements.extend([range("l.amount", 0, (1 << 31) - 1), not_revoked("l", u64::MAX)]);
    book.request(&Ask::l("1,024 digits, some of not_revoked", json!(statements)));
    let eight = ["a", "b", "c", "d", "e", "f", "g", "h"];
    let asked = eight.map(|id| (id, BOUND));
    let statements = eight.map(|id| not_revoked(id, 0));
    book.request(&Ask::new("not_revoked of eight credentials", &asked, json!(statements)).small());
}
