//! The `bulletproofs` crate: one 16-bit range proof of a commitment, and no credential at all.

use bulletproofs::{BulletproofGens, PedersenGens, RangeProof};
use curve25519_dalek::ristretto::CompressedRistretto;
use curve25519_dalek::scalar::Scalar;
use merlin::Transcript;
use rand::rngs::OsRng;

use crate::scheme::{About, Days, NONCE, Scheme, Verification, adult, minor};

/// How many bits both range proofs show.
pub const BITS: usize = 16;
/// The commitment comes before the range proof.
const POINT_BYTES: usize = 32;

/// Generators, made once.
pub struct Bulletproofs {
    about: About,
    pedersen: PedersenGens,
    generators: BulletproofGens,
}

impl Bulletproofs {
    /// Ready to prove and verify.
    pub fn new() -> Self {
        let about = About {
            name: "bulletproofs_16",
            package: "bulletproofs",
            statement: "no credential: 16-bit range of a commitment",
            verification: Verification::Public,
            curve: "ristretto255",
            setup_prover_bytes: 0,
            setup_verifier_bytes: 0,
        };
        Self { about, pedersen: PedersenGens::default(), generators: BulletproofGens::new(BITS, 1) }
    }

    /// Commits to how long before the latest birth date somebody was born: negative for a minor.
    fn prove(&self, birth: u32) -> Vec<u8> {
        let value = u64::from(Days::over_18().last).wrapping_sub(u64::from(birth));
        let blinding = Scalar::random(&mut OsRng);
        let transcript = &mut transcript();
        let (proof, commitment) =
            RangeProof::prove_single(&self.generators, &self.pedersen, transcript, value, &blinding, BITS)
                .expect("16 bits and generators for them");
        [&commitment.as_bytes()[..], &proof.to_bytes()].concat()
    }
}

fn transcript() -> Transcript {
    let mut transcript = Transcript::new(b"glimpse-peers");
    transcript.append_message(b"nonce", NONCE);
    transcript
}

impl Scheme for Bulletproofs {
    fn about(&self) -> &About {
        &self.about
    }

    fn prove(&self) -> Vec<u8> {
        self.prove(adult())
    }

    fn verify(&self, proof: &[u8]) -> bool {
        let (commitment, proof) = proof.split_at(POINT_BYTES);
        let Ok(commitment) = CompressedRistretto::from_slice(commitment) else { return false };
        let Ok(proof) = RangeProof::from_bytes(proof) else { return false };
        proof.verify_single(&self.generators, &self.pedersen, &mut transcript(), &commitment, BITS).is_ok()
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        vec![("a minor's negative number", Some(self.prove(minor())))]
    }
}
