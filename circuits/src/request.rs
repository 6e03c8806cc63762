//! What a relying party asks for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::date::Date;
use crate::decimal;
use crate::hex_text::HexError;
use crate::json::{self, JsonError};
use crate::key::IssuerPublicKey;
use crate::labels;
use crate::schema::SchemaDigest;
use crate::text::{Text, is_identifier, is_printable};
use crate::transcript::{TranscriptProtocol, transcript};

/// Most credentials one presentation may combine.
pub const MAX_CREDENTIALS: usize = 8;
/// Most issuer keys accepted for one credential.
pub const MAX_ISSUERS: usize = 255;
/// Most statements of a request.
pub const MAX_STATEMENTS: usize = 64;
/// Most terms of an integer combination.
pub const MAX_TERMS: usize = 64;
/// Longest JSON text of a request.
pub const MAX_REQUEST_BYTES: usize = 1 << 20;
/// Most values of a set.
pub const MAX_SET: usize = 4096;

/// A single-use number of the relying party.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Nonce(pub [u8; 32]);

hex_text!(Nonce, "a nonce: 64 lower-case hexadecimal digits");

/// The digest of a canonical request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestDigest(pub [u8; 32]);

hex_text!(RequestDigest, "a request digest: 64 lower-case hexadecimal digits");

/// How a presentation shows that its credential is under the issuer's key. The verifier chooses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CheckKind {
    /// By a helper token: anyone can check it.
    Token,
    /// By the issuer's own key: for the issuer's own platform.
    Keyed,
}

/// A reference to an attribute of a requested credential, written `credential.attribute`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeRef {
    /// Which credential of the request.
    pub credential: String,
    /// Which attribute of its schema.
    pub attribute: String,
}

impl fmt::Display for AttributeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.credential, self.attribute)
    }
}

impl FromStr for AttributeRef {
    type Err = HexError;

    fn from_str(text: &str) -> Result<Self, HexError> {
        match text.split_once('.') {
            Some((credential, attribute)) if is_identifier(credential) && is_identifier(attribute) => {
                Ok(Self { credential: credential.to_owned(), attribute: attribute.to_owned() })
            }
            _ => Err(HexError("a reference `credential.attribute`")),
        }
    }
}

impl Serialize for AttributeRef {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AttributeRef {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A credential the holder has to have.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestedCredential {
    /// Its name inside this request: `[a-z][a-z0-9_]{0,63}`.
    pub id: String,
    /// The schema it must have.
    pub schema: SchemaDigest,
    /// The issuer keys that are accepted. Which one it was is disclosed.
    pub issuers: Vec<IssuerPublicKey>,
    /// How it is to be checked.
    pub check: CheckKind,
}

/// An attribute times a whole number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// The attribute: required, a date or a number.
    pub attribute: AttributeRef,
    /// Its coefficient, not 0.
    #[serde(with = "decimal")]
    pub coefficient: i64,
}

/// All integers from `lo` to `hi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interval {
    /// The least.
    #[serde(with = "decimal")]
    pub lo: i128,
    /// The greatest.
    #[serde(with = "decimal")]
    pub hi: i128,
}

/// The bound of a date statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Day {
    /// The day of the request in China (UTC+8).
    Today,
    /// A fixed day.
    Fixed(Date),
}

impl Serialize for Day {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Today => serializer.serialize_str("today"),
            Self::Fixed(day) => day.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        if text == "today" {
            return Ok(Self::Today);
        }
        text.parse()
            .map(Self::Fixed)
            .map_err(|_| serde::de::Error::custom("expected `today` or a day written YYYY-MM-DD"))
    }
}

