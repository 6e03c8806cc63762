//! What an administrator does with a licence after it was registered, and what is told of it.
//!
//! A step that comes with an idempotency key is put down in the licence's own record, which is changed only from the
//! revision that was looked at: of a step and its repetitions, at whichever nodes, one is taken.

mod handles;
mod reasons;

use actix_web::http::StatusCode;
use actix_web::web::Data;
use actix_web::{HttpResponse, HttpResponseBuilder};
use glimpse_api::openapi::{IdempotencyKey as IdempotencyKeySchema, Reference, Replayed};
use glimpse_api::{
    Act, CheckOverride, IDEMPOTENCY_KEY, IDEMPOTENT_REPLAYED, LicenceChange, LicenceCorrection, LicenceEvent,
    LicenceReport, RegisteredLicence, WalletChange, WalletChanged, paths,
};
use glimpse_circuits::schema::Schema;
use glimpse_profiles::{Profile, builtin};

use self::handles::{listed, moves};
use self::reasons::checked_reason;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Administrator, LicenceId, StepKey, StrictJson};
use crate::ids::{Fingerprint, Id};
use crate::issuer::IssuerRole;
use crate::issuer::licences::{admit_values, known_holder, override_to_api};
use crate::lifecycle::{KeyReused, Standing, Step};
use crate::openapi::problems::{
    BEARER, BODY, BUSY, HOLDER_UNKNOWN, IMPOSSIBLE, INVALID, LICENCE_UNKNOWN, NOT_FOUND, Problems,
    SCHEMA_RETIRED, STORE,
};
use crate::openapi::tags;
use crate::store::licences::{HolderUpdate, LicenceRecord, LicenceUpdate, Updated};

/// How often something is tried again that somebody else changed meanwhile.
pub(super) const MAX_TRIES: usize = 16;
/// What the document says of the key of a step.
const KEY: &str = "Drawn for this step. Whoever sends both again, having heard no answer, does not have it done twice: the last 16 \
    steps that came with a key are known for each licence.";

/// Where a licence stands.
#[utoipa::path(
    get, path = paths::LICENCE, operation_id = "readLicence", tag = tags::ADMINISTRATION,
    params(("licence" = Reference, Path, description = "The licence's reference.")),
    security(("administrator" = [])),
    responses(
        (status = OK, description = "Where it stands, and how it came there. Nothing that it says.", body = LicenceReport),
        Problems<{ BEARER | NOT_FOUND | LICENCE_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn read(_administrator: Administrator, role: Data<IssuerRole>, id: LicenceId) -> ApiResult {
    Ok(HttpResponse::Ok().json(role.report(id.0).await?))
}

/// Changes where a licence stands.
#[utoipa::path(
    post, path = paths::LICENCE_CHANGES, operation_id = "changeLicence", tag = tags::ADMINISTRATION,
    params(
        ("licence" = Reference, Path, description = "The licence's reference."),
        ("idempotency-key" = Option<IdempotencyKeySchema>, Header, description = KEY),
    ),
    security(("administrator" = [])),
    request_body = LicenceChange,
    responses(
        (status = OK, description = "Where it stands now.", body = LicenceReport,
            headers(("idempotent-replayed" = Replayed, description = "Whether this was done when it came before, and not again now."))),
        Problems<{ BEARER | BODY | INVALID | NOT_FOUND | LICENCE_UNKNOWN | SCHEMA_RETIRED | IMPOSSIBLE | BUSY | STORE }>,
    ),
)]
pub(crate) async fn change(
    administrator: Administrator,
    role: Data<IssuerRole>,
    key: StepKey,
    id: LicenceId,
    body: StrictJson<LicenceChange>,
) -> ApiResult {
    let by = administrator.id();
    let step = key.step(by, "change", &body.0)?;
    let code = match &body.0 {
        LicenceChange::Status { code, .. } => Some(code.clone()),
        _ => None,
    };
    let taken = role.change(id.0, by, step, body.0.reason(), code, |profile, standing| {
        let meaning = |code: &str| profile.and_then(|profile| profile.status().meaning(code));
        standing.apply(&body.0, meaning).map_err(ApiError::Impossible)
    });
    let again = taken.await?;
    tracing::info!(target: "audit", principal = by, act = "licence changed", again);
    Ok(told(StatusCode::OK, again).json(role.report(id.0).await?))
}

