//! Between issuer, its administrator and wallets.

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use serde::{Deserialize, Serialize};

#[cfg(feature = "openapi")]
use crate::openapi;
use crate::{Blob, CheckOverride};

/// Who issues here, under which keys, and which kinds of licences.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The issuers, one for each key.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Issuer>))]
    pub issuers: Vec<Issuer>,
    /// The schemas they issue.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::LicenceSchema>))]
    pub schemas: Vec<Schema>,
    /// The keys that manifests of its revocation lists are signed with; none where it has no such lists.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::DocumentKey>, required = false, max_items = 16))]
    pub manifest_keys: Vec<DocumentKey>,
    /// Seconds from one version of its lists to the next, where they come at the beginnings of such periods and at no other
    /// moment; none where they may come at any time.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Period, required = false))]
    pub schedule: Option<Schedule>,
}

/// A licence to register.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LicenceRegistration {
    /// Schema id of the profile, such as `cn.driving_licence`.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaId))]
    pub profile: String,
    /// The authority's own reference for the person or organisation: all licences of one holder carry the same.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::HolderReference))]
    pub holder: String,
    /// The licence in the profile's element names.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::LicenceAttributes))]
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Checks of historic numbers that are set aside for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<CheckOverride>,
}

/// A licence was registered.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisteredLicence {
    /// The service's reference for it.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference))]
    pub licence: String,
}

/// A one-time offer was made. The code is as good as the licence until it is used: it goes to the holder only.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferCreated {
    /// Where the wallet goes.
    pub issuer_uri: String,
    /// What it shows there.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::OfferCode))]
    pub code: String,
    /// First second in which the code is worth nothing, since 1970-01-01T00:00:00Z.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub expires_at: u64,
}

/// Asks what an offer is for.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferRedemption {
    /// The offer's code.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::OfferCode))]
    pub code: String,
}

/// What an offer is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferDetails {
    /// The schema of the licence.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// The key it will be issued under.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::IssuerKey))]
    pub key: IssuerPublicKey,
    /// The nonce to bind the issuance request to.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Nonce))]
    pub nonce: Nonce,
    /// First second in which the offer is worth nothing.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub expires_at: u64,
}

/// Asks for the credential of an offer. Repeating the same request before the offer expires repeats the answer; any
/// other request is refused once one was answered.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CredentialRequest {
    /// The offer's code.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::OfferCode))]
    pub code: String,
    /// The bytes of an issuance request; left out for licences without a holder.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::IssuanceRequest, required = false))]
    pub request: Option<Blob>,
}

/// The bytes of an issued credential.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CredentialResponse {
    /// See `IssuedCredential::to_bytes`.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Bytes))]
    pub credential: Blob,
}

/// Opens a token exchange.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenCommitRequest {
    /// The issuer key, or the revocation key for tokens of intervals.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::IssuerKey))]
    pub key: IssuerPublicKey,
    /// The blinded pairs, 64 bytes each, as many as one of the fixed batch sizes.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Bytes64>, min_items = 4, max_items = 64))]
    pub pairs: Vec<Blob>,
}

/// The exchange is open for a few seconds.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenCommitResponse {
    /// Names it, and the node that holds it: 48 lower-case hexadecimal digits.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::ExchangeName))]
    pub exchange: String,
    /// The commitments, 64 bytes each.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Bytes64>, min_items = 4, max_items = 64))]
    pub commitments: Vec<Blob>,
}

/// Answers an exchange's commitments.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRespondRequest {
    /// The blinded challenges, 32 bytes each.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Bytes32>, min_items = 4, max_items = 64))]
    pub challenges: Vec<Blob>,
}

/// Ends the exchange.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct TokenRespondResponse {
    /// The responses, 32 bytes each.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Bytes32>, min_items = 4, max_items = 64))]
    pub responses: Vec<Blob>,
}
