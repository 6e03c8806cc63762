//! What handlers take: bodies, bearers and references, checked before a handler runs.

use std::future::{Future, Ready, ready};
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::web::{self, Data};
use actix_web::{FromRequest, HttpRequest};
use glimpse_api::{
    CredentialRequest, IDEMPOTENCY_KEY, ImportAnnouncement, ImportBatch, LicenceChange, LicenceCorrection,
    LicenceRegistration, OfferRedemption, Policy, PresentationSubmission, Publication, RequestCreation,
    StatelessVerification, TokenCommitRequest, TokenRespondRequest, WalletChange,
};
use glimpse_circuits::json::{self, JsonError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::Client;
use crate::config::Limits;
use crate::error::ApiError;
use crate::ids::{ExchangeName, Id, random};
use crate::lifecycle::Step;
use crate::shared::Shared;
use crate::verifier::VerifierRole;

mod callers;
mod no_repeats;

pub(crate) use callers::{Administrator, Auditor, RelyingParty};
use no_repeats::NoRepeats;

/// A body of one of the wire types.
pub(crate) trait Body: DeserializeOwned + 'static {
    /// Whether it may be as large as licences, policies and requests are.
    const LARGE: bool = false;
    /// Whether it carries a presentation. It is not even read then if that would have no place in the queue: what is
    /// turned away must cost little.
    const CHECKED: bool = false;
}

impl Body for LicenceRegistration {
    const LARGE: bool = true;
}
impl Body for ImportAnnouncement {}
impl Body for ImportBatch {
    const LARGE: bool = true;
}
impl Body for LicenceCorrection {
    const LARGE: bool = true;
}
impl Body for LicenceChange {}
impl Body for WalletChange {}
impl Body for Publication {}
impl Body for Policy {
    const LARGE: bool = true;
}
impl Body for RequestCreation {
    const LARGE: bool = true;
}
impl Body for StatelessVerification {
    const LARGE: bool = true;
    const CHECKED: bool = true;
}
impl Body for OfferRedemption {}
impl Body for CredentialRequest {}
impl Body for TokenCommitRequest {}
impl Body for TokenRespondRequest {}
impl Body for PresentationSubmission {
    const CHECKED: bool = true;
}

/// A JSON body: of the right media type, within its limit, arrived in time, without repeated or unknown members.
pub(crate) struct StrictJson<T>(pub(crate) T);

impl<T: Body> FromRequest for StrictJson<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let shared = request.app_data::<Data<Shared>>().ok_or(ApiError::Internal)?;
            let body = read_body(&request, payload, &shared.limits, T::LARGE).await?;
            if T::CHECKED {
                let role = request.app_data::<Data<VerifierRole>>().ok_or(ApiError::Internal)?;
                role.expect_room(Client::of(&request))?;
            }
            parse(&body).map(Self)
        })
    }
}

async fn read_body(
    request: &HttpRequest,
    payload: Payload,
    limits: &Limits,
    large: bool,
) -> Result<web::Bytes, ApiError> {
    let limit = if large { limits.large_body } else { limits.body };
    if !is_json(request) {
        return Err(ApiError::MediaType);
    }
    if announced_length(request).is_some_and(|length| length > limit) {
        return Err(ApiError::TooLarge { limit });
    }
    let mut payload = payload;
    let payload = web::Payload::from_request(request, &mut payload).await.map_err(|_| ApiError::Internal)?;
    let arrival = tokio::time::timeout(limits.body_timeout(), payload.to_bytes_limited(limit));
    match arrival.await {
        Ok(Ok(Ok(bytes))) => Ok(bytes),
        Ok(Ok(Err(_))) => Err(ApiError::Incomplete),
        Ok(Err(_)) => Err(ApiError::TooLarge { limit }),
        Err(_) => Err(ApiError::Slow),
    }
}

/// Strict as `json::from_str` is, and no object of any depth may name a key twice.
fn parse<T: Body>(body: &[u8]) -> Result<T, ApiError> {
    let text = std::str::from_utf8(body)
        .map_err(|_| ApiError::Json(JsonError { path: ".".into(), reason: "is not UTF-8".into() }))?;
    json::from_str::<NoRepeats>(text).map_err(ApiError::Json)?;
    json::from_str(text).map_err(ApiError::Json)
}

