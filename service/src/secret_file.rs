//! Files with secrets: nobody but their owner may read or write them.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

/// Why a file with a secret is not read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretFileError {
    /// Others can read or write it.
    #[error("it can be read or written by others (mode {mode:03o}): chmod 600 it, and ask who has seen it")]
    Exposed {
        /// Its mode.
        mode: u32,
    },
    /// Not a file, or larger than anything that belongs there.
    #[error("it is not a file, or is too large")]
    Form,
    /// The system says no.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// Reads a file with a secret: not larger than this, and closed to others. Its bytes are wiped from memory on drop.
pub fn read_secret_file(path: &Path, max_length: usize) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    read(File::open(path)?, max_length)
}

pub(crate) fn read(file: File, max_length: usize) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > max_length as u64 {
        return Err(SecretFileError::Form);
    }
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(SecretFileError::Exposed { mode });
    }
    // As large as it can become, so that nothing of it is left behind where it was moved from.
    let mut bytes = Zeroizing::new(Vec::with_capacity(max_length + 1));
    file.take(max_length as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > max_length { Err(SecretFileError::Form) } else { Ok(bytes) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn closed_to_others_and_of_its_size() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("secret");
        fs::write(&path, "12345678").unwrap();
        for mode in [0o640, 0o604, 0o602, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = read_secret_file(&path, 8);
            assert!(matches!(refused, Err(SecretFileError::Exposed { mode: found }) if found == mode));
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
        assert_eq!(*read_secret_file(&path, 8).unwrap(), b"12345678");
        assert!(matches!(read_secret_file(&path, 7), Err(SecretFileError::Form)));
        assert!(matches!(read_secret_file(directory.path(), 8), Err(SecretFileError::Form)));
        assert!(matches!(read_secret_file(&directory.path().join("none"), 8), Err(SecretFileError::Io(_))));
    }
}
