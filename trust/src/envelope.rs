//! Envelopes: a document, what kind it is of, and signatures over both.
//!
//! The format is DSSE 1.0 (github.com/secure-systems-lab/dsse, `protocol.md` and `envelope.md`): signed is not the
//! document but its type and bytes with their lengths, so that no document is ever taken for one of another kind, and what
//! was signed is never parsed before its signature was checked.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::key::DocumentKey;
use serde::{Deserialize, Serialize};

/// Most signatures of one envelope.
pub const MAX_SIGNATURES: usize = 16;

/// Longest JSON text of an envelope: a manifest with 2^16 buckets takes 6 MB.
pub const MAX_ENVELOPE_BYTES: usize = 8 << 20;

/// A signed document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    kind: String,
    document: Vec<u8>,
    signatures: Vec<(DocumentKey, [u8; 64])>,
}

impl Envelope {
    /// A document of this kind (a media type) that nobody has signed yet.
    pub fn new(kind: impl Into<String>, document: Vec<u8>) -> Self {
        Self { kind: kind.into(), document, signatures: Vec::new() }
    }

    /// What there is to sign.
    pub fn to_be_signed(&self) -> Vec<u8> {
        pre_authentication_encoding(&self.kind, &self.document)
    }

    /// Adds a signature over [`Envelope::to_be_signed`].
    #[must_use]
    pub fn with_signature(mut self, key: DocumentKey, signature: [u8; 64]) -> Self {
        self.signatures.push((key, signature));
        self
    }

    /// Reads an envelope from JSON text. Unknown and repeated keys are refused.
    pub fn from_json(text: &str) -> Result<Self, EnvelopeError> {
        if text.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLong);
        }
        let wire: Wire = json::from_str(text).map_err(EnvelopeError::Json)?;
        if wire.signatures.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::TooManySignatures);
        }
        let bytes = |text: &str| STANDARD.decode(text).map_err(|_| EnvelopeError::Base64);
        let document = bytes(&wire.payload)?;
        let mut signatures = Vec::with_capacity(wire.signatures.len());
        for WireSignature { keyid, sig } in wire.signatures {
            signatures.push((keyid, bytes(&sig)?.try_into().map_err(|_| EnvelopeError::Base64)?));
        }
        Ok(Self { kind: wire.payload_type, document, signatures })
    }

    /// The envelope as JSON, if it is one that [`Envelope::from_json`] takes.
    pub fn to_json(&self) -> Result<String, EnvelopeError> {
        if self.signatures.len() > MAX_SIGNATURES {
            return Err(EnvelopeError::TooManySignatures);
        }
        let wire = Wire {
            payload_type: self.kind.clone(),
            payload: STANDARD.encode(&self.document),
            signatures: self
                .signatures
                .iter()
                .map(|(key, signature)| WireSignature { keyid: *key, sig: STANDARD.encode(signature) })
                .collect(),
        };
        let bytes = json::canonical(&wire).map_err(EnvelopeError::Json)?;
        if bytes.len() > MAX_ENVELOPE_BYTES {
            return Err(EnvelopeError::TooLong);
        }
        String::from_utf8(bytes).map_err(|_| EnvelopeError::Base64)
    }

    /// The document, if it is of this kind and one of these keys has signed it. Other signatures are not looked at.
    pub fn open(&self, kind: &str, keys: &[DocumentKey]) -> Result<&[u8], EnvelopeError> {
        if self.signers(kind, keys)?.is_empty() {
            return Err(EnvelopeError::Signature);
        }
        Ok(&self.document)
    }

    /// The document, for those that have looked at its signers.
    pub(crate) fn document(&self) -> &[u8] {
        &self.document
    }

    /// Those of these keys that have signed it as a document of this kind.
    pub fn signers(&self, kind: &str, keys: &[DocumentKey]) -> Result<Vec<DocumentKey>, EnvelopeError> {
        if self.kind != kind {
            return Err(EnvelopeError::Kind);
        }
        let message = self.to_be_signed();
        let mut signers: Vec<DocumentKey> = Vec::new();
        for (key, signature) in &self.signatures {
            if keys.contains(key) && !signers.contains(key) && is_signed(key, &message, signature) {
                signers.push(*key);
            }
        }
        Ok(signers)
    }
}

/// Strict: a key or an R of small order is refused, with which a signature would fit many messages (Chalkias, Garillot,
/// Nikolaenko, SSR 2020).
fn is_signed(key: &DocumentKey, message: &[u8], signature: &[u8; 64]) -> bool {
    let signature = Signature::from_bytes(signature);
    VerifyingKey::from_bytes(&key.0).is_ok_and(|key| key.verify_strict(message, &signature).is_ok())
}

/// DSSE's PAE: "DSSEv1", the lengths in bytes as decimal numbers, the type, the document.
fn pre_authentication_encoding(kind: &str, document: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {kind} {} ", kind.len(), document.len()).into_bytes();
    bytes.extend_from_slice(document);
    bytes
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "payloadType")]
    payload_type: String,
    payload: String,
    signatures: Vec<WireSignature>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WireSignature {
    keyid: DocumentKey,
    sig: String,
}

