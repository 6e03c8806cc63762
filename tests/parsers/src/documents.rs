//! Schemas, profiles, and the bodies of the HTTP interface.

use std::fs;
use std::path::Path;

use glimpse_api::{
    AuditedPolicies, AuditedRequest, CredentialRequest, CredentialResponse, LicenceRegistration, Metadata,
    OfferCreated, OfferDetails, OfferRedemption, Policy, PresentationSubmission, Problem, RegisteredLicence,
    RegisteredRelyingParties, RequestCreated, RequestCreation, ResultReport, StatelessVerification,
    SubmissionAccepted, TokenCommitRequest, TokenCommitResponse, TokenRespondRequest, TokenRespondResponse,
};
use glimpse_circuits::json;
use glimpse_circuits::key::Issuer;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::schemas::{all_types, second, unbound};
use glimpse_profiles::Profile;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use crate::bytes::Bytes;
use crate::scene::{registry, stock};
use crate::seeds::Seeds;

/// The text of a schema or a profile.
pub(crate) fn schema(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    if let Ok(schema) = Schema::from_json(text) {
        same_again(&schema);
    }
    if let Ok(profile) = Profile::from_json(text) {
        same_again(profile.schema());
        assert_eq!(profile.attributes().len(), profile.schema().attributes().len());
        for question in profile.questions() {
            question.statements_for("l");
        }
    }
}

fn same_again(schema: &Schema) {
    assert!((1..=31).contains(&schema.attributes().len()));
    let canonical = json::canonical(schema).unwrap();
    let again =
        Schema::from_json(std::str::from_utf8(&canonical).unwrap()).expect("its canonical form is one");
    assert_eq!(again.digest(), schema.digest());
    assert_eq!(json::canonical(&again).unwrap(), canonical, "the canonical form is no fixed point");
}

/// What is in the tree, the fixtures' and the vectors'.
pub(crate) fn seeds_of_schemas(seeds: &mut Seeds) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../profiles/data");
    for entry in fs::read_dir(data).unwrap().flatten() {
        if entry.path().is_file() {
            seeds.add(fs::read(entry.path()).unwrap());
        }
    }
    for schema in [all_types(), second(), unbound()] {
        seeds.add(json::canonical(&*schema).unwrap());
    }
    for vector in seeds.vectors("/schemas") {
        seeds.add(vector["json"].to_string());
    }
}

/// Reads and writes one type: what was read is written as what reads the same.
fn fixed<T: DeserializeOwned + Serialize>(text: &str) {
    let by_path = json::from_str::<T>(text);
    let read = serde_json::from_str::<T>(text);
    if by_path.is_ok() {
        assert!(read.is_ok(), "the two readers disagree");
    }
    let Ok(read) = read else { return };
    let written = serde_json::to_string(&read).unwrap();
    if by_path.is_err() {
        // What serde takes and ours refuses has a list in the place of an object, which is written as one.
        assert!(lists(text) > lists(&written), "the two readers disagree");
    }
    let again: T = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
}

/// How many lists there are in a JSON text, at every depth.
fn lists(text: &str) -> usize {
    fn within(value: &Json) -> usize {
        match value {
            Json::Array(items) => 1 + items.iter().map(within).sum::<usize>(),
            Json::Object(members) => members.values().map(within).sum(),
            _ => 0,
        }
    }
    within(&serde_json::from_str(text).expect("it was read"))
}

const WIRE: &[fn(&str)] = &[
    fixed::<RequestCreation>,
    fixed::<Policy>,
    fixed::<PresentationSubmission>,
    fixed::<StatelessVerification>,
    fixed::<LicenceRegistration>,
    fixed::<OfferRedemption>,
    fixed::<CredentialRequest>,
    fixed::<TokenCommitRequest>,
    fixed::<TokenRespondRequest>,
    fixed::<Metadata>,
    fixed::<RequestCreated>,
    fixed::<SubmissionAccepted>,
    fixed::<ResultReport>,
    fixed::<RegisteredLicence>,
    fixed::<OfferCreated>,
    fixed::<OfferDetails>,
    fixed::<CredentialResponse>,
    fixed::<TokenCommitResponse>,
    fixed::<TokenRespondResponse>,
    fixed::<Problem>,
    fixed::<AuditedPolicies>,
    fixed::<AuditedRequest>,
    fixed::<RegisteredRelyingParties>,
];

