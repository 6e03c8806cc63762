//! Files that are imported, with the command's own reader compiled in from its source: rows, licences, batches.

#[path = "../../../cli/src/import/batches.rs"]
mod batches;
#[path = "../../../cli/src/import/licence.rs"]
mod licence;
// Not all of it is of use here.
#[allow(dead_code)]
#[path = "../../../cli/src/import/rows.rs"]
mod rows;

use std::io::{BufRead, BufReader};

use glimpse_api::{ImportBatch, ImportRow, MAX_IMPORT_ROWS};
use glimpse_circuits::date::Date;
use glimpse_circuits::json;
use glimpse_profiles::quality::Quality;
use glimpse_profiles::sample::Persona;
use glimpse_profiles::{Override, Profile, builtin};
use serde_json::{Map, Value as Json};

use self::batches::Batches;
use self::licence::{Licence, Names};
use self::rows::{Format, MAX_ROW, Place, Raw, Rows};
use crate::bytes::{Bytes, block};
use crate::seeds::Seeds;

/// Longest file that is made of an input: two of the longest rows.
const LONGEST: usize = 2 * MAX_ROW;
/// Read at once. A mark before UTF-8 is known by three bytes together.
const BUFFERS: &[usize] = &[3, 7, 64, 4096, 256 * 1024];
/// Columns that are left out.
const IGNORED: &[&[&str]] = &[&[], &["备注"], &["备注", "", "overrides"]];

/// Five bytes: how rows are written, how much is read at once, which profile, where the holder's reference is, what is
/// ignored. Then a beginning, a stretch and how often it comes, and the end of the file.
pub(crate) fn read(input: &[u8]) {
    let mut input = Bytes::new(input);
    let format = *input.pick(&[Format::Csv, Format::Jsonl]);
    let buffer = *input.pick(BUFFERS);
    let profile = input.pick(builtin());
    let holder = input.pick(&holders(profile)).clone();
    let ignored: Vec<String> = input.pick(IGNORED).iter().map(|name| (*name).to_owned()).collect();
    let file = file(input);
    let found = rows(format, &file, Place::START, buffer);
    well_numbered(&file, &found);
    resumable(format, &file, &found, buffer);
    match format {
        Format::Jsonl => assert!(
            found.iter().map(|row| (row.place, row.cells.clone())).eq(lines(&file)),
            "lines are read otherwise than they stand there"
        ),
        Format::Csv => some(&found, 32).for_each(|(_, row)| quoted_again(row)),
    }
    licences(format, &file, Names::new(profile, &holder, &ignored), profile, &found);
}

/// A reference under a name of its own, or under one of the profile's.
fn holders(profile: &Profile) -> Vec<String> {
    let element = profile.attributes().iter().find_map(|info| info.element.clone());
    let attribute = profile.schema().attributes()[0].name.clone();
    vec!["holder".to_owned(), attribute.clone(), element.unwrap_or(attribute)]
}

/// A stretch that comes often makes long rows and many rows of a short input.
fn file(mut input: Bytes<'_>) -> Vec<u8> {
    let beginning = input.block();
    let stretch = input.block();
    let times = usize::from(u16::from_le_bytes(input.array()));
    let times = times.min(LONGEST / stretch.len().max(1));
    [beginning, &stretch.repeat(times)[..], input.rest()].concat()
}

/// A row: where it begins, its cells unless it is too long, and where reading goes on.
#[derive(PartialEq)]
struct Found {
    place: Place,
    cells: Option<Vec<Vec<u8>>>,
    next: Place,
}

/// All rows from a place on.
fn rows(format: Format, file: &[u8], from: Place, buffer: usize) -> Vec<Found> {
    let mut rows = reader(format, file, from, buffer);
    let mut found = Vec::new();
    while let Some((place, raw)) = rows.read().unwrap() {
        let cells = match raw {
            Raw::Line(line) => Some(vec![line.to_vec()]),
            Raw::Fields(fields) => Some(fields.iter().map(<[u8]>::to_vec).collect()),
            Raw::TooLong => None,
        };
        let kept: usize = cells.iter().flatten().map(Vec::len).sum();
        assert!(kept <= MAX_ROW, "a row of {kept} bytes is kept");
        found.push(Found { place, cells, next: rows.next_place() });
    }
    found
}

fn reader(format: Format, file: &[u8], from: Place, buffer: usize) -> Rows<impl BufRead> {
    let rest = &file[usize::try_from(from.offset).unwrap()..];
    Rows::new(format, BufReader::with_capacity(buffer, rest), from)
}

/// Rows follow each other, with nothing between them but line ends, blank lines and a mark.
fn well_numbered(file: &[u8], found: &[Found]) {
    let newlines = |bytes: &[u8]| bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
    let (mut end, mut line) = (0, 1);
    for (row, number) in found.iter().zip(1..) {
        assert_eq!(row.place.row, number);
        assert_eq!(row.next.row, number + 1);
        for (place, at_least) in [(row.place, end), (row.next, row.place.offset + 1)] {
            assert!(place.offset >= at_least, "a byte is read twice: {place:?}");
            line += newlines(&file[end as usize..place.offset as usize]);
            assert_eq!(place.line, line, "{place:?}");
            if place == row.place {
                between(&file[end as usize..place.offset as usize]);
            }
            end = place.offset;
        }
    }
    between(&file[end as usize..]);
}

