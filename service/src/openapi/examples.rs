//! Bodies that this service takes, to be tried.

use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use serde_json::{Value, json};

const PROFILE: &str = "cn.driving_licence";

/// A generated licence, which is nobody's.
pub(crate) fn licence() -> Value {
    let attributes = builtin_by_schema_id(PROFILE).map(|profile| profile.sample(&Persona::new(1)));
    json!({ "profile": PROFILE, "holder": "holder-0001", "attributes": attributes })
}

/// A file of a million rows.
pub(crate) fn import() -> Value {
    json!({ "profile": PROFILE, "announced": "1000000", "digest": "0f".repeat(32) })
}

/// Of age, in force, and the classes.
pub(crate) fn policy() -> Value {
    json!({
        "purpose": { "zh-CN": "租车", "en": "Car rental" },
        "licences": [{ "id": "licence", "schema": PROFILE, "check": "token" }],
        "statements": [
            { "age": { "of": "licence.birth_date", "at_least": "18" } },
            { "date": { "of": "licence.valid_until", "from": "today" } },
            { "disclose": { "of": "licence.classes" } },
        ],
    })
}
