//! `#scinder`: one mail, several requests, a ticket each (row C11).

use super::super::draft::Draft;
use super::super::spawn::{self, Like};
use super::super::{requests, tell, words};
use super::ask;
use super::reply::{Outcome, Reply};

/// Tickets that one command makes at most.
const PARTS: usize = 10;

impl Reply<'_> {
    /// Without numbers, each point that the mail enumerates after the first, which stays here; with
    /// numbers, the paragraphs named.
    pub fn split(&mut self, draft: &mut Draft<'_>, numbers: &[usize]) -> Outcome {
        let language = &self.technician.language;
        let Some(this) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(ask::no_such_ticket(self.id, language));
        };
        let text = spawn::last_mail(draft, self.id).text;
        let paragraphs = requests::paragraphs(&text);
        let parts: Vec<String> = if numbers.is_empty() {
            requests::enumerated(&text).into_iter().skip(1).collect()
        } else {
            let named = numbers
                .iter()
                .map(|number| paragraphs.get(number - 1).cloned());
            match named.collect() {
                Some(parts) => parts,
                None => {
                    return Outcome::Refused(words::pick(
                        language,
                        format!(
                            "ce numéro n'existe pas : paragraphes du dernier message du demandeur : {}",
                            paragraphs.len()
                        ),
                        format!(
                            "no such number: paragraphs of the requester's latest mail: {}",
                            paragraphs.len()
                        ),
                    ));
                }
            }
        };
        if parts.is_empty() {
            return Outcome::Refused(words::pick(
                language,
                "le message n'énumère rien : donnez les numéros des paragraphes, #scinder 2 3",
                "the mail enumerates nothing: give the numbers of the paragraphs, #split 2 3",
            ));
        }
        if parts.len() > PARTS {
            return Outcome::Refused(words::pick(
                language,
                format!("{} demandes d'un coup : {PARTS} au plus", parts.len()),
                format!("{} requests at once: {PARTS} at most", parts.len()),
            ));
        }
        let mut tickets = vec![self.id];
        let mut references = Vec::new();
        let stays = match numbers.is_empty() {
            true => requests::enumerated(&text)
                .first()
                .map(|part| requests::title(part)),
            false => None,
        };
        for part in parts {
            let why = words::pick(
                &draft.policy.language,
                format!(
                    "Partie de {}, séparée par {}.",
                    this.reference, self.technician.name
                ),
                format!(
                    "A part of {}, split off by {}.",
                    this.reference, self.technician.name
                ),
            );
            let like = Like {
                title: requests::title(&part),
                text: part,
                files: Vec::new(),
                why,
            };
            let id = spawn::spawn(draft, &this, like);
            references.extend(draft.ticket(id).map(|new| new.reference.to_string()));
            tickets.push(id);
        }
        tell::split(draft, self.id, &tickets, stays);
        let references = references.join(", ");
        Outcome::Done(words::pick(
            language,
            format!(
                "{references} ouverts, liés à {} ; le demandeur est prévenu en un message",
                this.reference
            ),
            format!(
                "{references} opened, linked with {}; the requester is told in one mail",
                this.reference
            ),
        ))
    }
}
