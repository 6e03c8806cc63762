//! The configuration with every value in its place, on its way to what the service takes.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use glimpse_api::Metadata;
use glimpse_circuits::key::DocumentKey;
use glimpse_circuits::text::Text;
use glimpse_service::{
    Access, ApiToken, Config, IpNet, IssuerConfig, Limits, Principal, RevocationConfig, TlsConfig,
    TrustListConfig, VerifierConfig, read_secret_file,
};
use glimpse_trust::list::Roots;
use tracing_subscriber::EnvFilter;

use super::layers::Layers;
use super::store::{Node, Store};
use crate::output::read_text;

/// How long load balancers have to notice that the service stops.
const DRAIN_DELAY: Duration = Duration::from_secs(5);
/// Most bytes of a file with a token or a password.
const MAX_SECRET_FILE: usize = 4096;

/// Every value, given or not.
pub(super) struct Draft {
    pub(super) listen: SocketAddr,
    pub(super) data: PathBuf,
    pub(super) public_uri: Option<String>,
    pub(super) admin_listen: Option<SocketAddr>,
    pub(super) access_file: Option<PathBuf>,
    pub(super) trusted_proxies: Vec<IpNet>,
    pub(super) no_openapi_ui: bool,
    pub(super) cors_origins: Vec<String>,
    pub(super) issuer: Issuer,
    pub(super) revocation: Revocation,
    pub(super) verifier: Verifier,
    pub(super) store: Store,
    pub(super) node: Node,
    pub(super) tls: Tls,
    pub(super) log: Log,
    pub(super) limits: Limits,
}

pub(super) struct Issuer {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) name_en: Option<String>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) admin_token_file: Option<PathBuf>,
    pub(super) offer_lifetime: Duration,
    pub(super) exchange_lifetime: Duration,
    pub(super) exchange_capacity: usize,
}

pub(super) struct Revocation {
    pub(super) off: bool,
    pub(super) key_file: Option<PathBuf>,
    pub(super) manifest_key_file: Option<PathBuf>,
    pub(super) replaces_manifest_key: Option<DocumentKey>,
    pub(super) period: Duration,
    pub(super) fixed: bool,
    pub(super) prefix_bits: usize,
}

pub(super) struct Verifier {
    pub(super) name: Option<String>,
    pub(super) name_en: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) token_file: Option<PathBuf>,
    pub(super) trust: Vec<PathBuf>,
    pub(super) trust_list: Option<PathBuf>,
    pub(super) trust_roots: Vec<DocumentKey>,
    pub(super) trust_threshold: Option<usize>,
    pub(super) request_lifetime: Duration,
    pub(super) result_lifetime: Duration,
}

#[derive(Default)]
pub(super) struct Tls {
    pub(super) certificate_file: Option<PathBuf>,
    pub(super) key_file: Option<PathBuf>,
    pub(super) client_ca_file: Option<PathBuf>,
}

pub(super) struct Log {
    pub(super) filter: String,
    pub(super) json: bool,
}

impl Default for Draft {
    fn default() -> Self {
        let empty = Text { zh_cn: String::new(), en: String::new() };
        let (issuer, verifier) = (IssuerConfig::new("", empty.clone(), ""), VerifierConfig::new(empty));
        let revocation = RevocationConfig::new("", "");
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8080).into(),
            data: "glimpse-data".into(),
            public_uri: None,
            admin_listen: None,
            access_file: None,
            trusted_proxies: Vec::new(),
            no_openapi_ui: false,
            cors_origins: Vec::new(),
            issuer: Issuer {
                id: None,
                name: None,
                name_en: None,
                key_file: None,
                admin_token_file: None,
                offer_lifetime: Duration::from_secs(issuer.offer_lifetime),
                exchange_lifetime: Duration::from_secs(issuer.exchange_lifetime),
                exchange_capacity: issuer.exchange_capacity,
            },
            revocation: Revocation {
                off: false,
                key_file: None,
                manifest_key_file: None,
                replaces_manifest_key: None,
                period: Duration::from_secs(revocation.period),
                fixed: revocation.fixed,
                prefix_bits: usize::from(revocation.prefix_bits),
            },
            verifier: Verifier {
                name: None,
                name_en: None,
                audience: None,
                token_file: None,
                trust: Vec::new(),
                trust_list: None,
                trust_roots: Vec::new(),
                trust_threshold: None,
                request_lifetime: Duration::from_secs(verifier.request_lifetime),
                result_lifetime: Duration::from_secs(verifier.result_lifetime),
            },
            store: Store::default(),
            node: Node::default(),
            tls: Tls::default(),
            log: Log { filter: "info".to_owned(), json: false },
            limits: Limits { drain_delay: DRAIN_DELAY, ..Limits::default() },
        }
    }
}

