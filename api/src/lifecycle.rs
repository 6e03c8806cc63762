//! What becomes of a licence after it was registered, for the issuer's administrator. Nothing here has attribute values.

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::objects::OnlyObject;
#[cfg(feature = "openapi")]
use crate::openapi;

/// Where a licence stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It is known here, and nobody was offered a credential of it.
    Registered,
    /// An offer was made, and no credential issued yet.
    Offered,
    /// A credential was issued, and may be presented.
    Valid,
    /// May not be presented now, perhaps again later.
    Suspended,
    /// Will not be valid again.
    Ended,
}

impl Stage {
    /// All of them, in the order in which a licence passes them.
    pub const ALL: [Self; 5] = [Self::Registered, Self::Offered, Self::Valid, Self::Suspended, Self::Ended];

    /// The name in JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Registered => "registered",
            Self::Offered => "offered",
            Self::Valid => "valid",
            Self::Suspended => "suspended",
            Self::Ended => "ended",
        }
    }
}

/// How a licence ended. For its credentials all are the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum EndedAs {
    /// Its term ran out (届满).
    Expired,
    /// Another authority or another holder took it over under a new licence (转移).
    Transferred,
    /// Given up or struck off without blame (注销).
    Cancelled,
    /// Taken away, or found never to have been rightly given (吊销、撤销).
    Revoked,
    /// A corrected version took its place (更正).
    Corrected,
}

/// A change of where a licence stands. Its reason is kept with it, for as long as the licence is, and must not repeat
/// what the licence says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields, remote = "Self")]
pub enum LicenceChange {
    /// Its credentials may not be presented from the next version of the revocation list on.
    Suspend {
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
    /// What was suspended is valid again, unless an open dispute suspends it too.
    Resume {
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
    /// It will not be valid again.
    End {
        /// Which way.
        #[serde(rename = "as")]
        ended: EndedAs,
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
    /// The registry's own status code, which stands for one of those above: see the profile's table of status codes.
    Status {
        /// As the registry writes it.
        #[cfg_attr(feature = "openapi", schema(max_length = 16))]
        code: String,
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
    /// Somebody disputes what it says (异议). One dispute at a time.
    OpenDispute {
        /// Whether the authority wants it suspended until the dispute is decided.
        suspend: bool,
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
    /// The dispute is rejected: what it suspended is valid again. One that is right ends with a correction.
    RejectDispute {
        /// Why.
        #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
        reason: String,
    },
}

impl Serialize for LicenceChange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for LicenceChange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::deserialize(OnlyObject(deserializer))
    }
}

impl LicenceChange {
    /// Why.
    pub fn reason(&self) -> &str {
        match self {
            Self::Suspend { reason }
            | Self::Resume { reason }
            | Self::End { reason, .. }
            | Self::Status { reason, .. }
            | Self::OpenDispute { reason, .. }
            | Self::RejectDispute { reason } => reason,
        }
    }
}

/// A corrected licence: the next version of one that then ends, both at once or neither.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LicenceCorrection {
    /// What the licence says now, in the profile's element names: all of it, not only what changed.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::LicenceAttributes))]
    pub attributes: serde_json::Map<String, serde_json::Value>,
    /// Checks of numbers that are set aside for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<CheckOverride>,
    /// Why it was corrected, without repeating what it says.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
    pub reason: String,
}

/// The check of a historic number, set aside for one licence and recorded with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CheckOverride {
    /// The attribute.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Identifier))]
    pub attribute: String,
    /// The name of the check that the profile has on it.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub check: String,
    /// Why it stands: `before_standard`, `confirmed_mistake` or `other_scheme`.
    #[cfg_attr(feature = "openapi", schema(max_length = 64))]
    pub reason: String,
}

/// The holder has a new wallet, and no longer the old one: the one change of link secret there is under an issuer key.
/// Every credential of the holder that has a handle is revoked, and the next wallet that takes an offer is the holder's.
#[derive(Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WalletChange {
    /// The authority's own reference for the holder.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::HolderReference))]
    pub holder: String,
    /// Why, such as a lost phone.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason))]
    pub reason: String,
}

