//! What a licence says, attribute by attribute, and the scalar that stands for each value.

use std::fmt;

use curve25519_dalek::scalar::Scalar;
use serde::{Deserialize, Serialize};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::date::Date;
use crate::decimal;
use crate::json;
use crate::labels;
use crate::text::{Text, is_nfc, nfc, rewrites_line};
use crate::transcript::{TranscriptProtocol, transcript};

/// Most characters of a `text` or `code` value.
pub const MAX_STRING_CHARS: u32 = 256;
/// Most flags of a `flags` attribute.
pub const MAX_FLAGS: usize = 32;
/// Most entries of a code table.
pub const MAX_CODES: usize = 4096;

/// A code and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Code {
    /// The code as licences carry it, in normalisation form C.
    pub code: String,
    /// What people call it.
    pub title: Text,
}

/// The type of an attribute with its bounds. A value outside them is never issued.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Kind {
    /// A day.
    Date {
        /// Earliest day.
        min: Date,
        /// Latest day; 9999-12-31 where "no end" (长期) may be said.
        max: Date,
    },
    /// A whole number below 2^63, in the unit that the attribute's title names.
    Uint {
        /// Least value.
        #[serde(with = "decimal")]
        min: u64,
        /// Greatest value, at most 2^63 − 1.
        #[serde(with = "decimal")]
        max: u64,
    },
    /// A set of at most 32 named flags. The first has bit 0.
    Flags {
        /// The flags in bit order.
        flags: Vec<Code>,
    },
    /// A code, from a table where one is given.
    Code {
        /// The codes that may be issued; all strings if absent.
        #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
        table: Option<Vec<Code>>,
    },
    /// Any string.
    Text {
        /// Most characters, at most [`MAX_STRING_CHARS`].
        #[serde(with = "decimal")]
        max_chars: u32,
    },
}

impl Kind {
    /// The least and the greatest integer that the type stands for; `None` for strings.
    pub fn bounds(&self) -> Option<(u64, u64)> {
        match self {
            Self::Date { min, max } => Some((u64::from(min.days()), u64::from(max.days()))),
            Self::Uint { min, max } => Some((*min, *max)),
            Self::Flags { flags } => Some((0, flag_mask(flags.len()))),
            Self::Code { .. } | Self::Text { .. } => None,
        }
    }

    /// The table of a code that has one.
    pub fn table(&self) -> Option<&[Code]> {
        match self {
            Self::Code { table } => table.as_deref(),
            Self::Date { .. } | Self::Uint { .. } | Self::Flags { .. } | Self::Text { .. } => None,
        }
    }

    /// The type's name in sentences and in comparisons of types.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Date { .. } => "date",
            Self::Uint { .. } => "uint",
            Self::Flags { .. } => "flags",
            Self::Code { .. } => "code",
            Self::Text { .. } => "text",
        }
    }

    /// Checks a present value against type, bounds and table.
    pub fn check(&self, value: &Value) -> Result<(), ValueError> {
        match (self, value) {
            (Self::Date { min, max }, Value::Date(day)) => within(day, min, max),
            (Self::Uint { min, max }, Value::Uint(number)) => within(number, min, max),
            (Self::Flags { flags }, Value::Flags(mask)) => {
                if u64::from(*mask) > flag_mask(flags.len()) {
                    Err(ValueError::UnknownFlag)
                } else {
                    Ok(())
                }
            }
            (Self::Code { table }, Value::Code(code)) => {
                check_string(code, MAX_STRING_CHARS)?;
                match table {
                    Some(table) if !is_in(table, code) => Err(ValueError::NotInTable),
                    _ => Ok(()),
                }
            }
            (Self::Text { max_chars }, Value::Text(text)) => check_string(text, *max_chars),
            _ => Err(ValueError::WrongType { expected: self.name() }),
        }
    }

    /// Reads a value written as a string: a day `YYYY-MM-DD`, a decimal number, a code or a text (normalised to form
    /// C). Flags are lists, see [`Kind::parse_flags`].
    pub fn parse(&self, text: &str) -> Result<Value, ValueError> {
        let wrong = ValueError::WrongType { expected: self.name() };
        let value = match self {
            Self::Date { .. } => Value::Date(text.parse().map_err(|_| wrong)?),
            Self::Uint { .. } => Value::Uint(decimal::parse(text).ok_or(wrong)?),
            Self::Flags { .. } => return Err(wrong),
            Self::Code { .. } => Value::Code(nfc(text)),
            Self::Text { .. } => Value::Text(nfc(text)),
        };
        self.check(&value)?;
        Ok(value)
    }

    /// Reads a set of flags from their codes; each at most once.
    pub fn parse_flags<S: AsRef<str>>(&self, codes: &[S]) -> Result<Value, ValueError> {
        let Self::Flags { flags } = self else { return Err(ValueError::WrongType { expected: self.name() }) };
        let mut mask = 0u32;
        for code in codes {
            let bit =
                flags.iter().position(|flag| flag.code == code.as_ref()).ok_or(ValueError::UnknownFlag)?;
            if mask & (1 << bit) != 0 {
                return Err(ValueError::RepeatedFlag);
            }
            mask |= 1 << bit;
        }
        Ok(Value::Flags(mask))
    }
}

