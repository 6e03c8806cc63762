//! The tables, each with its key, its value and how long an entry lives.

use redb::TableDefinition;

/// `version` → version of this layout. For ever.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Issuer key → second of its first use here. For ever: a key file that is gone is not replaced in silence.
pub(super) const ISSUER_KEYS: TableDefinition<&[u8; 32], u64> = TableDefinition::new("issuer_keys");

/// Licence id → `LicenceRecord` in JSON, attribute values included. For ever; replaced when it changes.
pub(super) const LICENCES: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("licences");

/// (Licence id, revision that it led to) → `LicenceEvent` in JSON, without attribute values. For ever.
pub(super) const EVENTS: TableDefinition<(&[u8; 16], u64), &[u8]> = TableDefinition::new("events");

/// (SHA-256 of a holder's reference, licence id) → nothing. For ever.
pub(super) const HOLDERS: TableDefinition<(&[u8; 32], &[u8; 16]), ()> = TableDefinition::new("holders");

/// (Schema, stage, licence id) → nothing. As long as the licence is there.
pub(super) const CATALOGUE: TableDefinition<(&[u8; 32], u8, &[u8; 16]), ()> =
    TableDefinition::new("catalogue");

/// (Schema, stage, version) → how many licences are there.
pub(super) const COUNTS: TableDefinition<(&[u8; 32], u8, u32), u64> = TableDefinition::new("counts");

/// Name of an import → `ImportRecord` in JSON. For ever.
pub(super) const IMPORTS: TableDefinition<&str, &[u8]> = TableDefinition::new("imports");

/// Name of an import → how many of its licences were registered. For ever.
pub(super) const IMPORTED: TableDefinition<&str, u64> = TableDefinition::new("imported");

/// (Issuer key, schema, revocation handle) → nothing. As long as versions of the list leave it out.
pub(super) const WITHHELD: TableDefinition<(&[u8; 32], &[u8; 32], u32), ()> =
    TableDefinition::new("withheld");

/// Issuer key → the public keys of its lists, that of intervals before that of manifests. For ever: no list goes on under
/// another key in silence.
pub(super) const LIST_KEYS: TableDefinition<&[u8; 32], &[u8; 64]> = TableDefinition::new("list_keys");

/// (Issuer key, schema) → `ListHead` in JSON. For ever: no moment is given to two versions.
pub(super) const LIST_HEADS: TableDefinition<(&[u8; 32], &[u8; 32]), &[u8]> =
    TableDefinition::new("list_heads");

/// (Issuer key, schema) → `PublishedVersion` in JSON. Until the next one.
pub(super) const LIST_VERSIONS: TableDefinition<(&[u8; 32], &[u8; 32]), &[u8]> =
    TableDefinition::new("list_versions");

/// Issuer key, schema, version, bucket.
type BucketKey = (&'static [u8; 32], &'static [u8; 32], u64, u32);

/// (Issuer key, schema, version, bucket) → its bytes. Until the version after the next.
pub(super) const LIST_BUCKETS: TableDefinition<BucketKey, &[u8]> = TableDefinition::new("list_buckets");

/// SHA-256 of an offer's code → `OfferRecord` in JSON, with the answer once it was used. Until the offer expires.
pub(super) const OFFERS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("offers");

/// (Second in which it expires, key in `OFFERS`) → nothing. As long as the offer.
pub(super) const OFFER_EXPIRIES: TableDefinition<(u64, &[u8; 32]), ()> =
    TableDefinition::new("offer_expiries");

/// (Issuer key, revocation handle) → licence id. For ever: no handle is given out twice under one key.
pub(super) const HANDLES: TableDefinition<(&[u8; 32], u32), &[u8; 16]> = TableDefinition::new("handles");

/// (Issuer key, SHA-256 of the holder's reference) → N_reg. Until the holder's wallet changes: one holder, one
/// link secret.
pub(super) const REGISTRATIONS: TableDefinition<(&[u8; 32], &[u8; 32]), &[u8; 32]> =
    TableDefinition::new("registrations");

/// (Relying party, policy name) → `Policy` in JSON. Until it is replaced.
pub(super) const POLICIES: TableDefinition<(&str, &str), &[u8]> = TableDefinition::new("policies");

/// Request id → `RequestRecord` in JSON. Until `REQUEST_EXPIRIES` says so.
pub(super) const REQUESTS: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("requests");

/// Request id → `Attempted` in JSON, disclosed values included, presentation not. Written once. As long as the request.
pub(super) const OUTCOMES: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("outcomes");

/// (Second in which request and outcome are forgotten, request id) → nothing. As long as the request.
pub(super) const REQUEST_EXPIRIES: TableDefinition<(u64, &[u8; 16]), ()> =
    TableDefinition::new("request_expiries");
