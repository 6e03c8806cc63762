//! Exchanges of tokens with the randomness of both sides, and what each side refuses.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::token::token_challenge;

use super::alter::{not_canonical_point, plus_order};
use crate::format::{Blinding, InvalidExchange, TokenParts, Tokens, ValidExchange};
use crate::holdings::{Holding, OpenToken, find, named_scalar};
use crate::scene::{Scene, rng};

pub(crate) fn tokens(scene: &Scene, holdings: &[Holding]) -> Tokens {
    let valid = [("all types", 4), ("unbound of the second key", 4), ("driving licence", 16)];
    let valid = valid.map(|(name, count)| exchange(scene, find(holdings, name), count)).to_vec();
    Tokens { valid, invalid: invalid(scene, holdings) }
}

fn point(point: &EncodedPoint) -> String {
    hex::encode(point.encoded.as_bytes())
}

fn two(points: &[EncodedPoint; 2]) -> String {
    points.iter().map(point).collect()
}

fn sc(scalar: &Scalar) -> String {
    hex::encode(scalar.as_bytes())
}

fn exchange(scene: &Scene, holding: &Holding, count: usize) -> ValidExchange {
    let rng = &mut rng(&format!("tokens {}", holding.name));
    let tokens: Vec<OpenToken> = (0..count).map(|_| holding.token(scene, rng)).collect();
    let blinding = |token: &OpenToken| {
        let [r1, _, alpha, beta, gamma] = token.drawn.map(|scalar| sc(&scalar));
        Blinding { r1, alpha, beta, gamma }
    };
    ValidExchange {
        name: format!("{count} tokens for {}", holding.name),
        key: holding.key.to_owned(),
        a: hex::encode(holding.open.a.compress().as_bytes()),
        signed: hex::encode(holding.open.signed.compress().as_bytes()),
        blindings: tokens.iter().map(blinding).collect(),
        pairs: tokens.iter().map(|token| two(&token.pair)).collect(),
        k: tokens.iter().map(|token| sc(&token.drawn[1])).collect(),
        commitments: tokens.iter().map(|token| two(&token.commitment)).collect(),
        challenges: tokens.iter().map(|token| sc(&token.challenge)).collect(),
        responses: tokens.iter().map(|token| sc(&token.response)).collect(),
        tokens: tokens.iter().map(parts).collect(),
    }
}

fn parts(token: &OpenToken) -> TokenParts {
    TokenParts {
        r: sc(&token.r),
        a_bar: point(&token.a_bar),
        b_bar: point(&token.b_bar),
        r1: point(&token.proof.r1),
        r2: point(&token.proof.r2),
        zt: sc(&token.proof.response),
        ct: sc(&token.ct),
    }
}

/// What is wrong about bytes before anything is computed with them.
const DECODE: [&str; 5] = [
    "too short",
    "too long",
    "not in its one spelling",
    "P' is the identity",
    "P' is the identity, and Q' = x·P'",
];

fn of(name: &str, message: &str, reason: &str) -> InvalidExchange {
    InvalidExchange {
        name: name.to_owned(),
        message: message.to_owned(),
        key: "first".to_owned(),
        pair: None,
        commitment: None,
        challenge: None,
        response: None,
        token: None,
        stage: if DECODE.contains(&reason) { "decode" } else { "proof" }.to_owned(),
        reason: reason.to_owned(),
    }
}

fn invalid(scene: &Scene, holdings: &[Holding]) -> Vec<InvalidExchange> {
    let holding = find(holdings, "all types");
    let token = holding.token(scene, &mut rng("a token to be altered"));
    let mut all = pairs(scene, holdings, &token);
    all.extend(responses(scene, holding, &token));
    all.extend(finished(scene, holding, &token));
    all
}

/// What the issuer refuses before it computes anything.
fn pairs(scene: &Scene, holdings: &[Holding], token: &OpenToken) -> Vec<InvalidExchange> {
    let theirs = find(holdings, "all types of the second key");
    let theirs = theirs.token(scene, &mut rng("a token of the second key"));
    let [p, q] = token.pair;
    let (zero, g) = (EncodedPoint::from(RistrettoPoint::default()), RistrettoPoint::mul_base(&Scalar::ONE));
    let wrong: Vec<(&str, String, &str)> = vec![
        ("pair with another Q'", two(&[p, (q.point + g).into()]), "Q' is not x·P'"),
        ("pair with another P'", two(&[(p.point + g).into(), q]), "Q' is not x·P'"),
        ("pair with Q' = P'", two(&[p, p]), "Q' is not x·P'"),
        ("pair with Q' = 0", two(&[p, zero]), "Q' is not x·P'"),
        ("pair with Q' = -x·P'", two(&[p, (-q.point).into()]), "Q' is not x·P'"),
        ("pair in the wrong order", two(&[q, p]), "Q' is not x·P'"),
        ("pair of another key", two(&theirs.pair), "Q' is not x·P' for this x"),
        ("pair with P' = 0", two(&[zero, q]), "P' is the identity"),
        ("pair of two zeros", two(&[zero, zero]), "P' is the identity, and Q' = x·P'"),
        ("pair of 63 bytes", two(&token.pair)[..126].to_owned(), "too short"),
        ("pair of 65 bytes", format!("{}00", two(&token.pair)), "too long"),
        (
            "pair with P' not canonical",
            format!("{}{}", hex::encode(not_canonical_point(p.encoded.as_bytes())), point(&q)),
            "not in its one spelling",
        ),
        (
            "pair with Q' not canonical",
            format!("{}{}", point(&p), hex::encode(not_canonical_point(q.encoded.as_bytes()))),
            "not in its one spelling",
        ),
    ];
    let one = |(name, pair, reason): (&str, String, &str)| InvalidExchange {
        pair: Some(pair),
        ..of(name, "pair", reason)
    };
    wrong.into_iter().map(one).collect()
}

