//! The signed list of issuers that a verifier goes by: read from a file, held against the last one that was taken, and
//! remembered, so that neither whoever writes the file nor a restart brings an older one back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use glimpse_circuits::json;
use glimpse_trust::envelope::MAX_ENVELOPE_BYTES;
use glimpse_trust::list::Roots;
use glimpse_trust::{Envelope, TrustError, TrustList};
use serde::{Deserialize, Serialize};

use crate::config::{Clock, TrustListConfig};
use crate::ids::Id;

/// The list in force.
pub(crate) struct ListInForce {
    file: PathBuf,
    memory: PathBuf,
    pinned: Roots,
    clock: Clock,
    current: ArcSwap<TrustList>,
    /// The text of the file when it was last taken. Held while it is read, so that nobody puts what he read earlier in the
    /// place of what another read later.
    taken: Mutex<String>,
}

/// What is remembered: the list that was last taken, and the roots that were given for the first one.
#[derive(PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Memory {
    pinned: Roots,
    list: TrustList,
}

impl ListInForce {
    /// Takes the list of the file, and remembers it.
    pub(crate) fn open(config: TrustListConfig, directory: &Path, clock: Clock) -> Result<Self, ListError> {
        let (text, list) = look(&config, directory, clock.now())?;
        let TrustListConfig { file, roots: pinned } = config;
        let (memory, list) = (memory_file(directory), Arc::new(list));
        let current = ArcSwap::new(list.clone());
        let this = Self { file, memory, pinned, clock, current, taken: Mutex::new(text) };
        this.remember(&list)?;
        Ok(this)
    }

    /// Reads the file again and says whether it is another list now. One that may not follow the one in force is not
    /// taken, and neither is one that cannot be remembered.
    pub(crate) fn reload(&self) -> Result<bool, ListError> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let (current, now) = (self.current(), self.clock.now());
        let text = read_text(&self.file)?;
        // A large one takes a while to check.
        if text == *taken && current.is_current(now) {
            return Ok(false);
        }
        let list = current.next(&envelope(&text)?, now)?;
        let changed = list != *current;
        if changed {
            self.remember(&list)?;
            tracing::info!(version = list.document().version, "another list of issuers is in force");
            self.current.store(Arc::new(list));
        }
        *taken = text;
        Ok(changed)
    }

    /// The list. It may have expired since it was taken.
    pub(crate) fn current(&self) -> Arc<TrustList> {
        self.current.load_full()
    }

    /// Whether it has not expired.
    pub(crate) fn is_current(&self) -> bool {
        self.current.load().is_current(self.clock.now())
    }

    fn remember(&self, list: &TrustList) -> Result<(), ListError> {
        let remembered = Memory { pinned: self.pinned.clone(), list: list.clone() };
        if recall(&self.memory)?.is_some_and(|before| before == remembered) {
            return Ok(());
        }
        let text = json::canonical(&remembered).map_err(|error| ListError::at(&self.memory, error))?;
        replace(&self.memory, &text).map_err(|error| ListError::at(&self.memory, error))
    }
}

/// The list that a service would start with, and the text it is from. Writes nothing.
pub(crate) fn look(
    config: &TrustListConfig,
    directory: &Path,
    now: u64,
) -> Result<(String, TrustList), ListError> {
    if let Some(member) = config.roots.wrong_member() {
        return Err(ListError::Roots(member));
    }
    let text = read_text(&config.file)?;
    let (envelope, memory) = (envelope(&text)?, memory_file(directory));
    let list = match recall(&memory)? {
        None => TrustList::first(&envelope, &config.roots, now)?,
        // Whoever exchanged the roots in a list may give the new ones from then on.
        Some(last) if [&last.pinned, &last.list.document().roots].contains(&&config.roots) => {
            last.list.next(&envelope, now)?
        }
        Some(_) => return Err(ListError::OtherRoots(memory)),
    };
    Ok((text, list))
}

fn memory_file(directory: &Path) -> PathBuf {
    directory.join("trust-list.json")
}

fn recall(memory: &Path) -> Result<Option<Memory>, ListError> {
    match fs::read_to_string(memory) {
        Ok(text) => json::from_str(&text).map(Some).map_err(|error| ListError::at(memory, error)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(ListError::at(memory, error)),
    }
}

/// As much as an envelope can have, and one more byte to be refused by.
fn read_text(path: &Path) -> Result<String, ListError> {
    let mut text = String::new();
    let file = File::open(path).map_err(|error| ListError::at(path, error))?;
    let read = file.take(MAX_ENVELOPE_BYTES as u64 + 1).read_to_string(&mut text);
    read.map_err(|error| ListError::at(path, error))?;
    Ok(text)
}

fn envelope(text: &str) -> Result<Envelope, TrustError> {
    Ok(Envelope::from_json(text)?)
}

/// Written beside its place, synchronised, and put in its place whole.
fn replace(path: &Path, text: &[u8]) -> io::Result<()> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let draft = directory.join(format!(".trust-list-{}", Id::random().text()));
    let mut file = OpenOptions::new().write(true).create_new(true).open(&draft)?;
    let written = file.write_all(text).and_then(|()| file.sync_all());
    let placed = written.and_then(|()| fs::rename(&draft, path));
    if placed.is_err() {
        // It has no further use.
        let _ = fs::remove_file(&draft);
    }
    placed?;
    File::open(directory)?.sync_all()
}

/// Why a list is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ListError {
    #[error(transparent)]
    Refused(#[from] TrustError),
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("the {0} of the roots that were given is not as it must be")]
    Roots(&'static str),
    #[error(
        "the roots that were given are neither those of the list that was last taken nor those that were given for the \
         first one; to begin anew with them, remove {0}"
    )]
    OtherRoots(PathBuf),
}

impl ListError {
    fn at(path: &Path, reason: impl ToString) -> Self {
        Self::File { path: path.to_owned(), reason: reason.to_string() }
    }
}
