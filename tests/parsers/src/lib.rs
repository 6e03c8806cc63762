//! One entry for everything that reads what others wrote.
//!
//! Each [`Target`] takes any bytes and must come back: it panics where the product panics, and where what the product
//! says of the bytes cannot be right. `fuzz/` feeds them to libFuzzer (`scripts/fuzz-parsers`), and
//! `tests/regressions.rs` feeds them what once broke something, in every run of the tests.
//!
//! What is not public is reached through what is: the service through a socket, the wallet through its file and its
//! transport, the access file through a file. The command's configuration and its reader of files that are imported are
//! compiled in from their source.
// What tests it is tests/regressions.rs. Clippy would compile it for tests of its own all the same, and with it those
// of the modules that are taken in from elsewhere.
#![cfg(not(test))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod bytes;
mod config;
mod differential;
mod documents;
mod http;
mod import;
mod issuance;
mod licence;
mod lists;
// Of the command, for its configuration.
#[allow(dead_code)]
#[path = "../../../cli/src/output.rs"]
mod output;
mod presentation;
mod request;
mod scene;
pub mod seeds;
mod store;
mod truth;
mod wallet_file;
mod wallet_http;

pub use http::PATHS;

/// A parser, or several that belong together.
pub struct Target {
    /// Its name, which is that of its folder of inputs too.
    pub name: &'static str,
    /// Takes any bytes.
    pub run: fn(&[u8]),
    /// Writes inputs to begin with.
    pub seeds: fn(&mut seeds::Seeds),
    /// Longest input that is worth trying.
    pub max_len: usize,
    /// How many inputs a short run tries, seeds included: some ten seconds' worth. A number and not a time, so that a
    /// slow machine tries as many as a quick one.
    pub smoke: u32,
}

macro_rules! targets {
    ($($(#[$doc:meta])* $name:ident: $run:path, $seeds:path, $max_len:expr, $smoke:expr;)*) => {
        /// All of them.
        pub const TARGETS: &[Target] = &[
            $(Target { name: stringify!($name), run: $run, seeds: $seeds, max_len: $max_len, smoke: $smoke }),*
        ];
        $($(#[$doc])* pub fn $name(input: &[u8]) { $run(input) })*
    };
}

targets! {
    /// The bytes of a presentation for one of several relations: never accepted unless known, and written back the same.
    presentation: presentation::read, presentation::seeds, 8192, 10_000;
    /// Batches of sound, changed and mixed presentations: each gets what it gets alone and what the reference says.
    differential: differential::batches, differential::seeds, 256, 400;
    /// Statements about a licence: both profiles prove what is true in the clear, and nothing else.
    truth: truth::statements, truth::seeds, 512, 2000;
    /// A request: its canonical form is a fixed point, and it compiles to one relation or none.
    request: request::read, request::seeds, 65_536, 60_000;
    /// A schema or a profile.
    schema: documents::schema, documents::seeds_of_schemas, 65_536, 10_000;
    /// Bodies of the HTTP interface as the wire types read them.
    wire: documents::wire, documents::seeds_of_wire_types, 16_384, 50_000;
    /// Messages of issuance and of token exchanges, on both sides, and what a wallet keeps of them.
    issuance: issuance::read, issuance::seeds, 4096, 5000;
    /// A licence to be admitted, and identifiers.
    licence: licence::read, licence::seeds, 8192, 50_000;
    /// Revocation lists: envelopes, manifests, buckets. Nothing is taken that was not signed.
    lists: lists::read, lists::seeds, 32_768, 5000;
    /// A wallet's file, damaged or with anything in it.
    wallet_file: wallet_file::read, wallet_file::seeds, 65_536, 2000;
    /// Addresses and answers that a wallet is given.
    wallet_http: wallet_http::read, wallet_http::seeds, 65_536, 4000;
    /// Bytes on a connection to the service.
    http: http::read, http::seeds, 32_768, 4000;
    /// An access file.
    access: access::read, access::seeds, 8192, 8000;
    /// What a store gives back.
    store: store::read, store::seeds, 8192, 3000;
    /// A file of licences to be imported: CSV or JSON Lines. From wherever reading goes on, the rows are the same.
    import: import::read, import::seeds, 16_384, 2500;
    /// The command's configuration: file, environment and flags.
    config: config::read, config::seeds, 8192, 5000;
}
