//! Run with `cargo +nightly fuzz run command fuzz/corpus/command fuzz/seeds/command -- -max_total_time=600 -max_len=65536`.
#![no_main]

#[expect(dead_code, reason = "each target checks one of them")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::command(bytes));
