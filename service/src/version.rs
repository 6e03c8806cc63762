//! What is running.

use actix_web::HttpResponse;
use glimpse_circuits::labels;
use serde_json::json;

/// Version of the crate.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");
/// Version of the protocol.
pub(crate) const PROTOCOL: u8 = labels::VERSION;
/// The commit, if whoever built this said so.
pub(crate) const COMMIT: Option<&str> = option_env!("GLIMPSE_COMMIT");

/// Name, versions and commit.
pub(crate) async fn version() -> HttpResponse {
    HttpResponse::Ok().json(json!({
        "name": "glimpse",
        "version": VERSION,
        "protocol": PROTOCOL,
        "commit": COMMIT,
    }))
}
