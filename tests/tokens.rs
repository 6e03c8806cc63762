//! Helper tokens: the issuer answers for its own pairs only and once, the wallet keeps what is right only, and what is
//! kept says nothing about where it came from.
//!
//! attacks.md, Soundness 6. What verifiers do with false tokens is in suite `forgery`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::HashSet;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint, Reader};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment, TokenPair, token_challenge};
use glimpse_fixtures::open::point;
use glimpse_fixtures::schemas::{unbound, unbound_values};
use glimpse_fixtures::{NOW, World, rng};
use glimpse_issuer::{ExchangeId, IssuerSecretKey, TokenError, TokenExchange, TokenExchanges};
use glimpse_prover::{
    Credential, Holding, PendingTokens, PresentError, Showing, Token, TokenFetchError, present,
};
use serde_json::json;

fn world(seed: u64) -> (World, Credential) {
    let schema = unbound();
    let mut world = World::new(seed, std::slice::from_ref(&schema));
    let wallet = world.wallet();
    let credential = world.obtain(&wallet, &schema, unbound_values());
    (world, credential)
}

fn true_pair(world: &mut World) -> TokenPair {
    let x: Scalar = Scalar::from_canonical_bytes(*world.issuer.to_bytes()).unwrap();
    let p = point(&mut world.rng);
    TokenPair { p, q: (p.point * x).into() }
}

fn commit(world: &mut World, pairs: &[TokenPair]) -> Result<Vec<TokenCommitment>, TokenError> {
    TokenExchange::commit(&world.issuer, pairs, &mut world.rng).map(|(_, commitments)| commitments)
}

/// Whatever pair is wrong, and wherever in the batch it stands: no commitment is made, not for the others either.
#[test]
fn pairs_that_are_not_the_issuers_are_refused() {
    let (mut world, _) = world(1);
    let x: Scalar = Scalar::from_canonical_bytes(*world.issuer.to_bytes()).unwrap();
    let g = EncodedPoint::from(RistrettoPoint::mul_base(&Scalar::ONE));
    let zero = EncodedPoint::from(RistrettoPoint::default());
    let (p, q) = (point(&mut world.rng), point(&mut world.rng));
    let own: RistrettoPoint = p.point * x;
    let wrong = [
        TokenPair { p, q },
        TokenPair { p, q: p },
        TokenPair { p, q: zero },
        TokenPair { p, q: (-own).into() },
        TokenPair { p, q: (own + g.point).into() },
        TokenPair { p, q: EncodedPoint::from(*world.issuer.public().point()) },
        TokenPair { p: g, q: EncodedPoint::from(*world.other_issuer.public().point()) },
        // P' = 0, with the Q' that would go with it and with others.
        TokenPair { p: zero, q: zero },
        TokenPair { p: zero, q },
    ];
    for (i, pair) in wrong.into_iter().enumerate() {
        for at in 0..4 {
            let mut pairs = [true_pair(&mut world); 4];
            pairs[at] = pair;
            assert_eq!(commit(&mut world, &pairs), Err(TokenError::Pair), "wrong pair {i} at {at}");
        }
        let is_zero = i >= 7;
        let expected = if is_zero { Err(DecodeError::Identity) } else { Ok(pair) };
        assert_eq!(TokenPair::from_bytes(&pair.to_bytes()), expected);
    }
    // Two errors that cancel.
    let (a, b) = (true_pair(&mut world), true_pair(&mut world));
    let error = point(&mut world.rng).point;
    let (plus, minus) = ((a.q.point + error).into(), (b.q.point - error).into());
    let pairs = [TokenPair { q: plus, ..a }, TokenPair { q: minus, ..b }, a, b];
    assert_eq!(commit(&mut world, &pairs), Err(TokenError::Pair));
    assert!(commit(&mut world, &[a, b, a, b]).is_ok());
}

#[test]
fn only_the_fixed_batch_sizes() {
    let (mut world, credential) = world(2);
    for count in (0..=80).chain([128]) {
        let pairs = vec![true_pair(&mut world); count];
        let result = commit(&mut world, &pairs).map(|commitments| commitments.len());
        let expected =
            if TOKEN_BATCH_SIZES.contains(&count) { Ok(count) } else { Err(TokenError::BatchSize) };
        assert_eq!(result, expected);
    }
    // Counts that do not match, on either side.
    let fetch = |world: &mut World| {
        let pending = PendingTokens::begin(&credential, 4, &mut world.rng);
        let (exchange, commitments) =
            TokenExchange::commit(&world.issuer, pending.pairs(), &mut world.rng).unwrap();
        (pending, exchange, commitments)
    };
    for count in [0, 3, 5] {
        let (pending, exchange, commitments) = fetch(&mut world);
        let wrong: Vec<_> = commitments.iter().cycle().take(count).copied().collect();
        let refused = pending.challenge(&wrong, &mut world.rng).map(|_| ());
        assert_eq!(refused, Err(TokenFetchError::Count));
        let refused = exchange.respond(&world.issuer, &vec![Scalar::ONE; count]);
        assert_eq!(refused, Err(TokenError::ChallengeCount));
        let (pending, exchange, commitments) = fetch(&mut world);
        let (blinded, challenges) = pending.challenge(&commitments, &mut world.rng).unwrap();
        let responses = exchange.respond(&world.issuer, &challenges).unwrap();
        let wrong: Vec<_> = responses.iter().cycle().take(count).copied().collect();
        assert_eq!(blinded.finish(&wrong).map(|_| ()), Err(TokenFetchError::Count));
    }
}

