//! Where connections come from: one server, the master that sentinels name, or a cluster.

use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterConfig};
use redis::cluster_async::ClusterConnection;
use redis::io::tcp::TcpSettings;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo, Pipeline,
    RedisConnectionInfo, RedisFuture, RedisResult, TlsCertificates, TlsMode, Value,
};
use secrecy::ExposeSecret;
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::config::{ConfigError, RedisConfig, RedisServers};

/// A connection that carries any number of commands at once.
#[derive(Clone)]
pub(super) enum Link {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Link {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(link) => link.req_packed_command(cmd),
            Self::Cluster(link) => link.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(link) => link.req_packed_commands(pipeline, offset, count),
            Self::Cluster(link) => link.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(link) => link.get_db(),
            Self::Cluster(link) => link.get_db(),
        }
    }
}

/// Makes connections.
pub(super) struct Source {
    kind: Kind,
    connect_timeout: Duration,
    response_timeout: Duration,
}

enum Kind {
    Single(Client),
    Sentinel(Mutex<SentinelClient>),
    /// The cluster, and its nodes that were named.
    Cluster(ClusterClient, Vec<Client>),
}

impl Source {
    /// Checks the configuration. Connects to nothing.
    pub(super) fn new(config: &RedisConfig) -> Result<Self, ConfigError> {
        check(config)?;
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            // Whoever was faster has installed another, or the same.
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let kind = match &config.servers {
            RedisServers::Single(address) => Kind::Single(client(config, address, true)?),
            RedisServers::Sentinel { sentinels, master, database, tls } => {
                let client = sentinel(config, sentinels, master, *database, *tls)?;
                Kind::Sentinel(Mutex::new(client))
            }
            RedisServers::Cluster(nodes) => cluster(config, nodes)?,
        };
        let RedisConfig { connect_timeout, response_timeout, .. } = *config;
        Ok(Self { kind, connect_timeout, response_timeout })
    }

    /// A new connection.
    pub(super) async fn connect(&self) -> RedisResult<Link> {
        let connecting = async {
            match &self.kind {
                Kind::Single(client) => self.one(client).await,
                Kind::Sentinel(client) => {
                    let settings = self.settings();
                    let link = client.lock().await.get_async_connection_with_config(&settings).await;
                    link.map(Link::One)
                }
                Kind::Cluster(client, _) => {
                    let settings = ClusterConfig::new()
                        .set_connection_timeout(self.connect_timeout)
                        .set_response_timeout(self.response_timeout);
                    client.get_async_connection_with_config(settings).await.map(Link::Cluster)
                }
            }
        };
        let connected = timeout(self.connect_timeout, connecting).await;
        connected.unwrap_or_else(|_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into()))
    }

    /// A connection to each server that can be spoken to by itself.
    pub(super) async fn each(&self) -> Vec<RedisResult<Link>> {
        let Kind::Cluster(_, nodes) = &self.kind else { return vec![self.connect().await] };
        let mut links = Vec::new();
        for node in nodes {
            links.push(self.one(node).await);
        }
        links
    }

    async fn one(&self, client: &Client) -> RedisResult<Link> {
        client.get_multiplexed_async_connection_with_config(&self.settings()).await.map(Link::One)
    }

    fn settings(&self) -> AsyncConnectionConfig {
        AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(self.response_timeout))
    }

    /// Whether all nodes of a cluster share one connection object.
    pub(super) fn is_cluster(&self) -> bool {
        matches!(self.kind, Kind::Cluster(..))
    }
}

fn refused(reason: &'static str) -> ConfigError {
    ConfigError::Member { member: "store: Redis", reason }
}

