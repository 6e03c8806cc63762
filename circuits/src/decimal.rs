//! Integers as decimal strings.
//!
//! JSON numbers lose precision beyond 2^53 in many parsers, so no number of ours is ever written as one (RFC 8785
//! section 3.2.2.3 recommends the same). One spelling: no sign but `-`, no leading zero, no `-0`.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serializer, de::Error};

/// Writes an integer as a decimal string.
pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// Reads an integer from its one decimal spelling.
pub fn deserialize<'de, T: FromStr + Display, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    let text = Cow::<'de, str>::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| {
        D::Error::custom("expected a decimal integer in a string, without leading zeros, in range")
    })
}

/// The integer a text spells, if that is its one spelling and it is in range.
pub fn parse<T: FromStr + Display>(text: &str) -> Option<T> {
    let value = text.parse::<T>().ok()?;
    (value.to_string() == text).then_some(value)
}

/// The same for an optional integer that is left out when absent.
pub mod option {
    use super::{Deserializer, Display, FromStr, Serializer};

    /// Writes an integer as a decimal string; absent ones are to be skipped by the caller.
    pub fn serialize<T: Display, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => serializer.collect_str(value),
            None => serializer.serialize_none(),
        }
    }

    /// Reads an integer that must be there when its key is.
    pub fn deserialize<'de, T: FromStr + Display, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<T>, D::Error> {
        super::deserialize(deserializer).map(Some)
    }
}