impl Layers {
    /// What the service takes, as far as there is any; what is wrong is added to the problems. Reads the files with
    /// secrets and those of other issuers, and writes nothing.
    pub(super) fn configure(&mut self) -> Config {
        let draft = &self.draft;
        let mut config = Config::new(draft.listen, &draft.data);
        config.public_uri = draft.public_uri.clone();
        config.admin_listen = draft.admin_listen;
        config.trusted_proxies = draft.trusted_proxies.clone();
        config.openapi_ui = !draft.no_openapi_ui;
        config.cors_origins = draft.cors_origins.clone();
        config.limits = draft.limits.clone();
        if draft.issuer.id.is_none() && draft.verifier.name.is_none() {
            let reason = "nothing to serve: give issuer.id and issuer.name, or verifier.name, or both";
            self.refuse("", reason);
        }
        config.issuer = self.issuer();
        config.verifier = self.verifier();
        config.access = self.access();
        config.store = self.store();
        config.node = self.node();
        config.tls = self.tls();
        if EnvFilter::builder().parse(&self.draft.log.filter).is_err() {
            self.refuse("log.filter", "must be a filter such as info or warn,glimpse_service=debug");
        }
        let problems = glimpse_service::check(&config);
        problems.iter().for_each(|problem| self.refuse("", problem));
        config
    }

    fn issuer(&mut self) -> Option<IssuerConfig> {
        let given = self.given_in("issuer")?;
        let draft = &self.draft.issuer;
        let key_file = draft.key_file.clone().unwrap_or_else(|| self.draft.data.join("issuer.key"));
        let (Some(id), Some(name)) = (draft.id.clone(), draft.name.clone()) else {
            let missing = if draft.id.is_none() { "issuer.id" } else { "issuer.name" };
            self.refuse(given, format!("an issuer needs {missing} too"));
            return None;
        };
        let mut config = IssuerConfig::new(id, text(name, draft.name_en.clone()), key_file);
        config.exchange_capacity = draft.exchange_capacity;
        let (offer, exchange) = (draft.offer_lifetime, draft.exchange_lifetime);
        config.offer_lifetime = self.seconds("issuer.offer_lifetime", offer);
        config.exchange_lifetime = self.seconds("issuer.exchange_lifetime", exchange);
        config.revocation = self.revocation();
        Some(config)
    }

    fn revocation(&mut self) -> Option<RevocationConfig> {
        let (draft, data) = (&self.draft.revocation, &self.draft.data);
        if draft.off {
            return None;
        }
        let file = |given: &Option<PathBuf>, name| given.clone().unwrap_or_else(|| data.join(name));
        let mut config = RevocationConfig::new(
            file(&draft.key_file, "revocation.key"),
            file(&draft.manifest_key_file, "manifest.key"),
        );
        config.replaces_manifest_key = draft.replaces_manifest_key;
        let (period, fixed, prefix_bits) = (draft.period, draft.fixed, draft.prefix_bits);
        // Too many are refused with everything else that is wrong.
        config.prefix_bits = u8::try_from(prefix_bits).unwrap_or(u8::MAX);
        config.period = self.seconds("revocation.period", period);
        config.fixed = fixed;
        Some(config)
    }

    fn verifier(&mut self) -> Option<VerifierConfig> {
        let given = self.given_in("verifier")?;
        let draft = &self.draft.verifier;
        let Some(name) = draft.name.clone() else {
            self.refuse(given, "a verifier needs verifier.name too");
            return None;
        };
        let mut config = VerifierConfig::new(text(name, draft.name_en.clone()));
        config.audience = draft.audience.clone();
        let (request, result) = (draft.request_lifetime, draft.result_lifetime);
        let trust = draft.trust.clone();
        config.request_lifetime = self.seconds("verifier.request_lifetime", request);
        config.result_lifetime = self.seconds("verifier.result_lifetime", result);
        for path in &trust {
            match metadata(path) {
                Ok(metadata) => {
                    config.trusted_issuers.extend(metadata.issuers);
                    config.schemas.extend(metadata.schemas);
                }
                Err(reason) => self.refuse("verifier.trust", reason),
            }
        }
        config.trust_list = self.trust_list();
        Some(config)
    }

