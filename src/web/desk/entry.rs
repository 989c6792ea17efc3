//! The whole timeline, as staff sees it: what was said, what stays among staff, what happened.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::super::status::{self, pick};
use super::super::view::{self, Download};
use super::words;
use crate::desk::{self, Kind, Policy};
use crate::knowledge::Offered;
use crate::notification::date;
use crate::ticket::{Event, Part, PersonId, Relation, Role, Status, Verdict, What, Withdrawn};

/// One entry.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub id: i64,
    /// `them`, `us`, `note`, `aside` are words; `fact` and `alert` are a line.
    pub side: &'static str,
    /// Of interest to who looks for it: notices, commands.
    pub minor: bool,
    /// What kind of words they are, when that is not plain.
    pub label: Option<String>,
    pub author: String,
    pub when: String,
    /// RFC 3339, for machines.
    pub at: String,
    pub text: String,
    pub folded: String,
    pub files: Vec<Download>,
    /// Logos and the like.
    pub decoration: Vec<Download>,
    pub remarks: Vec<String>,
    /// When it leaves, while it can be taken back.
    pub leaves_at: Option<String>,
    /// It was taken back before it left.
    pub withdrawn: bool,
    /// Since the page that something was written on.
    pub new: bool,
}

/// What entries are written with.
pub struct Writer<'a> {
    pub policy: &'a Policy,
    pub language: &'a str,
    pub now: DateTime<Utc>,
    /// Path of the ticket's page.
    pub here: &'a str,
    /// What was taken back.
    pub withdrawn: &'a Withdrawn,
    /// Events that did nothing but end somebody's links.
    pub ended: &'a BTreeSet<i64>,
    /// The articles that the acknowledgement offered.
    pub offered: &'a [Offered],
    /// What came after this event is new.
    pub seen: Option<i64>,
}

