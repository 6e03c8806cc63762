//! What a wallet's file holds.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::Arc;

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey};
use glimpse_circuits::lacks;
use glimpse_circuits::request::Nonce;
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_prover::{Credential, Interval, LinkSecret, PendingIssuance};
use glimpse_trust::{SeenManifest, TrustList};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::file::FileError;
use crate::ledger::LedgerEntry;
use crate::secret::{SecretBytes, SecretText};

/// Everything. Saved as a whole.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contents {
    /// How often it was saved.
    #[serde(with = "decimal")]
    pub(crate) saves: u64,
    pub(crate) link_secret: SecretBytes,
    /// Pinned issuers by address.
    pub(crate) issuers: BTreeMap<String, Pin>,
    /// The schemas of pins and credentials.
    pub(crate) schemas: Vec<Schema>,
    pub(crate) credentials: Vec<StoredCredential>,
    pub(crate) pending: Vec<PendingOffer>,
    pub(crate) ledger: Vec<LedgerEntry>,
    /// The signed list of issuers that the wallet goes by, if it goes by one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) trust: Option<StoredTrust>,
}

/// The list of issuers that was last taken.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredTrust {
    pub(crate) list: TrustList,
    /// Where newer ones are fetched; none if they are handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<String>,
    /// When the newest one was last looked at.
    #[serde(with = "decimal")]
    pub(crate) checked_at: u64,
}

/// What was published at an address when it was pinned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    #[serde(with = "decimal")]
    pub(crate) pinned_at: u64,
    pub(crate) issuers: Vec<Issuer>,
    pub(crate) schemas: Vec<SchemaDigest>,
    /// The keys that manifests of its revocation lists are signed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) manifest_keys: Vec<DocumentKey>,
    /// When versions of its revocation lists come, if that was settled.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub(crate) schedule: Option<Schedule>,
}

/// A credential with its unspent tokens. A token is here until it is spent, and never again.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredCredential {
    pub(crate) id: String,
    pub(crate) issuer_uri: String,
    /// As it was called when the credential was obtained.
    pub(crate) issuer: Issuer,
    pub(crate) schema: SchemaDigest,
    #[serde(with = "decimal")]
    pub(crate) obtained_at: u64,
    pub(crate) bytes: SecretBytes,
    pub(crate) tokens: Vec<SecretBytes>,
    /// None before its revocation list was fetched for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) list: Option<StoredList>,
}

/// The newest version of a credential's revocation list that was fetched, and what it says of the credential.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StoredList {
    pub(crate) manifest: SeenManifest,
    pub(crate) says: ListSays,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum ListSays {
    /// Neither revoked nor suspended.
    Good {
        /// See `Interval::to_bytes`.
        interval: SecretBytes,
        /// The interval's unspent tokens: like the credential's, each is here until it is spent, and never again.
        tokens: Vec<SecretBytes>,
    },
    /// Revoked or suspended.
    Out {
        /// When the first version that says so was issued, of those that this wallet fetched one after the other.
        #[serde(with = "decimal")]
        since: u64,
    },
}

/// An issuance that was asked for, and not answered yet.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PendingOffer {
    pub(crate) id: String,
    pub(crate) issuer_uri: String,
    pub(crate) code: SecretText,
    pub(crate) key: IssuerPublicKey,
    pub(crate) schema: SchemaDigest,
    pub(crate) nonce: Nonce,
    #[serde(with = "decimal")]
    pub(crate) expires_at: u64,
    /// See `PendingIssuance::to_bytes`; none without a holder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) issuance: Option<SecretBytes>,
}

lacks!(StoredCredential: fmt::Debug);
lacks!(PendingOffer: fmt::Debug);
lacks!(ListSays: fmt::Debug);

impl StoredCredential {
    /// Unspent tokens of its interval.
    pub(crate) fn list_tokens(&self) -> &[SecretBytes] {
        match &self.list {
            Some(StoredList { says: ListSays::Good { tokens, .. }, .. }) => tokens,
            _ => &[],
        }
    }

    /// The same, to add some or to take some away. None without an interval.
    pub(crate) fn list_tokens_mut(&mut self) -> Option<&mut Vec<SecretBytes>> {
        match &mut self.list {
            Some(StoredList { says: ListSays::Good { tokens, .. }, .. }) => Some(tokens),
            _ => None,
        }
    }
}

