//! Inputs to begin with: what the product itself writes, and what `tests/vectors/v1.json` holds.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use crate::TARGETS;

/// A folder of inputs.
pub struct Seeds {
    folder: PathBuf,
    count: usize,
    failed: io::Result<()>,
    vectors: Json,
}

impl Seeds {
    /// One more input.
    pub(crate) fn add(&mut self, bytes: impl AsRef<[u8]>) {
        if self.failed.is_ok() {
            self.failed = fs::write(self.folder.join(format!("seed-{:04}", self.count)), bytes);
            self.count += 1;
        }
    }

    /// A part of the published test vectors, such as `/presentations/valid`; nothing if they do not have it.
    pub(crate) fn vectors(&self, pointer: &str) -> Vec<Json> {
        self.vectors.pointer(pointer).and_then(Json::as_array).cloned().unwrap_or_default()
    }
}

/// Writes the inputs of every target into a folder of its name. Gives how many there are of each.
pub fn write(into: &Path, vectors: &Path) -> io::Result<Vec<(&'static str, usize)>> {
    // Without vectors there are seeds enough: they are made, too.
    let vectors = match fs::read_to_string(vectors) {
        Ok(text) => serde_json::from_str(&text)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Json::Null,
        Err(error) => return Err(error),
    };
    let mut written = Vec::new();
    for target in TARGETS {
        let folder = into.join(target.name);
        fs::create_dir_all(&folder)?;
        let mut seeds = Seeds { folder, count: 0, failed: Ok(()), vectors: vectors.clone() };
        (target.seeds)(&mut seeds);
        seeds.failed?;
        written.push((target.name, seeds.count));
    }
    Ok(written)
}

/// The bytes of hexadecimal digits in the vectors.
pub(crate) fn unhex(json: &Json) -> Vec<u8> {
    let text = json.as_str().unwrap_or_default();
    (0..text.len() / 2).filter_map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).ok()).collect()
}
