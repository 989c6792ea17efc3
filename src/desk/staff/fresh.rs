//! A technician's new mail, one that points at no ticket: questions (row G8), an absence (F15), a
//! ticket opened for somebody else with the commands that go with it (a call, row E16), a user's
//! mail passed on (row G6). What proves nothing opens a ticket of his own, or none, and does nothing.

use super::super::command::{self, Command, Line};
use super::super::draft::Draft;
use super::super::locate::Pointer;
use super::super::open::{self, Behalf, Opening, remember_ids};
use super::super::policy::Technician;
use super::super::route::{Route, is_ours};
use super::super::tell;
use super::super::{Arrival, Disposition, Thread, confirm, hold, locate, words};
use super::aside::parts;
use super::reply::{Outcome, Reply};
use super::{ask, away, report};
use crate::mail::Address;
use crate::mail::authenticity::Authenticity;
use crate::ticket::{NoticeId, TicketId, What};
use crate::token::{Keys, Purpose, RecipientTag};

/// A question may be signed.
const SIGNATURE_LINES: usize = 6;
const SIGNATURE_CHARACTERS: usize = 250;

/// Takes the mail when it is more than a request of his own; false when it goes its usual way.
pub fn receive(draft: &mut Draft<'_>, keys: &Keys, arrival: &Arrival, route: &Route) -> bool {
    let policy = draft.policy;
    let Some(technician) = arrival
        .mail
        .sender()
        .and_then(|sender| policy.technician(&sender.address))
    else {
        return false;
    };
    if arrival.authenticity == Authenticity::Fail {
        return false;
    }
    let (lines, text) = command::parse(&arrival.mail.reply);
    let understood = || lines.iter().filter_map(|line| line.command.as_ref().ok());
    if understood().next().is_none() {
        return forwarded(draft, arrival, route, technician);
    }
    let proven = arrival.authenticity == Authenticity::Pass && policy.pass_is_enough
        || answers_his(draft, keys, arrival, technician);
    let needs_no_ticket =
        |command: &Command| ask::is_question(command) || matches!(command, Command::Away(_));
    let signed =
        text.lines().count() <= SIGNATURE_LINES && text.chars().count() <= SIGNATURE_CHARACTERS;
    let only_questions = lines.iter().all(|line| {
        let command = line.command.as_ref();
        command.is_ok_and(needs_no_ticket)
    });
    if only_questions && signed {
        if proven {
            questions(draft, arrival, technician, &lines);
        } else {
            unproven(draft, arrival, technician);
        }
        return true;
    }
    if proven {
        open_with(draft, arrival, route, technician, &lines, &text);
    } else {
        wait(draft, arrival, route, technician);
    }
    true
}

/// It answers a mail of ours that was sent to him and is about no ticket: a list.
fn answers_his(draft: &Draft<'_>, keys: &Keys, arrival: &Arrival, technician: &Technician) -> bool {
    let can_authenticate =
        draft.policy.authentication != super::super::policy::Authentication::None;
    let trusted = arrival.authenticity == Authenticity::Pass || !can_authenticate;
    trusted
        && locate::tokens(keys, arrival).iter().any(|token| {
            let his = technician
                .addresses
                .iter()
                .any(|address| RecipientTag::of(address) == token.recipient);
            let told = draft.known.notices.get(&NoticeId(token.notice));
            his && matches!(token.purpose, Purpose::Note | Purpose::Technician)
                && told.is_some_and(|told| super::is_young(draft, told))
        })
}

/// Each is answered by a mail of its own; there is no ticket.
fn questions(draft: &mut Draft<'_>, arrival: &Arrival, technician: &Technician, lines: &[Line]) {
    let message_id = arrival.mail.message_id.as_deref();
    let mut said = Vec::new();
    for line in lines {
        let outcome = match &line.command {
            Ok(Command::Away(when)) => match away::away(draft, technician, *when) {
                Outcome::Done(answer) => {
                    said.push(format!("✔ {} — {answer}", line.written));
                    continue;
                }
                refused => refused,
            },
            Ok(command) => ask::answer(draft, technician, command, message_id),
            Err(_) => continue,
        };
        if let Outcome::Refused(why) = outcome {
            said.push(format!("✘ {} — {why}", line.written));
        }
    }
    if !said.is_empty() {
        let heading = words::pick(&technician.language, "Vos commandes", "Your commands");
        let text = Some(said.join("\n"));
        tell::answer(draft, technician, message_id, heading, Vec::new(), text);
    }
    draft.dispose(
        Disposition::Ignored,
        "questions of a technician, answered by mail: no ticket",
    );
}

