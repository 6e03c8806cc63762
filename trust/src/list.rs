//! The list of issuers that a domain of recognition trusts (互通互认): who issues which licences, under which keys, from
//! when to when.
//!
//! Whoever relies on it keeps one root key, or a few, and the last list seen. A new list is taken only if enough of the
//! roots *of the last list* have signed it, and enough of its own; so roots can be exchanged without anybody being asked,
//! and a root that was dropped cannot come back (as The Update Framework does it, specification 1.0.33, section 5.3).

use std::collections::BTreeSet;
use std::sync::Arc;

use glimpse_circuits::json::{self, JsonError};
use glimpse_circuits::key::{DocumentKey, IssuerPublicKey, Registry};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use serde::{Deserialize, Serialize};

use crate::envelope::{Envelope, EnvelopeError};
use crate::listed::check;
pub use crate::listed::{
    KIND, ListedIssuer, ListedKey, ListedRevocation, MAX_ISSUERS, MAX_KEYS, MAX_ROOTS, Roots,
    TrustListDocument, Validity, is_region,
};

/// Seconds by which the clock that a list is signed by may be ahead: it may be that of a machine without a network.
pub const CLOCK_SKEW_SECONDS: u64 = 3600;

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
        let next = self.follow(envelope)?;
        next.expect_now(now)?;
        Ok(next)
    }

    /// The last of several lists of which each follows the one before, the first of them signed by the roots that were
    /// pinned beforehand. See [`TrustList::next_of`].
    pub fn first_of(chain: &[Envelope], pinned: &Roots, now: u64) -> Result<Self, ChainError> {
        let (first, rest) = chain.split_first().ok_or(ChainError { place: 0, error: TrustError::NoList })?;
        let first = Self::read(first, pinned).map_err(|error| ChainError { place: 0, error })?;
        first.follow_all(rest, 1, now)
    }

    /// The last of several lists of which each follows the one before, the first of them this one: the way for those whose
    /// last list is so old that its roots have changed more than once since. Those in between say no more than who signs
    /// the next one, and may have expired; the last one may not.
    pub fn next_of(&self, chain: &[Envelope], now: u64) -> Result<Self, ChainError> {
        if chain.is_empty() {
            return Err(ChainError { place: 0, error: TrustError::NoList });
        }
        self.clone().follow_all(chain, 0, now)
    }

    /// `place` is that of the first of these lists in the chain.
    fn follow_all(self, lists: &[Envelope], place: usize, now: u64) -> Result<Self, ChainError> {
        let mut last = self;
        for (i, envelope) in lists.iter().enumerate() {
            last = last.follow(envelope).map_err(|error| ChainError { place: place + i, error })?;
        }
        let end = (place + lists.len()).saturating_sub(1);
        last.expect_now(now).map_err(|error| ChainError { place: end, error })?;
        Ok(last)
    }

    /// The list that follows this one, whatever the clock says.
    fn follow(&self, envelope: &Envelope) -> Result<Self, TrustError> {
        let next = Self::read(envelope, &self.0.roots)?;
        if next.0.version == self.0.version && next != *self {
            return Err(TrustError::TwoOfOneVersion);
        }
        if next.0.version < self.0.version || next.0.issued_at < self.0.issued_at {
            return Err(TrustError::Backwards);
        }
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
                registry.add_issuer(issuer.with_key(key));
            }
        }
        for schema in schemas.into_iter().filter(|schema| listed.contains(&schema.digest())) {
            registry.add_schema(schema.clone());
        }
        registry
    }

    /// A key of the list with whose it is, valid at the moment or not.
    pub fn find(&self, key: &IssuerPublicKey) -> Option<(&ListedIssuer, &ListedKey)> {
        let mut keys =
            self.0.issuers.iter().flat_map(|issuer| issuer.keys.iter().map(move |it| (issuer, it)));
        keys.find(|(_, listed)| listed.key == *key)
    }

    /// Who signs the manifests of the lists about an issuer key.
    pub fn manifest_keys(&self, issuer: &IssuerPublicKey) -> &[DocumentKey] {
        self.revocation(issuer).map_or(&[], |revocation| &revocation.manifests)
    }

    /// When versions of the lists about an issuer key come, if that is settled.
    pub fn schedule(&self, issuer: &IssuerPublicKey) -> Option<Schedule> {
        self.revocation(issuer)?.schedule
    }

    fn revocation(&self, issuer: &IssuerPublicKey) -> Option<&ListedRevocation> {
        self.find(issuer).and_then(|(_, key)| key.revocation.as_ref())
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
    /// None was given.
    #[error("there is no trust list")]
    NoList,
}

/// Which of several lists is refused, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error}")]
pub struct ChainError {
    /// Its place among them, from 0.
    pub place: usize,
    /// Why.
    pub error: TrustError,
}

#[cfg(test)]
#[path = "list_tests.rs"]
mod tests;
