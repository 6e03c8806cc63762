//! One run over all cases, beside a baseline measured in turns with them: a table, JSON and pictures.
//!
//! `cargo run --release -p glimpse-benches --bin report`

use std::error::Error;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

use clap::Parser;
use glimpse_benches::measure::Effort;
use glimpse_benches::report::{Report, gather, pictures, read_peers, replace, to_json, to_markdown, to_text};

/// For one case.
const THOROUGH: Effort = Effort { budget: Duration::from_secs(5), least: 7, most: 41 };
const QUICK: Effort = Effort { budget: Duration::from_millis(800), least: 3, most: 11 };

/// Measures proving and verifying, and compares with one bare range proof in the same run.
#[derive(Debug, Parser)]
#[command(name = "report")]
struct Arguments {
    /// Print JSON and nothing else.
    #[arg(long)]
    json: bool,
    /// Fewer rounds: for a first look.
    #[arg(long)]
    quick: bool,
    /// Take in the peers of a file that `benches/peers` wrote.
    #[arg(long, value_name = "FILE")]
    peers: Option<PathBuf>,
    /// Write the pictures here [default: docs/performance of the workspace].
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Write no pictures.
    #[arg(long, conflicts_with = "svg")]
    no_svg: bool,
    /// Put the tables into this document, between its two marks.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "report: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    // What cannot be read fails now, and not after minutes.
    let peers = match &arguments.peers {
        Some(path) => {
            named(path, fs::read_to_string(path).map_err(Into::into).and_then(|text| Ok(read_peers(&text)?)))?
        }
        None => Vec::new(),
    };
    if let Some(path) = &arguments.markdown {
        named(path, document(path, ""))?;
    }
    let report = Report { peers, ..gather(if arguments.quick { QUICK } else { THOROUGH }) };

    if !arguments.no_svg {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/performance");
        let directory = arguments.svg.as_deref().unwrap_or(&docs);
        named(directory, fs::create_dir_all(directory).map_err(Into::into))?;
        for (name, svg) in pictures(&report) {
            let path = directory.join(name);
            named(&path, fs::write(&path, svg).map_err(Into::into))?;
        }
    }
    if let Some(path) = &arguments.markdown {
        let replaced = document(path, &to_markdown(&report))?;
        named(path, fs::write(path, replaced).map_err(Into::into))?;
    }
    let out =
        if arguments.json { serde_json::to_string_pretty(&to_json(&report))? } else { to_text(&report) };
    writeln!(stdout(), "{out}")?;
    Ok(())
}

/// A document with its part replaced.
fn document(path: &Path, part: &str) -> Result<String, Box<dyn Error>> {
    Ok(replace(&fs::read_to_string(path)?, part)?)
}

/// The error with the path that it is about.
fn named<T>(path: &Path, result: Result<T, Box<dyn Error>>) -> Result<T, Box<dyn Error>> {
    result.map_err(|error| format!("{}: {error}", path.display()).into())
}
