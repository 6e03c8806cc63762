//! Check characters of the identifiers that licences carry: citizen numbers (GB 11643), unified social credit codes
//! (GB 32100, with the organisation code of GB 11714 inside) and electronic licence identifiers (GB/T 36904).
//!
//! A right check character says that a number was copied without a slip, not that anybody or anything has it. The
//! rules were recomputed against public sample values; the standards' texts were not at hand.

use std::fmt;

use glimpse_circuits::date::Date;

/// Digits and letters in the order of their values 0 to 35.
const ALPHABET_36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
/// The alphabet of GB 32100: no I, O, S, V, Z.
const ALPHABET_31: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Check characters of GB 11643 by the sum modulo 11.
const CITIZEN_ID_CHECKS: &[u8] = b"10X98765432";
/// Weights of GB 11643: powers of two modulo 11.
const CITIZEN_ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
/// Weights of GB 11714.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// The node of the object identifier tree under which GB/T 36904 puts licences.
const LICENCE_IDENTIFIER_ROOT: &str = "1.2.156.3005.2.";

/// Why an identifier is refused. The identifier itself is never part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// Wrong length, or a character where the standard allows none such.
    #[error("does not have the shape of {standard}")]
    Shape {
        /// The standard that prescribes the shape.
        standard: &'static str,
    },
    /// The date inside a citizen number is no day of the calendar.
    #[error("contains a date of birth that does not exist")]
    BirthDate,
    /// The last character does not fit the others.
    #[error("has a wrong check character ({standard})")]
    CheckCharacter {
        /// The standard that prescribes the check.
        standard: &'static str,
    },
}

const fn shape(standard: &'static str) -> IdentifierError {
    IdentifierError::Shape { standard }
}

const fn wrong_check(standard: &'static str) -> IdentifierError {
    IdentifierError::CheckCharacter { standard }
}

/// What a citizen number says of its holder. Never printed by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CitizenId {
    birth_date: Date,
    male: bool,
}

impl CitizenId {
    /// Date of birth.
    pub fn birth_date(&self) -> Date {
        self.birth_date
    }

    /// Whether the sequence number is odd, as men's are.
    pub fn is_male(&self) -> bool {
        self.male
    }
}

impl fmt::Debug for CitizenId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CitizenId(..)")
    }
}

/// Checks a citizen number (公民身份号码, GB 11643): 6 digits of region, 8 of birth date, 3 of sequence, a check
/// character `0`–`9` or `X`.
///
/// The region is not looked up: numbers keep the code of their first registration, long after it was withdrawn.
pub fn citizen_id(text: &str) -> Result<CitizenId, IdentifierError> {
    const STANDARD: &str = "GB 11643";
    let (body, check) = split_last(text).ok_or(shape(STANDARD))?;
    if !check.is_ascii_digit() && check != 'X' {
        return Err(shape(STANDARD));
    }
    let expected = citizen_id_check(body)?;
    let number = |range| body.get(range).and_then(|digits: &str| digits.parse::<i16>().ok());
    let day = match (number(6..10), number(10..12), number(12..14)) {
        (Some(year), Some(month), Some(day)) => i8::try_from(month)
            .ok()
            .zip(i8::try_from(day).ok())
            .and_then(|(m, d)| Date::from_calendar(year, m, d)),
        _ => None,
    };
    let birth_date = day.ok_or(IdentifierError::BirthDate)?;
    let sequence = number(14..17).ok_or(shape(STANDARD))?;
    if check != expected {
        return Err(wrong_check(STANDARD));
    }
    Ok(CitizenId { birth_date, male: sequence % 2 == 1 })
}

