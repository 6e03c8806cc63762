//! What the benchmarks measure, prepared once.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod measure;

use std::sync::Arc;

use glimpse_circuits::relation::Relation;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::{Wallet, World};
use glimpse_profiles::sample::Persona;
use glimpse_prover::Credential;
use serde_json::{Value, json};

/// A holder with a driving licence (ten attributes) and requests about it.
pub struct Case {
    /// Issuer, registry and randomness.
    pub world: World,
    /// The holder.
    pub wallet: Wallet,
    /// The licence.
    pub credential: Credential,
    /// What is asked.
    pub request: Arc<Request>,
    /// Its relation.
    pub relation: Relation,
}

impl Case {
    /// A driving licence and a request with these statements about it, in token mode.
    pub fn driving_licence(statements: Value) -> Self {
        let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
        let schema: Arc<Schema> = Arc::new(profile.schema().clone());
        assert_eq!(schema.attributes().len(), 10, "the figures are for ten attributes");
        let persona = Persona::new(1).with_birth_date("1990-05-17".parse().unwrap()).with_region("370100");
        let values = profile.admit(&profile.sample(&persona)).unwrap();
        let mut world = World::new(7, std::slice::from_ref(&schema));
        let wallet = world.wallet();
        let credential = world.obtain(&wallet, &schema, values);
        let request = world.request(&[("licence", &schema)], statements);
        let relation = world.relation(&request);
        Self { world, wallet, credential, request, relation }
    }

    /// One presentation.
    pub fn present(&mut self) -> Vec<u8> {
        self.world.present(&self.relation, &self.wallet, &[&self.credential])
    }
}

/// At least 18 on the day of the request.
pub fn age_over_18() -> Value {
    json!([{ "age": { "of": "licence.birth_date", "at_least": "18" } }])
}

/// At least 18, and the licence's region is one of `size` of the table.
pub fn age_and_region(size: usize) -> Value {
    let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let (_, region) = profile.schema().attribute("region").unwrap();
    let glimpse_circuits::attribute::Kind::Code { table: Some(table) } = &region.kind else { unreachable!() };
    let mut codes: Vec<&str> =
        table.iter().map(|entry| entry.code.as_str()).filter(|code| *code != "370100").collect();
    codes.truncate(size - 1);
    codes.push("370100");
    json!([
        { "age": { "of": "licence.birth_date", "at_least": "18" } },
        { "member": { "of": "licence.region", "values": codes } },
    ])
}
