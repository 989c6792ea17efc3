//! What a technician's last form did, in sentences: where the ticket stands now, which mails leave, to
//! whom and when. He pressed a button: no command is named.

use chrono::{DateTime, Utc};

use super::super::view;
use super::identity::Staff;
use super::ticket::{Done, Seen};
use super::words;
use crate::desk::{Kind, Policy, command};
use crate::notification::date;
use crate::store::Announced;
use crate::ticket::{Awaited, Event, Status, What};

/// What this technician did at a moment.
pub fn own<'a>(
    seen: &'a Seen,
    staff: &'a Staff,
    at: DateTime<Utc>,
) -> impl Iterator<Item = &'a Event> + use<'a> {
    let events = seen.events.iter().map(|(_, event)| event);
    events.filter(move |event| same(event.at, at) && is_own(event, staff))
}

/// When he last did something, after an event.
pub fn latest(seen: &Seen, staff: &Staff, since: i64) -> Option<DateTime<Utc>> {
    let mut events = seen.events.iter().rev();
    let latest = events.find(|(id, event)| *id > since && is_own(event, staff));
    latest.map(|(_, event)| event.at)
}

fn is_own(event: &Event, staff: &Staff) -> bool {
    let who = event.actor.who.as_ref();
    who.is_some_and(|who| staff.technician.has_address(&who.address))
}

/// A link names a moment to the millisecond.
fn same(one: DateTime<Utc>, other: DateTime<Utc>) -> bool {
    one.timestamp_millis() == other.timestamp_millis()
}

/// The sentences.
pub fn sentences(
    policy: &Policy,
    seen: &Seen,
    done: &Done,
    staff: &Staff,
    now: DateTime<Utc>,
) -> Vec<String> {
    let writer = Writer {
        policy,
        seen,
        staff,
        now,
    };
    let undone = writer.undone(done.at);
    let mut sentences: Vec<String> = match undone {
        true => vec![writer.pick("Vous l’avez annulé depuis.", "You have undone it since.")],
        false => own(seen, staff, done.at)
            .filter_map(|event| writer.event(event))
            .collect(),
    };
    let turned = !undone && own(seen, staff, done.at).any(is_told);
    sentences.extend(writer.mails(&done.mails));
    if turned && done.mails.is_empty() {
        sentences.push(writer.pick("Aucun courriel ne part.", "No mail leaves."));
    }
    let language = staff.visitor.language;
    let sentences = sentences.iter();
    sentences.map(|one| view::unbroken(one, language)).collect()
}

/// A change that the requester hears of, where he can.
fn is_told(event: &Event) -> bool {
    match event.what {
        What::Status { to, .. } => !matches!(to, Status::Waiting { .. }),
        _ => false,
    }
}

struct Writer<'a> {
    policy: &'a Policy,
    seen: &'a Seen,
    staff: &'a Staff,
    now: DateTime<Utc>,
}

