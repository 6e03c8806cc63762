//! Policies, for the relying party.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::{Policy, paths};

use super::VerifierRole;
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, StrictJson};
use crate::ids::Id;
use crate::openapi::problems::{
    BEARER, BODY, BUSY, INVALID, NOT_FOUND, OVER_ASKING, POLICY_UNKNOWN, Problems, RATE_LIMITED, STORE,
    TRUST_LIST_EXPIRED,
};
use crate::openapi::{examples, tags};

use crate::rates::{Requests, Within};

/// Stores a policy, if the relying party could make a request of it now.
#[utoipa::path(
    put, path = paths::POLICY, operation_id = "putPolicy", tag = tags::RELYING_PARTY,
    params(("policy" = glimpse_api::openapi::PolicyName, Path, description = "The policy's name.")),
    security(("relyingParty" = [])),
    request_body(content = Policy, example = json!(examples::policy())),
    responses(
        (status = NO_CONTENT, description = "The policy is stored; one of this name is replaced."),
        Problems<{ BEARER | RATE_LIMITED | OVER_ASKING | BODY | NOT_FOUND | INVALID | BUSY | TRUST_LIST_EXPIRED | STORE }>,
    ),
)]
pub(crate) async fn put(
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    _within: Within<Requests>,
    name: PolicyName,
    body: StrictJson<Policy>,
) -> ApiResult {
    let (policy, checker) = (Arc::new(body.0), role.clone());
    let (checked, asking) = (policy.clone(), relying_party.clone());
    role.workers.run(move || checker.compose(&asking, &checked, &Id::random(), "").map(drop)).await??;
    role.shared.store.put_policy(relying_party.id(), &name.0, &policy).await?;
    tracing::info!(target: "audit", principal = relying_party.id(), act = "policy stored", policy = name.0);
    Ok(HttpResponse::NoContent().finish())
}

/// Reads a policy.
#[utoipa::path(
    get, path = paths::POLICY, operation_id = "readPolicy", tag = tags::RELYING_PARTY,
    params(("policy" = glimpse_api::openapi::PolicyName, Path, description = "The policy's name.")),
    security(("relyingParty" = [])),
    responses(
        (status = OK, description = "The policy as it was stored.", body = Policy),
        Problems<{ BEARER | NOT_FOUND | POLICY_UNKNOWN | INVALID | STORE }>,
    ),
)]
pub(crate) async fn get(
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    name: PolicyName,
) -> ApiResult {
    let policy = role.shared.store.policy(relying_party.id(), &name.0).await?;
    let policy = policy.ok_or(ApiError::PolicyUnknown)?;
    Ok(HttpResponse::Ok().json(policy))
}
