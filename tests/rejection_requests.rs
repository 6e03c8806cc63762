//! A proof is for one request: anything changed in that, and it is refused.
//!
//! attacks.md, Soundness 7, 9 and 10.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::presentation::{Presentation, expected_length};
use glimpse_circuits::relation::{Reason, Relation};
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::proof::{Proof, age, cause, parse, relation, rich};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, second, unbound, unbound_values, unbound_with_a_holder,
};
use glimpse_fixtures::{AUDIENCE, NOW, World};
use glimpse_issuer::IssuerSecretKey;
use glimpse_prover::{Holding, PresentError, Showing, present};
use glimpse_verifier::{Cause, VerificationFailure, Verifier};
use serde_json::{Value as Json, json};

/// attacks.md 9: every field of the request that the proof is bound to, changed singly.
#[test]
fn every_field_of_the_request() {
    let proof = rich("token", 11);
    let keys = [proof.world.issuer.public(), proof.world.other_issuer.public()];
    let (later, other) = ((NOW + 301).to_string(), "0".repeat(64));
    let c = |i: usize, member: &str| format!("/credentials/{i}/{member}");
    let s = |i: usize, member: &str| format!("/statements/{i}/{member}");
    let changes: Vec<(String, Json)> = vec![
        ("/audience".into(), json!("https://other.example")),
        ("/audience_name/zh-CN".into(), json!("别人")),
        ("/audience_name/en".into(), json!("Verifier ")),
        ("/purpose/zh-CN".into(), json!("其他")),
        ("/purpose/en".into(), json!("test")),
        ("/response_uri".into(), json!("https://verifier.example/response")),
        ("/nonce".into(), json!(other)),
        ("/issued_at".into(), json!((NOW - 1).to_string())),
        ("/expires_at".into(), json!(later)),
        (c(0, "issuers"), json!([keys[1], keys[0]])),
        (c(0, "issuers"), json!([keys[0]])),
        (c(1, "issuers"), json!([keys[0]])),
        (c(0, "check"), json!("keyed")),
        (c(1, "check"), json!("keyed")),
        (s(0, "disclose/of"), json!("a.city")),
        (s(1, "disclose/of"), json!("b.town")),
        (s(2, "member/values/0"), json!("天津")),
        (s(2, "member/values"), json!(["上海", "北京", "广州"])),
        (s(2, "member/values"), json!(["北京", "上海", "广州", "天津"])),
        (s(3, "intervals/of/0/coefficient"), json!("2")),
        (s(3, "intervals/intervals/0/lo"), json!("2")),
        (s(3, "intervals/intervals/1/hi"), json!("502")),
        (s(3, "intervals/intervals/0/hi"), json!("10")),
        (s(4, "flags/all"), json!([])),
        (s(4, "flags/none"), json!([])),
        (s(4, "flags/any"), json!(["C1", "B1"])),
        (s(4, "flags/any"), json!(["A1", "C1"])),
        (s(4, "flags/none/0"), json!("B2")),
        (s(5, "equal/left"), json!("a.until")),
        (s(6, "range/lo"), json!("11")),
        (s(6, "range/hi"), json!("18")),
        (s(6, "range/of/0/attribute"), json!("b.points")),
        (s(7, "date/from"), json!("2026-11-21")),
        (s(7, "date/from"), json!("2026-11-22")),
        (s(7, "date/to"), json!("2099-01-01")),
        (s(8, "equals/value"), json!("r6")),
        (s(9, "not_member/values"), json!(["r2", "r1"])),
        (s(9, "not_member/values/0"), json!("r3")),
        ("/statements".into(), json!([])),
    ];
    for (path, value) in changes {
        let mut request = proof.request.clone();
        match request.pointer_mut(&path) {
            Some(place) => *place = value.clone(),
            None => {
                let (parent, key) = path.rsplit_once('/').unwrap();
                request.pointer_mut(parent).unwrap()[key] = value.clone();
            }
        }
        assert_ne!(request, proof.request, "{path} is not a change");
        let audience = request["audience"].as_str().unwrap().to_owned();
        let changed = match Relation::compile(parse(&request), &proof.world.registry) {
            Ok(relation) => relation,
            Err(error) => panic!("{path}: {error}"),
        };
        assert_ne!(changed.request().digest(), proof.relation.request().digest(), "{path}");
        let keyed = |key: &IssuerSecretKey| Arc::new(IssuerSecretKey::from_bytes(&key.to_bytes()).unwrap());
        let verifier = Verifier::new(audience, proof.world.registry.clone())
            .with_keyed_check(keyed(&proof.world.issuer))
            .with_keyed_check(keyed(&proof.world.other_issuer));
        let refusal = cause(&verifier, &changed, &proof.bytes);
        // Where as many bytes are expected it is the proof that does not hold, in all other cases the length.
        let same_layout = expected_length(&changed) == expected_length(&proof.relation)
            && changed.disclosed() == proof.relation.disclosed();
        match refusal {
            Some(Cause::Proof) => assert!(same_layout, "{path}"),
            Some(Cause::Decode(_)) => assert!(!same_layout, "{path}"),
            other => panic!("{path} = {value}: {other:?}"),
        }
    }
}

