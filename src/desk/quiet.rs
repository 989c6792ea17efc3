//! Quiet hours (row E7, S3.26): what the desk tells requesters by itself leaves in working hours, and
//! the deadline that it announces moves with it. Answers to what they just did (acknowledgement,
//! reopening, acceptance) and what a person wrote leave at once; so does what concerns an urgent
//! request, whose requester is waiting.

use chrono::{DateTime, Duration, Utc};

use super::draft::Draft;
use super::{Automation, Kind, Policy, lifecycle, words};
use crate::ticket::{Actor, Level, Status, Ticket, TicketId, What};

/// Gives automatic notices to requesters that would leave outside hours the next opening as their
/// due time.
pub fn hold(draft: &mut Draft<'_>) {
    let mut notices = std::mem::take(&mut draft.decision.notices);
    let reads_words: Vec<(Option<TicketId>, String)> = notices
        .iter()
        .filter(|notice| notice.automation == Automation::Person && notice.due_at.is_none())
        .map(|notice| (notice.ticket, notice.to.key()))
        .collect();
    for notice in &mut notices {
        // Who is written to now learns first why.
        let introduces = notice.kind == Kind::Following
            && reads_words.contains(&(notice.ticket, notice.to.key()));
        if introduces {
            continue;
        }
        let of_desk = notice.automation == Automation::Generated && !notice.kind.is_internal();
        let ticket = notice.ticket.filter(|_| of_desk && notice.due_at.is_none());
        let Some((id, opens)) = ticket.and_then(|id| Some((id, until(draft, id)?))) else {
            continue;
        };
        notice.due_at = Some(opens);
        notice.quiet = true;
        if notice.kind == Kind::Resolved {
            notice.close_at = postpone(draft, id, opens);
        }
    }
    draft.decision.notices = notices;
}

/// Until when an automatic notice to the people of a ticket waits; `None`: it leaves at once.
pub fn until(draft: &Draft<'_>, id: TicketId) -> Option<DateTime<Utc>> {
    let urgent = draft
        .ticket(id)
        .is_some_and(|ticket| ticket.urgency == Level::High);
    let calendar = &draft.team(id)?.calendar;
    let waits = !urgent && !calendar.is_open(draft.now);
    waits.then(|| calendar.next_open(draft.now))
}

/// When an automatic notice to the people of a ticket leaves that is held until `at`.
pub fn leaves(policy: &Policy, ticket: &Ticket, at: DateTime<Utc>) -> DateTime<Utc> {
    match policy.team(&ticket.team) {
        Some(team) if ticket.urgency != Level::High => team.calendar.next_open(at),
        Some(_) | None => at,
    }
}

/// « le demandeur est prévenu », or when he will be, or why he is not; `writes`: with words of a person,
/// which wait for nothing.
pub fn told(draft: &Draft<'_>, id: TicketId, writes: bool, language: &str) -> String {
    let Some(ticket) = draft.ticket(id) else {
        return String::new();
    };
    let reached = ticket.is_reachable();
    match until(draft, id).filter(|_| !writes) {
        _ if !reached => words::pick(
            language,
            "personne n'est prévenu : le demandeur n'a pas d'adresse",
            "nobody is told: the requester has no address",
        ),
        _ if ticket.automatic && !writes => words::pick(
            language,
            "sans avis à la machine qui l'a demandé",
            "without a notice to the machine that asked",
        ),
        None => words::pick(
            language,
            "le demandeur est prévenu",
            "the requester is told",
        ),
        Some(at) => {
            let at = words::coming(at, draft.now, draft.policy.timezone, language);
            words::pick(
                language,
                format!("le demandeur sera prévenu {at}"),
                format!("the requester will be told {at}"),
            )
        }
    }
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
