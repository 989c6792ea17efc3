//! `#pour`, `#beneficiaire`, `#ajouter`, `#retirer`: whose request it is, who has the trouble, who
//! follows (rows H1, H3, F9).

use super::super::draft::Draft;
use super::super::{people, tell, words};
use super::reply::{Outcome, Reply};
use crate::mail::Address;

impl Reply<'_> {
    /// Somebody else is the requester: every later mail goes there.
    pub fn requester(&self, draft: &mut Draft<'_>, who: &Address) -> Outcome {
        let language = &self.technician.language;
        let done = people::set_requester(draft, self.id, self.actor.clone(), who.clone(), language);
        if done == Ok(true) {
            tell::acknowledge(draft, self.id, tell::Acknowledged::of(self.technician));
        }
        said(
            done.map(drop),
            words::pick(
                language,
                format!("{} est désormais le demandeur", who.address),
                format!("{} is the requester now", who.address),
            ),
        )
    }

    /// Somebody else has the trouble: questions and solution go there as well.
    pub fn beneficiary(&self, draft: &mut Draft<'_>, who: &Address) -> Outcome {
        let language = &self.technician.language;
        let done =
            people::set_beneficiary(draft, self.id, self.actor.clone(), who.clone(), language);
        said(
            done,
            words::pick(
                language,
                format!(
                    "{} a le souci : vos réponses lui parviennent aussi",
                    who.address
                ),
                format!(
                    "{} has the trouble and gets your answers as well",
                    who.address
                ),
            ),
        )
    }

    /// Somebody follows.
    pub fn add(&self, draft: &mut Draft<'_>, who: &Address) -> Outcome {
        let language = &self.technician.language;
        let done = people::add_observer(draft, self.id, self.actor.clone(), who.clone(), language);
        said(
            done,
            words::pick(
                language,
                format!("{} suit le ticket et en est prévenu", who.address),
                format!("{} follows the ticket and was told so", who.address),
            ),
        )
    }

    /// Somebody follows no longer.
    pub fn remove(&self, draft: &mut Draft<'_>, who: &Address) -> Outcome {
        let language = &self.technician.language;
        let actor = self.actor.clone();
        let done = people::remove_observer(draft, self.id, actor, &who.address, language);
        said(
            done.map(drop),
            words::pick(
                language,
                format!(
                    "{} ne suit plus le ticket, son lien n'ouvre plus rien",
                    who.address
                ),
                format!("{} follows no longer, the link has ended", who.address),
            ),
        )
    }
}

fn said(done: Result<(), String>, answer: String) -> Outcome {
    match done {
        Ok(()) => Outcome::Done(answer),
        Err(why) => Outcome::Refused(why),
    }
}
