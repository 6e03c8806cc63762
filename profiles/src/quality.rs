//! Data quality of many licences together: how complete, valid, consistent, timely and unique they are, element by
//! element. Counts only; no value is in a report.
//!
//! **Completeness** counts values that are given, **validity** those of them that pass type, bounds and check (or whose
//! check is set aside), **consistency** licences that keep a rule between attributes, of those that have all it looks at.
//! **Timeliness** is of the dates that GB/T 36903 gives a meaning: the end of validity should not be past, the day of
//! issue and the first day of validity should not be to come. **Uniqueness** is of the elements that number a licence
//! (ZZBH, ZZBS), and of whole licences. Not every repetition is a mistake: spouses' certificates carry one number, and
//! the pages of a household register that of the household.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::date::Date;
use glimpse_circuits::decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

use crate::admit::Examined;
use crate::elements::{IDENTIFIER, ISSUED, NUMBER, VALID_FROM, VALID_UNTIL};
use crate::overrides::Override;
use crate::profile::{AttributeInfo, Profile};

/// Of so many values it is known whether they repeat an earlier one: they take 8 bytes each. Those beyond are left out
/// of `compared`.
const MOST_COMPARED: usize = 1 << 24;

/// Data quality of licences of one profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QualityReport {
    /// The day that timeliness is of.
    pub as_of: Date,
    /// How many licences were looked at.
    #[serde(with = "decimal")]
    pub licences: u64,
    /// Those that could not be read as one at all.
    #[serde(with = "decimal")]
    pub unreadable: u64,
    /// Those that admission finds nothing wrong with.
    #[serde(with = "decimal")]
    pub sound: u64,
    /// Those with names that the profile does not know.
    #[serde(with = "decimal")]
    pub with_unknown_names: u64,
    /// Licences that say in all what an earlier one says.
    pub repeated: Repeats,
    /// In the order of the schema.
    pub elements: Vec<ElementQuality>,
    /// In the order of the profile.
    pub rules: Vec<RuleQuality>,
}

/// Data quality of one attribute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ElementQuality {
    /// The attribute.
    pub attribute: String,
    /// Its GB/T 36903 element.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// Whether a licence must have it.
    pub required: bool,
    /// Completeness: how many licences have a value.
    #[serde(with = "decimal")]
    pub given: u64,
    /// Validity: how many of those values are good.
    #[serde(with = "decimal")]
    pub valid: u64,
    /// How many of the good ones are so since their check was set aside.
    #[serde(with = "decimal")]
    pub set_aside: u64,
    /// Timeliness, of dates that have a meaning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeliness: Option<Timeliness>,
    /// Uniqueness, of what numbers a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Repeats>,
}

/// Of dates, how many are in time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeliness {
    /// What is expected.
    pub expected: InTime,
    /// How many good values were looked at.
    #[serde(with = "decimal")]
    pub compared: u64,
    /// How many are as expected.
    #[serde(with = "decimal")]
    pub in_time: u64,
}

/// What is expected of a date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InTime {
    /// Not before the day of the report.
    NotPast,
    /// Not after it.
    NotToCome,
}

/// Of values, how many repeat an earlier one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeats {
    /// How many were looked at.
    #[serde(with = "decimal")]
    pub compared: u64,
    /// How many of those repeat an earlier one.
    #[serde(with = "decimal")]
    pub repeated: u64,
}

/// Consistency: how one rule between attributes is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleQuality {
    /// The rule's name, such as `order`.
    pub rule: String,
    /// The attributes it looks at.
    pub attributes: Vec<String>,
    /// How many licences have good values of all of them.
    #[serde(with = "decimal")]
    pub compared: u64,
    /// How many of those break it.
    #[serde(with = "decimal")]
    pub broken: u64,
}

/// Counts licence by licence. Memory: 8 bytes for each licence, and for each of its numbers.
pub struct Quality {
    profile: &'static Profile,
    report: QualityReport,
    licences: Seen,
    /// Beside the elements of the report.
    numbers: Vec<Seen>,
    hasher: RandomState,
}

