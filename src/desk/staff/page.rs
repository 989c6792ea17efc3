//! A technician's reply that was written on the page: carried out like a mail that answers a fresh
//! notification, by the same functions, all of it or nothing. Who sends it is signed in, so nothing
//! waits for a confirmation; what happened since the page was made stands in for what happened since
//! the notification (rows C10, G10).

use super::super::act::Written;
use super::super::command;
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::words;
use super::reply::Reply;
use super::{Message, ask, carry_out};
use crate::ticket::{Actor, Event, File, Role, Ticket, What};

/// Carries it out. What cannot be done is said in [`super::super::Decision::why`] and changes
/// nothing: the page keeps the text.
pub fn write(draft: &mut Draft<'_>, ticket: &Ticket, actor: &Actor, written: &Written) {
    let policy = draft.policy;
    let technician = actor
        .who
        .as_ref()
        .filter(|_| actor.role == Role::Technician)
        .and_then(|who| policy.technician(&who.address));
    let Some(technician) = technician.filter(|technician| may_open(technician, ticket)) else {
        draft.decision.why = ask::no_such_ticket(ticket.id, &policy.language);
        return;
    };
    let (lines, text) = command::parse(&written.text);
    if lines.is_empty() && text.trim().is_empty() && written.files.is_empty() {
        draft.decision.why = words::pick(
            &technician.language,
            "il n'y a rien à envoyer",
            "there is nothing to send",
        );
        return;
    }
    let later = draft.known.later.iter();
    // Sent twice: the first time counted.
    if later
        .clone()
        .any(|event| repeats(event, technician, &text, &written.files))
    {
        return;
    }
    if let Some(event) = later.rev().find(|event| is_anothers(event, technician)) {
        draft.decision.why = meanwhile(draft, technician, event);
        return;
    }
    let message = Message {
        text,
        folded: String::new(),
        files: written.files.clone(),
        inbox: None,
        message_id: None,
        remarks: Vec::new(),
    };
    let mut tried = draft.clone();
    let mut reply = Reply::new(ticket.id, technician, None);
    carry_out(&mut tried, &mut reply, message, &lines);
    if reply.refused {
        let refused = reply
            .transcript
            .iter()
            .filter_map(|line| line.strip_prefix("✘ "));
        draft.decision.why = refused.collect::<Vec<_>>().join("\n");
        return;
    }
    *draft = tried;
}

/// A technician sees what his teams have or follow, and what is his.
pub fn may_open(technician: &Technician, ticket: &Ticket) -> bool {
    let owner = ticket.technician.as_ref();
    ask::may_see(technician, ticket)
        || owner.is_some_and(|owner| technician.has_address(&owner.address))
}

/// The same words of the same technician.
fn repeats(event: &Event, technician: &Technician, text: &str, files: &[File]) -> bool {
    let own = event
        .actor
        .who
        .as_ref()
        .is_some_and(|who| technician.has_address(&who.address));
    let said = match &event.what {
        What::Mail { text, .. } | What::Note { text, .. } => Some(text),
        _ => None,
    };
    let something = !text.trim().is_empty() || !files.is_empty();
    own && something && said.is_some_and(|said| said == text) && event.what.files() == files
}

/// Somebody else did it, and it is worth reading before going on.
fn is_anothers(event: &Event, technician: &Technician) -> bool {
    let own = event
        .actor
        .who
        .as_ref()
        .is_some_and(|who| technician.has_address(&who.address));
    event.actor.role != Role::Desk && !own
}

fn meanwhile(draft: &Draft<'_>, technician: &Technician, event: &Event) -> String {
    let language = &technician.language;
    let at = words::clock(event.at, draft.now, draft.policy.timezone, language);
    let who = event.actor.who.as_ref();
    let who = who.map_or_else(String::new, |who| {
        who.name.clone().unwrap_or_else(|| who.address.clone())
    });
    match &event.what {
        What::Mail { .. } | What::Aside { .. } => words::pick(
            language,
            format!("{who} a écrit à {at} : relisez, puis envoyez"),
            format!("{who} wrote at {at}: read again, then send"),
        ),
        _ => words::pick(
            language,
            format!("{who} a modifié le ticket à {at} : relisez, puis envoyez"),
            format!("{who} changed the ticket at {at}: read again, then send"),
        ),
    }
}
