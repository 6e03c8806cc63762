//! The tables, each with its key, its value and how long an entry lives.

use redb::TableDefinition;

/// `version` → version of this layout. For ever.
pub(super) const META: TableDefinition<&str, u64> = TableDefinition::new("meta");

/// Issuer key → second of its first use here. For ever: a key file that is gone is not replaced in silence.
pub(super) const ISSUER_KEYS: TableDefinition<&[u8; 32], u64> = TableDefinition::new("issuer_keys");

/// Licence id → `LicenceRecord` in JSON, attribute values included. For ever.
pub(super) const LICENCES: TableDefinition<&[u8; 16], &[u8]> = TableDefinition::new("licences");

/// SHA-256 of an offer's code → `OfferRecord` in JSON, with the answer once it was used. Until the offer expires.
pub(super) const OFFERS: TableDefinition<&[u8; 32], &[u8]> = TableDefinition::new("offers");

/// (Second in which it expires, key in `OFFERS`) → nothing. As long as the offer.
pub(super) const OFFER_EXPIRIES: TableDefinition<(u64, &[u8; 32]), ()> =
    TableDefinition::new("offer_expiries");

/// (Issuer key, revocation handle) → licence id. For ever: no handle is given out twice under one key.
pub(super) const HANDLES: TableDefinition<(&[u8; 32], u32), &[u8; 16]> = TableDefinition::new("handles");

/// (Issuer key, SHA-256 of the holder's reference) → N_reg. For ever: one holder, one link secret.
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
