//! What is false is refused in the compact profile too, whatever a prover does about V's, Bulletproof and digits.
//!
//! attacks.md, Soundness 1, 3 and 4. As in suite `soundness`, each lie must break exactly the equation that is there to
//! catch it; `ranges` is what the `bulletproofs` crate says of the range proof.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::generators;
use glimpse_circuits::presentation::Presentation;
use glimpse_circuits::range_proof::{RangeProof, bits, range_generators, slots};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::cheat::{Cheat, Fork};
use glimpse_fixtures::open::scalar;
use glimpse_fixtures::range_cheat::RangeCheat;
use glimpse_fixtures::reference::{broken, challenges, digits_left, digits_right};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, attribute, schema, second, second_values, unbound, unbound_values,
};
use glimpse_fixtures::stage::{Setting, Stage};
use serde_json::{Value as Json, json};

const MAX: i128 = (1 << 63) - 1;

fn one(attribute: &str) -> Json {
    json!([{"attribute": format!("l.{attribute}"), "coefficient": "1"}])
}

fn range(attribute: &str, lo: i128, hi: i128) -> Json {
    json!({"range": {"of": one(attribute), "lo": lo.to_string(), "hi": hi.to_string()}})
}

fn intervals(list: &[(u64, u64)]) -> Json {
    let list: Vec<Json> =
        list.iter().map(|(lo, hi)| json!({"lo": lo.to_string(), "hi": hi.to_string()})).collect();
    json!({"intervals": {"of": one("amount"), "intervals": list}})
}

/// A range of 31 values that the amount of 1,000,000 is in, with a set: digits and a range together.
fn with_digits() -> Json {
    json!([range("amount", 999_990, 1_000_020), {"member": {"of": "l.city", "values": ["x", "上海", "y"]}}])
}

/// The prover of all other tests here is a sound one: what it says without lying is accepted.
#[test]
fn the_cheating_prover_is_accepted_when_it_does_not_lie() {
    let (all, other, free) = (all_types(), second(), unbound());
    let mut stage = Stage::new(1, &[all.clone(), other.clone(), free.clone()]);
    let a = stage.obtain(&all, all_types_values());
    let b = stage.obtain(&other, second_values());
    let c = stage.obtain(&free, unbound_values());
    let of = |name: &str| json!([{"attribute": name, "coefficient": "1"}]);
    let statements = [
        json!({"age": {"of": "a.birth", "at_least": "18", "below": "60"}}),
        json!({"range": {"of": [{"attribute": "a.amount", "coefficient": "-3"}, {"attribute": "b.points", "coefficient": "7"},
            {"attribute": "c.count", "coefficient": "1"}], "lo": "-3000000", "hi": "-2000000"}}),
        json!({"range": {"of": of("c.count"), "lo": "20", "hi": "10000"}}),
        json!({"range": {"of": of("c.count"), "lo": "0", "hi": "42"}}),
        json!({"range": {"of": of("c.count"), "lo": "42", "hi": "58"}}),
        json!({"date": {"of": "a.until", "from": "today"}}),
        json!({"intervals": {"of": of("b.points"), "intervals": [{"lo": "0", "hi": "7"}, {"lo": "400", "hi": "500"}]}}),
        json!({"intervals": {"of": of("b.points"), "intervals": [{"lo": "0", "hi": "100"}, {"lo": "400", "hi": "500"}]}}),
    ];
    let others = [
        json!({"disclose": {"of": "c.count"}}),
        json!({"member": {"of": "a.city", "values": ["广州", "上海", "北京"]}}),
        json!({"equals": {"of": "c.title", "value": "company"}}),
        json!({"flags": {"of": "b.bits", "all": ["b0"], "none": ["b1"], "any": ["b5", "b31"]}}),
        json!({"equal": {"left": "a.birth", "right": "b.born"}}),
    ];
    let credentials: [(&str, &Schema); 3] = [("a", &all), ("b", &other), ("c", &free)];
    for check in ["token", "keyed"] {
        let mut lists: Vec<Vec<Json>> = statements.iter().map(|statement| vec![statement.clone()]).collect();
        lists.extend([statements[1..].to_vec(), [&statements[..3], &others].concat()]);
        for list in lists {
            let relation = stage.compact(&credentials, json!(list), check);
            assert!(!relation.ranges().is_empty());
            let shown = stage.show(&relation, &[&a, &b, &c]);
            stage.accepted(Cheat::new(&relation, shown));
        }
    }
}

