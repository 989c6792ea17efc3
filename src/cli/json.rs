//! The JSON that scripts read: English tokens, null for what is unknown, times in the zone of the
//! desk. Scripts depend on these shapes; they only grow.

use serde::Serialize;

use super::print::rfc3339;
use crate::desk::urgency::{COUNTED_DAYS, Claims};
use crate::mail::Address;
use crate::ticket::{self, Event, Status, What};
use crate::zone::Zone;

/// A ticket in a list.
#[derive(Debug, Serialize)]
pub struct Ticket {
    reference: String,
    subject: String,
    status: &'static str,
    urgency: &'static str,
    priority: &'static str,
    team: String,
    technician: Option<String>,
    requester: Option<Person>,
    created_at: String,
    updated_at: String,
}

/// Name and address.
#[derive(Debug, Serialize)]
pub struct Person {
    name: Option<String>,
    address: Option<String>,
}

/// A ticket with everything.
#[derive(Debug, Serialize)]
pub struct Whole {
    #[serde(flatten)]
    ticket: Ticket,
    why: String,
    linked: Vec<String>,
    nature: &'static str,
    category: Option<String>,
    urgency_claims: Counted,
    people: Vec<Part>,
    waits_for: Option<&'static str>,
    status_since: String,
    due_at: Option<String>,
    reopened: u32,
    refusals: u32,
    complements: u32,
    accepted: bool,
    thanks: u32,
    rating: Option<ticket::Marks>,
    events: Vec<Entry>,
}

/// What the requester claimed urgent of late (row J3).
#[derive(Debug, Serialize)]
struct Counted {
    days: i64,
    claimed: u32,
    confirmed: u32,
    lowered: u32,
    disputed: u32,
}

/// Somebody of the ticket.
#[derive(Debug, Serialize)]
struct Part {
    part: String,
    #[serde(flatten)]
    who: Person,
}

#[derive(Debug, Serialize)]
struct Entry {
    at: String,
    kind: &'static str,
    actor: Actor,
    public: bool,
    text: Option<String>,
    attachments: Vec<Attachment>,
}

#[derive(Debug, Serialize)]
struct Actor {
    role: &'static str,
    #[serde(flatten)]
    who: Person,
}

#[derive(Debug, Serialize)]
struct Attachment {
    name: Option<String>,
    content_type: String,
    size: u64,
}

impl Ticket {
    /// As `ticket list` prints it.
    pub fn of(ticket: &ticket::Ticket, zone: Zone) -> Self {
        Self {
            reference: ticket.reference.to_string(),
            subject: ticket.title.clone(),
            status: ticket.status.as_str(),
            urgency: ticket.urgency.as_str(),
            priority: ticket.priority.as_str(),
            team: ticket.team.clone(),
            technician: ticket.technician.as_ref().map(|technician| {
                technician
                    .name
                    .clone()
                    .unwrap_or_else(|| technician.address.clone())
            }),
            requester: ticket
                .requester()
                .map(|person| Person::of(Some(&person.who))),
            created_at: rfc3339(ticket.created_at, zone),
            updated_at: rfc3339(ticket.updated_at, zone),
        }
    }
}

impl Whole {
    /// As `ticket show` prints it; `linked` holds references.
    pub fn of(
        ticket: &ticket::Ticket,
        linked: &[String],
        events: &[Event],
        claims: Claims,
        zone: Zone,
    ) -> Self {
        Self {
            ticket: Ticket::of(ticket, zone),
            why: ticket.why.join(" "),
            linked: linked.to_vec(),
            nature: ticket.nature.as_str(),
            category: ticket.category.clone(),
            urgency_claims: Counted {
                days: COUNTED_DAYS,
                claimed: claims.claimed,
                confirmed: claims.confirmed,
                lowered: claims.lowered,
                disputed: claims.disputed,
            },
            people: ticket
                .people
                .iter()
                .map(|person| Part {
                    part: format!("{:?}", person.part).to_lowercase(),
                    who: Person::of(Some(&person.who)),
                })
                .collect(),
            waits_for: match ticket.status {
                Status::Waiting { of } => Some(of.as_str()),
                Status::Open | Status::Paused { .. } | Status::Resolved | Status::Closed => None,
            },
            status_since: rfc3339(ticket.status_since, zone),
            due_at: ticket.due_at().map(|at| rfc3339(at, zone)),
            reopened: ticket.reopened,
            refusals: ticket.refusals,
            complements: ticket.complements,
            accepted: ticket.accepted,
            thanks: ticket.thanks,
            rating: ticket.marks,
            events: events.iter().map(|event| Entry::of(event, zone)).collect(),
        }
    }
}

