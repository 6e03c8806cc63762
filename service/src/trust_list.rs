//! The signed list of issuers that a verifier goes by: read from a file, held against the last one that was taken, and
//! remembered, so that neither whoever writes the file nor a restart brings an older one back.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use glimpse_circuits::json;
use glimpse_trust::envelope::MAX_ENVELOPE_BYTES;
use glimpse_trust::list::Roots;
use glimpse_trust::{Envelope, TrustError, TrustList, TrustListDocument};
use serde::{Deserialize, Serialize};

use crate::config::{Clock, Config, TrustListConfig};
use crate::ids::Id;
use crate::metrics::TrustListMetrics;
use crate::start::StartError;

/// The list in force.
pub(crate) struct ListInForce {
    file: PathBuf,
    memory: PathBuf,
    pinned: Roots,
    clock: Clock,
    metrics: TrustListMetrics,
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

/// Whether a service of this configuration could begin with its list, if it has one. Writes nothing.
pub(crate) fn check_trust_list(config: &Config) -> Result<(), StartError> {
    let Some(list) = given(config) else { return Ok(()) };
    look(list, &config.data_directory, config.clock.now()).map(drop).map_err(|error| list.refused(&error))
}

fn given(config: &Config) -> Option<&TrustListConfig> {
    config.verifier.as_ref().and_then(|verifier| verifier.trust_list.as_ref())
}

impl ListInForce {
    /// The list of a configuration, if it has one.
    pub(crate) fn of(config: &Config, metrics: &TrustListMetrics) -> Result<Option<Arc<Self>>, StartError> {
        let Some(list) = given(config) else { return Ok(None) };
        let (clock, metrics) = (config.clock.clone(), metrics.clone());
        let opened = Self::open(list.clone(), &config.data_directory, clock, metrics);
        opened.map(|opened| Some(Arc::new(opened))).map_err(|error| list.refused(&error))
    }

    /// Takes the list of the file, and remembers it.
    fn open(
        config: TrustListConfig,
        directory: &Path,
        clock: Clock,
        metrics: TrustListMetrics,
    ) -> Result<Self, ListError> {
        let (text, list) = look(&config, directory, clock.now())?;
        let TrustListConfig { file, roots: pinned } = config;
        let (memory, list) = (memory_file(directory), Arc::new(list));
        let current = ArcSwap::new(list.clone());
        let this = Self { file, memory, pinned, clock, metrics, current, taken: Mutex::new(text) };
        this.remember(&list)?;
        let version = list.document().version;
        this.metrics.in_force(version, list.document().expires_at);
        tracing::info!(version, "a list of issuers is in force");
        if !list.is_current(this.clock.now()) {
            tracing::warn!(
                version,
                "the list of issuers has expired: what depends on it is not answered before there is a new one"
            );
        }
        if !list.document().roots.same_as(&this.pinned) {
            tracing::warn!(
                version,
                "the list has other roots than those that were given: give these from now on"
            );
        }
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
            let TrustListDocument { version, expires_at, .. } = *list.document();
            tracing::info!(version, "another list of issuers is in force");
            self.metrics.in_force(version, expires_at);
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
        match recall(&self.memory)? {
            Some(before) if before == remembered => return Ok(()),
            // Another process of this directory went further.
            Some(before) if before.list.document().version > list.document().version => {
                return Err(TrustError::Backwards.into());
            }
            Some(_) => {}
            None => tracing::warn!(
                version = list.document().version,
                "no list of issuers is remembered here: whatever the given roots have signed is taken, however old"
            ),
        }
        let text = json::canonical(&remembered).map_err(|error| ListError::at(&self.memory, error))?;
        replace(&self.memory, &text).map_err(|error| ListError::at(&self.memory, error))
    }
}

impl TrustListConfig {
    fn refused(&self, error: &ListError) -> StartError {
        StartError::TrustList { path: self.file.clone(), reason: error.to_string() }
    }
}

/// The list that a service would start with, and what its file has. It may have expired: then nothing is accepted by it,
/// and the next one is waited for. Writes nothing.
fn look(config: &TrustListConfig, directory: &Path, now: u64) -> Result<(String, TrustList), ListError> {
    if let Some(member) = config.roots.wrong_member() {
        return Err(ListError::Roots(member));
    }
    let text = read_text(&config.file)?;
    let (envelope, memory) = (envelope(&text)?, memory_file(directory));
    let mut text = text;
    let list = match recall(&memory)? {
        None => TrustList::first_of_any_age(&envelope, &config.roots, now)?,
        // Whoever exchanged the roots in a list may give the new ones from then on.
        Some(last)
            if [&last.pinned, &last.list.document().roots].iter().any(|it| it.same_as(&config.roots)) =>
        {
            match last.list.next(&envelope, now) {
                // As when it runs: the last one stays, and is good or not by itself.
                Err(TrustError::Expired) => {
                    // None of it was taken.
                    text.clear();
                    last.list
                }
                next => next?,
            }
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
    fs::DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
    let draft = directory.join(format!(".trust-list-{}", Id::random().text()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
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
         first one, or another number of them has to sign; to begin anew with them, remove {0}, and any list that they have \
         signed will be taken, however old"
    )]
    OtherRoots(PathBuf),
}

impl ListError {
    fn at(path: &Path, reason: impl ToString) -> Self {
        Self::File { path: path.to_owned(), reason: reason.to_string() }
    }
}

#[cfg(test)]
mod tests {
    use glimpse_circuits::text::Text;
    use glimpse_issuer::DocumentSecretKey;

    use super::*;
    use crate::metrics::Metrics;

    fn list(version: u64) -> String {
        let root = DocumentSecretKey::from_bytes(&[1; 32]);
        let document = TrustListDocument {
            version,
            name: Text { zh_cn: "甲".into(), en: "A".into() },
            issued_at: 1000 + version,
            expires_at: 2000,
            roots: Roots::one(root.public()),
            issuers: Vec::new(),
        };
        root.sign(TrustList::try_from(document).unwrap().to_envelope().unwrap()).to_json().unwrap()
    }

    #[test]
    fn what_cannot_be_remembered_is_not_taken() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("list.json");
        fs::write(&file, list(1)).unwrap();
        let roots = Roots::one(DocumentSecretKey::from_bytes(&[1; 32]).public());
        let data = directory.path().join("data");
        let config = TrustListConfig { file: file.clone(), roots };
        let metrics = Metrics::new().trust_list;
        let open = || ListInForce::open(config.clone(), &data, Clock::new(|| 1500), metrics.clone());
        let in_force = open().unwrap();
        let memory = memory_file(&data);
        let sound = fs::read(&memory).unwrap();

        fs::write(&file, list(2)).unwrap();
        for broken in [&b"{}"[..], &sound[..sound.len() / 2]] {
            fs::write(&memory, broken).unwrap();
            assert!(matches!(in_force.reload(), Err(ListError::File { .. })));
            assert_eq!(in_force.current().document().version, 1);
            // Nor does a service begin that has forgotten what it had seen.
            assert!(matches!(open(), Err(ListError::File { .. })));
        }
        fs::write(&memory, &sound).unwrap();
        assert!(in_force.reload().unwrap() && !in_force.reload().unwrap());
        assert_eq!(in_force.current().document().version, 2);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        fs::write(&file, list(1)).unwrap();
        assert!(matches!(in_force.reload(), Err(ListError::Refused(TrustError::Backwards))));
        assert!(matches!(open(), Err(ListError::Refused(TrustError::Backwards))));
    }
}
