//! Fetching revocation lists, ahead of whoever asks for them.
//!
//! Never in answer to a request: an issuer that sees a wallet fetch and a relying party that sees an answer could compare
//! their clocks, and the first bits of a handle go with the one. So [`Wallet::review`] and [`Wallet::present`] make do with
//! what is there.

use glimpse_api::paths;
use glimpse_circuits::token::TOKEN_BATCH_SIZES;
use glimpse_prover::{Credential, Interval, IntervalError};
use glimpse_trust::envelope::MAX_ENVELOPE_BYTES;
use glimpse_trust::{Envelope, EnvelopeError, Manifest, ManifestError, SeenManifest};
use rand_core::CryptoRngCore;

use crate::address::Address;
use crate::client::MAX_BUCKET_BYTES;
use crate::contents::{ListSays, StoredCredential, StoredList};
use crate::display::clean;
use crate::error::WalletError;
use crate::file::FileError;
use crate::known::KnownList;
use crate::listing::{Listing, NotListed};
use crate::secret::SecretBytes;
use crate::tokens::BATCH;
use crate::wallet::{CredentialSummary, Wallet};

/// Tokens of an interval below which more are fetched when its list is refreshed: as many as the smallest batch.
const FEW: usize = TOKEN_BATCH_SIZES[0];

/// What came of refreshing the list of one credential.
#[derive(Debug)]
pub struct Refreshed {
    /// The credential's id.
    pub id: String,
    /// The credential, or why its list was not refreshed; the wallet then has what it had before.
    pub result: Result<CredentialSummary, WalletError>,
}

/// A version of a list that the wallet does not have yet, and what it says of a credential.
struct Newer {
    manifest: SeenManifest,
    /// None if the credential is revoked or suspended.
    interval: Option<Interval>,
}

impl Wallet {
    /// Fetches the newest version of the revocation list of every credential that is in one, and tokens to show it with.
    ///
    /// What one credential's issuer answers does not matter to the others. Nothing of a version is kept before all of it
    /// is there. To be called when the wallet is opened for something else, and not because of a request: see
    /// [`Wallet::refresh_if_due`].
    ///
    /// If the wallet goes by a list of issuers that came from an address, that is fetched first: see
    /// [`Wallet::take_fetched_list`] for what came of it.
    pub fn refresh(&mut self, now: u64, rng: &mut impl CryptoRngCore) -> Vec<Refreshed> {
        self.fetch_trust_list(now);
        self.refresh_where(|_, _| true, now, rng)
    }

    /// Whether [`Wallet::refresh_if_due`] would fetch anything: a credential has no list yet, or one whose next version is
    /// due, or few tokens left to show it with; or the list of issuers was not looked at for a day, or has expired.
    pub fn refresh_due(&self, now: u64) -> bool {
        self.trust_list_due(now) || self.in_lists(now).any(|stored| self.is_due(stored, now))
    }

    /// The same as [`Wallet::refresh`], for the list of issuers and the credentials for which it is due.
    pub fn refresh_if_due(&mut self, now: u64, rng: &mut impl CryptoRngCore) -> Vec<Refreshed> {
        if self.trust_list_due(now) {
            self.fetch_trust_list(now);
        }
        self.refresh_where(|wallet, stored| wallet.is_due(stored, now), now, rng)
    }

