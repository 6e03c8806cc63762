//! Secret keys on disk: three lines of text, of which the first names the kind of key and the last tells whether the
//! second is still what it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::marker::PhantomData;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use glimpse_issuer::{DocumentSecretKey, IssuerSecretKey};
use rand_core::OsRng;
use zeroize::Zeroizing;

use crate::ids::Id;
use crate::secret_file::{self, SecretFileError};

/// First line, `secret` and `public` with 64 digits each.
const MAX_LENGTH: usize = 256;

/// A kind of key that has a file of its own. A file of one kind is never taken for one of another.
pub struct KeyFile<K> {
    name: &'static str,
    key: PhantomData<fn() -> K>,
}

impl KeyFile<IssuerSecretKey> {
    /// The key of an issuer's credentials.
    pub const ISSUER: Self = Self::of("issuer");
    /// The key that the intervals of its revocation lists are under.
    pub const REVOCATION: Self = Self::of("revocation");
}

impl KeyFile<DocumentSecretKey> {
    /// A key that signs documents: manifests of revocation lists, or lists of issuers.
    pub const DOCUMENT: Self = Self::of("document");
}

impl<K> KeyFile<K> {
    const fn of(name: &'static str) -> Self {
        Self { name, key: PhantomData }
    }
}

impl<K: FileKey> KeyFile<K> {
    /// Reads the key. If there is no file, makes one with a fresh key, provided that is allowed.
    pub fn open(&self, path: &Path, may_create: bool) -> Result<K, KeyFileError> {
        match File::open(path) {
            Ok(file) => self.read_from(file),
            Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => self.create(path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyFileError::Missing),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the key from a file that is there.
    pub fn read(&self, path: &Path) -> Result<K, KeyFileError> {
        self.read_from(File::open(path)?)
    }

    /// Makes a file with a fresh key, for its owner alone: written beside its place, synchronised, and put in its place
    /// whole, unless something is there by then.
    pub fn create(&self, path: &Path) -> Result<K, KeyFileError> {
        let key = K::fresh();
        let text = self.text(&key);
        let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        let directory = directory.unwrap_or(Path::new("."));
        fs::create_dir_all(directory)?;
        let draft = directory.join(format!(".{}-key-{}", self.name, Id::random().text()));
        let placed = place(&draft, path, text.as_bytes());
        // Whether or not it was placed, the draft has no further use.
        let removed = fs::remove_file(&draft);
        placed?;
        removed?;
        File::open(directory)?.sync_all()?;
        Ok(key)
    }

    fn read_from(&self, file: File) -> Result<K, KeyFileError> {
        let bytes = match secret_file::read(file, MAX_LENGTH) {
            Ok(bytes) => bytes,
            Err(exposed @ SecretFileError::Exposed { .. }) => return Err(KeyFileError::Exposed(exposed)),
            Err(SecretFileError::Form) => return Err(KeyFileError::Damaged(self.name)),
            Err(SecretFileError::Io(error)) => return Err(error.into()),
        };
        let key = std::str::from_utf8(&bytes).ok().and_then(|text| self.parse(text));
        key.ok_or(KeyFileError::Damaged(self.name))
    }

    fn parse(&self, text: &str) -> Option<K> {
        let rest = text.strip_prefix(&*self.first_line())?.strip_prefix("\nsecret ")?;
        let (secret, rest) = rest.split_once('\n')?;
        let mut bytes = Zeroizing::new([0u8; 32]);
        hex::decode_to_slice(secret, &mut *bytes).ok()?;
        let key = K::of_secret(&bytes)?;
        (rest == format!("public {}\n", key.public_text())).then_some(key)
    }

    /// In a buffer with room for all of it: one that grows would leave copies behind.
    fn text(&self, key: &K) -> Zeroizing<String> {
        let (first_line, secret) = (self.first_line(), Zeroizing::new(hex::encode(*key.secret())));
        let mut text = Zeroizing::new(String::with_capacity(MAX_LENGTH));
        for part in [first_line.as_str(), "\nsecret ", &secret, "\npublic ", &key.public_text(), "\n"] {
            text.push_str(part);
        }
        text
    }

    fn first_line(&self) -> String {
        format!("glimpse {} key 1", self.name)
    }
}

fn place(draft: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::hard_link(draft, path)
}

/// A secret key of 32 bytes.
pub trait FileKey: Sized {
    /// Draws a key.
    fn fresh() -> Self;
    /// The key with this secret, if there is one.
    fn of_secret(secret: &[u8; 32]) -> Option<Self>;
    /// Its secret.
    fn secret(&self) -> Zeroizing<[u8; 32]>;
    /// Its public key.
    fn public_text(&self) -> String;
}

impl FileKey for IssuerSecretKey {
    fn fresh() -> Self {
        Self::generate(&mut OsRng)
    }

    fn of_secret(secret: &[u8; 32]) -> Option<Self> {
        Self::from_bytes(secret)
    }

    fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.to_bytes()
    }

    fn public_text(&self) -> String {
        self.public().to_string()
    }
}

impl FileKey for DocumentSecretKey {
    fn fresh() -> Self {
        Self::generate(&mut OsRng)
    }

