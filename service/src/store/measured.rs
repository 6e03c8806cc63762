//! Any store, with what it does counted, timed, and what goes wrong with it said in the log.

use std::collections::HashMap;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use glimpse_api::{LicenceEvent, Policy, Stage};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::SchemaDigest;

use super::imports::{ImportRecord, StoredImport};
use super::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, ListId, Place, Updated};
use super::lists::{ListHead, ListKeys, PublishedVersion};
use super::{
    Closed, IssuanceRecord, NewOffer, OpenOffer, Outcome, Rate, RecordedIssuance, SharedStore, Spent, Store,
    StoreError, StoredRequest,
};
use crate::ids::{Fingerprint, Id, NodeId};
use crate::metrics::StoreMetrics;

/// How often the log says the same thing.
const SAY_EVERY: Duration = Duration::from_secs(1);

/// A store that is measured.
pub(crate) struct Measured<S> {
    store: S,
    metrics: StoreMetrics,
    said: Mutex<HashMap<&'static str, Instant>>,
}

impl<S: Store + 'static> Measured<S> {
    /// Measures a store that handlers hold together.
    pub(crate) fn share(store: S, metrics: StoreMetrics) -> SharedStore {
        Arc::new(Self { store, metrics, said: Mutex::default() })
    }

    async fn measure<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let start = Instant::now();
        let result = work.await;
        let outcome = result.as_ref().map_or_else(StoreError::kind, |_| "ok");
        self.metrics.done(operation, outcome, start.elapsed());
        result.inspect_err(|error| self.say(error))
    }

    /// Store errors name tables and files, never what is in them.
    fn say(&self, error: &StoreError) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if said.get(error.kind()).is_none_or(|last| now - *last >= SAY_EVERY) {
            said.insert(error.kind(), now);
            tracing::error!(%error, "store");
        }
    }
}

