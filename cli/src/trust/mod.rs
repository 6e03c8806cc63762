//! `glimpse trust`: the signed list of issuers that verifiers and wallets go by.

mod changes;
mod issuer;
pub(crate) mod moment;
mod show;
mod sign;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use glimpse_circuits::key::DocumentKey;
use glimpse_service::KeyFile;
use glimpse_trust::{Envelope, TrustList};
use serde::Serialize;

use crate::output::{self, Outcome, line, note, read_text};

/// Make, sign and check lists of issuers.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make and read the keys that lists are signed with
    #[command(subcommand)]
    Root(Root),
    /// Ask an issuer's service who it is, and print that as a list has it
    Issuer(issuer::Arguments),
    /// Put a draft together, from the last list and from issuers
    Draft(sign::DraftArguments),
    /// Make a draft the next list, and sign it
    Sign(sign::SignArguments),
    /// Add a signature to a list that others have signed
    Cosign(sign::CosignArguments),
    /// Check a list and show what is in it
    Show(show::Arguments),
    /// Say whether whoever has one list would take another, and what is different in it
    Check {
        /// The list that is in force
        #[arg(long, value_name = "ENVELOPE")]
        last: PathBuf,
        /// The list that is to follow
        envelope: PathBuf,
        /// As JSON
        #[arg(long)]
        json: bool,
    },
}

/// Root keys.
#[derive(Subcommand)]
pub(crate) enum Root {
    /// Make a key, and print its public part: whoever relies on the list gives that to the verifier (`verifier.trust_roots`) or
    /// the wallet (`glimpse wallet trust`)
    New {
        /// File for the secret key, which must not exist
        #[arg(long)]
        out: PathBuf,
    },
    /// Print the public part of a key
    Show {
        /// File of the secret key
        file: PathBuf,
    },
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Root(Root::New { out }) => {
            let key = KeyFile::DOCUMENT.create(&out).map_err(|error| at(&out, error))?;
            line(&key.public().to_string());
        }
        Command::Root(Root::Show { file }) => {
            let key = KeyFile::DOCUMENT.read(&file).map_err(|error| at(&file, error))?;
            line(&key.public().to_string());
        }
        Command::Issuer(arguments) => issuer::run(arguments)?,
        Command::Draft(arguments) => sign::draft(arguments)?,
        Command::Sign(arguments) => sign::sign(arguments)?,
        Command::Cosign(arguments) => sign::cosign(arguments)?,
        Command::Show(arguments) => show::run(&arguments)?,
        Command::Check { last, envelope, json } => return check(&last, &envelope, json),
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether a list would be taken, for programs.
#[derive(Serialize)]
struct Checked<'a> {
    would_be_taken: bool,
    /// Why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// In words.
    changes: &'a [String],
}

fn check(last: &Path, next: &Path, as_json: bool) -> Outcome {
    let (old, envelope) = (in_force(last)?, read_envelope(next)?);
    let claimed = TrustList::claimed(&envelope).map_err(|error| at(next, error))?;
    let changes = changes::changes(old.document(), claimed.document());
    let taken = old.next(&envelope, now());
    if as_json {
        let (would_be_taken, reason) = (taken.is_ok(), taken.as_ref().err().map(ToString::to_string));
        output::json(&Checked { would_be_taken, reason, changes: &changes })?;
        return Ok(if would_be_taken { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    changes.iter().for_each(|change| line(change));
    Ok(match taken {
        Ok(_) if changes.is_empty() => {
            line("the same list");
            ExitCode::SUCCESS
        }
        Ok(_) => {
            line("would be taken");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            note(&format!("glimpse: would not be taken: {reason}"));
            ExitCode::FAILURE
        }
    })
}

/// The list of an envelope that its own roots have signed, as whoever took it has it: it may have expired since.
fn in_force(path: &Path) -> Result<TrustList, Box<dyn Error>> {
    let envelope = read_envelope(path)?;
    let claimed = TrustList::claimed(&envelope).map_err(|error| at(path, error))?;
    let document = claimed.document();
    Ok(TrustList::first(&envelope, &document.roots, document.issued_at).map_err(|error| at(path, error))?)
}

fn read_envelope(path: &Path) -> Result<Envelope, Box<dyn Error>> {
    Ok(Envelope::from_json(&read_text(path)?).map_err(|error| at(path, error))?)
}

/// Which file an error is about.
fn at(path: &Path, error: impl ToString) -> String {
    format!("{}: {}", path.display(), error.to_string())
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(u64::MAX, |since| since.as_secs())
}

/// As many characters of a key as it takes to tell it from others at a glance.
fn short(key: &impl ToString) -> String {
    key.to_string().chars().take(16).collect()
}

fn shorts(keys: &[DocumentKey]) -> String {
    keys.iter().map(short).collect::<Vec<_>>().join(", ")
}