/// The mask with the lowest `count` bits set.
pub(crate) fn flag_mask(count: usize) -> u64 {
    (1u64 << count.min(MAX_FLAGS)) - 1
}

/// Looks at every entry, and at all of those that are as long: the time does not tell which of them it is.
fn is_in(table: &[Code], code: &str) -> bool {
    let here = |entry: &Code| entry.code.as_bytes().ct_eq(code.as_bytes());
    table.iter().map(here).fold(Choice::from(0), |found, here| found | here).into()
}

fn within<T: PartialOrd>(value: &T, min: &T, max: &T) -> Result<(), ValueError> {
    if value < min || value > max { Err(ValueError::OutOfBounds) } else { Ok(()) }
}

fn check_string(text: &str, max_chars: u32) -> Result<(), ValueError> {
    if text.is_empty() {
        Err(ValueError::Empty)
    } else if text.chars().count() > max_chars as usize {
        Err(ValueError::TooLong)
    } else if text.chars().any(rewrites_line) {
        Err(ValueError::ControlCharacter)
    } else if !is_nfc(text) {
        Err(ValueError::NotNormalised)
    } else {
        Ok(())
    }
}

/// Why a value is refused. The value itself is never part of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ValueError {
    /// Not of the attribute's type.
    #[error("is not a valid {expected}")]
    WrongType {
        /// The type it should have.
        expected: &'static str,
    },
    /// Below the least or above the greatest value.
    #[error("lies outside the bounds that the schema declares")]
    OutOfBounds,
    /// Not a code of the table.
    #[error("is not in the code table")]
    NotInTable,
    /// A flag that the schema does not name.
    #[error("names a flag that the schema does not have")]
    UnknownFlag,
    /// A flag named twice.
    #[error("names a flag twice")]
    RepeatedFlag,
    /// An empty string.
    #[error("is empty")]
    Empty,
    /// A string with too many characters.
    #[error("is longer than the schema allows")]
    TooLong,
    /// A control or invisible formatting character in a string.
    #[error("contains a control or invisible formatting character")]
    ControlCharacter,
    /// Not in Unicode normalisation form C.
    #[error("is not in Unicode normalisation form C")]
    NotNormalised,
    /// Absent, but required.
    #[error("is required")]
    Required,
}

/// The value of an attribute. Zeroized on drop, never printed by `Debug`.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub enum Value {
    /// Not given (optional attributes only).
    Absent,
    /// A day.
    Date(Date),
    /// A whole number.
    Uint(u64),
    /// A set of flags, the schema's first in bit 0.
    Flags(u32),
    /// A code in normalisation form C.
    Code(String),
    /// A text in normalisation form C.
    Text(String),
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Value(..)")
    }
}

