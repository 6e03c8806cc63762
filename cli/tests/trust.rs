//! A list of issuers by hand: keys, an issuer's entry, a ceremony with two roots, rotations, and what is refused on the
//! way.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json as made};
use support::log::{Kind, keep};
use support::service::Service;
use support::{glimpse, json, run, write_secrets};

/// A service of one role, of which nobody needs a token.
fn start(directory: &Path, arguments: &[&str]) -> Service {
    let listening = [&["--listen", "127.0.0.1:0"], arguments].concat();
    Service::start_with(directory, &listening, &["GLIMPSE_ADMIN_TOKEN_FILE", "GLIMPSE_VERIFIER_TOKEN_FILE"])
}

/// `glimpse trust` in a directory.
fn trust(place: &Path, arguments: &[&str]) -> Output {
    run(place, "http://127.0.0.1:1", &[&["trust"], arguments].concat(), "")
}

#[track_caller]
fn good(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[track_caller]
fn refused(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A root key in a file of its name, and its public part.
fn root(place: &Path, name: &str) -> String {
    let public = good(trust(place, &["root", "new", "--out", name]));
    let file = fs::read_to_string(place.join(name)).unwrap();
    let secret = file.lines().find_map(|line| line.strip_prefix("secret ")).unwrap();
    keep(Kind::Key, secret);
    public.trim().to_owned()
}

/// The issuer of a service as a list has it, in a file.
fn entry(place: &Path, service: &Service, name: &str, until: &str) -> Value {
    let arguments = ["issuer", "--url", &service.url, "--region", "370000", "--until", until];
    let printed = good(trust(place, &arguments));
    fs::write(place.join(name), &printed).unwrap();
    serde_json::from_str(&printed).unwrap()
}

#[test]
fn a_root_key_is_written_once_for_its_owner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let public = root(place, "root.key");
    assert_eq!(public.len(), 64);
    let file = fs::read_to_string(place.join("root.key")).unwrap();
    assert!(file.starts_with("glimpse document key 1\nsecret "), "{}", file.len());
    assert_eq!(fs::metadata(place.join("root.key")).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(refused(&trust(place, &["root", "new", "--out", "root.key"])).contains("exists"));
    assert_eq!(fs::read_to_string(place.join("root.key")).unwrap(), file);
    assert_eq!(good(trust(place, &["root", "show", "root.key"])).trim(), public);
    fs::set_permissions(place.join("root.key"), fs::Permissions::from_mode(0o640)).unwrap();
    assert!(refused(&trust(place, &["root", "show", "root.key"])).contains("mode 640"));
}

#[test]
fn from_an_issuer_to_a_list_in_force_and_on_to_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let issuer = ["--issuer-id", "91370000TEST", "--issuer-name", "示范机关"];
    let service = start(place, &issuer);
    let first = entry(place, &service, "issuer.json", "2099-01-01");
    assert_eq!((&first["id"], &first["regions"][0]), (&"91370000TEST".into(), &"370000".into()));
    assert_eq!(first["uri"], service.url);
    let [one, two] = ["one.key", "two.key"].map(|name| root(place, name));

    // The first list, and only its root may say so.
    fs::write(place.join("draft"), good(trust(place, &["draft", "--name", "示范", "issuer.json"]))).unwrap();
    good(trust(place, &["sign", "draft", "--root", "one.key", "--out", "first.json"]));
    let shown = good(trust(place, &["show", "first.json", "--root", &one]));
    for part in ["91370000TEST", "version 1", "370000", "all built-in", "accepted"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert_eq!(json(&trust(place, &["show", "first.json", "--root", &one, "--json"]))["version"], "1");
    assert!(refused(&trust(place, &["show", "first.json", "--root", &two])).contains("not signed"));
    assert!(
        refused(&trust(place, &["sign", "draft", "--root", "one.key", "--out", "first.json"]))
            .contains("exists")
    );
    let stranger = ["sign", "draft", "--last", "first.json", "--root", "two.key", "--out", "none.json"];
    assert!(refused(&trust(place, &stranger)).contains("neither of this list nor of the last"));
    assert!(!place.join("none.json").exists());
    good(trust(place, &["check", "--last", "first.json", "first.json"]));

    // A new key of the issuer beside the old one, and two roots from now on: the ceremony has two parts.
    drop(service);
    fs::rename(place.join("glimpse-data"), place.join("old-data")).unwrap();
    let service = start(place, &issuer);
    entry(place, &service, "issuer2.json", "2099-01-01");
    let drafted = good(trust(place, &["draft", "--last", "first.json", "issuer2.json"]));
    let mut draft: Value = serde_json::from_str(&drafted).unwrap();
    assert_eq!(draft["issuers"][0]["keys"].as_array().unwrap().len(), 2);
    assert_eq!(draft["issuers"][0]["keys"][0], first["keys"][0]);
    draft["roots"] = serde_json::json!({ "keys": [one, two], "threshold": "2" });
    fs::write(place.join("draft2"), draft.to_string()).unwrap();
    let half = ["sign", "draft2", "--last", "first.json", "--root", "one.key", "--out", "half.json"];
    let output = trust(place, &half);
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 more must sign"));
    good(output);
    assert!(
        refused(&trust(place, &["check", "--last", "first.json", "half.json"]))
            .contains("would not be taken")
    );
    let rest = ["cosign", "half.json", "--last", "first.json", "--root", "two.key", "--out", "second.json"];
    // Whoever signs too is told what he signs, and another document than the first one signed is not signed.
    let half: Value = serde_json::from_str(&fs::read_to_string(place.join("half.json")).unwrap()).unwrap();
    for other in ["first.json", "draft2"] {
        let mut exchanged = half.clone();
        let text = fs::read_to_string(place.join(other)).unwrap();
        let from: Value = serde_json::from_str(&text).unwrap();
        exchanged["payload"] = from.get("payload").cloned().unwrap_or_else(|| half["payload"].clone());
        if other == "draft2" {
            exchanged["signatures"] = serde_json::json!([]);
        }
        fs::write(place.join("exchanged.json"), exchanged.to_string()).unwrap();
        let cosign =
            ["cosign", "exchanged.json", "--last", "first.json", "--root", "two.key", "--out", "none.json"];
        assert!(refused(&trust(place, &cosign)).contains("nobody has signed this"));
    }
    let told = good(trust(place, &rest));
    let full = draft["issuers"][0]["keys"][1]["key"].as_str().unwrap();
    for part in ["new key", full, "cn.driving_licence", "revocation lists under"] {
        assert!(told.contains(part), "{part} in {told}");
    }
    let skipped =
        ["cosign", "second.json", "--last", "second.json", "--root", "two.key", "--out", "none.json"];
    assert!(refused(&trust(place, &skipped)).contains("what follows the last list is 3"));
    let changes = good(trust(place, &["check", "--last", "first.json", "second.json"]));
    for part in ["version 2 instead of 1", "roots: 2 of", "91370000TEST: new key", "would be taken"] {
        assert!(changes.contains(part), "{part} in {changes}");
    }
    // The same for programs.
    let told = |last: &str, next: &str| {
        let output = trust(place, &["check", "--json", "--last", last, next]);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        (output.status.success(), said)
    };
    let (taken, said) = told("first.json", "second.json");
    assert!(taken && said["would_be_taken"] == true && said.get("reason").is_none(), "{said}");
    assert_eq!(said["changes"].as_array().unwrap().len() + 1, changes.lines().count());
    assert_eq!(said["changes"][0], "version 2 instead of 1");
    let (taken, said) = told("second.json", "first.json");
    assert!(!taken && said["would_be_taken"] == false, "{said}");
    assert!(
        said["reason"].as_str().unwrap().contains("not signed")
            || said["reason"].as_str().unwrap().contains("older")
    );
    assert_eq!(told("first.json", "first.json"), (true, made!({ "would_be_taken": true, "changes": [] })));
    let back = trust(place, &["check", "--last", "second.json", "first.json"]);
    assert!(refused(&back).contains("would not be taken"));
    assert!(String::from_utf8_lossy(&back.stdout).contains("no longer listed"));
    good(trust(place, &["show", "second.json", "--root", &one, "--root", &two]));
    // The next one has the roots of the last if its draft does not say otherwise, and an older one is told as such.
    let both = ["--root", "one.key", "--root", "two.key", "--out", "third.json"];
    fs::write(place.join("draft3"), good(trust(place, &["draft", "--last", "second.json"]))).unwrap();
    good(trust(place, &[&["sign", "draft3", "--last", "second.json"], &both[..]].concat()));
    good(trust(place, &["check", "--last", "second.json", "third.json"]));
    assert!(refused(&trust(place, &["check", "--last", "third.json", "second.json"])).contains("older"));
}

#[test]
fn a_verifier_is_configured_with_a_list_and_says_what_is_wrong_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    write_secrets(place);
    let public = root(place, "root.key");
    fs::write(place.join("draft"), r#"{"name":{"zh-CN":"示范","en":"Example"},"issuers":[]}"#).unwrap();
    good(trust(place, &["sign", "draft", "--root", "root.key", "--out", "list.json"]));
    let verifier = ["--verifier-name", "示范酒吧"];
    let check = |more: &[&str], variable: &str| {
        let mut command = glimpse(place);
        command.args(["serve", "--check-config"]).args(verifier).args(more);
        command.env_remove("GLIMPSE_ADMIN_TOKEN_FILE");
        if !variable.is_empty() {
            command.env("GLIMPSE_TRUST_ROOT", variable);
        }
        command.output().unwrap()
    };
    assert!(good(check(&["--trust-list", "list.json"], &public)).contains(&public));
    let roots = ["--trust-list", "list.json", "--trust-root", &public];
    good(check(&roots, ""));
    // Checked, not taken.
    assert!(!place.join("glimpse-data").exists());
    let refused = |more: &[&str]| {
        let output = check(more, "");
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(refused(&["--trust-list", "list.json"]).contains("needs verifier.trust_roots too"));
    assert!(refused(&["--trust-root", &public]).contains("give verifier.trust_list too"));
    assert!(refused(&["--trust-list", "none.json", "--trust-root", &public]).contains("none.json"));
    let other = root(place, "other.key");
    assert!(refused(&["--trust-list", "list.json", "--trust-root", &other]).contains("not signed"));
    assert!(refused(&[&roots[..], &["--trust-threshold", "2"]].concat()).contains("threshold"));
    let short = &public[1..];
    let said = refused(&["--trust-list", "list.json", "--trust-root", short]);
    assert!(said.contains("64 lower-case hexadecimal digits"), "{said}");

    let service = start(place, &[&verifier[..], &roots].concat());
    assert!(service.url.starts_with("http://"));
    assert!(place.join("glimpse-data/trust-list.json").exists());
}
