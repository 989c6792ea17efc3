//! A technician's reply: his words answer the requester under his name, his commands run, and
//! every command is answered (rows C10, E2, F10, G1–G3).

use chrono::Duration;

use super::command::{self, Command, Line};
use super::draft::Draft;
use super::lifecycle::{self, Step};
use super::locate::Pointer;
use super::open::{files_of, remember_ids};
use super::policy::Technician;
use super::tell::{self, Words};
use super::{Arrival, Disposition, Kind, words};
use crate::mail::Address;
use crate::ticket::{Actor, File, Role, Ticket, TicketId, What};
use crate::token::{Purpose, RecipientTag};

/// A token commands for this long; it joins for as long as the ticket exists.
const TOKEN_COMMANDS_DAYS: i64 = 30;

/// What becomes of the commands of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commands {
    Run,
    /// They need a confirmation, which is refused with an explanation for now.
    Wait,
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
        .is_some_and(|told| draft.now - told.at <= Duration::days(TOKEN_COMMANDS_DAYS));
    token.purpose != Purpose::Requester && his && young
}

fn sender<'a>(draft: &Draft<'a>, arrival: &Arrival) -> Option<&'a Technician> {
    let sender = arrival.mail.sender()?;
    draft.policy.technician(&sender.address)
}

/// A reply with its token.
pub fn answer(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    ticket: &Ticket,
    pointer: &Pointer,
    commands: Commands,
) {
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
    };
    let mut internal = pointer
        .token
        .as_ref()
        .is_some_and(|token| token.purpose == Purpose::Note);
    for line in &lines {
        internal |= line.command == Ok(Command::Note);
        match commands {
            Commands::Run => reply.run(draft, pointer, line),
            Commands::Wait => reply.wait(draft, line),
        }
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
    draft.event(ticket.id, actor.clone(), false, what);
    if let Some(technician) = sender(draft, arrival) {
        let (lines, _) = command::parse(&arrival.mail.reply);
        let mut transcript: Vec<String> = Vec::new();
        for line in &lines {
            let answer = needs_confirmation(&technician.language);
            transcript.push(format!("✘ {} — {answer}", line.written));
            refuse(draft, ticket.id, actor.clone(), line, &answer);
        }
        transcript.push(format!("ℹ {why}"));
        let message_id = arrival.mail.message_id.as_deref();
        tell::transcript(draft, ticket.id, technician, message_id, transcript);
    }
    remember_ids(draft, ticket.id, arrival);
    draft.dispose(Disposition::Filed(ticket.id), pointer.why.clone());
}

fn needs_confirmation(language: &str) -> String {
    words::pick(
        language,
        "pas exécutée : répondez directement à la notification du ticket que vous avez reçue, depuis votre adresse habituelle",
        "not done: reply directly to the notification of the ticket that you received, from your usual address",
    )
}

fn refuse(draft: &mut Draft<'_>, id: TicketId, actor: Actor, line: &Line, answer: &str) {
    let what = What::Command {
        line: line.written.clone(),
        done: false,
        answer: answer.to_owned(),
    };
    draft.event(id, actor, false, what);
}

/// A technician's reply while it is being carried out.
struct Reply<'a> {
    id: TicketId,
    technician: &'a Technician,
    actor: Actor,
    transcript: Vec<String>,
    refused: bool,
    took: bool,
    /// The status to set after the text has joined, with its command line.
    step: Option<Step>,
}

