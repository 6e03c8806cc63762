//! What services say while they are tested, at every level, and what they must never say.
//!
//! Whatever passes between tests and services is looked through for secrets: bearer keys, offer codes, references, values of
//! licences, tokens, presentations. When a [`Watched`] goes, none of them may stand in what was said since it came. Services
//! in the process of the tests say it to [`capture`]; processes of their own say it on standard error, to [`Watched::file`].
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::{fs, io, panic, thread};

use serde_json::Value;
use tracing_subscriber::EnvFilter;

/// Everything, but for the client that plays wallet in the same process.
pub const FILTER: &str = "trace,ureq=off,ureq_proto=off,mio=off";
/// Shorter ones would be found anywhere.
const LEAST: usize = 8;
/// So much of bytes in base64 is enough to be found by.
const ENOUGH: usize = 40;

static SAID: Mutex<Vec<u8>> = Mutex::new(Vec::new());
static SECRETS: Mutex<BTreeMap<String, Kind>> = Mutex::new(BTreeMap::new());

/// What kind of secret something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A value of a licence, or who it is of.
    Attribute,
    /// What opens something: bearer keys, passphrases, offer codes.
    Key,
    /// What names something to those who were given it: requests, exchanges, licences.
    Reference,
    /// What is sent to be proven: credentials, tokens, presentations.
    Proof,
}

/// Members of bodies, and the kind of what stands under them: in a string, in a list of strings, or in an object of them.
const MEMBERS: [(&str, Kind); 15] = [
    ("attributes", Kind::Attribute),
    ("holder", Kind::Attribute),
    ("code", Kind::Key),
    ("licence", Kind::Reference),
    ("exchange", Kind::Reference),
    ("request_uri", Kind::Reference),
    ("result_uri", Kind::Reference),
    ("request", Kind::Proof),
    ("credential", Kind::Proof),
    ("pairs", Kind::Proof),
    ("commitments", Kind::Proof),
    ("challenges", Kind::Proof),
    ("responses", Kind::Proof),
    ("presentation", Kind::Proof),
    ("presentations", Kind::Proof),
];

struct Capture;

impl io::Write for Capture {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        lock(&SAID).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes down what anything in this process says from now on, and what its threads say when they panic; tests have their
/// own words.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new(FILTER))
            .with_ansi(false)
            .without_time()
            .with_writer(|| Capture)
            .init();
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let of_service = thread::current().name().is_some_and(|name| {
                ["actix", "glimpse", "tokio"].iter().any(|start| name.starts_with(start))
            });
            if of_service {
                lock(&SAID).extend_from_slice(format!("{info}\n").as_bytes());
            }
            before(info);
        }));
    });
}

/// In a process of its own, all of it goes to standard error.
pub fn to_stderr() {
    let to = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(FILTER)).with_ansi(false);
    to.with_writer(io::stderr).init();
}

/// Everything that was said in this process.
pub fn said() -> String {
    String::from_utf8_lossy(&lock(&SAID)).into_owned()
}

/// Something that nobody may say.
pub fn keep(kind: Kind, secret: &str) {
    // Words of the interface are no secrets, even where a test sends one in the place of one.
    if secret.len() >= LEAST && !secret.starts_with("cn.") {
        lock(&SECRETS).insert(secret.to_owned(), kind);
    }
}

/// Keeps what is secret in a body that was sent or answered, and in the headers it was sent with.
pub fn look_through(headers: &[(&str, &str)], bodies: [&[u8]; 2]) {
    for (name, value) in headers {
        match *name {
            "authorization" => keep(Kind::Key, value.trim_start_matches("Bearer ")),
            "idempotency-key" => keep(Kind::Reference, value),
            _ => {}
        }
    }
    for body in bodies {
        if let Ok(json) = serde_json::from_slice(body) {
            look_into(&json);
        }
    }
}

fn look_into(json: &Value) {
    match json {
        Value::Array(list) => list.iter().for_each(look_into),
        Value::Object(members) => {
            for (name, value) in members {
                match MEMBERS.iter().find(|(known, _)| known == name) {
                    Some((_, kind)) => keep_all(*kind, value),
                    None => look_into(value),
                }
            }
        }
        _ => {}
    }
}