/// What the wallet refuses.
fn responses(scene: &Scene, holding: &Holding, token: &OpenToken) -> Vec<InvalidExchange> {
    let [r1, r2] = token.commitment;
    let (c, z, one) = (token.challenge, token.response, Scalar::ONE);
    let g = RistrettoPoint::mul_base(&one);
    let x = scene.x(holding.key);
    let k = token.drawn[1];
    let other = named_scalar("another k");
    let tagged = EncodedPoint::from(token.pair[0].point * other);
    let wrong = [
        ("response, another z'", [r1, r2], c, z + one, "z' was altered"),
        ("response to another challenge", [r1, r2], c, k + (c + one) * x, "z' answers another challenge"),
        ("response with another x", [r1, r2], c, k + c * (x + one), "z' is under another key"),
        ("response with another R'_1", [(r1.point + g).into(), r2], c, z, "R'_1 was altered"),
        ("response with another R'_2", [r1, (r2.point + g).into()], c, z, "R'_2 was altered"),
        (
            "response with two k",
            [r1, tagged],
            c,
            z,
            "R'_2 is of another k than R'_1, which would mark the token",
        ),
        ("response with R' in the wrong order", [r2, r1], c, z, "R'_1 and R'_2 are exchanged"),
    ];
    let one =
        |(name, commitment, challenge, response, reason): (&str, [EncodedPoint; 2], Scalar, Scalar, &str)| {
            InvalidExchange {
                pair: Some(two(&token.pair)),
                commitment: Some(two(&commitment)),
                challenge: Some(sc(&challenge)),
                response: Some(sc(&response)),
                ..of(name, "response", reason)
            }
        };
    let mut all: Vec<InvalidExchange> = wrong.into_iter().map(one).collect();
    let mut spelled = one(("response not canonical", [r1, r2], c, z, "not in its one spelling"));
    spelled.response = Some(hex::encode(plus_order(z.as_bytes())));
    all.push(spelled);
    all
}

/// Tokens that convince nobody. `ct` is what the hash gives for the altered token.
fn finished(scene: &Scene, holding: &Holding, token: &OpenToken) -> Vec<InvalidExchange> {
    let key = scene.public(holding.key);
    let g = RistrettoPoint::mul_base(&Scalar::ONE);
    let whole = [token.a_bar, token.b_bar, token.proof.r1, token.proof.r2];
    let mut all = Vec::new();
    let mut refuse = |name: &str, points: [EncodedPoint; 4], zt: Scalar, reason: &str| {
        let [a_bar, b_bar, r1, r2] = points;
        let ct = token_challenge(key, &a_bar.encoded, &b_bar.encoded, &r1.encoded, &r2.encoded);
        let parts = TokenParts {
            r: sc(&token.r),
            a_bar: point(&a_bar),
            b_bar: point(&b_bar),
            r1: point(&r1),
            r2: point(&r2),
            zt: sc(&zt),
            ct: sc(&ct),
        };
        all.push(InvalidExchange { token: Some(parts), ..of(name, "token", reason) });
    };
    for (i, name) in ["Ā", "B̄", "R_1", "R_2"].into_iter().enumerate() {
        let mut points = whole;
        points[i] = (points[i].point + g).into();
        refuse(&format!("token with another {name}"), points, token.proof.response, "one part was altered");
    }
    refuse("token with another z_t", whole, token.proof.response + Scalar::ONE, "one part was altered");
    // A pair of nobody's, with proofs made for a guessed challenge, and then fitted to the true one.
    let [a_bar, b_bar] = ["a false A", "a false B"].map(|name| RistrettoPoint::mul_base(&named_scalar(name)));
    let [z, guess] = ["a guessed z", "a guessed c"].map(named_scalar);
    let simulated = |c: Scalar| -> [EncodedPoint; 4] {
        let r1 = RistrettoPoint::mul_base(&z) - key.point() * c;
        [a_bar.into(), b_bar.into(), r1.into(), (a_bar * z - b_bar * c).into()]
    };
    let first = simulated(guess);
    refuse("token simulated for a false pair", first, z, "c_t is not the challenge it was made for");
    let c = token_challenge(key, &first[0].encoded, &first[1].encoded, &first[2].encoded, &first[3].encoded);
    refuse("token fitted to its challenge", simulated(c), z, "R_1 and R_2 are part of c_t");
    let second = simulated(c);
    refuse("token with R_2 fitted alone", [first[0], first[1], first[2], second[3]], z, "R_2 is part of c_t");
    // One Schnorr proof of the logarithm of X + B̄ to the base G + Ā: the two equations hold in sum.
    let y = named_scalar("a known logarithm");
    let sum = g + a_bar;
    let b_bar = EncodedPoint::from(sum * y - key.point());
    let (r1, k) = (RistrettoPoint::mul_base(&named_scalar("any R")), named_scalar("any k"));
    let (a_bar, r1) = (EncodedPoint::from(a_bar), EncodedPoint::from(r1));
    let r2 = EncodedPoint::from(sum * k - r1.point);
    let c = token_challenge(key, &a_bar.encoded, &b_bar.encoded, &r1.encoded, &r2.encoded);
    refuse(
        "token that holds in sum",
        [a_bar, b_bar, r1, r2],
        k + c * y,
        "each of the two equations is wrong",
    );
    all
}
