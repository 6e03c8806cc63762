//! Making a presentation.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, MultiscalarMul};
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::generators;
use glimpse_circuits::lacks;
use glimpse_circuits::presentation::{
    CommittedDigits, CredentialResponse, DigitProof, Presentation, RangePart, Rounds,
};
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::range_proof::RangeProof;
use glimpse_circuits::relation::{Polynomial, Relation};
use glimpse_circuits::secrecy::apart;
use merlin::TranscriptRng;
use rand_core::CryptoRngCore;
use subtle::{ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::credential::Credential;
use crate::interval::Interval;
use crate::secret::{LinkSecret, hedged};
use crate::shown::{Shown, show};
use crate::tokens::Token;
use crate::witness::Witness;

/// A credential that answers one credential of a request.
pub struct Holding<'a> {
    pub(crate) credential: &'a Credential,
    pub(crate) showing: Showing,
    pub(crate) interval: Option<(&'a Interval, Showing)>,
}

impl<'a> Holding<'a> {
    /// A credential, shown as the request asks.
    pub fn new(credential: &'a Credential, showing: Showing) -> Self {
        Self { credential, showing, interval: None }
    }

    /// With the interval that its handle lies in, for a request that asks whether it is revoked.
    #[must_use]
    pub fn with_interval(mut self, interval: &'a Interval, showing: Showing) -> Self {
        self.interval = Some((interval, showing));
        self
    }
}

/// How a credential is shown.
#[derive(Debug)]
#[allow(clippy::large_enum_variant)] // Few exist, and none for long.
pub enum Showing {
    /// With a helper token, which is used up.
    Token(Token),
    /// To the issuer's own platform.
    Keyed,
}

/// Whether these credentials can answer the request, each with the interval it has, without using up a token.
pub fn can_present(
    relation: &Relation,
    secret: &LinkSecret,
    credentials: &[(&Credential, Option<&Interval>)],
) -> Result<(), PresentError> {
    apart(|| Witness::new(relation, secret, credentials).map(|_| ()))
}

/// Proves the relation with one holding for each of its credentials, in order. An interval that the request does not ask
/// for is refused: its token would be used up for nothing.
///
/// The tokens are used up whether or not it succeeds. The caller's generator is mixed with the witness and everything
/// that the challenge depends on, so that a generator that repeats does not repeat a mask under another challenge.
pub fn present(
    relation: &Relation,
    secret: &LinkSecret,
    holdings: Vec<Holding<'_>>,
    rng: &mut impl CryptoRngCore,
) -> Result<Presentation, PresentError> {
    apart(|| present_apart(relation, secret, holdings, rng))
}

fn present_apart<'a>(
    relation: &Relation,
    secret: &LinkSecret,
    holdings: Vec<Holding<'a>>,
    rng: &mut impl CryptoRngCore,
) -> Result<Presentation, PresentError> {
    for (place, (holding, requested)) in holdings.iter().zip(relation.credentials()).enumerate() {
        if holding.interval.is_some() && !relation.intervals().iter().any(|asked| asked.credential == place) {
            return Err(PresentError::UnaskedInterval { id: requested.id.clone() });
        }
    }
    let interval = |holding: &Holding<'a>| holding.interval.as_ref().map(|(interval, _)| *interval);
    let credentials: Vec<_> =
        holdings.iter().map(|holding| (holding.credential, interval(holding))).collect();
    let witness = Witness::new(relation, secret, &credentials)?;
    let showings = show(relation, holdings, rng)?;
    let mut rounds = Rounds::new(relation, &witness.issuers, &witness.disclosed, &witness.lists);
    let (masks, mut own_rng) = Masks::draw(relation, &witness, &showings, rng);

    let mut commitments = Vec::with_capacity(showings.len());
    for (i, (shown, signature)) in showings.iter().zip(relation.signatures()).enumerate() {
        let commitment = shown.commit(signature.slots, &masks, i);
        rounds.credential(&commitment);
        commitments.push(commitment);
    }
    let digits = if relation.has_digit_equation() {
        let ranges = commit_ranges(relation, &witness, &masks, &mut rounds, &mut own_rng)?;
        Some((commit_digits(relation, &witness, &masks, &mut rounds), ranges))
    } else {
        None
    };

    let (c, _) = rounds.challenge();
    let respond = |mask: &Scalar, value: &Scalar| mask + c * value;
    let credential_responses = showings
        .iter()
        .zip(&masks.signatures)
        .map(|(shown, mask)| CredentialResponse {
            rho: respond(&mask.0, &shown.rho),
            epsilon: respond(&mask.1, &shown.epsilon),
        })
        .collect();
    let responses =
        masks.hidden.iter().zip(witness.hidden.iter()).map(|(mask, value)| respond(mask, value)).collect();
    let digits = digits.map(|(commitment, ranges)| DigitProof {
        committed: commitment.committed,
        masks: commitment.masks,
        responses: masks
            .digits
            .iter()
            .zip(&witness.assignment.free)
            .map(|(mask, bit)| respond(mask, bit))
            .collect(),
        blinding: respond(&masks.blinding[0], &commitment.blinding),
        ranges,
    });
    Ok(Presentation {
        issuers: witness.issuers.clone(),
        disclosed: witness.disclosed.clone(),
        lists: witness.lists.clone(),
        commitments,
        credential_responses,
        responses,
        digits,
    })
}

