//! Revocation lists over HTTP: for wallets their newest versions, for the administrator to have them published at once.

use std::sync::Arc;

use actix_web::http::header::ContentType;
use actix_web::web::{Data, Path};
use actix_web::{HttpRequest, HttpResponse, rt};
use glimpse_api::openapi::{DecimalCount, SchemaDigest as SchemaDigestSchema, SignedDocument};
use glimpse_api::{Publication, Published, PublishedList, paths};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_profiles::builtin_by_schema_id;

use crate::caching::Cacheable;
use crate::error::{ApiError, ApiResult};
use crate::extract::{Administrator, StrictJson};
use crate::issuer::IssuerRole;
use crate::openapi::problems::{
    BEARER, BODY, BUSY, INVALID, LIST_UNKNOWN, NOT_FOUND, ON_SCHEDULE, Problems, RATE_LIMITED, STORE,
};
use crate::openapi::tags;
use crate::rates::{Tokens, Within};
use crate::store::licences::ListId;

/// How long a manifest may be kept by caches: whoever was revoked is refused by lists that are fetched later than that.
const MANIFEST_SECONDS: u32 = 60;
/// How long a bucket may be.
const BUCKET_SECONDS: u32 = 86_400;

/// The signed manifest of the newest version of a list.
#[utoipa::path(
    get, path = paths::MANIFEST, operation_id = "readRevocationManifest", tag = tags::ISSUER,
    params(
        ("schema" = SchemaDigestSchema, Path, description = "The schema of the credentials that the list is about."),
        ("if-none-match" = Option<String>, Header, description = "Tags of manifests that the caller has."),
    ),
    responses(
        (status = OK, description = "A DSSE envelope with the manifest of the newest version (docs/protocol.md, section 5a).",
            body = SignedDocument,
            headers(
                ("ETag" = String, description = "Another one for every version."),
                ("Cache-Control" = String, description = "A minute at most, and never beyond the moment at which the next version is due."),
            )),
        (status = NOT_MODIFIED, description = "The caller has it.",
            headers(
                ("ETag" = String, description = "Another one for every version."),
                ("Cache-Control" = String, description = "A minute at most, and never beyond the moment at which the next version is due."),
            )),
        Problems<{ RATE_LIMITED | NOT_FOUND | LIST_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn manifest(
    role: Data<IssuerRole>,
    _within: Within<Tokens>,
    schema: Path<String>,
    request: HttpRequest,
) -> ApiResult {
    let list = role.list(&schema)?;
    let newest = role.newest(list).await?.ok_or(ApiError::ListUnknown)?;
    let manifest = Cacheable {
        content_type: ContentType::json(),
        body: newest.manifest.clone(),
        tag: tag(&list, &[newest.version]),
        max_age: manifest_seconds(newest.next, role.shared.clock.now()),
        immutable: false,
    };
    Ok(manifest.answer(&request))
}

/// A bucket of a version. Whoever asks shows the first bits of a handle, and nothing else of it.
#[utoipa::path(
    get, path = paths::BUCKET, operation_id = "readRevocationBucket", tag = tags::ISSUER,
    params(
        ("schema" = SchemaDigestSchema, Path, description = "The schema of the credentials that the list is about."),
        ("version" = DecimalCount, Path, description = "The version, as its manifest says it."),
        ("bucket" = DecimalCount, Path, description = "The first bits of a handle, as many as the manifest says."),
        ("if-none-match" = Option<String>, Header, description = "Tags of buckets that the caller has."),
    ),
    responses(
        (status = OK, description = "The bucket's bytes (docs/protocol.md, section 5a). The newest version's are there, and those \
            of the one before it.", content_type = "application/octet-stream", body = Vec<u8>,
            headers(
                ("ETag" = String, description = "Another one for every bucket of every version."),
                ("Cache-Control" = String, description = "They never change."),
            )),
        (status = NOT_MODIFIED, description = "The caller has it.",
            headers(
                ("ETag" = String, description = "Another one for every bucket of every version."),
                ("Cache-Control" = String, description = "They never change."),
            )),
        Problems<{ RATE_LIMITED | NOT_FOUND | LIST_UNKNOWN | STORE }>,
    ),
)]
pub(crate) async fn bucket(
    role: Data<IssuerRole>,
    _within: Within<Tokens>,
    path: Path<(String, String, String)>,
    request: HttpRequest,
) -> ApiResult {
    let (schema, version, bucket) = path.into_inner();
    let list = role.list(&schema)?;
    let (Some(version), Some(bucket)) = (number(&version), number(&bucket)) else {
        return Err(ApiError::ListUnknown);
    };
    let bucket = u32::try_from(bucket).map_err(|_| ApiError::ListUnknown)?;
    let bytes = role.bucket(list, version, bucket).await?.ok_or(ApiError::ListUnknown)?;
    let bucket = Cacheable {
        content_type: ContentType::octet_stream(),
        body: bytes,
        tag: tag(&list, &[version, bucket.into()]),
        max_age: BUCKET_SECONDS,
        immutable: true,
    };
    Ok(bucket.answer(&request))
}

