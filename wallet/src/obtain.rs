//! From an offer to a credential, across crashes.

use std::sync::Arc;

use glimpse_api::{Blob, CredentialRequest, CredentialResponse, OfferDetails, OfferRedemption, paths};
use glimpse_circuits::issuance::IssuedCredential;
use glimpse_circuits::key::Issuer;
use glimpse_circuits::schema::Binding;
use glimpse_prover::{Credential, ObtainError, PendingIssuance};
use rand_core::CryptoRngCore;

use crate::address::Address;
use crate::contents::{Contents, PendingOffer, StoredCredential};
use crate::display::clean;
use crate::error::WalletError;
use crate::file::FileError;
use crate::listing::{self, NotListed};
use crate::secret::{SecretBytes, SecretText};
use crate::wallet::{CredentialSummary, Wallet};

/// Seconds after which an expired offer that nobody answers is given up: clocks differ.
const LAPSE_SECONDS: u64 = 3600;
/// Kinds of problems after which an offer is worth nothing to this wallet.
const DEAD: [&str; 5] =
    ["offer-unknown", "offer-used", "holder-registered", "issuance-refused", "schema-retired"];

/// What came of one interrupted issuance.
#[derive(Debug)]
pub struct Resumed {
    /// Its id.
    pub id: String,
    /// The credential, or why there is none (yet).
    pub result: Result<CredentialSummary, WalletError>,
}