lacks!(Masks: fmt::Debug, Clone);
lacks!(DigitCommitment: fmt::Debug, Clone);

/// The random masks of one presentation.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct Masks {
    /// ρ~ and ε~ of each signature.
    pub(crate) signatures: Vec<(Scalar, Scalar)>,
    pub(crate) hidden: Vec<Scalar>,
    /// a of each free digit.
    digits: Vec<Scalar>,
    /// w_0 and w_1.
    blinding: [Scalar; 2],
    /// μ: masks the linear coefficient of the residuals.
    residual: Scalar,
    /// The blinding of each range's value.
    ranges: Vec<Scalar>,
}

impl Masks {
    /// Everything that will be challenged is mixed in, Ā, B̄ and tokens included: two presentations with one set of
    /// masks and two challenges would give away the witness.
    fn draw(
        relation: &Relation,
        witness: &Witness,
        showings: &[Shown],
        rng: &mut impl CryptoRngCore,
    ) -> (Self, TranscriptRng) {
        let mut public = vec![relation.request().digest().0, *relation.digest()];
        let mut secrets: Vec<&Scalar> = witness.hidden.iter().chain(&witness.assignment.free).collect();
        for shown in showings {
            public.extend([shown.a_bar.encoded.to_bytes(), shown.b_bar.encoded.to_bytes()]);
            if let Some(token) = &shown.token {
                public.extend([
                    token.r1.encoded.to_bytes(),
                    token.r2.encoded.to_bytes(),
                    token.response.to_bytes(),
                ]);
            }
            secrets.extend([&shown.rho, &shown.epsilon]);
        }
        let mut disclosed = vec![witness.issuers.clone()];
        disclosed.extend(witness.lists.iter().map(|issued_at| issued_at.to_le_bytes().to_vec()));
        disclosed.extend(witness.disclosed_scalars.iter().map(|scalar| scalar.to_bytes().to_vec()));
        let public: Vec<&[u8]> =
            public.iter().map(|part| part.as_slice()).chain(disclosed.iter().map(Vec::as_slice)).collect();
        let mut rng = hedged(&public, &secrets, rng);
        let mut draw = || random_scalar(&mut rng);
        let masks = Self {
            signatures: showings.iter().map(|_| (draw(), draw())).collect(),
            hidden: (0..relation.hidden()).map(|_| draw()).collect(),
            digits: (0..relation.free_digits()).map(|_| draw()).collect(),
            blinding: [draw(), draw()],
            residual: draw(),
            ranges: relation.ranges().iter().map(|_| draw()).collect(),
        };
        (masks, rng)
    }
}

/// V of each range, and the proof about them, made with randomness that is hedged like the masks.
fn commit_ranges(
    relation: &Relation,
    witness: &Witness,
    masks: &Masks,
    rounds: &mut Rounds,
    rng: &mut TranscriptRng,
) -> Result<Option<RangePart>, PresentError> {
    if relation.ranges().is_empty() {
        return Ok(None);
    }
    let values = &witness.assignment.ranges;
    let bases = [generators().g(), generators().k()];
    let commit = |(value, blinding): (&u64, &Scalar)| {
        let scalars = Zeroizing::new([Scalar::from(*value), *blinding]);
        EncodedPoint::from(RistrettoPoint::multiscalar_mul(scalars.iter(), bases))
    };
    let commitments: Vec<EncodedPoint> = values.iter().zip(&masks.ranges).map(commit).collect();
    let mut fork = rounds.ranges(&commitments);
    let proof = RangeProof::prove(relation.ranges(), values, &masks.ranges, &mut fork, rng)
        .map_err(|_| PresentError::RangeProof)?;
    rounds.range_proof(&proof);
    Ok(Some(RangePart { commitments, proof }))
}

/// What is sent of the digit equation before c, and what z_K answers for.
struct DigitCommitment {
    committed: Option<CommittedDigits>,
    masks: EncodedPoint,
    /// w_1 of E_1 and the weighted blindings of the ranges.
    blinding: Zeroizing<Scalar>,
}

