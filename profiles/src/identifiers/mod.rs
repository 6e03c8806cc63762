//! Check characters of the identifiers that licences carry: citizen numbers (GB 11643), unified social credit codes
//! (GB 32100, with the organisation code of GB 11714 inside) and electronic licence identifiers (GB/T 36904).
//!
//! A right check character says that a number was copied without a slip, not that anybody or anything has it. The
//! rules were recomputed against public sample values; the standards' texts were not at hand.

mod citizen;
mod licence;
mod uscc;

pub use self::citizen::{CitizenId, citizen_id, citizen_id_check};
pub use self::licence::{LicenceIdentifier, licence_identifier, licence_identifier_check, type_code};
pub use self::uscc::{organisation_code_check, uscc, uscc_check};

/// Digits and letters in the order of their values 0 to 35.
const ALPHABET_36: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

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