/// Publishes lists at once. There is one version in a minute at most: 429 says when the next may be.
#[utoipa::path(
    post, path = paths::REVOCATION_LISTS, operation_id = "publishRevocationLists", tag = tags::ADMINISTRATION,
    security(("administrator" = [])),
    request_body = Publication,
    responses(
        (status = OK, description = "The versions that were published. One list may have failed where another did not.",
            body = Published),
        Problems<{ BEARER | BODY | INVALID | LIST_UNKNOWN | ON_SCHEDULE | RATE_LIMITED | BUSY | STORE }>,
    ),
)]
pub(crate) async fn publish(
    administrator: Administrator,
    role: Data<IssuerRole>,
    body: StrictJson<Publication>,
) -> ApiResult {
    let wanted = match &body.0.profile {
        None => role.lists(),
        Some(id) => {
            let profile = builtin_by_schema_id(id);
            let schema = profile.map(|profile| profile.schema().digest());
            let schema =
                schema.ok_or_else(|| ApiError::invalid("profile", "is not one that is issued here"))?;
            vec![role.list(&schema.to_string())?]
        }
    };
    if wanted.is_empty() {
        return Err(ApiError::ListUnknown);
    }
    // A version that was begun is finished whether or not somebody still waits for it.
    let publishing = rt::spawn(publish_each(Arc::clone(&role), wanted));
    let lists = publishing.await.map_err(|_| ApiError::Internal)??;
    tracing::info!(target: "audit", principal = administrator.id(), act = "lists published", count = lists.len());
    Ok(HttpResponse::Ok().json(Published { lists }))
}

/// How long a manifest may be kept: never beyond the moment at which the next one is due.
fn manifest_seconds(next: u64, now: u64) -> u32 {
    let left = u32::try_from(next.saturating_sub(now)).unwrap_or(u32::MAX);
    left.min(MANIFEST_SECONDS)
}

/// The new versions; the first failure, if there is none.
async fn publish_each(role: Arc<IssuerRole>, wanted: Vec<ListId>) -> Result<Vec<PublishedList>, ApiError> {
    let (mut lists, mut failure) = (Vec::with_capacity(wanted.len()), None);
    for list in wanted {
        match role.publish(list).await {
            Ok(version) => lists.push(PublishedList {
                schema: list.schema,
                version: version.version,
                issued_at: version.issued_at,
                next: version.next,
                left_out: version.left_out,
            }),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    match failure {
        Some(error) if lists.is_empty() => Err(error),
        _ => Ok(lists),
    }
}

/// With the issuer's key, which is not in the addresses: lists under the next one are at the same.
fn tag(list: &ListId, numbers: &[u64]) -> String {
    let key = list.key.iter().take(8).map(|byte| format!("{byte:02x}"));
    key.chain(numbers.iter().map(|number| format!(".{number}"))).collect()
}

/// A number in its one decimal spelling.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

impl IssuerRole {
    /// The list about a schema, if there is one.
    fn list(&self, schema: &str) -> Result<ListId, ApiError> {
        let schema: SchemaDigest = schema.parse().map_err(|_| ApiError::ListUnknown)?;
        self.lists().into_iter().find(|list| list.schema == schema).ok_or(ApiError::ListUnknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_manifest_is_kept_for_a_minute_and_not_beyond_the_next() {
        for (now, seconds) in [(0, 60), (939, 60), (940, 60), (941, 59), (999, 1), (1000, 0), (u64::MAX, 0)] {
            assert_eq!(manifest_seconds(1000, now), seconds, "{now}");
        }
        assert_eq!(manifest_seconds(u64::MAX, 0), 60);
    }
}
