//! What the tests share: real servers on loopback, and certificates for them.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub mod certificates;
pub mod sink;
