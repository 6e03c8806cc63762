//! Helper tokens, fetched in advance and without saying for which credential.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use glimpse_circuits::encoding::{DecodeError, EncodedPoint, Reader};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::lacks;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::secrecy::{SecretScalar, apart};
use glimpse_circuits::token::{TokenCommitment, TokenPair, token_challenge};
use rand_core::CryptoRngCore;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::secret::{hedged, nonzero_scalar};
use crate::signature::{SignatureParts, Signed};

/// Pairs that were sent, waiting for the issuer's commitments.
pub struct PendingTokens {
    key: IssuerPublicKey,
    signature: [u8; 32],
    pairs: Vec<TokenPair>,
    r1: Zeroizing<Vec<Scalar>>,
}

/// Challenges that were sent, waiting for the issuer's responses.
pub struct BlindedTokens {
    key: IssuerPublicKey,
    signature: [u8; 32],
    tokens: Vec<BlindedToken>,
}

#[derive(ZeroizeOnDrop)]
struct BlindedToken {
    r: Scalar,
    beta: Scalar,
    #[zeroize(skip)]
    pair: TokenPair,
    #[zeroize(skip)]
    commitment: TokenCommitment,
    #[zeroize(skip)]
    challenge: Scalar,
    #[zeroize(skip)]
    a_bar: EncodedPoint,
    #[zeroize(skip)]
    b_bar: EncodedPoint,
    #[zeroize(skip)]
    r1: EncodedPoint,
    #[zeroize(skip)]
    r2: EncodedPoint,
}

lacks!(BlindedToken: fmt::Debug, Clone);

/// A token serves one presentation: it is consumed by [`present`](crate::present()), and a wallet records that durably
/// before the presentation leaves.
pub struct Token {
    pub(crate) r: SecretScalar,
    pub(crate) a_bar: EncodedPoint,
    pub(crate) b_bar: EncodedPoint,
    pub(crate) r1: EncodedPoint,
    pub(crate) r2: EncodedPoint,
    pub(crate) response: Scalar,
    /// Encoding of the A it belongs to.
    pub(crate) signature: [u8; 32],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

impl PendingTokens {
    /// Blinds a credential, or an interval, `count` times; the issuer accepts counts of
    /// [`TOKEN_BATCH_SIZES`](glimpse_circuits::token::TOKEN_BATCH_SIZES).
    pub fn begin(of: &impl Signed, count: usize, rng: &mut impl CryptoRngCore) -> Self {
        apart(|| Self::begin_apart(&of.signature(), count, rng))
    }

    fn begin_apart(signature: &SignatureParts<'_>, count: usize, rng: &mut impl CryptoRngCore) -> Self {
        let rng = &mut hedged(&[signature.a.encoded.as_bytes()], &[signature.e], rng);
        let mut r1 = Zeroizing::new(Vec::with_capacity(count));
        let mut pairs = Vec::with_capacity(count);
        for _ in 0..count {
            let r = nonzero_scalar(rng);
            pairs.push(TokenPair {
                p: EncodedPoint::from(signature.a.point * r),
                q: EncodedPoint::from(signature.signed * r),
            });
            r1.push(r);
        }
        Self { key: *signature.key, signature: signature.a.encoded.to_bytes(), pairs, r1 }
    }

    /// What to send first.
    pub fn pairs(&self) -> &[TokenPair] {
        &self.pairs
    }

