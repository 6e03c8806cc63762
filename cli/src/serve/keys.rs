//! Everything that can be configured. A new key is a field in [`Draft`], a line here, a line in
//! docs/glimpse.example.toml, and whatever `Draft::configure` makes of it.

use std::sync::LazyLock;

use serde_json::Value;

use super::draft::Draft;
use super::value::{Setting, Shape, Written};

/// One thing that can be configured.
pub(super) struct Key {
    /// Its name in the file, with its section: `issuer.id`.
    pub(super) name: &'static str,
    /// `issuer-id`, unless said otherwise.
    pub(super) flag: &'static str,
    /// `GLIMPSE_ISSUER_ID`, unless said otherwise.
    pub(super) variable: &'static str,
    pub(super) help: &'static str,
    /// What help calls its value.
    pub(super) hint: &'static str,
    pub(super) shape: Shape,
    pub(super) set: fn(&mut Draft, &Written) -> Result<(), &'static str>,
    pub(super) show: fn(&Draft) -> Value,
}

impl Key {
    /// The name that its flag had before there was a file, and its variable with it.
    fn called(self, flag: &'static str) -> Self {
        Self { flag, variable: leak(format!("GLIMPSE_{}", flag.to_uppercase().replace('-', "_"))), ..self }
    }

    /// Its section, if it has one.
    pub(super) fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }
}

/// All of them.
pub(super) static KEYS: LazyLock<Vec<Key>> = LazyLock::new(keys);

