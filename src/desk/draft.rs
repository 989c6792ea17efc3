//! A decision in the making: numbers are taken from what the store reserved, and a ticket is
//! always the fold of its events.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::policy::{Policy, Team, Technician};
use super::route::is_ours;
use super::{Absence, Changed, Decision, Disposition, Known, Notice, Thread};
use crate::ticket::{Actor, Event, InboxId, NoticeId, PersonId, Ticket, TicketId, What};

/// See the module. A copy of it is where something can be tried.
#[derive(Clone)]
pub struct Draft<'a> {
    pub policy: &'a Policy,
    pub known: &'a Known,
    pub now: DateTime<Utc>,
    changed: BTreeMap<TicketId, Changed>,
    pub decision: Decision,
    /// The mail at hand looks like an answer to something: one half of a loop has that look.
    pub answers_us: bool,
    next_ticket: i64,
    next_notice: i64,
    next_person: i64,
}

impl<'a> Draft<'a> {
    pub fn new(policy: &'a Policy, known: &'a Known, now: DateTime<Utc>) -> Self {
        Self {
            policy,
            known,
            now,
            changed: BTreeMap::new(),
            decision: Decision::default(),
            answers_us: false,
            next_ticket: known.next_ticket,
            next_notice: known.next_notice,
            next_person: known.next_person,
        }
    }

    /// The ticket as it stands in this decision.
    pub fn ticket(&self, id: TicketId) -> Option<&Ticket> {
        self.changed
            .get(&id)
            .map(|changed| &changed.ticket)
            .or_else(|| self.known.tickets.get(&id))
    }

    /// The team that leads it; the first of the configuration when that one is gone.
    pub fn team(&self, id: TicketId) -> Option<&'a Team> {
        let policy = self.policy;
        self.ticket(id)
            .and_then(|ticket| policy.team(&ticket.team))
            .or_else(|| policy.teams.first())
    }

    /// This technician is away until some day (row F15).
    pub fn is_away(&self, technician: &Technician) -> bool {
        self.absence(technician).is_some()
    }

    /// His absence, while it lasts.
    pub fn absence(&self, technician: &Technician) -> Option<&'a Absence> {
        let absence = self.known.away.get(&technician.who().key());
        absence.filter(|absence| absence.until > self.now)
    }

    pub fn take_ticket(&mut self) -> TicketId {
        self.next_ticket += 1;
        TicketId(self.next_ticket - 1)
    }

    pub fn take_notice(&mut self) -> NoticeId {
        self.next_notice += 1;
        NoticeId(self.next_notice - 1)
    }

    pub fn take_person(&mut self) -> PersonId {
        self.next_person += 1;
        PersonId(self.next_person - 1)
    }

    /// Opens a ticket: its first event.
    pub fn open(&mut self, ticket: Ticket, actor: Actor) {
        let event = Event {
            at: self.now,
            actor,
            public: true,
            what: What::Opened(Box::new(ticket.clone())),
        };
        self.changed.insert(
            ticket.id,
            Changed {
                ticket,
                events: vec![event],
            },
        );
    }

    /// Adds an event to a ticket that is known or was just opened; elsewhere it is a mistake of
    /// ours and does nothing.
    pub fn event(&mut self, id: TicketId, actor: Actor, public: bool, what: What) {
        let event = Event {
            at: self.now,
            actor,
            public,
            what,
        };
        let changed = match self.changed.entry(id) {
            std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::btree_map::Entry::Vacant(entry) => {
                let Some(ticket) = self.known.tickets.get(&id) else {
                    debug_assert!(false, "an event for ticket {id}, which was not asked for");
                    return;
                };
                entry.insert(Changed {
                    ticket: ticket.clone(),
                    events: Vec::new(),
                })
            }
        };
        changed.ticket.apply(&event);
        changed.events.push(event);
    }

    /// How many events there are so far.
    pub fn events(&self) -> usize {
        self.changed
            .values()
            .map(|changed| changed.events.len())
            .sum()
    }

    /// Tells somebody; the notice is noted on its ticket.
    pub fn notify(&mut self, notice: Notice) {
        // A mail without a sender makes a ticket that nobody can be told of; staff is told so.
        if notice.to.address.trim().is_empty() {
            return;
        }
        // A mail to ourselves would come back as a request (contract A1).
        if !notice.kind.is_internal() && is_ours(self.policy, &notice.to.address) {
            return;
        }
        if let Some(id) = notice.ticket {
            self.event(
                id,
                Actor::desk(),
                false,
                What::Notified {
                    notice: notice.id,
                    notification: notice.kind.as_str().to_owned(),
                    recipient: notice.to.address.clone(),
                },
            );
        }
        self.decision.notices.push(notice);
    }

    /// Links two tickets, for staff.
    pub fn link(&mut self, a: TicketId, b: TicketId, why: &str) {
        for (one, other) in [(a, b), (b, a)] {
            self.event(
                one,
                Actor::desk(),
                false,
                What::Linked {
                    ticket: other,
                    why: why.to_owned(),
                },
            );
        }
    }

    /// Remembers how an id belongs to a ticket.
    pub fn remember(&mut self, message_id: &str, ticket: TicketId, thread: Thread) {
        let entry = (message_id.to_owned(), ticket, thread);
        if !message_id.is_empty() && !self.decision.message_ids.contains(&entry) {
            self.decision.message_ids.push(entry);
        }
    }

    /// Says what becomes of the mail, and why.
    pub fn dispose(&mut self, disposition: Disposition, why: impl Into<String>) {
        self.decision.disposition = Some(disposition);
        self.decision.why = why.into();
    }

    pub fn duplicate(&mut self, inbox: InboxId, of: InboxId, ticket: Option<TicketId>, why: &str) {
        if let Some(ticket) = ticket
            && self.ticket(ticket).is_some()
        {
            self.event(
                ticket,
                Actor::desk(),
                false,
                What::Duplicate {
                    inbox,
                    why: why.to_owned(),
                },
            );
        }
        self.dispose(Disposition::Duplicate(of, ticket), why);
    }

    pub fn finish(mut self) -> Decision {
        self.decision.changed = self.changed.into_values().collect();
        self.decision
    }
}