/// E_1 = w_1·K + Σ b·D + μ·M, then with y: E_0 = w_0·K + Σ a·D − q_0·M + L_0·G and τ = μ + q_1, where q_0 + q_1·c is the
/// weighted sum of digits and residuals and L_0 + L_1·c that of the ranges' values.
fn commit_digits(
    relation: &Relation,
    witness: &Witness,
    masks: &Masks,
    rounds: &mut Rounds,
) -> DigitCommitment {
    let generators = generators();
    let free = &witness.assignment.free;
    let point = relation.has_digits().then(|| digit_commitment(masks, free));
    let y = rounds.weight(point.as_ref());

    let polynomials = |masks: &[Scalar], values: &[Scalar]| -> Vec<Polynomial> {
        masks.iter().zip(values).map(|(mask, value)| Polynomial::response(*mask, *value)).collect()
    };
    let challenge = Polynomial::challenge();
    let hidden = polynomials(&masks.hidden, &witness.hidden);
    let digits = polynomials(&masks.digits, free);
    let disclosed = &witness.disclosed_scalars;
    let residuals = relation.evaluate(&challenge, &hidden, disclosed, &digits, &y);

    let mut scalars = Zeroizing::new(Vec::with_capacity(3 + relation.free_digits()));
    scalars.extend([masks.blinding[0], -residuals.constant]);
    scalars.extend_from_slice(&masks.digits);
    let mut points = vec![generators.k(), generators.m()];
    points.extend(&generators.d()[..relation.free_digits()]);
    if !relation.ranges().is_empty() {
        let ranges = relation.evaluate_ranges(&challenge, &hidden, disclosed, &digits, &y);
        scalars.push(ranges.constant);
        points.push(generators.g());
    }
    let digit_masks = EncodedPoint::from(RistrettoPoint::multiscalar_mul(scalars.iter(), points));
    let committed = point.map(|point| CommittedDigits { point, tau: masks.residual + residuals.linear });
    rounds.masks(&digit_masks, committed.as_ref().map(|committed| &committed.tau));

    // E_1 + Σ y^(k+1)·V has this much of K.
    let mut blinding = Zeroizing::new(Scalar::ZERO);
    for range in masks.ranges.iter().rev() {
        *blinding = (*blinding + range) * y;
    }
    if committed.is_some() {
        *blinding += masks.blinding[1];
    }
    DigitCommitment { committed, masks: digit_masks, blinding }
}

/// E_1.
fn digit_commitment(masks: &Masks, free: &[Scalar]) -> EncodedPoint {
    let generators = generators();
    let mut sum = RistrettoPoint::multiscalar_mul(
        [&masks.blinding[1], &masks.residual],
        [generators.k(), generators.m()],
    );
    for (bit, generator) in free.iter().zip(generators.d()) {
        sum += RistrettoPoint::conditional_select(
            &RistrettoPoint::identity(),
            generator,
            bit.ct_eq(&Scalar::ONE),
        );
    }
    EncodedPoint::from(sum)
}

/// Why there is no presentation. Goes to the holder only: to a verifier, "cannot" and "declined" look the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PresentError {
    /// Not one credential for each that is asked for.
    #[error("the request asks for {expected} credentials")]
    CredentialCount {
        /// How many it asks for.
        expected: usize,
    },
    /// A credential of another schema, or from an issuer that is not accepted.
    #[error(
        "the credential for {id} has another schema, or is from an issuer that the request does not accept"
    )]
    WrongCredential {
        /// Which one of the request.
        id: String,
    },
    /// A token where a keyed check is asked for, or the reverse.
    #[error("the request asks for the other kind of check")]
    WrongShowing,
    /// A token of another credential.
    #[error("the token belongs to another credential")]
    ForeignToken,
    /// The request asks whether a credential is revoked, and there is no interval to show that it is not.
    #[error("{id} has no revocation list to show that it is not revoked")]
    NoInterval {
        /// Which one of the request.
        id: String,
    },
    /// An interval for a credential of which nobody asks whether it is revoked.
    #[error("the request does not ask whether {id} is revoked, and there is an interval for it")]
    UnaskedInterval {
        /// Which one of the request.
        id: String,
    },
    /// An interval of another list, or one that does not hold the credential's handle.
    #[error("the revocation list's interval for {id} is not that of this credential")]
    ForeignInterval {
        /// Which one of the request.
        id: String,
    },
    /// A list that is older than the request allows.
    #[error("the revocation list for {id} is older than the request allows")]
    StaleInterval {
        /// Which one of the request.
        id: String,
    },
    /// The statement is not true of these credentials.
    #[error("what is asked for is not true of these credentials")]
    False,
    /// The range proof could not be made: the generator of randomness does not work.
    #[error("the range proof could not be made")]
    RangeProof,
}