fn is_json(request: &HttpRequest) -> bool {
    let declared = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = declared.and_then(|value| value.split(';').next()).unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}

fn announced_length(request: &HttpRequest) -> Option<usize> {
    request.headers().get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// What a wallet sends as `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header) with a presentation: 16 to 128
/// visible characters that only it knows, the same each time it repeats that presentation. Drawn here if absent, so
/// that nothing else is a repetition.
pub(crate) struct IdempotencyKey(pub(crate) Vec<u8>);

impl FromRequest for IdempotencyKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request).map(|key| Self(key.unwrap_or_else(|| random::<16>().to_vec()))))
    }
}

/// What an administrator's system sends as `Idempotency-Key` with a step of a licence's life, of the same form. Without
/// one a repetition is another step.
pub(crate) struct StepKey(Option<Vec<u8>>);

impl StepKey {
    /// The step that a principal takes under it.
    pub(crate) fn step(
        &self,
        by: &str,
        operation: &str,
        body: &impl Serialize,
    ) -> Result<Option<Step>, ApiError> {
        let Some(key) = &self.0 else { return Ok(None) };
        let body = json::canonical(body).map_err(|_| ApiError::Internal)?;
        Ok(Some(Step::new(by, key, operation, &body)))
    }
}

impl FromRequest for StepKey {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(idempotency_key(request).map(Self))
    }
}

fn idempotency_key(request: &HttpRequest) -> Result<Option<Vec<u8>>, ApiError> {
    let mut given = request.headers().get_all(IDEMPOTENCY_KEY);
    match (given.next(), given.next()) {
        (None, _) => Ok(None),
        (Some(only), None) if is_idempotency_key(only.as_bytes()) => Ok(Some(only.as_bytes().to_vec())),
        _ => Err(ApiError::invalid(IDEMPOTENCY_KEY, "must be given once, with 16 to 128 visible characters")),
    }
}

fn is_idempotency_key(bytes: &[u8]) -> bool {
    (16..=128).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
}

/// A reference in a path. What is none of ours exists nowhere.
macro_rules! id_in_path {
    ($(#[$doc:meta])* $name:ident($id:ident), $parameter:literal, $unknown:expr) => {
        $(#[$doc])*
        pub(crate) struct $name(pub(crate) $id);

        impl FromRequest for $name {
            type Error = ApiError;
            type Future = Ready<Result<Self, ApiError>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                ready(request.match_info().get($parameter).and_then($id::parse).map(Self).ok_or($unknown))
            }
        }
    };
}

id_in_path!(
    /// A registered licence.
    LicenceId(Id), "licence", ApiError::LicenceUnknown
);
id_in_path!(
    /// A request.
    RequestId(Id), "request", ApiError::RequestUnknown
);
id_in_path!(
    /// A token exchange.
    ExchangePath(ExchangeName), "exchange", ApiError::ExchangeUnknown
);

/// The name of an import, of the form that names of policies have.
pub(crate) struct ImportName(pub(crate) String);

impl FromRequest for ImportName {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = request.match_info().get("import").and_then(PolicyName::parse);
        let wrong = || ApiError::invalid("import", "must match [a-z][a-z0-9_-]{0,63}");
        ready(name.map(|name| Self(name.0)).ok_or_else(wrong))
    }
}

/// The name of a policy: `[a-z][a-z0-9_-]{0,63}`, as ids of principals are.
pub(crate) struct PolicyName(pub(crate) String);

impl PolicyName {
    /// Whether a text is such a name.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let sound = text.len() <= 64
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-');
        sound.then(|| Self(text.to_owned()))
    }
}

impl FromRequest for PolicyName {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let name = request.match_info().get("policy").and_then(Self::parse);
        ready(name.ok_or_else(|| ApiError::invalid("policy", "must match [a-z][a-z0-9_-]{0,63}")))
    }
}
