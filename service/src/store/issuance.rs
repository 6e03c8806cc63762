//! Licences, offers and issuances.

use glimpse_circuits::request::Nonce;
use redb::{ReadableTable, WriteTransaction};

use super::records::{OfferRecord, from_json, licence_id, to_json};
use super::tables::{HANDLES, LICENCES, OFFER_EXPIRIES, OFFERS, REGISTRATIONS};
use super::{Answer, Change, IssuanceRecord, LicenceRecord, OpenOffer, RecordedIssuance, Store, StoreError};
use crate::ids::{Fingerprint, Id};

impl Store {
    /// Keeps a licence under a new id.
    pub(crate) async fn add_licence(&self, id: Id, licence: LicenceRecord) -> Result<(), StoreError> {
        let record = to_json("licences", &licence)?;
        self.write(move |transaction| {
            transaction.open_table(LICENCES)?.insert(&id.0, record.as_slice())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    /// The licence of this id.
    pub(crate) async fn licence(&self, id: Id) -> Result<Option<LicenceRecord>, StoreError> {
        self.read(move |transaction| {
            let record = transaction.open_table(LICENCES)?.get(&id.0)?;
            record.map(|record| from_json("licences", record.value())).transpose()
        })
        .await
    }

    /// Keeps an offer for a licence, under the fingerprint of its code.
    pub(crate) async fn add_offer(
        &self,
        code: Fingerprint,
        licence: Id,
        nonce: Nonce,
        expires_at: u64,
    ) -> Result<(), StoreError> {
        let offer = OfferRecord { licence: licence.0.as_slice().into(), nonce, expires_at, answer: None };
        let record = to_json("offers", &offer)?;
        self.write(move |transaction| {
            transaction.open_table(OFFERS)?.insert(&code.0, record.as_slice())?;
            transaction.open_table(OFFER_EXPIRIES)?.insert((expires_at, &code.0), ())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    /// An offer that has not expired, with what is known of its holder under an issuer key.
    pub(crate) async fn open_offer(
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
            Ok(Some(OpenOffer {
                registered: registered.map(|registered| *registered.value()),
                nonce: offer.nonce,
                expires_at: offer.expires_at,
                answer: offer.answer,
                licence,
            }))
        })
        .await
    }

    /// Uses up an offer: its answer, the handle and the holder's registration are kept together or not at all.
    pub(crate) async fn record_issuance(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError> {
        self.write(move |transaction| record(transaction, issuance, now)).await
    }
}

fn record(
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
    let licence = licence_id(&offer)?;
    if let Some((handle, registration)) = issuance.holder {
        let mut handles = transaction.open_table(HANDLES)?;
        if handles.get((&issuance.key, handle))?.is_some() {
            return refuse(RecordedIssuance::HandleTaken);
        }
        let holder = holder_of(transaction, licence)?;
        let mut registrations = transaction.open_table(REGISTRATIONS)?;
        let registered = registrations.get((&issuance.key, &holder.0))?.map(|known| *known.value());
        if registered.is_some_and(|registered| registered != registration) {
            return refuse(RecordedIssuance::HolderRegistered);
        }
        handles.insert((&issuance.key, handle), &licence.0)?;
        registrations.insert((&issuance.key, &holder.0), &registration)?;
    }
    offer.answer = Some(Answer::new(issuance.request, issuance.credential));
    offers.insert(&issuance.offer.0, to_json("offers", &offer)?.as_slice())?;
    Ok(Change::Keep(RecordedIssuance::Stored))
}

fn holder_of(transaction: &WriteTransaction, licence: Id) -> Result<Fingerprint, StoreError> {
    let licences = transaction.open_table(LICENCES)?;
    let record = licences.get(&licence.0)?.ok_or(StoreError::Record("licences"))?;
    let licence: LicenceRecord = from_json("licences", record.value())?;
    Ok(Fingerprint::of(licence.holder.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn licence(holder: &str) -> LicenceRecord {
        let schema = glimpse_profiles::builtin()[0].schema();
        LicenceRecord::new(schema, holder.into(), &[], 0)
    }

    fn issuance(code: &[u8], request: &[u8], handle: u32, registration: u8) -> IssuanceRecord {
        IssuanceRecord {
            offer: Fingerprint::of(code),
            request: Fingerprint::of(request),
            key: [1; 32],
            holder: Some((handle, [registration; 32])),
            credential: request.to_vec(),
        }
    }

    #[actix_web::test]
    async fn an_issuance_happens_once() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        for (code, holder) in [("a", "1"), ("b", "1"), ("c", "2")] {
            let id = Id::random();
            store.add_licence(id, licence(holder)).await.unwrap();
            store.add_offer(Fingerprint::of(code.as_bytes()), id, Nonce([0; 32]), 100).await.unwrap();
        }
        let record = async |code: &str, request: &str, handle, registration, now| {
            store
                .record_issuance(issuance(code.as_bytes(), request.as_bytes(), handle, registration), now)
                .await
                .unwrap()
        };
        assert!(matches!(record("x", "r", 7, 1, 0).await, RecordedIssuance::OfferUnknown));
        assert!(matches!(record("a", "r", 7, 1, 100).await, RecordedIssuance::OfferUnknown));
        assert!(matches!(record("a", "r", 7, 1, 99).await, RecordedIssuance::Stored));
        assert!(matches!(record("a", "other", 8, 1, 99).await, RecordedIssuance::OfferUsed));
        let RecordedIssuance::Repeated(answer) = record("a", "r", 9, 1, 99).await else { panic!() };
        assert_eq!(answer.credential.0, b"r");
        assert!(matches!(record("b", "r", 7, 1, 0).await, RecordedIssuance::HandleTaken));
        assert!(matches!(record("b", "r", 8, 2, 0).await, RecordedIssuance::HolderRegistered));
        assert!(matches!(record("b", "r", 8, 1, 0).await, RecordedIssuance::Stored));
        assert!(matches!(record("c", "r", 9, 2, 0).await, RecordedIssuance::Stored));

        let offer = store.open_offer(Fingerprint::of(b"a"), [1; 32], 99).await.unwrap().unwrap();
        assert_eq!((offer.registered, offer.expires_at), (Some([1; 32]), 100));
        assert!(store.open_offer(Fingerprint::of(b"a"), [1; 32], 100).await.unwrap().is_none());
        let other_key = store.open_offer(Fingerprint::of(b"a"), [2; 32], 0).await.unwrap().unwrap();
        assert_eq!(other_key.registered, None);
    }
}
