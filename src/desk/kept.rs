//! What was kept for later is due: alone, together with others of its recipient, or not at all when the
//! ticket has moved on. A person's words always leave.

use super::draft::Draft;
use super::{Automation, Kind, Notice, digest, hold, tell};
use crate::mail::Address;
use crate::ticket::{Awaited, Part, Status, Ticket};

/// Lets a notice go. What was over a limit goes into a digest, thanks to the same technician together;
/// all else goes by itself.
pub fn let_go(draft: &mut Draft<'_>, notice: Notice) {
    if notice.held {
        return hold::let_go(draft, notice);
    }
    draft.decision.settled_notices.push(notice.id);
    if is_over(draft, &notice) {
        return;
    }
    if notice.over_limit {
        return digest::let_go(draft, notice);
    }
    let recipient = notice.to.key();
    let joins = |other: &&Notice| {
        other.id != notice.id
            && other.kind == Kind::TeamThanks
            && other.due_at.is_some_and(|at| at <= draft.now)
            && other.to.key() == recipient
    };
    let others: Vec<Notice> = match notice.kind {
        Kind::TeamThanks => draft.known.kept.iter().filter(joins).cloned().collect(),
        _ => Vec::new(),
    };
    let mut notice = leaving(draft, notice);
    for other in others {
        draft.decision.settled_notices.push(other.id);
        notice.lines.extend(other.lines);
    }
    draft.decision.notices.push(notice);
}

/// It leaves now; the date that it announces counts from here.
pub fn leaving(draft: &mut Draft<'_>, mut notice: Notice) -> Notice {
    notice.due_at = None;
    notice.quiet = false;
    notice.over_limit = false;
    if notice.look.is_some() {
        return tell::looked_up(draft, notice);
    }
    if notice.kind == Kind::Resolved
        && let Some(id) = notice.ticket
    {
        notice.close_at = super::timer::leaves_now(draft, id);
    }
    notice
}

/// It would tell what is no longer so.
pub fn is_over(draft: &Draft<'_>, notice: &Notice) -> bool {
    let Some(ticket) = notice.ticket.and_then(|id| draft.ticket(id)) else {
        return false;
    };
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    notice.automation != Automation::Person
        && match notice.kind {
            Kind::Taken => done || !names_owner(notice, ticket),
            Kind::Paused => !matches!(ticket.status, Status::Paused { .. }),
            Kind::Reminder => {
                ticket.status
                    != Status::Waiting {
                        of: Awaited::Requester,
                    }
            }
            Kind::Resolved => ticket.status != Status::Resolved,
            Kind::Closed => ticket.status != Status::Closed,
            Kind::Reopened | Kind::Classified => done,
            // What became of it is told to those who follow; who follows no longer is told nothing.
            Kind::Following => done || !takes_part(ticket, notice),
            Kind::TeamAlert => notice.expires_at.is_some() && done,
            Kind::Acknowledgement
            | Kind::FollowUp
            | Kind::TeamNew
            | Kind::TeamReply
            | Kind::TeamObserver
            | Kind::TeamGiven
            | Kind::Transcript
            | Kind::Confirm
            | Kind::TeamDigest
            | Kind::Operations
            | Kind::Digest
            | Kind::Lowered
            | Kind::Unfollowed
            | Kind::Joined
            | Kind::LowMark
            | Kind::TeamThanks
            | Kind::SignIn
            | Kind::Report
            | Kind::Review
            | Kind::Answer
            | Kind::Partner
            | Kind::Split
            | Kind::Submission
            | Kind::Requests
            | Kind::Call => false,
        }
}

/// The ticket is still with whom the notice names.
fn names_owner(notice: &Notice, ticket: &Ticket) -> bool {
    let name = |who: &Option<Address>| who.as_ref().and_then(|who| who.name.clone());
    ticket.technician.is_some() && name(&notice.author) == name(&ticket.technician)
}

/// Its recipient still follows, or has the trouble.
fn takes_part(ticket: &Ticket, notice: &Notice) -> bool {
    let person = ticket
        .people
        .iter()
        .find(|person| Some(person.id) == notice.link_for);
    person.is_some_and(|person| matches!(person.part, Part::Observer | Part::Beneficiary))
}
