//! What is false is refused, whatever a prover does about its digits, residuals and commitments.
//!
//! attacks.md, Soundness 1. The cheating prover holds a true credential and lies about what is true of it; each
//! lie must break exactly the equation that is there to catch it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::generators;
use glimpse_circuits::relation::Digit;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::cheat::Cheat;
use glimpse_fixtures::open::scalar;
use glimpse_fixtures::reference::{challenges, credential_mask, digits_left};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, second, second_values, unbound, unbound_values,
};
use glimpse_fixtures::stage::{Setting, Stage};
use serde_json::{Value as Json, json};

fn one(attribute: &str) -> Json {
    json!([{"attribute": format!("l.{attribute}"), "coefficient": "1"}])
}

fn range(attribute: &str, lo: i128, hi: i128) -> Json {
    json!({"range": {"of": one(attribute), "lo": lo.to_string(), "hi": hi.to_string()}})
}

/// The prover of all other tests here is a sound one: what it says without lying is accepted.
#[test]
fn the_cheating_prover_is_accepted_when_it_does_not_lie() {
    let (all, other, free) = (all_types(), second(), unbound());
    let mut stage = Stage::new(1, &[all.clone(), other.clone(), free.clone()]);
    let a = stage.obtain(&all, all_types_values());
    let b = stage.obtain(&other, second_values());
    let c = stage.obtain(&free, unbound_values());
    let statements = [
        json!({"disclose": {"of": "a.name"}}),
        json!({"disclose": {"of": "a.note"}}),
        json!({"age": {"of": "a.birth", "at_least": "18"}}),
        json!({"range": {"of": [{"attribute": "a.amount", "coefficient": "-3"}, {"attribute": "b.points", "coefficient": "7"},
            {"attribute": "c.count", "coefficient": "1"}], "lo": "-3000000", "hi": "-2000000"}}),
        json!({"range": {"of": [{"attribute": "c.count", "coefficient": "1"}], "lo": "42", "hi": "42"}}),
        json!({"equals": {"of": "c.title", "value": "company"}}),
        json!({"member": {"of": "a.city", "values": ["广州", "上海", "北京", "x", "y"]}}),
        json!({"not_member": {"of": "a.region", "values": ["r0"]}}),
        json!({"intervals": {"of": [{"attribute": "b.points", "coefficient": "1"}], "intervals": [
            {"lo": "0", "hi": "7"}, {"lo": "400", "hi": "500"}, {"lo": "700", "hi": "700"}]}}),
        json!({"flags": {"of": "b.bits", "all": ["b0"], "none": ["b1", "b30"], "any": ["b5", "b31"]}}),
        json!({"flags": {"of": "b.single", "all": ["on"]}}),
        json!({"equal": {"left": "a.birth", "right": "b.born"}}),
        json!({"equal": {"left": "a.city", "right": "b.town"}}),
    ];
    let credentials: [(&str, &Schema); 3] = [("a", &all), ("b", &other), ("c", &free)];
    for check in ["token", "keyed"] {
        let mut lists: Vec<Vec<Json>> = statements.iter().map(|statement| vec![statement.clone()]).collect();
        lists.extend([statements.to_vec(), vec![]]);
        for list in lists {
            let relation = stage.relation_with(&credentials, json!(list), check);
            let shown = stage.show(&relation, &[&a, &b, &c]);
            stage.accepted(Cheat::new(&relation, shown));
        }
    }
}

/// attacks.md 1: a digit of 2, −1 or 1/2 that makes every derived digit a bit.
#[test]
fn digits_other_than_0_and_1_are_refused() {
    let mut setting = Setting::new(2);
    // Weights 2 and 1; 1,000,000 lies at an offset of 4, −2 and 1.
    for (lo, digit) in
        [(999_996, Scalar::from(2u8)), (1_000_002, -Scalar::ONE), (999_999, Scalar::from(2u8).invert())]
    {
        let relation = setting.relation(json!([range("amount", lo, lo + 3)]));
        assert_eq!(relation.free_digits(), 1);
        let mut cheat = setting.cheat(&relation);
        cheat.free[0] = digit;
        assert_eq!(cheat.digits(), [digit, Scalar::ZERO]);
        setting.stage.refused(cheat, &["digits"], "a digit that is no bit");
    }
    for _ in 0..8 {
        let relation = setting.relation(json!([range("amount", 0, 999_999)]));
        let mut cheat = setting.cheat(&relation);
        let random: Vec<Scalar> = cheat.free.iter().map(|_| scalar(&mut setting.stage.rng)).collect();
        cheat.free = random;
        setting.stage.refused(cheat, &["digits"], "random digits");
    }
}

