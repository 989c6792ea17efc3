//! `#attente`, `#pause`, `#resolu`, `#clore`, `#rouvrir`, `#priorite`: where the ticket stands.

use super::super::command::When;
use super::super::draft::Draft;
use super::super::lifecycle::{self, Step};
use super::super::words;
use super::reply::{Outcome, Reply};
use crate::ticket::{Awaited, Level, What};

impl Reply<'_> {
    /// Notes the status to set once the text has joined the ticket.
    pub fn step(&mut self, draft: &mut Draft<'_>, step: Step) -> Outcome {
        let language = &self.technician.language;
        let Some(status) = draft.ticket(self.id).map(|ticket| ticket.status) else {
            return Outcome::Refused(String::new());
        };
        if self.step.is_some() {
            return Outcome::Refused(words::pick(
                language,
                "un seul changement d'état par message",
                "one change of status a mail",
            ));
        }
        if self.misread && self.says_something && !matches!(step, Step::Wait(_)) {
            return Outcome::Refused(words::pick(
                language,
                "pas exécutée : une autre ligne n'est pas comprise, et votre texte ne part pas sans elle",
                "not done: another line is not understood, and your text does not leave without it",
            ));
        }
        if let Err(why) = lifecycle::next(status, step, language) {
            return Outcome::Refused(why);
        }
        self.step = Some(step);
        Outcome::Done(match step {
            Step::Wait(Awaited::Requester) => words::pick(
                language,
                "en attente du demandeur",
                "waits for the requester",
            ),
            Step::Wait(Awaited::ThirdParty) => {
                words::pick(language, "en attente d'un tiers", "waits for a third party")
            }
            Step::Pause(until) => {
                let date = words::day(until, draft.policy.timezone, language);
                words::pick(
                    language,
                    format!("en pause jusqu'au {date}, le demandeur est prévenu"),
                    format!("paused until {date}, the requester is told"),
                )
            }
            Step::Resolve => words::pick(
                language,
                "résolu, le demandeur est prévenu",
                "resolved, the requester is told",
            ),
            Step::Close => words::pick(
                language,
                "clos, le demandeur est prévenu",
                "closed, the requester is told",
            ),
            Step::Reopen => words::pick(
                language,
                "rouvert, le demandeur est prévenu",
                "reopened, the requester is told",
            ),
            // No command asks for what requesters say and time does.
            Step::Accept
            | Step::Refuse
            | Step::Write(_)
            | Step::Wake
            | Step::Lapse
            | Step::Expire => String::new(),
        })
    }

    /// Puts the ticket aside until a day (row E5).
    pub fn pause(&mut self, draft: &mut Draft<'_>, when: When) -> Outcome {
        match when.resolve(draft.now, draft.policy.timezone) {
            Some(until) => self.step(draft, Step::Pause(until)),
            None => Outcome::Refused(words::pick(
                &self.technician.language,
                "cette date est passée, ou trop lointaine",
                "that date has passed, or is too far away",
            )),
        }
    }

    /// The priority that the team decides; the urgency that was claimed stays.
    pub fn priority(&mut self, draft: &mut Draft<'_>, priority: Level) -> Outcome {
        let language = &self.technician.language;
        let name = level(priority, language);
        let same = draft
            .ticket(self.id)
            .is_some_and(|ticket| ticket.priority == priority);
        if same {
            return Outcome::Done(words::pick(
                language,
                format!("la priorité est déjà {name}"),
                format!("the priority is {name} already"),
            ));
        }
        let what = What::Priority { priority };
        draft.event(self.id, self.actor.clone(), false, what);
        self.undoable = true;
        Outcome::Done(words::pick(
            language,
            format!("priorité {name}"),
            format!("priority {name}"),
        ))
    }
}

/// A level in words.
pub fn level(level: Level, language: &str) -> &'static str {
    match (level, language) {
        (Level::Low, "en") => "low",
        (Level::Normal, "en") => "normal",
        (Level::High, "en") => "high",
        (Level::Low, _) => "faible",
        (Level::Normal, _) => "normale",
        (Level::High, _) => "haute",
    }
}
