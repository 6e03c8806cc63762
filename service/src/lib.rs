//! Issuer and verifier over HTTP.
//!
//! ```no_run
//! use glimpse_service::{Config, spawn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::new("127.0.0.1:0".parse()?, "/var/lib/glimpse");
//! let running = spawn(config)?;
//! println!("serving at {}", running.base_url());
//! running.stop()?;
//! # Ok(())
//! # }
//! ```
//!
//! The wire types are those of `glimpse-api`. Whatever goes wrong is answered with problem details (RFC 9457) of a
//! stable type `urn:glimpse:problem:<kind>`, which never repeat what was sent. Nothing is acknowledged before it is
//! kept: on disk, or in a Redis that several nodes share. Proofs are made and checked on bounded pools, away from the
//! event loops; presentations that come in together are checked together.
//!
//! Who may do what is said by [`Access`]: an issuer's administrator, relying parties with what each of them may ask for,
//! auditors. What they do is logged under the target `audit`. How often a client may do something is limited by
//! [`RateLimits`].
//!
//! Asked to stop, it says at once that it is not ready, serves on while load balancers notice, lets nobody in any more,
//! and finishes what is under way. Certificates are read again while it runs. The operator has an address of its own for
//! metrics, version and health.
//!
//! Logs carry a request id, the trace and span of W3C Trace Context, the method, the *pattern* of the route, the status
//! and the time taken. Offer codes, ids of exchanges and of requests are worth something to whoever reads them, so paths
//! are not logged.

mod access;
mod admin;
mod application;
mod audit;
mod caching;
mod check;
mod client;
mod config;
mod cors;
mod drain;
mod envelope;
mod error;
mod extract;
mod health;
mod ids;
mod issuer;
mod key_file;
mod lifecycle;
mod metrics;
mod nodes;
mod openapi;
mod problem;
mod rates;
mod reload;
mod routes;
mod secret_file;
mod shared;
mod start;
mod store;
mod tls;
mod trace;
mod trust_list;
mod verifier;
mod version;
mod workers;

pub use access::{
    Access, AccessError, AccessProblem, Allowed, Key, Principal, Registration, Role, StatementKind, fresh_key,
};
pub use application::{Application, Running, StopHandle, spawn};
pub use check::check;
pub use config::{
    ApiToken, Clock, Config, ConfigError, IssuerConfig, Limits, MIN_TOKEN_CHARS, NodeConfig, RedisConfig,
    RedisServers, RevocationConfig, StoreConfig, TlsConfig, TrustListConfig, VerifierConfig,
};
pub use ipnet::IpNet;
pub use key_file::{FileKey, KeyFile, KeyFileError};
pub use openapi::document as openapi_document;
pub use rates::{RateLimit, RateLimits};
pub use secret_file::{SecretFileError, read_secret_file};
pub use start::StartError;