/// Names and the order of credentials and statements are part of the request as well.
#[test]
fn names_and_order_in_the_request() {
    let proof = rich("token", 12);
    let verifier = proof.world.verifier();
    let text = proof.request.to_string();
    let renamed = text.replace("\"a\"", "\"z\"").replace("\"a.", "\"z.");
    let renamed: Json = serde_json::from_str(&renamed).unwrap();
    let refusal = cause(&verifier, &relation(&proof.world, &renamed), &proof.bytes);
    assert_eq!(refusal, Some(Cause::Proof), "another name for the credential");
    for (list, i, k) in
        [("credentials", 0, 1), ("statements", 0, 1), ("statements", 5, 6), ("statements", 7, 8)]
    {
        let mut request = proof.request.clone();
        request[list].as_array_mut().unwrap().swap(i, k);
        let changed = relation(&proof.world, &request);
        assert!(cause(&verifier, &changed, &proof.bytes).is_some(), "{list} {i} and {k} swapped");
    }
    for i in 0..proof.request["statements"].as_array().unwrap().len() {
        let mut request = proof.request.clone();
        request["statements"].as_array_mut().unwrap().remove(i);
        let changed = relation(&proof.world, &request);
        assert!(cause(&verifier, &changed, &proof.bytes).is_some(), "statement {i} dropped");
    }
    // The schema: a second one with the same attributes and titles under another version.
    let mut json = serde_json::to_value(&*all_types()).unwrap();
    json["version"] = json!("2");
    let next = Arc::new(Schema::from_json(&json.to_string()).unwrap());
    let mut world = World::new(12, &[all_types(), next.clone(), second(), unbound()]);
    let mut request = proof.request.clone();
    assert_eq!(cause(&world.verifier(), &relation(&world, &request), &proof.bytes), None, "the same world");
    request["credentials"][0]["schema"] = json!(next.digest());
    let changed = relation(&world, &request);
    assert_eq!(cause(&world.verifier(), &changed, &proof.bytes), Some(Cause::Proof), "another schema");
    // A holder's own prover refuses to answer with a credential of another schema or an issuer not asked for.
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &all_types(), all_types_values());
    let holding = |credential| vec![Holding::new(credential, Showing::Keyed)];
    let relation = world.request_with(&[("a", &next)], json!([]), "keyed");
    let relation = world.relation(&relation);
    let refused = present(&relation, &wallet.secret, holding(&credential), &mut world.rng).map(|_| ());
    assert_eq!(refused, Err(PresentError::WrongCredential { id: "a".into() }));
}

