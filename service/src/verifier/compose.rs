//! From a policy to a request.

use std::sync::Arc;

use glimpse_api::{FieldProblem, Policy, RequestedLicence, paths};
use glimpse_circuits::labels;
use glimpse_circuits::request::{
    CheckKind, Nonce, Request, RequestDocument, RequestFormError, RequestedCredential,
};
use glimpse_verifier::Cause;

use super::VerifierRole;
use super::known::Known;
use crate::access::ask::Ask;
use crate::error::ApiError;
use crate::extract::RelyingParty;
use crate::ids::{Id, random};

impl VerifierRole {
    /// A relying party's request for a policy, issued now, under the given id. Problems name the policy's members after `at`.
    pub(super) fn compose(
        &self,
        relying_party: &RelyingParty,
        policy: &Policy,
        id: &Id,
        at: &str,
    ) -> Result<Arc<Request>, ApiError> {
        relying_party.expect_registered(&Ask::of_policy(policy, at))?;
        let now = self.shared.clock.now();
        let known = self.issuers.at(now);
        let licences = policy.licences.iter().enumerate();
        let credentials =
            licences.map(|(i, licence)| self.credential(&known, licence, now, &format!("{at}licences[{i}]")));
        let document = RequestDocument {
            version: labels::VERSION,
            audience: self.issuers.audience().to_owned(),
            audience_name: self.name_of(relying_party).clone(),
            purpose: policy.purpose.clone(),
            response_uri: self.shared.uri(paths::PRESENTATION, "request", &id.text()),
            nonce: Nonce(random()),
            issued_at: now,
            expires_at: now.saturating_add(self.request_lifetime),
            credentials: credentials.collect::<Result<_, _>>()?,
            statements: policy.statements.clone(),
            prefer: policy.prefer,
        };
        let request = Arc::new(Request::try_from(document).map_err(|error| form_problem(error, at))?);
        // Whoever answers it will need the relation soon.
        known.verifier.relation(&request).map_err(|failure| match failure.cause() {
            Cause::Request(error) => ApiError::Invalid(vec![field(&error.member, &error.reason, at)]),
            cause => ApiError::invalid(at, cause),
        })?;
        Ok(request)
    }

    fn credential(
        &self,
        known: &Known,
        licence: &RequestedLicence,
        now: u64,
        at: &str,
    ) -> Result<RequestedCredential, ApiError> {
        known.expect_list_for(licence, now)?;
        let schema = known.schema(&licence.schema, at)?;
        let issuers = known.keys(&schema, licence, now, at)?;
        if licence.check == CheckKind::Keyed && issuers.iter().any(|key| Some(key) != self.issuers.keyed()) {
            let reason = "keyed presentations can only be checked for this service's own issuer key";
            return Err(ApiError::invalid(format!("{at}.check"), reason));
        }
        Ok(RequestedCredential { id: licence.id.clone(), schema, issuers, check: licence.check })
    }
}

fn form_problem(error: RequestFormError, at: &str) -> ApiError {
    match error {
        RequestFormError::Json(error) => ApiError::Json(error),
        RequestFormError::Member { member, reason } => ApiError::Invalid(vec![field(&member, &reason, at)]),
        // `RequestFormError` may grow.
        error => ApiError::invalid(at, error),
    }
}

/// What requests call credentials, policies call licences.
fn field(member: &str, reason: &impl ToString, at: &str) -> FieldProblem {
    let member = match member.strip_prefix("credentials") {
        Some(rest) => format!("licences{rest}"),
        None => member.to_owned(),
    };
    FieldProblem { field: format!("{at}{member}"), reason: reason.to_string() }
}
