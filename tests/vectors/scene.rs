//! Who takes part in the vectors: keys, schemas, wallets, and the randomness of each.
//!
//! Every vector draws from a generator of its own, named after it, so that a new vector changes no other.

use std::sync::Arc;

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::Text;
use glimpse_fixtures::open::scalar;
use glimpse_fixtures::schemas::{
    all_types, attribute, flags, numbered, schema, second, table, unbound, unbound_with_a_holder,
};
use glimpse_issuer::IssuerSecretKey;
use glimpse_profiles::{Profile, builtin_by_schema_id};
use glimpse_prover::LinkSecret;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use serde_json::json;

/// "glimpse test vectors, version 1 ": 32 bytes of ASCII.
pub(crate) const SEED: &[u8; 32] = b"glimpse test vectors, version 1 ";
/// The key that issues everything.
pub(crate) const FIRST: &str = "first";
/// The key that issues everything but the business licence.
pub(crate) const SECOND: &str = "second";
/// A key that the registry does not have.
pub(crate) const STRANGER: &str = "stranger";
/// A key that the registry has for [`THIRD_ISSUES`] and that has no revocation key.
pub(crate) const THIRD: &str = "third";
/// What that key issues.
const THIRD_ISSUES: [&str; 2] = ["test.all", "test.unbound with a holder"];
/// A schema that the registry does not have: version 2 of `test.unbound`.
pub(crate) const UNKNOWN_SCHEMA: &str = "test.unbound 2";
/// The profiles that the vectors know, in their order. A new profile would change every vector that names the keys'
/// schemas: it does not come in here, and its questions are asked by the linter of `profiles`.
const PROFILES: [&str; 3] = ["cn.driving_licence", "cn.resident_identity_card", "cn.business_licence"];
/// The keys of the registry.
pub(crate) const KNOWN_KEYS: [&str; 3] = [FIRST, SECOND, THIRD];
/// The one schema that [`SECOND`] does not issue.
pub(crate) const FIRST_ONLY: &str = "cn.business_licence";

/// The generator of one vector: ChaCha20 under the seed, its stream number the FNV-1a hash (64 bits) of the name.
pub(crate) fn rng(name: &str) -> ChaCha20Rng {
    let mut rng = ChaCha20Rng::from_seed(*SEED);
    rng.set_stream(fnv1a(name));
    rng
}

fn fnv1a(name: &str) -> u64 {
    name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// Everything that all vectors share.
pub(crate) struct Scene {
    pub(crate) schemas: Vec<(String, Arc<Schema>)>,
    pub(crate) keys: Vec<(&'static str, IssuerSecretKey)>,
    /// The revocation keys of those that have one.
    pub(crate) revocation: Vec<(&'static str, IssuerSecretKey)>,
    pub(crate) registry: Registry,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let schemas = schemas();
        let drawn = |kind: &str, name| (name, IssuerSecretKey::generate(&mut rng(&format!("{kind} {name}"))));
        let keys = [FIRST, SECOND, STRANGER, THIRD].map(|name| drawn("key", name)).into();
        let revocation = [FIRST, SECOND, STRANGER].map(|name| drawn("revocation key", name)).into();
        let mut scene = Self { schemas, keys, revocation, registry: Registry::default() };
        for name in scene.known_schemas() {
            scene.registry.add_schema(scene.schema(&name).clone());
        }
        for name in KNOWN_KEYS {
            let issued = scene.issued_by(name);
            let schemas = issued.iter().map(|schema| scene.schema(schema).digest()).collect();
            let text = Text { zh_cn: name.into(), en: name.into() };
            let key = *scene.public(name);
            let revocation = scene.revocation(name).map(|key| *key.public());
            scene.registry.add_issuer(Issuer { id: name.into(), name: text, key, schemas, revocation });
        }
        scene
    }

    /// The schemas of the registry.
    pub(crate) fn known_schemas(&self) -> Vec<String> {
        let names = self.schemas.iter().map(|(name, _)| name.clone());
        names.filter(|name| name != UNKNOWN_SCHEMA).collect()
    }

    /// The schemas that a key issues as far as the registry knows.
    pub(crate) fn issued_by(&self, key: &str) -> Vec<String> {
        let mut names = self.known_schemas();
        match key {
            FIRST => {}
            SECOND => names.retain(|name| name != FIRST_ONLY),
            THIRD => names.retain(|name| THIRD_ISSUES.contains(&name.as_str())),
            _ => names.clear(),
        }
        names
    }

    pub(crate) fn schema(&self, name: &str) -> &Arc<Schema> {
        let found = self.schemas.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("no schema {name}")).1
    }

    pub(crate) fn key(&self, name: &str) -> &IssuerSecretKey {
        let found = self.keys.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("no key {name}")).1
    }

    pub(crate) fn public(&self, name: &str) -> &IssuerPublicKey {
        self.key(name).public()
    }

    /// The revocation key of a key, if it has one.
    pub(crate) fn revocation(&self, name: &str) -> Option<&IssuerSecretKey> {
        self.revocation.iter().find(|(known, _)| *known == name).map(|(_, key)| key)
    }

    pub(crate) fn key_name(&self, key: &IssuerPublicKey) -> &'static str {
        self.keys.iter().find(|(_, known)| known.public() == key).unwrap().0
    }

    /// x.
    pub(crate) fn x(&self, name: &str) -> Scalar {
        secret_scalar(self.key(name))
    }
}