impl Value {
    /// The scalar that stands for the value in a credential.
    ///
    /// Dates, numbers and masks stand for themselves, so that order and sums are those of the integers; strings and
    /// absence for a hash, the same in every schema.
    pub fn to_scalar(&self) -> Scalar {
        match self {
            Self::Absent => transcript(labels::ABSENT_ATTRIBUTE).challenge_scalar(b"m"),
            Self::Date(day) => Scalar::from(day.days()),
            Self::Uint(number) => Scalar::from(*number),
            Self::Flags(mask) => Scalar::from(*mask),
            Self::Code(text) | Self::Text(text) => {
                let mut hash = transcript(labels::STRING_ATTRIBUTE);
                hash.append_message(b"nfc", text.as_bytes());
                hash.challenge_scalar(b"m")
            }
        }
    }

    /// The integer a date, a number or a mask stands for.
    pub fn to_integer(&self) -> Option<u64> {
        match self {
            Self::Date(day) => Some(u64::from(day.days())),
            Self::Uint(number) => Some(*number),
            Self::Flags(mask) => Some(u64::from(*mask)),
            Self::Absent | Self::Code(_) | Self::Text(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flags(codes: &[&str]) -> Kind {
        let code = |c: &&str| Code { code: (*c).into(), title: Text { zh_cn: (*c).into(), en: (*c).into() } };
        Kind::Flags { flags: codes.iter().map(code).collect() }
    }

    #[test]
    fn strings_are_hashed_in_form_c() {
        let kind = Kind::Text { max_chars: 16 };
        let composed = kind.parse("caf\u{e9}").unwrap();
        let decomposed = kind.parse("cafe\u{301}").unwrap();
        assert_eq!(composed.to_scalar(), decomposed.to_scalar());
        assert_eq!(kind.check(&Value::Text("cafe\u{301}".into())), Err(ValueError::NotNormalised));
        assert_ne!(composed.to_scalar(), kind.parse("cafe").unwrap().to_scalar());
        assert_ne!(Value::Absent.to_scalar(), Scalar::ZERO);
    }

    #[test]
    fn bounds_are_kept() {
        let kind = Kind::Uint { min: 5, max: (1 << 63) - 1 };
        assert_eq!(kind.parse("4"), Err(ValueError::OutOfBounds));
        assert!(kind.parse("9223372036854775807").is_ok());
        assert_eq!(kind.parse("9223372036854775808"), Err(ValueError::OutOfBounds));
        for text in ["05", "+5", "5.0", "-0", "", "0x5", "18446744073709551616"] {
            assert_eq!(kind.parse(text), Err(ValueError::WrongType { expected: "uint" }), "{text}");
        }
        let text = Kind::Text { max_chars: 2 };
        assert_eq!(text.parse("abc"), Err(ValueError::TooLong));
        assert_eq!(text.parse(""), Err(ValueError::Empty));
        assert_eq!(text.parse("a\n"), Err(ValueError::ControlCharacter));
        assert_eq!(text.check(&Value::Uint(1)), Err(ValueError::WrongType { expected: "text" }));
    }

    #[test]
    fn flags_by_name() {
        let kind = flags(&["A1", "B2", "C1"]);
        assert_eq!(kind.parse_flags(&["C1", "A1"]), Ok(Value::Flags(0b101)));
        assert_eq!(kind.parse_flags(&["C1", "C1"]), Err(ValueError::RepeatedFlag));
        assert_eq!(kind.parse_flags(&["Z"]), Err(ValueError::UnknownFlag));
        assert_eq!(kind.check(&Value::Flags(0b1000)), Err(ValueError::UnknownFlag));
        assert_eq!(flag_mask(32), u64::from(u32::MAX));
    }

    #[test]
    fn values_do_not_print() {
        assert_eq!(format!("{:?}", Value::Text("张三".into())), "Value(..)");
    }
}
