//! Several nodes on one Redis, each in a process of its own on this machine, and what it takes to visit them.
//!
//! A program that starts nodes must pass what follows [`NODE_FLAG`] on its command line to [`serve`].

mod client;
mod cores;
mod holder;
mod node;
mod ports;
mod server;

pub use client::{Answer, Call, Client};
pub use cores::pin;
pub use holder::{Holder, PROFILE, policy};
pub use node::{ADMIN, NODE_FLAG, Node, NodeOptions, RELYING_PARTY, serve};
pub use ports::quiet_port;
pub use server::{Keeps, RedisServer};
