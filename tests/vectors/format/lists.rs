//! The section of revocation lists.

use serde::{Deserialize, Serialize};

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lists {
    pub(crate) domains: Vec<ListDomain>,
    pub(crate) valid: Vec<ValidBucket>,
    pub(crate) invalid: Vec<InvalidBucket>,
}

/// d of the intervals of one version.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListDomain {
    pub(crate) key: String,
    pub(crate) schema: String,
    pub(crate) issued_at: String,
    pub(crate) d: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ValidBucket {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) schema: String,
    pub(crate) issued_at: String,
    pub(crate) bounds: Bounds,
    pub(crate) bytes: String,
    pub(crate) intervals: Vec<OneInterval>,
}

/// The handles that a bucket is about.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Bounds {
    pub(crate) first: String,
    pub(crate) last: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OneInterval {
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) a: String,
    pub(crate) e: String,
    /// C.
    pub(crate) interval_point: String,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InvalidBucket {
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) schema: String,
    pub(crate) issued_at: String,
    pub(crate) bounds: Bounds,
    pub(crate) bytes: String,
    pub(crate) stage: String,
    pub(crate) reason: String,
}
