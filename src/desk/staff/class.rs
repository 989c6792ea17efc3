//! `#categorie`, `#incident`, `#demande`, `#declasser`, `#horsperimetre`: what a ticket is, how
//! urgent, and whether it is ours at all.

use super::super::classify;
use super::super::draft::Draft;
use super::super::lifecycle::Step;
use super::super::{reclassify, urgency, words};
use super::reply::{Outcome, Reply};
use crate::ticket::Nature;

/// Categories that a hint names.
const HINTED: usize = 15;

impl Reply<'_> {
    /// Another category, and the team that goes with it (rows C5, C6).
    pub fn category(&self, draft: &mut Draft<'_>, name: &str) -> Outcome {
        let policy = draft.policy;
        let language = &self.technician.language;
        match classify::by_name(policy, name) {
            Ok(category) => {
                let actor = self.actor.clone();
                let ends = self.asked.ends && self.waits_for_text().is_none();
                Outcome::Done(reclassify::category(
                    draft, self.id, actor, category, ends, language,
                ))
            }
            Err(_) if policy.categories.is_empty() => Outcome::Refused(words::pick(
                language,
                "aucune catégorie n'est configurée",
                "no category is configured",
            )),
            Err(near) => {
                let some: Vec<&str> = if near.is_empty() {
                    let all = policy.categories.iter();
                    all.take(HINTED).map(|one| one.id.as_str()).collect()
                } else {
                    near.iter().map(|one| one.id.as_str()).collect()
                };
                let some = some.join(", ");
                Outcome::Refused(words::pick(
                    language,
                    format!("catégorie inconnue ou ambiguë ; par exemple : {some}"),
                    format!("unknown or ambiguous category; for example: {some}"),
                ))
            }
        }
    }

    /// An incident or a request.
    pub fn nature(&self, draft: &mut Draft<'_>, nature: Nature) -> Outcome {
        let actor = self.actor.clone();
        let language = &self.technician.language;
        Outcome::Done(reclassify::nature(draft, self.id, actor, nature, language))
    }

    /// The claim of urgency is lowered, and the requester told why and how to object (row J3).
    pub fn downgrade(&mut self, draft: &mut Draft<'_>, reason: &str) -> Outcome {
        let language = &self.technician.language;
        let mut lowered = draft.clone();
        match urgency::lower(&mut lowered, self.id, self.actor.clone(), reason, language) {
            Ok(()) => {
                if let Some(refused) = self.waits_for_text() {
                    return refused;
                }
                *draft = lowered;
                self.lowered = Some(reason.to_owned());
                Outcome::Done(words::pick(
                    language,
                    "priorité normale ; le demandeur est prévenu, avec la règle, la raison et le moyen de contester",
                    "normal priority; the requester is told the rule, the reason and how to object",
                ))
            }
            Err(why) => Outcome::Refused(why),
        }
    }

    /// Not ours: closed, never without a sentence to the requester (row E17).
    pub fn out_of_scope(&mut self, draft: &mut Draft<'_>, reason: &str) -> Outcome {
        let language = &self.technician.language;
        let outcome = self.step(draft, Step::Close);
        if let Outcome::Refused(_) = outcome {
            return outcome;
        }
        self.out_of_scope = true;
        let requester = draft
            .ticket(self.id)
            .map(|ticket| ticket.language.clone())
            .unwrap_or_default();
        self.because = Some(words::pick(
            &requester,
            format!("Cette demande n'entre pas dans le périmètre de notre service : {reason}"),
            format!("This request is outside of what our service does: {reason}"),
        ));
        Outcome::Done(words::pick(
            language,
            "clos comme hors périmètre, la phrase part au demandeur ; si une autre équipe peut s'en charger : #equipe",
            "closed as out of scope, the sentence goes to the requester; if another team can do it: #team",
        ))
    }
}
