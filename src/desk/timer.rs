//! What time does: closes what was resolved long enough ago, and lets go what was kept for later.

use super::draft::Draft;
use super::{Kind, Notice, Timer, digest, lifecycle, tell, words};
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

/// A notice that was kept is due.
fn let_go(draft: &mut Draft<'_>, mut notice: Notice) {
    if notice.over_limit {
        return digest::let_go(draft, notice);
    }
    draft.decision.settled_notices.push(notice.id);
    notice.due_at = None;
    if notice.look.is_some() {
        notice = tell::looked_up(draft, notice);
    }
    draft.decision.notices.push(notice);
}
