//! Bodies that are sound.

use std::sync::LazyLock;

use glimpse_api::{Blob, paths};
use glimpse_profiles::Profile;
use glimpse_profiles::sample::Persona;
use serde_json::{Value as Json, json};

use crate::scene::stock;

/// The name of an import that is announced.
pub(super) const IMPORT: &str = "register";

fn profile() -> &'static Profile {
    glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap()
}

/// The digest of the schema that everything here is of.
pub(super) fn schema() -> String {
    static SCHEMA: LazyLock<String> = LazyLock::new(|| profile().schema().digest().to_string());
    SCHEMA.clone()
}

/// A licence to be registered for a holder.
pub(super) fn register(holder: &str) -> String {
    let sample = profile().sample(&Persona::new(1));
    json!({"profile": "cn.driving_licence", "holder": holder, "attributes": sample}).to_string()
}

/// Methods, paths and what may be sent there. The first of each path is what a service is filled with.
pub(super) fn bodies() -> Vec<(&'static str, &'static str, String)> {
    let text = json!({"zh-CN": "核实年龄", "en": "To check the age"});
    let sample = profile().sample(&Persona::new(2));
    let policy = json!({"purpose": text, "prefer": "small", "licences": [
        {"id": "a", "schema": "cn.driving_licence", "check": "keyed"}],
        "statements": [{"age": {"of": "a.birth_date", "at_least": "18"}}, {"disclose": {"of": "a.sex"}}]});
    let asked = &stock().asked[2];
    let request: Json =
        serde_json::from_slice(&asked.relation.request().to_canonical_json().unwrap()).unwrap();
    let blob = |bytes: &[u8]| json!(Blob::from(bytes));
    let key = stock().registry().issuers().next().unwrap().key;
    let answers: Vec<Json> = asked.answers.iter().take(2).map(|answer| blob(&answer.bytes)).collect();
    let overrides =
        json!([{"attribute": "licence_number", "check": "citizen_id", "reason": "before_standard"}]);
    let rows = json!([
        {"row": "1", "holder": "h-3", "attributes": sample},
        {"row": "2", "holder": "h-4", "attributes": {"name": "张三"}, "overrides": overrides}]);
    let post = |path, body: Json| ("POST", path, body.to_string());
    let put = |path, body: Json| ("PUT", path, body.to_string());
    vec![
        ("POST", paths::LICENCES, register("h-1")),
        put(paths::POLICY, policy.clone()),
        post(paths::REQUESTS, json!({ "inline": policy })),
        post(paths::REQUESTS, json!({"policy": "adult"})),
        post(paths::PRESENTATION, json!({ "presentation": answers[0] })),
        post(paths::VERIFY, json!({"request": request, "presentation": answers[0]})),
        post(paths::VERIFY, json!({"request": request, "presentation": answers[1]})),
        post(paths::OFFERS_REDEEM, json!({"code": "<code>"})),
        post(paths::CREDENTIALS, json!({"code": "<code>", "request": blob(&[2; 192])})),
        post(paths::TOKENS, json!({"key": key, "pairs": vec![blob(&[2; 64]); 4]})),
        post(paths::TOKEN_EXCHANGE, json!({"challenges": vec![blob(&[2; 32]); 4]})),
        post(paths::LICENCE_OFFERS, json!({})),
        post(paths::LICENCE_CHANGES, json!({"act": "suspend", "reason": "r"})),
        post(paths::LICENCE_CHANGES, json!({"act": "resume", "reason": "r"})),
        post(paths::LICENCE_CHANGES, json!({"act": "end", "as": "revoked", "reason": "r"})),
        post(paths::LICENCE_CHANGES, json!({"act": "status", "code": "1", "reason": "r"})),
        post(paths::LICENCE_CHANGES, json!({"act": "open_dispute", "suspend": true, "reason": "r"})),
        post(paths::LICENCE_CHANGES, json!({"act": "reject_dispute", "reason": "r"})),
        post(paths::LICENCE_CORRECTION, json!({"attributes": sample, "reason": "r"})),
        post(paths::WALLET_CHANGES, json!({"holder": "h-2", "reason": "r"})),
        put(
            paths::IMPORT,
            json!({"profile": "cn.driving_licence", "announced": "3", "digest": "0".repeat(64)}),
        ),
        post(paths::IMPORT_ROWS, json!({ "rows": rows })),
        post(paths::REVOCATION_LISTS, json!({})),
        post(paths::REVOCATION_LISTS, json!({"profile": "cn.driving_licence"})),
    ]
}
