//! A wallet's file: as it is on disk, and what is in it once it is decrypted.
//!
//! The format is written here once more, from its description in `wallet/src/file.rs`, so that anything can be put into
//! a file that opens.

use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;

use argon2::{Algorithm, Argon2, Params, Version};
use blake2::{Blake2s256, Digest};
use chacha20poly1305::aead::AeadInOut;
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use glimpse_circuits::text::Language;
use glimpse_fixtures::rng;
use glimpse_wallet::{KdfParams, Passphrase, Wallet};
use tempfile::TempDir;

use crate::bytes::Bytes;
use crate::scene::stock;
use crate::seeds::Seeds;
use crate::wallet_http::{NOW, filled, filled_by_list};

/// Lengths of what the header holds.
const MAGIC: usize = 14;
const PARAMS: usize = MAGIC + 1;
const SALT: usize = PARAMS + 12;
const CHECK: usize = SALT + 16;
const NONCE: usize = CHECK + 32;
const HASH: usize = NONCE + 24;
const HEADER: usize = HASH + 32;
/// KiB that a file may ask for here. What is refused begins far above, at 512 MiB.
const MOST_KIB: u32 = 256;
const MOST_PASSES: u32 = 4;

pub(crate) const PASSPHRASE: &str = "right";

/// First byte: whether it is a whole file, a file whose hash is put right, or contents for a file that is sound.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    match input.below(3) {
        0 => open(&bounded(input.rest().to_vec()), false),
        1 => {
            let mut file = bounded(input.rest().to_vec());
            if file.len() >= HEADER {
                let hash = Blake2s256::digest(&file[..HASH]);
                file[HASH..HEADER].copy_from_slice(&hash);
            }
            open(&file, false);
        }
        _ => open(&sealed(input.rest()), true),
    }
}

/// A file that would be accepted and is slow is made one that is quick. One that is to be refused stays as it is.
fn bounded(mut file: Vec<u8>) -> Vec<u8> {
    if let Some([memory, passes, lanes]) = params(&file)
        && KdfParams::new(memory, passes, lanes).is_some()
    {
        let memory = if memory > MOST_KIB { 8 * lanes } else { memory };
        file[PARAMS..PARAMS + 4].copy_from_slice(&memory.to_le_bytes());
        file[PARAMS + 4..PARAMS + 8].copy_from_slice(&passes.min(MOST_PASSES).to_le_bytes());
    }
    file
}

fn params(file: &[u8]) -> Option<[u32; 3]> {
    let bytes = file.get(PARAMS..SALT)?;
    let number = |i: usize| u32::from_le_bytes(bytes[4 * i..4 * i + 4].try_into().unwrap());
    Some([number(0), number(1), number(2)])
}

fn path() -> PathBuf {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
        let memory = "/dev/shm";
        if fs::metadata(memory).is_ok() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap()
    });
    FOLDER.path().join("wallet")
}

fn open(file: &[u8], sound: bool) {
    let path = path();
    fs::write(&path, file).unwrap();
    assert!(Wallet::open(&path, &Passphrase::new("wrong")).is_err(), "opened with any passphrase");
    let Ok(wallet) = Wallet::open(&path, &Passphrase::new(PASSPHRASE)) else { return };
    assert!(
        sound || file == sealed_again(file).as_slice(),
        "opened, and was not written with this passphrase"
    );
    assert_eq!(fs::read(&path).unwrap(), file, "opening alone changes nothing");
    use_it(wallet);
    // Whatever was in it: what it was saved as opens again.
    let changed = fs::read(&path).unwrap();
    if changed != file {
        Wallet::open(&path, &Passphrase::new(PASSPHRASE)).expect("a wallet opens what it saved");
    }
}

