//! What happened to one ticket, in figures.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::about;
use crate::desk::calendar::Calendar;
use crate::desk::{Policy, similar};
use crate::ticket::{
    Awaited, Channel, Claim, Event, Marks, Nature, Role, Status, Ticket, What, Withdrawn,
};

/// See the module. Times are working minutes of the team that had the ticket then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fact {
    /// Team that has it.
    pub team: String,
    /// Category, an id of the configuration.
    pub category: Option<String>,
    /// It had another one before: the wrong one.
    pub recategorised: bool,
    /// Incident, request or suggestion.
    pub nature: Nature,
    /// How it came.
    pub channel: Channel,
    /// A machine opened it.
    pub machine: bool,
    /// It goes on in another ticket and counts there.
    pub merged: bool,
    /// The service that its requester works for, as the directory has it.
    pub service: Option<String>,
    /// Where the trouble is.
    pub site: Option<String>,
    /// Applications that it names.
    pub applications: Vec<String>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When it was resolved, or closed without that; `None` while there is something to do.
    pub resolved_at: Option<DateTime<Utc>>,
    /// From its opening to the first words of a person of the desk; a call has them at once.
    pub first_answer: Option<u32>,
    /// From its opening to `resolved_at`.
    pub resolution: Option<u32>,
    /// Where that time went.
    pub spent: Spent,
    /// Mails and answers of the desk.
    pub answers: u32,
    /// How often it was opened again.
    pub reopened: u32,
    /// Solutions that were refused.
    pub refusals: u32,
    /// Additions to a solution.
    pub complements: u32,
    /// The latest marks.
    pub marks: Option<Marks>,
    /// It was called URGENT, and what came of that.
    pub claims: Vec<Claim>,
    /// Who resolved it: registered address, folded.
    pub solver: Option<String>,
    /// Words of the subject that tell what it is about.
    pub subject: Vec<String>,
}

/// Working minutes in each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// Open: the desk's to act.
    pub open: u32,
    /// Waiting for its requester.
    pub requester: u32,
    /// Waiting for somebody else.
    pub third_party: u32,
    /// Paused.
    pub paused: u32,
}

impl Spent {
    fn add(&mut self, status: Status, minutes: u32) {
        let state = match status {
            Status::Open => &mut self.open,
            Status::Waiting {
                of: Awaited::Requester,
            } => &mut self.requester,
            Status::Waiting {
                of: Awaited::ThirdParty,
            } => &mut self.third_party,
            Status::Paused { .. } => &mut self.paused,
            Status::Resolved | Status::Closed => return,
        };
        *state = state.saturating_add(minutes);
    }
}

impl Fact {
    /// What these events, all of one ticket in order, amount to; `None` when they do not begin with
    /// its opening.
    pub fn of(policy: &Policy, events: &[Event]) -> Option<Self> {
        let first = events.first()?;
        let mut ticket = Ticket::fold([first])?;
        let withdrawn = Withdrawn::of(events);
        let opened_at = ticket.created_at;
        let mut fact = Self {
            opened_at,
            ..Self::default()
        };
        let mut since = opened_at;
        for event in events.iter().skip(1) {
            let (status, team) = (ticket.status, ticket.team.clone());
            let category = ticket.category.clone();
            ticket.apply(event);
            let counts = !withdrawn.holds(event);
            if counts {
                fact.recategorised |= category.is_some() && category != ticket.category;
                fact.note(policy, &ticket, event);
            }
            if ticket.status != status || ticket.team != team {
                fact.spent
                    .add(status, worked(policy, &team, since, event.at));
                since = event.at;
                fact.turn(policy, &ticket, status, event);
            }
        }
        // As it stands; what changes on the way is in the events above.
        fact.category = ticket.category.clone();
        fact.nature = ticket.nature;
        fact.channel = ticket.channel;
        fact.machine = ticket.automatic;
        fact.merged = ticket.ties.merged_into.is_some();
        fact.reopened = ticket.reopened;
        fact.refusals = ticket.refusals;
        fact.complements = ticket.complements;
        fact.marks = ticket.marks;
        fact.subject = similar::words(&ticket.title, &policy.prefixes());
        let requester = ticket.requester();
        let entry = requester.and_then(|person| policy.directory.entry(&person.who.address));
        fact.service = entry.and_then(|entry| entry.service.clone());
        fact.site = about::site(policy, &ticket, events);
        fact.applications = about::applications(policy, &ticket, events);
        if fact.channel == Channel::Phone {
            fact.first_answer = Some(0);
        }
        fact.team = ticket.team;
        Some(fact)
    }

    fn note(&mut self, policy: &Policy, ticket: &Ticket, event: &Event) {
        let staff = matches!(event.actor.role, Role::Technician | Role::Operator);
        let words = match &event.what {
            What::Mail { .. } => staff && event.public,
            What::Status { to, .. } => staff && matches!(to, Status::Resolved | Status::Closed),
            What::Urgency { step, .. } => {
                if !self.claims.contains(step) {
                    self.claims.push(*step);
                }
                false
            }
            _ => false,
        };
        if !words {
            return;
        }
        if matches!(event.what, What::Mail { .. }) {
            self.answers += 1;
        }
        let after = || worked(policy, &ticket.team, self.opened_at, event.at);
        self.first_answer = Some(self.first_answer.unwrap_or_else(after));
    }

    /// The status is another one.
    fn turn(&mut self, policy: &Policy, ticket: &Ticket, before: Status, event: &Event) {
        let done = |status| matches!(status, Status::Resolved | Status::Closed);
        match (done(before), done(ticket.status)) {
            (false, true) => {
                self.resolved_at = Some(event.at);
                let total = worked(policy, &ticket.team, self.opened_at, event.at);
                self.resolution = Some(total);
                let by = event.actor.who.as_ref();
                let by = by.filter(|_| event.actor.role == Role::Technician);
                let solver = by.or(ticket.technician.as_ref());
                self.solver = solver.map(|who| who.key());
            }
            (true, false) => {
                self.resolved_at = None;
                self.resolution = None;
                self.solver = None;
            }
            (false, false) | (true, true) => {}
        }
    }
}

/// Working minutes of a team between two moments.
fn worked(policy: &Policy, team: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> u32 {
    let time = match policy.team(team) {
        Some(team) => team.calendar.between(from, to),
        // A team that is gone from the configuration has no hours any more.
        None => Calendar::always(policy.timezone).between(from, to),
    };
    minutes(time)
}

fn minutes(time: Duration) -> u32 {
    u32::try_from(time.num_minutes().max(0)).unwrap_or(u32::MAX)
}
