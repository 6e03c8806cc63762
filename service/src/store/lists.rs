//! Revocation lists as they are kept.

use glimpse_circuits::decimal;
use serde::{Deserialize, Serialize};

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
