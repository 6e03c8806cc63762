//! Presentations with intervals that are refused: attacks.md, Soundness 5.

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::interval::{Ends, Scope};
use glimpse_fixtures::NOW;
use glimpse_fixtures::open::Shown;
use serde_json::json;

use super::{BOUND, one};
use crate::build::alter;
use crate::build::ask::{Ask, not_revoked};
use crate::build::book::{Book, Refused};
use crate::build::lies::Liar;
use crate::holdings::named_scalar;
use crate::lists::{DAY, OpenInterval, sign};
use crate::scene::{FIRST, SECOND, STRANGER, THIRD, secret_scalar};

const HOLDER: [&str; 1] = ["unbound with a holder"];

pub(super) fn all(book: &mut Book) {
    revoked(book);
    other_scopes(book);
    exchanged(book);
    moments(book);
    altered(book);
    keys(book);
}

fn asked(name: &str, check: &str) -> Ask {
    let ask = one(&format!("{name}, {check}"), DAY);
    match check {
        "keyed" => ask.keyed(),
        "small" => ask.keyed().small(),
        _ => ask,
    }
}

/// A revoked handle, and the intervals next to it.
fn revoked(book: &mut Book) {
    let handle = book.holding(HOLDER[0]).credential.handle();
    for (side, neighbour) in [("before", handle - 1), ("after", handle + 1)] {
        let interval = book.list("the holder is revoked").open(neighbour);
        for check in ["token", "keyed", "small"] {
            let ask = asked(&format!("a revoked handle, the interval {side} it"), check);
            let mut liar = Liar::new(book, &ask, &HOLDER);
            liar.intervals = vec![interval.clone()];
            beside(&mut liar, handle, neighbour);
        }
    }
}

/// Every way to say that a handle lies in an interval next to it.
fn beside(liar: &mut Liar<'_>, handle: u32, neighbour: u32) {
    let relation = liar.relation.clone();
    let compact = !relation.ranges().is_empty();
    liar.refused("as it is", |_| {});
    if compact {
        liar.refused("a V of another value", |cheat| cheat.ranges.fill(Scalar::ONE));
    } else {
        for (name, wanted) in [("0", Scalar::ZERO), ("1", Scalar::ONE)] {
            liar.refused(&format!("derived digits that are {name}, others that are none"), |cheat| {
                (0..relation.digits().len()).for_each(|place| cheat.bend(place, wanted));
            });
        }
    }
    liar.refused("digits of the neighbour's handle", |cheat| {
        let (own, place) = (cheat.hidden.clone(), cheat.hidden_slot(0, 2));
        cheat.pretend(place, Scalar::from(neighbour));
        cheat.hidden = own;
    });
    liar.refused("the neighbour's handle", |cheat| {
        let place = cheat.hidden_slot(0, 2);
        cheat.pretend(place, Scalar::from(neighbour));
    });
    liar.refused("an interval that nobody signed", |cheat| {
        for slot in [3, 4] {
            let place = cheat.hidden_slot(1, slot);
            cheat.pretend(place, Scalar::from(handle));
        }
    });
}

/// Intervals of another schema, issuer, version or revocation key, shown as of the list in question.
fn other_scopes(book: &mut Book) {
    let list = book.list("near the holder");
    let (own, holds) = (list.scope, list.open(book.holding(HOLDER[0]).credential.handle()));
    let ends = list.bucket.find(book.holding(HOLDER[0]).credential.handle()).unwrap().ends;
    let w = secret_scalar(book.scene.revocation(FIRST).unwrap());
    let strange = book.scene.revocation(STRANGER).unwrap();
    let (x, strange_w) = (book.scene.x(FIRST), secret_scalar(strange));
    let schema = book.scene.schema("test.all").digest();
    let issuer = *book.scene.public(SECOND);
    let of = |name: &str, scope: Scope, signed_with: &Scalar, tokens_of: Scalar| {
        let signed = sign(&scope, ends, signed_with, named_scalar(&format!("interval {name}, e")));
        OpenInterval { issued_at: own.issued_at, ..OpenInterval::new(&scope, &signed, tokens_of) }
    };
    let cases = [
        ("another schema's interval", of("schema", Scope { schema, ..own }, &w, w)),
        ("another issuer's interval", of("issuer", Scope { issuer, ..own }, &w, w)),
        (
            "an earlier version's interval",
            of("version", Scope { issued_at: own.issued_at - 60, ..own }, &w, w),
        ),
        (
            "an interval for another revocation key",
            of("domain", Scope { revocation: *strange.public(), ..own }, &w, w),
        ),
        ("an interval under another revocation key", of("key", own, &strange_w, strange_w)),
        ("an interval under the issuer key", of("issuer key", own, &x, x)),
        (
            "an interval and its domain under the issuer key",
            of("issuer key and domain", Scope { revocation: own.issuer, ..own }, &x, x),
        ),
    ];
    for (name, interval) in cases {
        for check in ["token", "keyed"] {
            let mut liar = Liar::new(book, &asked(name, check), &HOLDER);
            liar.intervals = vec![interval.clone()];
            liar.refused("shown as what is asked for", |_| {});
        }
    }
    // An interval with other ends, or without a signature at all.
    let mut liar = Liar::new(book, &asked("an interval that was altered", "token"), &HOLDER);
    liar.intervals = vec![holds];
    for (slot, name) in [(3, "first"), (4, "last")] {
        liar.refused(&format!("its {name} handle one less"), |cheat| {
            let place = cheat.hidden_slot(1, slot);
            let less = cheat.hidden[place] - Scalar::ONE;
            cheat.pretend(place, less);
        });
    }
    let foreign = liar.book.list("near the holder").open(ends.first);
    let token = crate::holdings::OpenToken::draw(&foreign.open, &w, &mut crate::scene::rng("another pair"));
    let token = token.shown(&foreign.open, false).token;
    liar.refused("a token of another pair of the same interval", |cheat| cheat.shown[1].token = token);
}

