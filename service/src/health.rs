//! Whether the process runs, and whether it can serve.

use actix_web::HttpResponse;
use actix_web::web::Data;
use serde_json::json;

use crate::error::ApiResult;
use crate::shared::Shared;

/// It runs.
pub(crate) async fn live() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "status": "ok" }))
}

/// It can read its store.
pub(crate) async fn ready(shared: Data<Shared>) -> ApiResult {
    shared.store.ready().await?;
    Ok(HttpResponse::Ok().json(json!({ "status": "ok" })))
}
