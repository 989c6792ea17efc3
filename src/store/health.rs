//! What is kept of how the desk is doing: each account as the running desk sees it, when its mails
//! come, and what operations were told.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{Durability, Store, count, millis, number, time};

/// Mails, of all accounts together, among which an account's habits are looked for: a bound for
/// the cost, weeks of a busy desk.
const LOOKED_AT_MAILS: i64 = 5_000;

/// An account as the running desk sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountState {
    /// Connected and watching.
    pub up: bool,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What is wrong.
    pub problem: Option<String>,
    /// When its server last listed the mailbox.
    pub looked_at: Option<DateTime<Utc>>,
    /// Mails that it listed.
    pub listed: u64,
    /// Of those, not in the ledger although they were asked for.
    pub unknown: u64,
    /// Since when ledger and server disagree: mails unknown here, or ours and not filed there.
    pub behind_since: Option<DateTime<Utc>>,
}

impl Store {
    /// Writes down how accounts are doing, and forgets those that are not named.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn note_accounts(&self, states: BTreeMap<String, AccountState>) -> Result<()> {
        self.write(
            Durability::Killproof,
            "noting accounts",
            move |connection| {
                connection.execute(r"DELETE FROM account_states", [])?;
                let mut statement = connection.prepare_cached(
                    r"INSERT INTO account_states
                          (name, up, since, problem, looked_at, listed, unknown, behind_since)
                      VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                )?;
                for (name, state) in &states {
                    statement.execute(params![
                        name,
                        state.up,
                        millis(state.since),
                        state.problem.as_deref().unwrap_or_default(),
                        state.looked_at.map(millis),
                        number(state.listed),
                        number(state.unknown),
                        state.behind_since.map(millis)
                    ])?;
                }
                Ok(())
            },
        )
        .await
    }

    /// How accounts were doing when that was last written down.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn account_states(&self) -> Result<BTreeMap<String, AccountState>> {
        self.read("reading how accounts are doing", |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT name, up, since, problem, looked_at, listed, unknown, behind_since
                  FROM account_states",
            )?;
            let mut rows = statement.query([])?;
            let mut states = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let problem: String = row.get(3)?;
                let state = AccountState {
                    up: row.get(1)?,
                    since: time(row.get(2)?),
                    problem: (!problem.is_empty()).then_some(problem),
                    looked_at: row.get::<_, Option<i64>>(4)?.map(time),
                    listed: count(row.get(5)?),
                    unknown: count(row.get(6)?),
                    behind_since: row.get::<_, Option<i64>>(7)?.map(time),
                };
                states.insert(row.get(0)?, state);
            }
            Ok(states)
        })
        .await
    }

    /// When the latest mails of each account reached their mailbox, rising.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn arrivals(
        &self,
        since: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Vec<DateTime<Utc>>>> {
        self.read("looking when mails come", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT account, received_at FROM inbox
                  WHERE id > (SELECT coalesce(max(id), 0) FROM inbox) - ?1 AND received_at >= ?2
                  ORDER BY received_at",
            )?;
            let mut rows = statement.query(params![LOOKED_AT_MAILS, millis(since)])?;
            let mut arrivals: BTreeMap<String, Vec<DateTime<Utc>>> = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let at = time(row.get(1)?);
                match arrivals.get_mut(row.get_ref(0)?.as_str()?) {
                    Some(times) => times.push(at),
                    None => {
                        arrivals.insert(row.get(0)?, vec![at]);
                    }
                }
            }
            Ok(arrivals)
        })
        .await
    }

    /// What operations were told is wrong, and when; not what is over since.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn alerts(&self) -> Result<BTreeMap<String, DateTime<Utc>>> {
        self.read("reading alerts", |connection, _| {
            let mut statement = connection.prepare_cached(r"SELECT name, told_at FROM alerts")?;
            let rows =
                statement.query_map([], |row| Ok((row.get(0)?, time(row.get::<_, i64>(1)?))))?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }
}

/// In the transaction of the alert: what is told now, and what is over.
pub(super) fn write_alert(
    connection: &Connection,
    told: &BTreeSet<String>,
    over: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<()> {
    for name in told {
        connection.execute(
            r"INSERT INTO alerts (name, told_at) VALUES (?1, ?2)
              ON CONFLICT (name) DO UPDATE SET told_at = excluded.told_at",
            params![name, millis(now)],
        )?;
    }
    for name in over {
        connection.execute(r"DELETE FROM alerts WHERE name = ?1", params![name])?;
    }
    Ok(())
}
