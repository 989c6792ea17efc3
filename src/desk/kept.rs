//! What was kept for later is due: alone, together with others of its recipient, or not at all when the
//! ticket has moved on. A person's words always leave.

use super::draft::Draft;
use super::{Automation, Kind, Notice, hold, words};
use crate::ticket::Status;

/// Lets a notice go. Automatic ones that waited for the same requester go together in one digest
/// (row F5), thanks to the same technician in one mail; other notices to staff go each by itself,
/// since each is there to be replied to.
pub fn let_go(draft: &mut Draft<'_>, mut notice: Notice) {
    if notice.held {
        return hold::let_go(draft, notice);
    }
    draft.decision.settled_notices.push(notice.id);
    if is_over(draft, &notice) {
        return;
    }
    let recipient = notice.to.key();
    let thanks = notice.kind == Kind::TeamThanks;
    let joins = |other: &Notice| {
        let gathered = if thanks {
            other.kind == Kind::TeamThanks
        } else {
            !other.kind.is_internal() && !other.quiet && !other.held
        };
        gathered && other.automation != Automation::Person && other.to.key() == recipient
    };
    let others: Vec<Notice> = draft
        .known
        .kept
        .iter()
        .filter(|other| other.id != notice.id && joins(other) && !is_over(draft, other))
        .cloned()
        .collect();
    let alone = others.is_empty() || !joins(&notice);
    notice.due_at = None;
    notice.quiet = false;
    if notice.kind == Kind::Resolved
        && let Some(id) = notice.ticket
    {
        notice.close_at = super::timer::leaves_now(draft, id);
    }
    if alone {
        draft.decision.notices.push(notice);
        return;
    }
    draft
        .decision
        .settled_notices
        .extend(others.iter().map(|other| other.id));
    let gathered = if thanks {
        let lines = std::iter::once(&notice)
            .chain(&others)
            .flat_map(|kept| kept.lines.clone())
            .collect();
        Notice { lines, ..notice }
    } else {
        digest(draft, notice, &others)
    };
    draft.decision.notices.push(gathered);
}

/// It would tell what is no longer so.
pub fn is_over(draft: &Draft<'_>, notice: &Notice) -> bool {
    let Some(ticket) = notice.ticket.and_then(|id| draft.ticket(id)) else {
        return false;
    };
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    notice.automation != Automation::Person
        && match notice.kind {
            Kind::Taken => done || ticket.technician.is_none(),
            Kind::Paused => !matches!(ticket.status, Status::Paused { .. }),
            Kind::Reminder => !matches!(ticket.status, Status::Waiting { .. }),
            Kind::Resolved => ticket.status != Status::Resolved,
            Kind::Closed => ticket.status != Status::Closed,
            Kind::Reopened => done,
            Kind::Acknowledgement
            | Kind::FollowUp
            | Kind::TeamNew
            | Kind::TeamReply
            | Kind::TeamObserver
            | Kind::Transcript
            | Kind::TeamAlert
            | Kind::Operations
            | Kind::Digest
            | Kind::Classified
            | Kind::Lowered
            | Kind::Following
            | Kind::Unfollowed
            | Kind::Joined
            | Kind::LowMark
            | Kind::TeamThanks => false,
        }
}

/// One mail for all that waited for a requester: a line a ticket.
fn digest(draft: &Draft<'_>, notice: Notice, others: &[Notice]) -> Notice {
    let mut lines = Vec::new();
    for kept in std::iter::once(&notice).chain(others) {
        let Some(ticket) = kept.ticket.and_then(|id| draft.ticket(id)) else {
            continue;
        };
        let state = words::pick(
            &notice.language,
            status_in_french(ticket.status),
            ticket.status.as_str(),
        );
        // To somebody who is not authenticated nothing of what was written is repeated (A3).
        lines.push(if kept.bare {
            format!("[{}] ({state})", ticket.reference)
        } else {
            format!("[{}] {} ({state})", ticket.reference, ticket.title)
        });
    }
    lines.dedup();
    Notice {
        kind: Kind::Digest,
        lines,
        text: None,
        files: Vec::new(),
        bare: notice.bare || others.iter().any(|other| other.bare),
        ..notice
    }
}

fn status_in_french(status: Status) -> &'static str {
    match status {
        Status::Open => "ouverte",
        Status::Waiting { .. } => "en attente",
        Status::Paused { .. } => "en pause",
        Status::Resolved => "résolue",
        Status::Closed => "close",
    }
}
