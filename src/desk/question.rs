//! What to look up before deciding.

use super::{Arrival, Input, Policy, Question, Timer, locate};
use crate::ticket::{NoticeId, TicketId};
use crate::token::Keys;

/// What to look up before deciding about `input`.
pub fn question(policy: &Policy, keys: &Keys, input: &Input) -> Question {
    let mut question = Question::default();
    match input {
        Input::Mail(arrival) => about_mail(policy, keys, arrival, &mut question),
        Input::Poison { inbox, .. } => question.inbox = Some(*inbox),
        Input::Action(action) => {
            question.tickets.insert(action.ticket);
        }
        Input::Timer(Timer::AutoClose(ticket)) => {
            question.tickets.insert(*ticket);
        }
        Input::Timer(Timer::Due(notice)) => {
            question.notices.insert(*notice);
        }
        Input::Delivery(delivery) => {
            question.tickets.insert(delivery.ticket);
            question.notices.insert(delivery.notice);
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

fn about_mail(policy: &Policy, keys: &Keys, arrival: &Arrival, question: &mut Question) {
    let mail = &arrival.mail;
    question.inbox = Some(arrival.inbox);
    question.content = mail.content_digest;
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
    for reply in locate::tokens(keys, arrival) {
        question.tickets.insert(TicketId(reply.ticket));
        question.notices.insert(NoticeId(reply.notice));
    }
    question.tickets.extend(locate::references(policy, arrival));
    if let Some(sender) = mail.sender() {
        question.addresses.insert(sender.key());
        if !policy.is_internal(&sender.address) {
            question.causes.insert(sender.key());
        }
    }
    question
        .addresses
        .extend(mail.reply_to.iter().map(|address| address.key()));
}
