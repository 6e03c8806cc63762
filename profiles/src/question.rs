//! Ready-made questions about a licence, as statements of a request.

use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::strict::StrictValue;

/// The credential id that statements in a profile use; a request puts its own in its place.
pub const PLACEHOLDER: &str = "licence";

/// A question with the statements that ask it, such as "is at least 18".
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Question {
    /// Name within the profile.
    pub id: String,
    /// What people read.
    pub title: Text,
    /// Statements in the grammar of requests, with credential id [`PLACEHOLDER`]. Here only their references are
    /// checked; the request that takes them up checks the rest.
    pub statements: Vec<Value>,
}

impl Question {
    /// The statements with the id that a request gives to the credential.
    pub fn statements_for(&self, credential: &str) -> Vec<Value> {
        let mut statements = self.statements.clone();
        let rename = |reference: &mut String| {
            if let Some(attribute) = own_attribute(reference) {
                *reference = format!("{credential}.{attribute}");
            } else if reference == PLACEHOLDER {
                credential.clone_into(reference);
            }
        };
        statements.iter_mut().for_each(|statement| each_reference_mut(statement, &rename));
        statements
    }

    /// Checks that each statement is an object of one key and refers to attributes of the schema alone.
    pub(crate) fn fits(&self, schema: &Schema) -> Result<(), String> {
        if self.statements.is_empty() {
            return Err("has no statements".into());
        }
        for statement in &self.statements {
            if statement.as_object().is_none_or(|object| object.len() != 1) {
                return Err("has a statement that is not an object with one key".into());
            }
            let mut references = Vec::new();
            collect_references(statement, &mut references);
            if references.is_empty() {
                return Err("has a statement about no attribute".into());
            }
            for reference in references {
                // The licence itself, in a statement that is about no attribute of it.
                if reference == PLACEHOLDER {
                    continue;
                }
                if own_attribute(reference).and_then(|name| schema.attribute(name)).is_none() {
                    return Err(format!("refers to {reference}, which is no attribute of the licence"));
                }
            }
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuestionDocument {
    id: String,
    title: Text,
    statements: Vec<StrictValue>,
}

impl From<QuestionDocument> for Question {
    fn from(document: QuestionDocument) -> Self {
        let statements = document.statements.into_iter().map(|StrictValue(value)| value).collect();
        Self { id: document.id, title: document.title, statements }
    }
}

fn own_attribute(reference: &str) -> Option<&str> {
    reference.strip_prefix(PLACEHOLDER)?.strip_prefix('.')
}

/// Whether a member of this name holds a reference to an attribute or to the licence, if it holds a string.
fn is_reference(key: &str) -> bool {
    matches!(key, "of" | "attribute" | "left" | "right" | "credential")
}

fn collect_references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(reference) if is_reference(key) => found.push(reference),
                    member => collect_references(member, found),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, found)),
        _ => {}
    }
}

fn each_reference_mut(value: &mut Value, rename: &impl Fn(&mut String)) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                match member {
                    Value::String(reference) if is_reference(key) => rename(reference),
                    member => each_reference_mut(member, rename),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| each_reference_mut(item, rename)),
        _ => {}
    }
}
