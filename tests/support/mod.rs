//! Real servers for the tests: private, on loopback, on ports of their own, gone when dropped.
//!
//! A `mod.rs`, against the custom of the house: cargo would take `tests/support.rs` for a test of its own.
#![allow(
    dead_code,
    reason = "each test binary compiles this module and uses its own part of it"
)]

pub mod certificates;
pub mod dns;
pub mod dovecot;
pub mod proxy;
pub mod script;
pub mod sink;
