//! What may be absorbed into and drawn from a Merlin transcript.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;

/// A transcript that starts with one of the [`labels`](crate::labels).
pub fn transcript(label: &'static [u8]) -> Transcript {
    Transcript::new(label)
}

/// One method for each kind of thing absorbed or drawn.
pub trait TranscriptProtocol {
    /// Absorbs the 32-byte encoding of a point.
    fn append_point(&mut self, label: &'static [u8], point: &CompressedRistretto);
    /// Absorbs the 32-byte little-endian encoding of a scalar.
    fn append_scalar(&mut self, label: &'static [u8], scalar: &Scalar);
    /// Draws 64 bytes, reduced to a scalar.
    fn challenge_scalar(&mut self, label: &'static [u8]) -> Scalar;
    /// Draws 64 bytes, mapped to a point by the ristretto255 one-way map (RFC 9496 section 4.3.4).
    fn challenge_point(&mut self, label: &'static [u8]) -> RistrettoPoint;
    /// Draws 32 bytes.
    fn challenge_array(&mut self, label: &'static [u8]) -> [u8; 32];
}

impl TranscriptProtocol for Transcript {
    fn append_point(&mut self, label: &'static [u8], point: &CompressedRistretto) {
        self.append_message(label, point.as_bytes());
    }

    fn append_scalar(&mut self, label: &'static [u8], scalar: &Scalar) {
        self.append_message(label, scalar.as_bytes());
    }

    fn challenge_scalar(&mut self, label: &'static [u8]) -> Scalar {
        let mut bytes = [0u8; 64];
        self.challenge_bytes(label, &mut bytes);
        Scalar::from_bytes_mod_order_wide(&bytes)
    }

    fn challenge_point(&mut self, label: &'static [u8]) -> RistrettoPoint {
        let mut bytes = [0u8; 64];
        self.challenge_bytes(label, &mut bytes);
        RistrettoPoint::from_uniform_bytes(&bytes)
    }

    fn challenge_array(&mut self, label: &'static [u8]) -> [u8; 32] {
        let mut bytes = [0u8; 32];
        self.challenge_bytes(label, &mut bytes);
        bytes
    }
}
