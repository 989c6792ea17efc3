//! Short replies that ask the desk itself for something: a requester corrects what was understood
//! or says who follows, an observer stops following. Anything longer is for people.

use super::draft::Draft;
use super::policy::Policy;
use super::{Arrival, Kind, classify, declared, people, reclassify, tell, urgency, verdict, words};
use crate::mail::text::fold_accents;
use crate::mail::{Address, Mail};
use crate::ticket::{Actor, Claim, Nature, Part, Ticket};

/// Characters of a line that may be for the desk.
const LONGEST: usize = 150;

/// What a reply asks the desk for.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wish {
    /// « catégorie : CRM », or just the name.
    Category(String),
    /// « demande », « incident ».
    Nature(Nature),
    /// « confirmé ».
    Confirmed,
    /// « pour moi ».
    Myself,
    /// « Pour : Jeanne Dupont ».
    For(Address),
    /// « ajouter x@y », « retirer x@y ».
    Circle {
        changes: Vec<(bool, String)>,
        /// Nothing else was written.
        alone: bool,
    },
    /// « ne plus suivre ».
    Unfollow,
}

/// What remains to be done with a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It was for the desk alone, and is done.
    Done,
    /// Staff is told, and nothing else follows from it: it answers and reopens nothing.
    Told,
    /// It is for people, too.
    GoesOn,
}

/// Does what a reply of somebody of the ticket asks the desk for; what staff should know of it is
/// added to `lines`.
pub fn obey(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    part: Part,
    notice: Option<Kind>,
    actor: &Actor,
    lines: &mut Vec<String>,
) -> Then {
    let policy = draft.policy;
    let id = ticket.id;
    let mail = &arrival.mail;
    let language = ticket.language.clone();
    let sender = mail
        .sender()
        .map(|who| who.address.clone())
        .unwrap_or_default();
    let message_id = mail.message_id.as_deref();
    let Some(wish) = wish(policy, ticket, part, mail) else {
        let objects = notice == Some(Kind::Lowered) && ticket.claim == Some(Claim::Lowered);
        if people::decides(part) && objects {
            lines.push(urgency::dispute(draft, id, actor.clone()));
        }
        return Then::GoesOn;
    };
    match wish {
        Wish::Category(name) => match classify::by_name(policy, &name) {
            Ok(category) => {
                reclassify::category(draft, id, actor.clone(), category, false, &language);
            }
            Err(near) => {
                let all: Vec<_> = policy.categories.iter().collect();
                let offered = if near.is_empty() { all } else { near };
                let names = offered.iter().map(|category| category.full_name());
                tell::classified(draft, id, true, Some(names.collect()));
            }
        },
        Wish::Nature(nature) => {
            reclassify::nature(draft, id, actor.clone(), nature, &language);
        }
        Wish::Confirmed => {
            lines.push(urgency::confirm(draft, id, actor.clone()));
            let noted = words::pick(
                &language,
                "C'est noté : vous confirmez l'urgence de cette demande.",
                "Noted: you confirm that this request is urgent.",
            );
            tell::receipt(draft, id, &sender, message_id, noted);
            return Then::Told;
        }
        Wish::Myself => {
            if !people::no_beneficiary(draft, id, actor.clone()) {
                return Then::GoesOn;
            }
            lines.push(words::pick(
                &policy.language,
                "Le demandeur précise que la demande le concerne lui-même.",
                "The requester says that the request is for himself.",
            ));
            let noted = words::pick(
                &language,
                "C'est noté : la demande est pour vous.",
                "Noted: the request is for you.",
            );
            tell::receipt(draft, id, &sender, message_id, noted);
            return Then::Told;
        }
        Wish::For(who) => {
            let name = who.name.clone().unwrap_or_else(|| who.address.clone());
            let noted =
                match people::set_beneficiary(draft, id, actor.clone(), who, &policy.language) {
                    Ok(()) => {
                        lines.push(words::pick(
                            &policy.language,
                            format!("Le demandeur précise pour qui est la demande : {name}."),
                            format!("The requester says for whom the request is: {name}."),
                        ));
                        words::pick(
                            &language,
                            format!("C'est noté : la demande est pour {name}."),
                            format!("Noted: the request is for {name}."),
                        )
                    }
                    Err(why) => {
                        lines.push(why.clone());
                        verdict::sentence(&why)
                    }
                };
            tell::receipt(draft, id, &sender, message_id, noted);
            return Then::Told;
        }
        Wish::Circle { changes, alone } => {
            let mut noted: Vec<String> = Vec::new();
            for (adds, address) in changes {
                let who = Address {
                    name: None,
                    address: address.clone(),
                };
                let done = if adds {
                    people::add_observer(draft, id, actor.clone(), who, &policy.language)
                } else {
                    people::remove_observer(draft, id, actor.clone(), &address, &policy.language)
                        .map(drop)
                };
                let ((french, english), (to_him, in_english)) = match (done, adds) {
                    (Ok(()), true) => (
                        (
                            "suit désormais le ticket, à la demande du demandeur",
                            "follows the ticket now, the requester asked for it",
                        ),
                        ("suit désormais la demande", "follows the request now"),
                    ),
                    (Ok(()), false) => (
                        (
                            "ne suit plus le ticket, à la demande du demandeur",
                            "no longer follows, the requester asked for it",
                        ),
                        ("ne suit plus la demande", "no longer follows the request"),
                    ),
                    (Err(why), _) => {
                        noted.push(verdict::sentence(&why));
                        lines.push(why);
                        continue;
                    }
                };
                lines.push(words::pick(
                    &policy.language,
                    format!("{address} {french}."),
                    format!("{address} {english}."),
                ));
                noted.push(words::pick(
                    &language,
                    format!("C'est noté : {address} {to_him}."),
                    format!("Noted: {address} {in_english}."),
                ));
            }
            if alone {
                tell::receipt(draft, id, &sender, message_id, noted.join("\n"));
            }
            return if alone { Then::Told } else { Then::GoesOn };
        }
        Wish::Unfollow => {
            let address = mail.sender().map(|who| who.address.clone());
            let left = people::remove_observer(
                draft,
                id,
                actor.clone(),
                &address.unwrap_or_default(),
                &language,
            );
            if let Ok(person) = left {
                tell::unfollowed(draft, id, &person, mail.message_id.as_deref());
            }
        }
    }
    Then::Done
}

