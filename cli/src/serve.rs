//! `glimpse serve`.

use std::io::IsTerminal;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use glimpse_api::Metadata;
use glimpse_circuits::text::Text;
use glimpse_service::{Access, ApiToken, Config, IpNet, IssuerConfig, Principal, VerifierConfig, spawn};
use tracing_subscriber::EnvFilter;

use crate::output::{Outcome, line, read_secret, read_text};

/// Where the service listens and which roles it has.
#[derive(Args)]
pub(crate) struct Arguments {
    /// Address to listen on
    #[arg(long, env = "GLIMPSE_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// Directory of the store
    #[arg(long, env = "GLIMPSE_DATA", default_value = "glimpse-data")]
    data: PathBuf,
    /// How others reach the service, if not by the address it listens on
    #[arg(long, env = "GLIMPSE_PUBLIC_URI")]
    public_uri: Option<String>,
    /// Issue licences: identifier of the authority, such as its unified social credit code
    #[arg(long, env = "GLIMPSE_ISSUER_ID", requires = "issuer_name")]
    issuer_id: Option<String>,
    /// Name of the authority
    #[arg(long, env = "GLIMPSE_ISSUER_NAME", requires = "issuer_id")]
    issuer_name: Option<String>,
    /// Its name in English [default: the same]
    #[arg(long, env = "GLIMPSE_ISSUER_NAME_EN", requires = "issuer_id")]
    issuer_name_en: Option<String>,
    /// File of the issuer's secret key, made if it does not exist [default: issuer.key beside the store]
    #[arg(long, env = "GLIMPSE_ISSUER_KEY_FILE", requires = "issuer_id")]
    issuer_key_file: Option<PathBuf>,
    /// File with the administrator's token, at least 16 characters. Without it nobody can register licences
    #[arg(long, env = "GLIMPSE_ADMIN_TOKEN_FILE", requires = "issuer_id")]
    admin_token_file: Option<PathBuf>,
    /// Verify presentations: name of the relying party
    #[arg(long, env = "GLIMPSE_VERIFIER_NAME")]
    verifier_name: Option<String>,
    /// Its name in English [default: the same]
    #[arg(long, env = "GLIMPSE_VERIFIER_NAME_EN", requires = "verifier_name")]
    verifier_name_en: Option<String>,
    /// Who presentations are for [default: the public URI]
    #[arg(long, env = "GLIMPSE_AUDIENCE", requires = "verifier_name")]
    audience: Option<String>,
    /// File with the relying party's token, at least 16 characters. Without it nobody can create requests
    #[arg(long, env = "GLIMPSE_VERIFIER_TOKEN_FILE", requires = "verifier_name")]
    verifier_token_file: Option<PathBuf>,
    /// File with the metadata of another issuer to trust, as its /issuer/v1/metadata answers; may be repeated
    #[arg(long = "trust", requires = "verifier_name")]
    trust: Vec<PathBuf>,
    /// File that says who may do what, besides those with the tokens above; `glimpse access check` checks one
    #[arg(long, env = "GLIMPSE_ACCESS_FILE")]
    access_file: Option<PathBuf>,
    /// Address or network, such as 10.0.0.0/8, of proxies that say where a request comes from in Forwarded or
    /// X-Forwarded-For; may be repeated
    #[arg(long = "trusted-proxy", env = "GLIMPSE_TRUSTED_PROXY", value_delimiter = ',', value_parser = network)]
    trusted_proxies: Vec<IpNet>,
    /// Address to answer GET /metrics on, for the operator alone [default: nowhere]
    #[arg(long, env = "GLIMPSE_METRICS_LISTEN")]
    metrics_listen: Option<SocketAddr>,
    /// Log as JSON
    #[arg(long, env = "GLIMPSE_LOG_JSON")]
    log_json: bool,
}

/// Serves until SIGINT or SIGTERM. What to log is taken from GLIMPSE_LOG, `info` by default.
pub(crate) fn run(arguments: Arguments) -> Outcome {
    let filter = EnvFilter::try_from_env("GLIMPSE_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let log = log.with_ansi(std::io::stderr().is_terminal());
    if arguments.log_json {
        log.json().init()
    } else {
        log.init()
    }

    let running = spawn(config(arguments)?)?;
    line(&format!("serving at {}", running.base_url()));
    if let Some(url) = running.metrics_url() {
        line(&format!("metrics at {url}/metrics"));
    }
    running.wait()?;
    Ok(ExitCode::SUCCESS)
}

fn config(arguments: Arguments) -> Result<Config, Box<dyn std::error::Error>> {
    if arguments.issuer_id.is_none() && arguments.verifier_name.is_none() {
        return Err(
            "nothing to serve: give --issuer-id and --issuer-name, or --verifier-name, or both".into()
        );
    }
    let mut config = Config::new(arguments.listen, &arguments.data);
    config.public_uri = arguments.public_uri;
    config.metrics_listen = arguments.metrics_listen;
    config.trusted_proxies = arguments.trusted_proxies;
    let administrator = token(arguments.admin_token_file)?.as_ref().map(Principal::sole_administrator);
    let relying_party = token(arguments.verifier_token_file)?.as_ref().map(Principal::sole_relying_party);
    let principals = administrator.into_iter().chain(relying_party);
    config.access = match arguments.access_file {
        Some(path) => Access::from_file(path, principals)?,
        None => Access::new(principals)?,
    };
    if let (Some(id), Some(name)) = (arguments.issuer_id, arguments.issuer_name) {
        let key_file = arguments.issuer_key_file.unwrap_or_else(|| arguments.data.join("issuer.key"));
        let issuer = IssuerConfig::new(id, text(name, arguments.issuer_name_en), key_file);
        config.issuer = Some(issuer);
    }
    if let Some(name) = arguments.verifier_name {
        let mut verifier = VerifierConfig::new(text(name, arguments.verifier_name_en));
        verifier.audience = arguments.audience;
        for path in &arguments.trust {
            let metadata: Metadata = glimpse_circuits::json::from_str(&read_text(path)?)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            verifier.trusted_issuers.extend(metadata.issuers);
            verifier.schemas.extend(metadata.schemas);
        }
        config.verifier = Some(verifier);
    }
    Ok(config)
}

fn token(path: Option<PathBuf>) -> Result<Option<ApiToken>, Box<dyn std::error::Error>> {
    let Some(path) = path else { return Ok(None) };
    let token = read_secret(&path)?;
    Ok(Some(ApiToken::new(token.as_str()).map_err(|error| format!("{}: {error}", path.display()))?))
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let network = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map_err(|_| "expected an address or a network, such as 10.0.0.0/8".to_owned())
}

fn text(zh_cn: String, en: Option<String>) -> Text {
    Text { en: en.unwrap_or_else(|| zh_cn.clone()), zh_cn }
}
