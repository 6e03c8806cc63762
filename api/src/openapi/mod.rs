//! The wire types as schemas of an OpenAPI document (feature `openapi`).
//!
//! The types of this crate derive their schemas. Those of the protocol, and those with a form that a type does not
//! say (a decimal string, base64url of so many bytes), are components by hand: [`components`] has them as JSON Schema,
//! with their limits taken from the code, and the types here only stand for them where a derived schema refers to one.
//!
//! A further component is one line in `stand_ins!` below and one in `forms`, `licences` or `requests`.

mod forms;
mod licences;
mod requests;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde_json::{Map, Value, json};
use utoipa::openapi::schema::Schema;
use utoipa::openapi::{Ref, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// All components that are written by hand, by their names.
pub fn components() -> Map<String, Value> {
    let all = [forms::components(), licences::components(), requests::components()];
    all.into_iter().flatten().map(|(name, schema)| (name.to_owned(), schema)).collect()
}

/// A component by hand.
type Component = (&'static str, Value);

/// A reference to a component.
fn to(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

/// An object that has these members and no others.
fn object(description: &str, required: Value, optional: Value) -> Value {
    let (Value::Object(required), Value::Object(optional)) = (required, optional) else { return Value::Null };
    let names: Vec<&String> = required.keys().collect();
    let mut schema = json!({
        "type": "object",
        "description": description,
        "additionalProperties": false,
        "required": names,
    });
    schema["properties"] = required.clone().into_iter().chain(optional).collect();
    schema
}

/// What a schema says, and something more.
fn with(mut schema: Value, more: Value) -> Value {
    if let (Value::Object(schema), Value::Object(more)) = (&mut schema, more) {
        schema.extend(more);
    }
    schema
}

/// Types that stand for components of the same name.
macro_rules! stand_ins {
    ($($name:ident),* $(,)?) => {
        $(
            #[doc = concat!("Stands for the component `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub enum $name {}

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    RefOr::Ref(Ref::from_schema_name(stringify!($name)))
                }
            }

            impl ToSchema for $name {
                fn name() -> Cow<'static, str> {
                    stringify!($name).into()
                }
            }
        )*

        #[cfg(test)]
        const STAND_INS: &[&str] = &[$(stringify!($name)),*];
    };
}

stand_ins!(
    AttributeRef,
    AttributeValue,
    Bytes,
    AllowedNames,
    Bytes32,
    Bytes64,
    CheckKind,
    DecimalCount,
    DocumentKey,
    ExchangeName,
    FileDigest,
    HolderReference,
    IdempotencyKey,
    Identifier,
    Issuer,
    IssuerKey,
    IssuanceRequest,
    ImportName,
    LicenceAttributes,
    Nonce,
    OfferCode,
    Period,
    PolicyName,
    PrincipalId,
    Preference,
    ProblemType,
    Purpose,
    Reason,
    Reference,
    Region,
    Replayed,
    Request,
    RequestCreation,
    RequestDigest,
    LicenceSchema,
    SchemaDigest,
    SchemaId,
    SignedDocument,
    Statement,
    Text,
    Title,
    UnixSeconds,
);
