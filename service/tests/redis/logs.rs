//! What the log says of a Redis, and what it does not say.

use glimpse_api::paths;
use serde_json::json;
use sha2::Digest;

use crate::server::Redis;
use crate::support::{ADMIN, DRIVING, RELYING_PARTY, log};
use crate::visits::{Visitor, available, credential, patient, service_at, single, submit};

/// Other tests are in this log too: it is asked for what is in it, never for how often.
#[test]
fn warnings_and_failures_but_no_keys_and_no_records() {
    let mut redis = Redis::start_with(&["--appendonly", "no", "--maxmemory-policy", "allkeys-lru"]);
    let service = service_at(single(redis.address()), patient);
    let visitor = Visitor::of(&service);
    let client = visitor.client();
    let licence = client.register_sample(DRIVING, 77);
    let body = visitor.asked();
    let issued = credential(client.post(paths::CREDENTIALS, None, &body));
    let visit = visitor.visit();
    assert_eq!(submit(client, &visit, 0).status, 200);
    redis.kill();
    assert!(available(|| client.post(paths::CREDENTIALS, None, &body)).is_none());
    assert!(available(|| submit(client, &visit, 0)).is_none());

    let log = log::said();
    let code = body["code"].as_str().unwrap().to_owned();
    let fingerprint = hex::encode(sha2::Sha256::digest(code.as_bytes()));
    let issued = json!(glimpse_api::Blob::from(issued.as_slice())).as_str().unwrap()[..40].to_owned();
    let secrets = [licence, code, fingerprint, issued, visit.created.id.clone(), "holder-77".into()];
    for secret in secrets.iter().map(String::as_str).chain([ADMIN, RELYING_PARTY]) {
        let found = log.lines().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret} in {found:?}");
    }
    for said in ["keeps nothing on disk", "evict anything", "store error=Redis cannot be reached"] {
        assert!(log.contains(said), "{said}");
    }
}
