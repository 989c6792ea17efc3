//! What time does: reminds, wakes up, resolves and closes tickets whose date has come, and lets go what
//! was kept for later. Dates are stored, so downtime makes things late, once: whatever was missed,
//! a ticket gets one mail, and what follows moves by as much (row E4).

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::lifecycle::{self, Step};
use super::{Because, Kind, Timer, kept, occasion, quiet, report, selfhelp, tell, words};
use crate::ticket::{Actor, Awaited, Nature, Status, Ticket, TicketId, What};

/// Decides about one timer.
pub fn ring(draft: &mut Draft<'_>, timer: &Timer) {
    match timer {
        Timer::Ticket(id) => {
            let Some(ticket) = draft.ticket(*id).cloned() else {
                return;
            };
            if ticket.due_at().is_some_and(|at| at <= draft.now) {
                due(draft, &ticket);
            }
        }
        Timer::Due(id) => {
            if let Some(notice) = draft
                .known
                .notices
                .get(id)
                .and_then(|told| told.notice.clone())
            {
                kept::let_go(draft, notice);
            }
        }
        Timer::Alert { lines, .. } => tell::operations(draft, None, lines.clone()),
        Timer::Report(report) => report::send(draft, report),
    }
}

fn due(draft: &mut Draft<'_>, ticket: &Ticket) {
    let id = ticket.id;
    if let Status::Paused { .. } = ticket.status {
        return wake(draft, id);
    }
    // The date was within hours; the machine may have been away until now.
    let opens = draft
        .team(id)
        .map_or(draft.now, |team| team.calendar.next_open(draft.now));
    if opens > draft.now {
        let why = words::pick(
            &draft.policy.language,
            "Hors des heures d'ouverture : reporté à leur reprise.",
            "Outside working hours: put off until they begin.",
        );
        return put_off(draft, ticket, opens, why);
    }
    match ticket.status {
        Status::Waiting {
            of: Awaited::Requester,
        } => remind(draft, ticket),
        Status::Waiting {
            of: Awaited::ThirdParty,
        } => nudge(draft, ticket),
        Status::Resolved => close(draft, ticket),
        Status::Paused { .. } | Status::Open | Status::Closed => {}
    }
}

/// A pause is over: the ticket is open again, its owner knows (row E5), or everybody of the team.
fn wake(draft: &mut Draft<'_>, id: TicketId) {
    if lifecycle::next(Status::Paused { until: draft.now }, Step::Wake, "en").is_err() {
        return;
    }
    let reason = words::pick(
        &draft.policy.language,
        "La pause est terminée.",
        "The pause is over.",
    );
    lifecycle::set(draft, id, Actor::desk(), Status::Open, Some(reason));
    occasion::woken(draft, id);
}

/// One reminder, however many were missed; after the last one the ticket is resolved.
fn remind(draft: &mut Draft<'_>, ticket: &Ticket) {
    let id = ticket.id;
    if selfhelp::is_unread(draft, ticket) {
        return selfhelp::hand_over(draft, id);
    }
    if ticket.nature == Nature::Suggestion {
        return no_date(draft, ticket);
    }
    let dates = lifecycle::reminders(draft, id, ticket.status_since);
    let reminders = draft.team(id).map_or(0, |team| team.reminders.len());
    let resolves = dates.len() > reminders;
    let sent = usize::try_from(ticket.reminders).unwrap_or(usize::MAX);
    if sent >= reminders {
        // The end of the schedule, if the team still has one.
        return if resolves {
            lapse(draft, ticket)
        } else {
            next_reminder(draft, id, sent, None)
        };
    }
    let (number, next) = this_and_next(draft, id, &dates, reminders, sent);
    occasion::remind(draft, id, next.filter(|_| number >= reminders && resolves));
    next_reminder(draft, id, number, next);
}

/// The number of the reminder that is due, and the date of what follows it. Those that were due
/// meanwhile are skipped: the latest of them is the one that is sent.
fn this_and_next(
    draft: &Draft<'_>,
    id: TicketId,
    dates: &[DateTime<Utc>],
    reminders: usize,
    sent: usize,
) -> (usize, Option<DateTime<Utc>>) {
    let due = |date: &&DateTime<Utc>| **date <= draft.now;
    let missed = dates.iter().take(reminders).filter(due).count();
    let number = missed.max(sent + 1);
    let this = dates.get(number - 1).copied().unwrap_or(draft.now);
    let next = dates
        .get(number)
        .map(|next| not_before(draft, id, this, *next));
    (number, next)
}

/// A third party owes an answer: whoever waits for it is reminded, on the days on which a requester
/// would be.
fn nudge(draft: &mut Draft<'_>, ticket: &Ticket) {
    let id = ticket.id;
    if ticket.nature == Nature::Suggestion {
        return no_date(draft, ticket);
    }
    let reminders = draft.team(id).map_or(0, |team| team.reminders.len());
    let mut dates = lifecycle::reminders(draft, id, ticket.status_since);
    dates.truncate(reminders);
    let sent = usize::try_from(ticket.reminders).unwrap_or(usize::MAX);
    if sent >= reminders {
        return next_reminder(draft, id, sent, None);
    }
    let (number, next) = this_and_next(draft, id, &dates, reminders, sent);
    occasion::third_party_silent(draft, ticket);
    next_reminder(draft, id, number, next);
}

