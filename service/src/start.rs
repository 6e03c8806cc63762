//! From a configuration to a listener and the roles behind it, or the reason why not.

mod list_keys;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use actix_web::http::Uri;
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::labels;
use glimpse_circuits::request::{
    CheckKind, Nonce, Request, RequestDocument, RequestFormError, RequestedCredential,
};
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use glimpse_issuer::IssuerSecretKey;
use glimpse_trust::manifest::MAX_PREFIX_BITS;

use crate::check::check_limits;
use crate::config::{
    Config, ConfigError, IssuerConfig, Limits, NodeConfig, RevocationConfig, StoreConfig, VerifierConfig,
};
use crate::cors::check_origins;
use crate::drain::Drain;
use crate::issuer::IssuerRole;
use crate::key_file::{KeyFile, KeyFileError};
use crate::metrics::Metrics;
use crate::nodes::Node;
use crate::openapi::Description;
use crate::reload::Reloads;
use crate::routes::Roles;
use crate::shared::Shared;
use crate::store::{Buckets, Measured, OpenError, RedbStore, RedisStore, SharedStore, StoreError};
use crate::tls::Tls;
use crate::trust_list::ListInForce;
use crate::verifier::VerifierRole;

/// Why a service did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The configuration contradicts the protocol.
    #[error("configuration: {0}")]
    Config(#[from] ConfigError),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// Which one.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The store cannot be opened.
    #[error("store in {directory}: {reason}")]
    Store {
        /// The data directory.
        directory: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The store in Redis cannot be used.
    #[error("store: {reason}")]
    SharedStore {
        /// What is wrong with it.
        reason: String,
    },
    /// A key of the issuer cannot be used.
    #[error("issuer key file {path}: {reason}")]
    Key {
        /// The key file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate, its key or the client authorities cannot be used.
    #[error("TLS: {0}")]
    Tls(String),
    /// The signed list of issuers cannot be used.
    #[error("list of issuers {path}: {reason}")]
    TrustList {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// No thread to serve or to verify from.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
}

/// An address that was taken.
pub(crate) struct Listening {
    pub(crate) address: SocketAddr,
    pub(crate) listener: TcpListener,
    /// `http://` or `https://`, address and port.
    pub(crate) url: String,
}

impl Listening {
    fn on(address: SocketAddr, scheme: &str, limits: &Limits) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).map_err(failed)?;
        cut_off_after(&listener, limits.send_timeout).map_err(failed)?;
        let url = format!("{scheme}://{}", listener.local_addr().map_err(failed)?);
        Ok(Self { address, listener, url })
    }
}

/// Connections take this over from their listener: what a client leaves unread for so long is not kept for it any
/// longer, nor is the connection. Nothing above the socket notices such clients, since answers are handed to it whole.
#[cfg(target_os = "linux")]
fn cut_off_after(listener: &TcpListener, timeout: Duration) -> io::Result<()> {
    // 0 would be the system's own idea of it.
    let millis = u32::try_from(timeout.as_millis()).unwrap_or(u32::MAX).max(1);
    Ok(rustix::net::sockopt::set_tcp_user_timeout(listener, millis)?)
}

#[cfg(not(target_os = "linux"))]
fn cut_off_after(_: &TcpListener, _: Duration) -> io::Result<()> {
    Ok(())
}

/// A service about to start.
pub(crate) struct Prepared {
    pub(crate) public: Listening,
    /// For the operator.
    pub(crate) admin: Option<Listening>,
    /// For other nodes.
    pub(crate) node: Option<Listening>,
    pub(crate) tls: Option<Arc<Tls>>,
    /// What is read again while the service runs.
    pub(crate) reloads: Reloads,
    pub(crate) roles: Roles,
}

/// Checks the configuration, takes the address, the store and the key.
pub(crate) fn prepare(config: Config) -> Result<Prepared, StartError> {
    let mut reloads = Reloads::default();
    let tls = config.tls.clone().map(Tls::load).transpose().map_err(StartError::Tls)?.map(Arc::new);
    if let Some(tls) = tls.clone() {
        reloads.add("certificate", move || tls.reload());
    }
    let access = config.access.clone();
    reloads.add("access", move || access.reload().map_err(|error| error.to_string()));
    let scheme = if tls.is_some() { "https" } else { "http" };
    let public = Listening::on(config.listen, scheme, &config.limits)?;
    let admin =
        config.admin_listen.map(|address| Listening::on(address, "http", &config.limits)).transpose()?;
    let public_uri = public_uri(config.public_uri.as_deref().unwrap_or(&public.url))?;
    let node = config.node.as_ref().map(|node| Listening::on(node.listen, "http", &config.limits));
    let node = node.transpose()?;
    let node_uri = node_uri(config.node.as_ref(), node.as_ref())?;
    check_issuer(config.issuer.as_ref())?;
    check_verifier(config.verifier.as_ref(), &public_uri)?;
    check_origins(&config.cors_origins)?;
    check_limits(&config.limits)?;

    let metrics = Metrics::new();
    let store = open_store(&config, &metrics)?;
    let refused = |error| refusal(&config, error);
    if store.is_shared() && config.issuer.is_some() && node_uri.is_none() {
        tracing::warn!(
            "the store is shared, but other nodes cannot reach this one: token exchanges must come back to the node \
             that began them (node.listen, node.uri)"
        );
    }
    let knows_a_key = settle(store.knows_an_issuer_key())?.map_err(refused)?;
    let issuer_key = config.issuer.as_ref().map(|issuer| issuer_key(issuer, !knows_a_key)).transpose()?;
    let mut revocation = None;
    if let Some(key) = &issuer_key {
        let encoded = key.public().encoded().to_bytes();
        settle(store.remember_issuer_key(&encoded, config.clock.now()))?.map_err(refused)?;
        let lists = config.issuer.as_ref().and_then(|issuer| issuer.revocation.as_ref());
        if let Some(lists) = lists {
            revocation = Some(list_keys::open(&config, &*store, lists, key.public())?);
        }
    }
    // After the store, which is this process' own where it is in the same directory.
    let trust_list = ListInForce::of(&config, &metrics.trust_list)?;
    if let Some(list) = trust_list.clone() {
        reloads.add("trust_list", move || list.reload().map_err(|error| error.to_string()));
    }
    let shared = Arc::new(Shared {
        store,
        clock: config.clock,
        access: config.access,
        issuer: config.issuer.is_some(),
        verifier: config.verifier.is_some(),
        trust_list,
        trusted_proxies: config.trusted_proxies,
        public_uri,
        limits: config.limits,
        metrics,
        drain: Drain::default(),
        node: Node::new(node_uri),
        own_buckets: Buckets::new(),
    });
    let issuer = config
        .issuer
        .zip(issuer_key)
        .map(|(issuer, key)| Arc::new(IssuerRole::new(shared.clone(), issuer, key, revocation)));
    let own = issuer.as_ref().map(|role| (role.issuer().clone(), role.secrets()));
    let verifier = config.verifier.map(|verifier| VerifierRole::new(shared.clone(), verifier, own));
    let verifier = verifier.transpose().map_err(StartError::Thread)?;
    let verifier = verifier.map(Arc::new);
    let cors_origins = config.cors_origins;
    let mut roles = Roles { shared, issuer, verifier, cors_origins, description: None };
    if config.openapi_ui {
        roles.description = Some(Arc::new(Description::of(&roles)));
    }
    Ok(Prepared { public, admin, node, tls, reloads, roles })
}

fn open_store(config: &Config, metrics: &Metrics) -> Result<SharedStore, StartError> {
    let metrics = metrics.store.clone();
    match &config.store {
        StoreConfig::Embedded => {
            let store = RedbStore::open(&config.data_directory);
            store.map(|store| Measured::share(store, metrics)).map_err(|error| refusal(config, error))
        }
        StoreConfig::Redis(redis) => match settle(RedisStore::open(redis))? {
            Ok(store) => Ok(Measured::share(store, metrics)),
            Err(OpenError::Config(error)) => Err(error.into()),
            Err(OpenError::Store(error)) => Err(refusal(config, error)),
        },
    }
}

fn refusal(config: &Config, error: StoreError) -> StartError {
    let reason = error.to_string();
    match config.store {
        StoreConfig::Embedded => StartError::Store { directory: config.data_directory.clone(), reason },
        StoreConfig::Redis(_) => StartError::SharedStore { reason },
    }
}

/// Waits for what is done before there is a runtime, or within one that must not be blocked: on a thread of its own.
fn settle<T: Send>(work: impl Future<Output = T> + Send) -> Result<T, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Thread)?;
    let done = thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join());
    done.map_err(|_| StartError::Thread(io::Error::other("it panicked")))
}