/// What a change of wallet came to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WalletChanged {
    /// The licences that can be offered to the new wallet, those that are suspended once they are resumed.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<openapi::Reference>))]
    pub licences: Vec<String>,
}

/// Where a licence stands, and how it came there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LicenceReport {
    /// The licence.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference))]
    pub licence: String,
    /// Its schema.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// Counts its corrections, from 1.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub version: u32,
    /// Where it stands.
    pub stage: Stage,
    /// How it ended, if it did.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub ended: Option<EndedAs>,
    /// Whether a dispute is open.
    pub disputed: bool,
    /// How many credentials of it were issued to the holder's wallet and are not revoked for good: none once it has ended.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub credentials: u32,
    /// The version before it.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference, required = false))]
    pub corrects: Option<String>,
    /// The version after it.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reference, required = false))]
    pub corrected_by: Option<String>,
    /// Checks that were set aside when it was registered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<CheckOverride>,
    /// What happened to it, oldest first.
    pub events: Vec<LicenceEvent>,
}

/// Something that happened to a licence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LicenceEvent {
    /// When.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub at: u64,
    /// Who did it: an administrator's id, or `wallet` for what the holder's wallet did.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::PrincipalId))]
    pub actor: String,
    /// What was done.
    pub act: Act,
    /// Where the licence stood afterwards.
    pub stage: Stage,
    /// Why. Nobody is asked why a licence is registered, imported, offered or issued.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::Reason, required = false))]
    pub reason: Option<String>,
    /// The registry's status code, where the change came as one.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(max_length = 16))]
    pub code: Option<String>,
}

/// What can be done to a licence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// It became known here.
    Registered,
    /// It came with an import.
    Imported,
    /// It became known here as the next version of another.
    RegisteredAsCorrection,
    /// An offer was made.
    Offered,
    /// A credential was issued.
    Issued,
    /// Suspended.
    Suspended,
    /// Valid again.
    Resumed,
    /// Ended.
    Ended,
    /// The next version took its place.
    Corrected,
    /// Somebody disputes what it says.
    DisputeOpened,
    /// The dispute was rejected.
    DisputeRejected,
    /// Its holder has a new wallet: credentials of the old one were revoked.
    WalletChanged,
}

/// Has revocation lists published at once.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Publication {
    /// Schema id of the one profile whose list is wanted; all, if absent.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaId, required = false))]
    pub profile: Option<String>,
}

/// Versions of revocation lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Published {
    /// One for each list.
    pub lists: Vec<PublishedList>,
}

/// The newest version of a revocation list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PublishedList {
    /// The schema it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::SchemaDigest))]
    pub schema: SchemaDigest,
    /// Counts up.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub version: u64,
    /// Its moment.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub issued_at: u64,
    /// When the next version is due at the latest.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::UnixSeconds))]
    pub next: u64,
    /// How many handles are not in it, since they are revoked or suspended.
    #[serde(with = "decimal")]
    #[cfg_attr(feature = "openapi", schema(value_type = openapi::DecimalCount))]
    pub left_out: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_no_change() {
        let text = r#"{"act":"end","as":"revoked","reason":"why"}"#;
        let change: LicenceChange = json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&change).unwrap(), text);
        for none in [
            r#"["suspend","why"]"#,
            r#"["end","revoked","why"]"#,
            r#"["suspend",{"reason":"why"}]"#,
            r#"{"act":"suspend","reason":"why","reason":"why"}"#,
            r#"{"act":"suspend","act":"suspend","reason":"why"}"#,
            r#"{"act":"suspend","reason":"why","as":"revoked"}"#,
            r#""suspend""#,
        ] {
            assert!(json::from_str::<LicenceChange>(none).is_err(), "{none}");
            assert!(serde_json::from_str::<LicenceChange>(none).is_err(), "{none}");
        }
    }
}
