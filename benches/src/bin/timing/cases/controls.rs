//! What must be told apart, and what cannot be.

use std::hint::black_box;

use curve25519_dalek::ristretto::RistrettoPoint;
use curve25519_dalek::traits::VartimeMultiscalarMul;
use glimpse_benches::welch::Class;
use glimpse_circuits::generators::generators;
use glimpse_circuits::random::random_scalar;

use super::{bytes, scalar};
use crate::case::{Case, Plan, Role, either};

const SECRET: [u8; 32] = [0x5a; 32];

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    let control = |role, name, [fixed, random]: [&'static str; 2], make: Box<dyn Fn() -> Case>| Plan {
        name,
        role,
        fixed,
        random,
        make,
    };
    vec![
        control(
            Role::Positive,
            "control: comparison of 32 bytes that stops early",
            ["equal", "random"],
            Box::new(move || {
                let mut rng = glimpse_fixtures::rng(seed);
                Case::new(
                    1024,
                    move |class| either(class, SECRET, bytes(&mut rng)),
                    |given| stops_early(&given, &SECRET),
                )
            }),
        ),
        control(
            Role::Positive,
            "control: multiplication in variable time",
            ["one of ten scalars is 1", "it is random"],
            Box::new(move || {
                let mut rng = glimpse_fixtures::rng(seed);
                let prepare = move |class: Class| {
                    let mut scalars = [(); 10].map(|()| random_scalar(&mut rng));
                    scalars[0] = scalar(class, &mut rng);
                    scalars
                };
                Case::new(64, prepare, |scalars| {
                    RistrettoPoint::vartime_multiscalar_mul(scalars, &generators().h()[..10])
                })
            }),
        ),
        control(
            Role::Negative,
            "control: both classes are random",
            ["random", "random"],
            Box::new(move || {
                let mut rng = glimpse_fixtures::rng(seed);
                let prepare = move |class: Class| {
                    let [one, other] = [(); 2].map(|()| [(); 10].map(|()| random_scalar(&mut rng)));
                    either(class, one, other)
                };
                Case::new(64, prepare, |scalars| {
                    RistrettoPoint::vartime_multiscalar_mul(scalars, &generators().h()[..10])
                })
            }),
        ),
    ]
}

/// What must never be written where one side is secret.
#[inline(never)]
fn stops_early(a: &[u8; 32], b: &[u8; 32]) -> bool {
    for (a, b) in black_box(a).iter().zip(black_box(b)) {
        if black_box(a) != black_box(b) {
            return false;
        }
    }
    true
}
