//! Takes a wallet's answer to a request, once.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use futures_util::future::join;
use glimpse_api::openapi::{IdempotencyKey as IdempotencyKeySchema, Reference};
use glimpse_api::{Decision, PresentationSubmission, SubmissionAccepted, paths};
use glimpse_verifier::{Cause, Verdict, VerificationFailure};

use super::VerifierRole;
use super::report::{cause_code, report};
use crate::client::Client;
use crate::error::{ApiError, ApiResult};
use crate::extract::{IdempotencyKey, RequestId, StrictJson};
use crate::ids::{Fingerprint, Id};
use crate::openapi::problems::{
    BODY, BUSY, INVALID, NOT_FOUND, PRESENTATION_REFUSED, Problems, RATE_LIMITED, REQUEST_CLOSED,
    REQUEST_EXPIRED, REQUEST_UNKNOWN, STORE, TRUST_LIST_EXPIRED,
};
use crate::openapi::tags;
use crate::rates::Presentations;
use crate::store::{Closed, Outcome};

/// Takes a presentation. The decision is made and kept even if the wallet goes away while it is made, and told again
/// to whoever repeats the presentation under the same idempotency key: nobody but the wallet knows that.
#[utoipa::path(
    post, path = paths::PRESENTATION, operation_id = "submitPresentation", tag = tags::VERIFIER,
    params(
        ("request" = Reference, Path, description = "The request's reference."),
        ("idempotency-key" = Option<IdempotencyKeySchema>, Header,
            description = "Drawn by the wallet for this presentation. Whoever sends both again is answered alike."),
    ),
    request_body = PresentationSubmission,
    responses(
        (status = OK, description = "What was asked for is true.", body = SubmissionAccepted),
        Problems<{ BODY | RATE_LIMITED | INVALID | NOT_FOUND | REQUEST_UNKNOWN | REQUEST_EXPIRED | REQUEST_CLOSED | PRESENTATION_REFUSED | BUSY
            | TRUST_LIST_EXPIRED | STORE }>,
    ),
)]
pub(crate) async fn submit(
    role: Data<VerifierRole>,
    client: Client,
    key: IdempotencyKey,
    id: RequestId,
    body: StrictJson<PresentationSubmission>,
) -> ApiResult {
    let presentation = body.0.presentation.0;
    let attempt = Fingerprint::of_parts(&[&key.0, &presentation]);
    let deciding = actix_web::rt::spawn(role.into_inner().decide(client, id.0, attempt, presentation));
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
        attempt: Fingerprint,
        presentation: Vec<u8>,
    ) -> Result<Decision, ApiError> {
        // Both ask the store: together they take no longer than one.
        let (spent, stored) = join(self.shared.spend::<Presentations>(client), self.stored(id)).await;
        spent?;
        let stored = stored?;
        match &stored.outcome {
            Some(earlier) if earlier.is_of(&attempt) => return Ok(decision(&earlier.outcome)),
            Some(_) => return Err(ApiError::RequestClosed),
            None if self.has_expired(&stored) => return Err(ApiError::RequestExpired),
            None => {}
        }
        // Undecided: the wallet may come again when there is a new one.
        let now = self.shared.clock.now();
        self.issuers.at(now).expect_list_of(stored.request.document(), now)?;
        let request = Arc::new(stored.request);
        let verified = self.check(client, request.clone(), presentation).await?;
        if verified.is_err() {
            // It may have expired while this waited for its turn.
            let now = self.shared.clock.now();
            self.issuers.at(now).expect_list_of(request.document(), now)?;
        }
        let outcome = self.outcome(verified)?;
        let now = self.shared.clock.now();
        match self.shared.store.close_request(id, attempt, &outcome, now).await? {
            Closed::Decided => Ok(decision(&outcome)),
            Closed::Already => Err(ApiError::RequestClosed),
            Closed::Expired => Err(ApiError::RequestExpired),
            Closed::Unknown => Err(ApiError::RequestUnknown),
        }
    }

    fn outcome(&self, verified: Result<Verdict, VerificationFailure>) -> Result<Outcome, ApiError> {
        match verified {
            Ok(verdict) => Ok(Outcome::Accepted(report(&verdict))),
            Err(failure) => match failure.cause() {
                Cause::Expired => Err(ApiError::RequestExpired),
                // Nobody can answer it any more. An issuer was taken from the list or the configuration since, or the
                // record is not what was stored.
                Cause::Request(error) => {
                    tracing::warn!(%error, "a stored request asks for what this verifier does not know");
                    Ok(Outcome::Refused)
                }
                cause => {
                    tracing::info!(cause = cause_code(cause), "presentation refused");
                    Ok(Outcome::Refused)
                }
            },
        }
    }
}

fn decision(outcome: &Outcome) -> Decision {
    match outcome {
        Outcome::Accepted(_) => Decision::Accepted,
        Outcome::Refused => Decision::Refused,
    }
}
