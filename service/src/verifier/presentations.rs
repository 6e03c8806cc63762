//! Takes a wallet's answer to a request, once.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::{Decision, PresentationSubmission};
use glimpse_circuits::relation::Relation;
use glimpse_verifier::{Cause, Verdict, VerificationFailure};
use serde_json::json;

use super::VerifierRole;
use super::report::{cause_code, report};
use crate::error::{ApiError, ApiResult};
use crate::extract::{RequestId, StrictJson};
use crate::ids::Id;
use crate::store::{Closed, Outcome};

/// Takes a presentation. The decision is made and kept even if the wallet goes away while it is made.
pub(crate) async fn submit(
    role: Data<VerifierRole>,
    id: RequestId,
    body: StrictJson<PresentationSubmission>,
) -> ApiResult {
    let deciding = actix_web::rt::spawn(role.into_inner().decide(id.0, body.0.presentation.0));
    match deciding.await.map_err(|_| ApiError::Internal)?? {
        Decision::Accepted => Ok(HttpResponse::Ok().json(json!({ "decision": Decision::Accepted }))),
        Decision::Refused => Err(ApiError::PresentationRefused),
    }
}

impl VerifierRole {
    async fn decide(self: Arc<Self>, id: Id, presentation: Vec<u8>) -> Result<Decision, ApiError> {
        let relation = self.open_relation(id).await?;
        let (role, now) = (self.clone(), self.shared.clock.now());
        let check = move || role.verifier.verify_compiled(&relation, &presentation, now);
        let (outcome, decision) = outcome(self.workers.run(check).await?)?;
        let closed = self.shared.store.close_request(id, &outcome, self.shared.clock.now()).await?;
        match closed {
            Closed::Decided => {
                self.relations.remove(&id);
                Ok(decision)
            }
            Closed::Already => Err(ApiError::RequestClosed),
            Closed::Expired => Err(ApiError::RequestExpired),
            Closed::Unknown => Err(ApiError::RequestUnknown),
        }
    }

    /// The relation of a request that is not decided and has not expired.
    async fn open_relation(self: &Arc<Self>, id: Id) -> Result<Arc<Relation>, ApiError> {
        let stored = self.stored(id).await?;
        if stored.outcome.is_some() {
            return Err(ApiError::RequestClosed);
        }
        if self.has_expired(&stored) {
            return Err(ApiError::RequestExpired);
        }
        if let Some(relation) = self.relations.get(&id) {
            return Ok(relation);
        }
        let (role, request) = (self.clone(), Arc::new(stored.request));
        let compile = move || Relation::compile(request, role.verifier.registry());
        let relation = self.workers.run(compile).await?.map(Arc::new).map_err(|error| {
            tracing::error!(%error, "a stored request names what this verifier no longer knows");
            ApiError::Internal
        })?;
        self.relations.insert(id, relation.clone());
        Ok(relation)
    }
}

fn outcome(verified: Result<Verdict, VerificationFailure>) -> Result<(Outcome, Decision), ApiError> {
    match verified {
        Ok(verdict) => Ok((Outcome::Accepted(report(&verdict)), Decision::Accepted)),
        Err(failure) if *failure.cause() == Cause::Expired => Err(ApiError::RequestExpired),
        Err(failure) => {
            tracing::info!(cause = cause_code(failure.cause()), "presentation refused");
            Ok((Outcome::Refused, Decision::Refused))
        }
    }
}
