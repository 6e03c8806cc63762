//! Versions of revocation lists, from the issuer's handles to the wallet's interval.
//!
//! attacks.md, Soundness 5, and 17 for moments and manifests.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;

use glimpse_circuits::interval::{MAX_SPAN, Scope};
use glimpse_circuits::schema::Schema;
use glimpse_fixtures::schemas::{all_types, all_types_values};
use glimpse_fixtures::{NOW, World, rng};
use glimpse_issuer::{BuildError, DocumentSecretKey, IntervalSigner, VersionPlan, build_version};
use glimpse_prover::{Interval, IntervalError};
use glimpse_trust::manifest::{bucket_bounds, bucket_of};
use glimpse_trust::{Envelope, EnvelopeError, Manifest, ManifestError, VersionChange};
use proptest::prelude::*;
use rand_core::RngCore;
use serde_json::json;

/// A version with its buckets, as an issuer publishes it.
struct Published {
    manifest: Manifest,
    buckets: BTreeMap<u32, Vec<u8>>,
}

fn publish(
    world: &mut World,
    schema: &Schema,
    plan: VersionPlan,
    issued_at: u64,
    revoked: &[u32],
) -> Result<Published, BuildError<Infallible>> {
    let signer =
        IntervalSigner::new(&world.revocation, *world.issuer.public(), schema.digest(), issued_at).unwrap();
    let mut buckets = BTreeMap::new();
    let manifest =
        build_version(&signer, plan, revoked.iter().map(|it| Ok(*it)), &mut world.rng, |bucket, bytes| {
            assert!(buckets.insert(bucket, bytes.to_vec()).is_none());
            Ok(())
        })?;
    Ok(Published { manifest, buckets })
}

fn plan(version: u64, prefix_bits: u8) -> VersionPlan {
    VersionPlan { version, next: NOW + 86_400, prefix_bits }
}

fn scene() -> (World, Arc<Schema>) {
    let schema = all_types();
    (World::new(21, std::slice::from_ref(&schema)), schema)
}

/// A revocation takes effect with the next version, and what was suspended is good again with a later one.
#[test]
fn from_version_to_version() {
    let (mut world, schema) = scene();
    let (wallet, other) = (world.wallet(), world.wallet());
    let credential = world.obtain(&wallet, &schema, all_types_values());
    let bystander = world.obtain(&other, &schema, all_types_values());
    let key = DocumentSecretKey::generate(&mut world.rng);
    let find = |published: &Published, credential| {
        let envelope = key.sign(published.manifest.to_envelope().unwrap()).to_json().unwrap();
        let manifest = Manifest::open(&Envelope::from_json(&envelope).unwrap(), &[key.public()]).unwrap();
        let bucket = manifest.bucket_of(glimpse_prover::Credential::handle(credential));
        let bucket = manifest.read_bucket(bucket, &published.buckets[&bucket]).unwrap();
        Interval::find(credential, manifest.scope(), &bucket)
    };
    let handle = credential.handle();
    let lists = [vec![], vec![handle], vec![]].map(Vec::into_iter);
    let mut last: Option<Manifest> = None;
    for (number, revoked) in (1..).zip(lists) {
        let revoked: Vec<u32> = revoked.collect();
        let issued_at = NOW + 60 * number;
        let published = publish(&mut world, &schema, plan(number, 4), issued_at, &revoked).unwrap();
        assert_eq!(published.buckets.len(), 16);
        if let Some(last) = last.replace(published.manifest.clone()) {
            assert_eq!(published.manifest.follows(&last.seen().unwrap()), Ok(VersionChange::Newer));
            assert_eq!(last.follows(&published.manifest.seen().unwrap()), Err(ManifestError::Backwards));
        }
        find(&published, &bystander).unwrap();
        let found = find(&published, &credential);
        if !revoked.is_empty() {
            assert!(matches!(found, Err(IntervalError::Revoked)));
            continue;
        }
        let asked = json!([{"not_revoked": {"credential": "l", "max_age": "600"}}]);
        let request = world.request_with(&[("l", &schema)], asked, "token");
        let relation = world.relation(&request);
        let bytes = world.present_with(&relation, &wallet, &[(&credential, Some(&found.unwrap()))]).unwrap();
        let verdict = world.verifier().verify_compiled(&relation, &bytes, issued_at).unwrap();
        assert_eq!(verdict.credentials[0].not_revoked_at, Some(issued_at));
    }
}

#[test]
fn manifests_are_those_of_their_issuer() {
    let (mut world, schema) = scene();
    let keys = [(); 2].map(|()| DocumentSecretKey::generate(&mut world.rng));
    let published = publish(&mut world, &schema, plan(1, 0), NOW, &[]).unwrap();
    let signed = keys[0].sign(published.manifest.to_envelope().unwrap());
    assert_eq!(Manifest::open(&signed, &[keys[0].public()]).unwrap(), published.manifest);
    let foreign = Manifest::open(&signed, &[keys[1].public()]);
    assert_eq!(foreign, Err(ManifestError::Envelope(EnvelopeError::Signature)));
    // The same document as one of another kind.
    let other = Envelope::new("application/json", serde_json::to_vec(&published.manifest).unwrap());
    let other = Manifest::open(&keys[0].sign(other), &[keys[0].public()]);
    assert_eq!(other, Err(ManifestError::Envelope(EnvelopeError::Kind)));
    // Signed, but not a manifest.
    let nonsense = Envelope::new(glimpse_trust::manifest::KIND, b"{}".to_vec());
    let nonsense = Manifest::open(&keys[0].sign(nonsense), &[keys[0].public()]);
    assert!(matches!(nonsense, Err(ManifestError::Json(_))));
    let key = DocumentSecretKey::from_bytes(&keys[0].to_bytes());
    assert_eq!(key.public(), keys[0].public());
    assert!(!format!("{key:?}").contains(&hex::encode(*key.to_bytes())));
}

