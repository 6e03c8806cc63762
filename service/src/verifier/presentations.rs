//! Takes a wallet's answer to a request, once.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::openapi::Reference;
use glimpse_api::{Decision, PresentationSubmission, SubmissionAccepted, paths};
use glimpse_circuits::request::Request;
use glimpse_verifier::{Cause, Verdict, VerificationFailure};

use super::VerifierRole;
use super::checks::Client;
use super::report::{cause_code, report};
use crate::error::{ApiError, ApiResult};
use crate::extract::{RequestId, StrictJson};
use crate::ids::Id;
use crate::openapi::problems::{
    BODY, BUSY, NOT_FOUND, PRESENTATION_REFUSED, Problems, REQUEST_CLOSED, REQUEST_EXPIRED, REQUEST_UNKNOWN,
    STORE,
};
use crate::openapi::tags;
use crate::store::{Closed, Outcome};

/// Takes a presentation. The decision is made and kept even if the wallet goes away while it is made.
#[utoipa::path(
    post, path = paths::PRESENTATION, operation_id = "submitPresentation", tag = tags::VERIFIER,
    params(("request" = Reference, Path, description = "The request's reference.")),
    request_body = PresentationSubmission,
    responses(
        (status = OK, description = "What was asked for is true.", body = SubmissionAccepted),
        Problems<{ BODY | NOT_FOUND | REQUEST_UNKNOWN | REQUEST_EXPIRED | REQUEST_CLOSED | PRESENTATION_REFUSED | BUSY
            | STORE }>,
    ),
)]
pub(crate) async fn submit(
    role: Data<VerifierRole>,
    client: Client,
    id: RequestId,
    body: StrictJson<PresentationSubmission>,
) -> ApiResult {
    let deciding = actix_web::rt::spawn(role.into_inner().decide(client, id.0, body.0.presentation.0));
    match deciding.await.map_err(|_| ApiError::Internal)?? {
        Decision::Accepted => {
            Ok(HttpResponse::Ok().json(SubmissionAccepted { decision: Decision::Accepted }))
        }
        Decision::Refused => Err(ApiError::PresentationRefused),
    }
}

impl VerifierRole {
    async fn decide(
        self: Arc<Self>,
        client: Client,
        id: Id,
        presentation: Vec<u8>,
    ) -> Result<Decision, ApiError> {
        let request = self.open_request(id).await?;
        let (outcome, decision) = outcome(self.check(client, request, presentation).await?)?;
        let closed = self.shared.store.close_request(id, &outcome, self.shared.clock.now()).await?;
        match closed {
            Closed::Decided => Ok(decision),
            Closed::Already => Err(ApiError::RequestClosed),
            Closed::Expired => Err(ApiError::RequestExpired),
            Closed::Unknown => Err(ApiError::RequestUnknown),
        }
    }

    /// A request that is not decided and has not expired.
    async fn open_request(&self, id: Id) -> Result<Arc<Request>, ApiError> {
        let stored = self.stored(id).await?;
        if stored.outcome.is_some() {
            return Err(ApiError::RequestClosed);
        }
        if self.has_expired(&stored) {
            return Err(ApiError::RequestExpired);
        }
        Ok(Arc::new(stored.request))
    }
}

fn outcome(verified: Result<Verdict, VerificationFailure>) -> Result<(Outcome, Decision), ApiError> {
    match verified {
        Ok(verdict) => Ok((Outcome::Accepted(report(&verdict)), Decision::Accepted)),
        Err(failure) => match failure.cause() {
            Cause::Expired => Err(ApiError::RequestExpired),
            Cause::Request(error) => {
                tracing::error!(%error, "a stored request names what this verifier no longer knows");
                Err(ApiError::Internal)
            }
            cause => {
                tracing::info!(cause = cause_code(cause), "presentation refused");
                Ok((Outcome::Refused, Decision::Refused))
            }
        },
    }
}