/// What belongs to no row.
fn between(bytes: &[u8]) {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    assert!(bytes.trim_ascii().is_empty(), "bytes belong to no row: {bytes:?}");
}

/// So many rows of a file that may have a hundred thousand, with their places among the others.
fn some(found: &[Found], most: usize) -> impl Iterator<Item = (usize, &Found)> {
    found.iter().enumerate().step_by(found.len().div_ceil(most).max(1))
}

/// From where a row begins, and from where the one before it ended, the rest is read as before. And each row is read by
/// itself as it is among the others.
fn resumable(format: Format, file: &[u8], found: &[Found], buffer: usize) {
    // The rest of the file is read for each.
    for (i, row) in some(found, 6) {
        for from in [row.place, row.next] {
            let rest = &found[i + usize::from(from == row.next)..];
            assert!(rows(format, file, from, buffer) == rest, "reading goes on otherwise from {from:?}");
        }
    }
    for (_, row) in some(found, 32) {
        let alone = rows(format, &file[..row.next.offset as usize], row.place, buffer);
        assert!(
            alone == [Found { cells: row.cells.clone(), ..*row }],
            "a row depends on others: {:?}",
            row.place
        );
    }
}

/// The rows of JSON Lines, cut the plain way.
fn lines(file: &[u8]) -> Vec<(Place, Option<Vec<Vec<u8>>>)> {
    let (mut found, mut next) = (Vec::new(), Place::START);
    for piece in file.split_inclusive(|byte| *byte == b'\n') {
        let place = next;
        next.offset += piece.len() as u64;
        next.line += u64::from(piece.ends_with(b"\n"));
        let kept = piece.len() <= MAX_ROW;
        let marked = piece.strip_prefix(b"\xef\xbb\xbf").filter(|_| place.offset == 0);
        let line = marked.unwrap_or(piece).trim_ascii();
        if !(kept && line.is_empty()) {
            next.row += 1;
            found.push((place, kept.then(|| vec![line.to_vec()])));
        }
    }
    found
}

/// Cells written with quotes are read as the same.
fn quoted_again(row: &Found) {
    let Some(cells) = &row.cells else { return };
    let text = record(cells.iter().map(Vec::as_slice));
    let again = rows(Format::Csv, &text, Place::START, 4096);
    assert!(again.len() == 1 && again[0].cells.as_ref() == Some(cells), "cells are written as others");
}

/// A row of CSV.
fn record<'a>(cells: impl Iterator<Item = &'a [u8]>) -> Vec<u8> {
    let quoted = cells.map(|cell| {
        let inner: Vec<u8> =
            cell.iter().flat_map(|byte| vec![*byte; 1 + usize::from(*byte == b'"')]).collect();
        [b"\"", &inner[..], b"\""].concat()
    });
    [quoted.collect::<Vec<_>>().join(&b","[..]), b"\n".to_vec()].concat()
}

/// The two readings of an import: the first counts, the second puts what is sent together.
fn licences(format: Format, file: &[u8], mut names: Names, profile: &'static Profile, found: &[Found]) {
    let mut rows = reader(format, file, Place::START, 4096);
    if format == Format::Csv {
        match rows.read().unwrap().map(|(_, header)| names.read_header(&header)) {
            Some(Ok(())) => rows.was_header(),
            Some(Err(reason)) => return assert!(!reason.is_empty()),
            None => return,
        }
    }
    let first = rows.next_place();
    let mut quality = Quality::new(profile, Date::in_china_at(glimpse_fixtures::NOW));
    let (mut count, mut unreadable) = (0, 0);
    while let Some((_, raw)) = rows.read().unwrap() {
        count += 1;
        match names.licence(&raw) {
            Ok(licence) => look_at(profile, &licence, &mut quality),
            Err(reason) => {
                unreadable += 1;
                assert!(reason.is_ascii(), "a reason repeats something of the row");
                quality.add_unreadable();
            }
        }
    }
    let report = quality.finish();
    assert_eq!((report.licences, report.unreadable), (count, unreadable));
    assert!(report.sound + report.unreadable <= report.licences);
    let headers = usize::from(format == Format::Csv);
    batched(format, file, &names, first, &found[headers.min(found.len())..]);
}

fn look_at(profile: &Profile, licence: &Licence, quality: &mut Quality) {
    let known = |given| serde_json::to_value(given).and_then(serde_json::from_value).ok();
    let overrides: Vec<Override> = licence.overrides.iter().filter_map(known).collect();
    let sound = quality.add(&licence.attributes, &overrides);
    assert_eq!(sound, profile.admit_with(&licence.attributes, &overrides).is_ok());
}

