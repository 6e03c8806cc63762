//! The rows of a file, one at a time, whatever its size: JSON Lines or CSV (RFC 4180).

use std::io::{self, BufRead};

use clap::ValueEnum;
use glimpse_circuits::decimal;
use serde::{Deserialize, Serialize};

/// Most bytes of a row. A quote that is never closed makes one row of the rest of the file: it is not kept.
pub(super) const MAX_ROW: usize = 64 * 1024;
/// Most columns.
const MAX_COLUMNS: usize = 1024;
/// What some programs put before UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    /// A JSON object on each line.
    Jsonl,
    /// Comma-separated values under a header.
    Csv,
}

/// Where a row begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Place {
    /// Its number, counted from 1, header and blank lines aside.
    #[serde(with = "decimal")]
    pub(super) row: u64,
    /// The line it begins on, counted from 1.
    #[serde(with = "decimal")]
    pub(super) line: u64,
    /// Bytes before it.
    #[serde(with = "decimal")]
    pub(super) offset: u64,
}

impl Place {
    /// The beginning of a file.
    pub(super) const START: Self = Self { row: 1, line: 1, offset: 0 };
}

/// A row as it stands in the file.
pub(super) enum Raw<'a> {
    /// A line.
    Line(&'a [u8]),
    /// Fields without their quotes.
    Fields(Fields<'a>),
    /// More than [`MAX_ROW`] bytes, or more columns than there could be.
    TooLong,
}

/// The fields of a row.
#[derive(Clone, Copy)]
pub(super) struct Fields<'a> {
    bytes: &'a [u8],
    ends: &'a [usize],
}

impl<'a> Fields<'a> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// One by one.
    pub(super) fn iter(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let (bytes, mut start) = (self.bytes, 0);
        self.ends.iter().map(move |end| {
            let field = bytes.get(start..*end).unwrap_or_default();
            start = *end;
            field
        })
    }
}

