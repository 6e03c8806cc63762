//! Licences, offers and issuances.

use glimpse_circuits::request::Nonce;
use redb::{ReadableTable, WriteTransaction};

use super::tables::{HANDLES, LICENCES, OFFER_EXPIRIES, OFFERS, REGISTRATIONS};
use super::{Change, RedbStore};
use crate::ids::{Fingerprint, Id};
use crate::store::records::{OfferRecord, from_json, licence_id, to_json};
use crate::store::{Answer, IssuanceRecord, LicenceRecord, OpenOffer, RecordedIssuance, StoreError};

impl RedbStore {
    pub(super) async fn insert_licence(&self, id: Id, licence: &LicenceRecord) -> Result<(), StoreError> {
        let record = to_json("licences", licence)?;
        self.write(move |transaction| {
            transaction.open_table(LICENCES)?.insert(&id.0, record.as_slice())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn find_licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        self.read(move |transaction| {
            let record = transaction.open_table(LICENCES)?.get(&id.0)?;
            record.map(|record| from_json("licences", record.value())).transpose()
        })
        .await
    }

    pub(super) async fn insert_offer(
        &self,
        code: Fingerprint,
        licence: Id,
        nonce: Nonce,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        let record = to_json("offers", &OfferRecord::new(licence, nonce, expires_at))?;
        self.write(move |transaction| {
            let mut offers = transaction.open_table(OFFERS)?;
            // Repeated after it was used, perhaps: what it was answered with must stay.
            if offers.get(&code.0)?.is_some() {
                return Ok(Change::Nothing(()));
            }
            offers.insert(&code.0, record.as_slice())?;
            transaction.open_table(OFFER_EXPIRIES)?.insert((expires_at, &code.0), ())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn find_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError> {
        self.read(move |transaction| {
            let Some(record) = transaction.open_table(OFFERS)?.get(&code.0)? else { return Ok(None) };
            let offer: OfferRecord = from_json("offers", record.value())?;
            if offer.expires_at <= now {
                return Ok(None);
            }
            let licence = transaction.open_table(LICENCES)?.get(&licence_id(&offer)?.0)?;
            let licence = licence.ok_or(StoreError::Record("licences"))?;
            let licence: LicenceRecord = from_json("licences", licence.value())?;
            let holder = Fingerprint::of(licence.holder.as_bytes());
            let registered = transaction.open_table(REGISTRATIONS)?.get((&key, &holder.0))?;
            let registered = registered.map(|registered| *registered.value());
            Ok(Some(OpenOffer::new(offer, licence, registered)))
        })
        .await
    }
}

pub(super) fn record(
    transaction: &WriteTransaction,
    issuance: IssuanceRecord,
    now: u64,
) -> Result<Change<RecordedIssuance>, StoreError> {
    let refuse = |refusal| Ok(Change::Nothing(refusal));
    let mut offers = transaction.open_table(OFFERS)?;
    let found = offers.get(&issuance.offer.0)?.map(|record| from_json("offers", record.value()));
    let mut offer: OfferRecord = match found.transpose()? {
        Some(offer) => offer,
        None => return refuse(RecordedIssuance::OfferUnknown),
    };
    if offer.expires_at <= now {
        return refuse(RecordedIssuance::OfferUnknown);
    }
    match offer.answer {
        Some(answer) if answer.is_to(&issuance.request) => return refuse(RecordedIssuance::Repeated(answer)),
        Some(_) => return refuse(RecordedIssuance::OfferUsed),
        None => {}
    }
    if let Some(holder) = issuance.holder {
        let mut handles = transaction.open_table(HANDLES)?;
        if handles.get((&issuance.key, holder.handle))?.is_some() {
            return refuse(RecordedIssuance::HandleTaken);
        }
        let mut registrations = transaction.open_table(REGISTRATIONS)?;
        let at = (&issuance.key, &holder.reference.0);
        let registered = registrations.get(at)?.map(|known| *known.value());
        if registered.is_some_and(|registered| registered != holder.registration) {
            return refuse(RecordedIssuance::HolderRegistered);
        }
        handles.insert((&issuance.key, holder.handle), &licence_id(&offer)?.0)?;
        registrations.insert(at, &holder.registration)?;
    }
    offer.answer = Some(Answer::new(issuance.request, issuance.credential));
    offers.insert(&issuance.offer.0, to_json("offers", &offer)?.as_slice())?;
    Ok(Change::Keep(RecordedIssuance::Stored))
}
