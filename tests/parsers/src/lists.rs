//! Revocation lists as a wallet is given them: envelopes, manifests, buckets; and lists of issuers.

use std::sync::LazyLock;

use glimpse_circuits::interval::{Bucket, Ends, Scope};
use glimpse_circuits::json;
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::world::ALL_HANDLES;
use glimpse_fixtures::{NOW, World, rng};
use glimpse_issuer::{DocumentSecretKey, IntervalSigner, VersionPlan, build_version};
use glimpse_prover::{Credential, Interval};
use glimpse_trust::manifest::{KIND, bucket_bounds};
use glimpse_trust::{Envelope, Manifest, ManifestDocument, TrustList};
use serde_json::json;

use crate::bytes::Bytes;
use crate::scene::SEED;
use crate::seeds::Seeds;

const PREFIX_BITS: u8 = 2;

/// A list as it was published, and a holder who is in it.
struct Published {
    credential: Credential,
    manifest: Manifest,
    envelope: Envelope,
    key: DocumentKey,
    buckets: Vec<Vec<u8>>,
}

fn published() -> &'static Published {
    static PUBLISHED: LazyLock<Published> = LazyLock::new(|| {
        let schema = all_types();
        let mut world = World::new(SEED, std::slice::from_ref(&schema));
        let wallet = world.wallet();
        let credential = world.obtain(&wallet, &schema, all_types_values());
        let mut buckets = Vec::new();
        let signer =
            IntervalSigner::new(&world.revocation, *world.issuer.public(), schema.digest(), NOW).unwrap();
        let plan = VersionPlan { version: 1, next: NOW + 3600, prefix_bits: PREFIX_BITS };
        let revoked = [5u32, 1 << 30, 3 << 30].map(Ok::<u32, ()>);
        let keep = |_: u32, bytes: &[u8]| {
            buckets.push(bytes.to_vec());
            Ok(())
        };
        let manifest = build_version(&signer, plan, revoked, &mut world.rng, keep).unwrap();
        let key = DocumentSecretKey::generate(&mut rng(SEED));
        let envelope = key.sign(manifest.to_envelope().unwrap());
        Published { credential, manifest, envelope, key: key.public(), buckets }
    });
    &PUBLISHED
}

/// First byte: what the rest is. Nothing is taken that its issuer did not sign, and what is taken is written the same.
pub(crate) fn read(input: &[u8]) {
    let known = published();
    let mut input = Bytes::new(input);
    match input.byte() % 4 {
        0 => {
            let Ok(text) = std::str::from_utf8(input.rest()) else { return };
            let Ok(envelope) = Envelope::from_json(text) else { return };
            let again =
                Envelope::from_json(&envelope.to_json().unwrap()).expect("what was written can be read");
            assert!(again == envelope);
            if let Ok(manifest) = Manifest::open(&envelope, &[known.key]) {
                assert!(manifest == known.manifest, "nobody signed this");
            }
        }
        1 => {
            let Ok(text) = std::str::from_utf8(input.rest()) else { return };
            if let Ok(list) = json::from_str::<TrustList>(text) {
                let written = json::canonical(&list).unwrap();
                let again = json::from_str::<TrustList>(std::str::from_utf8(&written).unwrap()).unwrap();
                assert!(again == list);
                assert!(list.document().issuers.iter().all(|issuer| !issuer.keys.is_empty()));
            }
            let Ok(manifest) = json::from_str::<Manifest>(text) else { return };
            let written = json::canonical(&manifest).unwrap();
            let again = json::from_str::<Manifest>(std::str::from_utf8(&written).unwrap()).unwrap();
            assert!(again == manifest);
            let ManifestDocument { version, prefix_bits, buckets, .. } = manifest.document();
            assert!(*version > 0 && buckets.len() == 1 << prefix_bits);
            assert!(manifest.follows(&manifest.seen().unwrap()).is_ok());
        }
        2 => {
            let bucket = u32::from(input.byte()) % 4;
            let bytes = input.rest();
            let read = known.manifest.read_bucket(bucket, bytes);
            assert_eq!(read.is_ok(), bytes == known.buckets[bucket as usize]);
        }
        _ => {
            let bounds = match input.byte() {
                0 => ALL_HANDLES,
                byte => bucket_bounds(u32::from(byte) % 4, PREFIX_BITS),
            };
            take(known, bounds, input.rest());
        }
    }
}

/// A bucket that nobody vouches for.
fn take(known: &Published, bounds: Ends, bytes: &[u8]) {
    let Ok(bucket) = Bucket::from_bytes(bytes, bounds) else { return };
    assert!(bucket.to_bytes() == bytes);
    let ends = || bucket.intervals.iter().map(|interval| interval.ends);
    assert!(ends().all(|Ends { first, last }| bounds.first <= first && first <= last && last <= bounds.last));
    assert!(ends().zip(ends().skip(1)).all(|(one, next)| one.last < next.first));
    let scope: Scope = known.manifest.scope();
    let is_known = known.buckets.iter().any(|known| known == bytes);
    let signed = bucket.is_signed(&scope);
    assert_eq!(signed, is_known, "nobody signed this");
    let holds = bucket.find(known.credential.handle()).is_some();
    assert_eq!(Interval::find(&known.credential, scope, &bucket).is_ok(), signed && holds);
    let other = Scope { schema: SchemaDigest([9; 32]), ..scope };
    assert!(!bucket.is_signed(&other) && Interval::find(&known.credential, other, &bucket).is_err());
}

pub(crate) fn seeds(seeds: &mut Seeds) {
    let known = published();
    let mut add = |head: &[u8], rest: &[u8]| seeds.add([head, rest].concat());
    add(&[0], known.envelope.to_json().unwrap().as_bytes());
    add(&[0], Envelope::new(KIND, b"{}".to_vec()).to_json().unwrap().as_bytes());
    add(&[1], &json::canonical(&known.manifest).unwrap());
    let ManifestDocument { issuer, revocation, schema, .. } = known.manifest.document();
    let name = json!({"zh-CN": "长三角", "en": "Yangtze delta"});
    let listed = json!({"key": issuer, "accepted": {"from": "0", "until": "2000000000"}, "schemas": [schema],
        "revocation": {"key": revocation, "manifests": [known.key]}});
    let list = json!({"version": "1", "name": name, "issued_at": NOW.to_string(), "expires_at": (NOW + 60).to_string(),
        "roots": {"keys": ["00".repeat(32)], "threshold": "1"}, "issuers": [{"id": "11100000000013338W",
        "name": name, "regions": ["310000"], "uri": "https://i.example", "keys": [listed]}]});
    add(&[1], list.to_string().as_bytes());
    for (bucket, bytes) in (0u8..).zip(&known.buckets) {
        add(&[2, bucket], bytes);
        add(&[3, 0], bytes);
        add(&[3, 4 + bucket], bytes);
        // Short ones are easier to change.
        add(&[3, 0], &bytes[..64 + 72]);
    }
    add(&[3, 0], &[0; 64]);
}
