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
    /// numbers, the points named, or the paragraphs of a mail that enumerates nothing.
    pub fn split(&mut self, draft: &mut Draft<'_>, numbers: &[usize]) -> Outcome {
        let language = &self.technician.language;
        let Some(this) = draft.ticket(self.id).cloned() else {
            return Outcome::Refused(ask::no_such_ticket(self.id, language));
        };
        let text = spawn::last_mail(draft, self.id).text;
        let points = requests::told(&text);
        let (all, french, english) = match points.is_empty() {
            false => (points.clone(), "point", "point"),
            true => (requests::paragraphs(&text), "paragraphe", "paragraph"),
        };
        let mut parts: Vec<String> = points.iter().skip(1).cloned().collect();
        if !numbers.is_empty() {
            parts.clear();
            for number in numbers {
                let Some(part) = all.get(number - 1) else {
                    let count = all.len();
                    return Outcome::Refused(words::pick(
                        language,
                        format!(
                            "pas de {french} de ce numéro : le dernier message du demandeur en compte {count}"
                        ),
                        format!(
                            "no {english} has that number: the requester's latest mail has {count}"
                        ),
                    ));
                };
                if requests::is_courtesy(part) {
                    return Outcome::Refused(words::pick(
                        language,
                        format!(
                            "le {french} {number} n'est qu'une formule de politesse ; on compte de « Bonjour » à la fin"
                        ),
                        format!(
                            "{english} {number} is nothing but courtesy; they are counted from the greeting to the end"
                        ),
                    ));
                }
                parts.push(part.clone());
            }
        }
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
        if let Some(refused) = self.waits_for_text() {
            return refused;
        }
        let mut tickets = vec![self.id];
        let mut references = Vec::new();
        let stays = match numbers.is_empty() {
            true => points.first().map(|part| requests::title(part)),
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
                "{references} {opened}, {linked} à {} ; {told}, en un message ; ne se défait pas : #fusionner {} depuis chacun y revient",
                this.reference, self.id
            ),
            format!(
                "{references} opened, linked with {}; {told}, in one mail; cannot be undone: #merge {} from each goes back",
                this.reference, self.id
            ),
        ))
    }
}
