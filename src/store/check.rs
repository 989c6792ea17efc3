//! How the store is: counts for `check` and the health page, the soundness of the file, and that
//! every ticket is the fold of its events.

use std::collections::BTreeMap;

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension};

use super::{OutboxState, Store, count, read, time};
use crate::ticket::{Ticket, TicketId};

/// How much there is of everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    /// Mails by state, states without mails left out.
    pub inbox: BTreeMap<String, u64>,
    /// When the oldest mail that is still to be processed reached its mailbox.
    pub oldest_mail: Option<DateTime<Utc>>,
    /// Notifications by state, states without notifications left out.
    pub outbox: BTreeMap<String, u64>,
    /// When the oldest notification that is still to be sent was written.
    pub oldest_notification: Option<DateTime<Utc>>,
    /// Attempts that ended without an answer, ever.
    pub uncertain: u64,
    /// Notices kept for later.
    pub kept: u64,
    /// Tickets by status, statuses without tickets left out.
    pub tickets: BTreeMap<String, u64>,
    /// Accounts, by name.
    pub accounts: BTreeMap<String, AccountCounts>,
}

/// How much there is of one account.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct AccountCounts {
    /// When it was first watched.
    pub first_start: DateTime<Utc>,
    /// Mails older than that, left alone.
    pub left: u64,
    /// Mails accepted and not yet moved or flagged on the server.
    pub unfiled: u64,
}

/// What waits; cheap to ask, whatever the database holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Waiting {
    /// When the oldest mail that is still to be processed reached its mailbox.
    pub oldest_mail: Option<DateTime<Utc>>,
    /// When the oldest notification that is still to be sent was written.
    pub oldest_notification: Option<DateTime<Utc>>,
    /// Notifications that wait for an operator.
    pub held: u64,
}

impl Store {
    /// What waits.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn waiting(&self) -> Result<Waiting> {
        self.read("looking what waits", |connection, _| {
            let oldest = |sql: &str| -> Result<Option<DateTime<Utc>>> {
                let oldest: Option<i64> = connection
                    .prepare_cached(sql)?
                    .query_row([], |row| row.get(0))
                    .optional()?;
                Ok(oldest.map(time))
            };
            Ok(Waiting {
                oldest_mail: oldest(
                    r"SELECT received_at FROM inbox WHERE id =
                          (SELECT min(id) FROM inbox INDEXED BY inbox_state WHERE state = 'new')",
                )?,
                oldest_notification: oldest(
                    r"SELECT created_at FROM outbox WHERE id =
                          (SELECT min(id) FROM outbox INDEXED BY outbox_state
                           WHERE state IN ('queued', 'sending', 'uncertain')
                             AND id NOT IN (SELECT id FROM outbox INDEXED BY outbox_held
                                            WHERE held = 1))",
                )?,
                held: count(
                    connection
                        .prepare_cached(
                            r"SELECT count(*) FROM outbox INDEXED BY outbox_held WHERE held = 1",
                        )?
                        .query_row([], |row| row.get(0))?,
                ),
            })
        })
        .await
    }

    /// How much there is of everything.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn counts(&self) -> Result<Counts> {
        self.read("counting", |connection, _| counts(connection))
            .await
    }

    /// What is wrong with the database file, in SQLite's words; empty when it is sound.
    ///
    /// # Errors
    /// When it cannot be read at all.
    pub async fn integrity_check(&self) -> Result<Vec<String>> {
        self.read("checking the database", |connection, _| {
            let mut statement = connection.prepare("PRAGMA integrity_check")?;
            let lines = statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect::<rusqlite::Result<Vec<_>>>()?;
            let mut wrong: Vec<String> = lines.into_iter().filter(|line| line != "ok").collect();
            let mut statement = connection
                .prepare(r#"SELECT "table", rowid, "parent" FROM pragma_foreign_key_check"#)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
                let id: Option<i64> = row.get(1)?;
                wrong.push(format!(
                    "row {} of {table} refers to nothing in {parent}",
                    id.unwrap_or_default()
                ));
            }
            Ok(wrong)
        })
        .await
    }

    /// What does not hold among the tickets: every chain of events must fold to its ticket, and
    /// the columns must say the same. Empty when all is well.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn audit(&self) -> Result<Vec<String>> {
        self.read("auditing tickets", |connection, _| audit(connection))
            .await
    }
}

