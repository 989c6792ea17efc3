//! `#annuler` (row G4): takes back what has not left and sets the ticket as it was before its author's
//! latest mail, by a new event; what has happened stays on the timeline. What others changed since stays
//! changed, and what cannot be undone is said.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use serde_json::Value;

use super::super::command::{self, Command};
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::{Kind, Notice, tell, words};
use super::reply::{Outcome, Reply};
use super::{away, merge, report};
use crate::ticket::{Event, NoticeId, Role, Status, Ticket, What};

/// For so long a mail can be undone.
pub const UNDO_MINUTES: i64 = 10;

/// What of a ticket is not set back: what it is, what others share, what only grows.
const STAYS: [&str; 13] = [
    "id",
    "reference",
    "created_at",
    "updated_at",
    "people",
    // Goes with the people.
    "automatic",
    "phone",
    "phone_typed",
    "linked",
    "origin_message_id",
    "last_message_id",
    "why",
    "ties",
];

/// What changes together with the status, and makes sense with it alone.
const OF_STATUS: [&str; 7] = [
    "status",
    "status_since",
    "close_at",
    "remind_at",
    "reminders",
    "reopened",
    "accepted",
];

/// The events of one mail of a technician, by their places in the history.
struct Act {
    first: usize,
    last: usize,
    at: DateTime<Utc>,
}

impl Reply<'_> {
    pub fn undo(&mut self, draft: &mut Draft<'_>) -> Outcome {
        self.must_report = true;
        let language = self.technician.language.clone();
        let known = draft.known;
        let history = known.history.get(&self.id).map_or(&[][..], Vec::as_slice);
        // An absence is no matter of this ticket, unless it was noted by a reply to it.
        let absence = absent_at(history, self.technician, draft.now)
            .filter(|_| draft.absence(self.technician).is_some());
        let latest = latest(history, self.technician, draft.now);
        if let Some(noted) = absence
            && latest.as_ref().is_none_or(|act| act.at < noted)
        {
            return away::undo(draft, self.technician, noted);
        }
        let split = has_split(history, self.technician, draft.now).then(|| {
            let id = self.id;
            words::pick(
                &language,
                format!("la séparation ne se défait pas : #fusionner {id} depuis chaque ticket ouvert y revient"),
                format!("the split cannot be undone: #merge {id} from each of the new tickets goes back"),
            )
        });
        let Some(act) = latest else {
            return Outcome::Refused(split.unwrap_or_else(|| {
                words::pick(
                    &language,
                    format!("rien de vous à défaire sur ce ticket depuis {UNDO_MINUTES} minutes"),
                    format!(
                        "nothing of yours to undo on this ticket in the last {UNDO_MINUTES} minutes"
                    ),
                )
            }));
        };
        let done = history.get(act.first..=act.last).unwrap_or_default();
        let before = Ticket::fold(history.get(..act.first).unwrap_or_default());
        let after = Ticket::fold(history.get(..=act.last).unwrap_or_default());
        let (Some(before), Some(after), Some(now)) =
            (before, after, draft.ticket(self.id).cloned())
        else {
            return Outcome::Refused(words::pick(
                &language,
                "l'ouverture d'un ticket ne se défait pas",
                "the opening of a ticket cannot be undone",
            ));
        };
        let told: BTreeMap<NoticeId, Option<Kind>> = done.iter().filter_map(notified).collect();
        let held: Vec<&Notice> = known
            .held
            .iter()
            .filter(|notice| told.contains_key(&notice.id))
            .collect();
        if held.is_empty() && is_over(&before, &now) {
            return Outcome::Refused(words::pick(
                &language,
                "le demandeur a validé la solution : la demande est close définitivement",
                "the requester has accepted the solution: the request is closed for good",
            ));
        }
        let left = told.iter().any(|(id, kind)| {
            kind.is_some_and(|kind| !kind.is_internal())
                && held.iter().all(|notice| notice.id != *id)
        });
        draft
            .decision
            .settled_notices
            .extend(held.iter().map(|notice| notice.id));
        let answered = done
            .iter()
            .any(|event| matches!(event.what, What::Mail { .. }));

        let back = set_back(&before, &after, &now);
        if held.is_empty() && is_overtaken(&back, &now, done.iter()) {
            return Outcome::Refused(words::pick(
                &language,
                "ce que vous aviez changé l'a été de nouveau depuis : il n'y a plus rien à défaire",
                "what you had changed has changed again since: there is nothing left to undo",
            ));
        }
        draft.event(
            self.id,
            self.actor.clone(),
            left,
            What::Undone {
                done_at: act.at,
                withdrawn: !left,
                ticket: Box::new(back.ticket),
            },
        );
        let hanging = self.undo_hanging(draft, &after, act.at);
        merge::take_back(draft, self.id, &self.actor, done);
        let zone = draft.policy.timezone;
        let at = words::clock(act.at, draft.now, zone, &language);
        let mut said = vec![words::pick(
            &language,
            format!("votre message de {at} est défait"),
            format!("your mail of {at} is undone"),
        )];
        said.extend(hanging);
        said.extend(split);
        if absence == Some(act.at) {
            let (Outcome::Done(answer) | Outcome::Refused(answer)) =
                away::undo(draft, self.technician, act.at);
            said.push(answer);
        }
        if held.iter().any(|notice| notice.kind == Kind::Partner) {
            said.push(words::pick(
                &language,
                "votre texte au tiers n'est pas parti et ne partira pas",
                "your text to the third party has not left and will not",
            ));
        }
        if answered && !left {
            said.push(words::pick(
                &language,
                "votre réponse n'est pas partie et ne partira pas",
                "your answer has not left and will not",
            ));
        }
        if left {
            said.push(words::pick(
                &language,
                "le courriel, lui, est déjà parti et ne peut plus être repris",
                "the mail has left and cannot be taken back",
            ));
        }
        if back.stays {
            said.push(words::pick(
                &language,
                "ce qu'un autre a changé depuis reste changé",
                "what somebody else has changed since stays changed",
            ));
        }
        let elsewhere = done
            .iter()
            .any(|event| matches!(event.what, What::Linked { .. } | What::Person { .. }));
        if elsewhere {
            said.push(words::pick(
                &language,
                "les liens et les personnes ajoutées restent (#retirer pour celles-ci)",
                "links and people that were added stay (#remove for the latter)",
            ));
        }
        self.tell_of_undoing(draft, &after, left, &held);
        Outcome::Done(said.join(" ; "))
    }

    /// Who was told otherwise: a requester whose ticket is at work again, a colleague who was given it.
    /// Who would have been told by a notice that was still held hears of nothing.
    fn tell_of_undoing(
        &mut self,
        draft: &mut Draft<'_>,
        after: &Ticket,
        left: bool,
        held: &[&Notice],
    ) {
        let Some(now) = draft.ticket(self.id).cloned() else {
            return;
        };
        let done = |status| matches!(status, Status::Resolved | Status::Closed);
        if left && done(after.status) && !done(now.status) {
            let own = self.technician.who().address;
            tell::public(draft, self.id, Kind::Reopened, None, &own);
        }
        let given = after.technician.as_ref().filter(|given| {
            !self.technician.has_address(&given.address)
                && now.technician.as_ref() != Some(given)
                && held
                    .iter()
                    .all(|notice| notice.kind != Kind::TeamGiven || notice.to.key() != given.key())
        });
        let policy = draft.policy;
        if let Some(colleague) = given.and_then(|given| policy.technician(&given.address)) {
            let name = &self.technician.name;
            let state = report::state(draft, self.id, &colleague.language).unwrap_or_default();
            let line = words::pick(
                &colleague.language,
                format!("{name} est revenu sur sa décision : ce ticket n'est plus à vous. {state}"),
                format!("{name} has changed his mind: this ticket is no longer yours. {state}"),
            );
            tell::alert(draft, self.id, colleague, vec![line]);
        }
    }
}