fn issuer_key(config: &IssuerConfig, may_create: bool) -> Result<Arc<IssuerSecretKey>, StartError> {
    let refused =
        |error: KeyFileError| StartError::Key { path: config.key_file.clone(), reason: error.to_string() };
    KeyFile::ISSUER.open(&config.key_file, may_create).map(Arc::new).map_err(refused)
}

/// Where other nodes reach this one.
pub(crate) fn node_uri(
    config: Option<&NodeConfig>,
    node: Option<&Listening>,
) -> Result<Option<String>, ConfigError> {
    let given = config.and_then(|config| config.uri.as_deref());
    let Some(uri) = given.or(node.map(|node| node.url.as_str())) else { return Ok(None) };
    let unspecified = given.is_none() && config.is_some_and(|config| config.listen.ip().is_unspecified());
    if unspecified || !uri.starts_with("http://") {
        let reason = "must be http://, an address that other nodes reach, and a port";
        return Err(ConfigError::Member { member: "node: uri", reason });
    }
    public_uri(uri).map(Some)
}

/// The start of every address that the service names, without slashes at its end.
pub(crate) fn public_uri(text: &str) -> Result<String, ConfigError> {
    let uri: Uri = text.parse().map_err(|_| ConfigError::PublicUri)?;
    let sound = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.query().is_none()
        && !text.contains('#');
    sound.then(|| text.trim_end_matches('/').to_owned()).ok_or(ConfigError::PublicUri)
}

