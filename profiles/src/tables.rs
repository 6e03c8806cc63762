//! Code tables that several profiles share, one JSON file each in `data/tables/`.
//!
//! A table is a dated snapshot at one level, never the standard itself: its `source`, `snapshot` and `notes` say
//! where it comes from, which day it stands for and what it leaves out. A profile names a table by
//! `{"code": {"table": {"from": "gb2260-prefecture"}}}`; the loader puts the codes in its place before the schema is
//! built, so that the schema's digest covers every code and title.

use std::sync::LazyLock;

use glimpse_circuits::attribute::Code;
use glimpse_circuits::date::Date;
use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::text::Text;
use serde::{Deserialize, Serialize};

/// The files of `data/tables/`, listed when the crate is built.
const FILES: &[&str] = include!(concat!(env!("OUT_DIR"), "/tables.rs"));

/// A code table with its provenance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CodeTable {
    /// The name by which profiles refer to it.
    pub id: String,
    /// What people call it.
    pub title: Text,
    /// The standard whose codes these are.
    pub standard: String,
    /// Where the entries were taken from.
    pub source: String,
    /// The day the entries stand for, as far as the source says.
    pub snapshot: Date,
    /// Terms of the source.
    pub licence: String,
    /// What the table is and is not, and what could not be verified.
    pub notes: Vec<String>,
    /// The codes.
    pub entries: Vec<Code>,
}

impl CodeTable {
    /// Reads a table from JSON text. Unknown and repeated keys are refused.
    pub fn from_json(text: &str) -> Result<Self, JsonError> {
        json::from_str(text)
    }
}

/// The tables compiled into this crate. That each file loads is a test of this crate.
pub fn tables() -> &'static [CodeTable] {
    static TABLES: LazyLock<Vec<CodeTable>> =
        LazyLock::new(|| FILES.iter().filter_map(|text| CodeTable::from_json(text).ok()).collect());
    &TABLES
}

/// The table of this name.
pub fn table(id: &str) -> Option<&'static CodeTable> {
    tables().iter().find(|table| table.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_loads() {
        for text in FILES {
            CodeTable::from_json(text).unwrap();
        }
        assert_eq!(tables().len(), FILES.len());
    }

    #[test]
    fn regions_are_of_one_level() {
        let regions = table("gb2260-prefecture").unwrap();
        assert_eq!(regions.entries.len(), 4 + 333 + 4 + 3);
        let whole_provinces: Vec<&str> =
            regions.entries.iter().map(|e| e.code.as_str()).filter(|code| code.ends_with("0000")).collect();
        assert_eq!(whole_provinces, ["110000", "120000", "310000", "500000", "710000", "810000", "820000"]);
        for entry in &regions.entries {
            assert!(entry.code.len() == 6 && entry.code.ends_with("00"), "{}", entry.code);
        }
        let in_province =
            |prefix: &str| regions.entries.iter().filter(|e| e.code.starts_with(prefix)).count();
        assert_eq!(["32", "33", "34"].map(in_province), [13, 11, 16]);
    }

    #[test]
    fn counties_are_sorted_and_complete() {
        let counties = &table("gb2260-county").unwrap().entries;
        assert_eq!(counties.len(), 2_857);
        assert!(counties.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(counties.iter().all(|entry| entry.code.len() == 6));
        let in_province = |prefix: &str| counties.iter().filter(|e| e.code.starts_with(prefix)).count();
        assert_eq!(["11", "31", "32", "33", "34"].map(in_province), [16, 16, 95, 90, 104]);
    }

    #[test]
    fn ethnic_groups_are_56_and_two_more() {
        let codes: Vec<&str> =
            table("gb3304-ethnic").unwrap().entries.iter().map(|e| e.code.as_str()).collect();
        assert_eq!(codes.len(), 58);
        assert!((1..=56).all(|n| codes[n - 1] == format!("{n:02}")));
    }
}
