//! Valid presentations with one thing changed about them.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::presentation::expected_length;
use glimpse_circuits::range_proof::{RangeProof, bits, slots};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::CheckKind;
use glimpse_fixtures::NOW;

use super::book::{Book, Made, Refused};

/// ℓ and p = 2^255 − 19, little-endian.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
const FIELD: [u8; 32] = {
    let mut bytes = [0xff; 32];
    (bytes[0], bytes[31]) = (0xed, 0x7f);
    bytes
};

/// A scalar as itself plus ℓ.
pub(crate) fn plus_order(scalar: &[u8; 32]) -> [u8; 32] {
    let (mut sum, mut carry) = (*scalar, 0);
    for (byte, more) in sum.iter_mut().zip(ORDER) {
        let total = u16::from(*byte) + u16::from(more) + carry;
        (*byte, carry) = (total as u8, total >> 8);
    }
    assert_eq!(carry, 0);
    sum
}

/// A point's encoding with the field element's negative, which is not the one that is allowed.
pub(crate) fn not_canonical_point(point: &[u8; 32]) -> [u8; 32] {
    let (mut difference, mut borrow) = (FIELD, 0);
    for (byte, less) in difference.iter_mut().zip(point) {
        let total = i16::from(*byte) - i16::from(*less) - borrow;
        (*byte, borrow) = (total as u8, i16::from(total < 0));
    }
    assert_eq!(borrow, 0);
    difference
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Point,
    /// A point that must not be the identity.
    NonzeroPoint,
    Scalar,
}

/// 32 bytes of a presentation.
pub(super) struct Field {
    /// Its name in docs/protocol.md.
    class: &'static str,
    pub(super) name: String,
    part: Part,
    at: usize,
    pub(super) in_bulletproof: bool,
}

/// The points and scalars of a presentation in order: docs/protocol.md, section 8, "Bytes". Intervals are numbered on
/// after the credentials.
fn layout(made: &Made) -> Vec<Field> {
    let relation = &made.relation;
    let mut fields: Vec<Field> = Vec::new();
    let header = 2 + relation.credentials().len() + 8 * relation.intervals().len();
    let mut at = header + made.bytes.len() - expected_length(relation);
    let mut add = |class: &'static str, name: String, part: Part| {
        let in_bulletproof = name.contains("Bulletproof") || matches!(class, "L" | "R");
        fields.push(Field { class, name, part, at, in_bulletproof });
        at += 32;
    };
    for (i, signature) in relation.signatures().enumerate() {
        add("Ā", format!("Ā of credential {i}"), Part::NonzeroPoint);
        add("B̄", format!("B̄ of credential {i}"), Part::Point);
        add("T", format!("T of credential {i}"), Part::Point);
        if signature.check == CheckKind::Token {
            add("R_1", format!("R_1 of credential {i}"), Part::Point);
            add("R_2", format!("R_2 of credential {i}"), Part::Point);
        }
    }
    if relation.has_digits() {
        add("E_1", "E_1".into(), Part::Point);
    }
    if relation.has_digit_equation() {
        add("E_0", "E_0".into(), Part::Point);
    }
    for k in 0..relation.ranges().len() {
        add("V", format!("V of range {k}"), Part::Point);
    }
    for (i, signature) in relation.signatures().enumerate() {
        if signature.check == CheckKind::Token {
            add("z_t", format!("z_t of credential {i}"), Part::Scalar);
        }
        add("z_ρ", format!("z_ρ of credential {i}"), Part::Scalar);
        add("z_ε", format!("z_ε of credential {i}"), Part::Scalar);
    }
    for i in 0..relation.hidden() {
        add("z", format!("z of hidden value {i}"), Part::Scalar);
    }
    if relation.has_digits() {
        add("τ", "τ".into(), Part::Scalar);
    }
    for k in 0..relation.free_digits() {
        add("f", format!("f of free digit {k}"), Part::Scalar);
    }
    if relation.has_digit_equation() {
        add("z_K", "z_K".into(), Part::Scalar);
    }
    range_proof(relation, &mut add);
    assert_eq!(at, made.bytes.len());
    fields
}

