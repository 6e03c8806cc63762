//! Citizen numbers (公民身份号码, GB 11643).

use std::fmt;

use glimpse_circuits::date::Date;

use super::{IdentifierError, shape, split_last, symbol, values, wrong_check};

/// Check characters of GB 11643 by the sum modulo 11.
const CITIZEN_ID_CHECKS: &[u8] = b"10X98765432";
/// Weights of GB 11643: powers of two modulo 11.
const CITIZEN_ID_WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

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
