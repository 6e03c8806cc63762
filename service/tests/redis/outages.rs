//! Redis is killed, stopped, out of memory, or made a replica, all while there is something to do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use glimpse_api::paths;
use glimpse_service::RedisServers;
use serde_json::Value;

use crate::server::{Redis, cluster, free_port};
use crate::visits::{
    self, Visit, Visitor, available, credential, insist, nothing_changed, service_at, single, submit,
};

/// Longest time from the end of an outage to the end of its consequences.
/// The service itself waits for a second at most before it tries again; how soon that helps is measured by the benches.
const RECOVERY: Duration = Duration::from_secs(30);
/// Longest time for an answer of the load, outage included.
const PATIENCE: Duration = Duration::from_secs(60);
/// Credentials asked for, and requests answered, by each of two threads.
const EACH: usize = 6;

/// Under load something breaks, stays broken for a while, and is mended.
fn outage(mut redis: Redis, breaks: impl FnOnce(&mut Redis), mends: impl FnOnce(&mut Redis)) {
    outage_of(single(redis.address()), &mut redis, breaks, mends);
}

fn outage_of<T>(
    servers: RedisServers,
    redis: &mut T,
    breaks: impl FnOnce(&mut T),
    mends: impl FnOnce(&mut T),
) {
    let service = service_at(servers, |_| ());
    let visitor = Visitor::of(&service);
    let asked: Vec<Vec<Value>> = (0..2).map(|_| (0..EACH).map(|_| visitor.asked()).collect()).collect();
    let visits: Vec<Vec<Visit>> = (0..2).map(|_| (0..EACH).map(|_| visitor.visit()).collect()).collect();
    // Acknowledged before it breaks.
    let early = visitor.asked();
    let first = credential(visitor.client().post(paths::CREDENTIALS, None, &early));
    let answered = Mutex::new(vec![(early, first)]);
    let decided = Mutex::new(Vec::new());
    let (spare, spare_visit) = (visitor.asked(), visitor.visit());
    let is_broken = AtomicBool::new(false);
    let pace = || sleep(Duration::from_millis(if is_broken.load(Ordering::Relaxed) { 5 } else { 40 }));

    thread::scope(|scope| {
        for bodies in asked {
            scope.spawn(|| {
                let client = service.client();
                for body in bodies {
                    pace();
                    let answer = insist(PATIENCE, || client.post(paths::CREDENTIALS, None, &body));
                    answered.lock().unwrap().push((body, credential(answer)));
                }
            });
        }
        for visits in visits {
            scope.spawn(|| {
                let client = service.client();
                for visit in visits {
                    pace();
                    // Two at once, of which one is accepted.
                    let [one, other] = thread::scope(|scope| {
                        let both = [0, 1].map(|which| {
                            let (client, visit) = (client.clone(), &visit);
                            scope.spawn(move || insist(PATIENCE, || submit(&client, visit, which)).status)
                        });
                        both.map(|thread| thread.join().unwrap())
                    });
                    assert!([(200, 409), (409, 200)].contains(&(one, other)), "{one} {other}");
                    decided.lock().unwrap().push((visit, usize::from(one != 200)));
                }
            });
        }
        sleep(Duration::from_millis(100));
        breaks(redis);
        is_broken.store(true, Ordering::Relaxed);
        // What needs a write is not decided, and says so in time; what needs no store goes on.
        let client = service.client();
        for _ in 0..3 {
            assert!(available(|| client.post(paths::CREDENTIALS, None, &spare)).is_none());
            assert!(available(|| submit(&client, &spare_visit, 0)).is_none());
            visitor.verify();
        }
        mends(redis);
        let mended = Instant::now();
        let answer = insist(RECOVERY, || client.post(paths::CREDENTIALS, None, &spare));
        answered.lock().unwrap().push((spare, credential(answer)));
        assert_eq!(insist(RECOVERY, || submit(&client, &spare_visit, 0)).status, 200);
        insist(RECOVERY, || client.get(paths::READYZ, None));
        assert!(mended.elapsed() < RECOVERY, "{:?}", mended.elapsed());
        decided.lock().unwrap().push((spare_visit, 0));
    });
    let (answered, decided) = (answered.into_inner().unwrap(), decided.into_inner().unwrap());
    assert_eq!((answered.len(), decided.len()), (2 * EACH + 2, 2 * EACH + 1));
    // By now all connections have been replaced that had to be.
    for _ in 0..8 {
        assert_eq!(insist(RECOVERY, || visitor.client().get(paths::READYZ, None)).status, 200);
    }
    nothing_changed(visitor.client(), &answered, &decided);
}

#[test]
fn killed_and_started_again() {
    outage(Redis::start(), Redis::kill, |redis| redis.restart());
}

#[test]
fn stopped_and_continued() {
    outage(Redis::start(), |redis| redis.pause(), |redis| redis.resume());
}

#[test]
fn without_memory_and_with_more_again() {
    let set = |redis: &mut Redis, to| redis.ask::<()>(&format!("CONFIG SET maxmemory {to}"));
    outage(Redis::start(), |redis| set(redis, 1), |redis| set(redis, 0));
}

#[test]
fn made_a_replica_and_a_master_again() {
    outage(
        Redis::start(),
        // Of nobody, so that it keeps what it has.
        |redis| redis.ask(&format!("REPLICAOF 127.0.0.1 {}", free_port())),
        |redis| redis.ask("REPLICAOF NO ONE"),
    );
}

/// Without one of its masters, and without a replica of it, a cluster serves nothing.
#[test]
fn a_node_of_a_cluster_killed_and_started_again() {
    let mut nodes = cluster();
    let servers = RedisServers::Cluster(nodes.each_ref().map(Redis::address).to_vec());
    let down = |nodes: &mut [Redis; 3]| {
        nodes[0].kill();
        nodes[1..].iter().for_each(|node| node.wait_for("CLUSTER INFO", "cluster_state:fail"));
    };
    let up = |nodes: &mut [Redis; 3]| {
        nodes[0].restart();
        nodes.iter().for_each(|node| node.wait_for("CLUSTER INFO", "cluster_state:ok"));
    };
    outage_of(servers, &mut nodes, down, up);
}

/// Every connection has broken by then, and nobody is told.
#[test]
fn killed_and_started_again_between_requests() {
    let mut redis = Redis::start();
    let service = service_at(single(redis.address()), |_| ());
    let visitor = Visitor::of(&service);
    let visits: Vec<Visit> = (0..8).map(|_| visitor.visit()).collect();
    redis.kill();
    redis.restart();
    for visit in &visits {
        assert_eq!(submit(visitor.client(), visit, 0).status, 200);
    }
}

#[test]
fn what_happened_to_the_store_is_counted() {
    let mut redis = Redis::start();
    let address = redis.address();
    let service = crate::support::Service::start_with(|config| {
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
        config.clock = glimpse_service::Clock::system();
        config.store = visits::redis(single(address));
    });
    let client = service.client();
    assert_eq!(client.get(paths::READYZ, None).status, 200);
    redis.kill();
    assert!(available(|| client.get(paths::READYZ, None)).is_none());
    let metrics =
        client.get(&format!("{}/metrics", service.running.as_ref().unwrap().admin_url().unwrap()), None);
    let text = String::from_utf8(metrics.body).unwrap();
    for line in [
        "glimpse_store_operations_total{operation=\"ready\",outcome=\"ok\"} 1",
        "glimpse_store_operations_total{operation=\"ready\",outcome=\"unreachable\"} 1",
        "glimpse_store_operation_time_seconds_count{operation=\"ready\"} 2",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}
