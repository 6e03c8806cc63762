//! Schemas: the ordered, typed, bounded and graded attributes of a kind of licence.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::attribute::{Kind, MAX_CODES, MAX_FLAGS, MAX_STRING_CHARS, Value, ValueError};
use crate::decimal;
use crate::json;
use crate::labels;
use crate::text::{Text, is_identifier, is_nfc, is_printable};
use crate::transcript::{TranscriptProtocol, transcript};

/// Most attributes a schema may have: the generators H_3 … H_33.
pub const MAX_ATTRIBUTES: usize = 31;
/// Most characters of a title.
const MAX_TITLE_CHARS: usize = 120;

/// Whether a credential belongs to one holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Binding {
    /// Bound to the link secret of a wallet; carries a hidden revocation handle.
    Holder,
    /// Whoever has it may show it.
    None,
}

/// What may leave the wallet of an attribute. The order is from freest to strictest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grade {
    /// May be disclosed.
    Disclose,
    /// Only inside predicates: never in clear, nor in one so narrow that it amounts to that.
    Predicate,
    /// No request may name it.
    Never,
}

/// One attribute of a schema.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Attribute {
    /// Name in requests: `[a-z][a-z0-9_]{0,63}`.
    pub name: String,
    /// What people call it.
    pub title: Text,
    /// Type and bounds.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Whether every credential carries it. Only required attributes enter ranges, combinations and equalities.
    pub required: bool,
    /// What may leave the wallet.
    pub grade: Grade,
    /// A predicate that leaves fewer possible values than this counts as disclosure (1 if absent).
    #[serde(default, with = "decimal::option", skip_serializing_if = "Option::is_none")]
    pub min_choices: Option<u64>,
}

impl Attribute {
    /// Checks a value, absent ones included.
    pub fn check(&self, value: &Value) -> Result<(), ValueError> {
        match value {
            Value::Absent if self.required => Err(ValueError::Required),
            Value::Absent => Ok(()),
            value => self.kind.check(value),
        }
    }
}

/// The 32-byte digest of a schema: titles, order, types, bounds, tables, grades and binding, everything it says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaDigest(pub [u8; 32]);

hex_text!(SchemaDigest, "a schema digest: 64 lower-case hexadecimal digits");

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    id: String,
    #[serde(with = "decimal")]
    version: u32,
    title: Text,
    binding: Binding,
    attributes: Vec<Attribute>,
}

/// A checked schema. Its JSON form is its document; its digest is over the canonical form (RFC 8785) of that.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Document", into = "Document")]
pub struct Schema {
    document: Document,
    digest: SchemaDigest,
}

impl Schema {
    /// Reads a schema from JSON text. Unknown and repeated keys are refused.
    pub fn from_json(text: &str) -> Result<Self, SchemaError> {
        Self::try_from(json::from_str::<Document>(text).map_err(SchemaError::Json)?)
    }

    /// Identifier such as `cn.driving_licence`.
    pub fn id(&self) -> &str {
        &self.document.id
    }

    /// Version of the schema, from 1.
    pub fn version(&self) -> u32 {
        self.document.version
    }

    /// What people call the licence.
    pub fn title(&self) -> &Text {
        &self.document.title
    }

    /// Whether its credentials are bound to a holder.
    pub fn binding(&self) -> Binding {
        self.document.binding
    }

    /// The attributes in order.
    pub fn attributes(&self) -> &[Attribute] {
        &self.document.attributes
    }

    /// Position and declaration of an attribute.
    pub fn attribute(&self, name: &str) -> Option<(usize, &Attribute)> {
        self.document.attributes.iter().enumerate().find(|(_, attribute)| attribute.name == name)
    }

    /// Digest of everything the schema says.
    pub fn digest(&self) -> SchemaDigest {
        self.digest
    }

    /// Checks a whole licence: as many values as attributes, each allowed.
    pub fn check(&self, values: &[Value]) -> Result<(), LicenceError> {
        if values.len() != self.document.attributes.len() {
            return Err(LicenceError::Count { expected: self.document.attributes.len() });
        }
        for (attribute, value) in self.document.attributes.iter().zip(values) {
            attribute
                .check(value)
                .map_err(|reason| LicenceError::Attribute { name: attribute.name.clone(), reason })?;
        }
        Ok(())
    }
}

impl From<Schema> for Document {
    fn from(schema: Schema) -> Self {
        schema.document
    }
}

impl TryFrom<Document> for Schema {
    type Error = SchemaError;

