//! What a mail says of the category of a ticket.

use super::{Category, line, some_line};
use crate::desk::{Kind, Notice, Policy};
use crate::ticket::{Channel, Ticket};

/// What it is about; `None` in the bare form.
pub fn category(policy: &Policy, notice: &Notice, ticket: Option<&Ticket>) -> Option<Category> {
    let ticket = ticket.filter(|_| !notice.bare)?;
    let category = policy.category(ticket.category.as_deref()?)?;
    Some(Category {
        name: line(&category.full_name()),
        explanation: category.explanation.as_deref().and_then(some_line),
        warning: category.warning.as_deref().and_then(some_line),
    })
}

/// What the form would have asked, for the author of a mail (row I6).
pub fn questions(policy: &Policy, notice: &Notice, ticket: Option<&Ticket>) -> Vec<String> {
    let asked = ticket
        .filter(|_| notice.kind == Kind::Acknowledgement && !notice.bare)
        .filter(|ticket| ticket.channel == Channel::Mail)
        .and_then(|ticket| policy.category(ticket.category.as_deref()?))
        .map(|category| category.questions.as_slice());
    let asked = asked.unwrap_or_default().iter();
    asked.map(|question| line(&question.label)).collect()
}
