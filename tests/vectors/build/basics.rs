//! Generators, encodings, days, schemas and keys.

use glimpse_circuits::attribute::Value;
use glimpse_circuits::date::Date;
use glimpse_circuits::encoding::write_value;
use glimpse_circuits::generators::{D_COUNT, H_COUNT, generators};
use glimpse_circuits::range_proof::{MAX_BITS, range_generators};
use glimpse_circuits::text::nfc;

use crate::format::{
    Age, BulletproofGenerator, DayNumber, Domain, Encoded, Generator, Key, NamedSchema, RefusedValue,
    RequestDay, RevocationKey, StringScalar, V,
};
use crate::scene::Scene;

/// A value as the file writes it.
pub(crate) fn written(value: &Value) -> V {
    match value {
        Value::Absent => V::Absent,
        Value::Date(day) => V::Date(day.to_string()),
        Value::Uint(number) => V::Uint(number.to_string()),
        Value::Flags(mask) => V::Flags(mask.to_string()),
        Value::Code(code) => V::Code(code.clone()),
        Value::Text(text) => V::Text(text.clone()),
    }
}

pub(crate) fn all_generators() -> Vec<Generator> {
    let known = generators();
    let one = |name: &str, index: usize, point: &curve25519_dalek::ristretto::RistrettoPoint| Generator {
        name: name.to_owned(),
        index,
        point: hex::encode(point.compress().as_bytes()),
    };
    let mut all =
        vec![one("P", 0, known.p()), one("Q", 0, known.q()), one("K", 0, known.k()), one("M", 0, known.m())];
    all.extend((0..H_COUNT).map(|i| one("H", i, &known.h()[i])));
    all.extend((0..D_COUNT).map(|k| one("D", k, &known.d()[k])));
    all
}

pub(crate) fn bulletproof_generators() -> Vec<BulletproofGenerator> {
    let mut all = Vec::new();
    for slot in [0, 1, 2, 7, 15] {
        for (family, first) in [("G", 0), ("H", MAX_BITS)] {
            for index in [0, 1, 7, 8, 31, 63] {
                let point = &range_generators()[2 * MAX_BITS * slot + first + index];
                let point = hex::encode(point.compress().as_bytes());
                all.push(BulletproofGenerator { slot, family: family.to_owned(), index, point });
            }
        }
    }
    all
}

/// Strings as somebody might type them: what is hashed is their normalisation form C.
pub(crate) fn strings() -> Vec<StringScalar> {
    let long = "文".repeat(256);
    let strings = [
        "a",
        "A",
        " ",
        "0",
        "張三",
        "张三",
        "上海",
        "样例甲子",
        "caf\u{e9}",
        "cafe\u{301}",
        "\u{212b}",
        "\u{c5}",
        "A\u{30a}",
        "\u{fb01}",
        "\u{1e9b}\u{323}",
        "\u{d4db}",
        "\u{1111}\u{1171}\u{11b6}",
        "\u{f900}",
        "\u{2f800}",
        "q\u{307}\u{323}",
        "q\u{323}\u{307}",
        "😀",
        "\u{3000}",
        "１２３",
        &long,
    ];
    let scalar = |string: &str| Value::Text(nfc(string)).to_scalar();
    let one = |string: &str| StringScalar {
        string: string.to_owned(),
        scalar: hex::encode(scalar(string).as_bytes()),
    };
    strings.into_iter().map(one).collect()
}

pub(crate) fn absent() -> String {
    hex::encode(Value::Absent.to_scalar().as_bytes())
}

pub(crate) fn values() -> Vec<Encoded> {
    let day = |text: &str| Value::Date(text.parse().unwrap());
    let values = [
        Value::Absent,
        day("0001-01-01"),
        day("0001-01-02"),
        day("1970-01-01"),
        day("2000-02-29"),
        day("2026-11-22"),
        day("9999-12-31"),
        Value::Uint(0),
        Value::Uint(1),
        Value::Uint(1 << 53),
        Value::Uint((1 << 53) + 1),
        Value::Uint((1 << 63) - 1),
        Value::Flags(0),
        Value::Flags(1),
        Value::Flags(0x8000_0000),
        Value::Flags(u32::MAX),
        Value::Code("1".into()),
        Value::Code("上海".into()),
        Value::Code("文".repeat(256)),
        Value::Text("张三".into()),
        Value::Text("caf\u{e9}".into()),
        Value::Text("😀".repeat(256)),
        Value::Text(" ".into()),
    ];
    let encode = |value: &Value| {
        let mut bytes = Vec::new();
        write_value(&mut bytes, value);
        Encoded {
            value: written(value),
            bytes: hex::encode(bytes),
            scalar: hex::encode(value.to_scalar().as_bytes()),
        }
    };
    values.iter().map(encode).collect()
}

