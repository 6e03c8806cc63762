//! Offers and issuances.

use glimpse_circuits::request::Nonce;
use redis::cmd;

use super::keys::SLACK;
use super::plan::Plan;
use super::scripts::{Ask, RECORD_ISSUANCE};
use super::{RedisStore, damaged};
use crate::ids::{Fingerprint, Id};
use crate::store::licences::{LicenceUpdate, Updated};
use crate::store::records::{NewOffer, OfferRecord};
use crate::store::{Answer, IssuanceRecord, OpenOffer, RecordedIssuance, StoreError};

/// The fields of an offer, in the order in which they are asked for.
type Fields = (Option<String>, Option<u64>, Option<String>, Option<u64>, Option<Vec<u8>>, Option<Vec<u8>>);

impl RedisStore {
    pub(super) async fn insert_offer(
        &self,
        offer: NewOffer,
        update: LicenceUpdate,
    ) -> Result<Updated, StoreError> {
        let key = self.keys.offer(offer.code);
        let gone = super::moment(offer.expires_at.saturating_add(SLACK));
        let (licence, nonce) = (offer.licence.text(), hex::encode(offer.nonce.0));
        let (wallet, expires) = (offer.wallet.to_string(), offer.expires_at.to_string());
        let mut plan = Plan::after(0);
        plan.expect("EXISTS", key.clone(), &[], "0");
        plan.update(&self.keys, &update)?;
        let fields = ["licence", &licence, "wallet", &wallet, "nonce", &nonce, "expires_at", &expires];
        plan.write("HSET", key.clone(), &fields);
        plan.write("EXPIREAT", key.clone(), &[&gone]);
        // One that is there already was made by this before, used or not: codes are drawn.
        let made = self.carry_out(&plan).await? || self.ask(Ask::read(cmd("EXISTS").arg(key))).await?;
        Ok(if made { Updated::Done } else { Updated::Changed })
    }

    pub(super) async fn find_offer(
        &self,
        code: Fingerprint,
        key: [u8; 32],
        now: u64,
    ) -> Result<Option<OpenOffer>, StoreError> {
        let fields = ["licence", "wallet", "nonce", "expires_at", "request", "credential"];
        let fields: Fields =
            self.ask(Ask::read(cmd("HMGET").arg(self.keys.offer(code)).arg(&fields))).await?;
        let Some(offer) = offer(fields)?.filter(|offer| offer.expires_at > now) else { return Ok(None) };
        if offer.answer.is_some() {
            self.settled().await?;
        }
        let licence = self.find_licence(offer.licence).await?.ok_or(damaged("licences"))?;
        let holder = licence.holder_reference();
        let ask = Ask::read(cmd("HGET").arg(self.keys.registrations(&key)).arg(hex::encode(holder.0)));
        let registered: Option<String> = self.ask(ask).await?;
        let registered = registered.map(|known| digits(&known, "registrations")).transpose()?;
        Ok(Some(OpenOffer::new(offer, licence, registered)))
    }

    pub(super) async fn record(
        &self,
        issuance: IssuanceRecord,
        now: u64,
    ) -> Result<RecordedIssuance, StoreError> {
        let now = now.to_string();
        let mut keys = vec![
            self.keys.offer(issuance.offer),
            self.keys.handles(&issuance.key),
            self.keys.registrations(&issuance.key),
        ];
        let mut plan = Plan::after(keys.len());
        plan.update(&self.keys, &issuance.update)?;
        keys.extend_from_slice(plan.keys());
        let plan = plan.text();
        let mut arguments: Vec<&[u8]> =
            vec![now.as_bytes(), &issuance.request.0, &issuance.credential, plan.as_bytes()];
        let holder = issuance.holder.map(|holder| {
            [holder.handle.to_string(), hex::encode(holder.reference.0), hex::encode(holder.registration)]
        });
        arguments.extend(holder.iter().flatten().map(String::as_bytes));
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
            (Some(b"changed"), _) => RecordedIssuance::LicenceChanged,
            _ => return Err(damaged("offers")),
        })
    }
}

fn offer(fields: Fields) -> Result<Option<OfferRecord>, StoreError> {
    let (Some(licence), Some(wallet), Some(nonce), Some(expires_at), request, credential) = fields else {
        return Ok(None);
    };
    let licence = Id::parse(&licence).ok_or(damaged("offers"))?;
    let nonce = Nonce(digits(&nonce, "offers")?);
    let answer = match (request, credential) {
        (Some(request), Some(credential)) => {
            let request = request.try_into().map_err(|_| damaged("offers"))?;
            Some(Answer::new(Fingerprint(request), credential))
        }
        (None, None) => None,
        _ => return Err(damaged("offers")),
    };
    Ok(Some(OfferRecord { licence, wallet, nonce, expires_at, answer }))
}

/// 32 bytes that are kept as digits.
fn digits(text: &str, table: &'static str) -> Result<[u8; 32], StoreError> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| damaged(table))?;
    Ok(bytes)
}
