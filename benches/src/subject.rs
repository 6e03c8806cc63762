//! The holder who answers, with a stock of tokens as a wallet has it.

use std::sync::Arc;

use glimpse_circuits::attribute::Value;
use glimpse_circuits::relation::{Profile as ProofProfile, Relation, RelationCredential};
use glimpse_circuits::request::{CheckKind, Request};
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::{NOW, Wallet, World, schemas};
use glimpse_issuer::{IssuerSecretKey, TokenExchange};
use glimpse_profiles::Profile;
use glimpse_profiles::sample::Persona;
use glimpse_prover::{Credential, Holding, Interval, PendingTokens, Showing, Signed, Token, present};
use rand_chacha::ChaCha20Rng;
use serde_json::{Value as Json, json};

/// Tokens fetched at once: the greatest batch an issuer answers.
pub const TOKEN_BATCH: usize = 64;
/// The region on the driving licence.
pub const REGION: &str = "370100";
/// Codes in the table of [`Licences::Numbers`].
pub const CODES: usize = 4096;

/// Which licences a holder has. Each has ten attributes: the cost of a presentation grows with their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Licences {
    /// `licence`, a driving licence.
    Driving,
    /// `licence`, a driving licence, and `card`, an identity card of the same person.
    DrivingAndCard,
    /// `licence`, with `amount`, a number below 2^63 (100 here), and `code`, of a table of 4,096 (`c7` here).
    Numbers,
}

/// One holder in a world of their own.
pub struct Subject {
    /// Issuer, registry and randomness.
    pub world: World,
    /// The holder.
    pub wallet: Wallet,
    /// The licences by their names in requests.
    pub licences: Vec<(&'static str, Credential)>,
    /// Where the handle of each lies in a list that nobody is on.
    intervals: Vec<Interval>,
    /// Tokens in bytes, for each licence.
    stock: Vec<Vec<Vec<u8>>>,
    /// The same for each interval.
    list_stock: Vec<Vec<Vec<u8>>>,
}

impl Subject {
    /// A holder who was issued these licences.
    pub fn new(licences: Licences) -> Self {
        let issued = match licences {
            Licences::Driving => vec![("licence", sample("cn.driving_licence"))],
            Licences::DrivingAndCard => {
                vec![("licence", sample("cn.driving_licence")), ("card", sample("cn.resident_identity_card"))]
            }
            Licences::Numbers => vec![("licence", numbers())],
        };
        let schemas: Vec<_> = issued.iter().map(|(_, (schema, _))| schema.clone()).collect();
        let mut world = World::new(7, &schemas);
        let wallet = world.wallet();
        let mut licences = Vec::new();
        for (id, (schema, values)) in issued {
            assert_eq!(schema.attributes().len(), 10, "the figures are for ten attributes");
            licences.push((id, world.obtain(&wallet, &schema, values)));
        }
        let intervals = licences.iter().map(|(_, held)| world.interval(held, NOW, &[]).unwrap()).collect();
        let stock = vec![Vec::new(); licences.len()];
        Self { world, wallet, licences, intervals, list_stock: stock.clone(), stock }
    }

    /// A new request with a nonce of its own for all the licences. It lets the holder choose the compact profile if
    /// that is the profile to be used.
    pub fn request(&mut self, statements: &Json, check: CheckKind, profile: ProofProfile) -> Arc<Request> {
        let schemas: Vec<_> =
            self.licences.iter().map(|(id, credential)| (*id, credential.schema().clone())).collect();
        let credentials: Vec<_> = schemas.iter().map(|(id, schema)| (*id, schema.as_ref())).collect();
        let check = match check {
            CheckKind::Token => "token",
            CheckKind::Keyed => "keyed",
        };
        let mut request = self.world.request_json(&credentials, statements.clone(), check);
        if profile == ProofProfile::Compact {
            request["prefer"] = json!("small");
        }
        Arc::new(Request::from_json(&request.to_string()).unwrap())
    }

