//! Profiles on the command line.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const CARD: &str = include_str!("../../profiles/data/cn.senior_citizen_card.json");

fn glimpse(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glimpse")).current_dir(directory).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn built_in_profiles_are_listed_shown_and_good() {
    let here = Path::new(".");
    let listed: Value =
        serde_json::from_slice(&glimpse(here, &["profile", "list", "--json"]).stdout).unwrap();
    let listed = listed.as_array().unwrap();
    let lines = text(&glimpse(here, &["profile", "list"]).stdout);
    assert_eq!((lines.lines().count(), listed.len()), (15, 15));
    assert_eq!(lines, text(&glimpse(here, &["licence", "profiles"]).stdout));
    for profile in listed {
        let id = profile["id"].as_str().unwrap();
        let shown: Value =
            serde_json::from_slice(&glimpse(here, &["profile", "show", id, "--json"]).stdout).unwrap();
        assert_eq!((&shown["schema"]["id"], &shown["digest"]), (&profile["id"], &profile["digest"]));
    }
    let shown = text(&glimpse(here, &["profile", "show", "cn.vehicle_licence"]).stdout);
    assert!(shown.contains("ended: transferred") && shown.contains("inspected_today"), "{shown}");
    assert_eq!(glimpse(here, &["profile", "show", "cn.none"]).status.code(), Some(1));
    let checked = glimpse(here, &["profile", "check"]);
    assert_eq!(text(&checked.stdout), "profiles: 15, errors: 0, warnings: 0\n");
    assert_eq!(checked.status.code(), Some(0));
}

#[test]
fn a_bad_file_is_told_from_a_good_one() {
    let directory = tempfile::tempdir().unwrap();
    let here = directory.path();
    fs::write(here.join("good.json"), CARD).unwrap();
    fs::write(here.join("warned.json"), CARD.replace("\"min\": \"1900-01-01\"", "\"min\": \"1700-01-01\""))
        .unwrap();
    fs::write(here.join("bad.json"), CARD.replace("Senior citizen card", "老年人优待证")).unwrap();
    fs::write(here.join("none.json"), "{}").unwrap();
    let status = |files: &[&str]| glimpse(here, &[&["profile", "check"], files].concat()).status.code();
    assert_eq!(status(&["good.json"]), Some(0));
    assert_eq!(status(&["warned.json"]), Some(0));
    assert_eq!(status(&["bad.json"]), Some(1));
    assert_eq!(status(&["none.json"]), Some(1));
    assert_eq!(status(&["absent.json"]), Some(1));
    // Two files with one id.
    assert_eq!(status(&["good.json", "good.json"]), Some(1));
    assert_eq!(status(&["--what"]), Some(2));

    let checked = glimpse(here, &["profile", "check", "--json", "bad.json", "warned.json"]);
    let report: Value = serde_json::from_slice(&checked.stdout).unwrap();
    assert_eq!(
        (&report["checked"], &report["errors"], &report["warnings"]),
        (&"2".into(), &"2".into(), &"1".into())
    );
    let found: Vec<(&str, &str)> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["of"].as_str().unwrap(), it["lint"].as_str().unwrap()))
        .collect();
    assert_eq!(found, [("bad.json", "title"), ("warned.json", "bounds"), ("together", "repeated")]);
    let line = text(&glimpse(here, &["profile", "check", "bad.json"]).stdout);
    assert!(line.starts_with("bad.json: error: schema has no English title\n"), "{line}");
}