    fn try_from(document: Document) -> Result<Self, SchemaError> {
        check_document(&document)?;
        let canonical = json::canonical(&document).map_err(SchemaError::Json)?;
        let mut hash = transcript(labels::SCHEMA);
        hash.append_message(b"canonical", &canonical);
        let digest = SchemaDigest(hash.challenge_array(b"digest"));
        Ok(Self { document, digest })
    }
}

fn check_document(document: &Document) -> Result<(), SchemaError> {
    let id_is_sound = document.id.len() <= 128 && document.id.split('.').all(is_identifier);
    if !id_is_sound {
        return Err(SchemaError::Id);
    }
    if document.version == 0 {
        return Err(SchemaError::Version);
    }
    if !document.title.is_printable(MAX_TITLE_CHARS) {
        return Err(SchemaError::Title { name: document.id.clone() });
    }
    if document.attributes.is_empty() || document.attributes.len() > MAX_ATTRIBUTES {
        return Err(SchemaError::AttributeCount);
    }
    for (i, attribute) in document.attributes.iter().enumerate() {
        let wrong = |reason| SchemaError::Attribute { name: attribute.name.clone(), reason };
        if !is_identifier(&attribute.name) {
            return Err(SchemaError::Name { position: i });
        }
        if document.attributes[..i].iter().any(|earlier| earlier.name == attribute.name) {
            return Err(wrong("has the name of an earlier one"));
        }
        if !attribute.title.is_printable(MAX_TITLE_CHARS) {
            return Err(SchemaError::Title { name: attribute.name.clone() });
        }
        if attribute.min_choices == Some(0) {
            return Err(wrong("has a least number of choices of 0"));
        }
        check_kind(&attribute.kind).map_err(wrong)?;
    }
    Ok(())
}

fn check_kind(kind: &Kind) -> Result<(), &'static str> {
    match kind {
        Kind::Date { min, max } if min > max => Err("has a greatest day before its least"),
        Kind::Uint { min, max } if min > max => Err("has a greatest value below its least"),
        Kind::Uint { max, .. } if *max >= 1 << 63 => Err("reaches 2^63"),
        Kind::Flags { flags } if flags.is_empty() || flags.len() > MAX_FLAGS => Err("needs 1 to 32 flags"),
        Kind::Flags { flags: codes } | Kind::Code { table: Some(codes) } => {
            if codes.is_empty() || codes.len() > MAX_CODES {
                return Err("needs a table of 1 to 4096 codes");
            }
            if !codes.iter().all(|c| {
                is_printable(&c.code, 64) && is_nfc(&c.code) && c.title.is_printable(MAX_TITLE_CHARS)
            }) {
                return Err("has a code or a title that is empty, too long, or not printable in form C");
            }
            let mut seen: Vec<&str> = codes.iter().map(|entry| entry.code.as_str()).collect();
            seen.sort_unstable();
            if seen.windows(2).any(|pair| pair[0] == pair[1]) { Err("has a code twice") } else { Ok(()) }
        }
        Kind::Text { max_chars } if *max_chars == 0 || *max_chars > MAX_STRING_CHARS => {
            Err("needs a length of 1 to 256 characters")
        }
        Kind::Date { .. } | Kind::Uint { .. } | Kind::Code { table: None } | Kind::Text { .. } => Ok(()),
    }
}

/// Why a schema is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SchemaError {
    /// Not JSON of the right form.
    #[error("schema: {0}")]
    Json(json::JsonError),
    /// The identifier is not dotted names.
    #[error("schema id must be names [a-z][a-z0-9_]* joined by dots, at most 128 characters")]
    Id,
    /// Version 0.
    #[error("schema versions start at 1")]
    Version,
    /// A title is missing or cannot be shown.
    #[error("the title of {name} must have 1 to 120 printable characters in both languages")]
    Title {
        /// Schema or attribute.
        name: String,
    },
    /// No attribute, or too many.
    #[error("a schema has 1 to {MAX_ATTRIBUTES} attributes")]
    AttributeCount,
    /// A name is no identifier.
    #[error("the name of attribute {position} must match [a-z][a-z0-9_]{{0,63}}")]
    Name {
        /// Counted from 0.
        position: usize,
    },
    /// Something else about one attribute.
    #[error("attribute {name} {reason}")]
    Attribute {
        /// Which one.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

/// Why the values of a licence are refused. Names the attribute, never its value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LicenceError {
    /// Not as many values as the schema has attributes.
    #[error("the schema has {expected} attributes")]
    Count {
        /// How many there should be.
        expected: usize,
    },
    /// One value is not allowed.
    #[error("{name} {reason}")]
    Attribute {
        /// Which attribute.
        name: String,
        /// What is wrong with its value.
        reason: ValueError,
    },
}

impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} version {}", self.document.id, self.document.version)
    }
}
