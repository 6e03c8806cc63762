//! What a service is told before it starts. Nothing here has a default that grants anybody anything.

mod store;
mod trust;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use glimpse_circuits::key::{DocumentKey, Issuer};
use glimpse_circuits::schema::Schema;
use glimpse_circuits::text::Text;
use ipnet::IpNet;
use secrecy::{ExposeSecret, SecretString};

use crate::access::Access;
use crate::rates::RateLimits;

pub use store::{RedisConfig, RedisServers, StoreConfig};
pub use trust::TrustListConfig;

/// Fewest characters of an API token.
pub const MIN_TOKEN_CHARS: usize = 16;

/// A service: where it listens, where it keeps things, and which of the two roles it has.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How others reach the service: `http://` or `https://`, host, and possibly a path. `http://` and the bound
    /// address if absent.
    pub public_uri: Option<String>,
    /// Directory of the embedded store, made if it does not exist. One process at a time.
    pub data_directory: PathBuf,
    /// Where things are kept.
    pub store: StoreConfig,
    /// The issuer's role, if the service has it.
    pub issuer: Option<IssuerConfig>,
    /// The verifier's role, if the service has it.
    pub verifier: Option<VerifierConfig>,
    /// Who may do what. An interface for which nobody has the role is closed.
    pub access: Access,
    /// Proxies that say in `Forwarded` or `X-Forwarded-For` where a request comes from, by appending to what they were
    /// sent. Nobody else is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Where to answer `/metrics`, `/version`, `/livez` and `/readyz`, for the operator alone: there is no token for it,
    /// and no TLS. Nowhere if absent. Port 0 takes a free one.
    pub admin_listen: Option<SocketAddr>,
    /// The certificate to serve under. Without one the service speaks plain HTTP.
    pub tls: Option<TlsConfig>,
    /// Origins, such as `https://wallet.example`, whose pages may call what wallets call. No others, and nothing else.
    pub cors_origins: Vec<String>,
    /// How other nodes of the same store reach this one. Without it, token exchanges must come back to the node that
    /// began them by other means.
    pub node: Option<NodeConfig>,
    /// Whether the interface describes itself: `GET /openapi.json`, and pages under `/docs/` to read it with. They are
    /// the same for everybody and hold nothing secret.
    pub openapi_ui: bool,
    /// Sizes and times.
    pub limits: Limits,
    /// What time it is.
    pub clock: Clock,
    /// Whether the first SIGINT or SIGTERM stops the service, the second ends [`Limits::drain_delay`], and SIGHUP has
    /// the files read again that can change. A host with other plans for signals turns this off.
    pub stop_on_signals: bool,
}

impl Config {
    /// A service without a role.
    pub fn new(listen: SocketAddr, data_directory: impl Into<PathBuf>) -> Self {
        Self {
            listen,
            public_uri: None,
            data_directory: data_directory.into(),
            store: StoreConfig::default(),
            issuer: None,
            verifier: None,
            access: Access::default(),
            trusted_proxies: Vec::new(),
            admin_listen: None,
            tls: None,
            cors_origins: Vec::new(),
            node: None,
            openapi_ui: true,
            limits: Limits::default(),
            clock: Clock::system(),
            stop_on_signals: true,
        }
    }
}

/// Where a node is reached by other nodes of the same store, over plain HTTP in a network of their own. Nothing is
/// answered there but the second half of token exchanges.
#[derive(Clone, Debug)]
pub struct NodeConfig {
    /// Where to listen. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// How others reach that: `http://`, host and port. The bound address if absent.
    pub uri: Option<String>,
}

/// Files of the certificate, in PEM. They are read again when they change and on SIGHUP.
#[derive(Clone, Debug)]
pub struct TlsConfig {
    /// The certificate and those between it and a root, in this order.
    pub certificate_file: PathBuf,
    /// Its secret key, which nobody but the owner may read.
    pub key_file: PathBuf,
    /// Authorities whose certificates clients may show. They need not show any.
    pub client_ca_file: Option<PathBuf>,
}

