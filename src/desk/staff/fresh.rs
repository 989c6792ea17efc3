//! A technician's new mail, one that points at no ticket: questions (row G8), an absence (F15), a
//! ticket opened for somebody else with the commands that go with it (a call, row E16), a user's
//! mail passed on (row G6). What proves nothing opens a ticket of his own, or none, and does nothing.

use super::super::command::{self, Command, Line};
use super::super::draft::Draft;
use super::super::form::one_line;
use super::super::join::remember_ids;
use super::super::locate::Pointer;
use super::super::open::{self, Behalf, Opening};
use super::super::policy::Technician;
use super::super::route::{Route, is_ours};
use super::super::tell;
use super::super::{Arrival, Disposition, Thread, confirm, hold, locate, people, words};
use super::already::Asked;
use super::aside::parts;
use super::reply::{Outcome, Reply};
use super::{ask, away, report};
use crate::mail::authenticity::Authenticity;
use crate::mail::{Address, days};
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
    let (lines, text) = command::parse(&command::written(&arrival.mail));
    let understood = || lines.iter().filter_map(|line| line.command.as_ref().ok());
    if understood().next().is_none() {
        return forwarded(draft, arrival, route, technician);
    }
    let proven = arrival.authenticity == Authenticity::Pass && policy.pass_is_enough
        || answers_his(draft, keys, arrival, technician);
    let absence = draft.absence(technician).is_some();
    let needs_no_ticket = |command: &Command| {
        ask::is_question(command)
            || matches!(command, Command::Away(_) | Command::Back)
            || absence && *command == Command::Undo
    };
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
    let order = Order::of(arrival, lines, text);
    if proven {
        open_with(draft, arrival, route, technician, order);
    } else {
        wait(draft, arrival, route, technician, order);
    }
    true
}

/// What it answers first of all is a mail of ours about no ticket that was sent to its author, a
/// technician: a list. The conversation in which he had asked for it is no matter of this mail.
pub fn answers_a_list(draft: &Draft<'_>, keys: &Keys, arrival: &Arrival) -> bool {
    let sender = arrival.mail.sender();
    let technician = sender.and_then(|sender| draft.policy.technician(&sender.address));
    let tokens = locate::tokens(keys, arrival);
    technician
        .zip(tokens.first())
        .is_some_and(|(technician, token)| {
            let mut own = technician.addresses.iter();
            token.ticket == 0 && own.any(|address| RecipientTag::of(address) == token.recipient)
        })
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
            Ok(Command::Away(when)) => away::away(draft, technician, *when),
            Ok(Command::Back) => away::back(draft, technician),
            Ok(Command::Undo) => match draft.absence(technician) {
                Some(absence) => away::undo(draft, technician, absence.since),
                None => continue,
            },
            Ok(command) => match ask::answer(draft, technician, command, message_id) {
                Outcome::Done(_) => continue,
                refused => refused,
            },
            Err(_) => continue,
        };
        said.push(match outcome {
            Outcome::Done(answer) => format!("✔ {} — {answer}", line.written),
            Outcome::Refused(why) => format!("✘ {} — {why}", line.written),
        });
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