    /// All of the roots have to sign if it is not said how many.
    fn trust_list(&mut self) -> Option<TrustListConfig> {
        let Verifier { trust_list, trust_roots, trust_threshold, .. } = &self.draft.verifier;
        let (file, keys, threshold) = (trust_list.clone(), trust_roots.clone(), *trust_threshold);
        let Some(file) = file else {
            if !keys.is_empty() || threshold.is_some() {
                let key = if keys.is_empty() { "verifier.trust_threshold" } else { "verifier.trust_roots" };
                self.refuse(key, "is for a list of issuers: give verifier.trust_list too");
            }
            return None;
        };
        if keys.is_empty() {
            self.refuse(
                "verifier.trust_list",
                "a list of issuers needs verifier.trust_roots too: who signs it",
            );
            return None;
        }
        let Ok(threshold) = u8::try_from(threshold.unwrap_or(keys.len())) else {
            self.refuse("verifier.trust_threshold", "must be a number of roots");
            return None;
        };
        Some(TrustListConfig { file, roots: Roots { keys, threshold } })
    }

    fn tls(&mut self) -> Option<TlsConfig> {
        let given = self.given_in("tls")?;
        let Tls { certificate_file, key_file, client_ca_file } = &self.draft.tls;
        let (Some(certificate_file), Some(key_file)) = (certificate_file.clone(), key_file.clone()) else {
            let missing = if certificate_file.is_none() { "tls.certificate_file" } else { "tls.key_file" };
            self.refuse(given, format!("TLS needs {missing} too"));
            return None;
        };
        Some(TlsConfig { certificate_file, key_file, client_ca_file: client_ca_file.clone() })
    }

    fn seconds(&mut self, key: &'static str, time: Duration) -> u64 {
        if time.subsec_nanos() != 0 {
            self.refuse(key, "must be whole seconds");
        }
        time.as_secs()
    }

    /// Whoever has one of the two tokens, and whoever the access file names.
    fn access(&mut self) -> Access {
        let administrator = self.draft.issuer.admin_token_file.clone();
        let relying_party = self.draft.verifier.token_file.clone();
        let administrator = self.token("issuer.admin_token_file", administrator.as_deref());
        let relying_party = self.token("verifier.token_file", relying_party.as_deref());
        let principals = administrator.as_ref().map(Principal::sole_administrator).into_iter();
        let principals = principals.chain(relying_party.as_ref().map(Principal::sole_relying_party));
        let (access, key) = match self.draft.access_file.clone() {
            Some(path) => (Access::from_file(path, principals), "access_file"),
            None => (Access::new(principals), "verifier.token_file"),
        };
        access.map_err(|error| self.refuse(key, error)).unwrap_or_default()
    }

    fn token(&mut self, key: &'static str, path: Option<&Path>) -> Option<ApiToken> {
        self.secret(key, path, |text| ApiToken::new(text).map_err(|error| error.to_string()))
    }

    /// What is made of a file with one line, as far as there is one.
    pub(super) fn secret<T>(
        &mut self,
        key: &'static str,
        path: Option<&Path>,
        make: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let path = path?;
        let read =
            read_secret_file(path, MAX_SECRET_FILE).map_err(|error| error.to_string()).and_then(|bytes| {
                let text = std::str::from_utf8(&bytes).map_err(|_| "it is not UTF-8".to_owned())?;
                make(text.trim_end_matches(['\r', '\n']))
            });
        read.map_err(|reason| self.refuse(key, format!("{}: {reason}", path.display()))).ok()
    }
}

fn metadata(path: &Path) -> Result<Metadata, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    glimpse_circuits::json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
}

fn text(zh_cn: String, en: Option<String>) -> Text {
    Text { en: en.unwrap_or_else(|| zh_cn.clone()), zh_cn }
}
