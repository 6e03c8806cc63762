//! Revocation lists in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

use glimpse_api::paths;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_issuer::{DocumentSecretKey, IntervalSigner, IssuerSecretKey, VersionPlan, build_version};
use glimpse_trust::Manifest;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

/// How long a version is good for.
pub const PERIOD: u64 = 3600;

/// The list of one schema of the service's issuer.
pub struct Lists {
    pub revocation: IssuerSecretKey,
    pub signer: DocumentSecretKey,
    /// Handles that the next version leaves out.
    pub out: BTreeSet<u32>,
    pub prefix_bits: u8,
    /// When versions come, as the issuer says.
    pub schedule: Option<Schedule>,
    /// What is published: manifest, its envelope, buckets.
    pub manifest: Option<Manifest>,
    pub envelope: String,
    pub buckets: BTreeMap<u32, Vec<u8>>,
    /// The moment of a version that is published as soon as the manifest of the one before was read.
    pub overtaken: Option<u64>,
    rng: ChaCha20Rng,
}

impl Lists {
    pub fn new(seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed ^ 0x0715);
        Self {
            revocation: IssuerSecretKey::generate(&mut rng),
            signer: DocumentSecretKey::generate(&mut rng),
            out: BTreeSet::new(),
            prefix_bits: 4,
            schedule: None,
            manifest: None,
            envelope: String::new(),
            buckets: BTreeMap::new(),
            overtaken: None,
            rng,
        }
    }

    /// Publishes the next version.
    pub fn publish(&mut self, issuer: IssuerPublicKey, schema: SchemaDigest, issued_at: u64) {
        let version = self.manifest.as_ref().map_or(1, |manifest| manifest.document().version + 1);
        self.publish_as(version, issuer, schema, issued_at);
    }

    /// Publishes one with a number of the caller's choice.
    pub fn publish_as(
        &mut self,
        version: u64,
        issuer: IssuerPublicKey,
        schema: SchemaDigest,
        issued_at: u64,
    ) {
        let signer = IntervalSigner::new(&self.revocation, issuer, schema, issued_at).unwrap();
        let next = self.schedule.map_or(issued_at + PERIOD, |schedule| schedule.next(issued_at));
        let plan = VersionPlan { version, next, prefix_bits: self.prefix_bits };
        let out = self.out.iter().map(|handle| Ok::<_, Infallible>(*handle));
        let mut buckets = BTreeMap::new();
        let manifest = build_version(&signer, plan, out, &mut self.rng, |bucket, bytes| {
            buckets.insert(bucket, bytes.to_vec());
            Ok(())
        });
        self.buckets = buckets;
        self.sign(manifest.unwrap());
    }

    /// Signs a manifest and puts it in the place of the one there is.
    pub fn sign(&mut self, manifest: Manifest) {
        self.envelope = self.signer.sign(manifest.to_envelope().unwrap()).to_json().unwrap();
        self.manifest = Some(manifest);
    }

    /// What is at a path: media type and body.
    pub fn at(&self, path: &str) -> Option<(&'static str, Vec<u8>)> {
        let document = self.manifest.as_ref()?.document();
        let named = |pattern: &str| pattern.replace("{schema}", &document.schema.to_string());
        if path == named(paths::MANIFEST) {
            return Some(("application/json", self.envelope.clone().into_bytes()));
        }
        let bucket_path = named(paths::BUCKET).replace("{version}", &document.version.to_string());
        let bucket = path.strip_prefix(bucket_path.strip_suffix("{bucket}")?)?;
        Some(("application/octet-stream", self.buckets.get(&bucket.parse().ok()?)?.clone()))
    }
}
