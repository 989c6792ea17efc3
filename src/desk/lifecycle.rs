//! The statuses of a ticket and the ways between them (row E1): one table, and the dates that go
//! with a status. Every step that anybody can take, a person or the clock, is a row of [`next`].

use chrono::{DateTime, Utc};

use super::draft::Draft;
use super::{Kind, Policy, words};
use crate::ticket::{Actor, Awaited, Nature, Status, Ticket, TicketId, What};

/// Minutes that a resolution may take to leave before its closing date is counted anew: held, coalesced
/// and retried mails are the rule, and the date that they announce should hold.
pub const LEAVES_WITHIN_MINUTES: i64 = 120;

/// A step that somebody asks for, or that time takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A technician waits for somebody.
    Wait(Awaited),
    /// A technician puts it aside until that moment (row E5).
    Pause(DateTime<Utc>),
    /// A technician has the solution: that is the team's to say (S3.21).
    Resolve,
    /// A technician or an operator makes an end of it.
    Close,
    /// A technician or an operator takes it up again.
    Reopen,
    /// The requester accepts the solution (S4.31).
    Accept,
    /// The requester refuses it (S4.32), or asks for more (S3.28).
    Refuse,
    /// Somebody of the ticket wrote.
    Write(Writer),
    /// A pause is over.
    Wake,
    /// No answer came, after all reminders (row E4).
    Lapse,
    /// The closing date has come (row E6).
    Expire,
}

/// What a step of staff is to those who are told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// There is a solution.
    Resolved,
    /// It is over.
    Closed,
    /// It goes on.
    Reopened,
    /// It goes on later.
    Paused,
}

impl Step {
    /// What is told of it; `None`: it says nothing by itself, or is no step of staff.
    pub fn turn(self) -> Option<Turn> {
        match self {
            Self::Resolve => Some(Turn::Resolved),
            Self::Close => Some(Turn::Closed),
            Self::Reopen => Some(Turn::Reopened),
            Self::Pause(_) => Some(Turn::Paused),
            Self::Wait(_)
            | Self::Accept
            | Self::Refuse
            | Self::Write(_)
            | Self::Wake
            | Self::Lapse
            | Self::Expire => None,
        }
    }
}

impl Turn {
    /// The notice that says so.
    pub fn kind(self) -> Kind {
        match self {
            Self::Resolved => Kind::Resolved,
            Self::Closed => Kind::Closed,
            Self::Reopened => Kind::Reopened,
            Self::Paused => Kind::Paused,
        }
    }
}

/// Who wrote, as far as a status is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Writer {
    /// The requester, or who has the trouble.
    Requester,
    /// Who follows: may add, decides nothing (RELIABILITY T15).
    Observer,
    /// Anybody else who was let in: a colleague in copy, a supplier.
    Other,
}

