//! Between relying party, verifier and wallets.

use glimpse_circuits::attribute::{Kind, Value};
use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::key::{Issuer, IssuerPublicKey};
use glimpse_circuits::request::{AttributeRef, CheckKind, Preference, Request, RequestDigest, Statement};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};

use crate::Blob;
#[cfg(feature = "openapi")]
use crate::openapi;

/// A licence that a request asks for, by its kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestedLicence {
    /// Its name inside the request.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Identifier))]
    pub id: String,
    /// Schema id, such as `cn.driving_licence`; the verifier must know exactly one schema of that id.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaId))]
    pub schema: String,
    /// The issuer keys accepted; all that the verifier knows for the schema if left out.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::IssuerKey>, required = false, min_items = 1, max_items = 255))]
    pub issuers: Option<Vec<IssuerPublicKey>>,
    /// Where its issuer must issue: codes of the verifier's signed list of issuers, instead of keys. A region stands for all
    /// inside it, and is met by one that it lies in.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Region>, required = false, min_items = 1))]
    pub regions: Option<Vec<String>>,
    /// How it is to be checked.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::CheckKind))]
    pub check: CheckKind,
}

/// What to ask for, without what changes from request to request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// What the answer will be used for.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Purpose))]
    pub purpose: Text,
    /// The licences.
    #[cfg_attr(feature = "openapi", schema(min_items = 1, max_items = 8))]
    pub licences: Vec<RequestedLicence>,
    /// The facts.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Statement>, max_items = 64))]
    pub statements: Vec<Statement>,
    /// `small` for answers in few bytes, at a higher price of checking them.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Preference, required = false))]
    pub prefer: Option<Preference>,
}

/// Creates a request, from a stored policy or from one given here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum RequestCreation {
    /// The name of a stored policy.
    Policy(String),
    /// A policy in place.
    Inline(Policy),
}

/// A request was created.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RequestCreated {
    /// The service's reference for it.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference))]
    pub id: String,
    /// Where the wallet finds it: this is what the QR code or the link carries.
    pub request_uri: String,
    /// Where its result is read.
    pub result_uri: String,
    /// First second in which it is no longer answered.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub expires_at: u64,
}

/// A wallet's answer.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PresentationSubmission {
    /// The bytes of a presentation.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Bytes))]
    pub presentation: Blob,
}

/// A presentation was accepted. One that is not is answered with a problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmissionAccepted {
    /// Always accepted.
    pub decision: Decision,
}

/// A request and its presentation, to be checked without keeping anything: whether it was shown before is for the
/// caller to know.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct StatelessVerification {
    /// The request.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Request))]
    pub request: Request,
    /// The bytes of a presentation.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Bytes))]
    pub presentation: Blob,
}

/// Whether a presentation was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Everything asked for is true.
    Accepted,
    /// It was not shown to be true.
    Refused,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RequestStatus {
    /// Not answered yet.
    Pending,
    /// Answered; what was asked for is true.
    Accepted,
    /// Answered; it was not shown to be true.
    Refused,
    /// No longer answered.
    Expired,
}

/// The result of a request, for its relying party.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ResultReport {
    /// What became of it.
    pub status: RequestStatus,
    /// What was learnt, if it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = VerdictReport, required = false))]
    pub verdict: Option<VerdictReport>,
}

/// What a relying party learns: nothing else is kept of a presentation.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerdictReport {
    /// Always accepted: there is no verdict otherwise.
    pub verdict: Decision,
    /// Digest of the request that was answered.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::RequestDigest))]
    pub request: RequestDigest,
    /// What was proven, in words.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Text>))]
    pub statements: Vec<Text>,
    /// What was disclosed.
    pub disclosed: Vec<Disclosed>,
    /// Where the credentials come from.
    pub licences: Vec<VerifiedLicence>,
}

/// A disclosed value.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Disclosed {
    /// The attribute asked for.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AttributeRef))]
    pub of: AttributeRef,
    /// Attributes equal to it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::AttributeRef>, required = false))]
    pub also: Vec<AttributeRef>,
    /// The value: a string, a list of flags, or null if absent.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AttributeValue))]
    pub value: serde_json::Value,
}

impl std::fmt::Debug for Disclosed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Disclosed(of {})", self.of)
    }
}

/// Where a credential comes from.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct VerifiedLicence {
    /// Its name in the request.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Identifier))]
    pub id: String,
    /// Its schema's digest.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// Its schema's id.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaId))]
    pub schema_id: String,
    /// Its issuer, with the key.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Issuer))]
    pub issuer: Issuer,
    /// How it was checked.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::CheckKind))]
    pub check: CheckKind,
    /// If it was asked whether it is revoked: it was not, nor suspended, by the list that was issued at this moment, in
    /// seconds since 1970-01-01T00:00:00Z.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds, required = false))]
    pub not_revoked_at: Option<u64>,
}

/// A value as it stands in licences and results: a string, a list of flag codes, or null if absent.
pub fn value_to_json(kind: &Kind, value: &Value) -> serde_json::Value {
    match (value, kind) {
        (Value::Absent, _) => serde_json::Value::Null,
        (Value::Date(day), _) => day.to_string().into(),
        (Value::Uint(number), _) => number.to_string().into(),
        (Value::Flags(mask), Kind::Flags { flags }) => {
            let set = flags.iter().enumerate().filter(|(bit, _)| mask & (1 << bit) != 0);
            set.map(|(_, flag)| flag.code.clone()).collect::<Vec<_>>().into()
        }
        (Value::Flags(mask), _) => mask.to_string().into(),
        (Value::Code(text) | Value::Text(text), _) => text.clone().into(),
    }
}
