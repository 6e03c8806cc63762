//! From a licence as a registry hands it over to the values that are signed.

use std::fmt;

use glimpse_circuits::attribute::{Kind, Value, ValueError};
use glimpse_circuits::date::Date;
use glimpse_circuits::schema::Attribute;
use serde_json::{Map, Value as Json};

use crate::identifiers::IdentifierError;
use crate::profile::{AttributeInfo, Profile};

/// How licences write "no end"; stands for 9999-12-31 where an attribute reaches that far.
const NO_END: &str = "长期";

impl Profile {
    /// Checks a licence and turns it into values in the order of the schema.
    ///
    /// The input is an object whose keys are attribute names, or GB/T 36903 element names where the profile has them.
    /// Values are strings (days `YYYY-MM-DD` or 长期, whole numbers in decimal); flags are lists of their codes.
    /// Every problem is found, not only the first, and none of them repeats a value.
    pub fn admit(&self, licence: &Map<String, Json>) -> Result<Vec<Value>, Refusals> {
        let mut refusals = self.unknown_keys(licence);
        let declared = self.schema().attributes().iter().zip(self.attributes());
        let read: Vec<Option<Value>> = declared
            .map(|(attribute, info)| {
                let problem = |reason| refusals.push(Refusal::of(attribute, info, reason));
                read_attribute(licence, attribute, info).map_err(problem).ok()
            })
            .collect();
        refusals.extend(self.breaches(&read));
        match read.into_iter().collect() {
            Some(values) if refusals.is_empty() => Ok(values),
            _ => Err(Refusals(refusals)),
        }
    }

    fn unknown_keys(&self, licence: &Map<String, Json>) -> Vec<Refusal> {
        let known = |key: &str| {
            self.schema().attribute(key).is_some()
                || self.attributes().iter().any(|i| i.element.as_deref() == Some(key))
        };
        let unknown = licence.keys().filter(|key| !known(key));
        unknown.map(|key| Refusal { name: showable(key), element: None, reason: Reason::Unknown }).collect()
    }

    /// What the rules find among the values that were read.
    fn breaches(&self, read: &[Option<Value>]) -> Vec<Refusal> {
        let value = |name: &str| {
            self.schema().attribute(name).and_then(|(i, _)| read.get(i)).and_then(Option::as_ref)
        };
        let refusal = |rule: &crate::rules::Rule| {
            let breach = rule.run(value).err()?;
            let element = self.attribute(breach.attribute).and_then(|info| info.element.clone());
            let reason = Reason::Rule { reason: breach.reason, other: breach.other.map(str::to_owned) };
            Some(Refusal { name: breach.attribute.to_owned(), element, reason })
        };
        self.rules().iter().filter_map(refusal).collect()
    }
}

fn read_attribute(
    licence: &Map<String, Json>,
    attribute: &Attribute,
    info: &AttributeInfo,
) -> Result<Value, Reason> {
    let by_element = info.element.as_ref().and_then(|element| licence.get(element));
    let value = match (licence.get(&attribute.name), by_element) {
        (Some(_), Some(_)) => return Err(Reason::Twice),
        (Some(given), None) | (None, Some(given)) => read_value(&attribute.kind, given)?,
        (None, None) => Value::Absent,
    };
    attribute.check(&value).map_err(Reason::Value)?;
    if let Some(check) = info.check {
        check.run(&value).map_err(Reason::Identifier)?;
    }
    Ok(value)
}

fn read_value(kind: &Kind, given: &Json) -> Result<Value, Reason> {
    match (kind, given) {
        (Kind::Flags { .. }, Json::Array(items)) => {
            let codes: Option<Vec<&str>> = items.iter().map(Json::as_str).collect();
            kind.parse_flags(&codes.ok_or(Reason::NotAList)?).map_err(Reason::Value)
        }
        (Kind::Flags { .. }, _) => Err(Reason::NotAList),
        (Kind::Date { max, .. }, Json::String(text)) if text == NO_END && *max == Date::MAX => {
            Ok(Value::Date(Date::MAX))
        }
        (kind, Json::String(text)) => kind.parse(text).map_err(Reason::Value),
        _ => Err(Reason::NotAString),
    }
}

/// A key that is no name might be a value that slipped; only what looks like a name is repeated.
fn showable(key: &str) -> String {
    let looks_like_a_name = key.len() <= 64
        && key.starts_with(|c: char| c.is_ascii_alphabetic())
        && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if looks_like_a_name { key.to_owned() } else { "a key".to_owned() }
}

/// Why one attribute of a licence is refused. Contains no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The attribute, or the unknown key (`a key` if it does not look like a name).
    pub name: String,
    /// Its GB/T 36903 element, where it has one.
    pub element: Option<String>,
    /// What is wrong.
    pub reason: Reason,
}

impl Refusal {
    fn of(attribute: &Attribute, info: &AttributeInfo, reason: Reason) -> Self {
        Self { name: attribute.name.clone(), element: info.element.clone(), reason }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.element {
            Some(element) => write!(f, "{} ({element}) {}", self.name, self.reason),
            None => write!(f, "{} {}", self.name, self.reason),
        }
    }
}

/// What is wrong with one attribute.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The profile has no attribute and no element of this name.
    #[error("is not known to the profile")]
    Unknown,
    /// Given under its own name and under that of its element.
    #[error("is given under both of its names")]
    Twice,
    /// Not a JSON string.
    #[error("is not a string")]
    NotAString,
    /// Not a JSON list of strings.
    #[error("is not a list of strings")]
    NotAList,
    /// Absent though required, or outside type, bounds or table.
    #[error("{0}")]
    Value(ValueError),
    /// Fails the check of an identifier.
    #[error("{0}")]
    Identifier(IdentifierError),
    /// Does not agree with another attribute.
    #[error("{reason}{}{}", if other.is_some() { " " } else { "" }, other.as_deref().unwrap_or_default())]
    Rule {
        /// What is wrong.
        reason: &'static str,
        /// The other attribute.
        other: Option<String>,
    },
}

/// All that is wrong with a licence, at least one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusals(Vec<Refusal>);

impl Refusals {
    /// One by one: unknown keys, then attributes in the order of the schema, then rules.
    pub fn iter(&self) -> std::slice::Iter<'_, Refusal> {
        self.0.iter()
    }
}

impl IntoIterator for Refusals {
    type Item = Refusal;
    type IntoIter = std::vec::IntoIter<Refusal>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Refusals {
    type Item = &'a Refusal;
    type IntoIter = std::slice::Iter<'a, Refusal>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, refusal) in self.iter().enumerate() {
            let separator = if i == 0 { "" } else { "; " };
            write!(f, "{separator}{refusal}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusals {}