/// Every way there is to lie about a false statement that is one or two ranges and maybe digits.
fn all_lies(setting: &mut Setting, statement: Json, attribute: &str, claims: &[Value]) {
    let relation = setting.compact(json!([statement]));
    assert!(relation.assign(&setting.cheat(&relation).hidden, &[]).is_err(), "true: {statement}");
    let (slots, bits) = (slots(relation.ranges()), bits(relation.ranges()));
    let lie = |what: &str| format!("{what}: {statement}");

    let cheat = setting.cheat(&relation);
    let values = cheat.ranges.clone();
    setting.stage.refused(cheat, &["ranges"], &lie("as many bits as there are"));
    let places = (0..slots).flat_map(|slot| [(slot, 0), (slot, bits - 1)]);
    for (slot, bit) in places.take(if bits > 16 { 1 } else { 4 }) {
        let mut cheat = setting.cheat(&relation);
        cheat.range_lie = Some(Box::new(move |proof: &mut RangeCheat| {
            (0..slots).filter(|other| *other != slot).for_each(|other| proof.bend(other, 0));
            proof.bend(slot, bit);
        }));
        setting.stage.refused(cheat, &["ranges"], &lie("bits that are none"));
    }
    // V's of integers in range, the one that wraps around to the same 64 bits among them.
    for value in [0, relation.ranges()[0].width, u64::MAX] {
        let mut cheat = setting.cheat(&relation);
        for (k, range) in relation.ranges().iter().enumerate() {
            let fits = bits == 64 && !range.both_ends;
            cheat.ranges[k] = Scalar::from(if fits { value } else { value.min(range.width) });
        }
        let (first, wrong) = (cheat.ranges[0], values[0] - cheat.ranges[0]);
        setting.stage.refused(cheat, &["digits"], &lie("a V of another value"));
        if let ([_], 8) = (relation.ranges(), bits) {
            for extra in [wrong, -wrong] {
                let mut cheat = setting.cheat(&relation);
                cheat.ranges = vec![first];
                cheat.extra_digit_masks = generators().g() * extra;
                setting.stage.refused(cheat, &["digits"], &lie("and its error in E_0"));
            }
        }
    }
    for claim in claims {
        let mut cheat = setting.cheat(&relation);
        let hidden = cheat.hidden.clone();
        cheat.claim(0, attribute, claim);
        assert!(relation.assign(&cheat.hidden, &[]).is_ok(), "the claim is false as well: {statement}");
        setting.stage.refused(cheat, &["credential 0"], &lie("another value"));

        let mut cheat = setting.cheat(&relation);
        cheat.claim(0, attribute, claim);
        cheat.hidden.clone_from(&hidden);
        setting.stage.refused(cheat, &["digits"], &lie("V's and digits of another value"));

        let mut cheat = setting.cheat(&relation);
        cheat.claim(0, attribute, claim);
        cheat.pretended = Some(std::mem::replace(&mut cheat.hidden, hidden));
        setting.stage.refused(cheat, &["digits"], &lie("masks of another value as well"));
    }
}

/// attacks.md 4: outside by one at either end, with one end and with two, at every width's edge.
#[test]
fn values_outside_by_one_are_refused() {
    let mut setting = Setting::new(2);
    for width in [16i128, 255, 256, 65_535, 65_536] {
        for (lo, hi) in [(1_000_001, 1_000_001 + width), (999_999 - width, 999_999)] {
            if lo > 0 {
                let claims = [lo, hi].map(|claim| Value::Uint(claim as u64));
                all_lies(&mut setting, range("amount", lo, hi), "amount", &claims);
            }
        }
    }
    // The schema's bound at the other end: not proven.
    for (lo, hi) in [(1_000_001, MAX), (0, 999_999), (-5, 999_999), (1_000_001, 2 * MAX)] {
        let relation = setting.compact(json!([range("amount", lo, hi)]));
        assert!(relation.ranges().len() == 1 && !relation.ranges()[0].both_ends);
        let claims = [lo.max(0), hi.min(MAX)].map(|claim| Value::Uint(claim as u64));
        all_lies(&mut setting, range("amount", lo, hi), "amount", &claims);
    }
    all_lies(&mut setting, range("amount", 1, 999_999), "amount", &[Value::Uint(1), Value::Uint(999_999)]);
}