/// The key of a name.
pub(super) fn key(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

macro_rules! key {
    ($name:literal, $($field:ident).+, $help:literal) => {
        new(
            $name,
            $help,
            of(|draft| &draft.$($field).+),
            |draft, written| Setting::read(written).map(|value| draft.$($field).+ = value),
            |draft| Setting::show(&draft.$($field).+),
        )
    };
}

#[rustfmt::skip]
fn keys() -> Vec<Key> {
    vec![
        key!("listen", listen, "Address to listen on"),
        key!("data", data, "Directory of the store"),
        key!("public_uri", public_uri, "How others reach the service, if not by the address it listens on"),
        key!("admin_listen", admin_listen, "Address to answer /metrics, /version, /livez and /readyz on, for the operator alone"),
        key!("access_file", access_file, "File that says who may do what, besides those with the tokens below; `glimpse access check` checks one"),
        key!("trusted_proxies", trusted_proxies, "Network of proxies that say in Forwarded or X-Forwarded-For where a request comes from; may be repeated").called("trusted-proxy"),
        key!("no_openapi_ui", no_openapi_ui, "Do not answer /openapi.json, nor serve the pages under /docs/ to read it with"),
        key!("cors_origins", cors_origins, "Origin whose pages may call what wallets call; may be repeated"),

        key!("issuer.id", issuer.id, "Issue licences: identifier of the authority, such as its unified social credit code"),
        key!("issuer.name", issuer.name, "Name of the authority"),
        key!("issuer.name_en", issuer.name_en, "Its name in English, if not the same"),
        key!("issuer.key_file", issuer.key_file, "File of the issuer's secret key, made if it does not exist; issuer.key beside the store if not given"),
        key!("issuer.admin_token_file", issuer.admin_token_file, "File with the administrator's token, at least 16 characters. Without it nobody can register licences").called("admin-token-file"),
        key!("issuer.offer_lifetime", issuer.offer_lifetime, "How long an offer can be redeemed"),
        key!("issuer.exchange_lifetime", issuer.exchange_lifetime, "How long a token exchange is open"),
        key!("issuer.exchange_capacity", issuer.exchange_capacity, "Most token exchanges open at once"),

        key!("revocation.off", revocation.off, "Publish no revocation lists: nobody can prove then that a licence was not revoked"),
        key!("revocation.key_file", revocation.key_file, "File of the secret key of revocation lists, made if it does not exist; revocation.key beside the store if not given"),
        key!("revocation.manifest_key_file", revocation.manifest_key_file, "File of the secret key that their manifests are signed with, made if it does not exist; manifest.key beside the store if not given"),
        key!("revocation.replaces_manifest_key", revocation.replaces_manifest_key, "Public key of manifests that the one in the file takes the place of: without it the service does not start with another one than before"),
        key!("revocation.period", revocation.period, "How often a version of each list is published, besides those that the administrator wants at once"),
        key!("revocation.fixed", revocation.fixed, "Publish at the beginnings of periods only, and tell wallets so: they take no version of another moment, and none can be published at once"),
        key!("revocation.prefix_bits", revocation.prefix_bits, "First bits of a handle that name the bucket a wallet fetches, and that the issuer sees: keep thousands of holders to each"),

        key!("verifier.name", verifier.name, "Verify presentations: name of the relying party"),
        key!("verifier.name_en", verifier.name_en, "Its name in English, if not the same"),
        key!("verifier.audience", verifier.audience, "Who presentations are for, if not the public URI").called("audience"),
        key!("verifier.token_file", verifier.token_file, "File with the relying party's token, at least 16 characters. Without it nobody can create requests"),
        key!("verifier.trust", verifier.trust, "File with the metadata of another issuer to trust, as its /issuer/v1/metadata answers; may be repeated").called("trust"),
        key!("verifier.trust_list", verifier.trust_list, "File with a signed list of issuers to trust; `glimpse trust` makes and checks them").called("trust-list"),
        key!("verifier.trust_roots", verifier.trust_roots, "Public key of a root that signs the list; may be repeated").called("trust-root"),
        key!("verifier.trust_threshold", verifier.trust_threshold, "How many of the roots must have signed the first list; all if not given").called("trust-threshold"),
        key!("verifier.request_lifetime", verifier.request_lifetime, "How long a request is answered"),
        key!("verifier.result_lifetime", verifier.result_lifetime, "How long a result is kept after its request expired"),

        key!("store.redis", store.redis, "Share the store with other nodes: address of a Redis, redis://host:port/database or rediss:// with TLS"),
        key!("store.sentinels", store.sentinels, "Addresses of sentinels that know the Redis, instead of its own; may be repeated"),
        key!("store.master", store.master, "What the sentinels call it"),
        key!("store.database", store.database, "Number of the database behind sentinels"),
        key!("store.tls", store.tls, "Whether the Redis behind sentinels is spoken to with TLS"),
        key!("store.cluster", store.cluster, "Addresses of nodes of a Redis Cluster, instead of one server; may be repeated"),
        key!("store.username", store.username, "User of Redis' access control list, if not the default one"),
        key!("store.password_file", store.password_file, "File with Redis' password"),
        key!("store.sentinel_password_file", store.sentinel_password_file, "File with the sentinels' password"),
        key!("store.ca_file", store.ca_file, "File of the authorities of Redis' certificate, in PEM, if not those of the system"),
        key!("store.prefix", store.prefix, "What the names of all keys in Redis begin with"),
        key!("store.connections", store.connections, "Connections to one server"),
        key!("store.connect_timeout", store.connect_timeout, "Longest time for a connection to Redis to be made"),
        key!("store.response_timeout", store.response_timeout, "Longest time for an answer of Redis"),
        key!("store.wait_replicas", store.wait_replicas, "How many replicas must have what is written before it counts"),

        key!("node.listen", node.listen, "Address to answer other nodes of the same Redis on, in a network of their own"),
        key!("node.uri", node.uri, "How other nodes reach that, if not by the address: http://host:port"),

        key!("tls.certificate_file", tls.certificate_file, "Serve HTTPS: file of the certificate and those up to its root, in PEM"),
        key!("tls.key_file", tls.key_file, "File of the certificate's secret key, in PEM, closed to others"),
        key!("tls.client_ca_file", tls.client_ca_file, "File of the authorities whose certificates clients may show, in PEM"),

        key!("log.filter", log.filter, "What to log, as tracing's EnvFilter has it").called("log"),
        key!("log.json", log.json, "Log as JSON"),

        key!("limits.body", limits.body, "Most bytes of a body"),
        key!("limits.large_body", limits.large_body, "Most bytes of a body that carries a licence, a policy or a request"),
        key!("limits.request_timeout", limits.request_timeout, "Longest time from a request's head to its answer"),
        key!("limits.head_timeout", limits.head_timeout, "Longest time for a request's head to arrive"),
        key!("limits.keep_alive", limits.keep_alive, "How long an idle connection is kept"),
        key!("limits.handshake_timeout", limits.handshake_timeout, "Longest time for a TLS handshake"),
        key!("limits.send_timeout", limits.send_timeout, "How long an answer may lie unread before its connection is cut"),
        key!("limits.drain_delay", limits.drain_delay, "How long everything is still served, but /readyz, after a signal to stop"),
        key!("limits.shutdown_timeout", limits.shutdown_timeout, "How long requests under way may take to finish then"),
        key!("limits.reload_interval", limits.reload_interval, "How often the files that can change are looked at"),
        key!("limits.event_loops", limits.event_loops, "Event loops"),
        key!("limits.connections", limits.connections, "Most connections of one event loop"),
        key!("limits.proof_workers", limits.proof_workers, "Threads for proofs, of each role"),
        key!("limits.proof_queue", limits.proof_queue, "Most proofs waiting for a thread, of each role"),

        key!("rates.tokens", limits.rates.tokens, "Requests of token exchanges of one client"),
        key!("rates.offers", limits.rates.offers, "Offers redeemed and credentials issued, of one client"),
        key!("rates.presentations", limits.rates.presentations, "Presentations in answer to requests, of one client"),
        key!("rates.verifications", limits.rates.verifications, "Presentations checked without keeping anything, of one relying party"),
        key!("rates.requests", limits.rates.requests, "Requests and policies of one relying party"),
    ]
}

fn new(
    name: &'static str,
    help: &'static str,
    (shape, hint): (Shape, &'static str),
    set: fn(&mut Draft, &Written) -> Result<(), &'static str>,
    show: fn(&Draft) -> Value,
) -> Key {
    let flag = leak(name.replace(['.', '_'], "-"));
    Key { name, flag: "", variable: "", help, hint, shape, set, show }.called(flag)
}

fn of<T: Setting>(_: fn(&Draft) -> &T) -> (Shape, &'static str) {
    (T::SHAPE, T::HINT)
}

/// The names live as long as the process, and are made once.
fn leak(name: String) -> &'static str {
    Box::leak(name.into_boxed_str())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_limit_has_a_key() {
        let limits = format!("{:?}", glimpse_service::Limits::default());
        let (limits, rates) = limits.split_once("rates: RateLimits ").unwrap();
        for class in ["tokens", "offers", "presentations", "verifications", "requests"] {
            assert!(rates.contains(class) && key(&format!("rates.{class}")).is_some());
        }
        assert_eq!(rates.matches("RateLimit {").count(), 5);
        let fields: Vec<_> = limits.split([' ', '{']).filter_map(|part| part.strip_suffix(':')).collect();
        assert!(fields.len() >= 14 && fields.contains(&"send_timeout"), "{fields:?}");
        for field in fields {
            assert!(key(&format!("limits.{field}")).is_some(), "limits.{field}");
        }
    }

    #[test]
    fn names_are_told_apart() {
        for names in [|key: &Key| key.name, |key: &Key| key.flag, |key: &Key| key.variable] {
            assert_eq!(KEYS.iter().map(names).collect::<BTreeSet<_>>().len(), KEYS.len());
        }
        let names = |name| key(name).map(|key| (key.flag, key.variable));
        assert_eq!(names("issuer.key_file"), Some(("issuer-key-file", "GLIMPSE_ISSUER_KEY_FILE")));
        assert_eq!(names("issuer.admin_token_file"), Some(("admin-token-file", "GLIMPSE_ADMIN_TOKEN_FILE")));
        assert_eq!(names("log.filter"), Some(("log", "GLIMPSE_LOG")));
    }
}
