//! `glimpse serve` with a configuration file, and `--check-config`.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use support::log::{FILTER, Kind, Watched, keep};

const SECRET: &str = "the-token-that-nobody-should-see";

fn glimpse(directory: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glimpse"));
    command.current_dir(directory).args(["serve", "--config", "glimpse.toml"]).args(arguments);
    command
}

fn run(directory: &Path, arguments: &[&str]) -> Output {
    glimpse(directory, arguments).output().unwrap()
}

fn secret(path: &Path, mode: u32) {
    fs::write(path, format!("{SECRET}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

const FILE: &str = "listen = '127.0.0.1:0'\ndata = 'store'\nadmin_listen = '127.0.0.1:0'\n\
                    [issuer]\nid = 'x'\nname = 'X'\nadmin_token_file = 'token'\n";

#[test]
fn a_sound_configuration_is_told_and_nothing_is_made() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("glimpse.toml"), FILE).unwrap();
    secret(&place.join("token"), 0o600);
    let output = glimpse(place, &["--check-config", "--json", "--issuer-name-en", "Y"])
        .env("GLIMPSE_LIMITS_HEAD_TIMEOUT", "1500ms")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&report["valid"], report["problems"].as_array().unwrap().len()), (&true.into(), 0));
    let row = |key: &str| {
        let rows = report["values"].as_array().unwrap();
        rows.iter().find(|row| row["key"] == key).unwrap().clone()
    };
    let told = |key: &str| {
        let row = row(key);
        (
            row["value"].clone(),
            row["from"].as_str().unwrap().to_owned(),
            row["at"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(told("data"), ("store".into(), "file".into(), Some("glimpse.toml:2".into())));
    assert_eq!(told("issuer.name_en"), ("Y".into(), "flag".into(), Some("issuer-name-en".into())));
    let variable = Some("GLIMPSE_LIMITS_HEAD_TIMEOUT".into());
    assert_eq!(told("limits.head_timeout"), ("1500ms".into(), "environment".into(), variable));
    assert_eq!(told("limits.drain_delay"), ("5s".into(), "default".into(), None));
    assert_eq!(told("issuer.admin_token_file").0, "token");
    assert!(!text(&output.stdout).contains(SECRET));

    let table = run(place, &["--check-config"]);
    assert!(table.status.success());
    let table = text(&table.stdout);
    assert!(table.contains("file glimpse.toml:2") && table.contains("issuer.admin_token_file"), "{table}");
    assert!(!table.contains(SECRET));
    // Neither store nor key.
    let mut names: Vec<_> = fs::read_dir(place).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["glimpse.toml", "token"]);
}

#[test]
fn every_problem_is_told_and_it_does_not_serve() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let more = "colour = 'blue'\n[verifier]\naudience = 'a'\n[tls]\ncertificate_file = 'none.pem'\n\
                [log]\nfilter = 'a=b=c'\n[limits]\nhead_timeout = 0\n";
    fs::write(place.join("glimpse.toml"), format!("public_uri = 'glimpse'\n{FILE}{more}")).unwrap();
    secret(&place.join("token"), 0o644);
    for arguments in [&["--check-config"][..], &[]] {
        let output = run(place, arguments);
        assert_eq!(output.status.code(), Some(1));
        let said = text(&output.stderr);
        for part in [
            "issuer.colour",
            "token: it can be read or written by others (mode 644)",
            "a verifier needs verifier.name too",
            "TLS needs tls.key_file too",
            "log.filter (file glimpse.toml:",
            "the public URI must be",
            "head, handshake and send timeout must not be 0",
        ] {
            assert!(said.contains(part), "{part} in {said}");
        }
        assert_eq!(said.lines().count(), 7, "{said}");
        assert!(!said.contains(SECRET) && !said.contains("a=b=c"));
    }
    assert!(!place.join("store").exists());
    // What is wrong on the command line is the command line's fault.
    assert_eq!(run(place, &["--listen", "nowhere"]).status.code(), Some(2));
    assert_eq!(run(place, &["--json"]).status.code(), Some(2));
}

#[test]
fn served_by_a_file_and_stopped_by_a_signal() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(place.join("glimpse.toml"), format!("{FILE}[limits]\ndrain_delay = '10ms'\n")).unwrap();
    secret(&place.join("token"), 0o600);
    keep(Kind::Key, SECRET);
    let log = place.join("log");
    let (_watched, stderr) = Watched::file(&log);
    let mut child = glimpse(place, &["--log-json"])
        .env("GLIMPSE_LOG", FILTER)
        .stdout(Stdio::piped())
        .stderr(stderr)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("serving at http://127.0.0.1:"));
    assert!(lines.next().unwrap().unwrap().ends_with("/metrics"));
    let stopped = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(stopped.success());
    assert!(child.wait().unwrap().success());
    let log = fs::read_to_string(log).unwrap();
    let log: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(log.iter().any(|line| line["fields"]["message"] == "draining"), "{log:?}");
    assert!(place.join("store/issuer.key").exists());
}
