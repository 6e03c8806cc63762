//! Everything that can be wrong with a request, and what is answered then.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use glimpse_api::{FieldProblem, PROBLEM_CONTENT_TYPE, Problem};
use glimpse_circuits::json::JsonError;
use glimpse_issuer::TokenError;

use crate::lifecycle::Impossible;
use crate::problem::{self, without_foreign_names};
use crate::store::StoreError;

/// What handlers return.
pub(crate) type ApiResult<T = HttpResponse> = Result<T, ApiError>;

/// Why a request is not answered with what it asks for. Holds no value that was sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApiError {
    #[error("The body is not the JSON that is expected here")]
    Json(JsonError),
    #[error("The body did not arrive whole")]
    Incomplete,
    #[error("The body did not arrive in time")]
    Slow,
    #[error("The body must be application/json")]
    MediaType,
    #[error("The body is too large")]
    TooLarge { limit: usize },
    #[error("A bearer token is needed, and it must be the right one")]
    Unauthorized,
    #[error("This is not for principals of this role")]
    Forbidden,
    #[error("More is asked for than is registered")]
    OverAsking(Vec<FieldProblem>),
    #[error("Too often: try again later")]
    RateLimited { retry_after: u64 },
    #[error("This interface is closed: nobody was given access to it")]
    NotConfigured,
    #[error("There is nothing here")]
    NotFound,
    #[error("This method is not for this resource")]
    Method { allow: String },
    #[error("Some members are not acceptable")]
    Invalid(Vec<FieldProblem>),
    #[error("There is no such licence")]
    LicenceUnknown,
    #[error("There is no such import")]
    ImportUnknown,
    #[error("An import of this name was announced of another file, or otherwise")]
    ImportDiffers,
    #[error("There is no licence of such a holder")]
    HolderUnknown,
    #[error("This cannot happen to the licence as it stands")]
    Impossible(Impossible),
    #[error("There is no such revocation list, or no such version of it")]
    ListUnknown,
    #[error("Versions of revocation lists come at the beginnings of periods here, and at no other moment")]
    OnSchedule { retry_after: u64 },
    #[error("The licence is of a schema that is no longer issued")]
    SchemaRetired,
    #[error("There is no such offer, or it has expired")]
    OfferUnknown,
    #[error("The offer was used by another request")]
    OfferUsed,
    #[error("The holder is registered with another wallet")]
    HolderRegistered,
    #[error("The issuance request does not hold for this offer")]
    IssuanceRefused,
    #[error("No such exchange is open: start a new one")]
    ExchangeUnknown,
    #[error("There is no such policy")]
    PolicyUnknown,
    #[error("There is no such relying party")]
    RelyingPartyUnknown,
    #[error("There is no such request")]
    RequestUnknown,
    #[error("The request has expired")]
    RequestExpired,
    #[error("The request was answered already")]
    RequestClosed,
    #[error("The presentation was not accepted")]
    PresentationRefused,
    #[error("Too much to do: try again in a moment")]
    Busy,
    #[error("The request took too long")]
    Timeout,
    #[error("The store cannot be reached")]
    Store(#[from] StoreError),
    #[error("The list of issuers has expired: there must be a new one first")]
    TrustListExpired,
    #[error("The service is about to stop")]
    Draining,
    #[error("Pages of this origin may not call this, or not like this")]
    Origin,
    #[error("Something went wrong here")]
    Internal,
}

impl ApiError {
    /// One member is not acceptable.
    pub(crate) fn invalid(field: impl Into<String>, reason: impl ToString) -> Self {
        Self::Invalid(vec![FieldProblem { field: field.into(), reason: reason.to_string() }])
    }

