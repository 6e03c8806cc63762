//! The references this service gives out: random, and known only to those who were given them.

use std::borrow::Cow;
use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use glimpse_circuits::opaque_debug;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// `N` random bytes of the system.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0u8; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}

/// A reference of 16 random bytes, written as 32 lower-case hexadecimal digits. Not printed by `Debug`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Id(pub(crate) [u8; 16]);

impl Id {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random())
    }

    /// Reads its one spelling.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 16];
        let lower = !text.bytes().any(|b| b.is_ascii_uppercase());
        (lower && hex::decode_to_slice(text, &mut bytes).is_ok()).then_some(Self(bytes))
    }

    /// Its one spelling.
    pub(crate) fn text(&self) -> String {
        hex::encode(self.0)
    }
}

impl Serialize for Id {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text())
    }
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom("expected 32 lower-case hexadecimal digits"))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Id(..)")
    }
}

/// One run of the service: 8 random bytes, drawn at its start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeId(pub(crate) [u8; 8]);

impl NodeId {
    /// A new one.
    pub(crate) fn random() -> Self {
        Self(random())
    }
}

/// A token exchange and the node that holds it, written as 48 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct ExchangeName {
    pub(crate) node: NodeId,
    pub(crate) id: Id,
}

opaque_debug!(ExchangeName);

impl ExchangeName {
    /// Reads its one spelling.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (node, id) = text.split_at_checked(16)?;
        let mut bytes = [0u8; 8];
        let lower = !node.bytes().any(|b| b.is_ascii_uppercase());
        (lower && hex::decode_to_slice(node, &mut bytes).is_ok()).then_some(())?;
        Some(Self { node: NodeId(bytes), id: Id::parse(id)? })
    }

    /// Its one spelling.
    pub(crate) fn text(&self) -> String {
        hex::encode(self.node.0) + &self.id.text()
    }
}

/// A fresh offer code: 32 random bytes in base64url.
pub(crate) fn offer_code() -> String {
    URL_SAFE_NO_PAD.encode(*Zeroizing::new(random::<32>()))
}

/// What is kept of a secret text or of bytes that are only to be recognised again: their SHA-256.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Fingerprint(pub(crate) [u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl Fingerprint {
    /// Of several byte strings, told apart by their lengths.
    pub(crate) fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fingerprint(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling() {
        let id = Id::random();
        assert_eq!(Id::parse(&id.text()), Some(id));
        for bad in ["", "00", &id.text().to_uppercase().replace('0', "A"), &format!("{}0", id.text())] {
            assert_eq!(Id::parse(bad), None, "{bad}");
        }
        let exchange = ExchangeName { node: NodeId::random(), id };
        assert_eq!(ExchangeName::parse(&exchange.text()), Some(exchange));
        let text = exchange.text();
        for bad in ["", "é", &text[1..], &text[..47], &format!("{text}0"), &format!("A{}", &text[1..])] {
            assert_eq!(ExchangeName::parse(bad), None, "{bad}");
        }
        assert_eq!(offer_code().len(), 43);
        assert_ne!(offer_code(), offer_code());
    }

    #[test]
    fn what_names_something_does_not_print() {
        let id = Id([7; 16]);
        assert_eq!(format!("{id:?}"), "Id(..)");
        assert_eq!(format!("{:?}", ExchangeName { node: NodeId([7; 8]), id }), "ExchangeName(..)");
        assert_eq!(format!("{:?}", Fingerprint::of(b"a key")), "Fingerprint(..)");
    }
}