/// Whether an issuer could be this.
pub(crate) fn check_issuer(config: Option<&IssuerConfig>) -> Result<(), ConfigError> {
    let Some(config) = config else { return Ok(()) };
    let lifetimes = [config.offer_lifetime, config.exchange_lifetime];
    if lifetimes.contains(&0) || config.exchange_capacity == 0 {
        let reason = "must not be 0";
        return Err(ConfigError::Member { member: "issuer: lifetimes and capacity", reason });
    }
    if let Some(RevocationConfig { period, prefix_bits, .. }) = &config.revocation {
        if Schedule::every(*period).is_none() {
            let reason = "must be a whole number of minutes, from one minute to 40 days";
            return Err(ConfigError::Member { member: "issuer: period of revocation lists", reason });
        }
        if *prefix_bits > MAX_PREFIX_BITS {
            let reason = "must not be more than 16";
            return Err(ConfigError::Member { member: "issuer: prefix bits of revocation lists", reason });
        }
    }
    probe("https://issuer.example", &config.id, &config.name)
        .map_err(|reason| ConfigError::Member { member: "issuer: id and name", reason })
}

/// Whether a relying party could be this.
pub(crate) fn check_verifier(config: Option<&VerifierConfig>, public_uri: &str) -> Result<(), ConfigError> {
    let Some(config) = config else { return Ok(()) };
    if config.request_lifetime == 0 {
        return Err(ConfigError::Member { member: "verifier: request lifetime", reason: "must not be 0" });
    }
    let audience = config.audience.as_deref().unwrap_or(public_uri);
    probe(public_uri, audience, &config.audience_name).map_err(|reason| ConfigError::Member {
        member: "verifier: public URI, audience and its name",
        reason,
    })
}

/// Whether a request could carry this as the name of who asks.
pub(crate) fn is_nameable(name: &Text) -> bool {
    probe("https://relying-party.example", "relying-party", name).is_ok()
}

/// Whether a request could carry these: the protocol has the rule, and an issuer's id and name follow it too.
fn probe(public_uri: &str, id: &str, name: &Text) -> Result<(), &'static str> {
    let some_key = IssuerPublicKey::from_point(RISTRETTO_BASEPOINT_POINT);
    let document = RequestDocument {
        version: labels::VERSION,
        audience: id.to_owned(),
        audience_name: name.clone(),
        purpose: name.clone(),
        response_uri: public_uri.to_owned(),
        nonce: Nonce([0; 32]),
        issued_at: 0,
        expires_at: 1,
        credentials: vec![RequestedCredential {
            id: "licence".to_owned(),
            schema: SchemaDigest([0; 32]),
            issuers: some_key.into_iter().collect(),
            check: CheckKind::Token,
        }],
        statements: Vec::new(),
        prefer: None,
    };
    match Request::try_from(document) {
        Ok(_) => Ok(()),
        Err(RequestFormError::Member { reason, .. }) => Err(reason),
        Err(_) => Err("cannot stand in a request"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn public_uris() {
        assert_eq!(public_uri("https://a.example/x/").unwrap(), "https://a.example/x");
        assert_eq!(public_uri("http://127.0.0.1:1").unwrap(), "http://127.0.0.1:1");
        for bad in [
            "a.example",
            "ftp://a.example",
            "https://a.example?x=1",
            "https://u:p@a.example",
            "https:///x",
            "https://a.example/#f",
            "",
        ] {
            assert_eq!(public_uri(bad), Err(ConfigError::PublicUri), "{bad}");
        }
    }

    #[test]
    fn names_follow_the_protocol() {
        let name = |zh_cn: &str, en: &str| Text { zh_cn: zh_cn.into(), en: en.into() };
        assert!(probe("https://a.example", "a", &name("甲", "A")).is_ok());
        assert!(probe("https://a.example", "", &name("甲", "A")).is_err());
        assert!(probe("https://a.example", "a", &name("甲", "")).is_err());
        assert!(probe("https://a.example", "a", &name("甲\u{202e}", "A")).is_err());
    }
}