/// A bucket of an earlier version is not one of this version, whatever is in it.
#[test]
fn buckets_belong_to_their_version() {
    let (mut world, schema) = scene();
    let first = publish(&mut world, &schema, plan(1, 1), NOW, &[]).unwrap();
    let second = publish(&mut world, &schema, plan(2, 1), NOW + 60, &[5]).unwrap();
    for bucket in 0..2 {
        let other = second.manifest.read_bucket(bucket, &first.buckets[&bucket]).map(|_| ());
        assert_eq!(other, Err(ManifestError::OtherBucket));
        let swapped = first.manifest.read_bucket(bucket, &first.buckets[&(1 - bucket)]).map(|_| ());
        assert_eq!(swapped, Err(ManifestError::OtherBucket));
    }
}

#[test]
fn what_cannot_be_built_is_not() {
    let (mut world, schema) = scene();
    for revoked in [vec![7, 7], vec![9, 3], vec![1 << 31, 5], vec![u32::MAX, 0], vec![1, 1 << 30, 2]] {
        let built = publish(&mut world, &schema, plan(1, 3), NOW, &revoked).map(|_| ());
        assert_eq!(built, Err(BuildError::Order), "{revoked:?}");
    }
    let wrong = publish(&mut world, &schema, plan(0, 0), NOW, &[]).map(|_| ());
    assert_eq!(wrong, Err(BuildError::Manifest(ManifestError::Member("version"))));
    // A version that could not be published is not begun.
    for plan in [plan(0, 0), plan(1, 17), plan(1, 32), plan(1, 255), VersionPlan { next: NOW, ..plan(1, 0) }]
    {
        let signer =
            IntervalSigner::new(&world.revocation, *world.issuer.public(), schema.digest(), NOW).unwrap();
        let built =
            build_version(&signer, plan, [], &mut world.rng, |_, _| -> Result<(), ()> { panic!("kept") });
        assert!(matches!(built, Err(BuildError::Manifest(ManifestError::Member(_)))), "{plan:?}");
    }
    // What reading and keeping say is passed on, and nothing more is signed.
    let signer =
        IntervalSigner::new(&world.revocation, *world.issuer.public(), schema.digest(), NOW).unwrap();
    let built = build_version(&signer, plan(1, 2), [Ok(1), Err("reading")], &mut world.rng, |_, _| Ok(()));
    assert_eq!(built, Err(BuildError::Caller("reading")));
    let mut kept = 0;
    let built = build_version(&signer, plan(1, 2), [], &mut world.rng, |bucket, _| {
        kept += 1;
        if bucket == 1 { Err("full") } else { Ok(()) }
    });
    assert_eq!((built, kept), (Err(BuildError::Caller("full")), 2));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever is revoked: its bucket is signed and in order, holds all of its handles but these, and no others.
    #[test]
    fn every_version_covers_what_it_should(
        seed in any::<u64>(),
        count in 0usize..40,
        bits in 0u8..6,
        clustered in any::<bool>(),
    ) {
        let (mut world, schema) = scene();
        let mut random = rng(seed);
        let start = random.next_u32();
        let mut draw = || if clustered { start.wrapping_add(random.next_u32() % 64) } else { random.next_u32() };
        let mut revoked: Vec<u32> = (0..count).map(|_| draw()).collect();
        let samples: Vec<u32> = revoked
            .iter()
            .flat_map(|handle| [handle.wrapping_sub(1), *handle, handle.wrapping_add(1)])
            .chain([0, u32::MAX, MAX_SPAN as u32, 1 << 24])
            .collect();
        revoked.sort_unstable();
        revoked.dedup();
        let published = publish(&mut world, &schema, plan(1, bits), NOW, &revoked).unwrap();
        let scope: Scope = published.manifest.scope();
        let mut buckets = Vec::new();
        for (bucket, bytes) in &published.buckets {
            let read = published.manifest.read_bucket(*bucket, bytes).unwrap();
            prop_assert!(read.is_signed(&scope));
            let covered: u64 = read
                .intervals
                .iter()
                .map(|interval| u64::from(interval.ends.last - interval.ends.first) + 1)
                .sum();
            let bounds = bucket_bounds(*bucket, bits);
            let own = revoked.iter().filter(|handle| bounds.holds(**handle)).count() as u64;
            prop_assert_eq!(covered, u64::from(bounds.last - bounds.first) + 1 - own);
            buckets.push(read);
        }
        for handle in samples {
            let found = buckets[bucket_of(handle, bits) as usize].find(handle).is_some();
            prop_assert_eq!(found, !revoked.contains(&handle));
        }
    }
}