/// Batches have every row once, in order, from wherever one of them ended; and what is sent of them can be read.
fn batched(format: Format, file: &[u8], names: &Names, first: Place, found: &[Found]) {
    let header = found.first().map_or(0, |row| row.place.row - 1);
    let mut expected = found.iter().map(|row| Place { row: row.place.row - header, ..row.place });
    let mut batches = Batches::new(reader(format, file, first, 4096), names);
    let (mut from, mut index) = (first, 0..);
    while let Some(batch) = batches.read().unwrap() {
        assert_eq!(Some(batch.index), index.next());
        assert!((1..=MAX_IMPORT_ROWS).contains(&batch.rows.len()));
        let mut again = Batches::new(reader(format, file, from, 64), names);
        let again = again.read().unwrap().expect("a batch begins where the one before it ended");
        assert!(again.after == batch.after && same(&again.sent, &batch.sent), "a batch is another, {from:?}");
        let sent = batch.rows.iter().filter(|(_, problem)| problem.is_none()).map(|(place, _)| place.row);
        assert!(sent.eq(batch.sent.iter().map(|row| row.row)), "other rows are sent than are left");
        for (place, _) in &batch.rows {
            assert_eq!(Some(*place), expected.next(), "a row is lost, or comes twice");
        }
        can_be_read(batch.sent);
        from = batch.after;
    }
    assert_eq!(expected.next(), None, "a row is lost");
}

/// As the service reads it: one row cannot spoil the others.
fn can_be_read(sent: Vec<ImportRow>) {
    let body = serde_json::to_string(&ImportBatch { rows: sent }).unwrap();
    if let Err(error) = json::from_str::<ImportBatch>(&body) {
        panic!("the service refuses a whole batch: {error}");
    }
}

fn same(one: &[ImportRow], other: &[ImportRow]) -> bool {
    serde_json::to_value(one).unwrap() == serde_json::to_value(other).unwrap()
}

/// Samples of every profile in both formats, and files that are hard to cut into rows.
pub(crate) fn seeds(seeds: &mut Seeds) {
    for (which, profile) in builtin().iter().enumerate() {
        let licences: Vec<_> = (1..4).map(|persona| profile.sample(&Persona::new(persona))).collect();
        for (format, file) in [csv(profile, &licences), jsonl(&licences)].iter().enumerate() {
            seeds.add([&[format as u8, 3, which as u8, 0, 1][..], &block(file)].concat());
        }
    }
    let nothing = || (String::new(), 0);
    let nested = format!("{}}}", "]".repeat(126));
    for (format, beginning, (stretch, times), end) in [
        (0u8, SOUND_CSV, nothing(), ""),
        (0, "holder\n\"", ("x\n".to_owned(), 33_000), "\"\nb\n"),
        (0, "holder\na", (",".to_owned(), 1030), "\nb\n"),
        (0, "holder\n", ("h\n".to_owned(), 1100), "\u{feff}h"),
        (1, SOUND_LINES, nothing(), ""),
        (1, "{\"holder\":\"", ("xy".to_owned(), 33_000), "\"}\n{\"holder\":\"a\"}"),
        (1, "{\"holder\":\"h\",\"name\":", ("[".to_owned(), 126), &nested),
        (1, "", ("{\"holder\":\"h\"}\n".to_owned(), 1100), "{}"),
    ] {
        let head =
            [&[format, 1, 4, 0, 1][..], &block(beginning.as_bytes()), &block(stretch.as_bytes())].concat();
        seeds.add([&head[..], &u16::to_le_bytes(times), end.as_bytes()].concat());
    }
}

const SOUND_CSV: &str = "\u{feff}holder,备注\r\n\r\n\"x\r\ny\",\"say \"\"hi\"\"\"\n,\r\r\n1,2,3\r\n\"\",长期";
const SOUND_LINES: &str = "\u{feff}{\"holder\":\"h\"}\r\n\n  \n{\"holder\":1}  \n[]\n{\"holder\":\"长期\"}\n{\"holder\":\"h\",\
    \"overrides\":[{\"attribute\":\"a\",\"check\":\"citizen_id\",\"reason\":\"before_standard\"}]}";

fn jsonl(licences: &[Map<String, Json>]) -> Vec<u8> {
    let mut text = String::new();
    for licence in licences {
        let mut licence = licence.clone();
        licence.insert("holder".into(), "h-1".into());
        text += &format!("{}\n", Json::from(licence));
    }
    text.into_bytes()
}

fn csv(profile: &Profile, licences: &[Map<String, Json>]) -> Vec<u8> {
    let names: Vec<&str> =
        profile.schema().attributes().iter().map(|attribute| attribute.name.as_str()).collect();
    let header: Vec<&[u8]> =
        [&b"holder"[..]].into_iter().chain(names.iter().map(|name| name.as_bytes())).collect();
    let mut file = record(header.into_iter());
    for licence in licences {
        let cells = names.iter().map(|name| match licence.get(*name) {
            Some(Json::String(text)) => text.clone(),
            Some(Json::Array(codes)) => codes.iter().filter_map(Json::as_str).collect::<Vec<_>>().join(";"),
            _ => String::new(),
        });
        let cells: Vec<String> = ["h-1".to_owned()].into_iter().chain(cells).collect();
        file.extend(record(cells.iter().map(String::as_bytes)));
    }
    file
}
