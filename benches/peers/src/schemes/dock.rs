//! docknetwork's `proof_system`: a credential of theirs and a bound check of its birth date, in one composite proof.
//!
//! Parameters that hashing a label gives are not counted as set-up: both sides make them themselves.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ark_bls12_381::{Bls12_381, Fr, G1Affine};
use ark_serialize::{CanonicalDeserialize, CanonicalSerialize};
use bbs_plus::setup::{KeypairG2, SignatureParams23G1};
use bbs_plus::signature_23::Signature23G1;
use blake2::Blake2b512;
use kvac::bbdt_2016::mac::MAC;
use kvac::bbdt_2016::setup::{MACParams, SecretKey};
use proof_system::prelude::{
    EqualWitnesses, MetaStatements, ProofSpec, Statements, VerifierConfig, Witness, Witnesses,
};
use proof_system::proof::Proof;
use proof_system::statement::Statement;
use proof_system::statement::bbdt16_kvac::{PoKOfMAC, PoKOfMACFullVerifier};
use proof_system::statement::bbs_23::{PoKBBSSignature23G1Prover, PoKBBSSignature23G1Verifier};
use proof_system::statement::bound_check_legogroth16::{
    BoundCheckLegoGroth16Prover, BoundCheckLegoGroth16Verifier,
};
use proof_system::statement::bound_check_smc::{BoundCheckSmc, SmcParamsAndCommitmentKey};
use proof_system::statement::bound_check_smc_with_kv::{
    BoundCheckSmcWithKVProver, BoundCheckSmcWithKVVerifier, SmcParamsKVAndCommitmentKey,
    SmcParamsKVAndCommitmentKeyAndSecretKey,
};
use proof_system::sub_protocols::bound_check_legogroth16::generate_snark_srs_bound_check;
use proof_system::witness::{PoKBBSSignature23G1, PoKOfBBDT16MAC};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::scheme::{ATTRIBUTES, About, BIRTH, Days, NONCE, Scheme, Verification, adult, minor};
use crate::schemes::other_attribute;

/// Digits of the set-membership range proofs are below this. The days of the statement are a multiple of 244 and one
/// more, so 245 makes two digits do, and of the bases tried from 2 up it verifies fastest. A smaller one has smaller
/// parameters; the crate's own tests take 2 to 16.
const SMC_BASE: u16 = 245;

type Spec = ProofSpec<Bls12_381>;

/// Specifications for both sides, and the holder's witnesses.
pub struct Dock {
    about: About,
    over_18: Sides,
    over_10: Sides,
    adult: Witnesses<Bls12_381>,
    minor: Witnesses<Bls12_381>,
    /// Whether to merge all pairings of a proof into one check: set to what verifies faster.
    merge_pairings: Option<bool>,
    rng: RefCell<StdRng>,
}

/// What prover and verifier know of one statement.
struct Sides {
    prover: Spec,
    verifier: Spec,
}

impl Sides {
    /// A credential whose birth date is the witness of a bound check.
    fn new(prover: [Statement<Bls12_381>; 2], verifier: [Statement<Bls12_381>; 2]) -> Self {
        let spec = |statements: [Statement<Bls12_381>; 2]| {
            let mut same = MetaStatements::new();
            same.add_witness_equality(EqualWitnesses(BTreeSet::from([(0, BIRTH), (1, 0)])));
            let spec = ProofSpec::new(Statements(statements.into()), same, vec![], None);
            spec.validate().expect("a specification that fits together");
            spec
        };
        Self { prover: spec(prover), verifier: spec(verifier) }
    }
}

impl Dock {
    /// BBS of 2023 with a LegoGroth16 bound check: pairings and a trusted set-up.
    pub fn bbs_legogroth16() -> Self {
        let mut rng = StdRng::seed_from_u64(1);
        let issuer = BbsIssuer::new(&mut rng);
        let snark =
            generate_snark_srs_bound_check::<Bls12_381, _>(&mut rng).expect("a circuit that is theirs");
        let sides = |days: Days| {
            let (min, max) = bounds(days);
            let prover = BoundCheckLegoGroth16Prover::new_statement_from_params(min, max, snark.clone());
            let verifier =
                BoundCheckLegoGroth16Verifier::new_statement_from_params(min, max, snark.vk.clone());
            issuer.sides(prover.expect("bounds"), verifier.expect("bounds"))
        };
        let about = About {
            name: "bbs23_legogroth16",
            package: "proof_system",
            statement: "BBS credential, birth date in range (LegoGroth16, trusted set-up)",
            verification: Verification::Public,
            curve: "BLS12-381",
            setup_prover_bytes: issuer.key_bytes() + snark.compressed_size(),
            setup_verifier_bytes: issuer.key_bytes() + snark.vk.compressed_size(),
        };
        let [adult, minor] =
            [adult(), minor()].map(|birth| issuer.witnesses(birth, Witness::BoundCheckLegoGroth16, &mut rng));
        Self::with(about, sides, adult, minor, rng)
    }