/// Puts a corrected version in a licence's place: both at once, or neither.
#[utoipa::path(
    post, path = paths::LICENCE_CORRECTION, operation_id = "correctLicence", tag = tags::ADMINISTRATION,
    params(
        ("licence" = Reference, Path, description = "The reference of the version that is wrong."),
        ("idempotency-key" = Option<IdempotencyKeySchema>, Header, description = KEY),
    ),
    security(("administrator" = [])),
    request_body = LicenceCorrection,
    responses(
        (status = CREATED, description = "The corrected version, to be offered to the holder.", body = RegisteredLicence,
            headers(("idempotent-replayed" = Replayed, description = "Whether this was done when it came before, and not again now.")),
            links(("offer" = (operation_id = "createOffer", parameters(("licence" = "$response.body#/licence")),
                description = "Makes an offer for it.")))),
        Problems<{ BEARER | BODY | INVALID | NOT_FOUND | LICENCE_UNKNOWN | SCHEMA_RETIRED | IMPOSSIBLE | BUSY | STORE }>,
    ),
)]
pub(crate) async fn correct(
    administrator: Administrator,
    role: Data<IssuerRole>,
    key: StepKey,
    id: LicenceId,
    body: StrictJson<LicenceCorrection>,
) -> ApiResult {
    let by = administrator.id();
    let step = key.step(by, "correct", &body.0)?;
    let (next, again) = role.correct(id.0, by, step, &body.0).await?;
    tracing::info!(target: "audit", principal = by, act = "licence corrected", again);
    Ok(told(StatusCode::CREATED, again).json(RegisteredLicence { licence: next.text() }))
}

/// Lets a holder go over to a new wallet.
#[utoipa::path(
    post, path = paths::WALLET_CHANGES, operation_id = "changeWallet", tag = tags::ADMINISTRATION,
    params(
        ("idempotency-key" = Option<IdempotencyKeySchema>, Header, description = KEY),
    ),
    security(("administrator" = [])),
    request_body = WalletChange,
    responses(
        (status = OK, description = "The old wallet's credentials are revoked.", body = WalletChanged,
            headers(("idempotent-replayed" = Replayed, description = "Whether this was done when it came before, and not again now."))),
        Problems<{ BEARER | BODY | INVALID | HOLDER_UNKNOWN | BUSY | STORE }>,
    ),
)]
pub(crate) async fn change_wallet(
    administrator: Administrator,
    role: Data<IssuerRole>,
    key: StepKey,
    body: StrictJson<WalletChange>,
) -> ApiResult {
    let by = administrator.id();
    let holder = known_holder(&body.0.holder)?;
    let step = key.step(by, "change wallet", &body.0)?;
    let (licences, again) = role.change_wallet(&holder, by, step, &body.0.reason).await?;
    tracing::info!(target: "audit", principal = by, act = "wallet changed", count = licences.len(), again);
    let licences = licences.iter().map(Id::text).collect();
    Ok(told(StatusCode::OK, again).json(WalletChanged { licences }))
}

/// An answer that says whether the step was taken before.
fn told(status: StatusCode, again: bool) -> HttpResponseBuilder {
    let mut answer = HttpResponse::build(status);
    answer.insert_header((IDEMPOTENT_REPLAYED, if again { "true" } else { "false" }));
    answer
}

