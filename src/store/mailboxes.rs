//! People known by their address alone, and their tickets (« Mes demandes », rows M2, M6).

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, millis, time};
use crate::ticket::{Status, Ticket, TicketId};
use crate::token::Errand;

/// An address that somebody asked for a link with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its row.
    pub id: i64,
    /// The address, folded.
    pub address: String,
    /// Generation of the links sent to it.
    pub generation: i64,
}

impl Store {
    /// The mailbox with this address; a new one when there was none.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn mailbox(&self, address: &str) -> Result<Mailbox> {
        let address = address.trim().to_lowercase();
        self.write(Durability::Durable, "noting a mailbox", move |connection| {
            connection
                .prepare_cached(
                    r"INSERT INTO mailboxes (address) VALUES (?1) ON CONFLICT (address) DO NOTHING",
                )?
                .execute([&address])?;
            let found = one(connection, "address = ?1", &address)?;
            found.context("a mailbox that was just noted")
        })
        .await
    }

    /// The mailbox of that row.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known_mailbox(&self, id: i64) -> Result<Option<Mailbox>> {
        self.read("reading a mailbox", move |connection, _| {
            one(connection, "id = ?1", id)
        })
        .await
    }

    /// The mailbox with this address, when somebody asked for a link with it.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn mailbox_of(&self, address: &str) -> Result<Option<Mailbox>> {
        let address = address.trim().to_lowercase();
        self.read("reading a mailbox", move |connection, _| {
            one(connection, "address = ?1", address)
        })
        .await
    }

    /// When a mailbox was last sent a link of that kind.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn visited_at(&self, id: i64, errand: Errand) -> Result<Option<DateTime<Utc>>> {
        self.read("reading a mailbox", move |connection, _| {
            visited_at(connection, id, errand)
        })
        .await
    }

    /// Somebody of a ticket has this address, so that a link to his requests would show something.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn has_tickets(&self, addresses: Vec<String>) -> Result<bool> {
        self.read("looking for somebody's tickets", move |connection, _| {
            Ok(!tickets_of(connection, &addresses, false, None, 1)?.is_empty())
        })
        .await
    }

    /// Ends all links that were sent to the mailboxes of these addresses, whose owners may ask for new
    /// ones at once; returns how many mailboxes that are.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn revoke_mailboxes(&self, addresses: Vec<String>) -> Result<usize> {
        self.write(Durability::Durable, "revoking links", move |connection| {
            let mut statement = connection.prepare_cached(
                r"UPDATE mailboxes
                  SET generation = generation + 1, requests_at = 0, confirm_at = 0
                  WHERE address = ?1",
            )?;
            let mut rows = 0;
            for address in &addresses {
                rows += statement.execute([address])?;
            }
            Ok(rows)
        })
        .await
    }

    /// The tickets that a person has a part in, the newest first: those below `before`, at most
    /// `limit`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn tickets_of(
        &self,
        addresses: Vec<String>,
        open_only: bool,
        before: Option<TicketId>,
        limit: usize,
    ) -> Result<Vec<Ticket>> {
        self.read("listing somebody's tickets", move |connection, _| {
            tickets_of(connection, &addresses, open_only, before, limit)
        })
        .await
    }
}

fn one(
    connection: &Connection,
    condition: &str,
    value: impl rusqlite::ToSql,
) -> Result<Option<Mailbox>> {
    let found = connection
        .prepare_cached(&format!(
            "SELECT id, address, generation FROM mailboxes WHERE {condition}"
        ))?
        .query_row([value], |row| {
            Ok(Mailbox {
                id: row.get(0)?,
                address: row.get(1)?,
                generation: row.get(2)?,
            })
        })
        .optional()?;
    Ok(found)
}

fn column(errand: Errand) -> &'static str {
    match errand {
        Errand::Confirm => "confirm_at",
        Errand::Requests => "requests_at",
    }
}

/// When it was last sent a link of that kind.
pub(super) fn visited_at(
    connection: &Connection,
    mailbox: i64,
    errand: Errand,
) -> Result<Option<DateTime<Utc>>> {
    let at: Option<i64> = connection
        .prepare_cached(&format!(
            "SELECT {} FROM mailboxes WHERE id = ?1",
            column(errand)
        ))?
        .query_row([mailbox], |row| row.get(0))
        .optional()?;
    Ok(at.filter(|at| *at > 0).map(time))
}

/// It is sent one now.
pub(super) fn visited(
    connection: &Connection,
    mailbox: i64,
    errand: Errand,
    now: DateTime<Utc>,
) -> Result<()> {
    let rows = connection
        .prepare_cached(&format!(
            "UPDATE mailboxes SET {} = ?2 WHERE id = ?1",
            column(errand)
        ))?
        .execute(params![mailbox, millis(now)])?;
    ensure!(rows == 1, "there is no mailbox {mailbox}");
    Ok(())
}

