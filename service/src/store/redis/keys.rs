//! The keys, each with its type, what is in it and how long it lives.
//!
//! All begin with a prefix. What stands in braces is what a cluster places a key by: all that an issuance changes stands
//! in one place, so that one script can change it all. Keys that expire do so a minute late: whether something has
//! expired is for the service's clock to say, and that of Redis may be a little ahead of it.

use glimpse_api::Stage;
use glimpse_circuits::schema::SchemaDigest;

use crate::ids::{Fingerprint, Id, NodeId};
use crate::store::licences::ListId;

/// Version of this layout. A store of another version is not used.
pub(super) const VERSION: u64 = 3;
/// Seconds for which a key outlives what it holds.
pub(super) const SLACK: u64 = 60;

/// Names keys.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    prefix: String,
}

impl Keys {
    /// Of keys that begin like this.
    pub(super) fn new(prefix: &str) -> Self {
        Self { prefix: prefix.to_owned() }
    }

    /// String: [`VERSION`] in decimal. For ever.
    pub(super) fn layout(&self) -> String {
        format!("{}:layout", self.prefix)
    }

    /// Hash: issuer key in hexadecimal → second of its first use here. For ever: a key file that is gone is not
    /// replaced in silence.
    pub(super) fn issuer_keys(&self) -> String {
        format!("{}:issuer-keys", self.prefix)
    }

    /// Hash: `record` (`LicenceRecord` in JSON, attribute values included), `revision` and `change` (of its standing). For
    /// ever.
    pub(super) fn licence(&self, id: Id) -> String {
        format!("{}:{{issuance}}:licence:{}", self.prefix, id.text())
    }

    /// List: what happened to a licence, `LicenceEvent` in JSON each, oldest first. For ever.
    pub(super) fn events(&self, id: Id) -> String {
        format!("{}:{{issuance}}:events:{}", self.prefix, id.text())
    }

    /// Set, under SHA-256 of a holder's reference: the ids of the holder's licences. For ever.
    pub(super) fn holder(&self, reference: Fingerprint) -> String {
        format!("{}:{{issuance}}:holder:{}", self.prefix, hex::encode(reference.0))
    }

    /// Sorted set for each schema and stage, all scores 0: the ids of the licences that stand there.
    pub(super) fn catalogued(&self, schema: &SchemaDigest, stage: Stage) -> String {
        format!("{}:{{issuance}}:catalogue:{schema}:{}", self.prefix, stage.name())
    }

    /// Hash: schema, stage and version with colons between them → how many licences stand there.
    pub(super) fn counts(&self) -> String {
        format!("{}:{{issuance}}:catalogue", self.prefix)
    }

    /// Hash: name of an import → `ImportRecord` in JSON. For ever.
    pub(super) fn imports(&self) -> String {
        format!("{}:{{issuance}}:imports", self.prefix)
    }

    /// Hash: name of an import → how many of its licences were registered. For ever.
    pub(super) fn imported(&self) -> String {
        format!("{}:{{issuance}}:imported", self.prefix)
    }

    /// Sorted set for each list: the revocation handles that its versions leave out, scored by themselves.
    pub(super) fn withheld(&self, list: &ListId) -> String {
        format!("{}:{{issuance}}:withheld:{}:{}", self.prefix, hex::encode(list.key), list.schema)
    }

    /// Hash: issuer key → the public keys of its lists, that of intervals before that of manifests, all in hexadecimal. For
    /// ever: no list goes on under another key in silence.
    pub(super) fn list_keys(&self) -> String {
        format!("{}:list-keys", self.prefix)
    }

    /// Hash for each list: `version`, `issued_at` and `published` (`ListHead`) and `record` (`PublishedVersion` in
    /// JSON). For ever.
    pub(super) fn list(&self, list: &ListId) -> String {
        format!("{}:list:{{{}:{}}}", self.prefix, hex::encode(list.key), list.schema)
    }

    /// Set for each list: the versions of which buckets are kept.
    pub(super) fn versions(&self, list: &ListId) -> String {
        format!("{}:versions", self.list(list))
    }

    /// Hash for each version of a list: bucket → its bytes. Until the version after the next.
    pub(super) fn buckets(&self, list: &ListId, version: u64) -> String {
        format!("{}:buckets:{version}", self.list(list))
    }

    /// Hash, under SHA-256 of the offer's code: `licence`, `wallet`, `nonce`, `expires_at`, and once it was used `request` (SHA-256
    /// of what asked for it) and `credential` (what that was answered with). Until the offer expires.
    pub(super) fn offer(&self, code: Fingerprint) -> String {
        format!("{}:{{issuance}}:offer:{}", self.prefix, hex::encode(code.0))
    }

    /// Hash for each issuer key: revocation handle → licence id. For ever: no handle is given out twice under one key.
    pub(super) fn handles(&self, key: &[u8; 32]) -> String {
        format!("{}:{{issuance}}:handles:{}", self.prefix, hex::encode(key))
    }

    /// Hash for each issuer key: SHA-256 of the holder's reference → N_reg, both in hexadecimal. Until the
    /// holder's wallet changes: one holder, one link secret.
    pub(super) fn registrations(&self, key: &[u8; 32]) -> String {
        format!("{}:{{issuance}}:registrations:{}", self.prefix, hex::encode(key))
    }

    /// Hash for each relying party: policy name → `Policy` in JSON. Until it is replaced.
    pub(super) fn policies(&self, owner: &str) -> String {
        format!("{}:policies:{{{owner}}}", self.prefix)
    }

    /// Hash: `record` (`RequestRecord` in JSON), `expires_at`, and once it was decided `attempt` (its fingerprint) and
    /// `outcome` (`Outcome` in JSON, disclosed values included, presentation not), which are written once. Until request
    /// and outcome are to be forgotten.
    pub(super) fn request(&self, id: Id) -> String {
        format!("{}:request:{{{}}}", self.prefix, id.text())
    }

    /// String: the second until which a node is there, a space, and where it is reached. Until then.
    pub(super) fn node(&self, node: NodeId) -> String {
        format!("{}:node:{{{}}}", self.prefix, hex::encode(node.0))
    }

    /// String: the microsecond of Redis' clock at which a bucket will be full again. Until then.
    pub(super) fn bucket(&self, bucket: Fingerprint) -> String {
        format!("{}:bucket:{{{}}}", self.prefix, hex::encode(bucket.0))
    }

    /// String without a meaning, written so that there is something to wait for until replicas have it. A minute.
    pub(super) fn barrier(&self) -> String {
        format!("{}:barrier", self.prefix)
    }
}