/// An issuer of the built-in licence profiles, all under one key.
#[derive(Clone, Debug)]
pub struct IssuerConfig {
    /// Identifier, such as the authority's unified social credit code.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// File of the secret key. Made with a fresh key if it does not exist.
    pub key_file: PathBuf,
    /// Its revocation lists. Without them, licences can be ended here, but nobody can prove that they were not.
    pub revocation: Option<RevocationConfig>,
    /// Seconds for which an offer can be redeemed.
    pub offer_lifetime: u64,
    /// Seconds for which a token exchange is open.
    pub exchange_lifetime: u64,
    /// Most token exchanges open at once.
    pub exchange_capacity: usize,
}

impl IssuerConfig {
    /// Offers last 15 minutes, token exchanges 10 seconds, and there are no revocation lists.
    pub fn new(id: impl Into<String>, name: Text, key_file: impl Into<PathBuf>) -> Self {
        Self {
            id: id.into(),
            name,
            key_file: key_file.into(),
            revocation: None,
            offer_lifetime: 15 * 60,
            exchange_lifetime: 10,
            exchange_capacity: 4096,
        }
    }
}

/// An issuer's revocation lists: one for each kind of licence with a holder.
#[derive(Clone, Debug)]
pub struct RevocationConfig {
    /// File of the secret key that intervals are under. Made with a fresh key if it does not exist.
    pub key_file: PathBuf,
    /// File of the secret key that manifests are signed with. Made with a fresh key if it does not exist.
    pub manifest_key_file: PathBuf,
    /// The public key of manifests that the one in the file takes the place of, as long as some node may still have it.
    pub replaces_manifest_key: Option<DocumentKey>,
    /// Seconds from one version to the next: a whole number of minutes, at most 40 days.
    pub period: u64,
    /// Whether versions come at the beginnings of periods only, counted from 1970-01-01T00:00:00Z, and wallets are told so.
    /// Then no version comes at once, and there is one moment for a period that could be given to one holder alone.
    pub fixed: bool,
    /// So many first bits of a handle name the bucket that a wallet fetches: at most 16, and no more than leave thousands
    /// of holders to each bucket, for the issuer sees them.
    pub prefix_bits: u8,
}

impl RevocationConfig {
    /// A version each hour, in one bucket.
    pub fn new(key_file: impl Into<PathBuf>, manifest_key_file: impl Into<PathBuf>) -> Self {
        let (key_file, manifest_key_file) = (key_file.into(), manifest_key_file.into());
        Self {
            key_file,
            manifest_key_file,
            replaces_manifest_key: None,
            period: 3600,
            fixed: false,
            prefix_bits: 0,
        }
    }
}

/// A relying party's verifier. It knows the service's own issuer, if there is one, those listed here, and those of a
/// signed list.
#[derive(Clone, Debug)]
pub struct VerifierConfig {
    /// Who presentations are for; the public URI if absent.
    pub audience: Option<String>,
    /// What people call the relying party, where it is registered without a name.
    pub audience_name: Text,
    /// Issuers that are trusted besides the service's own.
    pub trusted_issuers: Vec<Issuer>,
    /// A signed list of issuers that are trusted besides these.
    pub trust_list: Option<TrustListConfig>,
    /// Schemas that are known besides those of the built-in profiles.
    pub schemas: Vec<Schema>,
    /// Seconds for which a request is answered.
    pub request_lifetime: u64,
    /// Seconds for which a result is kept after its request expired.
    pub result_lifetime: u64,
}

impl VerifierConfig {
    /// Requests last 5 minutes, results an hour longer.
    pub fn new(audience_name: Text) -> Self {
        Self {
            audience: None,
            audience_name,
            trusted_issuers: Vec::new(),
            trust_list: None,
            schemas: Vec::new(),
            request_lifetime: 300,
            result_lifetime: 3600,
        }
    }
}

