//! The first look at a file: how many rows it has, what its digest is, and how good its data is.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use glimpse_circuits::date::Date;
use glimpse_profiles::quality::Quality;
use glimpse_profiles::{Override, Profile};
use indicatif::ProgressBar;
use sha2::{Digest, Sha256};

use super::licence::{Licence, Names};
use super::rows::{Format, Place, Rows};
use super::state::Survey;
use crate::output::hex;

/// Bytes that are read at once.
pub(super) const BUFFER: usize = 256 * 1024;

/// Reads all of it.
pub(super) fn survey(
    file: &mut File,
    format: Format,
    profile: &'static Profile,
    names: &mut Names,
    today: Date,
    bar: &ProgressBar,
) -> Result<Survey, Box<dyn Error>> {
    file.seek(SeekFrom::Start(0))?;
    let mut hashing = Hashing { file, hash: Sha256::new(), length: 0 };
    let mut rows = Rows::new(format, BufReader::with_capacity(BUFFER, &mut hashing), Place::START);
    if format == Format::Csv {
        let header = rows.read()?.map(|(_, header)| names.read_header(&header));
        header.ok_or("the file is empty: it has no header")??;
        rows.was_header();
    }
    let first = rows.next_place();
    let mut quality = Quality::new(profile, today);
    let mut count = 0;
    while let Some((place, raw)) = rows.read()? {
        match names.licence(&raw) {
            Ok(licence) => drop(quality.add(&licence.attributes, &set_aside(&licence))),
            Err(_) => quality.add_unreadable(),
        }
        count += 1;
        if count % 1024 == 0 {
            bar.set_position(place.offset);
        }
    }
    if count == 0 {
        return Err("the file has no rows".into());
    }
    let (digest, length) = (hex(&hashing.hash.finalize()), hashing.length);
    Ok(Survey { length, digest, rows: count, first, quality: quality.finish() })
}

/// The digest alone.
pub(super) fn digest(file: &mut File, bar: &ProgressBar) -> io::Result<(u64, String)> {
    file.seek(SeekFrom::Start(0))?;
    let mut hashing = Hashing { file, hash: Sha256::new(), length: 0 };
    let mut buffer = vec![0; BUFFER];
    while hashing.read(&mut buffer)? > 0 {
        bar.set_position(hashing.length);
    }
    Ok((hashing.length, hex(&hashing.hash.finalize())))
}

/// Those that there are; the service says what is wrong with others.
fn set_aside(licence: &Licence) -> Vec<Override> {
    let known = |given| serde_json::to_value(given).and_then(serde_json::from_value).ok();
    licence.overrides.iter().filter_map(known).collect()
}

/// A file whose bytes are hashed as they are read.
struct Hashing<'a> {
    file: &'a mut File,
    hash: Sha256,
    length: u64,
}

impl Read for Hashing<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.length += read as u64;
        Ok(read)
    }
}
