//! What the delivering station asks: the next notifications to send, in order, and what became of
//! them. A row that was being sent when we died is uncertain, and is sent again (contract O2).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, millis, time};
use crate::desk::{Delivery, DeliveryOutcome, Kind};
use crate::fault;
use crate::ticket::{NoticeId, TicketId};

/// A row of the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct OutboxId(pub i64);

impl std::fmt::Display for OutboxId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A notification to send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leased {
    /// Its row.
    pub id: OutboxId,
    /// The notice it says.
    pub notice: NoticeId,
    /// Its ticket; `None` for operations.
    pub ticket: Option<TicketId>,
    /// Its kind.
    pub kind: Kind,
    /// Envelope sender; empty is the null path.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// The message, the same at every attempt.
    pub bytes: Vec<u8>,
    /// How often it was tried, this time included.
    pub attempts: u32,
    /// How often an attempt ended without an answer.
    pub uncertain: u32,
    /// When it was first tried; now at the first attempt.
    pub first_tried_at: DateTime<Utc>,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivered {
    /// The server has it.
    Sent {
        /// What the server said.
        answer: String,
    },
    /// Not now.
    Later {
        /// What the server said, or what failed.
        why: String,
        /// When to try again.
        next_at: DateTime<Utc>,
    },
    /// Never: the server refused it for good (5xx).
    Never {
        /// What the server said.
        why: String,
    },
    /// The final dot was sent and no answer came (contract O2).
    Uncertain {
        /// What failed.
        why: String,
        /// When to try again.
        next_at: DateTime<Utc>,
    },
    /// It was tried for too long.
    GivenUp,
    /// It was not tried after all: the attempt does not count, and it is due at once.
    Untried,
}

/// Messages of one lease: bounds what is in memory when notifications carry files (bytes).
const LEASED_BYTES: usize = 8 << 20;

/// Rows that could be sent if their time has come: nothing earlier for the same person of the same
/// ticket is still to go, in the outbox or, if a person wrote it, among the kept notices. What is held
/// waits for an operator and holds up nothing else. Its users
/// name their index, since SQLite would rather sort the whole backlog, bytes and all.
const IN_ORDER: &str = r"
    state IN ('queued', 'uncertain') AND held = 0
    AND NOT EXISTS (
        SELECT 1 FROM outbox AS earlier
        WHERE earlier.ticket = outbox.ticket AND earlier.whom = outbox.whom
          AND earlier.notice < outbox.notice AND earlier.held = 0
          AND (earlier.state = 'queued' OR earlier.state = 'sending' OR earlier.state = 'uncertain'))
    AND NOT EXISTS (
        SELECT 1 FROM notices
        WHERE notices.ticket = outbox.ticket AND notices.recipient = outbox.whom
          AND notices.id < outbox.notice AND notices.state = 'kept' AND notices.automatic = 0)";

impl Store {
    /// Takes notifications to send, for the time of `lease`, which must be longer than the longest
    /// attempt; the attempt is counted before the server hears of it (E). Of one ticket and
    /// recipient one at a time, in order. A lease that ran out is an attempt without an answer.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn next_outgoing(
        &self,
        limit: usize,
        lease: Duration,
        now: DateTime<Utc>,
    ) -> Result<Vec<Leased>> {
        self.write(
            Durability::Killproof,
            "taking notifications",
            move |connection| {
                end_leases(connection, Some(now), now)?;
                mend_dates(connection, lease, now)?;
                lease_outgoing(connection, limit, lease, now)
            },
        )
        .await
    }

    /// Writes down how attempts ended, durably (F). What was sent drops its bytes and keeps its
    /// text; what failed keeps both, for [`Store::outbox_retry`]. A failure or an uncertainty about
    /// a ticket is among [`Store::unreported`] from here on.
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was not being sent.
    pub async fn delivered(
        &self,
        outcomes: Vec<(OutboxId, Delivered)>,
        now: DateTime<Utc>,
    ) -> Result<()> {
        self.write(
            Durability::Durable,
            "writing down deliveries",
            move |connection| {
                for (id, outcome) in &outcomes {
                    write_outcome(connection, *id, outcome, now)?;
                }
                Ok(())
            },
        )
        .await
    }

