//! `#lier`, `#fusionner`, `#dupliquer`: tickets that belong together (row E14).

use super::super::draft::Draft;
use super::super::spawn::{self, Like};
use super::super::{lifecycle, words};
use super::ask;
use super::reply::{Outcome, Reply};
use crate::ticket::{Actor, Event, Part, Person, Relation, Status, Ticket, TicketId, What};

impl Reply<'_> {
    /// Another ticket of the technician's teams, when it is not this one; else why not.
    pub fn other(&self, draft: &Draft<'_>, id: TicketId) -> Result<Ticket, String> {
        let language = &self.technician.language;
        if id == self.id {
            return Err(words::pick(
                language,
                "c'est ce ticket-ci",
                "that is this very ticket",
            ));
        }
        draft
            .ticket(id)
            .filter(|ticket| ask::may_see(self.technician, ticket))
            .cloned()
            .ok_or_else(|| ask::no_such_ticket(id, language))
    }

    pub fn link(&mut self, draft: &mut Draft<'_>, id: TicketId) -> Outcome {
        let language = &self.technician.language;
        let other = match self.other(draft, id) {
            Ok(other) => other,
            Err(why) => return Outcome::Refused(why),
        };
        if other.linked.contains(&self.id) {
            return Outcome::Done(words::pick(language, "déjà liés", "linked already"));
        }
        let why = words::pick(
            &draft.policy.language,
            format!("Lié par {}.", self.technician.name),
            format!("Linked by {}.", self.technician.name),
        );
        draft.link(self.id, id, &why);
        Outcome::Done(words::pick(
            language,
            format!("lié à {} « {} »", other.reference, other.title),
            format!("linked with {} \"{}\"", other.reference, other.title),
        ))
    }

    /// This ticket goes on in the other; its number stays as an alias. Nobody outside is told.
    pub fn merge(&mut self, draft: &mut Draft<'_>, id: TicketId) -> Outcome {
        let language = &self.technician.language;
        let into = match self.other(draft, id) {
            Ok(other) => other,
            Err(why) => return Outcome::Refused(why),
        };
        let Some(this) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(ask::no_such_ticket(self.id, language));
        };
        if let Some(further) = into.ties.merged_into {
            return Outcome::Refused(words::pick(
                language,
                format!(
                    "{} continue déjà dans le ticket {further} : #fusionner {further}",
                    into.reference
                ),
                format!(
                    "{} goes on in ticket {further} already: #merge {further}",
                    into.reference
                ),
            ));
        }
        if matches!(into.status, Status::Closed) {
            return Outcome::Refused(words::pick(
                language,
                format!("{} est clos : rouvrez-le d'abord", into.reference),
                format!("{} is closed: reopen it first", into.reference),
            ));
        }
        let requester = |ticket: &Ticket| ticket.requester().map(|person| person.who.key());
        let same = requester(&this) == requester(&into);
        for (one, to, relation) in [
            (self.id, id, Relation::MergedInto),
            (id, self.id, Relation::Absorbed),
        ] {
            let related = What::Related {
                to,
                relation,
                on: true,
            };
            draft.event(one, self.actor.clone(), false, related);
        }
        for person in &this.people {
            let known = draft
                .ticket(id)
                .is_some_and(|into| into.person(&person.who.address).is_some());
            if known || person.who.address.is_empty() {
                continue;
            }
            // What one requester wrote is nobody else's to read: another's people may add to the
            // ticket, and learn where it stands, no more.
            let part = match person.part {
                Part::Observer if same => Part::Observer,
                Part::Beneficiary if same => Part::Beneficiary,
                _ => Part::Contributor,
            };
            let person = Person {
                id: draft.take_person(),
                part,
                generation: 0,
                ..person.clone()
            };
            draft.event(id, self.actor.clone(), false, What::Person { person });
        }
        if same && !matches!(this.status, Status::Closed) {
            let reason = words::pick(
                &draft.policy.language,
                format!("Réuni à {}.", into.reference),
                format!("Merged into {}.", into.reference),
            );
            lifecycle::set(
                draft,
                self.id,
                self.actor.clone(),
                Status::Closed,
                Some(reason),
            );
        }
        self.merged = true;
        Outcome::Done(if same {
            words::pick(
                language,
                format!(
                    "réuni à {} « {} », qui continue ; le demandeur n'est pas prévenu, ses réponses y arrivent",
                    into.reference, into.title
                ),
                format!(
                    "merged into {} \"{}\", which goes on; the requester is not told, his replies arrive there",
                    into.reference, into.title
                ),
            )
        } else {
            words::pick(
                language,
                format!(
                    "réuni à {} « {} », d'une autre personne : chacun ne voit que sa demande, ses réponses arrivent là-bas, il apprendra la résolution",
                    into.reference, into.title
                ),
                format!(
                    "merged into {} \"{}\", of another person: each sees his own request only, his replies arrive there, he will learn of the resolution",
                    into.reference, into.title
                ),
            )
        })
    }

    pub fn duplicate(&mut self, draft: &mut Draft<'_>) -> Outcome {
        let language = &self.technician.language;
        let Some(this) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(ask::no_such_ticket(self.id, language));
        };
        let words = spawn::first_mail(draft, self.id);
        let why = words::pick(
            &draft.policy.language,
            format!("Copie de {}, par {}.", this.reference, self.technician.name),
            format!("A copy of {}, by {}.", this.reference, self.technician.name),
        );
        let like = Like {
            title: this.title.clone(),
            text: words.text,
            files: words.files,
            why,
        };
        let id = spawn::spawn(draft, &this, like);
        let reference = draft
            .ticket(id)
            .map_or_else(|| id.to_string(), |ticket| ticket.reference.to_string());
        Outcome::Done(words::pick(
            language,
            format!("{reference} ouvert, pareil et lié ; le demandeur n'est pas prévenu"),
            format!("{reference} opened, alike and linked; the requester is not told"),
        ))
    }
}

/// Takes back what a mail said of how tickets hang together: merges, parts of a major incident.
pub fn take_back(draft: &mut Draft<'_>, id: TicketId, actor: &Actor, done: &[Event]) {
    for event in done {
        match &event.what {
            What::Related {
                to,
                relation,
                on: true,
            } => {
                let back = match relation {
                    Relation::MergedInto => Relation::Absorbed,
                    Relation::Absorbed => Relation::MergedInto,
                    Relation::Child => Relation::ChildOf,
                    Relation::ChildOf => Relation::Child,
                };
                for (one, to, relation) in [(id, *to, *relation), (*to, id, back)] {
                    let related = What::Related {
                        to,
                        relation,
                        on: false,
                    };
                    if draft.ticket(one).is_some() {
                        draft.event(one, actor.clone(), false, related);
                    }
                }
                let closed = draft
                    .ticket(*to)
                    .is_some_and(|other| other.status == Status::Closed);
                // The one that was merged here was closed by that; it goes on by itself.
                if *relation == Relation::Absorbed && closed {
                    lifecycle::set(draft, *to, actor.clone(), Status::Open, None);
                }
            }
            What::Major { on: true } => {
                draft.event(id, actor.clone(), false, What::Major { on: false });
            }
            _ => {}
        }
    }
}
