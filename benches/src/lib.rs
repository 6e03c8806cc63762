//! What the benchmarks measure, and the report on it.
//!
//! [`cases`] lists what is asked, [`subject`] is the holder who answers, [`operations`] is what issuer and wallet do
//! before that, [`baseline`] is what all of it is compared with. [`measure`] takes the time. The criterion groups and
//! the [`report`] share all of them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod baseline;
pub mod cases;
pub mod measure;
pub mod operations;
pub mod report;
pub mod subject;
