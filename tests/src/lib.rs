//! Suites that cross crates: see the files beside `Cargo.toml`.
