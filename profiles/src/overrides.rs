//! Overrides: historic numbers that are what they are although they fail their check.
//!
//! Registries hold numbers that were given by hand, before a check character was computed, or with a mistake that has
//! stood on documents ever since. Such a licence is admitted if the issuer says, attribute by attribute, which check it
//! sets aside and why. What an override cannot do: change a value's type, bounds, length or characters, for those
//! decide how the value is encoded.

use glimpse_circuits::attribute::Value;
use serde::{Deserialize, Serialize};

use crate::rules::Check;

/// One check of one attribute, set aside for one licence. It holds no value, so it can be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// The attribute, by its own name.
    pub attribute: String,
    /// The check that the profile has on it and that fails.
    pub check: Check,
    /// Why the value is right nevertheless.
    pub reason: OverrideReason,
}

/// Why a number stands although it fails its check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverrideReason {
    /// Given before the standard was in force, such as a citizen number of 15 digits.
    BeforeStandard,
    /// Given with a mistake that the authority has confirmed and not corrected.
    ConfirmedMistake,
    /// Given by an authority that did not follow the standard.
    OtherScheme,
}

/// A licence that was admitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Admitted {
    /// The values in the order of the schema.
    pub values: Vec<Value>,
    /// The overrides without which it had been refused, in the order of the schema: for the issuer to record.
    pub overrides: Vec<Override>,
}
