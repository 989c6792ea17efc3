//! The proof that nothing is lost: the real binary is killed, cut off and broken on purpose, and an
//! offline checker compares what was put in with what the database holds and what the mail server
//! accepted. How, and what it found: `docs/crash-safety.md`.
//!
//! The points of death and the broken promises exist in debug builds only.
#![cfg(debug_assertions)]

#[path = "../support/mod.rs"]
mod support;

mod broken;
mod checker;
mod clock;
mod copies;
mod desk;
mod disk;
mod faults;
mod machine;
mod mails;
mod points;
mod power;
mod random;
mod servers;