/// Looks at everything, and changes something.
fn use_it(mut wallet: Wallet) {
    let credentials = wallet.list();
    for credential in &credentials {
        let _ = wallet.show(&credential.id);
    }
    for credential in &credentials {
        let said = |language| credential.listing.map(|listing| listing.to_text(language, NOW));
        let _ = (said(Language::Chinese), said(Language::English));
    }
    let _ = (wallet.issuers(), wallet.ledger(), wallet.pending(), wallet.saves());
    let _ = (wallet.trusted_list(), wallet.refresh_due(NOW));
    let request = stock().asked[2].relation.request().to_canonical_json().unwrap();
    let review = wallet.review_json(std::str::from_utf8(&request).unwrap(), NOW);
    if let Ok(review) = review {
        let _ = (review.to_text(Language::Chinese), review.to_text(Language::English), review.to_json());
    }
    if let Some(first) = credentials.first() {
        let _ = wallet.forget(&first.id);
    }
    let _ = wallet.drop_tokens();
    let _ = wallet.give_up_trust_list();
}

/// What the salt of `sealed` gives, worked out once.
fn derived() -> &'static [u8; 64] {
    static DERIVED: LazyLock<[u8; 64]> = LazyLock::new(|| derive(&[7; 16], [8, 1, 1]));
    &DERIVED
}

fn derive(salt: &[u8], [memory, passes, lanes]: [u32; 3]) -> [u8; 64] {
    let mut derived = [0; 64];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(memory, passes, lanes, Some(64)).unwrap())
        .hash_password_into(PASSPHRASE.as_bytes(), salt, &mut derived)
        .unwrap();
    derived
}

/// A sound file with these contents.
pub(crate) fn sealed(contents: &[u8]) -> Vec<u8> {
    let mut header = b"glimpse-wallet\x01".to_vec();
    [8u32, 1, 1].iter().for_each(|number| header.extend(number.to_le_bytes()));
    header.extend([7; 16]);
    header.extend(&derived()[32..]);
    header.extend([9; 24]);
    encrypted(header, derived(), contents)
}

fn encrypted(mut header: Vec<u8>, derived: &[u8; 64], contents: &[u8]) -> Vec<u8> {
    header.extend(Blake2s256::digest(&header));
    let key: [u8; 32] = derived[..32].try_into().unwrap();
    let nonce: [u8; 24] = header[NONCE..HASH].try_into().unwrap();
    let mut contents = contents.to_vec();
    XChaCha20Poly1305::new((&key).into())
        .encrypt_in_place(&XNonce::from(nonce), &header, &mut contents)
        .unwrap();
    [header, contents].concat()
}

/// The contents of a file under the right passphrase, sealed under the same header: the same file, if it is sound.
fn sealed_again(file: &[u8]) -> Vec<u8> {
    let derived = derive(&file[SALT..CHECK], params(file).unwrap());
    let key: [u8; 32] = derived[..32].try_into().unwrap();
    let nonce: [u8; 24] = file[NONCE..HASH].try_into().unwrap();
    let mut contents = file[HEADER..].to_vec();
    let opened = XChaCha20Poly1305::new((&key).into()).decrypt_in_place(
        &XNonce::from(nonce),
        &file[..HEADER],
        &mut contents,
    );
    opened.unwrap();
    encrypted(file[..HASH].to_vec(), &derived, &contents)
}

/// What a sound file holds.
fn contents(file: &[u8]) -> Vec<u8> {
    let key: [u8; 32] = derive(&file[SALT..CHECK], params(file).unwrap())[..32].try_into().unwrap();
    let nonce: [u8; 24] = file[NONCE..HASH].try_into().unwrap();
    let mut contents = file[HEADER..].to_vec();
    XChaCha20Poly1305::new((&key).into())
        .decrypt_in_place(&XNonce::from(nonce), &file[..HEADER], &mut contents)
        .unwrap();
    contents
}

/// A new wallet, one that was used, and one that goes by a list of issuers, whole and by their contents.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let path = path();
    let _ = fs::remove_file(&path);
    let new = Wallet::create(&path, &Passphrase::new(PASSPHRASE), KdfParams::FOR_TESTS, &mut rng(1)).unwrap();
    drop(new);
    for file in [fs::read(&path).unwrap(), filled(), filled_by_list()] {
        let contents = contents(&file);
        for (way, bytes) in [(0, &file), (1, &file), (2, &contents)] {
            seeds.add([&[way][..], bytes].concat());
        }
    }
}
