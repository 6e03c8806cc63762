//! A holder who knows nobody but a list of issuers, with real processes: an issuer's service, a verifier's, both on the list's
//! side, and somebody who is not.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Output;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::log::{Kind, keep};
use support::service::Service;
use support::{json as parsed, run, write_secrets};

const CARD: &str = "cn.resident_identity_card";

/// Whoever runs the list, the issuers, the relying party and the holder, each in a directory of its own.
struct Scene {
    directory: tempfile::TempDir,
    root: String,
}

impl Scene {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for name in ["domain", "issuer", "stranger", "verifier", "holder"] {
            fs::create_dir(directory.path().join(name)).unwrap();
            write_secrets(&directory.path().join(name));
        }
        let mut scene = Self { directory, root: String::new() };
        scene.root = scene.root_key("root.key");
        good(&scene.holder("wallet", &["init"]));
        scene
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    fn domain(&self, arguments: &[&str]) -> String {
        good(&run(&self.at("domain"), "http://127.0.0.1:1", &[&["trust"], arguments].concat(), ""))
    }

    fn root_key(&self, name: &str) -> String {
        let public = self.domain(&["root", "new", "--out", name]);
        let file = fs::read_to_string(self.at("domain").join(name)).unwrap();
        keep(Kind::Key, file.lines().find_map(|line| line.strip_prefix("secret ")).unwrap());
        public.trim().to_owned()
    }

    /// The next list, from a draft with these issuers; `last` is the one before. Where the holder can read it.
    fn sign(&self, name: &str, last: Option<&str>, issuers: &[&str]) -> String {
        let last: Vec<&str> = last.map_or_else(Vec::new, |last| vec!["--last", last]);
        let named: &[&str] =
            if last.is_empty() { &["--name", "示范互认", "--name-en", "Example"] } else { &[] };
        let draft = self.domain(&[&["draft"], named, &last, issuers].concat());
        fs::write(self.at("domain").join("draft"), draft).unwrap();
        self.domain(&[&["sign", "draft", "--root", "root.key", "--out", name][..], &last].concat());
        self.at("domain").join(name).to_str().unwrap().to_owned()
    }

    /// What a list says of an issuer's service.
    fn entry(&self, service: &Service, name: &str) {
        let arguments = ["issuer", "--url", &service.url, "--region", "370000", "--until", "2099-01-01"];
        fs::write(self.at("domain").join(name), self.domain(&arguments)).unwrap();
    }

    fn issuer(&self, name: &str) -> Service {
        let arguments = ["--listen", "127.0.0.1:0", "--issuer-id", name, "--issuer-name", name];
        Service::start_with(&self.at(name), &arguments, &["GLIMPSE_VERIFIER_TOKEN_FILE"])
    }

    fn verifier(&self, list: &str) -> Service {
        let own = ["--listen", "127.0.0.1:0", "--verifier-name", "示范酒吧"];
        let arguments = [&own[..], &["--trust-list", list, "--trust-root", &self.root]].concat();
        Service::start_with(&self.at("verifier"), &arguments, &["GLIMPSE_ADMIN_TOKEN_FILE"])
    }

    /// An offer's code of an issuer.
    fn offer(&self, name: &str, service: &Service) -> String {
        let ask = |arguments: &[&str], input: &str| run(&self.at(name), &service.url, arguments, input);
        let card = parsed(&ask(&["licence", "sample", CARD], ""));
        let register = ["licence", "register", "--profile", CARD, "--holder", "person-one", "-"];
        let licence = parsed(&ask(&register, &card.to_string()));
        let offer = parsed(&ask(&["licence", "offer", licence["licence"].as_str().unwrap()], ""));
        offer["code"].as_str().unwrap().to_owned()
    }

    fn holder(&self, command: &str, arguments: &[&str]) -> Output {
        self.holder_with(command, arguments, "")
    }

    fn holder_with(&self, command: &str, arguments: &[&str], input: &str) -> Output {
        let all = [&[command, "--language", "en"], arguments].concat();
        run(&self.at("holder"), "http://127.0.0.1:1", &all, input)
    }

