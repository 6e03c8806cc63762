//! Several nodes on one Redis, over HTTP. Apart from redis/main.rs, so that neither takes long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, unreachable_pub)]

mod support;

#[path = "support/redis.rs"]
mod server;

#[path = "redis/kills.rs"]
mod kills;
#[path = "redis/lockstep.rs"]
mod lockstep;
#[path = "redis/nodes.rs"]
mod nodes;
#[path = "redis/several.rs"]
mod several;
#[path = "redis/steps.rs"]
mod steps;
#[allow(dead_code)]
#[path = "redis/visits.rs"]
mod visits;
