//! What outlives a restart: one function for each thing that happens, each one transaction, each on disk before it
//! returns.

mod error;
mod issuance;
mod purge;
mod records;
mod requests;
mod tables;

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, WriteTransaction};
use tokio::task::spawn_blocking;

pub(crate) use error::StoreError;
pub(crate) use records::{
    Answer, Closed, IssuanceRecord, LicenceRecord, OpenOffer, Outcome, RecordedIssuance, StoredRequest,
};

/// Version of the layout of the tables. A store of another version is not opened.
const VERSION: u64 = 1;
/// The store's file in the data directory.
const FILE: &str = "glimpse.redb";

/// The store of one process: a redb file that it holds alone.
#[derive(Clone)]
pub(crate) struct Store {
    database: Arc<Database>,
}

/// What a transaction comes to: something to keep, or only something to say.
enum Change<T> {
    /// To be written.
    Keep(T),
    /// Nothing was changed.
    Nothing(T),
}

impl Store {
    /// Opens the store in a directory, or makes both. Blocks.
    pub(crate) fn open(directory: &Path) -> Result<Self, StoreError> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let path = directory.join(FILE);
        // So that it is never readable by others, not even while it is new.
        OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        let database = Database::create(&path)?;
        File::open(directory)?.sync_all()?;
        let store = Self { database: Arc::new(database) };
        store.write_now(prepare)?;
        Ok(store)
    }

    /// Whether any issuer key was used with this store. Blocks.
    pub(crate) fn knows_an_issuer_key(&self) -> Result<bool, StoreError> {
        self.read_now(|transaction| {
            use redb::ReadableTableMetadata;
            Ok(!transaction.open_table(tables::ISSUER_KEYS)?.is_empty()?)
        })
    }

    /// Remembers that an issuer key is used with this store. Blocks.
    pub(crate) fn remember_issuer_key(&self, key: &[u8; 32], now: u64) -> Result<(), StoreError> {
        self.write_now(|transaction| {
            use redb::ReadableTable;
            let mut keys = transaction.open_table(tables::ISSUER_KEYS)?;
            if keys.get(key)?.is_some() {
                return Ok(Change::Nothing(()));
            }
            keys.insert(key, now)?;
            Ok(Change::Keep(()))
        })
    }

    /// Whether there are other handles of this store.
    pub(crate) fn is_shared(&self) -> bool {
        Arc::strong_count(&self.database) > 1
    }

    /// Fails if nothing can be read.
    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        let version = self.read(version).await?;
        if version == Some(VERSION) { Ok(()) } else { Err(StoreError::Record("meta")) }
    }

    /// Reads, away from the event loop.
    async fn read<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&ReadTransaction) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let done = spawn_blocking(move || store.read_now(operation)).await;
        done.map_err(|_| StoreError::Interrupted)?.inspect_err(note)
    }

    /// Reads and writes in one transaction, away from the event loop, and returns once it is on disk. An operation
    /// that began is finished even if nobody waits for it any more.
    async fn write<T: Send + 'static>(
        &self,
        operation: impl FnOnce(&WriteTransaction) -> Result<Change<T>, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let store = self.clone();
        let done = spawn_blocking(move || store.write_now(operation)).await;
        done.map_err(|_| StoreError::Interrupted)?.inspect_err(note)
    }

    fn read_now<T>(
        &self,
        operation: impl FnOnce(&ReadTransaction) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        operation(&self.database.begin_read()?)
    }

    fn write_now<T>(
        &self,
        operation: impl FnOnce(&WriteTransaction) -> Result<Change<T>, StoreError>,
    ) -> Result<T, StoreError> {
        let mut transaction = self.database.begin_write()?;
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
}

/// Store errors name tables and files, never what is in them.
fn note(error: &StoreError) {
    tracing::error!(%error, "store");
}

fn version(transaction: &ReadTransaction) -> Result<Option<u64>, StoreError> {
    Ok(transaction.open_table(tables::META)?.get("version")?.map(|version| version.value()))
}

/// Makes the tables of a new store; refuses one of another version.
fn prepare(transaction: &WriteTransaction) -> Result<Change<()>, StoreError> {
    use redb::ReadableTable;
    let mut meta = transaction.open_table(tables::META)?;
    let found = meta.get("version")?.map(|version| version.value());
    match found {
        Some(VERSION) => return Ok(Change::Nothing(())),
        Some(found) => return Err(StoreError::Version { found }),
        None => meta.insert("version", VERSION)?,
    };
    transaction.open_table(tables::ISSUER_KEYS)?;
    transaction.open_table(tables::LICENCES)?;
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_store_of_another_version_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        assert!(matches!(Store::open(directory.path()), Err(StoreError::InUse)));
        let mode = fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0);
        store
            .write_now(|transaction| {
                transaction.open_table(tables::META)?.insert("version", VERSION + 1)?;
                Ok(Change::Keep(()))
            })
            .unwrap();
        drop(store);
        let refused = Store::open(directory.path());
        assert!(matches!(refused, Err(StoreError::Version { found }) if found == VERSION + 1));
    }

    #[test]
    fn issuer_keys_are_remembered() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        assert!(!store.knows_an_issuer_key().unwrap());
        store.remember_issuer_key(&[7; 32], 1).unwrap();
        store.remember_issuer_key(&[7; 32], 2).unwrap();
        drop(store);
        assert!(Store::open(directory.path()).unwrap().knows_an_issuer_key().unwrap());
    }
}
