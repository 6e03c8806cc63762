//! The child's side: what it says and what it waits for.
//!
//! It writes lines: `secret NAME HEX`, `transient NAME HEX` and `message NAME HEX` where it tells, `held` and `dropped` where it holds. There it
//! waits for a line after each of them, and where it would tell a message it reads one.

use std::env;
use std::io::{Read, Write, stdin, stdout};

use zeroize::Zeroizing;

pub(crate) const VARIABLE: &str = "GLIMPSE_MEMORY_CHILD";

/// What a child is there for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// To tell what is secret and what others would have sent.
    Tell,
    /// To hold it and let go of it.
    Hold,
}

pub(crate) struct Stage {
    scenario: String,
    mode: Mode,
}

impl Stage {
    /// If this is a child.
    pub(crate) fn of_child() -> Option<Self> {
        let variable = env::var(VARIABLE).ok()?;
        let (mode, scenario) = variable.split_once(' ').unwrap();
        let mode = if mode == "tell" { Mode::Tell } else { Mode::Hold };
        Some(Self { scenario: scenario.to_owned(), mode })
    }

    pub(crate) fn scenario(&self) -> &str {
        &self.scenario
    }

    /// Something that must be found while it is held and not afterwards.
    pub(crate) fn secret(&self, name: &str, bytes: impl FnOnce() -> Vec<u8>) {
        if self.mode == Mode::Tell {
            say(&format!("secret {name} {}", hex::encode(bytes())));
        }
    }

    /// Something that is forgotten as soon as it has been used: it must not be found at all.
    pub(crate) fn transient(&self, name: &str, bytes: impl FnOnce() -> Vec<u8>) {
        if self.mode == Mode::Tell {
            say(&format!("transient {name} {}", hex::encode(bytes())));
        }
    }

    /// What somebody else sends: made on the spot by the child that tells, and handed to the one that holds, so that the
    /// other side's secrets are not in its memory.
    pub(crate) fn message(&self, name: &str, make: impl FnOnce() -> Vec<u8>) -> Zeroizing<Vec<u8>> {
        match self.mode {
            Mode::Tell => {
                let bytes = make();
                say(&format!("message {name} {}", hex::encode(&bytes)));
                Zeroizing::new(bytes)
            }
            Mode::Hold => {
                let text = Zeroizing::new(hear());
                let mut bytes = Zeroizing::new(vec![0; text.len() / 2]);
                hex::decode_to_slice(&*text, &mut bytes).unwrap();
                bytes
            }
        }
    }

    /// Everything is held.
    pub(crate) fn held(&self) {
        self.pause("held");
    }

    /// Nothing is held any more.
    pub(crate) fn dropped(&self) {
        self.pause("dropped");
    }

    /// Says something and waits until it has been heard.
    pub(crate) fn pause(&self, line: &str) {
        if self.mode == Mode::Hold {
            say(line);
            hear();
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    stdout().flush().unwrap();
}

/// A line, byte by byte and into a buffer that does not grow: what is read must not stay behind in a buffer.
fn hear() -> Vec<u8> {
    let mut line = Vec::with_capacity(1 << 20);
    let mut byte = [0];
    loop {
        stdin().read_exact(&mut byte).unwrap();
        if byte[0] == b'\n' {
            return line;
        }
        line.push(byte[0]);
    }
}
