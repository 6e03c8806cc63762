//! Revocation lists as they are kept.

use glimpse_circuits::decimal;
use glimpse_circuits::key::DocumentKey;
use serde::{Deserialize, Serialize};

/// The public keys that lists are published under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListKeys {
    /// W, under which intervals are.
    pub(crate) revocation: [u8; 32],
    /// What manifests are signed with.
    pub(crate) manifest: DocumentKey,
}

impl ListKeys {
    /// Both, one after the other.
    pub(super) fn to_bytes(self) -> [u8; 64] {
        let mut bytes = [0; 64];
        bytes[..32].copy_from_slice(&self.revocation);
        bytes[32..].copy_from_slice(&self.manifest.0);
        bytes
    }

    /// The other way round.
    pub(super) fn from_bytes(bytes: &[u8; 64]) -> Self {
        let half = |at: usize| std::array::from_fn(|i| bytes[at + i]);
        Self { revocation: half(0), manifest: DocumentKey(half(32)) }
    }

    /// The same with another manifest key.
    pub(super) fn with_manifest(self, manifest: DocumentKey) -> Self {
        Self { manifest, ..self }
    }
}

/// Which version of a list was begun last, and which can be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ListHead {
    /// The last version that was begun, published or not; 0 if there was none. Its moment is never given to another.
    #[serde(with = "decimal")]
    pub(crate) version: u64,
    /// Its moment, in seconds since 1970-01-01T00:00:00Z.
    #[serde(with = "decimal")]
    pub(crate) issued_at: u64,
    /// The newest version that can be read; 0 if there is none.
    #[serde(with = "decimal")]
    pub(crate) published: u64,
}

/// A version that is ready to be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PublishedVersion {
    /// Its number.
    #[serde(with = "decimal")]
    pub(crate) version: u64,
    /// Its moment.
    #[serde(with = "decimal")]
    pub(crate) issued_at: u64,
    /// When the next one is due at the latest.
    #[serde(with = "decimal")]
    pub(crate) next: u64,
    /// How many handles it leaves out.
    #[serde(with = "decimal")]
    pub(crate) left_out: u64,
    /// The signed manifest, as it goes out.
    pub(crate) manifest: String,
}