    /// What is refused leaves the wallet's file as it is.
    #[track_caller]
    fn refused(&self, arguments: &[&str], input: &str) -> String {
        let file = self.at("holder").join("glimpse.wallet");
        let before = fs::read(&file).unwrap();
        let output = self.holder_with("wallet", arguments, input);
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
        assert_eq!(fs::read(&file).unwrap(), before, "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    }
}

#[track_caller]
fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The first revocation lists are signed while the service runs already.
fn refresh(scene: &Scene) -> Value {
    let since = Instant::now();
    loop {
        let output = scene.holder("wallet", &["refresh", "--json"]);
        let refreshed = serde_json::from_slice::<Value>(&output.stdout).unwrap();
        if output.status.success() {
            return refreshed;
        }
        assert!(since.elapsed() < Duration::from_secs(60), "{}", String::from_utf8_lossy(&output.stderr));
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_holder_who_knows_only_the_list_obtains_and_presents() {
    let scene = Scene::new();
    let (issuer, stranger) = (scene.issuer("issuer"), scene.issuer("stranger"));
    scene.entry(&issuer, "issuer.json");
    let first = scene.sign("list-1.json", None, &["issuer.json"]);
    let verifier = scene.verifier(&first);

    // Before there is a list, and with roots that have not signed it.
    assert!(good(&scene.holder("wallet", &["trust"])).contains("goes by no list of issuers"));
    assert!(scene.refused(&["trust", &first], "").contains("give the root keys too"));
    let other = scene.root_key("other.key");
    let foreign = scene.refused(&["trust", &first, "--root", &other], "");
    assert!(foreign.contains("not enough of the roots have signed it"), "{foreign}");
    let both = scene.refused(&["trust", &first, "--root", &scene.root, "--root", &other], "");
    assert!(both.contains("not enough of the roots"), "{both}");
    let taken = good(&scene.holder("wallet", &["trust", &first, "--root", &scene.root]));
    assert!(taken.contains("Example") && taken.contains(&scene.root), "{taken}");
    let shown = parsed(&scene.holder("wallet", &["trust", "--json"]));
    assert_eq!((&shown["version"], &shown["issuers"]), (&json!(1), &json!(1)));

    // Somebody who is not on it.
    let code = scene.offer("stranger", &stranger);
    for arguments in [&["pin", &stranger.url, "--yes"][..], &["accept", &stranger.url, "-"]] {
        let said = scene.refused(arguments, &code);
        assert!(said.contains("no issuer on the list is found at"), "{said}");
    }
    let chinese = run(&scene.at("holder"), "", &["wallet", "pin", &stranger.url, "--yes"], "");
    assert!(String::from_utf8_lossy(&chinese.stderr).contains("签发机关名录上没有"));

    // Nothing was pinned: the list is enough to obtain a licence, fetch its list and answer.
    let code = scene.offer("issuer", &issuer);
    let credential = parsed(&scene.holder_with("wallet", &["accept", &issuer.url, "-"], &code));
    assert_eq!(credential["listing"]["state"], "listed");
    assert_eq!(refresh(&scene)[0]["standing"]["state"], "good");
    assert!(good(&scene.holder("wallet", &["list"])).contains("listed, accepted until"));
    let mut policy: Value = serde_json::from_str(support::POLICY).unwrap();
    let fresh = json!({ "not_revoked": { "credential": "card", "max_age": "3600" } });
    policy["statements"].as_array_mut().unwrap().push(fresh);
    let ask = || {
        let create = ["request", "create", "--file", "-"];
        parsed(&run(&scene.at("verifier"), &verifier.url, &create, &policy.to_string()))
    };
    let created = ask();
    let request = created["request_uri"].as_str().unwrap();
    assert_eq!(good(&scene.holder("wallet", &["present", request, "--yes"])), "Accepted.\n");
    let read = ["request", "result", created["result_uri"].as_str().unwrap()];
    let result = parsed(&run(&scene.at("verifier"), &verifier.url, &read, ""));
    assert_eq!(
        (&result["status"], &result["verdict"]["licences"][0]["issuer"]["id"]),
        (&json!("accepted"), &json!("issuer"))
    );

    // The next list has the stranger in the place of the issuer: taken, told, and nothing is answered any more.
    scene.entry(&stranger, "stranger.json");
    let draft = scene.domain(&["draft", "--last", "list-1.json", "stranger.json"]);
    let mut draft: Value = serde_json::from_str(&draft).unwrap();
    draft["issuers"].as_array_mut().unwrap().retain(|listed| listed["id"] == "stranger");
    fs::write(scene.at("domain").join("draft"), draft.to_string()).unwrap();
    scene.domain(&["sign", "draft", "--last", "list-1.json", "--root", "root.key", "--out", "list-2.json"]);
    let second = scene.at("domain").join("list-2.json").to_str().unwrap().to_owned();
    let output = scene.holder("wallet", &["trust", &second]);
    good(&output);
    let noticed = String::from_utf8(output.stderr).unwrap();
    assert!(noticed.contains("noticed: no longer on the list of issuers: issuer"), "{noticed}");
    let back = scene.refused(&["trust", &first], "");
    assert!(
        back.contains("older than one that was seen") && back.contains("version 2 stays in force"),
        "{back}"
    );
    let id = credential["id"].as_str().unwrap();
    let shown = scene.holder("wallet", &["show", id]);
    assert!(String::from_utf8_lossy(&shown.stderr).contains("not on the list of issuers"));
    let request = ask();
    let review = scene.holder("wallet", &["review", request["request_uri"].as_str().unwrap()]);
    assert_eq!(review.status.code(), Some(1));
    let review = String::from_utf8(review.stdout).unwrap();
    assert!(review.contains("its issuer key is not on the list of issuers"), "{review}");

    // Given up only by who says so.
    assert!(scene.refused(&["distrust"], "").contains("nobody to ask"));
    good(&scene.holder("wallet", &["distrust", "--yes"]));
    assert_eq!(parsed(&scene.holder("wallet", &["trust", "--json"])), Value::Null);
    good(&scene.holder("wallet", &["pin", &stranger.url]));
}

/// A file, exchanged for the list of another domain.
#[test]
fn a_list_of_another_domain_is_not_taken() {
    let (scene, other) = (Scene::new(), Scene::new());
    for scene in [&scene, &other] {
        fs::write(
            scene.at("domain").join("draft"),
            r#"{"name":{"zh-CN":"示范","en":"Example"},"issuers":[]}"#,
        )
        .unwrap();
        scene.domain(&["sign", "draft", "--root", "root.key", "--out", "list-1.json"]);
    }
    let list = |scene: &Scene, name: &str| scene.at("domain").join(name).to_str().unwrap().to_owned();
    good(&scene.holder("wallet", &["trust", &list(&scene, "list-1.json"), "--root", &scene.root]));
    other.sign("list-2.json", Some("list-1.json"), &[]);
    for name in ["list-1.json", "list-2.json"] {
        fs::copy(Path::new(&list(&other, name)), scene.at("holder").join("list.json")).unwrap();
        let said = scene.refused(&["trust", "list.json"], "");
        assert!(said.contains("not enough of the roots have signed it; version 1 stays in force"), "{said}");
    }
    let said = scene.refused(&["trust", "list.json", "--root", &other.root], "");
    assert!(said.contains("goes by a list of issuers already"), "{said}");
}
