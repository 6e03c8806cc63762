//! Licences, offers and issuances.

use glimpse_circuits::request::Nonce;
use redis::cmd;

use super::keys::SLACK;
use super::scripts::{ADD_OFFER, Ask, RECORD_ISSUANCE};
use super::{RedisStore, damaged};
use crate::ids::{Fingerprint, Id};
use crate::store::records::{OfferRecord, from_json, licence_id, to_json};
use crate::store::{Answer, IssuanceRecord, LicenceRecord, OpenOffer, RecordedIssuance, StoreError};

/// The fields of an offer, in the order in which they are asked for.
type Fields = (Option<Vec<u8>>, Option<Vec<u8>>, Option<u64>, Option<Vec<u8>>, Option<Vec<u8>>);

impl RedisStore {
    pub(super) async fn insert_licence(&self, id: Id, licence: &LicenceRecord) -> Result<(), StoreError> {
        let record = to_json("licences", licence)?;
        self.ask(Ask::write(cmd("SET").arg(self.keys.licence(id)).arg(record))).await
    }

    pub(super) async fn find_licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        let record: Option<Vec<u8>> = self.ask(Ask::read(cmd("GET").arg(self.keys.licence(id)))).await?;
        record.map(|record| from_json("licences", &record)).transpose()
    }

    pub(super) async fn insert_offer(
        &self,
        code: Fingerprint,
        licence: Id,
        nonce: Nonce,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        let (expires, gone) = (expires_at.to_string(), super::moment(expires_at.saturating_add(SLACK)));
        let arguments = [&licence.0[..], &nonce.0, expires.as_bytes(), gone.as_bytes()];
        let _new: u32 = self.ask(ADD_OFFER.ask(&[self.keys.offer(code)], &arguments)).await?;
        Ok(())
    }

    pub(super) async fn find_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError> {
        let fields = ["licence", "nonce", "expires_at", "request", "credential"];
        let fields: Fields =
            self.ask(Ask::read(cmd("HMGET").arg(self.keys.offer(code)).arg(&fields))).await?;
        let Some(offer) = offer(fields)?.filter(|offer| offer.expires_at > now) else { return Ok(None) };
        if offer.answer.is_some() {
            self.settled().await?;
        }
        let licence = self.find_licence(licence_id(&offer)?).await?.ok_or(damaged("licences"))?;
        let holder = Fingerprint::of(licence.holder.as_bytes());
        let ask = Ask::read(cmd("HGET").arg(self.keys.registrations(&key)).arg(&holder.0[..]));
        let registered: Option<Vec<u8>> = self.ask(ask).await?;
        let registered = registered.map(|known| known.try_into().map_err(|_| damaged("registrations")));
        Ok(Some(OpenOffer::new(offer, licence, registered.transpose()?)))
    }

    pub(super) async fn record(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError> {
        let now = now.to_string();
        let mut keys = vec![self.keys.offer(issuance.offer)];
        let mut arguments: Vec<&[u8]> = vec![now.as_bytes(), &issuance.request.0, &issuance.credential];
        let handle = issuance.holder.map(|holder| holder.handle.to_string());
        if let (Some(holder), Some(handle)) = (&issuance.holder, &handle) {
            keys.extend([self.keys.handles(&issuance.key), self.keys.registrations(&issuance.key)]);
            arguments.extend([handle.as_bytes(), &holder.reference.0, &holder.registration]);
        }
        let said: Vec<Vec<u8>> = self.ask(RECORD_ISSUANCE.ask(&keys, &arguments)).await?;
        let mut said = said.into_iter();
        Ok(match (said.next().as_deref(), said.next()) {
            (Some(b"stored"), _) => RecordedIssuance::Stored,
            (Some(b"repeated"), Some(credential)) => {
                RecordedIssuance::Repeated(Answer::new(issuance.request, credential))
            }
            (Some(b"used"), _) => RecordedIssuance::OfferUsed,
            (Some(b"unknown"), _) => RecordedIssuance::OfferUnknown,
            (Some(b"handle-taken"), _) => RecordedIssuance::HandleTaken,
            (Some(b"registered"), _) => RecordedIssuance::HolderRegistered,
            _ => return Err(damaged("offers")),
        })
    }
}

fn offer(fields: Fields) -> Result<Option<OfferRecord>, StoreError> {
    let (Some(licence), Some(nonce), Some(expires_at), request, credential) = fields else { return Ok(None) };
    let licence = licence.try_into().map_err(|_| damaged("offers"))?;
    let nonce = nonce.try_into().map_err(|_| damaged("offers"))?;
    let mut offer = OfferRecord::new(Id(licence), Nonce(nonce), expires_at);
    offer.answer = match (request, credential) {
        (Some(request), Some(credential)) => {
            let request = request.try_into().map_err(|_| damaged("offers"))?;
            Some(Answer::new(Fingerprint(request), credential))
        }
        (None, None) => None,
        _ => return Err(damaged("offers")),
    };
    Ok(Some(offer))
}
