use std::fs::{self, Permissions};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;

use actix_web::{App, HttpRequest, HttpServer, web};
use glimpse_circuits::request::CheckKind;
use sha2::{Digest, Sha256};

use super::*;
use crate::tls::PeerCertificate;

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("access.toml");
    fs::write(&path, text).unwrap();
    (directory, path)
}

fn problems(text: &str) -> Vec<String> {
    let (_directory, path) = file(text);
    match Access::from_file(path, []) {
        Err(AccessError::Problems(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

fn who(access: &Access, key: &str, now: u64) -> Option<String> {
    let shown = Credentials { key: Some(key.as_bytes()), certificate: None };
    access.now().identify(shown, now).map(|principal| principal.id.clone())
}

#[test]
fn a_file_with_everything() {
    let text = format!(
        r#"
[[principal]]
id = "authority"
role = "issuer"
keys = [{{ sha256 = "{}" }}]

[[principal]]
id = "rental"
role = "relying_party"
name = {{ "zh-CN" = "某租车公司", en = "A car rental" }}
keys = [
  {{ sha256 = "{}", label = "2026-11", not_before = 2026-11-01T00:00:00+08:00, not_after = "2027-11-30T00:00:00Z" }},
  {{ sha256 = "{}" }},
]
certificates = ["{}"]
[principal.may_ask]
schemas = ["cn.driving_licence"]
disclose = ["cn.driving_licence.classes"]
prove = "any"
statements = ["age", "not_member"]
checks = ["token"]

[[principal]]
id = "nobody-yet"
role = "relying_party"

[[principal]]
id = "inspector"
role = "auditor"
"#,
        hash("a"),
        hash("b"),
        hash("c"),
        hash("certificate")
    );
    let (_directory, path) = file(&text);
    let other = Principal::new("other", Role::Auditor).with_key(Key::of("d"));
    let access = Access::from_file(path, [other]).unwrap();
    let ids: Vec<_> = access.principals().iter().map(|principal| format!("{principal:?}")).collect();
    let expected =
        ["other (auditor)", "authority (issuer)", "rental (relying_party)", "nobody-yet (relying_party)"];
    assert_eq!(ids[..4], expected);
    let rental = &access.principals()[2];
    assert_eq!(rental.name.as_ref().unwrap().en, "A car rental");
    assert_eq!(rental.certificates, [<[u8; 32]>::from(Sha256::digest("certificate"))]);
    let (first, second) = (&rental.keys[0], &rental.keys[1]);
    assert_eq!(first.label.as_deref(), Some("2026-11"));
    // 16:00 in the evening before, in Greenwich.
    assert_eq!((first.not_before, first.not_after), (Some(1_793_462_400), Some(1_827_532_800)));
    assert_eq!(*second, Key::of("c"));
    let Role::RelyingParty(may_ask) = &rental.role else { panic!() };
    let one = |name: &str| Allowed::Only(vec![name.to_owned()]);
    let expected = Registration {
        schemas: one("cn.driving_licence"),
        disclose: one("cn.driving_licence.classes"),
        prove: Allowed::Any,
        statements: Allowed::Only(vec![StatementKind::Age, StatementKind::NotMember]),
        checks: Allowed::Only(vec![CheckKind::Token]),
    };
    assert_eq!(**may_ask, expected);
    // What grants nothing grants nothing.
    let Role::RelyingParty(nothing) = &access.principals()[3].role else { panic!() };
    assert_eq!(**nothing, Registration::default());
}

/// Events would not tell what an administrator of that name did from what wallets did.
#[test]
fn nobody_is_called_as_events_call_wallets() {
    let refused = |principal: Principal| {
        let problems = Access::new([principal]).unwrap_err();
        problems.to_string()
    };
    for role in [Role::Issuer, Role::Auditor] {
        assert!(refused(Principal::new("wallet", role.clone())).contains("stands for holders' wallets"));
        assert!(Access::new([Principal::new("wallets", role)]).is_ok());
    }
    let (_directory, path) = file("[[principal]]\nid = \"wallet\"\nrole = \"issuer\"\n");
    let problems = Access::from_file(path, []).unwrap_err().to_string();
    assert!(problems.contains("line 1") && problems.contains("wallets"), "{problems}");
}

#[test]
fn an_empty_file_is_nobody() {
    let (_directory, path) = file("");
    assert!(Access::from_file(path, []).unwrap().principals().is_empty());
    assert!(Access::default().principals().is_empty());
}

#[test]
fn everything_that_is_wrong_is_named_with_its_place_and_no_value() {
    let found = problems(&format!(
        r#"typo = 1
[[principal]]
id = "Upper"
role = "king"
keys = [{{ sha256 = "glk_the-key-itself", lable = "x" }}, {{ not_after = "tomorrow" }}, 7]

[[principal]]
id = "b"
role = "relying_party"
name = {{ en = "only one" }}
keys = [{{ sha256 = "{0}" }}, {{ sha256 = "{0}", not_before = 2027-01-01, not_after = 2026-01-01T00:00:00Z }}]
certificates = ["{0}", "{0}"]
[principal.may_ask]
schemas = ["cn.card", "Cn"]
disclose = ["cn.card", "cn.other.x", "cn.card.x"]
statements = ["divine"]
checks = "all"

[[principal]]
id = "b"
role = "auditor"
name = {{ "zh-CN" = "", en = "x" }}
may_ask = {{}}
"#,
        hash("k")
    ));
    let expected = [
        "line 3: principal[0].id must match",
        "line 4: principal[0].role must be issuer",
        "line 5: principal[0].keys[0].sha256 must be a SHA-256",
        "line 5: principal[0].keys[0] has a member that is not known; there are sha256, label, not_before",
        "line 5: principal[0].keys[1].sha256 is missing",
        "line 5: principal[0].keys[1].not_after must be a moment",
        "line 5: principal[0].keys[2] must be a table",
        "line 10: principal[1].name.zh-CN is missing",
        "line 11: principal[1].keys[1].not_before must be a moment",
        "line 14: principal[1].may_ask.schemas[1] must be a schema id",
        "line 15: principal[1].may_ask.disclose[0] is of a schema that is not among",
        "line 15: principal[1].may_ask.disclose[1] is of a schema that is not among",
        "line 16: principal[1].may_ask.statements[0] must be one of",
        "line 17: principal[1].may_ask.checks must be a list, or \"any\"",
        "line 23: principal[2].may_ask is for relying parties only",
        "line 1: file has a member that is not known; there are principal",
        "line 7: principal[1].keys[1] is there already",
        "line 7: principal[1].certificates[1] is there already",
        "line 19: principal[2].id is the id of an earlier principal",
        "line 19: principal[2].name must have 1 to 120",
    ];
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}\n{expected}");
    }
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for value in ["the-key-itself", "lable", "tomorrow", "king", "Upper", "divine", "typo"] {
        assert!(!found.join("\n").contains(value), "{value}");
    }
    let found = problems("[[principal]]\nid = \"glk_secret\nrole = ");
    assert!(
        found[0].starts_with("line 2 is not TOML: ") && !found.join("").contains("glk_secret"),
        "{found:?}"
    );
    let found = problems("[principal]\nid = \"a\"");
    assert_eq!(found, ["line 1: principal must be a list"]);
    let never = format!(
        "[[principal]]\nid = \"a\"\nrole = \"issuer\"\nkeys = [{{ sha256 = \"{}\", not_before = 2026-01-01T00:00:00Z, not_after = 2026-01-01T00:00:00Z }}]",
        hash("k")
    );
    assert!(problems(&never)[0].starts_with("line 1: principal[0].keys[0] is never good"));
}

#[test]
fn principals_from_values_follow_the_same_rules() {
    let key = || Key::of("k");
    let a = Principal::new("a", Role::Auditor).with_key(key());
    let refused = |principals: Vec<Principal>| Access::new(principals).unwrap_err().to_string();
    assert!(refused(vec![a.clone(), a.clone()]).contains("given[1].id is the id of an earlier"));
    let b = Principal::new("b", Role::Issuer).with_key(key());
    assert_eq!(
        refused(vec![a.clone(), b]),
        "access: given[1].keys[0] is there already: a key has one principal"
    );
    assert!(refused(vec![Principal::new("A b", Role::Auditor)]).contains("given[0].id must match"));
    let (_directory, path) = file("[[principal]]\nid = \"a\"\nrole = \"issuer\"");
    let error = Access::from_file(path, [a]).unwrap_err().to_string();
    assert_eq!(error, "access: line 1: principal[0].id is the id of an earlier principal");
}

#[test]
fn keys_are_good_in_their_time() {
    let bounded = Key { not_before: Some(10), not_after: Some(20), ..Key::of("bounded") };
    let principal = Principal::new("a", Role::Auditor).with_key(bounded).with_key(Key::of("for ever"));
    let other = Principal::new("b", Role::Auditor).with_key(Key::of("other"));
    let access = Access::new([principal, other]).unwrap();
    let at = |now| who(&access, "bounded", now).is_some();
    assert_eq!([at(9), at(10), at(19), at(20)], [false, true, true, false]);
    assert_eq!(who(&access, "for ever", u64::MAX).as_deref(), Some("a"));
    assert_eq!(who(&access, "other", 0).as_deref(), Some("b"));
    for wrong in ["", "for eve", "for ever ", "For ever", &hash("other")] {
        assert_eq!(who(&access, wrong, 15), None, "{wrong}");
    }
    assert_eq!(
        format!("{:?}", access.principals()[0].keys[1]),
        "Key { label: None, not_before: None, not_after: None }"
    );
}

#[test]
fn a_key_and_a_certificate_must_be_of_the_same_principal() {
    let with = |id: &str, byte: u8| {
        let mut principal = Principal::new(id, Role::Auditor).with_key(Key::of(id));
        principal.certificates.push([byte; 32]);
        principal
    };
    let access = Access::new([with("a", 1), with("b", 2)]).unwrap();
    let now = access.now();
    let who = |key: Option<&str>, certificate: Option<u8>| {
        let shown = Credentials { key: key.map(str::as_bytes), certificate: certificate.map(|b| [b; 32]) };
        now.identify(shown, 0).map(|principal| principal.id.as_str())
    };
    assert_eq!(who(None, None), None);
    assert_eq!(who(None, Some(2)), Some("b"));
    assert_eq!(who(None, Some(3)), None);
    assert_eq!(who(Some("a"), Some(1)), Some("a"));
    assert_eq!(who(Some("a"), Some(2)), None);
    assert_eq!(who(Some("a"), Some(3)), Some("a"));
    // Whoever shows a wrong key is not let in by a certificate.
    assert_eq!(who(Some("c"), Some(1)), None);
}

#[test]
fn a_key_is_changed_without_a_gap_and_a_broken_file_changes_nothing() {
    let with = |keys: &[&str]| {
        let keys: Vec<_> = keys.iter().map(|key| format!("{{ sha256 = \"{}\" }}", hash(key))).collect();
        format!("[[principal]]\nid = \"a\"\nrole = \"auditor\"\nkeys = [{}]\n", keys.join(", "))
    };
    let (_directory, path) = file(&with(&["old"]));
    let given = Principal::new("given", Role::Auditor).with_key(Key::of("given"));
    let access = Access::from_file(&path, [given]).unwrap();
    let good = |access: &Access| ["old", "new", "given"].map(|key| who(access, key, 0).is_some());
    assert_eq!(good(&access), [true, false, true]);
    assert!(!access.reload().unwrap());
    let elsewhere = access.clone();
    fs::write(&path, with(&["old", "new"])).unwrap();
    assert!(access.reload().unwrap());
    assert_eq!((good(&access), good(&elsewhere)), ([true; 3], [true; 3]));

    fs::write(&path, with(&["new"]).replace("auditor", "emperor")).unwrap();
    assert!(matches!(access.reload(), Err(AccessError::Problems(_))));
    fs::write(&path, [0xff, 0xfe]).unwrap();
    assert!(matches!(access.reload(), Err(AccessError::File { .. })));
    fs::write(&path, " ".repeat(1024 * 1024 + 1)).unwrap();
    assert!(access.reload().unwrap_err().to_string().ends_with("has more than 1 MiB"));
    fs::write(&path, with(&["new"])).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o666)).unwrap();
    assert!(access.reload().unwrap_err().to_string().ends_with("everybody may write to it"));
    fs::remove_file(&path).unwrap();
    assert!(matches!(access.reload(), Err(AccessError::File { .. })));
    assert_eq!(good(&access), [true; 3]);

    fs::write(&path, with(&["new"])).unwrap();
    assert!(access.reload().unwrap());
    assert_eq!(good(&access), [false, true, true]);
}

#[test]
fn fresh_keys() {
    let (one, other) = (fresh_key(), fresh_key());
    assert!(one.starts_with("glk_") && one.len() == 47 && *one != *other);
    let access = Access::new([Principal::new("a", Role::Auditor).with_key(Key::of(&one))]).unwrap();
    assert!(who(&access, &one, 0).is_some() && who(&access, &other, 0).is_none());
}

#[actix_web::test]
async fn the_certificate_of_the_connection() {
    let tell = async |request: HttpRequest| format!("{:?}", peer_certificate(&request).map(|hash| hash[0]));
    for (certificate, expected) in [(Some(7), "Some(7)"), (None, "None")] {
        let server = HttpServer::new(move || App::new().route("/", web::get().to(tell)))
            .on_connect(move |_, data| {
                if let Some(byte) = certificate {
                    data.insert(PeerCertificate([byte; 32]));
                }
            })
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let asking = web::block(move || {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            answer
        });
        assert!(asking.await.unwrap().ends_with(expected));
        handle.stop(false).await;
    }
}