/// What the secret of a key would be without its type.
pub(crate) fn secret_scalar(key: &IssuerSecretKey) -> Scalar {
    Scalar::from_canonical_bytes(*key.to_bytes()).unwrap()
}

/// The link secret of a wallet.
pub(crate) fn link_secret(wallet: &str) -> (Scalar, LinkSecret) {
    let s = scalar(&mut rng(&format!("wallet {wallet}")));
    (s, LinkSecret::from_bytes(&s.to_bytes()).unwrap())
}

/// The profiles of the vectors.
pub(crate) fn profiles() -> impl Iterator<Item = &'static Profile> {
    PROFILES.into_iter().map(|id| builtin_by_schema_id(id).unwrap_or_else(|| panic!("no profile {id}")))
}

fn schemas() -> Vec<(String, Arc<Schema>)> {
    let mut schemas: Vec<(String, Arc<Schema>)> = profiles()
        .map(|profile| (profile.schema().id().to_owned(), Arc::new(profile.schema().clone())))
        .collect();
    let mut next = serde_json::to_value(&*unbound()).unwrap();
    next["version"] = "2".into();
    let next = Arc::new(Schema::from_json(&next.to_string()).unwrap());
    schemas.extend([
        ("test.all".to_owned(), all_types()),
        ("test.second".to_owned(), second()),
        ("test.unbound".to_owned(), unbound()),
        ("test.unbound with a holder".to_owned(), unbound_with_a_holder()),
        ("test.short".to_owned(), short()),
        ("test.narrow".to_owned(), narrow()),
        (UNKNOWN_SCHEMA.to_owned(), next),
    ]);
    schemas
}

/// Some attributes of `test.all` without a holder: what is shown of it takes few bytes.
fn short() -> Arc<Schema> {
    let day = |max: &str| json!({"date": {"min": "1900-01-01", "max": max}});
    let uint = |min: &str, max: &str| json!({"uint": {"min": min, "max": max}});
    schema(
        "test.short",
        "none",
        vec![
            attribute("amount", uint("0", "9223372036854775807"), true, "disclose"),
            attribute("level", uint("10", "20"), true, "predicate"),
            attribute("birth", day("2099-12-31"), true, "predicate"),
            attribute("until", day("9999-12-31"), true, "disclose"),
            attribute("city", json!({"code": {}}), true, "disclose"),
            attribute("region", table(&numbered("r", 10)), true, "disclose"),
            attribute("classes", flags(&["A1", "A2", "B1", "B2", "C1", "C2"]), true, "disclose"),
        ],
    )
}

/// Attributes for predicates of which little is left when two statements meet.
fn narrow() -> Arc<Schema> {
    let uint = |min: &str, max: &str| json!({"uint": {"min": min, "max": max}});
    let text = json!({"text": {"max_chars": "64"}});
    schema(
        "test.narrow",
        "holder",
        vec![
            attribute("low", uint("0", "5"), true, "predicate"),
            attribute("high", uint("5", "9"), true, "predicate"),
            attribute("pair", flags(&numbered("f", 2)), true, "predicate"),
            attribute("hidden", text.clone(), true, "predicate"),
            attribute("open", text, true, "disclose"),
        ],
    )
}
