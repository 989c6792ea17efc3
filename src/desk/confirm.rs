//! Commands whose author is not proven wait for his word: a one-time reply, asked at the
//! technician's registered address, since only its owner reads mail there. Until it comes the mail
//! is a note that staff sees; confirmed, it is carried out once, as it was written.

use chrono::{DateTime, Duration, Utc};

use super::access::Carrier;
use super::command::{self, Command};
use super::draft::Draft;
use super::join::{files_of, remember_ids};
use super::locate::Pointer;
use super::policy::Technician;
use super::tell::{self, Words};
use super::{Arrival, Disposition, Kind, staff, words};
use crate::mail::authenticity::Authenticity;
use crate::mail::habits;
use crate::mail::text::fold_accents;
use crate::ticket::{Actor, InboxId, NoticeId, Role, Ticket, TicketId, What};
use crate::token::{Purpose, RecipientTag, Reply};

/// A technician's mail whose commands wait for his word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// The notice that asks him.
    pub notice: NoticeId,
    /// The ticket.
    pub ticket: TicketId,
    /// The mail.
    pub inbox: InboxId,
    /// The notification that it answers, when known: commands run once for each.
    pub answers: Option<NoticeId>,
    /// That notification was internal: its text is a note.
    pub internal: bool,
    /// His word counts until then.
    pub until: DateTime<Utc>,
}

/// Where a [`Pending`] mail stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PendingState {
    /// For his word, which may be too late.
    Waiting,
    /// It was carried out.
    Confirmed,
    /// It is not his.
    Refused,
}

/// A confirmation is good for that long: a night, not a holiday.
const GOOD_FOR_HOURS: i64 = 24;

/// The lines of a mail that may only run on their author's word; a `#note` may always.
pub fn commands(arrival: &Arrival) -> Vec<String> {
    let (lines, _) = command::parse(&command::written(&arrival.mail));
    lines
        .into_iter()
        .filter(|line| matches!(&line.command, Ok(command) if *command != Command::Note))
        .map(|line| line.written)
        .collect()
}

/// Keeps a mail as a note and asks its supposed author. Until when his word counts.
pub fn ask(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    pointer: &Pointer,
    technician: &Technician,
) -> DateTime<Utc> {
    let id = ticket.id;
    let text = [&arrival.mail.reply, &arrival.mail.text]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .cloned()
        .unwrap_or_default();
    let why = words::pick(
        &draft.policy.language,
        "Ce message n'est pas la réponse authentifiée à une notification adressée à son auteur : il attend sa confirmation, rien n'est exécuté ni envoyé d'ici là.",
        "This mail is not the authenticated reply to a notification sent to its author: it waits for his confirmation, until then nothing is done or sent.",
    );
    let what = What::Note {
        text: text.clone(),
        files: files_of(arrival),
        inbox: Some(arrival.inbox),
        why: Some(why),
    };
    draft.event(id, actor(technician), false, what);
    let until = draft.now + Duration::hours(GOOD_FOR_HOURS);
    let words = Words {
        text,
        author: Some(technician.who()),
        files: Vec::new(),
    };
    let notice = tell::confirm(
        draft,
        id,
        technician,
        arrival.mail.message_id.as_deref(),
        words,
        commands(arrival),
        until,
    );
    let internal = pointer
        .token
        .as_ref()
        .is_some_and(|token| token.purpose != Purpose::Technician);
    draft.decision.pending.push(Pending {
        notice,
        ticket: id,
        inbox: arrival.inbox,
        answers: pointer.notice,
        internal,
        until,
    });
    remember_ids(draft, id, arrival);
    draft.dispose(Disposition::Filed(id), pointer.why.clone());
    until
}

/// The author's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Yes,
    No,
}

/// His first line, when it is one of these words and nothing else: an absence message must confirm
/// nothing.
fn word(reply: &str) -> Option<Word> {
    let line = reply.lines().map(str::trim).find(|line| !line.is_empty())?;
    let folded = fold_accents(line);
    let folded = folded
        .trim_matches(|c: char| !c.is_alphanumeric())
        .replace(['\u{2019}', '\'', ','], " ");
    let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    match folded.as_str() {
        "oui" | "ok" | "oui je confirme" | "je confirme" | "confirme" | "confirmer" | "yes"
        | "confirm" | "i confirm" | "yes i confirm" | "oui c est moi" | "oui c est bien moi"
        | "c est moi" | "c est bien moi" | "oui merci" | "yes it is me" | "it is me" => {
            Some(Word::Yes)
        }
        "non"
        | "no"
        | "annuler"
        | "annule"
        | "cancel"
        | "ce n est pas moi"
        | "non ce n est pas moi"
        | "no it is not me"
        | "pas moi"
        | "not me" => Some(Word::No),
        _ => None,
    }
}

