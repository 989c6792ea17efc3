//! What the tests share: real servers on loopback, and certificates for them.
//!
//! Cargo takes every file in `tests/` for a test of its own, this one too; the paths make it one
//! that compiles, and `Cargo.toml` says that there is nothing in it to run.
#![allow(
    dead_code,
    reason = "each test binary compiles this module and uses its own part of it"
)]

#[path = "support/certificates.rs"]
pub mod certificates;
#[path = "support/sink.rs"]
pub mod sink;
