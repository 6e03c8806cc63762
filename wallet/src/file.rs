//! The format of a wallet's file.
//!
//! | bytes | what |
//! |---|---|
//! | 14 | `glimpse-wallet` |
//! | 1 | version: 1 |
//! | 4 + 4 + 4 | Argon2id: memory in KiB, passes, lanes (little-endian) |
//! | 16 | salt |
//! | 32 | key check |
//! | 24 | nonce, fresh for each save |
//! | 32 | BLAKE2s-256 of everything before |
//! | rest | contents under XChaCha20-Poly1305, the whole header associated |
//!
//! Argon2id yields 64 bytes: the first half is the key, the second the key check. Each half says nothing about the
//! other, and to test a guess against the check costs what it costs against the contents. The check tells a wrong
//! passphrase from a damaged file; the hash, which anybody can compute, tells damage to the check from a wrong
//! passphrase. Neither takes part in keeping the contents secret or whole: that is the cipher's task.

use std::fmt;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use blake2::{Blake2s256, Digest};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::Passphrase;

const MAGIC: &[u8; 14] = b"glimpse-wallet";
const VERSION: u8 = 1;
const SALT: usize = 16;
const CHECK: usize = 32;
const NONCE: usize = 24;
const HASH: usize = 32;
const TAG: usize = 16;
const HEADER: usize = MAGIC.len() + 1 + 12 + SALT + CHECK + NONCE + HASH;

/// Most bytes of a file that are read.
pub(crate) const MAX_FILE_BYTES: u64 = 64 * 1024 * 1024;

/// How costly it is to try a passphrase. Written into the file, and bounded when read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KdfParams {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl KdfParams {
    /// 64 MiB, 3 passes, 1 lane.
    pub const DEFAULT: Self = Self { memory_kib: 64 * 1024, passes: 3, lanes: 1 };
    /// Far too cheap for real use: for tests and demonstrations that open many wallets.
    pub const FOR_TESTS: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    const MAX_MEMORY_KIB: u32 = 512 * 1024;
    const MAX_PASSES: u32 = 64;
    const MAX_LANES: u32 = 16;

    /// Memory in KiB (8 for each lane to 512 MiB), passes (1 to 64) and lanes (1 to 16) of Argon2id; `None` outside.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let allowed = (1..=Self::MAX_LANES).contains(&lanes)
            && (1..=Self::MAX_PASSES).contains(&passes)
            && (8 * lanes..=Self::MAX_MEMORY_KIB).contains(&memory_kib);
        allowed.then_some(Self { memory_kib, passes, lanes })
    }
}

impl Default for KdfParams {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// The key of one file, with what its header says of it. Kept while the wallet is open; wiped on drop.
pub(crate) struct FileKey {
    params: KdfParams,
    salt: [u8; SALT],
    /// Key, then key check.
    derived: Box<Zeroizing<[u8; 64]>>,
}

impl fmt::Debug for FileKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FileKey(..)")
    }
}

impl FileKey {
    /// A key for a new file.
    pub(crate) fn create(passphrase: &Passphrase, params: KdfParams) -> Result<Self, FileError> {
        if passphrase.is_empty() {
            return Err(FileError::EmptyPassphrase);
        }
        let salt = random()?;
        Ok(Self { params, salt, derived: derive(passphrase, params, &salt)? })
    }

    /// Encrypts contents under a fresh nonce: the whole file. The buffer should have room for 16 bytes more.
    pub(crate) fn seal(&self, mut contents: Zeroizing<Vec<u8>>) -> Result<Vec<u8>, FileError> {
        let nonce: [u8; NONCE] = random()?;
        let header = self.header(&nonce);
        self.cipher()
            .encrypt_in_place(&XNonce::from(nonce), &header, &mut *contents)
            .map_err(|_| FileError::TooLarge)?;
        let mut file = Vec::with_capacity(header.len() + contents.len());
        file.extend_from_slice(&header);
        file.extend_from_slice(&contents);
        if file.len() as u64 > MAX_FILE_BYTES { Err(FileError::TooLarge) } else { Ok(file) }
    }

