//! Presentations made in advance, as bytes that only have to be written to a connection.

use std::sync::Arc;

use glimpse_api::{Blob, paths};
use glimpse_benches::age_over_18;
use glimpse_circuits::key::Issuer;
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::World;
use glimpse_profiles::sample::Persona;
use glimpse_verifier::{Item, Verifier};
use serde_json::json;

pub(crate) use glimpse_fixtures::{AUDIENCE, NOW};

/// The relying party's token.
pub(crate) const TOKEN: &str = "relying-party-token-of-the-load";

/// How many are kept with their relations, to be verified without a service.
const WITH_RELATION: usize = 64;

/// What is sent, again and again.
pub(crate) struct Stock {
    /// HTTP requests that are answered 200.
    pub(crate) requests: Vec<Vec<u8>>,
    /// One that is answered 422: its proof is for another request.
    pub(crate) altered: Vec<u8>,
    verified: Vec<(Relation, Vec<u8>)>,
}

impl Stock {
    /// So many, each of a holder of 18 or more for a request of its own; and who can verify them.
    pub(crate) fn make(count: usize) -> (Self, Verifier) {
        let (mut world, schema) = world();
        let profile = glimpse_profiles::builtin_by_schema_id(schema.id()).unwrap();
        let persona = Persona::new(1).with_birth_date("1990-05-17".parse().unwrap());
        let values = profile.admit(&profile.sample(&persona)).unwrap();
        let wallet = world.wallet();
        let credential = world.obtain(&wallet, &schema, values);
        let (mut requests, mut verified, mut altered) =
            (Vec::with_capacity(count), Vec::<(_, Vec<u8>)>::new(), None);
        for made in 0..count {
            let request = world.request(&[("licence", &schema)], age_over_18());
            let relation = world.relation(&request);
            let presentation = world.present(&relation, &wallet, &[&credential]);
            let body = |presentation: &[u8]| {
                http(&json!({ "request": *request, "presentation": Blob::from(presentation) }).to_string())
            };
            requests.push(body(&presentation));
            if let Some((_, other)) = verified.first() {
                altered.get_or_insert_with(|| body(other));
            }
            if verified.len() < WITH_RELATION {
                verified.push((relation, presentation));
            }
            if made % 50 == 0 || made + 1 == count {
                eprint!("\rmaking presentations {}/{count}", made + 1);
            }
        }
        eprintln!();
        (Self { requests, altered: altered.unwrap(), verified }, world.verifier())
    }

    /// Some of them, as a verifier takes them.
    pub(crate) fn items(&self, count: usize) -> Vec<Item<'_>> {
        let items = self.verified.iter().take(count);
        items.map(|(relation, presentation)| Item { relation, presentation }).collect()
    }

    /// Lets go of what is needed without a service only.
    pub(crate) fn forget_relations(&mut self) {
        self.verified = Vec::new();
    }
}

/// The issuers that the service is to trust: the same in both processes.
pub(crate) fn issuers() -> Vec<Issuer> {
    world().0.registry.issuers().map(|issuer| Issuer::clone(issuer)).collect()
}

fn world() -> (World, Arc<Schema>) {
    let profile = glimpse_profiles::builtin_by_schema_id("cn.driving_licence").unwrap();
    let schema = Arc::new(profile.schema().clone());
    (World::new(7, std::slice::from_ref(&schema)), schema)
}

fn http(body: &str) -> Vec<u8> {
    let head = format!(
        "POST {} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n\
         content-length: {}\r\n\r\n",
        paths::VERIFY,
        body.len(),
    );
    (head + body).into_bytes()
}
