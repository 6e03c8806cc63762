//! Requests: made and read by the relying party, fetched by wallets.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use glimpse_api::openapi::Reference;
use glimpse_api::{Policy, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths};

use super::VerifierRole;
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, RequestId, StrictJson};
use crate::ids::Id;
use crate::openapi::problems::{
    BEARER, BODY, BUSY, INVALID, NOT_FOUND, OVER_ASKING, POLICY_UNKNOWN, Problems, RATE_LIMITED,
    REQUEST_EXPIRED, REQUEST_UNKNOWN, STORE, TRUST_LIST_EXPIRED,
};
use crate::openapi::{examples, tags};
use crate::rates::{Requests, Within};
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
        Problems<{ BEARER | RATE_LIMITED | OVER_ASKING | BODY | POLICY_UNKNOWN | INVALID | BUSY | TRUST_LIST_EXPIRED | STORE }>,
    ),
)]
pub(crate) async fn create(
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    _within: Within<Requests>,
    body: StrictJson<RequestCreation>,
) -> ApiResult {
    let created = role.create(relying_party, body.0).await?;
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
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    id: RequestId,
) -> ApiResult {
    let stored = role.stored(id.0).await?;
    if stored.owner != relying_party.id() {
        // Not even that there is one.
        return Err(ApiError::RequestUnknown);
    }
    let status = role.status(&stored);
    let verdict = match stored.outcome.map(|attempted| attempted.outcome) {
        Some(Outcome::Accepted(verdict)) => Some(verdict),
        Some(Outcome::Refused) | None => None,
    };
    Ok(HttpResponse::Ok().json(ResultReport { status, verdict }))
}

impl VerifierRole {
    async fn create(
        self: &Arc<Self>,
        relying_party: RelyingParty,
        creation: RequestCreation,
    ) -> Result<RequestCreated, ApiError> {
        let (name, policy, at) = match creation {
            RequestCreation::Policy(name) => {
                let policy = self.policy(&relying_party, &name).await?;
                (Some(name), policy, "policy.")
            }
            RequestCreation::Inline(policy) => (None, policy, "inline."),
        };
        let (id, role, asking, policy) =
            (Id::random(), self.clone(), relying_party.clone(), Arc::new(policy));
        let asked = policy.clone();
        let request = self.workers.run(move || role.compose(&asking, &asked, &id, at)).await??;
        let expires_at = request.document().expires_at;
        let forget_at = expires_at.saturating_add(self.result_lifetime);
        self.shared.store.add_request(id, relying_party.id(), &request, forget_at).await?;
        let of = name.unwrap_or_else(|| schemas(&policy));
        tracing::info!(target: "audit", principal = relying_party.id(), act = "request created", of);
        Ok(RequestCreated {
            request_uri: self.shared.uri(paths::REQUEST, "request", &id.text()),
            result_uri: self.shared.uri(paths::RESULT, "request", &id.text()),
            id: id.text(),
            expires_at,
        })
    }

    async fn policy(&self, relying_party: &RelyingParty, name: &str) -> Result<Policy, ApiError> {
        let name = PolicyName::parse(name).ok_or(ApiError::PolicyUnknown)?;
        self.shared.store.policy(relying_party.id(), &name.0).await?.ok_or(ApiError::PolicyUnknown)
    }

    pub(crate) async fn stored(&self, id: Id) -> Result<StoredRequest, ApiError> {
        self.shared.store.request(id).await?.ok_or(ApiError::RequestUnknown)
    }

    /// What became of it so far.
    pub(crate) fn status(&self, stored: &StoredRequest) -> RequestStatus {
        match stored.outcome.as_ref().map(|attempted| &attempted.outcome) {
            Some(Outcome::Accepted(_)) => RequestStatus::Accepted,
            Some(Outcome::Refused) => RequestStatus::Refused,
            None if self.has_expired(stored) => RequestStatus::Expired,
            None => RequestStatus::Pending,
        }
    }

    pub(super) fn has_expired(&self, stored: &StoredRequest) -> bool {
        stored.request.document().expires_at <= self.shared.clock.now()
    }
}

/// The ids of the schemas that a policy asks for.
fn schemas(policy: &Policy) -> String {
    policy.licences.iter().map(|licence| licence.schema.as_str()).collect::<Vec<_>>().join(" ")
}
