//! Issuer public keys, and who they belong to.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::str::FromStr;
use std::sync::Arc;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::hex_text::{self, HexError};
use crate::json;
use crate::labels;
use crate::schema::{Schema, SchemaDigest};
use crate::text::Text;
use crate::transcript::{TranscriptProtocol, transcript};

/// An issuer's public key X = x·G, not the identity.
#[derive(Clone, Copy)]
pub struct IssuerPublicKey {
    point: RistrettoPoint,
    encoded: CompressedRistretto,
}

impl IssuerPublicKey {
    /// The key with this point; `None` for the identity.
    pub fn from_point(point: RistrettoPoint) -> Option<Self> {
        (!point.is_identity()).then(|| Self { point, encoded: point.compress() })
    }

    /// The key with this encoding; `None` if it is not canonical or the identity.
    pub fn from_bytes(bytes: [u8; 32]) -> Option<Self> {
        let encoded = CompressedRistretto(bytes);
        let point = encoded.decompress()?;
        (!point.is_identity()).then_some(Self { point, encoded })
    }

    /// X.
    pub fn point(&self) -> &RistrettoPoint {
        &self.point
    }

    /// The 32-byte encoding of X.
    pub fn encoded(&self) -> &CompressedRistretto {
        &self.encoded
    }

    /// The domain scalar d of credentials under this key with this schema.
    pub fn domain(&self, schema: &SchemaDigest) -> Scalar {
        let mut hash = transcript(labels::DOMAIN);
        hash.append_point(b"X", &self.encoded);
        hash.append_message(b"schema", &schema.0);
        hash.challenge_scalar(b"d")
    }

    /// The base of registration names N_reg = s·base: one for each key.
    pub fn registration_base(&self) -> RistrettoPoint {
        let mut hash = transcript(labels::REGISTRATION_BASE);
        hash.append_point(b"X", &self.encoded);
        hash.challenge_point(b"base")
    }
}

impl PartialEq for IssuerPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.encoded == other.encoded
    }
}

impl Eq for IssuerPublicKey {}

impl Hash for IssuerPublicKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.encoded.0.hash(state);
    }
}

impl fmt::Display for IssuerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.encoded.0))
    }
}

impl fmt::Debug for IssuerPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IssuerPublicKey({self})")
    }
}

impl FromStr for IssuerPublicKey {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        hex_text::decode(text).and_then(Self::from_bytes).ok_or(HexError(
            "an issuer key: 64 lower-case hexadecimal digits that encode a point other than 0",
        ))
    }
}

impl Serialize for IssuerPublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IssuerPublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// An Ed25519 public key (RFC 8032), of signed documents such as the versions of revocation lists. Not every text of 64
/// digits is one: that is found out where a signature is checked.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocumentKey(pub [u8; 32]);

hex_text!(DocumentKey, "an Ed25519 key: 64 lower-case hexadecimal digits");

/// An issuer that wallet and verifier know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Issuer {
    /// Identifier, such as the authority's unified social credit code.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// The key its credentials are under.
    pub key: IssuerPublicKey,
    /// The schemas it may issue under that key.
    pub schemas: Vec<SchemaDigest>,
    /// The key that the intervals of its revocation lists are under, if it has such lists: another one than `key`.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub revocation: Option<IssuerPublicKey>,
}

/// The schemas and issuer keys that wallet and verifier accept. What is not in it does not exist for them.
#[derive(Clone, Debug, Default)]
pub struct Registry {
    schemas: BTreeMap<SchemaDigest, Arc<Schema>>,
    issuers: BTreeMap<[u8; 32], Arc<Issuer>>,
}

impl Registry {
    /// Adds a schema.
    pub fn add_schema(&mut self, schema: Arc<Schema>) {
        self.schemas.insert(schema.digest(), schema);
    }

    /// Adds an issuer key, or replaces what was known of it.
    pub fn add_issuer(&mut self, issuer: Issuer) {
        self.issuers.insert(issuer.key.encoded.0, Arc::new(issuer));
    }

    /// The schema with this digest.
    pub fn schema(&self, digest: &SchemaDigest) -> Option<&Arc<Schema>> {
        self.schemas.get(digest)
    }

    /// The issuer with this key.
    pub fn issuer(&self, key: &IssuerPublicKey) -> Option<&Arc<Issuer>> {
        self.issuers.get(&key.encoded.0)
    }

    /// All schemas, by digest.
    pub fn schemas(&self) -> impl Iterator<Item = &Arc<Schema>> {
        self.schemas.values()
    }

    /// All issuers, by key.
    pub fn issuers(&self) -> impl Iterator<Item = &Arc<Issuer>> {
        self.issuers.values()
    }
}

/// Decides whether b = x·a for an issuer secret x that stays where it is: how an issuer's own platform checks keyed
/// presentations.
///
/// Implementations take time that does not depend on x.
pub trait KeyedCheck: Send + Sync {
    /// The key whose secret this has.
    fn key(&self) -> &IssuerPublicKey;
    /// Whether b = x·a.
    fn holds(&self, a: &RistrettoPoint, b: &RistrettoPoint) -> bool;
}
