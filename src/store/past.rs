//! What was said of a ticket before: the question that its requester owes an answer to, and whether
//! a resolution has reached his mail server.

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use super::{millis, time};
use crate::desk::Past;
use crate::ticket::{Event, Role, Ticket, What};

/// Mails looked through for the latest of a technician.
const LOOKED_THROUGH: i64 = 50;

/// The past of a ticket.
pub(super) fn of(connection: &Connection, ticket: &Ticket) -> Result<Past> {
    Ok(Past {
        said: said(connection, ticket)?,
        resolution: resolution(connection, ticket)?,
    })
}

fn said(connection: &Connection, ticket: &Ticket) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        r"SELECT event FROM events WHERE ticket = ?1 AND kind = 'mail' AND public = 1
          ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![ticket.id.0, LOOKED_THROUGH])?;
    while let Some(row) = rows.next()? {
        let event: Event = serde_json::from_str(row.get_ref(0)?.as_str()?)
            .with_context(|| format!("reading an event of ticket {}", ticket.id))?;
        if let (Role::Technician | Role::Operator, What::Mail { text, .. }) =
            (event.actor.role, event.what)
        {
            return Ok(Some(text).filter(|text| !text.trim().is_empty()));
        }
    }
    Ok(None)
}

/// A notice that is kept is in no outbox yet; one that was sent has its time.
fn resolution(
    connection: &Connection,
    ticket: &Ticket,
) -> Result<Vec<(String, Option<chrono::DateTime<chrono::Utc>>)>> {
    let mut statement = connection.prepare_cached(
        r"SELECT notices.recipient, outbox.sent_at
          FROM notices LEFT JOIN outbox ON outbox.notice = notices.id
          WHERE notices.ticket = ?1 AND notices.kind = 'resolved' AND notices.at >= ?2
            AND notices.state <> 'dropped'
          ORDER BY notices.id",
    )?;
    let rows = statement.query_map(params![ticket.id.0, millis(ticket.status_since)], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(time)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
