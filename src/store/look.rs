//! What technicians ask for by mail, who is away, and the trouble of the hour.

use anyhow::{Context, Result};
use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, params, params_from_iter};

use super::{known, mailboxes, millis, read, search, time};
use crate::desk::{Absence, Found, Known, LISTED, Look, Question, Recent, Troubles};
use crate::ticket::{Status, Ticket, TicketId};

/// Tickets that hang together are followed so many steps: an alias of an alias.
const STEPS: usize = 4;

/// And so many of them: the children of a major incident.
const TOGETHER: usize = 1000;

/// Events of a timeline that a decision may look at, the latest.
const EVENTS: usize = 300;

/// Minutes in which the same words of many people are one trouble (row C12).
const TROUBLE_MINUTES: i64 = 30;

/// Tickets of those minutes that are compared.
const TROUBLE_TICKETS: i64 = 30;

/// Adds the tickets that those known hang together with.
pub(super) fn together(connection: &Connection, known: &mut Known) -> Result<()> {
    for _ in 0..STEPS {
        let missing: Vec<TicketId> = known
            .tickets
            .values()
            .flat_map(|ticket| ticket.ties.tickets())
            .filter(|id| !known.tickets.contains_key(id))
            .take(TOGETHER)
            .collect();
        if missing.is_empty() {
            break;
        }
        for id in missing {
            if let Some(ticket) = known::ticket(connection, id)? {
                known.tickets.insert(id, ticket);
            }
        }
    }
    Ok(())
}

/// Answers what a question asks beyond tickets and threads.
pub(super) fn answer(
    connection: &Connection,
    question: &Question,
    now: DateTime<Utc>,
    known: &mut Known,
) -> Result<()> {
    let kept = known
        .notices
        .values()
        .filter_map(|told| told.notice.as_ref());
    let mut looks = question.looks.clone();
    looks.extend(kept.filter_map(|notice| notice.look.clone()));
    for look in looks {
        let found = look_up(connection, &look)?;
        known.looked.insert(look, found);
    }
    if question.timelines {
        for id in known.tickets.keys() {
            let mut events = read::events(connection, *id)?;
            let first = events.len().saturating_sub(EVENTS);
            let events = events.split_off(first).into_iter().map(|(_, event)| event);
            known.timelines.insert(*id, events.collect());
        }
    }
    if let Some(team) = &question.troubles_of {
        known.troubles = troubles(connection, team, now)?;
        for id in known.troubles.majors.clone() {
            if let Some(ticket) = known::ticket(connection, id)? {
                known.tickets.insert(id, ticket);
            }
        }
    }
    let mut statement = connection
        .prepare_cached(r"SELECT address, since, until FROM absences WHERE until > ?1")?;
    let mut rows = statement.query(params![millis(now)])?;
    while let Some(row) = rows.next()? {
        let absence = Absence {
            address: row.get(0)?,
            since: time(row.get(1)?),
            until: time(row.get(2)?),
        };
        known.away.insert(absence.address.clone(), absence);
    }
    Ok(())
}

/// What is over, or goes on under another number, is in no list.
const ALIVE: &str = r"status IN ('open', 'waiting', 'paused')
    AND json_extract(ticket, '$.ties.merged_into') IS NULL";

fn look_up(connection: &Connection, look: &Look) -> Result<Found> {
    let places = |teams: &[String]| vec!["?"; teams.len().max(1)].join(", ");
    match look {
        Look::Open { teams } => select(
            connection,
            &format!("team IN ({}) AND {ALIVE}", places(teams)),
            teams,
        ),
        Look::Mine { address } => select(
            connection,
            &format!("technician = ? AND {ALIVE}"),
            std::slice::from_ref(address),
        ),
        Look::Since { address, since } => select(
            connection,
            &format!("technician = ? AND updated_at > {}", millis(*since)),
            std::slice::from_ref(address),
        ),
        Look::Search { text, teams } => {
            let hits = search::tickets(connection, text)?;
            if hits.tickets.is_empty() {
                return Ok(Found::default());
            }
            let condition = format!(
                "id IN (SELECT value FROM json_each(?)) AND team IN ({})",
                places(teams)
            );
            let mut values = vec![serde_json::to_string(&hits.tickets)?];
            values.extend(teams.iter().cloned());
            let found = select(connection, &condition, &values)?;
            Ok(Found {
                more: hits.cut,
                ..found
            })
        }
        Look::Person { addresses } => {
            let tickets = mailboxes::tickets_of(connection, addresses, false, None, LISTED)?;
            Ok(Found {
                count: tickets.len(),
                tickets,
                more: false,
            })
        }
    }
}

