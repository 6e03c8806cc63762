//! Electronic licence identifiers (电子证照标识, GB/T 36904).

use std::fmt;
use std::str::FromStr;

use super::{ALPHABET_36, IdentifierError, is_member, shape, symbol, uscc, values, wrong_check};

/// The node of the object identifier tree under which GB/T 36904 puts licences.
const ROOT: &str = "1.2.156.3005.2.";
const STANDARD: &str = "GB/T 36904";
/// Most characters of a serial number: a bound of ours.
const MAX_SERIAL: usize = 64;
/// Greatest version that three digits can write.
const MAX_VERSION: u16 = 999;

/// An electronic licence identifier: `1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`.
///
/// Made by [`LicenceIdentifier::issue`] or read from text; either way its check character is right. The number of a
/// licence may name its holder, so `Debug` does not print it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LicenceIdentifier {
    kind: String,
    issuer: String,
    serial: String,
    version: u16,
    check: char,
}

impl LicenceIdentifier {
    /// Builds the identifier of a licence and computes its check character.
    ///
    /// `kind` is the licence type code ([`type_code`]), `issuer` the unified social credit code of the issuing
    /// authority, `serial` `[0-9A-Z]{1,64}`, the issuer's own number of the licence, and `version` at most 999: the first
    /// is 1, and a licence that is corrected or reissued keeps its serial and gets the next.
    pub fn issue(kind: &str, issuer: &str, serial: &str, version: u16) -> Result<Self, IdentifierError> {
        type_code(kind)?;
        uscc(issuer)?;
        let serial_is_sound = (1..=MAX_SERIAL).contains(&serial.len())
            && serial.bytes().all(|byte| ALPHABET_36.contains(&byte));
        if !serial_is_sound || version > MAX_VERSION {
            return Err(shape(STANDARD));
        }
        let check = licence_identifier_check(&format!("{kind}{issuer}{serial}{version:03}"))?;
        Ok(Self { kind: kind.into(), issuer: issuer.into(), serial: serial.into(), version, check })
    }

    /// The identifier of the same licence after a correction or reissue; refused after version 999.
    pub fn next_version(&self) -> Result<Self, IdentifierError> {
        Self::issue(&self.kind, &self.issuer, &self.serial, self.version.saturating_add(1))
    }

    /// The licence type code: 18 characters of the defining authority and 3 digits.
    pub fn type_code(&self) -> &str {
        &self.kind
    }

    /// The unified social credit code of the issuing authority.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The issuer's number of the licence.
    pub fn serial(&self) -> &str {
        &self.serial
    }

    /// The version.
    pub fn version(&self) -> u16 {
        self.version
    }
}

impl FromStr for LicenceIdentifier {
    type Err = IdentifierError;

    fn from_str(text: &str) -> Result<Self, IdentifierError> {
        let segments = text.strip_prefix(ROOT).ok_or(shape(STANDARD))?;
        let segments: Vec<&str> = segments.split('.').collect();
        let [kind, issuer, serial, version, check] = segments[..] else { return Err(shape(STANDARD)) };
        let number =
            Some(version).filter(|version| is_number(version)).and_then(|digits| digits.parse().ok());
        let built = Self::issue(kind, issuer, serial, number.ok_or(shape(STANDARD))?)?;
        let mut check = check.chars();
        match (check.next(), check.next()) {
            (Some(found), None) if found == built.check => Ok(built),
            (Some(found), None) if is_member(found, ALPHABET_36) => Err(wrong_check(STANDARD)),
            _ => Err(shape(STANDARD)),
        }
    }
}

impl fmt::Display for LicenceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, issuer, serial, version, check } = self;
        write!(f, "{ROOT}{kind}.{issuer}.{serial}.{version:03}.{check}")
    }
}

impl fmt::Debug for LicenceIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LicenceIdentifier(..)")
    }
}

/// Checks an electronic licence identifier; [`LicenceIdentifier`] reads one.
pub fn licence_identifier(text: &str) -> Result<(), IdentifierError> {
    text.parse::<LicenceIdentifier>().map(|_| ())
}

/// Checks a licence type code (证照类型代码): the unified social credit code of the authority that defined the type,
/// and 3 digits.
pub fn type_code(text: &str) -> Result<(), IdentifierError> {
    let (authority, number) = text.split_at_checked(18).ok_or(shape(STANDARD))?;
    if !is_number(number) {
        return Err(shape(STANDARD));
    }
    uscc(authority)
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

fn is_number(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_digit())
}
