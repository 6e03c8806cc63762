//! What outlives a restart, and what several nodes share: one function for each thing that happens, each of them all
//! or nothing, each kept before it returns.
//!
//! [`Store`] says what the operations promise; [`redb`] keeps them on one machine, [`redis`] for several nodes, and
//! [`Measured`] counts them. Every operation may be repeated with
//! the same arguments: it then changes nothing more and answers as before, so that whoever does not know whether an
//! operation was done may just do it again.

#[cfg(test)]
pub(crate) mod conformance;
mod error;
pub(crate) mod imports;
pub(crate) mod licences;
pub(crate) mod lists;
mod measured;
mod records;
mod redb;
mod redis;
mod spending;

use std::sync::Arc;

use async_trait::async_trait;
use glimpse_api::{LicenceEvent, Policy, Stage};
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::request::Request;
use glimpse_circuits::schema::SchemaDigest;

use crate::config::{ConfigError, StoreConfig};
use crate::ids::{Fingerprint, Id, NodeId};

use self::imports::{ImportRecord, StoredImport};
use self::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, ListId, Place, Updated};
use self::lists::{ListHead, ListKeys, PublishedVersion};
pub(crate) use self::redb::RedbStore;
pub(crate) use self::redis::{OpenError, RedisStore};
pub(crate) use error::StoreError;
pub(crate) use measured::Measured;
pub(crate) use records::{
    Answer, Attempted, Closed, HolderRecord, IssuanceRecord, NewOffer, OpenOffer, Outcome, RecordedIssuance,
    StoredRequest,
};
pub(crate) use spending::{Buckets, Rate, Spent};

/// Where a service keeps things. Moments are seconds since 1970-01-01T00:00:00Z, by the clock of whoever calls.
#[async_trait]
pub(crate) trait Store: Send + Sync {
    /// Whether any issuer key was used with this store.
    async fn knows_an_issuer_key(&self) -> Result<bool, StoreError>;

    /// Remembers that an issuer key is used with this store, for ever.
    async fn remember_issuer_key(&self, key: &[u8; 32], now: u64) -> Result<(), StoreError>;

    /// Fails if nothing can be read, or nothing of this layout.
    async fn ready(&self) -> Result<(), StoreError>;

    /// The licence of this id.
    async fn licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError>;

    /// Makes all of these updates, or none if a licence is not what it was when it was looked at. New licences whose id is
    /// there already are left as they are.
    async fn update_licences(&self, updates: Vec<LicenceUpdate>) -> Result<Updated, StoreError>;

    /// Makes all of a holder's updates and forgets the link secret, or nothing if anything of it changed meanwhile.
    async fn update_holder(&self, update: HolderUpdate) -> Result<Updated, StoreError>;

    /// The licences of a holder, by the fingerprint of the authority's reference, in order of their ids.
    async fn licences_of(&self, holder: Fingerprint) -> Result<Vec<Id>, StoreError>;

    /// What happened to a licence, oldest first.
    async fn events(&self, id: Id) -> Result<Vec<LicenceEvent>, StoreError>;

    /// How many licences stand where. Places without any are left out.
    async fn catalogue(&self) -> Result<Vec<(Place, u64)>, StoreError>;

    /// Licences of a schema and stage in order of their ids, those after the one that is named.
    async fn catalogued(
        &self,
        schema: SchemaDigest,
        stage: Stage,
        after: Option<Id>,
        most: usize,
    ) -> Result<Vec<Id>, StoreError>;

    /// Announces an import, unless one of that name was announced. Says which one is announced.
    async fn announce_import(&self, name: &str, import: &ImportRecord) -> Result<ImportRecord, StoreError>;

    /// The import of this name.
    async fn import(&self, name: &str) -> Result<Option<StoredImport>, StoreError>;

    /// All imports by their names, in order.
    async fn imports(&self) -> Result<Vec<(String, StoredImport)>, StoreError>;

    /// Registers licences of an import, no two of the same id: all new ones or none. Those that are there already are
    /// left as they are, and not counted again.
    async fn register_imported(&self, name: &str, licences: Vec<LicenceUpdate>) -> Result<(), StoreError>;

    /// The keys that lists about credentials under an issuer key are published under, once that was settled.
    async fn list_keys(&self, issuer: [u8; 32]) -> Result<Option<ListKeys>, StoreError>;

    /// Settles under which keys lists about credentials under an issuer key are published, for ever, and says which ones
    /// these are: those that are given if there are none yet, or if there are with the manifest key that these replace.
    async fn settle_list_keys(
        &self,
        issuer: [u8; 32],
        keys: ListKeys,
        replaces: Option<DocumentKey>,
    ) -> Result<ListKeys, StoreError>;

