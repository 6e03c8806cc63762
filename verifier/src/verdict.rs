//! What a verifier learns from an accepted presentation.

use std::fmt;
use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::key::Issuer;
use glimpse_circuits::request::{AttributeRef, CheckKind, RequestDigest};
use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::Text;

/// All statements of the request are true. There is no verdict that says otherwise.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The request that was answered.
    pub request: RequestDigest,
    /// The credentials it was answered with, in the request's order.
    pub credentials: Vec<VerifiedCredential>,
    /// What was disclosed.
    pub disclosed: Vec<DisclosedValue>,
    /// What was proven, statement by statement, in words.
    pub statements: Arc<[Text]>,
}

/// Where a credential comes from. Nothing tells it from others of the same issuer and schema.
#[derive(Clone, Debug)]
pub struct VerifiedCredential {
    /// Its name in the request.
    pub id: String,
    /// Its schema.
    pub schema: Arc<Schema>,
    /// Its issuer, with the key it is under.
    pub issuer: Arc<Issuer>,
    /// How that was checked.
    pub check: CheckKind,
    /// If the request asks whether it is revoked: it was not, nor suspended, by the list that was issued at this moment,
    /// in seconds since 1970-01-01T00:00:00Z.
    pub not_revoked_at: Option<u64>,
}

/// A disclosed value. Not printed by `Debug`.
#[derive(Clone)]
pub struct DisclosedValue {
    /// The attribute that was asked for.
    pub of: AttributeRef,
    /// Attributes that the request states are equal to it.
    pub also: Vec<AttributeRef>,
    /// The value.
    pub value: Value,
}

impl fmt::Debug for DisclosedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DisclosedValue(of {})", self.of)
    }
}