    fn header(&self, nonce: &[u8; NONCE]) -> Vec<u8> {
        let mut header = Vec::with_capacity(HEADER);
        header.extend_from_slice(MAGIC);
        header.push(VERSION);
        for number in [self.params.memory_kib, self.params.passes, self.params.lanes] {
            header.extend_from_slice(&number.to_le_bytes());
        }
        header.extend_from_slice(&self.salt);
        header.extend_from_slice(self.check());
        header.extend_from_slice(nonce);
        let hash = Blake2s256::digest(&header);
        header.extend_from_slice(&hash);
        header
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        let (key, _) = self.derived.split_at(32);
        let mut copy = Zeroizing::new([0u8; 32]);
        copy.copy_from_slice(key);
        XChaCha20Poly1305::new((&*copy).into())
    }

    fn check(&self) -> &[u8] {
        self.derived.split_at(32).1
    }
}

/// Decrypts a file.
pub(crate) fn open(file: &[u8], passphrase: &Passphrase) -> Result<(FileKey, Zeroizing<Vec<u8>>), FileError> {
    let mut reader = file.strip_prefix(MAGIC).ok_or(FileError::NotAWallet)?;
    let [version] = take(&mut reader)?;
    if version != VERSION {
        return Err(FileError::UnknownVersion(version));
    }
    let [memory_kib, passes, lanes] = [take(&mut reader)?, take(&mut reader)?, take(&mut reader)?];
    let salt: [u8; SALT] = take(&mut reader)?;
    let check: [u8; CHECK] = take(&mut reader)?;
    let nonce: [u8; NONCE] = take(&mut reader)?;
    let hashed = &file[..HEADER - HASH];
    let hash: [u8; HASH] = take(&mut reader)?;
    if Blake2s256::digest(hashed)[..] != hash || reader.len() < TAG {
        return Err(FileError::Damaged);
    }
    let [memory_kib, passes, lanes] = [memory_kib, passes, lanes].map(u32::from_le_bytes);
    let params = KdfParams::new(memory_kib, passes, lanes).ok_or(FileError::Params)?;

    let key = FileKey { params, salt, derived: derive(passphrase, params, &salt)? };
    if !bool::from(key.check().ct_eq(&check)) {
        return Err(FileError::WrongPassphrase);
    }
    let mut contents = Zeroizing::new(reader.to_vec());
    key.cipher()
        .decrypt_in_place(&XNonce::from(nonce), &file[..HEADER], &mut *contents)
        .map_err(|_| FileError::Damaged)?;
    Ok((key, contents))
}

fn take<const N: usize>(reader: &mut &[u8]) -> Result<[u8; N], FileError> {
    let (first, rest) = reader.split_first_chunk().ok_or(FileError::Damaged)?;
    *reader = rest;
    Ok(*first)
}

fn derive(
    passphrase: &Passphrase,
    params: KdfParams,
    salt: &[u8; SALT],
) -> Result<Box<Zeroizing<[u8; 64]>>, FileError> {
    let cost = Params::new(params.memory_kib, params.passes, params.lanes, Some(64));
    let cost = cost.map_err(|_| FileError::Params)?;
    let mut memory: Zeroizing<Vec<Block>> = Zeroizing::new(Vec::new());
    memory.try_reserve_exact(cost.block_count()).map_err(|_| FileError::Memory)?;
    memory.resize(cost.block_count(), Block::new());
    let mut derived = Box::new(Zeroizing::new([0u8; 64]));
    Argon2::new(Algorithm::Argon2id, Version::V0x13, cost)
        .hash_password_into_with_memory(passphrase.as_bytes(), salt, &mut **derived, &mut *memory)
        .map_err(|_| FileError::Params)?;
    Ok(derived)
}

/// Random bytes of the system: salts and nonces never depend on a caller's generator.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], FileError> {
    let mut bytes = [0u8; N];
    getrandom::fill(&mut bytes).map_err(|_| FileError::Random)?;
    Ok(bytes)
}