    fn of_secret(secret: &[u8; 32]) -> Option<Self> {
        Some(Self::from_bytes(secret))
    }

    fn secret(&self) -> Zeroizing<[u8; 32]> {
        self.to_bytes()
    }

    fn public_text(&self) -> String {
        self.public().to_string()
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// Others can read or write the file.
    #[error("{0}")]
    Exposed(SecretFileError),
    /// Not a file of this kind, or not as it was written.
    #[error("it is damaged, or is not the file of a glimpse {0} key")]
    Damaged(&'static str),
    /// There is no file where one has been.
    #[error("it is missing, but this store was used with a key: restore it from its backup")]
    Missing,
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    const ISSUER: KeyFile<IssuerSecretKey> = KeyFile::ISSUER;

    #[test]
    fn made_once_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys/issuer.key");
        assert!(matches!(ISSUER.open(&path, false), Err(KeyFileError::Missing)));
        let made = ISSUER.open(&path, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(ISSUER.open(&path, true).unwrap().public(), made.public());
        assert_eq!(ISSUER.open(&path, false).unwrap().public(), made.public());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn whatever_is_not_whole_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuer.key");
        ISSUER.open(&path, true).unwrap();
        let sound = fs::read(&path).unwrap();
        for i in 0..sound.len() {
            let mut altered = sound.clone();
            altered[i] ^= 1;
            fs::write(&path, &altered).unwrap();
            assert!(matches!(ISSUER.open(&path, true), Err(KeyFileError::Damaged(_))), "byte {i}");
            fs::write(&path, &sound[..i]).unwrap();
            assert!(matches!(ISSUER.open(&path, true), Err(KeyFileError::Damaged(_))), "length {i}");
        }
        fs::write(&path, [&sound[..], b"\n"].concat()).unwrap();
        assert!(matches!(ISSUER.open(&path, true), Err(KeyFileError::Damaged(_))));
    }

    #[test]
    fn others_must_not_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuer.key");
        ISSUER.open(&path, true).unwrap();
        for mode in [0o640, 0o604, 0o602, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = ISSUER.open(&path, true);
            let exposed =
                |error: &_| matches!(error, SecretFileError::Exposed { mode: found } if *found == mode);
            assert!(matches!(refused, Err(KeyFileError::Exposed(ref error)) if exposed(error)));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(ISSUER.open(&path, true).is_ok());
    }

    #[test]
    fn a_file_of_one_kind_is_not_one_of_another() {
        let directory = tempfile::tempdir().unwrap();
        let [issuer, document] = ["issuer.key", "document.key"].map(|name| directory.path().join(name));
        let made = ISSUER.create(&issuer).unwrap();
        assert_eq!(ISSUER.read(&issuer).unwrap().public(), made.public());
        assert!(matches!(KeyFile::REVOCATION.open(&issuer, true), Err(KeyFileError::Damaged("revocation"))));
        assert!(matches!(KeyFile::DOCUMENT.read(&issuer), Err(KeyFileError::Damaged("document"))));
        let made = KeyFile::DOCUMENT.create(&document).unwrap();
        assert_eq!(KeyFile::DOCUMENT.read(&document).unwrap().public(), made.public());
        assert!(matches!(ISSUER.read(&document), Err(KeyFileError::Damaged("issuer"))));
    }

    #[test]
    fn no_key_is_ever_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("root.key");
        let made = KeyFile::DOCUMENT.create(&path).unwrap();
        let refused = KeyFile::DOCUMENT.create(&path).map(drop);
        let exists = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        assert!(matches!(refused, Err(KeyFileError::Io(ref error)) if exists(error)));
        assert_eq!(KeyFile::DOCUMENT.read(&path).unwrap().public(), made.public());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