impl Writer<'_> {
    fn pick(&self, french: impl Into<String>, english: impl Into<String>) -> String {
        match self.language {
            "en" => english.into(),
            _ => french.into(),
        }
    }

    fn day(&self, at: DateTime<Utc>) -> String {
        date::day(at, self.policy.timezone, self.language)
    }

    /// An event in words.
    pub fn entry(&self, id: i64, event: &Event) -> Entry {
        let (side, minor) = kind(event);
        let who = event.actor.who.as_ref();
        let author = who.map_or_else(
            || self.nobody(event.actor.role),
            |who| words::name(who).to_owned(),
        );
        let zone = self.policy.timezone;
        let by_technician = event.actor.role == Role::Technician;
        let sent = by_technician && matches!(event.what, What::Mail { .. });
        let leaves_at = event.at + self.policy.hold_replies;
        let withdrawn = self.withdrawn.holds(event);
        let held = sent && leaves_at > self.now && !withdrawn;
        let (folded, remarks) = match &event.what {
            What::Mail {
                folded, remarks, ..
            } => (folded.clone(), remarks.clone()),
            What::Note { why, .. } => (String::new(), why.iter().cloned().collect()),
            _ => (String::new(), Vec::new()),
        };
        let files = event.what.files();
        Entry {
            id,
            side,
            minor,
            label: self.label(event),
            author,
            when: words::short(event.at, zone, self.now, self.language),
            at: event.at.to_rfc3339(),
            text: match side {
                // Our own words, whatever stands in them.
                "fact" => view::unbroken(&self.text(id, event), self.language),
                _ => self.text(id, event),
            },
            folded,
            files: view::downloads(id, files, false, self.language, self.here),
            decoration: view::downloads(id, files, true, self.language, self.here),
            remarks,
            leaves_at: held.then(|| words::short(leaves_at, zone, self.now, self.language)),
            withdrawn: withdrawn && sent,
            new: self.seen.is_some_and(|seen| id > seen) && event.actor.role != Role::Desk,
        }
    }

    fn nobody(&self, role: Role) -> String {
        match role {
            Role::Operator => self.pick("Exploitation", "Operator"),
            Role::Robot => self.pick("Machine", "Machine"),
            Role::Desk
            | Role::Requester
            | Role::Beneficiary
            | Role::Observer
            | Role::Contributor
            | Role::Technician => self.policy.desk_name.clone(),
        }
    }

    fn label(&self, event: &Event) -> Option<String> {
        match (&event.what, event.actor.role) {
            (What::Note { .. }, _) => Some(self.pick(
                "Note interne, le demandeur ne la voit pas",
                "Internal note, the requester does not see it",
            )),
            (What::Aside { with, sent, .. }, _) => {
                let name = words::name(with);
                Some(match sent {
                    true => self.pick(
                        format!("À un tiers : {name}, le demandeur ne le voit pas"),
                        format!("To a third party: {name}, the requester does not see it"),
                    ),
                    false => self.pick(
                        format!("D’un tiers : {name}, le demandeur ne le voit pas"),
                        format!("From a third party: {name}, the requester does not see it"),
                    ),
                })
            }
            (What::Mail { .. }, Role::Contributor) => Some(self.pick(
                "En copie, le demandeur ne le voit pas",
                "In copy, the requester does not see it",
            )),
            (What::Mail { automatic, .. }, role) if automatic.is_some() || role == Role::Robot => {
                Some(self.pick("Message automatique", "Automatic mail"))
            }
            (What::Mail { .. }, Role::Observer) => Some(self.pick("Observateur", "Observer")),
            (What::Mail { .. }, Role::Beneficiary) => {
                Some(self.pick("Bénéficiaire", "Beneficiary"))
            }
            _ => None,
        }
    }

    /// The words, or what happened in a sentence.
    fn text(&self, id: i64, event: &Event) -> String {
        match &event.what {
            What::Mail { text, .. }
            | What::Note { text, .. }
            | What::Aside { text, .. }
            | What::Alert { text } => text.clone(),
            What::Opened(ticket) => {
                let why = ticket.why.join(" ");
                self.pick(
                    format!("Ticket ouvert. {why}"),
                    format!("Ticket opened. {why}"),
                )
            }
            What::Status { to, reason, .. } => {
                self.status(*to, self.of_article(reason.as_deref()).as_deref())
            }
            What::Assigned {
                technician: Some(technician),
            } => {
                let name = words::name(technician);
                self.pick(format!("Suivi par {name}"), format!("Followed by {name}"))
            }
            What::Assigned { technician: None } => {
                self.pick("Remis au pot commun", "Back in the pool")
            }
            What::Team { team } => {
                let name = self.policy.team_name(team);
                self.pick(
                    format!("Confié à l’équipe {name}"),
                    format!("With team {name}"),
                )
            }
            What::TeamObserves { team } => {
                let name = self.policy.team_name(team);
                self.pick(
                    format!("L’équipe {name} est aussi informée"),
                    format!("Team {name} is informed as well"),
                )
            }
            What::Person { person } if self.ended.contains(&id) => {
                let name = words::name(&person.who);
                self.pick(
                    format!("Les liens envoyés à {name} n’ouvrent plus rien"),
                    format!("The links sent to {name} open nothing any more"),
                )
            }
            What::Person { person } => {
                let part = words::part(person.part, self.language);
                let name = words::name(&person.who);
                self.pick(format!("{part} : {name}"), format!("{part}: {name}"))
            }
            What::Priority { priority } => {
                let level = self.policy.level_name(*priority, self.language);
                self.pick(format!("Priorité {level}"), format!("Priority {level}"))
            }
            What::Classified { why, .. } => why.clone(),
            What::Phone { number } => self.pick(
                format!("Téléphone indiqué : {number}"),
                format!("Phone given: {number}"),
            ),
            What::Urgency { step, reason } => {
                let claim = words::claim(*step, self.language);
                match reason {
                    Some(reason) => {
                        self.pick(format!("{claim} : {reason}"), format!("{claim}: {reason}"))
                    }
                    None => claim.to_owned(),
                }
            }
            What::Reminded { number, .. } => self.pick(
                format!("Rappel n° {number} envoyé au demandeur"),
                format!("Reminder {number} sent to the requester"),
            ),
            What::Verdict { verdict, reason } => {
                self.verdict(*verdict, self.of_article(reason.as_deref()).as_deref())
            }
            What::Thanks { reaction, .. } => {
                let emoji = reaction.as_deref().unwrap_or_default();
                self.pick(format!("Remerciements {emoji}"), format!("Thanks {emoji}"))
            }
            What::Rated { marks, comment } => {
                let comment = comment.as_deref().unwrap_or_default();
                let (speed, answers) = (marks.speed, marks.answers);
                self.pick(
                    format!("Notes : durée {speed}/5, réponses {answers}/5. {comment}"),
                    format!("Marks: time {speed}/5, answers {answers}/5. {comment}"),
                )
            }
            What::MarksAsked => self.pick("Notes demandées", "Marks were asked for"),
            What::Linked { ticket, why } => self.pick(
                format!("Lié au ticket {ticket}. {why}"),
                format!("Linked with ticket {ticket}. {why}"),
            ),
            What::Related { to, relation, on } => {
                let what = match relation {
                    Relation::MergedInto => {
                        self.pick("continue dans le ticket", "goes on in ticket")
                    }
                    Relation::Absorbed => self.pick("reprend le ticket", "goes on for ticket"),
                    Relation::Child => {
                        self.pick("incident majeur du ticket", "major incident of ticket")
                    }
                    Relation::ChildOf => {
                        self.pick("partie de l’incident majeur", "part of major incident")
                    }
                };
                let no_more = match on {
                    true => String::new(),
                    false => self.pick(" : fin", ": no more"),
                };
                format!("{what} {to}{no_more}")
            }
            What::Major { on: true } => self.pick("Incident majeur", "Major incident"),
            What::Major { on: false } => self.pick(
                "N’est plus un incident majeur",
                "No longer a major incident",
            ),
            // A button writes a command as well: what came of it says more than its name.
            What::Command {
                done: true, answer, ..
            } if !answer.is_empty() => words::sentence(answer),
            What::Command {
                line, done: true, ..
            } => self.pick(format!("« {line} » : fait"), format!("\"{line}\": done")),
            What::Command {
                line,
                done: false,
                answer,
            } => self.pick(
                format!("« {line} » n’a pas été fait : {answer}"),
                format!("\"{line}\" was not done: {answer}"),
            ),
            What::Undone { withdrawn, .. } => match withdrawn {
                true => self.pick(
                    "Dernière action annulée ; rien n’en était parti",
                    "The latest action was undone; nothing of it had left",
                ),
                false => self.pick("Dernière action annulée", "The latest action was undone"),
            },
            What::Asked { .. } => self.pick(
                "La réponse attend l’accord de son auteur",
                "The answer waits for a word of its author",
            ),
            What::Notified {
                notification,
                recipient,
                ..
            } => {
                let kind = Kind::parse(notification);
                let notice = kind.map(|kind| words::notice(kind, self.language));
                let notice = notice.unwrap_or_else(|| pick(self.language, "Avis", "Notice"));
                self.pick(
                    format!("{notice} pour {recipient}"),
                    format!("{notice} to {recipient}"),
                )
            }
            What::Delivery {
                recipient,
                outcome,
                detail,
                ..
            } => {
                let outcome = words::delivery(outcome, self.language);
                self.pick(
                    format!("{outcome}, pour {recipient}. {detail}"),
                    format!("{outcome}, to {recipient}. {detail}"),
                )
            }
            What::Duplicate { .. } => self.pick(
                "Le même message est arrivé une seconde fois, par un autre chemin",
                "The same mail came again, by another way",
            ),
        }
    }

    /// A reason; what was told the requester of an article is said in the language of this page.
    fn of_article(&self, reason: Option<&str>) -> Option<String> {
        let reason = reason?;
        let said = desk::retold_of_article(reason, self.offered, self.language);
        Some(said.unwrap_or_else(|| reason.to_owned()))
    }

    fn status(&self, to: Status, reason: Option<&str>) -> String {
        let mut text = words::status(to, self.language).to_owned();
        if let Status::Paused { until } = to {
            let day = self.day(until);
            text.push_str(&self.pick(format!(" jusqu’au {day}"), format!(" until {day}")));
        }
        if let Some(reason) = reason {
            text.push_str(&self.pick(format!(" : {reason}"), format!(": {reason}")));
        }
        text
    }

    fn verdict(&self, verdict: Verdict, reason: Option<&str>) -> String {
        let said = match verdict {
            Verdict::Accepted => pick(self.language, "Solution validée", "Solution accepted"),
            Verdict::Refused => pick(self.language, "Solution refusée", "Solution refused"),
            Verdict::Helped => pick(self.language, "Un article a aidé", "An article helped"),
            Verdict::Complement => pick(
                self.language,
                "Complément demandé",
                "Something is to be added",
            ),
        };
        match reason {
            Some(reason) => self.pick(format!("{said} : {reason}"), format!("{said}: {reason}")),
            None => said.to_owned(),
        }
    }
}

