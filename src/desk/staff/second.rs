//! An answer that asks first. Two technicians at one ticket (rows C10, G10): who answers to what a colleague
//! has taken up since is asked whether his answer shall still leave; so is who answers in a ticket that is
//! closed for good (S4.31). Until he says so it is a note, and after a day it stays one.

use chrono::{DateTime, Duration, Utc};

use super::super::command::{self, Command, Line};
use super::super::draft::Draft;
use super::super::{lifecycle, tell, words};
use super::Message;
use super::reply::Reply;
use crate::mail::Address;
use crate::ticket::{Event, Role, TicketId, What, Withdrawn};

/// The question is good for that long.
const GOOD_FOR_HOURS: i64 = 24;

/// Characters of a colleague's answer that the question repeats.
const REPEATED_CHARACTERS: usize = 300;

/// What a colleague did since the notification that is answered.
struct Meanwhile {
    who: String,
    at: DateTime<Utc>,
    /// What he answered; `None`: he took the ticket.
    said: Option<String>,
}

/// An answer that must not leave without a word of its author.
pub fn is_needed(draft: &Draft<'_>, reply: &Reply<'_>, message: &Message, lines: &[Line]) -> bool {
    let plain = |line: &Line| {
        !matches!(
            line.command,
            Err(_) | Ok(Command::Note | Command::Undo | Command::Send | Command::Take)
        )
    };
    message.says_something()
        && !reply.internal
        && lines.iter().all(plain)
        && (meanwhile(draft, reply).is_some() || is_over(draft, reply, lines))
}

/// It is closed for good, and nothing in the mail opens it again or is refused anyway.
fn is_over(draft: &Draft<'_>, reply: &Reply<'_>, lines: &[Line]) -> bool {
    let over = (draft.ticket(reply.id))
        .is_some_and(|ticket| lifecycle::is_final(ticket, draft.policy, draft.now));
    let reopens = |line: &Line| line.command == Ok(Command::Reopen);
    over && !lines.iter().any(reopens) && !super::fails(draft, reply, lines)
}

/// The latest that a colleague told the requester, or that he took the ticket, since the
/// notification was written.
fn meanwhile(draft: &Draft<'_>, reply: &Reply<'_>) -> Option<Meanwhile> {
    let since = draft.known.notices.get(&reply.notice?)?.at;
    let events = draft.known.history.get(&reply.id)?;
    let withdrawn = Withdrawn::of(events);
    let owner = draft.ticket(reply.id)?.technician.as_ref();
    let colleague = |event: &Event| {
        let who = event.actor.who.as_ref()?;
        let other = event.actor.role == Role::Technician
            && !reply.technician.has_address(&who.address)
            && event.at > since
            && !withdrawn.holds(event);
        other.then(|| who.name.clone().unwrap_or_else(|| who.address.clone()))
    };
    let answered = events.iter().rev().find_map(|event| match &event.what {
        What::Mail { text, .. } => Some(Meanwhile {
            who: colleague(event)?,
            at: event.at,
            said: Some(text.clone()),
        }),
        _ => None,
    });
    answered.or_else(|| {
        events.iter().rev().find_map(|event| match &event.what {
            What::Assigned {
                technician: Some(technician),
            } if owner.is_some_and(|owner| owner.key() == technician.key())
                && !reply.technician.has_address(&technician.address) =>
            {
                colleague(event)?;
                Some(Meanwhile {
                    who: technician.name.clone().unwrap_or_default(),
                    at: event.at,
                    said: None,
                })
            }
            _ => None,
        })
    })
}

/// When its owner got a ticket, as far as its latest events tell.
pub fn taken_at(draft: &Draft<'_>, id: TicketId, owner: &Address) -> Option<DateTime<Utc>> {
    let events = draft.known.history.get(&id)?;
    let taken = events.iter().rfind(|event| match &event.what {
        What::Assigned {
            technician: Some(technician),
        } => technician.key() == owner.key(),
        _ => false,
    });
    taken.map(|event| event.at)
}

/// Keeps the answer as a note and asks its author.
pub fn hold(draft: &mut Draft<'_>, reply: Reply<'_>, message: Message, lines: &[Line]) {
    // What is written on the page answers no notification: it is never held here.
    let Some(inbox) = message.inbox else {
        return;
    };
    let language = &reply.technician.language;
    let (first, why) = match meanwhile(draft, &reply) {
        Some(meanwhile) => taken_up(draft, &meanwhile, language),
        None => over(draft, reply.id, language),
    };
    let what = What::Note {
        text: message.text.clone(),
        files: message.files.clone(),
        inbox: message.inbox,
        why: Some(why),
    };
    draft.event(reply.id, reply.actor.clone(), false, what);
    let mut said = vec![format!("⏸ {first}")];
    for line in lines {
        said.push(words::pick(
            language,
            format!("⏸ {} — attend avec votre texte", line.written),
            format!("⏸ {} — waits with your text", line.written),
        ));
    }
    said.push(words::pick(
        language,
        "Votre texte n'est pas parti. Pour l'envoyer quand même, répondez #envoyer (ou #oui) à ce message, dans la journée ; sous #envoyer, un nouveau texte le remplace. Sans réponse, il reste une note.",
        "Your text has not left. To send it all the same, reply #send (or #yes) to this mail within a day; a new text below #send replaces it. Without an answer it stays a note.",
    ));
    let notice = tell::question(
        draft,
        reply.id,
        reply.technician,
        message.message_id.as_deref(),
        said,
        &message.text,
    );
    let what = What::Asked {
        notice,
        inbox,
        lines: lines.iter().map(|line| line.written.clone()).collect(),
    };
    draft.event(reply.id, reply.actor.clone(), false, what);
}

