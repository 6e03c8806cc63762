//! A link secret, a credential, tokens, a presentation in each profile.

use std::sync::Arc;

use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::labels;
use glimpse_circuits::presentation::{Presentation, Rounds};
use glimpse_circuits::random::{hedged, random_scalar};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::token::{TokenCommitment, TokenPair};
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{World, rng};
use glimpse_issuer::{Issuance, TokenExchange, issue};
use glimpse_prover::{Holding, LinkSecret, PendingIssuance, PendingTokens, Showing, Token, present};
use serde_json::json;

use crate::stage::Stage;

/// Long enough to be found by.
const NAME: &str = "vbnq 2846 hlcr wyjd ktgzoe";
const SEED: u64 = 43;

pub(crate) fn run(stage: &mut Stage) {
    work(stage);
    stage.dropped();
}

#[inline(never)]
fn work(stage: &Stage) {
    let schema = all_types();
    let mut world = World::new(SEED, std::slice::from_ref(&schema));
    let key = *world.issuer.public();
    let mut rng = rng(SEED + 1);
    let secret = LinkSecret::generate(&mut rng);
    stage.secret("link-secret", || secret.to_bytes().to_vec());

    let nonce = Nonce([1; 32]);
    let pending = PendingIssuance::begin(&secret, &key, &schema, &nonce, &mut rng);
    let issued = stage.message("credential", || {
        let mut values = all_types_values();
        values[0] = Value::Text(NAME.into());
        let request = Some(pending.request());
        let issuance =
            Issuance { schema: &schema, values, handle: 0x1234_5678, nonce, request, registered: None };
        issue(&world.issuer, issuance, &mut world.rng).unwrap().to_bytes()
    });
    let issued = IssuedCredential::from_bytes(&schema, &issued).unwrap();
    let credential = pending.finish(&secret, &key, Arc::clone(&schema), issued).unwrap();
    let bytes = credential.to_bytes();
    stage.secret("t", || bytes[..32].to_vec());
    stage.secret("e", || bytes[64..96].to_vec());
    stage.secret("attribute", || NAME.as_bytes().to_vec());
    stage.secret("attribute's-scalar", || credential.values()[0].to_scalar().to_bytes().to_vec());

    let drawn = rng.clone();
    let pending = PendingTokens::begin(&credential, 4, &mut rng);
    stage.secret("r1", || blinding(&bytes, pending.pairs(), &mut drawn.clone()).to_bytes().to_vec());
    let mut exchange = None;
    let commitments = stage.message("commitments", || {
        let (opened, commitments) =
            TokenExchange::commit(&world.issuer, pending.pairs(), &mut world.rng).unwrap();
        exchange = Some(opened);
        commitments.iter().flat_map(TokenCommitment::to_bytes).collect()
    });
    let commitments: Vec<_> =
        commitments.chunks(64).map(|bytes| TokenCommitment::from_bytes(bytes).unwrap()).collect();
    let held = PendingTokens::begin(&credential, 4, &mut drawn.clone());
    let (blinded, challenges) = pending.challenge(&commitments, &mut rng).unwrap();
    let responses = stage.message("responses", || {
        let responses = exchange.take().unwrap().respond(&world.issuer, &challenges).unwrap();
        responses.iter().flat_map(Scalar::to_bytes).collect()
    });
    let responses: Vec<Scalar> = responses.chunks(32).map(scalar).collect();
    let mut tokens = blinded.finish(&responses).unwrap();
    stage.secret("r", || tokens[0].to_bytes()[..32].to_vec());
    // r = α·r_1 and z_t = z' + β.
    stage.transient("alpha", || {
        let [r, r1] = [scalar(&tokens[0].to_bytes()), blinding(&bytes, held.pairs(), &mut drawn.clone())];
        (r * r1.invert()).to_bytes().to_vec()
    });
    stage.transient("beta", || (scalar(&tokens[0].to_bytes()[160..]) - responses[0]).to_bytes().to_vec());

    // One token is used up, the others are held.
    let used = tokens.pop().unwrap();
    let statements = json!([
        {"age": {"of": "l.birth", "at_least": "18"}},
        {"member": {"of": "l.region", "values": ["r1", "r3", "r7"]}},
    ]);
    let request = world.request_for_small(&[("l", schema.as_ref())], statements, "token");
    let fast = world.relation(&request);
    let compact = fast.compact().unwrap();
    let show = |relation: &Relation, token: Token| {
        let holding = Holding::new(&credential, Showing::Token(token));
        present(relation, &secret, vec![holding], &mut glimpse_fixtures::rng(SEED + 2)).unwrap()
    };
    let presentation = show(&fast, used);
    show(&compact, tokens.pop().unwrap());
    // z = m~ + c·m: whoever has a mask has the value.
    stage.transient("mask-of-the-link-secret", || {
        let c = challenge(&fast, &presentation);
        (presentation.responses[0] - c * scalar(&*secret.to_bytes())).to_bytes().to_vec()
    });
    stage.held();
    drop((held, bytes));
}

/// The scalar that is first in these bytes.
fn scalar(bytes: &[u8]) -> Scalar {
    Option::from(Scalar::from_canonical_bytes(bytes[..32].try_into().unwrap())).unwrap()
}

/// The first r_1, as the prover draws it.
fn blinding(credential: &[u8], pairs: &[TokenPair], rng: &mut rand_chacha::ChaCha20Rng) -> Scalar {
    let e = scalar(&credential[64..96]);
    let r1 = random_scalar(&mut hedged(labels::WALLET_RANDOMNESS, &[&credential[32..64]], &[&e], rng));
    let a = CompressedRistretto(credential[32..64].try_into().unwrap()).decompress().unwrap();
    assert_eq!(a * r1, pairs[0].p.point, "the prover draws it in another way");
    r1
}

fn challenge(relation: &Relation, presentation: &Presentation) -> Scalar {
    let mut rounds =
        Rounds::new(relation, &presentation.issuers, &presentation.disclosed, &presentation.lists);
    presentation.commitments.iter().for_each(|commitment| rounds.credential(commitment));
    let digits = presentation.digits.as_ref().unwrap();
    let committed = digits.committed.as_ref().unwrap();
    rounds.weight(Some(&committed.point));
    rounds.masks(&digits.masks, Some(&committed.tau));
    rounds.challenge().0
}