impl StoredList {
    /// The credential's interval. None if it is revoked or suspended.
    pub(crate) fn interval(&self) -> Result<Option<Interval>, FileError> {
        match &self.says {
            ListSays::Out { .. } => Ok(None),
            ListSays::Good { interval, .. } => Interval::from_bytes(self.manifest.scope(), &interval.0)
                .map(Some)
                .map_err(|_| FileError::Damaged),
        }
    }
}

impl Contents {
    pub(crate) fn new(secret: &LinkSecret) -> Self {
        Self {
            saves: 0,
            link_secret: SecretBytes::of(&*secret.to_bytes()),
            issuers: BTreeMap::new(),
            schemas: Vec::new(),
            credentials: Vec::new(),
            pending: Vec::new(),
            ledger: Vec::new(),
            trust: None,
        }
    }

    /// Reads decrypted contents. They were authenticated: a failure means that another program wrote them.
    pub(crate) fn from_json(json: &[u8]) -> Result<Self, FileError> {
        serde_json::from_slice(json).map_err(|_| FileError::Damaged)
    }

    /// JSON in a buffer of exactly the right size with room for a tag: growing ones would leave copies behind.
    pub(crate) fn to_json(&self) -> Result<Zeroizing<Vec<u8>>, FileError> {
        let mut count = Counter(0);
        serde_json::to_writer(&mut count, self).map_err(|_| FileError::TooLarge)?;
        let mut json = Zeroizing::new(Vec::with_capacity(count.0 + 16));
        serde_json::to_writer(&mut *json, self).map_err(|_| FileError::TooLarge)?;
        Ok(json)
    }

    pub(crate) fn link_secret(&self) -> Result<LinkSecret, FileError> {
        let bytes: &[u8; 32] = self.link_secret.0.as_slice().try_into().map_err(|_| FileError::Damaged)?;
        LinkSecret::from_bytes(bytes).ok_or(FileError::Damaged)
    }

    pub(crate) fn schema(&self, digest: &SchemaDigest) -> Option<&Schema> {
        self.schemas.iter().find(|schema| schema.digest() == *digest)
    }

    /// Adds schemas, and drops those that neither a pin nor a credential nor a pending issuance needs.
    pub(crate) fn keep_schemas(&mut self, more: &[Schema]) {
        for schema in more {
            if self.schema(&schema.digest()).is_none() {
                self.schemas.push(schema.clone());
            }
        }
        let needed: Vec<SchemaDigest> = (self.issuers.values().flat_map(|pin| pin.schemas.iter().copied()))
            .chain(self.credentials.iter().map(|credential| credential.schema))
            .chain(self.pending.iter().map(|pending| pending.schema))
            .collect();
        self.schemas.retain(|schema| needed.contains(&schema.digest()));
    }

    pub(crate) fn stored(&self, id: &str) -> Option<&StoredCredential> {
        self.credentials.iter().find(|credential| credential.id == id)
    }

    pub(crate) fn stored_mut(&mut self, id: &str) -> Option<&mut StoredCredential> {
        self.credentials.iter_mut().find(|credential| credential.id == id)
    }

    /// The credential itself, checked anew.
    pub(crate) fn credential(&self, stored: &StoredCredential) -> Result<Credential, FileError> {
        let schema = self.schema(&stored.schema).ok_or(FileError::Damaged)?;
        let secret = self.link_secret()?;
        Credential::from_bytes(Arc::new(schema.clone()), stored.issuer.key, &secret, &stored.bytes.0)
            .map_err(|_| FileError::Damaged)
    }

    /// The last manifest that was seen of the list that a credential is in, whichever credential it was fetched for.
    pub(crate) fn last_manifest(&self, stored: &StoredCredential) -> Option<&SeenManifest> {
        let lists = self.credentials.iter().filter_map(|credential| credential.list.as_ref());
        lists
            .map(|list| &list.manifest)
            .filter(|seen| seen.issuer == stored.issuer.key && seen.schema == stored.schema)
            .max_by_key(|seen| seen.version)
    }

