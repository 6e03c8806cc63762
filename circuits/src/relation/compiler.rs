//! Relations of many requests that ask the same: a relying party asks its question all day, each time with another
//! nonce.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::key::Registry;
use crate::request::{Interval, Request, RequestDocument, Statement};

use super::{Plan, Relation, RelationError, Residual};

/// Most memory of the kept relations, in bytes, roughly.
const CAPACITY: usize = 32 << 20;

/// Compiles requests for one registry, and keeps what it compiled for the next one that asks the same on the same day.
///
/// The result is what [`Relation::compile`] gives. Memory is bounded: what was not asked for a while is forgotten.
pub struct Compiler {
    registry: Registry,
    hasher: RandomState,
    kept: Mutex<Generations>,
    capacity: usize,
}

/// What was not used while the young generation filled up is dropped with the old one.
#[derive(Default)]
struct Generations {
    young: HashMap<u64, Relation>,
    young_size: usize,
    old: HashMap<u64, Relation>,
}

impl Compiler {
    /// A compiler that knows these schemas and issuers.
    pub fn new(registry: Registry) -> Self {
        Self { registry, hasher: RandomState::new(), kept: Mutex::default(), capacity: CAPACITY }
    }

    /// The schemas and issuers it knows.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// The relation of a request: see [`Relation::compile`].
    pub fn compile(&self, request: Arc<Request>) -> Result<Relation, RelationError> {
        let place = self.place(&request);
        if let Some(kept) = self.find(place)
            && asks_the_same(&kept.request, &request)
        {
            return Ok(Relation { request, plan: kept.plan });
        }
        let relation = Relation::compile(request, &self.registry)?;
        self.keep(&mut self.lock(), place, relation.clone());
        Ok(relation)
    }

    /// Keyed by a secret of this process: nobody can make requests that collide.
    fn place(&self, request: &Request) -> u64 {
        let document = request.document();
        self.hasher.hash_one((&document.credentials, &document.statements, request.day()))
    }

    fn find(&self, place: u64) -> Option<Relation> {
        let mut kept = self.lock();
        if let Some(relation) = kept.young.get(&place) {
            return Some(relation.clone());
        }
        let relation = kept.old.remove(&place)?;
        self.keep(&mut kept, place, relation.clone());
        Some(relation)
    }

    fn keep(&self, kept: &mut Generations, place: u64, relation: Relation) {
        let size = size(&relation);
        if kept.young_size + size > self.capacity / 2 {
            kept.old = mem::take(&mut kept.young);
            kept.young_size = 0;
        }
        // What alone is too large is compiled each time.
        if size <= self.capacity / 2 {
            kept.young_size += size;
            if let Some(replaced) = kept.young.insert(place, relation) {
                kept.young_size -= self::size(&replaced);
            }
        }
    }

    /// A panic cannot leave the maps in disorder: at worst a relation is missing and compiled again.
    fn lock(&self) -> MutexGuard<'_, Generations> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether everything is equal that a plan depends on besides the registry.
fn asks_the_same(one: &Request, other: &Request) -> bool {
    // Named one by one, so that a new member of requests has to be thought of here.
    let parts = |request: &'_ Request| {
        let RequestDocument {
            version,
            audience: _,
            audience_name: _,
            purpose: _,
            response_uri: _,
            nonce: _,
            issued_at: _,
            expires_at: _,
            credentials: _,
            statements: _,
            // Says which profiles are accepted, not what is to be shown.
            prefer: _,
        } = request.document();
        (*version, request.day())
    };
    let (left, right) = (one.document(), other.document());
    parts(one) == parts(other) && left.credentials == right.credentials && left.statements == right.statements
}

