//! Only licences that their schema allows are issued.
//!
//! attacks.md, Soundness 8.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use glimpse_circuits::attribute::{Value, ValueError};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::LicenceError;
use glimpse_fixtures::World;
use glimpse_fixtures::open::{issuance_request, scalar};
use glimpse_fixtures::schemas::{all_types, all_types_values, date};
use glimpse_issuer::{Issuance, IssueError, issue};

const NONCE: Nonce = Nonce([3; 32]);

/// Values out of bounds, of another type, missing, too many, not in form C.
#[test]
fn licences_outside_the_schema_are_not_issued() {
    let schema = all_types();
    let mut world = World::new(8, std::slice::from_ref(&schema));
    let key = *world.issuer.public();
    let s = scalar(&mut world.rng);
    let text = |text: &str| Value::Text(text.into());
    let wrong_type = |expected| ValueError::WrongType { expected };
    let cases: Vec<(&str, Value, ValueError)> = vec![
        ("birth", date("1899-12-31"), ValueError::OutOfBounds),
        ("birth", date("2100-01-01"), ValueError::OutOfBounds),
        ("birth", Value::Uint(700_000), wrong_type("date")),
        ("birth", Value::Absent, ValueError::Required),
        ("level", Value::Uint(9), ValueError::OutOfBounds),
        ("level", Value::Uint(21), ValueError::OutOfBounds),
        ("level", Value::Flags(15), wrong_type("uint")),
        ("amount", Value::Uint(1 << 63), ValueError::OutOfBounds),
        ("amount", Value::Uint(u64::MAX), ValueError::OutOfBounds),
        ("classes", Value::Flags(0b100_0000), ValueError::UnknownFlag),
        ("classes", Value::Flags(u32::MAX), ValueError::UnknownFlag),
        ("classes", Value::Uint(1), wrong_type("flags")),
        ("region", Value::Code("r10".into()), ValueError::NotInTable),
        ("region", text("r7"), wrong_type("code")),
        ("city", Value::Code("cafe\u{301}".into()), ValueError::NotNormalised),
        ("city", Value::Code("".into()), ValueError::Empty),
        ("name", text("cafe\u{301}"), ValueError::NotNormalised),
        ("name", text("\u{212b}"), ValueError::NotNormalised),
        ("name", text("a\u{7}b"), ValueError::ControlCharacter),
        ("name", text(&"x".repeat(65)), ValueError::TooLong),
        ("note", text(""), ValueError::Empty),
        ("seen", date("2100-01-01"), ValueError::OutOfBounds),
        ("score", Value::Uint(1001), ValueError::OutOfBounds),
    ];
    let mut result = |values: Vec<Value>| {
        let request = issuance_request(&key, &schema, &NONCE, [s, s, s], &mut world.rng);
        let request = Some(&request);
        let issuance =
            Issuance { schema: &schema, values, handle: 1, nonce: NONCE, request, registered: None };
        issue(&world.issuer, issuance, &mut world.rng).map(|_| ())
    };
    for (name, value, reason) in cases {
        let mut values = all_types_values();
        values[schema.attribute(name).unwrap().0] = value;
        let error = LicenceError::Attribute { name: name.into(), reason };
        assert_eq!(result(values), Err(IssueError::Licence(error)), "{name}");
    }
    let mut composed = all_types_values();
    composed[0] = text("caf\u{e9}");
    assert_eq!(result(composed), Ok(()));
    let count = Err(IssueError::Licence(LicenceError::Count { expected: 16 }));
    assert_eq!(result(all_types_values()[..15].to_vec()), count);
    assert_eq!(result([all_types_values(), vec![Value::Absent]].concat()), count);
    assert_eq!(result(vec![]), count);
}
