//! Over a real Redis, alone and as a cluster.

use std::sync::Arc;
use std::time::Duration;

use redis::cmd;
use serde_json::json;

use super::*;
use crate::config::{Clock, RedisServers};
use crate::store::conformance::{all, offered, request};

#[path = "../../../tests/support/redis.rs"]
mod server;

use server::Redis;

fn config(redis: &Redis) -> RedisConfig {
    RedisConfig::new(RedisServers::Single(redis.address()))
}

async fn open(redis: &Redis) -> RedisStore {
    RedisStore::open(&config(redis)).await.unwrap()
}

async fn refusal(config: &RedisConfig) -> String {
    RedisStore::open(config).await.err().unwrap().to_string()
}

#[actix_web::test]
async fn redis_keeps_its_promises() {
    let redis = Redis::start();
    all(Arc::new(open(&redis).await)).await;
    nodes_come_and_go(&open(&redis).await).await;
    // Of what expires nothing stays for ever, of what counts nothing expires.
    let mut connection = redis.connection();
    let keys: Vec<String> = cmd("KEYS").arg("*").query(&mut connection).unwrap();
    for key in keys {
        let lifetime = cmd("TTL").arg(&key).query::<i64>(&mut connection).unwrap();
        // Gone since its name was asked for: it did expire.
        let expires = lifetime >= 0 || lifetime == -2;
        let kind =
            key.split([':', '{', '}']).find(|part| !["glimpse", "issuance", ""].contains(part)).unwrap();
        assert_eq!(expires, ["offer", "request", "bucket", "node"].contains(&kind), "{kind}");
    }
}

#[actix_web::test]
async fn a_cluster_keeps_them_too() {
    let nodes = server::cluster();
    let config = RedisConfig::new(RedisServers::Cluster(vec![nodes[0].address(), nodes[1].address()]));
    let store = RedisStore::open(&config).await.unwrap();
    nodes_come_and_go(&store).await;
    all(Arc::new(store)).await;
    // It did use all of them.
    for node in &nodes {
        assert!(node.ask::<u64>("DBSIZE") > 0);
    }
}

#[actix_web::test]
async fn with_a_replica_that_is_waited_for() {
    let (master, replica) = (Redis::start(), Redis::start());
    let _: String = replica.ask(&format!("REPLICAOF 127.0.0.1 {}", master.port));
    replica.wait_for("INFO replication", "master_link_status:up");
    let config =
        RedisConfig { wait_replicas: 1, response_timeout: Duration::from_secs(4), ..config(&master) };
    let store = RedisStore::open(&config).await.unwrap();
    let (id, now) = (Id::random(), Clock::system().now());
    store.add_request(id, "a", &request(now + 100), now + 200).await.unwrap();
    let attempt = Fingerprint::of(b"1");
    replica.pause();
    let behind = |result: Result<Closed, StoreError>| {
        assert!(matches!(result, Err(StoreError::Redis(RedisFault::NotReplicated))), "{result:?}");
    };
    behind(store.close_request(id, attempt, &Outcome::Refused, now).await);
    // That it was written already does not make it any safer, nor does it when it is read.
    behind(store.close_request(id, attempt, &Outcome::Refused, now).await);
    behind(open_again(&config).await.close_request(id, attempt, &Outcome::Refused, now).await);
    assert!(store.request(id).await.is_err());
    replica.resume();
    assert_eq!(store.close_request(id, attempt, &Outcome::Refused, now).await.unwrap(), Closed::Decided);
    assert!(store.request(id).await.unwrap().unwrap().outcome.is_some());
}

/// Like another process; the replica is not asked.
async fn open_again(config: &RedisConfig) -> RedisStore {
    let keys = Keys::new(&config.prefix);
    let pool = Arc::new(Pool::new(Source::new(config).unwrap(), config, keys.barrier()));
    RedisStore { pool, keys, runner: Runner::start().unwrap() }
}

async fn nodes_come_and_go(store: &RedisStore) {
    let (node, now) = (NodeId::random(), Clock::system().now());
    assert_eq!(store.node(node, now).await.unwrap(), None);
    store.announce_node(node, "http://a.example:1/x y", now, now + 10).await.unwrap();
    assert_eq!(store.node(node, now + 9).await.unwrap().as_deref(), Some("http://a.example:1/x y"));
    assert_eq!(store.node(node, now + 10).await.unwrap(), None);
    assert!(store.is_shared());
}

#[actix_web::test]
async fn two_processes_share_everything_and_two_prefixes_nothing() {
    let redis = Redis::start();
    let (one, two) = (open(&redis).await, open(&redis).await);
    one.remember_issuer_key(&[7; 32], 1).await.unwrap();
    assert!(two.knows_an_issuer_key().await.unwrap());
    let elsewhere = RedisConfig { prefix: "other".into(), ..config(&redis) };
    assert!(!RedisStore::open(&elsewhere).await.unwrap().knows_an_issuer_key().await.unwrap());
}

