//! Requests: made and read by the relying party, fetched by wallets.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use glimpse_api::{Policy, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths};

use super::{OWNER, VerifierRole};
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, RequestId, StrictJson};
use crate::ids::Id;
use crate::store::{Outcome, StoredRequest};

/// Makes a request.
pub(crate) async fn create(
    _relying_party: RelyingParty,
    role: Data<VerifierRole>,
    body: StrictJson<RequestCreation>,
) -> ApiResult {
    let created = role.create(body.0).await?;
    Ok(HttpResponse::Created().json(created))
}

/// The request in its canonical form, for wallets.
pub(crate) async fn read(role: Data<VerifierRole>, id: RequestId) -> ApiResult {
    let stored = role.stored(id.0).await?;
    if role.has_expired(&stored) {
        return Err(ApiError::RequestExpired);
    }
    let canonical = stored.request.to_canonical_json().map_err(|_| ApiError::Internal)?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(canonical))
}

/// What became of it.
pub(crate) async fn result(
    _relying_party: RelyingParty,
    role: Data<VerifierRole>,
    id: RequestId,
) -> ApiResult {
    let stored = role.stored(id.0).await?;
    let expired = role.has_expired(&stored);
    let (status, verdict) = match stored.outcome.map(|attempted| attempted.outcome) {
        Some(Outcome::Accepted(verdict)) => (RequestStatus::Accepted, Some(verdict)),
        Some(Outcome::Refused) => (RequestStatus::Refused, None),
        None if expired => (RequestStatus::Expired, None),
        None => (RequestStatus::Pending, None),
    };
    Ok(HttpResponse::Ok().json(ResultReport { status, verdict }))
}

impl VerifierRole {
    async fn create(self: &Arc<Self>, creation: RequestCreation) -> Result<RequestCreated, ApiError> {
        let (policy, at) = match creation {
            RequestCreation::Policy(name) => (self.policy(&name).await?, "policy."),
            RequestCreation::Inline(policy) => (policy, "inline."),
        };
        let (id, role) = (Id::random(), self.clone());
        let request = self.workers.run(move || role.compose(&policy, &id, at)).await??;
        let expires_at = request.document().expires_at;
        let forget_at = expires_at.saturating_add(self.result_lifetime);
        self.shared.store.add_request(id, OWNER, &request, forget_at).await?;
        Ok(RequestCreated {
            request_uri: self.shared.uri(paths::REQUEST, "request", &id.text()),
            result_uri: self.shared.uri(paths::RESULT, "request", &id.text()),
            id: id.text(),
            expires_at,
        })
    }

    async fn policy(&self, name: &str) -> Result<Policy, ApiError> {
        let name = PolicyName::parse(name).ok_or(ApiError::PolicyUnknown)?;
        self.shared.store.policy(OWNER, &name.0).await?.ok_or(ApiError::PolicyUnknown)
    }

    pub(super) async fn stored(&self, id: Id) -> Result<StoredRequest, ApiError> {
        self.shared.store.request(id).await?.ok_or(ApiError::RequestUnknown)
    }

    pub(super) fn has_expired(&self, stored: &StoredRequest) -> bool {
        stored.request.document().expires_at <= self.shared.clock.now()
    }
}
