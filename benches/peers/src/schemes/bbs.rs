//! `zkryptium`: BBS of the IETF draft, all attributes hidden. It has no predicates: nothing is said of the birth date.

use zkryptium::bbsplus::keys::{BBSplusPublicKey, BBSplusSecretKey};
use zkryptium::keys::pair::KeyPair;
use zkryptium::schemes::algorithms::BbsBls12381Sha256;
use zkryptium::schemes::generics::{PoKSignature, Signature};

use crate::scheme::{ATTRIBUTES, About, BIRTH, NONCE, Scheme, Verification, adult};
use crate::schemes::other_attribute;

/// BLS12-381-SHA-256, the suite of the draft.
type Bbs = BbsBls12381Sha256;

/// An issuer's public key and a signed credential.
pub struct DisclosureOnly {
    about: About,
    key: BBSplusPublicKey,
    attributes: Vec<Vec<u8>>,
    signature: Vec<u8>,
    /// What another issuer signed, with its own key.
    forged: Vec<u8>,
}

impl DisclosureOnly {
    /// Issues the credential.
    pub fn new() -> Self {
        let mut attributes: Vec<Vec<u8>> =
            (0..ATTRIBUTES).map(|i| other_attribute(i).to_be_bytes().into()).collect();
        attributes[BIRTH] = adult().to_be_bytes().into();
        let (secret, key) = key();
        let (other_secret, other_key) = self::key();
        let signature = sign(&attributes, &secret, &key);
        let forged = sign(&attributes, &other_secret, &other_key);
        let public_key_bytes = key.to_bytes().len();
        let about = About {
            name: "bbs_disclosure_only",
            package: "zkryptium",
            statement: "credential only, nothing about the birth date",
            verification: Verification::Public,
            curve: "BLS12-381",
            setup_prover_bytes: public_key_bytes,
            setup_verifier_bytes: public_key_bytes,
        };
        Self { about, key, attributes, signature, forged }
    }

    fn prove(&self, signature: &[u8], nonce: &[u8]) -> Option<Vec<u8>> {
        let nothing = Some(&[][..]);
        let proof = PoKSignature::<Bbs>::proof_gen(
            &self.key,
            signature,
            None,
            Some(nonce),
            Some(&self.attributes),
            nothing,
        );
        proof.ok().map(|proof| proof.to_bytes())
    }
}

fn key() -> (BBSplusSecretKey, BBSplusPublicKey) {
    let pair = KeyPair::<Bbs>::random().expect("a key");
    (pair.private_key().clone(), pair.public_key().clone())
}

fn sign(attributes: &[Vec<u8>], secret: &BBSplusSecretKey, key: &BBSplusPublicKey) -> Vec<u8> {
    let signature = Signature::<Bbs>::sign(Some(attributes), secret, key, None).expect("attributes to sign");
    signature.to_bytes().to_vec()
}

impl Scheme for DisclosureOnly {
    fn about(&self) -> &About {
        &self.about
    }

    fn prove(&self) -> Vec<u8> {
        self.prove(&self.signature, NONCE).expect("a signed credential")
    }

    fn verify(&self, proof: &[u8]) -> bool {
        let Ok(proof) = PoKSignature::<Bbs>::from_bytes(proof) else { return false };
        proof.proof_verify(&self.key, None, None, None, Some(NONCE)).is_ok()
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        vec![
            ("a credential of somebody else's key", self.prove(&self.forged, NONCE)),
            ("an answer to another request", self.prove(&self.signature, b"another request")),
        ]
    }
}
