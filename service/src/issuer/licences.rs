//! Licences and offers, for the issuer's administrator.

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::openapi::Reference;
use glimpse_api::{
    Act, CheckOverride, FieldProblem, LicenceRegistration, OfferCreated, RegisteredLicence, paths,
};
use glimpse_circuits::request::Nonce;
use glimpse_circuits::text::{is_visible, nfc};
use glimpse_profiles::{Admitted, Override, Profile, builtin_by_schema_id};
use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult};
use crate::extract::{Administrator, LicenceId, StrictJson};
use crate::ids::{Fingerprint, Id, offer_code, random};
use crate::issuer::IssuerRole;
use crate::issuer::changes::{MAX_TRIES, registration};
use crate::openapi::problems::{
    BEARER, BODY, BUSY, IMPOSSIBLE, INVALID, LICENCE_UNKNOWN, NOT_FOUND, Problems, SCHEMA_RETIRED, STORE,
};
use crate::openapi::{examples, tags};
use crate::store::NewOffer;
use crate::store::licences::{LicenceRecord, Updated};

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
    let now = role.shared.clock.now();
    let licence = admit(&body.0, now)?;
    let id = Id::random();
    let (by, schema) = (administrator.id(), body.0.profile);
    role.shared.store.update_licences(vec![registration(id, licence, Act::Registered, by, now)]).await?;
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
        Problems<{ BEARER | NOT_FOUND | LICENCE_UNKNOWN | SCHEMA_RETIRED | IMPOSSIBLE | BUSY | STORE }>,
    ),
)]
pub(crate) async fn offer(administrator: Administrator, role: Data<IssuerRole>, id: LicenceId) -> ApiResult {
    let (offer, schema) = role.offer(id.0, administrator.id()).await?;
    tracing::info!(target: "audit", principal = administrator.id(), act = "offer made", schema);
    Ok(HttpResponse::Created().json(offer))
}

impl IssuerRole {
    async fn offer(&self, id: Id, by: &str) -> Result<(OfferCreated, String), ApiError> {
        let store = &self.shared.store;
        let code = offer_code();
        for _ in 0..MAX_TRIES {
            let before = store.licence(id).await?.ok_or(ApiError::LicenceUnknown)?;
            let schema = self.schema(&before)?.id().to_owned();
            let mut licence = before.clone();
            let act = licence.standing.offer().map_err(ApiError::Impossible)?;
            let expires_at = self.shared.clock.now().saturating_add(self.offer_lifetime);
            let offer = NewOffer {
                code: Fingerprint::of(code.as_bytes()),
                licence: id,
                wallet: licence.standing.wallet,
                nonce: Nonce(random()),
                expires_at,
            };
            let update = self.update(id, &before, licence, act, by);
            if store.add_offer(offer, update).await? == Updated::Done {
                let issuer_uri = self.shared.public_uri.clone();
                return Ok((OfferCreated { issuer_uri, code, expires_at }, schema));
            }
        }
        Err(ApiError::Busy)
    }
}

fn admit(registration: &LicenceRegistration, now: u64) -> Result<LicenceRecord, ApiError> {
    let profile = builtin_by_schema_id(&registration.profile)
        .ok_or_else(|| ApiError::invalid("profile", "is not one that is issued here"))?;
    let holder = holder(&registration.holder)?;
    let admitted = admit_values(profile, &registration.attributes, &registration.overrides)?;
    Ok(LicenceRecord::new(profile.schema(), holder, &admitted.values, admitted.overrides, now))
}

/// What a licence says, checked but for what was set aside.
pub(super) fn admit_values(
    profile: &Profile,
    attributes: &Map<String, Value>,
    overrides: &[CheckOverride],
) -> Result<Admitted, ApiError> {
    let overrides = overrides.iter().enumerate().map(|(i, given)| {
        let unknown =
            |_| ApiError::invalid(format!("overrides[{i}]"), "names no check, or no reason, that there is");
        serde_json::to_value(given).and_then(serde_json::from_value).map_err(unknown)
    });
    let overrides: Vec<Override> = overrides.collect::<Result<_, _>>()?;
    profile.admit_with(attributes, &overrides).map_err(|refusals| {
        let problem = |refusal: glimpse_profiles::Refusal| FieldProblem {
            field: format!("attributes.{}", refusal.name),
            reason: refusal.reason.to_string(),
        };
        ApiError::Invalid(refusals.into_iter().map(problem).collect())
    })
}

/// What was set aside, as it is told.
pub(super) fn override_to_api(given: &Override) -> CheckOverride {
    let name = |value: Result<Value, serde_json::Error>| match value {
        Ok(Value::String(name)) => name,
        _ => String::new(),
    };
    CheckOverride {
        attribute: given.attribute.clone(),
        check: name(serde_json::to_value(given.check)),
        reason: name(serde_json::to_value(given.reason)),
    }
}

/// In form C and without what is not seen, so that one holder has one reference.
pub(super) fn holder(text: &str) -> Result<String, ApiError> {
    let holder = nfc(text);
    let sound = is_visible(&holder, MAX_HOLDER_CHARS)
        && holder.trim() == holder
        && !holder.chars().any(|c| c.is_whitespace() && c != ' ');
    let reason =
        "must have 1 to 256 visible characters, no blanks around them and no others between them than spaces";
    sound.then_some(holder).ok_or_else(|| ApiError::invalid("holder", reason))
}

/// A reference that was registered, also by an earlier version, which took blanks and characters that are not seen.
pub(super) fn known_holder(text: &str) -> Result<String, ApiError> {
    let holder = nfc(text);
    let sound = (1..=MAX_HOLDER_CHARS).contains(&holder.chars().count())
        && holder.trim() == holder
        && !holder.chars().any(char::is_control);
    let reason = "must have 1 to 256 characters, no control characters and no blanks around them";
    sound.then_some(holder).ok_or_else(|| ApiError::invalid("holder", reason))
}
