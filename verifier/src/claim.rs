//! What one presentation claims: a sum of points that is 0 if all its equations hold.
//!
//! Each equation is weighted by a 128-bit number that was drawn after everything was fixed, so that errors of several
//! cannot cancel. All values here are public: the arithmetic is variable-time.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::DecodeError;
use glimpse_circuits::generators::{INDEX_D, INDEX_G, INDEX_H, INDEX_K, INDEX_M, INDEX_P, INDEX_Q};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::presentation::{Presentation, Rounds, in_profile_of};
use glimpse_circuits::relation::{Relation, Slot};
use glimpse_circuits::token::token_challenge;
use glimpse_circuits::transcript::TranscriptProtocol;

use crate::range_proof::{self, Challenges};
use crate::weights::Weights;

/// A presentation that was read, with its challenges.
pub(crate) struct Opened {
    /// In the presentation's profile.
    relation: Relation,
    pub(crate) presentation: Presentation,
    /// The key and the domain of each signature.
    pub(crate) keys: Vec<(IssuerPublicKey, Scalar)>,
    /// The weight y of digits, residuals and ranges; 0 where there are none.
    y: Scalar,
    c: Scalar,
    range_challenges: Option<Challenges>,
    /// Binds the request, the relation and every byte of the presentation.
    pub(crate) digest: [u8; 32],
}

impl Opened {
    /// Reads the bytes and draws the challenges.
    pub(crate) fn read(relation: &Relation, bytes: &[u8]) -> Result<Self, DecodeError> {
        let relation = in_profile_of(relation, bytes);
        let presentation = Presentation::from_bytes(&relation, bytes)?;
        let Presentation { issuers, disclosed, lists, .. } = &presentation;
        let keys = relation.keys(issuers, lists).ok_or(DecodeError::Issuer)?;
        let mut rounds = Rounds::new(&relation, issuers, disclosed, lists);
        presentation.commitments.iter().for_each(|commitment| rounds.credential(commitment));
        let (mut y, mut range_challenges) = (Scalar::ZERO, None);
        if let Some(digits) = &presentation.digits {
            if let Some(part) = &digits.ranges {
                let fork = rounds.ranges(&part.commitments);
                range_challenges = Some(Challenges::draw(&relation, part, fork));
                rounds.range_proof(&part.proof);
            }
            let committed = digits.committed.as_ref();
            y = rounds.weight(committed.map(|committed| &committed.point));
            rounds.masks(&digits.masks, committed.map(|committed| &committed.tau));
        }
        let (c, mut transcript) = rounds.challenge();
        transcript.append_message(b"presentation", bytes);
        let digest = transcript.challenge_array(b"digest");
        Ok(Self { relation, presentation, keys, y, c, range_challenges, digest })
    }

    /// All public equations under these weights: those of the credentials and intervals, tokens and digits. Keyed checks are the
    /// caller's.
    pub(crate) fn claim(&self, weights: &mut Weights) -> Claim {
        let mut claim = Claim::new(&self.relation);
        let disclosed: Vec<Scalar> = self.presentation.disclosed.iter().map(Value::to_scalar).collect();
        self.credentials(&mut claim, &disclosed, weights);
        self.digits(&mut claim, &disclosed, weights);
        claim
    }

