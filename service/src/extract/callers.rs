//! Who a request is from, where only principals of one role may send it.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::AUTHORIZATION;
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};
use glimpse_circuits::text::Text;

use crate::access::ask::Ask;
use crate::access::{Credentials, Principal, Registration, Role, peer_certificate};
use crate::client::Client;
use crate::error::ApiError;
use crate::shared::Shared;

/// Whoever sent this is the issuer's administrator.
pub(crate) struct Administrator(Arc<Principal>);

impl Administrator {
    /// Its id.
    pub(crate) fn id(&self) -> &str {
        &self.0.id
    }
}

impl FromRequest for Administrator {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request, |role| matches!(role, Role::Issuer).then_some(()));
        ready(caller.map(|(principal, ())| Self(principal)))
    }
}

/// Whoever sent this is a relying party. From now on the request is counted as its own, wherever it comes from.
#[derive(Clone)]
pub(crate) struct RelyingParty {
    principal: Arc<Principal>,
    registration: Arc<Registration>,
}

impl RelyingParty {
    /// Its id, under which everything is kept that is its own.
    pub(crate) fn id(&self) -> &str {
        &self.principal.id
    }

    /// The name under which it is registered.
    pub(crate) fn name(&self) -> Option<&Text> {
        self.principal.name.as_ref()
    }

    /// Fails if it may not ask for all of this.
    pub(crate) fn expect_registered(&self, ask: &Ask<'_>) -> Result<(), ApiError> {
        let refusals = self.registration.refusals(ask);
        if refusals.is_empty() {
            return Ok(());
        }
        tracing::warn!(target: "audit", principal = self.id(), act = "asking refused", members = refusals.len());
        Err(ApiError::OverAsking(refusals))
    }
}

impl FromRequest for RelyingParty {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request, |role| match role {
            Role::RelyingParty(registration) => Some(registration.clone()),
            Role::Issuer | Role::Auditor => None,
        });
        ready(caller.map(|(principal, registration)| {
            Client::is_principal(request, &principal.id);
            Self { principal, registration }
        }))
    }
}

/// Whoever sent this is an auditor.
pub(crate) struct Auditor(());

impl FromRequest for Auditor {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request, |role| matches!(role, Role::Auditor).then_some(()));
        ready(caller.map(|(_, ())| Self(())))
    }
}

/// Who sent this, if it has the role that is wanted here.
fn caller<T>(
    request: &HttpRequest,
    wanted: impl Fn(&Role) -> Option<T>,
) -> Result<(Arc<Principal>, T), ApiError> {
    let shared = request.app_data::<Data<Shared>>().ok_or(ApiError::Internal)?;
    let principals = shared.access.now();
    if !principals.all().iter().any(|principal| wanted(&principal.role).is_some()) {
        return Err(ApiError::NotConfigured);
    }
    let shown = Credentials { key: bearer(request)?, certificate: peer_certificate(request) };
    let principal = principals.identify(shown, shared.clock.now()).ok_or(ApiError::Unauthorized)?;
    let role = wanted(&principal.role).ok_or(ApiError::Forbidden)?;
    Ok((principal.clone(), role))
}

/// What was sent as a bearer key, if anything was sent. Whoever sends something is not let in without it.
fn bearer(request: &HttpRequest) -> Result<Option<&[u8]>, ApiError> {
    let mut given = request.headers().get_all(AUTHORIZATION);
    let Some(only) = given.next() else { return Ok(None) };
    let (scheme, key) = only.as_bytes().split_at_checked(7).ok_or(ApiError::Unauthorized)?;
    let sound = given.next().is_none() && scheme.eq_ignore_ascii_case(b"Bearer ");
    if sound { Ok(Some(key)) } else { Err(ApiError::Unauthorized) }
}
