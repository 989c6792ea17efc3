//! A technician's reply: his words answer the requester under his name, his commands run, and
//! every command is answered (rows C10, E2, F10, G1–G4, G10).

use chrono::Duration;

use super::command::{self, Command, Line};
use super::draft::Draft;
use super::join::{files_of, remember_ids};
use super::lifecycle::Step;
use super::locate::Pointer;
use super::policy::Technician;
use super::tell::{self, Words};
use super::{Arrival, Disposition, Told, hold, words};
use crate::ticket::{Actor, File, InboxId, Role, Ticket, TicketId, What};
use crate::token::{Purpose, RecipientTag};

mod already;
mod article;
mod aside;
mod ask;
mod away;
mod canned;
mod circle;
mod class;
mod find;
mod fresh;
mod hanging;
mod major;
mod merge;
mod own_address;
mod owner;
mod page;
mod reply;
mod report;
mod second;
mod split;
mod status;
mod trial;
mod undo;

pub use ask::ask;
pub use fresh::{answers_a_list, carry_out_new, receive as receive_new};
pub use page::{may_open, write};
pub use undo::to_undo;

use already::Asked;
use reply::Reply;

/// A token commands for this long; it joins for as long as the ticket exists.
const TOKEN_COMMANDS_DAYS: i64 = 30;

/// What a technician wrote: the mail at hand, or one that was kept until he said so (row G10).
#[derive(Clone, Debug)]
struct Message {
    text: String,
    folded: String,
    files: Vec<File>,
    /// The mail; none on the page.
    inbox: Option<InboxId>,
    message_id: Option<String>,
    remarks: Vec<String>,
}

impl Message {
    fn of(arrival: &Arrival, text: String) -> Self {
        let files = files_of(arrival);
        Self {
            text,
            folded: arrival.mail.folded.clone(),
            files: files
                .into_iter()
                .filter(|file| !file.attachment.decoration)
                .collect(),
            inbox: Some(arrival.inbox),
            message_id: arrival.mail.message_id.clone(),
            remarks: arrival.mail.remarks.clone(),
        }
    }

    fn says_something(&self) -> bool {
        !self.text.is_empty() || !self.files.is_empty()
    }
}

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
        .is_some_and(|told| is_young(draft, told));
    token.purpose != Purpose::Requester && his && young
}

/// It was sent not too long ago to command.
fn is_young(draft: &Draft<'_>, told: &Told) -> bool {
    draft.now - told.at <= Duration::days(TOKEN_COMMANDS_DAYS)
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
    let (lines, text) = command::parse(&command::written(&arrival.mail));
    let message = Message::of(arrival, text);
    let undoes = |line: &Line| line.command == Ok(Command::Undo);
    // What was merged is parted again where that was said.
    let id = (pointer.through)
        .filter(|_| lines.iter().any(undoes))
        .unwrap_or(ticket.id);
    let mut reply = Reply::new(id, technician, pointer.notice);
    reply.mail = arrival.mail.message_id.clone();
    // A reply to something internal stays internal (row F10).
    reply.internal = pointer
        .token
        .as_ref()
        .is_some_and(|token| token.purpose != Purpose::Technician);
    if lines.iter().any(|line| line.command == Ok(Command::Test)) {
        trial::run(draft, reply, message, &lines);
    } else if second::is_needed(draft, &reply, &message, &lines) {
        second::hold(draft, reply, message, &lines);
    } else {
        let (message, lines) = match lines.iter().any(|line| line.command == Ok(Command::Send)) {
            true => second::take_up(draft, &mut reply, message, lines),
            false => (message, lines),
        };
        carry_out(draft, &mut reply, message, &lines);
        // A question alone has its answer; nothing else happened.
        let only_questions = lines
            .iter()
            .all(|line| line.command.as_ref().is_ok_and(ask::is_question));
        let told = !only_questions || reply.says_something || reply.refused;
        if !lines.is_empty() && told || reply.must_report {
            report::send(draft, &mut reply, arrival.mail.message_id.as_deref());
        }
    }
    remember_ids(draft, id, arrival);
    draft.dispose(Disposition::Filed(id), pointer.why.clone());
}

