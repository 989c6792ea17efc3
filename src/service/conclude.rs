//! Ask, decide, render: what happens to one input inside the write transaction.

use anyhow::Result;
use chrono::{DateTime, Utc};

use super::Rules;
use crate::desk::{self, Decision, Input, Known};
use crate::notification::{self, Outgoing};
use crate::store::{Lookup, Settlement};
use crate::ticket::{Ticket, TicketId};

/// Decides about `input` and writes what leaves at once. Given to [`crate::store::Store::settle`].
///
/// # Errors
/// When the database cannot answer.
pub fn conclude(
    rules: &Rules,
    input: &Input,
    lookup: &Lookup<'_>,
    now: DateTime<Utc>,
) -> Result<Settlement> {
    let question = desk::question(&rules.policy, &rules.keys, input);
    let known = lookup.known(&question)?;
    let decision = desk::decide(&rules.policy, &rules.keys, input, &known, now);
    let outgoing: Vec<Outgoing> = decision
        .notices
        .iter()
        .filter(|notice| notice.due_at.is_none())
        .map(|notice| {
            let ticket = notice
                .ticket
                .and_then(|id| ticket_of(&decision, &known, id));
            notification::render(
                rules.stationery(),
                notice,
                ticket,
                &|file| lookup.file(file),
                now,
            )
        })
        .collect();
    Ok(Settlement { decision, outgoing })
}

fn ticket_of<'a>(decision: &'a Decision, known: &'a Known, id: TicketId) -> Option<&'a Ticket> {
    decision
        .changed
        .iter()
        .map(|changed| &changed.ticket)
        .find(|ticket| ticket.id == id)
        .or_else(|| known.tickets.get(&id))
}
