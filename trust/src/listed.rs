//! The documents that lists of issuers are, and what they must keep to by themselves.

use std::collections::BTreeSet;

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::{Text, is_printable};
use serde::{Deserialize, Serialize};

use crate::envelope::{Envelope, EnvelopeError};
use crate::list::TrustError;

/// The kind of document that a list is.
pub const KIND: &str = "application/vnd.glimpse.trust-list.v1+json";
/// Most issuers of a list.
pub const MAX_ISSUERS: usize = 4096;
/// Most keys of one issuer: the current one, the one before, the next one, for each of several offices.
pub const MAX_KEYS: usize = 16;
/// Most roots.
pub const MAX_ROOTS: usize = 16;

/// Who signs lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roots {
    /// The keys, each once.
    pub keys: Vec<DocumentKey>,
    /// So many of them have to sign.
    #[serde(with = "decimal")]
    pub threshold: u8,
}

impl Roots {
    /// A single root.
    pub fn one(key: DocumentKey) -> Self {
        Self { keys: vec![key], threshold: 1 }
    }

    /// The member that is not as it must be, if there is one.
    pub fn wrong_member(&self) -> Option<&'static str> {
        let Self { keys, threshold } = self;
        if keys.is_empty() || keys.len() > MAX_ROOTS || distinct(keys) != keys.len() {
            return Some("keys");
        }
        (*threshold == 0 || usize::from(*threshold) > keys.len()).then_some("threshold")
    }

    /// Whether these are the same roots, in whatever order.
    pub fn same_as(&self, other: &Self) -> bool {
        let set = |roots: &Self| roots.keys.iter().copied().collect::<BTreeSet<_>>();
        self.threshold == other.threshold && set(self) == set(other)
    }

    /// Whether enough of them have signed a list.
    pub(crate) fn have_signed(&self, envelope: &Envelope) -> Result<bool, EnvelopeError> {
        Ok(envelope.signers(KIND, &self.keys)?.len() >= usize::from(self.threshold))
    }
}

/// From one second to another, in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Validity {
    /// The first second.
    #[serde(with = "decimal")]
    pub from: u64,
    /// The first second in which it is over.
    #[serde(with = "decimal")]
    pub until: u64,
}

impl Validity {
    /// Whether a moment lies in it.
    pub fn holds(&self, moment: u64) -> bool {
        (self.from..self.until).contains(&moment)
    }
}

/// What is needed to check an issuer's revocation lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedRevocation {
    /// W: the key that intervals are under.
    pub key: IssuerPublicKey,
    /// The keys that manifests are signed with.
    pub manifests: Vec<DocumentKey>,
    /// When versions come; at any moment if absent, so that the issuer could make one for a single holder.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Schedule>,
}

/// A key of a listed issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedKey {
    /// The key that its credentials are under.
    pub key: IssuerPublicKey,
    /// When credentials under it are accepted.
    pub accepted: Validity,
    /// The schemas it may issue under that key.
    pub schemas: Vec<SchemaDigest>,
    /// Its revocation lists, if it has such.
    #[serde(default, deserialize_with = "json::present", skip_serializing_if = "Option::is_none")]
    pub revocation: Option<ListedRevocation>,
}

/// An issuer of the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListedIssuer {
    /// Its unified social credit code (GB 32100).
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// Where it issues: codes of GB/T 2260.
    pub regions: Vec<String>,
    /// Where wallets find it.
    pub uri: String,
    /// Its keys.
    pub keys: Vec<ListedKey>,
}

impl ListedIssuer {
    /// The issuer as wallets and verifiers know it, under one of its keys.
    pub fn with_key(&self, key: &ListedKey) -> Issuer {
        Issuer {
            id: self.id.clone(),
            name: self.name.clone(),
            key: key.key,
            schemas: key.schemas.clone(),
            revocation: key.revocation.as_ref().map(|revocation| revocation.key),
        }
    }
}

/// The members of a list as they stand in its JSON form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrustListDocument {
    /// Counts up from version to version, from 1.
    #[serde(with = "decimal")]
    pub version: u64,
    /// What people call the domain of recognition.
    pub name: Text,
    /// When it was issued: seconds since 1970-01-01T00:00:00Z.
    #[serde(with = "decimal")]
    pub issued_at: u64,
    /// The first second in which it is no longer good: a newer one must have been fetched.
    #[serde(with = "decimal")]
    pub expires_at: u64,
    /// Who signs the next list, and this one.
    pub roots: Roots,
    /// The issuers.
    pub issuers: Vec<ListedIssuer>,
}

/// Whether a text is a code of GB/T 2260 by its form: six digits.
pub fn is_region(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

/// Refuses a document that contradicts itself or is out of its limits.
pub(crate) fn check(document: &TrustListDocument) -> Result<(), TrustError> {
    let wrong = |member: String| Err(TrustError::Member(member));
    if document.version == 0 {
        return wrong("version".into());
    }
    if !document.name.is_printable(120) {
        return wrong("name".into());
    }
    if document.expires_at <= document.issued_at {
        return wrong("expires_at".into());
    }
    if let Some(member) = document.roots.wrong_member() {
        return wrong(format!("roots.{member}"));
    }
    if document.issuers.len() > MAX_ISSUERS
        || distinct(document.issuers.iter().map(|it| &it.id)) != document.issuers.len()
    {
        return wrong("issuers".into());
    }
    // No key serves two purposes, or two issuers: whoever has one could speak for the other.
    let mut used: BTreeSet<[u8; 32]> = BTreeSet::new();
    for (i, issuer) in document.issuers.iter().enumerate() {
        let at = |member: &str| format!("issuers[{i}].{member}");
        if !is_printable(&issuer.id, 64) {
            return wrong(at("id"));
        }
        if !issuer.name.is_printable(120) {
            return wrong(at("name"));
        }
        if issuer.regions.is_empty() || !issuer.regions.iter().all(|code| is_region(code)) {
            return wrong(at("regions"));
        }
        if !is_printable(&issuer.uri, 1024) {
            return wrong(at("uri"));
        }
        if issuer.keys.is_empty() || issuer.keys.len() > MAX_KEYS {
            return wrong(at("keys"));
        }
        for (k, key) in issuer.keys.iter().enumerate() {
            let at = |member: &str| format!("issuers[{i}].keys[{k}].{member}");
            if !used.insert(key.key.encoded().0) {
                return wrong(at("key"));
            }
            if key.accepted.until <= key.accepted.from {
                return wrong(at("accepted"));
            }
            if key.schemas.is_empty() || distinct(&key.schemas) != key.schemas.len() {
                return wrong(at("schemas"));
            }
            if let Some(revocation) = &key.revocation {
                if !used.insert(revocation.key.encoded().0) {
                    return wrong(at("revocation.key"));
                }
                let is_root = |key: &DocumentKey| document.roots.keys.contains(key);
                if revocation.manifests.is_empty()
                    || revocation.manifests.len() > MAX_KEYS
                    || revocation.manifests.iter().any(is_root)
                {
                    return wrong(at("revocation.manifests"));
                }
            }
        }
    }
    Ok(())
}

fn distinct<T: Ord>(items: impl IntoIterator<Item = T>) -> usize {
    items.into_iter().collect::<BTreeSet<T>>().len()
}
