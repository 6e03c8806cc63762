//! The messages of blind issuance and what both sides compute from them.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use zeroize::Zeroize;

use crate::attribute::Value;
use crate::encoding::{DecodeError, EncodedPoint, Reader, value_length, write_value};
use crate::generators::{H_ATTRIBUTES, H_HANDLE, generators};
use crate::key::IssuerPublicKey;
use crate::labels;
use crate::request::Nonce;
use crate::schema::{Schema, SchemaDigest};
use crate::secrecy::{SecretScalar, apart};
use crate::transcript::{TranscriptProtocol, transcript};

/// What the wallet sends: U = s·H_0 + t·H_1 and N_reg = s·base(X), with a proof that it knows (s, t) and that both
/// have the same s.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuanceRequest {
    /// U, not the identity.
    pub blinded: EncodedPoint,
    /// N_reg, not the identity: the same for every request of one wallet to one key.
    pub registration: EncodedPoint,
    /// Masks of U.
    pub blinded_masks: EncodedPoint,
    /// Mask of N_reg.
    pub registration_mask: EncodedPoint,
    /// Response of s.
    pub link_secret: Scalar,
    /// Response of t.
    pub blinding: Scalar,
}

// N_reg names the holder.
opaque_debug!(IssuanceRequest, IssuedCredential);

impl IssuanceRequest {
    /// Length in bytes.
    pub const LENGTH: usize = 192;

    /// The four points, then the two scalars.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [0u8; Self::LENGTH];
        let parts = [
            self.blinded.encoded.as_bytes(),
            self.registration.encoded.as_bytes(),
            self.blinded_masks.encoded.as_bytes(),
            self.registration_mask.encoded.as_bytes(),
            self.link_secret.as_bytes(),
            self.blinding.as_bytes(),
        ];
        for (place, part) in bytes.chunks_exact_mut(32).zip(parts) {
            place.copy_from_slice(part);
        }
        bytes
    }

    /// Reads what [`IssuanceRequest::to_bytes`] writes. U = 0 and N_reg = 0 are refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        let request = Self {
            blinded: reader.nonzero_point()?,
            registration: reader.nonzero_point()?,
            blinded_masks: reader.point()?,
            registration_mask: reader.point()?,
            link_secret: reader.scalar()?,
            blinding: reader.scalar()?,
        };
        reader.finish()?;
        Ok(request)
    }

    /// The challenge of the proof, bound to the issuer's nonce, key and schema.
    pub fn challenge(
        key: &IssuerPublicKey,
        schema: &SchemaDigest,
        nonce: &Nonce,
        [blinded, registration, blinded_masks, registration_mask]: [&EncodedPoint; 4],
    ) -> Scalar {
        let mut hash = transcript(labels::ISSUANCE_REQUEST);
        hash.append_point(b"X", key.encoded());
        hash.append_message(b"schema", &schema.0);
        hash.append_message(b"nonce", &nonce.0);
        hash.append_point(b"U", &blinded.encoded);
        hash.append_point(b"N", &registration.encoded);
        hash.append_point(b"TU", &blinded_masks.encoded);
        hash.append_point(b"TN", &registration_mask.encoded);
        hash.challenge_scalar(b"c")
    }
}

/// What the issuer answers. Holds attributes: never printed by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct IssuedCredential {
    /// A, not the identity.
    pub a: EncodedPoint,
    /// e.
    pub e: SecretScalar,
    /// The revocation handle; 0 in credentials without a holder.
    pub handle: u32,
    /// Challenge of the proof that log_G X = log_A (C − e·A).
    pub proof_challenge: Scalar,
    /// Its response.
    pub proof_response: Scalar,
    /// The attributes in schema order.
    pub values: Vec<Value>,
}

impl Drop for IssuedCredential {
    fn drop(&mut self) {
        self.handle.zeroize();
    }
}

impl IssuedCredential {
    /// A, e, the handle (4 bytes little-endian), the proof's challenge and response, then the values. They are secret.
    pub fn to_bytes(&self) -> Vec<u8> {
        // A buffer that grows would leave copies behind.
        let length = 4 * 32 + 4 + self.values.iter().map(value_length).sum::<usize>();
        let mut bytes = Vec::with_capacity(length);
        bytes.extend_from_slice(self.a.encoded.as_bytes());
        bytes.extend_from_slice(self.e.as_bytes());
        bytes.extend_from_slice(&self.handle.to_le_bytes());
        bytes.extend_from_slice(self.proof_challenge.as_bytes());
        bytes.extend_from_slice(self.proof_response.as_bytes());
        self.values.iter().for_each(|value| write_value(&mut bytes, value));
        bytes
    }

    /// Reads what [`IssuedCredential::to_bytes`] writes, with as many values as the schema has attributes.
    pub fn from_bytes(schema: &Schema, bytes: &[u8]) -> Result<Self, DecodeError> {
        apart(|| Self::read(schema, Reader::new(bytes)))
    }

    fn read(schema: &Schema, mut reader: Reader<'_>) -> Result<Self, DecodeError> {
        let issued = Self {
            a: reader.nonzero_point()?,
            e: SecretScalar::new(reader.scalar()?),
            handle: u32::from_le_bytes(reader.array()?),
            proof_challenge: reader.scalar()?,
            proof_response: reader.scalar()?,
            values: schema.attributes().iter().map(|_| reader.value()).collect::<Result<_, _>>()?,
        };
        reader.finish()?;
        Ok(issued)
    }
}

/// C = P + d·Q + U + handle·H_2 + Σ m_i·H_{3+i}, in time that does not depend on the values.
///
/// `blinded` is U, the identity for credentials without a holder, whose handle is 0.
pub fn credential_point(
    domain: &Scalar,
    blinded: &RistrettoPoint,
    handle: u32,
    attributes: &[Scalar],
) -> RistrettoPoint {
    let generators = generators();
    let fixed = [*domain, Scalar::from(handle)];
    let scalars = fixed.iter().chain(attributes);
    let h = generators.h();
    let points =
        [generators.q(), &h[H_HANDLE]].into_iter().chain(&h[H_ATTRIBUTES..H_ATTRIBUTES + attributes.len()]);
    generators.p() + blinded + RistrettoPoint::multiscalar_mul(scalars, points)
}

/// The challenge of the issuer's proof that log_G X = log_A (C − e·A).
///
/// `signed` is C − e·A = x·A; the masks are k·G and k·A.
pub fn issuance_proof_challenge(
    key: &IssuerPublicKey,
    schema: &SchemaDigest,
    a: &CompressedRistretto,
    signed: &CompressedRistretto,
    masks: [&CompressedRistretto; 2],
) -> Scalar {
    let mut hash = transcript(labels::ISSUANCE_DLEQ);
    hash.append_point(b"X", key.encoded());
    hash.append_message(b"schema", &schema.0);
    hash.append_point(b"A", a);
    hash.append_point(b"xA", signed);
    hash.append_point(b"TG", masks[0]);
    hash.append_point(b"TA", masks[1]);
    hash.challenge_scalar(b"c")
}