    /// Deliveries that went wrong and that their tickets do not say yet; each is to be settled as
    /// [`crate::desk::Input::Delivery`].
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn unreported(&self, limit: usize) -> Result<Vec<Delivery>> {
        self.read("looking for deliveries to report", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT ticket, notice, recipient, report, answer FROM outbox
                  WHERE report <> '' AND ticket IS NOT NULL ORDER BY id LIMIT ?1",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![limit])?;
            let mut deliveries = Vec::new();
            while let Some(row) = rows.next()? {
                let answer = row.get(4)?;
                let report = row.get_ref(3)?.as_str()?;
                deliveries.push(Delivery {
                    ticket: TicketId(row.get(0)?),
                    notice: NoticeId(row.get(1)?),
                    recipient: row.get(2)?,
                    outcome: match report {
                        "failed" => DeliveryOutcome::Failed(answer),
                        "uncertain" => DeliveryOutcome::Uncertain(answer),
                        "given-up" => DeliveryOutcome::GivenUp(answer),
                        _ => anyhow::bail!("an unknown report: {report}"),
                    },
                });
            }
            Ok(deliveries)
        })
        .await
    }

    /// When [`Store::next_outgoing`] has something next; may be in the past.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn next_outgoing_at(&self) -> Result<Option<DateTime<Utc>>> {
        self.read("looking for the next notification", |connection, _| {
            let ready: Option<i64> = connection
                .prepare_cached(&format!(
                    "SELECT next_at FROM outbox INDEXED BY outbox_next WHERE {IN_ORDER}
                     ORDER BY next_at, id LIMIT 1"
                ))?
                .query_row([], |row| row.get(0))
                .optional()?;
            let lapses: Option<i64> = connection
                .prepare_cached(
                    r"SELECT min(lease_until) FROM outbox INDEXED BY outbox_sending
                      WHERE state = 'sending'",
                )?
                .query_row([], |row| row.get(0))?;
            Ok(ready.into_iter().chain(lapses).min().map(time))
        })
        .await
    }
}

/// Ends leases that ran out by `until`, or all of them: nobody knows whether those arrived.
pub(super) fn end_leases(
    connection: &Connection,
    until: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Result<usize> {
    let state = if fault::is_broken("uncertain-again") {
        "sent"
    } else {
        "uncertain"
    };
    Ok(connection
        .prepare_cached(
            r"UPDATE outbox INDEXED BY outbox_sending
              SET state = ?3, uncertain = uncertain + 1, next_at = ?2,
                     lease_until = 0, answer = 'interrupted while it was being sent',
                     report = iif(ticket IS NULL, '', 'uncertain')
              WHERE state = 'sending' AND lease_until <= coalesce(?1, lease_until)",
        )?
        .execute(params![until.map(millis), millis(now), state])?)
}

/// No attempt is ever put off for so long: a date beyond was written while the clock was ahead
/// (fault F24). Such a row is due now, such a lease ends as any other.
const LONGEST_PAUSE_HOURS: i64 = 2;

fn mend_dates(connection: &Connection, lease: Duration, now: DateTime<Utc>) -> Result<()> {
    let longest = now + chrono::Duration::hours(LONGEST_PAUSE_HOURS);
    connection
        .prepare_cached(
            r"UPDATE outbox INDEXED BY outbox_next SET next_at = ?1
              WHERE state IN ('queued', 'uncertain') AND next_at > ?2",
        )?
        .execute(params![millis(now), millis(longest)])?;
    let lease = i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
    connection
        .prepare_cached(
            r"UPDATE outbox INDEXED BY outbox_sending SET lease_until = ?1 + ?2
              WHERE state = 'sending' AND lease_until > ?1 + 2 * ?2",
        )?
        .execute(params![millis(now), lease])?;
    Ok(())
}

fn lease_outgoing(
    connection: &Connection,
    limit: usize,
    lease: Duration,
    now: DateTime<Utc>,
) -> Result<Vec<Leased>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT id, notice, ticket, kind, sender, recipient, message_id, bytes, attempts, uncertain,
                first_tried_at
         FROM outbox INDEXED BY outbox_next WHERE next_at <= ?1 AND {IN_ORDER}
         ORDER BY next_at, id LIMIT ?2"
    ))?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![millis(now), limit])?;
    let mut leased: Vec<Leased> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.next()? {
        bytes += row.get_ref(7)?.as_blob()?.len();
        if bytes > LEASED_BYTES && !leased.is_empty() {
            break;
        }
        let kind = row.get_ref(3)?.as_str()?;
        let first_tried_at: Option<i64> = row.get(10)?;
        leased.push(Leased {
            id: OutboxId(row.get(0)?),
            notice: NoticeId(row.get(1)?),
            ticket: row.get::<_, Option<i64>>(2)?.map(TicketId),
            kind: Kind::parse(kind).with_context(|| format!("an unknown kind: {kind}"))?,
            from: row.get(4)?,
            to: row.get(5)?,
            message_id: row.get(6)?,
            bytes: row.get(7)?,
            attempts: row.get::<_, u32>(8)? + 1,
            uncertain: row.get(9)?,
            first_tried_at: first_tried_at.map_or(now, time),
        });
    }
    let until = millis(now) + i64::try_from(lease.as_millis()).unwrap_or(i64::MAX / 2);
    let mut statement = connection.prepare_cached(
        r"UPDATE outbox SET state = 'sending', attempts = attempts + 1, lease_until = ?2,
                 first_tried_at = coalesce(first_tried_at, ?3)
          WHERE id = ?1 AND state IN ('queued', 'uncertain')",
    )?;
    for row in &leased {
        let rows = statement.execute(params![row.id.0, until, millis(now)])?;
        ensure!(rows == 1, "notification {} could not be taken", row.id);
    }
    Ok(leased)
}