/// What `#annuler` of this technician would undo, as far as the history says: the events of his latest
/// mail. `hold`: for so long his words do not leave.
pub fn to_undo<'a, 'e>(
    history: &'a [&'e Event],
    technician: &Technician,
    now: DateTime<Utc>,
    hold: Duration,
) -> Option<&'a [&'e Event]> {
    // The opening of a ticket stands.
    let act = latest(history, technician, now).filter(|act| act.first > 0)?;
    let fold = |end: usize| Ticket::fold(history.get(..end)?.iter().copied());
    let (before, after) = (fold(act.first)?, fold(act.last + 1)?);
    let current = fold(history.len())?;
    let done = history.get(act.first..=act.last)?;
    let held = now - act.at < hold;
    let events = || done.iter().copied();
    let words = events().any(|event| matches!(event.what, What::Mail { .. } | What::Aside { .. }));
    if held && words {
        return Some(done);
    }
    let back = set_back(&before, &after, &current);
    // Links and people that were added stay: of those alone there is nothing to take back.
    let ties = events().any(|event| matches!(event.what, What::Related { .. }));
    let nothing = back.ticket == current && !back.stays && !ties;
    let spent = is_over(&before, &current) || !held && is_overtaken(&back, &current, events());
    (!nothing && !spent).then_some(done)
}

/// Its requester has accepted the solution since: that is final, for the desk as well (S4.31). What was
/// done to a ticket that was over already takes nothing back of that.
fn is_over(before: &Ticket, now: &Ticket) -> bool {
    let over = |ticket: &Ticket| ticket.status == Status::Closed && ticket.accepted;
    over(now) && !over(before)
}

/// All that it changed has changed again since.
fn is_overtaken<'e>(
    back: &SetBack,
    now: &Ticket,
    mut done: impl Iterator<Item = &'e Event>,
) -> bool {
    let elsewhere = done.any(|event| {
        matches!(
            event.what,
            What::Linked { .. } | What::Related { .. } | What::Person { .. }
        )
    });
    back.stays && back.ticket == *now && !elsewhere
}