    /// BBS of 2023 with a range proof from set membership: pairings, and parameters somebody signed.
    pub fn bbs_smc() -> Self {
        let mut rng = StdRng::seed_from_u64(2);
        let issuer = BbsIssuer::new(&mut rng);
        let (smc, _) =
            SmcParamsAndCommitmentKey::<Bls12_381>::new::<_, Blake2b512>(&mut rng, b"peers", SMC_BASE);
        let sides = |days: Days| {
            let (min, max) = bounds(days);
            let bound = || BoundCheckSmc::new_statement_from_params(min, max, smc.clone()).expect("bounds");
            issuer.sides(bound(), bound())
        };
        let setup_bytes = issuer.key_bytes() + smc.params.compressed_size();
        let about = About {
            name: "bbs23_smc",
            package: "proof_system",
            statement: "BBS credential, birth date in range (set membership)",
            verification: Verification::Public,
            curve: "BLS12-381",
            setup_prover_bytes: setup_bytes,
            setup_verifier_bytes: setup_bytes,
        };
        let [adult, minor] =
            [adult(), minor()].map(|birth| issuer.witnesses(birth, Witness::BoundCheckSmc, &mut rng));
        Self { merge_pairings: Some(true), ..Self::with(about, sides, adult, minor, rng) }
    }

    /// The MAC of BBDT16 with a range proof from set membership: the verifier holds both secret keys, no pairings.
    pub fn bbdt16_smc_kv() -> Self {
        let mut rng = StdRng::seed_from_u64(3);
        let parameters = MACParams::<G1Affine>::new::<Blake2b512>(b"peers", ATTRIBUTES as u32);
        let key = SecretKey::<Fr>::new(&mut rng);
        let (smc, smc_key) =
            SmcParamsKVAndCommitmentKey::<G1Affine>::new::<_, Blake2b512>(&mut rng, b"peers", SMC_BASE);
        let setup_bytes = smc.params.compressed_size();
        let key_bytes = key.compressed_size() + smc_key.compressed_size();
        let smc_with_key =
            SmcParamsKVAndCommitmentKeyAndSecretKey { params_and_comm_key: smc.clone(), sk: smc_key };
        let sides = |days: Days| {
            let (min, max) = bounds(days);
            let bound = BoundCheckSmcWithKVProver::new_statement_from_params(min, max, smc.clone());
            let mac = PoKOfMAC::new_statement_from_params(parameters.clone(), BTreeMap::new());
            let prover = [mac, bound.expect("bounds")];
            let bound =
                BoundCheckSmcWithKVVerifier::new_statement_from_params(min, max, smc_with_key.clone());
            let mac = PoKOfMACFullVerifier::new_statement_from_params(
                key.clone(),
                parameters.clone(),
                BTreeMap::new(),
            );
            Sides::new(prover, [mac, bound.expect("bounds")])
        };
        let about = About {
            name: "bbdt16_smc_kv",
            package: "proof_system",
            statement: "BBDT16 MAC credential, birth date in range (set membership)",
            verification: Verification::Keyed,
            curve: "BLS12-381 G1",
            setup_prover_bytes: setup_bytes,
            setup_verifier_bytes: setup_bytes + key_bytes,
        };
        let [adult, minor] = [adult(), minor()].map(|birth| {
            let attributes = attributes(birth);
            let mac =
                MAC::new(&mut rng, &attributes, &key, &parameters).expect("as many bases as attributes");
            let mac = PoKOfBBDT16MAC::new_as_witness(mac, attributes.into_iter().enumerate().collect());
            Witnesses(vec![mac, Witness::BoundCheckSmcWithKV(Fr::from(birth))])
        });
        Self::with(about, sides, adult, minor, rng)
    }

