//! The file as it is written: see docs/vectors.md. The order of members here is their order there.

mod lists;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

pub(crate) use lists::{Bounds, InvalidBucket, ListDomain, Lists, OneInterval, ValidBucket};

pub(crate) const FORMAT: &str = "glimpse-vectors/1";

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct File {
    pub(crate) format: String,
    pub(crate) protocol: Protocol,
    pub(crate) seed: String,
    pub(crate) generators: Vec<Generator>,
    pub(crate) bulletproof_generators: Vec<BulletproofGenerator>,
    pub(crate) strings: Vec<StringScalar>,
    pub(crate) absent: String,
    pub(crate) values: Vec<Encoded>,
    pub(crate) refused_values: Vec<RefusedValue>,
    pub(crate) days: Vec<DayNumber>,
    pub(crate) request_days: Vec<RequestDay>,
    pub(crate) ages: Vec<Age>,
    pub(crate) schemas: Vec<NamedSchema>,
    pub(crate) keys: Vec<Key>,
    pub(crate) registry: RegistryNames,
    pub(crate) requests: Requests,
    pub(crate) issuance: Issuance,
    pub(crate) tokens: Tokens,
    pub(crate) lists: Lists,
    pub(crate) presentations: Presentations,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Protocol {
    pub(crate) version: u8,
    pub(crate) suite: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Generator {
    pub(crate) name: String,
    pub(crate) index: usize,
    pub(crate) point: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulletproofGenerator {
    pub(crate) slot: usize,
    pub(crate) family: String,
    pub(crate) index: usize,
    pub(crate) point: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StringScalar {
    pub(crate) string: String,
    pub(crate) scalar: String,
}

/// A value of an attribute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum V {
    Absent,
    Date(String),
    Uint(String),
    Flags(String),
    Code(String),
    Text(String),
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Encoded {
    pub(crate) value: V,
    pub(crate) bytes: String,
    pub(crate) scalar: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefusedValue {
    pub(crate) bytes: String,
    pub(crate) reason: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DayNumber {
    pub(crate) day: String,
    pub(crate) number: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestDay {
    pub(crate) issued_at: String,
    pub(crate) day: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Age {
    pub(crate) day: String,
    pub(crate) years: String,
    pub(crate) latest_birth: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NamedSchema {
    pub(crate) name: String,
    pub(crate) json: Json,
    pub(crate) digest: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) secret: String,
    pub(crate) public: String,
    pub(crate) registration_base: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) revocation: Option<RevocationKey>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) schemas: Vec<String>,
}

/// w and W.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RevocationKey {
    pub(crate) secret: String,
    pub(crate) public: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Domain {
    pub(crate) schema: String,
    pub(crate) d: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegistryNames {
    pub(crate) schemas: Vec<String>,
    pub(crate) keys: Vec<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Requests {
    pub(crate) audience: String,
    pub(crate) valid: Vec<ValidRequest>,
    pub(crate) invalid: Vec<InvalidRequest>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidRequest {
    pub(crate) name: String,
    pub(crate) canonical: String,
    /// Other texts of the same request.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) written: Vec<String>,
    pub(crate) digest: String,
    pub(crate) relation: RelationDigests,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationDigests {
    pub(crate) fast: String,
    pub(crate) compact: Option<String>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvalidRequest {
    pub(crate) name: String,
    pub(crate) json: String,
    pub(crate) stage: String,
    pub(crate) reason: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Issuance {
    pub(crate) valid: Vec<ValidIssuance>,
    pub(crate) invalid: Vec<InvalidIssuance>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidIssuance {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) schema: String,
    pub(crate) nonce: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blinding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registration: Option<String>,
    pub(crate) issued: String,
    pub(crate) values: Vec<V>,
    pub(crate) credential_point: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvalidIssuance {
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) key: String,
    pub(crate) schema: String,
    pub(crate) nonce: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link_secret: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) blinding: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) registered: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) issued: Option<String>,
    pub(crate) stage: String,
    pub(crate) reason: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tokens {
    pub(crate) valid: Vec<ValidExchange>,
    pub(crate) invalid: Vec<InvalidExchange>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidExchange {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) a: String,
    pub(crate) signed: String,
    pub(crate) blindings: Vec<Blinding>,
    pub(crate) pairs: Vec<String>,
    pub(crate) k: Vec<String>,
    pub(crate) commitments: Vec<String>,
    pub(crate) challenges: Vec<String>,
    pub(crate) responses: Vec<String>,
    pub(crate) tokens: Vec<TokenParts>,
}

/// What the wallet draws for one token.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blinding {
    pub(crate) r1: String,
    pub(crate) alpha: String,
    pub(crate) beta: String,
    pub(crate) gamma: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenParts {
    pub(crate) r: String,
    pub(crate) a_bar: String,
    pub(crate) b_bar: String,
    pub(crate) r1: String,
    pub(crate) r2: String,
    pub(crate) zt: String,
    pub(crate) ct: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvalidExchange {
    pub(crate) name: String,
    pub(crate) message: String,
    pub(crate) key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) pair: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) commitment: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) token: Option<TokenParts>,
    pub(crate) stage: String,
    pub(crate) reason: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Presentations {
    pub(crate) valid: Vec<ValidPresentation>,
    pub(crate) invalid: Vec<InvalidPresentation>,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidPresentation {
    pub(crate) name: String,
    pub(crate) request: String,
    pub(crate) now: String,
    pub(crate) profile: String,
    pub(crate) bytes: String,
    pub(crate) disclosed: Vec<Shown>,
    pub(crate) issuers: Vec<String>,
    pub(crate) holdings: Vec<String>,
    /// The buckets whose intervals are shown, in the order of the statements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lists: Vec<String>,
    pub(crate) challenges: Challenges,
}

/// A disclosed value, under the name of the attribute that was asked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shown {
    pub(crate) of: String,
    pub(crate) value: V,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Challenges {
    pub(crate) y: Option<String>,
    pub(crate) c: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvalidPresentation {
    pub(crate) name: String,
    pub(crate) request: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) audience: Option<String>,
    pub(crate) now: String,
    pub(crate) bytes: String,
    pub(crate) stage: String,
    /// The equations that do not hold; only where `stage` is `proof`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) equations: Option<Vec<String>>,
    pub(crate) reason: String,
}
