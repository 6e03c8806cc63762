//! Checks a presentation for a relying party that keeps its own requests.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::{StatelessVerification, VerdictReport, paths};
use glimpse_verifier::{Cause, VerificationFailure};

use super::VerifierRole;
use super::report::{cause_code, report};
use crate::access::ask::Ask;
use crate::client::Client;
use crate::error::{ApiError, ApiResult};
use crate::extract::{RelyingParty, StrictJson};
use crate::openapi::problems::{
    BEARER, BODY, BUSY, INVALID, OVER_ASKING, PRESENTATION_REFUSED, Problems, RATE_LIMITED,
    TRUST_LIST_EXPIRED,
};
use crate::openapi::tags;
use crate::rates::{Verifications, Within};

/// A verdict, or what is wrong with the request, or nothing but that the presentation was not accepted.
#[utoipa::path(
    post, path = paths::VERIFY, operation_id = "verifyPresentation", tag = tags::RELYING_PARTY,
    security(("relyingParty" = [])),
    request_body = StatelessVerification,
    responses(
        (status = OK, description = "The presentation answers the request.", body = VerdictReport),
        Problems<{ BEARER | RATE_LIMITED | OVER_ASKING | BODY | INVALID | PRESENTATION_REFUSED | BUSY | TRUST_LIST_EXPIRED }>,
    ),
)]
pub(crate) async fn verify(
    relying_party: RelyingParty,
    role: Data<VerifierRole>,
    _within: Within<Verifications>,
    client: Client,
    body: StrictJson<StatelessVerification>,
) -> ApiResult {
    let (request, presentation) = (Arc::new(body.0.request), body.0.presentation.0);
    let document = request.document();
    let now = role.shared.clock.now();
    let known = role.issuers.at(now);
    relying_party.expect_registered(&Ask::of_request(document, known.registry(), "request."))?;
    // Of a request to another audience that is what there is to say, and it is said below.
    let is_ours = document.audience == role.issuers.audience();
    if is_ours && document.audience_name != *role.name_of(&relying_party) {
        let reason = "must be the name under which the relying party is registered";
        return Err(ApiError::invalid("request.audience_name", reason));
    }
    known.expect_list_of(document, now)?;
    let verdict = role.check(client, request, presentation).await?;
    let verdict = verdict.map_err(|failure| refusal(&failure))?;
    Ok(HttpResponse::Ok().json(report(&verdict)))
}

/// The request is the caller's own, so what is wrong with it is no secret.
fn refusal(failure: &VerificationFailure) -> ApiError {
    tracing::info!(cause = cause_code(failure.cause()), "presentation refused");
    match failure.cause() {
        Cause::Audience => ApiError::invalid("request.audience", "is not this verifier's"),
        Cause::Expired => ApiError::invalid("request.expires_at", "has passed"),
        Cause::NotYetValid => ApiError::invalid("request.issued_at", "is in the future"),
        Cause::Request(error) => ApiError::invalid(format!("request.{}", error.member), &error.reason),
        Cause::NoIssuerSecret => {
            ApiError::invalid("request.credentials", "ask for keyed checks that cannot be made here")
        }
        Cause::Decode(_) | Cause::StaleList | Cause::FutureList | Cause::Proof => {
            ApiError::PresentationRefused
        }
    }
}
