//! Signatures blinded for one presentation.

use std::fmt;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::generators;
use glimpse_circuits::lacks;
use glimpse_circuits::presentation::{CredentialCommitment, TokenProof};
use glimpse_circuits::relation::{Relation, Slot};
use glimpse_circuits::request::CheckKind;
use glimpse_circuits::secrecy::SecretScalar;
use rand_core::CryptoRngCore;
use zeroize::{ZeroizeOnDrop, Zeroizing};

use crate::present::{Holding, Masks, PresentError, Showing};
use crate::secret::{hedged, nonzero_scalar};
use crate::signature::{SignatureParts, Signed};

lacks!(Shown: fmt::Debug, Clone);

/// All signatures of a presentation, blinded: the credentials', then the intervals'.
pub(crate) fn show(
    relation: &Relation,
    holdings: Vec<Holding<'_>>,
    rng: &mut impl CryptoRngCore,
) -> Result<Vec<Shown>, PresentError> {
    let mut showings = Vec::with_capacity(holdings.len() + relation.intervals().len());
    let mut intervals = Vec::with_capacity(holdings.len());
    for (holding, requested) in holdings.into_iter().zip(relation.credentials()) {
        let signature = holding.credential.signature();
        showings.push(Shown::new(&signature, holding.showing, requested.check, relation, rng)?);
        intervals.push(holding.interval);
    }
    for asked in relation.intervals() {
        let requested = &relation.credentials()[asked.credential];
        let no_interval = || PresentError::NoInterval { id: requested.id.clone() };
        let (interval, showing) = intervals[asked.credential].take().ok_or_else(no_interval)?;
        showings.push(Shown::new(&interval.signature(), showing, requested.check, relation, rng)?);
    }
    Ok(showings)
}

/// A signature blinded for this presentation: Ā = r·A, B̄ = r·x·A, ρ = 1/r, ε = e/r.
#[derive(ZeroizeOnDrop)]
pub(crate) struct Shown {
    pub(crate) rho: Scalar,
    pub(crate) epsilon: Scalar,
    #[zeroize(skip)]
    pub(crate) a_bar: EncodedPoint,
    #[zeroize(skip)]
    pub(crate) b_bar: EncodedPoint,
    #[zeroize(skip)]
    pub(crate) token: Option<TokenProof>,
}

impl Shown {
    fn new(
        signature: &SignatureParts<'_>,
        showing: Showing,
        check: CheckKind,
        relation: &Relation,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Self, PresentError> {
        let (r, a_bar, b_bar, token) = match (showing, check) {
            (Showing::Token(token), CheckKind::Token) => {
                if token.signature != signature.a.encoded.to_bytes() {
                    return Err(PresentError::ForeignToken);
                }
                let proof = TokenProof { r1: token.r1, r2: token.r2, response: token.response };
                (token.r, token.a_bar, token.b_bar, Some(proof))
            }
            (Showing::Keyed, CheckKind::Keyed) => {
                let public = [&relation.request().digest().0, signature.a.encoded.as_bytes()];
                let rng = &mut hedged(&public.map(|part| part.as_slice()), &[signature.e], rng);
                let r = SecretScalar::new(nonzero_scalar(rng));
                let a_bar = EncodedPoint::from(signature.a.point * *r);
                let b_bar = EncodedPoint::from(signature.signed * *r);
                (r, a_bar, b_bar, None)
            }
            _ => return Err(PresentError::WrongShowing),
        };
        let rho = r.invert();
        Ok(Self { rho, epsilon: rho * signature.e, a_bar, b_bar, token })
    }

    /// T = ρ~·B̄ + ε~·Ā − Σ m~·H over the hidden slots.
    pub(crate) fn commit(&self, slots: &[Slot], masks: &Masks, index: usize) -> CredentialCommitment {
        let (rho, epsilon) = &masks.signatures[index];
        // With room for all: what a growing list was moved from would stay in memory, and a mask gives away its value.
        let mut scalars = Zeroizing::new(Vec::with_capacity(2 + slots.len()));
        scalars.extend([*rho, *epsilon]);
        let mut points = vec![&self.b_bar.point, &self.a_bar.point];
        for (slot, h) in slots.iter().zip(generators().h()) {
            if let Slot::Hidden(i) = slot {
                scalars.push(-masks.hidden[*i]);
                points.push(h);
            }
        }
        let masks = EncodedPoint::from(RistrettoPoint::multiscalar_mul(scalars.iter(), points));
        CredentialCommitment { a_bar: self.a_bar, b_bar: self.b_bar, masks, token: self.token.clone() }
    }
}
