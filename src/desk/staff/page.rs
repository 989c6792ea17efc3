//! A technician's reply that was written on the page: carried out like a mail that answers a fresh
//! notification, by the same functions, all of it or nothing. Who sends it is signed in, so nothing
//! waits for a confirmation; what happened since the page was made stands in for what happened since
//! the notification (rows C10, G10).

use super::super::act::Written;
use super::super::command::{self, Command, Line};
use super::super::draft::Draft;
use super::super::policy::Technician;
use super::super::words;
use super::reply::Reply;
use super::{Message, aside, ask, carry_out, report};
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
    let mut technician = technician.clone();
    if !written.language.is_empty() {
        technician.language.clone_from(&written.language);
    }
    let technician = &technician;
    let (lines, text) = command::parse(&written.text);
    if lines.is_empty() && text.trim().is_empty() && written.files.is_empty() {
        draft.decision.why = words::pick(
            &technician.language,
            "il n'y a rien à envoyer",
            "there is nothing to send",
        );
        return;
    }
    if lines.iter().any(|line| line.command == Ok(Command::Test)) {
        draft.decision.why = words::pick(
            &technician.language,
            "#test s'emploie par courriel : ici, rien n'a été fait ; retirez la ligne pour envoyer",
            "#dryrun is for mail: nothing was done here; take the line out to send",
        );
        return;
    }
    let later = &draft.known.later;
    // Sent twice: the first time counted.
    if repeats(later, technician, &lines, &text, &written.files) {
        return;
    }
    let mut others = later.iter().rev();
    if let Some(event) = others.find(|event| is_anothers(event, technician))
        && !written.regardless
    {
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
    // The page shows what was done; a file that it made comes by mail, as it would have.
    if reply.enclosed.is_some() {
        report::send(&mut tried, &mut reply, None);
    }
    *draft = tried;
}

/// A technician sees what his teams have or follow, and what is his.
pub fn may_open(technician: &Technician, ticket: &Ticket) -> bool {
    let owner = ticket.technician.as_ref();
    ask::may_see(technician, ticket)
        || owner.is_some_and(|owner| technician.has_address(&owner.address))
}

/// The latest thing that this technician did is just this: the same commands, words and files.
fn repeats(
    later: &[Event],
    technician: &Technician,
    lines: &[Line],
    text: &str,
    files: &[File],
) -> bool {
    let Some(latest) = later.iter().rfind(|event| is_own(event, technician)) else {
        return false;
    };
    let done: Vec<&Event> = later
        .iter()
        .filter(|event| event.at == latest.at && is_own(event, technician))
        .collect();
    let commands = done.iter().filter_map(|event| match &event.what {
        What::Command { line, .. } => Some(line),
        _ => None,
    });
    // A question leaves nothing on the ticket.
    let changing = |line: &&Line| !line.command.as_ref().is_ok_and(ask::is_question);
    let same_commands = commands.eq(lines.iter().filter(changing).map(|line| &line.written));
    let (first, second) = match lines.iter().any(|line| line.command == Ok(Command::Call)) {
        true => aside::parts(text),
        false => (text.trim().to_owned(), String::new()),
    };
    // A canned answer stands below the words.
    let canned = |line: &Line| matches!(line.command, Ok(Command::Canned(_)));
    let inserted = lines.iter().any(canned);
    let texts: Vec<&str> = done
        .iter()
        .filter_map(|event| match &event.what {
            What::Mail { text, .. } | What::Note { text, .. } | What::Aside { text, .. } => {
                Some(text.trim()).filter(|text| !text.is_empty())
            }
            _ => None,
        })
        .collect();
    let written: Vec<&str> = [first.as_str(), second.as_str()]
        .into_iter()
        .filter(|words| !words.is_empty())
        .collect();
    let same_words = match inserted {
        true => written
            .iter()
            .all(|words| texts.iter().any(|text| text.starts_with(words))),
        false => texts == written,
    };
    let sent = done.iter().flat_map(|event| event.what.files());
    same_commands && same_words && sent.eq(files)
}

fn is_own(event: &Event, technician: &Technician) -> bool {
    let who = event.actor.who.as_ref();
    who.is_some_and(|who| technician.has_address(&who.address))
}

/// Somebody else did it, and it is worth reading before going on.
fn is_anothers(event: &Event, technician: &Technician) -> bool {
    event.actor.role != Role::Desk && !is_own(event, technician)
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
