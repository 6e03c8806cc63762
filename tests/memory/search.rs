//! Reading the memory of another process: all that it can write to, so heap, stacks and statics.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// Read at once.
const CHUNK: usize = 1 << 20;
const PAGE: usize = 4096;
/// Shorter ones would be found by chance.
const LEAST: usize = 8;

/// Something to look for.
pub(crate) struct Secret {
    pub(crate) name: String,
    /// Whether it must be found while things are held.
    pub(crate) is_held: bool,
    bytes: Vec<u8>,
}

impl Secret {
    /// All of it, its halves and its end. An allocator that is given memory back writes over the beginning, so of a secret
    /// that was not wiped it is often the end that is left.
    fn pieces(&self) -> Vec<&[u8]> {
        let (length, half) = (self.bytes.len(), self.bytes.len() / 2);
        let mut pieces = vec![&self.bytes[..]];
        if half >= LEAST {
            pieces.extend([&self.bytes[..half], &self.bytes[half..], &self.bytes[length - LEAST..]]);
        }
        pieces
    }
}

impl Secret {
    pub(crate) fn new(name: impl Into<String>, bytes: &[u8]) -> Self {
        let name = name.into();
        assert!(bytes.len() >= LEAST, "{name} is too short to look for");
        let secret = Self { name, is_held: true, bytes: bytes.to_vec() };
        // Vector registers are filled with one byte all the time, and their copies are found on any stack.
        let is_one_byte = |piece: &&[u8]| piece.iter().all(|byte| *byte == piece[0]);
        assert!(!secret.pieces().iter().any(is_one_byte), "{} is found by chance", secret.name);
        secret
    }

    /// One that must be found at no time.
    pub(crate) fn transient(name: impl Into<String>, bytes: &[u8]) -> Self {
        Self { is_held: false, ..Self::new(name, bytes) }
    }
}

/// Where something was found.
pub(crate) struct Found {
    pub(crate) name: String,
    /// `[heap]`, `[stack]`, or the mapping's path; anonymous memory has its address only.
    pub(crate) place: String,
}

/// Every secret of which there is a piece, each once for a place.
pub(crate) fn search(process: u32, secrets: &[Secret]) -> Vec<Found> {
    let longest = secrets.iter().map(|secret| secret.bytes.len()).max().unwrap_or(LEAST);
    // By their first two bytes: almost all of the memory is passed over without a closer look.
    let mut starts = vec![Vec::new(); 1 << 16];
    for (i, secret) in secrets.iter().enumerate() {
        for piece in secret.pieces() {
            starts[usize::from(u16::from_le_bytes([piece[0], piece[1]]))].push((i, piece));
        }
    }
    let memory = File::open(format!("/proc/{process}/mem")).unwrap();
    let mut found: Vec<Found> = Vec::new();
    for region in regions(process) {
        let mut hits = vec![0usize; secrets.len()];
        let mut buffer = vec![0; CHUNK + longest];
        let mut at = region.start;
        while at < region.end {
            let length = ((region.end - at) as usize).min(buffer.len());
            // Guard pages of stacks are mapped and cannot be read.
            let Ok(read) = memory.read_at(&mut buffer[..length], at) else { break };
            let own = read.min(CHUNK);
            // Most pages have never been written to.
            let pages = (0..own).step_by(PAGE).filter(|page| !buffer[*page..own].starts_with(&[0; PAGE]));
            for offset in pages.flat_map(|page| page..own.min(page + PAGE)) {
                let Some(start) = buffer[offset..read].first_chunk() else { break };
                for (i, piece) in &starts[usize::from(u16::from_le_bytes(*start))] {
                    hits[*i] += usize::from(buffer[offset..read].starts_with(piece));
                }
            }
            at += own.max(1) as u64;
        }
        let named = hits.iter().zip(secrets).filter(|(hits, _)| **hits > 0);
        found.extend(named.map(|(hits, secret)| Found {
            name: secret.name.clone(),
            place: format!("{} ({hits} pieces)", region.name),
        }));
    }
    found
}

struct Region {
    start: u64,
    end: u64,
    name: String,
}

fn regions(process: u32) -> Vec<Region> {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let region = |line: &str| {
        let mut parts = line.split_whitespace();
        let (range, mode) = (parts.next()?, parts.next()?);
        let (start, end) = range.split_once('-')?;
        let name = parts.nth(3).unwrap_or("anonymous memory").to_owned();
        mode.starts_with("rw").then_some(Region {
            start: u64::from_str_radix(start, 16).ok()?,
            end: u64::from_str_radix(end, 16).ok()?,
            name,
        })
    };
    let regions: Vec<_> = maps.lines().filter_map(region).collect();
    assert!(regions.iter().any(|region| region.name == "[stack]"), "{maps}");
    regions
}