/// Credentials and intervals in each other's place.
fn exchanged(book: &mut Book) {
    let handle = book.holding(HOLDER[0]).credential.handle();
    for check in ["token", "keyed"] {
        let interval = book.list("near the holder").open(handle);
        let mut liar = Liar::new(book, &asked("one signature in two places", check), &HOLDER);
        liar.intervals = vec![interval];
        for (name, shown) in [("the credential twice", 0), ("the interval twice", 1)] {
            liar.refused(name, |cheat| {
                let twice = cheat.shown[shown].clone();
                let own = &mut cheat.shown[1 - shown];
                *own = Shown { slots: own.slots.clone(), values: own.values.clone(), ..twice };
            });
        }
        liar.refused("the two exchanged", |cheat| {
            let [one, other] = &mut cheat.shown[..] else { panic!("two signatures") };
            std::mem::swap(one, other);
            std::mem::swap(&mut one.slots, &mut other.slots);
            std::mem::swap(&mut one.values, &mut other.values);
        });
    }
    // A credential that its issuer signed with such values that it could be an interval but for its domain.
    let scope = book.list("near the holder").scope;
    let ends = Ends { first: handle, last: handle };
    let x = book.scene.x(FIRST);
    let mut credential =
        OpenInterval::new(&scope, &sign(&scope, ends, &x, named_scalar("a credential, e")), x);
    let h = glimpse_circuits::generators::generators().h();
    let d = book.scene.public(FIRST).domain(&scope.schema);
    let point = glimpse_circuits::generators::generators().p()
        + glimpse_circuits::generators::generators().q() * d
        + (h[3] + h[4]) * Scalar::from(handle);
    credential.open.a = point * (x + credential.open.e).invert();
    credential.open.signed = credential.open.a * x;
    let mut liar = Liar::new(book, &asked("a credential as an interval", "keyed"), &HOLDER);
    liar.intervals = vec![credential];
    liar.refused("with the handle for both ends", |_| {});

    let two = [("a", "test.all"), ("b", "test.all")];
    let statements = json!([not_revoked("a", DAY), not_revoked("b", DAY)]);
    let holdings = ["all types", "all types of the second key"];
    let own = ["of test.all", "of the second key"];
    let open = |book: &Book, place: usize, list: usize| {
        let handle = book.holding(holdings[place]).credential.handle();
        let found = book.list(own[list]);
        found.bucket.find(handle).map_or_else(|| found.open(found.bounds.first), |_| found.open(handle))
    };
    for check in ["token", "keyed"] {
        let ask = Ask::new(&format!("two lists, {check}"), &two, statements.clone());
        let ask = if check == "keyed" { ask.keyed() } else { ask };
        let straight = vec![open(book, 0, 0), open(book, 1, 1)];
        let crossed = vec![open(book, 0, 1), open(book, 1, 0)];
        let mut liar = Liar::new(book, &ask, &holdings);
        liar.intervals = straight;
        liar.refused("their moments exchanged before the proof", |cheat| cheat.lists.swap(0, 1));
        liar.refused_as_sent("their moments exchanged after it", |_| {}, |shown| shown.lists.swap(0, 1));
        liar.intervals = crossed;
        liar.refused("each beside the other's credential", |_| {});
    }
}