/// k answers one challenge: an exchange can be taken out once, in time, and there are only so many.
#[test]
fn an_exchange_is_answered_once() {
    let (mut world, _) = world(3);
    let pairs = [true_pair(&mut world); 4];
    let mut open = || TokenExchange::commit(&world.issuer, &pairs, &mut world.rng).unwrap().0;
    let mut rng = rng(33);
    let mut exchanges = TokenExchanges::new(3, 10);
    let unknown = Some(TokenError::UnknownExchange);
    assert_eq!(exchanges.take(&ExchangeId([0; 16]), NOW).err(), unknown);

    let id = exchanges.insert(open(), NOW, &mut rng).unwrap();
    assert_eq!(exchanges.take(&id, NOW).err(), None);
    assert_eq!(exchanges.take(&id, NOW).err(), unknown, "twice");

    let id = exchanges.insert(open(), NOW, &mut rng).unwrap();
    assert_eq!(exchanges.take(&id, NOW + 10).err(), unknown, "too late");
    assert_eq!(exchanges.take(&id, NOW).err(), unknown, "and then gone, whatever the clock says");
    let id = exchanges.insert(open(), NOW, &mut rng).unwrap();
    assert_eq!(exchanges.take(&id, NOW + 9).err(), None, "just in time");

    let ids: Vec<_> = (0..3).map(|_| exchanges.insert(open(), NOW, &mut rng).unwrap()).collect();
    assert_eq!(exchanges.insert(open(), NOW + 9, &mut rng).err(), Some(TokenError::Busy));
    assert_eq!(exchanges.take(&ids[1], NOW + 9).err(), None);
    let fourth = exchanges.insert(open(), NOW + 9, &mut rng).unwrap();
    // At the tenth second the others have expired and made room.
    let more: Vec<_> = (0..2).map(|_| exchanges.insert(open(), NOW + 10, &mut rng).unwrap()).collect();
    assert_eq!(exchanges.insert(open(), NOW + 10, &mut rng).err(), Some(TokenError::Busy));
    for id in [ids[0], ids[2]] {
        assert_eq!(exchanges.take(&id, NOW + 10).err(), unknown);
    }
    for id in [fourth, more[0], more[1]] {
        assert_eq!(exchanges.take(&id, NOW + 10).err(), None);
    }
    // A restart knows none of them.
    let id = exchanges.insert(open(), NOW, &mut rng).unwrap();
    assert_eq!(TokenExchanges::new(3, 10).take(&id, NOW).err(), unknown);
}

/// No k is used for two pairs, not for equal ones, and not by two issuers whose generators are in the same state.
#[test]
fn commitments_never_repeat() {
    let (mut world, _) = world(4);
    let pairs = vec![true_pair(&mut world); 64];
    let mut seen = HashSet::new();
    for _ in 0..16 {
        for commitment in commit(&mut world, &pairs).unwrap() {
            assert!(seen.insert(commitment.r1.encoded.to_bytes()));
            assert!(seen.insert(commitment.r2.encoded.to_bytes()));
        }
    }
    assert_eq!(seen.len(), 2 * 16 * 64);
}