fn select(connection: &Connection, condition: &str, values: &[String]) -> Result<Found> {
    let mut statement = connection.prepare(&format!(
        "SELECT ticket FROM tickets WHERE {condition} ORDER BY updated_at DESC, id DESC"
    ))?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Found::default();
    while let Some(row) = rows.next()? {
        found.count += 1;
        if found.tickets.len() < LISTED {
            let json = row.get_ref(0)?.as_str()?;
            found
                .tickets
                .push(serde_json::from_str(json).context("reading a ticket")?);
        }
    }
    Ok(found)
}

/// The title of a ticket, out of its JSON without reading the rest: it stands near the beginning, behind
/// numbers and a reference, and no string in JSON holds a bare quotation mark.
fn title(json: &str) -> Result<String> {
    const KEY: &str = "\"title\":";
    let value = json
        .find(KEY)
        .and_then(|at| json.get(at + KEY.len()..))
        .context("a ticket without a title")?;
    let mut values = serde_json::Deserializer::from_str(value).into_iter();
    Ok(values.next().context("a ticket without a title")??)
}

fn troubles(connection: &Connection, team: &str, now: DateTime<Utc>) -> Result<Troubles> {
    let majors = connection
        .prepare_cached(r"SELECT ticket FROM majors WHERE team = ?1 ORDER BY ticket")?
        .query_map(params![team], |row| row.get(0).map(TicketId))?
        .collect::<rusqlite::Result<_>>()?;
    let since = now - Duration::minutes(TROUBLE_MINUTES);
    let mut recent = connection
        .prepare_cached(
            r"SELECT id, reference, ticket, requester FROM tickets
              WHERE team = ?1 AND status = 'open' AND updated_at >= ?2 AND created_at >= ?2
              ORDER BY updated_at DESC LIMIT ?3",
        )?
        .query_and_then(params![team, millis(since), TROUBLE_TICKETS], |row| {
            Ok(Recent {
                ticket: TicketId(row.get(0)?),
                reference: row.get(1)?,
                title: title(row.get_ref(2)?.as_str()?)?,
                requester: row.get(3)?,
            })
        })?
        .collect::<Result<Vec<_>>>()?;
    recent.sort_by_key(|recent| recent.ticket);
    Ok(Troubles { majors, recent })
}

/// Writes an absence, or its end; the notice that waited for the end of an earlier one is dropped.
pub(super) fn write_absence(connection: &Connection, absence: &Absence) -> Result<()> {
    connection
        .prepare_cached(
            r"INSERT INTO absences (address, since, until) VALUES (?1, ?2, ?3)
              ON CONFLICT (address) DO UPDATE SET since = excluded.since, until = excluded.until",
        )?
        .execute(params![
            absence.address,
            millis(absence.since),
            millis(absence.until)
        ])?;
    connection
        .prepare_cached(
            r"UPDATE notices SET state = 'dropped'
              WHERE recipient = ?1 AND kind = 'answer' AND state = 'kept'",
        )?
        .execute(params![absence.address])?;
    Ok(())
}

/// Keeps the list of major incidents that are not done.
pub(super) fn write_major(connection: &Connection, ticket: &Ticket) -> Result<()> {
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    if ticket.ties.major && !done {
        connection
            .prepare_cached(
                r"INSERT INTO majors (ticket, team) VALUES (?1, ?2)
                  ON CONFLICT (ticket) DO UPDATE SET team = excluded.team",
            )?
            .execute(params![ticket.id.0, ticket.team])?;
    } else if ticket.ties.major {
        connection
            .prepare_cached(r"DELETE FROM majors WHERE ticket = ?1")?
            .execute(params![ticket.id.0])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::title;

    #[test]
    fn a_title_is_found_whatever_it_says() {
        for said in ["Imprimante", "\"title\":\"autre\" \\ é\u{1F600}", ""] {
            let value = serde_json::to_string(said).expect("JSON");
            let json = format!(r#"{{"id":1,"title":{value},"status":"open"}}"#);
            assert_eq!(title(&json).expect("there"), said);
        }
        for broken in ["{}", r#"{"title":"#, r#"{"title":1}"#] {
            assert!(title(broken).is_err(), "{broken}");
        }
    }
}
