//! Obtaining a credential.

use std::fmt;
use std::sync::Arc;

use glimpse_circuits::encoding::{DecodeError, EncodedPoint};
use glimpse_circuits::issuance::{IssuanceRequest, IssuedCredential};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schema::{LicenceError, Schema};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

use crate::credential::{Credential, blind};
use crate::secret::{LinkSecret, hedged, read_secret};

/// An issuance that was asked for and not answered yet.
///
/// Stored before the request leaves, it lets a wallet that was interrupted send the same request again: a repeated
/// request with a fresh blinding would be a second one.
pub struct PendingIssuance {
    blinding: SecretScalar,
    request: IssuanceRequest,
}

impl fmt::Debug for PendingIssuance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PendingIssuance(..)")
    }
}

impl PendingIssuance {
    /// Length in bytes.
    const LENGTH: usize = 32 + IssuanceRequest::LENGTH;

    /// Blinds the link secret for one issuance under the issuer's nonce.
    pub fn begin(
        secret: &LinkSecret,
        key: &IssuerPublicKey,
        schema: &Schema,
        nonce: &Nonce,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        apart(|| Self::begin_apart(secret, key, schema, nonce, rng))
    }

    fn begin_apart(
        secret: &LinkSecret,
        key: &IssuerPublicKey,
        schema: &Schema,
        nonce: &Nonce,
        rng: &mut impl CryptoRngCore,
    ) -> Self {
        let public = [key.encoded().to_bytes(), schema.digest().0, nonce.0];
        let rng = &mut hedged(&public.each_ref().map(|part| part.as_slice()), &[&secret.0], rng);
        let blinding = SecretScalar::new(random_scalar(rng));
        let (mask_s, mask_t) =
            (LinkSecret(SecretScalar::new(random_scalar(rng))), Zeroizing::new(random_scalar(rng)));
        let blinded = EncodedPoint::from(blind(secret, &blinding));
        let registration = EncodedPoint::from(secret.registration(key));
        let blinded_masks = EncodedPoint::from(blind(&mask_s, &mask_t));
        let registration_mask = EncodedPoint::from(mask_s.registration(key));
        let commitments = [&blinded, &registration, &blinded_masks, &registration_mask];
        let c = IssuanceRequest::challenge(key, &schema.digest(), nonce, commitments);
        let request = IssuanceRequest {
            blinded,
            registration,
            blinded_masks,
            registration_mask,
            link_secret: *mask_s.0 + c * *secret.0,
            blinding: *mask_t + c * *blinding,
        };
        Self { blinding, request }
    }

    /// What to send.
    pub fn request(&self) -> &IssuanceRequest {
        &self.request
    }

    /// Checks the issuer's answer and makes a credential of it.
    pub fn finish(
        self,
        secret: &LinkSecret,
        key: &IssuerPublicKey,
        schema: Arc<Schema>,
        issued: IssuedCredential,
    ) -> Result<Credential, ObtainError> {
        apart(|| Credential::accept(schema, *key, Some((secret, self.blinding)), issued))
    }

    /// t and the request, for the wallet's encrypted file.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let mut bytes = Zeroizing::new(Vec::with_capacity(Self::LENGTH));
        bytes.extend_from_slice(self.blinding.as_bytes());
        bytes.extend_from_slice(&self.request.to_bytes());
        bytes
    }

    /// Reads what [`PendingIssuance::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (t, rest) = bytes.split_first_chunk().ok_or(DecodeError::TooShort)?;
        let blinding = read_secret(t).ok_or(DecodeError::Scalar)?;
        Ok(Self { blinding, request: IssuanceRequest::from_bytes(rest)? })
    }
}

impl Credential {
    /// Takes a credential without a holder: there is nothing to blind, only to check.
    pub fn accept_unbound(
        schema: Arc<Schema>,
        key: &IssuerPublicKey,
        issued: IssuedCredential,
    ) -> Result<Self, ObtainError> {
        apart(|| Self::accept(schema, *key, None, issued))
    }
}

/// Why a credential was not accepted. Nothing is stored then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObtainError {
    /// Not the canonical bytes of a credential.
    #[error("the credential cannot be read: {0}")]
    Decode(#[from] DecodeError),
    /// A value is not one of the schema's.
    #[error("the credential's values are not the schema's: {0}")]
    Licence(#[from] LicenceError),
    /// The credential is not under the pinned key, or not for these values and this wallet.
    #[error("the credential is not under the expected issuer key, or not for these values and this wallet")]
    KeyProof,
    /// A holder where the schema has none, or the reverse.
    #[error("the schema's binding is another one")]
    Binding,
}