fn unproven(draft: &mut Draft<'_>, arrival: &Arrival, technician: &Technician) {
    let text = words::pick(
        &technician.language,
        "Un nouveau message ne prouve pas qu'il vient de vous. Posez la même question en répondant à n'importe quelle notification du guichet : elle aura sa réponse.",
        "A new mail does not prove that it is from you. Ask the same as a reply to any notification of the desk: it will be answered.",
    );
    tell::no_answer(draft, technician, arrival.mail.message_id.as_deref(), text);
    draft.dispose(
        Disposition::Ignored,
        "questions in the name of a technician, which nothing proves: not answered",
    );
}

/// Opens what he would have opened by hand, and asks him whether the commands are his.
fn wait(draft: &mut Draft<'_>, arrival: &Arrival, route: &Route, technician: &Technician) {
    let id = open::open(draft, arrival, route, Opening::default());
    let Some(ticket) = draft.ticket(id).cloned() else {
        return;
    };
    let pointer = pointer(id, "");
    confirm::ask(draft, arrival, &ticket, &pointer, technician);
    let why = "a technician's new mail: opens a ticket, its commands wait for his word";
    draft.dispose(Disposition::Filed(id), why);
}

fn pointer(id: TicketId, why: &str) -> Pointer {
    Pointer {
        ticket: id,
        carrier: super::super::access::Carrier::Thread,
        token: None,
        notice: None,
        through: None,
        repeats: false,
        why: why.to_owned(),
    }
}

/// Opens a ticket, for whom `#pour` names, and carries out the other commands on it.
fn open_with(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    route: &Route,
    technician: &Technician,
    lines: &[Line],
    text: &str,
) {
    let find = |line: &Line| match &line.command {
        Ok(Command::For(who)) => Some(who.clone()),
        _ => None,
    };
    let who = lines.iter().find_map(find);
    let is = |wanted: &Command| lines.iter().any(|line| line.command.as_ref() == Ok(wanted));
    let (call, resolved) = (is(&Command::Call), is(&Command::Resolve));
    let internal = is(&Command::Note);
    let (request, answer) = if call || who.is_some() && resolved {
        parts(text)
    } else {
        (text.to_owned(), String::new())
    };
    let by = technician.who();
    let remark = match (&who, call) {
        (Some(_), true) => Some(words::pick(
            &draft.policy.language,
            format!("Appel téléphonique consigné par {}.", technician.name),
            format!("Phone call logged by {}.", technician.name),
        )),
        (Some(_), false) => Some(words::pick(
            &draft.policy.language,
            format!("Ouvert par {} pour cette personne.", technician.name),
            format!("Opened by {} for this person.", technician.name),
        )),
        (None, _) => None,
    };
    let silent = call && who.is_some();
    let opening = Opening {
        why: remark.clone().into_iter().collect(),
        behalf: Some(Behalf {
            who: who.clone().unwrap_or(by),
            text: request.clone(),
            title: title(arrival, &request),
            message_id: None,
            remark,
            silent,
        }),
        by_phone: call,
        ..Opening::default()
    };
    let id = open::open(draft, arrival, route, opening);
    let mut reply = Reply::new(id, technician, None);
    reply.mail = arrival.mail.message_id.clone();
    let from = draft.decision.notices.len();
    for line in lines {
        match &line.command {
            Ok(Command::For(who)) => {
                let answer = words::pick(
                    &technician.language,
                    format!("le ticket est ouvert pour {}", who.address),
                    format!("the ticket is opened for {}", who.address),
                );
                reply.done(draft, line, answer);
            }
            Ok(Command::Call) if who.is_some() => {
                let answer = words::pick(
                    &technician.language,
                    "appel consigné ; le demandeur reçoit un seul message",
                    "call logged; the requester gets one mail",
                );
                reply.done(draft, line, answer);
            }
            Ok(Command::Call) => {
                let why = words::pick(
                    &technician.language,
                    "qui appelait ? ajoutez une ligne #pour et son adresse",
                    "who called? add a line #for with the address",
                );
                reply.refuse(draft, line, &why);
            }
            Ok(_) | Err(_) => reply.run(draft, line),
        }
    }
    if silent {
        reply.own(draft);
    }
    let answer = reply.with_inserted(answer);
    let public = !answer.is_empty() && !reply.refused && !internal;
    if !answer.is_empty() {
        let event = if public {
            What::Mail {
                text: answer.clone(),
                folded: String::new(),
                files: Vec::new(),
                inbox: Some(arrival.inbox),
                message_id: None,
                automatic: None,
                thanks: false,
                remarks: Vec::new(),
            }
        } else {
            What::Note {
                text: answer.clone(),
                files: Vec::new(),
                inbox: Some(arrival.inbox),
                why: None,
            }
        };
        draft.event(id, reply.actor.clone(), public, event);
    }
    if !reply.refused {
        reply.apply_step(draft);
    }
    if silent {
        let answer = if public { answer.as_str() } else { "" };
        tell::call(draft, id, &request, answer, technician);
    } else {
        let words = tell::Words {
            text: answer,
            author: Some(technician.who()),
            files: Vec::new(),
        };
        reply.tell(draft, public.then_some(&words));
    }
    hold::keep(draft, from);
    reply.must_report = true;
    report::send(draft, &mut reply, arrival.mail.message_id.as_deref());
    draft.dispose(
        Disposition::Filed(id),
        "a technician's new mail with commands",
    );
}

