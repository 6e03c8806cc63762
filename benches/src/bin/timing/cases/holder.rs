//! The holder's other computations: asking for a licence, fetching tokens.

use glimpse_benches::welch::Class;
use glimpse_circuits::request::Nonce;
use glimpse_fixtures::rng;
use glimpse_issuer::TokenExchange;
use glimpse_prover::{LinkSecret, PendingIssuance, PendingTokens};
use rand_chacha::rand_core::RngCore;

use super::licence::{Office, Stocked, first_birth, random_birth, values};
use super::{bytes, scalar, subject};
use crate::case::{Case, Plan, either};

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    vec![
        subject("wallet: ask for a licence", ["link secret 1", "random"], move || asking(seed)),
        subject("wallet: blind 4 tokens", ["born 1900-01-01", "any of age"], move || blinding(seed)),
        subject("wallet: 4 challenges", ["born 1900-01-01", "any of age"], move || challenging(seed)),
    ]
}

fn asking(seed: u64) -> Case {
    let office = Office::new(seed);
    let (key, schema) = (*office.world.issuer.public(), office.schema.clone());
    let (mut rng, mut own) = (rng(seed), rng(17));
    let prepare = move |class: Class| {
        let secret = LinkSecret::from_bytes(scalar(class, &mut rng).as_bytes()).unwrap();
        (secret, Nonce(bytes(&mut rng)))
    };
    Case::new(64, prepare, move |(secret, nonce)| {
        let pending = PendingIssuance::begin(&secret, &key, &schema, &nonce, &mut own);
        (pending, secret)
    })
}

/// Licences of both classes, which differ in what they say and so in e, A and x·A.
fn stocks(office: &mut Office, seed: u64) -> [Vec<Stocked>; 2] {
    let mut rng = rng(seed ^ 0x686f_6c64);
    [Class::Fixed, Class::Random].map(|class| {
        let mut one = || {
            let mut values = values();
            values[0] = either(class, first_birth(), random_birth(&mut rng));
            office.stock(LinkSecret::generate(&mut rng), values)
        };
        (0..128).map(|_| one()).collect()
    })
}

fn blinding(seed: u64) -> Case {
    let mut office = Office::new(seed);
    let [fixed, random] = stocks(&mut office, seed);
    let (mut rng, mut own) = (rng(seed), rng(17));
    let prepare = move |class: Class| {
        let place = rng.next_u32() as usize % fixed.len();
        office.take(either(class, &fixed[place], &random[place])).1
    };
    Case::new(32, prepare, move |credential| (PendingTokens::begin(&credential, 4, &mut own), credential))
}

fn challenging(seed: u64) -> Case {
    let mut office = Office::new(seed);
    let [fixed, random] = stocks(&mut office, seed);
    let (mut rng, mut own) = (rng(seed), rng(17));
    let prepare = move |class: Class| {
        let place = rng.next_u32() as usize % fixed.len();
        let (_, credential) = office.take(either(class, &fixed[place], &random[place]));
        let pending = PendingTokens::begin(&credential, 4, &mut rng);
        let (_, commitments) =
            TokenExchange::commit(&office.world.issuer, pending.pairs(), &mut rng).unwrap();
        (pending, commitments)
    };
    Case::new(16, prepare, move |(pending, commitments)| pending.challenge(&commitments, &mut own).unwrap())
}