fn check(config: &RedisConfig) -> Result<(), ConfigError> {
    let printable = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic());
    if !printable(&config.prefix) || config.prefix.contains(['{', '}']) {
        return Err(refused("the prefix must be visible ASCII characters, without braces"));
    }
    if config.connections == 0 || config.connect_timeout.is_zero() || config.response_timeout.is_zero() {
        return Err(refused("connections and timeouts must not be 0"));
    }
    match &config.servers {
        RedisServers::Cluster(nodes) if nodes.is_empty() => Err(refused("a cluster needs an address")),
        RedisServers::Cluster(_) if config.wait_replicas > 0 => {
            Err(refused("a cluster cannot be waited for: what WAIT counts there is not one key's replicas"))
        }
        RedisServers::Sentinel { sentinels, master, .. } if sentinels.is_empty() || master.is_empty() => {
            Err(refused("sentinels and the name of the master are needed"))
        }
        _ => Ok(()),
    }
}

/// Reads an address. Its text is never part of an error.
fn address(text: &str, with_database: bool) -> Result<ConnectionInfo, ConfigError> {
    if !text.starts_with("redis://") && !text.starts_with("rediss://") {
        return Err(refused("an address begins with redis:// or, with TLS, rediss://"));
    }
    if text.contains('@') {
        return Err(refused("an address carries no credentials: the password belongs into a file"));
    }
    if text.contains(['#', '?']) {
        return Err(refused("an address ends after host, port and database"));
    }
    let info = text.into_connection_info();
    let info = info.map_err(|_| refused("an address is redis:// or rediss://, host, port and database"))?;
    if !with_database && info.redis_settings().db() != 0 {
        return Err(refused("only the address of a single server has a database"));
    }
    Ok(info)
}

fn credentials(config: &RedisConfig, database: i64) -> RedisConnectionInfo {
    let mut info = RedisConnectionInfo::default().set_db(database);
    if let Some(username) = &config.username {
        info = info.set_username(username);
    }
    if let Some(password) = &config.password {
        info = info.set_password(password.expose_secret());
    }
    info
}

/// Commands do not wait in the socket until those before them are answered: that is what they share a connection for.
fn at_once() -> TcpSettings {
    TcpSettings::default().set_nodelay(true)
}

fn certificates(config: &RedisConfig) -> Option<TlsCertificates> {
    let root_cert = config.ca_certificates.clone()?;
    Some(TlsCertificates { client_tls: None, root_cert: Some(root_cert) })
}

fn client(config: &RedisConfig, text: &str, with_database: bool) -> Result<Client, ConfigError> {
    let info = address(text, with_database)?;
    let database = info.redis_settings().db();
    let tls = matches!(info.addr(), ConnectionAddr::TcpTls { .. });
    let info = info.set_redis_settings(credentials(config, database)).set_tcp_settings(at_once());
    let client = match certificates(config).filter(|_| tls) {
        Some(certificates) => Client::build_with_tls(info, certificates),
        None => Client::open(info),
    };
    client.map_err(|_| refused("the certificates cannot be read"))
}

fn sentinel(
    config: &RedisConfig,
    sentinels: &[String],
    master: &str,
    database: u32,
    tls: bool,
) -> Result<SentinelClient, ConfigError> {
    let unreadable = |_| refused("the certificates cannot be read, or only some of the sentinels have TLS");
    let infos = sentinels.iter().map(|text| address(text, false)).collect::<Result<Vec<_>, _>>()?;
    let sentinel_tls = infos.iter().any(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }));
    let addresses: Vec<_> = infos.iter().map(|info| info.addr().clone()).collect();
    let mut builder = SentinelClientBuilder::new(addresses, master, SentinelServerType::Master)
        .map_err(unreadable)?
        .set_client_to_redis_db(i64::from(database))
        .set_client_to_redis_tcp_settings(at_once());
    if let Some(username) = &config.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &config.password {
        builder = builder.set_client_to_redis_password(password.expose_secret());
    }
    if let Some(password) = &config.sentinel_password {
        builder = builder.set_client_to_sentinel_password(password.expose_secret());
    }
    if tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
    }
    if let Some(certificates) = certificates(config).filter(|_| tls) {
        builder = builder.set_client_to_redis_certificates(certificates);
    }
    if let Some(certificates) = certificates(config).filter(|_| sentinel_tls) {
        builder = builder.set_client_to_sentinel_certificates(certificates);
    }
    builder.build().map_err(unreadable)
}