/// attacks.md 4: a value at the schema's own bound is outside of a range that ends one before it.
#[test]
fn values_at_the_schemas_bounds_are_outside_by_one() {
    let kind = json!({"uint": {"min": "100", "max": "1000"}});
    let schema = schema("test.bounded", "none", vec![attribute("amount", kind, true, "disclose")]);
    for (value, lo, hi) in [(1000, 200, 999), (1000, 100, 999), (100, 101, 900), (100, 101, 1000)] {
        let mut setting = Setting::of(15, schema.clone(), vec![Value::Uint(value)]);
        let claims = [lo, hi].map(|claim| Value::Uint(claim as u64));
        all_lies(&mut setting, range("amount", lo, hi), "amount", &claims);
    }
}

/// attacks.md 4: the same in combinations, negative coefficients included.
#[test]
fn combinations_outside_by_one_are_refused() {
    let mut setting = Setting::new(3);
    let birth = i128::from(setting.credential.values[1].to_integer().unwrap());
    for (coefficient, other) in [(-1, 1), (1, -3), (-7, -11), (3, 2)] {
        let value = coefficient * 1_000_000 + other * birth;
        let of = json!([{"attribute": "l.amount", "coefficient": coefficient.to_string()},
            {"attribute": "l.birth", "coefficient": other.to_string()}]);
        for (lo, hi) in [(value + 1, value + 900), (value - 900, value - 1)] {
            let statement = json!({"range": {"of": of, "lo": lo.to_string(), "hi": hi.to_string()}});
            all_lies(&mut setting, statement, "amount", &[]);
        }
    }
}

/// attacks.md 4: intervals of equal and of unequal width, overlapping ones, the value between them.
#[test]
fn values_between_intervals_are_refused() {
    let mut setting = Setting::new(4);
    let lists: [&[(u64, u64)]; 5] = [
        &[(10, 40), (999_000, 999_999)],
        &[(1_000_001, 1_000_100), (0, 999_999)],
        &[(999_900, 999_999), (1_000_001, 1_000_100)],
        &[(999_900, 999_999), (999_800, 999_950), (1_000_001, 2_000_000)],
        &[(999_950, 999_999), (999_900, 999_949), (1_000_001, 1_000_050), (5, 54)],
    ];
    for list in lists {
        let claims: Vec<Value> = list.iter().flat_map(|(lo, hi)| [*lo, *hi]).map(Value::Uint).collect();
        all_lies(&mut setting, intervals(list), "amount", &claims);
        // Parts of intervals: selectors that are no bits, in sum 1, which put the value into "an interval".
        let relation = setting.compact(json!([intervals(list)]));
        for place in 0..relation.free_digits() {
            let mut cheat = setting.cheat(&relation);
            let (lo, hi) = list[place + 1];
            let (first, _) = list[0];
            // lo_0 + f·(lo − lo_0) = 1,000,000 − (hi − lo)/2
            let middle = Scalar::from(1_000_000 - (hi - lo).min(40) / 2) - Scalar::from(first);
            cheat.free[place] = middle * (Scalar::from(lo) - Scalar::from(first)).invert();
            cheat.ranges = cheat.range_values();
            let expected = broken(&relation, &cheat.prove(&mut setting.stage.rng));
            assert!(expected.contains(&"digits".to_owned()), "{list:?}");
            if list.iter().all(|(lo, hi)| hi - lo == list[0].1 - list[0].0) {
                assert_eq!(expected, ["digits"], "{list:?}");
            }
        }
    }
}