/// Why an envelope is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnvelopeError {
    /// Not JSON of the right form.
    #[error("{0}")]
    Json(JsonError),
    /// Not base64, or a signature of another length.
    #[error("the document or a signature is not base64 of the right length")]
    Base64,
    /// More than [`MAX_ENVELOPE_BYTES`].
    #[error("longer than 8 MiB")]
    TooLong,
    /// More than [`MAX_SIGNATURES`].
    #[error("more than 16 signatures")]
    TooManySignatures,
    /// A document of another kind.
    #[error("a document of another kind")]
    Kind,
    /// None of the keys that are trusted has signed it.
    #[error("not signed by a key that is trusted for it")]
    Signature,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer, SigningKey};

    const KIND: &str = "application/vnd.glimpse.test+json";

    fn key(seed: u8) -> (SigningKey, DocumentKey) {
        let key = SigningKey::from_bytes(&[seed; 32]);
        let public = DocumentKey(key.verifying_key().to_bytes());
        (key, public)
    }

    fn signed(seeds: &[u8]) -> Envelope {
        let envelope = Envelope::new(KIND, b"{\"a\":1}".to_vec());
        seeds.iter().fold(envelope, |envelope, seed| {
            let (key, public) = key(*seed);
            let signature = key.sign(&envelope.to_be_signed()).to_bytes();
            envelope.with_signature(public, signature)
        })
    }

    /// The example of DSSE's own documentation.
    #[test]
    fn what_is_signed_is_as_dsse_says() {
        let encoded = pre_authentication_encoding("http://example.com/HelloWorld", b"hello world");
        assert_eq!(encoded, b"DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    }

    #[test]
    fn a_signed_document_is_opened_by_its_keys_alone() {
        let envelope = signed(&[1, 2]);
        let read = Envelope::from_json(&envelope.to_json().unwrap()).unwrap();
        assert_eq!(read, envelope);
        let (one, two, three) = (key(1).1, key(2).1, key(3).1);
        assert_eq!(read.open(KIND, &[one]).unwrap(), b"{\"a\":1}");
        assert_eq!(read.open(KIND, &[three, two]).unwrap(), b"{\"a\":1}");
        assert_eq!(read.signers(KIND, &[one, two, three]).unwrap(), [one, two]);
        assert_eq!(read.open(KIND, &[three]), Err(EnvelopeError::Signature));
        assert_eq!(read.open(KIND, &[]), Err(EnvelopeError::Signature));
        assert_eq!(read.open("application/json", &[one]), Err(EnvelopeError::Kind));
        // A key that signed twice is one signer.
        assert_eq!(signed(&[1, 1]).signers(KIND, &[one, two]).unwrap(), [one]);
    }

    #[test]
    fn nothing_of_it_can_be_changed() {
        let (envelope, keys) = (signed(&[1]), [key(1).1]);
        let open = |envelope: Envelope| envelope.open(KIND, &keys).map(<[u8]>::to_vec);
        for byte in 0..envelope.document.len() {
            let mut changed = envelope.clone();
            changed.document[byte] ^= 1;
            assert_eq!(open(changed), Err(EnvelopeError::Signature));
        }
        for bit in 0..512 {
            let mut changed = envelope.clone();
            changed.signatures[0].1[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(open(changed), Err(EnvelopeError::Signature));
        }
        let mut changed = envelope.clone();
        changed.signatures[0].0 = key(2).1;
        assert_eq!(open(changed), Err(EnvelopeError::Signature));
        // Bytes moved from the type to the document.
        let mut moved = envelope;
        moved.kind.push(' ');
        assert_eq!(moved.open(&format!("{KIND} "), &keys), Err(EnvelopeError::Signature));
    }

    /// A key of small order would "sign" everything.
    #[test]
    fn weak_keys_sign_nothing() {
        let mut identity = [0; 32];
        identity[0] = 1;
        let mut signature = [0; 64];
        signature[0] = 1;
        let envelope = Envelope::new(KIND, b"x".to_vec()).with_signature(DocumentKey(identity), signature);
        assert_eq!(envelope.open(KIND, &[DocumentKey(identity)]), Err(EnvelopeError::Signature));
    }

    #[test]
    fn malformed_envelopes_are_refused() {
        let good = signed(&[1]).to_json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&good).unwrap();
        let with = |pointer: &str, new: serde_json::Value| {
            let mut changed = value.clone();
            *changed.pointer_mut(pointer).unwrap() = new;
            Envelope::from_json(&changed.to_string()).map(|_| ())
        };
        assert_eq!(with("/payload", "a b".into()), Err(EnvelopeError::Base64));
        assert_eq!(with("/signatures/0/sig", "AAAA".into()), Err(EnvelopeError::Base64));
        assert!(matches!(with("/signatures/0/keyid", "AAAA".into()), Err(EnvelopeError::Json(_))));
        let many = vec![value["signatures"][0].clone(); MAX_SIGNATURES + 1];
        assert_eq!(with("/signatures", many.into()), Err(EnvelopeError::TooManySignatures));
        assert_eq!(Envelope::from_json(&" ".repeat(MAX_ENVELOPE_BYTES + 1)), Err(EnvelopeError::TooLong));
        let mut more = value.clone();
        more["extra"] = 1.into();
        assert!(Envelope::from_json(&more.to_string()).is_err());
    }
}
