//! Holds every answer in these tests against the OpenAPI document, and every body that was taken.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};

use glimpse_service::openapi_document;
use jsonschema::Validator;
use serde_json::{Value, json};

/// A document and the validators that were made of it.
pub struct Contract {
    document: Value,
    validators: Mutex<HashMap<String, Validator>>,
}

/// Of this version of the service.
pub static CONTRACT: LazyLock<Contract> =
    LazyLock::new(|| Contract { document: openapi_document(), validators: Mutex::default() });

/// An exchange that was held against the document.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    pub operation: String,
    pub status: u16,
}

impl Contract {
    /// Panics if a request that was answered so, or its answer, is not as the document has it. `None` for paths and
    /// methods that are not in it.
    pub fn check(
        &self,
        method: &str,
        path: &str,
        sent: Option<&[u8]>,
        answer: &super::Response,
    ) -> Option<Seen> {
        let (pattern, item) = self.item(path)?;
        let operation = item.get(method.to_lowercase())?;
        let at = format!("/paths/{}/{}", escaped(pattern), method.to_lowercase());
        let seen =
            Seen { operation: operation["operationId"].as_str().unwrap().into(), status: answer.status };
        // What another role would have answered, or what was turned off.
        if answer.status == 404
            && String::from_utf8_lossy(&answer.body).contains("urn:glimpse:problem:not-found")
        {
            return None;
        }
        let status = answer.status.to_string();
        let Some(response) = operation["responses"].get(&status) else {
            panic!("{seen:?} is not documented")
        };
        let names = response["headers"].as_object().unwrap().keys();
        names.for_each(|name| assert!(!answer.header(name).is_empty(), "{seen:?}: {name}"));
        match response["content"].as_object() {
            None => assert!(answer.body.is_empty(), "{seen:?}"),
            Some(content) => {
                let media_type = answer.header("content-type");
                assert!(content.contains_key(media_type), "{seen:?}: {media_type}");
                if media_type == "application/octet-stream" {
                    return Some(seen);
                }
                let pointer = format!("{at}/responses/{status}/content/{}/schema", escaped(media_type));
                self.assert_valid(&pointer, &serde_json::from_slice(&answer.body).unwrap());
            }
        }
        if let (true, Some(sent), Some(_)) = (answer.status < 300, sent, operation.get("requestBody")) {
            let pointer = format!("{at}/requestBody/content/application~1json/schema");
            self.assert_valid(&pointer, &serde_json::from_slice(sent).unwrap());
        }
        Some(seen)
    }

    /// Every operation with every status of success.
    pub fn successes(&self) -> Vec<Seen> {
        let mut all = Vec::new();
        for item in self.document["paths"].as_object().unwrap().values() {
            for operation in item.as_object().unwrap().values() {
                for status in
                    operation["responses"].as_object().unwrap().keys().filter(|s| s.starts_with('2'))
                {
                    let operation = operation["operationId"].as_str().unwrap().into();
                    all.push(Seen { operation, status: status.parse().unwrap() });
                }
            }
        }
        all
    }

    /// Whether a component's schema admits a value.
    pub fn admits(&self, component: &str, value: &Value) -> bool {
        self.validate(&format!("/components/schemas/{component}"), value).is_ok()
    }

    /// The examples of request bodies, with the method and path they are for.
    pub fn examples(&self) -> Vec<(String, String, Value)> {
        let mut all = Vec::new();
        for (path, item) in self.document["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let content = &operation["requestBody"]["content"]["application/json"];
                let one = content.get("example").cloned();
                let several = content["examples"].as_object().into_iter().flatten();
                let several = several.map(|(_, example)| example["value"].clone());
                all.extend(
                    one.into_iter().chain(several).map(|body| (method.to_uppercase(), path.clone(), body)),
                );
            }
        }
        all
    }

    fn assert_valid(&self, pointer: &str, value: &Value) {
        self.validate(pointer, value).unwrap_or_else(|reason| panic!("{pointer}: {reason}"));
    }

    fn validate(&self, pointer: &str, value: &Value) -> Result<(), String> {
        let mut validators = self.validators.lock().unwrap();
        let validator = validators.entry(pointer.to_owned()).or_insert_with(|| {
            assert!(self.document.pointer(pointer).is_some(), "{pointer}");
            let mut schema =
                json!({ "$ref": format!("#{}", pointer.replace('{', "%7B").replace('}', "%7D")) });
            for part in ["paths", "components"] {
                schema[part] = self.document[part].clone();
            }
            jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
        });
        let told = |errors: jsonschema::ErrorIterator<'_>| {
            errors.map(|error| format!("{}: {error}", error.instance_path)).collect::<Vec<_>>().join("; ")
        };
        validator.validate(value).map_err(told)
    }

    /// The path's entry: one without parameters before one with.
    fn item(&self, path: &str) -> Option<(&str, &Value)> {
        let path = path.split('?').next().unwrap_or_default();
        let items = self.document["paths"].as_object().unwrap().iter();
        let found = items.filter(|(pattern, _)| fits(pattern, path));
        found
            .min_by_key(|(pattern, _)| pattern.matches('{').count())
            .map(|(pattern, item)| (pattern.as_str(), item))
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let (pattern, path): (Vec<_>, Vec<_>) = (pattern.split('/').collect(), path.split('/').collect());
    let one =
        |(pattern, part): (&&str, &&str)| pattern == part || (pattern.starts_with('{') && !part.is_empty());
    pattern.len() == path.len() && pattern.iter().zip(&path).all(one)
}

/// As JSON Pointer (RFC 6901) writes a name.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
