//! Messages of issuance and of token exchanges.

use std::sync::{Arc, LazyLock};

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::Reader;
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::Schema;
use glimpse_circuits::token::{TokenCommitment, TokenPair};
use glimpse_fixtures::rng;
use glimpse_fixtures::schemas::{second, second_values, unbound, unbound_values};
use glimpse_issuer::{Issuance, IssuerSecretKey, TokenExchange, issue};
use glimpse_prover::{Credential, LinkSecret, PendingIssuance, PendingTokens, Token};
use serde_json::Value as Json;

use crate::bytes::Bytes;
use crate::scene::SEED;
use crate::seeds::{Seeds, unhex};

/// One issuance by the book, to be altered.
struct Scene {
    key: IssuerSecretKey,
    secret: LinkSecret,
    schema: Arc<Schema>,
    values: Vec<Value>,
    nonce: Nonce,
    /// What the wallet keeps, its request included.
    pending: Vec<u8>,
    issued: Vec<u8>,
    /// What the wallet keeps of it.
    credential: Vec<u8>,
    unbound: Arc<Schema>,
    unbound_issued: Vec<u8>,
}

fn scene() -> &'static Scene {
    static SCENE: LazyLock<Scene> = LazyLock::new(Scene::new);
    &SCENE
}

impl Scene {
    fn new() -> Self {
        let mut rng = rng(SEED);
        let key = IssuerSecretKey::generate(&mut rng);
        let secret = LinkSecret::generate(&mut rng);
        let (schema, values, nonce) = (second(), second_values(), Nonce([3; 32]));
        let pending = PendingIssuance::begin(&secret, key.public(), &schema, &nonce, &mut rng);
        let kept = pending.to_bytes().to_vec();
        let issuance = Issuance {
            schema: &schema,
            values: values.clone(),
            handle: 7,
            nonce,
            request: Some(pending.request()),
            registered: None,
        };
        let issued = issue(&key, issuance, &mut rng).unwrap();
        let bytes = issued.to_bytes();
        let credential = pending.finish(&secret, key.public(), schema.clone(), issued).unwrap();
        let without = unbound();
        let issuance = Issuance {
            schema: &without,
            values: unbound_values(),
            handle: 0,
            nonce,
            request: None,
            registered: None,
        };
        let unbound_issued = issue(&key, issuance, &mut rng).unwrap().to_bytes();
        let credential = credential.to_bytes().to_vec();
        Self {
            key,
            secret,
            schema,
            values,
            nonce,
            pending: kept,
            issued: bytes,
            credential,
            unbound: without,
            unbound_issued,
        }
    }

    fn request(&self) -> &[u8] {
        &self.pending[32..]
    }

    fn held(&self) -> Credential {
        let (schema, key) = (self.schema.clone(), *self.key.public());
        Credential::from_bytes(schema, key, &self.secret, &self.credential).unwrap()
    }
}

const WAYS: &[fn(Bytes<'_>)] = &[
    a_request_at_the_issuer,
    an_answer_at_the_wallet,
    an_answer_without_a_holder,
    pairs_at_the_issuer,
    commitments_at_the_wallet,
    what_the_wallet_kept,
];

/// First byte: who reads. Then what there is to read.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    input.pick(WAYS)(input);
}

fn a_request_at_the_issuer(input: Bytes<'_>) {
    let (scene, bytes) = (scene(), input.rest());
    let Ok(request) = IssuanceRequest::from_bytes(bytes) else { return };
    assert_eq!(request.to_bytes(), bytes);
    let issuance = |registered| Issuance {
        schema: &scene.schema,
        values: scene.values.clone(),
        handle: 7,
        nonce: scene.nonce,
        request: Some(&request),
        registered,
    };
    let issued = issue(&scene.key, issuance(None), &mut rng(1));
    assert_eq!(issued.is_ok(), bytes == scene.request(), "issued for another request");
    let registered = issue(&scene.key, issuance(Some(request.registration.encoded)), &mut rng(1));
    assert_eq!(registered.is_ok(), issued.is_ok());
}

fn an_answer_at_the_wallet(input: Bytes<'_>) {
    let (scene, bytes) = (scene(), input.rest());
    let Ok(issued) = IssuedCredential::from_bytes(&scene.schema, bytes) else { return };
    assert_eq!(issued.to_bytes(), bytes);
    let pending = PendingIssuance::from_bytes(&scene.pending).unwrap();
    let credential = pending.finish(&scene.secret, scene.key.public(), scene.schema.clone(), issued);
    assert_eq!(credential.is_ok(), bytes == scene.issued, "accepted another credential");
}

fn an_answer_without_a_holder(input: Bytes<'_>) {
    let (scene, bytes) = (scene(), input.rest());
    let Ok(issued) = IssuedCredential::from_bytes(&scene.unbound, bytes) else { return };
    assert_eq!(issued.to_bytes(), bytes);
    let credential = Credential::accept_unbound(scene.unbound.clone(), scene.key.public(), issued);
    assert_eq!(credential.is_ok(), bytes == scene.unbound_issued, "accepted another credential");
}

