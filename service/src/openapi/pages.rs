//! Pages to read the document with: Swagger UI, from files in this program.

use std::sync::{Arc, LazyLock};

use actix_web::HttpResponse;
use actix_web::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, LOCATION, REFERRER_POLICY, X_FRAME_OPTIONS,
};
use actix_web::web::Path;
use utoipa_swagger_ui::{Config, serve};

use crate::error::{ApiError, ApiResult};

/// Files from here only, nothing inline, no frames. Swagger UI has its icons in the page.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
    font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// Where the pages find the document, from where they are.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let config = Config::new(["../openapi.json"]);
    Arc::new(config.use_base_layout().deep_linking(true).persist_authorization(false).validator_url("none"))
});

/// Where the pages begin: their files are named relative to it.
pub(crate) async fn to_pages() -> HttpResponse {
    HttpResponse::PermanentRedirect().insert_header((LOCATION, "docs/")).finish()
}

/// The page itself.
pub(crate) async fn first_page() -> ApiResult {
    answer("index.html")
}

/// One of its files.
pub(crate) async fn page(file: Path<String>) -> ApiResult {
    answer(&file)
}

fn answer(name: &str) -> ApiResult {
    let file = serve(name, CONFIG.clone()).map_err(|_| ApiError::Internal)?.ok_or(ApiError::NotFound)?;
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, file.content_type))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_FRAME_OPTIONS, "DENY"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header((OPENER_POLICY, "same-origin"))
        .body(file.bytes.into_owned()))
}
