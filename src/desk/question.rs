//! What to look up before deciding.

use super::command::{self, Command};
use super::{
    Action, Arrival, Deed, Input, Policy, Question, Timer, Written, assign, duplicate, locate,
    route, staff, visit,
};
use crate::mail::authenticity::Authenticity;
use crate::mail::habits;
use crate::ticket::{NoticeId, TicketId};
use crate::token::{self, Keys, Purpose, Reply};

/// Events that show what was said last of a ticket, and by whom.
const LATEST_EVENTS: u32 = 60;

/// Events of a ticket read to undo something of it: all, in any life that one can have.
const ALL_EVENTS: u32 = 20_000;

/// What to look up before deciding about `input`.
pub fn question(policy: &Policy, keys: &Keys, input: &Input) -> Question {
    let mut question = Question {
        marks_within: Some(policy.ask_marks_every).filter(|time| !time.is_zero()),
        ..Question::default()
    };
    match input {
        Input::Mail(arrival) => about_mail(policy, keys, arrival, &mut question),
        Input::Poison { inbox, .. } => question.inbox = Some(*inbox),
        Input::Action(action) => {
            question.tickets.insert(action.ticket);
            question.history = LATEST_EVENTS;
            if let Deed::Reply(written) = &action.what {
                about_reply(policy, action, written, &mut question);
            }
        }
        Input::Visit(visit) => visit::ask(policy, visit, &mut question),
        Input::Timer(Timer::Ticket(ticket)) => {
            question.tickets.insert(*ticket);
            question.past_of.insert(*ticket);
            question.history = LATEST_EVENTS;
        }
        Input::Timer(Timer::Due(notice)) => {
            question.notices.insert(*notice);
            question.history = LATEST_EVENTS;
        }
        Input::Timer(Timer::Alert { .. }) => {}
        Input::Timer(Timer::Report(report)) => question.report = Some(report.name.clone()),
        Input::SignIn(_) => {}
        Input::Delivery(delivery) => {
            question.tickets.insert(delivery.ticket);
            question.notices.insert(delivery.notice);
            let recipient = delivery.recipient.trim().to_lowercase();
            question.causes.insert(recipient);
        }
    }
    question.addresses.extend(
        policy
            .operations
            .iter()
            .map(|address| address.to_lowercase()),
    );
    if policy.limits.technician_per_hour > 0 {
        let technicians = policy.technicians.iter();
        question
            .addresses
            .extend(technicians.map(|technician| technician.who().key()));
    }
    question
}

/// A technician's reply on the page is what his mail would be.
fn about_reply(policy: &Policy, action: &Action, written: &Written, question: &mut Question) {
    question.later = Some((action.ticket, written.seen));
    let who = action.actor.who.as_ref();
    if let Some(technician) = who.and_then(|who| policy.technician(&who.address)) {
        staff::ask(technician, &written.text, question);
    }
    if undoes(&written.text) {
        question.history = ALL_EVENTS;
    }
}

impl Question {
    /// Something may be taken back: the tickets that hang on those asked for are concerned as well.
    pub fn takes_back(&self) -> bool {
        self.history == ALL_EVENTS
    }
}

/// A technician's reply takes back what he did before.
fn undoes(reply: &str) -> bool {
    let lines = command::parse(reply).0;
    lines.iter().any(|line| line.command == Ok(Command::Undo))
}

fn about_mail(policy: &Policy, keys: &Keys, arrival: &Arrival, question: &mut Question) {
    let mail = &arrival.mail;
    question.inbox = Some(arrival.inbox);
    question.content = mail.content_digest.map(|digest| (digest, mail.date));
    question.message_ids.extend(mail.message_id.clone());
    question
        .message_ids
        .extend(mail.in_reply_to.iter().cloned());
    question.message_ids.extend(mail.references.iter().cloned());
    question.message_ids.extend(
        mail.bounces
            .iter()
            .filter_map(|bounce| bounce.original_message_id.clone()),
    );
    question.causes.extend(
        mail.bounces
            .iter()
            .filter_map(|bounce| bounce.recipient.as_deref())
            .map(|recipient| recipient.trim().to_lowercase()),
    );
    // Which of our notifications a report is about decides who may be told of it.
    let reported = mail.bounces.iter().filter_map(|bounce| {
        let id = bounce.original_message_id.as_deref()?;
        Reply::open(keys, token::message_id_token(id, keys.instance())?)
    });
    for reply in locate::tokens(keys, arrival).into_iter().chain(reported) {
        question.tickets.insert(TicketId(reply.ticket));
        question.notices.insert(NoticeId(reply.notice));
        if reply.purpose == Purpose::Confirm {
            question.pending.insert(NoticeId(reply.notice));
        }
    }
    question.tickets.extend(locate::references(policy, arrival));
    let page = arrival.submission.as_ref().and_then(|form| form.ticket);
    question.tickets.extend(page);
    if mail.automatic.is_none() {
        question.troubles_of = Some(route::route(policy, arrival).lead);
    }
    question.loads_of.extend(assign::asked(policy));
    let of_staff = mail
        .sender()
        .is_some_and(|sender| policy.technician(&sender.address).is_some());
    question.history = if of_staff && undoes(&command::written(mail)) {
        ALL_EVENTS
    } else {
        LATEST_EVENTS
    };
    if let Some(sender) = mail.sender() {
        question.addresses.insert(sender.key());
        if let Some(technician) = policy.technician(&sender.address) {
            staff::ask(technician, &command::written(mail), question);
        }
        if duplicate::may_be(policy, arrival) {
            question.recent_of = Some(sender.key());
        }
        if mail.automatic.is_none() {
            let images = habits::ornaments(mail).into_iter().collect();
            question.habits_of = Some((sender.key(), images));
        }
        if mail.urgent {
            let own = policy.directory.addresses_of(&sender.address);
            question.claims_of.extend(own);
        }
        // What is said in our own name, or in a technician's, may be anybody's.
        if !policy.is_internal(&sender.address)
            || arrival.authenticity == Authenticity::Fail
            || policy.technician(&sender.address).is_some()
        {
            question.causes.insert(sender.key());
        }
    }
    question
        .addresses
        .extend(mail.reply_to.iter().map(|address| address.key()));
}
