//! Token exchanges, both sides' checks, and tokens by themselves.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::{EncodedPoint, Reader};
use glimpse_circuits::key::KeyedCheck;
use glimpse_circuits::token::{TokenCommitment, TokenPair, token_challenge};
use glimpse_issuer::TokenExchange;

use super::{KNOWN, bytes, distinct, point, scalar, x};
use crate::format::{TokenParts, ValidExchange};
use crate::scene::rng;

/// Whether the issuer answers for these pairs.
fn issuer_commits(key: &str, pairs: &[TokenPair]) -> bool {
    TokenExchange::commit(&KNOWN.keys[key], pairs, &mut rng("check")).is_ok()
}

/// The wallet's check of an answer.
fn answer_holds(key: &str, pair: &TokenPair, commitment: &TokenCommitment, c: &Scalar, z: &Scalar) -> bool {
    let key = KNOWN.keys[key].public();
    RistrettoPoint::mul_base(z) == commitment.r1.point + key.point() * c
        && pair.p.point * z == commitment.r2.point + pair.q.point * c
}

/// A verifier's check of a token, and that c_t is what the file says.
fn token_holds(key: &str, token: &TokenParts) -> bool {
    let key = KNOWN.keys[key].public();
    let [a, b, r1, r2] = [&token.a_bar, &token.b_bar, &token.r1, &token.r2].map(|text| point(text));
    let (c, z) = (challenge(key, [&a, &b, &r1, &r2]), scalar(&token.zt));
    assert_eq!(c, scalar(&token.ct));
    RistrettoPoint::mul_base(&z) == r1.point + key.point() * c && a.point * z == r2.point + b.point * c
}

fn challenge(key: &glimpse_circuits::key::IssuerPublicKey, points: [&EncodedPoint; 4]) -> Scalar {
    let [a, b, r1, r2] = points.map(|point| &point.encoded);
    token_challenge(key, a, b, r1, r2)
}

#[test]
fn valid_exchanges_hold_at_every_step() {
    let valid = &KNOWN.file.tokens.valid;
    distinct(valid.iter().map(|vector| vector.name.as_str()));
    for vector in valid {
        let pairs: Vec<TokenPair> =
            vector.pairs.iter().map(|pair| TokenPair::from_bytes(&bytes(pair)).unwrap()).collect();
        assert!(issuer_commits(&vector.key, &pairs), "{}", vector.name);
        assert!(KNOWN.keys[&vector.key].holds(&point(&vector.a).point, &point(&vector.signed).point));
        for (i, pair) in pairs.iter().enumerate() {
            one(vector, i, pair);
        }
    }
}

/// docs/protocol.md, section 5.
fn one(vector: &ValidExchange, i: usize, pair: &TokenPair) {
    let name = format!("{} {i}", vector.name);
    let (a, signed) = (point(&vector.a).point, point(&vector.signed).point);
    let key = KNOWN.keys[&vector.key].public();
    let blinding = &vector.blindings[i];
    let [r1, alpha, beta, gamma] =
        [&blinding.r1, &blinding.alpha, &blinding.beta, &blinding.gamma].map(|text| scalar(text));
    assert_eq!((pair.p.point, pair.q.point), (a * r1, signed * r1), "{name}");
    let k = scalar(&vector.k[i]);
    let commitment = TokenCommitment::from_bytes(&bytes(&vector.commitments[i])).unwrap();
    assert_eq!((commitment.r1.point, commitment.r2.point), (RistrettoPoint::mul_base(&k), pair.p.point * k));
    let token = &vector.tokens[i];
    let [a_bar, b_bar, big_r1, big_r2] =
        [&token.a_bar, &token.b_bar, &token.r1, &token.r2].map(|text| point(text).point);
    assert_eq!((a_bar, b_bar), (pair.p.point * alpha, pair.q.point * alpha), "{name}");
    assert_eq!(big_r1, commitment.r1.point + RistrettoPoint::mul_base(&beta) + key.point() * gamma, "{name}");
    assert_eq!(big_r2, commitment.r2.point * alpha + a_bar * beta + b_bar * gamma, "{name}");
    let (c, z) = (scalar(&vector.challenges[i]), scalar(&vector.responses[i]));
    assert_eq!(c, scalar(&token.ct) + gamma, "{name}");
    assert_eq!(z, k + c * x(&vector.key), "{name}");
    assert!(answer_holds(&vector.key, pair, &commitment, &c, &z), "{name}");
    assert_eq!((scalar(&token.r), scalar(&token.zt)), (alpha * r1, z + beta), "{name}");
    assert!(token_holds(&vector.key, token), "{name}");
}

#[test]
fn invalid_exchanges_are_refused() {
    let invalid = &KNOWN.file.tokens.invalid;
    distinct(invalid.iter().map(|vector| vector.name.as_str()));
    for vector in invalid {
        let stage = match vector.message.as_str() {
            "pair" => match TokenPair::from_bytes(&bytes(vector.pair.as_deref().unwrap())) {
                Err(_) => "decode",
                Ok(pair) if issuer_commits(&vector.key, &[pair; 4]) => "accepted",
                Ok(_) => "proof",
            },
            "response" => {
                let pair = TokenPair::from_bytes(&bytes(vector.pair.as_deref().unwrap())).unwrap();
                let commitment = bytes(vector.commitment.as_deref().unwrap());
                let commitment = TokenCommitment::from_bytes(&commitment).unwrap();
                let challenge = scalar(vector.challenge.as_deref().unwrap());
                let response = bytes(vector.response.as_deref().unwrap());
                match Reader::new(&response).scalar() {
                    Err(_) => "decode",
                    Ok(z) if answer_holds(&vector.key, &pair, &commitment, &challenge, &z) => "accepted",
                    Ok(_) => "proof",
                }
            }
            "token" if token_holds(&vector.key, vector.token.as_ref().unwrap()) => "accepted",
            "token" => "proof",
            other => panic!("{other}"),
        };
        assert_eq!(stage, vector.stage, "{}", vector.name);
    }
}