/// A reply to a confirmation; false when it is something else and goes its usual way.
pub fn receive(draft: &mut Draft<'_>, arrival: &Arrival, pointer: &Pointer) -> bool {
    let Some(token) = pointer
        .token
        .as_ref()
        .filter(|token| token.purpose == Purpose::Confirm)
    else {
        return false;
    };
    let policy = draft.policy;
    let Some(technician) = arrival
        .mail
        .sender()
        .and_then(|sender| policy.technician(&sender.address))
        .filter(|technician| RecipientTag::of(&technician.who().address) == token.recipient)
    else {
        return false;
    };
    let known = draft.known;
    let Some((pending, state, waiting)) = known.pending.get(&NoticeId(token.notice)) else {
        return false;
    };
    let Some(ticket) = draft.ticket(pending.ticket).cloned() else {
        return false;
    };
    if arrival.authenticity == Authenticity::Fail {
        return false;
    }
    let Some(word) = word(&arrival.mail.reply) else {
        if *state == PendingState::Waiting && commands(arrival).is_empty() {
            not_understood(draft, arrival, &ticket, technician);
        }
        return false;
    };
    let language = &technician.language;
    let message_id = arrival.mail.message_id.clone();
    let refusal = match (state, waiting) {
        (PendingState::Confirmed, _) => Some(words::pick(
            language,
            "déjà confirmé : rien n'est exécuté une seconde fois",
            "confirmed before: nothing is done a second time",
        )),
        (PendingState::Refused, _) => Some(words::pick(
            language,
            "vous avez déjà répondu non : rien n'est exécuté",
            "you have said no before: nothing is done",
        )),
        (PendingState::Waiting, _) if word == Word::Yes && draft.now > pending.until => {
            Some(words::pick(
                language,
                "trop tard : cette confirmation n'était plus valable, rien n'est exécuté ; renvoyez vos commandes en répondant à la dernière notification du ticket",
                "too late: this confirmation was no longer good, nothing is done; send your commands again as a reply to the latest notification of the ticket",
            ))
        }
        (PendingState::Waiting, None) => Some(words::pick(
            language,
            "le message à exécuter n'est plus là, rien n'est exécuté ; renvoyez vos commandes",
            "the mail to carry out is no longer there, nothing is done; send your commands again",
        )),
        (PendingState::Waiting, Some(_)) => None,
    };
    let done = refusal.is_none();
    if done {
        // His word has come: he need not be reminded of it.
        let reminder = draft.known.held.iter().filter(|notice| {
            notice.kind == Kind::TeamAlert
                && notice.ticket == Some(pending.ticket)
                && notice.expires_at == Some(pending.until)
        });
        let reminder = reminder.map(|notice| notice.id);
        draft.decision.settled_notices.extend(reminder);
    }
    let written = arrival
        .mail
        .reply
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let written = written.unwrap_or_default().to_owned();
    let answer = refusal.unwrap_or_else(|| match word {
        Word::Yes => words::pick(
            language,
            "confirmé par son auteur",
            "confirmed by its author",
        ),
        Word::No => words::pick(
            language,
            "ce message n'est pas de vous : rien n'est exécuté, l'équipe est prévenue",
            "this mail is not yours: nothing is done, the team is told",
        ),
    });
    let line = format!("{} {written} — {answer}", if done { '✔' } else { '✘' });
    let what = What::Command {
        line: written,
        done,
        answer,
    };
    draft.event(ticket.id, actor(technician), false, what);
    match (done, word, waiting) {
        (true, Word::Yes, Some(waiting)) => {
            carry_out(draft, pending, waiting, &ticket, technician);
        }
        (true, Word::No, _) => {
            let refused = (pending.notice, PendingState::Refused);
            draft.decision.answered.push(refused);
            disown(draft, ticket.id, technician);
            tell::transcript(
                draft,
                ticket.id,
                technician,
                message_id.as_deref(),
                vec![line],
            );
        }
        _ => {
            tell::transcript(
                draft,
                ticket.id,
                technician,
                message_id.as_deref(),
                vec![line],
            );
        }
    }
    remember_ids(draft, ticket.id, arrival);
    let why = words::pick(
        &policy.language,
        "Réponse à une demande de confirmation.",
        "Answers a request for confirmation.",
    );
    draft.dispose(Disposition::Filed(ticket.id), why);
    true
}