/// attacks.md 3: intervals that are single values, and ranges too narrow for a V, keep their digits.
#[test]
fn narrow_ranges_beside_wide_ones_are_checked() {
    let mut setting = Setting::new(5);
    for (statement, truth) in [
        (intervals(&[(5, 5), (999_999, 999_999), (1_000_001, 1_000_001)]), false),
        (intervals(&[(5, 5), (1_000_000, 1_000_000)]), true),
        (range("amount", 1_000_000, 1_000_015), true),
        (range("amount", 1_000_001, 1_000_016), false),
        (range("amount", 999_999, 999_999), false),
        (range("amount", 999_984, 999_999), false),
    ] {
        let relation = setting.compact(json!([statement, range("birth", 0, 800_000)]));
        assert_eq!(relation.ranges().len(), 1, "{statement}");
        let cheat = setting.cheat(&relation);
        if truth {
            setting.stage.accepted(cheat);
        } else {
            setting.stage.refused(cheat, &["digits"], "a narrow range");
        }
    }
}

/// A Bulletproof about other numbers than those in the V's: in each slot, in its value or in its blinding.
#[test]
fn a_bulletproof_of_other_openings_is_refused() {
    let mut setting = Setting::new(6);
    for statements in [with_digits(), json!([range("amount", 999_990, 1_000_020)])] {
        let relation = setting.compact(statements);
        for slot in 0..2 {
            for kind in 0..5 {
                let mut cheat = setting.cheat(&relation);
                cheat.range_lie = Some(Box::new(move |proof: &mut RangeCheat| match kind {
                    0 => {
                        let place = slot * proof.bits;
                        proof.left[place] = Scalar::ONE - proof.left[place];
                        proof.right[place] = proof.left[place] - Scalar::ONE;
                    }
                    1 => proof.right[slot * proof.bits] += Scalar::ONE,
                    2 => proof.blindings[slot] += Scalar::ONE,
                    3 => proof.extra_t_x = Scalar::ONE,
                    _ => proof.extra_e_blinding = Scalar::ONE,
                }));
                setting.stage.refused(cheat, &["ranges"], &format!("{kind} in slot {slot}"));
            }
        }
        let others = [generators().g(), generators().k(), generators().m(), &range_generators()[0]];
        for (i, extra) in others.into_iter().chain(&generators().d()[..2]).enumerate() {
            let mut cheat = setting.cheat(&relation);
            cheat.extra_commitments[0] = *extra;
            setting.stage.refused(cheat, &["digits", "ranges"], &format!("{i} added to V"));
        }
    }
}