/// Reads rows.
pub(super) struct Rows<R> {
    input: R,
    /// Reads CSV, where that is the format.
    csv: Option<Box<csv_core::Reader>>,
    next: Place,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl<R: BufRead> Rows<R> {
    /// Of an input that stands at the beginning of a row.
    pub(super) fn new(format: Format, input: R, next: Place) -> Self {
        if format == Format::Jsonl {
            return Self { input, csv: None, next, bytes: Vec::with_capacity(1024), ends: Vec::new() };
        }
        let (mut bytes, mut ends) = (vec![0; MAX_ROW], vec![0; MAX_COLUMNS]);
        let mut csv = Box::new(csv_core::Reader::new());
        // It takes a mark away from wherever it begins to read. After a blank line it no longer does.
        csv.read_record(b"\n", &mut bytes, &mut ends);
        Self { input, csv: Some(csv), next, bytes, ends }
    }

    /// Where the next row begins, blank lines before it aside.
    pub(super) fn next_place(&self) -> Place {
        self.next
    }

    /// Says that the row that was read was the header.
    pub(super) fn was_header(&mut self) {
        self.next.row -= 1;
    }

    /// The next row and where it begins.
    pub(super) fn read(&mut self) -> io::Result<Option<(Place, Raw<'_>)>> {
        if self.csv.is_some() { self.read_record() } else { self.read_line() }
    }

    fn read_line(&mut self) -> io::Result<Option<(Place, Raw<'_>)>> {
        loop {
            let begins = self.next;
            let Some(kept) = self.take_line()? else { return Ok(None) };
            if begins.offset == 0 && self.bytes.starts_with(MARK) {
                self.bytes.drain(..MARK.len());
            }
            if kept && self.bytes.trim_ascii().is_empty() {
                continue;
            }
            self.next.row += 1;
            let raw = if kept { Raw::Line(self.bytes.trim_ascii()) } else { Raw::TooLong };
            return Ok(Some((begins, raw)));
        }
    }

    /// Takes the next line, if there is one. False if it is too long to be kept.
    fn take_line(&mut self) -> io::Result<Option<bool>> {
        self.bytes.clear();
        let mut kept = true;
        let before = self.next.offset;
        loop {
            let input = self.input.fill_buf()?;
            let end = input.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(input.len(), |end| end + 1);
            kept = kept && self.bytes.len() + taken <= MAX_ROW;
            if kept {
                self.bytes.extend_from_slice(&input[..taken]);
            }
            self.input.consume(taken);
            self.next.offset += taken as u64;
            if end.is_some() {
                self.next.line += 1;
            }
            if end.is_some() || taken == 0 {
                return Ok((self.next.offset > before).then_some(kept));
            }
        }
    }

    fn read_record(&mut self) -> io::Result<Option<(Place, Raw<'_>)>> {
        if self.next.offset == 0 && self.input.fill_buf()?.starts_with(MARK) {
            self.input.consume(MARK.len());
            self.next.offset += MARK.len() as u64;
        }
        self.skip_blank_lines()?;
        let begins = self.next;
        let Some(csv) = &mut self.csv else { return Ok(None) };
        let (mut written, mut ended, mut kept) = (0, 0, true);
        loop {
            let input = self.input.fill_buf()?;
            let (result, taken, more, ends) =
                csv.read_record(input, &mut self.bytes[written..], &mut self.ends[ended..]);
            self.next.line += input[..taken].iter().filter(|byte| **byte == b'\n').count() as u64;
            self.next.offset += taken as u64;
            self.input.consume(taken);
            (written, ended) = (written + more, ended + ends);
            match result {
                csv_core::ReadRecordResult::InputEmpty => {}
                csv_core::ReadRecordResult::OutputFull | csv_core::ReadRecordResult::OutputEndsFull => {
                    (written, ended, kept) = (0, 0, false);
                }
                csv_core::ReadRecordResult::Record => break,
                csv_core::ReadRecordResult::End => return Ok(None),
            }
        }
        self.next.row += 1;
        let fields = Fields { bytes: &self.bytes[..written], ends: &self.ends[..ended] };
        Ok(Some((begins, if kept { Raw::Fields(fields) } else { Raw::TooLong })))
    }

    /// The reader of CSV would skip them too, but then nobody knew where the row begins.
    fn skip_blank_lines(&mut self) -> io::Result<()> {
        while let Some(end @ (b'\r' | b'\n')) = self.input.fill_buf()?.first().copied() {
            self.input.consume(1);
            self.next.offset += 1;
            self.next.line += u64::from(end == b'\n');
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Cursor, Seek, SeekFrom};

    use super::*;

    fn read(format: Format, text: &[u8], from: Place) -> Vec<(Place, Option<Vec<Vec<u8>>>)> {
        let mut input = Cursor::new(text);
        input.seek(SeekFrom::Start(from.offset)).unwrap();
        // Small buffers, so that rows lie across them.
        let mut rows = Rows::new(format, BufReader::with_capacity(7, input), from);
        let mut found = Vec::new();
        while let Some((place, raw)) = rows.read().unwrap() {
            found.push((
                place,
                match raw {
                    Raw::Line(line) => Some(vec![line.to_vec()]),
                    Raw::Fields(fields) => Some(fields.iter().map(<[u8]>::to_vec).collect()),
                    Raw::TooLong => None,
                },
            ));
        }
        found
    }

    fn expect(found: &[(Place, Option<Vec<Vec<u8>>>)], expected: &[(u64, &[&str])]) {
        let told: Vec<(u64, Vec<&str>)> = found
            .iter()
            .map(|(place, row)| {
                let row = row.as_ref().map_or(vec!["too long"], |row| {
                    row.iter().map(|field| std::str::from_utf8(field).unwrap()).collect()
                });
                (place.line, row)
            })
            .collect();
        let expected: Vec<(u64, Vec<&str>)> =
            expected.iter().map(|(line, row)| (*line, row.to_vec())).collect();
        assert_eq!(told, expected);
        assert!(found.iter().zip(1..).all(|((place, _), row)| place.row == row));
    }

    /// From the place of any row on, the rest is read as before.
    fn expect_resumable(format: Format, text: &[u8]) {
        let all = read(format, text, Place::START);
        for (i, (place, _)) in all.iter().enumerate().skip(1) {
            assert_eq!(read(format, text, *place), all[i..], "{place:?}");
        }
    }

    #[test]
    fn lines() {
        let text = "\u{feff}{\"a\":1}\r\n\n  \n{\"b\":2}  \n{\"长期\":3}";
        let found = read(Format::Jsonl, text.as_bytes(), Place::START);
        expect(&found, &[(1, &["{\"a\":1}"]), (4, &["{\"b\":2}"]), (5, &["{\"长期\":3}"])]);
        expect_resumable(Format::Jsonl, text.as_bytes());
        for nothing in ["", "\n", "\r\n\r\n", " "] {
            assert!(read(Format::Jsonl, nothing.as_bytes(), Place::START).is_empty());
        }
    }

    #[test]
    fn records() {
        let text = "\u{feff}a,b\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n,\n1,2,3\r\n\"\",长期";
        let found = read(Format::Csv, text.as_bytes(), Place::START);
        expect(
            &found,
            &[
                (1, &["a", "b"]),
                (3, &["x\r\ny", "say \"hi\""]),
                (5, &["", ""]),
                (6, &["1", "2", "3"]),
                (7, &["", "长期"]),
            ],
        );
        expect_resumable(Format::Csv, text.as_bytes());
        assert!(read(Format::Csv, b"\r\n\n", Place::START).is_empty());
    }

    #[test]
    fn a_mark_is_one_at_the_beginning_of_a_file_only() {
        for (format, text) in [
            (Format::Csv, "\u{feff}a\nb\n\u{feff}c\n\u{feff}\n\u{feff}\"d\"\n"),
            (Format::Jsonl, "\u{feff}1\n2\n\u{feff}3\n"),
        ] {
            let all = read(format, text.as_bytes(), Place::START);
            let first = all[0].1.as_ref().unwrap();
            let third = all[2].1.as_ref().unwrap();
            assert!(first[0].len() == 1 && third[0].starts_with(MARK));
            expect_resumable(format, text.as_bytes());
        }
    }

    #[test]
    fn what_is_too_long_is_not_kept_and_the_next_row_is_read() {
        let long = "x".repeat(MAX_ROW + 1);
        let found = read(Format::Jsonl, format!("{long}\n1\n").as_bytes(), Place::START);
        expect(&found, &[(1, &["too long"]), (2, &["1"])]);
        let text = format!("a,\"{long}\n\"\nb,c\n{}\nd\n", ",".repeat(MAX_COLUMNS + 5));
        expect(
            &read(Format::Csv, text.as_bytes(), Place::START),
            &[(1, &["too long"]), (3, &["b", "c"]), (4, &["too long"]), (5, &["d"])],
        );
        expect_resumable(Format::Csv, text.as_bytes());
        // A quote that is never closed: the rest is one row.
        let text = format!("a\n\"b\n{}", "c\n".repeat(MAX_ROW));
        expect(&read(Format::Csv, text.as_bytes(), Place::START), &[(1, &["a"]), (2, &["too long"])]);
    }
}
