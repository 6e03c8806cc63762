//! Issuing a licence: the issuer's secret, and what the licence says.

use glimpse_benches::subject::CODES;
use glimpse_benches::welch::Class;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::request::Nonce;
use glimpse_fixtures::rng;
use glimpse_issuer::{Issuance, IssuerSecretKey, issue};
use glimpse_prover::{LinkSecret, PendingIssuance};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;

use super::licence::{
    AMOUNT, BIRTH, CLASSES, CODE, NAME, code, first_birth, random_birth, random_code, random_name,
    timing_schema, values,
};
use super::{bytes, key, subject};
use crate::case::{Case, Plan, Role, either};

/// Values of a class.
type Vary = fn(Class, &mut ChaCha20Rng, &mut [Value]);

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    let varied = move |vary: Vary| move || issuing(seed, |rng, _| IssuerSecretKey::generate(rng), vary);
    vec![
        subject("issue: x", ["1", "random"], move || {
            issuing(seed, |rng, class| key(class, rng), |_, _, _| ())
        }),
        subject("issue: dates, numbers and flags", ["the least", "random"], varied(numbers)),
        subject("issue: code of a table of 4096", ["the first", "any of them"], varied(place)),
        subject("issue: text of 30 ASCII characters", ["x thirty times", "random"], varied(name)),
        Plan {
            role: Role::Told,
            ..subject("issue: length of a text", ["1 character", "64 characters"], varied(length))
        },
    ]
}

fn issuing(
    seed: u64,
    make_key: impl Fn(&mut ChaCha20Rng, Class) -> IssuerSecretKey + 'static,
    vary: Vary,
) -> Case {
    let schema = timing_schema();
    let of_request = schema.clone();
    let (mut rng, mut own) = (rng(seed), rng(17));
    let prepare = move |class: Class| {
        let key = make_key(&mut rng, class);
        let (secret, nonce) = (LinkSecret::generate(&mut rng), Nonce(bytes(&mut rng)));
        let pending = PendingIssuance::begin(&secret, key.public(), &of_request, &nonce, &mut rng);
        let mut values = values();
        vary(class, &mut rng, &mut values);
        (key, pending, nonce, values, rng.next_u32())
    };
    Case::new(32, prepare, move |(key, pending, nonce, values, handle)| {
        let request = Some(pending.request());
        let issuance = Issuance { schema: &schema, values, handle, nonce, request, registered: None };
        (issue(&key, issuance, &mut own).unwrap(), key)
    })
}

fn numbers(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value]) {
    values[BIRTH] = either(class, first_birth(), random_birth(rng));
    values[AMOUNT] = Value::Uint(either(class, 0, rng.next_u64() >> 1));
    values[CLASSES] = Value::Flags(either(class, 0, rng.next_u32()));
}

fn place(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value]) {
    values[CODE] = either(class, Value::Code(code(0)), random_code(rng, CODES));
}

fn name(class: Class, rng: &mut ChaCha20Rng, values: &mut [Value]) {
    values[NAME] = either(class, Value::Text("x".repeat(30)), random_name(rng));
}

/// The answer is longer, too.
fn length(class: Class, _: &mut ChaCha20Rng, values: &mut [Value]) {
    values[NAME] = either(class, Value::Text("x".into()), Value::Text("x".repeat(64)));
}
