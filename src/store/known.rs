//! Answers a [`Question`]: the rows that a decision may depend on.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use chrono::{DateTime, FixedOffset, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::past;
use super::raw::RawFiles;
use super::{Store, count, millis, time};
use super::{claims, habits, loads, look, mailboxes, reports};
use crate::desk::{
    self, Arrival, Kind, Known, Notice, Pending, PendingState, Question, Sent, Thread, Told,
};
use crate::mail::authenticity::Authenticity;
use crate::mail::{self, Digest};
use crate::ticket::{File, InboxId, NoticeId, Ticket, TicketId};

/// Kept notices given for one digest; more wait for the next.
const KEPT_AT_ONCE: i64 = 200;

/// Tickets of one requester that are compared with a new mail.
const RECENT_AT_ONCE: i64 = 20;

/// Tickets that a mail points at whose history is read; it names more only to do harm.
const POINTED_AT: usize = 20;

/// Tickets that hang on such a one whose history is read, when what was done to all is taken back.
const HANGING: usize = 200;

/// What a decision may look up, inside its transaction.
pub struct Lookup<'a> {
    connection: &'a Connection,
    raw: &'a RawFiles,
    now: DateTime<Utc>,
}

impl<'a> Lookup<'a> {
    pub(super) fn new(connection: &'a Connection, raw: &'a RawFiles, now: DateTime<Utc>) -> Self {
        Self {
            connection,
            raw,
            now,
        }
    }

    /// What is known of what was asked, with the numbers that come next.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn known(&self, question: &Question) -> Result<Known> {
        known(self.connection, self.raw, question, self.now)
    }

    /// The bytes of a file; `None` when its mail is missing, damaged, or does not hold it.
    pub fn file(&self, file: &File) -> Option<Vec<u8>> {
        match file_bytes(self.connection, self.raw, file) {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(inbox.id = %file.inbox, "A file of mail {}: {error:#}", file.inbox);
                None
            }
        }
    }

    /// A notice that went out or was kept; `None` when there is none, or it is about no ticket.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn notice(&self, id: NoticeId) -> Result<Option<Told>> {
        told(self.connection, id)
    }
}

impl Store {
    /// What a decision would know, for `guichet explain`. The numbers that come next may be another's.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn known(&self, question: Question, now: DateTime<Utc>) -> Result<Known> {
        self.read("looking up what is known", move |connection, raw| {
            known(connection, raw, &question, now)
        })
        .await
    }
}

