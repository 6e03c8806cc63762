//! Check characters: public sample values, and every slip that each code promises to catch.
#![allow(clippy::unwrap_used)]

use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::identifiers::{
    IdentifierError, LicenceIdentifier, citizen_id, citizen_id_check, licence_identifier,
    licence_identifier_check, organisation_code_check, type_code, uscc, uscc_check,
};
use glimpse_profiles::sample::Persona;

/// The example of GB 11643 itself.
const CITIZEN_ID: &str = "11010519491231002X";
/// Codes of ministries and public institutions.
const USCCS: [&str; 5] = [
    "11100000000013338W",
    "11100000000013127D",
    "11100000MB0143028R",
    "11330105002500287C",
    "11430000006122244L",
];
const LICENCES: [&str; 2] = [
    "1.2.156.3005.2.11100000000013338W009.11330105002500287C.2025052201.002.0",
    "1.2.156.3005.2.11100000000013338W011.11430000006122244L.20230000403.001.U",
];
const ALPHABET_36: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

#[test]
fn public_values_pass() {
    let holder = citizen_id(CITIZEN_ID).unwrap();
    assert_eq!(holder.birth_date().to_string(), "1949-12-31");
    assert!(!holder.is_male());
    assert_eq!(citizen_id_check(&CITIZEN_ID[..17]), Ok('X'));
    for code in USCCS {
        assert_eq!(uscc(code), Ok(()), "{code}");
        assert!(uscc_check(&code[..17]).is_ok_and(|check| code.ends_with(check)), "{code}");
        assert!(
            organisation_code_check(&code[8..16]).is_ok_and(|check| code[16..].starts_with(check)),
            "{code}"
        );
    }
    for identifier in LICENCES {
        assert_eq!(licence_identifier(identifier), Ok(()), "{identifier}");
    }
    let joined = "11100000000013338W00911330105002500287C2025052201002";
    assert_eq!(licence_identifier_check(joined), Ok('0'));
}

/// All texts that differ in one character.
fn substitutions<'a>(text: &'a str, alphabet: &'a str) -> impl Iterator<Item = String> + 'a {
    text.char_indices().flat_map(move |(at, old)| {
        let others = alphabet.chars().filter(move |&new| new != old);
        others.map(move |new| format!("{}{new}{}", &text[..at], &text[at + 1..]))
    })
}

/// All texts in which two different neighbours have changed places.
fn transpositions(text: &str) -> impl Iterator<Item = String> + '_ {
    text.as_bytes().windows(2).enumerate().filter(|(_, pair)| pair[0] != pair[1]).map(|(at, pair)| {
        format!("{}{}{}{}", &text[..at], char::from(pair[1]), char::from(pair[0]), &text[at + 2..])
    })
}

#[test]
fn citizen_ids_catch_every_substitution_and_transposition() {
    let generated = (0..50).map(|seed| Persona::new(seed).citizen_id());
    for id in generated.chain([CITIZEN_ID.to_owned()]) {
        assert!(citizen_id(&id).is_ok());
        for wrong in substitutions(&id, ALPHABET_36).chain(transpositions(&id)) {
            assert!(citizen_id(&wrong).is_err(), "{wrong}");
        }
    }
}

#[test]
fn usccs_catch_every_substitution_and_transposition() {
    let generated = (0..50).map(|seed| Persona::new(seed).uscc());
    for code in generated.chain(USCCS.map(str::to_owned)) {
        assert_eq!(uscc(&code), Ok(()));
        for wrong in substitutions(&code, ALPHABET_36).chain(transpositions(&code)) {
            assert!(uscc(&wrong).is_err(), "{wrong}");
        }
    }
}

#[test]
fn licence_identifiers_catch_every_substitution() {
    let generated = (0..20).map(|seed| Persona::new(seed).licence_identifier());
    for identifier in generated.chain(LICENCES.map(str::to_owned)) {
        assert_eq!(licence_identifier(&identifier), Ok(()));
        for wrong in substitutions(&identifier, ALPHABET_36) {
            assert!(licence_identifier(&wrong).is_err(), "{wrong}");
        }
    }
}

/// MOD 37,36 promises nearly all transpositions of neighbours: of the joined segments, without the codes inside that
/// have checks of their own, at most one in a hundred goes through.
#[test]
fn licence_identifiers_catch_nearly_every_transposition() {
    let (mut tried, mut missed) = (0, 0);
    for seed in 0..200 {
        let authority = Persona::new(seed).uscc();
        let joined = format!("{authority}001{authority}{:010}00{}", seed * 7_919_191, seed % 10);
        let check = licence_identifier_check(&joined).unwrap();
        for wrong in transpositions(&joined) {
            tried += 1;
            missed += u32::from(licence_identifier_check(&wrong).unwrap() == check);
        }
    }
    assert!(tried > 5_000 && missed * 100 < tried, "{missed} of {tried}");
}

