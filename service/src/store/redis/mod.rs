//! The store that several nodes share: a Redis (or Valkey), alone, with sentinels, or as a cluster.
//!
//! Every operation is one command or one script, which Redis does as a whole or not at all, and may be sent again if its
//! answer was lost. Scripts that write are never split over keys of different places of a cluster.

mod durability;
mod faults;
mod imports;
mod issuance;
mod keys;
mod licences;
mod lists;
mod plan;
mod pool;
mod requests;
mod runner;
mod scripts;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use glimpse_api::{LicenceEvent, Policy, Stage};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::SchemaDigest;
use redis::{FromRedisValue, cmd};

use self::keys::{Keys, SLACK, VERSION};
use self::pool::Pool;
use self::runner::Runner;
use self::scripts::{Ask, SPEND};
use self::source::Source;
use super::imports::{ImportRecord, StoredImport};
use super::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, ListId, Place, Updated};
use super::lists::{ListHead, ListKeys, PublishedVersion};
use super::{
    Closed, IssuanceRecord, NewOffer, OpenOffer, Outcome, Rate, RecordedIssuance, Spent, Store, StoreError,
    StoredRequest,
};
use crate::config::{ConfigError, RedisConfig};
use crate::ids::{Fingerprint, Id, NodeId};

pub(crate) use faults::RedisFault;

/// The store that several nodes share.
pub(crate) struct RedisStore {
    pool: Arc<Pool>,
    keys: Keys,
    runner: Runner,
}

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl RedisStore {
    /// Whether a store could be reached by this. Connects to nothing.
    pub(crate) fn check(config: &RedisConfig) -> Result<(), ConfigError> {
        Source::new(config).map(drop)
    }

    /// Connects, and makes sure that what is there is of this layout, or nothing.
    pub(crate) async fn open(config: &RedisConfig) -> Result<Self, OpenError> {
        let keys = Keys::new(&config.prefix);
        let pool = Arc::new(Pool::new(Source::new(config)?, config, keys.barrier()));
        let store = Self { pool, keys, runner: Runner::start().map_err(StoreError::from)? };
        let claim = Ask::write(cmd("SET").arg(store.keys.layout()).arg(VERSION).arg("NX"));
        let _claimed: Option<String> = store.ask(claim).await?;
        store.ready().await?;
        let pool = store.pool.clone();
        store.runner.run(async move { durability::warn(pool.source()).await }).await?;
        Ok(store)
    }

    /// Sends a command and reads its answer.
    async fn ask<T: FromRedisValue>(&self, ask: Ask) -> Result<T, StoreError> {
        let pool = self.pool.clone();
        let answer = self.runner.run(async move { pool.ask(&ask).await }).await??;
        redis::from_redis_value(answer).map_err(|_| RedisFault::Answer.into())
    }

    /// Waits until replicas have whatever was written before, if they are to be waited for: what was read may be
    /// something that another node was told not to rely on.
    async fn settled(&self) -> Result<(), StoreError> {
        if !self.pool.waits() {
            return Ok(());
        }
        self.ask(Ask::write(cmd("SET").arg(self.keys.barrier()).arg(1).arg("EX").arg(SLACK))).await
    }
}

/// A record that cannot be read.
fn damaged(table: &'static str) -> StoreError {
    StoreError::Record(table)
}

/// A moment that Redis can count to.
fn moment(seconds: u64) -> String {
    // In milliseconds it must fit in an i64.
    seconds.min(i64::MAX as u64 / 2000).to_string()
}

/// In microseconds, as exactly as scripts count.
fn microseconds(time: Duration) -> String {
    (time.as_micros().min(1 << 51) as u64).to_string()
}

#[async_trait]
impl Store for RedisStore {
    async fn knows_an_issuer_key(&self) -> Result<bool, StoreError> {
        self.ask(Ask::read(cmd("EXISTS").arg(self.keys.issuer_keys()))).await
    }

    async fn remember_issuer_key(&self, key: &[u8; 32], now: u64) -> Result<(), StoreError> {
        let ask = Ask::write(cmd("HSETNX").arg(self.keys.issuer_keys()).arg(hex::encode(key)).arg(now));
        let _new: u32 = self.ask(ask).await?;
        Ok(())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let found: Option<u64> = self.ask(Ask::read(cmd("GET").arg(self.keys.layout()))).await?;
        match found {
            Some(VERSION) => Ok(()),
            Some(found) => Err(StoreError::Version { found }),
            None => Err(StoreError::Emptied),
        }
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
        self.record(issuance, now).await
    }

    async fn put_policy(&self, owner: &str, name: &str, policy: &Policy) -> Result<(), StoreError> {
        self.insert_policy(owner, name, policy).await
    }

    async fn policy(&self, owner: &str, name: &str) -> Result<Option<Policy>, StoreError> {
        self.find_policy(owner, name).await
    }

    async fn policies(&self, owner: &str) -> Result<Vec<(String, Policy)>, StoreError> {
        self.policies_of(owner).await
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
        self.decide_request(id, attempt, outcome, now).await
    }

    /// What has expired goes by itself.
    async fn purge(&self, _: u64, _: usize) -> Result<usize, StoreError> {
        Ok(0)
    }

    async fn announce_node(&self, node: NodeId, uri: &str, now: u64, until: u64) -> Result<(), StoreError> {
        let lifetime = until.saturating_sub(now).saturating_add(SLACK).min(1 << 32);
        let value = format!("{until} {uri}");
        self.ask(Ask::read(cmd("SET").arg(self.keys.node(node)).arg(value).arg("EX").arg(lifetime))).await
    }

    async fn node(&self, node: NodeId, now: u64) -> Result<Option<String>, StoreError> {
        let found: Option<String> = self.ask(Ask::read(cmd("GET").arg(self.keys.node(node)))).await?;
        let Some(found) = found else { return Ok(None) };
        let (until, uri) = found.split_once(' ').ok_or(damaged("nodes"))?;
        let until: u64 = until.parse().map_err(|_| damaged("nodes"))?;
        Ok((until > now).then(|| uri.to_owned()))
    }

    /// By Redis' clock. An attempt whose answer was lost is made again, and may spend two.
    async fn spend(&self, bucket: Fingerprint, rate: Rate) -> Result<Spent, StoreError> {
        let (interval, depth) = (microseconds(rate.interval), microseconds(rate.depth()));
        let mut ask = SPEND.ask(&[self.keys.bucket(bucket)], &[interval.as_bytes(), depth.as_bytes()]);
        // A bucket is worth no wait for replicas.
        ask.writes = false;
        let wait: u64 = self.ask(ask).await?;
        Ok(if wait == 0 { Spent::Yes } else { Spent::After(Duration::from_micros(wait)) })
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_busy(&self) -> bool {
        self.runner.is_busy()
    }
}
