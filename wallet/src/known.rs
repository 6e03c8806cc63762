//! Who is an issuer for this wallet: whom the signed list names, if it goes by one, and otherwise whom its holder pinned.

use std::sync::Arc;

use glimpse_circuits::key::{DocumentKey, Issuer, IssuerPublicKey, Registry};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::Binding;
use glimpse_circuits::text::Text;
use glimpse_trust::TrustList;

use crate::address::Address;
use crate::contents::{Contents, StoredCredential};
use crate::display::clean;
use crate::error::WalletError;
use crate::listing::{self, Listing, NotListed};

/// What is known of the revocation list that a credential is in.
pub(crate) struct KnownList<'a> {
    /// The issuer under whose key the credential is.
    pub(crate) issuer: Issuer,
    /// Its revocation key.
    pub(crate) revocation: IssuerPublicKey,
    /// The keys that manifests are signed with.
    pub(crate) manifest_keys: &'a [DocumentKey],
    /// When versions come, if that is settled.
    pub(crate) schedule: Option<Schedule>,
}

impl Contents {
    /// The list of issuers, if the wallet goes by one. An expired one vouches for nothing.
    pub(crate) fn list_in_force(&self, now: u64) -> Result<Option<&TrustList>, NotListed> {
        match self.trust.as_ref().map(|trust| &trust.list) {
            Some(list) if !list.is_current(now) => Err(NotListed::Expired(list.document().expires_at)),
            list => Ok(list),
        }
    }

    /// Everything that the wallet goes by at a moment: what is not in it does not exist for requests. With a list these are
    /// its issuers, visited or not, and of what was pinned nothing but the texts of schemas.
    pub(crate) fn registry(&self, now: u64) -> Result<Registry, NotListed> {
        if let Some(list) = self.list_in_force(now)? {
            let mut registry = list.registry([], now);
            self.schemas.iter().for_each(|schema| registry.add_schema(Arc::new(schema.clone())));
            return Ok(registry);
        }
        let mut registry = Registry::default();
        for pin in self.issuers.values() {
            let schemas = pin.schemas.iter().filter_map(|digest| self.schema(digest));
            schemas.for_each(|schema| registry.add_schema(Arc::new(schema.clone())));
            pin.issuers.iter().for_each(|issuer| registry.add_issuer(issuer.clone()));
        }
        Ok(registry)
    }

    /// The issuer at an address whose key this is, from whom a licence may be obtained at this moment.
    pub(crate) fn issuer_at(
        &self,
        uri: &str,
        key: &IssuerPublicKey,
        now: u64,
    ) -> Result<Issuer, WalletError> {
        let Some(list) = self.list_in_force(now)? else {
            let pin = self.issuers.get(uri).ok_or_else(|| WalletError::NotPinned(uri.to_owned()))?;
            let issuer = pin.issuers.iter().find(|issuer| issuer.key == *key);
            return issuer.cloned().ok_or_else(|| WalletError::KeyNotPinned(uri.to_owned()));
        };
        let address = Address::parse_base(uri)?;
        let unknown = || NotListed::Key { uri: clean(uri), key: Box::new(*key) };
        let (listed, listed_key) = list.find(key).ok_or_else(unknown)?;
        if !listing::is_at(listed, &address) {
            return Err(NotListed::OtherAddress { uri: clean(uri), listed: clean(&listed.uri) }.into());
        }
        let listing = Listing::Listed { from: listed_key.accepted.from, until: listed_key.accepted.until };
        if !listing.holds(now) {
            return Err(NotListed::NotNow { uri: clean(uri), listing, at: now }.into());
        }
        Ok(listed.with_key(listed_key))
    }

    /// What the list says of a credential; nothing without a list.
    pub(crate) fn listing(&self, stored: &StoredCredential) -> Option<Listing> {
        let list = &self.trust.as_ref()?.list;
        Some(Listing::of(list, &stored.issuer.key, &stored.schema))
    }

    /// Whether requests may be answered with a credential, as far as its issuer goes and whatever time it is.
    pub(crate) fn is_known(&self, stored: &StoredCredential) -> bool {
        match self.listing(stored) {
            Some(listing) => matches!(listing, Listing::Listed { .. }),
            None => self
                .issuers
                .values()
                .flat_map(|pin| &pin.issuers)
                .any(|issuer| issuer.key == stored.issuer.key && issuer.schemas.contains(&stored.schema)),
        }
    }

    /// The issuer of a credential as it is called now, and where it is found: by the list, if it is on it.
    pub(crate) fn named(&self, stored: &StoredCredential) -> (Text, String) {
        let listed = self.trust.as_ref().and_then(|trust| trust.list.find(&stored.issuer.key));
        match listed {
            Some((issuer, _)) => (issuer.name.clone(), issuer.uri.clone()),
            None => (stored.issuer.name.clone(), stored.issuer_uri.clone()),
        }
    }

    /// Where the issuer of a credential is found, for tokens and revocation lists. With a list, nowhere but where that says.
    pub(crate) fn address_of(&self, stored: &StoredCredential) -> Result<Address, WalletError> {
        let Some(trust) = &self.trust else { return Ok(Address::parse_base(&stored.issuer_uri)?) };
        let key = &stored.issuer.key;
        let unknown = || NotListed::Key { uri: clean(&stored.issuer_uri), key: Box::new(*key) };
        let (listed, _) = trust.list.find(key).ok_or_else(unknown)?;
        Ok(Address::parse_base(&listed.uri)?)
    }

    /// What is known of the revocation list that a credential is in. None if it is in no list, as far as is known.
    pub(crate) fn list_of(&self, stored: &StoredCredential) -> Option<KnownList<'_>> {
        let (manifest_keys, schedule, issuer) = match &self.trust {
            Some(trust) => {
                let (listed, key) = trust.list.find(&stored.issuer.key)?;
                let list = &trust.list;
                (list.manifest_keys(&key.key), list.schedule(&key.key), listed.with_key(key))
            }
            None => {
                let pin = self.issuers.get(&stored.issuer_uri)?;
                let issuer = pin.issuers.iter().find(|issuer| issuer.key == stored.issuer.key)?;
                (&pin.manifest_keys[..], pin.schedule, issuer.clone())
            }
        };
        let bound = self.schema(&stored.schema)?.binding() == Binding::Holder;
        let revocation = issuer.revocation.filter(|_| bound && issuer.schemas.contains(&stored.schema))?;
        Some(KnownList { issuer, revocation, manifest_keys, schedule })
    }
}
