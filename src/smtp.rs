//! Where mail goes: bytes and an envelope in, an [`Outcome`] out. What the bytes say belongs to
//! `notification`, when to try again to `service` (by [`retry`]), what an outcome means for a
//! ticket to `desk`.
//!
//! Everything here serves one question: **may this mail have been accepted?** SMTP cannot answer
//! it when the connection dies between the final dot and its `250`, so that window must be the
//! only one, as narrow as the protocol allows, and it must be known. `transaction` keeps
//! one bit per attempt, *the last byte has left our hands*, and every failure, timeout or panic
//! is read against that bit: before it `Later`, after it `Uncertain`.
//!
//! # Why not lettre's connection
//!
//! Mails are built with lettre (`notification::message`); they are not sent with it. `AsyncSmtpConnection` (0.11.23) can be
//! given our own stream, but:
//! - `message()` writes the body and the final dot as two writes and then reads, in one call: a
//!   failure does not say on which side of the dot it happened;
//! - it appends CRLF before the dot whatever the body ended with, so bytes sent are not the bytes
//!   stored, and it does not stuff dots after a bare CR or LF (RUSTSEC-2026-0561);
//! - answers must be UTF-8: `250 Message accepté` in Latin-1 after the dot is an error, and the
//!   mail would be sent a second time. Lines are read whole before their length is looked at;
//! - a blank EHLO line panics (RUSTSEC-2026-0562), and STARTTLS keeps what was buffered in clear
//!   as if it had come through TLS;
//! - there is no SIZE, no pipelining, no RSET.
//!
//! Working around all of that leaves nothing of it but the parser of answers, so the client is
//! ours: small, strict in what it sends, lenient in what it reads.

mod address;
mod answer;
mod body;
mod connection;
mod folder;
mod login;
mod pool;
pub mod retry;
mod transaction;
mod verdict;

use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub use connection::Timeouts;
pub use pool::Sender;

/// The relay that takes our mail, and how to speak to it.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name or address; with TLS, also the name that the certificate must carry.
    pub host: String,
    /// TCP port: 465 (implicit TLS), 587 or 25.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// PEM file of certificate authorities accepted beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Loud flag: without TLS, also speak to a relay that is not on this machine.
    pub allow_plaintext: bool,
    /// Who logs in, and with what. `None`: no login.
    pub login: Option<Login>,
    /// Our name in EHLO, a domain or an address literal. `None`: the literal of our own address.
    pub hello: Option<String>,
    /// Connections at the same time, at least one.
    pub connections: usize,
    /// How long each step may take.
    pub timeouts: Timeouts,
}

impl Settings {
    /// A relay without login, its certificate verified against the system's authorities.
    pub fn new(host: impl Into<String>, port: u16, tls: Tls) -> Settings {
        Settings {
            host: host.into(),
            port,
            tls,
            ca_file: None,
            allow_plaintext: false,
            login: None,
            hello: None,
            connections: CONNECTIONS,
            timeouts: Timeouts::default(),
        }
    }
}

/// Connections kept to one relay. A few drain a backlog of hundreds in seconds; many would look
/// like an attack (Exchange Online allows three per mailbox, Postfix fifty per client).
pub const CONNECTIONS: usize = 3;

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte (port 465).
    Implicit,
    /// Upgraded by STARTTLS; a server that does not offer it is refused.
    StartTls,
    /// In clear: only to this machine, unless `allow_plaintext`.
    None,
}

/// A name and the proof of it.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name, as the relay knows it.
    pub user: String,
    /// The proof; files are read at each login, so a renewed one needs no restart.
    pub credential: Credential,
}

/// What proves who we are.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A password given directly.
    Password(Secret),
    /// A file that holds the password; its last line end does not count.
    PasswordFile(PathBuf),
    /// A file that holds an OAuth2 access token, renewed by another program: AUTH XOAUTH2.
    OauthTokenFile(PathBuf),
}

/// Text that is never printed.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// Wraps `text` so that it cannot end in a log.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(text.into())
    }

    /// The text itself, for the wire.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where the desk's mail goes.
#[derive(Debug, Clone)]
pub enum Transport {
    /// A relay.
    Smtp(Box<Settings>),
    /// A folder with one Maildir per recipient, for the demo and for trying things out.
    Maildir(PathBuf),
    /// A list in memory, oldest first.
    Memory(Arc<Mutex<Vec<Envelope>>>),
}

/// One mail to one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// The outbox row; names the file in a Maildir, so that a repeat overwrites.
    pub id: i64,
    /// The return path, `local@domain`; empty for the null path `<>`.
    pub from: String,
    /// The recipient, `local@domain`.
    pub to: String,
    /// The whole message as rendered, header and body.
    pub bytes: Arc<[u8]>,
}

/// What became of one attempt. Texts are one printable line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Accepted: the relay is responsible now.
    Sent {
        /// The relay's answer to the final dot, often with its queue id.
        answer: String,
    },
    /// Certainly not sent, and worth another attempt: why.
    Later(String),
    /// Certainly not sent, and it never will be.
    Never {
        /// The SMTP code (5xx): the relay's, or the one it would have given.
        code: u16,
        /// The relay's words, or ours.
        text: String,
    },
    /// The final dot was sent and no answer came: it may have been accepted. Why.
    Uncertain(String),
}

/// The longest that [`Sender::send`] may take with the default timeouts, waiting for a free
/// connection excepted: two tries up to the final dot, and the wait for its answer. A lease on an
/// outbox row must outlast it.
pub const LONGEST_SEND: Duration = Duration::from_secs(
    2 * (connection::LOGIN_LIMIT.as_secs() + connection::BEFORE_DOT_LIMIT.as_secs())
        + connection::FINAL_DOT_LIMIT.as_secs(),
);