/// What a colleague did meanwhile, for its author and beside the note.
fn taken_up(draft: &Draft<'_>, meanwhile: &Meanwhile, language: &str) -> (String, String) {
    let at = words::clock(meanwhile.at, draft.now, draft.policy.timezone, language);
    let who = &meanwhile.who;
    let first = match &meanwhile.said {
        Some(said) => {
            let said: String = said
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .chars()
                .take(REPEATED_CHARACTERS)
                .collect();
            words::pick(
                language,
                format!("{who} a répondu à {at} : « {said} »"),
                format!("{who} answered at {at}: \"{said}\""),
            )
        }
        None => words::pick(
            language,
            format!("Déjà pris par {who} à {at}."),
            format!("Taken already by {who} at {at}."),
        ),
    };
    let why = words::pick(
        language,
        format!("{who} s'en occupait depuis {at} : la réponse attend l'accord de son auteur."),
        format!("{who} was at it since {at}: the answer waits for a word of its author."),
    );
    (first, why)
}

/// That the ticket is over, and how to go on in it, for its author and beside the note.
fn over(draft: &Draft<'_>, id: TicketId, language: &str) -> (String, String) {
    let over = (draft.ticket(id))
        .and_then(|ticket| lifecycle::closed_for_good(ticket, draft.policy, draft.now, language))
        .unwrap_or_default();
    let first = words::pick(
        language,
        format!("{over} Pour le reprendre ici, ajoutez une ligne #rouvrir."),
        format!("{over} To go on here, add a line #reopen."),
    );
    let why = words::pick(
        language,
        "Le ticket est clos définitivement : la réponse attend l'accord de son auteur.",
        "The ticket is closed for good: the answer waits for a word of its author.",
    );
    (first, why)
}

/// `#envoyer`: the answer that was kept, with its commands, in place of the mail that says so. What
/// this one says itself replaces the text.
pub fn take_up(
    draft: &mut Draft<'_>,
    reply: &mut Reply<'_>,
    message: Message,
    lines: Vec<Line>,
) -> (Message, Vec<Line>) {
    // Once: said again, it finds its line done already.
    let key = reply
        .notice
        .map(|notice| (notice, format!("{:?}", Command::Send)));
    let again = (key.as_ref()).is_some_and(|key| draft.known.executed.contains(key));
    let Some((kept, before)) = waiting(draft, reply).filter(|_| !again) else {
        return (message, lines);
    };
    draft.decision.executed.extend(key);
    let written = |line: &Line| line.command != Ok(Command::Send);
    let mut all = Vec::new();
    for line in before {
        all.extend(command::parse(&line).0);
    }
    all.extend(lines.into_iter().filter(written));
    let message = Message {
        files: [kept.files, message.files].concat(),
        text: if message.text.is_empty() {
            kept.text
        } else {
            message.text
        },
        ..message
    };
    let language = &reply.technician.language;
    reply.transcript.push(words::pick(
        language,
        "✔ #envoyer — votre réponse est reprise",
        "✔ #send — your answer is taken up",
    ));
    reply.must_report = true;
    (message, all)
}

/// The answer that the question replied to is about, when it still waits: its words, its commands.
fn waiting(draft: &Draft<'_>, reply: &Reply<'_>) -> Option<(Message, Vec<String>)> {
    let events = draft.known.history.get(&reply.id)?;
    let own = |event: &Event| {
        let who = event.actor.who.as_ref();
        who.is_some_and(|who| reply.technician.has_address(&who.address))
    };
    let (mail, lines) = events.iter().find_map(|event| match &event.what {
        What::Asked {
            notice,
            inbox,
            lines,
        } if Some(*notice) == reply.notice
            && own(event)
            && draft.now - event.at <= Duration::hours(GOOD_FOR_HOURS) =>
        {
            Some((*inbox, lines.clone()))
        }
        _ => None,
    })?;
    events.iter().find_map(|event| match &event.what {
        What::Note {
            text,
            files,
            inbox: Some(inbox),
            ..
        } if *inbox == mail && own(event) => Some((
            Message {
                text: text.clone(),
                folded: String::new(),
                files: files.clone(),
                inbox: Some(mail),
                message_id: None,
                remarks: Vec::new(),
            },
            lines.clone(),
        )),
        _ => None,
    })
}
