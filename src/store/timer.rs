//! What is due by itself: tickets to close, to remind of or to wake, notices that were kept.

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::params;

use super::{Store, millis, time};
use crate::ticket::{NoticeId, TicketId};

/// Timers given at once.
const DUE_AT_ONCE: i64 = 500;

/// What time has come for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Due {
    /// Tickets of which something is due.
    pub tickets: Vec<TicketId>,
    /// Notices that were kept until now.
    pub notices: Vec<NoticeId>,
}

impl Store {
    /// What time has come for.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn due(&self, now: DateTime<Utc>) -> Result<Due> {
        self.read("looking what is due", move |connection, _| {
            let mut tickets = connection.prepare_cached(
                r"SELECT id FROM tickets INDEXED BY tickets_due
                  WHERE due_at IS NOT NULL AND due_at <= ?1 ORDER BY due_at, id LIMIT ?2",
            )?;
            let mut notices = connection.prepare_cached(
                r"SELECT id FROM notices WHERE state = 'kept' AND due_at <= ?1
                  ORDER BY due_at, id LIMIT ?2",
            )?;
            Ok(Due {
                tickets: tickets
                    .query_map(params![millis(now), DUE_AT_ONCE], |row| {
                        row.get(0).map(TicketId)
                    })?
                    .collect::<rusqlite::Result<_>>()?,
                notices: notices
                    .query_map(params![millis(now), DUE_AT_ONCE], |row| {
                        row.get(0).map(NoticeId)
                    })?
                    .collect::<rusqlite::Result<_>>()?,
            })
        })
        .await
    }

    /// When [`Store::due`] has something next; may be in the past.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>> {
        self.read("looking for the next timer", |connection, _| {
            let earliest: Option<i64> = connection.query_row(
                r"SELECT min(at) FROM (
                    SELECT min(due_at) AS at FROM tickets INDEXED BY tickets_due
                    WHERE due_at IS NOT NULL
                    UNION ALL SELECT min(due_at) FROM notices WHERE state = 'kept')",
                [],
                |row| row.get(0),
            )?;
            Ok(earliest.map(time))
        })
        .await
    }
}