fn known(
    connection: &Connection,
    raw: &RawFiles,
    question: &Question,
    now: DateTime<Utc>,
) -> Result<Known> {
    let mut known = Known {
        next_ticket: next_number(connection, "tickets")?,
        next_notice: next_number(connection, "notices")?,
        next_person: next_number(connection, "people")?,
        ..Known::default()
    };
    let mut tickets = question.tickets.clone();
    for message_id in &question.message_ids {
        let threads = threads(connection, message_id)?;
        tickets.extend(threads.iter().map(|(ticket, _, _)| *ticket));
        if !threads.is_empty() {
            known.threads.insert(message_id.clone(), threads);
        }
    }
    for id in &question.notices {
        if let Some(told) = told(connection, *id)? {
            tickets.insert(told.ticket);
            known.notices.insert(*id, told);
        }
        executed(connection, *id, &mut known.executed)?;
    }
    for id in &question.pending {
        if let Some((pending, state)) = pending(connection, *id)? {
            tickets.insert(pending.ticket);
            let waiting = match state {
                PendingState::Waiting => arrival(connection, raw, pending.inbox)?,
                PendingState::Confirmed | PendingState::Refused => None,
            };
            known.pending.insert(*id, (pending, state, waiting));
        }
    }
    if let Some((content, date)) = &question.content {
        known.duplicate_of = earlier(connection, content, dated(*date), question.inbox)?;
        tickets.extend(known.duplicate_of.and_then(|(_, ticket)| ticket));
    }
    if question.history > 0 {
        for id in tickets.iter().take(POINTED_AT) {
            history(connection, question, *id, &mut known)?;
        }
    }
    if let Some(report) = &question.report {
        known.reported = reports::told(connection, report)?;
    }
    if let Some((mailbox, errand)) = question.mailbox {
        known.visited_at = mailboxes::visited_at(connection, mailbox, errand)?;
    }
    if let Some((ticket, event)) = question.later {
        known.later = past::later(connection, ticket, event)?;
    }
    if let Some(requester) = &question.recent_of {
        known.recent = recent(connection, requester, now)?;
        tickets.extend(&known.recent);
    }
    for id in tickets {
        if let Some(ticket) = ticket(connection, id)? {
            known.tickets.insert(id, ticket);
        }
    }
    if let Some(within) = question.marks_within {
        known.marks_asked = claims::asked_for_marks(connection, &known.tickets, now - within)?;
    }
    look::together(connection, &mut known)?;
    if question.history > 0 {
        let of_others = |id: &TicketId| !known.history.contains_key(id);
        let merged = known.tickets.values();
        let merged = merged.filter_map(|ticket| ticket.ties.merged_into);
        let mut others: Vec<TicketId> = merged.filter(of_others).take(POINTED_AT).collect();
        if question.takes_back() {
            let hanging = known.tickets.values().flat_map(|ticket| {
                let ties = &ticket.ties;
                ties.children.iter().chain(&ties.absorbed).copied()
            });
            others.extend(hanging.filter(of_others).take(HANGING));
        }
        for id in others {
            history(connection, question, id, &mut known)?;
        }
    }
    look::answer(connection, question, now, &mut known)?;
    for id in &question.past_of {
        if let Some(ticket) = known.tickets.get(id) {
            known.past.insert(*id, past::of(connection, ticket)?);
        }
    }
    // What was kept is judged anew when it is due.
    let due: Vec<Notice> = known
        .notices
        .values()
        .filter_map(|told| told.notice.clone())
        .collect();
    let mut addresses = question.addresses.clone();
    addresses.extend(due.iter().map(|notice| notice.to.key()));
    let mut causes = question.causes.clone();
    causes.extend(due.iter().filter_map(|notice| notice.caused_by.clone()));
    limits(connection, &addresses, now, &mut known)?;
    for cause in &causes {
        for recipient in &addresses {
            let pair = cause_and_recipient(cause, recipient);
            let sent = said(connection, "caused", &pair, now)?;
            known
                .caused
                .insert((cause.clone(), recipient.clone()), sent);
        }
    }
    if let Some((sender, images)) = &question.habits_of {
        known.habits = habits::of(connection, sender, images)?;
    }
    known.claims = claims::of(connection, &question.claims_of, now)?;
    for technician in &question.loads_of {
        let load = loads::of(connection, technician)?;
        known.loads.insert(technician.clone(), load);
    }
    for notice in due {
        kept(connection, &notice.to.key(), &mut known)?;
    }
    Ok(known)
}

/// What was said on a ticket, and what waits to leave.
fn history(
    connection: &Connection,
    question: &Question,
    id: TicketId,
    known: &mut Known,
) -> Result<()> {
    let events = past::history(connection, id, question.history)?;
    if known.history.insert(id, events).is_none() {
        known.held.extend(past::held(connection, id)?);
    }
    Ok(())
}