/// Bytes that a relation takes, roughly: its digits, its sets (also in the hints) and the strings of the request that
/// it was compiled from.
fn size(relation: &Relation) -> usize {
    const FIXED: usize = 4096;
    const PER_DIGIT: usize = 256;
    const PER_ELEMENT: usize = 64;
    const PER_STRING: usize = 32;
    let string = |text: &String| text.len() + PER_STRING;
    let strings: usize = relation
        .request
        .document()
        .statements
        .iter()
        .map(|statement| match statement {
            Statement::Member { values, .. } | Statement::NotMember { values, .. } => {
                values.iter().map(string).sum()
            }
            Statement::Intervals { intervals, .. } => intervals.len() * size_of::<Interval>(),
            Statement::Equals { value, .. } => string(value),
            _ => PER_STRING,
        })
        .sum();
    let Plan { credentials, digits, residuals, .. } = &*relation.plan;
    let elements: usize = residuals
        .iter()
        .map(|residual| match residual {
            Residual::Member { set, .. } => set.len(),
            Residual::Zero(_) | Residual::Selected { .. } => 1,
        })
        .sum();
    let accepted: usize = credentials.iter().map(|credential| credential.accepted.len()).sum();
    // Twice: once more in the compact profile, which anybody can have worked out by asking for small answers.
    2 * (FIXED + PER_DIGIT * (digits.len() + accepted) + PER_ELEMENT * elements) + strings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Issuer, IssuerPublicKey};
    use crate::schema::Schema;
    use crate::text::Text;
    use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
    use serde_json::{Value, json};

    fn registry() -> (Registry, Arc<Schema>, IssuerPublicKey) {
        let document = json!({
            "id": "test.card", "version": "1", "title": { "zh-CN": "证", "en": "Card" },
            "binding": "holder",
            "attributes": [{
                "name": "born", "title": { "zh-CN": "出生", "en": "Born" }, "grade": "predicate",
                "required": true, "type": { "date": { "min": "1900-01-01", "max": "2099-12-31" } }
            }]
        });
        let schema: Schema = serde_json::from_value(document).unwrap();
        let schema = Arc::new(schema);
        let key = IssuerPublicKey::from_point(RISTRETTO_BASEPOINT_POINT).unwrap();
        let mut registry = Registry::default();
        registry.add_schema(schema.clone());
        let name = Text { zh_cn: "甲".into(), en: "A".into() };
        registry.add_issuer(Issuer {
            id: "a".into(),
            name,
            key,
            schemas: vec![schema.digest()],
            revocation: None,
        });
        (registry, schema, key)
    }

    fn request(schema: &Schema, key: &IssuerPublicKey, nonce: u8, at: u64, years: u16) -> Arc<Request> {
        let document: Value = json!({
            "version": "1", "audience": "https://a.example", "audience_name": { "zh-CN": "甲", "en": "A" },
            "purpose": { "zh-CN": "试", "en": "Test" }, "response_uri": "https://a.example/r",
            "nonce": hex::encode([nonce; 32]), "issued_at": at.to_string(), "expires_at": (at + 300).to_string(),
            "credentials": [{ "id": "card", "schema": schema.digest(), "issuers": [key], "check": "token" }],
            "statements": [{ "age": { "of": "card.born", "at_least": years.to_string() } }],
        });
        Arc::new(Request::from_json(&document.to_string()).unwrap())
    }

    const NOON: u64 = 1_795_320_000;

    #[test]
    fn only_requests_that_ask_the_same_share_a_plan() {
        let (registry, schema, key) = registry();
        let compiler = Compiler::new(registry);
        let compile = |nonce, at, years| compiler.compile(request(&schema, &key, nonce, at, years)).unwrap();
        let first = compile(1, NOON, 18);
        let again = compile(2, NOON + 60, 18);
        assert!(Arc::ptr_eq(&first.plan, &again.plan));
        assert_ne!(first.request().digest(), again.request().digest());
        // Another question, and the same question on another day.
        for other in [compile(3, NOON, 19), compile(4, NOON + 86_400, 18)] {
            assert!(!Arc::ptr_eq(&first.plan, &other.plan));
            assert_ne!(first.digest(), other.digest());
        }
    }

    #[test]
    fn gives_what_compile_gives_however_little_it_may_keep() {
        let (registry, schema, key) = registry();
        for capacity in [0, 1, 20_000, CAPACITY] {
            let compiler = Compiler { capacity, ..Compiler::new(registry.clone()) };
            for round in 0..40u16 {
                let request = request(&schema, &key, round as u8, NOON, 10 + round % 7);
                let fresh = Relation::compile(request.clone(), &registry).unwrap();
                let kept = compiler.compile(request).unwrap();
                assert_eq!(fresh.digest(), kept.digest());
                assert_eq!(fresh.request(), kept.request());
            }
            let kept = compiler.lock();
            let sizes = |map: &HashMap<u64, Relation>| map.values().map(size).sum::<usize>();
            assert!(sizes(&kept.young) + sizes(&kept.old) <= capacity);
            assert_eq!(sizes(&kept.young), kept.young_size);
        }
    }
}
