//! The catalogue of licences (电子证照库): how many there are of which kind, and where they stand. Never what they say.

use glimpse_circuits::decimal;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Serialize};

use crate::Stage;
#[cfg(feature = "openapi")]
use crate::openapi;

/// How many licences stand where, of one issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// Identifier of the issuer.
    pub issuer: String,
    /// Places without a licence are left out.
    pub counts: Vec<CatalogueCount>,
    /// What was announced, and how much of it came (应归尽归), by the names of the imports.
    pub imports: Vec<CatalogueImport>,
}

/// An import: how many licences it announced, and how many of them are registered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CatalogueImport {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::ImportName))]
    pub import: String,
    /// Schema id of the profile; empty for a schema that is no longer issued.
    pub profile: String,
    /// How many it announced.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub announced: u64,
    /// How many of them were registered. Whatever became of them since, they stay counted.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub registered: u64,
}

/// How many licences of one kind, version and stage there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CatalogueCount {
    /// Schema id of the profile; empty for a schema that is no longer issued.
    pub profile: String,
    /// The schema.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// Where they stand.
    pub stage: Stage,
    /// How often they were corrected, counted from 1.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub version: u32,
    /// How many.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub count: u64,
}

/// Some licences of one kind and stage, in order of their references.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CataloguePage {
    /// Their references, at most 1,000.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Reference>, max_items = 1000))]
    pub licences: Vec<String>,
    /// Whether there are others after these: ask with `after` set to the last one.
    pub more: bool,
}
