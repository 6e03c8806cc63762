//! Writes the inputs that fuzzing begins with, and prints each target with its longest input, the number of inputs
//! of a short run, and its number of seeds:
//! `parser-seeds FOLDER`.
#![allow(clippy::print_stdout)]

use std::error::Error;
use std::path::Path;

use glimpse_parsers::{TARGETS, seeds};

fn main() -> Result<(), Box<dyn Error>> {
    let into = std::env::args_os().nth(1).ok_or("usage: parser-seeds FOLDER")?;
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/v1.json");
    let written = seeds::write(Path::new(&into), &vectors)?;
    for (target, (name, count)) in TARGETS.iter().zip(written) {
        println!("{name} {} {} {count}", target.max_len, target.smoke);
    }
    Ok(())
}
