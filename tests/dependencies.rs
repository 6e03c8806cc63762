//! docs/dependencies.md against the manifests, and what the pure crates rest on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value as Json;

const PURE: [&str; 5] = ["circuits", "issuer", "prover", "trust", "verifier"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Runs cargo without network: all that is asked about was needed to build this test.
fn cargo(arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO"))
        .current_dir(root())
        .args(arguments)
        .args(["--offline", "--locked"])
        .output()
        .unwrap();
    assert!(output.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn host() -> String {
    let version = cargo(&["-vV"]);
    version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap().to_owned()
}

/// What is said, or what is so, of one dependency.
#[derive(Debug, Default, PartialEq, Eq)]
struct Dependency {
    /// Crates of the workspace, with " (dev)" where only tests use it.
    users: BTreeSet<String>,
    /// Features, and `defaults` where they stay on.
    features: BTreeSet<String>,
    has_unsafe: bool,
}

/// Rows of the tables: name, owner of the repository, and the rest.
fn documented() -> BTreeMap<String, (String, Dependency)> {
    let text = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `")).map(|line| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [name, users, purpose, owner, features, has_unsafe, reach] = cells[..] else {
            panic!("seven cells: {line}")
        };
        assert!(!purpose.is_empty() && !reach.is_empty(), "{line}");
        let features =
            features.split(';').next().unwrap().split(',').map(|feature| feature.trim().trim_matches('`'));
        let dependency = Dependency {
            users: users.split(", ").map(str::to_owned).collect(),
            features: features.filter(|feature| *feature != "none").map(str::to_owned).collect(),
            has_unsafe: match has_unsafe {
                "yes" => true,
                "no" => false,
                _ => panic!("yes or no: {line}"),
            },
        };
        (name.trim_matches('`').to_owned(), (owner.to_owned(), dependency))
    });
    let mut table = BTreeMap::new();
    for (name, row) in rows {
        assert!(table.insert(name.clone(), row).is_none(), "{name} has two rows");
    }
    table
}

/// The word in the code of a library, comments aside.
fn mentions_unsafe(folder: &Path) -> bool {
    fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
        if path.is_dir() {
            return mentions_unsafe(&path);
        }
        path.extension().is_some_and(|extension| extension == "rs")
            && fs::read_to_string(&path).unwrap().lines().any(|line| {
                let code = line.split("//").next().unwrap();
                code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == "unsafe")
            })
    })
}

/// What the manifests say: name, address of the repository, and the rest.
fn actual() -> BTreeMap<String, (String, Dependency)> {
    let metadata: Json =
        serde_json::from_str(&cargo(&["metadata", "--format-version", "1", "--filter-platform", &host()]))
            .unwrap();
    let packages: BTreeMap<&str, &Json> = metadata["packages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|package| (package["id"].as_str().unwrap(), package))
        .collect();
    let mut table: BTreeMap<String, (String, Dependency)> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().unwrap() {
        let member = packages[node["id"].as_str().unwrap()];
        if !member["source"].is_null() {
            continue;
        }
        let user = match member["name"].as_str().unwrap() {
            "glimpse" => "cli",
            name => name.strip_prefix("glimpse-").unwrap(),
        };
        for declared in member["dependencies"].as_array().unwrap() {
            if declared["path"].is_string() {
                continue;
            }
            let name = declared["rename"].as_str().or_else(|| declared["name"].as_str()).unwrap();
            // Two versions under one name: the edge carries the name that the code uses.
            let edge = node["deps"]
                .as_array()
                .unwrap()
                .iter()
                .find(|edge| edge["name"] == name.replace('-', "_").as_str());
            let package =
                packages[edge.unwrap_or_else(|| panic!("{name} of {user}"))["pkg"].as_str().unwrap()];
            let (repository, dependency) = table.entry(name.to_owned()).or_default();
            *repository = package["repository"].as_str().unwrap().to_owned();
            dependency.users.insert(match declared["kind"].as_str() {
                Some("dev") => format!("{user} (dev)"),
                _ => user.to_owned(),
            });
            let features = declared["features"]
                .as_array()
                .unwrap()
                .iter()
                .map(|feature| feature.as_str().unwrap().to_owned());
            dependency.features.extend(features);
            if declared["uses_default_features"] == true {
                dependency.features.insert("defaults".to_owned());
            }
            let library = package["targets"].as_array().unwrap().iter().find(|target| {
                target["kind"].as_array().unwrap().iter().any(|kind| *kind == "lib" || *kind == "proc-macro")
            });
            let source = Path::new(library.unwrap()["src_path"].as_str().unwrap());
            dependency.has_unsafe |= mentions_unsafe(source.parent().unwrap());
        }
    }
    table
}

/// Every direct dependency, whether normal, for the build or for tests, has a row that fits, and nothing else has one.
#[test]
fn the_list_fits_the_manifests() {
    let (documented, actual) = (documented(), actual());
    let names = |table: &BTreeMap<String, (String, Dependency)>| table.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&documented), names(&actual));
    for (name, (owner, said)) in &documented {
        let (repository, so) = &actual[name];
        assert_eq!(said, so, "{name}");
        assert!(repository.contains(&format!("/{owner}/")), "{name}: {owner} is not in {repository}");
    }
}

/// All that is linked into the five crates without I/O is in the list, and the list has no more.
#[test]
fn the_pure_crates_rest_on_what_is_listed() {
    let text = fs::read_to_string(root().join("docs/dependencies.md")).unwrap();
    let list = text.split("<!-- pure -->").nth(1).unwrap().split("<!-- /pure -->").next().unwrap();
    let allowed: BTreeSet<&str> = list.split(',').map(|name| name.trim().trim_matches('`')).collect();
    let mut linked = BTreeSet::new();
    for name in PURE {
        let package = format!("glimpse-{name}");
        let edges = ["--edges", "normal,no-proc-macro", "--prefix", "none", "--no-dedupe", "--format", "{p}"];
        let tree = cargo(&[&["tree", "--package", &package, "--target", &host()], &edges[..]].concat());
        let names = tree.lines().map(|line| line.split(' ').next().unwrap().to_owned());
        linked.extend(names.filter(|name| !name.starts_with("glimpse-")));
    }
    assert_eq!(linked.iter().map(String::as_str).collect::<BTreeSet<_>>(), allowed);
    for io in ["libc", "getrandom", "tokio", "mio", "rustix", "socket2", "actix-web", "redis", "redb", "ureq"]
    {
        assert!(!linked.contains(io), "{io}");
    }
}

/// Nor do their own sources ask the system for anything.
#[test]
fn the_pure_crates_do_no_io() {
    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else {
                found.push(path);
            }
        }
    }
    for name in PURE {
        let mut files = Vec::new();
        sources(&root().join(name).join("src"), &mut files);
        assert!(!files.is_empty());
        for file in files {
            let text = fs::read_to_string(&file).unwrap();
            for module in ["fs", "net", "io", "env", "process", "thread", "time"] {
                assert!(!text.contains(&format!("std::{module}")), "{}: std::{module}", file.display());
            }
        }
    }
}
