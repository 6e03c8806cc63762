//! The baseline: one bare range proof of the `bulletproofs` crate, without a credential, an issuer or a request.

use std::sync::Arc;

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use merlin::Transcript;

/// The number that is shown to be in range: days from 1900-01-01, as in an age check.
const VALUE: u64 = 33_009;

/// A range proof of one width.
pub struct Baseline {
    name: String,
    proof_bytes: usize,
    prove: Box<dyn Fn() -> Vec<u8>>,
    verify: Box<dyn Fn()>,
}

impl Baseline {
    /// For values of 16, 32 or 64 bits.
    pub fn new(bits: usize) -> Self {
        let gens = Arc::new((BulletproofGens::new(bits, 1), PedersenGens::default()));
        let transcript = || Transcript::new(b"bench");
        let blinding = Default::default();
        let prove = {
            let gens = gens.clone();
            move || {
                RangeProof::prove_single(&gens.0, &gens.1, &mut transcript(), VALUE, &blinding, bits).unwrap()
            }
        };
        // As a relying party receives them: bytes. A commitment of this crate is its encoding.
        let (proof, commitment) = prove();
        let bytes = proof.to_bytes();
        Self {
            name: format!("bulletproofs_{bits}"),
            proof_bytes: bytes.len(),
            prove: Box::new(move || prove().0.to_bytes()),
            verify: Box::new(move || {
                let proof = RangeProof::from_bytes(&bytes).unwrap();
                proof.verify_single(&gens.0, &gens.1, &mut transcript(), &commitment, bits).unwrap();
            }),
        }
    }

    /// Its name in the report, such as `bulletproofs_16`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Proves.
    pub fn prove(&self) -> Vec<u8> {
        (self.prove)()
    }

    /// Verifies one proof from bytes. There is no batch: the crate verifies several proofs one by one.
    pub fn verify(&self) {
        (self.verify)();
    }

    /// Length of the proof in bytes, without its commitment of 32.
    pub fn proof_bytes(&self) -> usize {
        self.proof_bytes
    }
}
