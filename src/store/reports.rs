//! Which months were told, and the suggestions of a month.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use chrono::{DateTime, NaiveDate, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Store, millis, read};
use crate::desk::Report;
use crate::ticket::Ticket;

impl Store {
    /// The latest month of which each report was told, by its first day.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn reported(&self) -> Result<BTreeMap<String, NaiveDate>> {
        self.read("reading which months were told", |connection, _| {
            let mut statement = connection.prepare_cached(r"SELECT name, month FROM reports")?;
            let rows = statement.query_map([], |row| {
                Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
            })?;
            rows.map(|row| {
                let (name, month) = row?;
                Ok((name, parsed(&month)?))
            })
            .collect()
        })
        .await
    }

    /// The suggestions that a team got from `from` on, before `to`, the oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn suggestions(
        &self,
        team: &str,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Ticket>> {
        let team = team.to_owned();
        self.read("listing suggestions", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT ticket FROM tickets
                  WHERE team = ?1 AND suggestion = 1 AND created_at >= ?2 AND created_at < ?3
                  ORDER BY created_at, id",
            )?;
            read::tickets(statement.query(params![team, millis(from), millis(to)])?)
        })
        .await
    }
}

/// The latest month of which it was told.
pub(super) fn told(connection: &Connection, name: &str) -> Result<Option<NaiveDate>> {
    let month: Option<String> = connection
        .prepare_cached(r"SELECT month FROM reports WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()?;
    month.as_deref().map(parsed).transpose()
}

/// In the transaction of the report: it is told. A later month stays.
pub(super) fn write(connection: &Connection, report: &Report) -> Result<()> {
    connection
        .prepare_cached(
            r"INSERT INTO reports (name, month) VALUES (?1, ?2)
              ON CONFLICT (name) DO UPDATE SET month = max(month, excluded.month)",
        )?
        .execute(params![report.name, report.month.to_string()])?;
    Ok(())
}

fn parsed(month: &str) -> Result<NaiveDate> {
    month.parse().context("reading the month of a report")
}