/// Why a wallet's file cannot be used. The file is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// Does not begin as a wallet does.
    #[error("this is not a wallet file, or its beginning is damaged")]
    NotAWallet,
    /// Made by a later program.
    #[error("the wallet file has version {0}, which this program does not know")]
    UnknownVersion(u8),
    /// The passphrase is another one.
    #[error("wrong passphrase")]
    WrongPassphrase,
    /// Truncated or altered.
    #[error("the wallet file is damaged; restore it from a backup")]
    Damaged,
    /// Costs outside what is accepted.
    #[error("the wallet file asks for more memory or time than is accepted")]
    Params,
    /// Not enough memory to derive the key.
    #[error("there is not enough memory to derive the wallet's key")]
    Memory,
    /// More than 64 MiB.
    #[error("the wallet file is too large")]
    TooLarge,
    /// No passphrase for a new wallet.
    #[error("a wallet needs a passphrase")]
    EmptyPassphrase,
    /// The system has no randomness to give.
    #[error("the system's random generator failed")]
    Random,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed() -> Vec<u8> {
        let key = FileKey::create(&Passphrase::new("right"), KdfParams::FOR_TESTS).unwrap();
        key.seal(Zeroizing::new(b"{\"some\":\"contents\"}".to_vec())).unwrap()
    }

    /// A derived `Debug` would show the 64 bytes as a list of numbers, and salt and parameters with them.
    #[test]
    fn a_file_key_does_not_print() {
        let key = FileKey::create(&Passphrase::new("right"), KdfParams::FOR_TESTS).unwrap();
        for printed in [format!("{key:?}"), format!("{key:#?}")] {
            assert_eq!(printed, "FileKey(..)");
        }
    }

    #[test]
    fn opens_with_its_passphrase_only() {
        let file = sealed();
        let (key, contents) = open(&file, &Passphrase::new("right")).unwrap();
        assert_eq!(*contents, b"{\"some\":\"contents\"}");
        let again = key.seal(contents).unwrap();
        assert!(open(&again, &Passphrase::new("right")).is_ok());
        assert_eq!(open(&file, &Passphrase::new("wrong")).unwrap_err(), FileError::WrongPassphrase);
        assert_eq!(open(&file, &Passphrase::new("")).unwrap_err(), FileError::WrongPassphrase);
        let create = FileKey::create(&Passphrase::new(""), KdfParams::FOR_TESTS);
        assert_eq!(create.unwrap_err(), FileError::EmptyPassphrase);
    }

    #[test]
    fn every_byte_changed_is_noticed_and_never_blamed_on_the_passphrase() {
        let file = sealed();
        for position in 0..file.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut changed = file.clone();
                changed[position] ^= flip;
                let expected = match position {
                    0..14 => FileError::NotAWallet,
                    14 => FileError::UnknownVersion(VERSION ^ flip),
                    _ => FileError::Damaged,
                };
                let error = open(&changed, &Passphrase::new("right")).unwrap_err();
                assert_eq!(error, expected, "byte {position}");
            }
        }
    }

    #[test]
    fn every_truncation_and_extension_is_noticed() {
        let file = sealed();
        for length in 0..file.len() {
            let expected = if length < 14 { FileError::NotAWallet } else { FileError::Damaged };
            assert_eq!(open(&file[..length], &Passphrase::new("right")).unwrap_err(), expected, "{length}");
        }
        let longer = [&file[..], &[0]].concat();
        assert_eq!(open(&longer, &Passphrase::new("right")).unwrap_err(), FileError::Damaged);
    }

    #[test]
    fn no_save_repeats_a_nonce_and_the_check_is_no_key() {
        let key = FileKey::create(&Passphrase::new("right"), KdfParams::FOR_TESTS).unwrap();
        let seal = || key.seal(Zeroizing::new(b"same".to_vec())).unwrap();
        let (first, second) = (seal(), seal());
        let nonce = HEADER - HASH - NONCE..HEADER - HASH;
        assert_ne!(first[nonce.clone()], second[nonce]);
        assert_ne!(first[HEADER..], second[HEADER..]);
        assert_ne!(key.derived[..32], key.derived[32..]);
        assert!(!first.windows(32).any(|window| window == &key.derived[..32]));
    }

    #[test]
    fn a_file_cannot_ask_for_unbounded_memory() {
        let file = sealed();
        for (at, number) in
            [(15, 512 * 1024 + 1), (15, u32::MAX), (19, 65), (23, 17), (23, 0), (15, 7), (19, 0)]
        {
            let mut changed = file.clone();
            changed[at..at + 4].copy_from_slice(&u32::to_le_bytes(number));
            let hash = Blake2s256::digest(&changed[..HEADER - HASH]);
            changed[HEADER - HASH..HEADER].copy_from_slice(&hash);
            assert_eq!(open(&changed, &Passphrase::new("right")).unwrap_err(), FileError::Params);
        }
    }
}
