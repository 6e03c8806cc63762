//! Policies, requests and their outcomes.

use glimpse_api::Policy;
use glimpse_circuits::request::Request;
use redb::ReadableTable;

use super::records::{from_json, to_json};
use super::tables::{OUTCOMES, POLICIES, REQUEST_EXPIRIES, REQUESTS};
use super::{Change, Closed, Outcome, Store, StoreError, StoredRequest};
use crate::ids::Id;

impl Store {
    /// Keeps a policy, in the place of an earlier one of that name.
    pub(crate) async fn put_policy(&self, name: String, policy: &Policy) -> Result<(), StoreError> {
        let record = to_json("policies", policy)?;
        self.write(move |transaction| {
            transaction.open_table(POLICIES)?.insert(name.as_str(), record.as_slice())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    /// The policy of this name.
    pub(crate) async fn policy(&self, name: String) -> Result<Option<Policy>, StoreError> {
        self.read(move |transaction| {
            let record = transaction.open_table(POLICIES)?.get(name.as_str())?;
            record.map(|record| from_json("policies", record.value())).transpose()
        })
        .await
    }

    /// Keeps a request under a new id, to be forgotten at a given moment.
    pub(crate) async fn add_request(
        &self,
        id: Id,
        request: &Request,
        forget_at: u64,
    ) -> Result<(), StoreError> {
        let record = to_json("requests", request)?;
        self.write(move |transaction| {
            transaction.open_table(REQUESTS)?.insert(&id.0, record.as_slice())?;
            transaction.open_table(REQUEST_EXPIRIES)?.insert((forget_at, &id.0), ())?;
            Ok(Change::Keep(()))
        })
        .await
    }

    /// The request of this id, with its outcome if it has one.
    pub(crate) async fn request(&self, id: Id) -> Result<Option<StoredRequest>, StoreError> {
        self.read(move |transaction| {
            let Some(record) = transaction.open_table(REQUESTS)?.get(&id.0)? else { return Ok(None) };
            let request = from_json("requests", record.value())?;
            let outcome = transaction.open_table(OUTCOMES)?.get(&id.0)?;
            let outcome = outcome.map(|outcome| from_json("outcomes", outcome.value())).transpose()?;
            Ok(Some(StoredRequest { request, outcome }))
        })
        .await
    }

    /// Decides a request, unless it is decided or has expired.
    pub(crate) async fn close_request(
        &self,
        id: Id,
        outcome: &Outcome,
        now: u64,
    ) -> Result<Closed, StoreError> {
        let outcome = to_json("outcomes", outcome)?;
        self.write(move |transaction| {
            let requests = transaction.open_table(REQUESTS)?;
            let Some(record) = requests.get(&id.0)? else { return Ok(Change::Nothing(Closed::Unknown)) };
            let request: Request = from_json("requests", record.value())?;
            let mut outcomes = transaction.open_table(OUTCOMES)?;
            if outcomes.get(&id.0)?.is_some() {
                return Ok(Change::Nothing(Closed::Already));
            }
            if request.document().expires_at <= now {
                return Ok(Change::Nothing(Closed::Expired));
            }
            outcomes.insert(&id.0, outcome.as_slice())?;
            Ok(Change::Keep(Closed::Decided))
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn request(expires_at: u64) -> Request {
        let text = json!({ "zh-CN": "x", "en": "x" });
        let json = json!({
            "version": "1", "audience": "a", "audience_name": text, "purpose": text, "response_uri": "r",
            "nonce": "0".repeat(64), "issued_at": "0", "expires_at": expires_at.to_string(),
            "credentials": [{
                "id": "l", "schema": "0".repeat(64), "check": "token",
                // The base point of ristretto255 (RFC 9496).
                "issuers": ["e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"],
            }],
            "statements": [],
        });
        Request::from_json(&json.to_string()).unwrap()
    }

    #[actix_web::test]
    async fn a_request_is_decided_once_and_forgotten_with_its_outcome() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path()).unwrap();
        let (id, other) = (Id::random(), Id::random());
        store.add_request(id, &request(10), 100).await.unwrap();
        store.add_request(other, &request(10), 101).await.unwrap();
        let close = async |id, now| store.close_request(id, &Outcome::Refused, now).await.unwrap();
        assert_eq!(close(Id::random(), 0).await, Closed::Unknown);
        assert_eq!(close(other, 10).await, Closed::Expired);
        assert_eq!(close(id, 9).await, Closed::Decided);
        assert_eq!(close(id, 9).await, Closed::Already);
        assert_eq!(close(id, 10).await, Closed::Already);
        assert!(store.request(id).await.unwrap().unwrap().outcome.is_some());
        assert_eq!(store.purge(99, 10).await.unwrap(), 0);
        assert_eq!(store.purge(100, 10).await.unwrap(), 1);
        assert!(store.request(id).await.unwrap().is_none());
        assert!(store.request(other).await.unwrap().unwrap().outcome.is_none());
        // Nothing of it is left to be taken for the outcome of another.
        store.add_request(id, &request(10), 100).await.unwrap();
        assert!(store.request(id).await.unwrap().unwrap().outcome.is_none());
    }
}