fn counts(connection: &Connection) -> Result<Counts> {
    let oldest = |sql: &str| -> Result<Option<DateTime<Utc>>> {
        let oldest: Option<i64> = connection.query_row(sql, [], |row| row.get(0))?;
        Ok(oldest.map(time))
    };
    let number =
        |sql: &str| -> Result<u64> { Ok(count(connection.query_row(sql, [], |row| row.get(0))?)) };
    let mut counts = Counts {
        inbox: by_token(
            connection,
            r"SELECT state, count(*) FROM inbox GROUP BY state",
        )?,
        oldest_mail: oldest(r"SELECT min(received_at) FROM inbox WHERE state = 'new'")?,
        outbox: by_token(
            connection,
            r"SELECT state, count(*) FROM outbox GROUP BY state",
        )?,
        oldest_notification: oldest(
            r"SELECT min(created_at) FROM outbox
              WHERE state IN ('queued', 'sending', 'uncertain') AND held = 0",
        )?,
        uncertain: number(r"SELECT coalesce(sum(uncertain), 0) FROM outbox")?,
        kept: number(r"SELECT count(*) FROM notices WHERE state = 'kept'")?,
        tickets: by_token(
            connection,
            r"SELECT status, count(*) FROM tickets GROUP BY status",
        )?,
        accounts: BTreeMap::new(),
    };
    count_held(connection, &mut counts.outbox)?;
    let mut statement = connection.prepare(r"SELECT name, first_start FROM accounts")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let account = AccountCounts {
            first_start: time(row.get(1)?),
            left: 0,
            unfiled: 0,
        };
        counts.accounts.insert(row.get(0)?, account);
    }
    let mut statement = connection.prepare(
        r"SELECT account, sum(state = 'left'), sum(state IN ('unfiled', 'copying', 'copied')) FROM (
              SELECT account, state FROM ledger WHERE state <> 'filed'
              UNION ALL SELECT account, state FROM maildir_ledger WHERE state <> 'filed')
          GROUP BY account",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if let Some(account) = counts.accounts.get_mut(row.get_ref(0)?.as_str()?) {
            account.left = count(row.get(1)?);
            account.unfiled = count(row.get(2)?);
        }
    }
    Ok(counts)
}

/// What is held counts as that, not as what it would be otherwise. Few rows are, ever.
fn count_held(connection: &Connection, outbox: &mut BTreeMap<String, u64>) -> Result<()> {
    let held = by_token(
        connection,
        r"SELECT state, count(*) FROM outbox INDEXED BY outbox_held WHERE held = 1 GROUP BY state",
    )?;
    for (state, count) in held {
        if let Some(all) = outbox.get_mut(&state) {
            *all = all.saturating_sub(count);
        }
        *outbox
            .entry(OutboxState::Held.as_str().to_owned())
            .or_default() += count;
    }
    outbox.retain(|_, count| *count > 0);
    Ok(())
}

fn by_token(connection: &Connection, sql: &str) -> Result<BTreeMap<String, u64>> {
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, count(row.get(1)?))))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn audit(connection: &Connection) -> Result<Vec<String>> {
    let mut wrong = Vec::new();
    let mut statement = connection
        .prepare(r"SELECT id, ticket, status, team, reference FROM tickets ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let id = TicketId(row.get(0)?);
        let ticket: Ticket = match serde_json::from_str(row.get_ref(1)?.as_str()?) {
            Ok(ticket) => ticket,
            Err(error) => {
                wrong.push(format!("ticket {id} cannot be read: {error}"));
                continue;
            }
        };
        let events = match read::events(connection, id) {
            Ok(events) => events,
            Err(error) => {
                wrong.push(format!("ticket {id}: {error:#}"));
                continue;
            }
        };
        match Ticket::fold(events.iter().map(|(_, event)| event)) {
            None => wrong.push(format!("ticket {id} does not begin with its opening")),
            Some(folded) if folded != ticket => wrong.push(format!(
                "ticket {id} is not the fold of its {} events: {}",
                events.len(),
                difference(&folded, &ticket)?
            )),
            Some(_) => {}
        }
        let columns = [
            (row.get_ref(2)?.as_str()?, ticket.status.as_str()),
            (row.get_ref(3)?.as_str()?, ticket.team.as_str()),
            (row.get_ref(4)?.as_str()?, &ticket.reference.to_string()),
        ];
        for (column, value) in columns {
            if column != value {
                wrong.push(format!("ticket {id}: a column says {column}, not {value}"));
            }
        }
    }
    Ok(wrong)
}

/// The fields in which a ticket is not what it was folded to.
fn difference(folded: &Ticket, ticket: &Ticket) -> Result<String> {
    let (folded, ticket) = (serde_json::to_value(folded)?, serde_json::to_value(ticket)?);
    let fields = folded.as_object().into_iter().flatten();
    Ok(fields
        .filter(|(name, value)| ticket.get(name.as_str()) != Some(value))
        .map(|(name, value)| {
            let kept = ticket.get(name.as_str()).cloned().unwrap_or_default();
            format!("{name} folds to {value} and is {kept}")
        })
        .collect::<Vec<_>>()
        .join("; "))
}
