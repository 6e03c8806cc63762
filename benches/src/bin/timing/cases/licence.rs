//! A licence with an attribute of each kind, ten in all, and holders of it.

use std::sync::Arc;

use glimpse_benches::subject::CODES;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::date::Date;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::schemas::{attribute, date, flags, numbered, schema, table};
use glimpse_fixtures::{Wallet, World};
use glimpse_prover::{Credential, LinkSecret};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;
use serde_json::json;

/// Places of the attributes that are varied.
pub(super) const BIRTH: usize = 0;
pub(super) const AMOUNT: usize = 1;
pub(super) const CODE: usize = 2;
pub(super) const CLASSES: usize = 3;
pub(super) const NAME: usize = 4;

/// Earliest birth, and the latest of somebody of age on the day of the fixtures.
const FIRST_BIRTH: &str = "1900-01-01";
const LAST_BIRTH: &str = "2008-11-22";

pub(super) fn timing_schema() -> Arc<Schema> {
    let day = json!({"date": {"min": FIRST_BIRTH, "max": "2099-12-31"}});
    let number = json!({"uint": {"min": "0", "max": i64::MAX.to_string()}});
    let text = json!({"text": {"max_chars": "64"}});
    let mut attributes = vec![
        attribute("birth", day, true, "disclose"),
        attribute("amount", number, true, "disclose"),
        attribute("code", table(&(0..CODES).map(code).collect::<Vec<_>>()), true, "disclose"),
        attribute("classes", flags(&numbered("f", 32)), true, "disclose"),
        attribute("name", text.clone(), true, "disclose"),
    ];
    attributes.extend(numbered("text", 5).iter().map(|name| attribute(name, text.clone(), true, "disclose")));
    schema("bench.timing", "holder", attributes)
}

/// Codes of one length, as many as the table of the benchmarks has.
pub(super) fn code(place: usize) -> String {
    format!("c{place:04}")
}

/// What is not varied.
pub(super) fn values() -> Vec<Value> {
    let mut values = vec![
        date("1990-05-17"),
        Value::Uint(1_000_000),
        Value::Code(code(77)),
        Value::Flags(0x0001_0020),
        Value::Text("x".repeat(30)),
    ];
    values.extend(numbered("text", 5).into_iter().map(Value::Text));
    values
}

pub(super) fn first_birth() -> Value {
    date(FIRST_BIRTH)
}

pub(super) fn random_birth(rng: &mut ChaCha20Rng) -> Value {
    let [first, last] = [FIRST_BIRTH, LAST_BIRTH].map(|day| day.parse::<Date>().unwrap().days());
    Value::Date(Date::from_days(first + rng.next_u32() % (last - first + 1)).unwrap())
}

pub(super) fn random_code(rng: &mut ChaCha20Rng, among: usize) -> Value {
    Value::Code(code(rng.next_u32() as usize % among))
}

/// Thirty printable characters of ASCII.
pub(super) fn random_name(rng: &mut ChaCha20Rng) -> Value {
    Value::Text((0..30).map(|_| char::from(b'!' + (rng.next_u32() % 94) as u8)).collect())
}

/// A holder with one licence, in bytes: link secret and credential are made of them anew for each sample, so that both
/// classes come to lie in memory as it happens.
pub(super) struct Stocked {
    secret: [u8; 32],
    credential: Vec<u8>,
}

/// A world in which such licences are issued.
pub(super) struct Office {
    pub(super) world: World,
    pub(super) schema: Arc<Schema>,
}

impl Office {
    pub(super) fn new(seed: u64) -> Self {
        let schema = timing_schema();
        Self { world: World::new(seed, std::slice::from_ref(&schema)), schema }
    }

    pub(super) fn stock(&mut self, secret: LinkSecret, values: Vec<Value>) -> Stocked {
        let wallet = Wallet { secret };
        let credential = self.world.obtain(&wallet, &self.schema, values);
        Stocked { secret: *wallet.secret.to_bytes(), credential: credential.to_bytes().to_vec() }
    }

    pub(super) fn take(&self, stocked: &Stocked) -> (LinkSecret, Credential) {
        let secret = LinkSecret::from_bytes(&stocked.secret).unwrap();
        let (schema, key) = (self.schema.clone(), *self.world.issuer.public());
        let credential = Credential::from_bytes(schema, key, &secret, &stocked.credential).unwrap();
        (secret, credential)
    }
}
