//! The service over HTTP with its store in a Redis that fails in every way there is.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

#[path = "../support/mod.rs"]
mod support;

#[path = "../support/redis.rs"]
mod server;

mod cuts;
mod failover;
mod logs;
mod outages;
mod proxy;
mod visits;
