//! The catalogue, for the issuer's administrator.

use actix_web::HttpResponse;
use actix_web::web::{Data, Path, Query};
use glimpse_api::openapi::{Reference, SchemaDigest as SchemaDigestSchema};
use glimpse_api::{Catalogue, CatalogueCount, CatalogueImport, CataloguePage, Stage, paths};
use glimpse_circuits::schema::SchemaDigest;
use serde::Deserialize;

use crate::error::{ApiError, ApiResult};
use crate::extract::Administrator;
use crate::ids::Id;
use crate::issuer::IssuerRole;
use crate::openapi::problems::{BEARER, INVALID, NOT_FOUND, Problems, STORE};
use crate::openapi::tags;

/// Licences on one page.
const PAGE: usize = 1000;

/// How many licences stand where, and how many of those that were announced came.
#[utoipa::path(
    get, path = paths::CATALOGUE, operation_id = "readCatalogue", tag = tags::ADMINISTRATION,
    security(("administrator" = [])),
    responses(
        (status = OK, description = "Counts by kind, stage and version, and what imports announced.", body = Catalogue),
        Problems<{ BEARER | STORE }>,
    ),
)]
pub(crate) async fn counts(_administrator: Administrator, role: Data<IssuerRole>) -> ApiResult {
    let counts = role.shared.store.catalogue().await?.into_iter().map(|(place, count)| CatalogueCount {
        profile: role.profile_name(&place.schema),
        schema: place.schema,
        stage: place.stage,
        version: place.version,
        count,
    });
    let counts = counts.collect();
    let imports = role.shared.store.imports().await?.into_iter().map(|(import, found)| CatalogueImport {
        import,
        profile: role.profile_name(&found.record.schema),
        announced: found.record.announced,
        registered: found.registered,
    });
    let catalogue = Catalogue { issuer: role.issuer.id.clone(), counts, imports: imports.collect() };
    Ok(HttpResponse::Ok().json(catalogue))
}

/// Where a page begins.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct From {
    after: Option<String>,
}

/// The licences of one kind and stage, page by page.
#[utoipa::path(
    get, path = paths::CATALOGUE_PAGE, operation_id = "listCatalogue", tag = tags::ADMINISTRATION,
    params(
        ("schema" = SchemaDigestSchema, Path, description = "Their schema."),
        ("stage" = Stage, Path, description = "Where they stand."),
        ("after" = Option<Reference>, Query, description = "The last licence of the page before."),
    ),
    security(("administrator" = [])),
    responses(
        (status = OK, description = "Their references.", body = CataloguePage),
        Problems<{ BEARER | INVALID | NOT_FOUND | STORE }>,
    ),
)]
pub(crate) async fn page(
    _administrator: Administrator,
    role: Data<IssuerRole>,
    path: Path<(String, String)>,
    from: Result<Query<From>, actix_web::Error>,
) -> ApiResult {
    let (schema, stage) = path.into_inner();
    let schema: SchemaDigest = schema.parse().map_err(|error| ApiError::invalid("schema", error))?;
    let stage = Stage::ALL.into_iter().find(|known| known.name() == stage);
    let stage = stage.ok_or_else(|| ApiError::invalid("stage", "is none that licences have"))?;
    let after = || ApiError::invalid("after", "must be the reference of a licence, and alone");
    let from = from.map_err(|_| after())?.into_inner().after;
    let from = from.map(|text| Id::parse(&text).ok_or_else(after)).transpose()?;
    let mut found = role.shared.store.catalogued(schema, stage, from, PAGE + 1).await?;
    let more = found.len() > PAGE;
    found.truncate(PAGE);
    let licences = found.iter().map(Id::text).collect();
    Ok(HttpResponse::Ok().json(CataloguePage { licences, more }))
}
