//! The statuses of a ticket and the ways between them (row E1): one table.

use chrono::{DateTime, Duration, Utc};

use super::draft::Draft;
use super::words;
use crate::ticket::{Actor, Awaited, Status, TicketId, What};

/// A step that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Wait(Awaited),
    Resolve,
    Close,
    Reopen,
}

/// The status that a step leads to; `Err` says why it does not apply, in `language`.
pub fn next(from: Status, step: Step, language: &str) -> Result<Status, String> {
    use Status::{Closed, Open, Paused, Resolved, Waiting};
    let refuse = |french: &str, english: &str| Err(words::pick(language, french, english));
    match (step, from) {
        (Step::Wait(of), Open | Paused { .. } | Waiting { .. }) => Ok(Waiting { of }),
        (Step::Wait(_), Resolved | Closed) => refuse(
            "le ticket est résolu ou clos : #rouvrir d'abord",
            "the ticket is resolved or closed: #reopen it first",
        ),
        (Step::Resolve, Open | Paused { .. } | Waiting { .. }) => Ok(Resolved),
        (Step::Resolve, Resolved) => refuse("le ticket est déjà résolu", "it is resolved already"),
        (Step::Resolve, Closed) => refuse(
            "le ticket est clos : #rouvrir d'abord",
            "the ticket is closed: #reopen it first",
        ),
        (Step::Close, Open | Paused { .. } | Waiting { .. } | Resolved) => Ok(Closed),
        (Step::Close, Closed) => refuse("le ticket est déjà clos", "it is closed already"),
        (Step::Reopen, Resolved | Closed | Waiting { .. } | Paused { .. }) => Ok(Open),
        (Step::Reopen, Open) => refuse("le ticket est déjà ouvert", "it is open already"),
    }
}

/// Sets a status, with the closing date that goes with it.
pub fn set(draft: &mut Draft<'_>, id: TicketId, actor: Actor, to: Status, reason: Option<String>) {
    let close_at = match to {
        Status::Resolved => closing_date(draft, id),
        Status::Open | Status::Waiting { .. } | Status::Paused { .. } | Status::Closed => None,
    };
    draft.event(
        id,
        actor,
        true,
        What::Status {
            to,
            close_at,
            reason,
        },
    );
}

/// When a ticket resolved now closes by itself; `None` when its team closes by validation only.
fn closing_date(draft: &Draft<'_>, id: TicketId) -> Option<DateTime<Utc>> {
    let after: Duration = draft.team(id)?.auto_close_after?;
    draft.now.checked_add_signed(after)
}

/// What a mail of the people of a ticket does to its status, when it is more than thanks.
/// `awaited` is whether the writer is the one who was waited for (row E3).
pub fn after_reply(from: Status, writer_is_requester: bool) -> Option<Status> {
    match from {
        Status::Waiting {
            of: Awaited::Requester,
        } if writer_is_requester => Some(Status::Open),
        // Somebody who follows never decides (T15).
        Status::Resolved | Status::Closed if writer_is_requester => Some(Status::Open),
        Status::Resolved | Status::Closed => None,
        Status::Open | Status::Waiting { .. } | Status::Paused { .. } => None,
    }
}