/// A V that is in range, proven, and not what the credential says; and errors that would cancel without powers of y.
#[test]
fn errors_of_ranges_do_not_cancel() {
    let mut setting = Setting::new(7);
    let (g, k) = (*generators().g(), *generators().k());
    let relation = setting.compact(json!([
        range("amount", 999_000, 1_001_000),
        range("birth", 700_000, 800_000),
        range("until", 700_000, MAX),
        {"member": {"of": "l.city", "values": ["x", "上海", "y"]}},
    ]));
    let delta = Scalar::from(3u8);
    for (from, to) in [(0, 1), (1, 0), (1, 2), (2, 0)] {
        let mut cheat = setting.cheat(&relation);
        cheat.ranges[from] -= delta;
        cheat.ranges[to] += delta;
        setting.stage.refused(cheat, &["digits"], "two V's");
        let mut cheat = setting.cheat(&relation);
        cheat.ranges.swap(from, to);
        let broken = broken(&relation, &cheat.prove(&mut setting.stage.rng));
        assert!(broken.contains(&"digits".to_owned()), "V's swapped");
    }
    for place in 0..3 {
        for extra in [g * delta, -(g * delta)] {
            let mut cheat = setting.cheat(&relation);
            cheat.ranges[place] += delta;
            cheat.extra_digits = extra;
            setting.stage.refused(cheat, &["digits"], "V against E_1");
            let mut cheat = setting.cheat(&relation);
            cheat.ranges[place] += delta;
            cheat.extra_digit_masks = extra;
            setting.stage.refused(cheat, &["digits"], "V against E_0");
        }
    }
    // G in E_1 alone, and in both: nothing in the equation answers for it.
    for (e1, e0) in [(g, RistrettoPoint::default()), (g, -g), (RistrettoPoint::default(), g)] {
        let mut cheat = setting.cheat(&relation);
        (cheat.extra_digits, cheat.extra_digit_masks) = (e1, e0);
        setting.stage.refused(cheat, &["digits"], "G in E_1 or E_0");
    }
    // The key of the issuer is a multiple of G.
    let key = *setting.credential.key.point();
    let mut cheat = setting.cheat(&relation);
    cheat.extra_digits = key;
    setting.stage.refused(cheat, &["digits"], "X in E_1");
    let mut cheat = setting.cheat(&relation);
    cheat.extra_commitments[0] = key;
    setting.stage.refused(cheat, &["digits", "ranges"], "X in a V");
    // K, which the blinding answers for, wherever it stands.
    let mut cheat = setting.cheat(&relation);
    cheat.after = Some(Box::new(|presentation: &mut Presentation, _, _| {
        presentation.digits.as_mut().unwrap().blinding += Scalar::ONE;
    }));
    setting.stage.refused(cheat, &["digits"], "another blinding");
    let mut cheat = setting.cheat(&relation);
    cheat.extra_digit_masks = k;
    cheat.after = Some(Box::new(|presentation: &mut Presentation, _, _| {
        presentation.digits.as_mut().unwrap().blinding += Scalar::ONE;
    }));
    setting.stage.accepted(cheat);
}

/// A false residual or digit and a false V in one equation.
#[test]
fn errors_of_digits_and_ranges_do_not_cancel() {
    let mut setting = Setting::new(8);
    let (g, m) = (*generators().g(), *generators().m());
    // Off by +1 in the residual.
    let relation = setting.compact(json!([range("amount", 999_999, 999_999), range("birth", 0, 800_000)]));
    for wrong in [Scalar::ONE, -Scalar::ONE] {
        for extra in [RistrettoPoint::default(), g, -g, m, -m, g + m, g - m] {
            let mut cheat = setting.cheat(&relation);
            cheat.ranges[0] += wrong;
            cheat.extra_digits = extra;
            setting.stage.refused(cheat, &["digits"], "a residual and a V");
        }
    }
    // Digits that are none, with V's that follow from them.
    let relation = setting.compact(json!([intervals(&[(10, 40), (2_000_000, 2_000_030)])]));
    for free in [Scalar::from(2u8).invert(), -Scalar::ONE, scalar(&mut setting.stage.rng)] {
        let mut cheat = setting.cheat(&relation);
        cheat.free[0] = free;
        cheat.ranges = vec![Scalar::from(5u8); relation.ranges().len()];
        setting.stage.refused(cheat, &["digits"], "a selector that is no bit");
    }
}

/// Errors of the digit equation and of the range proof's two equations, which only random weights keep apart.
#[test]
fn errors_of_the_three_equations_do_not_cancel() {
    let mut setting = Setting::new(9);
    for statements in [with_digits(), json!([range("amount", 999_990, 1_000_020)])] {
        let relation = setting.compact(statements);
        let delta = scalar(&mut setting.stage.rng);
        // K: +z_K, −(blinding of A + x·S), −(blinding of t(x)).
        for (digits, e, t) in [(0u8, 1u8, -1i8), (1, 1, 0), (1, 0, 1), (2, 1, 1)] {
            let mut cheat = setting.cheat(&relation);
            cheat.range_lie = Some(Box::new(move |proof: &mut RangeCheat| {
                proof.extra_e_blinding = delta * Scalar::from(e);
                proof.extra_t_x_blinding = if t < 0 { -delta } else { delta * Scalar::from(t as u8) };
            }));
            cheat.after = Some(Box::new(move |presentation: &mut Presentation, _, _| {
                presentation.digits.as_mut().unwrap().blinding += delta * Scalar::from(digits);
            }));
            let expected: &[&str] = if digits == 0 { &["ranges"] } else { &["digits", "ranges"] };
            setting.stage.refused(cheat, expected, &format!("{digits} {e} {t}"));
        }
    }
}

