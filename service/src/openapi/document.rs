//! From what types and handlers say to the whole document.

use serde_json::{Map, Value, json};
use utoipa::OpenApi;

use super::{Handlers, problems, tags};
use crate::routes::{self, Roles};

/// Written for who has to make a wallet or a relying party's system.
const DESCRIPTION: &str = include_str!("description.md");

/// The OpenAPI document of the whole interface, of both roles.
///
/// It is the one in `docs/openapi.json`. A running service serves the part of its own roles at `/openapi.json`.
pub fn document() -> Value {
    let mut document = serde_json::to_value(Handlers::openapi()).unwrap_or_default();
    document["info"] = info();
    document["tags"] = all_tags();
    document["components"]["securitySchemes"] = security_schemes();
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.extend(glimpse_api::openapi::components());
        schemas.insert("ProblemType".into(), problem_type());
    }
    for operation in operations(&mut document) {
        for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
            let mut headers = headers(status);
            // What the handler says of its own goes before.
            for (name, mut header) in response["headers"].as_object().cloned().into_iter().flatten() {
                header["required"] = true.into();
                headers.insert(name, header);
            }
            response["headers"] = headers.into();
        }
    }
    document
}

/// What a service of these roles serves.
pub(super) fn served(roles: &Roles) -> Value {
    let mut document = document();
    if let Some(Value::Object(paths)) = document.get_mut("paths") {
        let tables = routes::tables(roles).chain([routes::DESCRIPTION]);
        let served: Vec<&str> = tables.flatten().map(|operation| operation.path).collect();
        paths.retain(|path, _| served.contains(&path.as_str()));
    }
    // Without the host: whoever reads this came by a name that works for them.
    let uri = roles.shared.public_uri.as_str();
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let path = after_scheme.find('/').map_or("/", |at| &after_scheme[at..]);
    document["servers"] = json!([{ "url": path }]);
    document
}

fn info() -> Value {
    json!({
        "title": "Glimpse",
        "summary": "Anonymous zero-knowledge proofs about electronic licences: issuer and verifier over HTTP.",
        "description": DESCRIPTION,
        "version": env!("CARGO_PKG_VERSION"),
        "license": { "name": env!("CARGO_PKG_LICENSE"), "identifier": env!("CARGO_PKG_LICENSE") },
    })
}

fn all_tags() -> Value {
    let tag = |name: &str, description: &str| json!({ "name": name, "description": description });
    json!([
        tag(tags::ISSUER, "For wallets: from an offer's code to a credential, and helper tokens."),
        tag(tags::ADMINISTRATION, "For the authority's own systems: registers licences and makes offers."),
        tag(tags::VERIFIER, "For wallets: reads a request and answers it."),
        tag(tags::RELYING_PARTY, "For the relying party's own systems: policies, requests, results."),
        tag(tags::SERVICE, "Health, and this document."),
    ])
}

fn security_schemes() -> Value {
    let bearer = |who: &str| json!({ "type": "http", "scheme": "bearer", "description": who });
    json!({
        "administrator": bearer("The key of an administrator of the issuer."),
        "relyingParty": bearer("The key of a relying party."),
        "auditor": bearer("The key of an auditor."),
    })
}

fn problem_type() -> Value {
    json!({ "type": "string", "enum": problems::types(),
        "description": "Stable identifier of the kind of problem. Kinds may be added." })
}

/// What every answer has, and those of some statuses have besides.
fn headers(status: &str) -> Map<String, Value> {
    let header = |description: &str, schema: Value| json!({ "description": description, "required": true, "schema": schema });
    let one_of = |value: &str| json!({ "type": "string", "const": value });
    let mut headers = Map::new();
    let id = json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" });
    headers.insert("X-Request-Id".into(), header("Names the request in the service's log.", id));
    headers.insert("Cache-Control".into(), header("Nothing is to be kept on the way.", one_of("no-store")));
    match status {
        "401" => {
            headers.insert("WWW-Authenticate".into(), header("What is missing.", one_of("Bearer")));
        }
        "429" | "503" => {
            let seconds = json!({ "type": "string", "pattern": "^[0-9]+$" });
            headers.insert("Retry-After".into(), header("Seconds to wait before another try.", seconds));
        }
        _ => {}
    }
    headers
}

fn operations(document: &mut Value) -> impl Iterator<Item = &mut Value> {
    let paths = document["paths"].as_object_mut().into_iter().flatten();
    paths.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten().map(|(_, operation)| operation))
}
