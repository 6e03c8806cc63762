//! The `glimpse` command.
//!
//! Exit status: 0 when all went as it should, 1 when something was refused or failed, 2 when the command line is wrong.

mod access;
mod demo;
mod http;
mod identifier;
mod import;
mod licence;
mod life;
mod output;
mod profile;
mod request;
mod serve;
mod step;
mod table;
mod trust;
mod verify;
mod wallet;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::output::fail;

/// Anonymous proofs of facts about electronic licences.
#[derive(Parser)]
#[command(name = "glimpse", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything once: a service, a wallet, four requests, eleven attacks, a revocation, a correction, two provinces
    Demo(demo::Arguments),
    /// Run the service: issuer, verifier, or both
    Serve(Box<serve::Arguments>),
    /// Make keys and check access files (operator)
    #[command(subcommand)]
    Access(access::Command),
    /// Register licences, offer them, and follow them through their lives (issuer's administrator)
    #[command(subcommand)]
    Licence(licence::Command),
    /// Look at licence profiles and check new ones
    #[command(subcommand)]
    Profile(profile::Command),
    /// Ask for proofs and read results (relying party)
    #[command(subcommand)]
    Request(request::Command),
    /// Make, sign and check lists of issuers (who runs a list, and who relies on it; a wallet is given one by `wallet trust`)
    #[command(subcommand)]
    Trust(trust::Command),
    /// Check a presentation from files, without a service
    Verify(verify::Arguments),
    /// Obtain credentials, look at requests, present (holder)
    Wallet(wallet::Arguments),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Serve(arguments) => serve::run(*arguments),
        Command::Access(command) => access::run(command),
        Command::Licence(command) => licence::run(command),
        Command::Profile(command) => profile::run(command),
        Command::Request(command) => request::run(command),
        Command::Trust(command) => trust::run(command),
        Command::Verify(arguments) => verify::run(&arguments),
        Command::Wallet(arguments) => wallet::run(arguments),
    };
    outcome.unwrap_or_else(|error| fail(error.as_ref()))
}