fn with_fork<'a>(
    setting: &mut Setting,
    relation: &'a Relation,
    blindings: &[Scalar],
    fork: Fork<'a>,
) -> Presentation {
    let mut cheat = setting.cheat(relation);
    cheat.range_blindings = Some(blindings.to_vec());
    cheat.fork = fork;
    cheat.prove(&mut setting.stage.rng)
}

/// A Bulletproof is bound to what was sent before it: to the request, the relation, the credentials and the V's.
#[test]
fn a_bulletproof_of_another_presentation_is_refused() {
    let mut setting = Setting::new(10);
    let statements = json!([range("amount", 999_990, 1_000_020)]);
    let relation = setting.compact(statements.clone());
    let again = setting.compact(statements);
    let wider = setting.compact(json!([range("amount", 999_990, 1_000_021)]));
    let blindings = vec![scalar(&mut setting.stage.rng)];
    let first = with_fork(&mut setting, &relation, &blindings, Fork::Whole);
    assert_eq!(broken(&relation, &first), Vec::<String>::new());
    let part = first.digits.unwrap().ranges.unwrap();
    for (fork, lie) in [
        (Fork::Replay(Box::new(part.proof)), "of another presentation with the same V"),
        (Fork::Of(&again), "under another nonce"),
        (Fork::Of(&wider), "of another relation"),
        (Fork::WithoutCredentials, "of no credential"),
    ] {
        let presentation = with_fork(&mut setting, &relation, &blindings, fork);
        assert_eq!(
            presentation.digits.as_ref().unwrap().ranges.as_ref().unwrap().commitments,
            part.commitments
        );
        setting.stage.refused_as_sent(&relation, &presentation, &["ranges"], lie);
    }
}

type Change = Box<dyn Fn(&mut Presentation)>;

/// attacks.md 1 and 9: every V and every part of the Bulletproof is sent before y and c: changed afterwards, no
/// equation holds.
#[test]
fn everything_sent_enters_the_challenge() {
    let mut setting = Setting::new(11);
    let g = *generators().g();
    let relation = setting.compact(with_digits());
    let honest = setting.cheat(&relation).prove(&mut setting.stage.rng);
    let (y, c) = challenges(&relation, &honest);
    let of = |change: fn(&mut RangeProof)| -> Change {
        Box::new(move |p: &mut Presentation| {
            change(&mut p.digits.as_mut().unwrap().ranges.as_mut().unwrap().proof);
        })
    };
    let mut changes: Vec<Change> = vec![
        of(|p| p.a = (p.a.point + generators().g()).into()),
        of(|p| p.s = (p.s.point + generators().g()).into()),
        of(|p| p.t_1 = (p.t_1.point + generators().g()).into()),
        of(|p| p.t_2 = (p.t_2.point + generators().g()).into()),
        of(|p| p.t_x += Scalar::ONE),
        of(|p| p.t_x_blinding += Scalar::ONE),
        of(|p| p.e_blinding += Scalar::ONE),
        of(|p| p.left += Scalar::ONE),
        of(|p| p.right += Scalar::ONE),
        Box::new(move |p: &mut Presentation| {
            let v = &mut p.digits.as_mut().unwrap().ranges.as_mut().unwrap().commitments[0];
            *v = (v.point + g).into();
        }),
    ];
    for i in 0..honest.digits.as_ref().unwrap().ranges.as_ref().unwrap().proof.rounds.len() {
        changes.push(Box::new(move |p: &mut Presentation| {
            let round = &mut p.digits.as_mut().unwrap().ranges.as_mut().unwrap().proof.rounds[i];
            round.0 = (round.0.point + g).into();
        }));
        changes.push(Box::new(move |p: &mut Presentation| {
            let round = &mut p.digits.as_mut().unwrap().ranges.as_mut().unwrap().proof.rounds[i];
            round.1 = (round.1.point + g).into();
        }));
    }
    for (i, change) in changes.into_iter().enumerate() {
        let mut changed = honest.clone();
        change(&mut changed);
        let (y2, c2) = challenges(&relation, &changed);
        assert!(y2 != y && c2 != c, "{i} is not in the challenges");
        setting.stage.refused_as_sent(
            &relation,
            &changed,
            &["credential 0", "digits", "ranges"],
            &i.to_string(),
        );
    }
}

