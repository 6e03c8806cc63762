//! Statements that are false of a true credential: every kind, at every edge.
//!
//! attacks.md, Soundness 2 to 4. Each is tried with every lie of [`Setting::all_lies`].
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::relation::Residual;
use glimpse_fixtures::schemas::{date, numbered, second, second_values};
use glimpse_fixtures::stage::Setting;
use serde_json::{Value as Json, json};

fn one(attribute: &str) -> Json {
    json!([{"attribute": format!("l.{attribute}"), "coefficient": "1"}])
}

fn range(attribute: &str, lo: i128, hi: i128) -> Json {
    json!({"range": {"of": one(attribute), "lo": lo.to_string(), "hi": hi.to_string()}})
}

/// attacks.md 2: sets of 1, 2, 3, and every size to 64, with the value outside: full, one short of full, padded.
#[test]
fn values_outside_of_sets_of_every_size_are_refused() {
    let mut setting = Setting::new(7);
    for size in (1..=64).chain([100]) {
        let set = numbered("k", size);
        let statement = json!({"member": {"of": "l.city", "values": set}});
        if size <= 4 || size % 8 == 0 {
            let claims: Vec<Value> = [0, size - 1].map(|place| Value::Code(set[place].clone())).to_vec();
            setting.all_lies(statement.clone(), "city", &claims);
        }
        // Rows whose products are the value: not one-hot, but in sum 1.
        let relation = setting.relation(json!([statement]));
        let Residual::Member { outer, inner, set, .. } = &relation.residuals()[0] else { panic!() };
        assert!(set.len() >= size && set[size..].iter().all(|element| *element == set[size - 1]));
        let value = setting.credential.values[7].to_scalar();
        for (row, (first, other)) in (0..outer.len()).flat_map(|row| [(row, (0, 1)), (row, (1, 2))]) {
            let mut cheat = setting.cheat(&relation);
            let elements = &set[row * inner.len()..][..inner.len()];
            // In sum 1, and the selected sum is the value: with the derived digit, or with digits sent alone.
            if elements.len() > other && elements[first] != elements[other] {
                let part = (value - elements[first]) * (elements[other] - elements[first]).invert();
                cheat.set_digit(&inner[first], Scalar::ONE - part);
                cheat.set_digit(&inner[other], part);
            }
            cheat.set_digit(&outer[row], Scalar::ONE);
            setting.stage.refused(cheat, &["digits"], &format!("size {size}, row {row}"));
        }
    }
}

/// attacks.md 3: nothing is left to derive, and it is checked all the same.
#[test]
fn predicates_without_digits_are_refused_when_false() {
    let mut setting = Setting::new(8);
    let uint = Value::Uint;
    setting.all_lies(range("amount", 999_999, 999_999), "amount", &[uint(999_999)]);
    setting.all_lies(range("amount", 1_000_001, 1_000_002), "amount", &[uint(1_000_001), uint(1_000_002)]);
    setting.all_lies(range("amount", 999_998, 999_999), "amount", &[uint(999_998), uint(999_999)]);
    setting.all_lies(
        json!({"equals": {"of": "l.city", "value": "北京"}}),
        "city",
        &[Value::Code("北京".into())],
    );
    let single = |values: &[u64]| {
        let list: Vec<Json> =
            values.iter().map(|v| json!({"lo": v.to_string(), "hi": v.to_string()})).collect();
        json!({"intervals": {"of": one("amount"), "intervals": list}})
    };
    setting.all_lies(single(&[999_999]), "amount", &[uint(999_999)]);
    setting.all_lies(single(&[999_999, 1_000_001]), "amount", &[uint(999_999), uint(1_000_001)]);
    setting.all_lies(single(&[5, 6, 7, 5_000_000]), "amount", &[uint(5), uint(7), uint(5_000_000)]);
    // A2 and C1 are set: bits 1 and 4.
    let flags = |all: &[&str], none: &[&str]| json!({"flags": {"of": "l.classes", "all": all, "none": none}});
    setting.all_lies(
        flags(&["A1", "A2", "B1", "B2", "C1", "C2"], &[]),
        "classes",
        &[Value::Flags(0b11_1111)],
    );
    setting.all_lies(flags(&["A1", "C1"], &["A2", "B1", "B2", "C2"]), "classes", &[Value::Flags(0b01_0001)]);
    setting.all_lies(flags(&["A1"], &[]), "classes", &[Value::Flags(0b01_0011), Value::Flags(1)]);
    setting.all_lies(flags(&[], &["A2"]), "classes", &[Value::Flags(0b01_0000), Value::Flags(0)]);
    setting.all_lies(flags(&["A1", "A2", "B1", "B2", "C1"], &[]), "classes", &[Value::Flags(0b01_1111)]);

    let mut setting = Setting::of(9, second(), second_values());
    let flags = |of: &str, all: Vec<String>| json!({"flags": {"of": of, "all": all}});
    setting.all_lies(flags("l.bits", numbered("b", 32)), "bits", &[Value::Flags(u32::MAX)]);
    setting.all_lies(flags("l.bits", numbered("b", 31)), "bits", &[Value::Flags(u32::MAX)]);
    setting.all_lies(json!({"flags": {"of": "l.single", "none": ["on"]}}), "single", &[Value::Flags(0)]);
    let any = json!({"flags": {"of": "l.bits", "any": ["b3", "b4"]}});
    setting.all_lies(any, "bits", &[Value::Flags(0b1000), Value::Flags(0x8000_0011)]);
    let any = json!({"flags": {"of": "l.bits", "any": ["b30"]}});
    setting.all_lies(any, "bits", &[Value::Flags(0xC000_0001)]);
}

