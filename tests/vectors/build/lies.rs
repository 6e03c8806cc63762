//! False statements by a prover who does what the protocol does not: see `glimpse_fixtures::cheat`.

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::generators;
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::CheckKind;
use glimpse_fixtures::cheat::Cheat;
use glimpse_fixtures::open::Shown;
use glimpse_fixtures::range_cheat::RangeCheat;
use glimpse_fixtures::schemas::{date, numbered};
use serde_json::{Value as Json, json};

use super::ask::{Ask, equals, flags, intervals, member, not_member, range};
use super::book::{Book, Refused};
use crate::holdings::OpenToken;
use crate::lists::OpenInterval;
use crate::scene::rng;

/// A prover at work on one request.
pub(crate) struct Liar<'a> {
    pub(crate) book: &'a mut Book,
    pub(crate) request: String,
    pub(crate) relation: Relation,
    /// The holdings shown.
    pub(crate) holdings: Vec<&'static str>,
    /// The intervals shown beside them.
    pub(crate) intervals: Vec<OpenInterval>,
    /// The stage at which all of it is refused.
    pub(crate) stage: &'static str,
}

impl<'a> Liar<'a> {
    /// Takes the request up. In the compact profile if it prefers small answers.
    pub(crate) fn new(book: &'a mut Book, ask: &Ask, holdings: &[&'static str]) -> Self {
        let fast = book.request(ask);
        let relation = fast.compact().unwrap_or(fast);
        let (request, holdings) = (ask.name.clone(), holdings.to_vec());
        Self { book, request, relation, holdings, intervals: Vec::new(), stage: "proof" }
    }

    /// A prover that does not lie yet, drawing from the generator of this lie.
    pub(crate) fn refused(&mut self, lie: &str, change: impl FnOnce(&mut Cheat<'_>)) {
        self.refused_as_sent(lie, change, |_| {});
    }

    /// The same, with a change to what was proven.
    pub(crate) fn refused_as_sent(
        &mut self,
        lie: &str,
        change: impl FnOnce(&mut Cheat<'_>),
        after: impl FnOnce(&mut Presentation),
    ) {
        let name = format!("{}: {lie}", self.request);
        let rng = &mut rng(&format!("lie {name}"));
        let (book, relation) = (&self.book, &self.relation);
        let shown = self.holdings.iter().zip(relation.credentials()).map(|(name, requested)| {
            let holding = book.holding(name);
            let key = book.scene.public(holding.key);
            // A credential of another key is shown as one of the first.
            let index = requested.accepted.iter().position(|accepted| accepted.key == *key).unwrap_or(0);
            let keyed = requested.check == CheckKind::Keyed;
            holding.shown(&book.scene, u8::try_from(index).unwrap(), keyed, rng)
        });
        let mut shown: Vec<Shown> = shown.collect();
        for (interval, requested) in self.intervals.iter().zip(relation.intervals()) {
            let keyed = relation.credentials()[requested.credential].check == CheckKind::Keyed;
            let OpenInterval { open, secret, .. } = interval;
            shown.push(OpenToken::draw(open, secret, rng).shown(open, keyed));
        }
        let mut cheat = Cheat::new(relation, shown);
        cheat.lists = self.intervals.iter().map(|interval| interval.issued_at).collect();
        change(&mut cheat);
        let mut presentation = cheat.prove(rng);
        after(&mut presentation);
        let now = self.relation.request().document().issued_at + 1;
        let bytes = presentation.to_bytes();
        let reason = lie.to_owned();
        let (request, audience, stage) = (self.request.clone(), None, self.stage);
        self.book.refused(Refused { name, request: &request, audience, now, bytes, stage, reason: &reason });
    }
}

/// A false statement, the attribute that it is about, and a value that would make it true.
type False = (&'static str, Json, &'static str, Value);

pub(crate) fn all(book: &mut Book) {
    for (name, statement, attribute, claim) in false_statements() {
        let ask = Ask::short(&format!("false: {name}"), json!([statement])).keyed();
        let mut liar = Liar::new(book, &ask, &["short"]);
        lies(&mut liar, attribute, &claim);
    }
    for (name, statement, attribute, claim) in false_ranges() {
        let ask = Ask::short(&format!("false, small: {name}"), json!([statement])).keyed().small();
        let mut liar = Liar::new(book, &ask, &["short"]);
        assert!(!liar.relation.ranges().is_empty());
        range_lies(&mut liar, attribute, &claim);
    }
}

/// Of the licence "short", with an amount of 1,000,000, born on 1990-05-17, of city 上海, region r7, A2 and C1.
fn false_statements() -> Vec<False> {
    let amount = "amount";
    let v = 1_000_000i128;
    let uint = |value: i128| Value::Uint(u64::try_from(value).unwrap());
    let empty: [&str; 0] = [];
    vec![
        ("a range above by 1", range("l.amount", v + 1, v + 8), amount, uint(v + 1)),
        ("a range below by 1", range("l.amount", v - 8, v - 1), amount, uint(v - 1)),
        ("a range of one value", range("l.amount", v + 1, v + 1), amount, uint(v + 1)),
        ("a range of two values", range("l.amount", v + 1, v + 2), amount, uint(v + 2)),
        (
            "a negative combination",
            super::ask::range_of(&[("l.amount", -1)], -v + 1, -v + 16),
            amount,
            uint(v - 1),
        ),
        ("at least 37", json!({"age": {"of": "l.birth", "at_least": "37"}}), "birth", date("1989-11-22")),
        ("below 36", json!({"age": {"of": "l.birth", "below": "36"}}), "birth", date("1990-11-23")),
        (
            "to the day before",
            json!({"date": {"of": "l.until", "to": "2029-12-31"}}),
            "until",
            date("2029-12-31"),
        ),
        ("equals", equals("l.city", "北京"), "city", Value::Code("北京".into())),
        ("member of one", member("l.city", &["北京"]), "city", Value::Code("北京".into())),
        ("member of three", member("l.city", &["北京", "广州", "深圳"]), "city", Value::Code("广州".into())),
        ("member of eleven", member("l.city", &numbered("k", 11)), "city", Value::Code("k10".into())),
        ("not_member", not_member("l.region", &["r6", "r7"]), "region", Value::Code("r8".into())),
        (
            "intervals of equal width",
            intervals("l.amount", &[(v - 9, v - 1), (v + 1, v + 9)]),
            amount,
            uint(v + 1),
        ),
        (
            "intervals of different widths",
            intervals("l.amount", &[(v - 99, v - 1), (v + 1, v + 3)]),
            amount,
            uint(v - 1),
        ),
        (
            "flags that are not set",
            flags("l.classes", &["A1"], &[], &empty),
            "classes",
            Value::Flags(0b01_0011),
        ),
        ("flags that are set", flags("l.classes", &[], &["C1"], &empty), "classes", Value::Flags(0b00_0010)),
        (
            "any of what is not set",
            flags("l.classes", &[], &[], &["A1", "B1", "C2"]),
            "classes",
            Value::Flags(0b01_0011),
        ),
        (
            "every flag fixed, one of them wrongly",
            flags("l.classes", &["A2"], &["A1", "B1", "B2", "C1", "C2"], &empty),
            "classes",
            Value::Flags(0b00_0010),
        ),
    ]
}

fn lies(liar: &mut Liar<'_>, attribute: &str, claim: &Value) {
    let relation = liar.relation.clone();
    assert!(relation.ranges().is_empty());
    liar.refused("digits all 0, the rest by the book", |cheat| {
        assert!(relation.assign(&cheat.hidden, &[]).is_err(), "the statement is true");
    });
    if relation.free_digits() > 0 {
        liar.refused("digits that are no bits", |cheat| {
            (0..relation.digits().len()).for_each(|place| cheat.bend(place, Scalar::ONE));
        });
        liar.refused("digits of another value", |cheat| {
            let hidden = cheat.hidden.clone();
            cheat.claim(0, attribute, claim);
            cheat.hidden = hidden;
        });
    }
    liar.refused("residuals of another value", |cheat| {
        let hidden = cheat.hidden.clone();
        cheat.claim(0, attribute, claim);
        assert!(relation.assign(&cheat.hidden, &[]).is_ok(), "the claim is false as well");
        cheat.pretended = Some(std::mem::replace(&mut cheat.hidden, hidden));
    });
    liar.refused("another value than the credential's", |cheat| cheat.claim(0, attribute, claim));
}

fn false_ranges() -> Vec<False> {
    let v = 1_000_000i128;
    let uint = |value: i128| Value::Uint(u64::try_from(value).unwrap());
    let max = (1i128 << 63) - 1;
    vec![
        ("above by 1, both ends", range("l.amount", v + 1, v + 17), "amount", uint(v + 1)),
        ("below by 1, both ends", range("l.amount", v - 300, v - 1), "amount", uint(v - 1)),
        ("above by 1, one end", range("l.amount", v + 1, max), "amount", uint(v + 1)),
        ("below by 1, one end", range("l.amount", 0, v - 1), "amount", uint(v - 1)),
        ("at least 37", json!({"age": {"of": "l.birth", "at_least": "37"}}), "birth", date("1989-11-22")),
        (
            "between intervals",
            intervals("l.amount", &[(v - 90, v - 1), (v + 1, v + 60)]),
            "amount",
            uint(v - 1),
        ),
    ]
}

fn range_lies(liar: &mut Liar<'_>, attribute: &str, claim: &Value) {
    let relation = liar.relation.clone();
    let bits = glimpse_circuits::range_proof::bits(relation.ranges());
    liar.refused("a Bulletproof of as many bits as there are", |_| {});
    liar.refused("a Bulletproof of bits that are none", move |cheat| {
        cheat.range_lie = Some(Box::new(move |proof: &mut RangeCheat| {
            (0..proof.values.len()).for_each(|slot| proof.bend(slot, bits - 1));
        }));
    });
    liar.refused("a V of another value", |cheat| cheat.ranges.fill(Scalar::ONE));
    liar.refused("a V of another value, its error in E_0", |cheat| {
        let wrong = cheat.ranges[0] - Scalar::ONE;
        cheat.ranges.fill(Scalar::ONE);
        cheat.extra_digit_masks = generators().g() * wrong;
    });
    liar.refused("V's and digits of another value", |cheat| {
        let hidden = cheat.hidden.clone();
        cheat.claim(0, attribute, claim);
        cheat.hidden = hidden;
    });
    liar.refused("another value than the credential's", |cheat| cheat.claim(0, attribute, claim));
}