impl IssuerRole {
    /// Changes a licence's standing, as often as somebody else was faster. Says whether that was done before.
    async fn change(
        &self,
        id: Id,
        by: &str,
        step: Option<Step>,
        reason: &str,
        code: Option<String>,
        change: impl Fn(Option<&Profile>, &mut Standing) -> Result<Act, ApiError>,
    ) -> Result<bool, ApiError> {
        for _ in 0..MAX_TRIES {
            let before = self.shared.store.licence(id).await?.ok_or(ApiError::LicenceUnknown)?;
            if has_taken(&before, step)? {
                return Ok(true);
            }
            // One whose schema is no longer issued goes on living, but for what its profile would have to say.
            let schema = self.schemas.get(&before.schema);
            let profile = schema.map(|schema| profile_of(schema)).transpose()?;
            let mut licence = before.clone();
            let act = change(profile, &mut licence.standing)?;
            step.into_iter().for_each(|step| licence.standing.remember(step));
            let reason = checked_reason(reason, &before, schema)?;
            let mut update = self.update(id, &before, licence, act, by);
            (update.event.reason, update.event.code) = (Some(reason), code.clone());
            if self.shared.store.update_licences(vec![update]).await? == Updated::Done {
                return Ok(false);
            }
        }
        Err(ApiError::Busy)
    }

    /// The version that takes a licence's place, and whether it took it before.
    async fn correct(
        &self,
        id: Id,
        by: &str,
        step: Option<Step>,
        correction: &LicenceCorrection,
    ) -> Result<(Id, bool), ApiError> {
        let next_id = Id::random();
        for _ in 0..MAX_TRIES {
            let before = self.shared.store.licence(id).await?.ok_or(ApiError::LicenceUnknown)?;
            if has_taken(&before, step)? {
                // Nothing takes the place of what has ended.
                return Ok((before.standing.corrected_by.ok_or(ApiError::Internal)?, true));
            }
            let schema = self.schema(&before)?.clone();
            let mut ended = before.clone();
            let (act, standing) = ended.standing.correct(next_id).map_err(ApiError::Impossible)?;
            step.into_iter().for_each(|step| ended.standing.remember(step));
            let reason = checked_reason(&correction.reason, &before, Some(&schema))?;
            let profile = profile_of(&schema)?;
            let now = self.shared.clock.now();
            let admitted = admit_values(profile, &correction.attributes, &correction.overrides)?;
            let mut next =
                LicenceRecord::new(&schema, before.holder.clone(), &admitted.values, admitted.overrides, now);
            checked_reason(&correction.reason, &next, Some(&schema))?;
            (next.version, next.corrects) = (before.version.saturating_add(1), Some(id));
            next.standing = standing;

            let mut old = self.update(id, &before, ended, act, by);
            old.event.reason = Some(reason.clone());
            let mut new = registration(next_id, next, Act::RegisteredAsCorrection, by, now);
            new.event.reason = Some(reason);
            if self.shared.store.update_licences(vec![old, new]).await? == Updated::Done {
                return Ok((next_id, false));
            }
        }
        Err(ApiError::Busy)
    }

    /// The licences that can be offered to a holder's new wallet, and whether the wallet was changed before.
    async fn change_wallet(
        &self,
        holder: &str,
        by: &str,
        step: Option<Step>,
        reason: &str,
    ) -> Result<(Vec<Id>, bool), ApiError> {
        let (store, reference) = (&self.shared.store, Fingerprint::of(holder.as_bytes()));
        for _ in 0..MAX_TRIES {
            let licences = self.licences_of(reference).await?;
            if licences.is_empty() {
                return Err(ApiError::HolderUnknown);
            }
            if !taken_of(&licences, step)?.is_empty() {
                // Those that were read before it was made did not say so yet. What was registered since never does: it is
                // none of the old wallet's.
                let licences = self.licences_of(reference).await?;
                let taken = taken_of(&licences, step)?.into_iter();
                let open = taken.filter(|(_, licence)| licence.standing.ended.is_none());
                return Ok((open.map(|(id, _)| *id).collect(), true));
            }
            let none_open = licences.iter().all(|(_, licence)| licence.standing.ended.is_some());
            let (mut updates, mut offerable) = (Vec::new(), Vec::new());
            for (id, before) in &licences {
                let mut licence = before.clone();
                let (act, credentials) = match licence.standing.change_wallet() {
                    Ok(changed) => changed,
                    // Something must say that there is a new one.
                    Err(_) if none_open => (licence.standing.note_wallet_change(), Vec::new()),
                    // One that has ended stays as it is: its credentials are revoked already.
                    Err(_) => continue,
                };
                step.into_iter().for_each(|step| licence.standing.remember(step));
                let reason = checked_reason(reason, before, self.schemas.get(&before.schema))?;
                let mut update = self.update(*id, before, licence, act, by);
                (update.withhold, update.restore) = (listed(before, &credentials), Vec::new());
                update.event.reason = Some(reason);
                updates.push(update);
                offerable.extend((!none_open).then_some(*id));
            }
            let key = self.key.public().encoded().to_bytes();
            let update = HolderUpdate { key, holder: reference, licences: licences.len(), updates };
            if store.update_holder(update).await? == Updated::Done {
                return Ok((offerable, false));
            }
        }
        Err(ApiError::Busy)
    }