/// attacks.md 4: one below, one above, −1, and values that only a wrap-around modulo ℓ would bring in.
#[test]
fn values_beside_the_range_are_refused() {
    let mut setting = Setting::new(10);
    for width in [1, 2, 3, 6, 7, 8, 999, 1 << 40] {
        let v = 1_000_000;
        let claims = [Value::Uint(1_000_001), Value::Uint(1_000_002)];
        setting.all_lies(range("amount", v + 1, v + 1 + width), "amount", &claims);
        let claims = [Value::Uint(999_999), Value::Uint(999_998)];
        setting.all_lies(range("amount", (v - 1 - width).max(0), v - 1), "amount", &claims);
    }
    let mut difference = |lo: i128, hi: i128| {
        let of = json!([{"attribute": "l.birth", "coefficient": "1"}, {"attribute": "l.until", "coefficient": "-1"}]);
        let statement = json!({"range": {"of": of, "lo": lo.to_string(), "hi": hi.to_string()}});
        // Born before it expires: the difference is negative.
        setting.all_lies(statement, "birth", &[date("2050-01-01")]);
    };
    difference(0, 1 << 20);
    difference(0, 20_000);
    difference(-1, 20_000);
    // ℓ − 1 for the attribute itself: bits can be found for the number that wraps around, a credential cannot.
    let relation = setting.relation(json!([range("amount", 0, 1_000_900)]));
    let mut cheat = setting.cheat(&relation);
    let amount = cheat.hidden_index(0, "amount");
    cheat.hidden[amount] = -Scalar::ONE;
    setting.stage.refused(cheat, &["credential 0", "digits"], "l - 1");
}

/// attacks.md 4: intervals that overlap, touch, hold each other or differ in width.
#[test]
fn values_between_intervals_are_refused() {
    let mut setting = Setting::new(11);
    let v = 1_000_000i64;
    for list in [
        vec![(v - 10, v - 1), (v + 1, v + 10)],
        vec![(v - 1000, v - 1), (v + 1, v + 1)],
        vec![(v - 1, v - 1), (v + 1, v + 1000)],
        vec![(v - 20, v - 5), (v - 10, v - 1)],
        vec![(v - 20, v - 1), (v - 15, v - 12), (v + 7, v + 9)],
        vec![(v + 1, v + 2), (v + 3, v + 4), (v + 5, v + 6), (v + 7, v + 70)],
    ] {
        let intervals: Vec<Json> =
            list.iter().map(|(lo, hi)| json!({"lo": lo.to_string(), "hi": hi.to_string()})).collect();
        let statement = json!({"intervals": {"of": one("amount"), "intervals": intervals}});
        let mut claims = Vec::new();
        for (lo, hi) in list {
            claims.extend([Value::Uint(lo as u64), Value::Uint(hi as u64)]);
        }
        setting.all_lies(statement, "amount", &claims);
    }
}
