//! What of a technician's text does not go to the requester: words to a third party (`#tiers`, row
//! G11) and the account of a call (`#tel`, row E16).

use super::super::draft::Draft;
use super::super::lifecycle::Step;
use super::super::tell::{self, Words};
use super::super::{route, words};
use super::Message;
use super::reply::{Outcome, Reply};
use crate::mail::Address;
use crate::ticket::{Awaited, Part, Status, What};

impl Reply<'_> {
    /// Notes that the text goes to a third party.
    pub fn partner(&mut self, draft: &mut Draft<'_>, with: &Address) -> Outcome {
        let language = &self.technician.language;
        if self.partner.is_some() {
            return Outcome::Refused(words::pick(
                language,
                "un seul tiers par message",
                "one third party a mail",
            ));
        }
        if !self.says_something {
            return Outcome::Refused(words::pick(
                language,
                "rien à lui écrire : il manque le texte",
                "nothing to write: the text is missing",
            ));
        }
        let own = draft.policy.technician(&with.address).is_some()
            || route::is_ours(draft.policy, &with.address);
        // Whom the requester put in copy may well be the one to ask.
        let of_ticket = draft
            .ticket(self.id)
            .and_then(|ticket| ticket.person(&with.address))
            .is_some_and(|person| person.part != Part::Contributor);
        if own || of_ticket {
            return Outcome::Refused(words::pick(
                language,
                format!(
                    "{} n'est pas un tiers : cette adresse est du guichet, ou a part au ticket",
                    with.address
                ),
                format!(
                    "{} is no third party: the address is the desk's, or has a part in the ticket",
                    with.address
                ),
            ));
        }
        if self.fails && self.says_something {
            return Outcome::Refused(words::pick(
                language,
                "pas exécutée : une autre ligne échoue, votre texte ne part à personne",
                "not done: another line fails, your text is not sent",
            ));
        }
        let waits = draft.ticket(self.id).is_some_and(|ticket| {
            matches!(
                ticket.status,
                Status::Open | Status::Paused { .. } | Status::Waiting { .. }
            )
        });
        let waits = waits && self.step.is_none();
        if waits {
            self.step = Some(Step::Wait(Awaited::ThirdParty));
        }
        self.partner = Some(with.clone());
        // Whoever asks a third party is the one who deals with it.
        self.own(draft);
        let address = &with.address;
        Outcome::Done(if waits {
            words::pick(
                language,
                format!("le texte part à {address}, et à lui seul ; en attente de sa réponse"),
                format!("the text goes to {address}, and nobody else; waiting for the answer"),
            )
        } else {
            words::pick(
                language,
                format!("le texte part à {address}, et à lui seul"),
                format!("the text goes to {address}, and nobody else"),
            )
        })
    }

    /// Notes that the text is the account of a call.
    pub fn call(&mut self) -> Outcome {
        let language = &self.technician.language;
        self.call = true;
        Outcome::Done(words::pick(
            language,
            "appel consigné en note interne ; ce qui suit une ligne --- part au demandeur",
            "call noted internally; what follows a line --- goes to the requester",
        ))
    }

    /// Adds what was inserted to the text, and takes from it what is not for the requester.
    pub fn divert(&mut self, draft: &mut Draft<'_>, message: &mut Message) {
        message.text = self.with_inserted(std::mem::take(&mut message.text));
        if self.refused {
            return;
        }
        if let Some(with) = self.partner.clone() {
            let text = std::mem::take(&mut message.text);
            let files = std::mem::take(&mut message.files);
            let what = What::Aside {
                with: with.clone(),
                sent: true,
                text: text.clone(),
                files: files.clone(),
                inbox: message.inbox,
                number: None,
                message_id: message.message_id.clone(),
            };
            draft.event(self.id, self.actor.clone(), false, what);
            let words = Words {
                text,
                author: Some(self.technician.who()),
                files,
            };
            tell::partner(draft, self.id, &with, &words);
        } else if self.call {
            let (request, answer) = parts(&message.text);
            if !request.is_empty() {
                let why = words::pick(&draft.policy.language, "Appel téléphonique.", "Phone call.");
                let note = What::Note {
                    text: request,
                    files: Vec::new(),
                    inbox: message.inbox,
                    why: Some(why),
                };
                draft.event(self.id, self.actor.clone(), false, note);
            }
            message.text = answer;
        }
    }
}

/// What was asked, above a line of dashes, and what was answered, below it.
pub fn parts(text: &str) -> (String, String) {
    let is_line = |line: &&str| {
        let line = line.trim();
        line.chars().count() >= 3 && line.chars().all(|c| matches!(c, '-' | '–' | '—' | '_'))
    };
    let lines: Vec<&str> = text.lines().collect();
    match lines.iter().position(is_line) {
        Some(at) => {
            let (request, answer) = lines.split_at(at);
            let answer = answer.get(1..).unwrap_or_default();
            (
                request.join("\n").trim().to_owned(),
                answer.join("\n").trim().to_owned(),
            )
        }
        None => (text.trim().to_owned(), String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn a_line_of_dashes_parts_request_and_answer() {
        let of = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        assert_eq!(parts("demande\n---\nréponse"), of("demande", "réponse"));
        assert_eq!(
            parts("demande\n\n———\n\nréponse\n"),
            of("demande", "réponse")
        );
        assert_eq!(
            parts("demande - sans réponse"),
            of("demande - sans réponse", "")
        );
    }
}
