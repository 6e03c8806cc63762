//! The rows that were rejected, as they stand in the file: to be corrected, and imported under another name.

use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use glimpse_circuits::{decimal, json};
use serde::Deserialize;

use super::rows::{Place, Rows};
use super::state::{State, directory_of};
use super::survey::BUFFER;

/// A line of the file of rejected rows; its reasons do not matter here.
#[derive(Deserialize)]
struct Number {
    #[serde(with = "decimal")]
    row: u64,
}

/// Refuses a place where something is already.
pub(super) fn check_free(to: &Path) -> Result<(), Box<dyn Error>> {
    match to.symlink_metadata() {
        Ok(_) => Err(format!("{}: there is a file already", to.display()).into()),
        Err(_) => Ok(()),
    }
}

/// Copies the rejected rows of a finished import, and the header before them. All of them are there, or no file; only its
/// owner reads it, since it says what licences say.
pub(super) fn copy(file: &Path, state: &State, to: &Path) -> Result<(), Box<dyn Error>> {
    let named = |error: io::Error| format!("{}: {error}", to.display());
    let (rejected, first) = (&state.settings.rejected, state.survey.first);
    let mut numbers = BufReader::new(File::open(rejected)?).lines();
    let mut source = File::open(file)?;
    // Made with mode 0600.
    let mut copied = tempfile::NamedTempFile::new_in(directory_of(to)).map_err(named)?;
    let mut out = BufWriter::new(copied.as_file_mut());
    copy_lines(&mut source, 0, first.offset, &mut out)?;
    let mut rows = open(file, state, first)?;
    while let Some(line) = numbers.next().transpose()? {
        let number: Number = json::from_str(&line)?;
        let (start, end) = loop {
            let Some((place, _)) = rows.read()? else {
                return Err("the file was changed while it was read".into());
            };
            if place.row == number.row {
                break (place.offset, rows.next_place().offset);
            }
        };
        copy_lines(&mut source, start, end, &mut out)?;
    }
    out.flush().map_err(named)?;
    drop(out);
    copied.as_file().sync_all().map_err(named)?;
    copied.persist_noclobber(to).map_err(|error| named(error.error))?;
    Ok(())
}

fn open(file: &Path, state: &State, first: Place) -> io::Result<Rows<BufReader<File>>> {
    let mut file = File::open(file)?;
    file.seek(SeekFrom::Start(first.offset))?;
    Ok(Rows::new(state.settings.format, BufReader::with_capacity(BUFFER, file), first))
}

/// However long they are, byte for byte, but for the end of the last line.
fn copy_lines(source: &mut File, start: u64, end: u64, out: &mut impl Write) -> io::Result<()> {
    let mut end = end;
    while end > start {
        let mut last = [0];
        source.seek(SeekFrom::Start(end - 1))?;
        source.read_exact(&mut last)?;
        if !matches!(last, [b'\r' | b'\n']) {
            break;
        }
        end -= 1;
    }
    if end > start {
        source.seek(SeekFrom::Start(start))?;
        io::copy(&mut source.take(end - start), out)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}
