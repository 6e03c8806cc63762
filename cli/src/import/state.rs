//! How far an import is, in a file beside the one that is imported: replaced as a whole, so that it is sound whenever
//! the command is killed.

use std::error::Error;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use glimpse_circuits::decimal;
use glimpse_circuits::json;
use glimpse_circuits::schema::SchemaDigest;
use glimpse_profiles::quality::QualityReport;
use serde::{Deserialize, Serialize};

use super::rows::{Format, Place};

/// Version of the form of the file.
const VERSION: &str = "1";

/// What may not change between two runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    pub(super) import: String,
    pub(super) schema: SchemaDigest,
    pub(super) format: Format,
    pub(super) holder: String,
    pub(super) ignored: Vec<String>,
    /// Where what is written row by row goes: what is known of it is cut back to.
    pub(super) rejected: PathBuf,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) references: Option<PathBuf>,
}

/// What a file was found to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Survey {
    #[serde(with = "decimal")]
    pub(super) length: u64,
    /// SHA-256 in hexadecimal.
    pub(super) digest: String,
    #[serde(with = "decimal")]
    pub(super) rows: u64,
    /// Where the first row begins.
    pub(super) first: Place,
    pub(super) quality: QualityReport,
}

/// How far it is: every row before `next` was answered, and what was answered is on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Progress {
    pub(super) next: Place,
    #[serde(with = "decimal")]
    pub(super) registered: u64,
    #[serde(with = "decimal")]
    pub(super) rejected: u64,
    /// Bytes of the file of rejected rows.
    #[serde(with = "decimal")]
    pub(super) rejected_bytes: u64,
    /// Bytes of the file of references, if there is one.
    #[serde(with = "decimal")]
    pub(super) references_bytes: u64,
}

/// All of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct State {
    version: String,
    pub(super) settings: Settings,
    pub(super) survey: Survey,
    pub(super) progress: Progress,
}

impl State {
    /// Nothing is done yet.
    pub(super) fn new(settings: Settings, survey: Survey) -> Self {
        let next = survey.first;
        let progress = Progress { next, registered: 0, rejected: 0, rejected_bytes: 0, references_bytes: 0 };
        Self { version: VERSION.to_owned(), settings, survey, progress }
    }

    /// Reads the file, if there is one. Fails if it is of another import.
    pub(super) fn read(path: &Path, settings: &Settings) -> Result<Option<Self>, Box<dyn Error>> {
        let named = |reason: String| format!("{}: {reason}", path.display());
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(named(error.to_string()).into()),
        };
        let state: Self = json::from_str(&text).map_err(|error| named(error.to_string()))?;
        if state.version != VERSION || state.settings != *settings {
            return Err(named(
                "is of an import that was begun otherwise; another one has another name".into(),
            )
            .into());
        }
        Ok(Some(state))
    }

    /// Replaces the file.
    pub(super) fn write(&self, path: &Path) -> Result<(), Box<dyn Error>> {
        let named = |error: io::Error| format!("{}: {error}", path.display());
        let directory = directory_of(path);
        let mut file = tempfile::NamedTempFile::new_in(&directory).map_err(named)?;
        serde_json::to_writer_pretty(&mut file, self)?;
        file.write_all(b"\n").and_then(|()| file.as_file().sync_all()).map_err(named)?;
        file.persist(path).map_err(|error| named(error.error))?;
        File::open(&directory).and_then(|directory| directory.sync_all()).map_err(named)?;
        Ok(())
    }
}

/// The directory that a file is in.
pub(super) fn directory_of(path: &Path) -> PathBuf {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new(".")).to_owned()
}
