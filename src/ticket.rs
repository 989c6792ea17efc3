//! What the desk keeps: a [`Ticket`] and the append-only [`Event`]s that it is the fold of.
//!
//! Plain data. A ticket changes in one way only, [`Ticket::apply`]; which events happen is decided
//! by `desk`, and kept by `store`.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::knowledge::Offered;
use crate::mail::{Address, Attachment, Automatic};

mod class;
mod event;
mod status;
mod ties;
mod verdict;

pub use class::{Channel, Claim, Impact, Nature};
pub use event::{Actor, Event, Role, What, Withdrawn};
pub use status::{Awaited, Level, Status};
pub use ties::{Partner, Relation, Ties};
pub use verdict::{Marks, Verdict};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// A ticket; the number is the one people see in its reference.
    TicketId
);
id!(
    /// Somebody's part in one ticket.
    PersonId
);
id!(
    /// A row of the inbox: one mail that was accepted.
    InboxId
);
id!(
    /// Something to be told to one recipient.
    NoticeId
);

/// A ticket's reference, `DSI-1042`: the number is the identity, the prefix is display only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reference {
    /// The prefix of the team that it was opened for; kept when it changes team (row D9).
    pub prefix: String,
    /// Global sequence.
    pub number: TicketId,
}

impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.prefix, self.number)
    }
}

/// A file of an event: the attachment and the mail it is a part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// The mail that it came with; its bytes are found there by digest.
    pub inbox: InboxId,
    /// Name, type, size, digest.
    #[serde(flatten)]
    pub attachment: Attachment,
}

/// What somebody is to a ticket (DESIGN "People of a ticket").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Opened it.
    Requester,
    /// Has the trouble.
    Beneficiary,
    /// Follows it: link and notices.
    Observer,
    /// May add to it; no link, no notices.
    Contributor,
}

impl Part {
    /// In which capacity somebody of this part acts.
    pub fn role(self) -> Role {
        match self {
            Self::Requester => Role::Requester,
            Self::Beneficiary => Role::Beneficiary,
            Self::Observer => Role::Observer,
            Self::Contributor => Role::Contributor,
        }
    }
}

/// One person of a ticket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Row; also what a page link names.
    pub id: PersonId,
    /// What they are to the ticket.
    pub part: Part,
    /// Name and address; the address is unique in the ticket, compared by [`Address::key`].
    #[serde(flatten)]
    pub who: Address,
    /// Where they asked to be answered (`Reply-To`), when it is not `who`; never an identity.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Raised to revoke their links.
    pub generation: i64,
}

