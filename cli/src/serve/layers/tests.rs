use std::fs;
use std::time::Duration;

use clap::{Args, Command};

use super::*;
use crate::serve::{Arguments, report};

const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/glimpse.example.toml");

fn flags(given: &[&str]) -> ArgMatches {
    let command = Arguments::augment_args(Command::new("serve"));
    command.try_get_matches_from([&["serve"], given].concat()).unwrap()
}

fn gather(file: Option<&str>, environment: &[(&str, &str)], given: &[&str]) -> Layers {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("glimpse.toml");
    let path = file.map(|text| {
        fs::write(&path, text).unwrap();
        path.as_path()
    });
    let variable =
        |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into());
    Layers::gather(path, variable, &flags(given))
}

fn said(layers: &Layers) -> Vec<String> {
    layers.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn flags_over_environment_over_file_over_defaults() {
    let file = "data = 'f'\nlisten = '127.0.0.1:1'\n[limits]\nbody = 1_000\nhead_timeout = '2s'\n";
    let environment = [
        ("GLIMPSE_LISTEN", "127.0.0.1:2"),
        ("GLIMPSE_LIMITS_BODY", "2000"),
        ("GLIMPSE_CORS_ORIGINS", "https://a.example, https://b.example"),
        ("GLIMPSE_PUBLIC_URI", ""),
    ];
    let layers = gather(Some(file), &environment, &["--listen", "127.0.0.1:3", "--log-json"]);
    assert_eq!(said(&layers), Vec::<String>::new());
    let draft = &layers.draft;
    assert_eq!(draft.listen, "127.0.0.1:3".parse().unwrap());
    assert_eq!((draft.data.to_str(), draft.limits.body), (Some("f"), 2000));
    assert_eq!(
        (draft.limits.head_timeout, draft.limits.drain_delay),
        (Duration::from_secs(2), Duration::from_secs(5))
    );
    assert_eq!(draft.cors_origins, ["https://a.example", "https://b.example"]);
    assert!(draft.log.json && draft.public_uri.is_none());
    let source = |key| layers.source(key).to_string();
    assert_eq!(source("listen"), "flag --listen");
    assert_eq!(source("limits.body"), "environment GLIMPSE_LIMITS_BODY");
    assert!(source("limits.head_timeout").ends_with("glimpse.toml:5"));
    assert_eq!((source("limits.drain_delay"), source("public_uri")), ("default".into(), "default".into()));
}

#[test]
fn every_problem_at_once_and_where() {
    let file = "listn = 1\n\n[issuer]\nid = 'x'\ncolour = 'blue'\n\n[limits]\nbody = 'many'\nkeep_alive = 1.5\n[else]\na = 1\n[none]\n";
    let layers = gather(Some(file), &[("GLIMPSE_LOG_JSON", "perhaps")], &["--listen", "nowhere"]);
    let said = said(&layers);
    let one = |parts: &[&str]| {
        assert!(
            said.iter().any(|line| parts.iter().all(|part| line.contains(part))),
            "{parts:?} in {said:#?}"
        );
    };
    one(&["glimpse.toml:1:", "there is no key `listn`"]);
    one(&["glimpse.toml:5:", "issuer.colour"]);
    one(&["limits.body", "glimpse.toml:8", "whole number"]);
    one(&["limits.keep_alive", "glimpse.toml:9"]);
    one(&["glimpse.toml:11", "else.a"]);
    one(&["glimpse.toml:12", "none"]);
    one(&["log.json", "environment GLIMPSE_LOG_JSON"]);
    one(&["listen", "flag --listen"]);
    assert_eq!(said.len(), 8);
    for value in ["many", "perhaps", "nowhere", "blue"] {
        assert!(!said.iter().any(|line| line.contains(value)), "{value}");
    }
    // Nor does the report repeat them.
    let report = report::json(&layers).to_string() + &report::table(&layers);
    assert!(!report.contains("many") && !report.contains("nowhere") && report.contains("\"valid\":false"));
}

#[test]
fn files_that_are_no_configuration() {
    let layers = gather(Some("listen = \n"), &[], &[]);
    assert!(said(&layers)[0].contains("glimpse.toml:1"), "{:?}", said(&layers));
    let layers = gather(Some("data = 'a'\ndata = 'b'\n"), &[], &[]);
    assert!(said(&layers)[0].contains("glimpse.toml:2"), "{:?}", said(&layers));
    let missing = Layers::gather(Some(Path::new("/nowhere/glimpse.toml")), |_| None, &flags(&[]));
    assert!(said(&missing)[0].contains("/nowhere/glimpse.toml"));
    let layers =
        gather(Some("[issuer]\nid = ['a']\n[verifier]\ntrust = 'a'\n[verifier.name]\na = 1\n"), &[], &[]);
    assert_eq!(said(&layers).len(), 3, "{:?}", said(&layers));
}

#[test]
fn the_example_names_every_key_and_its_default() {
    let text = fs::read_to_string(EXAMPLE).unwrap();
    let as_it_is = gather(Some(&text), &[], &[]);
    assert_eq!(said(&as_it_is), Vec::<String>::new());

    // Comments that are keys in disguise have no blank after the sign.
    let all: String = text
        .lines()
        .map(|line| {
            let key = line.strip_prefix('#').filter(|rest| !rest.is_empty() && !rest.starts_with(' '));
            format!("{}\n", key.unwrap_or(line))
        })
        .collect();
    let layers = gather(Some(&all), &[], &[]);
    assert_eq!(said(&layers), Vec::<String>::new());
    let (example, default) = (&layers.draft, Draft::default());
    for key in KEYS.iter() {
        assert!(layers.sources.contains_key(key.name), "{} is not in the example", key.name);
        let follows_cores = ["limits.event_loops", "limits.proof_workers"].contains(&key.name);
        let default = (key.show)(&default);
        // Null, or a list with nothing in it.
        let there_is_one = !default.is_null() && default != serde_json::json!([]);
        if there_is_one && !follows_cores {
            assert_eq!((key.show)(example), default, "{}", key.name);
        }
    }
}
