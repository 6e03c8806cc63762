//! Where things are kept, and what that takes when it is shared.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use glimpse_service::{NodeConfig, RedisConfig, RedisServers, StoreConfig};

use super::layers::Layers;
use super::value::RedisAddress;

pub(super) struct Store {
    pub(super) redis: Option<RedisAddress>,
    pub(super) sentinels: Vec<RedisAddress>,
    pub(super) master: Option<String>,
    pub(super) database: u32,
    pub(super) tls: bool,
    pub(super) cluster: Vec<RedisAddress>,
    pub(super) username: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) sentinel_password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) prefix: String,
    pub(super) connections: usize,
    pub(super) connect_timeout: Duration,
    pub(super) response_timeout: Duration,
    pub(super) wait_replicas: u32,
}

impl Default for Store {
    fn default() -> Self {
        let redis = RedisConfig::new(RedisServers::Single(String::new()));
        Self {
            redis: None,
            sentinels: Vec::new(),
            master: None,
            database: 0,
            tls: false,
            cluster: Vec::new(),
            username: None,
            password_file: None,
            sentinel_password_file: None,
            ca_file: None,
            prefix: redis.prefix,
            connections: redis.connections,
            connect_timeout: redis.connect_timeout,
            response_timeout: redis.response_timeout,
            wait_replicas: redis.wait_replicas,
        }
    }
}

#[derive(Default)]
pub(super) struct Node {
    pub(super) listen: Option<SocketAddr>,
    pub(super) uri: Option<String>,
}

impl Layers {
    /// In a file of its own if nothing else is said.
    pub(super) fn store(&mut self) -> StoreConfig {
        let Some(given) = self.given_in("store") else { return StoreConfig::Embedded };
        let Some(servers) = self.servers() else {
            let reason = "a shared store needs one of store.redis, store.sentinels with store.master, or store.cluster";
            self.refuse(given, reason);
            return StoreConfig::Embedded;
        };
        let draft = &self.draft.store;
        let mut redis = RedisConfig::new(servers);
        redis.username = draft.username.clone();
        redis.prefix = draft.prefix.clone();
        redis.connections = draft.connections;
        redis.connect_timeout = draft.connect_timeout;
        redis.response_timeout = draft.response_timeout;
        redis.wait_replicas = draft.wait_replicas;
        let (password, sentinel_password) =
            (draft.password_file.clone(), draft.sentinel_password_file.clone());
        let ca_file = draft.ca_file.clone();
        let secret = |text: &str| Ok(text.to_owned().into());
        redis.password = self.secret("store.password_file", password.as_deref(), secret);
        redis.sentinel_password =
            self.secret("store.sentinel_password_file", sentinel_password.as_deref(), secret);
        if let Some(path) = ca_file {
            match fs::read(&path) {
                Ok(certificates) => redis.ca_certificates = Some(certificates),
                Err(error) => self.refuse("store.ca_file", format!("{}: {error}", path.display())),
            }
        }
        StoreConfig::Redis(Box::new(redis))
    }

    /// Exactly one of the three ways, and whole.
    fn servers(&self) -> Option<RedisServers> {
        let Store { redis, sentinels, master, database, tls, cluster, .. } = &self.draft.store;
        match (redis, &sentinels[..], master, &cluster[..]) {
            (Some(address), [], None, []) => Some(RedisServers::Single(address.0.clone())),
            (None, [_, ..], Some(master), []) => Some(RedisServers::Sentinel {
                sentinels: texts(sentinels),
                master: master.clone(),
                database: *database,
                tls: *tls,
            }),
            (None, [], None, [_, ..]) => Some(RedisServers::Cluster(texts(cluster))),
            _ => None,
        }
    }

    /// Where other nodes find this one.
    pub(super) fn node(&mut self) -> Option<NodeConfig> {
        let given = self.given_in("node")?;
        let Node { listen, uri } = &self.draft.node;
        let Some(listen) = *listen else {
            self.refuse(given, "a node needs node.listen too");
            return None;
        };
        Some(NodeConfig { listen, uri: uri.clone() })
    }
}

fn texts(addresses: &[RedisAddress]) -> Vec<String> {
    addresses.iter().map(|address| address.0.clone()).collect()
}
