//! The people of a ticket as a mail shows them, and the way out for those who only follow.

use super::words::{Requester, line, marker, shown_name, some_line};
use super::{Stationery, mailto, reply_address};
use crate::desk::Notice;
use crate::ticket::{Channel, Part, Person, Ticket};

/// Somebody of a ticket as the directory knows him; how to reach him is for staff.
pub fn known_person(stationery: Stationery<'_>, person: &Person, staff: bool) -> Requester {
    let entry = stationery
        .policy
        .directory
        .entry(&person.who.address)
        .filter(|_| staff);
    let place = entry.map(|entry| {
        let parts = [&entry.service, &entry.site].into_iter().flatten();
        parts.cloned().collect::<Vec<_>>().join(", ")
    });
    Requester {
        name: shown_name(&person.who, true).unwrap_or_default(),
        address: line(&person.who.address),
        phone: entry.and_then(|entry| entry.phone.as_deref().and_then(some_line)),
        place: place.as_deref().and_then(some_line),
    }
}

/// Where to call the requester: the number typed into the form, beside that of the directory; the number
/// of a signature, where the directory has none (row B14).
pub fn phone(ticket: Option<&Ticket>, known: Option<String>, language: &str) -> Option<String> {
    let written = ticket
        .and_then(|ticket| ticket.phone.as_deref())
        .and_then(some_line);
    // Tickets of before the field say it by their channel.
    let typed = ticket.is_some_and(|ticket| ticket.phone_typed || ticket.channel == Channel::Page);
    let digits = |phone: &str| -> String { phone.chars().filter(char::is_ascii_digit).collect() };
    match (written, known) {
        (Some(written), Some(known)) if typed && digits(&written) != digits(&known) => {
            Some(match language {
                "fr" => format!("{written} (annuaire : {known})"),
                _ => format!("{written} (directory: {known})"),
            })
        }
        (written, known) => known.or(written),
    }
}

/// A mail that says « ne plus suivre », for an observer (row F9). The token goes along in its text:
/// the new mail answers none of ours.
pub fn unfollow(
    stationery: Stationery<'_>,
    notice: &Notice,
    ticket: &Ticket,
    token: &str,
) -> Option<String> {
    let person = ticket.person(&notice.to.address)?;
    if person.part != Part::Observer || notice.kind.is_internal() {
        return None;
    }
    let language = notice.language.as_str();
    let words = match language {
        "fr" => "Ne plus suivre",
        _ => "Unfollow",
    };
    let reference = line(&ticket.reference.to_string());
    let body = format!("{words}\n\n{}", marker(language, &reference, token));
    let to = reply_address(stationery.policy, notice, token)?;
    let subject = format!("[{reference}] {words}");
    Some(mailto::link(&to, &subject, &body))
}
