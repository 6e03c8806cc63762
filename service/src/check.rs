//! What can be said of a configuration without taking anything: no address is bound, nothing is written.

use std::fs;
use std::time::Duration;

use crate::config::{Config, ConfigError, Limits};
use crate::cors::check_origins;
use crate::key_file::{KeyFile, KeyFileError};
use crate::start::{StartError, check_issuer, check_verifier, node_uri, public_uri};
use crate::store::check_store;
use crate::tls::Tls;
use crate::trust_list::check_trust_list;

/// Every reason found for which a service of this configuration would not start. That there is none is no promise: who
/// else uses the address or the store shows when they are taken.
pub fn check(config: &Config) -> Vec<StartError> {
    let mut problems: Vec<StartError> = Vec::new();
    let scheme = if config.tls.is_some() { "https" } else { "http" };
    let own = format!("{scheme}://{}", config.listen);
    let public_uri = public_uri(config.public_uri.as_deref().unwrap_or(&own)).unwrap_or_else(|error| {
        problems.push(error.into());
        own
    });
    let checked = [
        check_issuer(config.issuer.as_ref()),
        check_verifier(config.verifier.as_ref(), &public_uri),
        check_origins(&config.cors_origins),
        check_addresses(config),
        check_store(&config.store),
        node_uri(config.node.as_ref(), None).map(drop),
        check_limits(&config.limits),
    ];
    problems.extend(checked.into_iter().filter_map(Result::err).map(StartError::from));
    if let Some(Err(reason)) = config.tls.clone().map(Tls::load) {
        problems.push(StartError::Tls(reason));
    }
    problems.extend(check_issuer_key(config));
    problems.extend(check_trust_list(config).err());
    problems.extend(check_data_directory(config));
    problems
}

/// Some limits mean "none" to the server when they are 0, others let nobody in.
pub(crate) fn check_limits(limits: &Limits) -> Result<(), ConfigError> {
    let refused = |member| Err(ConfigError::Member { member, reason: "must not be 0" });
    let times = [limits.request_timeout, limits.head_timeout, limits.handshake_timeout, limits.send_timeout];
    if times.contains(&Duration::ZERO) {
        return refused("limits: request, head, handshake and send timeout");
    }
    if [limits.body, limits.large_body, limits.connections].contains(&0) {
        return refused("limits: bodies and connections");
    }
    Ok(())
}

fn check_addresses(config: &Config) -> Result<(), ConfigError> {
    let same = config.listen.port() != 0 && config.admin_listen == Some(config.listen);
    let refused = ConfigError::Member {
        member: "admin address",
        reason: "must not be the one that the service listens on",
    };
    if same { Err(refused) } else { Ok(()) }
}

/// A key that is there must be sound. One that is not there is made when the service starts, or missed by its store.
fn check_issuer_key(config: &Config) -> Option<StartError> {
    let path = &config.issuer.as_ref()?.key_file;
    let reason = match KeyFile::ISSUER.open(path, false) {
        Ok(_) | Err(KeyFileError::Missing) => return None,
        Err(error) => error.to_string(),
    };
    Some(StartError::Key { path: path.clone(), reason })
}

fn check_data_directory(config: &Config) -> Option<StartError> {
    let reason = match fs::metadata(&config.data_directory) {
        Ok(metadata) if metadata.is_dir() => return None,
        Ok(_) => "it is not a directory".to_owned(),
        // Made when the service starts.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => error.to_string(),
    };
    Some(StartError::Store { directory: config.data_directory.clone(), reason })
}
