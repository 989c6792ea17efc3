//! `#scinder`: one mail, several requests, a ticket each (row C11).

use super::super::draft::Draft;
use super::super::spawn::{self, Like};
use super::super::{quiet, requests, tell, words};
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
                            "pas de paragraphe de ce numéro : le dernier message du demandeur en compte {}",
                            paragraphs.len()
                        ),
                        format!(
                            "no paragraph has that number: the requester's latest mail has {}",
                            paragraphs.len()
                        ),
                    ));
                }
            }
        };
        if parts.is_empty() {
            return Outcome::Refused(words::pick(
                language,
                "le message n'énumère rien : donnez les numéros des paragraphes, par exemple #scinder 2 3",
                "the mail enumerates nothing: give the numbers of the paragraphs, for example #split 2 3",
            ));
        }
        if parts.len() > PARTS {
            return Outcome::Refused(words::pick(
                language,
                format!(
                    "{} demandes d'un coup, c'est trop : {PARTS} au plus",
                    parts.len()
                ),
                format!(
                    "{} requests at once are too many: {PARTS} at most",
                    parts.len()
                ),
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
        let told = quiet::told(draft, self.id, false, language);
        let (opened, linked) = match references.len() {
            1 => ("ouvert", "lié"),
            _ => ("ouverts", "liés"),
        };
        let references = references.join(", ");
        Outcome::Done(words::pick(
            language,
            format!(
                "{references} {opened}, {linked} à {} ; {told}, en un message",
                this.reference
            ),
            format!(
                "{references} opened, linked with {}; {told}, in one mail",
                this.reference
            ),
        ))
    }
}