/// The tickets of a requester that are open and young enough to be joined, the latest first.
fn recent(connection: &Connection, requester: &str, now: DateTime<Utc>) -> Result<Vec<TicketId>> {
    let mut statement = connection.prepare_cached(
        r"SELECT id FROM tickets INDEXED BY tickets_recent
          WHERE requester = ?1 AND created_at >= ?2 AND status IN ('open', 'waiting', 'paused')
          ORDER BY created_at DESC, id DESC LIMIT ?3",
    )?;
    let since = millis(now - desk::duplicate_within());
    let rows = statement.query_map(params![requester, since, RECENT_AT_ONCE], |row| {
        row.get(0).map(TicketId)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// How a count of notices to staff is named.
pub(super) fn cause_and_recipient(cause: &str, recipient: &str) -> String {
    format!("{cause} {recipient}")
}

/// The notices that are kept for `recipient`, due or not, and their tickets.
fn kept(connection: &Connection, recipient: &str, known: &mut Known) -> Result<()> {
    let mut statement = connection.prepare_cached(
        r"SELECT notice FROM notices
          WHERE recipient = ?1 AND state = 'kept' ORDER BY id LIMIT ?2",
    )?;
    let mut rows = statement.query(params![recipient, KEPT_AT_ONCE])?;
    while let Some(row) = rows.next()? {
        let notice: Notice =
            serde_json::from_str(row.get_ref(0)?.as_str()?).context("reading a kept notice")?;
        if let Some(id) = notice.ticket
            && !known.tickets.contains_key(&id)
            && let Some(ticket) = ticket(connection, id)?
        {
            known.tickets.insert(id, ticket);
        }
        known.kept.push(notice);
    }
    Ok(())
}

/// The number that the next row of `table` gets, never one that was used before.
fn next_number(connection: &Connection, table: &str) -> Result<i64> {
    let last: Option<i64> = connection
        .prepare_cached(r"SELECT seq FROM sqlite_sequence WHERE name = ?1")?
        .query_row(params![table], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0) + 1)
}

fn threads(
    connection: &Connection,
    message_id: &str,
) -> Result<Vec<(TicketId, Thread, Option<NoticeId>)>> {
    let mut statement = connection.prepare_cached(
        r"SELECT ticket, thread, notice FROM message_ids WHERE message_id = ?1 ORDER BY id",
    )?;
    let mut rows = statement.query(params![message_id])?;
    let mut threads = Vec::new();
    while let Some(row) = rows.next()? {
        let token = row.get_ref(1)?.as_str()?;
        let thread = match token {
            "incoming" => Thread::Incoming,
            "outgoing" => Thread::Outgoing,
            "phantom" => Thread::Phantom,
            _ => anyhow::bail!("an unknown kind of thread: {token}"),
        };
        let notice: Option<i64> = row.get(2)?;
        threads.push((TicketId(row.get(0)?), thread, notice.map(NoticeId)));
    }
    Ok(threads)
}

fn told(connection: &Connection, id: NoticeId) -> Result<Option<Told>> {
    let mut statement = connection.prepare_cached(
        r"SELECT ticket, kind, addressed, at, state, notice FROM notices
          WHERE id = ?1",
    )?;
    let mut rows = statement.query(params![id.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let kind = row.get_ref(1)?.as_str()?;
    let notice = match row.get_ref(4)?.as_str()? {
        "kept" => Some(
            serde_json::from_str(row.get_ref(5)?.as_str()?)
                .with_context(|| format!("reading notice {id}"))?,
        ),
        _ => None,
    };
    Ok(Some(Told {
        // 0 is no ticket: a notice to somebody about several, or none.
        ticket: TicketId(row.get::<_, Option<i64>>(0)?.unwrap_or(0)),
        kind: Kind::parse(kind).with_context(|| format!("an unknown kind of notice: {kind}"))?,
        recipient: row.get(2)?,
        at: time(row.get(3)?),
        notice,
    }))
}

/// A mail that waits for its author's word, or did, by the notice that asks.
fn pending(connection: &Connection, notice: NoticeId) -> Result<Option<(Pending, PendingState)>> {
    let mut statement = connection.prepare_cached(
        r"SELECT ticket, inbox, answers, internal, until, state FROM pending WHERE notice = ?1",
    )?;
    let mut rows = statement.query(params![notice.0])?;
    let Some(row) = rows.next()? else {
        return Ok(None);
    };
    let token = row.get_ref(5)?.as_str()?;
    let state = match token {
        "waiting" => PendingState::Waiting,
        "confirmed" => PendingState::Confirmed,
        "refused" => PendingState::Refused,
        _ => anyhow::bail!("an unknown state of a confirmation: {token}"),
    };
    let pending = Pending {
        notice,
        ticket: TicketId(row.get(0)?),
        inbox: InboxId(row.get(1)?),
        answers: row.get::<_, Option<i64>>(2)?.map(NoticeId),
        internal: row.get(3)?,
        until: time(row.get(4)?),
    };
    Ok(Some((pending, state)))
}

/// A mail as it arrived, read again from its bytes; `None` when they are gone.
fn arrival(
    connection: &Connection,
    raw: &RawFiles,
    inbox: InboxId,
) -> Result<Option<Box<Arrival>>> {
    let mut statement = connection.prepare_cached(
        r"SELECT account, recipient, sender, received_at, digest, oversize, authenticity
          FROM inbox WHERE id = ?1",
    )?;
    let mut rows = statement.query(params![inbox.0])?;
    let (Some(row), Some(bytes)) = (rows.next()?, raw_of(connection, raw, inbox)?) else {
        return Ok(None);
    };
    let verdict = row.get::<_, Option<String>>(6)?;
    Ok(Some(Box::new(Arrival {
        inbox,
        account: row.get(0)?,
        recipient: row.get(1)?,
        sender: row.get(2)?,
        received_at: time(row.get(3)?),
        mail: mail::read(&bytes),
        digest: Digest(row.get(4)?),
        authenticity: verdict
            .as_deref()
            .and_then(Authenticity::parse)
            .unwrap_or_default(),
        oversize: row.get::<_, Option<i64>>(5)?.map(count),
        released: false,
        // Nothing that came through the page waits for a word.
        submission: None,
        offered: Vec::new(),
    })))
}

fn executed(
    connection: &Connection,
    notice: NoticeId,
    executed: &mut BTreeSet<(NoticeId, String)>,
) -> Result<()> {
    let mut statement =
        connection.prepare_cached(r"SELECT line FROM executed WHERE notice = ?1")?;
    let mut rows = statement.query(params![notice.0])?;
    while let Some(row) = rows.next()? {
        executed.insert((notice, row.get(0)?));
    }
    Ok(())
}

/// Where the content of mails without a `Date` stands in its index, and of all that were settled before
/// dates were written down.
const UNDATED: i64 = 0;

/// Where a content stands in its index: by the mail's `Date` (milliseconds).
pub(super) fn dated(date: Option<DateTime<FixedOffset>>) -> i64 {
    date.map_or(UNDATED, |date| date.timestamp_millis())
}

/// The first mail with the same content that was settled, other than the one that asks; of those with a
/// date, if there are.
fn earlier(
    connection: &Connection,
    content: &Digest,
    dated: i64,
    inbox: Option<InboxId>,
) -> Result<Option<(InboxId, Option<TicketId>)>> {
    let mut statement = connection.prepare_cached(
        r"SELECT id, ticket FROM inbox
          WHERE dated = ?3 AND content = ?1 AND id IS NOT ?2 AND state NOT IN ('new', 'duplicate')
          ORDER BY id LIMIT 1",
    )?;
    for dated in [dated, UNDATED] {
        let found = statement
            .query_row(params![content.0, inbox.map(|id| id.0), dated], |row| {
                Ok((
                    InboxId(row.get(0)?),
                    row.get::<_, Option<i64>>(1)?.map(TicketId),
                ))
            })
            .optional()?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

pub(super) fn ticket(connection: &Connection, id: TicketId) -> Result<Option<Ticket>> {
    let json: Option<String> = connection
        .prepare_cached(r"SELECT ticket FROM tickets WHERE id = ?1")?
        .query_row(params![id.0], |row| row.get(0))
        .optional()?;
    json.map(|json| serde_json::from_str(&json).with_context(|| format!("reading ticket {id}")))
        .transpose()
}

fn limits(
    connection: &Connection,
    addresses: &BTreeSet<String>,
    now: DateTime<Utc>,
    known: &mut Known,
) -> Result<()> {
    let mut to = BTreeMap::new();
    let mut to_domain = BTreeMap::new();
    for address in addresses {
        to.insert(address.clone(), said(connection, "to", address, now)?);
        if let Some((_, domain)) = address.rsplit_once('@') {
            to_domain.insert(domain.to_owned(), said(connection, "domain", domain, now)?);
        }
    }
    known.sent_to = to;
    known.sent_to_domain = to_domain;
    known.sent_in_all = said(connection, "all", "", now)?;
    Ok(())
}

/// Automatic mails said, to the minute.
fn said(connection: &Connection, scope: &str, whom: &str, now: DateTime<Utc>) -> Result<Sent> {
    let minute = millis(now).div_euclid(60_000);
    Ok(connection
        .prepare_cached(
            r"SELECT coalesce(sum(mails) FILTER (WHERE minute > ?3 - 60), 0),
                     coalesce(sum(mails), 0),
                     coalesce(sum(mails) FILTER (WHERE minute > ?3 - 10), 0)
              FROM said WHERE scope = ?1 AND whom = ?2 AND minute > ?3 - 1440",
        )?
        .query_row(params![scope, whom, minute], |row| {
            Ok(Sent {
                hour: row.get(0)?,
                day: row.get(1)?,
                ten_minutes: row.get(2)?,
            })
        })?)
}

pub(super) fn file_bytes(
    connection: &Connection,
    raw: &RawFiles,
    file: &File,
) -> Result<Option<Vec<u8>>> {
    let Some(bytes) = raw_of(connection, raw, file.inbox)? else {
        return Ok(None);
    };
    Ok(mail::extract(&bytes, &file.attachment.sha256))
}

pub(super) fn raw_of(
    connection: &Connection,
    raw: &RawFiles,
    inbox: InboxId,
) -> Result<Option<Vec<u8>>> {
    let digest: Option<[u8; 32]> = connection
        .prepare_cached(r"SELECT digest FROM inbox WHERE id = ?1")?
        .query_row(params![inbox.0], |row| row.get(0))
        .optional()?;
    match digest {
        Some(digest) => raw.load(connection, &Digest(digest)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{connect, migrations};

    /// The same mail is found by its date, and where dates were not yet written down.
    #[test]
    fn the_same_content_is_found_with_and_without_its_date() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let mut connection = connect(&path).expect("a database");
        migrations::bring_up_to_date(&mut connection, &path).expect("its tables");
        let digest = |of: &str| Digest::of(of.as_bytes());
        connection
            .execute_batch("PRAGMA foreign_keys = OFF")
            .expect("set");
        for (id, state, content, dated) in [
            (1, "filed", "old", UNDATED),
            (2, "filed", "new", 7),
            (3, "duplicate", "new", 7),
            (4, "quarantined", "both", UNDATED),
            (5, "filed", "both", 7),
        ] {
            connection
                .execute(
                    r"INSERT INTO inbox (id, account, origin, received_at, digest, state, content, dated)
                      VALUES (?1, 'a', 'pipe', 1, x'00', ?2, ?3, ?4)",
                    params![id, state, digest(content).0, dated],
                )
                .expect("a mail");
        }
        let found = |content: &str, dated: i64, asks: Option<i64>| {
            earlier(&connection, &digest(content), dated, asks.map(InboxId))
                .expect("asked")
                .map(|(id, _)| id.0)
        };
        assert_eq!(found("old", 7, None), Some(1));
        assert_eq!(found("old", UNDATED, None), Some(1));
        assert_eq!(found("new", 7, Some(4)), Some(2));
        assert_eq!(found("new", 7, Some(2)), None, "a duplicate is no original");
        assert_eq!(found("new", 8, None), None, "the digest holds the date");
        assert_eq!(found("both", 7, None), Some(5));
        let date = |text: &str| DateTime::parse_from_rfc3339(text).expect("a date");
        assert_eq!(
            dated(Some(date("2026-12-01T10:00:00+01:00"))),
            dated(Some(date("2026-12-01T09:00:00Z")))
        );
        assert_eq!(dated(None), UNDATED);
    }
}
