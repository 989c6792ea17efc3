//! Which ticket a mail points at, and by what: a token in our Message-IDs, in the reply address or
//! in the body; any `Message-ID` known in or out; a reference in the subject; an ancestor that the
//! desk never received but that another mail shared (rows D1–D5, D9, D11). Never the words of a
//! subject alone (row D7).

use super::access::Carrier;
use super::{Arrival, Known, Policy, Thread, reference, words};
use crate::ticket::{NoticeId, TicketId};
use crate::token::{self, Keys, Purpose, Reply};

/// A ticket that a mail points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pointer {
    pub ticket: TicketId,
    pub carrier: Carrier,
    /// The token, when that was the carrier.
    pub token: Option<Reply>,
    /// The notification that it answers, when known.
    pub notice: Option<NoticeId>,
    /// The ticket that it names, when that one goes on in this one.
    pub through: Option<TicketId>,
    /// It points at nothing, but repeats an earlier mail (row C12).
    pub repeats: bool,
    pub why: String,
}

/// Every valid token of a mail: In-Reply-To and References (latest first), the addresses it was
/// sent to, the marker in its body.
pub fn tokens(keys: &Keys, arrival: &Arrival) -> Vec<Reply> {
    let mail = &arrival.mail;
    let ids = mail.in_reply_to.iter().chain(mail.references.iter().rev());
    let from_ids = ids.filter_map(|id| token::message_id_token(id, keys.instance()));
    let addresses = (arrival.recipient.iter().map(String::as_str))
        .chain(mail.delivered_to.iter().map(String::as_str))
        .chain(mail.to.iter().map(|to| to.address.as_str()))
        .chain(mail.cc.iter().map(|cc| cc.address.as_str()));
    let from_addresses = addresses.filter_map(token::plus_token);
    let markers = token::marker_tokens(&mail.text);
    let mut found: Vec<Reply> = Vec::new();
    for text in from_ids
        .chain(from_addresses)
        .chain(markers.iter().map(String::as_str))
    {
        if let Some(reply) = Reply::open(keys, text)
            && !found.contains(&reply)
        {
            found.push(reply);
        }
    }
    found
}

/// The tickets that the subject names by a prefix of this instance.
pub fn references(policy: &Policy, arrival: &Arrival) -> Vec<TicketId> {
    let prefixes = policy.prefixes();
    let subject = arrival.mail.subject.as_deref().unwrap_or_default();
    reference::in_subject(subject, &prefixes)
}

/// The ticket that a mail points at most strongly; `None` for a new matter. A ticket that was
/// merged is an alias of the one it goes on in (row E14).
pub fn locate(policy: &Policy, keys: &Keys, arrival: &Arrival, known: &Known) -> Option<Pointer> {
    let pointer = find(policy, keys, arrival, known)?;
    let named = pointer.ticket;
    let ticket = survivor(known, named);
    // A technician answers the person whose ticket he was told of, never the other one.
    let of_staff = pointer
        .token
        .as_ref()
        .is_some_and(|token| !matches!(token.purpose, Purpose::Requester | Purpose::Partner));
    if ticket == named || of_staff && !same_requester(known, named, ticket) {
        return Some(pointer);
    }
    Some(Pointer {
        ticket,
        through: Some(named),
        ..pointer
    })
}

/// Another ticket of the same requester, which he named in the subject in the place of the one that he
/// answers.
fn renamed(
    policy: &Policy,
    arrival: &Arrival,
    known: &Known,
    answered: TicketId,
) -> Option<TicketId> {
    let named = references(policy, arrival);
    let [other] = named.as_slice() else {
        return None;
    };
    let sender = arrival.mail.sender()?;
    let his = |id: TicketId| {
        let ticket = known.tickets.get(&id);
        let requester = ticket.and_then(|ticket| ticket.requester());
        requester.is_some_and(|who| policy.directory.is_same(&who.who.address, &sender.address))
    };
    (*other != answered && his(*other) && his(answered)).then_some(*other)
}

