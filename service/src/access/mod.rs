//! Who may do what.
//!
//! A [`Principal`] has one role and proves who it is by a bearer key or by the certificate of its TLS connection; of a
//! key only the SHA-256 is known here. That is enough because keys are 32 random bytes (`glimpse access key`): there is
//! nothing to guess, so nothing is gained by making each guess slow. Nobody has a right that was not given: what is left
//! out grants nothing.

pub(crate) mod ask;
mod certificate;
mod file;
mod key;
mod principal;
mod principals;
mod registration;

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;

pub(crate) use certificate::peer_certificate;
pub use key::{Key, fresh_key};
pub(crate) use principal::WALLET;
pub use principal::{Principal, Role};
pub(crate) use principals::{Credentials, Principals};
pub use registration::{Allowed, Registration, StatementKind};

/// Most bytes of an access file.
const MAX_FILE: u64 = 1024 * 1024;

/// The principals of a service. Clones are one: what one of them loads again holds for all.
///
/// [`Access::default`] is nobody.
#[derive(Clone, Default)]
pub struct Access(Arc<Inner>);

#[derive(Default)]
struct Inner {
    given: Vec<Principal>,
    file: Option<PathBuf>,
    current: ArcSwap<Principals>,
    /// So that nobody puts what he read earlier in the place of what another read later.
    reloading: Mutex<()>,
}

impl Access {
    /// These principals and no others.
    pub fn new(principals: impl IntoIterator<Item = Principal>) -> Result<Self, AccessError> {
        Self::take(principals.into_iter().collect(), None)
    }

    /// The principals of an access file, and these.
    pub fn from_file(
        path: impl Into<PathBuf>,
        others: impl IntoIterator<Item = Principal>,
    ) -> Result<Self, AccessError> {
        Self::take(others.into_iter().collect(), Some(path.into()))
    }

    /// Reads the file again, if there is one, and says whether anything has changed. If the file cannot be read or
    /// anything is wrong with it, everything stays as it was.
    ///
    /// So a key is changed without a gap: write the new one beside the old one and load, let the principal change over,
    /// take the old one out and load again. Requests that are being answered go on with what they began with.
    pub fn reload(&self) -> Result<bool, AccessError> {
        let _alone = self.0.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        let new = self.0.read()?;
        let changed = **self.0.current.load() != new;
        if changed {
            self.0.current.store(Arc::new(new));
        }
        Ok(changed)
    }

    /// Everybody, as of now.
    pub fn principals(&self) -> Vec<Arc<Principal>> {
        self.now().all().to_vec()
    }

    /// Whose bearer key this is, if it is good at `now`, in seconds since 1970-01-01T00:00:00Z. Takes as long whichever key
    /// of them it is, and however much of one it has.
    pub fn of_key(&self, key: &[u8], now: u64) -> Option<Arc<Principal>> {
        self.now().identify(Credentials { key: Some(key), certificate: None }, now).cloned()
    }

    /// Everybody, as of now and for the time of one request.
    pub(crate) fn now(&self) -> Arc<Principals> {
        self.0.current.load_full()
    }

    fn take(given: Vec<Principal>, file: Option<PathBuf>) -> Result<Self, AccessError> {
        let inner = Inner { given, file, ..Inner::default() };
        inner.current.store(Arc::new(inner.read()?));
        Ok(Self(Arc::new(inner)))
    }
}

impl Inner {
    fn read(&self) -> Result<Principals, AccessError> {
        let given = self.given.iter().cloned().enumerate();
        let mut placed: Vec<_> = given.map(|(i, principal)| (format!("given[{i}]"), principal)).collect();
        let mut problems = Vec::new();
        if let Some(path) = &self.file {
            let text = read_file(path).map_err(|error| AccessError::File { path: path.clone(), error })?;
            let (read, found) = file::parse(&text);
            placed.extend(read);
            problems.extend(found);
        }
        Principals::new(placed, problems).map_err(AccessError::Problems)
    }
}

/// Names and roles only.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.now().all()).finish()
    }
}

/// Whoever may write the file may give himself any right.
fn read_file(path: &Path) -> io::Result<String> {
    let file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if file.metadata()?.permissions().mode() & 0o002 != 0 {
            return Err(io::Error::other("everybody may write to it"));
        }
    }
    let mut text = String::new();
    file.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::other("has more than 1 MiB"));
    }
    Ok(text)
}

/// Why principals are refused. Never repeats a value: a key may have been written where its hash belongs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file cannot be read.
    #[error("access file {path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// What is wrong with the principals: everything that is.
    #[error("access: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Problems(Vec<AccessProblem>),
}

/// One thing that is wrong with the principals.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place} {reason}")]
pub struct AccessProblem {
    /// Where, such as `line 7: principal[1].keys[0].sha256`.
    pub place: String,
    /// What.
    pub reason: String,
}

impl AccessProblem {
    pub(crate) fn new(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { place: place.into(), reason: reason.into() }
    }
}

#[cfg(test)]
mod tests;
