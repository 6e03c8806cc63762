//! `glimpse licence`: what an issuer's administrator does.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use glimpse_api::{LicenceRegistration, OfferCreated, RegisteredLicence, paths};
use glimpse_profiles::sample::Persona;

use crate::http::Client;
use crate::identifier;
use crate::import;
use crate::life;
use crate::output::{self, Outcome, read_secret, read_text};
use crate::profile;

/// Register licences and make offers.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// List the profiles there are
    Profiles,
    /// Print a generated licence, to try things with
    Sample {
        /// Profile, such as cn.driving_licence
        profile: String,
        /// Whose licence: the same number gives the same person
        #[arg(long, default_value_t = 1)]
        seed: u64,
    },
    /// Register a licence
    Register {
        #[command(flatten)]
        service: Service,
        /// Profile, such as cn.driving_licence
        #[arg(long)]
        profile: String,
        /// The authority's reference for the holder: the same for all licences of one person
        #[arg(long)]
        holder: String,
        /// File with the licence's attributes as a JSON object, - for standard input
        file: PathBuf,
    },
    /// Register the licences of a file; can be killed and gone on with at any point
    Import {
        #[command(flatten)]
        service: Service,
        #[command(flatten)]
        arguments: Box<import::Arguments>,
    },
    /// Make a one-time offer for a registered licence
    Offer {
        #[command(flatten)]
        service: Service,
        /// Reference that registration answered with
        licence: String,
    },
    /// Issue and check identifiers of licences (GB/T 36904)
    #[command(subcommand)]
    Identifier(identifier::Command),
    #[command(flatten)]
    Life(life::Command),
}

/// The issuer's service.
#[derive(Args)]
pub(crate) struct Service {
    /// Address of the service
    #[arg(long, env = "GLIMPSE_URL", default_value = "http://127.0.0.1:8080")]
    url: String,
    /// File with the administrator's token
    #[arg(long, env = "GLIMPSE_ADMIN_TOKEN_FILE")]
    admin_token_file: PathBuf,
}

impl Service {
    /// A client of it.
    pub(crate) fn client(&self) -> Result<Client, Box<dyn std::error::Error>> {
        Ok(Client::new(&self.url, Some(read_secret(&self.admin_token_file)?.to_string())))
    }
}

/// Answers are JSON, one object on standard output; that of an import is a table.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Profiles => profile::list(),
        Command::Sample { profile, seed } => {
            let known =
                glimpse_profiles::builtin_by_schema_id(&profile).ok_or_else(|| profile::unknown(&profile))?;
            output::json(&known.sample(&Persona::new(seed)))?;
        }
        Command::Register { service, profile, holder, file } => {
            let attributes = glimpse_circuits::json::from_str(&read_text(&file)?)?;
            let body = LicenceRegistration { profile, holder, attributes, overrides: Vec::new() };
            let registered: RegisteredLicence = service.client()?.post(paths::LICENCES, &body)?;
            output::json(&registered)?;
        }
        Command::Import { service, arguments } => return import::run(&service.client()?, &arguments),
        Command::Offer { service, licence } => {
            let path = paths::LICENCE_OFFERS.replace("{licence}", &licence);
            let offer: OfferCreated = service.client()?.post(&path, &serde_json::json!({}))?;
            output::json(&offer)?;
        }
        Command::Identifier(command) => return identifier::run(command),
        Command::Life(command) => return life::run(command),
    }
    Ok(ExitCode::SUCCESS)
}