/// A ticket: the fold of its events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Number.
    pub id: TicketId,
    /// Reference as printed.
    pub reference: Reference,
    /// Title, never empty.
    pub title: String,
    /// Status; `Waiting` says of whom, `Paused` until when.
    pub status: Status,
    /// Since when it has that status.
    pub status_since: DateTime<Utc>,
    /// When it is closed by itself, when it is resolved and the team closes so (rows E6, E7).
    pub close_at: Option<DateTime<Utc>>,
    /// As claimed by the requester.
    pub urgency: Level,
    /// As decided by the team.
    pub priority: Level,
    /// Team that leads, an id of the configuration.
    pub team: String,
    /// Teams that were written to as well (row C3).
    pub observing_teams: Vec<String>,
    /// Who owns it: name and registered address.
    pub technician: Option<Address>,
    /// Requester, beneficiary, observers, contributors.
    pub people: Vec<Person>,
    /// ISO 639-1 language of its requester.
    pub language: String,
    /// The address that the requester wrote to, when it is one of the team's: answers leave from it.
    pub sent_to: Option<String>,
    /// Account that it came through.
    pub account: String,
    /// A machine opened it: it gets no automatic notices (contract A1).
    #[serde(default)]
    pub automatic: bool,
    /// False when its sender could not be believed (authenticity `fail`).
    pub verified: bool,
    /// Why it is where it is: the routing, the threading, one sentence each.
    pub why: Vec<String>,
    /// Tickets it is linked with.
    pub linked: Vec<TicketId>,
    /// `Message-ID` of the mail that opened it: what our notifications refer to.
    pub origin_message_id: Option<String>,
    /// `Message-ID` of the requester's latest mail.
    pub last_message_id: Option<String>,
    /// Opened.
    pub created_at: DateTime<Utc>,
    /// Last event.
    pub updated_at: DateTime<Utc>,
    /// How often it was reopened (row E8).
    pub reopened: u32,
    /// How it hangs together with other tickets, and with third parties.
    #[serde(default)]
    pub ties: Ties,
    /// Incident, request or suggestion.
    #[serde(default)]
    pub nature: Nature,
    /// How it came.
    #[serde(default)]
    pub channel: Channel,
    /// An id of the configuration's categories; `None` when none was found (row C5).
    #[serde(default)]
    pub category: Option<String>,
    /// How often that was put right (row C6).
    #[serde(default)]
    pub reclassified: u32,
    /// How the claim of urgency stands; `None` when there was none (rows J2, J3).
    #[serde(default)]
    pub claim: Option<Claim>,
    /// A person decided the priority: no rule changes it any more.
    #[serde(default)]
    pub priority_decided: bool,
    /// Technicians that the address it was sent to names; empty: the whole team.
    #[serde(default)]
    pub named: Vec<String>,
    /// Number from the signature of the mail that opened it (row B14).
    #[serde(default)]
    pub phone: Option<String>,
    /// The number was typed into a form, for us to call: it stands before that of the directory.
    #[serde(default)]
    pub phone_typed: bool,
    /// When a requester who owes an answer is reminded, or the ticket is resolved without (row E4).
    #[serde(default)]
    pub remind_at: Option<DateTime<Utc>>,
    /// Reminders sent since it waits.
    #[serde(default)]
    pub reminders: u32,
    /// Solutions that its requester refused (row E13).
    #[serde(default)]
    pub refusals: u32,
    /// Requests that he added to a resolution (S3.28).
    #[serde(default)]
    pub complements: u32,
    /// He accepted the solution: no reply opens it again (S4.31).
    #[serde(default)]
    pub accepted: bool,
    /// Thanks and friendly reactions (rows E9, E10).
    #[serde(default)]
    pub thanks: u32,
    /// The marks that he gave, the latest.
    #[serde(default)]
    pub marks: Option<Marks>,
    /// He was asked for marks: that happens once (row K6).
    #[serde(default)]
    pub marks_asked: bool,
    /// Articles that its acknowledgement offered (row L3).
    #[serde(default)]
    pub offered: Vec<Offered>,
}

