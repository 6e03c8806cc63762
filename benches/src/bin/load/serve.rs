//! The service, in a process of its own.

use std::io::{self, Read, Write};

use glimpse_circuits::text::Text;
use glimpse_service::{Access, ApiToken, Clock, Config, Principal, VerifierConfig, spawn};

use crate::stock::{AUDIENCE, NOW, TOKEN, issuers};

/// Serves until the standard input ends, as it does when the parent does. Writes the address for everybody and that of
/// the metrics to the standard output, and logs as `glimpse serve` does.
pub(crate) fn run() {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    let directory = tempfile::tempdir().unwrap();
    // As it stands in the requests that were prepared.
    let name = Text { zh_cn: "验证方".into(), en: "Verifier".into() };
    let mut verifier = VerifierConfig::new(name);
    verifier.audience = Some(AUDIENCE.to_owned());
    verifier.trusted_issuers = issuers();
    let mut config = Config::new("127.0.0.1:0".parse().unwrap(), directory.path());
    config.verifier = Some(verifier);
    config.access = Access::new([Principal::sole_relying_party(&ApiToken::new(TOKEN).unwrap())]).unwrap();
    config.admin_listen = Some("127.0.0.1:0".parse().unwrap());
    // The moment for which the presentations were made.
    config.clock = Clock::new(|| NOW);
    config.stop_on_signals = false;
    let running = spawn(config).unwrap();
    println!("{} {}", running.base_url(), running.admin_url().unwrap());
    io::stdout().flush().unwrap();
    io::stdin().read_to_end(&mut Vec::new()).unwrap();
    running.stop().unwrap();
}
