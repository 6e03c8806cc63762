//! A wallet with its file, at work with a service that the parent runs.

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};
use std::{env, fs};

use argon2::{Algorithm, Argon2, Params, Version};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::aead::Payload;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use glimpse_api::paths;
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::sample::Persona;
use glimpse_wallet::{Consent, KdfParams, Passphrase, Wallet};
use rand_core::OsRng;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::parent::Process;
use crate::search::Secret;
use crate::service::{ADMIN, Keeper, RELYING_PARTY};
use crate::stage::Stage;

const DIRECTORY: &str = "GLIMPSE_MEMORY_DIRECTORY";
const PASSPHRASE: &str = "correct horse battery staple 91xq7wz";
const DRIVING: &str = "cn.driving_licence";
/// Of a wallet's file: what comes before the encrypted contents, and where salt and nonce are in it.
const HEADER: usize = 14 + 1 + 12 + 16 + 32 + 24 + 32;

pub(crate) fn run(stage: &mut Stage) {
    let directory = PathBuf::from(env::var(DIRECTORY).unwrap());
    visit(&directory);
    open(stage, &directory);
    stage.dropped();
}

/// A wallet's life up to the first presentation, as the command line does it.
#[inline(never)]
fn visit(directory: &Path) {
    let read = |name: &str| Zeroizing::new(fs::read_to_string(directory.join(name)).unwrap());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let passphrase = Passphrase::new(&read("passphrase"));
    let rng = &mut OsRng;
    let mut wallet = Wallet::create(&directory.join("wallet"), &passphrase, KdfParams::DEFAULT, rng).unwrap();
    let url = read("url");
    wallet.pin_issuer(&url, now).unwrap();
    let id = wallet.accept_offer(&url, &read("code"), now, rng).unwrap().id;
    wallet.fetch_tokens(&id, 4, now, rng).unwrap();
    let review = wallet.review(&read("request"), now).unwrap();
    let consent = Consent::given_to(&review).unwrap();
    wallet.present(review, consent, now, rng).unwrap();
}

/// Opened again, and looked into.
#[inline(never)]
fn open(stage: &Stage, directory: &Path) {
    let text = Zeroizing::new(fs::read_to_string(directory.join("passphrase")).unwrap());
    let passphrase = Passphrase::new(&text);
    let wallet = Wallet::open(&directory.join("wallet"), &passphrase).unwrap();
    let id = wallet.list()[0].id.clone();
    assert!(!wallet.show(&id).unwrap().is_empty());
    stage.held();
}

pub(crate) fn watch(scenario: &'static str) -> Vec<String> {
    let service = Keeper::start();
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path();
    let attributes = builtin_by_schema_id(DRIVING).unwrap().sample(&Persona::new(5));
    let licence = json!({ "profile": DRIVING, "holder": "person-1", "attributes": attributes });
    let licence = service.post(paths::LICENCES, ADMIN, &licence);
    let licence = licence["licence"].as_str().unwrap_or_else(|| panic!("{licence}"));
    let offer = service.post(&paths::LICENCE_OFFERS.replace("{licence}", licence), ADMIN, &Value::Null);
    let policy = json!({ "inline": {
        "purpose": { "zh-CN": "租车", "en": "Car rental" },
        "licences": [{ "id": "licence", "schema": DRIVING, "check": "token" }],
        "statements": [{ "age": { "of": "licence.birth_date", "at_least": "18" } }],
    }});
    let request = service.post(paths::REQUESTS, RELYING_PARTY, &policy);
    let code = offer["code"].as_str().unwrap();
    for (name, text) in [
        ("passphrase", PASSPHRASE),
        ("url", service.url()),
        ("code", code),
        ("request", request["request_uri"].as_str().unwrap()),
    ] {
        fs::write(place.join(name), text).unwrap();
    }

    let mut process = Process::start("hold", scenario, &[(DIRECTORY, place.to_str().unwrap())]);
    process.expect("held");
    let mut secrets = contents(&fs::read(place.join("wallet")).unwrap());
    secrets.push(Secret::new("passphrase", PASSPHRASE.as_bytes()));
    let texts = attributes.iter().filter_map(|(name, value)| Some((name, value.as_str()?)));
    for (name, text) in
        texts.filter(|(name, _)| ["name", "licence_number", "address"].contains(&name.as_str()))
    {
        // An address begins with the name of a division, which the code tables of the schemas have as well.
        let own = text.find("样例路").map_or(text, |at| &text[at..]);
        secrets.push(Secret::new(format!("attribute-{name}"), own.as_bytes()));
    }
    let mut complaints = process.missed(&secrets);
    process.answer("");
    process.expect("dropped");
    complaints.extend(process.left(&secrets));
    process.answer("");
    complaints
}

/// What a wallet's file keeps, and the key that it is kept under. Neither the offer's code nor the
/// credential as it was sent, without t, is looked for: the HTTP client's buffers keep what has passed through them.
fn contents(file: &[u8]) -> Vec<Secret> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let cost = Params::new(number(15), number(19), number(23), Some(64)).unwrap();
    let mut derived = [0; 64];
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, cost);
    argon.hash_password_into(PASSPHRASE.as_bytes(), &file[27..43], &mut derived).unwrap();
    let nonce: [u8; 24] = file[75..99].try_into().unwrap();
    let cipher = XChaCha20Poly1305::new_from_slice(&derived[..32]).unwrap();
    let payload = Payload { msg: &file[HEADER..], aad: &file[..HEADER] };
    let json = cipher.decrypt(&XNonce::from(nonce), payload).unwrap();
    let json: Value = serde_json::from_slice(&json).unwrap();

    let mut secrets = vec![Secret::new("file-key", &derived[..32])];
    let mut keep = |name: &str, text: &Value| {
        let text = text.as_str().unwrap();
        // As it stands in the file, in pieces: whatever was copied may have been overwritten in part.
        secrets.push(Secret::transient(format!("{name}-in-base64"), &text.as_bytes()[..40]));
        URL_SAFE_NO_PAD.decode(text).unwrap()
    };
    let link_secret = keep("link-secret", &json["link_secret"]);
    let credential = keep("credential", &json["credentials"][0]["bytes"]);
    let token = keep("token", &json["credentials"][0]["tokens"][0]);
    for (name, bytes) in [
        ("link-secret", &link_secret[..]),
        ("t", &credential[..32]),
        ("e", &credential[64..96]),
        ("r", &token[..32]),
    ] {
        secrets.push(Secret::new(name, bytes));
    }
    secrets
}
