//! What a third party answers (row G11): a note for staff, never a part of the conversation with the
//! requester; and the number of his own ticket, which he tells in subjects (row D12).

use std::sync::LazyLock;

use regex::Regex;

use super::draft::Draft;
use super::join::{files_of, remember_ids};
use super::locate::Pointer;
use super::tell::{self, Words};
use super::{Arrival, Disposition, lifecycle, reference, words};
use crate::ticket::{Actor, Awaited, Role, Status, Ticket, TicketId, What};

/// `[Editeur #4512]`, `[GLPI #0001234]`, `[Ticket#2026112510000012]`, `[##RE-98##]`, `INC0012345`,
/// `[ABC-123]`.
static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?x)
        (\[ [^\]\[]{0,40}? \# \s? [0-9]{2,} \#{0,2} \]
        |\[ \#\# [A-Za-z0-9-]{2,20} \#\# \]
        |\b (?:INC|REQ|RITM|CHG|PRB|TASK|CAS|CASE|SR) [-_]? [0-9]{4,12} \b
        |\[ [A-Z][A-Z0-9]{1,9} - [0-9]{1,9} \]
        |\[? (?:Ticket|Case|Dossier|Incident) \s? (?:\#|n°\s?|ID:?\s?) [0-9]{3,} \]?)",
    )
    .expect("a literal pattern")
});

/// The number of a third party's ticket in a subject, as written; never one of ours.
pub fn number(subject: &str, prefixes: &[String]) -> Option<String> {
    NUMBER
        .find_iter(subject)
        .map(|found| found.as_str().trim().to_owned())
        .find(|written| reference::in_subject(written, prefixes).is_empty())
}

/// His mail joins apart, whoever of his house wrote it.
pub fn join(draft: &mut Draft<'_>, arrival: &Arrival, ticket: &Ticket, pointer: &Pointer) {
    let id = ticket.id;
    note(draft, arrival, ticket);
    let mut lines = Vec::new();
    let known = draft
        .ticket(id)
        .is_some_and(|now| now.ties.partners != ticket.ties.partners);
    if let Some(number) = number_of(draft, arrival)
        && known
    {
        lines.push(words::pick(
            &draft.policy.language,
            format!(
                "Son numéro de dossier : {number}. Il sera rappelé dans nos messages à ce tiers."
            ),
            format!("His own number: {number}. Our mails to this third party will show it."),
        ));
    }
    let waits = Status::Waiting {
        of: Awaited::ThirdParty,
    };
    if ticket.status == waits {
        let reason = words::pick(
            &draft.policy.language,
            "Réponse du tiers.",
            "The third party answered.",
        );
        lifecycle::set(draft, id, actor(arrival), Status::Open, Some(reason));
        lines.push(words::pick(
            &draft.policy.language,
            "Le ticket n'est plus en attente.",
            "The ticket waits no more.",
        ));
    }
    lines.push(words::pick(
        &draft.policy.language,
        "Message d'un tiers : le demandeur ne le voit pas, et votre réponse à ce message reste interne. Pour répondre au tiers, commencez par #tiers et son adresse.",
        "A third party's mail: the requester does not see it, and your reply to this stays internal. To answer him, begin with #partner and his address.",
    ));
    let words = Words {
        text: text(arrival),
        author: arrival.mail.sender().cloned(),
        files: files_of(arrival),
    };
    let cause = arrival.mail.sender().map(|sender| sender.address.clone());
    tell::third_party(draft, id, &words, &lines, cause.as_deref());
    remember_ids(draft, id, arrival);
    draft.dispose(Disposition::Filed(id), pointer.why.clone());
}

/// What his machine answers: kept apart, tells nobody, but may tell his number.
pub fn join_automatic(draft: &mut Draft<'_>, arrival: &Arrival, id: TicketId, pointer: &Pointer) {
    let Some(ticket) = draft.ticket(id).cloned() else {
        return;
    };
    note(draft, arrival, &ticket);
    remember_ids(draft, id, arrival);
    draft.dispose(
        Disposition::Filed(id),
        format!(
            "automatic mail of a third party, kept apart: {}",
            pointer.why
        ),
    );
}

fn note(draft: &mut Draft<'_>, arrival: &Arrival, ticket: &Ticket) {
    let sender = arrival.mail.sender().cloned().unwrap_or_default();
    // Whoever of his house answers, and his ticket system's address: the side thread is one.
    let with = ticket
        .ties
        .partners
        .iter()
        .find(|partner| partner.who.key() == sender.key())
        .or_else(|| {
            ticket
                .ties
                .partners
                .iter()
                .find(|partner| partner.who.domain() == sender.domain())
        })
        .or_else(|| ticket.ties.partners.last())
        .map_or_else(|| sender.clone(), |partner| partner.who.clone());
    let what = What::Aside {
        with,
        sent: false,
        text: text(arrival),
        files: files_of(arrival),
        inbox: Some(arrival.inbox),
        number: number_of(draft, arrival),
        message_id: arrival.mail.message_id.clone(),
    };
    draft.event(ticket.id, actor(arrival), false, what);
}

fn number_of(draft: &Draft<'_>, arrival: &Arrival) -> Option<String> {
    let subject = arrival.mail.subject.as_deref().unwrap_or_default();
    number(subject, &draft.policy.prefixes())
}

fn actor(arrival: &Arrival) -> Actor {
    Actor {
        role: Role::Contributor,
        who: arrival.mail.sender().cloned(),
    }
}

fn text(arrival: &Arrival) -> String {
    [&arrival.mail.reply, &arrival.mail.text]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .cloned()
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_that_partners_write_in_subjects() {
        let prefixes = ["DSI".to_owned()];
        for (subject, expected) in [
            (
                "Re: [DSI-12] [GLPI #0001234] Panne",
                Some("[GLPI #0001234]"),
            ),
            (
                "[Editeur #4512] Votre demande [DSI-12]",
                Some("[Editeur #4512]"),
            ),
            (
                "Your request INC0012345 has been created - [DSI-12]",
                Some("INC0012345"),
            ),
            (
                "[Ticket#2026112510000012] RE: [DSI-12] Panne",
                Some("[Ticket#2026112510000012]"),
            ),
            ("[##RE-98##] Accusé [DSI-12]", Some("[##RE-98##]")),
            ("Re: [SUP-77] [DSI-12] Panne", Some("[SUP-77]")),
            ("Dossier n° 45123 - [DSI-12]", Some("Dossier n° 45123")),
            ("Re: [DSI-12] Panne de la salle B204", None),
            ("Re: [DSI-12] Panne du 12/09", None),
        ] {
            assert_eq!(number(subject, &prefixes).as_deref(), expected, "{subject}");
        }
    }
}