/// The subject, else the first words of the request.
fn title(arrival: &Arrival, request: &str) -> Option<String> {
    let subject = arrival.mail.subject.as_deref().unwrap_or_default();
    let subject = subject.trim();
    if subject.is_empty() || subject.starts_with('#') {
        Some(super::super::requests::title(request)).filter(|title| !title.is_empty())
    } else {
        None
    }
}

/// A user's mail that he passes on opens the ticket for the user, when he is proven; else it is his
/// own, and he is told how to give it to the user.
fn forwarded(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    route: &Route,
    technician: &Technician,
) -> bool {
    let policy = draft.policy;
    let Some(original) = &arrival.mail.forwarded else {
        return false;
    };
    let Some(from) = original.from.clone().filter(|from| {
        from.address.contains('@')
            && !is_ours(policy, &from.address)
            && policy.technician(&from.address).is_none()
    }) else {
        return false;
    };
    let shown = shown(&from);
    if arrival.authenticity != Authenticity::Pass {
        let id = open::open(draft, arrival, route, Opening::default());
        let line = words::pick(
            &technician.language,
            format!(
                "ℹ Vous avez transféré un message de {shown}, et rien ne prouve que le transfert vienne de vous : le ticket est à votre nom. Pour l'ouvrir à son nom, répondez #pour {}",
                from.address
            ),
            format!(
                "ℹ You passed on a mail of {shown}, and nothing proves that it was you: the ticket is in your name. To open it in theirs, reply #for {}",
                from.address
            ),
        );
        tell::remark(
            draft,
            id,
            technician,
            arrival.mail.message_id.as_deref(),
            vec![line],
        );
        return true;
    }
    let when = original.date.map(|date| {
        date.with_timezone(&policy.timezone)
            .format("%d/%m/%Y %H:%M")
            .to_string()
    });
    let remark = match when {
        Some(when) => words::pick(
            &policy.language,
            format!(
                "Message de {shown} du {when}, transféré par {}.",
                technician.name
            ),
            format!(
                "A mail of {shown} of {when}, passed on by {}.",
                technician.name
            ),
        ),
        None => words::pick(
            &policy.language,
            format!("Message de {shown}, transféré par {}.", technician.name),
            format!("A mail of {shown}, passed on by {}.", technician.name),
        ),
    };
    let opening = Opening {
        why: vec![remark.clone()],
        behalf: Some(Behalf {
            who: from,
            text: original.text.trim().to_owned(),
            title: original
                .subject
                .clone()
                .filter(|subject| !subject.trim().is_empty()),
            message_id: original.message_id.clone(),
            remark: Some(remark),
            silent: false,
        }),
        ..Opening::default()
    };
    let id = open::open(draft, arrival, route, opening);
    let own = own_words(&arrival.mail.reply);
    if !own.is_empty() {
        let note = What::Note {
            text: own,
            files: Vec::new(),
            inbox: Some(arrival.inbox),
            why: None,
        };
        draft.event(id, confirm::actor(technician), false, note);
    }
    if let Some(message_id) = &original.message_id {
        draft.remember(message_id, id, Thread::Incoming);
    }
    remember_ids(draft, id, arrival);
    true
}

/// What he wrote above the mail that he passed on; a client that marks nothing leaves it all in the
/// reply, quoted.
fn own_words(reply: &str) -> String {
    let lines = reply.lines().take_while(|line| {
        let line = line.trim();
        !line.starts_with('>')
            && !line.starts_with("---")
            && !line.starts_with("De :")
            && !line.starts_with("From:")
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

fn shown(who: &Address) -> String {
    match &who.name {
        Some(name) => format!("{name} <{}>", who.address),
        None => who.address.clone(),
    }
}
