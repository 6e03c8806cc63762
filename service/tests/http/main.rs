//! The service over HTTP, on a port of its own for each test.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../support/mod.rs"]
mod support;

mod access;
mod bodies;
mod checks;
mod flow;
mod imports;
mod issuance;
mod lists;
mod lives;
mod openapi;
mod operator;
mod over_asking;
mod rates;
mod repeats;
mod requests;
mod start;
mod tls;
mod tokens;
mod trust;
