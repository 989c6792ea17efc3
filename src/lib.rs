//! Guichet: a help desk driven by e-mail.
//!
//! A tour, in reading order. [`mail`] understands a message; [`knowledge`] is the articles that answer
//! without a person; [`ticket`] is what the desk keeps;
//! [`desk`] decides what a message, a command, a timer or a delivery means; [`notification`] writes
//! what goes out. All of that is pure. [`store`] keeps it in SQLite; [`imap`], [`maildir`] and
//! [`smtp`] move bytes; [`service`] joins them in three loops over three tables. [`web`] shows a
//! ticket, [`cli`] serves operators, [`demo`] is the desk in a box.
//!
//! `docs/architecture.md` says why it is so; the `tidy` test keeps the order of dependencies.
#![forbid(unsafe_code)]

pub mod fault;
pub mod token;
pub mod zone;

pub mod mail;

pub mod knowledge;

pub mod ticket;

pub mod desk;

pub mod statistics;

pub mod notification;

pub mod store;

pub mod tls;

pub mod imap;
pub mod maildir;
pub mod smtp;

pub mod pipe;

pub mod config;
pub mod service;

pub mod cli;
pub mod demo;
pub mod web;
