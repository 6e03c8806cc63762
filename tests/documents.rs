//! What the documents point at is there.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// Whether a file has a test of this name: a function under an attribute that makes it one, or in `proptest!`.
fn has_test(source: &str, name: &str) -> bool {
    let Some(at) = source.find(&format!("fn {name}(")) else { return false };
    // Attributes stand right before it; what is left of its own line is blank or `async `.
    let mut before =
        source[..at].lines().rev().map(str::trim).skip_while(|line| matches!(*line, "" | "async"));
    before.by_ref().take_while(|line| line.starts_with("#[")).any(|line| line.contains("test"))
}

#[test]
fn every_test_that_is_named_is_there() {
    let document = text("docs/security.md");
    let named: BTreeSet<(&str, &str)> = quoted(&document)
        .filter_map(|quoted| quoted.split_once("::"))
        .filter(|(file, _)| file.ends_with(".rs"))
        .collect();
    assert!(named.len() > 60, "{}", named.len());
    let gone: Vec<_> = named.iter().filter(|(file, name)| !has_test(&text(file), name)).collect();
    assert!(gone.is_empty(), "{gone:?}");
}

#[test]
fn every_line_of_the_attack_list_has_its_row() {
    let document = text("docs/security.md");
    let attacks = document.split("## Attacks").nth(1).unwrap().split("### ").next().unwrap();
    let rows: Vec<&str> = attacks.lines().filter(|line| line.starts_with("| ")).skip(1).collect();
    let lines: Vec<String> =
        rows.iter().map(|row| row.split('|').nth(1).unwrap().trim().to_owned()).collect();
    assert_eq!(lines, (1..=17).map(|line| line.to_string()).collect::<Vec<_>>());
}

/// Each mutation is told of in the document, and what it says of itself is what the document says.
#[test]
fn every_mutation_has_its_row() {
    let document = text("docs/security.md");
    let mutations = document.split("### Mutations").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut files: Vec<PathBuf> =
        fs::read_dir(root().join("tests/mutations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 20, "{}", files.len());
    for file in files {
        let name = file.file_stem().unwrap().to_str().unwrap();
        let patch = fs::read_to_string(&file).unwrap();
        let header = |key: &str| {
            let line = patch.lines().find_map(|line| line.strip_prefix(&format!("{key}: ")));
            line.unwrap_or_else(|| panic!("{name} has no {key}")).to_owned()
        };
        let test = header("command").split(' ').next_back().unwrap().to_owned();
        let row = format!("| `{name}` | {} | {} | `{test}` |", header("attack"), header("defence"));
        assert!(mutations.contains(&row), "missing: {row}");
    }
}

/// Links between documents lead to files that are there.
#[test]
fn links_lead_somewhere() {
    for document in ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"]
        .map(PathBuf::from)
        .into_iter()
        .chain(fs::read_dir(root().join("docs")).unwrap().map(|entry| entry.unwrap().path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
    {
        let path = root().join(document);
        let text = fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            let file = link.split('#').next().unwrap();
            if !file.is_empty() && !file.contains("://") {
                assert!(path.parent().unwrap().join(file).exists(), "{} in {}", link, path.display());
            }
        }
    }
}