fn write_outcome(
    connection: &Connection,
    id: OutboxId,
    outcome: &Delivered,
    now: DateTime<Utc>,
) -> Result<()> {
    // An answer may come after its lease ran out; it is the truth all the same, unless a later
    // attempt has ended it.
    let rows = match outcome {
        Delivered::Sent { answer } => connection
            .prepare_cached(
                r"UPDATE outbox SET state = 'sent', answer = ?2, sent_at = ?3, bytes = x'',
                         lease_until = 0
                  WHERE id = ?1 AND (state = 'sending' OR state = 'uncertain' OR state = 'queued')",
            )?
            .execute(params![id.0, answer, millis(now)])?,
        Delivered::Later { why, next_at } => connection
            .prepare_cached(
                r"UPDATE outbox SET state = 'queued', answer = ?2, next_at = ?3, lease_until = 0
                  WHERE id = ?1 AND state IN ('sending', 'uncertain')",
            )?
            .execute(params![id.0, why, millis(*next_at)])?,
        Delivered::Uncertain { why, next_at } => connection
            .prepare_cached(
                r"UPDATE outbox SET state = 'uncertain', uncertain = uncertain + 1, answer = ?2,
                         next_at = ?3, lease_until = 0,
                         report = iif(ticket IS NULL, '', 'uncertain')
                  WHERE id = ?1 AND state IN ('sending', 'uncertain')",
            )?
            .execute(params![id.0, why, millis(*next_at)])?,
        Delivered::Never { why } => connection
            .prepare_cached(
                r"UPDATE outbox SET state = 'failed', answer = ?2, lease_until = 0,
                         report = iif(ticket IS NULL, '', 'failed')
                  WHERE id = ?1 AND state IN ('sending', 'uncertain')",
            )?
            .execute(params![id.0, why])?,
        Delivered::Untried => connection
            .prepare_cached(
                r"UPDATE outbox SET state = iif(uncertain > 0, 'uncertain', 'queued'),
                         attempts = max(attempts - 1, 0), lease_until = 0
                  WHERE id = ?1 AND state = 'sending'",
            )?
            .execute(params![id.0])?,
        // What the server said last is the reason.
        Delivered::GivenUp => connection
            .prepare_cached(
                r"UPDATE outbox SET state = 'given-up', lease_until = 0,
                         report = iif(ticket IS NULL, '', 'given-up')
                  WHERE id = ?1 AND state IN ('sending', 'uncertain')",
            )?
            .execute(params![id.0])?,
    };
    ensure!(rows == 1, "notification {id} was not being sent");
    Ok(())
}

fn report(outcome: &DeliveryOutcome) -> &'static str {
    match outcome {
        DeliveryOutcome::Failed(_) => "failed",
        DeliveryOutcome::Uncertain(_) => "uncertain",
        DeliveryOutcome::GivenUp(_) => "given-up",
    }
}

/// Whether a ticket has still to be told of this delivery.
pub(super) fn is_unreported(connection: &Connection, delivery: &Delivery) -> Result<bool> {
    connection
        .prepare_cached(r"SELECT report = ?3 FROM outbox WHERE notice = ?1 AND recipient = ?2")?
        .query_row(
            params![
                delivery.notice.0,
                delivery.recipient,
                report(&delivery.outcome)
            ],
            |row| row.get(0),
        )
        .optional()?
        .with_context(|| format!("notice {} was not sent", delivery.notice))
}

/// The ticket says it now.
pub(super) fn reported(connection: &Connection, delivery: &Delivery) -> Result<()> {
    let rows = connection
        .prepare_cached(
            r"UPDATE outbox SET report = '' WHERE notice = ?1 AND recipient = ?2 AND report = ?3",
        )?
        .execute(params![
            delivery.notice.0,
            delivery.recipient,
            report(&delivery.outcome)
        ])?;
    ensure!(
        rows == 1,
        "the delivery of notice {} could not be reported",
        delivery.notice
    );
    Ok(())
}
