//! Imports, and the licences that come with them.

use redb::{ReadTransaction, ReadableTable};

use super::licences::update;
use super::tables::{IMPORTED, IMPORTS, LICENCES};
use super::{Change, RedbStore};
use crate::store::StoreError;
use crate::store::imports::{ImportRecord, StoredImport};
use crate::store::licences::LicenceUpdate;
use crate::store::records::{from_json, to_json};

impl RedbStore {
    pub(super) async fn insert_import(
        &self,
        name: &str,
        import: &ImportRecord,
    ) -> Result<ImportRecord, StoreError> {
        let (name, import) = (name.to_owned(), import.clone());
        self.write(move |transaction| {
            let mut imports = transaction.open_table(IMPORTS)?;
            if let Some(found) = imports.get(name.as_str())? {
                return Ok(Change::Nothing(from_json("imports", found.value())?));
            }
            imports.insert(name.as_str(), to_json("imports", &import)?.as_slice())?;
            Ok(Change::Keep(import))
        })
        .await
    }

    pub(super) async fn find_import(&self, name: &str) -> Result<Option<StoredImport>, StoreError> {
        let name = name.to_owned();
        self.read(move |transaction| {
            let found = transaction.open_table(IMPORTS)?.get(name.as_str())?;
            found.map(|record| stored(transaction, &name, record.value())).transpose()
        })
        .await
    }

    pub(super) async fn list_imports(&self) -> Result<Vec<(String, StoredImport)>, StoreError> {
        self.read(|transaction| {
            let imports = transaction.open_table(IMPORTS)?;
            let mut found = Vec::new();
            for entry in imports.iter()? {
                let (name, record) = entry?;
                found.push((name.value().to_owned(), stored(transaction, name.value(), record.value())?));
            }
            Ok(found)
        })
        .await
    }

    pub(super) async fn insert_imported(
        &self,
        name: &str,
        licences: Vec<LicenceUpdate>,
    ) -> Result<(), StoreError> {
        let name = name.to_owned();
        self.write(move |transaction| {
            let mut new = Vec::with_capacity(licences.len());
            {
                let known = transaction.open_table(LICENCES)?;
                for licence in licences {
                    if known.get(&licence.id.0)?.is_none() {
                        new.push(licence);
                    }
                }
            }
            if new.is_empty() {
                return Ok(Change::Nothing(()));
            }
            update(transaction, &new)?;
            let mut counts = transaction.open_table(IMPORTED)?;
            let before = counts.get(name.as_str())?.map_or(0, |count| count.value());
            counts.insert(name.as_str(), before + new.len() as u64)?;
            Ok(Change::Keep(()))
        })
        .await
    }
}

fn stored(transaction: &ReadTransaction, name: &str, record: &[u8]) -> Result<StoredImport, StoreError> {
    let registered = transaction.open_table(IMPORTED)?.get(name)?.map_or(0, |count| count.value());
    Ok(StoredImport { record: from_json("imports", record)?, registered })
}