/// Versions that are too old, from the future, or of no moment that a version has.
fn moments(book: &mut Book) {
    let handle = book.holding(HOLDER[0]).credential.handle();
    for (list, max_age, check) in [
        ("older than a day", DAY, "token"),
        ("a day old", DAY - 1, "keyed"),
        ("near the holder", 599, "keyed"),
        ("of 1970", NOW - 1, "keyed"),
        ("120 s from the future", DAY, "token"),
        ("the last moment there is", u64::MAX, "keyed"),
    ] {
        let ask = one(&format!("a list {list}, {max_age} s allowed"), max_age);
        let ask = if check == "keyed" { ask.keyed() } else { ask };
        let interval = book.list(list).open(handle);
        let mut liar = Liar::new(book, &ask, &HOLDER);
        (liar.intervals, liar.stage) = (vec![interval], "list");
        liar.refused("shown as it is", |_| {});
        liar.stage = "proof";
        liar.refused("said to be of now", |cheat| cheat.lists = vec![NOW]);
    }
    let base = "not_revoked, 60 s from the future";
    let made = book.made(base);
    book.refused(Refused {
        name: format!("{base}: a second earlier"),
        request: &made.request,
        audience: None,
        now: NOW - 1,
        bytes: made.bytes.clone(),
        stage: "list",
        reason: "the version is 61 s from the future",
    });
    let base = "not_revoked";
    let made = book.made(base);
    let moment = NOW - 600;
    assert_eq!(made.bytes[3..11], moment.to_le_bytes());
    for (name, moment, stage, reason) in [
        ("a second later", moment + 1, "decode", "versions are of whole minutes"),
        ("a second earlier", moment - 1, "decode", "versions are of whole minutes"),
        ("59 s later", moment + 59, "decode", "versions are of whole minutes"),
        ("2^64 - 1", u64::MAX, "decode", "versions are of whole minutes"),
        ("a minute later", moment + 60, "proof", "it is another version's"),
        ("a minute earlier", moment - 60, "proof", "it is another version's"),
        ("of 1970", 0, "list", "older than the request allows"),
        ("a day and a minute before the request", NOW - DAY - 60, "list", "older than the request allows"),
        ("the last there is", u64::MAX - 15, "list", "from the future"),
    ] {
        let mut bytes = made.bytes.clone();
        bytes[3..11].copy_from_slice(&moment.to_le_bytes());
        alter::refuse(book, &made, format!("{base}: the moment {name}"), bytes, stage, reason);
    }
}

/// Bytes of valid ones changed.
fn altered(book: &mut Book) {
    alter::fields(book, "not_revoked", |field| {
        field.name.contains("credential 1") || field.name.contains("hidden")
    });
    alter::fields(book, "not_revoked, keyed, compact", |field| !field.in_bulletproof);
    alter::lengths(book, "not_revoked, keyed, compact");
    let base = "not_revoked, keyed";
    let made = book.made(base);
    let without = [&made.bytes[..3], &made.bytes[11..]].concat();
    alter::refuse(book, &made, format!("{base}: without the moment"), without, "decode", "too short");
    let twice = [&made.bytes[..11], &made.bytes[3..]].concat();
    alter::refuse(book, &made, format!("{base}: the moment twice"), twice, "decode", "too long");
}

/// Keys that have no lists, or others.
fn keys(book: &mut Book) {
    let base = "not_revoked, a key without lists before the known ones";
    let made = book.made(base);
    assert_eq!(made.bytes[2], 2);
    for (index, name, reason) in [
        (0, THIRD, "nothing is accepted under a key without a revocation key here"),
        (1, STRANGER, "nothing is accepted under a key that is not known"),
        (3, "nobody", "the request accepts three keys"),
    ] {
        let mut bytes = made.bytes.clone();
        bytes[2] = index;
        alter::refuse(book, &made, format!("{base}: said to be of {name}"), bytes, "decode", reason);
    }
    let base = "not_revoked";
    let made = book.made(base);
    let mut bytes = made.bytes.clone();
    bytes[2] = 1;
    let reason = "the credential, and the list, are of the first key";
    alter::refuse(book, &made, format!("{base}: said to be of the second key"), bytes, "proof", reason);
    let fast = book.made("not_revoked, keyed, compact");
    let name = "not_revoked, keyed, for a request of its own";
    let ask = Ask::new(name, &[("l", BOUND)], json!([not_revoked("l", DAY)])).keyed().small();
    book.request(&ask);
    book.refused(Refused {
        name: name.to_owned(),
        request: name,
        audience: None,
        now: fast.now,
        bytes: fast.bytes,
        stage: "proof",
        reason: "it was made for another request",
    });
}