#[actix_web::test]
async fn what_is_not_a_store_of_this_layout_is_not_used() {
    let redis = Redis::start();
    let store = open(&redis).await;
    let _: () = redis.ask("SET glimpse:layout 4");
    assert!(matches!(store.ready().await, Err(StoreError::Version { found: 4 })));
    assert!(refusal(&config(&redis)).await.contains("layout 4"));
    let _: () = redis.ask("FLUSHALL");
    assert!(matches!(store.ready().await, Err(StoreError::Emptied)));
    let nowhere = RedisServers::Single(format!("redis://127.0.0.1:{}", server::free_port()));
    assert!(refusal(&RedisConfig::new(nowhere)).await.contains("cannot be reached"));
}

#[actix_web::test]
async fn what_has_expired_is_forgotten_by_itself() {
    let redis = Redis::start();
    let store = open(&redis).await;
    let (id, now) = (Id::random(), Clock::system().now());
    store.add_request(id, "a", &request(now), now - SLACK - 1).await.unwrap();
    assert!(store.request(id).await.unwrap().is_none());
    assert_eq!(redis.ask::<u64>("DBSIZE"), 1, "the layout alone");
    offered(&store, "a", "h", 0, now - SLACK - 1).await;
    let offers = || redis.ask::<Vec<String>>("KEYS *:offer:*").len();
    assert_eq!(offers(), 0);
    // Moments beyond what Redis can count are no error.
    offered(&store, "b", "h", 0, u64::MAX).await;
    assert_eq!(offers(), 1);
}

#[actix_web::test]
async fn damaged_records_are_errors() {
    let redis = Redis::start();
    let store = open(&redis).await;
    let (id, other) = (Id::random(), Id::random());
    let _: () = redis.ask(&format!("HSET {} record {{", store.keys.licence(id)));
    assert!(matches!(store.licence(id).await, Err(StoreError::Record("licences"))));
    let _: () =
        redis.ask(&format!("HSET {} record {} attempt x outcome y", store.keys.request(id), json!({})));
    assert!(matches!(store.request(id).await, Err(StoreError::Record("requests"))));
    let _: () = redis.ask(&format!("SET {} x", store.keys.request(other)));
    assert!(store.request(other).await.is_err());
    assert!(store.close_request(other, Fingerprint::of(b""), &Outcome::Refused, 0).await.is_err());
    let _: () = redis.ask(&format!("SET {} x", store.keys.node(NodeId([0; 8]))));
    assert!(matches!(store.node(NodeId([0; 8]), 0).await, Err(StoreError::Record("nodes"))));
}

#[actix_web::test]
async fn passwords_are_asked_for() {
    let redis = Redis::start_with(&["--user", "glimpse", "on", ">a-password", "~*", "&*", "+@all"]);
    let mut config = config(&redis);
    config.username = Some("glimpse".into());
    config.password = Some("another".into());
    assert!(refusal(&config).await.contains("refuses the user, the password"));
    config.password = Some("a-password".into());
    assert!(!format!("{config:?}").contains("a-password"));
    RedisStore::open(&config).await.unwrap();
}

#[actix_web::test]
async fn with_tls_and_only_to_whom_the_certificate_names() {
    let tls = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls/");
    let (certificate, key) = (format!("{tls}server.pem"), format!("{tls}server.key"));
    let (port, plain) = (server::free_port().to_string(), "--tls-auth-clients no --tls-port");
    let files = ["--tls-cert-file", &certificate, "--tls-key-file", &key, "--tls-ca-cert-file", &certificate];
    let arguments: Vec<_> = plain.split(' ').chain([port.as_str()]).chain(files).collect();
    let _redis = Redis::start_with(&arguments);
    let at = |host: &str| RedisConfig::new(RedisServers::Single(format!("rediss://{host}:{port}")));
    let mut known = at("localhost");
    known.ca_certificates = Some(std::fs::read(format!("{tls}ca.pem")).unwrap());
    RedisStore::open(&known).await.unwrap().ready().await.unwrap();
    let stranger = refusal(&at("localhost")).await;
    assert!(stranger.contains("certificate"), "{stranger}");
    let elsewhere = RedisConfig { servers: at("127.0.0.2").servers, ..known.clone() };
    assert!(RedisStore::open(&elsewhere).await.is_err());
    let plain = RedisServers::Single(format!("redis://localhost:{port}"));
    assert!(RedisStore::open(&RedisConfig { servers: plain, ..known }).await.is_err());
}

/// What is scripted counts as `Buckets` does.
#[actix_web::test]
async fn buckets_count_like_those_in_memory() {
    let redis = Redis::start();
    let store = open(&redis).await;
    let rate = Rate { burst: 3, interval: Duration::from_secs(1000) };
    let (bucket, memory) = (Fingerprint::of(b"b"), crate::store::Buckets::new());
    for _ in 0..5 {
        let here = memory.spend(bucket, rate, std::time::Instant::now());
        match (store.spend(bucket, rate).await.unwrap(), here) {
            (Spent::Yes, Spent::Yes) => {}
            (Spent::After(one), Spent::After(other)) => {
                assert!(one.abs_diff(other) < Duration::from_secs(1), "{one:?} {other:?}");
            }
            (one, other) => panic!("{one:?} {other:?}"),
        }
    }
    let endless = Rate { burst: u32::MAX, interval: Duration::MAX };
    assert_eq!(store.spend(Fingerprint::of(b"endless"), endless).await.unwrap(), Spent::Yes);
}
