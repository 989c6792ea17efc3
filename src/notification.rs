//! Writes what goes out: one [`Notice`] and its ticket become the bytes of one mail. `Message-ID`,
//! `Date` and boundaries are frozen here; a retry repeats the bytes (contract O1). Which notices
//! there are, and to whom, is decided by `desk`.

use chrono::{DateTime, Utc};

use crate::desk::{Kind, Notice, Policy};
use crate::ticket::{File, NoticeId, Ticket, TicketId};
use crate::token::Keys;

pub mod template;

pub use template::Templates;

/// One mail, ready for the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The notice it says.
    pub notice: NoticeId,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// Kind.
    pub kind: Kind,
    /// Envelope sender.
    pub envelope_from: String,
    /// Envelope recipient.
    pub envelope_to: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// The message, CRLF, 7-bit.
    pub bytes: Vec<u8>,
    /// Its text part, kept after the bytes are dropped.
    pub text: String,
}

/// What every notification is written with.
#[derive(Clone, Copy, Debug)]
pub struct Stationery<'a> {
    /// The rules of this instance.
    pub policy: &'a Policy,
    /// The words.
    pub templates: &'a Templates,
    /// Signs tokens and links.
    pub keys: &'a Keys,
}

/// Writes one notification. `file` finds the bytes of a file to send along; one that is not found is listed
/// only. Total: a template that fails gives a plain mail that says the same.
pub fn render(
    _stationery: Stationery<'_>,
    _notice: &Notice,
    _ticket: Option<&Ticket>,
    _file: &dyn Fn(&File) -> Option<Vec<u8>>,
    _now: DateTime<Utc>,
) -> Outgoing {
    unimplemented!("written in the branch of notifications")
}