/// A generator that repeats, as in a restored virtual machine, does not make k repeat: neither for one pair in two
/// batches, nor inside a batch, nor for two keys. Two answers for one k give x away.
#[test]
fn a_stuck_generator_does_not_repeat_a_nonce() {
    let (mut world, _) = world(8);
    let x: Scalar = Scalar::from_canonical_bytes(*world.other_issuer.to_bytes()).unwrap();
    let pair = true_pair(&mut world);
    let theirs = TokenPair { q: (pair.p.point * x).into(), ..pair };
    let mut firsts = HashSet::new();
    for (key, pair) in [(&world.issuer, pair), (&world.issuer, pair), (&world.other_issuer, theirs)] {
        let (_, commitments) = TokenExchange::commit(key, &[pair; 4], &mut rng(7)).unwrap();
        for commitment in commitments {
            assert!(firsts.insert(commitment.r1.encoded.to_bytes()));
        }
    }
    // Nor what the wallet blinds with: under two commitments there are two sets of α, β, γ.
    let (mut world, credential) = self::world(9);
    let begin = |seed: u64| PendingTokens::begin(&credential, 4, &mut rng(seed));
    let (first, second) = (begin(1), begin(1));
    assert_eq!(first.pairs(), second.pairs());
    let mut fetch = |pending: PendingTokens| {
        let (exchange, commitments) =
            TokenExchange::commit(&world.issuer, pending.pairs(), &mut world.rng).unwrap();
        let (blinded, challenges) = pending.challenge(&commitments, &mut rng(2)).unwrap();
        let tokens = blinded.finish(&exchange.respond(&world.issuer, &challenges).unwrap()).unwrap();
        tokens[0].to_bytes()[32..64].to_vec()
    };
    assert_ne!(fetch(first), fetch(second), "the same A in two tokens");
}

/// All or nothing: one wrong response or commitment anywhere, and no token of the batch is kept.
#[test]
fn wrong_answers_are_refused_by_the_wallet() {
    let (mut world, credential) = world(5);
    let key = IssuerSecretKey::from_bytes(&world.issuer.to_bytes()).unwrap();
    for at in 0..4 {
        for lie in ["none", "z", "zero z", "swapped z", "r1", "r2", "swapped r", "identity r", "other key"] {
            let pending = PendingTokens::begin(&credential, 4, &mut world.rng);
            let (exchange, mut commitments) =
                TokenExchange::commit(&key, pending.pairs(), &mut world.rng).unwrap();
            let error = point(&mut world.rng).point;
            match lie {
                "r1" => commitments[at].r1 = (commitments[at].r1.point + error).into(),
                "r2" => commitments[at].r2 = (commitments[at].r2.point + error).into(),
                "swapped r" => commitments.swap(at, (at + 1) % 4),
                "identity r" => commitments[at].r1 = RistrettoPoint::default().into(),
                _ => {}
            }
            let (blinded, challenges) = pending.challenge(&commitments, &mut world.rng).unwrap();
            let mut responses = exchange.respond(&key, &challenges).unwrap();
            match lie {
                "z" => responses[at] += Scalar::ONE,
                "zero z" => responses[at] = Scalar::ZERO,
                "swapped z" => responses.swap(at, (at + 1) % 4),
                // z' = k + c'·x of another x.
                "other key" => {
                    let secret =
                        |key: &IssuerSecretKey| Scalar::from_canonical_bytes(*key.to_bytes()).unwrap();
                    let difference = secret(&world.other_issuer) - secret(&key);
                    responses.iter_mut().zip(&challenges).for_each(|(z, c)| *z += c * difference);
                }
                _ => {}
            }
            let result = blinded.finish(&responses).map(|tokens| tokens.len());
            let expected = if lie == "none" { Ok(4) } else { Err(TokenFetchError::Response) };
            assert_eq!(result, expected, "{lie} at {at}");
        }
    }
}

#[test]
fn an_exchange_is_not_answered_under_another_key() {
    let (mut world, credential) = world(5);
    let pending = PendingTokens::begin(&credential, 4, &mut world.rng);
    let key = IssuerSecretKey::from_bytes(&world.issuer.to_bytes()).unwrap();
    let (exchange, commitments) = TokenExchange::commit(&key, pending.pairs(), &mut world.rng).unwrap();
    assert_eq!(exchange.key(), key.public());
    let (_, challenges) = pending.challenge(&commitments, &mut world.rng).unwrap();
    assert_eq!(exchange.respond(&world.other_issuer, &challenges), Err(TokenError::OtherKey));
}

#[test]
fn a_token_serves_its_own_credential_only() {
    let (mut world, credential) = world(6);
    let wallet = world.wallet();
    let twin = world.obtain(&wallet, &unbound(), unbound_values());
    let request = world.request(&[("l", &unbound())], json!([]));
    let relation = world.relation(&request);
    let token = world.token(&credential);
    let stored = token.to_bytes();
    let present_with = |credential: &Credential, showing: Showing| {
        let holdings = vec![Holding::new(credential, showing)];
        present(&relation, &wallet.secret, holdings, &mut rng(1)).map(|p| p.to_bytes())
    };
    let read = |bytes: &[u8]| Showing::Token(Token::from_bytes(bytes).unwrap());
    assert_eq!(present_with(&twin, Showing::Token(token)).err(), Some(PresentError::ForeignToken));
    assert_eq!(present_with(&credential, Showing::Keyed).err(), Some(PresentError::WrongShowing));
    let good = present_with(&credential, read(&stored)).unwrap();
    assert!(world.verifier().verify(&request, &good, NOW).is_ok());
    // A wallet that believes the token to be the twin's makes a proof that does not hold.
    let twins = world.token(&twin).to_bytes();
    let mut forged = stored.to_vec();
    forged[192..].copy_from_slice(&twins[192..]);
    let bytes = present_with(&twin, read(&forged)).unwrap();
    assert!(world.verifier().verify(&request, &bytes, NOW).is_err());
    for length in 0..stored.len() {
        assert_eq!(Token::from_bytes(&stored[..length]).err(), Some(DecodeError::TooShort));
    }
    let mut zero = stored.to_vec();
    zero[32..64].fill(0);
    assert_eq!(Token::from_bytes(&zero).err(), Some(DecodeError::Identity));
}