/// attacks.md 7: which check it is, is the verifier's choice.
#[test]
fn keyed_proofs_and_token_proofs_are_not_exchanged() {
    let (token, keyed) = (age("token", 13), age("keyed", 13));
    assert_ne!(token.bytes.len(), keyed.bytes.len());
    assert!(matches!(keyed.refusal(&token.bytes), Some(Cause::Decode(DecodeError::TooLong))));
    assert!(matches!(token.refusal(&keyed.bytes), Some(Cause::Decode(DecodeError::TooShort))));
    // A public verifier cannot check a keyed proof, and does not accept it for that.
    let public = keyed.world.verifier();
    assert_eq!(cause(&public, &keyed.relation, &keyed.bytes), Some(Cause::NoIssuerSecret));
    // Nor does one that has the secret of another key only.
    let other = IssuerSecretKey::from_bytes(&keyed.world.other_issuer.to_bytes()).unwrap();
    let wrong = keyed.world.verifier().with_keyed_check(Arc::new(other));
    assert_eq!(cause(&wrong, &keyed.relation, &keyed.bytes), Some(Cause::NoIssuerSecret));
    // The token's parts cut out of a token proof, for a verifier that has the key.
    let (r, z) = (3 + 32 * 3, 3 + 32 * 7);
    let cut = [&token.bytes[..r], &token.bytes[r + 64..z], &token.bytes[z + 32..]].concat();
    assert_eq!(cut.len(), keyed.bytes.len());
    let mut request = token.request.clone();
    request["credentials"][0]["check"] = json!("keyed");
    let as_keyed = relation(&token.world, &request);
    assert_eq!(cause(&token.world.keyed_verifier(), &as_keyed, &cut), Some(Cause::Proof));
}

/// attacks.md 10: the request of somebody else, of yesterday, of tomorrow, of nobody known.
#[test]
fn requests_that_a_verifier_must_not_answer_for() {
    let proof = age("token", 14);
    let request = parse(&proof.request);
    let at = |audience: &str, now: u64| {
        let verifier = Verifier::new(audience, proof.world.registry.clone());
        let refusal =
            |result: Result<_, VerificationFailure>| result.err().map(|failure| failure.cause().clone());
        let one = refusal(verifier.verify(&request, &proof.bytes, now).map(|_| ()));
        assert_eq!(one, refusal(verifier.verify_compiled(&proof.relation, &proof.bytes, now).map(|_| ())));
        one
    };
    assert_eq!(at(AUDIENCE, NOW), None);
    assert_eq!(at(AUDIENCE, NOW + 299), None);
    assert_eq!(at(AUDIENCE, NOW + 300), Some(Cause::Expired));
    assert_eq!(at(AUDIENCE, u64::MAX), Some(Cause::Expired));
    assert_eq!(at(AUDIENCE, NOW - 60), None);
    assert_eq!(at(AUDIENCE, NOW - 61), Some(Cause::NotYetValid));
    assert_eq!(at(AUDIENCE, 0), Some(Cause::NotYetValid));
    assert_eq!(at("https://verifier.example/", NOW), Some(Cause::Audience));
    assert_eq!(at("", NOW), Some(Cause::Audience));

    let unknown = |world: &World| {
        let verifier = Verifier::new(AUDIENCE, world.registry.clone());
        let failure = verifier.verify(&request, &proof.bytes, NOW).unwrap_err();
        match failure.cause() {
            Cause::Request(error) => (error.member.clone(), error.reason.clone()),
            other => panic!("{other:?}"),
        }
    };
    let (schema, issuer) = (Reason::UnknownSchema, Reason::UnknownIssuer);
    assert_eq!(unknown(&World::new(14, &[second()])), ("credentials[0].schema".into(), schema));
    assert_eq!(unknown(&World::new(15, &[all_types()])), ("credentials[0].issuers".into(), issuer.clone()));
    // A known key that is not known for this schema.
    let mut world = World::new(14, &[second()]);
    world.registry.add_schema(all_types());
    assert_eq!(unknown(&world), ("credentials[0].issuers".into(), issuer));
}

