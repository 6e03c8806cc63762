//! Values that are wiped when they go and never printed.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// What opens a wallet. Normalised to Unicode form C, so that every keyboard spells it the same; wiped on drop.
#[derive(Clone)]
pub struct Passphrase(Zeroizing<String>);

impl Passphrase {
    /// Takes a passphrase. The caller wipes its own copy.
    pub fn new(text: &str) -> Self {
        // Composition never makes a text longer than three times its size: nothing is reallocated, nothing left behind.
        let mut normal = Zeroizing::new(String::with_capacity(3 * text.len()));
        normal.extend(text.nfc());
        Self(normal)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

impl fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passphrase(..)")
    }
}

/// Secret bytes inside the wallet's contents; base64url there.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretBytes(pub(crate) Zeroizing<Vec<u8>>);

impl SecretBytes {
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(bytes.to_vec()))
    }
}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({})", self.0.len())
    }
}

impl Serialize for SecretBytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&Zeroizing::new(URL_SAFE_NO_PAD.encode(&*self.0)))
    }
}

impl<'de> Deserialize<'de> for SecretBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Borrowed: base64url has nothing to unescape.
        let text = <&'de str>::deserialize(deserializer)?;
        let decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| serde::de::Error::custom("not base64url"))?;
        Ok(Self(Zeroizing::new(decoded)))
    }
}

/// A secret text inside the wallet's contents.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct SecretText(pub(crate) Zeroizing<String>);

impl SecretText {
    pub(crate) fn of(text: &str) -> Self {
        Self(Zeroizing::new(text.to_owned()))
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl Serialize for SecretText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

#[cfg(test)]
mod tests {
    use glimpse_circuits::text::Text;

    use super::*;
    use crate::wallet::SecretWords;

    #[test]
    fn nothing_prints_and_spelling_does_not_matter() {
        assert_eq!(format!("{:?}", Passphrase::new("geheim")), "Passphrase(..)");
        assert_eq!(format!("{:?}", SecretBytes::of(b"geheim")), "SecretBytes(6)");
        assert_eq!(format!("{:?}", SecretText::of("geheim")), "SecretText(..)");
        let words = SecretWords::new(Text { zh_cn: "geheim".into(), en: "geheim".into() });
        assert_eq!(format!("{words:?}"), "SecretWords(..)");
        assert_eq!(Passphrase::new("cafe\u{301}").as_bytes(), Passphrase::new("caf\u{e9}").as_bytes());
        let json = serde_json::to_string(&SecretBytes::of(&[0xff, 0xef])).unwrap();
        assert_eq!(json, "\"_-8\"");
        assert_eq!(serde_json::from_str::<SecretBytes>(&json).unwrap(), SecretBytes::of(&[0xff, 0xef]));
    }
}
