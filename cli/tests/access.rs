//! Keys and access files on the command line, and a service that goes by them.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

fn glimpse(directory: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_glimpse")).current_dir(directory).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn a_key_is_shown_once_and_its_hash_is_what_an_access_file_takes() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let made = glimpse(place, &["access", "key", "--out", "key", "--label", "2026-11"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let key = fs::read_to_string(place.join("key")).unwrap();
    assert!(key.starts_with("glk_") && key.len() == 48, "{}", key.len());
    assert_eq!(fs::metadata(place.join("key")).unwrap().permissions().mode() & 0o777, 0o600);
    let entry = text(&made.stdout);
    assert!(entry.contains("label = \"2026-11\"") && !entry.contains(key.trim()), "{entry}");
    // Not over a file that is there.
    let again = glimpse(place, &["access", "key", "--out", "key"]);
    assert_eq!((again.status.code(), fs::read_to_string(place.join("key")).unwrap()), (Some(1), key));
    assert_eq!(glimpse(place, &["access", "key", "--label", "a\"b"]).status.code(), Some(2));

    fs::write(place.join("access.toml"), format!("[[principal]]\nid = \"a\"\nrole = \"issuer\"\n{entry}"))
        .unwrap();
    let checked = glimpse(place, &["access", "check", "access.toml"]);
    assert_eq!(text(&checked.stdout), "a  issuer  keys: 1  certificates: 0\n");

    let shown = glimpse(place, &["access", "key"]);
    let (key, entry) = (text(&shown.stdout), text(&shown.stderr));
    assert!(key.starts_with("glk_") && key.lines().count() == 1 && entry.starts_with("keys = [{ sha256 = "));
}

#[test]
fn what_is_wrong_with_an_access_file_is_said_before_anything_is_served() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    fs::write(
        place.join("bad.toml"),
        "[[principal]]\nid = \"a\"\nrole = \"king\"\nkeys = [{ sha256 = \"glk_x\" }]\n",
    )
    .unwrap();
    let serve = ["serve", "--listen", "127.0.0.1:0", "--verifier-name", "x", "--access-file", "bad.toml"];
    for (arguments, status) in [(&["access", "check", "bad.toml"][..], 1), (&serve, 2)] {
        let refused = glimpse(place, arguments);
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(status), "{said}");
        assert!(
            said.contains("line 3: principal[0].role must be issuer, relying_party or auditor"),
            "{said}"
        );
        assert!(said.contains("line 4: principal[0].keys[0].sha256") && !said.contains("glk_x"), "{said}");
    }
    assert_eq!(glimpse(place, &["access", "check", "none.toml"]).status.code(), Some(1));
    let wrong = ["serve", "--verifier-name", "x", "--trusted-proxy", "example.org"];
    assert_eq!(glimpse(place, &wrong).status.code(), Some(2));
}
