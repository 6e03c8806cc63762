//! What the benchmarks measure, and the report on it.
//!
//! [`cases`] lists what is asked, [`subject`] is the holder who answers, [`operations`] is what issuer and wallet do
//! before that, [`baseline`] is what all of it is compared with. [`measure`] takes the time. The criterion groups and
//! the [`report`] share all of them. [`nodes`] is what is needed to run several nodes on one Redis: for load and for chaos.
//! [`reject`] verifies mutants of presentations by the million, [`welch`] tells whether times depend on secrets.
#![allow(clippy::unwrap_used, clippy::expect_used)]

pub mod baseline;
pub mod cases;
pub mod measure;
pub mod nodes;
pub mod operations;
pub mod reject;
pub mod report;
pub mod subject;
pub mod welch;
