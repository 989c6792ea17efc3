//! Where the links of a mail lead: requesters to their own page of the ticket, behind a signed link;
//! staff to the desk.

use chrono::{DateTime, Utc};

use crate::desk::{Listed, Notice, may_open};
use crate::notification::Stationery;
use crate::ticket::{PersonId, Ticket, TicketId};
use crate::token::{self, Page};

/// The page of a notice's recipient.
pub fn link(
    stationery: Stationery<'_>,
    notice: &Notice,
    ticket: &Ticket,
    now: DateTime<Utc>,
) -> Option<String> {
    let person = notice.link_for?;
    let generation = if token::is_staff_number(person.0) {
        // Who may not open it there, because it is with another team by now, sees what the
        // requester sees.
        let technician = stationery.policy.technician(&notice.to.address);
        if technician.is_some_and(|technician| may_open(technician, ticket)) {
            return Some(desk_page(stationery, ticket.id));
        }
        0
    } else {
        let known = ticket.people.iter().find(|known| known.id == person)?;
        known.generation
    };
    Some(page(stationery, ticket.id, person, generation, now))
}

/// The page of a ticket of a list, for the one whom the list is for.
pub fn listed_link(
    stationery: Stationery<'_>,
    listed: &Listed,
    person: PersonId,
    now: DateTime<Utc>,
) -> String {
    match token::is_staff_number(person.0) {
        true => desk_page(stationery, listed.ticket),
        false => page(stationery, listed.ticket, person, listed.generation, now),
    }
}

/// Where staff sees a ticket, once signed in.
fn desk_page(stationery: Stationery<'_>, ticket: TicketId) -> String {
    let base = stationery.policy.base_url.trim_end_matches('/');
    format!("{base}/desk/{ticket}")
}

fn page(
    stationery: Stationery<'_>,
    ticket: TicketId,
    person: PersonId,
    generation: i64,
    now: DateTime<Utc>,
) -> String {
    let page = Page {
        ticket: ticket.0,
        person: person.0,
        generation,
        issued: token::day(now.timestamp()),
    };
    let base = stationery.policy.base_url.trim_end_matches('/');
    format!("{base}/t/{}", page.seal(stationery.keys))
}
