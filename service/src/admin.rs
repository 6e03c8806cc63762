//! What the operator asks, on an address of its own and from a server of its own, so that it is answered when the other
//! one is at its limits or stops.

use std::sync::Arc;
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{self, Data};
use actix_web::{App, HttpServer};

use crate::envelope::quiet_envelope;
use crate::routes::{self, ADMIN, nothing_here};
use crate::shared::Shared;
use crate::start::{Listening, StartError};

/// Most connections. Whoever scrapes and probes needs a few.
const MOST_CONNECTIONS: usize = 64;

/// `/metrics`, `/version`, `/livez`, `/readyz` and nothing else.
pub(crate) fn serve(listening: Listening, shared: Arc<Shared>) -> Result<Server, StartError> {
    let Listening { address, listener, .. } = listening;
    let limits = shared.limits.clone();
    let factory = move || {
        App::new()
            .app_data(Data::from(shared.clone()))
            .configure(|app| routes::serve(ADMIN, &[], app))
            .default_service(web::to(nothing_here))
            .wrap(from_fn(quiet_envelope))
    };
    let server = HttpServer::new(factory)
        .workers(1)
        .max_connections(MOST_CONNECTIONS)
        .client_request_timeout(limits.head_timeout)
        .client_disconnect_timeout(limits.head_timeout)
        .keep_alive(limits.keep_alive.min(Duration::from_secs(75)))
        .disable_signals()
        .listen(listener);
    Ok(server.map_err(|error| StartError::Listen { address, error })?.run())
}