/// One fact asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Statement {
    /// The value of an attribute.
    Disclose {
        /// Which one.
        of: AttributeRef,
    },
    /// An integer combination lies between two bounds, both included.
    Range {
        /// The combination's terms.
        of: Vec<Term>,
        /// The least value.
        #[serde(with = "decimal")]
        lo: i128,
        /// The greatest value.
        #[serde(with = "decimal")]
        hi: i128,
    },
    /// Completed years since a date, on the day of the request (see [`Date::latest_birth_for_age`]).
    Age {
        /// A date, such as the date of birth.
        of: AttributeRef,
        /// At least so many years.
        #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
        at_least: Option<u16>,
        /// Fewer than so many years.
        #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
        below: Option<u16>,
    },
    /// A date lies between two days, both included.
    Date {
        /// Which date.
        of: AttributeRef,
        /// Not before.
        #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
        from: Option<Day>,
        /// Not after.
        #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
        to: Option<Day>,
    },
    /// An attribute has a given value.
    Equals {
        /// Which attribute.
        of: AttributeRef,
        /// The value in text form.
        value: String,
    },
    /// An attribute is one of a set.
    Member {
        /// Which attribute.
        of: AttributeRef,
        /// The set, each value once, in text form.
        values: Vec<String>,
    },
    /// A code is in its schema's table and none of a set.
    NotMember {
        /// Which attribute: a code with a table.
        of: AttributeRef,
        /// The codes ruled out, each once.
        values: Vec<String>,
    },
    /// An integer combination lies in one of several intervals; which one stays hidden.
    Intervals {
        /// The combination's terms.
        of: Vec<Term>,
        /// The intervals.
        intervals: Vec<Interval>,
    },
    /// Some flags are set, or are not.
    Flags {
        /// Which attribute.
        of: AttributeRef,
        /// All of these are set.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        all: Vec<String>,
        /// None of these is set.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        none: Vec<String>,
        /// At least one of these is set; which one stays hidden.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        any: Vec<String>,
    },
    /// Two attributes have the same value, which stays hidden.
    Equal {
        /// One.
        left: AttributeRef,
        /// The other: of the same type, both required.
        right: AttributeRef,
    },
    /// The credential is neither revoked nor suspended, by a version of its issuer's revocation list that is recent
    /// enough. Which credential it is stays hidden.
    NotRevoked {
        /// Which one of the request: holder-bound.
        credential: String,
        /// Most seconds by which the version may have been issued before the request.
        #[serde(with = "decimal")]
        max_age: u64,
    },
}

/// What a relying party would rather have than an answer that is fast to check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preference {
    /// Few bytes, for a QR code or a narrow link. Such an answer may be in the compact profile.
    Small,
}

/// The members of a request as they stand in its JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestDocument {
    /// Protocol version: 1.
    #[serde(with = "decimal")]
    pub version: u8,
    /// Identifier of the relying party, such as its origin. A proof is worth nothing to anyone else.
    pub audience: String,
    /// What people call the relying party.
    pub audience_name: Text,
    /// What the answer will be used for.
    pub purpose: Text,
    /// Where the presentation goes.
    pub response_uri: String,
    /// Single-use number.
    pub nonce: Nonce,
    /// Seconds since 1970-01-01T00:00:00Z. The day of the request, which ages count from, is this moment's in China.
    #[serde(with = "decimal")]
    pub issued_at: u64,
    /// The first second in which the request is no longer answered.
    #[serde(with = "decimal")]
    pub expires_at: u64,
    /// The credentials the holder has to have.
    pub credentials: Vec<RequestedCredential>,
    /// The facts asked for. None at all asks only for the credentials.
    pub statements: Vec<Statement>,
    /// What the relying party would rather have; an answer that is fast to check, if absent.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub prefer: Option<Preference>,
}

/// A request whose form was checked, with its digest. Whether it can be answered depends on the schemas: see
/// [`Relation::compile`](crate::relation::Relation::compile).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RequestDocument", into = "RequestDocument")]
pub struct Request {
    document: RequestDocument,
    digest: RequestDigest,
}

