//! What the page of a ticket offers to its reader, by status and by who he is.

use serde::Serialize;

use super::Seen;
use crate::desk::{Policy, lifecycle};
use crate::ticket::{Part, Person, Status, Verdict, What};
use crate::token;

use chrono::{DateTime, Utc};

/// See the module.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Offers {
    /// A new follow-up: `answer` (the desk waits for one), `more`, `reopens`, `linked` (it opens
    /// another request); empty: none.
    pub add: &'static str,
    /// The solution is to be judged: accepted or refused.
    pub judge: bool,
    /// It is closed, and may still be opened again.
    pub reopen: bool,
    /// Marks: `first`, `why` (a low one was given without a word); empty: none.
    pub rate: &'static str,
    /// The marks that were given.
    pub speed: u8,
    pub answers: u8,
    /// To follow no longer.
    pub unfollow: bool,
}

/// Staff looks at the page of a requester and acts elsewhere; those who read the requests of their
/// service (row H5) do not act at all.
pub fn only_reads(person: &Person) -> bool {
    !token::is_row(person.id.0)
}

/// The article that closed it, in a sentence.
pub fn helped(seen: &Seen) -> Option<&str> {
    let mut events = seen.events.iter().map(|(_, event)| &event.what);
    match events.rfind(|what| matches!(what, What::Verdict { .. }))? {
        What::Verdict {
            verdict: Verdict::Helped,
            reason,
        } => reason.as_deref(),
        _ => None,
    }
}

/// What `seen` may do now.
pub fn offers(policy: &Policy, seen: &Seen, now: DateTime<Utc>) -> Offers {
    if only_reads(&seen.person) {
        return Offers::default();
    }
    let ticket = &seen.ticket;
    // Only who has the trouble judges (RELIABILITY T15).
    let decides = matches!(seen.person.part, Part::Requester | Part::Beneficiary);
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    let over = lifecycle::is_final(ticket, policy, now);
    let add = match ticket.status {
        _ if over => "linked",
        _ if done && decides => "reopens",
        _ if super::super::status::awaits(ticket, &seen.person) => "answer",
        _ => "more",
    };
    let mut comments = seen
        .events
        .iter()
        .filter_map(|(_, event)| match &event.what {
            What::Rated { comment, .. } => Some(comment.is_some()),
            _ => None,
        });
    let explained = comments.next_back().unwrap_or(false);
    // An article was enough: nobody gave an answer that could be marked.
    let helped = helped(seen).is_some();
    let rate = match ticket.marks {
        _ if !(decides && done) || helped => "",
        None => "first",
        Some(marks) if marks.is_low() && !explained => "why",
        Some(_) => "",
    };
    Offers {
        add,
        judge: decides && ticket.status == Status::Resolved,
        reopen: decides && ticket.status == Status::Closed && !over,
        rate,
        speed: ticket.marks.map_or(0, |marks| marks.speed),
        answers: ticket.marks.map_or(0, |marks| marks.answers),
        unfollow: seen.person.part == Part::Observer,
    }
}