    fn with(
        about: About,
        sides: impl Fn(Days) -> Sides,
        adult: Witnesses<Bls12_381>,
        minor: Witnesses<Bls12_381>,
        rng: StdRng,
    ) -> Self {
        let (over_18, over_10) = (sides(Days::over_18()), sides(Days::over_10()));
        let merge_pairings = None;
        Self { about, over_18, over_10, adult, minor, merge_pairings, rng: rng.into() }
    }

    fn prove(&self, sides: &Sides, witnesses: &Witnesses<Bls12_381>) -> Option<Vec<u8>> {
        let rng = &mut *self.rng.borrow_mut();
        let (spec, witnesses, nonce) = (sides.prover.clone(), witnesses.clone(), Some(NONCE.to_vec()));
        let (proof, _) = Proof::new::<_, Blake2b512>(rng, spec, witnesses, nonce, Default::default()).ok()?;
        let mut bytes = Vec::new();
        proof.serialize_compressed(&mut bytes).ok()?;
        Some(bytes)
    }

    fn verify(&self, sides: &Sides, proof: &[u8]) -> bool {
        let Ok(proof) = Proof::<Bls12_381>::deserialize_compressed(proof) else { return false };
        let rng = &mut *self.rng.borrow_mut();
        let config = VerifierConfig { use_lazy_randomized_pairing_checks: self.merge_pairings };
        let nonce = Some(NONCE.to_vec());
        proof.verify::<_, Blake2b512>(rng, sides.verifier.clone(), nonce, config).is_ok()
    }
}

impl Scheme for Dock {
    fn about(&self) -> &About {
        &self.about
    }

    fn prove(&self) -> Vec<u8> {
        self.prove(&self.over_18, &self.adult).expect("the holder is an adult")
    }

    fn verify(&self, proof: &[u8]) -> bool {
        self.verify(&self.over_18, proof)
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        let over_10 = self.prove(&self.over_10, &self.minor).expect("the minor is over 10");
        assert!(self.verify(&self.over_10, &over_10));
        let over_18 = self.prove(&self.over_18, &self.minor);
        vec![("a minor's proof of being 10", Some(over_10)), ("a minor's proof of being 18", over_18)]
    }
}

/// From the lower bound to below the upper one.
fn bounds(days: Days) -> (u64, u64) {
    (days.first.into(), u64::from(days.last) + 1)
}

fn attributes(birth: u32) -> Vec<Fr> {
    let mut attributes: Vec<Fr> = (0..ATTRIBUTES).map(|i| Fr::from(other_attribute(i))).collect();
    attributes[BIRTH] = Fr::from(birth);
    attributes
}

/// An issuer of BBS credentials.
struct BbsIssuer {
    parameters: SignatureParams23G1<Bls12_381>,
    keys: KeypairG2<Bls12_381>,
}

impl BbsIssuer {
    fn new(rng: &mut StdRng) -> Self {
        let parameters = SignatureParams23G1::new::<Blake2b512>(b"peers", ATTRIBUTES as u32);
        let keys = KeypairG2::generate_using_rng_and_bbs23_params(rng, &parameters);
        Self { parameters, keys }
    }

    fn key_bytes(&self) -> usize {
        self.keys.public_key.compressed_size()
    }

    fn sides(&self, prover: Statement<Bls12_381>, verifier: Statement<Bls12_381>) -> Sides {
        let (parameters, key) = (&self.parameters, &self.keys.public_key);
        let shown = PoKBBSSignature23G1Prover::new_statement_from_params(parameters.clone(), BTreeMap::new());
        let checked = PoKBBSSignature23G1Verifier::new_statement_from_params(
            parameters.clone(),
            key.clone(),
            BTreeMap::new(),
        );
        Sides::new([shown, prover], [checked, verifier])
    }

    fn witnesses(
        &self,
        birth: u32,
        bound: impl Fn(Fr) -> Witness<Bls12_381>,
        rng: &mut StdRng,
    ) -> Witnesses<Bls12_381> {
        let attributes = attributes(birth);
        let signature = Signature23G1::new(rng, &attributes, &self.keys.secret_key, &self.parameters)
            .expect("as many bases as attributes");
        let signature =
            PoKBBSSignature23G1::new_as_witness(signature, attributes.into_iter().enumerate().collect());
        Witnesses(vec![signature, bound(Fr::from(birth))])
    }
}
