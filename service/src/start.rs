//! From a configuration to a listener and the roles behind it, or the reason why not.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use actix_web::http::Uri;
use curve25519_dalek::constants::RISTRETTO_BASEPOINT_POINT;
use glimpse_circuits::key::IssuerPublicKey;
use glimpse_circuits::labels;
use glimpse_circuits::request::{
    CheckKind, Nonce, Request, RequestDocument, RequestFormError, RequestedCredential,
};
use glimpse_circuits::schema::SchemaDigest;
use glimpse_circuits::text::Text;
use glimpse_issuer::IssuerSecretKey;

use crate::config::{Config, ConfigError, IssuerConfig, VerifierConfig};
use crate::issuer::IssuerRole;
use crate::key_file;
use crate::metrics::Metrics;
use crate::routes::Roles;
use crate::shared::Shared;
use crate::store::{Buckets, RedbStore, SharedStore, StoreError};
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
    /// The issuer's key cannot be used.
    #[error("issuer key file {path}: {reason}")]
    Key {
        /// The key file.
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
    /// `http://`, address and port.
    pub(crate) url: String,
}

impl Listening {
    fn on(address: SocketAddr) -> Result<Self, StartError> {
        let failed = |error| StartError::Listen { address, error };
        let listener = TcpListener::bind(address).map_err(failed)?;
        let url = format!("http://{}", listener.local_addr().map_err(failed)?);
        Ok(Self { address, listener, url })
    }
}

/// A service about to start.
pub(crate) struct Prepared {
    pub(crate) public: Listening,
    /// For the operator.
    pub(crate) metrics: Option<Listening>,
    pub(crate) roles: Roles,
}

/// Checks the configuration, takes the address, the store and the key.
pub(crate) fn prepare(config: Config) -> Result<Prepared, StartError> {
    let public = Listening::on(config.listen)?;
    let metrics = config.metrics_listen.map(Listening::on).transpose()?;
    let public_uri = public_uri(config.public_uri.as_deref().unwrap_or(&public.url))?;
    check_issuer(config.issuer.as_ref())?;
    check_verifier(config.verifier.as_ref(), &public_uri)?;

    let refused = |error: StoreError| StartError::Store {
        directory: config.data_directory.clone(),
        reason: error.to_string(),
    };
    let store: SharedStore = Arc::new(RedbStore::open(&config.data_directory).map_err(refused)?);
    let knows_a_key = settle(store.knows_an_issuer_key())?.map_err(refused)?;
    let issuer_key = config.issuer.as_ref().map(|issuer| issuer_key(issuer, !knows_a_key)).transpose()?;
    if let Some(key) = &issuer_key {
        let encoded = key.public().encoded().to_bytes();
        settle(store.remember_issuer_key(&encoded, config.clock.now()))?.map_err(refused)?;
    }
    let shared = Arc::new(Shared {
        store,
        clock: config.clock,
        access: config.access,
        trusted_proxies: config.trusted_proxies,
        public_uri,
        limits: config.limits,
        metrics: Metrics::new(),
        own_buckets: Buckets::new(),
    });
    let issuer = config
        .issuer
        .zip(issuer_key.clone())
        .map(|(issuer, key)| Arc::new(IssuerRole::new(shared.clone(), issuer, key)));
    let own = issuer.as_ref().map(|role| role.issuer().clone()).zip(issuer_key);
    let verifier = config.verifier.map(|verifier| VerifierRole::new(shared.clone(), verifier, own));
    let verifier = verifier.transpose().map_err(StartError::Thread)?;
    let roles = Roles { shared, issuer, verifier: verifier.map(Arc::new) };
    Ok(Prepared { public, metrics, roles })
}

/// Waits for what is done before there is a runtime, or within one that must not be blocked: on a thread of its own.
fn settle<T: Send>(work: impl Future<Output = T> + Send) -> Result<T, StartError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(StartError::Thread)?;
    let done = thread::scope(|scope| scope.spawn(|| runtime.block_on(work)).join());
    done.map_err(|_| StartError::Thread(io::Error::other("it panicked")))
}

fn issuer_key(config: &IssuerConfig, may_create: bool) -> Result<Arc<IssuerSecretKey>, StartError> {
    let refused = |error: key_file::KeyFileError| StartError::Key {
        path: config.key_file.clone(),
        reason: error.to_string(),
    };
    key_file::open(&config.key_file, may_create).map(Arc::new).map_err(refused)
}

/// Without slashes at its end.
fn public_uri(text: &str) -> Result<String, ConfigError> {
    let uri: Uri = text.parse().map_err(|_| ConfigError::PublicUri)?;
    let sound = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
        && uri.query().is_none()
        && !text.contains('#');
    sound.then(|| text.trim_end_matches('/').to_owned()).ok_or(ConfigError::PublicUri)
}

fn check_issuer(config: Option<&IssuerConfig>) -> Result<(), ConfigError> {
    let Some(config) = config else { return Ok(()) };
    let lifetimes = [config.offer_lifetime, config.exchange_lifetime];
    if lifetimes.contains(&0) || config.exchange_capacity == 0 {
        let reason = "must not be 0";
        return Err(ConfigError::Member { member: "issuer: lifetimes and capacity", reason });
    }
    probe("https://issuer.example", &config.id, &config.name)
        .map_err(|reason| ConfigError::Member { member: "issuer: id and name", reason })
}

fn check_verifier(config: Option<&VerifierConfig>, public_uri: &str) -> Result<(), ConfigError> {
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
