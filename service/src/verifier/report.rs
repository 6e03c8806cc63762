//! What is said of a verdict, and of a refusal in the log.

use glimpse_api::{Decision, Disclosed, VerdictReport, VerifiedLicence, value_to_json};
use glimpse_verifier::{Cause, DisclosedValue, Verdict, VerifiedCredential};

/// The verdict as it is kept and handed to the relying party.
pub(super) fn report(verdict: &Verdict) -> VerdictReport {
    VerdictReport {
        verdict: Decision::Accepted,
        request: verdict.request,
        statements: verdict.statements.to_vec(),
        disclosed: verdict.disclosed.iter().map(|disclosed| self::disclosed(verdict, disclosed)).collect(),
        licences: verdict.credentials.iter().map(licence).collect(),
    }
}

fn disclosed(verdict: &Verdict, disclosed: &DisclosedValue) -> Disclosed {
    let credential = verdict.credentials.iter().find(|credential| credential.id == disclosed.of.credential);
    let attribute = credential.and_then(|credential| credential.schema.attribute(&disclosed.of.attribute));
    let value = attribute.map(|(_, attribute)| value_to_json(&attribute.kind, &disclosed.value));
    Disclosed { of: disclosed.of.clone(), also: disclosed.also.clone(), value: value.unwrap_or_default() }
}

fn licence(credential: &VerifiedCredential) -> VerifiedLicence {
    VerifiedLicence {
        id: credential.id.clone(),
        schema: credential.schema.digest(),
        schema_id: credential.schema.id().to_owned(),
        issuer: (*credential.issuer).clone(),
        check: credential.check,
        not_revoked_at: credential.not_revoked_at,
    }
}

/// Why a presentation was refused, for the log: no values.
pub(super) fn cause_code(cause: &Cause) -> &'static str {
    match cause {
        Cause::Audience => "audience",
        Cause::Expired => "expired",
        Cause::NotYetValid => "not-yet-valid",
        Cause::Request(_) => "request",
        Cause::Decode(_) => "decode",
        Cause::NoIssuerSecret => "no-issuer-secret",
        Cause::StaleList => "stale-list",
        Cause::FutureList => "future-list",
        Cause::Proof => "proof",
    }
}
