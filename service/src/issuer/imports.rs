//! Imports, for the issuer's administrator: announced first, then registered in batches of rows, as often as it takes.

use std::collections::HashSet;

use actix_web::HttpResponse;
use actix_web::web::Data;
use glimpse_api::openapi::ImportName as ImportNameSchema;
use glimpse_api::{
    Act, FieldProblem, Import, ImportAnnouncement, ImportBatch, ImportOutcome, ImportRow, ImportedBatch,
    ImportedRow, MAX_IMPORT_ROWS, paths,
};
use glimpse_profiles::{Profile, builtin_by_schema_id};

use crate::error::{ApiError, ApiResult};
use crate::extract::{Administrator, ImportName, StrictJson};
use crate::issuer::IssuerRole;
use crate::issuer::changes::{profile_of, registration};
use crate::issuer::licences::{admit_values, holder};
use crate::openapi::problems::{
    BEARER, BODY, BUSY, IMPORT_DIFFERS, IMPORT_UNKNOWN, INVALID, NOT_FOUND, Problems, SCHEMA_RETIRED, STORE,
};
use crate::openapi::{examples, tags};
use crate::store::imports::{ImportRecord, StoredImport};
use crate::store::licences::{LicenceRecord, LicenceUpdate};

/// Announces an import. Repeating it changes nothing.
#[utoipa::path(
    put, path = paths::IMPORT, operation_id = "announceImport", tag = tags::ADMINISTRATION,
    params(("import" = ImportNameSchema, Path, description = "The import's name, which no other one ever has.")),
    security(("administrator" = [])),
    request_body(content = ImportAnnouncement, example = json!(examples::import())),
    responses(
        (status = OK, description = "It is announced, now or before.", body = Import),
        Problems<{ BEARER | BODY | NOT_FOUND | INVALID | IMPORT_DIFFERS | STORE }>,
    ),
)]
pub(crate) async fn announce(
    administrator: Administrator,
    role: Data<IssuerRole>,
    name: ImportName,
    body: StrictJson<ImportAnnouncement>,
) -> ApiResult {
    let wanted = record(body.0)?;
    let announced = role.shared.store.announce_import(&name.0, &wanted).await?;
    if !announced.is_of_the_same(&wanted) {
        return Err(ApiError::ImportDiffers);
    }
    tracing::info!(target: "audit", principal = administrator.id(), act = "import announced", import = name.0);
    Ok(HttpResponse::Ok().json(role.import(&name.0).await?))
}

/// How far an import is.
#[utoipa::path(
    get, path = paths::IMPORT, operation_id = "readImport", tag = tags::ADMINISTRATION,
    params(("import" = ImportNameSchema, Path, description = "The import's name.")),
    security(("administrator" = [])),
    responses(
        (status = OK, description = "What was announced, and how much of it came.", body = Import),
        Problems<{ BEARER | NOT_FOUND | INVALID | IMPORT_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn read(
    _administrator: Administrator,
    role: Data<IssuerRole>,
    name: ImportName,
) -> ApiResult {
    Ok(HttpResponse::Ok().json(role.import(&name.0).await?))
}

/// Registers the licences of some rows, those that are acceptable. A row that is sent again stays as it is.
#[utoipa::path(
    post, path = paths::IMPORT_ROWS, operation_id = "registerImportRows", tag = tags::ADMINISTRATION,
    params(("import" = ImportNameSchema, Path, description = "The import's name.")),
    security(("administrator" = [])),
    request_body = ImportBatch,
    responses(
        (status = OK, description = "What became of each row.", body = ImportedBatch),
        Problems<{ BEARER | BODY | NOT_FOUND | INVALID | IMPORT_UNKNOWN | SCHEMA_RETIRED | BUSY | STORE }>,
    ),
)]
pub(crate) async fn register(
    administrator: Administrator,
    role: Data<IssuerRole>,
    name: ImportName,
    body: StrictJson<ImportBatch>,
) -> ApiResult {
    let rows = body.0.rows;
    let import = role.shared.store.import(&name.0).await?.ok_or(ApiError::ImportUnknown)?.record;
    expect_sound(&rows, &import)?;
    let schema = role.schemas.get(&import.schema).ok_or(ApiError::SchemaRetired)?;
    let profile = profile_of(schema)?;
    let (by, now) = (administrator.id().to_owned(), role.shared.clock.now());
    let admitted = role.workers.run(move || {
        let admit = |row: &ImportRow| admit(profile, &import, row, &by, now);
        rows.iter().map(admit).unzip::<_, _, Vec<Option<LicenceUpdate>>, Vec<ImportedRow>>()
    });
    let (licences, rows) = admitted.await?;
    let licences: Vec<LicenceUpdate> = licences.into_iter().flatten().collect();
    let count = licences.len();
    role.shared.store.register_imported(&name.0, licences).await?;
    let id = administrator.id();
    tracing::info!(target: "audit", principal = id, act = "licences imported", import = name.0, count);
    Ok(HttpResponse::Ok().json(ImportedBatch { rows }))
}

