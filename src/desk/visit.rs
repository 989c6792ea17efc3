//! Links that somebody asks for on the page and that only his mailbox gets (rows I10, M2, M6). What
//! a stranger types about somebody else's address costs that person one short mail in a while at most,
//! and not a word of it stands there.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::draft::Draft;
use super::policy::Policy;
use super::{Kind, Listed, Look, Question, Sent, tell};
use crate::mail::Address;
use crate::ticket::{Part, Ticket, TicketId};
use crate::token::{self, Errand, Keys};

/// Between two links of a kind to one address: whoever asks again has the first by then.
pub const WAIT: Duration = Duration::minutes(10);

/// How long a request waits for its confirmation.
pub const CONFIRM_WITHIN: Duration = Duration::hours(24);

/// How long the list of somebody's requests stays open.
const LIST_FOR: Duration = Duration::days(30);

/// Tickets that the mail lists; the page has the others.
const LISTED: usize = 10;

/// Somebody asks for a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Visit {
    /// What it shall open.
    pub errand: Errand,
    /// Row of the mailbox.
    pub mailbox: i64,
    /// Generation of its links.
    pub generation: i64,
    /// The address that was typed, folded.
    pub address: String,
    /// The request that was asked for by its number.
    pub ticket: Option<TicketId>,
    /// Language of the page.
    pub language: String,
    /// When the link ends.
    pub until: DateTime<Utc>,
}

impl Visit {
    /// When a link that is asked for now ends.
    pub fn end(errand: Errand, now: DateTime<Utc>) -> DateTime<Utc> {
        match errand {
            Errand::Confirm => now + CONFIRM_WITHIN,
            Errand::Requests => now + LIST_FOR,
        }
    }

    /// The link.
    pub fn link(&self, policy: &Policy, keys: &Keys) -> String {
        let base = policy.base_url.trim_end_matches('/');
        let token = token::Visit {
            errand: self.errand,
            mailbox: self.mailbox,
            generation: self.generation,
            until: self.until.timestamp().div_euclid(60),
        };
        let page = match self.errand {
            Errand::Confirm => "c",
            Errand::Requests => "d",
        };
        format!("{base}/{page}/{}", token.seal(keys))
    }
}

/// What to look up before.
pub fn ask(policy: &Policy, visit: &Visit, question: &mut Question) {
    question.mailbox = Some((visit.mailbox, visit.errand));
    question.addresses.insert(visit.address.clone());
    if visit.errand == Errand::Requests {
        question.tickets.extend(visit.ticket);
        question.looks.insert(look(policy, visit));
    }
}

fn look(policy: &Policy, visit: &Visit) -> Look {
    Look::Person {
        addresses: policy.directory.addresses_of(&visit.address),
    }
}

/// Sends the link, when there is something behind it and none was sent a moment ago.
pub fn send(draft: &mut Draft<'_>, visit: &Visit) {
    let sent = draft.known.visited_at;
    if sent.is_some_and(|sent| draft.now < sent + WAIT) {
        draft.decision.why = "a link was sent to this address a moment ago".to_owned();
        return;
    }
    if is_over(draft, &visit.address) {
        draft.decision.why = "too many automatic mails leave, see [limits]".to_owned();
        return;
    }
    let listed = match visit.errand {
        Errand::Confirm => Vec::new(),
        Errand::Requests => {
            let listed = listed(draft, visit);
            let reads = draft.policy.read_by(&visit.address).next().is_some();
            if listed.is_empty() && !reads {
                draft.decision.why = "this address has no requests here".to_owned();
                return;
            }
            listed
        }
    };
    let kind = match visit.errand {
        Errand::Confirm => Kind::Submission,
        Errand::Requests => Kind::Requests,
    };
    tell::mailbox(draft, kind, visit.clone(), listed);
}

/// The limits on all that leaves, and on what leaves for one domain; one address has [`WAIT`].
fn is_over(draft: &Draft<'_>, address: &str) -> bool {
    let limits = &draft.policy.limits;
    let over = |sent: &Sent, limit: u32| limit > 0 && sent.hour >= limit;
    let domain = Address {
        name: None,
        address: address.to_owned(),
    }
    .domain();
    let to_domain = draft.known.sent_to_domain.get(&domain);
    over(&draft.known.sent_in_all, limits.total_per_hour)
        || !draft.policy.internal_domains.contains(&domain)
            && to_domain.is_some_and(|sent| over(sent, limits.domain_per_hour))
}

/// The one that was asked for first, then the latest.
fn listed(draft: &Draft<'_>, visit: &Visit) -> Vec<Listed> {
    let addresses = draft.policy.directory.addresses_of(&visit.address);
    let entry = |ticket: &Ticket| {
        let person = ticket.people.iter().find(|person| {
            person.part != Part::Contributor && addresses.contains(&person.who.key())
        })?;
        Some(Listed {
            who: None,
            generation: person.generation,
            ..Listed::of(ticket, Some(person.id))
        })
    };
    let asked = visit.ticket.and_then(|id| draft.ticket(id));
    let found = draft.known.looked.get(&look(draft.policy, visit));
    let others = found.into_iter().flat_map(|found| &found.tickets);
    let others = others.filter(|ticket| Some(ticket.id) != visit.ticket);
    asked
        .into_iter()
        .chain(others)
        .filter_map(entry)
        .take(LISTED)
        .collect()
}