/// Keeps whatever stands in this, as one of a kind.
pub fn keep_all(kind: Kind, value: &Value) {
    match value {
        Value::String(text) if kind == Kind::Proof => {
            let end = text.char_indices().nth(ENOUGH).map_or(text.len(), |(end, _)| end);
            keep(kind, &text[..end]);
        }
        // Of addresses it is the last part that is secret, or the one before it.
        Value::String(text) if text.starts_with("http") || text.starts_with('/') => {
            text.split('/').filter(|part| part.len() >= 32).for_each(|part| keep(kind, part));
        }
        Value::String(text) => keep(kind, text),
        // The attributes of a schema are a list of objects, and no secret.
        Value::Array(list) if kind == Kind::Attribute && list.iter().any(Value::is_object) => {}
        Value::Array(list) => list.iter().for_each(|value| keep_all(kind, value)),
        // Such as a request in the place of its bytes.
        Value::Object(_) if kind == Kind::Proof => look_into(value),
        Value::Object(members) => members.values().for_each(|value| keep_all(kind, value)),
        _ => {}
    }
}

/// Whatever of these kinds stands in a text, with the line.
pub fn found_in(text: &[u8], kinds: &[Kind]) -> Vec<String> {
    // A copy, since a long text takes a while, and other tests add to the list meanwhile.
    let secrets = lock(&SECRETS).clone();
    let mut by_start: HashMap<&[u8], Vec<&str>> = HashMap::new();
    // Whether one begins with these two bytes: few places of a text need a closer look.
    let mut may_start = vec![false; 1 << 16];
    let pair = |bytes: &[u8]| usize::from(bytes[0]) << 8 | usize::from(bytes[1]);
    for (secret, kind) in &secrets {
        if kinds.contains(kind) {
            may_start[pair(secret.as_bytes())] = true;
            by_start.entry(&secret.as_bytes()[..LEAST]).or_default().push(secret);
        }
    }
    let mut found = BTreeMap::new();
    for (at, start) in text.windows(LEAST).enumerate() {
        if !may_start[pair(start)] {
            continue;
        }
        for secret in by_start.get(start).into_iter().flatten() {
            if text[at..].starts_with(secret.as_bytes()) {
                found.entry(*secret).or_insert_with(|| line(text, at));
            }
        }
    }
    found.into_iter().map(|(secret, line)| format!("{:?} {secret} in: {line}", secrets[secret])).collect()
}

fn line(text: &[u8], at: usize) -> String {
    let start = text[..at].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let end = text[at..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |end| at + end);
    String::from_utf8_lossy(&text[start..end]).into_owned()
}

pub const ALL: [Kind; 4] = [Kind::Attribute, Kind::Key, Kind::Reference, Kind::Proof];

/// Something that speaks, and whose words are looked through when it goes.
#[derive(Debug)]
pub struct Watched {
    /// Where it speaks to; this process if nowhere.
    path: Option<PathBuf>,
    /// How much had been said before.
    before: usize,
}

impl Watched {
    /// Services of this process.
    pub fn here() -> Self {
        capture();
        Self { path: None, before: lock(&SAID).len() }
    }

    /// A process that is to write to the end of a file, and its standard error.
    pub fn file(path: &Path) -> (Self, Stdio) {
        let file = File::options().append(true).create(true).open(path).unwrap();
        let before = file.metadata().unwrap().len() as usize;
        (Self { path: Some(path.to_owned()), before }, file.into())
    }

    fn words(&self) -> Vec<u8> {
        match &self.path {
            Some(path) => fs::read(path).unwrap()[self.before..].to_vec(),
            None => lock(&SAID)[self.before..].to_vec(),
        }
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        // A test that fails says why itself.
        if !thread::panicking() {
            let words = self.words();
            assert!(!words.is_empty(), "nothing was said at all: {self:?}");
            let found = found_in(&words, &ALL);
            assert!(found.is_empty(), "in the log:\n{}", found.join("\n"));
        }
    }
}