/// Proofs of another holder, another request, a bound schema for an unbound one: whole presentations exchanged.
#[test]
fn presentations_are_not_exchanged() {
    let proof = age("token", 16);
    let Proof { mut world, wallet, credentials, request, relation, bytes } = proof;
    let verifier = world.verifier();
    let mut again = request.clone();
    again["nonce"] = json!("1".repeat(64));
    let again = glimpse_fixtures::proof::relation(&world, &again);
    assert_eq!(cause(&verifier, &again, &bytes), Some(Cause::Proof));
    let other = world.present(&again, &wallet, &[&credentials[0]]);
    assert_eq!(cause(&verifier, &again, &other), None);
    assert_eq!(cause(&verifier, &relation, &other), Some(Cause::Proof));
    // Halves of two proofs for the same request.
    let mut second = world.present(&relation, &wallet, &[&credentials[0]]);
    assert_eq!(cause(&verifier, &relation, &second), None);
    assert_ne!(second, bytes);
    for at in (3..bytes.len()).step_by(32) {
        let mut mixed = second.clone();
        mixed[at..at + 32].copy_from_slice(&bytes[at..at + 32]);
        assert_eq!(cause(&verifier, &relation, &mixed), Some(Cause::Proof), "part {at}");
    }
    second[..3].copy_from_slice(&[1, 0, 1]);
    assert_eq!(cause(&verifier, &relation, &second), Some(Cause::Proof), "the other issuer");

    let schemas = [unbound(), unbound_with_a_holder()];
    let mut world = World::new(17, &schemas);
    let wallet = world.wallet();
    let verifier = world.verifier();
    let relations: Vec<Relation> = schemas
        .iter()
        .map(|schema| {
            let request = world.request(&[("l", schema)], json!([]));
            world.relation(&request)
        })
        .collect();
    for (i, schema) in schemas.iter().enumerate() {
        let credential = world.obtain(&wallet, schema, unbound_values());
        let bytes = world.present(&relations[i], &wallet, &[&credential]);
        assert_eq!(cause(&verifier, &relations[i], &bytes), None);
        assert!(matches!(cause(&verifier, &relations[1 - i], &bytes), Some(Cause::Decode(_))));
        assert!(Presentation::from_bytes(&relations[1 - i], &bytes).is_err());
    }
}

/// A request may accept keys that a verifier does not know: answers under those are refused, others are not.
#[test]
fn accepted_keys_that_are_not_known() {
    let schema = all_types();
    let mut world = World::new(16, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let known = world.obtain(&wallet, &schema, all_types_values());
    let unknown = world.obtain_from_other(&wallet, &schema, all_types_values());
    let request = world.request(&[("l", &schema)], json!([{"age": {"of": "l.birth", "at_least": "18"}}]));
    let relation = world.relation(&request);
    let mut registry = glimpse_circuits::key::Registry::default();
    registry.add_schema(schema.clone());
    registry.add_issuer(world.registry.issuer(world.issuer.public()).unwrap().as_ref().clone());
    let verifier = Verifier::new(AUDIENCE, registry.clone());
    let answers = [known, unknown].map(|credential| world.present(&relation, &wallet, &[&credential]));
    assert!(verifier.verify(&request, &answers[0], NOW).is_ok());
    let failure = verifier.verify(&request, &answers[1], NOW).unwrap_err();
    assert_eq!(*failure.cause(), Cause::Decode(DecodeError::Issuer));
    // Nor does a wallet answer under a key that it does not know.
    let narrower = Relation::compile(request, &registry).unwrap();
    let unknown = world.obtain_from_other(&wallet, &schema, all_types_values());
    let holding = Holding::new(&unknown, Showing::Token(world.token(&unknown)));
    let refused = present(&narrower, &wallet.secret, vec![holding], &mut world.rng);
    assert!(matches!(refused, Err(PresentError::WrongCredential { .. })));
}
