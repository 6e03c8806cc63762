//! The checks and rules that a profile can name. They know no licence type: all they need comes as parameters.

use glimpse_circuits::attribute::{Kind, Value};
use glimpse_circuits::decimal;
use glimpse_circuits::schema::Schema;
use serde::{Deserialize, Serialize};

use crate::identifiers::{self, IdentifierError};

/// A check on one text or code by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// A citizen number, GB 11643.
    CitizenId,
    /// A unified social credit code, GB 32100.
    Uscc,
    /// An electronic licence identifier, GB/T 36904.
    LicenceIdentifier,
}

impl Check {
    /// Checks a value; absent ones and those that are no strings pass (the loader admits no check on the latter).
    pub fn run(self, value: &Value) -> Result<(), IdentifierError> {
        let (Value::Text(text) | Value::Code(text)) = value else { return Ok(()) };
        match self {
            Self::CitizenId => identifiers::citizen_id(text).map(|_| ()),
            Self::Uscc => identifiers::uscc(text),
            Self::LicenceIdentifier => identifiers::licence_identifier(text),
        }
    }
}

/// A rule across attributes. It is silent where one of them is absent or was refused already.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// The date of birth inside a citizen number is that of another attribute.
    CitizenIdBirthDate {
        /// Text with check `citizen_id`.
        id: String,
        /// Date.
        birth_date: String,
    },
    /// The sex that the sequence of a citizen number tells is that of another attribute.
    CitizenIdSex {
        /// Text with check `citizen_id`.
        id: String,
        /// Code.
        sex: String,
        /// The code that stands for male.
        male: String,
        /// The code that stands for female.
        female: String,
    },
    /// One day lies at least so many days before another.
    Order {
        /// Date.
        earlier: String,
        /// Date.
        later: String,
        /// Least number of days between them: 0 if they may be the same day.
        #[serde(with = "decimal")]
        days_apart: u32,
    },
    /// At least one flag is set.
    SomeFlag {
        /// Flags.
        of: String,
    },
}

/// A rule that values break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Breach<'a> {
    /// The attribute to name.
    pub(crate) attribute: &'a str,
    /// What is wrong with it.
    pub(crate) reason: &'static str,
    /// The attribute that it does not fit.
    pub(crate) other: Option<&'a str>,
}

impl Rule {
    /// Its name in profiles.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::CitizenIdBirthDate { .. } => "citizen_id_birth_date",
            Self::CitizenIdSex { .. } => "citizen_id_sex",
            Self::Order { .. } => "order",
            Self::SomeFlag { .. } => "some_flag",
        }
    }

    /// The attributes the rule looks at, each with the type it must have.
    pub(crate) fn attributes(&self) -> Vec<(&str, &'static str)> {
        match self {
            Self::CitizenIdBirthDate { id, birth_date } => vec![(id, "text"), (birth_date, "date")],
            Self::CitizenIdSex { id, sex, .. } => vec![(id, "text"), (sex, "code")],
            Self::Order { earlier, later, .. } => vec![(earlier, "date"), (later, "date")],
            Self::SomeFlag { of } => vec![(of, "flags")],
        }
    }

    /// Whether the rule fits the schema: the attributes exist, have the right types, and its codes are in the table.
    pub(crate) fn fits(&self, schema: &Schema) -> Result<(), String> {
        for (name, expected) in self.attributes() {
            match schema.attribute(name) {
                None => return Err(format!("names {name}, which is no attribute")),
                Some((_, attribute)) if attribute.kind.name() != expected => {
                    return Err(format!("needs {name} to be of type {expected}"));
                }
                Some(_) => {}
            }
        }
        if let Self::CitizenIdSex { sex, male, female, .. } = self {
            let kind = schema.attribute(sex).map(|(_, attribute)| &attribute.kind);
            if let Some(Kind::Code { table: Some(table) }) = kind {
                let known = |code: &String| table.iter().any(|entry| entry.code == *code);
                if !known(male) || !known(female) {
                    return Err(format!("names a code that is not in the table of {sex}"));
                }
            }
        }
        Ok(())
    }

    /// Applies the rule to values found by attribute name.
    pub(crate) fn run<'v>(&self, value: impl Fn(&str) -> Option<&'v Value>) -> Result<(), Breach<'_>> {
        match self {
            Self::CitizenIdBirthDate { id, birth_date } => {
                let (Some(holder), Some(Value::Date(day))) = (holder(value(id)), value(birth_date)) else {
                    return Ok(());
                };
                let reason = "does not agree with the date of birth inside";
                ensure(holder.birth_date() == *day, birth_date, reason, Some(id))
            }
            Self::CitizenIdSex { id, sex, male, female } => {
                let (Some(holder), Some(Value::Code(code))) = (holder(value(id)), value(sex)) else {
                    return Ok(());
                };
                let expected = if holder.is_male() { male } else { female };
                ensure(code == expected, sex, "does not agree with the sex told by", Some(id))
            }
            Self::Order { earlier, later, days_apart } => {
                let (Some(Value::Date(first)), Some(Value::Date(second))) = (value(earlier), value(later))
                else {
                    return Ok(());
                };
                let kept = first.days().checked_add(*days_apart).is_some_and(|least| least <= second.days());
                let reason = if *days_apart == 0 { "lies before" } else { "does not lie late enough after" };
                ensure(kept, later, reason, Some(earlier))
            }
            Self::SomeFlag { of } => {
                ensure(value(of) != Some(&Value::Flags(0)), of, "names none at all", None)
            }
        }
    }
}

fn holder(value: Option<&Value>) -> Option<identifiers::CitizenId> {
    match value {
        Some(Value::Text(text)) => identifiers::citizen_id(text).ok(),
        _ => None,
    }
}

fn ensure<'a>(
    kept: bool,
    attribute: &'a str,
    reason: &'static str,
    other: Option<&'a String>,
) -> Result<(), Breach<'a>> {
    if kept { Ok(()) } else { Err(Breach { attribute, reason, other: other.map(String::as_str) }) }
}
