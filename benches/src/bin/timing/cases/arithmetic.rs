//! What everything else rests on: the constant-time routines of the curve crate, as they are called with x, k, r and s.

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::MultiscalarMul;
use glimpse_benches::welch::Class;
use glimpse_circuits::generators::generators;
use glimpse_circuits::random::random_scalar;

use super::{scalar, subject};
use crate::case::{Case, Plan};

/// A nonce k is drawn where it is used, so k = 1 cannot be had there: what is done with it is done here.
pub(super) fn plans(seed: u64) -> Vec<Plan> {
    let classes = ["1", "random"];
    let of_one = move |routine: fn(&Scalar, &Scalar) -> Vec<u8>| {
        move || {
            let mut rng = glimpse_fixtures::rng(seed);
            let prepare = move |class: Class| (scalar(class, &mut rng), random_scalar(&mut rng));
            Case::new(256, prepare, move |(secret, other)| routine(&secret, &other))
        }
    };
    vec![
        subject(
            "arithmetic: k·G",
            classes,
            of_one(|k, _| RistrettoPoint::mul_base(k).compress().to_bytes().to_vec()),
        ),
        subject(
            "arithmetic: k·P",
            classes,
            of_one(|k, _| (generators().p() * k).compress().to_bytes().to_vec()),
        ),
        subject(
            "arithmetic: k + c·x",
            classes,
            of_one(|k, x| (k + Scalar::from(3u64) * x * k).to_bytes().to_vec()),
        ),
        subject("arithmetic: 1/r", classes, of_one(|r, _| r.invert().to_bytes().to_vec())),
        subject("arithmetic: a sum of ten products", ["all are 1", "all are random"], move || {
            let mut rng = glimpse_fixtures::rng(seed);
            let prepare = move |class: Class| [(); 10].map(|()| scalar(class, &mut rng));
            Case::new(64, prepare, |scalars| {
                RistrettoPoint::multiscalar_mul(scalars, &generators().h()[..10])
            })
        }),
    ]
}
