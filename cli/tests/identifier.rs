//! `glimpse licence identifier`.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use serde_json::{Value, json};

const ISSUER: &str = "11330105002500287C";

fn identifier(arguments: &[&str]) -> Output {
    let all = [&["licence", "identifier"], arguments].concat();
    Command::new(env!("CARGO_BIN_EXE_glimpse")).args(all).output().unwrap()
}

#[track_caller]
fn told(arguments: &[&str]) -> Value {
    let output = identifier(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[track_caller]
fn refused(arguments: &[&str], status: i32, reason: &str) {
    let output = identifier(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(status) && said.contains(reason), "{said}");
    assert!(output.stdout.is_empty());
}

#[test]
fn issued_read_and_advanced() {
    let by_profile =
        ["issue", "--profile", "cn.business_licence", "--issuer", ISSUER, "--serial", "20260001"];
    let first = told(&by_profile);
    let by_type = ["issue", "--type", "11100000MB0143028R001", "--issuer", ISSUER, "--serial", "20260001"];
    assert_eq!(first, told(&by_type));
    let text = first["identifier"].as_str().unwrap();
    assert!(
        text.starts_with("1.2.156.3005.2.11100000MB0143028R001.11330105002500287C.20260001.001."),
        "{text}"
    );
    assert_eq!((&first["serial"], &first["version"]), (&json!("20260001"), &json!("1")));
    assert_eq!(told(&["read", text]), first);

    let next = told(&["next", text]);
    assert_eq!((&next["serial"], &next["version"]), (&first["serial"], &json!("2")));
    let second = [&by_type[..], &["--licence-version", "2"]].concat();
    assert_eq!(told(&second), next);
    let last = [&by_type[..], &["--licence-version", "999"]].concat();
    refused(&["next", told(&last)["identifier"].as_str().unwrap()], 1, "GB/T 36904");
}

#[test]
fn what_is_none_is_refused_without_being_repeated() {
    let issue = |kind: [&'static str; 2], issuer: &'static str, serial: &'static str| {
        [&["issue"], &kind[..], &["--issuer", issuer, "--serial", serial]].concat()
    };
    let card = ["--profile", "cn.business_licence"];
    refused(&issue(card, "11330105002500287D", "1"), 1, "GB 32100");
    refused(&issue(card, ISSUER, "a-b"), 1, "GB/T 36904");
    refused(&issue(["--type", "1"], ISSUER, "1"), 1, "GB/T 36904");
    refused(&issue(["--profile", "cn.none"], ISSUER, "1"), 1, "no profile cn.none");
    refused(&issue(["--profile", "cn.vehicle_licence"], ISSUER, "1"), 1, "--type");
    refused(&["issue", "--issuer", ISSUER, "--serial", "1"], 2, "--type");
    let text = told(&issue(card, ISSUER, "20260001"))["identifier"].as_str().unwrap().to_owned();
    let (rest, check) = text.split_at(text.len() - 1);
    let wrong = format!("{rest}{}", if check == "A" { "B" } else { "A" });
    for act in ["read", "next"] {
        refused(&[act, &wrong], 1, "check character");
        let said = String::from_utf8(identifier(&[act, &wrong]).stderr).unwrap();
        assert!(!said.contains("20260001"), "{said}");
    }
}
