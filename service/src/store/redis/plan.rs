//! What a script is to do if what it rests on holds, written down as JSON.
//!
//! A plan is written here and not in Lua since how many licences change together is not known beforehand.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::keys::Keys;
use crate::store::StoreError;
use crate::store::licences::{LicenceUpdate, Place};
use crate::store::records::to_json;

/// Keys, what must be so, and what is then written.
pub(super) struct Plan {
    keys: Vec<String>,
    /// Where each key stands among them.
    places: HashMap<String, usize>,
    /// So many keys of the script stand before those of the plan.
    before: usize,
    checks: Vec<Value>,
    writes: Vec<Value>,
}

impl Plan {
    /// Nothing yet, for a script that has so many keys of its own.
    pub(super) fn after(before: usize) -> Self {
        Self { keys: Vec::new(), places: HashMap::new(), before, checks: Vec::new(), writes: Vec::new() }
    }

    /// A command about a key is answered like this.
    pub(super) fn expect(&mut self, command: &str, key: String, arguments: &[&str], answer: &str) {
        let step = self.step(command, key, arguments.iter().copied().chain([answer]));
        self.checks.push(step);
    }

    /// A command about a key.
    pub(super) fn write(&mut self, command: &str, key: String, arguments: &[&str]) {
        let step = self.step(command, key, arguments.iter().copied());
        self.writes.push(step);
    }

    fn step<'a>(&mut self, command: &str, key: String, arguments: impl Iterator<Item = &'a str>) -> Value {
        let at = self.places.get(&key).copied().unwrap_or_else(|| {
            self.places.insert(key.clone(), self.keys.len());
            self.keys.push(key);
            self.keys.len() - 1
        });
        // Lua counts from 1.
        let mut step = vec![json!(command), json!(self.before + at + 1)];
        step.extend(arguments.map(Value::from));
        Value::from(step)
    }

    /// What an update changes.
    pub(super) fn update(&mut self, keys: &Keys, update: &LicenceUpdate) -> Result<(), StoreError> {
        let LicenceUpdate { id, from, licence, event, withhold, restore } = update;
        let name = id.text();
        let place = licence.place();
        match from {
            None => {
                self.expect("EXISTS", keys.licence(*id), &[], "0");
                self.write("SADD", keys.holder(licence.holder_reference()), &[&name]);
            }
            Some((revision, before)) => {
                self.expect("HGET", keys.licence(*id), &["revision"], &revision.to_string());
                self.write("ZREM", keys.catalogued(&before.schema, before.stage), &[&name]);
                self.write("HINCRBY", keys.counts(), &[&count_field(before), "-1"]);
            }
        }
        let (revision, change) = (licence.standing.revision.to_string(), licence.standing.change.text());
        let fields = ["record", &text("licences", licence)?, "revision", &revision, "change", &change];
        self.write("HSET", keys.licence(*id), &fields);
        self.write("RPUSH", keys.events(*id), &[&text("events", event)?]);
        self.write("ZADD", keys.catalogued(&place.schema, place.stage), &["0", &name]);
        self.write("HINCRBY", keys.counts(), &[&count_field(&place), "1"]);
        for one in restore {
            self.write("ZREM", keys.withheld(&one.list), &[&one.handle.to_string()]);
        }
        for one in withhold {
            let handle = one.handle.to_string();
            self.write("ZADD", keys.withheld(&one.list), &[&handle, &handle]);
        }
        Ok(())
    }

    /// Its keys.
    pub(super) fn keys(&self) -> &[String] {
        &self.keys
    }

    /// The rest of it.
    pub(super) fn text(&self) -> String {
        json!({ "checks": self.checks, "writes": self.writes }).to_string()
    }
}

/// Schema, stage and version, as a field of the counts.
fn count_field(place: &Place) -> String {
    format!("{}:{}:{}", place.schema, place.stage.name(), place.version)
}

/// JSON as text.
pub(super) fn text<T: serde::Serialize>(table: &'static str, record: &T) -> Result<String, StoreError> {
    String::from_utf8(to_json(table, record)?).map_err(|_| StoreError::Record(table))
}
