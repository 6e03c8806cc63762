//! Components are written once, and stand-ins stand for one.

use std::collections::BTreeSet;

use super::*;

#[test]
fn stand_ins_have_components() {
    let components = components();
    // `ProblemType` lists the service's problems, so the service writes it.
    let missing: Vec<_> =
        STAND_INS.iter().filter(|name| **name != "ProblemType" && !components.contains_key(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert!(components.values().all(Value::is_object));
}

#[test]
fn names_are_given_once() {
    let all = [forms::components(), licences::components(), requests::components()];
    let names: Vec<_> = all.into_iter().flatten().map(|(name, _)| name).collect();
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len());
}

#[test]
fn optional_members_are_not_required() {
    let schema = object("said", json!({ "b": {}, "a": {} }), json!({ "c": {} }));
    assert_eq!(schema["required"], json!(["a", "b"]));
    assert_eq!(schema["properties"].as_object().unwrap().len(), 3);
    assert_eq!(schema["additionalProperties"], json!(false));
}
