//! Bulk registration: a file of licences that is announced first, and then sent row by row, as often as it takes.

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::openapi;
use crate::{CheckOverride, FieldProblem};

/// Most rows that are sent at once.
pub const MAX_IMPORT_ROWS: usize = 500;

/// Announces an import: how many licences there ought to be afterwards, and of which file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportAnnouncement {
    /// Schema id of the profile of all of them, such as `cn.driving_licence`.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaId))]
    pub profile: String,
    /// How many rows the file has.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub announced: u64,
    /// SHA-256 of the file, in lower-case hexadecimal: rows of another file are not mixed with those of this one.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::FileDigest))]
    pub digest: String,
}

/// An import, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::ImportName))]
    pub import: String,
    /// Identifier of the issuer that the licences are registered with.
    pub issuer: String,
    /// Schema id of the profile; empty for a schema that is no longer issued.
    pub profile: String,
    /// The schema.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// How many rows the file has.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub announced: u64,
    /// SHA-256 of the file.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::FileDigest))]
    pub digest: String,
    /// How many of them are registered.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub registered: u64,
    /// Whether all of them are (应归尽归).
    pub complete: bool,
}

/// Rows of an announced import.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportBatch {
    /// The rows, no two of the same number.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 500))]
    pub rows: Vec<ImportRow>,
}

/// A row of an import, as the file has it: what could not be that of a licence is refused row by row.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportRow {
    /// Its number in the file, counted from 1.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub row: u64,
    /// The authority's own reference for the person or organisation: all licences of one holder carry the same.
    pub holder: String,
    /// The licence in the profile's element names.
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Checks of historic numbers that are set aside for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<CheckOverride>,
}

/// What became of rows, in the order in which they were sent.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportedBatch {
    /// One for each row.
    pub rows: Vec<ImportedRow>,
}

/// What became of a row.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportedRow {
    /// Its number.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub row: u64,
    /// What became of it.
    pub outcome: ImportOutcome,
    /// The service's reference for its licence, if it is registered: for its offers.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference, required = false))]
    pub licence: Option<String>,
    /// What is wrong with a row that is refused. Values are not repeated.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub errors: Vec<FieldProblem>,
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ImportOutcome {
    /// Its licence is registered, by this call or an earlier one.
    Registered,
    /// It is not acceptable, and nothing is kept of it.
    Refused,
}
