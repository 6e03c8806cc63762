//! A profile: the schema of a kind of licence with everything about it that is not cryptographic.

use std::collections::BTreeMap;

use glimpse_circuits::date::Date;
use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::schema::{Schema, SchemaError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identifiers::{IdentifierError, LicenceIdentifier};
use crate::question::{Question, QuestionDocument};
use crate::rules::{Check, Rule};
use crate::sample::Fact;
use crate::status::StatusTable;
use crate::strict::StrictValue;
use crate::tables::{self, CodeTable};

/// The licence's type in the national catalogue of electronic licences.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceType {
    /// The type code (证照类型代码, GB/T 36903 element ZZLXDM), where one is known: 18 characters of the defining
    /// authority and 3 digits.
    pub code: Option<String>,
    /// Where the code was found and whether it could be verified.
    pub note: String,
}

/// What is known of one attribute beyond its schema entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AttributeInfo {
    /// The GB/T 36903 element that carries it, such as `ZZBH`, where there is one. Licence input may use it as key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// A check on the value by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check: Option<Check>,
    /// Which fact of a generated persona stands here in samples; drawn by type where none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sample: Option<Fact>,
    /// Where the codes or flags come from that the schema itself lists. Shared tables say that themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Provenance>,
}

/// Where a list of codes comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The source, and how far it could be verified.
    pub source: String,
    /// The day that the codes stand for, or on which they were written down.
    pub snapshot: Date,
}

/// A licence profile: one JSON file, checked when it is loaded.
#[derive(Clone, Debug)]
pub struct Profile {
    schema: Schema,
    licence_type: LicenceType,
    notes: Vec<String>,
    /// In the order of the schema.
    attributes: Vec<AttributeInfo>,
    /// In the order of the schema: the shared table that an attribute's codes were taken from.
    tables: Vec<Option<&'static CodeTable>>,
    rules: Vec<Rule>,
    status: StatusTable,
    questions: Vec<Question>,
}

impl Profile {
    /// Reads a profile. Unknown and repeated keys are refused; tables named by `{"from": …}` are put in place; every
    /// attribute that rules, questions and details name must be in the schema.
    pub fn from_json(text: &str) -> Result<Self, ProfileError> {
        let document: Document = json::from_str(text).map_err(ProfileError::Json)?;
        let StrictValue(mut schema) = document.schema;
        let tables = put_tables(&mut schema)?;
        let schema = Schema::from_json(&schema.to_string()).map_err(ProfileError::Schema)?;
        let profile = Self {
            attributes: in_order(&schema, document.attributes)?,
            schema,
            tables,
            licence_type: document.licence_type,
            notes: document.notes,
            rules: document.rules,
            status: document.status,
            questions: document.questions.into_iter().map(Question::from).collect(),
        };
        profile.check()?;
        Ok(profile)
    }

    /// The schema, which alone the cryptography knows.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The licence's type in the national catalogue.
    pub fn licence_type(&self) -> &LicenceType {
        &self.licence_type
    }

    /// The identifier (GB/T 36904) of a licence of this type, with its check character: see
    /// [`LicenceIdentifier::issue`]. `None` where the type's code is not known.
    pub fn issue_identifier(
        &self,
        issuer: &str,
        serial: &str,
        version: u16,
    ) -> Option<Result<LicenceIdentifier, IdentifierError>> {
        let code = self.licence_type.code.as_deref()?;
        Some(LicenceIdentifier::issue(code, issuer, serial, version))
    }

    /// Remarks on sources and on what could not be verified, in English.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// What is known of each attribute, in the order of the schema.
    pub fn attributes(&self) -> &[AttributeInfo] {
        &self.attributes
    }

    /// What is known of one attribute.
    pub fn attribute(&self, name: &str) -> Option<&AttributeInfo> {
        self.schema.attribute(name).and_then(|(i, _)| self.attributes.get(i))
    }

