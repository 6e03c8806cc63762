//! What a relying party may ask for.

use glimpse_api::{AllowedNames, MayAsk};
use glimpse_circuits::request::CheckKind;

/// Some things out of many. None by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allowed<T> {
    /// All there are, and those to come.
    Any,
    /// These.
    Only(Vec<T>),
}

impl<T> Default for Allowed<T> {
    fn default() -> Self {
        Self::Only(Vec::new())
    }
}

impl<T: PartialEq> Allowed<T> {
    /// Whether this is one of them.
    pub(super) fn includes(&self, one: &T) -> bool {
        self.any(|other| other == one)
    }
}

impl<T> Allowed<T> {
    /// Whether one of them is like this.
    pub(super) fn any(&self, is_like: impl Fn(&T) -> bool) -> bool {
        match self {
            Self::Any => true,
            Self::Only(some) => some.iter().any(is_like),
        }
    }

    fn report(&self, name: impl Fn(&T) -> String) -> AllowedNames {
        match self {
            Self::Any => AllowedNames::Any,
            Self::Only(some) => AllowedNames::Only(some.iter().map(name).collect()),
        }
    }
}

/// What a relying party may ask for. Each list stands for itself: what may be disclosed may not therefore be proven
/// about, nor the other way round. By default nothing.
///
/// Whoever may prove something about an attribute, as often as it likes and with bounds of its choice, can close in on
/// the value of whoever answers again and again. The kinds of statements say how narrowly it may ask at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// Ids of schemas whose licences may be asked for, such as `cn.driving_licence`.
    pub schemas: Allowed<String>,
    /// Attributes whose values may be disclosed, such as `cn.driving_licence.classes`.
    pub disclose: Allowed<String>,
    /// Attributes about which something may be proven.
    pub prove: Allowed<String>,
    /// Kinds of statements.
    pub statements: Allowed<StatementKind>,
    /// How presentations may be checked.
    pub checks: Allowed<CheckKind>,
}

impl Registration {
    /// Anything at all.
    pub fn anything() -> Self {
        Self {
            schemas: Allowed::Any,
            disclose: Allowed::Any,
            prove: Allowed::Any,
            statements: Allowed::Any,
            checks: Allowed::Any,
        }
    }

    /// As auditors see it.
    pub(crate) fn report(&self) -> MayAsk {
        MayAsk {
            schemas: self.schemas.report(String::clone),
            disclose: self.disclose.report(String::clone),
            prove: self.prove.report(String::clone),
            statements: self.statements.report(|kind| kind.name().to_owned()),
            checks: self.checks.report(|kind| check_name(*kind).to_owned()),
        }
    }
}

/// A kind of statement, named as in requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names of the protocol")]
pub enum StatementKind {
    Disclose,
    Range,
    Age,
    Date,
    Equals,
    Member,
    NotMember,
    Intervals,
    Flags,
    Equal,
    NotRevoked,
}

impl StatementKind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Disclose,
        Self::Range,
        Self::Age,
        Self::Date,
        Self::Equals,
        Self::Member,
        Self::NotMember,
        Self::Intervals,
        Self::Flags,
        Self::Equal,
        Self::NotRevoked,
    ];

    /// Its name in requests.
    pub fn name(self) -> &'static str {
        match self {
            Self::Disclose => "disclose",
            Self::Range => "range",
            Self::Age => "age",
            Self::Date => "date",
            Self::Equals => "equals",
            Self::Member => "member",
            Self::NotMember => "not_member",
            Self::Intervals => "intervals",
            Self::Flags => "flags",
            Self::Equal => "equal",
            Self::NotRevoked => "not_revoked",
        }
    }
}

/// All kinds of checks.
pub(super) const CHECKS: [CheckKind; 2] = [CheckKind::Token, CheckKind::Keyed];

/// Its name in requests.
pub(super) fn check_name(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Token => "token",
        CheckKind::Keyed => "keyed",
    }
}
