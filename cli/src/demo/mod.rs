//! `glimpse demo`: everything once, on a free loopback port and a temporary store.

mod attacks;
mod crook;
mod lives;
mod policies;
mod provinces;
mod report;
mod requests;
mod world;

use std::process::ExitCode;

use clap::Args;

use crate::demo::report::Report;
use crate::demo::world::{DemoResult, Service, text};
use crate::output::{self, Outcome, note};

/// How to report.
#[derive(Args)]
pub(crate) struct Arguments {
    /// One JSON object on standard output instead of tables
    #[arg(long)]
    json: bool,
}

/// Exit status 0 only if every request was accepted, every attack refused for the reason it should be, and every step of
/// licences' lives led where it should.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let report = play()?;
    if arguments.json {
        output::json(&report)?
    } else {
        output::line(&report.to_text())
    }
    Ok(if report.is_as_it_should_be() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn play() -> DemoResult<Report> {
    let directory = tempfile::tempdir()?;
    let place = |name: &str| directory.path().join(name);
    note("Starting an issuer and verifier, another relying party, and an issuer that nobody trusts …");
    let service = Service::start(&place("service"), text("示范证照机关", "Demo authority"), Vec::new())?;
    let trusted = service.registry()?.issuers().map(|issuer| issuer.as_ref().clone()).collect();
    let elsewhere =
        Service::start(&place("elsewhere"), text("另一依赖方", "Another relying party"), trusted)?;
    let rogue = Service::start(&place("rogue"), text("冒牌机关", "Rogue authority"), Vec::new())?;

    note("Registering licences, filling a wallet, answering four requests …");
    let requests = requests::run(&service, &place("wallet"))?;
    note("Trying what must be refused …");
    let refused = attacks::run(&service, &elsewhere, &rogue)?;
    note("Revoking, correcting, and going to another province …");
    let lives = lives::run(&service, &place("lives"))?;
    for service in [service, elsewhere, rogue] {
        service.running.stop()?;
    }
    Ok(Report { requests, refused, lives })
}
