//! Helper tokens: the issuer's half of a blind proof that B̄ = x·Ā.
//!
//! The nonce k of an exchange must never answer two challenges, for that gives away x. A [`TokenExchange`] is
//! therefore consumed by its answer, cannot be cloned or stored, and [`TokenExchanges`] forgets it before the answer
//! is computed. A virtual machine that is cloned between commitment and answer, and answers in both copies, would
//! still do it: an issuer's process must not be restored from a snapshot of its memory.
//!
//! Anybody can make a pair (r·G, r·X) that passes the issuer's check: tokens are no sign of holding a credential.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::labels;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::secrecy::apart;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment, TokenPair};
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::key::{IssuerSecretKey, hedged};

/// The open half of an exchange: one k for each pair. Zeroized on drop.
#[derive(ZeroizeOnDrop)]
pub struct TokenExchange {
    /// Under which it answers.
    #[zeroize(skip)]
    key: IssuerPublicKey,
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
        apart(|| Self::commit_apart(key, pairs, rng))
    }

    fn commit_apart(
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
        Ok(Self::draw(key, pairs, rng))
    }

    fn draw(
        key: &IssuerSecretKey,
        pairs: &[TokenPair],
        rng: &mut impl CryptoRngCore,
    ) -> (Self, Vec<TokenCommitment>) {
        let mut rng = batch_rng(key, pairs, rng);
        let mut nonces = Vec::with_capacity(pairs.len());
        let mut commitments = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let k = Zeroizing::new(random_scalar(&mut rng));
            commitments.push(TokenCommitment {
                r1: EncodedPoint::from(RistrettoPoint::mul_base(&k)),
                r2: EncodedPoint::from(pair.p.point * *k),
            });
            nonces.push(*k);
        }
        (Self { key: *key.public(), nonces }, commitments)
    }

    /// The key it was opened under: an issuer key or a revocation key.
    pub fn key(&self) -> &IssuerPublicKey {
        &self.key
    }

    /// Answers the challenges with z' = k + c'·x, once. On error the exchange is over as well.
    ///
    /// A second answer does not compile, and there is nothing to keep a copy for it with:
    ///
    /// ```compile_fail,E0382
    /// # use glimpse_issuer::{IssuerSecretKey, TokenExchange};
    /// # fn twice(exchange: TokenExchange, key: &IssuerSecretKey) {
    /// let first = exchange.respond(key, &[]);
    /// let second = exchange.respond(key, &[]);
    /// # }
    /// ```
    /// ```compile_fail,E0308
    /// # use glimpse_issuer::TokenExchange;
    /// # fn copy(exchange: &TokenExchange) -> TokenExchange {
    /// exchange.clone()
    /// # }
    /// ```
    pub fn respond(self, key: &IssuerSecretKey, challenges: &[Scalar]) -> Result<Vec<Scalar>, TokenError> {
        if *key.public() != self.key {
            return Err(TokenError::OtherKey);
        }
        if challenges.len() != self.nonces.len() {
            return Err(TokenError::ChallengeCount);
        }
        let answers = self.nonces.iter().zip(challenges).map(|(k, challenge)| k + challenge * key.x());
        Ok(apart(|| answers.collect()))
    }
}

/// The generator of one batch's nonces: over all pairs, and a number that no other batch of this process has.
fn batch_rng(key: &IssuerSecretKey, pairs: &[TokenPair], rng: &mut impl CryptoRngCore) -> TranscriptRng {
    static BATCHES: AtomicU64 = AtomicU64::new(0);
    let number = BATCHES.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    let encoded: Vec<u8> = pairs.iter().flat_map(TokenPair::to_bytes).collect();
    hedged(labels::TOKEN_RANDOMNESS, key, &[&number, &encoded], rng)
}

/// Names an open exchange.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ExchangeId(pub [u8; 16]);

/// The open exchanges of one process, in memory only: a restart drops them and wallets start again.
pub struct TokenExchanges {
    open: BTreeMap<[u8; 16], (u64, TokenExchange)>,
    capacity: usize,
    lifetime: u64,
}

impl fmt::Debug for TokenExchanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenExchanges({} open)", self.open.len())
    }
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
    #[error("a pair is not one of this key")]
    Pair,
    /// Not as many challenges as there were pairs. The exchange is over.
    #[error("there must be one challenge for each pair; the exchange is over")]
    ChallengeCount,
    /// The exchange was opened under another key. It is over.
    #[error("the exchange was opened under another key; it is over")]
    OtherKey,
    /// Never opened, answered already, or expired.
    #[error("no such exchange is open; start a new one")]
    UnknownExchange,
    /// Too many exchanges are open.
    #[error("too many exchanges are open; try again in a few seconds")]
    Busy,
}
