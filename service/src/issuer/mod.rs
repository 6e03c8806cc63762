//! The issuer's role: who it is, what it issues, and the state of its token exchanges.

pub(crate) mod catalogue;
pub(crate) mod changes;
pub(crate) mod credentials;
pub(crate) mod imports;
mod kept;
pub(crate) mod licences;
pub(crate) mod lists;
pub(crate) mod publisher;
pub(crate) mod tokens;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use actix_web::HttpResponse;
use actix_web::http::header::ContentType;
use actix_web::web::{Bytes, Data};
use glimpse_api::{Metadata, paths};
use glimpse_circuits::key::Issuer;
use glimpse_circuits::schema::{Schema, SchemaDigest};
use glimpse_issuer::{IssuerSecretKey, TokenExchanges};
use glimpse_profiles::Profile;

use self::kept::Kept;
use self::publisher::Revocation;
use crate::config::IssuerConfig;
use crate::nodes::Neighbours;
use crate::openapi::problems::{self, Problems};
use crate::openapi::tags;
use crate::shared::Shared;
use crate::workers::Workers;

/// An issuer of every built-in profile under one key.
pub(crate) struct IssuerRole {
    pub(crate) shared: Arc<Shared>,
    key: Arc<IssuerSecretKey>,
    /// What its revocation lists are made with, if it has such.
    revocation: Option<Arc<Revocation>>,
    issuer: Issuer,
    /// What it publishes of itself, in JSON: nearly a megabyte that never changes.
    metadata: Bytes,
    /// What of them is asked for again and again.
    kept: Kept,
    schemas: BTreeMap<SchemaDigest, Arc<Schema>>,
    offer_lifetime: u64,
    exchanges: Mutex<TokenExchanges>,
    neighbours: Neighbours,
    workers: Workers,
    started: Instant,
}

impl IssuerRole {
    /// The role with its key, and what its revocation lists are made with.
    pub(crate) fn new(
        shared: Arc<Shared>,
        config: IssuerConfig,
        key: Arc<IssuerSecretKey>,
        revocation: Option<Revocation>,
    ) -> Self {
        let schemas: BTreeMap<_, _> = builtin_schemas().map(|schema| (schema.digest(), schema)).collect();
        let issuer = Issuer {
            id: config.id,
            name: config.name,
            key: *key.public(),
            schemas: schemas.keys().copied().collect(),
            revocation: revocation.as_ref().map(|revocation| *revocation.key().public()),
        };
        let exchanges = TokenExchanges::new(config.exchange_capacity, config.exchange_lifetime);
        let schemas_out = schemas.values().map(|schema| Schema::clone(schema)).collect();
        let manifest_keys = revocation.iter().map(|revocation| revocation.manifest_key().public()).collect();
        let schedule = revocation.as_ref().and_then(Revocation::schedule);
        let metadata =
            Metadata { issuers: vec![issuer.clone()], schemas: schemas_out, manifest_keys, schedule };
        Self {
            metadata: serde_json::to_string(&metadata).unwrap_or_default().into(),
            key,
            revocation: revocation.map(Arc::new),
            kept: Kept::default(),
            issuer,
            schemas,
            offer_lifetime: config.offer_lifetime,
            exchanges: Mutex::new(exchanges),
            neighbours: Neighbours::new(),
            workers: Workers::new(shared.limits.proof_workers, shared.limits.proof_queue),
            started: Instant::now(),
            shared,
        }
    }

    /// Who it is, for verifiers.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.issuer
    }

    /// Schema id of what is issued under a schema; empty for one that is no longer issued.
    fn profile_name(&self, schema: &SchemaDigest) -> String {
        self.schemas.get(schema).map_or_else(String::new, |schema| schema.id().to_owned())
    }

    /// The secrets whose keyed presentations the service's own verifier can check.
    pub(crate) fn secrets(&self) -> Vec<Arc<IssuerSecretKey>> {
        let of_lists = self.revocation.as_ref().map(|revocation| revocation.key().clone());
        [Some(self.key.clone()), of_lists].into_iter().flatten().collect()
    }
}

/// The schemas of the built-in profiles.
pub(crate) fn builtin_schemas() -> impl Iterator<Item = Arc<Schema>> {
    glimpse_profiles::builtin().iter().map(Profile::schema).cloned().map(Arc::new)
}

/// Keys and schemas.
#[utoipa::path(
    get, path = paths::METADATA, operation_id = "readMetadata", tag = tags::ISSUER,
    responses(
        (status = OK, description = "Who issues here, under which key, and which kinds of licences.", body = Metadata),
        Problems<{ problems::NOTHING_MORE }>,
    ),
)]
pub(crate) async fn metadata(role: Data<IssuerRole>) -> HttpResponse {
    HttpResponse::Ok().content_type(ContentType::json()).body(role.metadata.clone())
}