    /// Has at least `count` tokens for each licence in stock.
    pub fn fetch_tokens(&mut self, count: usize) {
        let World { issuer, rng, .. } = &mut self.world;
        for ((_, credential), stock) in self.licences.iter().zip(&mut self.stock) {
            fetch(credential, issuer, stock, count, rng);
        }
    }

    /// The same for each interval.
    pub fn fetch_list_tokens(&mut self, count: usize) {
        let World { revocation, rng, .. } = &mut self.world;
        for (interval, stock) in self.intervals.iter().zip(&mut self.list_stock) {
            fetch(interval, revocation, stock, count, rng);
        }
    }

    /// What answers the request of a relation. Where it takes tokens, they are those of this number in the stock: no
    /// presentation tells, but a wallet would never use one twice.
    pub fn holdings(&self, relation: &Relation, number: usize) -> Vec<Holding<'_>> {
        let showing = |check, stock: &[Vec<u8>]| match check {
            CheckKind::Token => Showing::Token(Token::from_bytes(&stock[number % stock.len()]).unwrap()),
            CheckKind::Keyed => Showing::Keyed,
        };
        let holding = |(i, requested): (usize, &RelationCredential)| {
            let holding = Holding::new(&self.licences[i].1, showing(requested.check, &self.stock[i]));
            if relation.intervals().iter().any(|asked| asked.credential == i) {
                holding.with_interval(&self.intervals[i], showing(requested.check, &self.list_stock[i]))
            } else {
                holding
            }
        };
        relation.credentials().iter().enumerate().map(holding).collect()
    }

    /// One presentation in bytes.
    pub fn present(&self, relation: &Relation, holdings: Vec<Holding<'_>>, rng: &mut ChaCha20Rng) -> Vec<u8> {
        present(relation, &self.wallet.secret, holdings, rng).unwrap().to_bytes()
    }
}

/// Fetches tokens until there are `count` in stock.
fn fetch(
    signed: &impl Signed,
    key: &IssuerSecretKey,
    stock: &mut Vec<Vec<u8>>,
    count: usize,
    rng: &mut ChaCha20Rng,
) {
    while stock.len() < count {
        let pending = PendingTokens::begin(signed, TOKEN_BATCH, rng);
        let (exchange, commitments) = TokenExchange::commit(key, pending.pairs(), rng).unwrap();
        let (blinded, challenges) = pending.challenge(&commitments, rng).unwrap();
        let tokens = blinded.finish(&exchange.respond(key, &challenges).unwrap()).unwrap();
        stock.extend(tokens.iter().map(|token| token.to_bytes().to_vec()));
    }
}

/// A licence of a built-in profile.
fn sample(schema_id: &str) -> (Arc<Schema>, Vec<Value>) {
    let profile: &Profile = glimpse_profiles::builtin_by_schema_id(schema_id).unwrap();
    let persona = Persona::new(1)
        .with_birth_date("1990-05-17".parse().unwrap())
        .with_region(REGION)
        .with_classes(&["C1"])
        .with_valid_until("2032-05-17".parse().unwrap());
    (Arc::new(profile.schema().clone()), profile.admit(&profile.sample(&persona)).unwrap())
}

/// The licence of [`Licences::Numbers`].
fn numbers() -> (Arc<Schema>, Vec<Value>) {
    let amount = json!({"uint": {"min": "0", "max": i64::MAX.to_string()}});
    let codes = schemas::table(&schemas::numbered("c", CODES));
    let mut attributes = vec![
        schemas::attribute("amount", amount, true, "disclose"),
        schemas::attribute("code", codes, true, "disclose"),
    ];
    let mut values = vec![Value::Uint(100), Value::Code("c7".into())];
    for name in schemas::numbered("text", 8) {
        attributes.push(schemas::attribute(&name, json!({"text": {"max_chars": "64"}}), true, "disclose"));
        values.push(Value::Text(name));
    }
    (schemas::schema("bench.numbers", "holder", attributes), values)
}