/// The events that leave somebody the part that he had and end his links.
pub fn ended_links(events: &[(i64, Event)]) -> BTreeSet<i64> {
    let mut known: BTreeMap<PersonId, (Part, i64)> = BTreeMap::new();
    let mut ended = BTreeSet::new();
    for (id, event) in events {
        match &event.what {
            What::Opened(ticket) => {
                let people = ticket.people.iter();
                known.extend(people.map(|one| (one.id, (one.part, one.generation))));
            }
            What::Person { person } => {
                let now = (person.part, person.generation);
                let before = known.insert(person.id, now);
                if before.is_some_and(|before| before.0 == now.0 && before.1 < now.1) {
                    ended.insert(*id);
                }
            }
            _ => {}
        }
    }
    ended
}

/// How an event is shown, and whether only who looks for it wants it.
fn kind(event: &Event) -> (&'static str, bool) {
    match &event.what {
        What::Mail { .. } => match event.actor.role {
            Role::Technician | Role::Operator => ("us", false),
            Role::Contributor | Role::Robot | Role::Desk => ("aside", false),
            Role::Requester | Role::Beneficiary | Role::Observer => ("them", false),
        },
        What::Note { .. } => ("note", false),
        What::Aside { .. } => ("aside", false),
        What::Alert { .. } => ("alert", false),
        What::Delivery { .. } => ("alert", false),
        What::Notified { .. }
        | What::Command { .. }
        | What::Asked { .. }
        | What::MarksAsked
        | What::Duplicate { .. } => ("fact", true),
        What::Opened(_)
        | What::Status { .. }
        | What::Assigned { .. }
        | What::Team { .. }
        | What::TeamObserves { .. }
        | What::Person { .. }
        | What::Priority { .. }
        | What::Classified { .. }
        | What::Phone { .. }
        | What::Urgency { .. }
        | What::Reminded { .. }
        | What::Verdict { .. }
        | What::Thanks { .. }
        | What::Rated { .. }
        | What::Linked { .. }
        | What::Related { .. }
        | What::Major { .. }
        | What::Undone { .. } => ("fact", false),
    }
}

/// A moment in words, for the facts of a ticket.
pub fn moment(policy: &Policy, at: DateTime<Utc>, language: &str) -> String {
    status::moment(at, policy.timezone, language)
}
