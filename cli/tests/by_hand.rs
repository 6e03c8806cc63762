//! The README's "Trying it by hand", with real processes: serve, register, offer, obtain, ask, present, read the result;
//! then what is refused on the way, a killed service, and a damaged wallet.
#![allow(clippy::unwrap_used, clippy::expect_used)]

#[allow(dead_code)]
#[path = "../../tests/memory/search.rs"]
mod search;
mod support;

use std::fs;
use std::process::Output;

use search::{Secret, search};
use serde_json::Value;
use support::log::{Kind, keep};
use support::service::Service;
use support::{ADMIN, POLICY, RELYING_PARTY, json, run, write_secrets};

fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn from_licence_to_verdict() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let url = service.url.clone();
    let ask = |arguments: &[&str], input: &str| run(place, &url, arguments, input);

    let sample = ask(&["licence", "sample", "cn.resident_identity_card"], "");
    let mut card = json(&sample);
    let register =
        ["licence", "register", "--profile", "cn.resident_identity_card", "--holder", "person-1", "-"];
    let registered = json(&ask(&register, &card.to_string()));
    card["birth_date"] = "1990-02-30".into();
    let reason = refused(&ask(&register, &card.to_string()));
    assert!(reason.contains("attributes.birth_date") && !reason.contains("1990-02-30"), "{reason}");

    let offer = json(&ask(&["licence", "offer", registered["licence"].as_str().unwrap()], ""));
    assert!(ask(&["wallet", "init"], "").status.success());
    json(&ask(&["wallet", "pin", &url], ""));
    let credential = json(&ask(&["wallet", "accept", &url, "-"], offer["code"].as_str().unwrap()));
    assert_eq!(credential["schema"], "cn.resident_identity_card version 1");
    assert!(ask(&["wallet", "refresh"], "").status.success());

    let created = json(&ask(&["request", "create", "--file", "-"], POLICY));
    let (request, result) =
        (created["request_uri"].as_str().unwrap(), created["result_uri"].as_str().unwrap());
    let review = ask(&["wallet", "--language", "en", "review", request], "");
    let text = String::from_utf8(review.stdout).unwrap();
    for part in ["示范酒吧", "Entering a bar", "18 years or more", "STAYS HIDDEN"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Nobody is there to agree, so nothing is sent.
    assert!(
        refused(&ask(&["wallet", "--language", "en", "present", request], "")).contains("Nothing was shown.")
    );
    let pending = ask(&["request", "result", result], "");
    assert_eq!(serde_json::from_slice::<Value>(&pending.stdout).unwrap()["status"], "pending");

    let presented = ask(&["wallet", "--language", "en", "present", request, "--yes"], "");
    assert_eq!(String::from_utf8_lossy(&presented.stdout), "Accepted.\n");
    let verdict = json(&ask(&["request", "result", result], ""));
    assert_eq!(verdict["status"], "accepted");
    assert_eq!(verdict["verdict"]["disclosed"], serde_json::json!([]));
    refused(&ask(&["wallet", "present", request, "--yes"], ""));

    // Killed and started again on the same directory, at another port.
    drop(service);
    let again = Service::start(place);
    let path = result.strip_prefix(&url).unwrap();
    let kept = json(&run(place, &again.url, &["request", "result", path], ""));
    assert_eq!(kept, verdict);
}

/// Of the keys it was told, a service keeps hashes. Its own it needs, which shows that the search finds what is there.
#[test]
fn a_service_forgets_the_bearer_keys_it_was_told() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let service = Service::start(place);
    let file = fs::read_to_string(place.join("glimpse-data/issuer.key")).unwrap();
    let digits = file.lines().nth(1).unwrap().strip_prefix("secret ").unwrap();
    let digit_pairs = digits.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).unwrap());
    let x: Vec<u8> = digit_pairs.map(|pair| u8::from_str_radix(pair, 16).unwrap()).collect();
    let secrets = [
        Secret::new("x", &x),
        Secret::new("x in its file's digits", digits.as_bytes()),
        Secret::new("administrator's key", ADMIN.as_bytes()),
        Secret::new("relying party's key", RELYING_PARTY.as_bytes()),
    ];
    let found = search(service.child.id(), &secrets);
    let places: Vec<_> = found.iter().map(|found| format!("{} in {}", found.name, found.place)).collect();
    assert!(!found.is_empty() && found.iter().all(|found| found.name == "x"), "{places:?}");
}

#[test]
fn wallets_that_do_not_open_are_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    fs::write(place.join("wrong"), "battery staple\n").unwrap();
    keep(Kind::Key, "battery staple");
    let ask = |arguments: &[&str]| run(place, "http://127.0.0.1:9", arguments, "");
    assert!(ask(&["wallet", "init"]).status.success());
    let file = place.join("glimpse.wallet");
    let sound = fs::read(&file).unwrap();
    assert!(refused(&ask(&["wallet", "--passphrase-file", "wrong", "list"])).contains("wrong passphrase"));
    assert!(refused(&ask(&["wallet", "init"])).contains("there is a file"));
    assert_eq!(fs::read(&file).unwrap(), sound);

    let mut damaged = sound;
    let last = damaged.len() - 1;
    damaged[last] ^= 1;
    fs::write(&file, &damaged).unwrap();
    assert!(refused(&ask(&["wallet", "list"])).contains("damaged"));
    assert_eq!(fs::read(&file).unwrap(), damaged);
}

#[test]
fn command_lines_that_are_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let status = |arguments: &[&str]| run(directory.path(), "", arguments, "").status.code();
    assert_eq!(status(&["nonsense"]), Some(2));
    assert_eq!(status(&["serve", "--issuer-id", "x"]), Some(2));
}