impl IssuerRole {
    async fn import(&self, name: &str) -> Result<Import, ApiError> {
        let StoredImport { record, registered } =
            self.shared.store.import(name).await?.ok_or(ApiError::ImportUnknown)?;
        Ok(Import {
            import: name.to_owned(),
            issuer: self.issuer.id.clone(),
            profile: self.profile_name(&record.schema),
            schema: record.schema,
            announced: record.announced,
            digest: record.digest,
            registered,
            complete: registered == record.announced,
        })
    }
}

fn record(announcement: ImportAnnouncement) -> Result<ImportRecord, ApiError> {
    let ImportAnnouncement { profile, announced, digest } = announcement;
    let profile = builtin_by_schema_id(&profile)
        .ok_or_else(|| ApiError::invalid("profile", "is not one that is issued here"))?;
    let sound = digest.len() == 64 && digest.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !sound {
        return Err(ApiError::invalid("digest", "must be 64 lower-case hexadecimal digits"));
    }
    Ok(ImportRecord::new(profile.schema().digest(), announced, digest))
}

/// Whether these can be rows of the import. Whoever sends others has mixed something up, so none of them is taken.
fn expect_sound(rows: &[ImportRow], import: &ImportRecord) -> Result<(), ApiError> {
    if rows.is_empty() || rows.len() > MAX_IMPORT_ROWS {
        return Err(ApiError::invalid("rows", format!("must be 1 to {MAX_IMPORT_ROWS}")));
    }
    let mut seen = HashSet::new();
    for (i, row) in rows.iter().enumerate() {
        if !(1..=import.announced).contains(&row.row) {
            return Err(ApiError::invalid(format!("rows[{i}].row"), "is not one of those announced"));
        }
        if !seen.insert(row.row) {
            return Err(ApiError::invalid(format!("rows[{i}].row"), "is that of an earlier one"));
        }
    }
    Ok(())
}

/// What is to be kept of a row, if it is acceptable, and what is answered.
fn admit(
    profile: &Profile,
    import: &ImportRecord,
    row: &ImportRow,
    by: &str,
    now: u64,
) -> (Option<LicenceUpdate>, ImportedRow) {
    match record_of(profile, row, now) {
        Ok(licence) => {
            let id = import.licence(row.row);
            let (outcome, licence_id) = (ImportOutcome::Registered, Some(id.text()));
            let answer = ImportedRow { row: row.row, outcome, licence: licence_id, errors: Vec::new() };
            (Some(registration(id, licence, Act::Imported, by, now)), answer)
        }
        Err(errors) => {
            (None, ImportedRow { row: row.row, outcome: ImportOutcome::Refused, licence: None, errors })
        }
    }
}

fn record_of(profile: &Profile, row: &ImportRow, now: u64) -> Result<LicenceRecord, Vec<FieldProblem>> {
    let holder = holder(&row.holder).map_err(problems);
    let admitted = admit_values(profile, &row.attributes, &row.overrides).map_err(problems);
    match (holder, admitted) {
        (Ok(holder), Ok(admitted)) => {
            Ok(LicenceRecord::new(profile.schema(), holder, &admitted.values, admitted.overrides, now))
        }
        (holder, admitted) => Err([holder.err(), admitted.err()].into_iter().flatten().flatten().collect()),
    }
}

/// Admission fails in no other way than by members that are not acceptable.
fn problems(error: ApiError) -> Vec<FieldProblem> {
    match error {
        ApiError::Invalid(problems) => problems,
        other => vec![FieldProblem { field: ".".into(), reason: other.to_string() }],
    }
}
