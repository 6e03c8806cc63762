//! Generators, encodings, days, schemas and keys.

use curve25519_dalek::ristretto::RistrettoPoint;
use glimpse_circuits::attribute::{Code, Kind, Value};
use glimpse_circuits::date::Date;
use glimpse_circuits::encoding::{DecodeError, Reader, write_value};
use glimpse_circuits::generators::{D_COUNT, H_COUNT, generators};
use glimpse_circuits::range_proof::{MAX_BITS, range_generators};
use glimpse_circuits::text::{Text, nfc};

use super::{KNOWN, bytes, point, scalar, value};

#[test]
fn all_generators_are_there() {
    let known = generators();
    let mut expected: Vec<(&str, usize, &RistrettoPoint)> =
        vec![("P", 0, known.p()), ("Q", 0, known.q()), ("K", 0, known.k()), ("M", 0, known.m())];
    expected.extend((0..H_COUNT).map(|i| ("H", i, &known.h()[i])));
    expected.extend((0..D_COUNT).map(|k| ("D", k, &known.d()[k])));
    let found = &KNOWN.file.generators;
    assert_eq!(found.len(), expected.len());
    for (found, (name, index, generator)) in found.iter().zip(expected) {
        assert_eq!((found.name.as_str(), found.index), (name, index));
        assert_eq!(point(&found.point).point, *generator, "{name}_{index}");
    }
    for found in &KNOWN.file.bulletproof_generators {
        let first = if found.family == "G" { 0 } else { MAX_BITS };
        let generator = range_generators()[2 * MAX_BITS * found.slot + first + found.index];
        assert_eq!(point(&found.point).point, generator, "{} {} {}", found.slot, found.family, found.index);
    }
}

#[test]
fn strings_and_values_are_encoded() {
    let file = &KNOWN.file;
    for vector in &file.strings {
        let string = nfc(&vector.string);
        assert_eq!(Value::Text(string.clone()).to_scalar(), scalar(&vector.scalar), "{string}");
        assert_eq!(Value::Code(string.clone()).to_scalar(), scalar(&vector.scalar), "{string}");
    }
    assert_eq!(Value::Absent.to_scalar(), scalar(&file.absent));
    for vector in &file.values {
        let (value, encoded) = (value(&vector.value), bytes(&vector.bytes));
        assert_eq!(value.to_scalar(), scalar(&vector.scalar), "{:?}", vector.value);
        let mut again = Vec::new();
        write_value(&mut again, &value);
        assert_eq!(again, encoded, "{:?}", vector.value);
        assert!(read(&encoded) == Ok(value.clone()) && allowed(&value), "{:?}", vector.value);
    }
}

fn read(bytes: &[u8]) -> Result<Value, DecodeError> {
    let mut reader = Reader::new(bytes);
    let value = reader.value()?;
    reader.finish()?;
    Ok(value)
}

/// Whether the most generous schema that there may be allows the value.
fn allowed(value: &Value) -> bool {
    let flag = |i: usize| {
        let code = format!("f{i}");
        Code { title: Text { zh_cn: code.clone(), en: code.clone() }, code }
    };
    let kinds = [
        Kind::Date { min: Date::MIN, max: Date::MAX },
        Kind::Uint { min: 0, max: (1 << 63) - 1 },
        Kind::Flags { flags: (0..32).map(flag).collect() },
        Kind::Code { table: None },
        Kind::Text { max_chars: 256 },
    ];
    *value == Value::Absent || kinds.iter().any(|kind| kind.check(value).is_ok())
}

#[test]
fn other_bytes_are_no_values() {
    for vector in &KNOWN.file.refused_values {
        let refused = !read(&bytes(&vector.bytes)).is_ok_and(|value| allowed(&value));
        assert!(refused, "{}: {}", vector.bytes, vector.reason);
    }
}

#[test]
fn days_and_ages_are_counted() {
    let file = &KNOWN.file;
    for vector in &file.days {
        let day: Date = vector.day.parse().unwrap();
        assert_eq!(day.days().to_string(), vector.number, "{day}");
        assert_eq!(Date::from_days(vector.number.parse().unwrap()), Some(day));
    }
    for vector in &file.request_days {
        let day = Date::in_china_at(vector.issued_at.parse().unwrap());
        assert_eq!(day.to_string(), vector.day, "{}", vector.issued_at);
    }
    for vector in &file.ages {
        let day: Date = vector.day.parse().unwrap();
        let birth = day.latest_birth_for_age(vector.years.parse().unwrap()).unwrap();
        assert_eq!(birth.to_string(), vector.latest_birth, "{} on {day}", vector.years);
    }
}

#[test]
fn schemas_and_keys_have_their_hashes() {
    let file = &KNOWN.file;
    for vector in &file.schemas {
        assert_eq!(KNOWN.schemas[&vector.name].digest().to_string(), vector.digest, "{}", vector.name);
    }
    super::distinct(file.schemas.iter().map(|vector| vector.name.as_str()));
    for vector in &file.keys {
        let public = KNOWN.keys[&vector.name].public();
        assert_eq!(public.to_string(), vector.public, "{}", vector.name);
        assert_eq!(RistrettoPoint::mul_base(&scalar(&vector.secret)), *public.point());
        assert_eq!(public.registration_base(), point(&vector.registration_base).point, "{}", vector.name);
        assert_eq!(vector.domains.len(), file.schemas.len());
        if let Some(revocation) = &vector.revocation {
            assert_eq!(
                KNOWN.revocation[&vector.name].public().to_string(),
                revocation.public,
                "{}",
                vector.name
            );
            assert_ne!(revocation.public, vector.public, "{}", vector.name);
        }
        for domain in &vector.domains {
            let digest = KNOWN.schemas[&domain.schema].digest();
            assert_eq!(public.domain(&digest), scalar(&domain.d), "{} {}", vector.name, domain.schema);
        }
    }
}
