//! A replica takes over.

use std::time::{Duration, Instant};

use glimpse_api::paths;
use glimpse_service::RedisServers;
use serde_json::json;

use crate::server::Redis;
use crate::visits::{Visitor, available, credential, insist, nothing_changed, service_at, submit};

/// Longest time for sentinels to notice, to agree, and for the service to follow.
const FAIL_OVER: Duration = Duration::from_secs(20);

#[test]
fn sentinels_name_another_master() {
    let mut master = Redis::start();
    let replica = Redis::start();
    let _: () = replica.ask(&format!("REPLICAOF 127.0.0.1 {}", master.port));
    replica.wait_for("INFO replication", "master_link_status:up");
    let sentinel = Redis::sentinel(&master);
    sentinel.wait_for("INFO sentinel", "slaves=1");
    let servers = RedisServers::Sentinel {
        sentinels: vec![sentinel.address()],
        master: "licences".into(),
        database: 0,
        tls: false,
    };
    // What is acknowledged is on the replica.
    let service = service_at(servers, |redis| redis.wait_replicas = 1);
    let visitor = Visitor::of(&service);
    let client = visitor.client();
    let (first, second) = (visitor.asked(), visitor.asked());
    let (visit, open) = (visitor.visit(), visitor.visit());
    let issued = credential(client.post(paths::CREDENTIALS, None, &first));
    assert_eq!(submit(client, &visit, 0).status, 200);

    master.kill();
    assert!(available(|| client.post(paths::CREDENTIALS, None, &second)).is_none());
    visitor.verify();
    replica.wait_for("INFO replication", "role:master");
    // Alone, it is not enough: nothing is acknowledged before the old master has come back as its replica.
    assert!(available(|| submit(client, &open, 0)).is_none());
    insist(FAIL_OVER, || client.get(paths::READYZ, None));
    master.restart();
    let back = Instant::now();
    let answer = insist(FAIL_OVER, || client.post(paths::CREDENTIALS, None, &second));
    let answered = [(first, issued), (second, credential(answer))];
    assert_eq!(insist(FAIL_OVER, || submit(client, &open, 0)).status, 200);
    assert!(back.elapsed() < FAIL_OVER);
    nothing_changed(client, &answered, &[(visit, 0), (open, 0)]);
    // It is the other one that is spoken with now.
    let other = json!({ "code": answered[0].0["code"] });
    let before: u64 = commands(&replica);
    client.post(paths::CREDENTIALS, None, &other).problem(409, "offer-used");
    assert!(commands(&replica) >= before + 3);
}

fn commands(redis: &Redis) -> u64 {
    let stats: String = redis.ask("INFO stats");
    let line = stats.lines().find_map(|line| line.strip_prefix("total_commands_processed:"));
    line.unwrap().trim().parse().unwrap()
}
