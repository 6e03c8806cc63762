//! Strict JSON in, canonical JSON out.

mod objects;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use self::objects::Objects;

/// Why a JSON text is refused, with the path of the member at fault. Values are not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct JsonError {
    /// Path of the member, such as `statements[2].age.at_least`; `.` for the whole.
    pub path: String,
    /// What is wrong with it.
    pub reason: String,
}

/// Reads a value of a type that refuses unknown keys; repeated keys, lists in the place of objects and trailing text are
/// refused here.
pub fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    // To keep track of where one is takes as long as to read, so that is only done for those who are to be told.
    let mut deserializer = serde_json::Deserializer::from_str(text);
    match T::deserialize(Objects(&mut deserializer)) {
        Ok(value) if deserializer.end().is_ok() => Ok(value),
        _ => from_str_with_path(text),
    }
}

fn from_str_with_path<T: DeserializeOwned>(text: &str) -> Result<T, JsonError> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(Objects(&mut deserializer)).map_err(|error| {
        let path = error.path().to_string();
        JsonError { path, reason: without_values(&error.into_inner()) }
    })?;
    deserializer.end().map_err(|error| JsonError { path: ".".into(), reason: without_values(&error) })?;
    Ok(value)
}

/// Reads an optional member that has a value if it is there at all: `null` is no value. To be used with
/// `#[serde(default, deserialize_with = "…")]`.
pub fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The canonical form of RFC 8785.
pub fn canonical<T: Serialize>(value: &T) -> Result<Vec<u8>, JsonError> {
    serde_json_canonicalizer::to_vec(value)
        .map_err(|error| JsonError { path: ".".into(), reason: without_values(&error) })
}

/// serde's messages quote the offending value ("invalid type: string \"…\", expected …"), which may be an attribute.
fn without_values(error: &serde_json::Error) -> String {
    let message = error.to_string();
    let place = format!("line {} column {}", error.line(), error.column());
    let kept = match message.find(", expected ") {
        Some(at) if message.starts_with("invalid ") => {
            let expected = message[at + 2..].split(" at line ").next().unwrap_or_default();
            let what = if message.starts_with("invalid type") { "wrong type" } else { "invalid value" };
            format!("{what}, {expected}")
        }
        _ if message.starts_with("unknown field") => "unknown member".to_owned(),
        _ if message.starts_with("unknown variant") => "unknown name".to_owned(),
        _ => message.split(" at line ").next().unwrap_or_default().to_owned(),
    };
    if error.line() == 0 { kept } else { format!("{kept} ({place})") }
}
