//! Requests: made and read by the relying party, fetched by wallets.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use glimpse_api::openapi::Reference;
use glimpse_api::{Policy, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths};

use super::{OWNER, VerifierRole};
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, RequestId, StrictJson};
use crate::ids::Id;
use crate::openapi::problems::{
    BEARER, BODY, BUSY, INVALID, NOT_FOUND, POLICY_UNKNOWN, Problems, REQUEST_EXPIRED, REQUEST_UNKNOWN, STORE,
};
use crate::openapi::{examples, tags};
use crate::store::{Outcome, StoredRequest};

/// Makes a request.
#[utoipa::path(
    post, path = paths::REQUESTS, operation_id = "createRequest", tag = tags::RELYING_PARTY,
    security(("relyingParty" = [])),
    request_body(content = glimpse_api::openapi::RequestCreation, examples(
        ("From a stored policy" = (value = json!({ "policy": "car-rental" }))),
        ("From a policy in place" = (value = json!({ "inline": examples::policy() }))),
    )),
    responses(
        (status = CREATED, description = "The request. Show its `request_uri` to the holder, as a link or a QR code.",
            body = RequestCreated,
            links(
                ("read" = (operation_id = "readRequest", parameters(("request" = "$response.body#/id")),
                    description = "The request itself, for the wallet.")),
                ("submit" = (operation_id = "submitPresentation", parameters(("request" = "$response.body#/id")),
                    description = "Takes the wallet's answer.")),
                ("result" = (operation_id = "readResult", parameters(("request" = "$response.body#/id")),
                    description = "What became of it.")),
            )),
        Problems<{ BEARER | BODY | POLICY_UNKNOWN | INVALID | BUSY | STORE }>,
    ),
)]
pub(crate) async fn create(
    _relying_party: RelyingParty,
    role: Data<VerifierRole>,
    body: StrictJson<RequestCreation>,
) -> ApiResult {
    let created = role.create(body.0).await?;
    Ok(HttpResponse::Created().json(created))
}

/// The request in its canonical form, for wallets.
#[utoipa::path(
    get, path = paths::REQUEST, operation_id = "readRequest", tag = tags::VERIFIER,
    params(("request" = Reference, Path, description = "The request's reference.")),
    responses(
        (status = OK, description = "The request in its canonical form (RFC 8785).",
            body = glimpse_api::openapi::Request, content_type = "application/json"),
        Problems<{ NOT_FOUND | REQUEST_UNKNOWN | REQUEST_EXPIRED | STORE }>,
    ),
)]
pub(crate) async fn read(role: Data<VerifierRole>, id: RequestId) -> ApiResult {
    let stored = role.stored(id.0).await?;
    if role.has_expired(&stored) {
        return Err(ApiError::RequestExpired);
    }
    let canonical = stored.request.to_canonical_json().map_err(|_| ApiError::Internal)?;
    Ok(HttpResponse::Ok().content_type(ContentType::json()).body(canonical))
}

/// What became of it.
#[utoipa::path(
    get, path = paths::RESULT, operation_id = "readResult", tag = tags::RELYING_PARTY,
    params(("request" = Reference, Path, description = "The request's reference.")),
    security(("relyingParty" = [])),
    responses(
        (status = OK, description = "What became of the request, and what was learnt if it was accepted.",
            body = ResultReport),
        Problems<{ BEARER | NOT_FOUND | REQUEST_UNKNOWN | STORE }>,
    ),
)]
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
