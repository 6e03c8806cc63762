//! All principals at one moment, and who of them somebody is.

use std::collections::BTreeMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::{ConditionallySelectable, ConstantTimeEq};

use super::{AccessProblem, Principal, WALLET};
use crate::extract::PolicyName;
use crate::start::is_nameable;

/// All principals at one moment.
#[derive(Default, PartialEq, Eq)]
pub(crate) struct Principals {
    all: Vec<Arc<Principal>>,
    keys: Vec<KnownKey>,
}

/// A hash, and where its key is.
#[derive(PartialEq, Eq)]
struct KnownKey {
    sha256: [u8; 32],
    principal: usize,
    key: usize,
}

/// What somebody has shown.
#[derive(Clone, Copy)]
pub(crate) struct Credentials<'a> {
    /// What was sent as a bearer key.
    pub(crate) key: Option<&'a [u8]>,
    /// SHA-256 of the certificate of the connection.
    pub(crate) certificate: Option<[u8; 32]>,
}

impl Principals {
    /// Principals, each with the place where it was found. Everything that is wrong with them is added to what is known
    /// to be wrong already.
    pub(super) fn new(
        placed: Vec<(String, Principal)>,
        mut problems: Vec<AccessProblem>,
    ) -> Result<Self, Vec<AccessProblem>> {
        let mut ids = BTreeMap::new();
        let mut marks = BTreeMap::new();
        for (place, principal) in &placed {
            let mut problem = |member: &str, reason: &str| {
                problems.push(AccessProblem::new(format!("{place}.{member}"), reason));
            };
            if PolicyName::parse(&principal.id).is_none() {
                problem("id", "must match [a-z][a-z0-9_-]{0,63}");
            }
            if principal.id == WALLET {
                problem("id", "stands for holders' wallets in what is told of licences: choose another");
            }
            if ids.insert(&principal.id, place).is_some() {
                problem("id", "is the id of an earlier principal");
            }
            if principal.name.as_ref().is_some_and(|name| !is_nameable(name)) {
                problem("name", "must have 1 to 120 printable characters in both languages");
            }
            for (i, key) in principal.keys.iter().enumerate() {
                if marks.insert((0, &key.sha256), place).is_some() {
                    problem(&format!("keys[{i}]"), "is there already: a key has one principal");
                }
                if key.not_before.zip(key.not_after).is_some_and(|(first, end)| first >= end) {
                    problem(&format!("keys[{i}]"), "is never good: not_after must be later than not_before");
                }
            }
            for (i, certificate) in principal.certificates.iter().enumerate() {
                if marks.insert((1, certificate), place).is_some() {
                    let reason = "is there already: a certificate has one principal";
                    problem(&format!("certificates[{i}]"), reason);
                }
            }
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        let all: Vec<_> = placed.into_iter().map(|(_, principal)| Arc::new(principal)).collect();
        let keys = all.iter().enumerate().flat_map(|(principal, known)| {
            let keys = known.keys.iter().enumerate();
            keys.map(move |(key, known)| KnownKey { sha256: known.sha256, principal, key })
        });
        Ok(Self { keys: keys.collect(), all })
    }

    /// Everybody.
    pub(crate) fn all(&self) -> &[Arc<Principal>] {
        &self.all
    }

    /// Who has shown this. Nobody, if any of it is wrong, or a key and a certificate are not of the same principal; a
    /// certificate that is nobody's says nothing.
    pub(crate) fn identify(&self, shown: Credentials<'_>, now: u64) -> Option<&Arc<Principal>> {
        let by_certificate = shown.certificate.and_then(|certificate| self.of_certificate(&certificate));
        let Some(key) = shown.key else { return by_certificate };
        let by_key = self.of_key(key, now)?;
        by_certificate.is_none_or(|other| other.id == by_key.id).then_some(by_key)
    }

    /// Compares with every hash there is, and takes as long whichever of them it is.
    fn of_key(&self, given: &[u8], now: u64) -> Option<&Arc<Principal>> {
        let given = Sha256::digest(given);
        // Counted from 1; 0 is none.
        let mut found = 0u32;
        for (position, known) in (1..).zip(&self.keys) {
            found.conditional_assign(&position, known.sha256.as_slice().ct_eq(given.as_slice()));
        }
        let known = self.keys.get(usize::try_from(found).ok()?.checked_sub(1)?)?;
        let principal = self.all.get(known.principal)?;
        principal.keys.get(known.key)?.is_good(now).then_some(principal)
    }

    /// A certificate is no secret: whoever shows it has proven that the secret key is its own.
    fn of_certificate(&self, certificate: &[u8; 32]) -> Option<&Arc<Principal>> {
        self.all.iter().find(|principal| principal.certificates.contains(certificate))
    }
}
