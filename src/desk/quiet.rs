//! Quiet hours (row E7, S3.26): what the desk tells requesters by itself leaves in working hours, and
//! the deadline that it announces moves with it. Answers to what they just did (acknowledgement,
//! reopening, acceptance) and what a person wrote leave at once; so does what concerns an urgent
//! request, whose requester is waiting.

use chrono::{DateTime, Duration, Utc};

use super::draft::Draft;
use super::{Automation, Kind, Notice, lifecycle, words};
use crate::ticket::{Actor, Level, Status, TicketId, What};

/// Gives automatic notices to requesters that would leave outside hours the next opening as their
/// due time.
pub fn hold(draft: &mut Draft<'_>) {
    let mut notices = std::mem::take(&mut draft.decision.notices);
    for notice in &mut notices {
        let Some(id) = notice.ticket.filter(|_| is_quiet(draft, notice)) else {
            continue;
        };
        let Some(team) = draft.team(id) else {
            continue;
        };
        let opens = team.calendar.next_open(draft.now);
        notice.due_at = Some(opens);
        notice.quiet = true;
        if notice.kind == Kind::Resolved {
            notice.close_at = postpone(draft, id, opens);
        }
    }
    draft.decision.notices = notices;
}

fn is_quiet(draft: &Draft<'_>, notice: &Notice) -> bool {
    let of_desk = notice.automation == Automation::Generated && !notice.kind.is_internal();
    let Some(id) = notice.ticket.filter(|_| of_desk && notice.due_at.is_none()) else {
        return false;
    };
    let urgent = draft
        .ticket(id)
        .is_some_and(|ticket| ticket.urgency == Level::High);
    let closed = draft
        .team(id)
        .is_some_and(|team| !team.calendar.is_open(draft.now));
    closed && !urgent
}

/// The closing date counts from when the resolution leaves, unless it is held for a moment only.
/// The date in force.
pub fn postpone(
    draft: &mut Draft<'_>,
    id: TicketId,
    leaves_at: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let ticket = draft.ticket(id)?;
    let before = ticket.close_at?;
    if ticket.status != Status::Resolved {
        return Some(before);
    }
    let after = lifecycle::closing_date(draft, id, leaves_at)?;
    if after - before < Duration::minutes(lifecycle::LEAVES_WITHIN_MINUTES) {
        return Some(before);
    }
    let reason = words::pick(
        &draft.policy.language,
        "Le délai compte à partir du départ de la résolution.",
        "The delay counts from when the resolution leaves.",
    );
    draft.event(
        id,
        Actor::desk(),
        false,
        What::Status {
            to: Status::Resolved,
            close_at: Some(after),
            remind_at: None,
            reason: Some(reason),
        },
    );
    Some(after)
}
