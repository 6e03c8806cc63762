//! The file on disk: one process at a time, and always either the old contents or the new.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::contents::Contents;
use crate::file::{self, FileError, FileKey, KdfParams, MAX_FILE_BYTES};
use crate::secret::Passphrase;

/// An open wallet file. The lock goes with it.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    key: FileKey,
    /// A save failed so late that the file may hold the old contents or the new.
    uncertain: bool,
    /// Held for its lock.
    _lock: File,
    #[cfg(test)]
    crash_after: Option<Step>,
}

/// What a save does, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Created,
    Written,
    Synced,
    Renamed,
    DirectorySynced,
}

impl Store {
    /// Makes a new file; there must be none.
    pub(crate) fn create(
        path: &Path,
        passphrase: &Passphrase,
        params: KdfParams,
        contents: &Contents,
    ) -> Result<Self, StoreError> {
        let path = beside(path)?;
        let lock = lock(&path)?;
        match fs::symlink_metadata(&path) {
            Ok(_) => return Err(StoreError::Exists),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Err(_) => {}
        }
        let key = FileKey::create(passphrase, params)?;
        let mut store = Self::new(path, key, lock);
        store.save(contents)?;
        Ok(store)
    }

    /// Opens a file and reads it.
    pub(crate) fn open(path: &Path, passphrase: &Passphrase) -> Result<(Self, Contents), StoreError> {
        // Links are followed once, so that every name of a wallet leads to the same lock.
        let path = fs::canonicalize(path)?;
        let lock = lock(&path)?;
        let mut bytes = Vec::new();
        File::open(&path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > MAX_FILE_BYTES {
            return Err(FileError::TooLarge.into());
        }
        let (key, json) = file::open(&bytes, passphrase)?;
        let contents = Contents::from_json(&json)?;
        Ok((Self::new(path, key, lock), contents))
    }

    fn new(path: PathBuf, key: FileKey, lock: File) -> Self {
        Self {
            path,
            key,
            uncertain: false,
            _lock: lock,
            #[cfg(test)]
            crash_after: None,
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Replaces the file. When this returns without an error, the contents survive a loss of power.
    pub(crate) fn save(&mut self, contents: &Contents) -> Result<(), StoreError> {
        if self.uncertain {
            return Err(StoreError::Uncertain);
        }
        let bytes = self.key.seal(contents.to_json()?)?;
        let temporary = with_suffix(&self.path, ".tmp");
        if let Err(error) = self.write(&temporary, &bytes) {
            if !self.crashes() {
                let _ = fs::remove_file(&temporary);
            }
            return Err(error.into());
        }
        // From here on, an error leaves open which contents the file has.
        self.uncertain = true;
        fs::rename(&temporary, &self.path)?;
        self.after(Step::Renamed)?;
        // Elsewhere, directories cannot be opened for this, and renaming is as durable as it gets.
        #[cfg(unix)]
        if let Some(directory) = self.path.parent() {
            File::open(directory)?.sync_all()?;
        }
        self.uncertain = false;
        self.after(Step::DirectorySynced)?;
        Ok(())
    }

    fn write(&self, temporary: &Path, bytes: &[u8]) -> io::Result<()> {
        // Left over from a crash: nobody else writes it, for the lock is ours.
        match fs::remove_file(temporary) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = private().write(true).create_new(true).open(temporary)?;
        self.after(Step::Created)?;
        file.write_all(bytes)?;
        self.after(Step::Written)?;
        file.sync_all()?;
        self.after(Step::Synced)
    }

    #[cfg(not(test))]
    fn after(&self, _: Step) -> io::Result<()> {
        Ok(())
    }

    #[cfg(not(test))]
    fn crashes(&self) -> bool {
        false
    }

    /// In tests, "the process ends here".
    #[cfg(test)]
    fn after(&self, step: Step) -> io::Result<()> {
        if self.crash_after == Some(step) { Err(io::Error::other("crash")) } else { Ok(()) }
    }

    #[cfg(test)]
    fn crashes(&self) -> bool {
        self.crash_after.is_some()
    }
}

/// The path of a file to come, in a directory that exists.
fn beside(path: &Path) -> Result<PathBuf, StoreError> {
    let name = path.file_name().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(fs::canonicalize(directory)?.join(name))
}

/// Locks the file `<wallet>.lock` beside the wallet, which stays: removing it would let two processes in.
fn lock(path: &Path) -> Result<File, StoreError> {
    let file = private().write(true).create(true).truncate(false).open(with_suffix(path, ".lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path.as_os_str());
    name.push(suffix);
    PathBuf::from(name)
}

/// For the owner's eyes only.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// Why the wallet's file could not be opened or saved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another process has it open.
    #[error("the wallet is in use by another process")]
    InUse,
    /// Nothing is overwritten.
    #[error("there is a file of this name already")]
    Exists,
    /// An earlier save was interrupted at the moment of replacing the file.
    #[error("an earlier save was interrupted; close the wallet and open it again")]
    Uncertain,
    /// What the file holds.
    #[error(transparent)]
    File(#[from] FileError),
    /// The file system.
    #[error("the wallet file cannot be read or written: {0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
