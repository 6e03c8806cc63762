//! Reads the file and checks every vector with the product's own code: nothing here knows how the file was made.

mod basics;
mod coverage;
mod issuance;
mod lists;
mod other;
mod presentations;
mod requests;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use curve25519_dalek::scalar::Scalar;
use glimpse_circuits::attribute::Value;
use glimpse_circuits::encoding::{EncodedPoint, Reader};
use glimpse_circuits::key::{Issuer, Registry};
use glimpse_circuits::labels;
use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::Text;
use glimpse_issuer::IssuerSecretKey;

use crate::format::{FORMAT, File, V};

/// The file, and what its schemas, keys and registry are to the product.
struct Known {
    file: File,
    schemas: BTreeMap<String, Arc<Schema>>,
    keys: BTreeMap<String, IssuerSecretKey>,
    /// The revocation keys, by the names of the keys that have one.
    revocation: BTreeMap<String, IssuerSecretKey>,
    registry: Registry,
}

static KNOWN: LazyLock<Known> = LazyLock::new(|| {
    let file: File = serde_json::from_str(&std::fs::read_to_string(crate::PATH).unwrap()).unwrap();
    let schema = |json: &serde_json::Value| Arc::new(Schema::from_json(&json.to_string()).unwrap());
    let schemas: BTreeMap<String, Arc<Schema>> =
        file.schemas.iter().map(|known| (known.name.clone(), schema(&known.json))).collect();
    let key = |secret: &str| IssuerSecretKey::from_bytes(&array(secret)).unwrap();
    let keys: BTreeMap<String, IssuerSecretKey> =
        file.keys.iter().map(|known| (known.name.clone(), key(&known.secret))).collect();
    let with_lists = file
        .keys
        .iter()
        .filter_map(|known| Some((known.name.clone(), key(&known.revocation.as_ref()?.secret))));
    let revocation: BTreeMap<String, IssuerSecretKey> = with_lists.collect();
    let mut registry = Registry::default();
    file.registry.schemas.iter().for_each(|name| registry.add_schema(schemas[name].clone()));
    for name in &file.registry.keys {
        let issued = &file.keys.iter().find(|key| key.name == *name).unwrap().schemas;
        registry.add_issuer(Issuer {
            id: name.clone(),
            name: Text { zh_cn: name.clone(), en: name.clone() },
            key: *keys[name].public(),
            schemas: issued.iter().map(|schema| schemas[schema].digest()).collect(),
            revocation: revocation.get(name).map(|key| *key.public()),
        });
    }
    Known { file, schemas, keys, revocation, registry }
});

/// What the secret of a key would be without its type.
fn x(name: &str) -> Scalar {
    scalar(&KNOWN.file.keys.iter().find(|key| key.name == name).unwrap().secret)
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(!hex.bytes().any(|digit| digit.is_ascii_uppercase()), "capitals");
    hex::decode(hex).unwrap()
}

fn array<const N: usize>(hex: &str) -> [u8; N] {
    bytes(hex).try_into().unwrap()
}

fn scalar(hex: &str) -> Scalar {
    let bytes = bytes(hex);
    let mut reader = Reader::new(&bytes);
    let scalar = reader.scalar().unwrap();
    reader.finish().unwrap();
    scalar
}

fn point(hex: &str) -> EncodedPoint {
    let bytes = bytes(hex);
    let mut reader = Reader::new(&bytes);
    let point = reader.point().unwrap();
    reader.finish().unwrap();
    point
}

/// A value of the file as the product has it.
fn value(written: &V) -> Value {
    match written {
        V::Absent => Value::Absent,
        V::Date(day) => Value::Date(day.parse().unwrap()),
        V::Uint(number) => Value::Uint(glimpse_circuits::decimal::parse(number).unwrap()),
        V::Flags(mask) => Value::Flags(glimpse_circuits::decimal::parse(mask).unwrap()),
        V::Code(code) => Value::Code(code.clone()),
        V::Text(text) => Value::Text(text.clone()),
    }
}

/// The names of a list, of which none may be there twice.
fn distinct<'a>(names: impl Iterator<Item = &'a str>) -> BTreeSet<&'a str> {
    let names: Vec<&str> = names.collect();
    let distinct: BTreeSet<&str> = names.iter().copied().collect();
    assert_eq!(distinct.len(), names.len(), "a name twice");
    distinct
}

#[test]
fn the_file_is_of_this_version() {
    let file = &KNOWN.file;
    assert_eq!(file.format, FORMAT);
    assert_eq!(file.protocol.version, labels::VERSION);
    assert_eq!(file.protocol.suite.as_bytes(), labels::SUITE);
    assert_eq!(bytes(&file.seed).len(), 32);
}
