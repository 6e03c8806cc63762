//! Announced imports, as they are kept.

use glimpse_circuits::decimal;
use glimpse_circuits::schema::SchemaDigest;
use serde::{Deserialize, Serialize};

use crate::ids::{Fingerprint, Id};

/// Told apart from whatever else is hashed.
const LABEL: &[u8] = b"glimpse imported licence v1";

/// An import that was announced. Never changes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ImportRecord {
    /// The schema of all its licences.
    pub(crate) schema: SchemaDigest,
    /// How many rows its file has.
    #[serde(with = "decimal")]
    pub(crate) announced: u64,
    /// SHA-256 of the file, in hexadecimal.
    pub(crate) digest: String,
    /// Drawn when it was announced: references of its licences cannot be told from their rows.
    salt: Id,
}

impl ImportRecord {
    /// One that is announced now.
    pub(crate) fn new(schema: SchemaDigest, announced: u64, digest: String) -> Self {
        Self { schema, announced, digest, salt: Id::random() }
    }

    /// Whether the other one announces the same.
    pub(crate) fn is_of_the_same(&self, other: &Self) -> bool {
        (self.schema, self.announced, &self.digest) == (other.schema, other.announced, &other.digest)
    }

    /// The licence of a row: always the same, however often the row is sent.
    pub(crate) fn licence(&self, row: u64) -> Id {
        let Fingerprint(digest) = Fingerprint::of_parts(&[LABEL, &self.salt.0, row.to_string().as_bytes()]);
        let mut id = [0; 16];
        id.copy_from_slice(&digest[..16]);
        Id(id)
    }
}

/// An import, and how far it is.
pub(crate) struct StoredImport {
    /// What was announced.
    pub(crate) record: ImportRecord,
    /// How many of its licences were registered.
    pub(crate) registered: u64,
}