/// The check character of the first 17 digits of a citizen number (GB 11643, ISO 7064 MOD 11-2).
pub fn citizen_id_check(body: &str) -> Result<char, IdentifierError> {
    let digits = values(body, b"0123456789", 17).filter(|digits| digits[0] != 0).ok_or(shape("GB 11643"))?;
    let sum: u32 = digits.iter().zip(CITIZEN_ID_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    symbol(CITIZEN_ID_CHECKS, sum % 11)
}

/// Checks a unified social credit code (统一社会信用代码, GB 32100): registrar, class, 6 digits of region, the
/// organisation code with its own check character, a check character.
pub fn uscc(text: &str) -> Result<(), IdentifierError> {
    const STANDARD: &str = "GB 32100";
    let (body, check) = split_last(text).ok_or(shape(STANDARD))?;
    let expected = uscc_check(body)?;
    let region_is_digits = body.get(2..8).is_some_and(|region| region.bytes().all(|b| b.is_ascii_digit()));
    let (organisation, organisation_check) = body.get(8..).and_then(split_last).ok_or(shape(STANDARD))?;
    if !region_is_digits || !is_member(check, ALPHABET_31) {
        return Err(shape(STANDARD));
    }
    if check != expected {
        return Err(wrong_check(STANDARD));
    }
    if organisation_check != organisation_code_check(organisation)? {
        return Err(wrong_check("GB 11714"));
    }
    Ok(())
}

/// The check character of the first 17 characters of a unified social credit code (GB 32100): weights 3^i modulo 31.
pub fn uscc_check(body: &str) -> Result<char, IdentifierError> {
    let values = values(body, ALPHABET_31, 17).ok_or(shape("GB 32100"))?;
    let (sum, _) = values.iter().fold((0, 1), |(sum, weight), value| (sum + value * weight, weight * 3 % 31));
    symbol(ALPHABET_31, (31 - sum % 31) % 31)
}

/// The check character of the first 8 characters of an organisation code (GB 11714).
pub fn organisation_code_check(body: &str) -> Result<char, IdentifierError> {
    let values = values(body, ALPHABET_36, 8).ok_or(shape("GB 11714"))?;
    let sum: u32 = values.iter().zip(ORGANISATION_WEIGHTS).map(|(value, weight)| value * weight).sum();
    symbol(b"0123456789X", (11 - sum % 11) % 11)
}

/// Checks an electronic licence identifier (电子证照标识, GB/T 36904):
/// `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`, where the type is the unified social credit code of
/// the defining authority and 3 digits, the issuer a unified social credit code, the serial `[0-9A-Z]{1,64}` (a bound
/// of ours) and the version 3 digits.
pub fn licence_identifier(text: &str) -> Result<(), IdentifierError> {
    const STANDARD: &str = "GB/T 36904";
    let segments = text.strip_prefix(LICENCE_IDENTIFIER_ROOT).ok_or(shape(STANDARD))?;
    let segments: Vec<&str> = segments.split('.').collect();
    let [kind, issuer, serial, version, check] = segments[..] else { return Err(shape(STANDARD)) };
    let is_number = |text: &str| text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit());
    let (authority, number) = kind.split_at_checked(18).ok_or(shape(STANDARD))?;
    if !is_number(number) || !is_number(version) || serial.is_empty() || serial.len() > 64 {
        return Err(shape(STANDARD));
    }
    uscc(authority)?;
    uscc(issuer)?;
    let expected = licence_identifier_check(&[kind, issuer, serial, version].concat())?;
    let mut check = check.chars();
    match (check.next(), check.next()) {
        (Some(found), None) if found == expected => Ok(()),
        (Some(found), None) if is_member(found, ALPHABET_36) => Err(wrong_check(STANDARD)),
        _ => Err(shape(STANDARD)),
    }
}

/// The check character over the four segments of a licence identifier, joined without dots (GB/T 36904: ISO 7064
/// MOD 37,36).
pub fn licence_identifier_check(joined: &str) -> Result<char, IdentifierError> {
    let values = values(joined, ALPHABET_36, joined.len()).ok_or(shape("GB/T 36904"))?;
    let product = values.iter().fold(36, |product, value| {
        let sum = (product + value) % 36;
        (if sum == 0 { 36 } else { sum }) * 2 % 37
    });
    symbol(ALPHABET_36, (37 - product) % 36)
}

/// All but the last character, and the last.
fn split_last(text: &str) -> Option<(&str, char)> {
    let (at, last) = text.char_indices().next_back()?;
    Some((&text[..at], last))
}

/// The values of exactly `count` characters, at least one, if all are of the alphabet.
fn values(text: &str, alphabet: &[u8], count: usize) -> Option<Vec<u32>> {
    let value =
        |byte: u8| alphabet.iter().position(|&known| known == byte).and_then(|at| u32::try_from(at).ok());
    if count == 0 || text.len() != count { None } else { text.bytes().map(value).collect() }
}

fn is_member(character: char, alphabet: &[u8]) -> bool {
    u8::try_from(character).is_ok_and(|byte| alphabet.contains(&byte))
}

fn symbol(alphabet: &[u8], value: u32) -> Result<char, IdentifierError> {
    // Every caller reduces the value modulo the alphabet's length.
    alphabet.get(value as usize).map(|&byte| char::from(byte)).ok_or(shape("the alphabet"))
}
