//! For auditors: who may ask for what, and who did. Never what came of it.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path};
use glimpse_api::openapi::{PrincipalId, Reference};
use glimpse_api::{
    AuditedPolicies, AuditedPolicy, AuditedRequest, KeyValidity, RegisteredRelyingParties,
    RegisteredRelyingParty, paths,
};

use crate::access::{Key, Principal, Role};
use crate::error::{ApiError, ApiResult};
use crate::extract::{Auditor, PolicyName, RequestId};
use crate::openapi::problems::{BEARER, NOT_FOUND, Problems, RELYING_PARTY_UNKNOWN, REQUEST_UNKNOWN, STORE};
use crate::openapi::tags;
use crate::shared::Shared;
use crate::verifier::VerifierRole;

/// The relying parties, with what they may ask for.
#[utoipa::path(
    get, path = paths::AUDIT_RELYING_PARTIES, operation_id = "listRelyingParties", tag = tags::AUDIT,
    security(("auditor" = [])),
    responses(
        (status = OK, description = "Who may ask for what.", body = RegisteredRelyingParties),
        Problems<{ BEARER }>,
    ),
)]
pub(crate) async fn relying_parties(_auditor: Auditor, shared: Data<Shared>) -> ApiResult {
    let principals = shared.access.now();
    let relying_parties = principals.all().iter().filter_map(|principal| registered(principal)).collect();
    Ok(HttpResponse::Ok().json(RegisteredRelyingParties { relying_parties }))
}

/// What a relying party has stored to ask for.
///
/// One that is no longer registered may have left something.
#[utoipa::path(
    get, path = paths::AUDIT_POLICIES, operation_id = "listPolicies", tag = tags::AUDIT,
    params(("relying_party" = PrincipalId, Path, description = "The relying party.")),
    security(("auditor" = [])),
    responses(
        (status = OK, description = "What it has stored to ask for.", body = AuditedPolicies),
        Problems<{ BEARER | NOT_FOUND | RELYING_PARTY_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn policies(_auditor: Auditor, shared: Data<Shared>, id: Path<String>) -> ApiResult {
    let id = PolicyName::parse(&id).ok_or(ApiError::RelyingPartyUnknown)?.0;
    let policies = shared.store.policies(&id).await?;
    let principals = shared.access.now();
    let is_registered = principals.all().iter().any(|known| known.id == id && registered(known).is_some());
    if policies.is_empty() && !is_registered {
        return Err(ApiError::RelyingPartyUnknown);
    }
    let policies = policies.into_iter().map(|(name, policy)| AuditedPolicy { name, policy }).collect();
    Ok(HttpResponse::Ok().json(AuditedPolicies { policies }))
}

/// Who made a request, and for what.
#[utoipa::path(
    get, path = paths::AUDIT_REQUEST, operation_id = "auditRequest", tag = tags::AUDIT,
    params(("request" = Reference, Path, description = "The request's reference.")),
    security(("auditor" = [])),
    responses(
        (status = OK, description = "Who asked for what, and whether it was answered.", body = AuditedRequest),
        Problems<{ BEARER | NOT_FOUND | REQUEST_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn request(_auditor: Auditor, role: Data<VerifierRole>, id: RequestId) -> ApiResult {
    let stored = role.stored(id.0).await?;
    let status = role.status(&stored);
    let audited = AuditedRequest { relying_party: stored.owner, request: stored.request, status };
    Ok(HttpResponse::Ok().json(audited))
}

fn registered(principal: &Principal) -> Option<RegisteredRelyingParty> {
    let Role::RelyingParty(registration) = &principal.role else { return None };
    let validity = |key: &Key| KeyValidity {
        label: key.label.clone(),
        not_before: key.not_before,
        not_after: key.not_after,
    };
    Some(RegisteredRelyingParty {
        id: principal.id.clone(),
        name: principal.name.clone(),
        may_ask: registration.report(),
        keys: principal.keys.iter().map(validity).collect(),
        certificates: principal.certificates.len(),
    })
}
