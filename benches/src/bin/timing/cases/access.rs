//! Bearer keys at the service: whether a key agrees with part of one that is known, and which one it is.

use glimpse_benches::welch::Class;
use glimpse_fixtures::rng;
use glimpse_service::{Access, Key, Principal, Role as ServiceRole};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::RngCore;

use super::{bytes, subject};
use crate::case::{Case, Plan, Role, either};

/// Principals, each with one key.
const KNOWN: usize = 100;

pub(super) fn plans(seed: u64) -> Vec<Plan> {
    let half = ["hash agrees in 16 bytes", "random"];
    let nearly = ["hash agrees in 31 bytes", "random"];
    vec![
        subject("bearer key: unknown, half of a hash", half, move || agreeing(seed, 16)),
        subject("bearer key: unknown, all but a byte", nearly, move || agreeing(seed, 31)),
        subject("bearer key: known", ["the first of 100", "the last of 100"], move || placed(seed)),
        Plan {
            role: Role::Told,
            ..subject("bearer key: known or not", ["known", "random"], move || agreeing(seed, 32))
        },
    ]
}

/// Known hashes agree with the hash of one key in so many bytes and no more. That key is shown, or a random one.
fn agreeing(seed: u64, agree: usize) -> Case {
    let mut rng = rng(seed);
    let shown = text(&mut rng);
    let known = |rng: &mut ChaCha20Rng| {
        let mut key = of(&shown);
        let others = bytes(rng);
        if let Some(first) = key.sha256.get_mut(agree) {
            *first = !*first;
            key.sha256[agree + 1..].copy_from_slice(&others[agree + 1..]);
        }
        key
    };
    let mut keys: Vec<Key> = (0..KNOWN).map(|_| of(&text(&mut rng))).collect();
    keys[KNOWN / 2] = known(&mut rng);
    let access = access(keys);
    let prepare = move |class: Class| either(class, shown, text(&mut rng));
    Case::new(512, prepare, move |given: Text| access.of_key(&given, 0).is_some())
}

/// Both are asked for as often: a principal that was asked for lately is found in a nearer cache, and whose key it is the
/// answer tells anyway.
fn placed(seed: u64) -> Case {
    let mut rng = rng(seed);
    let texts: Vec<Text> = (0..KNOWN).map(|_| text(&mut rng)).collect();
    let access = access(texts.iter().map(of).collect());
    let prepare = move |class: Class| either(class, texts[0], texts[KNOWN - 1]);
    Case::new(512, prepare, move |given: Text| access.of_key(&given, 0))
}

fn access(keys: Vec<Key>) -> Access {
    let principals = keys
        .into_iter()
        .enumerate()
        .map(|(i, key)| Principal::new(format!("principal-{i}"), ServiceRole::Issuer).with_key(key));
    Access::new(principals).unwrap()
}

/// A key as long as real ones are.
type Text = [u8; 47];

fn text(rng: &mut ChaCha20Rng) -> Text {
    let mut text = *b"glk_0123456789012345678901234567890123456789012";
    text[4..].fill_with(|| b'A' + (rng.next_u32() % 26) as u8);
    text
}

fn of(text: &Text) -> Key {
    Key::of(std::str::from_utf8(text).unwrap())
}