/// attacks.md 1: responses f = a + c·b + c²·q, and responses chosen after the challenge.
#[test]
fn responses_of_degree_two_are_refused() {
    let mut setting = Setting::new(3);
    for (statement, truth) in [
        (range("amount", 1_000_001, 1_000_900), false),
        (range("amount", 1_000_000, 1_000_900), true),
        (json!({"member": {"of": "l.city", "values": ["a", "b", "c", "d"]}}), false),
    ] {
        let relation = setting.relation(json!([statement]));
        for k in 0..relation.free_digits() {
            for kind in 0..4 {
                let mut cheat = setting.cheat(&relation);
                cheat.after = Some(Box::new(move |presentation, _, c| {
                    let f = &mut presentation.digits.as_mut().unwrap().responses[k];
                    match kind {
                        0 => *f += c * c,
                        1 => *f -= c * c,
                        2 => *f = c,
                        _ => *f = Scalar::ZERO,
                    }
                }));
                setting.stage.refused(cheat, &["digits"], &format!("{kind} at digit {k}, otherwise {truth}"));
            }
        }
    }
}

/// attacks.md 1: masks that do not belong to the digits, in every part of the digit equation.
#[test]
fn false_residual_masks_are_refused() {
    let mut setting = Setting::new(4);
    let m = generators().m();
    let relation = setting.relation(json!([range("amount", 1_000_000, 1_000_900)]));
    for delta in [Scalar::ONE, -Scalar::ONE, scalar(&mut setting.stage.rng)] {
        let mut cheat = setting.cheat(&relation);
        cheat.extra_tau = delta;
        setting.stage.refused(cheat, &["digits"], "another tau");
        let mut cheat = setting.cheat(&relation);
        cheat.extra_digit_masks = m * delta;
        setting.stage.refused(cheat, &["digits"], "another q_0");
        let mut cheat = setting.cheat(&relation);
        cheat.extra_digits = m * delta;
        setting.stage.refused(cheat, &["digits"], "another mu");
        // Another μ, masked accordingly, is as good as any.
        let mut cheat = setting.cheat(&relation);
        (cheat.extra_digits, cheat.extra_tau) = (m * delta, delta);
        setting.stage.accepted(cheat);
    }
    // Parts of E_1 and E_0 under generators that have no response there.
    for (i, generator) in generators().all().iter().enumerate().step_by(7) {
        if i == 4 || (39..39 + relation.free_digits()).contains(&i) {
            continue;
        }
        let mut cheat = setting.cheat(&relation);
        cheat.extra_digits = *generator;
        setting.stage.refused(cheat, &["digits"], &format!("generator {i} in E_1"));
        let mut cheat = setting.cheat(&relation);
        cheat.extra_digit_masks = *generator;
        setting.stage.refused(cheat, &["digits"], &format!("generator {i} in E_0"));
    }
}

/// attacks.md 1: without powers of y, errors of two predicates could cancel.
#[test]
fn errors_of_two_predicates_do_not_cancel() {
    let mut setting = Setting::new(5);
    let until = setting.credential.values[2].to_integer().unwrap();
    // Off by +1 and −1.
    let relation = setting.relation(json!([
        range("amount", 999_999, 999_999),
        range("until", i128::from(until) + 1, i128::from(until) + 1),
    ]));
    assert_eq!(relation.residuals().len(), 2);
    let cheat = setting.cheat(&relation);
    setting.stage.refused(cheat, &["digits"], "residuals that add up to 0");
    // A digit of −1 misses by −2, the equality by +2.
    let relation = setting.relation(json!([
        range("amount", 1_000_001, 1_000_002),
        range("until", i128::from(until) - 2, i128::from(until) - 2),
    ]));
    let cheat = setting.cheat(&relation);
    assert_eq!(cheat.digits(), [-Scalar::ONE]);
    setting.stage.refused(cheat, &["digits"], "a digit and a residual that add up to 0");
}