/// What the issuer saw of one exchange.
struct View {
    pair: TokenPair,
    commitment: TokenCommitment,
    challenge: Scalar,
    response: Scalar,
}

/// Ā, B̄, R_1, R_2, z_t and c_t of a token.
struct Parts {
    a: RistrettoPoint,
    b: RistrettoPoint,
    r1: RistrettoPoint,
    r2: RistrettoPoint,
    z: Scalar,
    c: Scalar,
}

fn parts(key: &IssuerPublicKey, token: &Token) -> Parts {
    let bytes = token.to_bytes();
    let mut reader = Reader::new(&bytes[32..]);
    let [a, b, r1, r2] = std::array::from_fn(|_| reader.point().unwrap());
    let z = reader.scalar().unwrap();
    let c = token_challenge(key, &a.encoded, &b.encoded, &r1.encoded, &r2.encoded);
    Parts { a: a.point, b: b.point, r1: r1.point, r2: r2.point, z, c }
}

/// Perfect blindness: whatever the issuer saw, and whatever token of its key it meets later, there is exactly one
/// (α, β, γ) that leads from one to the other. Tokens of two credentials are matched with all views of both.
#[test]
fn any_token_may_come_from_any_exchange() {
    let (mut world, first) = world(7);
    let wallet = world.wallet();
    let other = world.obtain(&wallet, &unbound(), unbound_values());
    let key = *world.issuer.public();
    let x: Scalar = Scalar::from_canonical_bytes(*world.issuer.to_bytes()).unwrap();
    let (mut views, mut tokens) = (Vec::new(), Vec::new());
    for credential in [&first, &other] {
        let pending = PendingTokens::begin(credential, 4, &mut world.rng);
        let pairs = pending.pairs().to_vec();
        let (exchange, commitments) = TokenExchange::commit(&world.issuer, &pairs, &mut world.rng).unwrap();
        let (blinded, challenges) = pending.challenge(&commitments, &mut world.rng).unwrap();
        let responses = exchange.respond(&world.issuer, &challenges).unwrap();
        for i in 0..4 {
            let (pair, commitment) = (pairs[i], commitments[i]);
            views.push(View { pair, commitment, challenge: challenges[i], response: responses[i] });
        }
        tokens.extend(blinded.finish(&responses).unwrap().iter().map(|token| parts(&key, token)));
    }
    let mut own = 0;
    for (i, view) in views.iter().enumerate() {
        let k = view.response - view.challenge * x;
        assert_eq!(RistrettoPoint::mul_base(&k), view.commitment.r1.point);
        assert_eq!(view.pair.p.point * k, view.commitment.r2.point);
        for (j, token) in tokens.iter().enumerate() {
            let (beta, gamma) = (token.z - view.response, view.challenge - token.c);
            let g = RistrettoPoint::mul_base(&beta);
            assert_eq!(token.r1, view.commitment.r1.point + g + key.point() * gamma, "view {i}, token {j}");
            // α is the logarithm of Ā to the base P', which exists and is not 0; α·R'_2 = α·k·P' = k·Ā.
            assert_ne!(token.a, RistrettoPoint::default());
            assert_eq!(token.r2, token.a * k + token.a * beta + token.b * gamma, "view {i}, token {j}");
            assert_eq!(token.b, token.a * x);
            own += usize::from(i == j);
        }
    }
    assert_eq!(own, 8);
    // Nothing that was sent stands in a token as it was.
    let mut sent = HashSet::new();
    for view in &views {
        sent.extend([view.pair.p, view.pair.q, view.commitment.r1, view.commitment.r2].map(|p| p.encoded.0));
        sent.extend([view.challenge.to_bytes(), view.response.to_bytes()]);
    }
    for token in &tokens {
        let scalars = [token.z.to_bytes(), token.c.to_bytes()];
        let points = [token.a, token.b, token.r1, token.r2].map(|p| p.compress().0);
        assert!(scalars.iter().chain(&points).all(|part| !sent.contains(part)));
    }
}