    /// A holder's licences, each as it stood when it was read.
    async fn licences_of(&self, holder: Fingerprint) -> Result<Vec<(Id, LicenceRecord)>, ApiError> {
        let mut licences = Vec::new();
        for id in self.shared.store.licences_of(holder).await? {
            licences.push((id, self.shared.store.licence(id).await?.ok_or(ApiError::LicenceUnknown)?));
        }
        Ok(licences)
    }

    /// What is to be kept of a change of a licence's standing.
    pub(super) fn update(
        &self,
        id: Id,
        before: &LicenceRecord,
        licence: LicenceRecord,
        act: Act,
        by: &str,
    ) -> LicenceUpdate {
        let (withhold, restore) = moves(before, &licence);
        let event = LicenceEvent {
            at: self.shared.clock.now(),
            actor: by.to_owned(),
            act,
            stage: licence.standing.stage(),
            reason: None,
            code: None,
        };
        let from = Some((before.standing.revision, before.place()));
        LicenceUpdate { id, from, licence, event, withhold, restore }
    }

    async fn report(&self, id: Id) -> Result<LicenceReport, ApiError> {
        let store = &self.shared.store;
        let licence = store.licence(id).await?.ok_or(ApiError::LicenceUnknown)?;
        let standing = &licence.standing;
        Ok(LicenceReport {
            licence: id.text(),
            schema: licence.schema,
            version: licence.version,
            stage: standing.stage(),
            ended: standing.ended,
            disputed: standing.disputed(),
            credentials: match standing.ended {
                Some(_) => 0,
                None => u32::try_from(standing.credentials.len()).unwrap_or(u32::MAX),
            },
            corrects: licence.corrects.map(|id| id.text()),
            corrected_by: standing.corrected_by.map(|id| id.text()),
            overrides: licence.overrides.iter().map(override_to_api).collect::<Vec<CheckOverride>>(),
            events: store.events(id).await?,
        })
    }
}

/// A licence that becomes known.
pub(crate) fn registration(id: Id, licence: LicenceRecord, act: Act, by: &str, now: u64) -> LicenceUpdate {
    let stage = licence.standing.stage();
    let event = LicenceEvent { at: now, actor: by.to_owned(), act, stage, reason: None, code: None };
    LicenceUpdate { id, from: None, licence, event, withhold: Vec::new(), restore: Vec::new() }
}

/// The licences whose records say that a step was taken.
fn taken_of(
    licences: &[(Id, LicenceRecord)],
    step: Option<Step>,
) -> Result<Vec<&(Id, LicenceRecord)>, ApiError> {
    let mut taken = Vec::new();
    for one in licences {
        if has_taken(&one.1, step)? {
            taken.push(one);
        }
    }
    Ok(taken)
}

/// Whether a licence's record says that a step was taken.
fn has_taken(licence: &LicenceRecord, step: Option<Step>) -> Result<bool, ApiError> {
    let taken = step.map_or(Ok(false), |step| licence.standing.has_taken(&step));
    taken.map_err(|KeyReused| ApiError::invalid(IDEMPOTENCY_KEY, "was given with something else before"))
}

pub(super) fn profile_of(schema: &Schema) -> Result<&'static Profile, ApiError> {
    let digest = schema.digest();
    builtin().iter().find(|profile| profile.schema().digest() == digest).ok_or(ApiError::SchemaRetired)
}