/// The next date, as far from now as it was to be from the one before.
fn not_before(
    draft: &Draft<'_>,
    id: TicketId,
    this: DateTime<Utc>,
    next: DateTime<Utc>,
) -> DateTime<Utc> {
    let date = next.max(draft.now + (next - this));
    draft
        .team(id)
        .map_or(date, |team| team.calendar.next_open(date))
}

fn next_reminder(
    draft: &mut Draft<'_>,
    id: TicketId,
    number: usize,
    next_at: Option<DateTime<Utc>>,
) {
    let of_third_party = Status::Waiting {
        of: Awaited::ThirdParty,
    };
    // What staff is reminded of is nothing to the requester.
    let public = draft
        .ticket(id)
        .is_some_and(|ticket| ticket.status != of_third_party);
    let number = u32::try_from(number).unwrap_or(u32::MAX);
    draft.event(
        id,
        Actor::desk(),
        public,
        What::Reminded { number, next_at },
    );
}

/// No answer after all reminders: resolved, with a kind word; a reply opens it again.
fn lapse(draft: &mut Draft<'_>, ticket: &Ticket) {
    let Ok(to) = lifecycle::next(ticket.status, Step::Lapse, "en") else {
        return;
    };
    let reason = words::pick(
        &draft.policy.language,
        "Sans réponse du demandeur, malgré les rappels.",
        "No answer of the requester, in spite of reminders.",
    );
    lifecycle::set(draft, ticket.id, Actor::desk(), to, Some(reason));
    occasion::public(draft, ticket.id, Kind::Resolved, Because::Unanswered);
}

/// Closes by itself, unless its resolution has not reached the requester's server for as long as was
/// announced: then the delay begins when it does.
fn close(draft: &mut Draft<'_>, ticket: &Ticket) {
    let id = ticket.id;
    let Ok(to) = lifecycle::next(ticket.status, Step::Expire, "en") else {
        return;
    };
    if let Some((until, why)) = too_early(draft, ticket) {
        return put_off(draft, ticket, until, why);
    }
    let reason = words::pick(
        &draft.policy.language,
        "Clôture automatique, sans réponse dans le délai.",
        "Automatic closure: no answer within the delay.",
    );
    lifecycle::set(draft, id, Actor::desk(), to, Some(reason));
    occasion::public(draft, id, Kind::Closed, Because::Expired);
}

fn too_early(draft: &Draft<'_>, ticket: &Ticket) -> Option<(DateTime<Utc>, String)> {
    let past = draft.known.past.get(&ticket.id)?;
    let requester = ticket.requester()?;
    let key = requester
        .reply_to
        .as_ref()
        .map_or_else(|| requester.who.key(), |to| to.trim().to_lowercase());
    let (_, accepted_at) = past
        .resolution
        .iter()
        .rfind(|(recipient, _)| *recipient == key)?;
    let language = &draft.policy.language;
    let left_at = match accepted_at {
        None => {
            let why = words::pick(
                language,
                "La résolution n'est pas encore partie : la clôture attend.",
                "The resolution has not left yet: the closure waits.",
            );
            let until = lifecycle::closing_date(draft, ticket.id, draft.now)?;
            return Some((until, why));
        }
        Some(at) => *at,
    };
    let team = draft.team(ticket.id)?;
    let in_time = team.calendar.next_open(ticket.status_since)
        + chrono::Duration::minutes(lifecycle::LEAVES_WITHIN_MINUTES);
    let until = lifecycle::closing_date(draft, ticket.id, left_at)?;
    let why = words::pick(
        language,
        "La résolution est partie en retard : le délai compte à partir de son départ.",
        "The resolution left late: the delay counts from when it did.",
    );
    (left_at > in_time && until > draft.now).then_some((until, why))
}

/// It was made a suggestion while it waited: nothing of it is due any more.
fn no_date(draft: &mut Draft<'_>, ticket: &Ticket) {
    let why = words::pick(
        &draft.policy.language,
        "Une suggestion n'a pas d'échéance : plus de rappel.",
        "A suggestion has no deadline: no more reminders.",
    );
    set_date(draft, ticket, None, why);
}

/// What is due is due later.
fn put_off(draft: &mut Draft<'_>, ticket: &Ticket, until: DateTime<Utc>, why: String) {
    set_date(draft, ticket, Some(until), why);
}

fn set_date(draft: &mut Draft<'_>, ticket: &Ticket, until: Option<DateTime<Utc>>, why: String) {
    let (close_at, remind_at) = match ticket.status {
        Status::Resolved => (until, None),
        Status::Waiting { .. } => (None, until),
        Status::Open | Status::Paused { .. } | Status::Closed => return,
    };
    draft.event(
        ticket.id,
        Actor::desk(),
        false,
        What::Status {
            to: ticket.status,
            close_at,
            remind_at,
            reason: Some(why),
        },
    );
}

/// See [`quiet::postpone`].
pub fn leaves_now(draft: &mut Draft<'_>, id: TicketId) -> Option<DateTime<Utc>> {
    let now = draft.now;
    quiet::postpone(draft, id, now)
}