    /// z_ρ·B̄ + z_ε·Ā − Σ z·H − T − c·(P + d·Q + Σ m·H) = 0, hidden H with their responses, disclosed ones with values;
    /// and the token's equations.
    fn credentials(&self, claim: &mut Claim, disclosed: &[Scalar], weights: &mut Weights) {
        let presentation = &self.presentation;
        let parts = presentation.commitments.iter().zip(&presentation.credential_responses).zip(&self.keys);
        for (signature, ((commitment, response), (key, domain))) in self.relation.signatures().zip(parts) {
            let w = weights.next();
            let (mut a_bar, mut b_bar) = (w * response.epsilon, w * response.rho);
            claim.subtract(w, &commitment.masks.point);
            let wc = w * self.c;
            claim.fixed[INDEX_P] -= wc;
            claim.fixed[INDEX_Q] -= wc * domain;
            for (coefficient, slot) in claim.fixed[INDEX_H..].iter_mut().zip(signature.slots) {
                match slot {
                    Slot::Unused => {}
                    Slot::Hidden(i) => *coefficient -= w * presentation.responses[*i],
                    Slot::Disclosed(i) => *coefficient -= wc * disclosed[*i],
                }
            }
            // z_t·G − R_1 − c_t·X = 0 and z_t·Ā − R_2 − c_t·B̄ = 0.
            if let Some(token) = &commitment.token {
                let c = token_challenge(
                    key,
                    &commitment.a_bar.encoded,
                    &commitment.b_bar.encoded,
                    &token.r1.encoded,
                    &token.r2.encoded,
                );
                let (w_key, w_pair) = (weights.next(), weights.next());
                claim.fixed[INDEX_G] += w_key * token.response;
                claim.subtract(w_key, &token.r1.point);
                claim.keys.push((*key, -w_key * c));
                claim.subtract(w_pair, &token.r2.point);
                a_bar += w_pair * token.response;
                b_bar -= w_pair * c;
            }
            claim.add(a_bar, commitment.a_bar.point);
            claim.add(b_bar, commitment.b_bar.point);
        }
    }

    /// z_K·K + Σ f·D + (c·τ − residuals)·M + ranges·G − E_0 − c·(E_1 + Σ y^(k+1)·V) = 0, and the range proof's equations.
    fn digits(&self, claim: &mut Claim, disclosed: &[Scalar], weights: &mut Weights) {
        let Some(digits) = &self.presentation.digits else { return };
        let w = weights.next();
        let (c, y, hidden) = (&self.c, &self.y, &self.presentation.responses);
        let wc = w * c;
        claim.fixed[INDEX_K] += w * digits.blinding;
        for (coefficient, response) in claim.fixed[INDEX_D..].iter_mut().zip(&digits.responses) {
            *coefficient += w * response;
        }
        claim.subtract(w, &digits.masks.point);
        if let Some(committed) = &digits.committed {
            let residuals = self.relation.evaluate(c, hidden, disclosed, &digits.responses, y);
            claim.fixed[INDEX_M] += w * (c * committed.tau - residuals);
            claim.add(-wc, committed.point.point);
        }
        if let (Some(part), Some(challenges)) = (&digits.ranges, &self.range_challenges) {
            let ranges = self.relation.evaluate_ranges(c, hidden, disclosed, &digits.responses, y);
            claim.fixed[INDEX_G] += w * ranges;
            let mut weight = -wc;
            for commitment in &part.commitments {
                weight *= y;
                claim.add(weight, commitment.point);
            }
            range_proof::add(claim, &self.relation, part, challenges, weights);
        }
    }
}

/// A weighted sum of points. The claim is that it is 0.
pub(crate) struct Claim {
    /// Coefficients of the generators, in their order.
    pub(crate) fixed: Vec<Scalar>,
    /// Coefficients of the generators of range proofs, in their order.
    pub(crate) range: Vec<Scalar>,
    /// Coefficients of issuer keys, which the claims of a batch share.
    pub(crate) keys: Vec<(IssuerPublicKey, Scalar)>,
    /// The presentation's own points.
    pub(crate) scalars: Vec<Scalar>,
    pub(crate) points: Vec<RistrettoPoint>,
}

impl Claim {
    fn new(relation: &Relation) -> Self {
        let own = 5 * (relation.credentials().len() + relation.intervals().len()) + 2;
        Self {
            fixed: vec![Scalar::ZERO; INDEX_D + relation.free_digits()],
            range: Vec::new(),
            keys: Vec::with_capacity(relation.credentials().len() + relation.intervals().len()),
            scalars: Vec::with_capacity(own),
            points: Vec::with_capacity(own),
        }
    }

    pub(crate) fn add(&mut self, scalar: Scalar, point: RistrettoPoint) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// The sign goes to the point: a weight stays half as long as −weight modulo the group order, which halves the
    /// point's cost in the multiplication.
    fn subtract(&mut self, weight: Scalar, point: &RistrettoPoint) {
        self.add(weight, -point);
    }
}
