//! The list of issuers that a domain of recognition trusts (互通互认): who issues which licences, under which keys, from
//! when to when.
//!
//! Whoever relies on it keeps one root key, or a few, and the last list seen. A new list is taken only if enough of the
//! roots *of the last list* have signed it, and enough of its own; so roots can be exchanged without anybody being asked,
//! and a root that was dropped cannot come back (as The Update Framework does it, specification 1.0.33, section 5.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use glimpse_circuits::decimal;
use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_circuits::text::{Text, is_printable};
use serde::{Deserialize, Serialize};

use crate::envelope::{Envelope, EnvelopeError};

/// The kind of document that a list is.
pub const KIND: &str = "application/vnd.glimpse.trust-list.v1+json";
/// Most issuers of a list.
pub const MAX_ISSUERS: usize = 4096;
/// Most keys of one issuer: the current one, the one before, the next one, for each of several offices.
pub const MAX_KEYS: usize = 16;
/// Most roots.
pub const MAX_ROOTS: usize = 16;
/// Seconds by which the clock that a list is signed by may be ahead: it may be that of a machine without a network.
pub const CLOCK_SKEW_SECONDS: u64 = 3600;

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
    fn have_signed(&self, envelope: &Envelope) -> Result<bool, EnvelopeError> {
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

/// A list that does not contradict itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "TrustListDocument", into = "TrustListDocument")]
pub struct TrustList(TrustListDocument);

impl TrustList {
    /// Takes the first list that is seen, signed by the roots that were pinned beforehand, at a moment in seconds since
    /// 1970-01-01T00:00:00Z.
    pub fn first(envelope: &Envelope, pinned: &Roots, now: u64) -> Result<Self, TrustError> {
        let list = Self::read(envelope, pinned)?;
        list.expect_now(now)?;
        Ok(list)
    }

    /// The same, though it may have expired: for whoever begins, and goes by it only as far as it takes to know what
    /// follows it. Nothing is accepted by a list that is not [current](Self::is_current).
    pub fn first_of_any_age(envelope: &Envelope, pinned: &Roots, now: u64) -> Result<Self, TrustError> {
        let list = Self::read(envelope, pinned)?;
        match list.expect_now(now) {
            Ok(()) | Err(TrustError::Expired) => Ok(list),
            Err(error) => Err(error),
        }
    }

    /// Takes the list that follows this one. The same list once more is fine; an older one, or a second one of the same
    /// version, is not.
    pub fn next(&self, envelope: &Envelope, now: u64) -> Result<Self, TrustError> {
        let next = Self::read(envelope, &self.0.roots)?;
        if next.0.version == self.0.version && next != *self {
            return Err(TrustError::TwoOfOneVersion);
        }
        if next.0.version < self.0.version || next.0.issued_at < self.0.issued_at {
            return Err(TrustError::Backwards);
        }
        next.expect_now(now)?;
        Ok(next)
    }

    /// A list from the future would stay good for too long, and none that is issued before its moment could follow it.
    fn expect_now(&self, now: u64) -> Result<(), TrustError> {
        if self.0.issued_at > now.saturating_add(CLOCK_SKEW_SECONDS) {
            return Err(TrustError::Future);
        }
        if self.is_current(now) { Ok(()) } else { Err(TrustError::Expired) }
    }

    /// Reads a list that both the trusted roots and its own have signed.
    fn read(envelope: &Envelope, trusted: &Roots) -> Result<Self, TrustError> {
        if !trusted.have_signed(envelope)? {
            return Err(TrustError::Envelope(EnvelopeError::Signature));
        }
        let list = Self::claimed(envelope)?;
        if !list.0.roots.have_signed(envelope)? {
            return Err(TrustError::OwnRoots);
        }
        Ok(list)
    }

    /// What is in an envelope, whoever has signed it or not: for those who are about to sign it, or to say why it is
    /// refused. It is no list that anything may be taken from.
    pub fn claimed(envelope: &Envelope) -> Result<Self, TrustError> {
        // Before anything is made of it: whether it calls itself one.
        envelope.signers(KIND, &[])?;
        let text = std::str::from_utf8(envelope.document()).map_err(|_| TrustError::Utf8)?;
        json::from_str::<TrustListDocument>(text)?.try_into()
    }

    /// The document in an envelope, to be signed.
    pub fn to_envelope(&self) -> Result<Envelope, TrustError> {
        Ok(Envelope::new(KIND, json::canonical(&self.0)?))
    }

    /// What it says.
    pub fn document(&self) -> &TrustListDocument {
        &self.0
    }

    /// Whether it is still good.
    pub fn is_current(&self, now: u64) -> bool {
        now < self.0.expires_at
    }

    /// The keys whose credentials of a schema are accepted at a moment, of issuers that issue in one of these regions, or
    /// of all where no region is named. A region stands for what is inside it, `370000` for every code that begins with 37;
    /// an issuer issues in a region if one of its own is inside of it, or the other way round.
    pub fn accepted<'a>(
        &'a self,
        schema: &'a SchemaDigest,
        regions: &'a [String],
        now: u64,
    ) -> impl Iterator<Item = (&'a ListedIssuer, &'a ListedKey)> {
        let in_region = move |issuer: &&ListedIssuer| {
            let meets = |own: &String, asked: &String| is_inside(own, asked) || is_inside(asked, own);
            regions.is_empty()
                || issuer.regions.iter().any(|own| regions.iter().any(|asked| meets(own, asked)))
        };
        let accepted = move |key: &&ListedKey| key.accepted.holds(now) && key.schemas.contains(schema);
        self.0
            .issuers
            .iter()
            .filter(in_region)
            .flat_map(move |issuer| issuer.keys.iter().filter(accepted).map(move |key| (issuer, key)))
    }

    /// The first moment after this one at which something else is accepted, or the list is no longer good, if there is one.
    pub fn next_change(&self, now: u64) -> Option<u64> {
        let keys = self.0.issuers.iter().flat_map(|issuer| &issuer.keys);
        let moments = keys.flat_map(|key| [key.accepted.from, key.accepted.until]);
        moments.chain([self.0.expires_at]).filter(|moment| *moment > now).min()
    }

    /// What whoever goes by the list accepts at a moment: the listed keys that are valid then, and of these schemas the ones that
    /// are listed.
    pub fn registry<'s>(&self, schemas: impl IntoIterator<Item = &'s Arc<Schema>>, now: u64) -> Registry {
        let mut registry = Registry::default();
        let mut listed = BTreeSet::new();
        for issuer in &self.0.issuers {
            for key in issuer.keys.iter().filter(|key| key.accepted.holds(now)) {
                listed.extend(key.schemas.iter().copied());
                registry.add_issuer(Issuer {
                    id: issuer.id.clone(),
                    name: issuer.name.clone(),
                    key: key.key,
                    schemas: key.schemas.clone(),
                    revocation: key.revocation.as_ref().map(|revocation| revocation.key),
                });
            }
        }
        for schema in schemas.into_iter().filter(|schema| listed.contains(&schema.digest())) {
            registry.add_schema(schema.clone());
        }
        registry
    }

    /// What the list says of an issuer key, if it names it.
    pub fn listed(&self, issuer: &IssuerPublicKey) -> Option<&ListedKey> {
        self.0.issuers.iter().flat_map(|listed| &listed.keys).find(|key| key.key == *issuer)
    }

    /// Who signs the manifests of the lists about an issuer key.
    pub fn manifest_keys(&self, issuer: &IssuerPublicKey) -> &[DocumentKey] {
        let found = self.listed(issuer).and_then(|key| key.revocation.as_ref());
        found.map_or(&[], |revocation| &revocation.manifests)
    }
}

