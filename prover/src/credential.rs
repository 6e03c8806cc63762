//! A credential in the holder's hands.

use std::fmt;
use std::sync::Arc;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{Identity, MultiscalarMul};
use glimpse_circuits::attribute::Value;
use glimpse_circuits::generators::{H_BLINDING, H_LINK_SECRET, generators};
use glimpse_circuits::issuance::{IssuedCredential, credential_point, issuance_proof_challenge};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::schema::{Binding, Schema};
use glimpse_circuits::secrecy::{SecretScalar, apart};
use zeroize::{Zeroize, Zeroizing};

use crate::obtain::ObtainError;
use crate::secret::{LinkSecret, read_secret};
use crate::signature::{SignatureParts, Signed};

/// (A, e) with everything it is about. Only a checked one exists: its key proof held and its values are the schema's.
pub struct Credential {
    schema: Arc<Schema>,
    key: IssuerPublicKey,
    issued: IssuedCredential,
    /// t of holder-bound credentials.
    blinding: Option<SecretScalar>,
    /// C − e·A = x·A.
    signed: RistrettoPoint,
    scalars: Vec<Scalar>,
}

impl Drop for Credential {
    fn drop(&mut self) {
        self.scalars.zeroize();
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credential(of {})", self.schema)
    }
}

impl Credential {
    /// Takes an issued credential after checking it: values against the schema, key proof against the pinned key over
    /// scalars recomputed from the clear values.
    ///
    /// `holder` is the link secret and the blinding t of holder-bound credentials.
    pub(crate) fn accept(
        schema: Arc<Schema>,
        key: IssuerPublicKey,
        holder: Option<(&LinkSecret, SecretScalar)>,
        issued: IssuedCredential,
    ) -> Result<Self, ObtainError> {
        schema.check(&issued.values)?;
        let (blinded, blinding) = match (schema.binding(), holder) {
            (Binding::Holder, Some((secret, t))) => (blind(secret, &t), Some(t)),
            (Binding::None, None) if issued.handle == 0 => (RistrettoPoint::identity(), None),
            _ => return Err(ObtainError::Binding),
        };
        if issued.a.is_identity() {
            return Err(ObtainError::KeyProof);
        }
        let scalars: Vec<Scalar> = issued.values.iter().map(Value::to_scalar).collect();
        let c = credential_point(&key.domain(&schema.digest()), &blinded, issued.handle, &scalars);
        let signed = c - issued.a.point * *issued.e;
        let credential = Self { schema, key, issued, blinding, signed, scalars };
        if credential.key_proof_holds() { Ok(credential) } else { Err(ObtainError::KeyProof) }
    }

    /// Reads a credential back from what [`Credential::to_bytes`] wrote, and checks it anew.
    pub fn from_bytes(
        schema: Arc<Schema>,
        key: IssuerPublicKey,
        secret: &LinkSecret,
        bytes: &[u8],
    ) -> Result<Self, ObtainError> {
        match schema.binding() {
            Binding::Holder => {
                let (t, rest) = bytes.split_first_chunk().ok_or(ObtainError::KeyProof)?;
                let t = read_secret(t).ok_or(ObtainError::KeyProof)?;
                let issued = IssuedCredential::from_bytes(&schema, rest)?;
                apart(|| Self::accept(schema, key, Some((secret, t)), issued))
            }
            Binding::None => {
                let issued = IssuedCredential::from_bytes(&schema, bytes)?;
                apart(|| Self::accept(schema, key, None, issued))
            }
        }
    }

    /// Everything but schema, key and link secret, for the wallet's encrypted file: t if there is one, then the issued
    /// credential's bytes.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let issued = Zeroizing::new(self.issued.to_bytes());
        let mut bytes = Zeroizing::new(Vec::with_capacity(32 + issued.len()));
        if let Some(t) = &self.blinding {
            bytes.extend_from_slice(t.as_bytes());
        }
        bytes.extend_from_slice(&issued);
        bytes
    }

    /// Its schema.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The key it is under.
    pub fn key(&self) -> &IssuerPublicKey {
        &self.key
    }

    /// The values in schema order.
    pub fn values(&self) -> &[Value] {
        &self.issued.values
    }

    /// The handle that its issuer revokes it by. Secret: whoever reads revocation lists would know it by that.
    pub fn handle(&self) -> u32 {
        self.issued.handle
    }

    /// The scalar of each H, in order; the first three are 0 without a holder.
    pub(crate) fn slot_scalars(&self, secret: &LinkSecret) -> Zeroizing<Vec<Scalar>> {
        let mut scalars = Zeroizing::new(Vec::with_capacity(3 + self.scalars.len()));
        match &self.blinding {
            Some(t) => scalars.extend([*secret.0, **t, Scalar::from(self.issued.handle)]),
            None => scalars.extend([Scalar::ZERO; 3]),
        }
        scalars.extend_from_slice(&self.scalars);
        scalars
    }

    /// z·G = T_G + c·X and z·A = T_A + c·(C − e·A).
    fn key_proof_holds(&self) -> bool {
        let (c, z) = (self.issued.proof_challenge, self.issued.proof_response);
        let a = self.issued.a.point;
        let mask_g = (RistrettoPoint::mul_base(&z) - self.key.point() * c).compress();
        let mask_a = (a * z - self.signed * c).compress();
        let signed = self.signed.compress();
        let expected = issuance_proof_challenge(
            &self.key,
            &self.schema.digest(),
            &self.issued.a.encoded,
            &signed,
            [&mask_g, &mask_a],
        );
        expected == c
    }
}

impl Signed for Credential {
    fn signature(&self) -> SignatureParts<'_> {
        SignatureParts { key: &self.key, a: &self.issued.a, e: &self.issued.e, signed: &self.signed }
    }
}

/// U = s·H_0 + t·H_1.
pub(crate) fn blind(secret: &LinkSecret, t: &Scalar) -> RistrettoPoint {
    let h = generators().h();
    RistrettoPoint::multiscalar_mul([&*secret.0, t], [&h[H_LINK_SECRET], &h[H_BLINDING]])
}