/// Bytes that are no value of any attribute, each in whole.
pub(crate) fn refused_values() -> Vec<RefusedValue> {
    let string = |tag: u8, length: u16, bytes: &[u8]| {
        let mut all = vec![tag];
        all.extend(length.to_le_bytes());
        all.extend(bytes);
        all
    };
    let text = |text: &str| string(5, text.len() as u16, text.as_bytes());
    let code = |text: &str| string(4, text.len() as u16, text.as_bytes());
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (vec![], "no bytes"),
        (vec![6], "a tag that is none"),
        (vec![255], "a tag that is none"),
        (vec![0, 0], "a byte after an absent value"),
        (vec![1], "a date without a number"),
        (vec![1, 0, 0, 0], "a date of three bytes"),
        (vec![1, 0, 0, 0, 0, 0], "a date of five bytes"),
        ([&[1][..], &3_652_059u32.to_le_bytes()].concat(), "the day after 9999-12-31"),
        (vec![1, 255, 255, 255, 255], "a date far beyond 9999-12-31"),
        (vec![2, 0, 0, 0, 0, 0, 0, 0], "a number of seven bytes"),
        (vec![2, 0, 0, 0, 0, 0, 0, 0, 0, 0], "a number of nine bytes"),
        ([&[2][..], &(1u64 << 63).to_le_bytes()].concat(), "2^63"),
        ([&[2][..], &u64::MAX.to_le_bytes()].concat(), "2^64 - 1"),
        (vec![3, 0, 0, 0], "flags of three bytes"),
        (vec![3, 0, 0, 0, 0, 0], "flags of five bytes"),
        (vec![5], "a text without a length"),
        (vec![5, 1], "a text with half a length"),
        (string(5, 0, b""), "an empty text"),
        (string(4, 0, b""), "an empty code"),
        (string(5, 2, b"a"), "a text shorter than its length"),
        (string(5, 1, b"ab"), "a text longer than its length"),
        (string(5, 256, b"a"), "a length that counts the other way round"),
        (string(5, 1, b"\xff"), "not UTF-8"),
        (string(5, 2, b"\xc1\xa1"), "an overlong encoding of a"),
        (string(5, 3, b"\xed\xa0\x80"), "a surrogate"),
        (string(4, 2, b"\xe4\xb8"), "a character cut in two"),
        (text("cafe\u{301}"), "not in form C: e and an accent"),
        (text("\u{212b}"), "not in form C: the angstrom sign"),
        (code("\u{f900}"), "not in form C: a compatibility ideograph"),
        (text("q\u{307}\u{323}"), "not in form C: marks out of order"),
        (text(&"文".repeat(257)), "257 characters"),
        (code(&"a".repeat(257)), "257 characters"),
        (text("a\u{0}"), "a control character: NUL"),
        (text("a\n"), "a control character: line feed"),
        (code("\t"), "a control character: tab"),
        (text("\u{7f}"), "a control character: delete"),
        (text("\u{85}"), "a control character of the second set"),
        (text("上\u{200b}海"), "an invisible character: zero-width space"),
        (text("上\u{202e}海"), "an invisible character: right-to-left override"),
        (text("上\u{ad}海"), "an invisible character: soft hyphen"),
        (text("上\u{61c}海"), "an invisible character: Arabic letter mark"),
        (text("上\u{2066}海"), "an invisible character: left-to-right isolate"),
        (text("上\u{feff}海"), "an invisible character: byte order mark"),
        (text("上\u{3164}海"), "an invisible character: Hangul filler"),
        (text("上\u{e0041}海"), "an invisible character: tag letter"),
        (code("上\u{2028}海"), "an invisible character: line separator"),
    ];
    let one = |(bytes, reason): (Vec<u8>, &str)| RefusedValue {
        bytes: hex::encode(bytes),
        reason: reason.to_owned(),
    };
    cases.into_iter().map(one).collect()
}

