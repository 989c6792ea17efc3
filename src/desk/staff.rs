//! A technician's reply: his words answer the requester under his name, his commands run, and
//! every command is answered (rows C10, E2, F10, G1–G3).

use chrono::Duration;

use super::command::{self, Command, Line};
use super::draft::Draft;
use super::locate::Pointer;
use super::open::{files_of, remember_ids};
use super::policy::Technician;
use super::tell::{self, Words};
use super::{Arrival, Disposition, words};
use crate::ticket::{Actor, File, Role, Ticket, TicketId, What};
use crate::token::{Purpose, RecipientTag};

mod circle;
mod class;
mod reply;
mod status;

use reply::Reply;

/// A token commands for this long; it joins for as long as the ticket exists.
const TOKEN_COMMANDS_DAYS: i64 = 30;

/// The token was issued to this sender, for staff, and is young enough to command.
pub fn token_is_his(draft: &Draft<'_>, arrival: &Arrival, pointer: &Pointer) -> bool {
    let Some(token) = &pointer.token else {
        return false;
    };
    let Some(technician) = sender(draft, arrival) else {
        return false;
    };
    let his = technician
        .addresses
        .iter()
        .any(|address| RecipientTag::of(address) == token.recipient);
    let young = pointer
        .notice
        .and_then(|notice| draft.known.notices.get(&notice))
        .is_some_and(|told| draft.now - told.at <= Duration::days(TOKEN_COMMANDS_DAYS));
    token.purpose != Purpose::Requester && his && young
}

fn sender<'a>(draft: &Draft<'a>, arrival: &Arrival) -> Option<&'a Technician> {
    let sender = arrival.mail.sender()?;
    draft.policy.technician(&sender.address)
}

/// A reply with its token.
pub fn answer(draft: &mut Draft<'_>, arrival: &Arrival, ticket: &Ticket, pointer: &Pointer) {
    let Some(technician) = sender(draft, arrival) else {
        return note(draft, arrival, ticket, pointer);
    };
    let (lines, text) = command::parse(&arrival.mail.reply);
    let mut reply = Reply {
        id: ticket.id,
        technician,
        actor: Actor {
            role: Role::Technician,
            who: Some(technician.who()),
        },
        transcript: Vec::new(),
        refused: false,
        took: false,
        step: None,
        because: None,
    };
    let mut internal = pointer
        .token
        .as_ref()
        .is_some_and(|token| token.purpose != Purpose::Technician);
    for line in &lines {
        internal |= line.command == Ok(Command::Note);
        reply.run(draft, pointer, line);
    }

    let files: Vec<File> = files_of(arrival)
        .into_iter()
        .filter(|file| !file.attachment.decoration)
        .collect();
    let something = !text.is_empty() || !files.is_empty();
    let language = &technician.language;
    // A mail whose commands fail is never sent on as if nothing had happened.
    let public = something && !internal && !reply.refused;
    let mut kept = Words {
        text: text.clone(),
        author: Some(technician.who()),
        files: files.clone(),
    };
    if public {
        reply.own(draft);
        let what = What::Mail {
            text,
            folded: arrival.mail.folded.clone(),
            files,
            inbox: Some(arrival.inbox),
            message_id: arrival.mail.message_id.clone(),
            automatic: None,
            thanks: false,
            remarks: arrival.mail.remarks.clone(),
        };
        draft.event(ticket.id, reply.actor.clone(), true, what);
    } else if something {
        let why = (reply.refused && !internal).then(|| {
            words::pick(
                language,
                "Une commande n'a pas été comprise ou n'a pas pu être exécutée : le texte n'a pas été envoyé.",
                "A command was not understood or could not be done: the text was not sent.",
            )
        });
        if let Some(why) = &why {
            reply.transcript.push(format!("ℹ {why}"));
        }
        let what = What::Note {
            text,
            files,
            inbox: Some(arrival.inbox),
            why,
        };
        draft.event(ticket.id, reply.actor.clone(), false, what);
        kept = Words {
            author: Some(technician.who()),
            ..Words::default()
        };
    }
    reply.apply_step(draft);
    reply.tell(draft, public.then_some(&kept));
    if !lines.is_empty() {
        let lines = std::mem::take(&mut reply.transcript);
        let message_id = arrival.mail.message_id.as_deref();
        tell::transcript(draft, ticket.id, technician, message_id, lines);
    }
    remember_ids(draft, ticket.id, arrival);
    draft.dispose(Disposition::Filed(ticket.id), pointer.why.clone());
}

/// A technician's mail without a token of his: a note, and no command runs.
pub fn note(draft: &mut Draft<'_>, arrival: &Arrival, ticket: &Ticket, pointer: &Pointer) {
    let who = sender(draft, arrival).map_or_else(
        || arrival.mail.sender().cloned().unwrap_or_default(),
        Technician::who,
    );
    let why = words::pick(
        &draft.policy.language,
        "Ce message ne répond pas à une notification adressée à son auteur : gardé en note interne.",
        "This mail does not answer a notification sent to its author: kept as an internal note.",
    );
    let text = [&arrival.mail.reply, &arrival.mail.text]
        .into_iter()
        .find(|text| !text.trim().is_empty())
        .cloned()
        .unwrap_or_default();
    let what = What::Note {
        text,
        files: files_of(arrival),
        inbox: Some(arrival.inbox),
        why: Some(why.clone()),
    };
    let actor = Actor {
        role: Role::Technician,
        who: Some(who),
    };
    draft.event(ticket.id, actor, false, what);
    if let Some(technician) = sender(draft, arrival) {
        let message_id = arrival.mail.message_id.as_deref();
        let line = format!("ℹ {why}");
        tell::remark(draft, ticket.id, technician, message_id, vec![line]);
    }
    remember_ids(draft, ticket.id, arrival);
    draft.dispose(Disposition::Filed(ticket.id), pointer.why.clone());
}

fn refuse(draft: &mut Draft<'_>, id: TicketId, actor: Actor, line: &Line, answer: &str) {
    let what = What::Command {
        line: line.written.clone(),
        done: false,
        answer: answer.to_owned(),
    };
    draft.event(id, actor, false, what);
}
