//! `#prendre`, `#attente`, `#resolu`, `#clore`, `#rouvrir`: whose the ticket is, and where it stands.

use super::super::command::When;
use super::super::draft::Draft;
use super::super::lifecycle::{self, Step};
use super::super::words;
use super::reply::{Outcome, Reply};

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
        if let Err(why) = lifecycle::next(status, step, language) {
            return Outcome::Refused(why);
        }
        self.step = Some(step);
        Outcome::Done(match step {
            Step::Wait(_) => words::pick(language, "en attente", "waiting"),
            Step::Pause(_) => words::pick(
                language,
                "en pause, le demandeur est prévenu de la date",
                "paused, the requester is told the date",
            ),
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
                let name = owner.name.unwrap_or(owner.address);
                Outcome::Refused(words::pick(
                    language,
                    format!("déjà pris en charge par {name}"),
                    format!("taken already by {name}"),
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
}
