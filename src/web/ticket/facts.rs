//! What a requester's page says of a ticket beside its status: what it is about, for whom it is, how
//! urgent, until when (rows M3, M7).

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::Seen;
use crate::desk::{Policy, lifecycle};
use crate::mail::Address;
use crate::ticket::{Channel, Claim, Level, Part, Role, Status, What};
use crate::token;
use crate::web::status;

/// A label and what stands beside it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    label: &'static str,
    value: String,
}

/// The facts of a ticket for its reader, in the order in which they are shown.
pub fn facts(policy: &Policy, seen: &Seen, now: DateTime<Utc>) -> Vec<Fact> {
    let ticket = &seen.ticket;
    let language = seen.visitor.language;
    let pick = |french, english| status::pick(language, french, english);
    let mut facts = Vec::new();
    let mut fact = |label, value| facts.push(Fact { label, value });
    let nature = status::nature(ticket.nature, language);
    let category = ticket.category.as_deref();
    let category = category.and_then(|id| policy.category(id));
    fact(
        pick("Nature", "Type"),
        match category {
            Some(category) => format!("{nature}, {}", category.full_name()),
            None => nature.to_owned(),
        },
    );
    if let (Some(requester), Some(beneficiary)) = (ticket.requester(), ticket.beneficiary()) {
        let name = |who: &Address| match who.key() == seen.person.who.key() {
            true => pick("vous", "you").to_owned(),
            false => who.name.clone().unwrap_or_else(|| who.address.clone()),
        };
        fact(pick("Pour", "For"), name(&beneficiary.who));
        if requester.id != seen.person.id {
            fact(pick("Demandée par", "Requested by"), name(&requester.who));
        }
    }
    if ticket.urgency != Level::Normal {
        let level = policy.level_name(ticket.urgency, language);
        let lowered = lowered(policy, seen, now).map(|reason| match language {
            "en" => format!(", given normal priority: {reason}"),
            _ => format!(", passée en priorité normale\u{a0}: {reason}"),
        });
        let lowered = lowered.unwrap_or_default();
        fact(pick("Urgence", "Urgency"), format!("{level}{lowered}"));
    }
    if let Some(due) = due(policy, seen) {
        let moment = status::moment(due, policy.timezone, language);
        fact(
            match due <= now {
                true => pick(
                    "En retard, était attendue avant",
                    "Late, was expected before",
                ),
                false => pick("Réponse attendue avant", "Answer expected before"),
            },
            moment,
        );
    }
    facts
}

/// When the team says that it will have acted, if it does.
fn due(policy: &Policy, seen: &Seen) -> Option<DateTime<Utc>> {
    let team = policy.team(&seen.ticket.team)?;
    lifecycle::late_at(&seen.ticket, policy).filter(|_| team.show_deadline)
}

/// Why the claim of urgency was lowered, once its author cannot take that back any more: what the mail
/// about it says.
fn lowered<'a>(policy: &Policy, seen: &'a Seen, now: DateTime<Utc>) -> Option<&'a str> {
    let claim = seen.ticket.claim?;
    if !matches!(claim, Claim::Lowered | Claim::Disputed) {
        return None;
    }
    let (at, reason) = seen
        .events
        .iter()
        .rev()
        .find_map(|(_, event)| match &event.what {
            What::Urgency {
                step: Claim::Lowered,
                reason,
            } => Some((event.at, reason.as_deref()?)),
            _ => None,
        })?;
    (at + policy.hold_replies <= now).then_some(reason)
}

/// The reader may object to a lowering, and did not.
pub fn may_object(policy: &Policy, seen: &Seen, now: DateTime<Utc>) -> bool {
    seen.ticket.claim == Some(Claim::Lowered)
        && decides(seen)
        && !matches!(seen.ticket.status, Status::Resolved | Status::Closed)
        && lowered(policy, seen, now).is_some()
}

/// What the form would have asked of who wrote a mail (row I6): until he has written more, or somebody
/// of the team has answered.
pub fn questions(policy: &Policy, seen: &Seen) -> Vec<String> {
    let ticket = &seen.ticket;
    let is_mail = |role: fn(Role) -> bool| {
        let events = seen.events.iter().map(|(_, event)| event);
        events
            .filter(|event| matches!(event.what, What::Mail { .. }) && role(event.actor.role))
            .count()
    };
    let written = is_mail(|role| matches!(role, Role::Requester | Role::Beneficiary));
    let answered = is_mail(|role| matches!(role, Role::Technician | Role::Operator));
    let waits = matches!(ticket.status, Status::Open | Status::Waiting { .. });
    if ticket.channel != Channel::Mail || !decides(seen) || !waits || written != 1 || answered > 0 {
        return Vec::new();
    }
    let category = ticket.category.as_deref();
    let category = category.and_then(|id| policy.category(id));
    let questions = category.map(|category| category.questions.as_slice());
    let questions = questions.unwrap_or_default().iter();
    questions.map(|question| question.label.clone()).collect()
}

/// He has the trouble, or asked for who has it.
fn decides(seen: &Seen) -> bool {
    token::is_row(seen.person.id.0)
        && matches!(seen.person.part, Part::Requester | Part::Beneficiary)
}