impl Quality {
    /// Of licences of a profile, as of a day.
    pub fn new(profile: &'static Profile, as_of: Date) -> Self {
        let declared = profile.schema().attributes().iter().zip(profile.attributes());
        let elements: Vec<_> = declared
            .map(|(attribute, info)| ElementQuality {
                attribute: attribute.name.clone(),
                element: info.element.clone(),
                required: attribute.required,
                given: 0,
                valid: 0,
                set_aside: 0,
                timeliness: expected(info).map(|expected| Timeliness { expected, compared: 0, in_time: 0 }),
                repeated: is_number(info).then(Repeats::default),
            })
            .collect();
        let rules = profile.rules().iter().map(|rule| RuleQuality {
            rule: rule.name().to_owned(),
            attributes: rule.attributes().into_iter().map(|(name, _)| name.to_owned()).collect(),
            compared: 0,
            broken: 0,
        });
        let numbers = elements.iter().map(|_| Seen::default()).collect();
        let report = QualityReport {
            as_of,
            licences: 0,
            unreadable: 0,
            sound: 0,
            with_unknown_names: 0,
            repeated: Repeats::default(),
            rules: rules.collect(),
            elements,
        };
        Self { profile, report, licences: Seen::default(), numbers, hasher: RandomState::new() }
    }

    /// Counts what could not be read as a licence.
    pub fn add_unreadable(&mut self) {
        self.report.licences += 1;
        self.report.unreadable += 1;
    }

    /// Counts a licence. Says whether nothing is wrong with it.
    pub fn add(&mut self, licence: &Map<String, Json>, overrides: &[Override]) -> bool {
        let examined = self.profile.examine(licence, overrides);
        self.report.licences += 1;
        self.report.sound += u64::from(examined.refusals.is_empty());
        self.report.with_unknown_names += u64::from(examined.has_unknown_names);
        self.licences.add(self.hasher.hash_one(licence));
        self.add_elements(licence, &examined);
        self.add_rules(&examined);
        examined.refusals.is_empty()
    }

    fn add_elements(&mut self, licence: &Map<String, Json>, examined: &Examined) {
        let today = self.report.as_of;
        let elements = self.report.elements.iter_mut().zip(&mut self.numbers).zip(&examined.read);
        for ((element, seen), read) in elements {
            let by_element = element.element.as_ref().and_then(|name| licence.get(name));
            let given = licence.get(&element.attribute).or(by_element).filter(|given| is_value(given));
            element.given += u64::from(given.is_some());
            if let (Some(Json::String(text)), true) = (given, element.repeated.is_some()) {
                seen.add(self.hasher.hash_one(text.trim()));
            }
            let good = read.as_ref().filter(|value| **value != Value::Absent && given.is_some());
            let Some(value) = good else { continue };
            element.valid += 1;
            element.set_aside +=
                u64::from(examined.used.iter().any(|one| one.attribute == element.attribute));
            if let (Some(timeliness), Value::Date(day)) = (&mut element.timeliness, value) {
                timeliness.compared += 1;
                timeliness.in_time += u64::from(match timeliness.expected {
                    InTime::NotPast => *day >= today,
                    InTime::NotToCome => *day <= today,
                });
            }
        }
    }

    fn add_rules(&mut self, examined: &Examined) {
        let schema = self.profile.schema();
        let value = |name: &str| {
            schema.attribute(name).and_then(|(i, _)| examined.read.get(i)).and_then(Option::as_ref)
        };
        for (rule, told) in self.profile.rules().iter().zip(&mut self.report.rules) {
            let has = |name: &String| value(name).is_some_and(|value| *value != Value::Absent);
            if told.attributes.iter().all(has) {
                told.compared += 1;
                told.broken += u64::from(rule.run(value).is_err());
            }
        }
    }

    /// What it came to.
    pub fn finish(self) -> QualityReport {
        let mut report = self.report;
        report.repeated = self.licences.repeats();
        for (element, seen) in report.elements.iter_mut().zip(self.numbers) {
            if let Some(repeated) = &mut element.repeated {
                *repeated = seen.repeats();
            }
        }
        report
    }
}

/// Keyed digests of 64 bits: that two of a million different values have the same one has a chance of 1 in 30 million.
#[derive(Default)]
struct Seen(Vec<u64>);

impl Seen {
    fn add(&mut self, digest: u64) {
        if self.0.len() < MOST_COMPARED {
            self.0.push(digest);
        }
    }

    fn repeats(mut self) -> Repeats {
        let compared = self.0.len() as u64;
        self.0.sort_unstable();
        self.0.dedup();
        Repeats { compared, repeated: compared - self.0.len() as u64 }
    }
}

/// Nothing, however it is written, is no value. An empty list is one: no flag is set.
fn is_value(given: &Json) -> bool {
    match given {
        Json::Null => false,
        Json::String(text) => !text.trim().is_empty(),
        _ => true,
    }
}

fn expected(info: &AttributeInfo) -> Option<InTime> {
    match info.element.as_deref()? {
        VALID_UNTIL => Some(InTime::NotPast),
        VALID_FROM | ISSUED => Some(InTime::NotToCome),
        _ => None,
    }
}

fn is_number(info: &AttributeInfo) -> bool {
    matches!(info.element.as_deref(), Some(NUMBER | IDENTIFIER))
}