#[test]
fn licence_identifiers_are_issued() {
    for text in LICENCES {
        let read: LicenceIdentifier = text.parse().unwrap();
        assert_eq!(read.to_string(), text);
        let again =
            LicenceIdentifier::issue(read.type_code(), read.issuer(), read.serial(), read.version()).unwrap();
        assert_eq!(again, read);
        assert_eq!(format!("{read:?}"), "LicenceIdentifier(..)");
        let next = read.next_version().unwrap();
        assert_eq!((next.version(), next.serial()), (read.version() + 1, read.serial()));
        assert_eq!(next.to_string().parse(), Ok(next));
    }
    for seed in 0..200 {
        let (kind, issuer) =
            (format!("{}{:03}", Persona::new(seed).uscc(), seed), Persona::new(seed + 1).uscc());
        let serial = format!("{:X}", 0xABC0_0000 + seed * 104_729);
        let built = LicenceIdentifier::issue(&kind, &issuer, &serial, seed as u16 + 1).unwrap();
        assert_eq!(licence_identifier(&built.to_string()), Ok(()));
        assert_eq!(built.to_string().parse(), Ok(built));
    }
}

#[test]
fn licence_identifiers_are_not_issued_from_wrong_parts() {
    let (kind, issuer) = ("11100000000013338W009", "11330105002500287C");
    let shape = Err(IdentifierError::Shape { standard: "GB/T 36904" });
    let issue = LicenceIdentifier::issue;
    assert!(issue(kind, issuer, "1", 1).is_ok() && issue(kind, issuer, &"Z".repeat(64), 999).is_ok());
    for serial in ["", "a", "1.2", "证", &"0".repeat(65)] {
        assert_eq!(issue(kind, issuer, serial, 1), shape, "{serial}");
    }
    assert_eq!(issue(kind, issuer, "1", 1_000), shape);
    assert_eq!(issue(kind, issuer, "1", 999).unwrap().next_version(), shape);
    for kind in ["", "11100000000013338W", "11100000000013338W09", "11100000000013338W00A"] {
        assert_eq!(type_code(kind), Err(IdentifierError::Shape { standard: "GB/T 36904" }), "{kind}");
        assert_eq!(issue(kind, issuer, "1", 1), shape);
    }
    let wrong = Err(IdentifierError::CheckCharacter { standard: "GB 32100" });
    assert_eq!(issue("11100000000013338X009", issuer, "1", 1), wrong);
    assert_eq!(issue(kind, "11330105002500287D", "1", 1), wrong);
}

#[test]
fn profiles_issue_identifiers_where_their_type_is_known() {
    let known = builtin_by_schema_id("cn.business_licence").unwrap();
    let identifier = known.issue_identifier("11330105002500287C", "20260001", 1).unwrap().unwrap();
    assert!(identifier.to_string().starts_with("1.2.156.3005.2.11100000MB0143028R001.11330105002500287C."));
    assert!(known.issue_identifier("11330105002500287D", "20260001", 1).unwrap().is_err());
    let unknown = builtin_by_schema_id("cn.vehicle_licence").unwrap();
    assert!(unknown.issue_identifier("11330105002500287C", "20260001", 1).is_none());
}

#[test]
fn organisation_codes_are_checked_inside() {
    // A right outer check character over a wrong inner one.
    let body = "11330105002500288";
    let code = format!("{body}{}", uscc_check(body).unwrap());
    assert_eq!(uscc(&code), Err(IdentifierError::CheckCharacter { standard: "GB 11714" }));
}

#[test]
fn birth_dates_inside_must_exist() {
    for body in ["11010519490231002", "11010519491301002", "11010500001231002", "11010519000229001"] {
        let id = format!("{body}{}", citizen_id_check(body).unwrap());
        assert_eq!(citizen_id(&id), Err(IdentifierError::BirthDate), "{id}");
    }
}

#[test]
fn other_shapes_are_refused() {
    for text in [
        "",
        "1",
        "11010519491231002",
        "11010519491231002x",
        "011105194912310020",
        "1101051949123100２",
        " 11010519491231002X",
        "1101051949123100号",
    ] {
        assert_eq!(citizen_id(text), Err(IdentifierError::Shape { standard: "GB 11643" }), "{text}");
    }
    for text in [
        "",
        "11100000000013338w",
        "1110000000001333",
        "I1100000000013338W",
        "1110000000001333８W",
        "11A00000000013338W",
    ] {
        assert!(matches!(uscc(text), Err(IdentifierError::Shape { .. })), "{text}");
    }
    let root = "1.2.156.3005.2.";
    let tail = "11100000000013338W009.11330105002500287C";
    for text in [
        String::new(),
        root.to_owned(),
        format!("1.2.156.3005.3.{tail}.2025052201.002.0"),
        format!("{root}{tail}.2025052201.002"),
        format!("{root}{tail}.2025052201.002."),
        format!("{root}{tail}.2025052201.002.00"),
        format!("{root}{tail}.2025052201.002.０"),
        format!("{root}{tail}.2025052201.02.0"),
        format!("{root}{tail}..002.0"),
        format!("{root}{tail}.2025052201.002.0.0"),
        format!("{root}{tail}.20250522a1.002.0"),
        format!("{root}{tail}.{}.002.0", "0".repeat(65)),
        format!("{root}号号号号号号号.11330105002500287C.2025052201.002.0"),
    ] {
        assert!(matches!(licence_identifier(&text), Err(IdentifierError::Shape { .. })), "{text}");
    }
}

#[test]
fn messages_hold_no_identifier() {
    for error in [citizen_id("110105194912310021").unwrap_err(), uscc("11100000000013338X").unwrap_err()] {
        assert!(!error.to_string().contains("1949") && !error.to_string().contains("3338"));
    }
    assert_eq!(format!("{:?}", citizen_id(CITIZEN_ID).unwrap()), "CitizenId(..)");
}
