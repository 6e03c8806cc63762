//! `glimpse licence identifier`: identifiers of licences by GB/T 36904, without a service.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use glimpse_profiles::builtin_by_schema_id;
use glimpse_profiles::identifiers::LicenceIdentifier;
use serde_json::json;

use crate::output::{self, Outcome};
use crate::profile;

/// Issue and check identifiers of licences (GB/T 36904).
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the identifier of a licence, with its check character
    Issue {
        #[command(flatten)]
        kind: Kind,
        /// Unified social credit code of the issuing authority
        #[arg(long)]
        issuer: String,
        /// The issuer's own number of the licence: digits and capital letters, 64 at most
        #[arg(long)]
        serial: String,
        /// Version, 999 at most
        #[arg(long, default_value_t = 1)]
        licence_version: u16,
    },
    /// Print the identifier that a licence has after its next correction or reissue
    Next {
        /// Identifier of today
        identifier: String,
    },
    /// Check an identifier, and print what it is made of
    Read {
        /// Identifier
        identifier: String,
    },
}

/// What kind of licence.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Kind {
    /// Code of the licence's type: 18 characters of the authority that defined it, and 3 digits
    #[arg(long = "type")]
    code: Option<String>,
    /// Profile that knows the code of its type
    #[arg(long)]
    profile: Option<String>,
}

impl Kind {
    fn code(&self) -> Result<&str, Box<dyn std::error::Error>> {
        let Some(id) = &self.profile else { return Ok(self.code.as_deref().unwrap_or_default()) };
        let profile = builtin_by_schema_id(id).ok_or_else(|| profile::unknown(id))?;
        let code = profile.licence_type().code.as_deref();
        code.ok_or_else(|| format!("{id} does not know the code of its type: say it with --type").into())
    }
}

/// Answers are JSON, one object on standard output.
pub(crate) fn run(command: Command) -> Outcome {
    let identifier: LicenceIdentifier = match command {
        Command::Issue { kind, issuer, serial, licence_version } => {
            LicenceIdentifier::issue(kind.code()?, &issuer, &serial, licence_version)?
        }
        Command::Next { identifier } => identifier.parse::<LicenceIdentifier>()?.next_version()?,
        Command::Read { identifier } => identifier.parse()?,
    };
    output::json(&json!({
        "identifier": identifier.to_string(),
        "type": identifier.type_code(),
        "issuer": identifier.issuer(),
        "serial": identifier.serial(),
        "version": identifier.version().to_string(),
    }))?;
    Ok(ExitCode::SUCCESS)
}
