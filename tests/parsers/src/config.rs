//! The command's configuration, compiled in from its source: the command has no library.

// Not all of it is of use here.
#[allow(dead_code)]
mod serve;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::sync::LazyLock;

use tempfile::TempDir;

use crate::bytes::{Bytes, block};
use crate::seeds::Seeds;

/// First the file, then variables: a byte that says which one, and its value.
pub(crate) fn read(input: &[u8]) {
    static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().unwrap());
    // What is configured names files, which are then read: here none that does not end, or that others wait at.
    if input.windows(4).any(|window| window == b"/dev" || window == b"/pro") {
        return;
    }
    let mut input = Bytes::new(input);
    let file = FOLDER.path().join("glimpse.toml");
    fs::write(&file, input.block()).unwrap();
    let variables = serve::variables();
    let mut environment = BTreeMap::new();
    while !input.is_empty() {
        let variable = *input.pick(&variables);
        let value = OsString::from_vec(input.block().to_vec());
        // Standard input is a file of that kind.
        if value != "-" {
            environment.insert(variable, value);
        }
    }
    if !fs::read_to_string(&file).is_ok_and(|text| text.contains("\"-\"") || text.contains("'-'")) {
        serve::check(&file, |name| environment.get(name).cloned());
    }
}

/// The file in docs, with and without its comments, and some variables.
pub(crate) fn seeds(seeds: &mut Seeds) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/glimpse.example.toml");
    let text = fs::read_to_string(path).unwrap();
    let uncommented: Vec<&str> = text
        .lines()
        .map(|line| if line.starts_with("# ") { line } else { line.trim_start_matches('#') })
        .collect();
    seeds.add(block(text.as_bytes()));
    seeds.add(block(uncommented.join("\n").as_bytes()));
    for line in uncommented.iter().filter(|line| line.contains(" = ")) {
        seeds.add(block(line.as_bytes()));
    }
    let mut all = block(b"");
    for (which, value) in (0u8..).zip(["1", "127.0.0.1:1", "a,b", "true", "30s", "x", "0", "64", "info"]) {
        all.extend([&[which][..], &block(value.as_bytes())].concat());
        seeds.add([&block(b"")[..], &[which], &block(value.as_bytes())].concat());
    }
    seeds.add(all);
}
