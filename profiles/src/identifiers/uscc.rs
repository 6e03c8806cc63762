//! Unified social credit codes (统一社会信用代码, GB 32100).

use super::{ALPHABET_36, IdentifierError, is_member, shape, split_last, symbol, values, wrong_check};

/// The alphabet of GB 32100: no I, O, S, V, Z.
const ALPHABET_31: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// Weights of GB 11714.
const ORGANISATION_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];

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
