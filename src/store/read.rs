//! What the pages and the command line look at: tickets, their events, files, raw messages.

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params, params_from_iter};

use super::{Store, known, millis, search, time};
use crate::ticket::{Event, File, InboxId, Person, PersonId, Ticket, TicketId};

/// Which tickets to list; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TicketFilter {
    /// The token of a status: `open`, `waiting`, `paused`, `resolved`, `closed`.
    pub status: Option<String>,
    /// A team's id.
    pub team: Option<String>,
    /// A technician's registered address.
    pub technician: Option<String>,
    /// The address of who opened it.
    pub requester: Option<String>,
    /// At most so many; 0 is all of them.
    pub limit: usize,
}

/// A mail that something was told in, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The token of its kind.
    pub kind: String,
    /// To whom.
    pub to: String,
    /// When it leaves; `None`: it has left.
    pub leaves_at: Option<DateTime<Utc>>,
    /// The desk says it by itself: what is held for a moment then waits for working hours.
    pub of_desk: bool,
}

impl Store {
    /// What was told of a ticket by what was done at that moment.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn announced(&self, id: TicketId, at: DateTime<Utc>) -> Result<Vec<Announced>> {
        self.read("reading notices", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT kind, addressed, iif(state = 'kept', due_at, NULL),
                         automatic AND NOT internal
                  FROM notices
                  WHERE ticket = ?1 AND at = ?2 AND state <> 'dropped' ORDER BY id",
            )?;
            let rows = statement.query_map(params![id.0, millis(at)], |row| {
                Ok(Announced {
                    kind: row.get(0)?,
                    to: row.get(1)?,
                    leaves_at: row.get::<_, Option<i64>>(2)?.map(time),
                    of_desk: row.get(3)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// A ticket by its number.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ticket(&self, id: TicketId) -> Result<Option<Ticket>> {
        self.read("reading a ticket", move |connection, _| {
            known::ticket(connection, id)
        })
        .await
    }

    /// The events of a ticket with their numbers, oldest first; empty when there is no such ticket.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn events(&self, id: TicketId) -> Result<Vec<(i64, Event)>> {
        self.read("reading events", move |connection, _| {
            events(connection, id)
        })
        .await
    }

    /// Tickets, those that changed last first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tickets(&self, filter: TicketFilter) -> Result<Vec<Ticket>> {
        self.read("listing tickets", move |connection, _| {
            let fold = |address: Option<String>| address.map(|a| a.trim().to_lowercase());
            let mut statement = connection.prepare_cached(
                r"SELECT ticket FROM tickets
                  WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR team = ?2)
                    AND (?3 IS NULL OR technician = ?3) AND (?4 IS NULL OR requester = ?4)
                  ORDER BY updated_at DESC, id DESC LIMIT ?5",
            )?;
            let rows = statement.query(params![
                filter.status,
                filter.team,
                fold(filter.technician),
                fold(filter.requester),
                limit(filter.limit)
            ])?;
            tickets(rows)
        })
        .await
    }

    /// Tickets that hold every word of `text`, or its beginning, wherever in the ticket: title,
    /// texts, names of files, people, reference. Case and accents do not matter. Those that
    /// changed last first. All of them are found, at a cost that grows with the desk: for the command line.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn search(&self, text: &str, at_most: usize) -> Result<Vec<Ticket>> {
        let words: Vec<String> = search::words(text)
            .map(|word| format!("\"{word}\"*"))
            .collect();
        if words.is_empty() {
            return Ok(Vec::new());
        }
        self.read("searching", move |connection, _| {
            let one = r"SELECT events.ticket FROM words JOIN events ON events.id = words.rowid
                        WHERE words MATCH ?";
            let each = vec![one; words.len()].join(" INTERSECT ");
            let mut statement = connection.prepare(&format!(
                "SELECT ticket FROM tickets WHERE id IN ({each})
                 ORDER BY updated_at DESC, id DESC LIMIT {}",
                limit(at_most)
            ))?;
            tickets(statement.query(params_from_iter(words))?)
        })
        .await
    }

    /// The bytes of a file; `None` when its mail is not here or does not hold it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn file_bytes(&self, file: &File) -> Result<Option<Vec<u8>>> {
        let file = file.clone();
        self.read("reading a file", move |connection, raw| {
            known::file_bytes(connection, raw, &file)
        })
        .await
    }

    /// The bytes of a mail as it came; `None` when there is no such mail.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn raw(&self, id: InboxId) -> Result<Option<Vec<u8>>> {
        self.read("reading a mail", move |connection, raw| {
            known::raw_of(connection, raw, id)
        })
        .await
    }

    /// A person of a ticket, for a page link, and the ticket.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn person(&self, id: PersonId) -> Result<Option<(Ticket, Person)>> {
        self.read("reading a person", move |connection, _| {
            let ticket: Option<i64> = connection
                .prepare_cached(r"SELECT ticket FROM people WHERE id = ?1")?
                .query_row(params![id.0], |row| row.get(0))
                .optional()?;
            let Some(ticket) = ticket else {
                return Ok(None);
            };
            let ticket = known::ticket(connection, TicketId(ticket))?
                .with_context(|| format!("the ticket of person {id} is missing"))?;
            let person = ticket.people.iter().find(|person| person.id == id).cloned();
            Ok(person.map(|person| (ticket, person)))
        })
        .await
    }
}

pub(super) fn events(connection: &Connection, id: TicketId) -> Result<Vec<(i64, Event)>> {
    let mut statement =
        connection.prepare_cached(r"SELECT id, event FROM events WHERE ticket = ?1 ORDER BY id")?;
    let mut rows = statement.query(params![id.0])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let event = serde_json::from_str(row.get_ref(1)?.as_str()?)
            .with_context(|| format!("reading event {number} of ticket {id}"))?;
        events.push((number, event));
    }
    Ok(events)
}

pub(super) fn tickets(mut rows: rusqlite::Rows<'_>) -> Result<Vec<Ticket>> {
    let mut tickets = Vec::new();
    while let Some(row) = rows.next()? {
        tickets.push(serde_json::from_str(row.get_ref(0)?.as_str()?).context("reading a ticket")?);
    }
    Ok(tickets)
}

/// A limit as SQLite has it: -1 is none.
pub(super) fn limit(at_most: usize) -> i64 {
    match at_most {
        0 => -1,
        at_most => i64::try_from(at_most).unwrap_or(i64::MAX),
    }
}
