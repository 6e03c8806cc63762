//! Where two files differ first, in words.

use serde_json::Value as Json;

/// The first difference between what was made and what was found, with the names of the vectors on the way to it.
pub(crate) fn first(made: &str, found: &str) -> Option<String> {
    if made == found {
        return None;
    }
    let (Ok(made_json), Ok(found_json)) = (parse(made), parse(found)) else {
        return Some("the file is no JSON".to_owned());
    };
    let path = within("", &made_json, &found_json);
    Some(path.unwrap_or_else(|| {
        let lines = made.lines().zip(found.lines()).take_while(|(made, found)| made == found).count();
        format!("the same JSON is written in another way from line {} on", lines + 1)
    }))
}

fn parse(text: &str) -> serde_json::Result<Json> {
    serde_json::from_str(text)
}

fn within(path: &str, made: &Json, found: &Json) -> Option<String> {
    match (made, found) {
        _ if made == found => None,
        (Json::Object(made), Json::Object(found)) => {
            let missing = made.keys().find(|key| !found.contains_key(*key));
            let more = found.keys().find(|key| !made.contains_key(*key));
            if let Some(key) = missing {
                return Some(format!("{path}: the file has no member {key}"));
            }
            if let Some(key) = more {
                return Some(format!("{path}: the file has a member {key}"));
            }
            let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
            // In the order of the format, so that the first section that differs is named.
            let mut keys: Vec<&String> = made.keys().collect();
            keys.sort_by_key(|key| ORDER.iter().position(|known| known == key).unwrap_or(ORDER.len()));
            keys.iter().find_map(|key| within(&below(key), &made[*key], &found[*key]))
        }
        (Json::Array(made), Json::Array(found)) => {
            let pairs = made.iter().zip(found).enumerate();
            let named = |i: usize, one: &Json| match one["name"].as_str() {
                Some(name) => format!("{path}[{i}] ({name:?})"),
                None => format!("{path}[{i}]"),
            };
            let mut each = pairs.filter_map(|(i, (one, other))| within(&named(i, one), one, other));
            each.next().or_else(|| Some(format!("{path}: {} made, {} in the file", made.len(), found.len())))
        }
        _ => Some(path.to_owned()),
    }
}

/// The sections of the file, and the members of a section that come before others.
const ORDER: [&str; 23] = [
    "format",
    "protocol",
    "seed",
    "generators",
    "bulletproof_generators",
    "strings",
    "absent",
    "values",
    "refused_values",
    "days",
    "request_days",
    "ages",
    "schemas",
    "keys",
    "registry",
    "requests",
    "issuance",
    "tokens",
    "lists",
    "presentations",
    "name",
    "valid",
    "invalid",
];
