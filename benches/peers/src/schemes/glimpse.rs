//! Glimpse itself, in token mode and in keyed mode.

use std::cell::RefCell;
use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::schemas::{attribute, date, flags, schema};
use glimpse_fixtures::{NOW, Wallet, World};
use glimpse_prover::{Credential, Holding, Showing, Token, present};
use glimpse_verifier::{Item, Verifier};
use serde_json::json;

use crate::scheme::{ATTRIBUTES, About, BIRTH, Batch, Scheme, Verification};

/// A holder with a credential, and a verifier.
pub struct Glimpse {
    about: About,
    check: &'static str,
    schema: Arc<Schema>,
    world: RefCell<World>,
    wallet: Wallet,
    credential: Credential,
    relation: Relation,
    verifier: Verifier,
    tokens: RefCell<Vec<Token>>,
}

impl Glimpse {
    /// Checked with a helper token: anybody can.
    pub fn token() -> Self {
        Self::new("age_over_18", "token", Verification::Public)
    }

    /// Checked with the issuer's secret key.
    pub fn keyed() -> Self {
        Self::new("age_over_18_keyed", "keyed", Verification::Keyed)
    }

    fn new(name: &'static str, check: &'static str, verification: Verification) -> Self {
        let schema = licence();
        assert_eq!(schema.attributes().len(), ATTRIBUTES);
        assert_eq!(schema.attributes()[BIRTH].name, "birth_date");
        let mut world = World::new(7, std::slice::from_ref(&schema));
        let wallet = world.wallet();
        let credential = world.obtain(&wallet, &schema, values("1990-05-17"));
        let relation = relation(&mut world, &schema, check, "18");
        let verifier = match verification {
            Verification::Public => world.verifier(),
            Verification::Keyed => world.keyed_verifier(),
        };
        let about = About {
            name,
            package: "glimpse-verifier",
            statement: "credential, birth date in range",
            verification,
            curve: "ristretto255",
            // The issuer's public key, or the secret one: 32 bytes both.
            setup_prover_bytes: 32,
            setup_verifier_bytes: 32,
        };
        let (world, tokens) = (RefCell::new(world), RefCell::default());
        Self { about, check, schema, world, wallet, credential, relation, verifier, tokens }
    }

    fn present(&self, relation: &Relation) -> Option<Vec<u8>> {
        let showing = match self.about.verification {
            Verification::Public => Showing::Token(self.tokens.borrow_mut().pop()?),
            Verification::Keyed => Showing::Keyed,
        };
        let holding = Holding::new(&self.credential, showing);
        let world = &mut *self.world.borrow_mut();
        let presentation = present(relation, &self.wallet.secret, vec![holding], &mut world.rng);
        presentation.ok().map(|presentation| presentation.to_bytes())
    }
}

impl Scheme for Glimpse {
    fn about(&self) -> &About {
        &self.about
    }

    fn stock(&self) {
        if self.about.verification == Verification::Public {
            let token = self.world.borrow_mut().token(&self.credential);
            self.tokens.borrow_mut().push(token);
        }
    }

    fn prove(&self) -> Vec<u8> {
        self.present(&self.relation).expect("the holder is an adult and has a token")
    }

    fn verify(&self, proof: &[u8]) -> bool {
        self.verifier.verify_compiled(&self.relation, proof, NOW).is_ok()
    }

    fn false_proofs(&self) -> Vec<(&'static str, Option<Vec<u8>>)> {
        let world = &mut *self.world.borrow_mut();
        let credential = world.obtain(&self.wallet, &self.schema, values("2012-05-17"));
        let over_10 = relation(world, &self.schema, self.check, "10");
        let proof = world.present(&over_10, &self.wallet, &[&credential]);
        assert!(self.verifier.verify_compiled(&over_10, &proof, NOW).is_ok());
        vec![("a minor's proof of being 10", Some(proof))]
    }

    /// Each presentation answers a request of its own, as at a busy relying party.
    fn batch(&self, size: usize) -> Option<Batch<'_>> {
        let mut relations = Vec::with_capacity(size);
        let mut proofs = Vec::with_capacity(size);
        for _ in 0..size {
            let relation = relation(&mut self.world.borrow_mut(), &self.schema, self.check, "18");
            self.stock();
            proofs.push(self.present(&relation)?);
            relations.push(relation);
        }
        let verify = move |proofs: &[Vec<u8>]| {
            let items = relations.iter().zip(proofs);
            let items: Vec<Item<'_>> =
                items.map(|(relation, presentation)| Item { relation, presentation }).collect();
            let verdicts = self.verifier.verify_batch(&items, NOW);
            verdicts
                .is_ok_and(|verdicts| verdicts.len() == proofs.len() && verdicts.iter().all(Result::is_ok))
        };
        Some(Batch { proofs, verify: Box::new(verify) })
    }
}

fn relation(world: &mut World, schema: &Arc<Schema>, check: &str, years: &str) -> Relation {
    let statements = json!([{ "age": { "of": "licence.birth_date", "at_least": years } }]);
    let request = world.request_with(&[("licence", schema)], statements, check);
    world.relation(&request)
}

/// Twelve attributes, as a driving licence might have them.
fn licence() -> Arc<Schema> {
    let text = || json!({"text": {"max_chars": "64"}});
    let day = || json!({"date": {"min": "1900-01-01", "max": "2099-12-31"}});
    let uint = || json!({"uint": {"min": "0", "max": "1000000"}});
    let attributes = [
        ("name", text()),
        ("number", text()),
        ("birth_date", day()),
        ("issued", day()),
        ("valid_until", day()),
        ("nationality", json!({"code": {}})),
        ("region", json!({"code": {}})),
        ("authority", text()),
        ("address", text()),
        ("file_number", text()),
        ("points", uint()),
        ("classes", flags(&["A1", "A2", "B1", "B2", "C1", "C2"])),
    ];
    let attributes = attributes.map(|(name, kind)| attribute(name, kind, true, "disclose"));
    schema("test.peers", "holder", attributes.into())
}

fn values(birth_date: &str) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.into());
    vec![
        text("张三"),
        text("S-0042"),
        date(birth_date),
        date("2020-02-29"),
        date("2030-02-28"),
        Value::Code("156".into()),
        Value::Code("370100".into()),
        text("authority"),
        text("address"),
        text("F-0042"),
        Value::Uint(12),
        Value::Flags(0b01_0010),
    ]
}
