//! A replica takes over.

use std::time::Duration;

use glimpse_api::paths;
use glimpse_service::RedisServers;

use crate::server::Redis;
use crate::visits::{Visitor, available, credential, insist, nothing_changed, service_at, submit};

/// Longest time for sentinels to notice, to agree, and for the service to follow.
/// A sentinel that was held up itself waits half a minute.
const FAIL_OVER: Duration = Duration::from_secs(120);

#[test]
fn sentinels_name_another_master() {
    let (mut master, replicas) = (Redis::start(), [Redis::start(), Redis::start()]);
    for replica in &replicas {
        let _: () = replica.ask(&format!("REPLICAOF 127.0.0.1 {}", master.port));
        replica.wait_for("INFO replication", "master_link_status:up");
    }
    let sentinel = Redis::sentinel(&master);
    sentinel.wait_for("INFO sentinel", "slaves=2");
    let servers = RedisServers::Sentinel {
        sentinels: vec![sentinel.address()],
        master: "licences".into(),
        database: 0,
        tls: false,
    };
    // What is acknowledged is on one of them, and sentinels choose the one that has most.
    let service = service_at(servers, |redis| {
        redis.wait_replicas = 1;
        // Replicas are waited for half as long.
        redis.response_timeout = Duration::from_secs(4);
    });
    let visitor = Visitor::of(&service);
    let client = visitor.client();
    let (first, second) = (visitor.asked(), visitor.asked());
    let (visit, open) = (visitor.visit(), visitor.visit());
    let issued = credential(client.post(paths::CREDENTIALS, None, &first));
    assert_eq!(submit(client, &visit, 0).status, 200);

    master.kill();
    assert!(available(|| client.post(paths::CREDENTIALS, None, &second)).is_none());
    visitor.verify();
    let answer = insist(FAIL_OVER, || client.post(paths::CREDENTIALS, None, &second));
    let answered = [(first, issued), (second, credential(answer))];
    assert_eq!(insist(FAIL_OVER, || submit(client, &open, 0)).status, 200);
    nothing_changed(client, &answered, &[(visit, 0), (open, 0)]);
    // The old master comes back, and is not taken for the one there is.
    master.restart();
    nothing_changed(client, &answered, &[]);
    assert_eq!(client.get(paths::READYZ, None).status, 200);
}