#[async_trait]
impl<S: Store + 'static> Store for Measured<S> {
    async fn knows_an_issuer_key(&self) -> Result<bool, StoreError> {
        self.measure("knows_an_issuer_key", self.store.knows_an_issuer_key()).await
    }

    async fn remember_issuer_key(&self, key: &[u8; 32], now: u64) -> Result<(), StoreError> {
        self.measure("remember_issuer_key", self.store.remember_issuer_key(key, now)).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.measure("ready", self.store.ready()).await
    }

    async fn licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        self.measure("licence", self.store.licence(id)).await
    }

    async fn update_licences(&self, updates: Vec<LicenceUpdate>) -> Result<Updated, StoreError> {
        self.measure("update_licences", self.store.update_licences(updates)).await
    }

    async fn update_holder(&self, update: HolderUpdate) -> Result<Updated, StoreError> {
        self.measure("update_holder", self.store.update_holder(update)).await
    }

    async fn licences_of(&self, holder: Fingerprint) -> Result<Vec<Id>, StoreError> {
        self.measure("licences_of", self.store.licences_of(holder)).await
    }

    async fn events(&self, id: Id) -> Result<Vec<LicenceEvent>, StoreError> {
        self.measure("events", self.store.events(id)).await
    }

    async fn catalogue(&self) -> Result<Vec<(Place, u64)>, StoreError> {
        self.measure("catalogue", self.store.catalogue()).await
    }

    async fn catalogued(
        &self,
        schema: SchemaDigest,
        stage: Stage,
        after: Option<Id>,
        most: usize,
    ) -> Result<Vec<Id>, StoreError> {
        self.measure("catalogued", self.store.catalogued(schema, stage, after, most)).await
    }

    async fn announce_import(&self, name: &str, import: &ImportRecord) -> Result<ImportRecord, StoreError> {
        self.measure("announce_import", self.store.announce_import(name, import)).await
    }

    async fn import(&self, name: &str) -> Result<Option<StoredImport>, StoreError> {
        self.measure("import", self.store.import(name)).await
    }

    async fn imports(&self) -> Result<Vec<(String, StoredImport)>, StoreError> {
        self.measure("imports", self.store.imports()).await
    }

    async fn register_imported(&self, name: &str, licences: Vec<LicenceUpdate>) -> Result<(), StoreError> {
        self.measure("register_imported", self.store.register_imported(name, licences)).await
    }

    async fn list_keys(&self, issuer: [u8; 32]) -> Result<Option<ListKeys>, StoreError> {
        self.measure("list_keys", self.store.list_keys(issuer)).await
    }

    async fn settle_list_keys(
        &self,
        issuer: [u8; 32],
        keys: ListKeys,
        replaces: Option<DocumentKey>,
    ) -> Result<ListKeys, StoreError> {
        self.measure("settle_list_keys", self.store.settle_list_keys(issuer, keys, replaces)).await
    }

    async fn list_head(&self, list: ListId) -> Result<ListHead, StoreError> {
        self.measure("list_head", self.store.list_head(list)).await
    }

    async fn begin_version(
        &self,
        list: ListId,
        seen: u64,
        version: u64,
        issued_at: u64,
    ) -> Result<bool, StoreError> {
        self.measure("begin_version", self.store.begin_version(list, seen, version, issued_at)).await
    }

    async fn withheld(&self, list: ListId, from: u32, most: usize) -> Result<Vec<u32>, StoreError> {
        self.measure("withheld", self.store.withheld(list, from, most)).await
    }

    async fn keep_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.measure("keep_bucket", self.store.keep_bucket(list, version, bucket, bytes)).await
    }

    async fn publish_version(&self, list: ListId, version: PublishedVersion) -> Result<(), StoreError> {
        self.measure("publish_version", self.store.publish_version(list, version)).await
    }

    async fn published_version(&self, list: ListId) -> Result<Option<PublishedVersion>, StoreError> {
        self.measure("published_version", self.store.published_version(list)).await
    }

    async fn bucket(&self, list: ListId, version: u64, bucket: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.measure("bucket", self.store.bucket(list, version, bucket)).await
    }

    async fn add_offer(&self, offer: NewOffer, update: LicenceUpdate) -> Result<Updated, StoreError> {
        self.measure("add_offer", self.store.add_offer(offer, update)).await
    }

    async fn open_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError> {
        self.measure("open_offer", self.store.open_offer(code, key, now)).await
    }

    async fn record_issuance(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError> {
        self.measure("record_issuance", self.store.record_issuance(issuance, now)).await
    }

    async fn put_policy(&self, owner: &str, name: &str, policy: &Policy) -> Result<(), StoreError> {
        self.measure("put_policy", self.store.put_policy(owner, name, policy)).await
    }

    async fn policy(&self, owner: &str, name: &str) -> Result<Option<Policy>, StoreError> {
        self.measure("policy", self.store.policy(owner, name)).await
    }

    async fn policies(&self, owner: &str) -> Result<Vec<(String, Policy)>, StoreError> {
        self.measure("policies", self.store.policies(owner)).await
    }

    async fn add_request(
        &self,
        id: Id,
        owner: &str,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError> {
        self.measure("add_request", self.store.add_request(id, owner, request, forget_at)).await
    }

    async fn request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError> {
        self.measure("request", self.store.request(id)).await
    }

    async fn close_request(
        &self,
        id: Id,
        attempt: Fingerprint,
        outcome: &Outcome,
        now: u64,
    ) -> Result<Closed, StoreError> {
        self.measure("close_request", self.store.close_request(id, attempt, outcome, now)).await
    }

    async fn purge(&self, now: u64, most: usize) -> Result<usize, StoreError> {
        self.measure("purge", self.store.purge(now, most)).await
    }

    async fn announce_node(&self, node: NodeId, uri: &str, now: u64, until: u64) -> Result<(), StoreError> {
        self.measure("announce_node", self.store.announce_node(node, uri, now, until)).await
    }

    async fn node(&self, node: NodeId, now: u64) -> Result<Option<String>, StoreError> {
        self.measure("node", self.store.node(node, now)).await
    }

    async fn spend(&self, bucket: Fingerprint, rate: Rate) -> Result<Spent, StoreError> {
        self.measure("spend", self.store.spend(bucket, rate)).await
    }

    fn is_shared(&self) -> bool {
        self.store.is_shared()
    }

    fn is_busy(&self) -> bool {
        self.store.is_busy()
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Write};

    use super::*;
    use crate::metrics::Metrics;
    use crate::store::RedbStore;
    use crate::store::redis::RedisFault;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A store that is down fails with each request; the log says so once, for each way in which it does.
    #[test]
    fn the_same_failure_is_not_said_again_and_again() {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(directory.path()).unwrap();
        let metrics = Metrics::new().store;
        let measured = Measured { store, metrics, said: Mutex::default() };
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        tracing::subscriber::with_default(subscriber, || {
            for _ in 0..100 {
                measured.say(&RedisFault::TimedOut.into());
                measured.say(&StoreError::Emptied);
            }
        });
        let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text.lines().count(), 2, "{text}");
    }
}
