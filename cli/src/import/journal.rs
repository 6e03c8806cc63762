//! A file of JSON Lines that is written row by row, and cut back to what is known of it when a run goes on.

use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use glimpse_api::FieldProblem;
use glimpse_circuits::decimal;
use serde::Serialize;

/// A row that is not registered, and why. Nothing of what it says.
#[derive(Serialize)]
pub(super) struct Rejected {
    #[serde(with = "decimal")]
    pub(super) row: u64,
    #[serde(with = "decimal")]
    pub(super) line: u64,
    pub(super) reasons: Vec<FieldProblem>,
}

/// A row that is registered, and as what.
#[derive(Serialize)]
pub(super) struct Reference {
    #[serde(with = "decimal")]
    pub(super) row: u64,
    pub(super) licence: String,
}

/// The file, or nothing where none is wanted.
pub(super) struct Journal(Option<Open>);

struct Open {
    file: BufWriter<File>,
    path: PathBuf,
    length: u64,
}

impl Journal {
    /// Nothing is kept.
    pub(super) fn nowhere() -> Self {
        Self(None)
    }

    /// A file of which so many bytes are known: a new one if none are. What stands behind them was written by a run that
    /// was killed before it could say so, and comes again.
    pub(super) fn open(path: &Path, known: u64, begun: bool) -> Result<Self, Box<dyn Error>> {
        let named = |error: io::Error| format!("{}: {error}", path.display());
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(named)?;
        if file.try_lock().is_err() {
            return Err(format!("{}: another run is at it", path.display()).into());
        }
        let length = file.metadata().map_err(named)?.len();
        if !begun && length > 0 {
            return Err(format!("{}: there is a file already", path.display()).into());
        }
        if length < known {
            return Err(format!("{}: something is missing that was written before", path.display()).into());
        }
        file.set_len(known).and_then(|()| file.seek(SeekFrom::End(0))).map_err(named)?;
        let open = Open { file: BufWriter::new(file), path: path.to_owned(), length: known };
        Ok(Self(Some(open)))
    }

    /// Adds a line.
    pub(super) fn add(&mut self, line: &impl Serialize) -> Result<(), Box<dyn Error>> {
        let Some(open) = &mut self.0 else { return Ok(()) };
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        open.file.write_all(&bytes).map_err(|error| format!("{}: {error}", open.path.display()))?;
        open.length += bytes.len() as u64;
        Ok(())
    }

    /// Puts everything on disk; says how many bytes that are.
    pub(super) fn sync(&mut self) -> Result<u64, Box<dyn Error>> {
        let Some(open) = &mut self.0 else { return Ok(0) };
        let synced = open.file.flush().and_then(|()| open.file.get_ref().sync_data());
        synced.map_err(|error| format!("{}: {error}", open.path.display()))?;
        Ok(open.length)
    }
}
