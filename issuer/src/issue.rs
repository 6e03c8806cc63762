//! Blind issuance.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, IsIdentity, VartimeMultiscalarMul};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::generators::{H_BLINDING, H_LINK_SECRET, generators};
use glimpse_circuits::issuance::{
    IssuanceRequest, IssuedCredential, credential_point, issuance_proof_challenge,
};
use glimpse_circuits::labels;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::{Binding, LicenceError, Schema};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use rand_core::CryptoRngCore;
use zeroize::{Zeroize, Zeroizing};

use crate::key::{IssuerSecretKey, hedged};

/// What one issuance rests on.
pub struct Issuance<'a> {
    /// The schema of the licence.
    pub schema: &'a Schema,
    /// The licence's values in schema order.
    pub values: Vec<Value>,
    /// The handle to revoke it by: random, unique under the key, 0 for credentials without a holder.
    pub handle: u32,
    /// The nonce given out for this issuance, which the caller lets nobody use twice.
    pub nonce: Nonce,
    /// The wallet's request; none for credentials without a holder.
    pub request: Option<&'a IssuanceRequest>,
    /// N_reg of the person's earlier issuances under this key, if any: one person, one link secret.
    pub registered: Option<CompressedRistretto>,
}

/// Issues a credential.
///
/// The caller keeps `request.registration` with the person's record. Nothing is issued unless values, proof and
/// registration are all in order.
pub fn issue(
    key: &IssuerSecretKey,
    issuance: Issuance<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<IssuedCredential, IssueError> {
    apart(|| issue_apart(key, issuance, rng))
}

fn issue_apart(
    key: &IssuerSecretKey,
    issuance: Issuance<'_>,
    rng: &mut impl CryptoRngCore,
) -> Result<IssuedCredential, IssueError> {
    let schema = issuance.schema;
    schema.check(&issuance.values)?;
    let blinded = match (schema.binding(), issuance.request) {
        (Binding::Holder, Some(request)) => {
            check_request(key, schema, &issuance.nonce, request)?;
            if issuance.registered.is_some_and(|registered| registered != request.registration.encoded) {
                return Err(IssueError::SecondLinkSecret);
            }
            request.blinded.point
        }
        (Binding::None, None) if issuance.handle == 0 => RistrettoPoint::identity(),
        _ => return Err(IssueError::Binding),
    };
    let mut scalars: Vec<Scalar> = issuance.values.iter().map(Value::to_scalar).collect();
    let domain = key.public().domain(&schema.digest());
    let c = credential_point(&domain, &blinded, issuance.handle, &scalars);
    scalars.zeroize();
    if c.is_identity() {
        return Err(IssueError::Degenerate);
    }
    let public = [schema.digest().0, issuance.nonce.0, c.compress().to_bytes()];
    let mut rng =
        hedged(labels::ISSUANCE_RANDOMNESS, key, &public.each_ref().map(|part| part.as_slice()), rng);
    let (a, e) = sign(key, &c, &mut rng);
    let (proof_challenge, proof_response) = prove_key(key, schema, &c, &a, &e, &mut rng);
    Ok(IssuedCredential {
        a,
        e,
        handle: issuance.handle,
        proof_challenge,
        proof_response,
        values: issuance.values,
    })
}

/// z_s·H_0 + z_t·H_1 = T_U + c·U and z_s·base = T_N + c·N_reg. All of it is public.
fn check_request(
    key: &IssuerSecretKey,
    schema: &Schema,
    nonce: &Nonce,
    request: &IssuanceRequest,
) -> Result<(), IssueError> {
    if request.blinded.is_identity() || request.registration.is_identity() {
        return Err(IssueError::Proof);
    }
    let commitments =
        [&request.blinded, &request.registration, &request.blinded_masks, &request.registration_mask];
    let c = IssuanceRequest::challenge(key.public(), &schema.digest(), nonce, commitments);
    let h = generators().h();
    let blinded = RistrettoPoint::vartime_multiscalar_mul(
        [request.link_secret, request.blinding, -c],
        [h[H_LINK_SECRET], h[H_BLINDING], request.blinded.point],
    );
    let registration = RistrettoPoint::vartime_multiscalar_mul(
        [request.link_secret, -c],
        [key.public().registration_base(), request.registration.point],
    );
    if blinded == request.blinded_masks.point && registration == request.registration_mask.point {
        Ok(())
    } else {
        Err(IssueError::Proof)
    }
}

/// A = (x+e)⁻¹·C with a fresh, uniform e. A second credential with the same e, or one whose e could be predicted, is
/// what forgeries are made of.
fn sign(
    key: &IssuerSecretKey,
    c: &RistrettoPoint,
    rng: &mut impl CryptoRngCore,
) -> (EncodedPoint, SecretScalar) {
    loop {
        let e = SecretScalar::new(random_scalar(rng));
        let sum = Zeroizing::new(key.x() + *e);
        if *sum != Scalar::ZERO {
            let inverse = Zeroizing::new(sum.invert());
            return (EncodedPoint::from(c * *inverse), e);
        }
    }
}

/// Shows that log_G X = log_A (C − e·A), so that the wallet knows its credential is under the published key.
fn prove_key(
    key: &IssuerSecretKey,
    schema: &Schema,
    c: &RistrettoPoint,
    a: &EncodedPoint,
    e: &Scalar,
    rng: &mut impl CryptoRngCore,
) -> (Scalar, Scalar) {
    let k = Zeroizing::new(random_scalar(rng));
    let signed = (c - a.point * e).compress();
    let masks = [RistrettoPoint::mul_base(&k).compress(), (a.point * *k).compress()];
    let challenge =
        issuance_proof_challenge(key.public(), &schema.digest(), &a.encoded, &signed, [&masks[0], &masks[1]]);
    (challenge, *k + challenge * key.x())
}

/// Why nothing was issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// A value is missing, of the wrong type or out of bounds.
    #[error(transparent)]
    Licence(#[from] LicenceError),
    /// The wallet's proof does not hold for this nonce, key and schema.
    #[error("the wallet's proof does not hold for this nonce, key and schema")]
    Proof,
    /// The person has a credential for another link secret.
    #[error("this person is registered with another wallet")]
    SecondLinkSecret,
    /// A request where the schema has no holder, none where it has one, or a handle without a holder.
    #[error("a request and a handle belong to holder-bound schemas, and only to them")]
    Binding,
    /// The credential's point is the identity: nobody comes across this by chance.
    #[error("the request is degenerate")]
    Degenerate,
}
