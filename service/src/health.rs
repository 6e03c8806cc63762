//! Whether the process runs, and whether it can serve.

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::paths;
use serde::Serialize;
use utoipa::ToSchema;

use crate::error::{ApiError, ApiResult};
use crate::openapi::problems::{self, Problems};
use crate::openapi::tags;
use crate::shared::Shared;

/// Whether a service is well.
#[derive(Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Health {
    status: HealthStatus,
    /// Whether the issuer's role can serve, where there is one and that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RoleHealth, required = false)]
    issuer: Option<RoleHealth>,
    /// The same of the verifier's.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = RoleHealth, required = false)]
    verifier: Option<RoleHealth>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    /// All of it is.
    Ok,
    /// One role is, another is not.
    Partial,
}

/// Whether a role can serve.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum RoleHealth {
    Ready,
    /// Until there is a new list, it serves nothing that depends on one.
    TrustListExpired,
}

/// It runs.
#[utoipa::path(
    get, path = paths::LIVEZ, operation_id = "isAlive", tag = tags::SERVICE,
    responses((status = OK, description = "The process runs.", body = Health), Problems<{ problems::NOTHING_MORE }>),
)]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: HealthStatus::Ok, issuer: None, verifier: None })
}

/// It can read its store, was not asked to stop, and one of its roles at least can serve: an issuer is not taken away by
/// what keeps the verifier beside it from its work.
#[utoipa::path(
    get, path = paths::READYZ, operation_id = "isReady", tag = tags::SERVICE,
    responses((status = OK, description = "The store can be read, the service was not asked to stop, and a role can serve: which one, if not both.", body = Health), Problems<{ problems::DRAINING | problems::TRUST_LIST_EXPIRED | problems::STORE }>),
)]
pub(crate) async fn ready(shared: Data<Shared>) -> ApiResult {
    if shared.drain.has_begun() {
        return Err(ApiError::Draining);
    }
    let has_expired = shared.trust_list.as_ref().is_some_and(|list| !list.is_current());
    if has_expired && !shared.issuer {
        return Err(ApiError::TrustListExpired);
    }
    shared.store.ready().await?;
    let (status, verifier) = match has_expired {
        true => (HealthStatus::Partial, RoleHealth::TrustListExpired),
        false => (HealthStatus::Ok, RoleHealth::Ready),
    };
    let issuer = shared.issuer.then_some(RoleHealth::Ready);
    Ok(HttpResponse::Ok().json(Health { status, issuer, verifier: shared.verifier.then_some(verifier) }))
}

/// What it counts and times, in the text format of OpenMetrics.
pub(crate) async fn metrics(shared: Data<Shared>) -> ApiResult {
    let text = shared.metrics.text().ok_or(ApiError::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text))
}
