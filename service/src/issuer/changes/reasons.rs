//! Why something is done to a licence, in the administrator's words.

use std::sync::Arc;

use glimpse_api::value_to_json;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::date::Date;
use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::is_visible;
use glimpse_circuits::words;
use unicode_normalization::UnicodeNormalization;

use crate::error::ApiError;
use crate::store::licences::LicenceRecord;

/// Most characters of a reason.
const MAX_REASON_CHARS: usize = 200;
/// Shorter values than this may stand in a reason by chance.
const TELLING_CHARS: usize = 4;
/// The same for what is not written in ASCII: names have two characters or three.
const TELLING_HAN: usize = 2;

/// A reason that plainly repeats nothing of what the licence says, nor whose it is. Whoever wants to tell it in other words
/// still can.
pub(super) fn checked_reason(
    reason: &str,
    licence: &LicenceRecord,
    schema: Option<&Arc<Schema>>,
) -> Result<String, ApiError> {
    let given = checked_form(reason)?;
    let folded_reason = folded(&given);
    let repeats = |text: &str| {
        let text = folded(text);
        let telling = if text.is_ascii() { TELLING_CHARS } else { TELLING_HAN };
        text.chars().count() >= telling && folded_reason.contains(&text)
    };
    let mut told = repeats(&licence.holder);
    if let Some(schema) = schema {
        for (attribute, value) in schema.attributes().iter().zip(licence.values(schema)?) {
            if matches!(value, Value::Absent | Value::Date(Date::MAX)) {
                continue;
            }
            // Dates in digits and as people write them, codes with what they mean.
            let words = words::value(attribute, &value);
            let plain = value_to_json(&attribute.kind, &value);
            told |= plain.as_str().is_some_and(repeats) || repeats(&words.zh_cn) || repeats(&words.en);
        }
    }
    if told {
        return Err(ApiError::invalid("reason", "must not repeat what the licence says, nor whose it is"));
    }
    Ok(given)
}

/// Letters and digits alone, in one form and case.
fn folded(text: &str) -> String {
    text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect()
}

fn checked_form(reason: &str) -> Result<String, ApiError> {
    if !is_visible(reason, MAX_REASON_CHARS) {
        return Err(ApiError::invalid("reason", "must have 1 to 200 characters, all of them visible"));
    }
    Ok(reason.to_owned())
}
