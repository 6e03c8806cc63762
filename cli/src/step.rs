//! Steps that are not taken twice, whatever becomes of their answers: each is sent under a key that is drawn for it and
//! kept in a file until the service has answered, so that the same command, run again, is known as a repetition.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use glimpse_circuits::json;
use rand_core::{OsRng, RngCore};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::http::Client;
use crate::output::{hex, note};

/// How often a step is sent.
const TRIES: u32 = 3;
/// Between two of them.
const PAUSE: Duration = Duration::from_secs(1);

/// Takes a step, once: again after an answer that was lost, in this run or in the next.
pub(crate) fn take<T: DeserializeOwned>(
    client: &Client,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Box<dyn std::error::Error>> {
    let begun = Begun::new(&client.fingerprint(path, &json::canonical(body)?));
    let mut left = TRIES;
    loop {
        left -= 1;
        match client.post_once(path, body, &begun.key) {
            Ok((answer, again)) => {
                begun.forget();
                if again {
                    note(
                        "The service did this when it was sent before; it was not done again. If it is to be done once \
                         more, run the command once more.",
                    );
                }
                return Ok(answer);
            }
            Err(error) if error.may_pass() && left > 0 => sleep(PAUSE),
            Err(error) => {
                // Whoever is not let in is told nothing of what was done before.
                let only = begun.is_fresh && left + 1 == TRIES;
                if error.is_refusal() && (only || error.is_of_the_step()) {
                    begun.forget();
                } else {
                    note(
                        "Whether it was done is not known. The same command, run again, does not do it twice.",
                    );
                }
                return Err(error.into());
            }
        }
    }
}

/// A step that is sent and, as far as is known here, not answered.
struct Begun {
    key: String,
    /// Whether it was drawn just now.
    is_fresh: bool,
    /// Where the key is kept, if it could be.
    file: Option<PathBuf>,
}

impl Begun {
    /// Of this name: with the key that it was sent under before, if it was.
    fn new(name: &[u8; 32]) -> Self {
        let kept = directory().and_then(|directory| Self::kept(&directory, name));
        kept.unwrap_or_else(|error| {
            note(&format!(
                "What is sent cannot be put down ({error}): run it again only if it was answered."
            ));
            Self { key: fresh_key(), is_fresh: true, file: None }
        })
    }

    fn kept(directory: &Path, name: &[u8; 32]) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        let file = directory.join(hex(name));
        let (key, is_fresh) = match fs::read_to_string(&file) {
            Ok(text) if is_key(&text) => (text, false),
            // One that was not written to its end was not sent.
            Ok(_) => (Self::write(&file)?, true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => (Self::write(&file)?, true),
            Err(error) => return Err(error),
        };
        Ok(Self { key, is_fresh, file: Some(file) })
    }

    fn write(path: &Path) -> io::Result<String> {
        let key = fresh_key();
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        file.write_all(key.as_bytes())?;
        file.sync_all()?;
        Ok(key)
    }

    /// It was answered.
    fn forget(self) {
        let removed = self.file.map_or(Ok(()), fs::remove_file);
        if let Err(error) = removed {
            note(&format!(
                "A file in glimpse/steps cannot be removed ({error}): the same step counts as taken."
            ));
        }
    }
}

/// By the XDG Base Directory Specification.
fn directory() -> io::Result<PathBuf> {
    let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local/state")));
    let state = state.ok_or_else(|| io::Error::other("neither XDG_STATE_HOME nor HOME is set"))?;
    Ok(state.join("glimpse/steps"))
}

fn fresh_key() -> String {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    hex(&bytes)
}

fn is_key(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| b.is_ascii_hexdigit())
}