    /// A short id that no credential and no pending issuance has.
    pub(crate) fn fresh_id(&self, rng: &mut impl rand_core::RngCore) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
        loop {
            let mut bits = rng.next_u32();
            let mut id = String::with_capacity(6);
            for _ in 0..6 {
                id.push(char::from(ALPHABET[(bits % 32) as usize]));
                bits /= 32;
            }
            let taken = self
                .credentials
                .iter()
                .map(|c| &c.id)
                .chain(self.pending.iter().map(|p| &p.id))
                .any(|t| *t == id);
            if !taken {
                return id;
            }
        }
    }
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Contents(saved {} times)", self.saves)
    }
}

impl PendingOffer {
    pub(crate) fn issuance(&self) -> Result<Option<PendingIssuance>, FileError> {
        let read =
            |bytes: &SecretBytes| PendingIssuance::from_bytes(&bytes.0).map_err(|_| FileError::Damaged);
        self.issuance.as_ref().map(read).transpose()
    }
}

struct Counter(usize);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As it was written before there were revocation lists: it is read, and written as it was, as long as there are none.
    #[test]
    fn contents_without_lists_are_what_they_were() {
        let key = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
        let schema = "07".repeat(32);
        let issuer = format!(
            r#"{{"id":"i","name":{{"zh-CN":"名","en":"name"}},"key":"{key}","schemas":["{schema}"]}}"#
        );
        let json = format!(
            concat!(
                r#"{{"saves":"7","link_secret":"AAAA","issuers":{{"https://issuer.example":{{"pinned_at":"5","#,
                r#""issuers":[{issuer}],"schemas":["{schema}"]}}}},"schemas":[],"credentials":[{{"id":"abc","#,
                r#""issuer_uri":"https://issuer.example","issuer":{issuer},"schema":"{schema}","obtained_at":"6","#,
                r#""bytes":"AAAA","tokens":["AAAA"]}}],"pending":[],"ledger":[]}}"#
            ),
            issuer = issuer,
            schema = schema
        );
        let contents = Contents::from_json(json.as_bytes()).unwrap();
        assert!(contents.credentials[0].list.is_none() && contents.credentials[0].list_tokens().is_empty());
        assert!(contents.issuers["https://issuer.example"].manifest_keys.is_empty());
        assert!(contents.trust.is_none());
        assert_eq!(std::str::from_utf8(&contents.to_json().unwrap()).unwrap(), json);

        // With a list of issuers there is one member more, and what is no list is no wallet.
        let root = "11".repeat(32);
        let list = format!(
            concat!(
                r#"{{"version":"3","name":{{"zh-CN":"名","en":"name"}},"issued_at":"8","expires_at":"9","#,
                r#""roots":{{"keys":["{root}"],"threshold":"1"}},"issuers":[]}}"#
            ),
            root = root
        );
        let with = |trust: &str| format!(r#"{},"trust":{trust}}}"#, json.strip_suffix('}').unwrap());
        for rest in [r#""checked_at":"8""#, r#""source":"https://a.example/list","checked_at":"8""#] {
            let json = with(&format!(r#"{{"list":{list},{rest}}}"#));
            let contents = Contents::from_json(json.as_bytes()).unwrap();
            assert_eq!(contents.trust.as_ref().unwrap().list.document().version, 3);
            assert_eq!(std::str::from_utf8(&contents.to_json().unwrap()).unwrap(), json);
        }
        let broken = with(&format!(r#"{{"list":{},"checked_at":"8"}}"#, list.replace(r#""9""#, r#""8""#)));
        assert!(Contents::from_json(broken.as_bytes()).is_err());
    }

    /// Neither secrets nor who issued what to whom: a derived `Debug` would show the address at least.
    #[test]
    fn contents_do_not_print() {
        let json = concat!(
            r#"{"saves":"7","link_secret":"AAAA","issuers":{"https://issuer.example":{"pinned_at":"5","#,
            r#""issuers":[],"schemas":[]}},"schemas":[],"credentials":[],"pending":[],"ledger":[]}"#
        );
        let contents = Contents::from_json(json.as_bytes()).unwrap();
        assert_eq!(contents.issuers.len(), 1);
        for printed in [format!("{contents:?}"), format!("{contents:#?}")] {
            assert_eq!(printed, "Contents(saved 7 times)");
        }
    }
}
