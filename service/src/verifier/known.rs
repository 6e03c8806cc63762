//! Whom presentations may come from: the service's own issuer, those of the configuration, and those of the signed list,
//! each at its time.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use glimpse_api::RequestedLicence;
use glimpse_circuits::key::{Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::request::{MAX_ISSUERS, RequestDocument};
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_issuer::IssuerSecretKey;
use glimpse_trust::TrustList;
use glimpse_trust::list::is_region;
use glimpse_verifier::Verifier;

use crate::error::ApiError;
use crate::trust_list::ListInForce;

/// Most regions of one licence in a policy: there are 34 at the level of provinces.
const MAX_REGIONS: usize = 64;

/// What is known whenever it is asked for: built anew when another list is in force, and when the clock passes a moment at
/// which a listed key begins or ends.
pub(crate) struct Issuers {
    audience: String,
    /// Those that no list says anything about.
    given: Arc<Registry>,
    keyed: Option<IssuerPublicKey>,
    secrets: Vec<Arc<IssuerSecretKey>>,
    list: Option<Arc<ListInForce>>,
    current: ArcSwap<Known>,
    /// So that it is built once.
    building: Mutex<()>,
}

/// What is known for a while.
pub(crate) struct Known {
    pub(crate) verifier: Verifier,
    /// The issuer keys of the configuration that the list does not end.
    given: BTreeSet<[u8; 32]>,
    list: Option<Arc<TrustList>>,
    /// The moments for which it is this.
    times: Range<u64>,
}

impl Issuers {
    /// Schemas and issuers of a registry, and those of a list. Keyed presentations can be checked for one issuer key, with
    /// the secrets of that and of its revocation lists.
    pub(crate) fn new(
        audience: String,
        given: Registry,
        keyed: Option<IssuerPublicKey>,
        secrets: Vec<Arc<IssuerSecretKey>>,
        list: Option<Arc<ListInForce>>,
        now: u64,
    ) -> Self {
        let given = Arc::new(given);
        let in_force = list.as_ref().map(|list| list.current());
        let known = Known::new(&audience, &given, &secrets, in_force, now);
        let current = ArcSwap::from_pointee(known);
        Self { audience, given, keyed, secrets, list, current, building: Mutex::default() }
    }

    /// Who presentations are for.
    pub(crate) fn audience(&self) -> &str {
        &self.audience
    }

    /// The one key whose keyed presentations can be checked here.
    pub(crate) fn keyed(&self) -> Option<&IssuerPublicKey> {
        self.keyed.as_ref()
    }

    /// What is known at a moment, by the list that is in force.
    pub(crate) fn at(&self, now: u64) -> Arc<Known> {
        if let Some(known) = self.built(now) {
            return known;
        }
        let _alone = self.building.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = self.built(now) {
            return known;
        }
        let in_force = self.list.as_ref().map(|list| list.current());
        let known = Arc::new(Known::new(&self.audience, &self.given, &self.secrets, in_force, now));
        self.current.store(known.clone());
        known
    }

    fn built(&self, now: u64) -> Option<Arc<Known>> {
        let known = self.current.load();
        let same_list = match (&self.list, &known.list) {
            (Some(list), Some(known)) => Arc::ptr_eq(&list.current(), known),
            _ => true,
        };
        (same_list && known.times.contains(&now)).then(|| known.clone())
    }
}

impl Known {
    fn new(
        audience: &str,
        given: &Arc<Registry>,
        secrets: &[Arc<IssuerSecretKey>],
        list: Option<Arc<TrustList>>,
        now: u64,
    ) -> Self {
        let good = list.as_ref().filter(|list| list.is_current(now));
        let mut registry = good.map_or_else(Registry::default, |list| list.registry(given.schemas(), now));
        given.schemas().for_each(|schema| registry.add_schema(schema.clone()));
        // What the operator says of an issuer goes before what the list says of it, but for when it is accepted: a key
        // that the list in force ends, or has not begun, is none, also while the list waits for the next one.
        let accepted = |key: &IssuerPublicKey| {
            let listed = list.as_ref().and_then(|list| list.find(key)).map(|(_, key)| key);
            listed.is_none_or(|listed| listed.accepted.holds(now))
        };
        let given: Vec<_> = given.issuers().filter(|issuer| accepted(&issuer.key)).collect();
        given.iter().for_each(|issuer| registry.add_issuer(Issuer::clone(issuer)));
        let given = given.iter().map(|issuer| issuer.key.encoded().to_bytes()).collect();
        let mut verifier = Verifier::new(audience, registry);
        for key in secrets {
            verifier = verifier.with_keyed_check(key.clone());
        }
        let until = list.as_ref().and_then(|list| list.next_change(now)).unwrap_or(u64::MAX);
        // A clock that is put back makes it anew too.
        Self { verifier, given, list, times: now..until }
    }

    /// The schemas and issuers accepted.
    pub(crate) fn registry(&self) -> &Registry {
        self.verifier.registry()
    }

    /// The keys that a licence of a policy may be under. `now` is the moment for which this is known.
    pub(super) fn keys(
        &self,
        schema: &SchemaDigest,
        licence: &RequestedLicence,
        now: u64,
        at: &str,
    ) -> Result<Vec<IssuerPublicKey>, ApiError> {
        let refused = |member: &str, reason: &str| Err(ApiError::invalid(format!("{at}.{member}"), reason));
        let keys = match (&licence.issuers, &licence.regions) {
            (Some(_), Some(_)) => {
                return refused(
                    "regions",
                    "cannot stand beside issuers: these are of whatever region they are",
                );
            }
            (Some(keys), None) if keys.is_empty() => {
                return refused("issuers", "must name a key; leave it out for all that are known");
            }
            (Some(keys), None) => {
                // A wallet may know other keys than this verifier; a policy that lists one unknown here is a mistake.
                let unknown = keys.iter().position(|key| !self.accepts(key, schema));
                return unknown.map_or(Ok(keys.clone()), |position| {
                    refused(&format!("issuers[{position}]"), "unknown issuer key for this schema")
                });
            }
            (None, Some(regions)) => {
                let Some(list) = &self.list else {
                    return refused(
                        "regions",
                        "this verifier goes by no list of issuers, which would say where they are",
                    );
                };
                if regions.is_empty() {
                    return refused("regions", "must name a region; leave it out for all of them");
                }
                if regions.len() > MAX_REGIONS {
                    return refused("regions", "must not be more than 64");
                }
                if let Some(position) = regions.iter().position(|code| !is_region(code)) {
                    let reason = "must be a code of GB/T 2260: six digits";
                    return refused(&format!("regions[{position}]"), reason);
                }
                let listed = list.accepted(schema, regions, now).map(|(_, listed)| listed.key);
                listed.filter(|key| self.accepts(key, schema)).collect()
            }
            (None, None) => self.keys_for(schema),
        };
        match keys.len() {
            0 => refused("regions", "no issuer of this licence is listed for these regions"),
            1..=MAX_ISSUERS => Ok(keys),
            found => {
                let reason = format!(
                    "{found} keys are accepted for this licence, and a request has room for {MAX_ISSUERS}: name regions \
                     or issuers"
                );
                refused(if licence.regions.is_some() { "regions" } else { "issuers" }, &reason)
            }
        }
    }

    /// The one schema of an id that a known issuer issues.
    pub(super) fn schema(&self, id: &str, at: &str) -> Result<SchemaDigest, ApiError> {
        let known = self.registry().schemas().filter(|schema| schema.id() == id);
        let mut issued = known.map(|schema| Schema::digest(schema)).filter(|digest| self.is_issued(digest));
        let problem = |reason: &str| Err(ApiError::invalid(format!("{at}.schema"), reason));
        match (issued.next(), issued.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => problem("unknown schema, or none that a known issuer issues"),
            (Some(_), Some(_)) => problem("several schemas of this id are known"),
        }
    }

    /// Fails if a licence of a policy depends on the list and that has expired.
    pub(super) fn expect_list_for(&self, licence: &RequestedLicence, now: u64) -> Result<(), ApiError> {
        match &licence.issuers {
            Some(keys) if keys.iter().all(|key| self.is_given(key)) => Ok(()),
            _ => self.expect_list(now),
        }
    }

    /// Fails if a request depends on the list and that has expired.
    pub(super) fn expect_list_of(&self, request: &RequestDocument, now: u64) -> Result<(), ApiError> {
        let mut keys = request.credentials.iter().flat_map(|credential| &credential.issuers);
        if keys.all(|key| self.is_given(key)) { Ok(()) } else { self.expect_list(now) }
    }

    fn expect_list(&self, now: u64) -> Result<(), ApiError> {
        match &self.list {
            Some(list) if !list.is_current(now) => Err(ApiError::TrustListExpired),
            _ => Ok(()),
        }
    }

    fn is_given(&self, key: &IssuerPublicKey) -> bool {
        self.given.contains(&key.encoded().to_bytes())
    }

    fn accepts(&self, key: &IssuerPublicKey, schema: &SchemaDigest) -> bool {
        self.registry().issuer(key).is_some_and(|issuer| issuer.schemas.contains(schema))
    }

    fn is_issued(&self, schema: &SchemaDigest) -> bool {
        self.registry().issuers().any(|issuer| issuer.schemas.contains(schema))
    }

    /// The keys known to issue a schema.
    fn keys_for(&self, schema: &SchemaDigest) -> Vec<IssuerPublicKey> {
        let issuers = self.registry().issuers();
        issuers.filter(|issuer| issuer.schemas.contains(schema)).map(|issuer| issuer.key).collect()
    }
}
