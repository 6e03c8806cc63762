//! Revocation lists.

use glimpse_circuits::key::DocumentKey;
use redis::cmd;

use super::scripts::{Ask, BEGIN_VERSION, PUBLISH_VERSION, SETTLE_LIST_KEYS};
use super::{RedisStore, damaged};
use crate::store::StoreError;
use crate::store::licences::ListId;
use crate::store::lists::{ListHead, ListKeys, PublishedVersion};
use crate::store::records::{from_json, to_json};

impl RedisStore {
    pub(super) async fn find_list_keys(&self, issuer: [u8; 32]) -> Result<Option<ListKeys>, StoreError> {
        let ask = Ask::read(cmd("HGET").arg(self.keys.list_keys()).arg(hex::encode(issuer)));
        let found: Option<String> = self.ask(ask).await?;
        found.map(|keys| read_keys(&keys)).transpose()
    }

    pub(super) async fn insert_list_keys(
        &self,
        issuer: [u8; 32],
        keys: ListKeys,
        replaces: Option<DocumentKey>,
    ) -> Result<ListKeys, StoreError> {
        let text = |keys: ListKeys| hex::encode(keys.to_bytes());
        let replaced = replaces.map_or_else(String::new, |manifest| text(keys.with_manifest(manifest)));
        let arguments = [hex::encode(issuer), text(keys), replaced];
        let arguments: Vec<_> = arguments.iter().map(String::as_bytes).collect();
        let found: String = self.ask(SETTLE_LIST_KEYS.ask(&[self.keys.list_keys()], &arguments)).await?;
        read_keys(&found)
    }

    pub(super) async fn find_head(&self, list: ListId) -> Result<ListHead, StoreError> {
        let fields = ["version", "issued_at", "published"];
        let ask = Ask::read(cmd("HMGET").arg(self.keys.list(&list)).arg(&fields));
        let (version, issued_at, published): (Option<u64>, Option<u64>, Option<u64>) = self.ask(ask).await?;
        Ok(ListHead {
            version: version.unwrap_or_default(),
            issued_at: issued_at.unwrap_or_default(),
            published: published.unwrap_or_default(),
        })
    }

    pub(super) async fn begin(
        &self,
        list: ListId,
        seen: u64,
        version: u64,
        issued_at: u64,
    ) -> Result<bool, StoreError> {
        let arguments = [seen, issued_at, version].map(|number| number.to_string());
        let arguments: Vec<_> = arguments.iter().map(String::as_bytes).collect();
        self.ask(BEGIN_VERSION.ask(&[self.keys.list(&list)], &arguments)).await
    }

    pub(super) async fn find_withheld(
        &self,
        list: ListId,
        from: u32,
        most: usize,
    ) -> Result<Vec<u32>, StoreError> {
        let mut command = cmd("ZRANGEBYSCORE");
        command.arg(self.keys.withheld(&list)).arg(from).arg("+inf").arg("LIMIT").arg(0).arg(most);
        self.ask(Ask::read(&command)).await
    }

    pub(super) async fn insert_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError> {
        // First that there is something to be forgotten.
        let (versions, key) = (self.keys.versions(&list), self.keys.buckets(&list, version));
        let _new: u32 = self.ask(Ask::write(cmd("SADD").arg(versions).arg(version))).await?;
        let _new: u32 = self.ask(Ask::write(cmd("HSET").arg(key).arg(bucket).arg(bytes))).await?;
        Ok(())
    }

    pub(super) async fn publish(&self, list: ListId, version: PublishedVersion) -> Result<(), StoreError> {
        let (number, record) = (version.version.to_string(), to_json("list_versions", &version)?);
        let ask = PUBLISH_VERSION.ask(&[self.keys.list(&list)], &[number.as_bytes(), &record]);
        let Some(before): Option<u64> = self.ask(ask).await? else { return Ok(()) };
        let versions = self.keys.versions(&list);
        let found: Vec<u64> = self.ask(Ask::read(cmd("SMEMBERS").arg(&versions))).await?;
        for useless in found.into_iter().filter(|found| *found < version.version && *found != before) {
            let _gone: u32 =
                self.ask(Ask::write(cmd("UNLINK").arg(self.keys.buckets(&list, useless)))).await?;
            // Last: what is named here is forgotten the next time.
            let _gone: u32 = self.ask(Ask::write(cmd("SREM").arg(&versions).arg(useless))).await?;
        }
        Ok(())
    }

    pub(super) async fn find_published(&self, list: ListId) -> Result<Option<PublishedVersion>, StoreError> {
        let ask = Ask::read(cmd("HGET").arg(self.keys.list(&list)).arg("record"));
        let found: Option<Vec<u8>> = self.ask(ask).await?;
        found.map(|record| from_json("list_versions", &record)).transpose()
    }

    pub(super) async fn find_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        if self.find_head(list).await?.published < version {
            return Ok(None);
        }
        self.ask(Ask::read(cmd("HGET").arg(self.keys.buckets(&list, version)).arg(bucket))).await
    }
}

fn read_keys(text: &str) -> Result<ListKeys, StoreError> {
    let mut bytes = [0; 64];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| damaged("list_keys"))?;
    Ok(ListKeys::from_bytes(&bytes))
}
