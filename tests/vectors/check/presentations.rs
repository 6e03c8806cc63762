//! Presentations, one at a time and in batches.

use std::collections::BTreeMap;
use std::sync::Arc;

use glimpse_circuits::presentation::{Presentation, in_profile_of};
use glimpse_circuits::relation::{Profile, Relation};
use glimpse_circuits::request::{Request, Statement};
use glimpse_fixtures::reference::{broken, challenges};
use glimpse_issuer::IssuerSecretKey;
use glimpse_verifier::{Cause, Item, Verdict, VerificationFailure, Verifier};

use super::requests::relation;
use super::{KNOWN, bytes, distinct, scalar, value};
use crate::format::ValidPresentation;

/// A verifier who has every key's secret.
pub(super) fn verifier(audience: &str) -> Verifier {
    let verifier = Verifier::new(audience, KNOWN.registry.clone());
    KNOWN.keys.values().chain(KNOWN.revocation.values()).fold(verifier, |verifier, key| {
        verifier.with_keyed_check(Arc::new(IssuerSecretKey::from_bytes(&key.to_bytes()).unwrap()))
    })
}

/// A request read from the file's text.
fn request(name: &str) -> Arc<Request> {
    let vector = KNOWN.file.requests.valid.iter().find(|vector| vector.name == name);
    Arc::new(Request::from_json(&vector.unwrap_or_else(|| panic!("no request {name}")).canonical).unwrap())
}

fn stage(result: &Result<Verdict, VerificationFailure>) -> &'static str {
    match result.as_ref().map_err(VerificationFailure::cause) {
        Ok(_) => "accepted",
        Err(Cause::Audience | Cause::Expired | Cause::NotYetValid | Cause::Request(_)) => "request",
        Err(Cause::Decode(_)) => "decode",
        Err(Cause::StaleList | Cause::FutureList) => "list",
        Err(Cause::Proof | Cause::NoIssuerSecret) => "proof",
    }
}

#[test]
fn valid_presentations_are_accepted() {
    let valid = &KNOWN.file.presentations.valid;
    distinct(valid.iter().map(|vector| vector.name.as_str()));
    let verifier = verifier(&KNOWN.file.requests.audience);
    for vector in valid {
        let (bytes, now) = (bytes(&vector.bytes), vector.now.parse().unwrap());
        let request = request(&vector.request);
        let verdict = verifier.verify(&request, &bytes, now);
        let verdict = verdict.unwrap_or_else(|failure| panic!("{}: {:?}", vector.name, failure.cause()));
        said(vector, &verdict);
        let fast = relation(&vector.request);
        let relation = in_profile_of(&fast, &bytes);
        let profile = if relation.profile() == Profile::Compact { "compact" } else { "fast" };
        assert_eq!(profile, vector.profile, "{}", vector.name);
        let presentation = Presentation::from_bytes(&relation, &bytes).unwrap();
        assert!(presentation.to_bytes() == bytes, "{}", vector.name);
        let (y, c) = challenges(&relation, &presentation);
        assert_eq!(c, scalar(&vector.challenges.c), "{}", vector.name);
        let expected = vector.challenges.y.as_deref().map(scalar);
        assert_eq!(relation.has_digit_equation().then_some(y), expected, "{}", vector.name);
    }
}

/// The verdict says what the file says.
pub(super) fn said(vector: &ValidPresentation, verdict: &Verdict) {
    let issuers: Vec<&str> =
        verdict.credentials.iter().map(|credential| credential.issuer.id.as_str()).collect();
    assert_eq!(issuers, vector.issuers, "{}", vector.name);
    assert_eq!(verdict.disclosed.len(), vector.disclosed.len(), "{}", vector.name);
    for (disclosed, shown) in verdict.disclosed.iter().zip(&vector.disclosed) {
        assert_eq!(disclosed.of.to_string(), shown.of, "{}", vector.name);
        assert!(disclosed.value == value(&shown.value), "{}: {}", vector.name, shown.of);
    }
    moments(vector, verdict);
    for (credential, holding) in verdict.credentials.iter().zip(&vector.holdings) {
        let issuance = KNOWN.file.issuance.valid.iter().find(|issuance| issuance.name == *holding).unwrap();
        assert_eq!(credential.schema.digest(), KNOWN.schemas[&issuance.schema].digest(), "{}", vector.name);
        assert_eq!(credential.issuer.id, issuance.key, "{}", vector.name);
        for shown in &vector.disclosed {
            let (id, attribute) = shown.of.split_once('.').unwrap();
            if id == credential.id {
                let (position, _) = credential.schema.attribute(attribute).unwrap();
                assert_eq!(issuance.values[position], shown.value, "{}", vector.name);
            }
        }
    }
}

