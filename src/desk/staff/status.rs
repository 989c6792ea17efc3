//! `#attente`, `#pause`, `#resolu`, `#clore`, `#rouvrir`, `#priorite`: where the ticket stands.

use super::super::command::{Command, Line, When};
use super::super::draft::Draft;
use super::super::lifecycle::{self, Step};
use super::super::{quiet, words};
use super::reply::{Outcome, Reply};
use crate::ticket::{Awaited, Claim, Level, What};

impl Reply<'_> {
    /// Notes the status to set once the text has joined the ticket.
    pub fn step(&mut self, draft: &mut Draft<'_>, step: Step) -> Outcome {
        let language = &self.technician.language;
        let Some(status) = draft.ticket(self.id).map(|ticket| ticket.status) else {
            return Outcome::Refused(String::new());
        };
        // Which of several was meant, nobody knows: with a text that would leave, none is done.
        if self.step.is_some() || self.steps > 1 && self.says_something {
            return Outcome::Refused(words::pick(
                language,
                "un seul changement d'état par message : ne gardez que celui que vous voulez",
                "one change of status a mail: keep the one that you want",
            ));
        }
        if let Err(why) = lifecycle::next(status, step, language) {
            return Outcome::Refused(why);
        }
        let waits = self.waits_for_text();
        if let Some(refused) = waits.filter(|_| !matches!(step, Step::Wait(_))) {
            return refused;
        }
        self.step = Some(step);
        let told = self.told(draft);
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
                    format!("en pause jusqu'au {date}, {told}"),
                    format!("paused until {date}, {told}"),
                )
            }
            Step::Resolve => words::pick(
                language,
                format!("résolu, {told}"),
                format!("resolved, {told}"),
            ),
            Step::Close => {
                words::pick(language, format!("clos, {told}"), format!("closed, {told}"))
            }
            Step::Reopen => words::pick(
                language,
                format!("rouvert, {told}"),
                format!("reopened, {told}"),
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

    /// How many lines ask for a change of status.
    pub fn count_steps(lines: &[Line]) -> usize {
        let changes = |line: &&Line| line.command.as_ref().is_ok_and(Command::sets_status);
        lines.iter().filter(changes).count()
    }

    /// Whether and when the requester hears of a change of status: with the words of this mail, if it
    /// has any for him, at once.
    fn told(&self, draft: &Draft<'_>) -> String {
        let writes = self.says_something && !self.internal && !self.fails && !self.asked.elsewhere;
        quiet::told(draft, self.id, writes, &self.technician.language)
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
        let name = draft.policy.level_name(priority, language).to_owned();
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
        let objected = draft
            .ticket(self.id)
            .filter(|ticket| ticket.claim == Some(Claim::Disputed) && priority == Level::High)
            .map(|ticket| ticket.language.clone());
        let what = What::Priority { priority };
        draft.event(self.id, self.actor.clone(), false, what);
        self.undoable = true;
        if let Some(requester) = objected {
            self.because = Some(words::pick(
                &requester,
                "Votre objection a été entendue : votre demande est de nouveau prioritaire.",
                "Your objection was heard: your request has its priority again.",
            ));
            return Outcome::Done(words::pick(
                language,
                format!("priorité {name} ; le demandeur, qui contestait, est prévenu"),
                format!("priority {name}; the requester, who objected, is told"),
            ));
        }
        Outcome::Done(words::pick(
            language,
            format!("priorité {name}"),
            format!("priority {name}"),
        ))
    }
}
