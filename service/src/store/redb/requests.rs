//! Policies, requests and their outcomes.

use glimpse_api::Policy;
use glimpse_circuits::request::Request;
use redb::ReadableTable;

use super::tables::{OUTCOMES, POLICIES, REQUEST_EXPIRIES, REQUESTS};
use super::{Change, RedbStore};
use crate::ids::{Fingerprint, Id};
use crate::store::records::{RequestRecord, from_json, to_json};
use crate::store::{Attempted, Closed, Outcome, StoreError, StoredRequest};

impl RedbStore {
    pub(super) async fn insert_policy(
        &self,
        owner: String,
        name: String,
        policy: &Policy,
    ) -> Result<(), StoreError> {
        let record = to_json("policies", policy)?;
        self.write(move |transaction| {
            let at = (owner.as_str(), name.as_str());
            transaction.open_table(POLICIES)?.insert(at, record.as_slice())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn find_policy(
        &self,
        owner: String,
        name: String,
    ) -> Result<Option<Policy>, StoreError> {
        self.read(move |transaction| {
            let record = transaction.open_table(POLICIES)?.get((owner.as_str(), name.as_str()))?;
            record.map(|record| from_json("policies", record.value())).transpose()
        })
        .await
    }

    pub(super) async fn policies_of(&self, owner: String) -> Result<Vec<(String, Policy)>, StoreError> {
        self.read(move |transaction| {
            let policies = transaction.open_table(POLICIES)?;
            let mut found = Vec::new();
            for entry in policies.range((owner.as_str(), "")..)? {
                let (key, record) = entry?;
                let (of, name) = key.value();
                if of != owner {
                    break;
                }
                found.push((name.to_owned(), from_json("policies", record.value())?));
            }
            Ok(found)
        })
        .await
    }

    pub(super) async fn insert_request(
        &self,
        id: Id,
        owner: &str,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError> {
        let record = RequestRecord { owner: owner.to_owned(), request: request.clone() };
        let record = to_json("requests", &record)?;
        self.write(move |transaction| {
            transaction.open_table(REQUESTS)?.insert(&id.0, record.as_slice())?;
            transaction.open_table(REQUEST_EXPIRIES)?.insert((forget_at, &id.0), ())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    pub(super) async fn find_request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError> {
        self.read(move |transaction| {
            let Some(record) = transaction.open_table(REQUESTS)?.get(&id.0)? else { return Ok(None) };
            let RequestRecord { owner, request } = from_json("requests", record.value())?;
            let outcome = transaction.open_table(OUTCOMES)?.get(&id.0)?;
            let outcome = outcome.map(|outcome| from_json("outcomes", outcome.value())).transpose()?;
            Ok(Some(StoredRequest { owner, request, outcome }))
        })
        .await
    }

    pub(super) async fn decide_request(
        &self,
        id: Id,
        attempt: Fingerprint,
        outcome: Outcome,
        now: u64,
    ) -> Result<Closed, StoreError> {
        let record = to_json("outcomes", &Attempted::new(attempt, outcome))?;
        self.write(move |transaction| {
            let requests = transaction.open_table(REQUESTS)?;
            let Some(request) = requests.get(&id.0)? else { return Ok(Change::Nothing(Closed::Unknown)) };
            let mut outcomes = transaction.open_table(OUTCOMES)?;
            if let Some(found) = outcomes.get(&id.0)? {
                let found: Attempted = from_json("outcomes", found.value())?;
                let closed = if found.is_of(&attempt) { Closed::Decided } else { Closed::Already };
                return Ok(Change::Nothing(closed));
            }
            let RequestRecord { request, .. } = from_json("requests", request.value())?;
            if request.document().expires_at <= now {
                return Ok(Change::Nothing(Closed::Expired));
            }
            outcomes.insert(&id.0, record.as_slice())?;
            Ok(Change::Keep(Closed::Decided))
        })
        .await
    }
}