/// The lists are those that the file names, for the credentials that are asked about.
fn moments(vector: &ValidPresentation, verdict: &Verdict) {
    let request = request(&vector.request);
    let statements = &request.document().statements;
    let mut lists = vector.lists.iter();
    let mut expected = BTreeMap::new();
    for statement in statements {
        if let Statement::NotRevoked { credential, .. } = statement {
            let name = lists.next().unwrap_or_else(|| panic!("{}: too few lists", vector.name));
            let list = KNOWN.file.lists.valid.iter().find(|list| list.name == *name).unwrap();
            expected.insert(credential.as_str(), list);
        }
    }
    assert!(lists.next().is_none(), "{}: too many lists", vector.name);
    for credential in &verdict.credentials {
        let list = expected.get(credential.id.as_str());
        let moment = list.map(|list| list.issued_at.parse().unwrap());
        assert_eq!(credential.not_revoked_at, moment, "{}", vector.name);
        if let Some(list) = list {
            assert_eq!(credential.issuer.id, list.key, "{}", vector.name);
            assert_eq!(credential.schema.digest(), KNOWN.schemas[&list.schema].digest(), "{}", vector.name);
        }
    }
}

#[test]
fn invalid_presentations_are_refused_where_the_file_says() {
    let invalid = &KNOWN.file.presentations.invalid;
    distinct(invalid.iter().map(|vector| vector.name.as_str()));
    for vector in invalid {
        let bytes = bytes(&vector.bytes);
        let audience = vector.audience.as_ref().unwrap_or(&KNOWN.file.requests.audience);
        let result =
            verifier(audience).verify(&request(&vector.request), &bytes, vector.now.parse().unwrap());
        assert_eq!(stage(&result), vector.stage, "{}", vector.name);
        assert_eq!(vector.equations.is_some(), vector.stage == "proof", "{}", vector.name);
        if let Some(equations) = &vector.equations {
            let relation = in_profile_of(&relation(&vector.request), &bytes);
            let presentation = Presentation::from_bytes(&relation, &bytes).unwrap();
            assert_eq!(broken(&relation, &presentation), *equations, "{}", vector.name);
            // Where every public equation holds it is the issuer's key that finds it out.
            let keyed = relation
                .credentials()
                .iter()
                .any(|credential| credential.check == glimpse_circuits::request::CheckKind::Keyed);
            assert!(keyed || !equations.is_empty(), "{}", vector.name);
        }
    }
}

/// All presentations of one audience and moment in one batch, valid and invalid ones mixed.
#[test]
fn batches_say_the_same() {
    struct Waiting {
        name: String,
        relation: Relation,
        bytes: Vec<u8>,
        stage: String,
    }
    let presentations = &KNOWN.file.presentations;
    let own = &KNOWN.file.requests.audience;
    let valid = presentations
        .valid
        .iter()
        .map(|vector| (&vector.name, &vector.request, own, &vector.now, &vector.bytes, "accepted"));
    let invalid = presentations.invalid.iter().map(|vector| {
        let audience = vector.audience.as_ref().unwrap_or(own);
        (&vector.name, &vector.request, audience, &vector.now, &vector.bytes, vector.stage.as_str())
    });
    let mut batches: BTreeMap<(&str, u64), Vec<Waiting>> = BTreeMap::new();
    for (name, request, audience, now, presentation, stage) in valid.chain(invalid) {
        let relation = relation(request);
        let waiting =
            Waiting { name: name.clone(), relation, bytes: bytes(presentation), stage: stage.to_owned() };
        batches.entry((audience, now.parse().unwrap())).or_default().push(waiting);
    }
    assert!(batches.values().any(|batch| batch.len() > 100));
    for ((audience, now), mut batch) in batches {
        // By content, so that valid and invalid ones alternate.
        batch.sort_by(|one, other| one.bytes.iter().rev().cmp(other.bytes.iter().rev()));
        let items: Vec<Item<'_>> =
            batch.iter().map(|one| Item { relation: &one.relation, presentation: &one.bytes }).collect();
        let results = verifier(audience).verify_batch(&items, now).unwrap();
        for (one, result) in batch.iter().zip(&results) {
            assert_eq!(stage(result), one.stage, "{}", one.name);
        }
    }
}
