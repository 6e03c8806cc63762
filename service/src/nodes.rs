//! Several nodes behind one address. What only one of them can answer, the second half of a token exchange, is passed
//! on to it: k lives in the memory of the node that drew it and nowhere else (protocol.md 5).
//!
//! A node says every few seconds where others reach it, and listens there for nothing but these. What it cannot be asked
//! any more is gone with it, and the wallet starts again.

use std::fmt;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data, ReqData};
use actix_web::{App, HttpResponse, HttpServer};
use glimpse_api::{PROBLEM_CONTENT_TYPE, TokenRespondRequest, TokenRespondResponse, paths};

use crate::envelope::envelope;
use crate::error::{ApiError, ApiResult};
use crate::ids::{ExchangeName, NodeId};
use crate::routes::{self, NODE, Roles, nothing_here};
use crate::shared::Shared;
use crate::start::{Listening, StartError};
use crate::trace::{TRACEPARENT, TraceContext};
use crate::workers::Workers;

/// How often a node says where it is.
pub(crate) const ANNOUNCE_EVERY: Duration = Duration::from_secs(5);
/// Seconds for which that holds.
const ANNOUNCED_FOR: u64 = 16;
/// Longest wait for another node. It has nothing to do but a few multiplications.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most bytes of an answer: 64 responses in base64url and what stands around them, with room to spare.
const MAX_ANSWER: u64 = 64 * 1024;
/// Most nodes asked at once, and most that wait to be.
const MOST_ASKED: usize = 32;
const MOST_WAITING: usize = 1024;

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
            app = app.configure(|app| routes::serve(NODE, &[], app));
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
    neighbours: &Neighbours,
    trace: Option<ReqData<TraceContext>>,
    exchange: &ExchangeName,
    challenges: &TokenRespondRequest,
) -> ApiResult {
    let uri = shared.store.node(exchange.node, shared.clock.now()).await?;
    let uri = uri.ok_or(ApiError::ExchangeUnknown)?;
    let path = paths::TOKEN_EXCHANGE.replace("{exchange}", &exchange.text());
    let trace = trace.map(|trace| trace.into_inner().to_string()).unwrap_or_default();
    let challenges = serde_json::to_vec(challenges).map_err(|_| ApiError::Internal)?;
    let (status, body) = neighbours.ask(format!("{uri}{path}"), trace, challenges).await?;
    match status {
        200 => {
            let responses: TokenRespondResponse = serde_json::from_slice(&body).map_err(gone)?;
            Ok(HttpResponse::Ok().json(responses))
        }
        // Of as many challenges as were not asked for, for example.
        422 => Ok(HttpResponse::UnprocessableEntity().content_type(PROBLEM_CONTENT_TYPE).body(body)),
        _ => Err(ApiError::ExchangeUnknown),
    }
}

/// Connections to other nodes, on threads that may wait.
pub(crate) struct Neighbours {
    agent: ureq::Agent,
    workers: Workers,
}

impl Neighbours {
    /// None yet.
    pub(crate) fn new() -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .proxy(None)
            .timeout_global(Some(PATIENCE))
            .build();
        Self { agent: config.into(), workers: Workers::new(MOST_ASKED, MOST_WAITING) }
    }

    /// Status and body of an answer.
    async fn ask(&self, uri: String, trace: String, body: Vec<u8>) -> Result<(u16, Vec<u8>), ApiError> {
        let agent = self.agent.clone();
        let asked = self.workers.run(move || {
            let post = agent.post(uri).content_type("application/json").header(TRACEPARENT.as_str(), trace);
            let mut answer = post.send(body)?;
            let status = answer.status().as_u16();
            Ok((status, answer.body_mut().with_config().limit(MAX_ANSWER).read_to_vec()?))
        });
        asked.await?.map_err(|error: ureq::Error| gone(error))
    }
}

/// The log hears why; it names neither the node's address nor the exchange.
fn gone(_: impl fmt::Display) -> ApiError {
    tracing::warn!("the node that holds a token exchange does not answer as it should");
    ApiError::ExchangeUnknown
}