fn pairs_at_the_issuer(mut input: Bytes<'_>) {
    let (key, mut pairs) = (&scene().key, Vec::new());
    for _ in 0..input.below(6) {
        let bytes = input.take(TokenPair::LENGTH);
        let Ok(pair) = TokenPair::from_bytes(bytes) else { return };
        assert_eq!(pair.to_bytes(), bytes);
        pairs.push(pair);
    }
    let Ok((exchange, commitments)) = TokenExchange::commit(key, &pairs, &mut rng(2)) else { return };
    for (pair, commitment) in pairs.iter().zip(&commitments) {
        // x·P' = Q', or whoever asks learns x·P' for a point of his choice.
        assert_eq!(pair.p.point * Scalar::from_canonical_bytes(*key.to_bytes()).unwrap(), pair.q.point);
        assert_eq!(TokenCommitment::from_bytes(&commitment.to_bytes()), Ok(*commitment));
    }
    let count = input.below(6);
    let challenges: Vec<Scalar> = (0..count).map(|_| Scalar::from_bytes_mod_order(input.array())).collect();
    let answered = exchange.respond(key, &challenges);
    assert_eq!(answered.is_ok(), challenges.len() == pairs.len());
}

fn commitments_at_the_wallet(mut input: Bytes<'_>) {
    let credential = scene().held();
    let pending = PendingTokens::begin(&credential, 4, &mut rng(3));
    let mut commitments = Vec::new();
    for _ in 0..input.below(6) {
        let bytes = input.take(TokenCommitment::LENGTH);
        let Ok(commitment) = TokenCommitment::from_bytes(bytes) else { return };
        assert_eq!(commitment.to_bytes(), bytes);
        commitments.push(commitment);
    }
    let Ok((blinded, _)) = pending.challenge(&commitments, &mut rng(4)) else { return };
    let responses: Result<Vec<Scalar>, _> =
        (0..input.below(6)).map(|_| Reader::new(input.take(32)).scalar()).collect();
    let Ok(responses) = responses else { return };
    for token in blinded.finish(&responses).into_iter().flatten() {
        let bytes = token.to_bytes();
        assert_eq!(*Token::from_bytes(&bytes).unwrap().to_bytes(), *bytes);
    }
}

fn what_the_wallet_kept(mut input: Bytes<'_>) {
    let scene = scene();
    match input.below(4) {
        0 => {
            let bytes = input.rest();
            if let Ok(token) = Token::from_bytes(bytes) {
                assert_eq!(*token.to_bytes(), bytes);
            }
        }
        1 => {
            let bytes = input.rest();
            if let Ok(pending) = PendingIssuance::from_bytes(bytes) {
                assert_eq!(*pending.to_bytes(), bytes);
            }
        }
        2 => {
            let (bytes, key) = (input.rest(), *scene.key.public());
            let credential = Credential::from_bytes(scene.schema.clone(), key, &scene.secret, bytes);
            assert_eq!(credential.is_ok(), bytes == scene.credential, "another credential for this holder");
        }
        _ => {
            let bytes: [u8; 32] = input.array();
            if let Some(secret) = LinkSecret::from_bytes(&bytes) {
                assert_eq!(*secret.to_bytes(), bytes);
            }
            if let Some(key) = IssuerSecretKey::from_bytes(&bytes) {
                assert_eq!(*key.to_bytes(), bytes);
            }
        }
    }
}

/// What goes to and fro in [`Scene`], and what the vectors have.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let scene = scene();
    let mut add = |way: u8, bytes: &[u8]| seeds.add([&[way][..], bytes].concat());
    add(0, scene.request());
    add(1, &scene.issued);
    add(2, &scene.unbound_issued);
    let credential = scene.held();
    let pending = PendingTokens::begin(&credential, 4, &mut rng(3));
    let pairs: Vec<u8> = pending.pairs().iter().flat_map(TokenPair::to_bytes).collect();
    let challenges = [[4u8].as_slice(), &[9; 128]].concat();
    add(3, &[&[4][..], &pairs, &challenges].concat());
    let (exchange, commitments) = TokenExchange::commit(&scene.key, pending.pairs(), &mut rng(2)).unwrap();
    let bytes: Vec<u8> = commitments.iter().flat_map(TokenCommitment::to_bytes).collect();
    let (blinded, challenges) = pending.challenge(&commitments, &mut rng(4)).unwrap();
    let responses = exchange.respond(&scene.key, &challenges).unwrap();
    let token = blinded.finish(&responses).unwrap().pop().unwrap();
    let responses: Vec<u8> = responses.iter().flat_map(Scalar::to_bytes).collect();
    add(4, &[&[4][..], &bytes, &[4], &responses].concat());
    add(5, &[&[0][..], &token.to_bytes()].concat());
    add(5, &[&[1][..], &scene.pending].concat());
    add(5, &[&[2][..], &scene.credential].concat());
    add(5, &[&[3][..], &*scene.secret.to_bytes()].concat());
    let vectors = [seeds.vectors("/issuance/valid"), seeds.vectors("/issuance/invalid")].concat();
    for vector in vectors {
        let of = |member: &str| vector.get(member).map(unhex).unwrap_or_default();
        for (way, member) in [(0, "request"), (1, "issued"), (2, "issued")] {
            seeds.add([&[way][..], &of(member)].concat());
        }
    }
    for vector in seeds.vectors("/tokens/valid") {
        let all = |member: &str| -> Vec<u8> {
            vector.get(member).and_then(Json::as_array).into_iter().flatten().flat_map(unhex).collect()
        };
        seeds.add([&[3, 4][..], &all("pairs"), &[4], &all("challenges")].concat());
        seeds.add([&[4, 4][..], &all("commitments"), &[4], &all("responses")].concat());
    }
}
