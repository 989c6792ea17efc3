//! The transcript of a commanded mail (row G3): a line a command, what became of the words, how the
//! ticket stands now, how to undo it.

use super::super::draft::Draft;
use super::super::{tell, words};
use super::reply::Reply;
use super::undo::UNDO_MINUTES;
use crate::ticket::{Awaited, Status, TicketId};

/// What became of what a technician wrote beside his commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// He wrote commands only.
    None,
    /// It is for the requester.
    Public,
    /// It is a note, as he wished.
    Note,
    /// It is a note, because a command failed.
    Refused,
    /// It is a note, because nobody of the ticket has an address.
    Unreachable,
}

/// Sends it, unless all went well and he does not wish to hear of that.
pub fn send(draft: &mut Draft<'_>, reply: &mut Reply<'_>, in_reply_to: Option<&str>) {
    if reply.technician.only_failures && !reply.refused && !reply.must_report {
        return;
    }
    let lines = lines(draft, reply);
    let enclosed = reply.enclosed.take();
    tell::transcript_with(
        draft,
        reply.id,
        reply.technician,
        in_reply_to,
        lines,
        enclosed,
    );
}

/// The lines of it.
pub fn lines(draft: &Draft<'_>, reply: &mut Reply<'_>) -> Vec<String> {
    let language = &reply.technician.language;
    let mut lines = std::mem::take(&mut reply.transcript);
    lines.extend(fate(draft, reply));
    lines.extend(state(draft, reply.id, language).map(|state| format!("→ {state}")));
    if reply.undoable || reply.words == Some(Fate::Public) {
        lines.push(words::pick(
            language,
            format!("↩ Pour défaire : répondez #annuler dans les {UNDO_MINUTES} minutes."),
            format!("↩ To undo: reply #undo within {UNDO_MINUTES} minutes."),
        ));
    }
    lines
}

/// What was public and what was not.
fn fate(draft: &Draft<'_>, reply: &Reply<'_>) -> Option<String> {
    let language = &reply.technician.language;
    let seconds = draft.policy.hold_replies.num_seconds();
    Some(match reply.words? {
        Fate::None => return None,
        Fate::Unreachable => words::pick(
            language,
            "⚠ Votre texte n'est parti à personne, il est gardé en note : ce ticket est né d'un message sans adresse d'expéditeur. Indiquez le demandeur par #pour suivi de son adresse, puis renvoyez votre texte.",
            "⚠ Your text was sent to nobody and is kept as a note: this ticket came from a mail without a sender. Name the requester by #for with the address, then send your text again.",
        ),
        Fate::Public if seconds > 0 => words::pick(
            language,
            format!("✉ Votre texte part au demandeur dans {seconds} secondes."),
            format!("✉ Your text leaves for the requester in {seconds} seconds."),
        ),
        Fate::Public => words::pick(
            language,
            "✉ Votre texte est envoyé au demandeur.",
            "✉ Your text is sent to the requester.",
        ),
        Fate::Note => words::pick(
            language,
            "ℹ Votre texte est gardé en note interne : le demandeur ne le voit pas.",
            "ℹ Your text is kept as an internal note: the requester does not see it.",
        ),
        Fate::Refused => words::pick(
            language,
            "ℹ Une commande n'a pas été comprise ou n'a pas pu être exécutée : votre texte n'a pas été envoyé, il est gardé en note. Corrigez, puis renvoyez le texte avec les lignes marquées ✘.",
            "ℹ A command was not understood or could not be done: your text was not sent, it is kept as a note. Correct it, then send the text again with the lines marked ✘.",
        ),
    })
}

/// Where the ticket stands, in one line.
pub fn state(draft: &Draft<'_>, id: TicketId, language: &str) -> Option<String> {
    let ticket = draft.ticket(id)?;
    let goes_on = ticket.ties.merged_into.and_then(|into| draft.ticket(into));
    if let (Status::Closed, Some(into)) = (ticket.status, goes_on) {
        let (this, into) = (&ticket.reference, &into.reference);
        return Some(words::pick(
            language,
            format!("{this} continue dans {into}."),
            format!("{this} goes on in {into}."),
        ));
    }
    let zone = draft.policy.timezone;
    let status = match ticket.status {
        Status::Open => words::pick(language, "ouvert", "open"),
        Status::Waiting {
            of: Awaited::Requester,
        } => words::pick(
            language,
            "en attente du demandeur",
            "waits for the requester",
        ),
        Status::Waiting {
            of: Awaited::ThirdParty,
        } => words::pick(language, "en attente d'un tiers", "waits for a third party"),
        Status::Paused { until } => {
            let day = words::day(until, zone, language);
            words::pick(
                language,
                format!("en pause jusqu'au {day}"),
                format!("paused until {day}"),
            )
        }
        Status::Resolved => match ticket.close_at {
            Some(at) => {
                let day = words::day(at, zone, language);
                words::pick(
                    language,
                    format!("résolu, se clôt le {day}"),
                    format!("resolved, closes on {day}"),
                )
            }
            None => words::pick(language, "résolu", "resolved"),
        },
        Status::Closed => words::pick(language, "clos", "closed"),
    };
    let owner = match &ticket.technician {
        Some(owner) => {
            let name = owner.name.as_deref().unwrap_or(&owner.address);
            words::pick(
                language,
                format!("suivi par {name}"),
                format!("with {name}"),
            )
        }
        None => words::pick(language, "à prendre", "nobody's yet"),
    };
    let team = draft.team(id).map(|team| team.name.as_str());
    let priority = draft.policy.level_name(ticket.priority, language);
    let priority = words::pick(
        language,
        format!("priorité {priority}"),
        format!("priority {priority}"),
    );
    let reference = &ticket.reference;
    let team = team.unwrap_or_default();
    Some(words::pick(
        language,
        format!("{reference} est {status} ; {owner} ; {team} ; {priority}."),
        format!("{reference} is {status}; {owner}; {team}; {priority}."),
    ))
}
