//! Helper tokens: anonymous, in two requests, with nothing kept between them but in memory.

use std::sync::{Arc, MutexGuard, PoisonError};

use actix_web::HttpResponse;
use actix_web::web::{Data, ReqData};
use glimpse_api::openapi::ExchangeName as ExchangeNameSchema;
use glimpse_api::{
    Blob, TokenCommitRequest, TokenCommitResponse, TokenRespondRequest, TokenRespondResponse, paths,
};
use glimpse_circuits::encoding::{DecodeError, Reader};
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::token::{TOKEN_BATCH_SIZES, TokenCommitment, TokenPair};
use glimpse_issuer::{ExchangeId, IssuerSecretKey, TokenError, TokenExchange, TokenExchanges};
use rand_core::OsRng;

use crate::error::{ApiError, ApiResult};
use crate::extract::{ExchangePath, StrictJson};
use crate::ids::{ExchangeName, Id};
use crate::issuer::IssuerRole;
use crate::nodes::pass_on;
use crate::openapi::problems::{
    BODY, BUSY, EXCHANGE_UNKNOWN, INVALID, NOT_FOUND, Problems, RATE_LIMITED, STORE,
};
use crate::openapi::tags;
use crate::rates::{Tokens, Within};
use crate::trace::TraceContext;

/// First half: opens an exchange.
#[utoipa::path(
    post, path = paths::TOKENS, operation_id = "openTokenExchange", tag = tags::ISSUER,
    request_body = TokenCommitRequest,
    responses(
        (status = OK, description = "The exchange is open for a few seconds.", body = TokenCommitResponse,
            links(("close" = (operation_id = "closeTokenExchange",
                parameters(("exchange" = "$response.body#/exchange")), description = "Ends it.")))),
        Problems<{ BODY | RATE_LIMITED | INVALID | BUSY }>,
    ),
)]
pub(crate) async fn commit(
    role: Data<IssuerRole>,
    _within: Within<Tokens>,
    body: StrictJson<TokenCommitRequest>,
) -> ApiResult {
    let key = role.secret_of(&body.0.key);
    let key = key.ok_or_else(|| ApiError::invalid("key", "is not one that tokens are made under here"))?;
    let (exchange, commitments) = role.commit(key, body.0.pairs).await?;
    let commitments = commitments.iter().map(|commitment| commitment.to_bytes().as_slice().into());
    let commitments = commitments.collect();
    let exchange = ExchangeName { node: role.shared.node.id, id: Id(exchange.0) }.text();
    Ok(HttpResponse::Ok().json(TokenCommitResponse { exchange, commitments }))
}

/// Second half: ends it, whatever comes of it. An exchange of another node is passed on to that.
#[utoipa::path(
    post, path = paths::TOKEN_EXCHANGE, operation_id = "closeTokenExchange", tag = tags::ISSUER,
    params(("exchange" = ExchangeNameSchema, Path, description = "The exchange, as it was named when it was opened.")),
    request_body = TokenRespondRequest,
    responses(
        (status = OK, description = "The responses that make tokens of the pairs.", body = TokenRespondResponse),
        Problems<{ BODY | RATE_LIMITED | INVALID | NOT_FOUND | EXCHANGE_UNKNOWN | BUSY | STORE }>,
    ),
)]
pub(crate) async fn respond(
    role: Data<IssuerRole>,
    _within: Within<Tokens>,
    trace: Option<ReqData<TraceContext>>,
    exchange: ExchangePath,
    body: StrictJson<TokenRespondRequest>,
) -> ApiResult {
    if exchange.0.node == role.shared.node.id {
        answer(&role, &exchange.0, &body.0)
    } else {
        pass_on(&role.shared, &role.neighbours, trace, &exchange.0, &body.0).await
    }
}

/// The second half of an exchange that another node passed on. It is held here or nowhere.
pub(crate) async fn respond_here(
    role: Data<IssuerRole>,
    exchange: ExchangePath,
    body: StrictJson<TokenRespondRequest>,
) -> ApiResult {
    answer(&role, &exchange.0, &body.0)
}

fn answer(role: &IssuerRole, exchange: &ExchangeName, body: &TokenRespondRequest) -> ApiResult {
    if exchange.node != role.shared.node.id {
        return Err(ApiError::ExchangeUnknown);
    }
    let challenges = each("challenges", &body.challenges, |bytes| {
        let mut reader = Reader::new(bytes);
        let challenge = reader.scalar()?;
        reader.finish().map(|()| challenge)
    })?;
    let open = role.exchanges().take(&ExchangeId(exchange.id.0), role.seconds())?;
    let key = role.secret_of(open.key()).ok_or(ApiError::ExchangeUnknown)?;
    let responses = open.respond(&key, &challenges)?;
    let responses = responses.iter().map(|response| response.as_bytes().as_slice().into()).collect();
    Ok(HttpResponse::Ok().json(TokenRespondResponse { responses }))
}

impl IssuerRole {
    async fn commit(
        self: &Arc<Self>,
        key: Arc<IssuerSecretKey>,
        pairs: Vec<Blob>,
    ) -> Result<(ExchangeId, Vec<TokenCommitment>), ApiError> {
        if !TOKEN_BATCH_SIZES.contains(&pairs.len()) {
            return Err(TokenError::BatchSize.into());
        }
        let committed = self.workers.run(move || {
            let pairs = each("pairs", &pairs, TokenPair::from_bytes)?;
            TokenExchange::commit(&key, &pairs, &mut OsRng).map_err(ApiError::from)
        });
        let (exchange, commitments) = committed.await??;
        Ok((self.exchanges().insert(exchange, self.seconds(), &mut OsRng)?, commitments))
    }

    /// The secret of a key that tokens are made under: that of credentials, and that of intervals.
    fn secret_of(&self, key: &IssuerPublicKey) -> Option<Arc<IssuerSecretKey>> {
        let of_lists = self.revocation.as_ref().map(|revocation| revocation.key());
        [Some(&self.key), of_lists].into_iter().flatten().find(|secret| secret.public() == key).cloned()
    }

    /// A thread that panicked while it held the lock left the exchanges as they were, or without one.
    fn exchanges(&self) -> MutexGuard<'_, TokenExchanges> {
        self.exchanges.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A clock that does not go back.
    fn seconds(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
}

fn each<T>(
    member: &str,
    blobs: &[Blob],
    read: impl Fn(&[u8]) -> Result<T, DecodeError>,
) -> Result<Vec<T>, ApiError> {
    let numbered = blobs.iter().enumerate();
    numbered
        .map(|(i, blob)| read(&blob.0).map_err(|error| ApiError::invalid(format!("{member}[{i}]"), error)))
        .collect()
}
