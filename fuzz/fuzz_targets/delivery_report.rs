//! Run with `cargo +nightly fuzz run delivery_report fuzz/corpus/delivery_report fuzz/seeds/delivery_report -- -max_total_time=600 -max_len=65536`.
#![no_main]

#[expect(dead_code, reason = "each target checks one of them")]
#[path = "../properties.rs"]
mod properties;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| properties::delivery_report(bytes));
