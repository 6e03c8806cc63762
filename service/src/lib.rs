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
//! stable type `urn:glimpse:problem:<kind>`, which never repeat what was sent. Nothing is acknowledged before it is on
//! disk. Proofs are made and checked on bounded pools, away from the event loops; presentations that come in together are
//! checked together.
//!
//! Who may do what is said by [`Access`]: an issuer's administrator, relying parties with what each of them may ask for,
//! auditors. What they do is logged under the target `audit`. How often a client may do something is limited by
//! [`RateLimits`].
//!
//! Logs carry a request id, the method, the *pattern* of the route, the status and the time taken. Offer codes, ids of
//! exchanges and of requests are worth something to whoever reads them, so paths are not logged.

mod access;
mod application;
mod audit;
mod client;
mod config;
mod envelope;
mod error;
mod extract;
mod health;
mod ids;
mod issuer;
mod key_file;
mod metrics;
mod problem;
mod rates;
mod routes;
mod shared;
mod start;
mod store;
mod verifier;
mod workers;

pub use access::{
    Access, AccessError, AccessProblem, Allowed, Key, Principal, Registration, Role, StatementKind, fresh_key,
};
pub use application::{Application, Running, StopHandle, spawn};
pub use config::{
    ApiToken, Clock, Config, ConfigError, IssuerConfig, Limits, MIN_TOKEN_CHARS, VerifierConfig,
};
pub use ipnet::IpNet;
pub use rates::{RateLimit, RateLimits};
pub use start::StartError;
