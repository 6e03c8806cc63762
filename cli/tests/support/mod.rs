//! The command as people run it, in a directory with the secrets it needs. Whatever goes in or comes out of it is looked
//! through for secrets; what it prints beyond what was asked for must not have any, and no more must what services log.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../../../service/tests/support/log.rs"]
pub mod log;
pub mod service;

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use log::Kind;

pub const POLICY: &str = r#"{"purpose":{"zh-CN":"进入酒吧","en":"Entering a bar"},
  "licences":[{"id":"card","schema":"cn.resident_identity_card","check":"token"}],
  "statements":[{"age":{"of":"card.birth_date","at_least":"18"}}]}"#;

/// What opens the administrator's part of a service, and the relying party's. Nothing that stands in memory by chance: a
/// repeated letter does, in every copy of a vector register that a hash table looked its entries up with.
pub const ADMIN: &str = "adm-Vq8rT2nZ5kXw0bLs7cYh3pJd6gFm";
pub const RELYING_PARTY: &str = "rel-Hn4yU9eQa1tKz6oWx8vBi2mRs5dC";

/// `admin`, `relying-party` and `passphrase`.
pub fn write_secrets(directory: &Path) {
    for (name, secret) in
        [("admin", ADMIN), ("relying-party", RELYING_PARTY), ("passphrase", "correct horse")]
    {
        log::keep(Kind::Key, secret);
        let path = directory.join(name);
        fs::write(&path, format!("{secret}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
    }
}

pub fn glimpse(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glimpse"));
    command
        .current_dir(directory)
        .env("GLIMPSE_ADMIN_TOKEN_FILE", "admin")
        .env("GLIMPSE_VERIFIER_TOKEN_FILE", "relying-party")
        .env("GLIMPSE_PASSPHRASE_FILE", "passphrase")
        .env("XDG_STATE_HOME", std::path::absolute(directory).unwrap().join("state"))
        // For `serve`: everything.
        .env("GLIMPSE_LOG", log::FILTER);
    command
}

pub fn run(directory: &Path, url: &str, arguments: &[&str], input: &str) -> Output {
    let mut child = glimpse(directory)
        .env("GLIMPSE_URL", url)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    look_through(arguments, input, &output);
    output
}

/// Nobody asks for the values of a licence but who has them shown, and nobody for what opens something but who makes it.
fn look_through(arguments: &[&str], input: &str, output: &Output) {
    log::look_through(&[], [input.as_bytes(), &output.stdout]);
    let licence = match arguments {
        ["licence", "sample", ..] => &output.stdout,
        ["licence", "register", ..] => input.as_bytes(),
        _ => &b"null"[..],
    };
    log::keep_all(Kind::Attribute, &serde_json::from_slice(licence).unwrap_or_default());
    if let Some(holder) = arguments.iter().position(|argument| *argument == "--holder") {
        log::keep(Kind::Attribute, arguments[holder + 1]);
    }
    let quiet = arguments[0] == "wallet" && !arguments.contains(&"show");
    let printed = if quiet { [&output.stdout[..], &output.stderr].concat() } else { output.stderr.clone() };
    let found = log::found_in(&printed, &[Kind::Attribute, Kind::Key]);
    assert!(found.is_empty(), "{arguments:?} prints:\n{}", found.join("\n"));
}

#[track_caller]
pub fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}
