//! The glimpse command.
fn main() {}
