//! A generator that repeats (stuck, or of a virtual machine that was restored) must not repeat a nonce or a mask under
//! another challenge: that would give away an issuer's key, a link secret, or what a presentation hides.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential};
use glimpse_circuits::presentation::{Presentation, Rounds};
use glimpse_circuits::request::Nonce;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{World, rng};
use glimpse_issuer::{Issuance, TokenExchange, issue};
use glimpse_prover::{Holding, PendingIssuance, PendingTokens, Showing, present};
use serde_json::json;

#[test]
fn issuances_share_no_nonce() {
    let schema = all_types();
    let mut world = World::new(1, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let mut issued = Vec::new();
    for number in [1, 2] {
        let nonce = Nonce([number; 32]);
        let pending =
            PendingIssuance::begin(&wallet.secret, world.issuer.public(), &schema, &nonce, &mut rng(9));
        let issuance = Issuance {
            schema: &schema,
            values: all_types_values(),
            handle: 7,
            nonce,
            request: Some(pending.request()),
            registered: None,
        };
        // The issuer's generator is the same both times.
        issued.push(issue(&world.issuer, issuance, &mut rng(5)).unwrap());
    }
    assert_ne!(*issued[0].e, *issued[1].e);
    let key = world.issuer.public().point();
    let mask = |issued: &IssuedCredential| {
        RistrettoPoint::mul_base(&issued.proof_response) - key * issued.proof_challenge
    };
    assert_ne!(mask(&issued[0]), mask(&issued[1]));
}

#[test]
fn requests_for_issuance_share_no_mask() {
    let schema = all_types();
    let mut world = World::new(2, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let key = *world.issuer.public();
    let ask = |number: u8| {
        let nonce = Nonce([number; 32]);
        let pending = PendingIssuance::begin(&wallet.secret, &key, &schema, &nonce, &mut rng(5));
        let request = pending.request().clone();
        let points =
            [&request.blinded, &request.registration, &request.blinded_masks, &request.registration_mask];
        (IssuanceRequest::challenge(&key, &schema.digest(), &nonce, points), request)
    };
    let ((c1, first), (c2, second)) = (ask(1), ask(2));
    assert_ne!(first.registration_mask, second.registration_mask);
    assert_ne!(first.blinded, second.blinded);
    // What an issuer would compute from two answers under one mask.
    let guess = (first.link_secret - second.link_secret) * (c1 - c2).invert();
    assert_ne!(guess.to_bytes(), *wallet.secret.to_bytes());
}

#[test]
fn batches_of_tokens_share_no_nonce() {
    let schema = all_types();
    let mut world = World::new(3, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let pending = PendingTokens::begin(&credential, 4, &mut rng(1));
    let same = [pending.pairs()[0]; 4];
    let mut seen = Vec::new();
    for _ in 0..2 {
        let (_, commitments) = TokenExchange::commit(&world.issuer, &same, &mut rng(5)).unwrap();
        seen.extend(commitments.iter().map(|commitment| commitment.r1.encoded.to_bytes()));
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 8);
}

#[test]
fn presentations_share_no_mask() {
    let schema = all_types();
    let mut world = World::new(4, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    for check in ["token", "keyed"] {
        let statements = json!([{"age": {"of": "l.birth", "at_least": "18"}}]);
        // In keyed mode another request makes another challenge; in token mode the same request with another token does.
        let first = world.request_with(&[("l", &schema)], statements.clone(), check);
        let second = if check == "token" {
            first.clone()
        } else {
            world.request_with(&[("l", &schema)], statements, check)
        };
        let mut shown = Vec::new();
        for request in [first, second] {
            let relation = world.relation(&request);
            let showing =
                if check == "token" { Showing::Token(world.token(&credential)) } else { Showing::Keyed };
            let holding = Holding::new(&credential, showing);
            let presentation = present(&relation, &wallet.secret, vec![holding], &mut rng(5)).unwrap();
            shown.push((challenge(&relation, &presentation), presentation));
        }
        let [(c1, first), (c2, second)] = &shown[..] else { panic!("two were made") };
        assert_ne!(c1, c2);
        assert_ne!(first.commitments[0].a_bar, second.commitments[0].a_bar, "{check}: linkable");
        let per_challenge = (c1 - c2).invert();
        let guesses: Vec<Scalar> =
            first.responses.iter().zip(&second.responses).map(|(a, b)| (a - b) * per_challenge).collect();
        assert_ne!(guesses[0].to_bytes(), *wallet.secret.to_bytes(), "{check}");
        for value in credential.values() {
            assert!(!guesses.contains(&value.to_scalar()), "{check}: an attribute is given away");
        }
    }
}

/// Two compact answers under one state of the generator: no mask, blinding or nonce of the Bulletproof may repeat.
#[test]
fn compact_presentations_share_no_mask() {
    let schema = all_types();
    let mut world = World::new(5, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let mut next = all_types_values();
    next[3] = Value::Uint(1_000_001);
    let changed = world.obtain(&wallet, &schema, next);
    let range = |hi: &str| {
        let of = json!([{"attribute": "l.amount", "coefficient": "1"}]);
        json!([{"range": {"of": of, "lo": "5", "hi": hi}}])
    };
    for check in ["token", "keyed"] {
        let first = world.request_for_small(&[("l", &schema)], range("9000000"), check);
        let again = world.request_for_small(&[("l", &schema)], range("9000000"), check);
        let other = world.request_for_small(&[("l", &schema)], range("9000001"), check);
        let mut runs = vec![(first.clone(), &credential), (again, &credential), (other, &credential)];
        runs.push((first.clone(), &changed));
        if check == "token" {
            runs.push((first, &credential));
        }
        let mut seen = Vec::new();
        for (request, credential) in &runs {
            let relation = world.relation(request).compact().unwrap();
            let showing =
                if check == "token" { Showing::Token(world.token(credential)) } else { Showing::Keyed };
            let holding = Holding::new(credential, showing);
            let presentation = present(&relation, &wallet.secret, vec![holding], &mut rng(5)).unwrap();
            let part = presentation.digits.unwrap().ranges.unwrap();
            seen.push((part.commitments[0].point, part.proof.a.point, part.proof.s.point));
        }
        let g = RistrettoPoint::mul_base(&Scalar::ONE);
        for (i, one) in seen.iter().enumerate() {
            for other in &seen[..i] {
                // Equal blindings would show whether the values are equal, or by how much they differ.
                assert!(one.0 != other.0 && one.0 - other.0 != g && other.0 - one.0 != g, "{check}: V");
                assert!(one.1 != other.1 && one.2 != other.2, "{check}: A or S");
            }
        }
        // What repeats wholly repeats wholly: there is nothing else that it could be drawn from.
        if check == "keyed" {
            let relation = world.relation(&runs[0].0).compact().unwrap();
            let [one, two] = [0, 1].map(|_| {
                let holding = Holding::new(&credential, Showing::Keyed);
                present(&relation, &wallet.secret, vec![holding], &mut rng(5)).unwrap()
            });
            assert_eq!(one, two);
        }
    }
}

/// One request answered in both profiles under one state of the generator: other challenges, so other masks.
#[test]
fn both_profiles_of_a_request_share_no_mask() {
    let schema = all_types();
    let mut world = World::new(6, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let statements = json!([{"age": {"of": "l.birth", "at_least": "18"}}]);
    let request = world.request_for_small(&[("l", &schema)], statements, "keyed");
    let fast = world.relation(&request);
    let masks = [fast.clone(), fast.compact().unwrap()].map(|relation| {
        let holding = Holding::new(&credential, Showing::Keyed);
        let presentation = present(&relation, &wallet.secret, vec![holding], &mut rng(5)).unwrap();
        (presentation.commitments[0].masks, presentation.digits.unwrap().masks)
    });
    assert!(masks[0].0 != masks[1].0 && masks[0].1 != masks[1].1);
}

fn challenge(relation: &glimpse_circuits::relation::Relation, presentation: &Presentation) -> Scalar {
    let mut rounds =
        Rounds::new(relation, &presentation.issuers, &presentation.disclosed, &presentation.lists);
    presentation.commitments.iter().for_each(|commitment| rounds.credential(commitment));
    let digits = presentation.digits.as_ref().unwrap();
    let committed = digits.committed.as_ref().unwrap();
    rounds.weight(Some(&committed.point));
    rounds.masks(&digits.masks, Some(&committed.tau));
    rounds.challenge().0
}
