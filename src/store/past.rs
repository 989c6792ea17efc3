//! What was said of a ticket before: the question that its requester owes an answer to, and whether
//! a resolution has reached his mail server.

use anyhow::{Context, Result};
use rusqlite::{Connection, params};

use super::{millis, time};
use crate::desk::{Notice, Past};
use crate::ticket::{Event, Role, Ticket, TicketId, What, Withdrawn};

/// Mails looked through for the latest of a technician.
const LOOKED_THROUGH: i64 = 50;

/// Events after one that somebody has seen: enough to find the first that matters.
const LATER: i64 = 500;

/// The past of a ticket.
pub(super) fn of(connection: &Connection, ticket: &Ticket) -> Result<Past> {
    Ok(Past {
        said: said(connection, ticket)?,
        resolution: resolution(connection, ticket)?,
    })
}

/// The latest `limit` events of a ticket, the earliest first.
pub(super) fn history(connection: &Connection, id: TicketId, limit: u32) -> Result<Vec<Event>> {
    let mut statement = connection
        .prepare_cached(r"SELECT event FROM events WHERE ticket = ?1 ORDER BY id DESC LIMIT ?2")?;
    let mut rows = statement.query(params![id.0, limit])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let event: Event = serde_json::from_str(row.get_ref(0)?.as_str()?)
            .with_context(|| format!("reading an event of ticket {id}"))?;
        events.push(event);
    }
    events.reverse();
    Ok(events)
}

/// What happened in a ticket after one of its events, in order.
pub(super) fn later(connection: &Connection, id: TicketId, event: i64) -> Result<Vec<Event>> {
    let mut statement = connection.prepare_cached(
        r"SELECT event FROM events WHERE ticket = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let mut rows = statement.query(params![id.0, event, LATER])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let event = serde_json::from_str(row.get_ref(0)?.as_str()?)
            .with_context(|| format!("reading an event of ticket {id}"))?;
        events.push(event);
    }
    Ok(events)
}

/// The notices of a ticket that are kept for later, in order.
pub(super) fn held(connection: &Connection, id: TicketId) -> Result<Vec<Notice>> {
    let mut statement = connection.prepare_cached(
        r"SELECT notice FROM notices INDEXED BY notices_kept
          WHERE ticket = ?1 AND state = 'kept' ORDER BY id",
    )?;
    let mut rows = statement.query(params![id.0])?;
    let mut notices = Vec::new();
    while let Some(row) = rows.next()? {
        let notice = serde_json::from_str(row.get_ref(0)?.as_str()?)
            .with_context(|| format!("reading a kept notice of ticket {id}"))?;
        notices.push(notice);
    }
    Ok(notices)
}

fn said(connection: &Connection, ticket: &Ticket) -> Result<Option<String>> {
    let mut statement = connection.prepare_cached(
        r"SELECT event FROM events
          WHERE ticket = ?1 AND (kind = 'mail' AND public = 1 OR kind = 'undone')
          ORDER BY id DESC LIMIT ?2",
    )?;
    let mut rows = statement.query(params![ticket.id.0, LOOKED_THROUGH])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let event: Event = serde_json::from_str(row.get_ref(0)?.as_str()?)
            .with_context(|| format!("reading an event of ticket {}", ticket.id))?;
        events.push(event);
    }
    // What was taken back before it left, the requester never read.
    let withdrawn = Withdrawn::of(&events);
    let said = events.into_iter().find_map(|event| {
        let by_staff = matches!(event.actor.role, Role::Technician | Role::Operator);
        let left = by_staff && !withdrawn.holds(&event);
        match event.what {
            What::Mail { text, .. } if left => Some(text),
            _ => None,
        }
    });
    Ok(said.filter(|text| !text.trim().is_empty()))
}

/// A notice that is kept is in no outbox yet; one that was sent has its time.
fn resolution(
    connection: &Connection,
    ticket: &Ticket,
) -> Result<Vec<(String, Option<chrono::DateTime<chrono::Utc>>)>> {
    let mut statement = connection.prepare_cached(
        r"SELECT notices.recipient, outbox.sent_at
          FROM notices LEFT JOIN outbox ON outbox.notice = notices.id
          WHERE notices.ticket = ?1 AND notices.kind IN ('resolved', 'call') AND notices.at >= ?2
            AND notices.state <> 'dropped'
          ORDER BY notices.id",
    )?;
    let rows = statement.query_map(params![ticket.id.0, millis(ticket.status_since)], |row| {
        Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(time)))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
