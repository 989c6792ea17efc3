//! Who is really writing, and what answers what: signatures checked against a name server of the
//! tests' own, forged mails of every kind, floods, and a day among robots. The desk is the real one,
//! its store a real database, its clock by hand.

#[path = "../support/mod.rs"]
mod support;

mod desk;
mod dkim;
mod flood;
mod forged;
mod robots;
mod waiting;
