#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| glimpse_parsers::import(input));
