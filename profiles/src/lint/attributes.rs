//! Titles, bounds, grades, elements and codes of each attribute.

use glimpse_circuits::attribute::{Code, Kind};
use glimpse_circuits::date::Date;
use glimpse_circuits::schema::{Attribute, Grade};

use super::{Finding, Lint, title};
use crate::elements;
use crate::profile::{AttributeInfo, Profile};
use crate::rules::Check;

/// Licences are not older.
const EARLIEST_YEAR: &str = "1800-01-01";
/// The last day of what has an end: further ahead no licence looks.
const LATEST_END: &str = "2099-12-31";
/// What an attribute must say that reaches the last day of the calendar, where the wallet shows it.
const NO_END: &str = "9999-12-31";
/// A greater number is no quantity that a licence states: 10^15, a thousand times a thousand milliards.
const GREATEST: u64 = 1_000_000_000_000_000;

pub(super) fn check(profile: &Profile, findings: &mut Vec<Finding>) {
    title("schema", profile.schema().title(), findings);
    for (attribute, info) in profile.schema().attributes().iter().zip(profile.attributes()) {
        let place = format!("schema.attributes.{}", attribute.name);
        title(place.as_str(), &attribute.title, findings);
        titles_of_codes(&place, attribute, profile, findings);
        let mut found = |lint, reason: &str| findings.push(Finding::new(lint, place.as_str(), reason));
        if let Some(reason) = min_choices(attribute) {
            found(Lint::MinChoices, reason);
        }
        if let Some(reason) = bounds(attribute, info) {
            found(Lint::Bounds, reason);
        }
        let is_integer = matches!(attribute.kind, Kind::Date { .. } | Kind::Uint { .. });
        if is_integer && !attribute.required && attribute.grade == Grade::Predicate {
            found(Lint::Unaskable, "is optional, and only required dates and numbers can be asked about");
        }
        if let Some(reason) = element(attribute, info) {
            found(Lint::Element, reason);
        }
        if let Some(reason) = provenance(attribute, info, profile) {
            found(Lint::Codes, reason);
        }
    }
}

/// Titles of codes that the schema lists itself; those of shared tables are looked at once, with the table.
fn titles_of_codes(place: &str, attribute: &Attribute, profile: &Profile, findings: &mut Vec<Finding>) {
    if profile.shared_table(&attribute.name).is_none() {
        for code in codes(&attribute.kind).unwrap_or_default() {
            title(format!("{place}.{}", code.code), &code.title, findings);
        }
    }
}

fn codes(kind: &Kind) -> Option<&[Code]> {
    match kind {
        Kind::Flags { flags } => Some(flags),
        kind => kind.table(),
    }
}

/// The narrowest question that is still allowed has to be thought about where there are many to choose from.
fn min_choices(attribute: &Attribute) -> Option<&'static str> {
    let values = match &attribute.kind {
        Kind::Date { .. } | Kind::Uint { .. } => {
            let (least, greatest) = attribute.kind.bounds()?;
            u128::from(greatest - least) + 1
        }
        Kind::Flags { flags } => 1 << flags.len(),
        Kind::Code { table: Some(table) } => table.len() as u128,
        Kind::Code { table: None } | Kind::Text { .. } => u128::MAX,
    };
    let is_integer = matches!(attribute.kind, Kind::Date { .. } | Kind::Uint { .. });
    match (attribute.grade, attribute.min_choices) {
        (Grade::Predicate, None | Some(1)) if is_integer => {
            Some("may not be disclosed but says not how many values must stay possible (min_choices)")
        }
        (Grade::Predicate, least) if u128::from(least.unwrap_or(2)) > values => {
            Some("must leave more values possible than it has (min_choices)")
        }
        (Grade::Never, Some(_)) => Some("never leaves the wallet, so min_choices has no meaning"),
        _ => None,
    }
}

fn bounds(attribute: &Attribute, info: &AttributeInfo) -> Option<&'static str> {
    let day = |text: &str| text.parse::<Date>().ok();
    match &attribute.kind {
        Kind::Date { min, .. } if Some(*min) < day(EARLIEST_YEAR) => {
            Some("begins before 1800: no licence tells of such a day")
        }
        Kind::Date { max, .. } if *max == Date::MAX => {
            let said = attribute.title.en.contains(NO_END);
            (!said).then_some("reaches 9999-12-31, but its title does not say that this means no end")
        }
        Kind::Date { max, .. } if Some(*max) > day(LATEST_END) => {
            Some("ends after 2099 and before 9999-12-31, which stands for no end")
        }
        Kind::Uint { max, .. } if *max > GREATEST => Some("reaches beyond 10^15"),
        Kind::Text { max_chars } => match info.check {
            Some(Check::CitizenId | Check::Uscc) if *max_chars != 18 => {
                Some("has a check that needs 18 characters, no more and no fewer")
            }
            Some(Check::LicenceIdentifier) if *max_chars < 96 => {
                Some("is too short for the licence identifiers that it is checked for")
            }
            _ => None,
        },
        _ => None,
    }
}

fn element(attribute: &Attribute, info: &AttributeInfo) -> Option<&'static str> {
    let Some(known) = elements::known(info.element.as_deref()?) else {
        return Some("has an element name that is not known of GB/T 36903");
    };
    let kind = attribute.kind.name();
    let fits = kind == known.kind || (kind == "code" && known.kind == "text");
    (!fits).then_some("is of another type than its element")
}

fn provenance(attribute: &Attribute, info: &AttributeInfo, profile: &Profile) -> Option<&'static str> {
    codes(&attribute.kind)?;
    match (profile.shared_table(&attribute.name), &info.codes) {
        (None, None) => Some("lists codes without saying where they come from and of which day they are"),
        (Some(_), Some(_)) => Some("says where its codes come from, which its shared table does already"),
        (None, Some(codes)) if codes.source.trim().is_empty() => Some("has codes without a source"),
        _ => None,
    }
}
