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
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    Ok,
}

const WELL: Health = Health { status: HealthStatus::Ok };

/// It runs.
#[utoipa::path(
    get, path = paths::LIVEZ, operation_id = "isAlive", tag = tags::SERVICE,
    responses((status = OK, description = "The process runs.", body = Health), Problems<{ problems::NOTHING_MORE }>),
)]
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(WELL)
}

/// It can read its store, its list of issuers is good if it has one, and it was not asked to stop.
#[utoipa::path(
    get, path = paths::READYZ, operation_id = "isReady", tag = tags::SERVICE,
    responses((status = OK, description = "The store can be read, the list of issuers has not expired if there is one, and the service was not asked to stop.", body = Health), Problems<{ problems::DRAINING | problems::TRUST_LIST_EXPIRED | problems::STORE }>),
)]
pub(crate) async fn ready(shared: Data<Shared>) -> ApiResult {
    if shared.drain.has_begun() {
        return Err(ApiError::Draining);
    }
    if shared.trust_list.as_ref().is_some_and(|list| !list.is_current()) {
        return Err(ApiError::TrustListExpired);
    }
    shared.store.ready().await?;
    Ok(HttpResponse::Ok().json(WELL))
}

/// What it counts and times, in the text format of OpenMetrics.
pub(crate) async fn metrics(shared: Data<Shared>) -> ApiResult {
    let text = shared.metrics.text().ok_or(ApiError::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text))
}
