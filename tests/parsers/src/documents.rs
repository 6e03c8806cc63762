//! Schemas, profiles, and the bodies of the HTTP interface.

use std::fs;
use std::path::Path;

use glimpse_api::{
    AuditedPolicies, AuditedRequest, Catalogue, CataloguePage, CredentialRequest, CredentialResponse, Import,
    ImportAnnouncement, ImportBatch, ImportedBatch, LicenceChange, LicenceCorrection, LicenceRegistration,
    LicenceReport, Metadata, OfferCreated, OfferDetails, OfferRedemption, Policy, PresentationSubmission,
    Problem, Publication, Published, RegisteredLicence, RegisteredRelyingParties, RequestCreated,
    RequestCreation, ResultReport, StatelessVerification, SubmissionAccepted, TokenCommitRequest,
    TokenCommitResponse, TokenRespondRequest, TokenRespondResponse, WalletChange, WalletChanged,
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

/// Reads and writes one type: what was read is written as what reads the same, and a list is nothing but a list.
fn fixed<T: DeserializeOwned + Serialize>(text: &str) {
    if let Some(written) = open::<T>(text) {
        // Lists without anything in them may be left out.
        assert_eq!(lists(text, 1), lists(&written, 1), "a list was taken for something else");
    }
}

/// As [`fixed`], of a type that leaves members out that it does not know. What was written, if ours takes the text.
fn open<T: DeserializeOwned + Serialize>(text: &str) -> Option<String> {
    let by_path = json::from_str::<T>(text);
    let read = serde_json::from_str::<T>(text);
    if by_path.is_ok() {
        assert!(read.is_ok(), "the two readers disagree");
    }
    let Ok(read) = read else { return None };
    let written = serde_json::to_string(&read).unwrap();
    if by_path.is_err() {
        // What serde takes and ours refuses has a list in the place of an object, which is written as one.
        assert!(lists(text, 0) > lists(&written, 0), "the two readers disagree");
    }
    let again: T = serde_json::from_str(&written).expect("what was written can be read");
    assert_eq!(serde_json::to_string(&again).unwrap(), written);
    by_path.is_ok().then_some(written)
}

/// How many lists with so many items or more there are in a JSON text, at every depth.
fn lists(text: &str, least: usize) -> usize {
    fn within(value: &Json, least: usize) -> usize {
        match value {
            Json::Array(items) => {
                usize::from(items.len() >= least)
                    + items.iter().map(|item| within(item, least)).sum::<usize>()
            }
            Json::Object(members) => members.values().map(|member| within(member, least)).sum(),
            _ => 0,
        }
    }
    within(&serde_json::from_str(text).expect("it was read"), least)
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
    |text| drop(open::<Problem>(text)),
    fixed::<AuditedPolicies>,
    fixed::<AuditedRequest>,
    fixed::<RegisteredRelyingParties>,
    fixed::<LicenceChange>,
    fixed::<LicenceCorrection>,
    fixed::<LicenceReport>,
    fixed::<WalletChange>,
    fixed::<WalletChanged>,
    fixed::<Publication>,
    fixed::<Published>,
    fixed::<ImportAnnouncement>,
    fixed::<Import>,
    fixed::<ImportBatch>,
    fixed::<ImportedBatch>,
    fixed::<Catalogue>,
    fixed::<CataloguePage>,
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
    let over = json!({"attribute": "licence_number", "check": "citizen_id", "reason": "before_standard"});
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
        json!({"act": "status", "code": "1", "reason": "r"}),
        json!({"attributes": {"name": "张三", "classes": ["C1"]}, "overrides": [over], "reason": "r"}),
        json!({"licence": r2, "schema": schema.digest(), "version": "2", "stage": "ended", "ended": "revoked",
               "disputed": false, "credentials": "0", "corrects": r2, "corrected_by": r2, "overrides": [over], "events": [
               {"at": "1795320000", "actor": "a", "act": "ended", "stage": "ended", "reason": "r", "code": "1"}]}),
        json!({"holder": "h-1", "reason": "r"}),
        json!({"licences": [r2]}),
        json!({"profile": "cn.driving_licence"}),
        json!({"lists": [{"schema": schema.digest(), "version": "1", "issued_at": "1795320000", "next": "1795323600",
               "left_out": "0"}]}),
        json!({"profile": "cn.driving_licence", "announced": "3", "digest": nonce}),
        json!({"import": "a", "issuer": "91000000FUZZ", "profile": "cn.driving_licence", "schema": schema.digest(),
               "announced": "3", "digest": nonce, "registered": "3", "complete": true}),
        json!({"rows": [{"row": "1", "holder": "h-1", "attributes": {"classes": ["C1"]}, "overrides": [over]}]}),
        json!({"rows": [{"row": "1", "outcome": "registered", "licence": r2},
               {"row": "2", "outcome": "refused", "errors": [{"field": "name", "reason": "is wrong"}]}]}),
        json!({"issuer": "91000000FUZZ", "counts": [{"profile": "cn.driving_licence", "schema": schema.digest(),
               "stage": "valid", "version": "1", "count": "2"}],
               "imports": [{"import": "a", "profile": "", "announced": "3", "registered": "3"}]}),
        json!({"licences": [r2], "more": true}),
    ];
    assert_eq!(bodies.len(), WIRE.len());
    for (which, body) in bodies.iter().enumerate() {
        seeds.add([&[which as u8][..], body.to_string().as_bytes()].concat());
    }
    seeds.add([&[0][..], br#"{"policy":"adult"}"#].concat());
}
