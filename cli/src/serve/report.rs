//! The effective configuration, for people and for programs. Secrets are in files, so there is none to hide: of the
//! files only the paths are shown.

use comfy_table::Table;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use serde_json::{Value, json};

use super::keys::KEYS;
use super::layers::{Layers, Source};

/// As a table. A value that was refused is not repeated.
pub(super) fn table(layers: &Layers) -> String {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(["key", "value", "from"]);
    for (name, value, source) in rows(layers) {
        table.add_row([name.to_owned(), text(&value), source.to_string()]);
    }
    table.trim_fmt()
}

/// As JSON: `valid`, `values` with `key`, `value`, `from` and `at`, and `problems`.
pub(super) fn json(layers: &Layers) -> Value {
    let values: Vec<Value> = rows(layers)
        .into_iter()
        .map(|(key, value, source)| {
            let mut row = json!({ "key": key, "value": value });
            if let (Value::Object(row), Ok(Value::Object(source))) = (&mut row, serde_json::to_value(source))
            {
                row.extend(source);
            }
            row
        })
        .collect();
    json!({ "valid": layers.problems.is_empty(), "values": values, "problems": layers.problems })
}

fn rows(layers: &Layers) -> Vec<(&'static str, Value, Source)> {
    let rows = KEYS.iter().map(|key| {
        let source = layers.source(key.name);
        let refused =
            layers.problems.iter().any(|problem| problem.key == key.name && problem.source == source);
        let value = if refused { Value::Null } else { (key.show)(&layers.draft) };
        (key.name, value, source)
    });
    rows.collect()
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => "–".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "–".to_owned(),
        Value::Array(list) => list.iter().map(text).collect::<Vec<_>>().join("\n"),
        other => other.to_string(),
    }
}
