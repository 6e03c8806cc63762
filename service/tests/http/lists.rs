//! Revocation lists.

use std::time::{Duration, Instant};

use glimpse_api::{Metadata, Published, RequestStatus, paths};
use glimpse_circuits::relation::Relation;
use glimpse_circuits::schedule::Schedule;
use glimpse_circuits::schema::Binding;
use glimpse_profiles::builtin;
use glimpse_prover::{Holding, IntervalError, PresentError, Showing, present};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::support::{ADMIN, Client, DRIVING, NOW, RELYING_PARTY, Service, Wallet, text, with_lists};

fn policy(check: &str, max_age: u64) -> Value {
    json!({
        "purpose": text("Car rental"),
        "licences": [{ "id": "licence", "schema": DRIVING, "check": check }],
        "statements": [{ "not_revoked": { "credential": "licence", "max_age": max_age.to_string() } }],
    })
}

/// Lists are published at the start, without anybody asking.
pub(crate) fn wait_for_list(client: &Client, schema: &str) {
    let (path, start) = (paths::MANIFEST.replace("{schema}", schema), Instant::now());
    while client.get(&path, None).status != 200 {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// A service with lists, a licence, and a wallet that holds it.
fn start() -> (Service, String, Wallet, glimpse_prover::Credential) {
    let service = Service::start_with(|config| {
        with_lists(config);
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    });
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let wallet = Wallet::new(client.clone());
    let credential = wallet.obtain(&client.offer(&licence).code);
    wait_for_list(&client, &credential.schema().digest().to_string());
    (service, licence, wallet, credential)
}

#[test]
fn revoked_now_and_refused_from_the_next_version_on() {
    let (service, licence, wallet, credential) = start();
    let client = &wallet.client;
    let metadata: Metadata = client.get(paths::METADATA, None).ok();
    assert!(metadata.issuers[0].revocation.is_some() && metadata.manifest_keys.len() == 1);
    let first = wallet.manifest(&credential);
    // Minutes since 1970, so that numbers rise even if an older copy of the store is brought back.
    let moment = NOW - NOW % 60;
    assert_eq!((first.document().version, first.document().issued_at), (moment / 60, moment));
    let interval = wallet.interval(&credential).unwrap();
    for check in ["token", "keyed"] {
        let created = client.request(&policy(check, 3600));
        let presentation = wallet.present_with(client.fetch(&created), &credential, &interval).unwrap();
        assert_eq!(client.submit(&created.id, &presentation).status, 200, "{check}");
        let result = client.result(&created);
        assert_eq!(result.status, RequestStatus::Accepted);
        assert_eq!(result.verdict.unwrap().licences[0].not_revoked_at, Some(first.document().issued_at));
    }

    // Too soon for another version: there is one in a minute.
    assert!(client.publish(DRIVING).header("retry-after").parse::<u64>().unwrap() <= 60);
    client.publish(DRIVING).problem(429, "rate-limited");
    service.pass(60);
    client.change(&licence, &json!({ "act": "end", "as": "revoked", "reason": "court order" })).ok::<Value>();
    let published: Published = client.publish(DRIVING).ok();
    assert_eq!((published.lists.len(), published.lists[0].left_out), (1, 1));
    assert_eq!(published.lists[0].version, first.document().version + 1);
    assert!(matches!(wallet.interval(&credential), Err(IntervalError::Revoked)));

    // What the wallet still has is as old as it is.
    let created = client.request(&policy("token", 60));
    service.pass(1);
    let created_late = client.request(&policy("token", 60));
    let presentation = wallet.present_with(client.fetch(&created), &credential, &interval).unwrap();
    assert_eq!(client.submit(&created.id, &presentation).status, 200, "60 seconds old");
    let refused = wallet.present_with(client.fetch(&created_late), &credential, &interval);
    assert!(matches!(refused, Err(PresentError::StaleInterval { .. })));
}

#[test]
fn suspended_and_back_again() {
    let (service, licence, wallet, credential) = start();
    let client = &wallet.client;
    for (act, holds) in [("suspend", false), ("resume", true)] {
        service.pass(60);
        client.change(&licence, &json!({ "act": act, "reason": "r" })).ok::<Value>();
        client.publish(DRIVING).ok::<Published>();
        assert_eq!(wallet.interval(&credential).is_ok(), holds, "{act}");
    }
    let interval = wallet.interval(&credential).unwrap();
    let created = client.request(&policy("token", 60));
    let presentation = wallet.present_with(client.fetch(&created), &credential, &interval).unwrap();
    assert_eq!(client.submit(&created.id, &presentation).status, 200);
}

/// Without anybody asking, on the period, and again after a restart, but never for one moment twice.
#[test]
fn a_version_is_published_when_it_is_due() {
    let (mut service, _, wallet, credential) = start();
    let first = wallet.manifest(&credential);
    service.pass(3599);
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(wallet.manifest(&credential), first);
    service.pass(1);
    let start = Instant::now();
    while wallet.manifest(&credential) == first {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    let second = wallet.manifest(&credential);
    assert_eq!(second.document().version, first.document().version + 60);
    assert!(second.follows(&first.seen().unwrap()).is_ok());
    // 75 minutes: a quarter of the period late.
    assert_eq!(second.document().next, second.document().issued_at + 4500);
    service.running.take().unwrap().stop().unwrap();

    let mut config = crate::support::config(service.directory.path());
    with_lists(&mut config);
    config.clock = glimpse_service::Clock::new({
        let clock = service.clock.clone();
        move || clock.load(std::sync::atomic::Ordering::Relaxed)
    });
    let running = glimpse_service::spawn(config).unwrap();
    let client = Client::new(running.base_url());
    let wallet = Wallet { registry: client.registry(), client, secret: wallet.secret };
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(wallet.manifest(&credential), second);
    wallet.client.publish(DRIVING).problem(429, "rate-limited");
}

/// With a schedule there is one moment for each period, whoever wants another one when.
#[test]
fn on_a_schedule_versions_come_at_the_beginnings_of_periods() {
    let service = Service::start_with(|config| {
        with_lists(config);
        config.issuer.as_mut().unwrap().revocation.as_mut().unwrap().fixed = true;
    });
    let client = service.client();
    let licence = client.register_sample(DRIVING, 1);
    let wallet = Wallet::new(client.clone());
    let credential = wallet.obtain(&client.offer(&licence).code);
    wait_for_list(&client, &credential.schema().digest().to_string());
    let metadata: Metadata = client.get(paths::METADATA, None).ok();
    assert_eq!(metadata.schedule.map(Schedule::seconds), Some(3600));

    let (first, begun) = (wallet.manifest(&credential), NOW - NOW % 3600);
    assert_eq!((first.document().issued_at, first.document().next), (begun, begun + 8100));
    client.change(&licence, &json!({ "act": "end", "as": "revoked", "reason": "court order" })).ok::<Value>();
    service.pass(1800 - NOW % 3600);
    let again = client.publish(DRIVING);
    assert_eq!(again.header("retry-after"), "1800");
    again.problem(409, "on-schedule");
    service.pass(1799);
    std::thread::sleep(Duration::from_secs(6));
    assert_eq!(wallet.manifest(&credential), first);
    assert!(wallet.interval(&credential).is_ok());
    // From the next period on, whether or not anybody asks.
    service.pass(1);
    let start = Instant::now();
    while wallet.manifest(&credential) == first {
        assert!(start.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(wallet.manifest(&credential).document().issued_at, begun + 3600);
    assert!(matches!(wallet.interval(&credential), Err(IntervalError::Revoked)));
}

/// Nobody has to fetch a list for the operator to be told how old it is.
#[test]
fn the_operator_is_told_how_old_lists_are() {
    let service = Service::start_with(|config| {
        with_lists(config);
        config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    });
    let told = |name: &str, at: u64| {
        let line = format!("glimpse_revocation_list_{name}_seconds{{schema=\"{DRIVING}\"}} {at}\n");
        let start = Instant::now();
        while !service.metrics().contains(&line) {
            assert!(start.elapsed() < Duration::from_secs(60), "{line}");
            std::thread::sleep(Duration::from_millis(50));
        }
    };
    for moment in [NOW - NOW % 60, (NOW + 3600) - NOW % 60] {
        told("issued_at", moment);
        told("next", moment + 4500);
        service.pass(3600);
    }
    assert!(!service.metrics().contains("trust_list_version{"));
}

/// Of several that publish at once, one does, and nobody signs one moment twice.
#[test]
fn one_version_for_one_moment() {
    let (service, _, wallet, _) = start();
    service.pass(60);
    let publish = || {
        let client = wallet.client.clone();
        std::thread::spawn(move || client.publish(DRIVING).status)
    };
    let threads: Vec<_> = (0..8).map(|_| publish()).collect();
    let statuses: Vec<u16> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 7);
}

/// Caches may keep what does not change, for as long as it does not; the store is asked once for what does not.
#[test]
fn caches_may_keep_manifests_and_buckets() {
    let (service, _, wallet, credential) = start();
    let client = &wallet.client;
    let (schema, version) = (credential.schema().digest().to_string(), NOW / 60);
    // The issuer's key is not in the addresses: what is there under the next one has another tag.
    let key = credential.key().to_string()[..16].to_owned();
    let manifest = paths::MANIFEST.replace("{schema}", &schema);
    let bucket = |version: u64| {
        let path = paths::BUCKET.replace("{schema}", &schema).replace("{version}", &version.to_string());
        path.replace("{bucket}", "0")
    };
    let asked = |operation: &str| {
        let text = service.metrics();
        let line = format!("glimpse_store_operations_total{{operation=\"{operation}\",outcome=\"ok\"}} ");
        text.lines()
            .find_map(|found| found.strip_prefix(&line))
            .map_or(0, |count| count.parse::<u64>().unwrap())
    };
    let kept = |path: &str, given: &str| client.send("GET", path, &[("if-none-match", given)], None);
    for (path, tag, cache_control) in [
        (&manifest, format!("\"{key}.{version}\""), "public, max-age=60, must-revalidate"),
        (&bucket(version), format!("\"{key}.{version}.0\""), "public, max-age=86400, immutable"),
    ] {
        let whole = client.get(path, None);
        for given in [&tag, &format!("W/{tag}"), &format!("\"x\", {tag}"), "*"] {
            let answer = kept(path, given);
            assert_eq!((answer.status, answer.body.len()), (304, 0), "{given}");
            assert_eq!(
                (answer.header("etag"), answer.header("cache-control")),
                (tag.as_str(), cache_control)
            );
        }
        for given in ["\"x\"", &tag.replace('"', "'"), "", &format!("\"{key}.0{version}\"")] {
            let answer = kept(path, given);
            assert_eq!((answer.status, &answer.body), (200, &whole.body), "{given}");
            assert_eq!(
                (answer.header("etag"), answer.header("cache-control")),
                (tag.as_str(), cache_control)
            );
        }
    }
    assert_eq!(asked("bucket"), 1);
    // The service looks for its other lists' versions meanwhile: asking once without the store is enough, and every time would
    // be counted if nothing was kept.
    let start = Instant::now();
    loop {
        let before = asked("published_version");
        assert_eq!(kept(&manifest, "\"x\"").status, 200);
        if asked("published_version") == before {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(60));
    }
    // What there is not is not kept.
    client.get(&bucket(version + 1), None).problem(404, "list-unknown");

    service.pass(60);
    client.publish(DRIVING).ok::<Published>();
    let next = kept(&manifest, &format!("\"{key}.{version}\""));
    assert_eq!((next.status, next.header("etag")), (200, format!("\"{key}.{}\"", version + 1).as_str()));
    assert_eq!(wallet.manifest(&credential).document().version, version + 1);
    assert_eq!(client.get(&bucket(version + 1), None).header("etag"), format!("\"{key}.{}.0\"", version + 1));
    assert_eq!((client.get(&bucket(version), None).status, asked("bucket")), (200, 3));
}

#[test]
fn what_there_is_not() {
    let (_service, _, wallet, credential) = start();
    let client = &wallet.client;
    let schema = credential.schema().digest().to_string();
    for (schema, version, bucket) in [
        ("0", "1", "0"),
        (&"0".repeat(64), "1", "0"),
        (&schema, "2", "0"),
        (&schema, "0", "0"),
        (&schema, "01", "0"),
        (&schema, "1", "1"),
        (&schema, "1", "+0"),
        (&schema, "1", "4294967296"),
        (&schema, "x", "0"),
    ] {
        let path = paths::BUCKET.replace("{schema}", schema).replace("{version}", version);
        client.get(&path.replace("{bucket}", bucket), None).problem(404, "list-unknown");
    }
    client.get(&paths::MANIFEST.replace("{schema}", "x"), None).problem(404, "list-unknown");
    client.post(paths::REVOCATION_LISTS, None, &json!({})).problem(401, "unauthorized");
    client.post(paths::REVOCATION_LISTS, Some(RELYING_PARTY), &json!({})).problem(403, "forbidden");
    let unknown = client.post(paths::REVOCATION_LISTS, Some(ADMIN), &json!({ "profile": "cn.nothing" }));
    assert_eq!(unknown.fields(422, "invalid"), ["profile"]);
    // A licence without a holder has no handle.
    let unbound = builtin().iter().filter(|profile| profile.schema().binding() == Binding::None);
    for profile in unbound {
        client.publish(profile.schema().id()).problem(404, "list-unknown");
    }

    // A service whose issuer has no lists.
    let without = Service::start();
    without.client().publish(DRIVING).problem(404, "list-unknown");
    let all = without.client().post(paths::REVOCATION_LISTS, Some(ADMIN), &json!({}));
    all.problem(404, "list-unknown");
    let metadata: Metadata = without.client().get(paths::METADATA, None).ok();
    assert!(metadata.issuers[0].revocation.is_none() && metadata.manifest_keys.is_empty());
    let refused = json!({ "inline": policy("token", 60) });
    let refused = without.client().post(paths::REQUESTS, Some(RELYING_PARTY), &refused);
    assert_eq!(refused.status, 422);
}

/// A token of the credential is none of the interval, nor the other way round.
#[test]
fn tokens_of_intervals_are_under_their_own_key() {
    let (_service, _, wallet, credential) = start();
    let interval = wallet.interval(&credential).unwrap();
    assert_eq!(wallet.tokens(&interval, 4).len(), 4);
    let created = wallet.client.request(&policy("token", 3600));
    let relation = Relation::compile(wallet.client.fetch(&created), &wallet.registry).unwrap();
    let [mut of_credential, mut of_interval] = [wallet.tokens(&credential, 4), wallet.tokens(&interval, 4)];
    let changed_over = Holding::new(&credential, Showing::Token(of_interval.pop().unwrap()))
        .with_interval(&interval, Showing::Token(of_credential.pop().unwrap()));
    let refused = present(&relation, &wallet.secret, vec![changed_over], &mut OsRng);
    assert!(refused.is_err(), "tokens under the wrong key");
}
