//! A mail of somebody of a ticket that is done may be the beginning of another one (row D10, S4.31).

use super::draft::Draft;
use super::locate::Pointer;
use super::open::Opening;
use super::receive::is_thanks;
use super::route::Route;
use super::{Arrival, Because, Kind, reference, similar, verdict, words};
use crate::ticket::{Status, Ticket};

/// Why a mail of somebody of the ticket does not join it: the matter is over, or it is another one
/// (row D10, S4.31). Feedback always joins.
pub fn apart(
    draft: &Draft<'_>,
    ticket: &Ticket,
    arrival: &Arrival,
    pointer: &Pointer,
) -> Option<Because> {
    let mail = &arrival.mail;
    let closed = ticket.status == Status::Closed;
    if !(closed || ticket.status == Status::Resolved) {
        return None;
    }
    if is_feedback(draft, arrival, pointer) {
        return None;
    }
    if closed && ticket.accepted {
        return Some(Because::Accepted);
    }
    if closed && draft.now - ticket.status_since > draft.policy.reopen_within {
        return Some(Because::Old);
    }
    let prefixes = draft.policy.prefixes();
    let subject = mail.subject.as_deref().unwrap_or_default();
    let named = reference::in_subject(subject, &prefixes).contains(&ticket.id);
    let new = !named && similar::is_another_matter(&ticket.title, subject, &prefixes);
    new.then_some(Because::NewSubject)
}

fn is_feedback(draft: &Draft<'_>, arrival: &Arrival, pointer: &Pointer) -> bool {
    let explains = explains_marks(draft, pointer);
    verdict::is_feedback(&arrival.mail.reply, is_thanks(arrival), explains)
}

/// It answers our question why a mark was low.
pub fn explains_marks(draft: &Draft<'_>, pointer: &Pointer) -> bool {
    pointer
        .notice
        .and_then(|notice| draft.known.notices.get(&notice))
        .is_some_and(|told| told.kind == Kind::LowMark)
}

/// A new ticket that goes on where another ended; the team that knew the matter takes it up again.
pub fn open(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    route: &Route,
    because: Because,
) {
    let number = &ticket.reference;
    let (french, english) = match because {
        Because::Accepted => (
            format!(
                "Le ticket {number} a été clos par son demandeur, définitivement : nouveau ticket lié."
            ),
            format!("Ticket {number} was closed for good by its requester: a new, linked one."),
        ),
        Because::NewSubject => (
            format!("Répond à {number} sous un objet tout autre : nouveau ticket lié."),
            format!("Answers {number} under a wholly different subject: a new, linked ticket."),
        ),
        _ => (
            format!(
                "Le ticket {number} est clos depuis trop longtemps pour rouvrir : nouveau ticket lié."
            ),
            format!("Ticket {number} has been closed for too long to reopen: a new, linked one."),
        ),
    };
    let opening = Opening {
        why: vec![words::pick(&draft.policy.language, french, english)],
        linked: Some(ticket.id),
        continues: Some(number.clone()),
        because: Some(because),
        title: Some(ticket.title.clone()).filter(|_| because != Because::NewSubject),
        ..Opening::default()
    };
    let route = Route {
        lead: ticket.team.clone(),
        sent_to: ticket.sent_to.clone(),
        ..route.clone()
    };
    super::open::open(draft, arrival, &route, opening);
}