impl Request {
    /// Reads a request from JSON text. Unknown and repeated keys are refused.
    pub fn from_json(text: &str) -> Result<Self, RequestFormError> {
        if text.len() > MAX_REQUEST_BYTES {
            return Err(RequestFormError::Member { member: ".".into(), reason: "must have at most 1 MiB" });
        }
        json::from_str::<RequestDocument>(text).map_err(RequestFormError::Json)?.try_into()
    }

    /// The canonical form (RFC 8785) that the digest is over.
    pub fn to_canonical_json(&self) -> Result<Vec<u8>, JsonError> {
        json::canonical(&self.document)
    }

    /// What it says.
    pub fn document(&self) -> &RequestDocument {
        &self.document
    }

    /// Digest of the canonical form.
    pub fn digest(&self) -> &RequestDigest {
        &self.digest
    }

    /// The day of the request in China, which "today" and ages refer to.
    pub fn day(&self) -> Date {
        Date::in_china_at(self.document.issued_at)
    }
}

impl From<Request> for RequestDocument {
    fn from(request: Request) -> Self {
        request.document
    }
}

impl TryFrom<RequestDocument> for Request {
    type Error = RequestFormError;

    fn try_from(document: RequestDocument) -> Result<Self, RequestFormError> {
        check_form(&document)?;
        let canonical = json::canonical(&document).map_err(RequestFormError::Json)?;
        let mut hash = transcript(labels::REQUEST);
        hash.append_message(b"canonical", &canonical);
        let digest = RequestDigest(hash.challenge_array(b"digest"));
        Ok(Self { document, digest })
    }
}

fn check_form(document: &RequestDocument) -> Result<(), RequestFormError> {
    let refuse =
        |member: &str, reason: &'static str| Err(RequestFormError::Member { member: member.into(), reason });
    if document.version != labels::VERSION {
        return refuse("version", "is not one that is spoken here");
    }
    if !is_printable(&document.audience, 255) {
        return refuse("audience", "must have 1 to 255 printable characters");
    }
    if !is_printable(&document.response_uri, 1024) {
        return refuse("response_uri", "must have 1 to 1024 printable characters");
    }
    if !document.audience_name.is_printable(120) {
        return refuse("audience_name", "must have 1 to 120 printable characters in both languages");
    }
    if !document.purpose.is_printable(500) {
        return refuse("purpose", "must have 1 to 500 printable characters in both languages");
    }
    if document.expires_at <= document.issued_at {
        return refuse("expires_at", "must be after issued_at");
    }
    if document.credentials.is_empty() || document.credentials.len() > MAX_CREDENTIALS {
        return refuse("credentials", "must be 1 to 8");
    }
    for (i, credential) in document.credentials.iter().enumerate() {
        let member = |name: &str| format!("credentials[{i}].{name}");
        if !is_identifier(&credential.id) {
            return refuse(&member("id"), "must match [a-z][a-z0-9_]{0,63}");
        }
        if document.credentials[..i].iter().any(|earlier| earlier.id == credential.id) {
            return refuse(&member("id"), "is the id of an earlier credential");
        }
        if credential.issuers.is_empty() || credential.issuers.len() > MAX_ISSUERS {
            return refuse(&member("issuers"), "must be 1 to 255 keys");
        }
        let mut keys: Vec<_> = credential.issuers.iter().map(|key| key.encoded().0).collect();
        keys.sort_unstable();
        if keys.windows(2).any(|pair| pair[0] == pair[1]) {
            return refuse(&member("issuers"), "has a key twice");
        }
    }
    if document.statements.len() > MAX_STATEMENTS {
        return refuse("statements", "must be at most 64");
    }
    Ok(())
}

/// Why a request's form is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestFormError {
    /// Not JSON of the right form.
    #[error("{0}")]
    Json(JsonError),
    /// One member is out of its limits.
    #[error("{member} {reason}")]
    Member {
        /// Its path.
        member: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}