/// The Bulletproof at the end.
fn range_proof(relation: &Relation, add: &mut impl FnMut(&'static str, String, Part)) {
    let slots = slots(relation.ranges());
    if slots == 0 {
        return;
    }
    let rounds = (RangeProof::elements(slots, bits(relation.ranges())) - 9) / 2;
    for name in ["A", "S", "T_1", "T_2"] {
        add(name, format!("{name} of the Bulletproof"), Part::NonzeroPoint);
    }
    for name in ["t(x)", "blinding of t(x)", "blinding of A + x·S"] {
        add(name, format!("{name} of the Bulletproof"), Part::Scalar);
    }
    for round in 0..rounds {
        add("L", format!("L of round {round}"), Part::NonzeroPoint);
        add("R", format!("R of round {round}"), Part::NonzeroPoint);
    }
    for name in ["a", "b"] {
        add(name, format!("{name} of the Bulletproof"), Part::Scalar);
    }
}

/// Everything about points and scalars, lengths and header.
pub(crate) fn all(book: &mut Book) {
    for base in ["flags all, none and any", "no statement, keyed", "small: at the upper end of both, compact"]
    {
        fields(book, base, |_| true);
    }
    // What the last one has not.
    fields(book, "small: a range beside digits, compact", |field| !field.in_bulletproof);
    fields(book, "small: intervals of different widths, compact", |field| field.class == "V");
    for base in [
        "age at least 18",
        "small: at the upper end of both, compact",
        "unbound, everything disclosed, keyed",
    ] {
        lengths(book, base);
    }
    headers(book);
    moments(book);
}

pub(super) fn refuse(
    book: &mut Book,
    made: &Made,
    name: String,
    bytes: Vec<u8>,
    stage: &'static str,
    reason: &str,
) {
    book.refused(Refused {
        name,
        request: &made.request,
        audience: None,
        now: made.now,
        bytes,
        stage,
        reason,
    });
}

/// Each field by itself: another one; and for each class, spellings that are not canonical, and the identity.
pub(super) fn fields(book: &mut Book, base: &str, wanted: impl Fn(&Field) -> bool) {
    let made = book.made(base);
    let fields = layout(&made);
    for (i, field) in fields.iter().enumerate().filter(|(_, field)| wanted(field)) {
        let with = |replacement: [u8; 32]| {
            let mut bytes = made.bytes.clone();
            bytes[field.at..field.at + 32].copy_from_slice(&replacement);
            bytes
        };
        let original: [u8; 32] = made.bytes[field.at..field.at + 32].try_into().unwrap();
        let of_class = fields[..i].iter().filter(|other| other.class == field.class).count();
        let last = fields[i + 1..].iter().all(|other| other.class != field.class);
        if of_class < 2 || last {
            let name = format!("{base}: another {}", field.name);
            refuse(book, &made, name, with(other(&original, field.part)), "proof", "one field was altered");
        }
        if of_class > 0 {
            continue;
        }
        let name = format!("{base}: {} not canonical", field.name);
        let spelled = match field.part {
            Part::Scalar => plus_order(&original),
            Part::Point | Part::NonzeroPoint => not_canonical_point(&original),
        };
        refuse(book, &made, name, with(spelled), "decode", "one field is not in its one spelling");
        if field.part != Part::Scalar {
            let stage = if field.part == Part::Point { "proof" } else { "decode" };
            let name = format!("{base}: the identity for {}", field.name);
            refuse(book, &made, name, with([0; 32]), stage, "one field was replaced by the identity");
        }
        if i == 0 {
            let mut high = original;
            high[31] |= 0x80;
            for (name, bytes) in [("2^255 more", high), ("p", FIELD), ("all ones", [0xff; 32])] {
                let name = format!("{base}: {name} for {}", field.name);
                refuse(book, &made, name, with(bytes), "decode", "no encoding of a point");
            }
        }
    }
}

/// The point plus G, or the scalar plus 1.
fn other(bytes: &[u8; 32], part: Part) -> [u8; 32] {
    match part {
        Part::Scalar => (Scalar::from_canonical_bytes(*bytes).unwrap() + Scalar::ONE).to_bytes(),
        Part::Point | Part::NonzeroPoint => {
            let point = CompressedRistretto(*bytes).decompress().unwrap();
            (point + RistrettoPoint::mul_base(&Scalar::ONE)).compress().to_bytes()
        }
    }
}

pub(super) fn lengths(book: &mut Book, base: &str) {
    let made = book.made(base);
    let length = made.bytes.len();
    for (name, kept) in [
        ("nothing", 0),
        ("the version alone", 1),
        ("the header alone", 2 + made.relation.credentials().len()),
        ("without its last field", length - 32),
        ("without its last byte", length - 1),
    ] {
        let bytes = made.bytes[..kept].to_vec();
        refuse(book, &made, format!("{base}: {name}"), bytes, "decode", "too short");
    }
    for (name, more) in [("a byte more", vec![0]), ("a field more", vec![0; 32])] {
        let bytes = [&made.bytes[..], &more].concat();
        refuse(book, &made, format!("{base}: {name}"), bytes, "decode", "too long");
    }
    let mut without = made.bytes.clone();
    without.remove(2 + made.relation.credentials().len());
    refuse(
        book,
        &made,
        format!("{base}: without its first byte after the header"),
        without,
        "decode",
        "too short",
    );
}

fn headers(book: &mut Book) {
    let base = "age at least 18";
    let made = book.made(base);
    let with = |book: &mut Book, name: &str, at: usize, byte: u8, stage, reason: &str| {
        let mut bytes = made.bytes.clone();
        bytes[at] = byte;
        refuse(book, &made, format!("{base}: {name}"), bytes, stage, reason);
    };
    with(book, "version 0", 0, 0, "decode", "this is version 1");
    with(book, "version 2", 0, 2, "decode", "this is version 1");
    with(book, "the compact profile", 1, 1, "decode", "the request does not prefer small answers");
    with(book, "profile 2", 1, 2, "decode", "there are profiles 0 and 1");
    with(book, "the other issuer", 2, 1, "proof", "the credential is of the first key");
    with(book, "issuer 2 of 2", 2, 2, "decode", "the request accepts two keys");
    with(book, "issuer 255", 2, 255, "decode", "the request accepts two keys");

    let base = "small: at the upper end of both, compact";
    let made = book.made(base);
    let mut bytes = made.bytes.clone();
    bytes[1] = 0;
    refuse(
        book,
        &made,
        format!("{base}: said to be fast"),
        bytes,
        "decode",
        "a fast answer has another length",
    );
    let fast = book.made("small: at the upper end of both");
    let mut bytes = fast.bytes.clone();
    bytes[1] = 1;
    refuse(
        book,
        &fast,
        "small: at the upper end of both: said to be compact".into(),
        bytes,
        "decode",
        "a compact answer has another length",
    );

    let base = "an unknown key before the known ones";
    let made = book.made(base);
    let mut bytes = made.bytes.clone();
    bytes[2] = 0;
    refuse(
        book,
        &made,
        format!("{base}: said to be of it"),
        bytes,
        "decode",
        "nothing is accepted under a key that is not known",
    );
    let base = "a key that is not known for this schema beside one that is";
    let made = book.made(base);
    let mut bytes = made.bytes.clone();
    bytes[2] = 1;
    refuse(
        book,
        &made,
        format!("{base}: said to be of it"),
        bytes,
        "decode",
        "the second key does not issue this schema",
    );
}

/// When the request is not answered any more, or not yet, and by whom.
fn moments(book: &mut Book) {
    let name = "age at least 18";
    let made = book.made(name);
    let at = |name: &str, now: u64, audience: Option<&'static str>, reason: &'static str| {
        let name = format!("age at least 18: {name}");
        (name, now, audience, reason)
    };
    let elsewhere = Some("https://other.example");
    for (name, now, audience, reason) in [
        at("in the second of its expiry", NOW + 300, None, "now = expires_at"),
        at("long after its expiry", u64::MAX, None, "now > expires_at"),
        at("61 s before it was issued", NOW - 61, None, "issued_at > now + 60"),
        at("in 1970", 0, None, "issued_at > now + 60"),
        at("at another verifier", made.now, elsewhere, "the request is for another audience"),
        at(
            "at a verifier with a longer name",
            made.now,
            Some("https://verifier.example/"),
            "the request is for another audience",
        ),
    ] {
        let (request, bytes) = (&made.request, made.bytes.clone());
        book.refused(Refused { name, request, audience, now, bytes, stage: "request", reason });
    }
}