/// The people of a ticket have it among what is over, or not: a list of open requests never looks at
/// the others.
pub(super) fn follow(connection: &Connection, ticket: &Ticket) -> Result<()> {
    let over = ticket.status == Status::Closed;
    connection
        .prepare_cached(r"UPDATE people SET over = ?2 WHERE ticket = ?1 AND over <> ?2")?
        .execute(params![ticket.id.0, over])?;
    Ok(())
}

/// The statement of one page, for one address of the person.
fn page_sql(open_only: bool) -> &'static str {
    match open_only {
        true => {
            r"SELECT tickets.id, tickets.ticket FROM people INDEXED BY people_of_open
              JOIN tickets ON tickets.id = people.ticket
              WHERE people.address = ?1 AND people.ticket < ?2
                AND over = 0 AND part <> 'contributor'
              ORDER BY people.ticket DESC LIMIT ?3"
        }
        false => {
            r"SELECT tickets.id, tickets.ticket FROM people INDEXED BY people_of
              JOIN tickets ON tickets.id = people.ticket
              WHERE people.address = ?1 AND people.ticket < ?2 AND part <> 'contributor'
              ORDER BY people.ticket DESC LIMIT ?3"
        }
    }
}

/// See [`Store::tickets_of`].
pub(super) fn tickets_of(
    connection: &Connection,
    addresses: &[String],
    open_only: bool,
    before: Option<TicketId>,
    limit: usize,
) -> Result<Vec<Ticket>> {
    let mut found: Vec<(i64, String)> = Vec::new();
    let mut statement = connection.prepare_cached(page_sql(open_only))?;
    for address in addresses {
        let mut rows = statement.query(params![
            address,
            before.map_or(i64::MAX, |id| id.0),
            i64::try_from(limit).unwrap_or(i64::MAX)
        ])?;
        while let Some(row) = rows.next()? {
            found.push((row.get(0)?, row.get(1)?));
        }
    }
    // Each list is in order already; one ticket may be in two of them.
    found.sort_by_key(|(id, _)| std::cmp::Reverse(*id));
    found.dedup_by_key(|(id, _)| *id);
    found.truncate(limit);
    found
        .into_iter()
        .map(|(id, json)| {
            serde_json::from_str(&json).with_context(|| format!("reading ticket {id}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    /// A page of the list costs the same whatever else its reader has: all tickets of this database,
    /// of which two are open.
    #[test]
    fn a_page_reads_no_more_than_itself() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("guichet.db");
        let mut connection = Connection::open(&path).expect("a new file");
        super::super::migrations::bring_up_to_date(&mut connection, &path).expect("tables");
        connection
            .execute_batch(
                r"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
                  INSERT INTO tickets (id, reference, status, team, created_at, updated_at, ticket)
                  SELECT i, 'DSI-' || i, iif(i IN (1, 9000), 'open', 'closed'), 'dsi', i, i, '{}' FROM n;
                  INSERT INTO people (id, ticket, address, part, over)
                  SELECT id, id, 'marie@example.org', 'requester', status = 'closed' FROM tickets;",
            )
            .expect("rows");
        for (open_only, before, rows) in [
            (true, i64::MAX, 2),
            (true, 9000, 1),
            (false, i64::MAX, 21),
            (false, 9000, 21),
        ] {
            let mut statement = connection
                .prepare(page_sql(open_only))
                .expect("a statement");
            let found = statement
                .query_map(params!["marie@example.org", before, 21], |_| Ok(()))
                .expect("rows")
                .count();
            assert_eq!(found, rows);
            let steps = statement.get_status(StatementStatus::VmStep);
            assert!(steps < 1000, "{steps} steps, {open_only}, below {before}");
        }
    }

    /// A page of the list reads its own rows and no others, however many there are.
    #[test]
    fn the_list_walks_an_index() {
        let folder = tempfile::tempdir().expect("a directory");
        let path = folder.path().join("guichet.db");
        let mut connection = Connection::open(&path).expect("a new file");
        super::super::migrations::bring_up_to_date(&mut connection, &path).expect("tables");
        for (open_only, index) in [(true, "people_of_open"), (false, "people_of")] {
            let plan: Vec<String> = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {}", page_sql(open_only)))
                .expect("a statement")
                .query_map(params!["x", 1, 1], |row| row.get(3))
                .expect("a plan")
                .collect::<rusqlite::Result<_>>()
                .expect("texts");
            assert_eq!(
                plan,
                [
                    format!("SEARCH people USING INDEX {index} (address=? AND ticket<?)"),
                    "SEARCH tickets USING INTEGER PRIMARY KEY (rowid=?)".to_owned()
                ]
            );
        }
    }
}
