//! `#prendre`, `#affecter`, `#equipe`: whose the ticket is (rows C10, D9, E2).

use super::super::draft::Draft;
use super::super::tell;
use super::super::words;
use super::find::{self, Found};
use super::reply::{Outcome, Reply};
use crate::mail::text::fold_accents;
use crate::ticket::{Status, What};

impl Reply<'_> {
    /// Nobody is given what is over, unless the same mail opens it again.
    fn is_done(&self, status: Status) -> Option<String> {
        let reopens = self.asked.reopens && self.waits_for_text().is_none();
        match status {
            Status::Resolved | Status::Closed if !reopens => Some(words::pick(
                &self.technician.language,
                "le ticket est résolu ou clos : #rouvrir d'abord",
                "the ticket is resolved or closed: #reopen it first",
            )),
            Status::Resolved
            | Status::Closed
            | Status::Open
            | Status::Waiting { .. }
            | Status::Paused { .. } => None,
        }
    }

    /// The first to take it owns it; the next one is told since when (row C10).
    pub fn take(&mut self, draft: &mut Draft<'_>) -> Outcome {
        let language = &self.technician.language;
        let owner = draft
            .ticket(self.id)
            .and_then(|ticket| ticket.technician.clone());
        match owner {
            Some(owner) if self.technician.has_address(&owner.address) => Outcome::Done(
                words::pick(language, "vous le suivez déjà", "it is yours already"),
            ),
            Some(owner) => {
                let since = super::second::taken_at(draft, self.id, &owner)
                    .map(|at| words::clock(at, draft.now, draft.policy.timezone, language));
                let name = owner.name.unwrap_or(owner.address);
                let (french, english) = match since {
                    Some(at) => (format!(" à {at}"), format!(" at {at}")),
                    None => (String::new(), String::new()),
                };
                let kept = self.says_something;
                Outcome::Refused(words::pick(
                    language,
                    format!(
                        "déjà pris par {name}{french}{}",
                        if kept {
                            ", votre texte est gardé en note"
                        } else {
                            ""
                        }
                    ),
                    format!(
                        "taken already by {name}{english}{}",
                        if kept {
                            ", your text is kept as a note"
                        } else {
                            ""
                        }
                    ),
                ))
            }
            None => {
                self.own(draft);
                Outcome::Done(words::pick(
                    language,
                    "le ticket est à vous",
                    "the ticket is yours",
                ))
            }
        }
    }

    /// Gives it to a colleague, or back to the team.
    pub fn assign(&mut self, draft: &mut Draft<'_>, whom: &str) -> Outcome {
        let policy = draft.policy;
        let language = self.technician.language.clone();
        let Some(ticket) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(String::new());
        };
        if let Some(why) = self.is_done(ticket.status) {
            return Outcome::Refused(why);
        }
        if ["personne", "nobody", "equipe", "team", "l'equipe"].contains(&fold_accents(whom).trim())
        {
            return self.give_back(draft);
        }
        let technician = match find::technician(policy, self.technician, whom) {
            Found::One(technician) => technician,
            Found::Refused(why) => return Outcome::Refused(why),
        };
        let name = &technician.name;
        let his = ticket
            .technician
            .as_ref()
            .is_some_and(|owner| technician.has_address(&owner.address));
        if his {
            return Outcome::Done(words::pick(
                &language,
                format!("{name} le suit déjà"),
                format!("{name} has it already"),
            ));
        }
        let what = What::Assigned {
            technician: Some(technician.who()),
        };
        draft.event(self.id, self.actor.clone(), true, what);
        self.took = true;
        self.undoable = true;
        if technician.who() == self.technician.who() {
            return Outcome::Done(words::pick(
                &language,
                "le ticket est à vous",
                "the ticket is yours",
            ));
        }
        let by = self.technician.who();
        tell::assigned(draft, self.id, technician, Some(&by));
        Outcome::Done(words::pick(
            &language,
            format!("confié à {name}, qui est prévenu"),
            format!("given to {name}, who is told"),
        ))
    }

    /// Back to the pool of its team.
    fn give_back(&mut self, draft: &mut Draft<'_>) -> Outcome {
        let language = &self.technician.language;
        let what = What::Assigned { technician: None };
        // Who was told that somebody takes care of it reads that nobody does now.
        let had = draft
            .ticket(self.id)
            .is_some_and(|ticket| ticket.technician.is_some());
        draft.event(self.id, self.actor.clone(), had, what);
        self.undoable = true;
        self.passed_on = true;
        let name = &self.technician.name;
        let line = words::pick(
            &draft.policy.language,
            format!("{name} remet ce ticket au pot commun : il attend un volontaire."),
            format!("{name} gives this ticket back to the team: it waits for somebody."),
        );
        tell::colleagues(draft, self.id, self.technician, &line);
        Outcome::Done(words::pick(
            language,
            "rendu à l'équipe, qui est prévenue",
            "given back to the team, which is told",
        ))
    }

    /// Passes it to another team; its reference stays (row D9).
    pub fn team(&mut self, draft: &mut Draft<'_>, written: &str) -> Outcome {
        let policy = draft.policy;
        let language = self.technician.language.clone();
        let Some(ticket) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(String::new());
        };
        if let Some(why) = self.is_done(ticket.status) {
            return Outcome::Refused(why);
        }
        let team = match find::team(policy, &language, written) {
            Found::One(team) => team,
            Found::Refused(why) => return Outcome::Refused(why),
        };
        let name = &team.name;
        if team.id == ticket.team {
            return Outcome::Done(words::pick(
                &language,
                format!("il est déjà à l'équipe {name}"),
                format!("it is with team {name} already"),
            ));
        }
        let what = What::Team {
            team: team.id.clone(),
        };
        draft.event(self.id, self.actor.clone(), false, what);
        self.undoable = true;
        self.passed_on = true;
        let stays = ticket
            .technician
            .as_ref()
            .and_then(|owner| policy.technician(&owner.address))
            .is_some_and(|owner| owner.teams.contains(&team.id));
        if ticket.technician.is_some() && !stays {
            let what = What::Assigned { technician: None };
            draft.event(self.id, self.actor.clone(), true, what);
        }
        let by = &self.technician.name;
        // Who follows it already is told, when another did this; his new team need not be.
        let owner = ticket.technician.filter(|_| stays);
        if let Some(owner) = owner.and_then(|owner| owner.name) {
            let line = words::pick(
                &policy.language,
                format!("{by} passe ce ticket à l'équipe {name} ; il reste à votre nom."),
                format!("{by} passes this ticket to team {name}; it stays in your name."),
            );
            tell::colleagues(draft, self.id, self.technician, &line);
            return Outcome::Done(words::pick(
                &language,
                format!("passé à l'équipe {name}, toujours suivi par {owner}"),
                format!("passed to team {name}, still with {owner}"),
            ));
        }
        let line = words::pick(
            &policy.language,
            format!("{by} confie ce ticket à votre équipe. Sa référence ne change pas."),
            format!("{by} passes this ticket to your team. Its reference stays the same."),
        );
        tell::colleagues(draft, self.id, self.technician, &line);
        Outcome::Done(words::pick(
            &language,
            format!("passé à l'équipe {name}, qui est prévenue"),
            format!("passed to team {name}, which is told"),
        ))
    }
}
