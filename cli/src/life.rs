//! What becomes of a licence after it was registered: the rest of `glimpse licence`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use clap::{Args, Subcommand, ValueEnum};
use glimpse_api::{
    Catalogue, EndedAs, LicenceChange, LicenceCorrection, LicenceReport, Publication, Published,
    RegisteredLicence, WalletChange, WalletChanged, paths,
};

use crate::http::{Client, HttpError};
use crate::licence::Service;
use crate::output::{self, Outcome, note, read_text};
use crate::{step, table};

/// Longest wait for the minute in which a list may be published again.
const PATIENCE: Duration = Duration::from_secs(150);

/// Follow a licence through its life.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Where a licence stands, and how it came there
    Show(Licence),
    /// Suspend a licence: it cannot be shown as not revoked from the next revocation list on
    Suspend(Change),
    /// Lift a suspension
    Resume(Change),
    /// End a licence for good
    End {
        #[command(flatten)]
        change: Change,
        /// Which way it ended
        #[arg(long = "as")]
        ended: Ended,
    },
    /// Take over the registry's own status code
    Status {
        #[command(flatten)]
        change: Change,
        /// As the registry writes it; `glimpse profile show` lists a profile's codes
        #[arg(long)]
        code: String,
    },
    /// Open a dispute about what a licence says
    Dispute {
        #[command(flatten)]
        change: Change,
        /// Suspend the licence until the dispute is decided
        #[arg(long)]
        suspend: bool,
    },
    /// Reject the dispute: what it suspended is valid again
    RejectDispute(Change),
    /// Put a corrected version in a licence's place, and end the licence
    Correct {
        #[command(flatten)]
        change: Change,
        /// File with all attributes as a JSON object, - for standard input
        file: PathBuf,
    },
    /// Let a holder go over to a new wallet: everything that the old one holds is revoked
    NewWallet {
        #[command(flatten)]
        service: Service,
        /// The authority's reference for the holder
        #[arg(long)]
        holder: String,
        /// Why, such as a lost phone
        #[arg(long)]
        reason: String,
    },
    /// Publish revocation lists at once, waiting for the next minute if need be
    Publish {
        #[command(flatten)]
        service: Service,
        /// Only the list of this profile
        #[arg(long)]
        profile: Option<String>,
    },
    /// How many licences of which kind stand where
    Catalogue {
        #[command(flatten)]
        service: Service,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
}

/// A licence of a service.
#[derive(Args)]
pub(crate) struct Licence {
    #[command(flatten)]
    service: Service,
    /// Reference that registration answered with
    licence: String,
}

/// A licence, and why it changes.
#[derive(Args)]
pub(crate) struct Change {
    #[command(flatten)]
    licence: Licence,
    /// Why, without repeating what the licence says. Kept with the licence
    #[arg(long)]
    reason: String,
}

/// How a licence ended.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Ended {
    /// Its term ran out (届满)
    Expired,
    /// Another authority or holder took it over (转移)
    Transferred,
    /// Given up or struck off without blame (注销)
    Cancelled,
    /// Taken away (吊销、撤销)
    Revoked,
}

/// Answers are JSON, one object on standard output.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Show(Licence { service, licence }) => {
            output::json(&service.client()?.get::<LicenceReport>(&at(paths::LICENCE, &licence))?)?;
        }
        Command::Suspend(change) => apply(change, |reason| LicenceChange::Suspend { reason })?,
        Command::Resume(change) => apply(change, |reason| LicenceChange::Resume { reason })?,
        Command::End { change, ended } => {
            let ended = match ended {
                Ended::Expired => EndedAs::Expired,
                Ended::Transferred => EndedAs::Transferred,
                Ended::Cancelled => EndedAs::Cancelled,
                Ended::Revoked => EndedAs::Revoked,
            };
            apply(change, |reason| LicenceChange::End { ended, reason })?;
        }
        Command::Status { change, code } => apply(change, |reason| LicenceChange::Status { code, reason })?,
        Command::Dispute { change, suspend } => {
            apply(change, |reason| LicenceChange::OpenDispute { suspend, reason })?;
        }
        Command::RejectDispute(change) => apply(change, |reason| LicenceChange::RejectDispute { reason })?,
        Command::Correct { change, file } => {
            let Change { licence: Licence { service, licence }, reason } = change;
            let attributes = glimpse_circuits::json::from_str(&read_text(&file)?)?;
            let body = LicenceCorrection { attributes, overrides: Vec::new(), reason };
            let path = at(paths::LICENCE_CORRECTION, &licence);
            output::json(&step::take::<RegisteredLicence>(&service.client()?, &path, &body)?)?;
        }
        Command::NewWallet { service, holder, reason } => {
            let body = WalletChange { holder, reason };
            output::json(&step::take::<WalletChanged>(&service.client()?, paths::WALLET_CHANGES, &body)?)?;
        }
        Command::Publish { service, profile } => {
            output::json(&publish(&service.client()?, &Publication { profile })?)?;
        }
        Command::Catalogue { service, json } => catalogue(&service.client()?, json)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn at(pattern: &str, licence: &str) -> String {
    pattern.replace("{licence}", licence)
}

fn apply(
    change: Change,
    act: impl FnOnce(String) -> LicenceChange,
) -> Result<(), Box<dyn std::error::Error>> {
    let Change { licence: Licence { service, licence }, reason } = change;
    let path = at(paths::LICENCE_CHANGES, &licence);
    output::json(&step::take::<LicenceReport>(&service.client()?, &path, &act(reason))?)
}

/// There is one version in a minute at most: the next minute is waited for.
fn publish(client: &Client, wanted: &Publication) -> Result<Published, HttpError> {
    let (start, mut told) = (Instant::now(), false);
    loop {
        match client.post(paths::REVOCATION_LISTS, wanted) {
            Err(error) if error.kind() == Some("rate-limited") && start.elapsed() < PATIENCE => {
                if !told {
                    note("A version was published in this minute already; waiting for the next …");
                    told = true;
                }
                sleep(Duration::from_secs(2));
            }
            other => return other,
        }
    }
}

fn catalogue(client: &Client, as_json: bool) -> Result<(), Box<dyn std::error::Error>> {
    let catalogue: Catalogue = client.get(paths::CATALOGUE)?;
    if as_json {
        return output::json(&catalogue);
    }
    let mut rows = table::new(&["profile", "version", "stage", "licences"]);
    let mut counts = catalogue.counts;
    counts.sort_by(|one, other| {
        let key = |count: &glimpse_api::CatalogueCount| (count.profile.clone(), count.version, count.stage);
        key(one).cmp(&key(other))
    });
    for count in counts {
        let profile = if count.profile.is_empty() { count.schema.to_string() } else { count.profile };
        rows.add_row([
            profile,
            count.version.to_string(),
            count.stage.name().to_owned(),
            count.count.to_string(),
        ]);
    }
    output::line(&format!("issuer {}\n{rows}", catalogue.issuer));
    Ok(())
}
