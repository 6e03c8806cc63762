//! What auditors read: who may ask for what, and who did. Never what came of it.

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::request::Request;
use glimpse_circuits::text::Text;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

#[cfg(feature = "openapi")]
use crate::openapi;
use crate::{Policy, RequestStatus};

/// The relying parties.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisteredRelyingParties {
    /// In the order in which they are registered.
    pub relying_parties: Vec<RegisteredRelyingParty>,
}

/// A relying party.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RegisteredRelyingParty {
    /// Its id.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::PrincipalId))]
    pub id: String,
    /// What its requests call it; the verifier's own name if absent.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Title, required = false))]
    pub name: Option<Text>,
    /// What it may ask for.
    pub may_ask: MayAsk,
    /// When each of its keys is good.
    pub keys: Vec<KeyValidity>,
    /// How many client certificates it is known by.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub certificates: usize,
}

/// What a relying party may ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct MayAsk {
    /// Schemas, by their ids.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AllowedNames))]
    pub schemas: AllowedNames,
    /// Attributes whose values may be disclosed, each written `schema.attribute`.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AllowedNames))]
    pub disclose: AllowedNames,
    /// Attributes about which something may be proven.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AllowedNames))]
    pub prove: AllowedNames,
    /// Kinds of statements.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AllowedNames))]
    pub statements: AllowedNames,
    /// Kinds of checks.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::AllowedNames))]
    pub checks: AllowedNames,
}

/// Some names, or the word `any`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AllowedNames {
    /// Whatever there is.
    Any,
    /// These.
    Only(Vec<String>),
}

impl Serialize for AllowedNames {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Any => serializer.serialize_str("any"),
            Self::Only(names) => names.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for AllowedNames {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a list of names, or the word `any`")]
        enum Either {
            Word(Any),
            List(Vec<String>),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Any {
            Any,
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Word(Any::Any) => Self::Any,
            Either::List(names) => Self::Only(names),
        })
    }
}

/// When a key is good. Moments are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct KeyValidity {
    /// What the operator calls it.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, required = false))]
    pub label: Option<String>,
    /// First second in which it is good; from the beginning if absent.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds, required = false))]
    pub not_before: Option<u64>,
    /// First second in which it is no longer good; never if absent.
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds, required = false))]
    pub not_after: Option<u64>,
}

/// What a relying party has stored to ask for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditedPolicies {
    /// By name.
    pub policies: Vec<AuditedPolicy>,
}

/// A stored policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditedPolicy {
    /// Its name.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::PolicyName))]
    pub name: String,
    /// What it asks for.
    pub policy: Policy,
}

/// A request that was made.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct AuditedRequest {
    /// Who made it.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::PrincipalId))]
    pub relying_party: String,
    /// What it asks for.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Request))]
    pub request: Request,
    /// What became of it.
    pub status: RequestStatus,
}