/// A false V is fitted to the challenge: by E_0, by E_1, and by V itself. That changes the challenge.
#[test]
fn commitments_cannot_be_fitted_to_the_challenge() {
    let mut setting = Setting::new(12);
    let relation = setting.compact(with_digits());
    for part in ["E0", "E1", "V"] {
        let mut cheat = setting.cheat(&relation);
        cheat.ranges[0] += Scalar::ONE;
        let mut presentation = cheat.prove(&mut setting.stage.rng);
        assert_eq!(broken(&relation, &presentation), ["digits"]);
        let (y, c) = challenges(&relation, &presentation);
        let error = digits_left(&relation, &presentation, &y, &c)
            - digits_right(presentation.digits.as_ref().unwrap(), &y, &c);
        let digits = presentation.digits.as_mut().unwrap();
        match part {
            "E0" => digits.masks = (digits.masks.point + error).into(),
            "E1" => {
                let point = &mut digits.committed.as_mut().unwrap().point;
                *point = (point.point + error * c.invert()).into();
            }
            _ => {
                let v = &mut digits.ranges.as_mut().unwrap().commitments[0];
                *v = (v.point + error * (c * y).invert()).into();
            }
        }
        assert_eq!(
            digits_left(&relation, &presentation, &y, &c),
            digits_right(presentation.digits.as_ref().unwrap(), &y, &c)
        );
        let (y2, c2) = challenges(&relation, &presentation);
        assert!(c2 != c && (part == "E0" || y2 != y), "{part} is not in the challenge");
        let broken = broken(&relation, &presentation);
        let broken: Vec<&str> = broken.iter().map(String::as_str).collect();
        assert!(broken.starts_with(&["credential 0", "digits"]));
        setting.stage.refused_as_sent(&relation, &presentation, &broken, part);
    }
}

/// A V may be the identity, value and blinding 0: that hides nothing, and harms only who sends it.
#[test]
fn the_identity_is_a_commitment_to_zero() {
    let mut setting = Setting::new(14);
    for (lo, honest) in [(1_000_000, true), (999_999, false), (1_000_001, false)] {
        let relation = setting.compact(json!([range("amount", lo, 2_000_000)]));
        let mut cheat = setting.cheat(&relation);
        cheat.range_blindings = Some(vec![Scalar::ZERO]);
        cheat.ranges = vec![Scalar::ZERO];
        if honest {
            setting.stage.accepted(cheat);
        } else {
            setting.stage.refused(cheat, &["digits"], "the identity for another value");
        }
    }
}

/// Every range of many is checked, at both ends.
#[test]
fn every_range_is_checked() {
    let mut setting = Setting::new(13);
    let statements =
        [("amount", 1_000_000), ("birth", 0), ("until", 0), ("stamp", 0)].map(|(name, value)| {
            let position = setting.schema.attribute(name).unwrap().0;
            let value =
                if value == 0 { setting.credential.values[position].to_integer().unwrap() } else { value };
            range(name, i128::from(value) - 500, i128::from(value) + 500)
        });
    let relation: Relation = setting.compact(json!(statements));
    assert_eq!((relation.ranges().len(), slots(relation.ranges()), bits(relation.ranges())), (4, 8, 16));
    for k in 0..4 {
        for wrong in [-501i64, -500, -1, 1, 500, 501] {
            let size = Scalar::from(wrong.unsigned_abs());
            let wrong_scalar = if wrong < 0 { -size } else { size };
            let mut cheat = setting.cheat(&relation);
            cheat.ranges[k] += wrong_scalar;
            let expected: &[&str] = if wrong.abs() > 500 { &["digits", "ranges"] } else { &["digits"] };
            setting.stage.refused(cheat, expected, &format!("range {k} off by {wrong}"));
        }
    }
}
