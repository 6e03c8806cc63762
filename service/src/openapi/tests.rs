//! Routes and operations are the same, and the document checked in is the one that the code generates.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::{document, problems};
use crate::error::ApiError;
use crate::routes;

#[test]
fn every_route_has_an_operation_and_every_operation_a_route() {
    let document = document();
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        described
            .extend(item.as_object().unwrap().keys().map(|method| (path.clone(), method.to_uppercase())));
    }
    let routed: BTreeSet<_> =
        routes::all().map(|operation| (operation.path.to_owned(), operation.method.to_string())).collect();
    assert_eq!(described, routed);
    assert_eq!(routes::all().count(), routed.len());
}

#[test]
fn docs_openapi_json_is_what_the_code_generates() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/openapi.json");
    let document = document();
    if std::env::var_os("GLIMPSE_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, format!("{}\n", serde_json::to_string_pretty(&document).unwrap())).unwrap();
    }
    let text = std::fs::read_to_string(&path).unwrap();
    let checked_in: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(checked_in, document, "GLIMPSE_WRITE_GOLDEN=1 writes it anew");
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_used() {
    let document = document();
    let mut used = BTreeSet::new();
    walk(&document, &mut |value| {
        if let Some(reference) = value.get("$ref").and_then(Value::as_str) {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
            used.insert(reference.rsplit('/').next().unwrap().to_owned());
        }
    });
    let components = document["components"]["schemas"].as_object().unwrap();
    let unused: Vec<_> = components.keys().filter(|name| !used.contains(*name)).collect();
    assert!(unused.is_empty(), "{unused:?}");
}

#[test]
fn operations_are_named_once_and_links_lead_to_them() {
    let document = document();
    let mut ids = BTreeSet::new();
    let mut linked = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            assert!(ids.insert(operation["operationId"].as_str().unwrap().to_owned()));
            assert!(operation["summary"].is_string() && operation["tags"].is_array(), "{operation}");
            for scheme in operation["security"].as_array().into_iter().flatten() {
                for name in scheme.as_object().unwrap().keys() {
                    assert!(document["components"]["securitySchemes"].get(name).is_some(), "{name}");
                }
            }
            for response in operation["responses"].as_object().unwrap().values() {
                let links = response["links"].as_object().into_iter().flatten();
                linked.extend(links.map(|(_, link)| link["operationId"].as_str().unwrap().to_owned()));
            }
        }
    }
    assert!(linked.is_subset(&ids) && !linked.is_empty());
}

#[test]
fn every_problem_has_its_own_constant_and_type() {
    let types: BTreeSet<_> = problems::types().into_iter().collect();
    assert_eq!(types.len(), problems::types().len());
    assert_eq!(problems::bit(&ApiError::Busy), problems::BUSY);
    assert_eq!(problems::bit(&ApiError::invalid("a", "b")), problems::INVALID);
}

fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(members) => members.values().for_each(|member| walk(member, visit)),
        _ => {}
    }
}