    /// The shared table that the codes of an attribute were taken from, if they were.
    pub fn shared_table(&self, name: &str) -> Option<&'static CodeTable> {
        self.schema.attribute(name).and_then(|(i, _)| self.tables.get(i).copied().flatten())
    }

    /// The rules across attributes.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The status codes of the licence type.
    pub fn status(&self) -> &StatusTable {
        &self.status
    }

    /// The ready-made questions.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// One ready-made question.
    pub fn question(&self, id: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.id == id)
    }

    fn check(&self) -> Result<(), ProfileError> {
        let declared = self.schema.attributes().iter().zip(&self.attributes);
        for (i, (attribute, info)) in declared.enumerate() {
            let wrong = |reason: &str| ProfileError::attribute(&attribute.name, reason);
            if let Some(element) = &info.element {
                if !is_element_name(element) {
                    return Err(wrong("has an element name that is not [A-Z][A-Z0-9]{0,31}"));
                }
                if self.attributes[..i].iter().any(|earlier| earlier.element.as_ref() == Some(element)) {
                    return Err(wrong("has the element name of an earlier one"));
                }
            }
            if info.codes.is_some() && !matches!(attribute.kind.name(), "code" | "flags") {
                return Err(wrong("says where its codes come from but has none"));
            }
            if info.check.is_some() && !matches!(attribute.kind.name(), "text" | "code") {
                return Err(wrong("has a check that only texts and codes can have"));
            }
        }
        for (position, rule) in self.rules.iter().enumerate() {
            rule.fits(&self.schema).map_err(|reason| ProfileError::Rule { position, reason })?;
        }
        if !self.status.is_sound() {
            return Err(ProfileError::Status);
        }
        for (i, question) in self.questions.iter().enumerate() {
            let wrong = |reason| ProfileError::Question { id: question.id.clone(), reason };
            if self.questions[..i].iter().any(|earlier| earlier.id == question.id) {
                return Err(wrong("has the name of an earlier one".to_owned()));
            }
            question.fits(&self.schema).map_err(wrong)?;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    schema: StrictValue,
    licence_type: LicenceType,
    notes: Vec<String>,
    #[serde(deserialize_with = "without_repeats")]
    attributes: BTreeMap<String, AttributeInfo>,
    rules: Vec<Rule>,
    status: StatusTable,
    questions: Vec<QuestionDocument>,
}

/// A map in which a repeated key is an error; serde's own keeps the last value.
fn without_repeats<'de, D>(deserializer: D) -> Result<BTreeMap<String, AttributeInfo>, D::Error>
where
    D: serde::Deserializer<'de>,
{
    let StrictValue(value) = StrictValue::deserialize(deserializer)?;
    serde_json::from_value(value).map_err(|_| {
        serde::de::Error::custom("expected attribute names with element, check, sample and codes")
    })
}

/// Puts the codes of shared tables in the place of their names, and says which attribute got which.
fn put_tables(schema: &mut Value) -> Result<Vec<Option<&'static CodeTable>>, ProfileError> {
    let Some(attributes) = schema.get_mut("attributes").and_then(Value::as_array_mut) else {
        return Ok(Vec::new());
    };
    attributes.iter_mut().map(put_table).collect()
}

fn put_table(attribute: &mut Value) -> Result<Option<&'static CodeTable>, ProfileError> {
    let Some(table) = attribute.pointer_mut("/type/code/table") else { return Ok(None) };
    let Some(reference) = table.as_object() else { return Ok(None) };
    let id = reference.get("from").and_then(Value::as_str).filter(|_| reference.len() == 1);
    let found = id.and_then(tables::table).ok_or(ProfileError::Table)?;
    *table = serde_json::to_value(&found.entries).map_err(|_| ProfileError::Table)?;
    Ok(Some(found))
}

/// The details in the order of the schema: exactly one entry an attribute.
fn in_order(
    schema: &Schema,
    mut infos: BTreeMap<String, AttributeInfo>,
) -> Result<Vec<AttributeInfo>, ProfileError> {
    let mut ordered = Vec::with_capacity(infos.len());
    for attribute in schema.attributes() {
        let missing = || ProfileError::attribute(&attribute.name, "is missing in `attributes`");
        ordered.push(infos.remove(&attribute.name).ok_or_else(missing)?);
    }
    match infos.into_keys().next() {
        Some(name) => Err(ProfileError::attribute(&name, "is in `attributes` but not in the schema")),
        None => Ok(ordered),
    }
}

/// Whether a name could be that of a GB/T 36903 element: capitals and digits, so never that of an attribute.
fn is_element_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    name.len() <= 32
        && bytes.next().is_some_and(|b| b.is_ascii_uppercase())
        && bytes.all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
}

/// Why a profile is refused.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProfileError {
    /// Not JSON of the right form.
    #[error("profile: {0}")]
    Json(JsonError),
    /// The schema is refused.
    #[error(transparent)]
    Schema(SchemaError),
    /// A table reference is not `{"from": "<name of a shared table>"}`.
    #[error("a code table is not known")]
    Table,
    /// Something about one attribute's details.
    #[error("attribute {name} {reason}")]
    Attribute {
        /// Which one.
        name: String,
        /// What is wrong.
        reason: String,
    },
    /// A rule does not fit the schema.
    #[error("rule {position} {reason}")]
    Rule {
        /// Counted from 0.
        position: usize,
        /// What is wrong.
        reason: String,
    },
    /// Status codes repeated, empty, longer than their form allows, or none that is valid.
    #[error("the status codes are not sound")]
    Status,
    /// A question does not fit the schema.
    #[error("question {id} {reason}")]
    Question {
        /// Which one.
        id: String,
        /// What is wrong.
        reason: String,
    },
}

impl ProfileError {
    fn attribute(name: &str, reason: &str) -> Self {
        Self::Attribute { name: name.to_owned(), reason: reason.to_owned() }
    }
}
