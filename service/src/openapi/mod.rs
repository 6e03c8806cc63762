//! The interface described by itself: `GET /openapi.json`, and pages under `/docs/` to read it with.
//!
//! The document is generated from the code: schemas from the wire types (`glimpse_api::openapi`), operations from
//! `#[utoipa::path]` on the handlers, statuses and problem types from [`ApiError`](crate::error::ApiError) itself. It is
//! checked in as `docs/openapi.json`, and the tests fail if it differs, if a route has no operation or an operation no
//! route, or if any answer in any test over HTTP is not one that the document has.
//!
//! # To add a route
//! 1. A line in a table of `routes.rs`.
//! 2. `#[utoipa::path]` on the handler: method, path, `operation_id`, tag, `security`, `request_body`, the answer of
//!    success, and `Problems<{ … }>` with the constants of [`problems`]. Types that appear in it for the first time need
//!    `ToSchema` (see `glimpse_api::openapi`).
//! 3. A line in `paths(…)` below.
//! 4. `GLIMPSE_WRITE_GOLDEN=1 cargo test -p glimpse-service openapi` writes `docs/openapi.json`.
//!
//! A service of its own (the metrics' listener, say) is not in the tables, so not in the document.
//!
//! # To add a problem
//! A variant of `ApiError`, and the line in [`problems`] that the compiler then asks for; its constant goes to the
//! operations that may answer with it.

mod document;
pub(crate) mod examples;
mod pages;
pub(crate) mod problems;
#[cfg(test)]
mod tests;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data};
use utoipa::OpenApi;

pub use document::document;
pub(crate) use pages::{first_page, page, to_pages};

use self::problems::Problems;
use crate::routes::Roles;

/// Groups of operations, by who calls them.
pub(crate) mod tags {
    /// Wallets, at an issuer.
    pub(crate) const ISSUER: &str = "Issuer";
    /// The authority's own systems.
    pub(crate) const ADMINISTRATION: &str = "Issuer's administration";
    /// Wallets, at a verifier.
    pub(crate) const VERIFIER: &str = "Verifier";
    /// The relying party's own systems.
    pub(crate) const RELYING_PARTY: &str = "Relying party";
    /// Whoever looks after what relying parties ask for.
    pub(crate) const AUDIT: &str = "Audit";
    /// Whoever operates or explores the service.
    pub(crate) const SERVICE: &str = "Service";
}

/// What the handlers say of themselves.
#[derive(OpenApi)]
#[openapi(
    paths(
        crate::audit::policies,
        crate::audit::relying_parties,
        crate::audit::request,
        crate::health::live,
        crate::health::ready,
        crate::issuer::catalogue::counts,
        crate::issuer::catalogue::page,
        crate::issuer::changes::change,
        crate::issuer::changes::change_wallet,
        crate::issuer::changes::correct,
        crate::issuer::changes::read,
        crate::issuer::credentials::credential,
        crate::issuer::credentials::redeem,
        crate::issuer::imports::announce,
        crate::issuer::imports::read,
        crate::issuer::imports::register,
        crate::issuer::licences::offer,
        crate::issuer::licences::register,
        crate::issuer::lists::bucket,
        crate::issuer::lists::manifest,
        crate::issuer::lists::publish,
        crate::issuer::metadata,
        crate::issuer::tokens::commit,
        crate::issuer::tokens::respond,
        crate::verifier::policies::get,
        crate::verifier::policies::put,
        crate::verifier::presentations::submit,
        crate::verifier::requests::create,
        crate::verifier::requests::read,
        crate::verifier::requests::result,
        crate::verifier::stateless::verify,
        read,
    ),
    components(schemas(glimpse_api::Policy, glimpse_api::Problem))
)]
struct Handlers;

/// What a running service says of itself.
pub(crate) struct Description {
    json: Bytes,
}

impl Description {
    /// Of the roles that a service has, under the path of its public address.
    pub(crate) fn of(roles: &Roles) -> Self {
        Self { json: document::served(roles).to_string().into() }
    }
}

/// The document.
#[utoipa::path(
    get, path = glimpse_api::paths::OPENAPI, operation_id = "readDescription", tag = tags::SERVICE,
    responses(
        (status = OK, description = "This document: the operations of the roles that this service has.",
            content_type = "application/json", body = serde_json::Map<String, serde_json::Value>),
        Problems<{ problems::NOTHING_MORE }>,
    ),
)]
pub(crate) async fn read(description: Data<Description>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(description.json.clone())
}
