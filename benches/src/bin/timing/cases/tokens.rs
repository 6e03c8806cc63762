//! The issuer's answers about tokens, and keyed checks: x, once more.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_benches::welch::Class;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::key::KeyedCheck;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::token::TokenPair;
use glimpse_fixtures::rng;
use glimpse_issuer::{IssuerSecretKey, TokenExchange};
use rand_chacha::ChaCha20Rng;

use super::{key, subject};
use crate::case::{Case, Plan, either};

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    vec![
        subject("tokens: commit to 4 pairs", ["x = 1", "random"], move || committing(seed)),
        subject("tokens: respond to 4 challenges", ["x = 1", "random"], move || responding(seed, false)),
        subject("tokens: respond, by challenge", ["all challenges 0", "random"], move || {
            responding(seed, true)
        }),
        subject("keyed check: x", ["1", "random"], move || checking(seed, false)),
        subject("keyed check: outcome", ["B = x·A", "B random"], move || checking(seed, true)),
    ]
}

/// Pairs of this key.
fn pairs(key: &IssuerSecretKey, count: usize, rng: &mut ChaCha20Rng) -> Vec<TokenPair> {
    let x: Scalar = Option::from(Scalar::from_canonical_bytes(*key.to_bytes())).unwrap();
    let mut pair = || {
        let p = RistrettoPoint::mul_base(&random_scalar(rng));
        TokenPair { p: EncodedPoint::from(p), q: EncodedPoint::from(p * x) }
    };
    (0..count).map(|_| pair()).collect()
}

fn committing(seed: u64) -> Case {
    let (mut rng, mut own) = (rng(seed), rng(17));
    let prepare = move |class: Class| {
        let key = key(class, &mut rng);
        let pairs = pairs(&key, 4, &mut rng);
        (key, pairs)
    };
    Case::new(32, prepare, move |(key, pairs)| (TokenExchange::commit(&key, &pairs, &mut own).unwrap(), key))
}

fn responding(seed: u64, by_challenge: bool) -> Case {
    let mut rng = rng(seed);
    // The pairs have no part in the answer: one key's do for all.
    let of_pairs = IssuerSecretKey::generate(&mut rng);
    let pairs = pairs(&of_pairs, 4, &mut rng);
    let prepare = move |class: Class| {
        let key = key(if by_challenge { Class::Random } else { class }, &mut rng);
        let (exchange, _) = TokenExchange::commit(&of_pairs, &pairs, &mut rng).unwrap();
        let mut challenge = || {
            let drawn = random_scalar(&mut rng);
            if by_challenge { either(class, Scalar::ZERO, drawn) } else { drawn }
        };
        let challenges: Vec<Scalar> = (0..4).map(|_| challenge()).collect();
        (key, exchange, challenges)
    };
    Case::new(64, prepare, |(key, exchange, challenges)| {
        let responses = exchange.respond(&key, &challenges).unwrap();
        (responses, key, challenges)
    })
}

fn checking(seed: u64, by_point: bool) -> Case {
    let mut rng = rng(seed);
    let prepare = move |class: Class| {
        let key = key(if by_point { Class::Random } else { class }, &mut rng);
        let [pair, other] = [(); 2].map(|()| pairs(&key, 1, &mut rng).remove(0));
        let b = if by_point { either(class, pair.q.point, other.q.point) } else { pair.q.point };
        (key, pair.p.point, b)
    };
    Case::new(64, prepare, |(key, a, b)| (key.holds(&a, &b), key))
}