impl Reply<'_> {
    fn done(&mut self, draft: &mut Draft<'_>, line: &Line, answer: String) {
        self.transcript
            .push(format!("✔ {} — {answer}", line.written));
        let what = What::Command {
            line: line.written.clone(),
            done: true,
            answer,
        };
        draft.event(self.id, self.actor.clone(), false, what);
    }

    fn refuse(&mut self, draft: &mut Draft<'_>, line: &Line, answer: &str) {
        self.refused = true;
        self.transcript
            .push(format!("✘ {} — {answer}", line.written));
        refuse(draft, self.id, self.actor.clone(), line, answer);
    }

    fn wait(&mut self, draft: &mut Draft<'_>, line: &Line) {
        if line.command == Ok(Command::Note) {
            return self.run_note(draft, line);
        }
        let answer = words::pick(
            &self.technician.language,
            "pas exécutée : rien ne prouve ici que le message vienne de vous",
            "not done: nothing proves here that the mail is from you",
        );
        self.refuse(draft, line, &answer);
    }

    fn run_note(&mut self, draft: &mut Draft<'_>, line: &Line) {
        let answer = words::pick(
            &self.technician.language,
            "note interne, le demandeur ne la voit pas",
            "internal note, the requester does not see it",
        );
        self.done(draft, line, answer);
    }

    fn run(&mut self, draft: &mut Draft<'_>, pointer: &Pointer, line: &Line) {
        let language = &self.technician.language;
        let command = match &line.command {
            Ok(command) => command,
            Err(nearest) => {
                let help = words::pick(
                    language,
                    "#prendre #note #attente #resolu #clore #rouvrir",
                    "#take #note #wait #resolved #close #reopen",
                );
                let answer = match nearest {
                    Some(nearest) => words::pick(
                        language,
                        format!(
                            "commande inconnue ; vouliez-vous dire #{nearest} ? Commandes : {help}"
                        ),
                        format!("unknown command; did you mean #{nearest}? Commands: {help}"),
                    ),
                    None => words::pick(
                        language,
                        format!("commande inconnue. Commandes : {help}"),
                        format!("unknown command. Commands: {help}"),
                    ),
                };
                return self.refuse(draft, line, &answer);
            }
        };
        if *command == Command::Note {
            return self.run_note(draft, line);
        }
        // Once per notification and line: a mail delivered twice does not command twice.
        let key = pointer
            .notice
            .map(|notice| (notice, format!("{command:?}")));
        if let Some(key) = &key
            && draft.known.executed.contains(key)
        {
            let answer = words::pick(
                language,
                "déjà exécutée pour cette notification ; répondez à la plus récente",
                "done already for this notification; reply to the latest one",
            );
            return self.refuse(draft, line, &answer);
        }
        // What was refused was not done: it may be asked again when it has become possible.
        if self.carry_out(draft, command, line) {
            draft.decision.executed.extend(key);
        }
    }

    /// Does what a line asks for, or refuses it; whether it was done.
    fn carry_out(&mut self, draft: &mut Draft<'_>, command: &Command, line: &Line) -> bool {
        let language = &self.technician.language;
        let step = match command {
            Command::Take => return self.take(draft, line),
            Command::Note => return false,
            Command::Wait(of) => Step::Wait(*of),
            Command::Resolve => Step::Resolve,
            Command::Close => Step::Close,
            Command::Reopen => Step::Reopen,
        };
        let Some(status) = draft.ticket(self.id).map(|ticket| ticket.status) else {
            return false;
        };
        if self.step.is_some() {
            let answer = words::pick(
                language,
                "un seul changement d'état par message",
                "one change of status a mail",
            );
            self.refuse(draft, line, &answer);
            return false;
        }
        match lifecycle::next(status, step, language) {
            Err(why) => {
                self.refuse(draft, line, &why);
                false
            }
            Ok(_) => {
                let answer = match step {
                    Step::Wait(_) => words::pick(language, "en attente", "waiting"),
                    Step::Pause(_) => words::pick(
                        language,
                        "en pause, le demandeur est prévenu",
                        "paused, the requester is told",
                    ),
                    Step::Resolve => words::pick(
                        language,
                        "résolu, le demandeur est prévenu",
                        "resolved, the requester is told",
                    ),
                    Step::Close => words::pick(
                        language,
                        "clos, le demandeur est prévenu",
                        "closed, the requester is told",
                    ),
                    Step::Reopen => words::pick(
                        language,
                        "rouvert, le demandeur est prévenu",
                        "reopened, the requester is told",
                    ),
                    // No command asks for what requesters say and time does.
                    Step::Accept
                    | Step::Refuse
                    | Step::Write(_)
                    | Step::Wake
                    | Step::Lapse
                    | Step::Expire => return false,
                };
                self.step = Some(step);
                self.done(draft, line, answer);
                true
            }
        }
    }

    fn take(&mut self, draft: &mut Draft<'_>, line: &Line) -> bool {
        let language = &self.technician.language;
        let owner = draft
            .ticket(self.id)
            .and_then(|ticket| ticket.technician.clone());
        match owner {
            Some(owner) if self.technician.has_address(&owner.address) => {
                let answer = words::pick(language, "vous le suivez déjà", "it is yours already");
                self.done(draft, line, answer);
                true
            }
            Some(owner) => {
                let name = owner.name.unwrap_or(owner.address);
                let answer = words::pick(
                    language,
                    format!("déjà pris en charge par {name}"),
                    format!("taken already by {name}"),
                );
                self.refuse(draft, line, &answer);
                false
            }
            None => {
                self.own(draft);
                let answer = words::pick(language, "le ticket est à vous", "the ticket is yours");
                self.done(draft, line, answer);
                true
            }
        }
    }

    /// The first to answer or to take it owns it.
    fn own(&mut self, draft: &mut Draft<'_>) {
        let free = draft
            .ticket(self.id)
            .is_some_and(|ticket| ticket.technician.is_none());
        if free {
            self.took = true;
            let technician = Some(self.technician.who());
            draft.event(
                self.id,
                self.actor.clone(),
                true,
                What::Assigned { technician },
            );
        }
    }

    fn apply_step(&mut self, draft: &mut Draft<'_>) {
        let Some(step) = self.step else { return };
        // Checked when the command was read; nothing has changed the status since.
        let status = draft.ticket(self.id).map(|ticket| ticket.status);
        if let Some(Ok(to)) = status.map(|status| lifecycle::next(status, step, "en")) {
            if step == Step::Resolve {
                self.own(draft);
            }
            lifecycle::set(draft, self.id, self.actor.clone(), to, None);
        }
    }

    /// One mail to the requester for all that happened (rows E2, F8).
    fn tell(&self, draft: &mut Draft<'_>, words: Option<&Words>) {
        let kind = match self.step {
            Some(Step::Resolve) => Some(Kind::Resolved),
            Some(Step::Close) => Some(Kind::Closed),
            Some(Step::Reopen) => Some(Kind::Reopened),
            Some(Step::Pause(_)) => Some(Kind::Paused),
            Some(
                Step::Wait(_)
                | Step::Accept
                | Step::Refuse
                | Step::Write(_)
                | Step::Wake
                | Step::Lapse
                | Step::Expire,
            )
            | None => None,
        };
        let kind = kind
            .or_else(|| words.map(|_| Kind::FollowUp))
            .or_else(|| self.took.then_some(Kind::Taken));
        if let Some(kind) = kind {
            let nobody = Words {
                author: Some(Address {
                    name: Some(self.technician.name.clone()),
                    address: String::new(),
                }),
                ..Words::default()
            };
            let own_address = self.technician.who().address;
            tell::public(
                draft,
                self.id,
                kind,
                Some(words.unwrap_or(&nobody)),
                &own_address,
            );
        }
    }
}
