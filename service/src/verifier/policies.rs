//! Policies, for the relying party.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::Policy;

use super::VerifierRole;
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, StrictJson};
use crate::ids::Id;
use crate::rates::{Requests, Within};

/// Stores a policy, if the relying party could make a request of it now.
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
pub(crate) async fn get(
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    name: PolicyName,
) -> ApiResult {
    let policy = role.shared.store.policy(relying_party.id(), &name.0).await?;
    let policy = policy.ok_or(ApiError::PolicyUnknown)?;
    Ok(HttpResponse::Ok().json(policy))
}
