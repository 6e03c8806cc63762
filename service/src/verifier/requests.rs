//! Requests: made and read by the relying party, fetched by wallets.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::Data;
use glimpse_api::{Policy, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths};

use super::VerifierRole;
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, RequestId, StrictJson};
use crate::ids::Id;
use crate::rates::{Requests, Within};
use crate::store::{Outcome, StoredRequest};

/// Makes a request.
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