/// When, in the last minutes, he noted an absence in a reply to this ticket.
fn absent_at(
    history: &[Event],
    technician: &Technician,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let is_away = |written: &str| {
        let (lines, _) = command::parse(written);
        lines
            .iter()
            .any(|line| matches!(line.command, Ok(Command::Away(_))))
    };
    let noted = history.iter().rfind(|event| {
        let who = event.actor.who.as_ref();
        who.is_some_and(|who| technician.has_address(&who.address))
            && matches!(&event.what, What::Command { line, done: true, .. } if is_away(line))
    })?;
    (now - noted.at <= Duration::minutes(UNDO_MINUTES)).then_some(noted.at)
}

/// It is the technician's doing.
pub fn is_own(event: &Event, technician: &Technician) -> bool {
    let who = event.actor.who.as_ref();
    event.actor.role == Role::Technician
        && who.is_some_and(|who| technician.has_address(&who.address))
}

/// His latest commands, of the last minutes, made several tickets of one.
fn has_split(history: &[Event], technician: &Technician, now: DateTime<Utc>) -> bool {
    let is_split = |written: &str| {
        let (lines, _) = command::parse(written);
        (lines.iter()).any(|line| matches!(line.command, Ok(Command::Split(_))))
    };
    let at = history.iter().rfind(|event| is_own(event, technician));
    let at = at.map(|event| event.at);
    at.is_some_and(|at| now - at <= Duration::minutes(UNDO_MINUTES))
        && history.iter().any(|event| {
            Some(event.at) == at
                && matches!(&event.what, What::Command { line, done: true, .. } if is_split(line))
        })
}

/// The latest mail of the technician, of the last minutes, that is not undone yet.
fn latest<E: Borrow<Event>>(
    history: &[E],
    technician: &Technician,
    now: DateTime<Utc>,
) -> Option<Act> {
    let own = |event: &Event| is_own(event, technician);
    let events = || history.iter().map(Borrow::borrow);
    // A mail that undid something is no mail to undo, nor is one that did nothing.
    let undoing: BTreeSet<DateTime<Utc>> = events()
        .filter(|event| own(event))
        .flat_map(|event| match &event.what {
            What::Undone { done_at, .. } => vec![*done_at, event.at],
            _ => Vec::new(),
        })
        .collect();
    // Its words, its commands as written and what was kept change nothing by themselves.
    let did = |event: &Event| {
        !matches!(
            event.what,
            What::Command { .. } | What::Note { .. } | What::Asked { .. }
        )
    };
    let last = history.iter().map(Borrow::borrow).rposition(|event| {
        own(event)
            && did(event)
            && !undoing.contains(&event.at)
            && now - event.at <= Duration::minutes(UNDO_MINUTES)
    })?;
    let at = history.get(last)?.borrow().at;
    // The mail's events stand together: his own, and what the desk noted with them.
    let of_it = |event: &&E| {
        let event: &Event = (*event).borrow();
        event.at == at && (own(event) || event.actor.role == Role::Desk)
    };
    let before = history.get(..last)?.iter().rev().take_while(of_it).count();
    let after = history.get(last..)?.iter().take_while(of_it).count();
    Some(Act {
        first: last - before,
        last: last + after.max(1) - 1,
        at,
    })
}

/// The notice that an event tells of.
pub fn notified(event: &Event) -> Option<(NoticeId, Option<Kind>)> {
    match &event.what {
        What::Notified {
            notice,
            notification,
            ..
        } => Some((*notice, Kind::parse(notification))),
        _ => None,
    }
}

/// A ticket that was set back.
pub struct SetBack {
    pub ticket: Ticket,
    /// Something had changed again meanwhile and stays.
    pub stays: bool,
}

/// What changed from `before` to `after` is as before, unless it has changed again by now. By the names of
/// the fields, so that a new one is undone like the others.
pub fn set_back(before: &Ticket, after: &Ticket, now: &Ticket) -> SetBack {
    let fields = |ticket: &Ticket| match serde_json::to_value(ticket) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) | Err(_) => serde_json::Map::new(),
    };
    let (before, after, mut target) = (fields(before), fields(after), fields(now));
    let moved = |name: &str| target.get(name) != after.get(name);
    let status_moved = moved("status") || moved("status_since");
    let mut stays = false;
    let changed: Vec<(String, Value)> = before
        .into_iter()
        .filter(|(name, value)| !STAYS.contains(&name.as_str()) && after.get(name) != Some(value))
        .collect();
    for (name, value) in changed {
        let other = match OF_STATUS.contains(&name.as_str()) {
            true => status_moved,
            false => target.get(&name) != after.get(&name),
        };
        if other {
            stays = true;
        } else {
            target.insert(name, value);
        }
    }
    match serde_json::from_value(Value::Object(target)) {
        Ok(ticket) => SetBack { ticket, stays },
        Err(_) => SetBack {
            ticket: now.clone(),
            stays: true,
        },
    }
}
