//! What an import came to, and how good the data is: a table for people, JSON for machines.

use std::error::Error;
use std::fs;
use std::path::Path;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{ContentArrangement, Table};
use glimpse_api::Import;
use glimpse_circuits::decimal;
use glimpse_profiles::quality::{ElementQuality, InTime, QualityReport, Repeats};
use serde::Serialize;

use crate::output::line;

/// All of it. Counts only: nothing that a licence says.
#[derive(Serialize)]
pub(super) struct Report {
    /// As the service has it: announced and registered, at which issuer.
    pub(super) import: Import,
    /// Rows of the file that are not registered.
    #[serde(with = "decimal")]
    pub(super) rejected: u64,
    /// Of all rows, registered or not.
    pub(super) quality: QualityReport,
}

impl Report {
    /// Puts the JSON into a file.
    pub(super) fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))?)
    }

    /// Prints the tables.
    pub(super) fn print(&self) {
        let (import, quality) = (&self.import, &self.quality);
        line(&format!("{} of {}, profile {}", import.import, import.issuer, import.profile));
        line(&format!(
            "announced {}, registered {} ({}), rejected {}",
            import.announced,
            import.registered,
            share(import.registered, import.announced),
            self.rejected
        ));
        line(&format!(
            "sound {}, unreadable {}, with unknown names {}, said before {} (of {} compared)",
            quality.sound,
            quality.unreadable,
            quality.with_unknown_names,
            quality.repeated.repeated,
            quality.repeated.compared
        ));
        line(&elements(quality).to_string());
        if !quality.rules.is_empty() {
            line(&rules(quality).to_string());
        }
    }
}

fn elements(quality: &QualityReport) -> Table {
    let mut table = table(&["attribute", "element", "required", "complete", "valid", "in time", "unique"]);
    let readable = quality.licences - quality.unreadable;
    for element in &quality.elements {
        table.add_row([
            element.attribute.clone(),
            element.element.clone().unwrap_or_default(),
            if element.required { "yes" } else { "no" }.to_owned(),
            of(element.given, readable),
            valid(element),
            timely(quality, element),
            element.repeated.as_ref().map_or_else(String::new, unique),
        ]);
    }
    table
}

fn rules(quality: &QualityReport) -> Table {
    let mut table = table(&["rule", "attributes", "consistent"]);
    for rule in &quality.rules {
        let kept = of(rule.compared - rule.broken, rule.compared);
        table.add_row([rule.rule.clone(), rule.attributes.join(", "), kept]);
    }
    table
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec());
    table
}

fn valid(element: &ElementQuality) -> String {
    let told = of(element.valid, element.given);
    if element.set_aside == 0 { told } else { format!("{told}, {} set aside", element.set_aside) }
}

fn timely(quality: &QualityReport, element: &ElementQuality) -> String {
    let Some(timeliness) = &element.timeliness else { return String::new() };
    let late = match timeliness.expected {
        InTime::NotPast => "past",
        InTime::NotToCome => "to come",
    };
    let wrong = timeliness.compared - timeliness.in_time;
    let told = share(timeliness.in_time, timeliness.compared);
    if wrong == 0 { told } else { format!("{told}, {wrong} {late} on {}", quality.as_of) }
}

fn unique(repeats: &Repeats) -> String {
    of(repeats.compared - repeats.repeated, repeats.compared)
}

/// A share, and how many are missing from the whole.
fn of(part: u64, whole: u64) -> String {
    let told = share(part, whole);
    if part == whole { told } else { format!("{told}, {} not", whole - part) }
}

/// In percent, rounded down: 100 means all.
fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "-".to_owned();
    }
    let tenths = u128::from(part) * 1000 / u128::from(whole);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_all_is_a_hundred_percent() {
        assert_eq!(of(999_999, 1_000_000), "99.9 %, 1 not");
        assert_eq!(of(3, 3), "100.0 %");
        assert_eq!(of(0, 0), "-");
        assert_eq!(share(1, 3), "33.3 %");
        assert_eq!(share(u64::MAX, u64::MAX), "100.0 %");
    }
}
