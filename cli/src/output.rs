//! What the command prints, and what it reads from files.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;
use zeroize::Zeroizing;

/// Result of a subcommand.
pub(crate) type Outcome = Result<ExitCode, Box<dyn Error>>;

/// Prints a line to standard output. A reader that went away is no error of ours.
pub(crate) fn line(text: &str) {
    let _ = writeln!(io::stdout(), "{text}");
}

/// Prints a line to standard error.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// Prints one JSON value to standard output.
pub(crate) fn json(value: &impl Serialize) -> Result<(), Box<dyn Error>> {
    line(&serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Prints an error, and says that it was one.
pub(crate) fn fail(error: &dyn Error) -> ExitCode {
    note(&format!("glimpse: {error}"));
    ExitCode::FAILURE
}

/// The text of a file, or of standard input for `-`.
pub(crate) fn read_text(path: &Path) -> Result<String, Box<dyn Error>> {
    let named = |error: io::Error| format!("{}: {error}", path.display());
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map_err(named)?;
        return Ok(text);
    }
    Ok(fs::read_to_string(path).map_err(named)?)
}

/// A secret from a file, without the line's end.
pub(crate) fn read_secret(path: &Path) -> Result<Zeroizing<String>, Box<dyn Error>> {
    let text = Zeroizing::new(read_text(path)?);
    Ok(Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Bytes in lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
