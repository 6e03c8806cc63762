//! Whether the process runs, and whether it can serve.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::error::{ApiError, ApiResult};
use crate::shared::Shared;

/// It runs.
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// It can read its store, and was not asked to stop.
pub(crate) async fn ready(shared: Data<Shared>) -> ApiResult {
    if shared.drain.has_begun() {
        return Err(ApiError::Draining);
    }
    shared.store.ready().await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}

/// What it counts and times, in the text format of OpenMetrics.
pub(crate) async fn metrics(shared: Data<Shared>) -> ApiResult {
    let text = shared.metrics.text().ok_or(ApiError::Internal)?;
    Ok(HttpResponse::Ok()
        .content_type("application/openmetrics-text; version=1.0.0; charset=utf-8")
        .body(text))
}
