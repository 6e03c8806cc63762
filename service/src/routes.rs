//! Which path leads where.

use std::sync::Arc;

use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};
use glimpse_api::paths;

use crate::error::{ApiError, ApiResult};
use crate::issuer::{self, IssuerRole};
use crate::verifier::{self, VerifierRole};
use crate::{audit, health, shared::Shared};

/// What a service serves.
#[derive(Clone)]
pub(crate) struct Roles {
    pub(crate) shared: Arc<Shared>,
    pub(crate) issuer: Option<Arc<IssuerRole>>,
    pub(crate) verifier: Option<Arc<VerifierRole>>,
}

/// Puts the routes of the roles there are into an application.
pub(crate) fn configure(roles: &Roles, app: &mut ServiceConfig) {
    app.app_data(Data::from(roles.shared.clone()));
    app.service(reads(paths::LIVEZ, health::live));
    app.service(reads(paths::READYZ, health::ready));
    // Routes are tried in order, and those with parameters are expressions to be matched: first what comes often.
    if let Some(role) = &roles.verifier {
        app.app_data(Data::from(role.clone()));
        verifier_routes(app);
    }
    if let Some(role) = &roles.issuer {
        app.app_data(Data::from(role.clone()));
        issuer_routes(app);
    }
    app.default_service(web::to(nothing_here));
}

fn issuer_routes(app: &mut ServiceConfig) {
    app.service(reads(paths::METADATA, issuer::metadata));
    app.service(takes(paths::LICENCES, issuer::licences::register));
    app.service(takes(paths::LICENCE_OFFERS, issuer::licences::offer));
    app.service(takes(paths::OFFERS_REDEEM, issuer::credentials::redeem));
    app.service(takes(paths::CREDENTIALS, issuer::credentials::credential));
    app.service(takes(paths::TOKENS, issuer::tokens::commit));
    app.service(takes(paths::TOKEN_EXCHANGE, issuer::tokens::respond));
}

fn verifier_routes(app: &mut ServiceConfig) {
    app.service(takes(paths::VERIFY, verifier::stateless::verify));
    app.service(takes(paths::REQUESTS, verifier::requests::create));
    app.service(takes(paths::PRESENTATION, verifier::presentations::submit));
    let policy = web::resource(paths::POLICY)
        .route(web::put().to(verifier::policies::put))
        .route(web::get().to(verifier::policies::get))
        .route(web::head().to(verifier::policies::get));
    app.service(policy.default_service(web::to(async || not_allowed("GET, HEAD, PUT"))));
    app.service(reads(paths::REQUEST, verifier::requests::read));
    app.service(reads(paths::RESULT, verifier::requests::result));
    app.service(reads(paths::AUDIT_RELYING_PARTIES, audit::relying_parties));
    app.service(reads(paths::AUDIT_POLICIES, audit::policies));
    app.service(reads(paths::AUDIT_REQUEST, audit::request));
}

fn reads<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path)
        .route(web::get().to(handler.clone()))
        .route(web::head().to(handler))
        .default_service(web::to(async || not_allowed("GET, HEAD")))
}

fn takes<F, Args>(path: &str, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    web::resource(path).route(web::post().to(handler)).default_service(web::to(async || not_allowed("POST")))
}

fn not_allowed(allow: &'static str) -> ApiResult {
    Err(ApiError::Method { allow })
}

async fn nothing_here() -> ApiResult<HttpResponse> {
    Err(ApiError::NotFound)
}
