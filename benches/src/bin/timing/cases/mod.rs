//! What is measured: what computes with secrets of credentials and their tokens, and with bearer keys; and controls.
//!
//! Not measured: `not_revoked` (proving with an interval, finding it in a bucket, signing buckets under w), Ed25519
//! signatures, the wallet's file.

mod access;
mod arithmetic;
mod controls;
mod holder;
mod issuing;
mod licence;
mod proving;
mod tokens;

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::random::random_scalar;
use glimpse_issuer::IssuerSecretKey;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;

use crate::case::{Case, Plan, Role, either};
use glimpse_benches::welch::Class;

/// All of it, controls first.
pub(crate) fn all(seed: u64) -> Vec<Plan> {
    let groups = [
        controls::plans(seed),
        arithmetic::plans(seed),
        proving::plans(seed),
        holder::plans(seed),
        issuing::plans(seed),
        tokens::plans(seed),
        access::plans(seed),
    ];
    groups.into_iter().flatten().collect()
}

/// A plan, the classes of which must not be told apart.
fn subject(
    name: &'static str,
    [fixed, random]: [&'static str; 2],
    make: impl Fn() -> Case + 'static,
) -> Plan {
    Plan { name, role: Role::Subject, fixed, random, make: Box::new(make) }
}

/// 1, the scalar with the fewest bits, or a random one.
fn scalar(class: Class, rng: &mut ChaCha20Rng) -> Scalar {
    either(class, Scalar::ONE, random_scalar(rng))
}

/// The issuer's key of such a scalar.
fn key(class: Class, rng: &mut ChaCha20Rng) -> IssuerSecretKey {
    IssuerSecretKey::from_bytes(&scalar(class, rng).to_bytes()).expect("1, or not 0 as good as surely")
}

fn bytes(rng: &mut ChaCha20Rng) -> [u8; 32] {
    let mut bytes = [0; 32];
    rng.fill_bytes(&mut bytes);
    bytes
}
