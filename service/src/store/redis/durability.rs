//! What a Redis would lose, and when: read at the start, said in the log.

use std::collections::HashMap;

use redis::cmd;

use super::source::{Link, Source};

/// What a server says of itself. `None` where it would not.
#[derive(Clone, Debug, Default)]
struct Readings {
    appendonly: Option<String>,
    appendfsync: Option<String>,
    save: Option<String>,
    maxmemory_policy: Option<String>,
    role: Option<String>,
}

/// Says in the log what is to be known of the servers before relying on them.
pub(super) async fn warn(source: &Source) {
    for link in source.each().await {
        let readings = match link {
            Ok(mut link) => Readings::of(&mut link).await,
            Err(_) => Readings::default(),
        };
        for warning in warnings(&readings) {
            tracing::warn!("Redis: {warning}");
        }
    }
}

impl Readings {
    async fn of(link: &mut Link) -> Self {
        let mut configured: HashMap<String, String> = HashMap::new();
        for name in ["appendonly", "appendfsync", "save", "maxmemory-policy"] {
            let found = cmd("CONFIG").arg("GET").arg(name).query_async::<HashMap<String, String>>(link).await;
            configured.extend(found.unwrap_or_default());
        }
        let replication =
            cmd("INFO").arg("replication").query_async::<String>(link).await.unwrap_or_default();
        let role = replication.lines().find_map(|line| line.strip_prefix("role:"));
        let mut take = |name| configured.remove(name);
        Self {
            appendonly: take("appendonly"),
            appendfsync: take("appendfsync"),
            save: take("save"),
            maxmemory_policy: take("maxmemory-policy"),
            role: role.map(|role| role.trim().to_owned()),
        }
    }
}

/// What there is to be said, in plain words.
fn warnings(readings: &Readings) -> Vec<&'static str> {
    let mut said = Vec::new();
    match (readings.appendonly.as_deref(), readings.appendfsync.as_deref(), readings.save.as_deref()) {
        (None, ..) => said.push(
            "it does not say whether it keeps anything on disk: make sure that it does, for what it loses are used \
             offers, revocation handles and decisions",
        ),
        (Some("yes"), Some("always"), _) => {}
        (Some("yes"), Some("everysec"), _) => said.push(
            "appendfsync is everysec: a loss of power may cost what was acknowledged in the last second; always \
             costs nothing but time",
        ),
        (Some("yes"), ..) => said.push(
            "appendfsync is no: a loss of power may cost what was acknowledged in the last half minute",
        ),
        (_, _, Some("") | None) => said.push(
            "it keeps nothing on disk: after a restart licences, offers and registrations are gone, and handles \
             would be given out twice; set appendonly yes",
        ),
        _ => said.push(
            "it keeps snapshots only: after a crash everything since the last one is gone, decisions and handles \
             included; set appendonly yes",
        ),
    }
    match readings.maxmemory_policy.as_deref() {
        None => said.push("it does not say what it does when memory is full: maxmemory-policy must be noeviction"),
        Some("noeviction") => {}
        Some(policy) if policy.starts_with("volatile-") => said.push(
            "maxmemory-policy may evict what expires: an undecided request or an unused offer may vanish, and a \
             used offer with its answer; set noeviction",
        ),
        Some(_) => said.push(
            "maxmemory-policy may evict anything: a handle or a registration that is evicted would be given out a \
             second time; set noeviction",
        ),
    }
    match readings.role.as_deref() {
        Some("master") => {}
        Some(_) => {
            said.push("it is a replica: it takes no writes, and everything that needs one is answered 503")
        }
        None => said.push("it does not say whether it is a master"),
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_what() {
        let sound: [&str; 5] = ["yes", "always", "", "noeviction", "master"];
        let said = |values: [&str; 5]| {
            let [appendonly, appendfsync, save, maxmemory_policy, role] =
                values.map(|value| (value != "?").then(|| value.to_owned()));
            warnings(&Readings { appendonly, appendfsync, save, maxmemory_policy, role })
        };
        assert!(said(sound).is_empty());
        for (at, value, expected) in [
            (0, "?", "does not say whether it keeps"),
            (0, "no", "keeps nothing on disk"),
            (1, "everysec", "everysec"),
            (1, "no", "appendfsync is no"),
            (1, "?", "appendfsync is no"),
            (3, "?", "must be noeviction"),
            (3, "allkeys-lru", "evict anything"),
            (3, "allkeys-random", "evict anything"),
            (3, "volatile-ttl", "evict what expires"),
            (4, "?", "does not say whether it is a master"),
            (4, "slave", "is a replica"),
        ] {
            let mut values = sound;
            values[at] = value;
            let found = said(values);
            assert!(found.len() == 1 && found[0].contains(expected), "{at} {value}: {found:?}");
        }
        // Whatever is saved otherwise, with the file that is appended to it does not matter.
        assert!(said(["yes", "always", "3600 1", "noeviction", "master"]).is_empty());
        assert!(said(["no", "everysec", "3600 1", "noeviction", "master"])[0].contains("snapshots only"));
        assert!(said(["no", "everysec", "?", "noeviction", "master"])[0].contains("nothing on disk"));
        assert_eq!(said(["?"; 5]).len(), 3);
    }
}
