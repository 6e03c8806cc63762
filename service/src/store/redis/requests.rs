//! Policies, requests and their outcomes.

use std::collections::BTreeMap;

use glimpse_api::Policy;
use glimpse_circuits::request::Request;
use redis::cmd;

use super::keys::SLACK;
use super::scripts::{ADD_REQUEST, Ask, CLOSE_REQUEST};
use super::{RedisStore, damaged};
use crate::ids::{Fingerprint, Id};
use crate::store::records::{RequestRecord, from_json, to_json};
use crate::store::{Attempted, Closed, Outcome, StoreError, StoredRequest};

/// What a field of a hash holds, if it is there.
type Field = Option<Vec<u8>>;

impl RedisStore {
    pub(super) async fn insert_policy(
        &self,
        owner: &str,
        name: &str,
        policy: &Policy,
    ) -> Result<(), StoreError> {
        let record = to_json("policies", policy)?;
        let _new: u32 =
            self.ask(Ask::write(cmd("HSET").arg(self.keys.policies(owner)).arg(name).arg(record))).await?;
        Ok(())
    }

    pub(super) async fn find_policy(&self, owner: &str, name: &str) -> Result<Option<Policy>, StoreError> {
        let ask = Ask::read(cmd("HGET").arg(self.keys.policies(owner)).arg(name));
        let record: Option<Vec<u8>> = self.ask(ask).await?;
        record.map(|record| from_json("policies", &record)).transpose()
    }

    pub(super) async fn policies_of(&self, owner: &str) -> Result<Vec<(String, Policy)>, StoreError> {
        let ask = Ask::read(cmd("HGETALL").arg(self.keys.policies(owner)));
        let records: BTreeMap<String, Vec<u8>> = self.ask(ask).await?;
        records.into_iter().map(|(name, record)| Ok((name, from_json("policies", &record)?))).collect()
    }

    pub(super) async fn insert_request(
        &self,
        id: Id,
        owner: &str,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError> {
        let expires = request.document().expires_at.to_string();
        let record = RequestRecord { owner: owner.to_owned(), request: request.clone() };
        let record = to_json("requests", &record)?;
        let gone = super::moment(forget_at.saturating_add(SLACK));
        let arguments = [&record[..], expires.as_bytes(), gone.as_bytes()];
        let _new: u32 = self.ask(ADD_REQUEST.ask(&[self.keys.request(id)], &arguments)).await?;
        Ok(())
    }

    pub(super) async fn find_request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError> {
        let fields = ["record", "attempt", "outcome"];
        let (record, attempt, outcome): (Field, Field, Field) =
            self.ask(Ask::read(cmd("HMGET").arg(self.keys.request(id)).arg(&fields))).await?;
        let Some(record) = record else { return Ok(None) };
        let RequestRecord { owner, request } = from_json("requests", &record)?;
        let outcome = match (attempt, outcome) {
            (Some(attempt), Some(outcome)) => {
                let attempt = attempt.try_into().map_err(|_| damaged("outcomes"))?;
                let outcome: Outcome = from_json("outcomes", &outcome)?;
                self.settled().await?;
                Some(Attempted::new(Fingerprint(attempt), outcome))
            }
            (None, None) => None,
            _ => return Err(damaged("outcomes")),
        };
        Ok(Some(StoredRequest { owner, request, outcome }))
    }

    pub(super) async fn decide_request(
        &self,
        id: Id,
        attempt: Fingerprint,
        outcome: &Outcome,
        now: u64,
    ) -> Result<Closed, StoreError> {
        let (outcome, now) = (to_json("outcomes", outcome)?, now.to_string());
        let arguments = [&attempt.0[..], &outcome, now.as_bytes()];
        let said: String = self.ask(CLOSE_REQUEST.ask(&[self.keys.request(id)], &arguments)).await?;
        match said.as_str() {
            "decided" => Ok(Closed::Decided),
            "already" => Ok(Closed::Already),
            "expired" => Ok(Closed::Expired),
            "unknown" => Ok(Closed::Unknown),
            _ => Err(damaged("requests")),
        }
    }
}