/// Carries out the commands, then the words: to the requester, or as a note.
fn carry_out(draft: &mut Draft<'_>, reply: &mut Reply<'_>, mut message: Message, lines: &[Line]) {
    let from = draft.decision.notices.len();
    own_address::leave_out(&mut message, reply);
    reply.steps = Reply::count_steps(lines);
    reply.says_something = message.says_something();
    // Known before anything is told: a note is never sent on, wherever the word stands (row F10).
    reply.internal |= lines
        .iter()
        .any(|line| matches!(line.command, Ok(Command::Note | Command::Undo)));
    reply.says_something |= lines
        .iter()
        .any(|line| matches!(line.command, Ok(Command::Canned(_))));
    reply.asked = Asked::of(lines, &message.text);
    reply.fails = fails(draft, reply, lines);
    for line in lines {
        reply.run(draft, line);
    }
    reply.divert(draft, &mut message);
    reply.says_something = message.says_something();
    reply.enclosed = reply.write_article(draft, &message.text);
    // A mail whose commands fail is never sent on as if nothing had happened.
    let leaves = reply.says_something && !reply.internal && !reply.refused;
    let reaches = (draft.ticket(reply.id))
        .is_none_or(|ticket| ticket.is_reachable() || !ticket.ties.children.is_empty());
    let public = leaves && reaches;
    let said = Words {
        text: message.text.clone(),
        author: Some(reply.technician.who()),
        files: message.files.clone(),
    };
    let words = public.then(|| said.clone());
    if leaves {
        reply.own(draft);
    }
    if public {
        let what = What::Mail {
            text: message.text,
            folded: message.folded,
            files: message.files,
            inbox: message.inbox,
            message_id: message.message_id,
            automatic: None,
            thanks: false,
            remarks: message.remarks,
        };
        draft.event(reply.id, reply.actor.clone(), true, what);
    } else if reply.says_something {
        let (french, english) = match leaves {
            true => (
                "Le demandeur n'a pas d'adresse : le texte n'a été envoyé à personne.",
                "The requester has no address: the text was sent to nobody.",
            ),
            false => (
                "Une commande n'a pas été comprise ou n'a pas pu être exécutée : le texte n'a pas été envoyé.",
                "A command was not understood or could not be done: the text was not sent.",
            ),
        };
        let why =
            (!reply.internal).then(|| words::pick(&reply.technician.language, french, english));
        let what = What::Note {
            text: message.text,
            files: message.files,
            inbox: message.inbox,
            why,
        };
        draft.event(reply.id, reply.actor.clone(), false, what);
    }
    let changes = reply.step.and_then(Step::turn).is_some();
    if (reply.says_something && !reply.refused) || changes {
        let did = (public, reply.step);
        tell::owner(draft, reply.id, reply.technician, &said, did, from);
        tell::newcomers(draft, reply.id, &said, public, from);
    }
    reply.apply_step(draft);
    reply.tell(draft, words.as_ref());
    let step = reply.step.filter(|_| !reply.merged);
    super::major::spread(draft, reply.id, &reply.actor, step, words.as_ref());
    hold::keep(draft, from);
    reply.words = Some(match (reply.says_something, public) {
        (false, _) => report::Fate::None,
        (true, true) => report::Fate::Public,
        (true, false) if leaves => report::Fate::Unreachable,
        (true, false) if reply.internal => report::Fate::Note,
        (true, false) => report::Fate::Refused,
    });
}

/// Some line will be refused: found out on a copy, before any counts.
fn fails(draft: &Draft<'_>, reply: &Reply<'_>, lines: &[Line]) -> bool {
    if lines.iter().any(|line| line.command.is_err()) {
        return true;
    }
    let (mut draft, mut reply) = (draft.clone(), reply.clone());
    for line in lines {
        reply.run(&mut draft, line);
    }
    reply.refused
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
