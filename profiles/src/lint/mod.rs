//! What makes a profile a bad one although it loads.
//!
//! The loader refuses what could not work; the linter finds what would mislead people, leak, or fail later: in a
//! wallet, at a counter, in the middle of a bulk issue. It reads nothing and asks nobody: a profile in, findings out.
//!
//! ```
//! for profile in glimpse_profiles::builtin() {
//!     assert_eq!(glimpse_profiles::lint::check(profile), []);
//! }
//! ```

mod attributes;
mod documents;
mod questions;
mod together;

use std::fmt;

use glimpse_circuits::text::Text;
use serde::Serialize;

use crate::profile::Profile;
use crate::tables::CodeTable;

pub use self::together::check_together;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Somebody should look at it.
    Warning,
    /// The profile must not be used like this.
    Error,
}

/// What the linter looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lint {
    /// The loader refuses the profile.
    Load,
    /// A title is empty, the Chinese one has no Chinese character, or the English one has.
    Title,
    /// A date or a number that may not be disclosed says not how many values must stay possible, or more than it has.
    MinChoices,
    /// Bounds far wider than the attribute needs, or a text that its own check could never fill or fit into.
    Bounds,
    /// An optional date or number that may not be disclosed: nothing can be asked of it.
    Unaskable,
    /// An element name that GB/T 36903 does not have, or on an attribute of another type.
    Element,
    /// A list of codes without its source and its day, or with another one beside that of its shared table.
    Codes,
    /// No status that suspends, none that ends, or not said where the codes come from.
    Status,
    /// A licence type code that is none, or nothing said about it.
    TypeCode,
    /// No notes, or an empty one.
    Note,
    /// A ready-made question that no request can ask.
    Question,
    /// A ready-made question that amounts to disclosure.
    Reveals,
    /// No ready-made question at all, or two that ask the same.
    Questions,
    /// Nothing says that the end of validity comes after its start.
    Order,
    /// A generated licence that is not admitted.
    Sample,
    /// Two profiles with one schema id or one licence type code.
    Repeated,
    /// Numbers of one kind that two profiles give different types: they cannot be compared across licences.
    Comparable,
}

impl Lint {
    /// How bad its findings are.
    pub fn severity(self) -> Severity {
        match self {
            Self::Bounds | Self::Unaskable | Self::Note | Self::Reveals | Self::Questions | Self::Order => {
                Severity::Warning
            }
            Self::Load
            | Self::Title
            | Self::MinChoices
            | Self::Element
            | Self::Codes
            | Self::Status
            | Self::TypeCode
            | Self::Question
            | Self::Sample
            | Self::Repeated
            | Self::Comparable => Severity::Error,
        }
    }
}

/// Something about a profile that is wrong or should be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What was looked for.
    pub lint: Lint,
    /// Where: a path such as `schema.attributes.birth_date`.
    pub place: String,
    /// What is wrong, as the rest of a sentence that begins with the place.
    pub reason: String,
}

impl Finding {
    fn new(lint: Lint, place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { severity: lint.severity(), lint, place: place.into(), reason: reason.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: {} {}", self.place, self.reason)
    }
}

/// Checks the text of a profile: that it loads, and then what [`check`] finds.
pub fn check_text(text: &str) -> Vec<Finding> {
    match Profile::from_json(text) {
        Ok(profile) => check(&profile),
        Err(error) => vec![Finding::new(Lint::Load, "profile", format!("is refused: {error}"))],
    }
}

/// Checks a profile by itself. The order of the findings is that of the document.
pub fn check(profile: &Profile) -> Vec<Finding> {
    let mut findings = Vec::new();
    attributes::check(profile, &mut findings);
    documents::check(profile, &mut findings);
    questions::check(profile, &mut findings);
    documents::check_samples(profile, &mut findings);
    findings
}

/// Checks a shared table: titles, and that it says where it comes from.
pub fn check_table(table: &CodeTable) -> Vec<Finding> {
    let mut findings = Vec::new();
    title("title", &table.title, &mut findings);
    for entry in &table.entries {
        title(format!("entries.{}", entry.code), &entry.title, &mut findings);
    }
    let said = [&table.standard, &table.source, &table.licence];
    if said.into_iter().chain(&table.notes).any(|text| text.trim().is_empty()) || table.notes.is_empty() {
        findings.push(Finding::new(Lint::Codes, "table", "does not say where it comes from and what it is"));
    }
    findings
}

/// Both languages are there, and each is where it belongs.
fn title(place: impl Into<String>, title: &Text, findings: &mut Vec<Finding>) {
    let is_han = |c: char| matches!(c, '〇' | '\u{3400}'..='\u{9FFF}' | '\u{20000}'..='\u{3FFFF}');
    let reason = if !title.zh_cn.contains(is_han) {
        "has no Chinese title"
    } else if !title.en.contains(|c: char| c.is_ascii_alphanumeric()) || title.en.contains(is_han) {
        "has no English title"
    } else {
        return;
    };
    findings.push(Finding::new(Lint::Title, place, reason));
}