    fn refresh_where(
        &mut self,
        wanted: impl Fn(&Self, &StoredCredential) -> bool,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Vec<Refreshed> {
        let wanted = self.in_lists(now).filter(|stored| wanted(self, stored));
        let ids: Vec<String> = wanted.map(|stored| stored.id.clone()).collect();
        ids.into_iter().map(|id| Refreshed { result: self.refresh_one(&id, now, rng), id }).collect()
    }

    /// The credentials that are in a revocation list. Those whose issuer key has ended are of no use any more, whatever
    /// that says.
    fn in_lists(&self, now: u64) -> impl Iterator<Item = &StoredCredential> {
        let ended = move |listing: Listing| matches!(listing, Listing::Listed { until, .. } if now >= until);
        self.contents.credentials.iter().filter(move |stored| {
            self.contents.list_of(stored).is_some() && !self.contents.listing(stored).is_some_and(ended)
        })
    }

    fn is_due(&self, stored: &StoredCredential, now: u64) -> bool {
        let known = self.contents.list_of(stored);
        match (&stored.list, known) {
            (Some(list), Some(known)) if list.manifest.revocation == known.revocation => {
                let good = matches!(list.says, ListSays::Good { .. });
                let followed =
                    known.schedule.is_some_and(|schedule| schedule.moment(now) > list.manifest.issued_at);
                followed || list.manifest.is_overdue(now) || (good && stored.list_tokens().len() < FEW)
            }
            _ => true,
        }
    }

    /// Saves once, when everything is there.
    fn refresh_one(
        &mut self,
        id: &str,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<CredentialSummary, WalletError> {
        self.contents.list_in_force(now)?;
        let stored = self.stored(id)?;
        let address = self.contents.address_of(stored)?;
        let credential = self.contents.credential(stored)?;
        match self.newer(&address, stored, &credential, now)? {
            None => {
                let list = stored.list.as_ref().map(StoredList::interval).transpose()?.flatten();
                if let Some(interval) = list.filter(|_| stored.list_tokens().len() < FEW) {
                    self.stock_list_tokens(id, &address, &interval, rng)?;
                }
            }
            Some(Newer { manifest, interval }) => {
                let says = match interval {
                    Some(interval) => {
                        let tokens = self.exchange_tokens(&address, &interval, BATCH, rng)?;
                        let tokens = tokens.iter().map(|token| SecretBytes(token.to_bytes())).collect();
                        ListSays::Good { interval: SecretBytes(interval.to_bytes()), tokens }
                    }
                    None => match stored.list.as_ref().map(|list| &list.says) {
                        Some(ListSays::Out { since }) => ListSays::Out { since: *since },
                        _ => ListSays::Out { since: manifest.issued_at },
                    },
                };
                self.update(|contents| {
                    let stored = contents.stored_mut(id).ok_or(FileError::Damaged)?;
                    stored.list = Some(StoredList { manifest, says });
                    Ok(())
                })?;
            }
        }
        self.stored(id).map(|stored| self.summary(stored))
    }

    /// Fetches tokens for the interval that a credential has.
    pub(crate) fn stock_list_tokens(
        &mut self,
        id: &str,
        issuer: &Address,
        interval: &Interval,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), WalletError> {
        let fresh = self.exchange_tokens(issuer, interval, BATCH, rng)?;
        self.update(|contents| {
            let stored = contents.stored_mut(id).ok_or(FileError::Damaged)?;
            let tokens = stored.list_tokens_mut().ok_or(FileError::Damaged)?;
            tokens.extend(fresh.iter().map(|token| SecretBytes(token.to_bytes())));
            Ok(())
        })
    }

    /// Fetches the manifest and, if the credential's version is another, the one bucket that its handle is in. `None` if it
    /// is the same.
    fn newer(
        &self,
        address: &Address,
        stored: &StoredCredential,
        credential: &Credential,
        now: u64,
    ) -> Result<Option<Newer>, WalletError> {
        let mut again = true;
        loop {
            let manifest = self.manifest(address, stored, now)?;
            let seen = manifest.seen()?;
            if stored.list.as_ref().is_some_and(|list| list.manifest == seen) {
                return Ok(None);
            }
            let bucket = manifest.bucket_of(credential.handle());
            let path = paths::BUCKET
                .replace("{schema}", &seen.schema.to_string())
                .replace("{version}", &seen.version.to_string())
                .replace("{bucket}", &bucket.to_string());
            let bytes = match self.client.get_bytes(&address.join(&path), MAX_BUCKET_BYTES) {
                // A newer version took its place in between.
                Err(error) if error.status() == Some(404) && again => {
                    again = false;
                    continue;
                }
                bytes => bytes?,
            };
            let bucket = manifest.read_bucket(bucket, &bytes)?;
            return match Interval::find(credential, manifest.scope(), &bucket) {
                Ok(interval) => Ok(Some(Newer { manifest: seen, interval: Some(interval) })),
                Err(IntervalError::Revoked) => Ok(Some(Newer { manifest: seen, interval: None })),
                Err(error) => Err(error.into()),
            };
        }
    }

    /// The newest manifest of the list that a credential is in, held against what is pinned or listed, and what was seen before.
    fn manifest(
        &self,
        address: &Address,
        stored: &StoredCredential,
        now: u64,
    ) -> Result<Manifest, WalletError> {
        let not_pinned = || match &self.contents.trust {
            Some(_) => NotListed::RevocationList(clean(&address.to_string())).into(),
            None => WalletError::ListNotPinned(clean(&stored.issuer_uri)),
        };
        let KnownList { issuer, manifest_keys, schedule, .. } =
            self.contents.list_of(stored).ok_or_else(not_pinned)?;
        let path = paths::MANIFEST.replace("{schema}", &stored.schema.to_string());
        let text = self.client.get_text(&address.join(&path), MAX_ENVELOPE_BYTES as u64)?;
        let envelope = Envelope::from_json(&text).map_err(ManifestError::Envelope)?;
        let last = self.contents.last_manifest(stored);
        match Manifest::accept(&envelope, manifest_keys, &issuer, &stored.schema, schedule, last, now) {
            Ok((manifest, _)) => Ok(manifest),
            Err(ManifestError::OtherList | ManifestError::Envelope(EnvelopeError::Signature)) => {
                Err(not_pinned())
            }
            Err(error) => Err(error.into()),
        }
    }
}
