//! Where a service keeps things: in a file of its own, or in a Redis that several nodes share.

use std::fmt;
use std::time::Duration;

use secrecy::SecretString;

/// Where a service keeps things.
#[derive(Clone, Debug, Default)]
pub enum StoreConfig {
    /// In a file in the data directory, for one process.
    #[default]
    Embedded,
    /// In Redis (or Valkey), for any number of nodes.
    Redis(Box<RedisConfig>),
}

/// A Redis, and how to speak with it.
#[derive(Clone)]
pub struct RedisConfig {
    /// Where it is.
    pub servers: RedisServers,
    /// The user of an access control list. Redis' default user if absent.
    pub username: Option<String>,
    /// The password. It belongs into a file that only the service can read, never into an address.
    pub password: Option<SecretString>,
    /// What the sentinels ask for, if they ask for a password.
    pub sentinel_password: Option<SecretString>,
    /// Certificates in PEM form that servers' certificates must go back to. Those of the system if absent.
    pub ca_certificates: Option<Vec<u8>>,
    /// What the names of all keys begin with. Services that share it share everything.
    pub prefix: String,
    /// Connections to one server. Each carries any number of operations at once. A cluster has one to each of its
    /// nodes.
    pub connections: usize,
    /// Longest time for a connection to be made.
    pub connect_timeout: Duration,
    /// Longest time for an answer.
    pub response_timeout: Duration,
    /// How many replicas must have what is written before it counts. Not with a cluster.
    pub wait_replicas: u32,
}

/// Where a Redis is: addresses are `redis://host:port` or, with TLS, `rediss://host:port`, without credentials.
#[derive(Clone, PartialEq, Eq)]
pub enum RedisServers {
    /// One server, its database number after a slash if it is not 0.
    Single(String),
    /// A master that sentinels know.
    Sentinel {
        /// Addresses of sentinels.
        sentinels: Vec<String>,
        /// What they call the master.
        master: String,
        /// Number of the database.
        database: u32,
        /// Whether the master is spoken to with TLS.
        tls: bool,
    },
    /// A cluster, by the addresses of some of its nodes.
    Cluster(Vec<String>),
}

impl RedisConfig {
    /// Four connections, a second for each of them to be made and for each answer, keys that begin with `glimpse`.
    pub fn new(servers: RedisServers) -> Self {
        Self {
            servers,
            username: None,
            password: None,
            sentinel_password: None,
            ca_certificates: None,
            prefix: "glimpse".to_owned(),
            connections: 4,
            connect_timeout: Duration::from_secs(1),
            response_timeout: Duration::from_secs(1),
            wait_replicas: 0,
        }
    }
}

/// An address that was given by mistake with a password in it is not printed either.
impl fmt::Debug for RedisConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisConfig")
            .field("prefix", &self.prefix)
            .field("connections", &self.connections)
            .field("connect_timeout", &self.connect_timeout)
            .field("response_timeout", &self.response_timeout)
            .field("wait_replicas", &self.wait_replicas)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RedisServers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Single(_) => "Single(..)",
            Self::Sentinel { .. } => "Sentinel(..)",
            Self::Cluster(_) => "Cluster(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The password is a `SecretString`; an address, a user and a master may hold one by mistake.
    #[test]
    fn neither_passwords_nor_addresses_print() {
        let address = || "redis://user:a-password-by-mistake@cache.example:6379".to_owned();
        let sentinel = RedisServers::Sentinel {
            sentinels: vec![address()],
            master: "master.example".into(),
            database: 0,
            tls: false,
        };
        for servers in [RedisServers::Single(address()), sentinel, RedisServers::Cluster(vec![address()])] {
            let mut config = RedisConfig::new(servers);
            config.username = Some("somebody".into());
            config.password = Some("a-password-of-redis".into());
            config.sentinel_password = Some("a-password-of-sentinels".into());
            config.ca_certificates = Some(b"certificates".to_vec());
            let store = StoreConfig::Redis(Box::new(config.clone()));
            for printed in [
                format!("{config:?}"),
                format!("{config:#?}"),
                format!("{:?}", config.servers),
                format!("{store:?}"),
            ] {
                for hidden in ["a-password", "example", "somebody", "[99, 101"] {
                    assert!(!printed.contains(hidden), "{hidden} in {printed}");
                }
            }
            assert!(format!("{config:?}").contains(r#"prefix: "glimpse""#));
        }
    }
}
