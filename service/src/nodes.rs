//! Several nodes behind one address. What only one of them can answer, the second half of a token exchange, is passed
//! on to it: k lives in the memory of the node that drew it and nowhere else (protocol.md 5).
//!
//! A node says every few seconds where others reach it, and listens there for nothing but these. What it cannot be asked
//! any more is gone with it, and the wallet starts again.

use std::time::Duration;

use actix_web::dev::Server;
use actix_web::http::StatusCode;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ReqData};
use actix_web::{App, HttpResponse, HttpServer};
use awc::Client;
use glimpse_api::{PROBLEM_CONTENT_TYPE, TokenRespondRequest, TokenRespondResponse, paths};

use crate::envelope::envelope;
use crate::error::{ApiError, ApiResult};
use crate::ids::{ExchangeName, NodeId};
use crate::issuer::tokens;
use crate::routes::{Roles, nothing_here, takes};
use crate::shared::Shared;
use crate::start::{Listening, StartError};
use crate::trace::{TRACEPARENT, TraceContext};

/// How often a node says where it is.
pub(crate) const ANNOUNCE_EVERY: Duration = Duration::from_secs(5);
/// Seconds for which that holds.
const ANNOUNCED_FOR: u64 = 16;
/// Longest wait for another node. It has nothing to do but a few multiplications.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer: 64 responses in base64url and what stands around them, with room to spare.
const MAX_ANSWER: usize = 64 * 1024;

/// This node.
pub(crate) struct Node {
    pub(crate) id: NodeId,
    /// Where other nodes reach it, if anywhere: without a slash at its end.
    pub(crate) uri: Option<String>,
}

impl Node {
    /// A new run of a node.
    pub(crate) fn new(uri: Option<String>) -> Self {
        Self { id: NodeId::random(), uri }
    }
}

impl Shared {
    /// Says where other nodes reach this one.
    pub(crate) async fn announce(&self) {
        let Some(uri) = &self.node.uri else { return };
        let now = self.clock.now();
        // A store that fails says so in the log; the next time tries again.
        let _ = self.store.announce_node(self.node.id, uri, now, now.saturating_add(ANNOUNCED_FOR)).await;
    }
}

/// A server for other nodes.
pub(crate) fn serve(listening: Listening, roles: Roles) -> Result<Server, StartError> {
    let Listening { address, listener, .. } = listening;
    let limits = roles.shared.limits.clone();
    let factory = move || {
        let mut app = App::new().app_data(Data::from(roles.shared.clone()));
        if let Some(role) = &roles.issuer {
            app = app.app_data(Data::from(role.clone()));
            app = app.service(takes(paths::TOKEN_EXCHANGE, tokens::respond_here));
        }
        app.default_service(web::to(nothing_here)).wrap(from_fn(envelope))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .max_connections(limits.connections)
        .client_request_timeout(limits.head_timeout)
        .client_disconnect_timeout(limits.head_timeout)
        .keep_alive(limits.keep_alive)
        .disable_signals()
        .listen(listener);
    Ok(server.map_err(|error| StartError::Listen { address, error })?.run())
}

/// Passes challenges on to the node that holds their exchange, and its answer back. Whatever goes wrong on the way, the
/// exchange is over: that node may have answered.
pub(crate) async fn pass_on(
    shared: &Shared,
    client: &Client,
    trace: Option<ReqData<TraceContext>>,
    exchange: &ExchangeName,
    challenges: &TokenRespondRequest,
) -> ApiResult {
    let uri = shared.store.node(exchange.node, shared.clock.now()).await?;
    let uri = uri.ok_or(ApiError::ExchangeUnknown)?;
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange.text());
    let mut request = client.post(format!("{uri}{path}")).timeout(PATIENCE);
    if let Some(trace) = trace {
        request = request.insert_header((TRACEPARENT, trace.into_inner().to_string()));
    }
    let mut answer = request.send_json(challenges).await.map_err(|_| gone())?;
    let body = answer.body().limit(MAX_ANSWER).await.map_err(|_| gone())?;
    match answer.status() {
        StatusCode::OK => {
            let responses: TokenRespondResponse = serde_json::from_slice(&body).map_err(|_| gone())?;
            Ok(HttpResponse::Ok().json(responses))
        }
        // Of as many challenges as were not asked for, for example.
        StatusCode::UNPROCESSABLE_ENTITY => {
            Ok(HttpResponse::UnprocessableEntity().content_type(PROBLEM_CONTENT_TYPE).body(body))
        }
        _ => Err(ApiError::ExchangeUnknown),
    }
}

/// Names neither the node's address nor the exchange.
fn gone() -> ApiError {
    tracing::warn!("the node that holds a token exchange does not answer");
    ApiError::ExchangeUnknown
}
