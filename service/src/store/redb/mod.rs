//! The store of one machine: a redb file that one process holds alone.

mod imports;
mod issuance;
mod licences;
mod lists;
mod purge;
mod requests;
mod tables;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use glimpse_api::{LicenceEvent, Policy, Stage};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::SchemaDigest;
use redb::{
    Database, Durability, ReadTransaction, ReadableDatabase, ReadableTable, ReadableTableMetadata,
    WriteTransaction,
};
use tokio::task::spawn_blocking;

use super::imports::{ImportRecord, StoredImport};
use super::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, ListId, Place, Updated};
use super::lists::{ListHead, ListKeys, PublishedVersion};
use super::{
    Buckets, Closed, IssuanceRecord, NewOffer, OpenOffer, Outcome, Rate, RecordedIssuance, Spent, Store,
    StoreError, StoredRequest,
};
use crate::ids::{Fingerprint, Id, NodeId};

/// Version of the layout of the tables. A store of another version is not opened.
const VERSION: u64 = 3;
/// The store's file in the data directory.
const FILE: &str = "glimpse.redb";

/// The store of one machine.
pub(crate) struct RedbStore {
    database: Arc<Database>,
    buckets: Buckets,
}

/// What a transaction comes to: something to keep, or only something to say.
enum Change<T> {
    /// To be written.
    Keep(T),
    /// Nothing was changed.
    Nothing(T),
}

impl RedbStore {
    /// Opens the store in a directory, or makes both. Blocks.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let path = directory.join(FILE);
        // So that it is never readable by others, not even while it is new.
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let database = Arc::new(Database::create(&path)?);
        File::open(directory)?.sync_all()?;
        write_now(&database, prepare)?;
        Ok(Self { database, buckets: Buckets::new() })
    }

    /// Reads, away from the event loop.
    async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&ReadTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = self.database.clone();
        let done = spawn_blocking(move || operation(&database.begin_read()?)).await;
        done.map_err(|_| StoreError::Interrupted)?
    }

    /// Reads and writes in one transaction, away from the event loop, and returns once it is on disk. An operation
    /// that began is finished even if nobody waits for it any more.
    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&WriteTransaction) -> Result<Change<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let database = self.database.clone();
        let done = spawn_blocking(move || write_now(&database, operation)).await;
        done.map_err(|_| StoreError::Interrupted)?
    }
}

fn write_now<T>(
    database: &Database,
    operation: impl FnOnce(&WriteTransaction) -> Result<Change<T>, StoreError>,
) -> Result<T, StoreError> {
    let mut transaction = database.begin_write()?;
    transaction.set_durability(Durability::Immediate)?;
    match operation(&transaction)? {
        Change::Keep(result) => {
            transaction.commit()?;
            Ok(result)
        }
        Change::Nothing(result) => {
            transaction.abort()?;
            Ok(result)
        }
    }
}

fn version(transaction: &ReadTransaction) -> Result<Option<u64>, StoreError> {
    Ok(transaction.open_table(tables::META)?.get("version")?.map(|version| version.value()))
}

/// Makes the tables of a new store; refuses one of another version.
fn prepare(transaction: &WriteTransaction) -> Result<Change<()>, StoreError> {
    let mut meta = transaction.open_table(tables::META)?;
    let found = meta.get("version")?.map(|version| version.value());
    match found {
        // Tables that were added since it was made are made below: whoever does not know them does without.
        Some(VERSION) => {}
        Some(found) => return Err(StoreError::Version { found }),
        None => drop(meta.insert("version", VERSION)?),
    }
    transaction.open_table(tables::ISSUER_KEYS)?;
    transaction.open_table(tables::LICENCES)?;
    transaction.open_table(tables::EVENTS)?;
    transaction.open_table(tables::HOLDERS)?;
    transaction.open_table(tables::CATALOGUE)?;
    transaction.open_table(tables::COUNTS)?;
    transaction.open_table(tables::IMPORTS)?;
    transaction.open_table(tables::IMPORTED)?;
    transaction.open_table(tables::WITHHELD)?;
    transaction.open_table(tables::LIST_KEYS)?;
    transaction.open_table(tables::LIST_HEADS)?;
    transaction.open_table(tables::LIST_VERSIONS)?;
    transaction.open_table(tables::LIST_BUCKETS)?;
    transaction.open_table(tables::OFFERS)?;
    transaction.open_table(tables::OFFER_EXPIRIES)?;
    transaction.open_table(tables::HANDLES)?;
    transaction.open_table(tables::REGISTRATIONS)?;
    transaction.open_table(tables::POLICIES)?;
    transaction.open_table(tables::REQUESTS)?;
    transaction.open_table(tables::OUTCOMES)?;
    transaction.open_table(tables::REQUEST_EXPIRIES)?;
    Ok(Change::Keep(()))
}

