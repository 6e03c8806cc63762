//! Policies, for the relying party.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::Policy;

use super::{OWNER, VerifierRole};
use crate::error::{ApiError, ApiResult};
use crate::extract::{PolicyName, RelyingParty, StrictJson};
use crate::ids::Id;

/// Stores a policy, if a request could be made of it now.
pub(crate) async fn put(
    _relying_party: RelyingParty,
    role: Data<VerifierRole>,
    name: PolicyName,
    body: StrictJson<Policy>,
) -> ApiResult {
    let (policy, checker) = (Arc::new(body.0), role.clone());
    let checked = policy.clone();
    role.workers.run(move || checker.compose(&checked, &Id::random(), "").map(drop)).await??;
    role.shared.store.put_policy(OWNER, &name.0, &policy).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Reads a policy.
pub(crate) async fn get(
    _relying_party: RelyingParty,
    role: Data<VerifierRole>,
    name: PolicyName,
) -> ApiResult {
    let policy = role.shared.store.policy(OWNER, &name.0).await?.ok_or(ApiError::PolicyUnknown)?;
    Ok(HttpResponse::Ok().json(policy))
}