/// Neither yes nor no: he must not believe that it is done. His words are kept like any other.
fn not_understood(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    technician: &Technician,
) {
    let line = words::pick(
        &technician.language,
        "ℹ Votre réponse n'est ni « oui » ni « non » : rien n'est exécuté pour l'instant. Répondez de nouveau au message « À confirmer », par ce seul mot sur la première ligne.",
        "ℹ Your answer is neither \"yes\" nor \"no\": nothing is done yet. Reply once more to the mail \"To confirm\", with that word alone on the first line.",
    );
    let message_id = arrival.mail.message_id.as_deref();
    tell::remark(draft, ticket.id, technician, message_id, vec![line]);
}

/// What waited is carried out as it was written, as if it had come proven.
fn carry_out(
    draft: &mut Draft<'_>,
    pending: &Pending,
    waiting: &Arrival,
    ticket: &Ticket,
    technician: &Technician,
) {
    let arrival = Arrival {
        mail: habits::fold(&waiting.mail, &draft.known.habits),
        ..waiting.clone()
    };
    draft
        .decision
        .answered
        .push((pending.notice, PendingState::Confirmed));
    // It opened the ticket itself, with or without a `Message-ID`.
    let mut events = draft.known.history.get(&ticket.id).into_iter().flatten();
    let opened = events.any(|event| {
        matches!(&event.what, What::Mail { inbox: Some(inbox), .. } if *inbox == pending.inbox)
    });
    if opened {
        return staff::carry_out_new(draft, &arrival, ticket.id, technician);
    }
    let notice = pending.answers.unwrap_or(pending.notice);
    let pointer = Pointer {
        ticket: ticket.id,
        carrier: Carrier::Token,
        token: Some(Reply {
            purpose: if pending.internal {
                Purpose::Note
            } else {
                Purpose::Technician
            },
            ticket: ticket.id.0,
            notice: notice.0,
            recipient: RecipientTag::of(&technician.who().address),
        }),
        notice: Some(notice),
        through: None,
        repeats: false,
        why: String::new(),
    };
    staff::answer(draft, &arrival, ticket, &pointer);
}

/// Somebody writes in a technician's name: his colleagues hear of it.
fn disown(draft: &mut Draft<'_>, id: TicketId, technician: &Technician) {
    let text = words::pick(
        &draft.policy.language,
        format!(
            "{} n'a pas écrit le message qui attendait sa confirmation : quelqu'un a utilisé son adresse. Rien n'a été exécuté.",
            technician.name
        ),
        format!(
            "{} did not write the mail that waited for confirmation: somebody used that address. Nothing was done.",
            technician.name
        ),
    );
    draft.event(id, Actor::desk(), false, What::Alert { text: text.clone() });
    let nobody = Words::default();
    tell::staff(draft, id, Kind::TeamAlert, &nobody, &[text], None);
}

pub fn actor(technician: &Technician) -> Actor {
    Actor {
        role: Role::Technician,
        who: Some(technician.who()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_word_of_its_own_confirms() {
        for yes in [
            "oui",
            "Oui.\n\nCamille",
            " \n« Oui »",
            "OK !",
            "Je confirme",
            "Yes",
            "Oui, je confirme.",
            "C’est bien moi.",
        ] {
            assert_eq!(word(yes), Some(Word::Yes), "{yes}");
        }
        for no in [
            "non",
            "Non !",
            "Ce n'est pas moi",
            "Ce n’est pas moi.",
            "not me",
        ] {
            assert_eq!(word(no), Some(Word::No), "{no}");
        }
        for other in [
            "",
            "Oui, je suis en congé jusqu'au 4 janvier.",
            "Je suis absente.",
            "Bonjour\noui",
            "#clore",
        ] {
            assert_eq!(word(other), None, "{other}");
        }
    }
}
