//! `glimpse request`: what a relying party does.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use glimpse_api::{Policy, RequestCreated, RequestCreation, RequestStatus, ResultReport, paths};

use crate::http::Client;
use crate::output::{self, Outcome, read_secret, read_text};

/// Ask for proofs and read results.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Store a policy under a name
    Policy {
        #[command(flatten)]
        service: Service,
        /// Name of the policy
        name: String,
        /// File with the policy as JSON, - for standard input
        file: PathBuf,
    },
    /// Create a request, from a stored policy or from a file
    Create {
        #[command(flatten)]
        service: Service,
        /// Name of a stored policy
        #[arg(long, conflicts_with = "file", required_unless_present = "file")]
        policy: Option<String>,
        /// File with a policy as JSON, - for standard input
        #[arg(long)]
        file: Option<PathBuf>,
    },
    /// Read what became of a request; exit status 0 only if it was answered and accepted
    Result {
        #[command(flatten)]
        service: Service,
        /// The result_uri that creation answered with
        uri: String,
    },
}

/// The relying party's service.
#[derive(Args)]
pub(crate) struct Service {
    /// Address of the service
    #[arg(long, env = "GLIMPSE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// File with the relying party's token
    #[arg(long, env = "GLIMPSE_VERIFIER_TOKEN_FILE")]
    verifier_token_file: PathBuf,
}

impl Service {
    fn client(&self) -> Result<Client, Box<dyn std::error::Error>> {
        Ok(Client::new(&self.url, Some(read_secret(&self.verifier_token_file)?.to_string())))
    }
}

/// Answers are JSON, one object on standard output.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Policy { service, name, file } => {
            let policy: Policy = glimpse_circuits::json::from_str(&read_text(&file)?)?;
            service.client()?.put(&paths::POLICY.replace("{policy}", &name), &policy)?;
        }
        Command::Create { service, policy, file } => {
            let creation = match (policy, file) {
                (Some(name), _) => RequestCreation::Policy(name),
                (None, Some(file)) => {
                    RequestCreation::Inline(glimpse_circuits::json::from_str(&read_text(&file)?)?)
                }
                (None, None) => return Err("give --policy or --file".into()),
            };
            let created: RequestCreated = service.client()?.post(paths::REQUESTS, &creation)?;
            output::json(&created)?;
        }
        Command::Result { service, uri } => {
            // The token goes to the service it belongs to, not to whatever address was pasted.
            let path = uri.strip_prefix(service.url.trim_end_matches('/')).unwrap_or(&uri);
            if !path.starts_with('/') {
                return Err(format!("the result is not at {}", service.url).into());
            }
            let result: ResultReport = service.client()?.get(path)?;
            output::json(&result)?;
            if result.status != RequestStatus::Accepted {
                return Ok(ExitCode::FAILURE);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
