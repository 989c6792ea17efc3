//! The same request sent again (row C12, S1.18): same sender, similar subject, the first still open
//! and young. The one exception to "never by subject text alone" (row D7); who may join is still
//! the table's to say.

use chrono::Duration;

use super::access::Carrier;
use super::locate::Pointer;
use super::route::Route;
use super::similar::Matter;
use super::{Arrival, Known, Policy, words};
use crate::ticket::Status;

/// Hours in which the same subject of the same person is the same request.
const WITHIN_HOURS: i64 = 72;

/// For so long a second mail of the same person about the same matter joins the first (row C12).
pub fn within() -> Duration {
    Duration::hours(WITHIN_HOURS)
}

/// Whether it makes sense to look for an earlier request: a person wrote it, who is no technician (he
/// opens tickets for many), with a subject.
pub fn may_be(policy: &Policy, arrival: &Arrival) -> bool {
    let mail = &arrival.mail;
    let Some(sender) = mail.sender() else {
        return false;
    };
    mail.automatic.is_none()
        && mail.forwarded.is_none()
        && policy.technician(&sender.address).is_none()
        && mail
            .subject
            .as_deref()
            .is_some_and(|subject| !subject.trim().is_empty())
}

/// The ticket that a mail repeats, as a pointer to it.
pub fn find(policy: &Policy, arrival: &Arrival, route: &Route, known: &Known) -> Option<Pointer> {
    if !may_be(policy, arrival) {
        return None;
    }
    let prefixes = policy.prefixes();
    let matter = Matter::of(arrival.mail.subject.as_deref()?, &prefixes);
    let whom = (arrival.submission.as_ref()).and_then(|form| form.beneficiary.as_ref());
    let ticket = known
        .recent
        .iter()
        .filter_map(|id| known.tickets.get(id))
        .filter(|ticket| match ticket.status {
            Status::Open | Status::Waiting { .. } | Status::Paused { .. } => true,
            Status::Resolved | Status::Closed => false,
        })
        .filter(|ticket| ticket.verified && !ticket.automatic)
        // So is the same for somebody else.
        .filter(|ticket| {
            whom.is_none_or(|whom| {
                let has_it = ticket.beneficiary().or_else(|| ticket.requester());
                has_it.is_some_and(|who| policy.directory.is_same(&who.who.address, &whom.address))
            })
        })
        // The same words to another service are another request.
        .filter(|ticket| ticket.team == route.lead || ticket.observing_teams.contains(&route.lead))
        .find(|ticket| matter.is_similar(&Matter::of(&ticket.title, &prefixes)))?;
    Some(Pointer {
        ticket: ticket.id,
        carrier: Carrier::Thread,
        token: None,
        notice: None,
        through: None,
        repeats: true,
        why: words::pick(
            &policy.language,
            format!(
                "Même expéditeur et objet semblable à {}, ouvert depuis moins de {WITHIN_HOURS} h : joint à ce ticket.",
                ticket.reference
            ),
            format!(
                "Same sender and a subject like that of {}, open for less than {WITHIN_HOURS} h: joined.",
                ticket.reference
            ),
        ),
    })
}
