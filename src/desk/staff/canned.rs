//! `#modele`: a canned answer, with the name of the requester, the reference and the technician
//! filled in (row G9).

use super::super::draft::Draft;
use super::super::policy::Canned;
use super::super::words;
use super::reply::{Outcome, Reply};
use crate::mail::text::fold_accents;

impl Reply<'_> {
    pub fn canned(&mut self, draft: &mut Draft<'_>, name: &str) -> Outcome {
        let language = &self.technician.language;
        let Some(ticket) = draft.ticket(self.id) else {
            return Outcome::Refused(String::new());
        };
        let policy = draft.policy;
        // In the language of who reads it; another is better than none.
        let wanted = [ticket.language.as_str(), policy.language.as_str()];
        let named: Vec<&Canned> = policy
            .canned
            .iter()
            .filter(|canned| canned.name == name)
            .collect();
        let found = wanted
            .into_iter()
            .find_map(|language| named.iter().find(|canned| canned.language == language))
            .or(named.first());
        let Some(canned) = found else {
            let mut names: Vec<&str> = policy
                .canned
                .iter()
                .map(|known| known.name.as_str())
                .collect();
            names.sort_unstable();
            names.dedup();
            let names = names.join(", ");
            return Outcome::Refused(words::pick(
                language,
                format!("pas de modèle « {name} ». Modèles : {names}"),
                format!("no canned answer \"{name}\". There are: {names}"),
            ));
        };
        let who = ticket
            .requester()
            .and_then(|person| person.who.name.clone())
            .unwrap_or_default();
        let reference = ticket.reference.to_string();
        let text = canned.fill(&who, &reference, &self.technician.name);
        let beginning: String = text
            .split_whitespace()
            .take(8)
            .collect::<Vec<_>>()
            .join(" ");
        self.inserted.push(text);
        Outcome::Done(words::pick(
            language,
            format!("modèle inséré : « {beginning} … »"),
            format!("canned answer inserted: \"{beginning} …\""),
        ))
    }

    /// The text with what was inserted below it.
    pub fn with_inserted(&mut self, text: String) -> String {
        let inserted = std::mem::take(&mut self.inserted).into_iter();
        let begins = text.trim().is_empty();
        std::iter::once(text)
            .chain(
                inserted
                    .enumerate()
                    .map(|(nth, inserted)| match begins && nth == 0 {
                        true => inserted,
                        false => without_greeting(&inserted),
                    }),
            )
            .map(|text| text.trim().to_owned())
            .filter(|text| !text.is_empty())
            .collect::<Vec<_>>()
            .join("\n\n")
    }
}

/// Nobody is greeted twice in a mail.
fn without_greeting(text: &str) -> String {
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let folded = fold_accents(first.trim());
    let greets = ["bonjour", "hello", "dear "]
        .iter()
        .any(|word| folded.starts_with(word));
    match greets && folded.ends_with(',') {
        true => rest.trim_start().to_owned(),
        false => text.to_owned(),
    }
}
