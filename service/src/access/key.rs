//! Bearer keys, of which only the hash stays here.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::ids::random;

/// What every key that is made here begins with, so that one that got lost is recognised as what it is.
const PREFIX: &str = "glk_";
/// Bytes of a key.
const LENGTH: usize = PREFIX.len() + 43;

/// A new key: `glk_` and 32 random bytes in base64url. Shown once, to whoever is to have it.
pub fn fresh_key() -> Zeroizing<String> {
    let bytes = Zeroizing::new(random::<32>());
    // With room for all of it: a text that grows would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LENGTH));
    text.push_str(PREFIX);
    URL_SAFE_NO_PAD.encode_string(*bytes, &mut text);
    text
}

/// What is known of a bearer key: its hash, and when it is good. Moments are seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, PartialEq, Eq)]
pub struct Key {
    /// SHA-256 of the key as it is sent.
    pub sha256: [u8; 32],
    /// What the operator calls it.
    pub label: Option<String>,
    /// First second in which it is good.
    pub not_before: Option<u64>,
    /// First second in which it is no longer good.
    pub not_after: Option<u64>,
}

impl Key {
    /// A key that is good at any time.
    pub fn of(key: &str) -> Self {
        let sha256 = Sha256::digest(key.as_bytes()).into();
        Self { sha256, label: None, not_before: None, not_after: None }
    }

    /// Whether it is good at a moment.
    pub(crate) fn is_good(&self, now: u64) -> bool {
        self.not_before.is_none_or(|first| first <= now) && self.not_after.is_none_or(|end| now < end)
    }
}

/// Without the hash.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (first, end) = (&self.not_before, &self.not_after);
        f.debug_struct("Key")
            .field("label", &self.label)
            .field("not_before", first)
            .field("not_after", end)
            .finish()
    }
}