/// The status that a step leads to; `Err` says why it does not apply, in `language`.
pub fn next(from: Status, step: Step, language: &str) -> Result<Status, String> {
    use Status::{Closed, Open, Paused, Resolved, Waiting};
    let refuse = |french: &str, english: &str| Err(words::pick(language, french, english));
    let waits = |of| matches!(from, Waiting { of: awaited } if awaited == of);
    match (step, from) {
        (Step::Wait(of), Open | Paused { .. } | Waiting { .. }) => Ok(Waiting { of }),
        (Step::Pause(until), Open | Paused { .. } | Waiting { .. }) => Ok(Paused { until }),
        (Step::Wait(_) | Step::Pause(_), Resolved | Closed) => refuse(
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
        (Step::Close | Step::Accept, Closed) => {
            refuse("le ticket est déjà clos", "it is closed already")
        }
        (Step::Reopen, Resolved | Closed | Waiting { .. } | Paused { .. }) => Ok(Open),
        (Step::Reopen, Open) => refuse("le ticket est déjà ouvert", "it is open already"),
        (Step::Accept, Resolved) => Ok(Closed),
        (Step::Refuse, Resolved | Closed) => Ok(Open),
        (Step::Accept | Step::Refuse, Open | Paused { .. } | Waiting { .. }) => refuse(
            "le ticket n'est pas résolu : il n'y a pas encore de solution à valider",
            "the ticket is not resolved: there is no solution to judge yet",
        ),
        // The awaited person answers: the work goes on (row E3).
        (Step::Write(Writer::Requester), Waiting { .. }) if waits(Awaited::Requester) => Ok(Open),
        (Step::Write(Writer::Other), Waiting { .. }) if waits(Awaited::ThirdParty) => Ok(Open),
        (
            Step::Write(_),
            Waiting {
                of: Awaited::Requester,
            },
        ) => refuse(
            "le ticket reste en attente de son demandeur",
            "the ticket still waits for its requester",
        ),
        (
            Step::Write(_),
            Waiting {
                of: Awaited::ThirdParty,
            },
        ) => refuse(
            "le ticket reste en attente d'un tiers",
            "the ticket still waits for a third party",
        ),
        (Step::Write(_), Paused { .. }) => {
            refuse("le ticket reste en pause", "the ticket stays paused")
        }
        (Step::Write(Writer::Requester), Resolved | Closed) => Ok(Open),
        (Step::Write(Writer::Observer | Writer::Other), Resolved | Closed) => refuse(
            "le ticket n'est pas rouvert : c'est à son demandeur d'en juger (#rouvrir s'il le faut)",
            "the ticket is not reopened: that is for its requester to say (#reopen if need be)",
        ),
        (Step::Write(_), Open) => refuse("", ""),
        (Step::Wake, Paused { .. }) => Ok(Open),
        (Step::Lapse, Waiting { .. }) if waits(Awaited::Requester) => Ok(Resolved),
        (Step::Expire, Resolved) => Ok(Closed),
        (Step::Wake | Step::Lapse | Step::Expire, _) => refuse("rien n'est échu", "nothing is due"),
    }
}

/// Closed for good: its requester accepted the solution (S4.31), or it was too long ago (row D10).
pub fn is_final(ticket: &Ticket, policy: &Policy, now: DateTime<Utc>) -> bool {
    let old = now - ticket.status_since > policy.reopen_within;
    ticket.status == Status::Closed && (ticket.accepted || old)
}

/// When a ticket that is open, and so for its team to act on, is late. Suggestions never are.
pub fn late_at(ticket: &Ticket, policy: &Policy) -> Option<DateTime<Utc>> {
    let open = ticket.status == Status::Open && ticket.nature != Nature::Suggestion;
    let team = policy.team(&ticket.team).filter(|_| open)?;
    Some(team.calendar.add(ticket.status_since, team.late_after?))
}

/// What a technician should know before he answers in a ticket that is closed for good: why it is, and
/// what becomes of what its requester writes then. `None`: it is not.
pub fn closed_for_good(
    ticket: &Ticket,
    policy: &Policy,
    now: DateTime<Utc>,
    language: &str,
) -> Option<String> {
    if !is_final(ticket, policy, now) {
        return None;
    }
    let why = match ticket.accepted {
        true => words::pick(
            language,
            "Le demandeur a validé la solution : ce ticket est clos définitivement.",
            "The requester accepted the solution: this ticket is closed for good.",
        ),
        false => {
            let days = policy.reopen_within.num_days();
            words::pick(
                language,
                format!("Ce ticket est clos depuis plus de {days} jours, définitivement."),
                format!("This ticket has been closed for more than {days} days, for good."),
            )
        }
    };
    Some(words::pick(
        language,
        format!("{why} Ce que le demandeur répondrait ouvrirait une nouvelle demande."),
        format!("{why} Whatever the requester answers opens a new request."),
    ))
}

/// Sets a status, with the dates that go with it.
pub fn set(draft: &mut Draft<'_>, id: TicketId, actor: Actor, to: Status, reason: Option<String>) {
    let (close_at, remind_at) = match to {
        Status::Resolved => (closing_date(draft, id, draft.now), None),
        Status::Waiting { .. } => (None, first_reminder(draft, id, to)),
        Status::Open | Status::Paused { .. } | Status::Closed => (None, None),
    };
    draft.event(
        id,
        actor,
        true,
        What::Status {
            to,
            close_at,
            remind_at,
            reason,
        },
    );
}

/// When a ticket whose resolution leaves at `from` closes by itself, within working hours (row E7);
/// `None` when its team closes by validation only.
pub fn closing_date(draft: &Draft<'_>, id: TicketId, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let team = draft.team(id)?;
    let end = team.calendar.add(from, team.auto_close_after?);
    Some(team.calendar.next_open(end))
}

/// The dates of a wait that began at `since`: each reminder, then the end; within working hours. None for a
/// suggestion, which has all the time (row I4).
pub fn reminders(draft: &Draft<'_>, id: TicketId, since: DateTime<Utc>) -> Vec<DateTime<Utc>> {
    let suggested = |ticket: &Ticket| ticket.nature == Nature::Suggestion;
    let Some(team) = draft.team(id) else {
        return Vec::new();
    };
    if draft.ticket(id).is_some_and(suggested) {
        return Vec::new();
    }
    team.reminders
        .iter()
        .chain(&team.resolve_after)
        .map(|term| team.calendar.next_open(team.calendar.add(since, *term)))
        .collect()
}

/// When the silence of a requester who owes an answer ends the ticket; `None` when it does not.
pub fn silence_ends(ticket: &Ticket, policy: &Policy) -> Option<DateTime<Utc>> {
    let waits = Status::Waiting {
        of: Awaited::Requester,
    };
    let team = policy.team(&ticket.team)?;
    let term = team.resolve_after?;
    // Without a date nobody is reminded, and nothing ends.
    let next = ticket.remind_at.filter(|_| ticket.status == waits)?;
    let reminded = usize::try_from(ticket.reminders).is_ok_and(|sent| sent >= team.reminders.len());
    if reminded {
        return Some(next);
    }
    let end = team.calendar.add(ticket.status_since, term);
    Some(team.calendar.next_open(end).max(next))
}

/// A machine is not reminded (contract A1); of a third party who is silent, staff is.
fn first_reminder(draft: &Draft<'_>, id: TicketId, to: Status) -> Option<DateTime<Utc>> {
    let requester = Status::Waiting {
        of: Awaited::Requester,
    };
    let automatic = draft.ticket(id).is_none_or(|ticket| ticket.automatic);
    let reminds = draft
        .team(id)
        .is_some_and(|team| !team.reminders.is_empty());
    // Only a requester's silence ends a ticket.
    if to == requester && automatic || to != requester && !reminds {
        return None;
    }
    reminders(draft, id, draft.now).first().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every status and every step: the whole table, as it is read to a new colleague.
    #[test]
    fn each_step_from_each_status() {
        use Status::{Closed, Open, Resolved};
        let until = DateTime::UNIX_EPOCH;
        let paused = Status::Paused { until };
        let requester = Status::Waiting {
            of: Awaited::Requester,
        };
        let third = Status::Waiting {
            of: Awaited::ThirdParty,
        };
        let from = [Open, requester, third, paused, Resolved, Closed];
        let no = None;
        let yes = Some;
        for (step, expected) in [
            (
                Step::Wait(Awaited::Requester),
                [
                    yes(requester),
                    yes(requester),
                    yes(requester),
                    yes(requester),
                    no,
                    no,
                ],
            ),
            (
                Step::Wait(Awaited::ThirdParty),
                [yes(third), yes(third), yes(third), yes(third), no, no],
            ),
            (
                Step::Pause(until),
                [yes(paused), yes(paused), yes(paused), yes(paused), no, no],
            ),
            (
                Step::Resolve,
                [
                    yes(Resolved),
                    yes(Resolved),
                    yes(Resolved),
                    yes(Resolved),
                    no,
                    no,
                ],
            ),
            (
                Step::Close,
                [
                    yes(Closed),
                    yes(Closed),
                    yes(Closed),
                    yes(Closed),
                    yes(Closed),
                    no,
                ],
            ),
            (
                Step::Reopen,
                [no, yes(Open), yes(Open), yes(Open), yes(Open), yes(Open)],
            ),
            (Step::Accept, [no, no, no, no, yes(Closed), no]),
            (Step::Refuse, [no, no, no, no, yes(Open), yes(Open)]),
            (
                Step::Write(Writer::Requester),
                [no, yes(Open), no, no, yes(Open), yes(Open)],
            ),
            (Step::Write(Writer::Observer), [no, no, no, no, no, no]),
            (Step::Write(Writer::Other), [no, no, yes(Open), no, no, no]),
            (Step::Wake, [no, no, no, yes(Open), no, no]),
            (Step::Lapse, [no, yes(Resolved), no, no, no, no]),
            (Step::Expire, [no, no, no, no, yes(Closed), no]),
        ] {
            for (from, expected) in from.into_iter().zip(expected) {
                for language in ["fr", "en"] {
                    assert_eq!(
                        next(from, step, language).ok(),
                        expected,
                        "{step:?}, {from:?}"
                    );
                }
            }
        }
    }
}
