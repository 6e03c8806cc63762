//! Which path leads where.

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::web::{self, Data, ServiceConfig};
use actix_web::{HttpResponse, Route};
use glimpse_api::paths;

use crate::cors;
use crate::error::{ApiError, ApiResult};
use crate::issuer::{self, IssuerRole};
use crate::openapi::{self, Description};
use crate::shared::Shared;
use crate::verifier::{self, VerifierRole};
use crate::{audit, health, version};

/// What a service serves.
#[derive(Clone)]
pub(crate) struct Roles {
    pub(crate) shared: Arc<Shared>,
    pub(crate) issuer: Option<Arc<IssuerRole>>,
    pub(crate) verifier: Option<Arc<VerifierRole>>,
    /// Whose pages may call what wallets call.
    pub(crate) cors_origins: Vec<String>,
    /// What it says of itself, if it does.
    pub(crate) description: Option<Arc<Description>>,
}

/// A method on a path, and the handler behind it. All of them are in the document (see [`openapi`]).
pub(crate) struct Operation {
    /// Whatever can be asked with GET can be asked with HEAD.
    pub(crate) method: Method,
    /// The router's pattern.
    pub(crate) path: &'static str,
    handler: fn() -> Route,
    /// Whether pages of other origins may call it, if any may.
    for_pages: bool,
}

/// What every service has.
const SERVICE: &[Operation] = &[
    get(paths::LIVEZ, || web::route().to(health::live)),
    get(paths::READYZ, || web::route().to(health::ready)),
];

/// What a service has that describes itself.
pub(crate) const DESCRIPTION: &[Operation] = &[get(paths::OPENAPI, || web::route().to(openapi::read))];

/// A verifier's. Those of one path stand together.
const VERIFIER: &[Operation] = &[
    post(paths::VERIFY, || web::route().to(verifier::stateless::verify)),
    post(paths::REQUESTS, || web::route().to(verifier::requests::create)),
    open_post(paths::PRESENTATION, || web::route().to(verifier::presentations::submit)),
    get(paths::POLICY, || web::route().to(verifier::policies::get)),
    put(paths::POLICY, || web::route().to(verifier::policies::put)),
    open_get(paths::REQUEST, || web::route().to(verifier::requests::read)),
    get(paths::RESULT, || web::route().to(verifier::requests::result)),
    get(paths::AUDIT_RELYING_PARTIES, || web::route().to(audit::relying_parties)),
    get(paths::AUDIT_POLICIES, || web::route().to(audit::policies)),
    get(paths::AUDIT_REQUEST, || web::route().to(audit::request)),
];

/// An issuer's.
const ISSUER: &[Operation] = &[
    open_get(paths::METADATA, || web::route().to(issuer::metadata)),
    post(paths::LICENCES, || web::route().to(issuer::licences::register)),
    get(paths::CATALOGUE, || web::route().to(issuer::catalogue::counts)),
    get(paths::CATALOGUE_PAGE, || web::route().to(issuer::catalogue::page)),
    get(paths::LICENCE, || web::route().to(issuer::changes::read)),
    post(paths::LICENCE_CHANGES, || web::route().to(issuer::changes::change)),
    post(paths::LICENCE_CORRECTION, || web::route().to(issuer::changes::correct)),
    post(paths::WALLET_CHANGES, || web::route().to(issuer::changes::change_wallet)),
    get(paths::IMPORT, || web::route().to(issuer::imports::read)),
    put(paths::IMPORT, || web::route().to(issuer::imports::announce)),
    post(paths::IMPORT_ROWS, || web::route().to(issuer::imports::register)),
    post(paths::REVOCATION_LISTS, || web::route().to(issuer::lists::publish)),
    open_get(paths::MANIFEST, || web::route().to(issuer::lists::manifest)),
    open_get(paths::BUCKET, || web::route().to(issuer::lists::bucket)),
    post(paths::LICENCE_OFFERS, || web::route().to(issuer::licences::offer)),
    open_post(paths::OFFERS_REDEEM, || web::route().to(issuer::credentials::redeem)),
    open_post(paths::CREDENTIALS, || web::route().to(issuer::credentials::credential)),
    open_post(paths::TOKENS, || web::route().to(issuer::tokens::commit)),
    open_post(paths::TOKEN_EXCHANGE, || web::route().to(issuer::tokens::respond)),
];