/// Whether a code of GB/T 2260 is a region or lies in it: trailing pairs of zeros stand for "all of".
fn is_inside(code: &str, region: &str) -> bool {
    let mut prefix = region;
    while let Some(shorter) = prefix.strip_suffix("00") {
        prefix = shorter;
    }
    code.starts_with(prefix)
}

/// Whether a text is a code of GB/T 2260 by its form: six digits.
pub fn is_region(code: &str) -> bool {
    code.len() == 6 && code.bytes().all(|byte| byte.is_ascii_digit())
}

impl From<TrustList> for TrustListDocument {
    fn from(list: TrustList) -> Self {
        list.0
    }
}

impl TryFrom<TrustListDocument> for TrustList {
    type Error = TrustError;

    fn try_from(document: TrustListDocument) -> Result<Self, TrustError> {
        check(&document)?;
        Ok(Self(document))
    }
}

fn check(document: &TrustListDocument) -> Result<(), TrustError> {
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

/// Why a list is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// The envelope is refused.
    #[error("the trust list's envelope: {0}")]
    Envelope(#[from] EnvelopeError),
    /// Not UTF-8.
    #[error("the trust list is not UTF-8")]
    Utf8,
    /// Not JSON of the right form.
    #[error("the trust list: {0}")]
    Json(#[from] JsonError),
    /// A member contradicts the others, or is out of its limits.
    #[error("the trust list's {0} is not as it must be")]
    Member(String),
    /// The roots that it names have not signed it: the next list could not be checked.
    #[error("the trust list is not signed by the roots that it names")]
    OwnRoots,
    /// An older list than was seen before.
    #[error("the trust list is older than one that was seen before")]
    Backwards,
    /// Two lists that call themselves the same version.
    #[error("two different trust lists call themselves the same version")]
    TwoOfOneVersion,
    /// From a moment that has not come: the clock it was signed by is wrong, or the one here.
    #[error("the trust list is from the future")]
    Future,
    /// No longer good.
    #[error("the trust list has expired")]
    Expired,
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
