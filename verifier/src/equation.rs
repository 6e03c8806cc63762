//! The equations of one presentation, folded into one multiscalar multiplication.
//!
//! Each equation is weighted by a 128-bit number drawn after everything in the presentation was fixed, so that errors
//! of several cannot cancel. All values here are public: the arithmetic is variable-time.

use std::sync::OnceLock;

use curve25519_dalek::ristretto::{RistrettoPoint, VartimeRistrettoPrecomputation};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity, VartimePrecomputedMultiscalarMul};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::{
    INDEX_D, INDEX_G, INDEX_H, INDEX_K, INDEX_M, INDEX_P, INDEX_Q, generators,
};
use glimpse_circuits::presentation::{Presentation, Rounds};
use glimpse_circuits::relation::{Relation, Slot};
use glimpse_circuits::token::token_challenge;
use glimpse_circuits::transcript::TranscriptProtocol;
use merlin::Transcript;

/// A weighted sum of points that is the identity if all equations hold.
struct Equation {
    /// Coefficients of the generators, in their order.
    fixed: Vec<Scalar>,
    scalars: Vec<Scalar>,
    points: Vec<RistrettoPoint>,
}

/// Whether all public equations of a presentation hold: those of the credentials, tokens and digits. Keyed checks are
/// the caller's.
pub(crate) fn holds(relation: &Relation, presentation: &Presentation) -> bool {
    let disclosed: Vec<Scalar> = presentation.disclosed.iter().map(Value::to_scalar).collect();
    let (y, c, mut weights) = challenges(relation, presentation);
    let mut equation = Equation::new(relation.free_digits());
    equation.credentials(relation, presentation, &disclosed, &c, &mut weights);
    equation.tokens(relation, presentation, &mut weights);
    equation.digits(relation, presentation, &disclosed, &c, &y, &mut weights);
    equation.is_identity()
}

/// y, c, and the transcript that weights are drawn from, with all responses absorbed.
fn challenges(relation: &Relation, presentation: &Presentation) -> (Scalar, Scalar, Transcript) {
    let mut rounds = Rounds::new(relation, &presentation.issuers, &presentation.disclosed);
    presentation.commitments.iter().for_each(|commitment| rounds.credential(commitment));
    let mut y = Scalar::ZERO;
    if let Some(digits) = &presentation.digits {
        y = rounds.residual_weight(&digits.digits);
        rounds.digit_masks(&digits.masks, &digits.tau);
    }
    let (c, mut transcript) = rounds.challenge();
    for response in &presentation.credential_responses {
        transcript.append_scalar(b"rho", &response.rho);
        transcript.append_scalar(b"epsilon", &response.epsilon);
    }
    presentation.responses.iter().for_each(|response| transcript.append_scalar(b"z", response));
    if let Some(digits) = &presentation.digits {
        digits.responses.iter().for_each(|response| transcript.append_scalar(b"f", response));
        transcript.append_scalar(b"zK", &digits.blinding);
    }
    (y, c, transcript)
}

impl Equation {
    fn new(free_digits: usize) -> Self {
        Self { fixed: vec![Scalar::ZERO; INDEX_D + free_digits], scalars: Vec::new(), points: Vec::new() }
    }

    fn add(&mut self, scalar: Scalar, point: RistrettoPoint) {
        self.scalars.push(scalar);
        self.points.push(point);
    }

    /// z_ρ·B̄ + z_ε·Ā − Σ z·H − T − c·(P + d·Q + Σ m·H) = 0, hidden H with their responses, disclosed ones with values.
    fn credentials(
        &mut self,
        relation: &Relation,
        presentation: &Presentation,
        disclosed: &[Scalar],
        c: &Scalar,
        weights: &mut Transcript,
    ) {
        let parts = presentation
            .commitments
            .iter()
            .zip(&presentation.credential_responses)
            .zip(&presentation.issuers);
        for (credential, ((commitment, response), issuer)) in relation.credentials().iter().zip(parts) {
            let w = weights.challenge_weight(b"credential");
            self.add(w * response.rho, commitment.b_bar.point);
            self.add(w * response.epsilon, commitment.a_bar.point);
            self.add(-w, commitment.masks.point);
            let wc = w * c;
            self.fixed[INDEX_P] -= wc;
            self.fixed[INDEX_Q] -= wc * credential.accepted[usize::from(*issuer)].domain;
            for (position, slot) in credential.slots.iter().enumerate() {
                self.fixed[INDEX_H + position] -= match slot {
                    Slot::Unused => Scalar::ZERO,
                    Slot::Hidden(i) => w * presentation.responses[*i],
                    Slot::Disclosed(i) => wc * disclosed[*i],
                };
            }
        }
    }

    /// z_t·G − R_1 − c_t·X = 0 and z_t·Ā − R_2 − c_t·B̄ = 0.
    fn tokens(&mut self, relation: &Relation, presentation: &Presentation, weights: &mut Transcript) {
        let parts = presentation.commitments.iter().zip(&presentation.issuers);
        for (credential, (commitment, issuer)) in relation.credentials().iter().zip(parts) {
            let Some(token) = &commitment.token else { continue };
            let key = &credential.accepted[usize::from(*issuer)].key;
            let c = token_challenge(
                key,
                &commitment.a_bar.encoded,
                &commitment.b_bar.encoded,
                &token.r1.encoded,
                &token.r2.encoded,
            );
            let (w_key, w_pair) = (weights.challenge_weight(b"key"), weights.challenge_weight(b"pair"));
            self.fixed[INDEX_G] += w_key * token.response;
            self.add(-w_key, token.r1.point);
            self.add(-w_key * c, *key.point());
            self.add(w_pair * token.response, commitment.a_bar.point);
            self.add(-w_pair, token.r2.point);
            self.add(-w_pair * c, commitment.b_bar.point);
        }
    }

    /// z_K·K + Σ f·D + (c·τ − residuals)·M − E_0 − c·E_1 = 0.
    fn digits(
        &mut self,
        relation: &Relation,
        presentation: &Presentation,
        disclosed: &[Scalar],
        c: &Scalar,
        y: &Scalar,
        weights: &mut Transcript,
    ) {
        let Some(digits) = &presentation.digits else { return };
        let w = weights.challenge_weight(b"digits");
        let residuals = relation.evaluate(c, &presentation.responses, disclosed, &digits.responses, y);
        self.fixed[INDEX_K] += w * digits.blinding;
        self.fixed[INDEX_M] += w * (c * digits.tau - residuals);
        for (coefficient, response) in self.fixed[INDEX_D..].iter_mut().zip(&digits.responses) {
            *coefficient += w * response;
        }
        self.add(-w, digits.masks.point);
        self.add(-w * c, digits.digits.point);
    }

    fn is_identity(&self) -> bool {
        tables().vartime_mixed_multiscalar_mul(&self.fixed, &self.scalars, &self.points).is_identity()
    }
}

/// Builds the generators and their tables, which the first check does otherwise.
pub fn prepare() {
    tables();
}

/// Precomputed multiples of the generators.
fn tables() -> &'static VartimeRistrettoPrecomputation {
    static TABLES: OnceLock<VartimeRistrettoPrecomputation> = OnceLock::new();
    TABLES.get_or_init(|| VartimeRistrettoPrecomputation::new(generators().all()))
}
