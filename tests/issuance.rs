//! Nothing is issued unless everything about the wallet's request is in order, and nothing is kept unless everything
//! about the answer is.
//!
//! attacks.md, Soundness 8 and 11.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;
use std::sync::Arc;

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint};
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential, issuance_proof_challenge};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::open::{issuance_request, scalar};
use glimpse_fixtures::schemas::{
    all_types, all_types_values, attribute, date, unbound, unbound_values, unbound_with_a_holder,
};
use glimpse_fixtures::{World, rng};
use glimpse_issuer::{Issuance, IssueError, IssuerSecretKey, issue};
use glimpse_prover::{Credential, LinkSecret, ObtainError, PendingIssuance};
use rand_chacha::ChaCha20Rng;
use serde_json::json;

const NONCE: Nonce = Nonce([3; 32]);

fn issue_for(
    key: &IssuerSecretKey,
    schema: &Schema,
    nonce: Nonce,
    request: Option<&IssuanceRequest>,
    registered: Option<CompressedRistretto>,
    rng: &mut ChaCha20Rng,
) -> Result<IssuedCredential, IssueError> {
    let values = if schema.id() == "test.unbound" { unbound_values() } else { all_types_values() };
    let handle = if request.is_some() { 77 } else { 0 };
    issue(key, Issuance { schema, values, handle, nonce, request, registered }, rng)
}

/// What goes between one wallet and one issuer, up to the answer.
struct Exchange {
    world: World,
    schema: Arc<Schema>,
    secret: LinkSecret,
    pending: PendingIssuance,
    issued: IssuedCredential,
}

impl Exchange {
    fn new(seed: u64) -> Self {
        let schema = all_types();
        let mut world = World::new(seed, std::slice::from_ref(&schema));
        let secret = LinkSecret::generate(&mut world.rng);
        let pending = PendingIssuance::begin(&secret, world.issuer.public(), &schema, &NONCE, &mut world.rng);
        let request = Some(pending.request());
        let issued = issue_for(&world.issuer, &schema, NONCE, request, None, &mut world.rng).unwrap();
        Self { world, schema, secret, pending, issued }
    }

    /// What the wallet makes of an answer.
    fn finish(&self, key: &IssuerPublicKey, issued: IssuedCredential) -> Result<(), ObtainError> {
        let pending = PendingIssuance::from_bytes(&self.pending.to_bytes()).unwrap();
        pending.finish(&self.secret, key, self.schema.clone(), issued).map(|_| ())
    }
}

#[test]
fn an_issuance_by_the_book() {
    let exchange = Exchange::new(1);
    exchange.finish(exchange.world.issuer.public(), exchange.issued.clone()).unwrap();
    let bytes = exchange.issued.to_bytes();
    assert!(IssuedCredential::from_bytes(&exchange.schema, &bytes) == Ok(exchange.issued.clone()));
    // What is stored is checked again when it is read.
    let Exchange { world, schema, secret, pending, issued } = exchange;
    let credential = pending.finish(&secret, world.issuer.public(), schema.clone(), issued).unwrap();
    let stored = credential.to_bytes();
    Credential::from_bytes(schema.clone(), *world.issuer.public(), &secret, &stored).unwrap();
    let other = LinkSecret::generate(&mut rng(99));
    let refused = Credential::from_bytes(schema, *world.issuer.public(), &other, &stored).map(|_| ());
    assert_eq!(refused, Err(ObtainError::KeyProof));
}

/// A proof holds for one nonce, one key, one schema.
#[test]
fn requests_for_another_nonce_key_or_schema_are_refused() {
    let Exchange { mut world, schema, pending, .. } = Exchange::new(2);
    let request = pending.request();
    let mut json = serde_json::to_value(&*schema).unwrap();
    json["version"] = json!("2");
    let next = Schema::from_json(&json.to_string()).unwrap();
    let rng = &mut world.rng;
    let issued = |key: &IssuerSecretKey, schema: &Schema, nonce: Nonce, rng: &mut ChaCha20Rng| {
        issue_for(key, schema, nonce, Some(request), None, rng).map(|_| ())
    };
    assert_eq!(issued(&world.issuer, &schema, NONCE, rng), Ok(()));
    let mut nonce = NONCE;
    nonce.0[31] ^= 1;
    assert_eq!(issued(&world.issuer, &schema, nonce, rng), Err(IssueError::Proof), "another nonce");
    assert_eq!(issued(&world.other_issuer, &schema, NONCE, rng), Err(IssueError::Proof), "another key");
    assert_eq!(issued(&world.issuer, &next, NONCE, rng), Err(IssueError::Proof), "another schema");
}

