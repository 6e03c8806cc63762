//! Errors on the wire: problem details (RFC 9457).

use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::openapi;

/// The media type of a problem.
pub const PROBLEM_CONTENT_TYPE: &str = "application/problem+json";

/// A problem. Never repeats a value that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Problem {
    /// Stable identifier of the kind of problem: `urn:glimpse:problem:…`.
    #[serde(rename = "type")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::ProblemType))]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// HTTP status.
    #[cfg_attr(feature = "openapi", schema(minimum = 400, maximum = 599))]
    pub status: u16,
    /// What is wrong this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub detail: Option<String>,
    /// The members at fault, each with the reason.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub errors: Vec<FieldProblem>,
}

/// One member of a request that is at fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FieldProblem {
    /// Path of the member, such as `attributes.birth_date`.
    pub field: String,
    /// What is wrong with it.
    pub reason: String,
}