fn cluster(config: &RedisConfig, nodes: &[String]) -> Result<Kind, ConfigError> {
    let infos = nodes.iter().map(|text| address(text, false)).collect::<Result<Vec<_>, _>>()?;
    let tls = infos.iter().any(|info| matches!(info.addr(), ConnectionAddr::TcpTls { .. }));
    let infos = infos.into_iter().map(|info| info.set_redis_settings(credentials(config, 0)));
    let mut builder = ClusterClient::builder(infos.collect::<Vec<_>>())
        .connection_timeout(config.connect_timeout)
        .response_timeout(config.response_timeout)
        .tcp_settings(at_once())
        // A redirection or two; whoever asked has more patience than this process.
        .retries(3)
        .min_retry_wait(20)
        .max_retry_wait(200);
    if let Some(certificates) = certificates(config).filter(|_| tls) {
        builder = builder.certs(certificates);
    }
    let cluster = builder.build();
    let cluster = cluster.map_err(|_| refused("either all nodes of a cluster have TLS or none"))?;
    let nodes = nodes.iter().map(|text| client(config, text, false)).collect::<Result<Vec<_>, _>>()?;
    Ok(Kind::Cluster(cluster, nodes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_what_is_refused_of_them() {
        for sound in ["redis://127.0.0.1:6379", "rediss://a.example:1/3", "redis://[::1]:6379/0"] {
            assert!(address(sound, true).is_ok(), "{sound}");
        }
        for bad in [
            "",
            "127.0.0.1:6379",
            "http://127.0.0.1",
            "unix:///tmp/socket",
            "redis://:hunter2@127.0.0.1:6379",
            "redis://user@127.0.0.1:6379",
            "rediss://127.0.0.1:6379/#insecure",
            "redis://127.0.0.1:6379/?protocol=resp3",
            "redis://127.0.0.1:6379/x",
            "redis://",
        ] {
            let error = address(bad, true).err().unwrap_or_else(|| panic!("{bad}")).to_string();
            assert!(!error.contains("hunter2") && !error.contains("127.0.0.1"), "{error}");
        }
        assert!(address("redis://127.0.0.1:6379/1", false).is_err());
    }

    #[test]
    fn contradictions_are_refused() {
        let single = || RedisConfig::new(RedisServers::Single("redis://127.0.0.1:1".into()));
        assert!(Source::new(&single()).is_ok());
        let refused = |change: &dyn Fn(&mut RedisConfig)| {
            let mut config = single();
            change(&mut config);
            assert!(Source::new(&config).is_err());
        };
        refused(&|config| config.prefix.clear());
        refused(&|config| config.prefix = "a{b".into());
        refused(&|config| config.connections = 0);
        refused(&|config| config.response_timeout = Duration::ZERO);
        refused(&|config| config.servers = RedisServers::Cluster(vec![]));
        refused(&|config| {
            config.servers = RedisServers::Cluster(vec!["redis://127.0.0.1:1".into()]);
            config.wait_replicas = 1;
        });
        refused(&|config| {
            let servers = ["redis://127.0.0.1:1", "rediss://127.0.0.1:2"];
            config.servers = RedisServers::Cluster(servers.map(String::from).to_vec());
        });
        refused(&|config| {
            config.servers = RedisServers::Sentinel {
                sentinels: vec!["redis://127.0.0.1:1".into()],
                master: String::new(),
                database: 0,
                tls: false,
            };
        });
        refused(&|config| {
            config.servers = RedisServers::Single("rediss://127.0.0.1:1".into());
            config.ca_certificates =
                Some(b"-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n".to_vec());
        });
    }
}
