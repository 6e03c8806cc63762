//! Revocation lists.

use glimpse_circuits::key::DocumentKey;
use redb::{ReadableTable, WriteTransaction};

use super::tables::{LIST_BUCKETS, LIST_HEADS, LIST_KEYS, LIST_VERSIONS, WITHHELD};
use super::{Change, RedbStore};
use crate::store::StoreError;
use crate::store::licences::ListId;
use crate::store::lists::{ListHead, ListKeys, PublishedVersion};
use crate::store::records::{from_json, to_json};

impl RedbStore {
    pub(super) async fn find_list_keys(&self, issuer: [u8; 32]) -> Result<Option<ListKeys>, StoreError> {
        self.read(move |transaction| {
            let found = transaction.open_table(LIST_KEYS)?.get(&issuer)?;
            Ok(found.map(|keys| ListKeys::from_bytes(keys.value())))
        })
        .await
    }

    pub(super) async fn insert_list_keys(
        &self,
        issuer: [u8; 32],
        keys: ListKeys,
        replaces: Option<DocumentKey>,
    ) -> Result<ListKeys, StoreError> {
        self.write(move |transaction| {
            let mut table = transaction.open_table(LIST_KEYS)?;
            let found = table.get(&issuer)?.map(|keys| ListKeys::from_bytes(keys.value()));
            let replaced = replaces.map(|manifest| keys.with_manifest(manifest));
            if let Some(found) = found.filter(|found| Some(*found) != replaced) {
                return Ok(Change::Nothing(found));
            }
            table.insert(&issuer, &keys.to_bytes())?;
            Ok(Change::Keep(keys))
        })
        .await
    }

    pub(super) async fn find_head(&self, list: ListId) -> Result<ListHead, StoreError> {
        self.read(move |transaction| head(&transaction.open_table(LIST_HEADS)?, &list)).await
    }

    pub(super) async fn begin(
        &self,
        list: ListId,
        seen: u64,
        version: u64,
        issued_at: u64,
    ) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let mut heads = transaction.open_table(LIST_HEADS)?;
            let found = head(&heads, &list)?;
            if found.version != seen || version <= seen || found.issued_at >= issued_at {
                return Ok(Change::Nothing(false));
            }
            let next = ListHead { version, issued_at, published: found.published };
            heads.insert((&list.key, &list.schema.0), to_json("list_heads", &next)?.as_slice())?;
            Ok(Change::Keep(true))
        })
        .await
    }

    pub(super) async fn find_withheld(
        &self,
        list: ListId,
        from: u32,
        most: usize,
    ) -> Result<Vec<u32>, StoreError> {
        self.read(move |transaction| {
            let withheld = transaction.open_table(WITHHELD)?;
            let (key, schema) = (&list.key, &list.schema.0);
            let found = withheld.range((key, schema, from)..=(key, schema, u32::MAX))?;
            found.take(most).map(|entry| Ok(entry?.0.value().2)).collect()
        })
        .await
    }

    pub(super) async fn insert_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let at = (&list.key, &list.schema.0, version, bucket);
            transaction.open_table(LIST_BUCKETS)?.insert(at, bytes.as_slice())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn publish(&self, list: ListId, version: PublishedVersion) -> Result<(), StoreError> {
        self.write(move |transaction| {
            let at = (&list.key, &list.schema.0);
            let mut heads = transaction.open_table(LIST_HEADS)?;
            let mut found = head(&heads, &list)?;
            if found.published >= version.version {
                return Ok(Change::Nothing(()));
            }
            let before = std::mem::replace(&mut found.published, version.version);
            heads.insert(at, to_json("list_heads", &found)?.as_slice())?;
            let record = to_json("list_versions", &version)?;
            transaction.open_table(LIST_VERSIONS)?.insert(at, record.as_slice())?;
            forget(transaction, &list, before, version.version)?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn find_published(&self, list: ListId) -> Result<Option<PublishedVersion>, StoreError> {
        self.read(move |transaction| {
            let found = transaction.open_table(LIST_VERSIONS)?.get((&list.key, &list.schema.0))?;
            found.map(|record| from_json("list_versions", record.value())).transpose()
        })
        .await
    }

    pub(super) async fn find_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |transaction| {
            if head(&transaction.open_table(LIST_HEADS)?, &list)?.published < version {
                return Ok(None);
            }
            let at = (&list.key, &list.schema.0, version, bucket);
            let found = transaction.open_table(LIST_BUCKETS)?.get(at)?;
            Ok(found.map(|bytes| bytes.value().to_vec()))
        })
        .await
    }
}

fn head(
    heads: &impl ReadableTable<(&'static [u8; 32], &'static [u8; 32]), &'static [u8]>,
    list: &ListId,
) -> Result<ListHead, StoreError> {
    let found = heads.get((&list.key, &list.schema.0))?;
    found.map_or(Ok(ListHead::default()), |record| from_json("list_heads", record.value()))
}

/// The buckets of all versions before the newest but those of the one before it, for wallets that have its manifest: older
/// ones, and those that were begun in between and never published.
fn forget(transaction: &WriteTransaction, list: &ListId, before: u64, newest: u64) -> Result<(), StoreError> {
    let (key, schema) = (&list.key, &list.schema.0);
    let range = (key, schema, 0, 0)..(key, schema, newest, 0);
    let mut buckets = transaction.open_table(LIST_BUCKETS)?;
    buckets.retain_in(range, |(_, _, version, _), _| version == before)?;
    Ok(())
}