/// What the operator has, on an address of its own, so not in the document.
pub(crate) const ADMIN: &[Operation] = &[
    get(paths::LIVEZ, || web::route().to(health::live)),
    get(paths::READYZ, || web::route().to(health::ready)),
    get("/metrics", || web::route().to(health::metrics)),
    get("/version", || web::route().to(version::version)),
];

/// What other nodes have, on an address of their own, so not in the document.
pub(crate) const NODE: &[Operation] =
    &[post(paths::TOKEN_EXCHANGE, || web::route().to(issuer::tokens::respond_here))];

/// For people with a browser, so not in the document.
const PAGES: &[Operation] = &[
    get("/docs", || web::route().to(openapi::to_pages)),
    get("/docs/", || web::route().to(openapi::first_page)),
    get("/docs/{file}", || web::route().to(openapi::page)),
];

/// The operations of the roles there are. Routes are tried in order, and those with parameters are expressions to be
/// matched: first what comes often.
pub(crate) fn tables(roles: &Roles) -> impl Iterator<Item = &'static [Operation]> {
    let verifier = roles.verifier.as_ref().map(|_| VERIFIER);
    let issuer = roles.issuer.as_ref().map(|_| ISSUER);
    [Some(SERVICE), verifier, issuer].into_iter().flatten()
}

/// All operations there are.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static Operation> {
    [SERVICE, VERIFIER, ISSUER, DESCRIPTION].into_iter().flatten()
}

/// Puts the routes of the roles there are into an application.
pub(crate) fn configure(roles: &Roles, app: &mut ServiceConfig) {
    app.app_data(Data::from(roles.shared.clone()));
    if let Some(role) = &roles.verifier {
        app.app_data(Data::from(role.clone()));
    }
    if let Some(role) = &roles.issuer {
        app.app_data(Data::from(role.clone()));
    }
    let origins = &roles.cors_origins;
    tables(roles).for_each(|table| serve(table, origins, app));
    if let Some(description) = &roles.description {
        app.app_data(Data::from(description.clone()));
        serve(DESCRIPTION, origins, app);
        serve(PAGES, origins, app);
    }
    app.default_service(web::to(nothing_here));
}

/// One resource for each path, which says what can be done with it when it is asked for anything else.
pub(crate) fn serve(table: &[Operation], origins: &[String], app: &mut ServiceConfig) {
    for operations in table.chunk_by(|one, next| one.path == next.path) {
        let mut resource = web::resource(operations[0].path);
        let mut allowed = Vec::new();
        for operation in operations {
            for method in operation.methods() {
                allowed.push(method.to_string());
                resource = resource.route((operation.handler)().method(method));
            }
        }
        let allow = allowed.join(", ");
        let resource = resource.default_service(web::to(move || not_allowed(allow.clone())));
        if operations.iter().any(|operation| operation.for_pages) {
            app.service(resource.wrap(cors::open_to(origins)));
        } else {
            app.service(resource);
        }
    }
}

impl Operation {
    fn methods(&self) -> Vec<Method> {
        if self.method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![self.method.clone()] }
    }
}

const fn get(path: &'static str, handler: fn() -> Route) -> Operation {
    Operation { method: Method::GET, path, handler, for_pages: false }
}

const fn post(path: &'static str, handler: fn() -> Route) -> Operation {
    Operation { method: Method::POST, path, handler, for_pages: false }
}

/// What pages of other origins may call, if any may.
const fn open_get(path: &'static str, handler: fn() -> Route) -> Operation {
    Operation { method: Method::GET, path, handler, for_pages: true }
}

/// What pages of other origins may call, if any may.
const fn open_post(path: &'static str, handler: fn() -> Route) -> Operation {
    Operation { method: Method::POST, path, handler, for_pages: true }
}

const fn put(path: &'static str, handler: fn() -> Route) -> Operation {
    Operation { method: Method::PUT, path, handler, for_pages: false }
}

async fn not_allowed(allow: String) -> ApiResult {
    Err(ApiError::Method { allow })
}

/// What is answered where there is nothing.
pub(crate) async fn nothing_here() -> ApiResult<HttpResponse> {
    Err(ApiError::NotFound)
}
