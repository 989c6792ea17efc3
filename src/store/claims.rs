//! What a person was counted for: claims of urgency (row J3), marks that were asked for (row K6).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, params};

use super::{Store, millis};
use crate::desk::urgency::{COUNTED_DAYS, Claims};
use crate::ticket::{Claim, Ticket, TicketId};

impl Store {
    /// What these requesters (folded addresses of one person) claimed lately.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn claims(&self, requesters: BTreeSet<String>, now: DateTime<Utc>) -> Result<Claims> {
        self.read("counting claims of urgency", move |connection, _| {
            of(connection, &requesters, now)
        })
        .await
    }
}

/// Each ticket counts once for each step, however often it was taken.
pub(super) fn of(
    connection: &Connection,
    requesters: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<Claims> {
    let since = millis(now - Duration::days(COUNTED_DAYS));
    let mut claims = Claims::default();
    // The requester's tickets of that time first: few, where events of a kind are many.
    let mut statement = connection.prepare_cached(
        r"SELECT count(DISTINCT events.ticket) FROM tickets
          JOIN events INDEXED BY events_ticket ON events.ticket = tickets.id
          WHERE tickets.requester = ?1 AND tickets.updated_at >= ?2
            AND events.kind = 'urgency' AND events.at >= ?2
            AND json_extract(events.event, '$.what.step') = ?3",
    )?;
    for requester in requesters {
        for step in Claim::ALL {
            let count: u32 =
                statement.query_row(params![requester, since, step.as_str()], |row| row.get(0))?;
            let total = match step {
                Claim::Claimed => &mut claims.claimed,
                Claim::Confirmed => &mut claims.confirmed,
                Claim::Lowered => &mut claims.lowered,
                Claim::Disputed => &mut claims.disputed,
            };
            *total += count;
        }
    }
    Ok(claims)
}

/// Those of the tickets whose requester was asked for marks since then, of this ticket or another.
pub(super) fn asked_for_marks(
    connection: &Connection,
    tickets: &BTreeMap<TicketId, Ticket>,
    since: DateTime<Utc>,
) -> Result<BTreeSet<TicketId>> {
    let mut statement = connection.prepare_cached(
        r"SELECT EXISTS (SELECT 1 FROM tickets
          JOIN events INDEXED BY events_ticket ON events.ticket = tickets.id
          WHERE tickets.requester = ?1 AND tickets.updated_at >= ?2
            AND events.kind = 'rating' AND events.at >= ?2
            AND json_extract(events.event, '$.what.kind') = 'marks-asked')",
    )?;
    let mut asked = BTreeSet::new();
    for (id, ticket) in tickets {
        let Some(requester) = ticket.requester() else {
            continue;
        };
        if statement.query_row(params![requester.who.key(), millis(since)], |row| {
            row.get(0)
        })? {
            asked.insert(*id);
        }
    }
    Ok(asked)
}