/// Opens what he would have opened by hand, in his name, and asks him whether the commands are his.
fn wait(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    route: &Route,
    technician: &Technician,
    order: Order,
) {
    let line = words::pick(
        &draft.policy.language,
        "Les commandes de ce message attendent la confirmation de leur auteur.",
        "The commands of this mail wait for their author's word.",
    );
    let opening = Opening {
        behalf: Some(Behalf {
            who: technician.who(),
            title: title(arrival, &order.request),
            text: order.request,
            message_id: arrival.mail.message_id.clone(),
            remark: None,
            by: None,
            silent: false,
        }),
        by_phone: order.call,
        told_otherwise: true,
        lines: vec![line],
        ..Opening::default()
    };
    let id = open::open(draft, arrival, route, opening);
    let Some(ticket) = draft.ticket(id).cloned() else {
        return;
    };
    let pointer = pointer(id, "");
    let until = confirm::ask(draft, arrival, &ticket, &pointer, technician);
    tell::unconfirmed(draft, id, technician, until);
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

/// What a new mail with commands says.
struct Order {
    lines: Vec<Line>,
    /// `#pour`.
    who: Option<Address>,
    /// `#tel`.
    call: bool,
    /// `#note`.
    internal: bool,
    request: String,
    answer: String,
}

impl Order {
    fn of(arrival: &Arrival, lines: Vec<Line>, text: String) -> Self {
        let who = lines.iter().find_map(|line| match &line.command {
            Ok(Command::For(who)) => Some(who.clone()),
            _ => None,
        });
        let is = |wanted: &Command| lines.iter().any(|line| line.command.as_ref() == Ok(wanted));
        let (call, resolved) = (is(&Command::Call), is(&Command::Resolve));
        let internal = is(&Command::Note);
        let (mut request, answer) = if call || who.is_some() && resolved {
            parts(&text)
        } else {
            (text, String::new())
        };
        // Nothing but commands: the subject says it, and they are not for the requester to read.
        if request.is_empty() {
            request = arrival.mail.subject.clone().unwrap_or_default();
        }
        Self {
            lines,
            who,
            call,
            internal,
            request,
            answer,
        }
    }

    /// Somebody's call: the person gets one mail, when all is done.
    fn is_silent(&self) -> bool {
        self.call && self.who.is_some()
    }
}

/// Opens a ticket, for whom `#pour` names, and carries out the other commands on it.
fn open_with(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    route: &Route,
    technician: &Technician,
    order: Order,
) {
    let remark = match (&order.who, order.call) {
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
    let opening = Opening {
        why: remark.clone().into_iter().collect(),
        behalf: Some(Behalf {
            who: order.who.clone().unwrap_or_else(|| technician.who()),
            text: order.request.clone(),
            title: title(arrival, &order.request),
            message_id: None,
            remark,
            by: order.who.as_ref().map(|_| technician.who()),
            silent: order.is_silent(),
        }),
        by_phone: order.call,
        // His transcript tells him.
        told_otherwise: order.who.is_none(),
        ..Opening::default()
    };
    let id = open::open(draft, arrival, route, opening);
    let reply = Reply::new(id, technician, None);
    carry_out(draft, arrival, reply, order, None);
    draft.dispose(
        Disposition::Filed(id),
        "a technician's new mail with commands",
    );
}

/// The same on the ticket that was opened in his name, now that he has said that it was he.
pub fn carry_out_new(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    id: TicketId,
    technician: &Technician,
) {
    let (lines, text) = command::parse(&command::written(&arrival.mail));
    let order = Order::of(arrival, lines, text);
    let reply = Reply::new(id, technician, None);
    let mut refused = None;
    if let Some(who) = &order.who {
        let (actor, language) = (reply.actor.clone(), &technician.language);
        match people::set_requester(draft, id, actor, who.clone(), language) {
            Ok(true) if !order.is_silent() => {
                tell::acknowledge(draft, id, tell::Acknowledged::of(technician));
            }
            Ok(_) => {}
            Err(why) => refused = Some(why),
        }
    }
    carry_out(draft, arrival, reply, order, refused);
}

/// Carries out what is left when there is a ticket: `refused` says why it is not for whom it should be.
fn carry_out(
    draft: &mut Draft<'_>,
    arrival: &Arrival,
    mut reply: Reply<'_>,
    order: Order,
    refused: Option<String>,
) {
    let (id, technician) = (reply.id, reply.technician);
    let silent = order.is_silent() && refused.is_none();
    let Order {
        lines,
        internal,
        request,
        answer,
        ..
    } = order;
    reply.mail = arrival.mail.message_id.clone();
    let from = draft.decision.notices.len();
    let others: Vec<Line> = lines
        .iter()
        .filter(|line| !matches!(line.command, Ok(Command::For(_) | Command::Call)))
        .cloned()
        .collect();
    let unknown_caller = lines.iter().any(|line| line.command == Ok(Command::Call)) && !silent;
    let aside = |line: &Line| matches!(line.command, Ok(Command::Partner(_)));
    reply.internal = internal;
    reply.asked = Asked::of(&lines, &answer);
    reply.says_something = !answer.is_empty() || silent;
    reply.fails = refused.is_some()
        || unknown_caller
        || lines.iter().any(aside)
        || super::fails(draft, &reply, &others);
    // What was to be told of a call, or of somebody's request, is not told by halves.
    reply.says_something |= reply.fails;
    for line in &lines {
        match &line.command {
            Ok(Command::Partner(_)) => {
                let why = words::pick(
                    &technician.language,
                    "pas ici : écrivez au tiers en réponse à la notification du ticket",
                    "not here: write to the third party in a reply to the notification of the ticket",
                );
                reply.refuse(draft, line, &why);
            }
            Ok(Command::For(_)) if refused.is_some() => {
                reply.refuse(draft, line, refused.as_deref().unwrap_or_default());
            }
            Ok(Command::For(who)) => {
                let answer = words::pick(
                    &technician.language,
                    format!("le ticket est ouvert pour {}", who.address),
                    format!("the ticket is opened for {}", who.address),
                );
                reply.done(draft, line, answer);
            }
            Ok(Command::Call) if silent => {
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
                    "qui appelait ? le ticket est à votre nom : répondez #pour suivi de son adresse",
                    "who called? the ticket is in your name: reply #for with the address",
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
    reply.apply_step(draft);
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
    let proven = arrival.authenticity == Authenticity::Pass;
    let shown = shown(&from);
    let when = original.date.map(|date| {
        let date = date.with_timezone(&policy.timezone).naive_local();
        let moment = |language| days::moment(date, language);
        words::pick(
            &policy.language,
            format!(" du {}", moment("fr")),
            format!(" of {}", moment("en")),
        )
    });
    let when = when.unwrap_or_default();
    let name = &technician.name;
    let remark = words::pick(
        &policy.language,
        format!("Message de {shown}{when}, transféré par {name}."),
        format!("A mail of {shown}{when}, passed on by {name}."),
    );
    let own = own_words(&arrival.mail.reply);
    let beside = words::pick(
        &policy.language,
        format!("{name} ajoute, en note interne : {}", one_line(&own)),
        format!("{name} adds, as an internal note: {}", one_line(&own)),
    );
    let opening = Opening {
        why: vec![remark.clone()],
        behalf: Some(Behalf {
            who: match proven {
                true => from.clone(),
                false => technician.who(),
            },
            text: original.text.trim().to_owned(),
            title: original
                .subject
                .clone()
                .filter(|subject| !subject.trim().is_empty()),
            message_id: match proven {
                true => original.message_id.clone(),
                false => arrival.mail.message_id.clone(),
            },
            remark: Some(remark),
            by: None,
            silent: false,
        }),
        told_otherwise: !proven,
        lines: (!own.is_empty()).then_some(beside).into_iter().collect(),
        ..Opening::default()
    };
    let id = open::open(draft, arrival, route, opening);
    if !own.is_empty() {
        let note = What::Note {
            text: own,
            files: Vec::new(),
            inbox: Some(arrival.inbox),
            why: None,
        };
        draft.event(id, confirm::actor(technician), false, note);
    }
    if let Some(message_id) = original.message_id.as_ref().filter(|_| proven) {
        draft.remember(message_id, id, Thread::Incoming);
    }
    remember_ids(draft, id, arrival);
    if !proven {
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
        let message_id = arrival.mail.message_id.as_deref();
        tell::remark(draft, id, technician, message_id, vec![line]);
    }
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