pub(crate) fn days() -> Vec<DayNumber> {
    let days = [
        "0001-01-01",
        "0001-12-31",
        "0004-02-29",
        "0100-02-28",
        "0100-03-01",
        "0400-02-29",
        "1582-10-04",
        "1582-10-15",
        "1899-12-31",
        "1900-02-28",
        "1900-03-01",
        "1970-01-01",
        "1999-12-31",
        "2000-02-29",
        "2008-02-29",
        "2026-11-22",
        "2100-02-28",
        "2100-03-01",
        "9999-12-30",
        "9999-12-31",
    ];
    let one = |day: &str| DayNumber {
        day: day.to_owned(),
        number: day.parse::<Date>().unwrap().days().to_string(),
    };
    days.into_iter().map(one).collect()
}

/// Either side of midnight in China, and moments that the calendar does not reach.
pub(crate) fn request_days() -> Vec<RequestDay> {
    let moments = [
        0,
        57_599,
        57_600,
        1_795_276_799,
        1_795_276_800,
        1_795_320_000,
        1_709_135_999,
        1_709_136_000,
        1_709_222_399,
        1_709_222_400,
        1_798_732_799,
        1_798_732_800,
        253_402_271_999,
        253_402_272_000,
        u64::MAX,
    ];
    let one = |moment: u64| RequestDay {
        issued_at: moment.to_string(),
        day: Date::in_china_at(moment).to_string(),
    };
    moments.into_iter().map(one).collect()
}

pub(crate) fn ages() -> Vec<Age> {
    let cases = [
        ("2026-02-27", 18),
        ("2026-02-28", 18),
        ("2026-03-01", 18),
        ("2028-02-28", 18),
        ("2028-02-29", 18),
        ("2028-03-01", 18),
        ("2028-02-28", 20),
        ("2028-02-29", 20),
        ("2100-02-28", 100),
        ("2100-02-28", 96),
        ("2026-11-22", 0),
        ("2026-11-22", 1),
        ("2026-11-22", 18),
        ("2026-11-22", 60),
        ("2026-12-31", 3),
        ("2027-01-01", 3),
        ("9999-12-31", 9998),
    ];
    let one = |(day, years): (&str, u16)| Age {
        day: day.to_owned(),
        years: years.to_string(),
        latest_birth: day.parse::<Date>().unwrap().latest_birth_for_age(years).unwrap().to_string(),
    };
    cases.into_iter().map(one).collect()
}

pub(crate) fn schemas(scene: &Scene) -> Vec<NamedSchema> {
    let one = |(name, schema): &(String, std::sync::Arc<glimpse_circuits::schema::Schema>)| NamedSchema {
        name: name.clone(),
        json: serde_json::to_value(&**schema).unwrap(),
        digest: schema.digest().to_string(),
    };
    scene.schemas.iter().map(one).collect()
}

pub(crate) fn keys(scene: &Scene) -> Vec<Key> {
    let one = |(name, key): &(&'static str, glimpse_issuer::IssuerSecretKey)| {
        let public = key.public();
        let domain = |(schema, known): &(String, std::sync::Arc<glimpse_circuits::schema::Schema>)| Domain {
            schema: schema.clone(),
            d: hex::encode(public.domain(&known.digest()).as_bytes()),
        };
        Key {
            name: (*name).to_owned(),
            secret: hex::encode(*key.to_bytes()),
            public: public.to_string(),
            registration_base: hex::encode(public.registration_base().compress().as_bytes()),
            revocation: scene.revocation(name).map(|key| RevocationKey {
                secret: hex::encode(*key.to_bytes()),
                public: key.public().to_string(),
            }),
            domains: scene.schemas.iter().map(domain).collect(),
            schemas: scene.issued_by(name),
        }
    };
    scene.keys.iter().map(one).collect()
}