#[test]
fn every_bit_of_the_request() {
    let Exchange { mut world, schema, pending, .. } = Exchange::new(3);
    let mut bytes = pending.request().to_bytes();
    let (mut undecodable, mut false_proofs) = (0, 0);
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        match IssuanceRequest::from_bytes(&bytes) {
            Err(_) => undecodable += 1,
            Ok(request) => {
                let refused = issue_for(&world.issuer, &schema, NONCE, Some(&request), None, &mut world.rng);
                assert_eq!(refused.map(|_| ()), Err(IssueError::Proof), "bit {bit}");
                false_proofs += 1;
            }
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(undecodable > 100 && false_proofs > 600, "{undecodable} and {false_proofs}");
    for length in 0..bytes.len() {
        assert_eq!(IssuanceRequest::from_bytes(&bytes[..length]), Err(DecodeError::TooShort));
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(IssuanceRequest::from_bytes(&longer), Err(DecodeError::TooLong));
}

#[test]
fn every_bit_of_the_answer() {
    let exchange = Exchange::new(4);
    let key = *exchange.world.issuer.public();
    let mut bytes = exchange.issued.to_bytes();
    let mut key_proofs = 0;
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(issued) = IssuedCredential::from_bytes(&exchange.schema, &bytes) {
            let refused = exchange.finish(&key, issued).expect_err("an altered answer");
            key_proofs += usize::from(refused == ObtainError::KeyProof);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    assert!(key_proofs > 900, "{key_proofs}");
    for length in 0..bytes.len() {
        assert!(IssuedCredential::from_bytes(&exchange.schema, &bytes[..length]).is_err(), "{length}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(
        IssuedCredential::from_bytes(&exchange.schema, &longer).map(|_| ()),
        Err(DecodeError::TooLong)
    );
}

/// s in U and s in N_reg are one: otherwise a person could register as one holder and hold credentials as another.
#[test]
fn link_secret_and_registration_must_agree() {
    let schema = all_types();
    let mut world = World::new(5, std::slice::from_ref(&schema));
    let key = *world.issuer.public();
    let [s, t, n] = std::array::from_fn(|_| scalar(&mut world.rng));
    let zero = Scalar::ZERO;
    for (secrets, expected) in [
        ([s, t, s], Ok(())),
        ([s, zero, s], Ok(())),
        ([s, t, n], Err(IssueError::Proof)),
        ([s, t, -s], Err(IssueError::Proof)),
        ([zero, t, s], Err(IssueError::Proof)),
        // N = 0 and U = 0 with proofs that hold.
        ([zero, t, zero], Err(IssueError::Proof)),
        ([zero, zero, zero], Err(IssueError::Proof)),
    ] {
        let request = issuance_request(&key, &schema, &NONCE, secrets, &mut world.rng);
        let result = issue_for(&world.issuer, &schema, NONCE, Some(&request), None, &mut world.rng);
        assert_eq!(result.map(|_| ()), expected);
        let bytes = request.to_bytes();
        let identity = secrets[2] == zero;
        assert_eq!(IssuanceRequest::from_bytes(&bytes).is_err(), identity);
        if identity {
            assert_eq!(IssuanceRequest::from_bytes(&bytes), Err(DecodeError::Identity));
        }
    }
    // U alone 0, N not.
    let mut request = issuance_request(&key, &schema, &NONCE, [s, t, s], &mut world.rng);
    request.blinded = EncodedPoint::from(RistrettoPoint::default());
    assert_eq!(IssuanceRequest::from_bytes(&request.to_bytes()), Err(DecodeError::Identity));
    let result = issue_for(&world.issuer, &schema, NONCE, Some(&request), None, &mut world.rng);
    assert_eq!(result.map(|_| ()), Err(IssueError::Proof));
}

/// One person, one link secret: whoever is registered gets credentials for the same wallet only.
#[test]
fn a_second_link_secret_is_refused() {
    let Exchange { mut world, schema, secret, pending, .. } = Exchange::new(6);
    let key = *world.issuer.public();
    let registered = Some(pending.request().registration.encoded);
    assert_eq!(registered, Some(secret.registration(&key).compress()));
    let again = PendingIssuance::begin(&secret, &key, &schema, &NONCE, &mut world.rng);
    assert_ne!(again.request().blinded, pending.request().blinded);
    issue_for(&world.issuer, &schema, NONCE, Some(again.request()), registered, &mut world.rng).unwrap();
    let other = LinkSecret::generate(&mut world.rng);
    let second = PendingIssuance::begin(&other, &key, &schema, &NONCE, &mut world.rng);
    let refused =
        issue_for(&world.issuer, &schema, NONCE, Some(second.request()), registered, &mut world.rng);
    assert_eq!(refused.map(|_| ()), Err(IssueError::SecondLinkSecret));
    // Registrations with two keys are not linkable by comparing them.
    assert_ne!(secret.registration(&key), secret.registration(world.other_issuer.public()));
}

#[test]
fn a_holder_where_there_must_be_one_and_nowhere_else() {
    let (bound, free) = (unbound_with_a_holder(), unbound());
    let mut world = World::new(7, &[bound.clone(), free.clone()]);
    let key = *world.issuer.public();
    let s = scalar(&mut world.rng);
    for (schema, with_request, handle, expected) in [
        (&bound, true, 7, Ok(())),
        (&bound, false, 0, Err(IssueError::Binding)),
        (&bound, false, 7, Err(IssueError::Binding)),
        (&free, false, 0, Ok(())),
        (&free, false, 7, Err(IssueError::Binding)),
        (&free, true, 0, Err(IssueError::Binding)),
    ] {
        let request = issuance_request(&key, schema, &NONCE, [s, s, s], &mut world.rng);
        let request = with_request.then_some(&request);
        let values = unbound_values();
        let issuance = Issuance { schema, values, handle, nonce: NONCE, request, registered: None };
        assert_eq!(issue(&world.issuer, issuance, &mut world.rng).map(|_| ()), expected);
    }
    // And a wallet takes neither for the other.
    let issued = issue_for(&world.issuer, &free, NONCE, None, None, &mut world.rng).unwrap();
    let refused = |schema: &Arc<Schema>, issued: &IssuedCredential| {
        Credential::accept_unbound(schema.clone(), &key, issued.clone()).map(|_| ())
    };
    assert_eq!(refused(&free, &issued), Ok(()));
    assert_eq!(refused(&bound, &issued), Err(ObtainError::Binding));
    let mut with_handle = issued.clone();
    with_handle.handle = 1;
    assert_eq!(refused(&free, &with_handle), Err(ObtainError::Binding));
    let secret = LinkSecret::generate(&mut world.rng);
    let pending = PendingIssuance::begin(&secret, &key, &free, &NONCE, &mut world.rng);
    assert_eq!(pending.finish(&secret, &key, free, issued).map(|_| ()), Err(ObtainError::Binding));
}

/// The wallet checks every value against its own schema, and the key against its own.
#[test]
fn answers_that_are_not_what_was_asked_for_are_not_kept() {
    let exchange = Exchange::new(9);
    let (key, other) = (*exchange.world.issuer.public(), *exchange.world.other_issuer.public());
    let refused = |change: &dyn Fn(&mut IssuedCredential)| {
        let mut issued = exchange.issued.clone();
        change(&mut issued);
        exchange.finish(&key, issued).unwrap_err()
    };
    let key_proof = ObtainError::KeyProof;
    assert_eq!(exchange.finish(&other, exchange.issued.clone()), Err(key_proof.clone()), "another key");
    assert_eq!(
        refused(&|issued| issued.a = EncodedPoint::from(RistrettoPoint::default())),
        key_proof,
        "A = 0"
    );
    assert_eq!(refused(&|issued| issued.a = (issued.a.point + issued.a.point).into()), key_proof);
    assert_eq!(refused(&|issued| *issued.e += Scalar::ONE), key_proof);
    assert_eq!(refused(&|issued| *issued.e = Scalar::ZERO), key_proof);
    assert_eq!(refused(&|issued| issued.handle ^= 1), key_proof);
    assert_eq!(refused(&|issued| issued.proof_challenge += Scalar::ONE), key_proof);
    assert_eq!(refused(&|issued| issued.proof_response += Scalar::ONE), key_proof);
    assert_eq!(
        refused(&|issued| issued.values[0] = Value::Text("李四".into())),
        key_proof,
        "an altered name"
    );
    assert_eq!(refused(&|issued| issued.values[1] = date("1990-05-16")), key_proof, "an altered day");
    assert_eq!(refused(&|issued| issued.values[8] = Value::Text("x".into())), key_proof, "absent no more");
    let licence = |error: ObtainError| matches!(error, ObtainError::Licence(_));
    assert!(licence(refused(&|issued| issued.values[4] = Value::Uint(21))));
    assert!(licence(refused(&|issued| issued.values[0] = Value::Absent)));
    assert!(licence(refused(&|issued| {
        issued.values.pop();
    })));
    let mut bytes = exchange.issued.to_bytes();
    bytes[..32].fill(0);
    let identity = IssuedCredential::from_bytes(&exchange.schema, &bytes).map(|_| ());
    assert_eq!(identity, Err(DecodeError::Identity));
    // Somebody else's link secret does not fit.
    let other = LinkSecret::generate(&mut rng(98));
    let pending = PendingIssuance::from_bytes(&exchange.pending.to_bytes()).unwrap();
    let refused = pending.finish(&other, &key, exchange.schema.clone(), exchange.issued.clone());
    assert_eq!(refused.map(|_| ()), Err(key_proof));
}

/// A credential under a personal key, with a flawless proof for that key, is not taken for one under the known key.
#[test]
fn a_key_proof_under_another_key_is_refused() {
    let schema = unbound();
    let mut world = World::new(10, std::slice::from_ref(&schema));
    let (known, personal) = (*world.issuer.public(), &world.other_issuer);
    let issued = issue_for(personal, &schema, NONCE, None, None, &mut world.rng).unwrap();
    let accept = |key: &IssuerPublicKey, issued: &IssuedCredential| {
        Credential::accept_unbound(schema.clone(), key, issued.clone()).map(|_| ())
    };
    assert_eq!(accept(personal.public(), &issued), Ok(()));
    assert_eq!(accept(&known, &issued), Err(ObtainError::KeyProof));
    // The domain of the known key, signed by the personal one: C and A are right, the logarithm is not.
    let x: Scalar = Scalar::from_canonical_bytes(*personal.to_bytes()).unwrap();
    let attributes: Vec<Scalar> = issued.values.iter().map(Value::to_scalar).collect();
    let domain = known.domain(&schema.digest());
    let none = RistrettoPoint::default();
    let c = glimpse_circuits::issuance::credential_point(&domain, &none, 0, &attributes);
    let (e, k) = (scalar(&mut world.rng), scalar(&mut world.rng));
    let a = EncodedPoint::from(c * (x + e).invert());
    let signed = (c - a.point * e).compress();
    let masks = [RistrettoPoint::mul_base(&k).compress(), (a.point * k).compress()];
    for key in [&known, personal.public()] {
        let proof_challenge =
            issuance_proof_challenge(key, &schema.digest(), &a.encoded, &signed, [&masks[0], &masks[1]]);
        let proof_response = k + proof_challenge * x;
        let forged = {
            let mut forged = issued.clone();
            (forged.a, *forged.e) = (a, e);
            (forged.proof_challenge, forged.proof_response) = (proof_challenge, proof_response);
            forged
        };
        assert_eq!(accept(&known, &forged), Err(ObtainError::KeyProof));
    }
}

/// A generator that repeats does not repeat e for another licence or nonce, nor k of the key proof.
#[test]
fn a_stuck_generator_does_not_repeat_e() {
    let schema = unbound();
    let world = World::new(12, std::slice::from_ref(&schema));
    let mut seen = HashSet::new();
    for (nonce, count) in [(1, 42), (2, 42), (1, 43), (2, 43)] {
        let mut values = unbound_values();
        values[2] = Value::Uint(count);
        let nonce = Nonce([nonce; 32]);
        let issuance =
            Issuance { schema: &schema, values, handle: 0, nonce, request: None, registered: None };
        let issued = issue(&world.issuer, issuance, &mut rng(5)).unwrap();
        let k = RistrettoPoint::mul_base(&issued.proof_response)
            - world.issuer.public().point() * issued.proof_challenge;
        assert!(seen.insert(issued.e.to_bytes()) && seen.insert(k.compress().to_bytes()));
    }
}

/// e is what every credential must have for itself.
#[test]
fn e_is_never_repeated() {
    let schema = glimpse_fixtures::schemas::schema(
        "test.tiny",
        "none",
        vec![attribute("n", json!({"uint": {"min": "0", "max": "9"}}), true, "disclose")],
    );
    let mut world = World::new(11, std::slice::from_ref(&schema));
    let (mut es, mut points) = (HashSet::new(), HashSet::new());
    for _ in 0..1000 {
        let values = vec![Value::Uint(4)];
        let issuance =
            Issuance { schema: &schema, values, handle: 0, nonce: NONCE, request: None, registered: None };
        let issued = issue(&world.issuer, issuance, &mut world.rng).unwrap();
        assert!(es.insert(issued.e.to_bytes()) && points.insert(issued.a.encoded.to_bytes()));
    }
}
