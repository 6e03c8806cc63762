//! `glimpse serve`.

mod draft;
mod keys;
mod layers;
mod report;
mod store;
mod value;

use std::env;
use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, ArgMatches, Args, Command, FromArgMatches};
use glimpse_service::spawn;
use tracing_subscriber::EnvFilter;

use self::draft::Log;
use self::keys::{KEYS, Key};
use self::layers::{Layers, Source};
use self::value::Shape;
use crate::output::{Outcome, json, line, note};

/// What to do with the configuration.
#[derive(Args)]
struct Mode {
    /// Configuration file, in TOML; docs/glimpse.example.toml names every key. Variables overrule it, flags overrule both
    #[arg(long, env = "GLIMPSE_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check everything that can be checked without changing anything, print what holds and why, and end
    #[arg(long)]
    check_config: bool,
    /// Print it as JSON
    #[arg(long, requires = "check_config")]
    json: bool,
}

/// The flags of `serve`: one for each key, and the above.
pub(crate) struct Arguments {
    mode: Mode,
    flags: ArgMatches,
}

impl FromArgMatches for Arguments {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        Ok(Self { mode: Mode::from_arg_matches(matches)?, flags: matches.clone() })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

impl Args for Arguments {
    fn augment_args(command: Command) -> Command {
        Mode::augment_args(command).args(KEYS.iter().map(flag))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

/// A key on the command line. Its value is read with those of the other layers, so that all problems come at once.
fn flag(key: &'static Key) -> Arg {
    let help = match (key.show)(&draft::Draft::default()) {
        serde_json::Value::String(default) => format!("{} [default: {default}]", key.help),
        serde_json::Value::Number(default) => format!("{} [default: {default}]", key.help),
        _ => key.help.to_owned(),
    };
    // Read by hand, and named here for whoever looks for it.
    let long_help = format!("{help} [env: {}] [file: {}]", key.variable, key.name);
    let action = match key.shape {
        Shape::One => ArgAction::Set,
        Shape::Switch => ArgAction::SetTrue,
        Shape::Many => ArgAction::Append,
    };
    let arg = Arg::new(key.name).long(key.flag).help(help).long_help(long_help).action(action);
    let arg = if key.shape == Shape::Switch { arg } else { arg.value_name(key.hint) };
    // Limits are for the file, mostly.
    arg.hide_short_help(key.section() == "limits")
}

/// Serves until SIGINT or SIGTERM, or only checks what it would serve with.
pub(crate) fn run(arguments: Arguments) -> Outcome {
    let Arguments { mode, flags } = arguments;
    let mut layers = Layers::gather(mode.config.as_deref(), |name| env::var_os(name), &flags);
    let config = layers.configure();
    if mode.check_config {
        return check(&layers, mode.json);
    }
    if !layers.problems.is_empty() {
        return Ok(refuse(&layers));
    }

    log(&layers.draft.log);
    let running = spawn(config)?;
    line(&format!("serving at {}", running.base_url()));
    if let Some(url) = running.admin_url() {
        line(&format!("metrics at {url}/metrics"));
    }
    running.wait()?;
    Ok(ExitCode::SUCCESS)
}

fn check(layers: &Layers, as_json: bool) -> Outcome {
    if as_json {
        json(&report::json(layers))?;
    } else {
        line(&report::table(layers));
        layers.problems.iter().for_each(|problem| note(&format!("glimpse: {problem}")));
    }
    Ok(if layers.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// All problems. The command line is wrong if a flag is.
fn refuse(layers: &Layers) -> ExitCode {
    layers.problems.iter().for_each(|problem| note(&format!("glimpse: {problem}")));
    let by_flag = layers.problems.iter().any(|problem| matches!(problem.source, Source::Flag(_)));
    if by_flag { ExitCode::from(2) } else { ExitCode::FAILURE }
}

fn log(log: &Log) {
    // Checked before.
    let filter = EnvFilter::builder().parse(&log.filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let to = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let to = to.with_ansi(std::io::stderr().is_terminal());
    if log.json { to.json().init() } else { to.init() }
}