/// Sizes and times.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most bytes of a body.
    pub body: usize,
    /// Most bytes of a body that carries a licence, a policy or a request.
    pub large_body: usize,
    /// Longest time from a request's head to its answer, the body's arrival included.
    pub request_timeout: Duration,
    /// Longest time for a request's head to arrive.
    pub head_timeout: Duration,
    /// How long an idle connection is kept.
    pub keep_alive: Duration,
    /// Longest time for a TLS handshake.
    pub handshake_timeout: Duration,
    /// How long an answer may lie unread on its way to the client before the connection is cut.
    pub send_timeout: Duration,
    /// How long the service goes on serving, and says that it is not ready, between being asked to stop and stopping:
    /// load balancers need time to notice.
    pub drain_delay: Duration,
    /// How long requests under way may take to finish once the service stops. Whole seconds.
    pub shutdown_timeout: Duration,
    /// How often the files that can change are looked at.
    pub reload_interval: Duration,
    /// Event loops.
    pub event_loops: usize,
    /// Most connections of one event loop.
    pub connections: usize,
    /// Threads for proofs, of each role.
    pub proof_workers: usize,
    /// Most proofs waiting for a thread, of each role, and never more than 4,096 presentations; more are answered 503.
    pub proof_queue: usize,
    /// How often each client may do what.
    pub rates: RateLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let cores = available_parallelism().map_or(2, usize::from);
        Self {
            body: 256 * 1024,
            large_body: 1024 * 1024,
            request_timeout: Duration::from_secs(30),
            head_timeout: Duration::from_secs(5),
            keep_alive: Duration::from_secs(30),
            handshake_timeout: Duration::from_secs(5),
            send_timeout: Duration::from_secs(30),
            drain_delay: Duration::ZERO,
            shutdown_timeout: Duration::from_secs(10),
            reload_interval: Duration::from_secs(5),
            // One serves more than two cores verify. With one for each core, what is turned away under overload would
            // take half of the time from what is verified.
            event_loops: cores.div_ceil(2),
            connections: 4096,
            proof_workers: cores,
            proof_queue: 256,
            rates: RateLimits::default(),
        }
    }
}

/// A bearer token of an API: 16 or more visible ASCII characters. Never printed, wiped from memory on drop.
#[derive(Clone)]
pub struct ApiToken(pub(crate) SecretString);

impl ApiToken {
    /// Takes a token if it is long enough and can stand in a header.
    pub fn new(token: impl Into<SecretString>) -> Result<Self, ConfigError> {
        let token = token.into();
        let visible = token.expose_secret().bytes().all(|b| b.is_ascii_graphic());
        if token.expose_secret().len() < MIN_TOKEN_CHARS || !visible {
            return Err(ConfigError::Token);
        }
        Ok(Self(token))
    }
}

impl fmt::Debug for ApiToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiToken(..)")
    }
}

/// Tells the time in seconds since 1970-01-01T00:00:00Z.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> u64 + Send + Sync>);

impl Clock {
    /// The system's clock. Before 1970 it is the end of time: everything has expired.
    pub fn system() -> Self {
        Self::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs()))
    }

    /// Another clock.
    pub fn new(now: impl Fn() -> u64 + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// What time it is.
    pub fn now(&self) -> u64 {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(..)")
    }
}

/// Why a configuration is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Too short, or with characters that cannot stand in a header.
    #[error("an API token must have {MIN_TOKEN_CHARS} or more visible ASCII characters")]
    Token,
    /// Not the start of an address under which paths could be appended.
    #[error("the public URI must be http:// or https://, a host and possibly a path, and nothing after that")]
    PublicUri,
    /// A name, identifier or number that the protocol does not allow.
    #[error("{member} {reason}")]
    Member {
        /// Which member of the configuration.
        member: &'static str,
        /// What is wrong with it.
        reason: &'static str,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_long_visible_and_never_printed() {
        for bad in
            ["", "fifteen-chars--", "sixteen chars ok", "sixteen\u{e9}characters", "sixteen-chars-ok\n"]
        {
            assert_eq!(ApiToken::new(bad).err(), Some(ConfigError::Token), "{bad:?}");
        }
        let token = ApiToken::new("sixteen-chars-ok").unwrap();
        assert_eq!(format!("{token:?}"), "ApiToken(..)");
    }
}