/// First byte: which type. Then its JSON.
pub(crate) fn wire(input: &[u8]) {
    let mut input = Bytes::new(input);
    let read = *input.pick(WIRE);
    if let Ok(text) = std::str::from_utf8(input.rest()) {
        read(text);
    }
}

/// One of each type, or nearly.
pub(crate) fn seeds_of_wire_types(seeds: &mut Seeds) {
    let key: &Issuer = registry().issuers().next().unwrap();
    let schema = registry().schemas().next().unwrap();
    let text = json!({"zh-CN": "核实年龄", "en": "To check the age"});
    let nonce = "0".repeat(64);
    let policy = json!({"purpose": text, "prefer": "small", "licences": [
        {"id": "a", "schema": "cn.driving_licence", "issuers": [key.key], "check": "token"}],
        "statements": [{"age": {"of": "a.birth_date", "at_least": "18"}}, {"disclose": {"of": "a.name"}}]});
    let blobs = |length: usize| json!(vec!["A".repeat(length); 4]);
    let (r1, r2) = ("A".repeat(86), "A".repeat(43));
    let asked = &stock().asked[0];
    let request: Json =
        serde_json::from_slice(&asked.relation.request().to_canonical_json().unwrap()).unwrap();
    let verdict = json!({"verdict": "accepted", "request": nonce, "statements": [text], "disclosed": [
        {"of": "a.name", "also": ["b.name"], "value": "张三"}], "licences": [
        {"id": "a", "schema": schema.digest(), "schema_id": "test.all", "issuer": key, "check": "keyed"}]});
    let bodies = [
        json!({"inline": policy}),
        policy.clone(),
        json!({"presentation": "AQAB"}),
        json!({"request": request, "presentation": r1}),
        json!({"profile": "cn.driving_licence", "holder": "h-1", "attributes": {"name": "张三", "classes": ["C1"]}}),
        json!({"code": "AAAAAAAAAAAAAAAAAAAAAA"}),
        json!({"code": "AAAAAAAAAAAAAAAAAAAAAA", "request": "A".repeat(256)}),
        json!({"key": key.key, "pairs": blobs(86)}),
        json!({"challenges": blobs(43)}),
        json!({"issuers": [key], "schemas": [*all_types()]}),
        json!({"id": r2, "request_uri": "https://v.example/r", "result_uri": "https://v.example/s", "expires_at": "1"}),
        json!({"decision": "accepted"}),
        json!({"status": "accepted", "verdict": verdict}),
        json!({"licence": r2}),
        json!({"issuer_uri": "https://i.example", "code": r2, "expires_at": "18446744073709551615"}),
        json!({"schema": schema.digest(), "key": key.key, "nonce": nonce, "expires_at": "1795320000"}),
        json!({"credential": r1}),
        json!({"exchange": r2, "commitments": blobs(86)}),
        json!({"responses": blobs(43)}),
        json!({"type": "urn:glimpse:problem:invalid", "title": "Invalid", "status": 400, "detail": "x",
               "errors": [{"field": "statements[0]", "reason": "is wrong"}]}),
        json!({"relying_party": "a", "policies": [{"name": "adult", "policy": policy}]}),
        json!({"relying_party": "a", "request": request, "status": "pending"}),
        json!({"relying_parties": []}),
    ];
    for (which, body) in bodies.iter().enumerate() {
        seeds.add([&[which as u8][..], body.to_string().as_bytes()].concat());
    }
    seeds.add([&[0][..], br#"{"policy":"adult"}"#].concat());
}