/// Whether two tickets are of the same person.
pub fn same_requester(known: &Known, one: TicketId, other: TicketId) -> bool {
    let of = |id| {
        let ticket = known.tickets.get(&id)?;
        ticket.requester().map(|person| person.who.key())
    };
    of(one) == of(other)
}

/// Where a ticket goes on.
pub fn survivor(known: &Known, id: TicketId) -> TicketId {
    let mut seen = vec![id];
    let mut at = id;
    while let Some(next) = known
        .tickets
        .get(&at)
        .and_then(|ticket| ticket.ties.merged_into)
    {
        if seen.contains(&next) || !known.tickets.contains_key(&next) {
            break;
        }
        seen.push(next);
        at = next;
    }
    at
}

fn find(policy: &Policy, keys: &Keys, arrival: &Arrival, known: &Known) -> Option<Pointer> {
    let language = &policy.language;
    let page = arrival.submission.as_ref().and_then(|form| form.ticket);
    if let Some(ticket) = page.filter(|ticket| known.tickets.contains_key(ticket)) {
        // Its link is as good as a token; nothing else in it points anywhere.
        return Some(Pointer {
            ticket,
            carrier: Carrier::Token,
            token: None,
            notice: None,
            through: None,
            repeats: false,
            why: words::pick(
                language,
                "Écrit sur la page de la demande.",
                "Written on the page of the request.",
            ),
        });
    }
    let tokens = tokens(keys, arrival);
    if let Some(token) = tokens
        .into_iter()
        .find(|token| known.tickets.contains_key(&TicketId(token.ticket)))
    {
        if token.purpose == Purpose::Requester
            && let Some(other) = renamed(policy, arrival, known, TicketId(token.ticket))
        {
            return Some(Pointer {
                ticket: other,
                carrier: Carrier::Thread,
                token: None,
                notice: None,
                through: None,
                repeats: false,
                why: words::pick(
                    language,
                    format!("L'objet cite la référence {other}, mise là par son demandeur."),
                    format!("The subject names reference {other}, put there by its requester."),
                ),
            });
        }
        return Some(Pointer {
            ticket: TicketId(token.ticket),
            carrier: Carrier::Token,
            notice: Some(NoticeId(token.notice)),
            token: Some(token),
            through: None,
            repeats: false,
            why: words::pick(
                language,
                "Réponse à l'un de nos messages (jeton valide).",
                "Answers one of our mails (valid token).",
            ),
        });
    }
    let mail = &arrival.mail;
    let ids: Vec<&String> = mail
        .in_reply_to
        .iter()
        .chain(mail.references.iter().rev())
        .collect();
    let thread = |id: &str, phantom: bool| {
        known
            .threads
            .get(id)
            .into_iter()
            .flatten()
            .find(|(ticket, thread, _)| {
                known.tickets.contains_key(ticket) && (*thread == Thread::Phantom) == phantom
            })
    };
    let by_thread = |ticket: TicketId, notice, why| Pointer {
        ticket,
        carrier: Carrier::Thread,
        token: None,
        notice,
        through: None,
        repeats: false,
        why,
    };
    for id in &ids {
        if let Some((ticket, _, notice)) = thread(id, false) {
            let why = words::pick(
                language,
                format!("Répond au message <{id}> de ce ticket."),
                format!("Answers <{id}> of this ticket."),
            );
            return Some(by_thread(*ticket, *notice, why));
        }
    }
    for ticket in references(policy, arrival) {
        if known.tickets.contains_key(&ticket) {
            let why = words::pick(
                language,
                format!("L'objet cite la référence {ticket}."),
                format!("The subject names reference {ticket}."),
            );
            return Some(by_thread(ticket, None, why));
        }
    }
    // A mail that the desk receives after one that refers to it, or that shares an ancestor.
    for id in ids.into_iter().chain(mail.message_id.iter()) {
        if let Some((ticket, _, _)) = thread(id, true) {
            let why = words::pick(
                language,
                format!("Même conversation : le message <{id}> est commun."),
                format!("Same conversation: message <{id}> is shared."),
            );
            return Some(by_thread(*ticket, None, why));
        }
    }
    None
}