    /// Which version of a list was begun last.
    async fn list_head(&self, list: ListId) -> Result<ListHead, StoreError>;

    /// Begins a version after the one that was seen begun last, with a greater number and at a later moment. False if another was begun meanwhile,
    /// or the moment is none: then nothing may be signed. A repetition is told so too, for who repeats it does not know
    /// whether somebody else began the version.
    async fn begin_version(
        &self,
        list: ListId,
        seen: u64,
        version: u64,
        issued_at: u64,
    ) -> Result<bool, StoreError>;

    /// The handles that versions of a list leave out, in rising order, from one on, at most so many.
    async fn withheld(&self, list: ListId, from: u32, most: usize) -> Result<Vec<u32>, StoreError>;

    /// Keeps a bucket of a version that was begun. Nobody reads it before the version is published.
    async fn keep_bucket(
        &self,
        list: ListId,
        version: u64,
        bucket: u32,
        bytes: Vec<u8>,
    ) -> Result<(), StoreError>;

    /// Publishes a version whose buckets are all kept, unless a later one was, and forgets the buckets of all before it but
    /// the one that was the newest.
    async fn publish_version(&self, list: ListId, version: PublishedVersion) -> Result<(), StoreError>;

    /// The newest version of a list.
    async fn published_version(&self, list: ListId) -> Result<Option<PublishedVersion>, StoreError>;

    /// A bucket of a published version.
    async fn bucket(&self, list: ListId, version: u64, bucket: u32) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps an offer for a licence, under the fingerprint of its code, until it expires, together with what that changes
    /// of the licence.
    async fn add_offer(&self, offer: NewOffer, update: LicenceUpdate) -> Result<Updated, StoreError>;

    /// An offer that has not expired, with what is known of its holder under an issuer key.
    async fn open_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError>;

    /// Uses up an offer: its answer, the handle and the holder's registration are kept together or not at all. Of any
    /// number of requests for one offer at most one is ever answered.
    async fn record_issuance(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError>;

    /// Keeps a relying party's policy, in the place of an earlier one of that name.
    async fn put_policy(&self, owner: &str, name: &str, policy: &Policy) -> Result<(), StoreError>;

    /// A relying party's policy of this name.
    async fn policy(&self, owner: &str, name: &str) -> Result<Option<Policy>, StoreError>;

    /// All policies of a relying party by their names, in order.
    async fn policies(&self, owner: &str) -> Result<Vec<(String, Policy)>, StoreError>;

    /// Keeps a relying party's request under a new id, to be forgotten with its outcome at a given moment.
    async fn add_request(
        &self,
        id: Id,
        owner: &str,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError>;

    /// The request of this id, with its outcome if it has one.
    async fn request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError>;

    /// Decides a request, unless it is decided or has expired. Of any number of attempts at most one ever decides it,
    /// and only a repetition of that one is told so again.
    async fn close_request(
        &self,
        id: Id,
        attempt: Fingerprint,
        outcome: &Outcome,
        now: u64,
    ) -> Result<Closed, StoreError>;

    /// Forgets at most `most` offers and as many requests, those that expired first; says how many it forgot. Nothing
    /// to do where what has expired goes by itself.
    async fn purge(&self, now: u64, most: usize) -> Result<usize, StoreError>;

    /// Says where other nodes reach this one, until a given moment.
    async fn announce_node(&self, node: NodeId, uri: &str, now: u64, until: u64) -> Result<(), StoreError>;

    /// Where a node is to be reached, if it said so and that has not run out.
    async fn node(&self, node: NodeId, now: u64) -> Result<Option<String>, StoreError>;

    /// Takes one from a bucket that fills again at a given rate, for all nodes together. By the store's own clock, and
    /// gone after a restart where nobody shares it.
    async fn spend(&self, bucket: Fingerprint, rate: Rate) -> Result<Spent, StoreError>;

    /// Whether other nodes may use it too.
    fn is_shared(&self) -> bool;

    /// Whether an operation is under way in this process.
    fn is_busy(&self) -> bool;
}

/// Whether a store could be this. Connects to nothing.
pub(crate) fn check_store(config: &StoreConfig) -> Result<(), ConfigError> {
    match config {
        StoreConfig::Embedded => Ok(()),
        StoreConfig::Redis(redis) => RedisStore::check(redis),
    }
}

/// A store that handlers hold together.
pub(crate) type SharedStore = Arc<dyn Store>;
