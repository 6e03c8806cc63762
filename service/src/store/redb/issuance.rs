//! Offers and issuances.

use redb::{ReadableTable, WriteTransaction};

use super::licences::update;
use super::tables::{HANDLES, LICENCES, OFFER_EXPIRIES, OFFERS, REGISTRATIONS};
use super::{Change, RedbStore};
use crate::ids::Fingerprint;
use crate::store::licences::{LicenceRecord, LicenceUpdate, Updated};
use crate::store::records::{NewOffer, OfferRecord, from_json, to_json};
use crate::store::{Answer, IssuanceRecord, OpenOffer, RecordedIssuance, StoreError};

impl RedbStore {
    pub(super) async fn insert_offer(
        &self,
        offer: NewOffer,
        change: LicenceUpdate,
    ) -> Result<Updated, StoreError> {
        let record = to_json("offers", &OfferRecord::new(&offer))?;
        self.write(move |transaction| {
            let NewOffer { code, expires_at, .. } = offer;
            let mut offers = transaction.open_table(OFFERS)?;
            // Repeated after it was used, perhaps: what it was answered with must stay.
            if offers.get(&code.0)?.is_some() {
                return Ok(Change::Nothing(Updated::Done));
            }
            let Change::Keep(updated) = update(transaction, &[change])? else {
                return Ok(Change::Nothing(Updated::Changed));
            };
            offers.insert(&code.0, record.as_slice())?;
            transaction.open_table(OFFER_EXPIRIES)?.insert((expires_at, &code.0), ())?;
            Ok(Change::Keep(updated))
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
            let licence = transaction.open_table(LICENCES)?.get(&offer.licence.0)?;
            let licence = licence.ok_or(StoreError::Record("licences"))?;
            let licence: LicenceRecord = from_json("licences", licence.value())?;
            let holder = licence.holder_reference();
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
        handles.insert((&issuance.key, holder.handle), &offer.licence.0)?;
        registrations.insert(at, &holder.registration)?;
    }
    let Change::Keep(_) = update(transaction, &[issuance.update])? else {
        return refuse(RecordedIssuance::LicenceChanged);
    };
    offer.answer = Some(Answer::new(issuance.request, issuance.credential));
    offers.insert(&issuance.offer.0, to_json("offers", &offer)?.as_slice())?;
    Ok(Change::Keep(RecordedIssuance::Stored))
}
