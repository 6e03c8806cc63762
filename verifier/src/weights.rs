//! The weights that the equations of a batch are added with.

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::labels;
use glimpse_circuits::transcript::{TranscriptProtocol, transcript};
use merlin::Transcript;

/// Everything that a batch consists of. Weights of one presentation that did not depend on all the others would let
/// somebody who made several of them look for errors that cancel (with very many to choose from, by Wagner's
/// generalised birthday algorithm).
pub(crate) struct Seed(Transcript);

impl Seed {
    /// From the digests of all presentations of the batch.
    pub(crate) fn new<'a>(digests: impl Iterator<Item = &'a [u8; 32]>) -> Self {
        let mut hash = transcript(labels::BATCH);
        for digest in digests {
            hash.append_message(b"item", digest);
        }
        // One squeeze, so that each presentation starts from a settled state.
        let seed = hash.challenge_array(b"seed");
        let mut hash = transcript(labels::BATCH);
        hash.append_message(b"seed", &seed);
        Self(hash)
    }

    /// The weights of the presentation at this place of the batch.
    pub(crate) fn weights(&self, place: usize) -> Weights {
        let mut hash = self.0.clone();
        hash.append_message(b"place", &(place as u64).to_le_bytes());
        Weights { hash, drawn: [0; BLOCK], used: BLOCK }
    }
}

/// Bytes drawn at a time: eight weights.
const BLOCK: usize = 128;

/// Numbers below 2^128, one for each equation.
pub(crate) struct Weights {
    hash: Transcript,
    drawn: [u8; BLOCK],
    used: usize,
}

impl Weights {
    pub(crate) fn next(&mut self) -> Scalar {
        if self.used == BLOCK {
            self.hash.challenge_bytes(b"weights", &mut self.drawn);
            self.used = 0;
        }
        let mut weight = [0; 16];
        weight.copy_from_slice(&self.drawn[self.used..self.used + 16]);
        self.used += 16;
        Scalar::from(u128::from_le_bytes(weight))
    }
}
