//! Why a request cannot be turned into a relation.

use crate::attribute::ValueError;

/// A request that cannot be answered by anyone, or must not be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {reason}")]
pub struct RelationError {
    /// Path of the member at fault, such as `statements[2].of`.
    pub member: String,
    /// What is wrong with it.
    pub reason: Reason,
}

/// What is wrong with a member of a request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The registry has no such schema.
    #[error("unknown schema")]
    UnknownSchema,
    /// The registry has none of the issuer keys, or none for this schema.
    #[error("no issuer key that is known for this schema")]
    UnknownIssuer,
    /// The request has no credential of this id.
    #[error("no credential {0} in this request")]
    UnknownCredential(String),
    /// The schema has no attribute of this name.
    #[error("no attribute {0} in this schema")]
    UnknownAttribute(String),
    /// The attribute is graded never to leave the wallet.
    #[error("{0} never leaves the wallet")]
    Never(String),
    /// The attribute may only enter predicates.
    #[error("{0} may not be disclosed")]
    NotDisclosed(String),
    /// The statements leave so few values of an attribute possible that they disclose it, which its grade forbids.
    #[error(
        "the statements on {name} together leave {choices} possible values, but at least {least} must remain"
    )]
    Narrow {
        /// Which attribute.
        name: String,
        /// How many remain at most.
        choices: u128,
        /// How many must.
        least: u64,
    },
    /// The attribute has another type than the statement needs.
    #[error("{name} is not a {expected}")]
    WrongType {
        /// Which attribute.
        name: String,
        /// What the statement is about.
        expected: &'static str,
    },
    /// An optional attribute where a required one is needed.
    #[error("{0} is optional, and an absent value has no place in this statement")]
    Optional(String),
    /// The two sides of an equality have different types, or are the same attribute.
    #[error("equality needs two different attributes of one type")]
    Incomparable,
    /// A value of the request is none of the attribute's.
    #[error("a value {0}")]
    Value(ValueError),
    /// An empty list, an empty range, or nothing left after the schema's bounds.
    #[error("no value is left that would be accepted")]
    Empty,
    /// Neither a lower nor an upper bound.
    #[error("needs at least one bound")]
    NoBound,
    /// The same value, flag or term twice.
    #[error("something is listed twice")]
    Repeated,
    /// A code that needs a table has none.
    #[error("{0} has no code table to take the other codes from")]
    NoTable(String),
    /// Text that may not be disclosed, compared with given values: whoever lists one real value among invented ones
    /// learns it.
    #[error("{0} has no code table: it can only be compared with another attribute")]
    FreeText(String),
    /// Credentials without a holder have no handle to revoke them by.
    #[error("{0} is not holder-bound, and cannot be revoked")]
    NoHandle(String),
    /// None of the issuers that are known for the schema has revocation lists.
    #[error("no issuer key accepted for {0} is known to have revocation lists")]
    NoLists(String),
    /// Flags of different lists.
    #[error("the two sets of flags are not of the same flags")]
    DifferentFlags,
    /// A coefficient of 0 or −2^63, or bounds that do not fit in 127 bits.
    #[error("a coefficient or bound is out of range")]
    Overflow,
    /// More terms, values or intervals than allowed.
    #[error("too long: at most {0}")]
    TooLong(usize),
    /// More digits or residuals than there are generators or than is sensible.
    #[error("the request is too large for one presentation")]
    TooLarge,
}

impl Reason {
    /// The reason, for a member of the request.
    pub(super) fn at(self, member: impl Into<String>) -> RelationError {
        RelationError { member: member.into(), reason: self }
    }
}