impl Writer<'_> {
    fn pick(&self, french: impl Into<String>, english: impl Into<String>) -> String {
        match self.staff.visitor.language {
            "en" => english.into(),
            _ => french.into(),
        }
    }

    /// He took back what he did at this moment, as far as that was possible.
    fn undone(&self, at: DateTime<Utc>) -> bool {
        let mut events = self.seen.events.iter();
        events.any(|(_, event)| {
            matches!(&event.what, What::Undone { done_at, .. } if same(*done_at, at))
                && is_own(event, self.staff)
        })
    }

    fn event(&self, event: &Event) -> Option<String> {
        let language = self.staff.visitor.language;
        match &event.what {
            What::Status { to, .. } => Some(self.status(*to)),
            // The status itself says it, and the mails below say who hears of it.
            What::Command { line, .. } if sets_status(line) => None,
            What::Command {
                done: true, answer, ..
            } if !answer.is_empty() => {
                Some(words::sentence(&words::with_buttons(answer, language)))
            }
            _ => None,
        }
    }

    fn status(&self, to: Status) -> String {
        match to {
            Status::Open => self.pick("Le ticket est rouvert.", "The ticket is open again."),
            Status::Waiting {
                of: Awaited::Requester,
            } => self.pick(
                "Le ticket attend le demandeur.",
                "The ticket waits for its requester.",
            ),
            Status::Waiting {
                of: Awaited::ThirdParty,
            } => self.pick(
                "Le ticket attend un tiers.",
                "The ticket waits for a third party.",
            ),
            Status::Paused { until } => {
                let day = date::day(until, self.policy.timezone, self.staff.visitor.language);
                self.pick(
                    format!("Le ticket est en pause jusqu’au {day}."),
                    format!("The ticket is paused until {day}."),
                )
            }
            Status::Resolved => self.pick("Le ticket est résolu.", "The ticket is resolved."),
            Status::Closed => self.pick("Le ticket est clos.", "The ticket is closed."),
        }
    }

    /// One sentence for the mails of a kind that leave at one moment.
    fn mails(&self, mails: &[Announced]) -> Vec<String> {
        let mut groups: Vec<(&Announced, Vec<String>)> = Vec::new();
        for mail in mails {
            let name = self.name(&mail.to);
            let same = groups
                .iter_mut()
                .find(|(first, _)| (&first.kind, first.leaves_at) == (&mail.kind, mail.leaves_at));
            match same {
                Some((_, names)) if names.contains(&name) => {}
                Some((_, names)) => names.push(name),
                None => groups.push((mail, vec![name])),
            }
        }
        let said = groups.into_iter();
        said.map(|(mail, names)| self.mail(mail, &names)).collect()
    }

    fn mail(&self, mail: &Announced, names: &[String]) -> String {
        let language = self.staff.visitor.language;
        let kind = Kind::parse(&mail.kind);
        let what = match kind {
            Some(Kind::FollowUp) => self.pick("votre réponse", "your answer"),
            Some(kind) => words::beginning_small(words::notice(kind, language)),
            None => self.pick("avis", "notice"),
        };
        let names = self.listed(names);
        let held = mail.leaves_at.map(|at| match mail.of_desk {
            true => crate::desk::notice_leaves(self.policy, &self.seen.ticket, at),
            false => at,
        });
        let Some(at) = held else {
            return self.pick(
                format!("Un courriel part aussitôt pour {names} : {what}."),
                format!("A mail leaves at once for {names}: {what}."),
            );
        };
        let zone = self.policy.timezone;
        let when = crate::desk::words::coming(at, self.now, zone, language);
        // What is held for a moment can be taken back; what waits for working hours longer than that
        // has its button above for some minutes only.
        let back = match at <= self.now + self.policy.hold_replies {
            true => self.pick(
                " ; d’ici là, vous pouvez l’annuler",
                "; until then you can undo it",
            ),
            false => String::new(),
        };
        self.pick(
            format!("Un courriel partira {when} pour {names} : {what}{back}."),
            format!("A mail will leave {when} for {names}: {what}{back}."),
        )
    }

    fn name(&self, address: &str) -> String {
        let person = self.seen.ticket.person(address);
        let technician = self.policy.technician(address);
        let name = (technician.map(|one| one.name.clone()))
            .or_else(|| person.map(|person| words::name(&person.who).to_owned()));
        name.unwrap_or_else(|| address.to_owned())
    }

    fn listed(&self, names: &[String]) -> String {
        match names.split_last() {
            Some((last, [])) => last.clone(),
            Some((last, others)) => {
                let and = self.pick("et", "and");
                format!("{} {and} {last}", others.join(", "))
            }
            None => String::new(),
        }
    }
}

/// The line changes where the ticket stands.
fn sets_status(line: &str) -> bool {
    let (lines, _) = command::parse(line);
    let sets = |line: &command::Line| line.command.as_ref().is_ok_and(|one| one.sets_status());
    lines.iter().any(sets)
}
