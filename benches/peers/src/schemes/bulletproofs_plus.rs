//! `tari_bulletproofs_plus`: one 16-bit Bulletproofs+ range proof, and its own batch verification.
//!
//! It is built on the same version of curve25519-dalek as Glimpse, which other crates here name differently.

use dalek5::ristretto::{CompressedRistretto, RistrettoPoint};
use dalek5::scalar::Scalar;
use tari_bulletproofs_plus::Transcript;
use tari_bulletproofs_plus::commitment_opening::CommitmentOpening;
use tari_bulletproofs_plus::generators::pedersen_gens::ExtensionDegree;
use tari_bulletproofs_plus::range_parameters::RangeParameters;
use tari_bulletproofs_plus::range_proof::VerifyAction;
use tari_bulletproofs_plus::range_statement::RangeStatement;
use tari_bulletproofs_plus::range_witness::RangeWitness;
use tari_bulletproofs_plus::ristretto::{RistrettoRangeProof, create_pedersen_gens_with_extension_degree};

use crate::scheme::{About, Batch, Days, NONCE, Scheme, Verification, adult, minor};
use crate::schemes::bulletproofs::BITS;

/// The commitment comes before the range proof.
const POINT_BYTES: usize = 32;

/// Generators, made once.
pub struct BulletproofsPlus {
    about: About,
    parameters: RangeParameters<RistrettoPoint>,
}

impl BulletproofsPlus {
    /// Ready to prove and verify.
    pub fn new() -> Self {
        let about = About {
            name: "bulletproofs_plus_16",
            package: "tari_bulletproofs_plus",
            statement: "no credential: 16-bit range of a commitment",
            verification: Verification::Public,
            curve: "ristretto255",
            setup_prover_bytes: 0,
            setup_verifier_bytes: 0,
        };
        let pedersen = create_pedersen_gens_with_extension_degree(ExtensionDegree::DefaultPedersen);
        let parameters = RangeParameters::init(BITS, 1, pedersen).expect("16 is a power of two");
        Self { about, parameters }
    }

    fn statement(&self, commitment: RistrettoPoint) -> Option<RangeStatement<RistrettoPoint>> {
        RangeStatement::init(self.parameters.clone(), vec![commitment], vec![None], None).ok()
    }

    /// The crate does not prove what is out of range.
    fn prove(&self, birth: u32) -> Option<Vec<u8>> {
        let value = u64::from(Days::over_18().last).wrapping_sub(u64::from(birth));
        let blinding =
            Scalar::from_bytes_mod_order_wide(&rand::random::<[[u8; 32]; 2]>().concat().try_into().ok()?);
        let commitment = self.parameters.pc_gens().commit(&Scalar::from(value), &[blinding]).ok()?;
        let witness = RangeWitness::init(vec![CommitmentOpening::new(value, vec![blinding])]).ok()?;
        let statement = self.statement(commitment)?;
        let proof = RistrettoRangeProof::prove(&mut transcript(), &statement, &witness).ok()?;
        Some([&statement.commitments_compressed[0].as_bytes()[..], &proof.to_bytes()].concat())
    }

    fn verify_all<'a>(&self, proofs: impl Iterator<Item = &'a [u8]>) -> bool {
        let (mut statements, mut range_proofs) = (Vec::new(), Vec::new());
        for proof in proofs {
            let (commitment, proof) = proof.split_at(POINT_BYTES);
            let commitment =
                CompressedRistretto::from_slice(commitment).ok().and_then(|point| point.decompress());
            let Some(statement) = commitment.and_then(|commitment| self.statement(commitment)) else {
                return false;
            };
            let Ok(proof) = RistrettoRangeProof::from_bytes(proof) else { return false };
            statements.push(statement);
            range_proofs.push(proof);
        }
        let mut transcripts = vec![transcript(); statements.len()];
        let action = VerifyAction::VerifyOnly;
        RistrettoRangeProof::verify_batch(&mut transcripts, &statements, &range_proofs, action).is_ok()
    }
}

fn transcript() -> Transcript {
    let mut transcript = Transcript::new(b"glimpse-peers");
    transcript.append_message(b"nonce", NONCE);
    transcript
}

impl Scheme for BulletproofsPlus {
    fn about(&self) -> &About {
        &self.about
    }

    fn prove(&self) -> Vec<u8> {
        self.prove(adult()).expect("the holder is an adult")
    }

    fn verify(&self, proof: &[u8]) -> bool {
        self.verify_all(std::iter::once(proof))
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        // An adult's range proof beside another commitment: its prover refuses anything worse.
        let mut swapped = self.prove(adult()).expect("the holder is an adult");
        let other = self.prove(adult()).expect("the holder is an adult");
        swapped[..POINT_BYTES].copy_from_slice(&other[..POINT_BYTES]);
        vec![
            ("a minor's negative number", self.prove(minor())),
            ("a range proof of another commitment", Some(swapped)),
        ]
    }

    /// From 257 on the crate splits a batch into parts of 256.
    fn batch(&self, size: usize) -> Option<Batch<'_>> {
        let proofs = (0..size).map(|_| self.prove(adult())).collect::<Option<_>>()?;
        Some(Batch { proofs, verify: Box::new(|proofs| self.verify_all(proofs.iter().map(Vec::as_slice))) })
    }
}