impl Ticket {
    /// The person who opened it.
    pub fn requester(&self) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.part == Part::Requester)
    }

    /// The person who has the trouble, when it is another than the one who opened it (row H1).
    pub fn beneficiary(&self) -> Option<&Person> {
        self.people
            .iter()
            .find(|person| person.part == Part::Beneficiary)
    }

    /// The person with this address, whatever their part; nobody for an empty address, which
    /// somebody known by name alone has.
    pub fn person(&self, address: &str) -> Option<&Person> {
        let key = address.trim().to_lowercase();
        self.people
            .iter()
            .find(|person| !key.is_empty() && person.who.key() == key)
    }

    /// When something of it is due by itself: its closure, a reminder, the end of a pause.
    pub fn due_at(&self) -> Option<DateTime<Utc>> {
        match self.status {
            Status::Resolved => self.close_at,
            Status::Paused { until } => Some(until),
            Status::Waiting { .. } => self.remind_at,
            Status::Open | Status::Closed => None,
        }
    }

    /// Folds one event in. Total: an event that does not fit changes nothing but the time.
    pub fn apply(&mut self, event: &Event) {
        self.updated_at = self.updated_at.max(event.at);
        match &event.what {
            What::Opened(_) => {}
            What::Mail { message_id, .. } => {
                if event.actor.role != Role::Technician
                    && event.actor.role != Role::Robot
                    && message_id.is_some()
                {
                    self.last_message_id.clone_from(message_id);
                }
            }
            What::Status {
                to,
                close_at,
                remind_at,
                ..
            } => {
                if matches!(self.status, Status::Resolved | Status::Closed)
                    && matches!(to, Status::Open)
                {
                    self.reopened += 1;
                }
                if self.status != *to {
                    self.status_since = event.at;
                    self.reminders = 0;
                }
                // Only an acceptance makes an end of it; what opens it again takes that back.
                self.accepted &= *to == Status::Closed;
                self.status = *to;
                self.close_at = *close_at;
                self.remind_at = *remind_at;
            }
            What::Assigned { technician } => self.technician.clone_from(technician),
            What::Team { team } => self.team.clone_from(team),
            What::TeamObserves { team } => {
                if !self.observing_teams.contains(team) {
                    self.observing_teams.push(team.clone());
                }
            }
            What::Person { person } => {
                // Named by a person, it is a person's from now on, whatever opened it.
                let newly = person.part == Part::Requester
                    && !self.people.is_empty()
                    && (self.requester()).is_none_or(|before| before.id != person.id);
                self.automatic &= !newly;
                // The number was that of who wrote; it does not pass to somebody else.
                let was = self.requester().is_some_and(|who| who.id == person.id);
                if was && person.part != Part::Requester {
                    self.phone = None;
                    self.phone_typed = false;
                }
                match self.people.iter_mut().find(|known| known.id == person.id) {
                    Some(known) => known.clone_from(person),
                    None => self.people.push(person.clone()),
                }
            }
            What::Priority { priority } => {
                self.priority = *priority;
                self.priority_decided |=
                    matches!(event.actor.role, Role::Technician | Role::Operator);
            }
            What::Classified {
                nature,
                category,
                why,
            } => {
                self.why.push(why.clone());
                self.reclassified += 1;
                self.nature = *nature;
                self.category.clone_from(category);
            }
            What::Phone { number } => {
                self.phone = Some(number.clone());
                self.phone_typed = true;
            }
            What::Urgency { step, .. } => {
                // Claimed after all, in a ticket that was opened without.
                if *step == Claim::Claimed {
                    self.urgency = Level::High;
                }
                self.claim = Some(*step);
            }
            What::Linked { ticket, .. } => {
                if !self.linked.contains(ticket) {
                    self.linked.push(*ticket);
                }
            }
            What::Related { to, relation, on } => self.ties.relate(*to, *relation, *on),
            What::Major { on } => self.ties.major = *on,
            What::Aside {
                with,
                sent,
                number,
                message_id,
                ..
            } => {
                let message_id = message_id.as_ref().filter(|_| !sent);
                self.ties.heard(with, number.as_ref(), message_id);
            }
            What::Reminded { number, next_at } => {
                self.reminders = *number;
                self.remind_at = *next_at;
            }
            What::Verdict { verdict, .. } => match verdict {
                Verdict::Accepted => self.accepted = true,
                Verdict::Refused => self.refusals += 1,
                Verdict::Complement => self.complements += 1,
                Verdict::Helped => {}
            },
            What::Thanks { content, .. } => self.thanks += u32::from(*content),
            What::Rated { marks, .. } => self.marks = Some(*marks),
            What::MarksAsked => self.marks_asked = true,
            What::Undone { ticket, .. } => {
                let updated_at = self.updated_at;
                self.clone_from(ticket);
                self.updated_at = updated_at;
            }
            What::Note { .. }
            | What::Command { .. }
            | What::Asked { .. }
            | What::Notified { .. }
            | What::Delivery { .. }
            | What::Duplicate { .. }
            | What::Alert { .. } => {}
        }
    }

    /// Somebody of it has an address: what is written to its people is written to somebody.
    pub fn is_reachable(&self) -> bool {
        let mut people = self.people.iter();
        people.any(|person| person.part != Part::Contributor && !person.who.address.is_empty())
    }

    /// The ticket that a chain of events folds to; `None` when it does not begin with `Opened`.
    pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Option<Self> {
        let mut events = events.into_iter();
        let first = events.next()?;
        let What::Opened(opened) = &first.what else {
            return None;
        };
        let mut ticket = (**opened).clone();
        for event in events {
            ticket.apply(event);
        }
        Some(ticket)
    }
}
