//! Bytes in JSON.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

/// Bytes, written as base64url without padding in its one spelling. Never printed by `Debug`: they may be secret.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Blob(pub Vec<u8>);

impl fmt::Debug for Blob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Blob({} bytes)", self.0.len())
    }
}

impl From<Vec<u8>> for Blob {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Blob {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl Serialize for Blob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // It may be a credential: what it passes through is wiped.
        serializer.serialize_str(&Zeroizing::new(URL_SAFE_NO_PAD.encode(&self.0)))
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        // The engine refuses padding and left-over bits, so there is one spelling.
        let decoded = URL_SAFE_NO_PAD.decode(text.as_bytes());
        decoded.map(Self).map_err(|_| serde::de::Error::custom("expected base64url without padding"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let read = |text: &str| serde_json::from_str::<Blob>(&format!("\"{text}\"")).ok().map(|blob| blob.0);
        assert_eq!(read("_-8"), Some(vec![0xff, 0xef]));
        for bad in ["_-8=", "_-9", "/+8", "_-8 ", "_"] {
            assert_eq!(read(bad), None, "{bad}");
        }
        assert_eq!(serde_json::to_string(&Blob(vec![0xff, 0xef])).unwrap(), "\"_-8\"");
        assert_eq!(format!("{:?}", Blob(vec![1, 2, 3])), "Blob(3 bytes)");
    }
}
