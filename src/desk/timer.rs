//! What time does: closes what was resolved long enough ago, and lets go what was kept for later.

use super::draft::Draft;
use super::{Automation, Kind, Notice, Timer, lifecycle, tell, words};
use crate::ticket::{Actor, Status};

/// Decides about one timer.
pub fn ring(draft: &mut Draft<'_>, timer: &Timer) {
    match timer {
        Timer::AutoClose(id) => {
            let due = draft.ticket(*id).is_some_and(|ticket| {
                ticket.status == Status::Resolved
                    && ticket.close_at.is_some_and(|at| at <= draft.now)
            });
            if due {
                let reason = words::pick(
                    &draft.policy.language,
                    "Clôture automatique, à la date annoncée.",
                    "Automatic closure, on the announced date.",
                );
                lifecycle::set(draft, *id, Actor::desk(), Status::Closed, Some(reason));
                tell::public(draft, *id, Kind::Closed, None, "");
            }
        }
        Timer::Due(id) => {
            if let Some(notice) = draft
                .known
                .notices
                .get(id)
                .and_then(|told| told.notice.clone())
            {
                let_go(draft, notice);
            }
        }
        Timer::Alert { lines, .. } => tell::operations(draft, None, lines.clone()),
    }
}

/// A notice that was kept is due. Automatic ones that waited for the same requester go together in
/// one digest (row F5); staff gets each by itself, since each is there to be replied to.
fn let_go(draft: &mut Draft<'_>, mut notice: Notice) {
    let recipient = notice.to.key();
    let joins = |other: &Notice| {
        !other.kind.is_internal()
            && other.automation != Automation::Person
            && other.to.key() == recipient
    };
    let others: Vec<Notice> = draft
        .known
        .kept
        .iter()
        .filter(|other| other.id != notice.id && joins(other))
        .cloned()
        .collect();
    draft.decision.settled_notices.push(notice.id);
    notice.due_at = None;
    if others.is_empty() || !joins(&notice) {
        draft.decision.notices.push(notice);
        return;
    }
    let mut lines = Vec::new();
    for kept in std::iter::once(&notice).chain(&others) {
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
    draft
        .decision
        .settled_notices
        .extend(others.iter().map(|other| other.id));
    let digest = Notice {
        kind: Kind::Digest,
        lines,
        text: None,
        files: Vec::new(),
        bare: notice.bare || others.iter().any(|other| other.bare),
        ..notice
    };
    draft.decision.notices.push(digest);
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