/// A reply that asks only the desk for something.
pub fn is_for_the_desk(policy: &Policy, ticket: &Ticket, mail: &Mail) -> bool {
    mail.sender()
        .and_then(|sender| people::person_of(policy, ticket, &sender.address))
        .is_some_and(|person| wish(policy, ticket, person.part, mail).is_some())
}

fn wish(policy: &Policy, ticket: &Ticket, part: Part, mail: &Mail) -> Option<Wish> {
    let line = essence(mail);
    if part == Part::Observer {
        return line
            .filter(|line| is_unfollow(line))
            .map(|_| Wish::Unfollow);
    }
    if !people::decides(part) {
        return None;
    }
    if let Some((changes, alone)) = circle(&mail.reply) {
        return Some(Wish::Circle { changes, alone });
    }
    if urgency::is_open(ticket) && urgency::is_confirmation(&mail.reply) {
        return Some(Wish::Confirmed);
    }
    let line = line?;
    let folded = folded(&line);
    if matches!(
        folded.as_str(),
        "pour moi"
            | "pour moi meme"
            | "c'est pour moi"
            | "c'est pour moi meme"
            | "for me"
            | "it is for me"
    ) {
        return Some(Wish::Myself);
    }
    if part == Part::Requester
        && let Some(who) = declared::named_in(policy, mail, &line)
    {
        return Some(Wish::For(who));
    }
    let nature = match folded.trim_start_matches("c'est ") {
        "incident" | "un incident" | "an incident" => Some(Nature::Incident),
        "demande" | "une demande" | "request" | "a request" => Some(Nature::Request),
        "suggestion" | "une suggestion" | "a suggestion" => Some(Nature::Suggestion),
        _ => None,
    };
    if policy.categories.is_empty() {
        return None;
    }
    if let Some(nature) = nature {
        return Some(Wish::Nature(nature));
    }
    let asked = ["categorie", "category"].iter().find_map(|word| {
        let (head, name) = line.split_once(':')?;
        (self::folded(head) == *word).then(|| name.trim().to_owned())
    });
    let bare = || classify::exact(policy, &line).map(|category| category.id.clone());
    asked
        .filter(|name| !name.is_empty())
        .or_else(bare)
        .map(Wish::Category)
}