impl Person {
    /// What is unknown is null.
    pub fn of(who: Option<&Address>) -> Self {
        Self {
            name: who.and_then(|who| who.name.clone()),
            address: who
                .map(|who| who.address.clone())
                .filter(|address| !address.is_empty()),
        }
    }

    /// For people: `Alice <alice@example.org>`, `?` when nothing is known.
    pub fn shown(&self) -> String {
        match (&self.name, &self.address) {
            (Some(name), Some(address)) => format!("{name} <{address}>"),
            (Some(one), None) | (None, Some(one)) => one.clone(),
            (None, None) => "?".to_owned(),
        }
    }
}

impl Entry {
    fn of(event: &Event, zone: Zone) -> Self {
        Self {
            at: rfc3339(event.at, zone),
            kind: event.what.kind(),
            actor: Actor {
                role: event.actor.role.as_str(),
                who: Person::of(event.actor.who.as_ref()),
            },
            public: event.public,
            text: words(&event.what),
            attachments: event
                .what
                .files()
                .iter()
                .map(|file| Attachment {
                    name: file.attachment.name.clone(),
                    content_type: file.attachment.content_type.clone(),
                    size: file.attachment.size,
                })
                .collect(),
        }
    }
}

/// What an event says: what a person wrote, else what changed.
pub fn words(what: &What) -> Option<String> {
    let with = |head: &str, tail: Option<&str>| match tail {
        Some(tail) if !tail.is_empty() => Some(format!("{head}: {tail}")),
        _ => Some(head.to_owned()),
    };
    match what {
        What::Opened(_) => None,
        What::Mail { text, .. } | What::Note { text, .. } | What::Alert { text } => {
            Some(text.clone())
        }
        What::Status { to, reason, .. } => with(to.as_str(), reason.as_deref()),
        What::Assigned { technician } => technician
            .as_ref()
            .map(|who| who.name.clone().unwrap_or_else(|| who.address.clone())),
        What::Team { team } => Some(team.clone()),
        What::TeamObserves { team } => with("observes", Some(team)),
        What::Person { person } => with(
            &format!("{:?}", person.part).to_lowercase(),
            Some(&person.who.address),
        ),
        What::Priority { priority } => Some(priority.as_str().to_owned()),
        What::Classified {
            nature, category, ..
        } => with(nature.as_str(), category.as_deref()),
        What::Phone { number } => Some(number.clone()),
        What::Urgency { step, reason } => with(step.as_str(), reason.as_deref()),
        What::Reminded { number, .. } => Some(number.to_string()),
        What::Verdict { verdict, reason } => with(verdict.as_str(), reason.as_deref()),
        What::Thanks { reaction, content } => {
            let head = if *content { "thanks" } else { "discontent" };
            with(head, reaction.as_deref())
        }
        What::Rated { marks, comment } => with(
            &format!("speed {}, answers {}", marks.speed, marks.answers),
            comment.as_deref(),
        ),
        What::MarksAsked => Some("asked".to_owned()),
        What::Linked { ticket, why } => with(&ticket.to_string(), Some(why)),
        What::Related { to, relation, on } => {
            let word = if *on { "" } else { "no longer " };
            Some(format!("{word}{}: {to}", relation.as_str()))
        }
        What::Major { on } => Some(if *on { "major" } else { "no longer major" }.to_owned()),
        What::Aside {
            with, sent, text, ..
        } => with_text(*sent, with, text),
        What::Command { line, answer, .. } => with(line, Some(answer)),
        What::Undone {
            done_at, ticket, ..
        } => with(
            &format!("what was done at {}", done_at.format("%FT%TZ")),
            Some(&format!("{} again", ticket.status.as_str())),
        ),
        What::Asked { lines, .. } => with("kept until its author says so", Some(&lines.join(" "))),
        What::Notified {
            notification,
            recipient,
            ..
        } => with(notification, Some(recipient)),
        What::Delivery {
            recipient,
            outcome,
            detail,
            ..
        } => with(&format!("{outcome}: {recipient}"), Some(detail)),
        What::Duplicate { why, .. } => Some(why.clone()),
    }
}

fn with_text(sent: bool, with: &Address, text: &str) -> Option<String> {
    let way = if sent { "to" } else { "from" };
    Some(format!("{way} {}: {text}", with.address))
}