    /// Status, and the last part of the problem's type.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::Json(_) => (StatusCode::BAD_REQUEST, "malformed-body"),
            Self::Incomplete => (StatusCode::BAD_REQUEST, "incomplete-body"),
            Self::Slow => (StatusCode::REQUEST_TIMEOUT, "slow-body"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type"),
            Self::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "too-large"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden"),
            Self::OverAsking(_) => (StatusCode::FORBIDDEN, "over-asking"),
            Self::RateLimited { .. } => (StatusCode::TOO_MANY_REQUESTS, "rate-limited"),
            Self::NotConfigured => (StatusCode::FORBIDDEN, "not-configured"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found"),
            Self::Method { .. } => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"),
            Self::Invalid(_) => (StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
            Self::LicenceUnknown => (StatusCode::NOT_FOUND, "licence-unknown"),
            Self::ImportUnknown => (StatusCode::NOT_FOUND, "import-unknown"),
            Self::ImportDiffers => (StatusCode::CONFLICT, "import-differs"),
            Self::HolderUnknown => (StatusCode::NOT_FOUND, "holder-unknown"),
            Self::Impossible(_) => (StatusCode::CONFLICT, "impossible"),
            Self::ListUnknown => (StatusCode::NOT_FOUND, "list-unknown"),
            Self::OnSchedule { .. } => (StatusCode::CONFLICT, "on-schedule"),
            Self::SchemaRetired => (StatusCode::CONFLICT, "schema-retired"),
            Self::OfferUnknown => (StatusCode::NOT_FOUND, "offer-unknown"),
            Self::OfferUsed => (StatusCode::CONFLICT, "offer-used"),
            Self::HolderRegistered => (StatusCode::CONFLICT, "holder-registered"),
            Self::IssuanceRefused => (StatusCode::UNPROCESSABLE_ENTITY, "issuance-refused"),
            Self::ExchangeUnknown => (StatusCode::NOT_FOUND, "exchange-unknown"),
            Self::PolicyUnknown => (StatusCode::NOT_FOUND, "policy-unknown"),
            Self::RelyingPartyUnknown => (StatusCode::NOT_FOUND, "relying-party-unknown"),
            Self::RequestUnknown => (StatusCode::NOT_FOUND, "request-unknown"),
            Self::RequestExpired => (StatusCode::GONE, "request-expired"),
            Self::RequestClosed => (StatusCode::CONFLICT, "request-closed"),
            Self::PresentationRefused => (StatusCode::UNPROCESSABLE_ENTITY, "presentation-refused"),
            Self::Busy => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::Timeout => (StatusCode::SERVICE_UNAVAILABLE, "timeout"),
            Self::Store(_) => (StatusCode::SERVICE_UNAVAILABLE, "store-unavailable"),
            Self::TrustListExpired => (StatusCode::SERVICE_UNAVAILABLE, "trust-list-expired"),
            Self::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining"),
            Self::Origin => (StatusCode::FORBIDDEN, "origin-refused"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal"),
        }
    }

    /// What the log calls it.
    pub(crate) fn code(&self) -> &'static str {
        self.kind().1
    }

    /// The problem as it goes out.
    pub(crate) fn problem(&self) -> Problem {
        let (status, kind) = self.kind();
        let mut problem = problem::of(kind, &self.to_string(), status.as_u16());
        match self {
            Self::Json(error) => {
                let field = without_foreign_names(&error.path);
                problem.errors = vec![FieldProblem { field, reason: error.reason.clone() }];
            }
            Self::Invalid(errors) | Self::OverAsking(errors) => problem.errors = errors.clone(),
            Self::Impossible(reason) => problem.detail = Some(reason.to_string()),
            Self::TooLarge { limit } => problem.detail = Some(format!("at most {limit} bytes")),
            _ => {}
        }
        problem
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.kind().0
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        response.content_type(PROBLEM_CONTENT_TYPE);
        let again = HeaderValue::from_static("1");
        match self {
            Self::Unauthorized => response.insert_header((header::WWW_AUTHENTICATE, "Bearer")),
            Self::Method { allow } => response.insert_header((header::ALLOW, allow.as_str())),
            Self::Busy | Self::Timeout | Self::TrustListExpired | Self::Draining | Self::Store(_) => {
                response.insert_header((header::RETRY_AFTER, again))
            }
            Self::RateLimited { retry_after } | Self::OnSchedule { retry_after } => {
                response.insert_header((header::RETRY_AFTER, retry_after.to_string()))
            }
            _ => &mut response,
        };
        response.body(serde_json::to_vec(&self.problem()).unwrap_or_default())
    }
}

impl From<TokenError> for ApiError {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::BatchSize | TokenError::Pair => Self::invalid("pairs", error),
            TokenError::ChallengeCount => Self::invalid("challenges", error),
            TokenError::UnknownExchange | TokenError::OtherKey => Self::ExchangeUnknown,
            TokenError::Busy => Self::Busy,
            // `TokenError` may grow: whatever it is, no token was made.
            _ => Self::Internal,
        }
    }
}
