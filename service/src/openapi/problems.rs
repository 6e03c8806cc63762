//! Which problems an operation may answer with, as bits of a number, so that a handler can list them in its attribute:
//! `Problems<{ BODY | INVALID | STORE }>`.

use std::collections::BTreeMap;

use glimpse_api::{FieldProblem, PROBLEM_CONTENT_TYPE, Problem};
use glimpse_circuits::json::JsonError;
use serde_json::{Value, json};
use utoipa::IntoResponses;
use utoipa::openapi::schema::{AllOf, Object, Schema, Type};
use utoipa::openapi::{Content, Ref, RefOr, Response};

use crate::error::ApiError;
use crate::lifecycle::Impossible;
use crate::store::StoreError;

/// A set of problems.
pub(crate) type Set = u64;

/// The problems: for each a constant, the variant it stands for, and one to take status, type and title from.
macro_rules! problems {
    ($($name:ident: $variant:pat => $example:expr,)*) => {
        #[allow(clippy::upper_case_acronyms, non_camel_case_types)]
        enum Bit { $($name),* }

        $(pub(crate) const $name: Set = 1 << Bit::$name as u64;)*

        /// One of each, with its bit.
        fn all() -> Vec<(Set, ApiError)> {
            vec![$(($name, $example)),*]
        }

        /// Which one it is. Does not compile as long as a variant has no line.
        #[cfg(test)]
        pub(crate) fn bit(error: &ApiError) -> Set {
            match error { $($variant => $name),* }
        }
    };
}

problems! {
    MALFORMED: ApiError::Json(_) => ApiError::Json(JsonError { path: "code".into(), reason: "wrong type, expected a string".into() }),
    INCOMPLETE: ApiError::Incomplete => ApiError::Incomplete,
    SLOW: ApiError::Slow => ApiError::Slow,
    MEDIA_TYPE: ApiError::MediaType => ApiError::MediaType,
    TOO_LARGE: ApiError::TooLarge { .. } => ApiError::TooLarge { limit: 262_144 },
    UNAUTHORIZED: ApiError::Unauthorized => ApiError::Unauthorized,
    FORBIDDEN: ApiError::Forbidden => ApiError::Forbidden,
    OVER_ASKING: ApiError::OverAsking(_) => ApiError::OverAsking(vec![FieldProblem {
        field: "statements[0].disclose.of".into(),
        reason: "may not be disclosed to you".into(),
    }]),
    RATE_LIMITED: ApiError::RateLimited { .. } => ApiError::RateLimited { retry_after: 1 },
    RELYING_PARTY_UNKNOWN: ApiError::RelyingPartyUnknown => ApiError::RelyingPartyUnknown,
    NOT_CONFIGURED: ApiError::NotConfigured => ApiError::NotConfigured,
    NOT_FOUND: ApiError::NotFound => ApiError::NotFound,
    METHOD: ApiError::Method { .. } => ApiError::Method { allow: String::new() },
    INVALID: ApiError::Invalid(_) => ApiError::invalid("member", "is not acceptable"),
    LICENCE_UNKNOWN: ApiError::LicenceUnknown => ApiError::LicenceUnknown,
    IMPORT_UNKNOWN: ApiError::ImportUnknown => ApiError::ImportUnknown,
    IMPORT_DIFFERS: ApiError::ImportDiffers => ApiError::ImportDiffers,
    HOLDER_UNKNOWN: ApiError::HolderUnknown => ApiError::HolderUnknown,
    IMPOSSIBLE: ApiError::Impossible(_) => ApiError::Impossible(Impossible::Ended),
    LIST_UNKNOWN: ApiError::ListUnknown => ApiError::ListUnknown,
    ON_SCHEDULE: ApiError::OnSchedule { .. } => ApiError::OnSchedule { retry_after: 60 },
    SCHEMA_RETIRED: ApiError::SchemaRetired => ApiError::SchemaRetired,
    OFFER_UNKNOWN: ApiError::OfferUnknown => ApiError::OfferUnknown,
    OFFER_USED: ApiError::OfferUsed => ApiError::OfferUsed,
    HOLDER_REGISTERED: ApiError::HolderRegistered => ApiError::HolderRegistered,
    ISSUANCE_REFUSED: ApiError::IssuanceRefused => ApiError::IssuanceRefused,
    EXCHANGE_UNKNOWN: ApiError::ExchangeUnknown => ApiError::ExchangeUnknown,
    POLICY_UNKNOWN: ApiError::PolicyUnknown => ApiError::PolicyUnknown,
    REQUEST_UNKNOWN: ApiError::RequestUnknown => ApiError::RequestUnknown,
    REQUEST_EXPIRED: ApiError::RequestExpired => ApiError::RequestExpired,
    REQUEST_CLOSED: ApiError::RequestClosed => ApiError::RequestClosed,
    PRESENTATION_REFUSED: ApiError::PresentationRefused => ApiError::PresentationRefused,
    ORIGIN: ApiError::Origin => ApiError::Origin,
    DRAINING: ApiError::Draining => ApiError::Draining,
    BUSY: ApiError::Busy => ApiError::Busy,
    TIMEOUT: ApiError::Timeout => ApiError::Timeout,
    STORE: ApiError::Store(_) => ApiError::Store(StoreError::Interrupted),
    TRUST_LIST_EXPIRED: ApiError::TrustListExpired => ApiError::TrustListExpired,
    INTERNAL: ApiError::Internal => ApiError::Internal,
}

/// What any operation may answer with.
const ANYWHERE: Set = TIMEOUT | INTERNAL;
/// Nothing but that.
pub(crate) const NOTHING_MORE: Set = 0;
/// What is wrong with a body before its members are looked at.
pub(crate) const BODY: Set = MALFORMED | INCOMPLETE | SLOW | MEDIA_TYPE | TOO_LARGE;
/// Who may not call an operation that needs a bearer token.
pub(crate) const BEARER: Set = UNAUTHORIZED | FORBIDDEN | NOT_CONFIGURED;

/// The answers with these problems.
pub(crate) struct Problems<const SET: Set>;

impl<const SET: Set> IntoResponses for Problems<SET> {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let mut by_status: BTreeMap<String, Vec<Problem>> = BTreeMap::new();
        for (bit, error) in all() {
            if (SET | ANYWHERE) & bit != 0 {
                let problem = error.problem();
                by_status.entry(problem.status.to_string()).or_default().push(problem);
            }
        }
        by_status.into_iter().map(|(status, problems)| (status, response(&problems).into())).collect()
    }
}

/// The types of all problems, as `type` says them.
pub(super) fn types() -> Vec<String> {
    all().into_iter().map(|(_, error)| error.problem().kind).collect()
}

/// All problems of one status.
fn response(problems: &[Problem]) -> Response {
    let last = |kind: &str| kind.rsplit(':').next().unwrap_or_default().to_owned();
    let described = problems.iter().map(|problem| format!("`{}`: {}.", last(&problem.kind), problem.title));
    let kinds = problems.iter().map(|problem| Value::from(problem.kind.as_str()));
    let kind = Object::builder().schema_type(Type::String).enum_values(Some(kinds));
    let narrowed = AllOf::builder()
        .item(Ref::from_schema_name("Problem"))
        .item(Object::builder().schema_type(Type::Object).property("type", kind));
    let mut content = Content::new(Some(RefOr::T(Schema::AllOf(narrowed.build()))));
    content.example = problems.first().map(|problem| json!(problem));
    Response::builder()
        .description(described.collect::<Vec<_>>().join(" "))
        .content(PROBLEM_CONTENT_TYPE, content)
        .build()
}
