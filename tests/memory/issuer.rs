//! An issuer's key, an issuance, an exchange of tokens.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::EncodedPoint;
use glimpse_circuits::key::KeyedCheck;
use glimpse_circuits::random::random_scalar;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::token::TokenPair;
use glimpse_fixtures::rng;
use glimpse_fixtures::schemas::{unbound, unbound_values};
use glimpse_issuer::{DocumentSecretKey, Issuance, IssuerSecretKey, TokenExchange, issue};

use glimpse_trust::envelope::Envelope;

use crate::stage::Stage;

/// Long enough to be found by.
const TITLE: &str = "qzxv jkwp 7391 wubd fomyhg";

pub(crate) fn run(stage: &mut Stage) {
    work(stage);
    stage.dropped();
}

#[inline(never)]
fn work(stage: &Stage) {
    let mut rng = rng(41);
    let key = IssuerSecretKey::generate(&mut rng);
    stage.secret("x", || key.to_bytes().to_vec());
    // As the curve crate writes it to multiply points and scalars by it.
    stage.transient("x-in-digits", || radix_16(&key.to_bytes()));
    stage.transient("x-in-limbs", || limbs(&key.to_bytes()));

    let schema = unbound();
    let mut values = unbound_values();
    values[0] = Value::Text(TITLE.into());
    let nonce = Nonce([1; 32]);
    let issuance = Issuance { schema: &schema, values, handle: 0, nonce, request: None, registered: None };
    let issued = issue(&key, issuance, &mut rng).unwrap();
    stage.secret("e", || issued.e.to_bytes().to_vec());
    stage.secret("attribute", || TITLE.as_bytes().to_vec());
    stage.transient("attribute's-scalar", || issued.values[0].to_scalar().to_bytes().to_vec());

    let manifest_key = DocumentSecretKey::generate(&mut rng);
    stage.secret("manifest-key", || manifest_key.to_bytes().to_vec());

    // A point and its multiple by x come from outside: here they are made of the public key.
    let mut pair = || {
        let r = random_scalar(&mut rng);
        let (p, q) = (RistrettoPoint::mul_base(&r), key.public().point() * r);
        TokenPair { p: EncodedPoint::from(p), q: EncodedPoint::from(q) }
    };
    let pairs = [(); 4].map(|()| pair());
    assert!(key.holds(&pairs[0].p.point, &pairs[0].q.point));
    let (exchange, _) = TokenExchange::commit(&key, &pairs, &mut rng).unwrap();
    stage.held();
    let responses = exchange.respond(&key, &[Scalar::ONE; 4]).unwrap();
    for (i, response) in responses.iter().enumerate() {
        stage.secret(&format!("k{i}"), || {
            // z' = k + c'·x, and c' = 1.
            let x: Scalar = Option::from(Scalar::from_canonical_bytes(*key.to_bytes())).unwrap();
            (response - x).to_bytes().to_vec()
        });
    }
    // Last, so that nothing else wipes the frames that it was made and used in; and not drawn, since the generator would
    // still have it.
    let mut seed = key.to_bytes();
    seed.iter_mut().for_each(|byte| *byte ^= 0x5a);
    let next_manifest_key = DocumentSecretKey::from_bytes(&seed);
    stage.transient("next-manifest-key", || next_manifest_key.to_bytes().to_vec());
    next_manifest_key.sign(Envelope::new("kind", b"{}".to_vec()));
}

/// Digits from -8 to 8, least first, a byte each.
fn radix_16(bytes: &[u8; 32]) -> Vec<u8> {
    let mut digits: Vec<i8> = bytes.iter().flat_map(|byte| [byte & 15, byte >> 4]).map(|d| d as i8).collect();
    for i in 0..63 {
        let carry = (digits[i] + 8) >> 4;
        digits[i] -= carry << 4;
        digits[i + 1] += carry;
    }
    digits.into_iter().map(|digit| digit as u8).collect()
}

/// Five numbers of 52 bits, least first, eight bytes each.
fn limbs(bytes: &[u8; 32]) -> Vec<u8> {
    let bit = |i: usize| bytes.get(i / 8).is_some_and(|byte| byte >> (i % 8) & 1 == 1);
    let limb = |i: usize| (0..52).map(|j| u64::from(bit(52 * i + j)) << j).sum::<u64>();
    (0..5).flat_map(|i| limb(i).to_le_bytes()).collect()
}