    /// Blinds the issuer's commitments into tokens to come, and their challenges into challenges to send.
    pub fn challenge(
        self,
        commitments: &[TokenCommitment],
        rng: &mut impl CryptoRngCore,
    ) -> Result<(BlindedTokens, Vec<Scalar>), TokenFetchError> {
        if commitments.len() != self.pairs.len() {
            return Err(TokenFetchError::Count);
        }
        let mut tokens = Vec::with_capacity(commitments.len());
        let mut challenges = Vec::with_capacity(commitments.len());
        for ((pair, commitment), r1) in self.pairs.iter().zip(commitments).zip(self.r1.iter()) {
            challenges.push(apart(|| {
                let rng = &mut hedged(&[&pair.to_bytes(), &commitment.to_bytes()], &[r1], rng);
                let (token, challenge) = blind_one(&self.key, pair, commitment, r1, rng);
                tokens.push(token);
                challenge
            }));
        }
        Ok((BlindedTokens { key: self.key, signature: self.signature, tokens }, challenges))
    }
}

fn blind_one(
    key: &IssuerPublicKey,
    pair: &TokenPair,
    commitment: &TokenCommitment,
    r1: &Scalar,
    rng: &mut impl CryptoRngCore,
) -> (BlindedToken, Scalar) {
    let alpha = Zeroizing::new(nonzero_scalar(rng));
    let (beta, gamma) = (random_scalar(rng), Zeroizing::new(random_scalar(rng)));
    let a_bar = pair.p.point * *alpha;
    let b_bar = pair.q.point * *alpha;
    let blinded_r1 =
        EncodedPoint::from(commitment.r1.point + RistrettoPoint::mul_base(&beta) + key.point() * *gamma);
    let blinded_r2 = EncodedPoint::from(RistrettoPoint::multiscalar_mul(
        [&*alpha, &beta, &*gamma],
        [&commitment.r2.point, &a_bar, &b_bar],
    ));
    let (a_bar, b_bar) = (EncodedPoint::from(a_bar), EncodedPoint::from(b_bar));
    let c = token_challenge(key, &a_bar.encoded, &b_bar.encoded, &blinded_r1.encoded, &blinded_r2.encoded);
    let challenge = c + *gamma;
    let token = BlindedToken {
        r: *alpha * r1,
        beta,
        pair: *pair,
        commitment: *commitment,
        challenge,
        a_bar,
        b_bar,
        r1: blinded_r1,
        r2: blinded_r2,
    };
    (token, challenge)
}

impl BlindedTokens {
    /// Checks every response and makes tokens of them, all or none.
    pub fn finish(self, responses: &[Scalar]) -> Result<Vec<Token>, TokenFetchError> {
        if responses.len() != self.tokens.len() {
            return Err(TokenFetchError::Count);
        }
        for (token, response) in self.tokens.iter().zip(responses) {
            let key_holds = RistrettoPoint::mul_base(response)
                == token.commitment.r1.point + self.key.point() * token.challenge;
            let pair_holds = token.pair.p.point * response
                == token.commitment.r2.point + token.pair.q.point * token.challenge;
            if !(key_holds && pair_holds) {
                return Err(TokenFetchError::Response);
            }
        }
        let finished = self.tokens.iter().zip(responses).map(|(token, response)| Token {
            r: SecretScalar::new(token.r),
            a_bar: token.a_bar,
            b_bar: token.b_bar,
            r1: token.r1,
            r2: token.r2,
            response: response + token.beta,
            signature: self.signature,
        });
        Ok(apart(|| finished.collect()))
    }
}

impl Token {
    /// Length in bytes.
    pub const LENGTH: usize = 224;

    /// r, Ā, B̄, R_1, R_2, z_t and the A it belongs to, for the wallet's encrypted file.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LENGTH));
        bytes.extend_from_slice(self.r.as_bytes());
        for point in [&self.a_bar, &self.b_bar, &self.r1, &self.r2] {
            bytes.extend_from_slice(point.encoded.as_bytes());
        }
        bytes.extend_from_slice(self.response.as_bytes());
        bytes.extend_from_slice(&self.signature);
        bytes
    }

    /// Reads what [`Token::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        apart(|| Self::read(Reader::new(bytes)))
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, DecodeError> {
        let token = Self {
            r: SecretScalar::new(reader.scalar()?),
            a_bar: reader.nonzero_point()?,
            b_bar: reader.point()?,
            r1: reader.point()?,
            r2: reader.point()?,
            response: reader.scalar()?,
            signature: reader.array()?,
        };
        reader.finish()?;
        Ok(token)
    }
}

/// Why no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TokenFetchError {
    /// The issuer answered with another number of commitments or responses.
    #[error("the issuer answered with another number of tokens")]
    Count,
    /// A response does not fit its commitment.
    #[error("a token the issuer answered with is wrong")]
    Response,
}
