//! Run with `cargo +nightly fuzz run reply fuzz/corpus/reply fuzz/seeds/reply -- -max_total_time=600 -max_len=65536`.
#![no_main]

#[expect(dead_code, reason = "each target checks one of them")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::reply(bytes));
