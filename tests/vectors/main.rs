//! The test vectors of protocol version 1: docs/vectors.md says what is in them.
//!
//! The file is made anew in memory and compared byte for byte, which pins proof bytes, labels and encodings. Apart from
//! that the file is read and every vector in it checked with the product's own code.
//!
//! `GLIMPSE_WRITE_VECTORS=1 cargo test --workspace --test vectors` writes the file.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod build;
mod check;
mod difference;
mod format;
mod holdings;
mod lists;
mod scene;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/v1.json");

#[test]
fn the_file_is_what_the_seed_makes() {
    let mut made = serde_json::to_string_pretty(&build::file()).unwrap();
    made.push('\n');
    if std::env::var_os("GLIMPSE_WRITE_VECTORS").is_some_and(|value| value == "1") {
        std::fs::write(PATH, &made).unwrap();
    }
    let found = std::fs::read_to_string(PATH).unwrap();
    if let Some(difference) = difference::first(&made, &found) {
        panic!(
            "tests/vectors/v1.json is not what this code makes. First difference: {difference}.\n\
             These bytes are protocol version 1: code that makes others speaks another version, with labels and a \
             version number of its own and a line in CHANGELOG.md. Only new vectors, or a change to how they are \
             made, are a reason to write the file anew, with GLIMPSE_WRITE_VECTORS=1."
        );
    }
}
