//! Licences and offers, for the issuer's administrator.

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::openapi::Reference;
use glimpse_api::{FieldProblem, LicenceRegistration, OfferCreated, RegisteredLicence, paths};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::text::nfc;
use glimpse_profiles::builtin_by_schema_id;

use crate::error::{ApiError, ApiResult};
use crate::extract::{Administrator, LicenceId, StrictJson};
use crate::ids::{Fingerprint, Id, offer_code, random};
use crate::issuer::IssuerRole;
use crate::openapi::problems::{
    BEARER, BODY, INVALID, LICENCE_UNKNOWN, NOT_FOUND, Problems, SCHEMA_RETIRED, STORE,
};
use crate::openapi::{examples, tags};
use crate::store::LicenceRecord;

/// Most characters of a holder's reference.
const MAX_HOLDER_CHARS: usize = 256;

/// Registers a licence.
#[utoipa::path(
    post, path = paths::LICENCES, operation_id = "registerLicence", tag = tags::ADMINISTRATION,
    security(("administrator" = [])),
    request_body(content = LicenceRegistration, example = json!(examples::licence())),
    responses(
        (status = CREATED, description = "The licence is registered.", body = RegisteredLicence,
            links(("offer" = (operation_id = "createOffer", parameters(("licence" = "$response.body#/licence")),
                description = "Makes an offer for it.")))),
        Problems<{ BEARER | BODY | INVALID | STORE }>,
    ),
)]
pub(crate) async fn register(
    administrator: Administrator,
    role: Data<IssuerRole>,
    body: StrictJson<LicenceRegistration>,
) -> ApiResult {
    let licence = admit(&body.0, role.shared.clock.now())?;
    let id = Id::random();
    role.shared.store.add_licence(id, &licence).await?;
    let (by, schema) = (administrator.id(), body.0.profile);
    tracing::info!(target: "audit", principal = by, act = "licence registered", schema);
    Ok(HttpResponse::Created().json(RegisteredLicence { licence: id.text() }))
}

/// Makes a one-time offer. Of its code only the fingerprint stays here.
#[utoipa::path(
    post, path = paths::LICENCE_OFFERS, operation_id = "createOffer", tag = tags::ADMINISTRATION,
    params(("licence" = Reference, Path, description = "The licence's reference.")),
    security(("administrator" = [])),
    responses(
        (status = CREATED, description = "The offer, to be handed to the holder and to nobody else.",
            body = OfferCreated,
            links(
                ("redeem" = (operation_id = "redeemOffer", request_body = json!({ "code": "$response.body#/code" }),
                    description = "Says what it is for.")),
                ("issue" = (operation_id = "issueCredential", request_body = json!({ "code": "$response.body#/code" }),
                    description = "Uses it, if its licence has no holder.")),
            )),
        Problems<{ BEARER | NOT_FOUND | LICENCE_UNKNOWN | SCHEMA_RETIRED | STORE }>,
    ),
)]
pub(crate) async fn offer(administrator: Administrator, role: Data<IssuerRole>, id: LicenceId) -> ApiResult {
    let store = &role.shared.store;
    let licence = store.licence(id.0).await?.ok_or(ApiError::LicenceUnknown)?;
    let schema = role.schema(&licence)?.id();
    let code = offer_code();
    let expires_at = role.shared.clock.now().saturating_add(role.offer_lifetime);
    store.add_offer(Fingerprint::of(code.as_bytes()), id.0, Nonce(random()), expires_at).await?;
    tracing::info!(target: "audit", principal = administrator.id(), act = "offer made", schema);
    let issuer_uri = role.shared.public_uri.clone();
    Ok(HttpResponse::Created().json(OfferCreated { issuer_uri, code, expires_at }))
}

fn admit(registration: &LicenceRegistration, now: u64) -> Result<LicenceRecord, ApiError> {
    let profile = builtin_by_schema_id(&registration.profile)
        .ok_or_else(|| ApiError::invalid("profile", "is not one that is issued here"))?;
    let holder = holder(&registration.holder)?;
    let values = profile.admit(&registration.attributes).map_err(|refusals| {
        let problem = |refusal: glimpse_profiles::Refusal| FieldProblem {
            field: format!("attributes.{}", refusal.name),
            reason: refusal.reason.to_string(),
        };
        ApiError::Invalid(refusals.into_iter().map(problem).collect())
    })?;
    Ok(LicenceRecord::new(profile.schema(), holder, &values, now))
}

/// In form C, so that one holder has one reference.
fn holder(text: &str) -> Result<String, ApiError> {
    let holder = nfc(text);
    let sound = !holder.is_empty()
        && holder.trim() == holder
        && !holder.chars().any(char::is_control)
        && holder.chars().count() <= MAX_HOLDER_CHARS;
    let reason = "must have 1 to 256 characters, no control characters and no blanks around them";
    sound.then_some(holder).ok_or_else(|| ApiError::invalid("holder", reason))
}
