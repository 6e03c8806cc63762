//! Helper tokens: the issuer's half of a blind proof that B̄ = x·Ā.
//!
//! The nonce k of an exchange must never answer two challenges, for that gives away x. A [`TokenExchange`] is
//! therefore consumed by its answer, cannot be cloned or stored, and [`TokenExchanges`] forgets it before the answer
//! is computed.

use std::collections::BTreeMap;
use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::labels;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment, TokenPair};
use glimpse_circuits::transcript::transcript;
use rand_core::{CryptoRngCore, RngCore};
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::key::IssuerSecretKey;

/// The open half of an exchange: one k for each pair. Zeroized on drop.
#[derive(ZeroizeOnDrop)]
pub struct TokenExchange {
    nonces: Vec<Scalar>,
}

impl fmt::Debug for TokenExchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenExchange(..)")
    }
}

impl TokenExchange {
    /// Answers pairs (P', Q') with (k·G, k·P').
    ///
    /// Every pair is checked for Q' = x·P' before anything else is computed: multiples of x or k of a point of
    /// somebody's choice would be a universal forgery.
    pub fn commit(
        key: &IssuerSecretKey,
        pairs: &[TokenPair],
        rng: &mut impl CryptoRngCore,
    ) -> Result<(Self, Vec<TokenCommitment>), TokenError> {
        if !TOKEN_BATCH_SIZES.contains(&pairs.len()) {
            return Err(TokenError::BatchSize);
        }
        // All pairs are checked, whichever is wrong.
        let wrong = pairs
            .iter()
            .filter(|pair| pair.p.is_identity() | (pair.p.point * key.x() != pair.q.point))
            .count();
        if wrong > 0 {
            return Err(TokenError::Pair);
        }
        let mut nonces = Vec::with_capacity(pairs.len());
        let mut commitments = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let k = nonce(key, pair, rng);
            commitments.push(TokenCommitment {
                r1: EncodedPoint::from(RistrettoPoint::mul_base(&k)),
                r2: EncodedPoint::from(pair.p.point * k),
            });
            nonces.push(k);
        }
        Ok((Self { nonces }, commitments))
    }

    /// Answers the challenges with z' = k + c'·x, once. On error the exchange is over as well.
    pub fn respond(self, key: &IssuerSecretKey, challenges: &[Scalar]) -> Result<Vec<Scalar>, TokenError> {
        if challenges.len() != self.nonces.len() {
            return Err(TokenError::ChallengeCount);
        }
        Ok(self.nonces.iter().zip(challenges).map(|(k, challenge)| k + challenge * key.x()).collect())
    }
}

/// k from the secret key, the pair and the system's generator: a weak generator alone does not repeat it for two
/// different pairs, and a known key does not reveal it.
fn nonce(key: &IssuerSecretKey, pair: &TokenPair, rng: &mut impl CryptoRngCore) -> Scalar {
    let mut hash = transcript(labels::TOKEN_NONCE);
    hash.append_message(b"pair", &pair.to_bytes());
    let mut hedged = hash.build_rng().rekey_with_witness_bytes(b"x", &*key.to_bytes()).finalize(rng);
    let mut bytes = Zeroizing::new([0u8; 64]);
    hedged.fill_bytes(&mut *bytes);
    Scalar::from_bytes_mod_order_wide(&bytes)
}

/// Names an open exchange.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId(pub [u8; 16]);

/// The open exchanges of one process, in memory only: a restart drops them and wallets start again.
#[derive(Debug)]
pub struct TokenExchanges {
    open: BTreeMap<[u8; 16], (u64, TokenExchange)>,
    capacity: usize,
    lifetime: u64,
}

impl TokenExchanges {
    /// Keeps at most `capacity` exchanges for `lifetime` seconds each.
    pub fn new(capacity: usize, lifetime: u64) -> Self {
        Self { open: BTreeMap::new(), capacity, lifetime }
    }

    /// Keeps an exchange. `now` is in seconds, of any clock that does not go back.
    pub fn insert(
        &mut self,
        exchange: TokenExchange,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<ExchangeId, TokenError> {
        self.open.retain(|_, (expires, _)| *expires > now);
        if self.open.len() >= self.capacity {
            return Err(TokenError::Busy);
        }
        let mut id = [0u8; 16];
        rng.fill_bytes(&mut id);
        self.open.insert(id, (now + self.lifetime, exchange));
        Ok(ExchangeId(id))
    }

    /// Takes an exchange out for good.
    pub fn take(&mut self, id: &ExchangeId, now: u64) -> Result<TokenExchange, TokenError> {
        match self.open.remove(&id.0) {
            Some((expires, exchange)) if expires > now => Ok(exchange),
            _ => Err(TokenError::UnknownExchange),
        }
    }
}

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenError {
    /// Not one of the fixed batch sizes.
    #[error("tokens are made in batches of {TOKEN_BATCH_SIZES:?}")]
    BatchSize,
    /// P' = 0 or Q' ≠ x·P' for one of the pairs.
    #[error("a pair does not belong to a credential under this key")]
    Pair,
    /// Not as many challenges as there were pairs. The exchange is over.
    #[error("there must be one challenge for each pair; the exchange is over")]
    ChallengeCount,
    /// Never opened, answered already, or expired.
    #[error("no such exchange is open; start a new one")]
    UnknownExchange,
    /// Too many exchanges are open.
    #[error("too many exchanges are open; try again in a few seconds")]
    Busy,
}
