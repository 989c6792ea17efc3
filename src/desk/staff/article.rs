//! `#kb`: a draft of an article from what solved the ticket, sent to the technician as a file (row L5).

use super::super::Enclosed;
use super::super::draft::Draft;
use super::super::words;
use super::reply::{Outcome, Reply};
use crate::knowledge::draft::{Source, draft as write};
use crate::ticket::{Event, Role, TicketId, What, Withdrawn};

impl Reply<'_> {
    /// Notes that a draft is wanted; it is made when the words of the mail are known.
    pub fn article(&mut self, draft: &Draft<'_>) -> Outcome {
        let language = &self.technician.language;
        if !self.says_something && answer(draft, self.id).is_none() {
            return Outcome::Refused(words::pick(
                language,
                "rien à écrire : personne n'a encore répondu, et ce message est sans texte",
                "nothing to write: nobody has answered yet, and this mail has no text",
            ));
        }
        self.must_report = true;
        self.wants_article = true;
        Outcome::Done(words::pick(
            language,
            "brouillon d'article joint à ce message, sans les données du demandeur ; relisez-le avant de le publier",
            "a draft of an article is attached to this mail, without the requester's data; read it before you publish it",
        ))
    }

    /// The draft; `said` is what this very mail says.
    pub fn write_article(&self, draft: &Draft<'_>, said: &str) -> Option<Enclosed> {
        let ticket = draft.ticket(self.id).filter(|_| self.wants_article)?;
        let policy = draft.policy;
        let solution = match said.trim() {
            "" => answer(draft, self.id)?,
            said => said.to_owned(),
        };
        let people = ticket.people.iter().map(|person| &person.who);
        let technicians: Vec<_> = policy.technicians.iter().map(|known| known.who()).collect();
        let people: Vec<&str> = people
            .chain(&technicians)
            .flat_map(|who| [who.name.as_deref(), Some(who.address.as_str())])
            .flatten()
            .collect();
        let made = write(&Source {
            title: &ticket.title,
            problem: &question(draft, self.id).unwrap_or_default(),
            solution: &solution,
            category: ticket
                .category
                .as_deref()
                .and_then(|category| policy.category(category))
                .map(|category| category.name.clone()),
            author: &self.technician.name,
            people,
            date: draft.now.with_timezone(&policy.timezone).date_naive(),
            language: &ticket.language,
        });
        Some(Enclosed {
            name: made.file_name,
            text: made.text,
        })
    }
}

/// What was asked first.
fn question(draft: &Draft<'_>, id: TicketId) -> Option<String> {
    said(draft, id, |role| role == Role::Requester)
        .into_iter()
        .next()
}

/// What a technician answered last.
fn answer(draft: &Draft<'_>, id: TicketId) -> Option<String> {
    said(draft, id, |role| role == Role::Technician).pop()
}

fn said(draft: &Draft<'_>, id: TicketId, by: impl Fn(Role) -> bool) -> Vec<String> {
    let events: Vec<&Event> = draft.known.history.get(&id).into_iter().flatten().collect();
    let withdrawn = Withdrawn::of(events.iter().copied());
    events
        .into_iter()
        .filter(|event| event.public && by(event.actor.role) && !withdrawn.holds(event))
        .filter_map(|event| match &event.what {
            What::Mail {
                text,
                thanks: false,
                ..
            } if !text.trim().is_empty() => Some(text.clone()),
            _ => None,
        })
        .collect()
}