/// attacks.md 1 and 9: whatever is sent before the challenge enters it. Each commitment in turn is replaced, after the
/// challenge is known, by what would make a false proof hold.
#[test]
fn commitments_cannot_be_fitted_to_the_challenge() {
    let mut setting = Setting::new(6);
    let relation = setting.relation(json!([range("amount", 2_000_000, 2_000_900)]));
    for part in ["T", "E0", "E1", "tau"] {
        let mut cheat = setting.cheat(&relation);
        if part == "T" {
            cheat.claim(0, "amount", &Value::Uint(2_000_001));
        }
        let mut presentation = cheat.prove(&mut setting.stage.rng);
        let (y, c) = challenges(&relation, &presentation);
        let fitted = digits_left(&relation, &presentation, &y, &c);
        let mask = credential_mask(&relation, &presentation, 0, &c);
        let digits = presentation.digits.as_mut().unwrap();
        let committed = digits.committed.as_mut().unwrap();
        match part {
            "T" => presentation.commitments[0].masks = mask.into(),
            "E0" => digits.masks = (fitted - committed.point.point * c).into(),
            "E1" => committed.point = ((fitted - digits.masks.point) * c.invert()).into(),
            _ => {
                // τ is off by the c² coefficient times c: the digits are all 0, so one derived digit is wrong.
                let honest = committed.tau;
                let error = fitted - digits.masks.point - committed.point.point * c;
                let value = setting.credential.slots[3 + 3] - Scalar::from(2_000_000u64);
                let power = (0..relation.digits().len()).fold(Scalar::ONE, |power, _| power * y);
                let quadratic = power * value * (Scalar::ONE - value);
                assert_eq!(generators().m() * -(quadratic * c * c), error);
                committed.tau = honest + quadratic * c;
            }
        }
        let stale = presentation.clone();
        let (y2, c2) = challenges(&relation, &stale);
        assert!(c2 != c && (part != "E1" || y2 != y), "{part} is not in the challenge");
        // After the fit nothing holds any more: c enters every equation.
        setting.stage.refused_as_sent(&relation, &stale, &["credential 0", "digits"], part);
    }
}

/// Every digit of a large presentation is checked, not only the first or the last.
#[test]
fn every_digit_is_checked() {
    let mut setting = Setting::new(12);
    let relation = setting.relation(json!([
        range("amount", 0, 1_000_900),
        {"member": {"of": "l.city", "values": ["a", "上海", "b", "c", "d", "e"]}},
        {"flags": {"of": "l.classes", "any": ["A2", "C2"]}},
    ]));
    let free: Vec<usize> = relation
        .digits()
        .iter()
        .filter_map(|digit| match digit {
            Digit::Free(index) => Some(*index),
            Digit::Derived(_) => None,
        })
        .collect();
    assert_eq!(free, (0..relation.free_digits()).collect::<Vec<_>>());
    for k in free {
        let mut cheat = setting.cheat(&relation);
        cheat.free[k] = Scalar::ONE - cheat.free[k];
        setting.stage.refused(cheat, &["digits"], "a digit turned over");
        let mut cheat = setting.cheat(&relation);
        cheat.extra_digits = generators().d()[k];
        setting.stage.refused(cheat, &["digits"], "another digit committed to");
        let mut cheat = setting.cheat(&relation);
        cheat.after = Some(Box::new(move |presentation, _, _| {
            let digits = presentation.digits.as_mut().unwrap();
            digits.committed.as_mut().unwrap().point = EncodedPoint::from(generators().d()[k]);
        }));
        setting.stage.refused(cheat, &["credential 0", "digits"], "another E_1");
    }
}