#[async_trait]
impl Store for RedbStore {
    async fn knows_an_issuer_key(&self) -> Result<bool, StoreError> {
        self.read(|transaction| Ok(!transaction.open_table(tables::ISSUER_KEYS)?.is_empty()?)).await
    }

    async fn remember_issuer_key(&self, key: &[u8; 32], now: u64) -> Result<(), StoreError> {
        let key = *key;
        self.write(move |transaction| {
            let mut keys = transaction.open_table(tables::ISSUER_KEYS)?;
            if keys.get(&key)?.is_some() {
                return Ok(Change::Nothing(()));
            }
            keys.insert(&key, now)?;
            Ok(Change::Keep(()))
        })
        .await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let version = self.read(version).await?;
        if version == Some(VERSION) { Ok(()) } else { Err(StoreError::Record("meta")) }
    }

    async fn licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        self.find_licence(id).await
    }

    async fn update_licences(&self, updates: Vec<LicenceUpdate>) -> Result<Updated, StoreError> {
        self.change_licences(updates).await
    }

    async fn update_holder(&self, update: HolderUpdate) -> Result<Updated, StoreError> {
        self.change_holder(update).await
    }

    async fn licences_of(&self, holder: Fingerprint) -> Result<Vec<Id>, StoreError> {
        self.find_licences_of(holder).await
    }

    async fn events(&self, id: Id) -> Result<Vec<LicenceEvent>, StoreError> {
        self.find_events(id).await
    }

    async fn catalogue(&self) -> Result<Vec<(Place, u64)>, StoreError> {
        self.count_licences().await
    }

    async fn catalogued(
        &self,
        schema: SchemaDigest,
        stage: Stage,
        after: Option<Id>,
        most: usize,
    ) -> Result<Vec<Id>, StoreError> {
        self.list_licences(schema, stage, after, most).await
    }

    async fn announce_import(&self, name: &str, import: &ImportRecord) -> Result<ImportRecord, StoreError> {
        self.insert_import(name, import).await
    }

    async fn import(&self, name: &str) -> Result<Option<StoredImport>, StoreError> {
        self.find_import(name).await
    }

    async fn imports(&self) -> Result<Vec<(String, StoredImport)>, StoreError> {
        self.list_imports().await
    }

    async fn register_imported(&self, name: &str, licences: Vec<LicenceUpdate>) -> Result<(), StoreError> {
        self.insert_imported(name, licences).await
    }

    async fn list_keys(&self, issuer: [u8; 32]) -> Result<Option<ListKeys>, StoreError> {
        self.find_list_keys(issuer).await
    }

    async fn settle_list_keys(
        &self,
        issuer: [u8; 32],
        keys: ListKeys,
        replaces: Option<DocumentKey>,
    ) -> Result<ListKeys, StoreError> {
        self.insert_list_keys(issuer, keys, replaces).await
    }

    async fn list_head(&self, list: ListId) -> Result<ListHead, StoreError> {
        self.find_head(list).await
    }

    async fn begin_version(
        &self,
        list: ListId,
        seen: u64,
        version: u64,
        issued_at: u64,
    ) -> Result<bool, StoreError> {
        self.begin(list, seen, version, issued_at).await
    }

    async fn withheld(&self, list: ListId, from: u32, most: usize) -> Result<Vec<u32>, StoreError> {
        self.find_withheld(list, from, most).await
    }

    async fn keep_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.insert_bucket(list, version, bucket, bytes).await
    }

    async fn publish_version(&self, list: ListId, version: PublishedVersion) -> Result<(), StoreError> {
        self.publish(list, version).await
    }

    async fn published_version(&self, list: ListId) -> Result<Option<PublishedVersion>, StoreError> {
        self.find_published(list).await
    }

    async fn bucket(&self, list: ListId, version: u64, bucket: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.find_bucket(list, version, bucket).await
    }

    async fn add_offer(&self, offer: NewOffer, update: LicenceUpdate) -> Result<Updated, StoreError> {
        self.insert_offer(offer, update).await
    }

    async fn open_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError> {
        self.find_offer(code, key, now).await
    }

    async fn record_issuance(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError> {
        self.write(move |transaction| issuance::record(transaction, issuance, now)).await
    }

    async fn put_policy(&self, owner: &str, name: &str, policy: &Policy) -> Result<(), StoreError> {
        self.insert_policy(owner.to_owned(), name.to_owned(), policy).await
    }

    async fn policy(&self, owner: &str, name: &str) -> Result<Option<Policy>, StoreError> {
        self.find_policy(owner.to_owned(), name.to_owned()).await
    }

    async fn policies(&self, owner: &str) -> Result<Vec<(String, Policy)>, StoreError> {
        self.policies_of(owner.to_owned()).await
    }

    async fn add_request(
        &self,
        id: Id,
        owner: &str,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError> {
        self.insert_request(id, owner, request, forget_at).await
    }

    async fn request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError> {
        self.find_request(id).await
    }

    async fn close_request(
        &self,
        id: Id,
        attempt: Fingerprint,
        outcome: &Outcome,
        now: u64,
    ) -> Result<Closed, StoreError> {
        self.decide_request(id, attempt, outcome.clone(), now).await
    }

    async fn purge(&self, now: u64, most: usize) -> Result<usize, StoreError> {
        self.purge_expired(now, most).await
    }

    /// There are no others.
    async fn announce_node(&self, _: NodeId, _: &str, _: u64, _: u64) -> Result<(), StoreError> {
        Ok(())
    }

    /// There are no others.
    async fn node(&self, _: NodeId, _: u64) -> Result<Option<String>, StoreError> {
        Ok(None)
    }

    /// In memory: a restart fills every bucket.
    async fn spend(&self, bucket: Fingerprint, rate: Rate) -> Result<Spent, StoreError> {
        Ok(self.buckets.spend(bucket, rate, Instant::now()))
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn is_busy(&self) -> bool {
        Arc::strong_count(&self.database) > 1
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::store::conformance::offered;

    #[test]
    fn a_store_of_another_version_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(directory.path()).unwrap();
        assert!(matches!(RedbStore::open(directory.path()), Err(StoreError::InUse)));
        let mode = fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        write_now(&store.database, |transaction| {
            transaction.open_table(tables::META)?.insert("version", VERSION + 1)?;
            Ok(Change::Keep(()))
        })
        .unwrap();
        drop(store);
        let refused = RedbStore::open(directory.path());
        assert!(matches!(refused, Err(StoreError::Version { found }) if found == VERSION + 1));
    }

    #[actix_web::test]
    async fn what_was_kept_is_there_after_it_was_opened_again() {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(directory.path()).unwrap();
        store.remember_issuer_key(&[7; 32], 1).await.unwrap();
        drop(store);
        assert!(RedbStore::open(directory.path()).unwrap().knows_an_issuer_key().await.unwrap());
    }

    #[actix_web::test]
    async fn the_oldest_go_first_and_no_more_than_allowed() {
        let directory = tempfile::tempdir().unwrap();
        let store = RedbStore::open(directory.path()).unwrap();
        for i in 0..5u8 {
            offered(&store, &i.to_string(), "h", i, u64::from(i)).await;
        }
        assert_eq!(store.purge(2, 2).await.unwrap(), 2);
        assert_eq!(store.purge(2, 2).await.unwrap(), 1);
        assert_eq!(store.purge(2, 2).await.unwrap(), 0);
        assert_eq!(store.purge(u64::MAX, 100).await.unwrap(), 2);
    }
}
