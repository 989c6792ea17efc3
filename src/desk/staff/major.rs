//! `#majeur`: this ticket is a major incident, and these are parts of it (row E15).

use super::super::draft::Draft;
use super::super::{major, words};
use super::reply::{Outcome, Reply};
use crate::ticket::{TicketId, What};

impl Reply<'_> {
    pub fn major(&mut self, draft: &mut Draft<'_>, ids: &[TicketId]) -> Outcome {
        let language = &self.technician.language;
        let Some(this) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(String::new());
        };
        if let Some(above) = this.ties.child_of {
            return Outcome::Refused(words::pick(
                language,
                format!("ce ticket fait déjà partie de l'incident majeur {above}"),
                format!("this ticket is a part of major incident {above} already"),
            ));
        }
        for id in ids {
            if let Err(why) = self.other(draft, *id) {
                return Outcome::Refused(why);
            }
            let other = draft
                .ticket(*id)
                .map(|other| other.ties.clone())
                .unwrap_or_default();
            if other.major || other.merged_into.is_some() {
                return Outcome::Refused(words::pick(
                    language,
                    format!("le ticket {id} est lui-même un incident majeur, ou continue ailleurs"),
                    format!("ticket {id} is a major incident itself, or goes on elsewhere"),
                ));
            }
        }
        if !this.ties.major {
            draft.event(self.id, self.actor.clone(), false, What::Major { on: true });
        }
        for id in ids {
            let elsewhere = draft.ticket(*id).and_then(|other| other.ties.child_of);
            if elsewhere != Some(self.id) {
                major::adopt(draft, self.id, *id, &self.actor.clone());
            }
        }
        let children = draft
            .ticket(self.id)
            .map(|ticket| ticket.ties.children.clone())
            .unwrap_or_default();
        let of = children
            .iter()
            .filter_map(|child| with(draft, *child, language));
        let of = of.collect::<Vec<_>>().join(", ");
        let (french, english) = match children.len() {
            0 => (String::new(), String::new()),
            1 => (
                format!(" ; un ticket rattaché : {of}"),
                format!("; one ticket attached: {of}"),
            ),
            count => (
                format!(" ; {count} tickets rattachés : {of}"),
                format!("; {count} tickets attached: {of}"),
            ),
        };
        Outcome::Done(words::pick(
            language,
            format!(
                "incident majeur{french} ; votre réponse et la résolution iront à tous, les prochains messages semblables y seront rattachés"
            ),
            format!(
                "major incident{english}; your answer and the resolution go to all, further mails like it will be attached"
            ),
        ))
    }
}

/// « DSI-3 (Karim Benali) » : a part of the incident, and whose it is.
fn with(draft: &Draft<'_>, id: TicketId, language: &str) -> Option<String> {
    let ticket = draft.ticket(id)?;
    let owner = match &ticket.technician {
        Some(owner) => owner.name.clone().unwrap_or_else(|| owner.address.clone()),
        None => words::pick(language, "à personne", "nobody's"),
    };
    Some(format!("{} ({owner})", ticket.reference))
}