/// The only line of a reply that says something, greetings and thanks left out.
fn essence(mail: &Mail) -> Option<String> {
    let own = mail
        .sender()
        .and_then(|sender| sender.name.as_deref())
        .map(folded)
        .unwrap_or_default();
    let mut said = mail
        .reply
        .lines()
        .map(str::trim)
        // The marker of our mails, which a `mailto:` link takes along, says nothing.
        .filter(|line| !line.is_empty() && !line.contains("guichet:"))
        .filter(|line| {
            let line = folded(line);
            !(is_courtesy(&line)
                || (!line.is_empty() && own.split(' ').any(|word| word == line))
                || line == own)
        });
    let one = said.next()?;
    (said.next().is_none() && one.chars().count() <= LONGEST).then(|| one.to_owned())
}

fn is_courtesy(folded: &str) -> bool {
    matches!(
        folded,
        "bonjour"
            | "bonsoir"
            | "hello"
            | "bonjour madame"
            | "bonjour monsieur"
            | "bonjour a tous"
            | "merci"
            | "merci beaucoup"
            | "merci d'avance"
            | "cordialement"
            | "bien cordialement"
            | "bien a vous"
            | "bonne journee"
            | "thanks"
            | "thank you"
            | "regards"
            | "best regards"
    )
}

fn is_unfollow(line: &str) -> bool {
    matches!(
        folded(line).as_str(),
        "ne plus suivre"
            | "ne plus suivre cette demande"
            | "je ne souhaite plus suivre"
            | "je ne souhaite plus suivre cette demande"
            | "me desabonner"
            | "se desabonner"
            | "desabonnement"
            | "unfollow"
            | "unsubscribe"
            | "stop following"
            | "stop"
    )
}

/// The lines « ajouter x@y » and « retirer x@y » at the top, and whether they are all that was
/// written; `None` when there are none.
fn circle(reply: &str) -> Option<(Vec<(bool, String)>, bool)> {
    let mut changes = Vec::new();
    let mut alone = true;
    for line in reply.lines().map(str::trim) {
        if line.is_empty() || is_courtesy(&folded(line)) {
            continue;
        }
        let Some((verb, rest)) = line.split_once(|c: char| c.is_whitespace() || c == ':') else {
            alone = false;
            break;
        };
        let adds = match folded(verb).as_str() {
            "ajouter" | "ajoutez" | "ajoute" | "add" => true,
            "retirer" | "retirez" | "retire" | "enlever" | "remove" => false,
            _ => {
                alone = false;
                break;
            }
        };
        let addresses: Vec<&str> = rest
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '<' | '>'))
            .filter(|word| !word.is_empty())
            .collect();
        // « ajouter un écran » is for people.
        if addresses.is_empty()
            || !addresses
                .iter()
                .all(|address| address.contains('@') || matches!(*address, "et" | "and"))
        {
            alone = false;
            break;
        }
        let named = addresses.iter().filter(|address| address.contains('@'));
        changes.extend(named.map(|address| (adds, address.trim_end_matches('.').to_owned())));
    }
    (!changes.is_empty()).then_some((changes, alone))
}

/// Lower case, without accents, signs at the ends and doubled blanks.
fn folded(line: &str) -> String {
    fold_accents(line)
        .replace('’', "'")
        .split(|c: char| !(c.is_alphanumeric() || matches!(c, '\'' | '@' | '.' | '_')))
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
        .trim_matches(['.', '\''])
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn circles_are_named_by_address() {
        assert_eq!(
            circle("Bonjour,\najouter paul@example.org, anne@example.org\nMerci"),
            Some((
                vec![
                    (true, "paul@example.org".to_owned()),
                    (true, "anne@example.org".to_owned())
                ],
                true
            ))
        );
        assert_eq!(
            circle("retirer : paul@example.org"),
            Some((vec![(false, "paul@example.org".to_owned())], true))
        );
        assert_eq!(
            circle("ajouter paul@example.org\nIl a le même souci."),
            Some((vec![(true, "paul@example.org".to_owned())], false))
        );
        assert_eq!(circle("Ajouter un second écran, merci"), None);
        assert_eq!(circle("Je voudrais ajouter paul@example.org"), None);
    }

    #[test]
    fn only_a_lone_line_is_for_the_desk() {
        let mail = |reply: &str| Mail {
            reply: reply.to_owned(),
            ..Mail::default()
        };
        assert_eq!(
            essence(&mail("Bonjour,\n\ncatégorie : CRM\n\nCordialement,")).as_deref(),
            Some("catégorie : CRM")
        );
        assert_eq!(essence(&mail("CRM\nIl est lent.")), None);
        assert!(is_unfollow("Ne plus suivre."));
        assert!(!is_unfollow("Je ne peux plus suivre le cours en visio"));
    }
}
