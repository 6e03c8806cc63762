//! From a licence as a registry hands it over to the values that are signed.

use std::fmt;

use glimpse_circuits::attribute::{Kind, Value, ValueError};
use glimpse_circuits::date::Date;
use glimpse_circuits::schema::Attribute;
use serde_json::{Map, Value as Json};

use crate::identifiers::IdentifierError;
use crate::overrides::{Admitted, Override};
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
        self.admit_with(licence, &[]).map(|admitted| admitted.values)
    }

    /// As [`Profile::admit`], with checks set aside: see [`overrides`](crate::overrides).
    ///
    /// An override is refused if the attribute has no such check, if the value passes it, or if another override names
    /// the attribute. Rules that look inside the number (its date of birth, its sex) are silent where its check fails.
    pub fn admit_with(
        &self,
        licence: &Map<String, Json>,
        overrides: &[Override],
    ) -> Result<Admitted, Refusals> {
        let Examined { read, refusals, used, .. } = self.examine(licence, overrides);
        match read.into_iter().collect() {
            Some(values) if refusals.is_empty() => Ok(Admitted { values, overrides: used }),
            _ => Err(Refusals(refusals)),
        }
    }

    /// What there is of a licence, and everything that is wrong with it.
    pub(crate) fn examine(&self, licence: &Map<String, Json>, overrides: &[Override]) -> Examined {
        let mut refusals = self.unknown_keys(licence);
        let has_unknown_names = !refusals.is_empty();
        refusals.extend(self.wrong_overrides(overrides));
        let mut used = Vec::new();
        let declared = self.schema().attributes().iter().zip(self.attributes());
        let read: Vec<Option<Value>> = declared
            .map(|(attribute, info)| {
                let matching =
                    |it: &&Override| it.attribute == attribute.name && Some(it.check) == info.check;
                let set_aside = overrides.iter().find(matching);
                let problem = |reason| refusals.push(Refusal::of(attribute, info, reason));
                let value = read_attribute(licence, attribute, info, set_aside).map_err(problem).ok()?;
                used.extend(set_aside.cloned());
                Some(value)
            })
            .collect();
        refusals.extend(self.breaches(&read));
        Examined { read, has_unknown_names, refusals, used }
    }

    /// Overrides of checks that there are not, and all but the first of one attribute.
    fn wrong_overrides(&self, overrides: &[Override]) -> Vec<Refusal> {
        let refusal = |(i, one): (usize, &Override)| {
            let checked = self.attribute(&one.attribute).is_some_and(|info| info.check == Some(one.check));
            let reason = if !checked {
                Reason::OverrideWithoutCheck
            } else if overrides[..i].iter().any(|earlier| earlier.attribute == one.attribute) {
                Reason::OverrideTwice
            } else {
                return None;
            };
            Some(Refusal { name: showable(&one.attribute), element: None, reason })
        };
        overrides.iter().enumerate().filter_map(refusal).collect()
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

/// A licence that was looked at.
pub(crate) struct Examined {
    /// In the order of the schema, those that are good; absent ones that need not be there are.
    pub(crate) read: Vec<Option<Value>>,
    /// Whether something is given that the profile does not know.
    pub(crate) has_unknown_names: bool,
    /// What is wrong.
    pub(crate) refusals: Vec<Refusal>,
    /// The overrides that were needed.
    pub(crate) used: Vec<Override>,
}

fn read_attribute(
    licence: &Map<String, Json>,
    attribute: &Attribute,
    info: &AttributeInfo,
    set_aside: Option<&Override>,
) -> Result<Value, Reason> {
    let by_element = info.element.as_ref().and_then(|element| licence.get(element));
    let value = match (licence.get(&attribute.name), by_element) {
        (Some(_), Some(_)) => return Err(Reason::Twice),
        (Some(given), None) | (None, Some(given)) => read_value(&attribute.kind, given)?,
        (None, None) => Value::Absent,
    };
    attribute.check(&value).map_err(Reason::Value)?;
    let Some(check) = info.check else { return Ok(value) };
    match (check.run(&value), set_aside) {
        (Ok(()), None) | (Err(_), Some(_)) => Ok(value),
        (Err(error), None) => Err(Reason::Identifier(error)),
        (Ok(()), Some(_)) => Err(Reason::OverrideNotNeeded),
    }
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
    /// A check is overridden that the profile does not have on it.
    #[error("has no such check that could be overridden")]
    OverrideWithoutCheck,
    /// A check is overridden that the value passes, or that has no value to look at.
    #[error("passes the check that is overridden")]
    OverrideNotNeeded,
    /// More than one override names it.
    #[error("is named by more than one override")]
    OverrideTwice,
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
    /// One by one: unknown keys, overrides, then attributes in the order of the schema, then rules.
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
