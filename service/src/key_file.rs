//! The issuer's key on disk: three lines of text, of which the last tells whether the second is still what it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use glimpse_issuer::IssuerSecretKey;
use rand_core::OsRng;
use zeroize::Zeroizing;

use crate::ids::Id;
use crate::secret_file::{self, SecretFileError};

const FIRST_LINE: &str = "glimpse issuer key 1";
/// First line, `secret` and `public` with 64 digits each.
const MAX_LENGTH: usize = 256;

/// Reads the key. If there is no file, makes one with a fresh key, provided that is allowed.
pub(crate) fn open(path: &Path, may_create: bool) -> Result<IssuerSecretKey, KeyFileError> {
    match File::open(path) {
        Ok(file) => read(file),
        Err(error) if error.kind() == io::ErrorKind::NotFound && may_create => create(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(KeyFileError::Missing),
        Err(error) => Err(error.into()),
    }
}

fn read(file: File) -> Result<IssuerSecretKey, KeyFileError> {
    let bytes = match secret_file::read(file, MAX_LENGTH) {
        Ok(bytes) => bytes,
        Err(exposed @ SecretFileError::Exposed { .. }) => return Err(KeyFileError::Exposed(exposed)),
        Err(SecretFileError::Form) => return Err(KeyFileError::Damaged),
        Err(SecretFileError::Io(error)) => return Err(error.into()),
    };
    std::str::from_utf8(&bytes).ok().and_then(parse).ok_or(KeyFileError::Damaged)
}

fn parse(text: &str) -> Option<IssuerSecretKey> {
    let rest = text.strip_prefix(FIRST_LINE)?.strip_prefix("\nsecret ")?;
    let (secret, rest) = rest.split_once('\n')?;
    let mut bytes = Zeroizing::new([0u8; 32]);
    hex::decode_to_slice(secret, &mut *bytes).ok()?;
    let key = IssuerSecretKey::from_bytes(&bytes)?;
    (rest == format!("public {}\n", key.public())).then_some(key)
}

/// Written beside its place, synchronised, and put in its place whole, unless something is there by then.
fn create(path: &Path) -> Result<IssuerSecretKey, KeyFileError> {
    let key = IssuerSecretKey::generate(&mut OsRng);
    let text = text(&key);
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(directory)?;
    let draft = directory.join(format!(".issuer-key-{}", Id::random().text()));
    let placed = place(&draft, path, text.as_bytes());
    // Whether or not it was placed, the draft has no further use.
    let removed = fs::remove_file(&draft);
    placed?;
    removed?;
    File::open(directory)?.sync_all()?;
    Ok(key)
}

/// In a buffer with room for all of it: one that grows would leave copies behind.
fn text(key: &IssuerSecretKey) -> Zeroizing<String> {
    let secret = Zeroizing::new(hex::encode(*key.to_bytes()));
    let mut text = Zeroizing::new(String::with_capacity(MAX_LENGTH));
    for part in [FIRST_LINE, "\nsecret ", &secret, "\npublic ", &key.public().to_string(), "\n"] {
        text.push_str(part);
    }
    text
}

fn place(draft: &Path, path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(text)?;
    file.sync_all()?;
    fs::hard_link(draft, path)
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFileError {
    #[error("{0}")]
    Exposed(SecretFileError),
    #[error("it is damaged, or is not an issuer key")]
    Damaged,
    #[error("it is missing, but this store was used with a key: restore it from its backup")]
    Missing,
    #[error("{0}")]
    Io(#[from] io::Error),
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn made_once_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys/issuer.key");
        assert!(matches!(open(&path, false), Err(KeyFileError::Missing)));
        let made = open(&path, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(open(&path, true).unwrap().public(), made.public());
        assert_eq!(open(&path, false).unwrap().public(), made.public());
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn whatever_is_not_whole_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuer.key");
        open(&path, true).unwrap();
        let sound = fs::read(&path).unwrap();
        for i in 0..sound.len() {
            let mut altered = sound.clone();
            altered[i] ^= 1;
            fs::write(&path, &altered).unwrap();
            assert!(matches!(open(&path, true), Err(KeyFileError::Damaged)), "byte {i}");
            fs::write(&path, &sound[..i]).unwrap();
            assert!(matches!(open(&path, true), Err(KeyFileError::Damaged)), "length {i}");
        }
        fs::write(&path, [&sound[..], b"\n"].concat()).unwrap();
        assert!(matches!(open(&path, true), Err(KeyFileError::Damaged)));
    }

    #[test]
    fn others_must_not_read_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("issuer.key");
        open(&path, true).unwrap();
        for mode in [0o640, 0o604, 0o602, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = open(&path, true);
            let exposed =
                |error: &_| matches!(error, SecretFileError::Exposed { mode: found } if *found == mode);
            assert!(matches!(refused, Err(KeyFileError::Exposed(ref error)) if exposed(error)));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert!(open(&path, true).is_ok());
    }
}
