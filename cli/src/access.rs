//! `glimpse access`: keys, and the file that says who may do what.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Subcommand;
use glimpse_service::{Access, Key, fresh_key};

use crate::output::{Outcome, hex, line, note};

/// Make keys and check access files.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a key. It is shown once; the access file gets its hash
    Key {
        /// File to write the key to, which must not exist [default: standard output]
        #[arg(long)]
        out: Option<PathBuf>,
        /// What to call the key in the access file, such as 2026-11
        #[arg(long, value_parser = label)]
        label: Option<String>,
    },
    /// Check an access file and say who is in it
    Check {
        /// The file
        file: PathBuf,
    },
}

/// What belongs into the access file goes to standard output, unless the key itself does.
pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Key { out, label } => {
            let key = fresh_key();
            let entry = entry(&Key::of(&key), label.as_deref());
            match out {
                Some(path) => {
                    write_secret(&path, &key).map_err(|error| format!("{}: {error}", path.display()))?;
                    line(&entry);
                }
                None => {
                    line(&key);
                    note(&entry);
                }
            }
        }
        Command::Check { file } => {
            for principal in Access::from_file(file, [])?.principals() {
                let (keys, certificates) = (principal.keys.len(), principal.certificates.len());
                let (id, role) = (&principal.id, principal.role.name());
                line(&format!("{id}  {role}  keys: {keys}  certificates: {certificates}"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// As an access file has it.
fn entry(key: &Key, label: Option<&str>) -> String {
    let hash = hex(&key.sha256);
    let label = label.map_or_else(String::new, |label| format!(", label = \"{label}\""));
    format!("keys = [{{ sha256 = \"{hash}\"{label} }}]")
}

/// In a file that was not there and that only its owner can read.
fn write_secret(path: &Path, secret: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(format!("{secret}\n").as_bytes())?;
    file.sync_all()
}

/// Nothing that would have to be escaped.
fn label(text: &str) -> Result<String, String> {
    let sound = (1..=64).contains(&text.len())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/ ".contains(&b));
    sound.then(|| text.to_owned()).ok_or_else(|| "1 to 64 letters, digits, blanks or -_.:/".to_owned())
}
