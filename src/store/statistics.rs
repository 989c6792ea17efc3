//! Figures: the events that are not counted yet, the facts that were made of them, and the facts of a
//! period. All of it can be computed anew from the events. One writes them, the daemon; who looks with
//! other rules than it counts for himself and keeps nothing, so that no two undo each other's work.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::{Durability, Store, millis, read};
use crate::statistics::Fact;
use crate::ticket::{Event, TicketId};

/// Events counted at once; their tickets are read whole.
const EVENTS_AT_ONCE: i64 = 2000;

/// Tickets of which something is not counted yet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Uncounted {
    /// The latest event that was counted before.
    pub after: i64,
    /// The latest that is counted with these.
    pub up_to: i64,
    /// They, with all their events.
    pub tickets: Vec<(TicketId, Vec<Event>)>,
}

impl Store {
    /// The next tickets to count. `rules` names how it is done: under other rules than before, all
    /// are counted anew. Nothing is left when `after` and `up_to` are the same.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn uncounted(&self, rules: &str) -> Result<Uncounted> {
        let rules = rules.to_owned();
        self.read("looking for what is not counted", move |connection, _| {
            uncounted(connection, &rules)
        })
        .await
    }

    /// The latest event that is counted, by these rules.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn counted(&self, rules: &str) -> Result<i64> {
        let rules = rules.to_owned();
        self.read("looking how far figures are", move |connection, _| {
            position(connection, &rules)
        })
        .await
    }

    /// Keeps what was counted, unless somebody else has done so meanwhile.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn write_facts(
        &self,
        rules: &str,
        after: i64,
        up_to: i64,
        facts: Vec<(TicketId, Fact)>,
    ) -> Result<()> {
        let rules = rules.to_owned();
        self.write(
            Durability::Killproof,
            "keeping figures",
            move |connection| {
                if position(connection, &rules)? != after {
                    return Ok(());
                }
                let mut statement = connection.prepare_cached(
                    r"INSERT INTO facts (ticket, team, opened_at, fact) VALUES (?1, ?2, ?3, ?4)
                  ON CONFLICT (ticket) DO UPDATE SET
                      team = excluded.team, opened_at = excluded.opened_at, fact = excluded.fact",
                )?;
                for (ticket, fact) in &facts {
                    statement.execute(params![
                        ticket.0,
                        fact.team,
                        millis(fact.opened_at),
                        serde_json::to_string(fact)?
                    ])?;
                }
                connection
                    .prepare_cached(r"UPDATE counted SET event = ?1, rules = ?2 WHERE id = 1")?
                    .execute(params![up_to, rules])?;
                Ok(())
            },
        )
        .await
    }

    /// Facts of the tickets that these teams got from `from` on, before `to`.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn facts(
        &self,
        teams: Vec<String>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Fact>> {
        self.read("reading figures", move |connection, _| {
            let facts = kept(connection, &teams, from, to)?;
            Ok(facts.into_iter().map(|(_, fact)| fact).collect())
        })
        .await
    }

    /// The same, as it is this moment and by these rules: what is kept by the same, and made by `of`
    /// what is not counted yet, or otherwise. Nothing is kept.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn facts_now(
        &self,
        rules: &str,
        teams: Vec<String>,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
        of: impl Fn(&[Event]) -> Option<Fact> + Send + 'static,
    ) -> Result<Vec<Fact>> {
        let rules = rules.to_owned();
        self.read("counting", move |connection, _| {
            let after = position(connection, &rules)?;
            let mut facts: BTreeMap<TicketId, Fact> = match after {
                0 => BTreeMap::new(),
                _ => kept(connection, &teams, from, to)?.into_iter().collect(),
            };
            let mut statement = connection.prepare_cached(
                r"SELECT id FROM tickets WHERE created_at >= ?2 AND created_at < ?3
                  AND EXISTS (SELECT 1 FROM events WHERE ticket = tickets.id AND events.id > ?1)",
            )?;
            let mut rows = statement.query(params![after, millis(from), millis(to)])?;
            while let Some(row) = rows.next()? {
                let id = TicketId(row.get(0)?);
                let events = read::events(connection, id)?;
                let events: Vec<Event> = events.into_iter().map(|(_, event)| event).collect();
                match of(&events).filter(|fact| teams.contains(&fact.team)) {
                    Some(fact) => facts.insert(id, fact),
                    None => facts.remove(&id),
                };
            }
            let mut facts: Vec<Fact> = facts.into_values().collect();
            facts.sort_by_key(|fact| fact.opened_at);
            Ok(facts)
        })
        .await
    }
}

/// The facts that are kept of a period.
fn kept(
    connection: &Connection,
    teams: &[String],
    from: DateTime<Utc>,
    to: DateTime<Utc>,
) -> Result<Vec<(TicketId, Fact)>> {
    let mut statement = connection.prepare_cached(FACTS)?;
    let mut facts = Vec::new();
    for team in teams {
        let mut rows = statement.query(params![team, millis(from), millis(to)])?;
        while let Some(row) = rows.next()? {
            let fact = serde_json::from_str(row.get_ref(1)?.as_str()?);
            facts.push((TicketId(row.get(0)?), fact.context("reading a figure")?));
        }
    }
    Ok(facts)
}

/// Facts with the team and the moment that they are asked for by.
const FACTS: &str = r"SELECT ticket, fact FROM facts
    WHERE team = ?1 AND opened_at >= ?2 AND opened_at < ?3 ORDER BY opened_at";

/// The latest event that is counted by these rules.
fn position(connection: &Connection, rules: &str) -> Result<i64> {
    let (event, before): (i64, String) = connection
        .prepare_cached(r"SELECT event, rules FROM counted WHERE id = 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(if before == rules { event } else { 0 })
}

fn uncounted(connection: &Connection, rules: &str) -> Result<Uncounted> {
    let after = position(connection, rules)?;
    let mut statement = connection
        .prepare_cached(r"SELECT id, ticket FROM events WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let mut rows = statement.query(params![after, EVENTS_AT_ONCE])?;
    let mut up_to = after;
    let mut ids = BTreeSet::new();
    while let Some(row) = rows.next()? {
        up_to = row.get(0)?;
        ids.insert(TicketId(row.get(1)?));
    }
    let tickets = ids
        .into_iter()
        .map(|id| {
            let events = read::events(connection, id)?;
            Ok((id, events.into_iter().map(|(_, event)| event).collect()))
        })
        .collect::<Result<_>>()?;
    Ok(Uncounted {
        after,
        up_to,
        tickets,
    })
}
