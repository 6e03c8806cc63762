//! Criterion groups: `cargo bench -p glimpse-benches -- GROUP`, such as `prove`, `verify_batch` or `service`.
//!
//! For figures to compare, see the report: `cargo run --release -p glimpse-benches --bin report`.
#![allow(missing_docs, clippy::unwrap_used)]

mod baseline;
mod obtain;
mod present;
mod service;

use criterion::{criterion_group, criterion_main};

criterion_group!(
    benches,
    present::prove,
    present::verify,
    present::verify_batch,
    present::predicates,
    present::profiles,
    obtain::issue,
    obtain::tokens,
    service::service,
    baseline::baseline
);
criterion_main!(benches);
