//! The key that documents are signed with.

use std::fmt;

use ed25519_dalek::{Signer, SigningKey};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::secrecy::apart;
use glimpse_trust::envelope::Envelope;
use rand_core::CryptoRngCore;
use zeroize::Zeroizing;

/// An Ed25519 secret key (RFC 8032) that signs documents and nothing else: versions of revocation lists.
///
/// Wiped on drop.
pub struct DocumentSecretKey(Box<SigningKey>);

impl DocumentSecretKey {
    /// Draws a key.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let mut seed = Zeroizing::new([0u8; 32]);
        rng.fill_bytes(&mut *seed);
        Self::from_bytes(&seed)
    }

    /// The key with this seed. Any 32 bytes are one.
    pub fn from_bytes(seed: &[u8; 32]) -> Self {
        apart(|| Self(Box::new(SigningKey::from_bytes(seed))))
    }

    /// The seed, for the place it is kept in.
    pub fn to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }

    /// The public key.
    pub fn public(&self) -> DocumentKey {
        DocumentKey(self.0.verifying_key().to_bytes())
    }

    /// Adds its signature to an envelope.
    pub fn sign(&self, envelope: Envelope) -> Envelope {
        let signature = apart(|| self.0.sign(&envelope.to_be_signed()).to_bytes());
        envelope.with_signature(self.public(), signature)
    }
}

impl fmt::Debug for DocumentSecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DocumentSecretKey(of {})", self.public())
    }
}