impl Wallet {
    /// Redeems an offer: asks what it is for, checks that its key and schema are the pinned ones, asks for the
    /// credential and checks it. With a list of issuers they must be listed, and an issuer that was not met before is
    /// pinned on the way.
    ///
    /// Its revocation list is not fetched by this: call [`Wallet::refresh_if_due`] afterwards.
    ///
    /// What is asked is on disk before it is sent. If no answer arrives, [`Wallet::resume`] sends the same again.
    pub fn accept_offer(
        &mut self,
        issuer_uri: &str,
        code: &str,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<CredentialSummary, WalletError> {
        let address = Address::parse_base(issuer_uri)?;
        let uri = address.to_string();
        if self.contents.list_in_force(now)?.is_some() {
            self.meet(&address, now)?;
        } else if !self.contents.issuers.contains_key(&uri) {
            return Err(WalletError::NotPinned(uri));
        }
        let same = |pending: &&PendingOffer| pending.issuer_uri == uri && pending.code.0.as_str() == code;
        if let Some(pending) = self.contents.pending.iter().find(same) {
            let id = pending.id.clone();
            return self.send_pending(&id, now);
        }
        let redemption = OfferRedemption { code: code.to_owned() };
        let details: OfferDetails = self
            .client
            .post(&address.join(paths::OFFERS_REDEEM), &redemption)
            .map_err(|error| match error {
                crate::ClientError::Problem(problem) if DEAD.contains(&problem.kind.as_str()) => {
                    WalletError::OfferDead(problem)
                }
                error => error.into(),
            })?;
        let id = self.begin(&uri, code, &details, now, rng)?;
        self.send_pending(&id, now)
    }

    /// Pins a listed issuer, if that was not done before. With one that is not listed nothing is begun.
    fn meet(&mut self, address: &Address, now: u64) -> Result<(), WalletError> {
        if let Some(list) = self.contents.list_in_force(now)? {
            listing::expect_at(list, address)?;
        }
        let uri = address.to_string();
        if !self.contents.issuers.contains_key(&uri) {
            self.pin_issuer(&uri, now)?;
        }
        Ok(())
    }

    /// Sends all interrupted issuances again, byte for byte as before.
    pub fn resume(&mut self, now: u64) -> Vec<Resumed> {
        let ids: Vec<String> = self.contents.pending.iter().map(|pending| pending.id.clone()).collect();
        ids.into_iter().map(|id| Resumed { result: self.send_pending(&id, now), id }).collect()
    }

    /// How many issuances are interrupted.
    pub fn pending(&self) -> usize {
        self.contents.pending.len()
    }

    fn begin(
        &mut self,
        uri: &str,
        code: &str,
        details: &OfferDetails,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<String, WalletError> {
        let issuer = self.contents.issuer_at(uri, &details.key, now)?;
        if self.contents.trust.is_some() {
            if !issuer.schemas.contains(&details.schema) {
                return Err(NotListed::Schema(clean(uri)).into());
            }
            // A kind of licence that the issuer did not have when the wallet met it.
            if self.contents.schema(&details.schema).is_none() {
                self.pin_issuer(uri, now)?;
            }
        }
        let schema =
            self.contents.schema(&details.schema).filter(|_| issuer.schemas.contains(&details.schema));
        let schema = schema.ok_or_else(|| WalletError::SchemaNotPinned(uri.to_owned()))?;
        let issuance = match schema.binding() {
            Binding::Holder => {
                let secret = self.contents.link_secret()?;
                let pending = PendingIssuance::begin(&secret, &details.key, schema, &details.nonce, rng);
                Some(SecretBytes(pending.to_bytes()))
            }
            Binding::None => None,
        };
        let id = self.contents.fresh_id(rng);
        let pending = PendingOffer {
            id: id.clone(),
            issuer_uri: uri.to_owned(),
            code: SecretText::of(code),
            key: details.key,
            schema: details.schema,
            nonce: details.nonce,
            expires_at: details.expires_at,
            issuance,
        };
        self.update(|contents| {
            contents.pending.push(pending);
            Ok(())
        })?;
        Ok(id)
    }

    fn send_pending(&mut self, id: &str, now: u64) -> Result<CredentialSummary, WalletError> {
        let pending = self.contents.pending.iter().find(|pending| pending.id == id).cloned();
        let pending = pending.ok_or(FileError::Damaged)?;
        match self.obtain(&pending, now) {
            Ok((issuer, credential)) => self.keep(&pending, issuer, &credential, now),
            Err(WalletError::Client(crate::ClientError::Problem(problem)))
                if DEAD.contains(&problem.kind.as_str()) =>
            {
                self.give_up(id)?;
                Err(WalletError::OfferDead(problem))
            }
            Err(error) if now >= pending.expires_at.saturating_add(LAPSE_SECONDS) => {
                self.give_up(id)?;
                Err(WalletError::OfferLapsed(Box::new(error)))
            }
            Err(error) => Err(WalletError::NotFinished(Box::new(error))),
        }
    }

    fn obtain(&self, pending: &PendingOffer, now: u64) -> Result<(Issuer, Credential), WalletError> {
        // The holder may have pinned the issuer anew meanwhile, or taken another list of issuers.
        let issuer = self.contents.issuer_at(&pending.issuer_uri, &pending.key, now)?;
        let issuance = pending.issuance()?;
        let request = CredentialRequest {
            code: pending.code.0.to_string(),
            request: issuance.as_ref().map(|issuance| Blob(issuance.request().to_bytes().to_vec())),
        };
        let address = Address::parse_base(&pending.issuer_uri)?.join(paths::CREDENTIALS);
        let answer: CredentialResponse = self.client.post(&address, &request)?;
        let schema = self.contents.schema(&pending.schema).ok_or(FileError::Damaged)?;
        let schema = Arc::new(schema.clone());
        let bytes = zeroize::Zeroizing::new(answer.credential.0);
        let issued = IssuedCredential::from_bytes(&schema, &bytes).map_err(ObtainError::Decode)?;
        let credential = match issuance {
            Some(issuance) => issuance.finish(&self.contents.link_secret()?, &pending.key, schema, issued)?,
            None => Credential::accept_unbound(schema, &pending.key, issued)?,
        };
        Ok((issuer, credential))
    }

    /// Stores the credential and drops what it was asked for with, in one save.
    fn keep(
        &mut self,
        pending: &PendingOffer,
        issuer: Issuer,
        credential: &Credential,
        now: u64,
    ) -> Result<CredentialSummary, WalletError> {
        let stored = StoredCredential {
            id: pending.id.clone(),
            issuer_uri: pending.issuer_uri.clone(),
            issuer,
            schema: pending.schema,
            obtained_at: now,
            bytes: SecretBytes(credential.to_bytes()),
            tokens: Vec::new(),
            list: None,
        };
        let summary = self.summary(&stored);
        self.update(|contents| {
            remove(contents, &stored.id);
            contents.credentials.push(stored);
            Ok(())
        })?;
        Ok(summary)
    }

    fn give_up(&mut self, id: &str) -> Result<(), WalletError> {
        self.update(|contents| {
            remove(contents, id);
            contents.keep_schemas(&[]);
            Ok(())
        })
    }
}

fn remove(contents: &mut Contents, id: &str) {
    contents.pending.retain(|pending| pending.id != id);
}
