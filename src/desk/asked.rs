//! What technicians ask for, and what the store finds: lists, searches, a timeline (row G8); who
//! is away (row F15); the trouble of the hour (row E15).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ticket::{PersonId, Reference, Status, Ticket, TicketId};

/// Tickets that an answer lists; of more, the number is told.
pub const LISTED: usize = 40;

/// Something to look up, of the technician's teams only.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Look {
    /// The tickets of these teams that are not done.
    Open {
        /// Ids of the configuration.
        teams: Vec<String>,
    },
    /// Those of this technician that are not done.
    Mine {
        /// Registered address, folded.
        address: String,
    },
    /// Those that hold these words.
    Search {
        /// As written.
        text: String,
        /// Ids of the configuration.
        teams: Vec<String>,
    },
    /// Those of this technician in which something happened since.
    Since {
        /// Registered address, folded.
        address: String,
        /// When he left.
        since: DateTime<Utc>,
    },
    /// Those that one of these people has a part in, the newest first.
    Person {
        /// Addresses of one person, folded.
        addresses: Vec<String>,
    },
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The first of them, at most [`LISTED`].
    pub tickets: Vec<Ticket>,
    /// How many there are.
    pub count: usize,
    /// Older ones may be there as well: what was looked for is too common to look at all.
    pub more: bool,
}

/// A ticket in the list of a notification, as it stood when that was decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Number.
    pub ticket: TicketId,
    /// As printed.
    pub reference: Reference,
    /// Title.
    pub title: String,
    /// Where it stands.
    pub status: Status,
    /// Since when; of one that is open, when it was opened.
    pub since: DateTime<Utc>,
    /// Who asked: name, else address; to staff only.
    pub who: Option<String>,
    /// Who takes care of it.
    pub owner: Option<String>,
    /// Whose page it links to.
    pub link_for: Option<PersonId>,
    /// Generation of that person's links.
    #[serde(default)]
    pub generation: i64,
}

impl Listed {
    /// To staff.
    pub fn of(ticket: &Ticket, link_for: Option<PersonId>) -> Self {
        let shown = |who: &crate::mail::Address| {
            let name = who.name.clone().filter(|name| !name.is_empty());
            name.unwrap_or_else(|| who.address.clone())
        };
        Self {
            ticket: ticket.id,
            reference: ticket.reference.clone(),
            title: ticket.title.clone(),
            status: ticket.status,
            since: match ticket.status {
                Status::Open => ticket.created_at,
                _ => ticket.status_since,
            },
            who: ticket.requester().map(|person| shown(&person.who)),
            owner: ticket.technician.as_ref().map(shown),
            link_for,
            generation: 0,
        }
    }
}

/// A technician who is away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absence {
    /// Registered address, folded.
    pub address: String,
    /// From when.
    pub since: DateTime<Utc>,
    /// When he is back, or was.
    pub until: DateTime<Utc>,
}

/// A ticket opened just now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recent {
    /// Number.
    pub ticket: TicketId,
    /// As printed.
    pub reference: String,
    /// Title.
    pub title: String,
    /// Who asked, folded.
    pub requester: String,
}

/// The trouble of a team at this hour.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Troubles {
    /// Its major incidents that are not resolved.
    pub majors: Vec<TicketId>,
    /// Its tickets of the last half hour, oldest first.
    pub recent: Vec<Recent>,
}
