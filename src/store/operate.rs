//! What an operator looks at and sets going again: rows of the inbox and of the outbox.

use anyhow::{Context, Result, bail, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::read::limit;
use super::{Durability, OutboxId, Store, count, millis, time};
use crate::desk::Notice;
use crate::mail::Digest;
use crate::ticket::{InboxId, NoticeId, TicketId};

macro_rules! tokens {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $token:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every state.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The token of the tables and of the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $token,)* }
            }

            /// The state of that token.
            pub fn parse(token: &str) -> Option<Self> {
                match token { $($token => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

tokens!(
    /// Where a mail stands.
    InboxState {
        /// Still to be processed.
        New = "new",
        /// Part of a ticket.
        Filed = "filed",
        /// The same as an earlier one.
        Duplicate = "duplicate",
        /// Kept, no ticket.
        Ignored = "ignored",
        /// Kept, marked as spam or unreadable.
        Quarantined = "quarantined",
    }
);

tokens!(
    /// Where a notification stands.
    OutboxState {
        /// To be sent, for the first time or again.
        Queued = "queued",
        /// Being sent.
        Sending = "sending",
        /// Sent, without an answer; to be sent again.
        Uncertain = "uncertain",
        /// It may have left before a copy of the database was put back: an operator decides.
        Held = "held",
        /// Accepted by the server.
        Sent = "sent",
        /// Refused for good.
        Failed = "failed",
        /// Tried for too long.
        GivenUp = "given-up",
    }
);

/// A row of the inbox, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct InboxRow {
    /// Its number.
    pub id: InboxId,
    /// The account it came through.
    pub account: String,
    /// `imap`, `maildir` or `pipe`.
    pub origin: String,
    /// Envelope recipient, when known.
    pub recipient: Option<String>,
    /// Envelope sender, when known.
    pub sender: Option<String>,
    /// When it reached the mailbox.
    pub received_at: DateTime<Utc>,
    /// Digest of the raw bytes.
    pub digest: Digest,
    /// Bytes that are kept.
    pub size: u64,
    /// Bytes on the server, when it was too large.
    pub oversize: Option<u64>,
    /// Where it stands.
    pub state: InboxState,
    /// How often it was tried.
    pub attempts: u32,
    /// An operator released it.
    pub released: bool,
    /// `pass`, `fail` or `none`, when that is known.
    pub authenticity: Option<String>,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// The earlier one that it is the same as.
    pub duplicate_of: Option<InboxId>,
    /// Why it stands there, one sentence.
    pub why: String,
    /// What failed last, when something did.
    pub error: String,
}

/// A row of the outbox, without its bytes.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct OutboxRow {
    /// Its number.
    pub id: OutboxId,
    /// The notice it says.
    pub notice: NoticeId,
    /// Its ticket; `None` for operations.
    pub ticket: Option<TicketId>,
    /// Its kind, as in template names.
    pub kind: String,
    /// Envelope sender.
    pub from: String,
    /// Envelope recipient.
    pub to: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// Digest of its bytes, kept when those are dropped.
    pub digest: Digest,
    /// Bytes that were, or will be, sent.
    pub size: u64,
    /// Its text part.
    pub text: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: u32,
    /// How often an attempt ended without an answer.
    pub uncertain: u32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// When it is tried next, unless it is ended.
    pub next_at: DateTime<Utc>,
    /// When the server accepted it.
    pub sent_at: Option<DateTime<Utc>>,
    /// What the server said last.
    pub answer: String,
}

/// A notice that is kept for later.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct KeptNotice {
    /// Its number.
    pub notice: NoticeId,
    /// Its ticket; `None` for one that is about none.
    pub ticket: Option<TicketId>,
    /// Its kind, as in template names.
    pub kind: String,
    /// To whom.
    pub to: String,
    /// When it leaves, or is judged again.
    pub due_at: DateTime<Utc>,
    /// It was over `[limits]`.
    pub over_limit: bool,
}

const INBOX_ROW: &str = r"
    SELECT inbox.id, account, origin, recipient, sender, received_at, inbox.digest, size, oversize,
           state, attempts, released, authenticity, ticket, duplicate_of, why, error
    FROM inbox JOIN raw ON raw.id = inbox.raw";

const OUTBOX_ROW: &str = r"
    SELECT id, notice, ticket, kind, sender, recipient, message_id, digest, size, text,
           iif(held, 'held', state),
           attempts, uncertain, created_at, next_at, sent_at, answer
    FROM outbox";

impl Store {
    /// Mails, newest first; at most so many, 0 is all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn inbox_list(
        &self,
        state: Option<InboxState>,
        at_most: usize,
    ) -> Result<Vec<InboxRow>> {
        self.read("listing mails", move |connection, _| {
            let mut statement = connection.prepare_cached(&format!(
                "{INBOX_ROW} WHERE ?1 IS NULL OR state = ?1 ORDER BY inbox.id DESC LIMIT ?2"
            ))?;
            let mut rows =
                statement.query(params![state.map(InboxState::as_str), limit(at_most)])?;
            let mut list = Vec::new();
            while let Some(row) = rows.next()? {
                list.push(inbox_row(row)?);
            }
            Ok(list)
        })
        .await
    }

    /// One mail.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn inbox_show(&self, id: InboxId) -> Result<Option<InboxRow>> {
        self.read("looking at a mail", move |connection, _| {
            let mut statement =
                connection.prepare_cached(&format!("{INBOX_ROW} WHERE inbox.id = ?1"))?;
            let mut rows = statement.query(params![id.0])?;
            rows.next()?.map(inbox_row).transpose()
        })
        .await
    }

    /// Processes a quarantined mail, or one that keeps failing, once more from the beginning.
    ///
    /// # Errors
    /// A sentence for the operator when it is part of a ticket or there is no such mail.
    pub async fn inbox_retry(&self, id: InboxId) -> Result<()> {
        self.write(Durability::Durable, "retrying a mail", move |connection| {
            set_going(connection, id, &["new", "quarantined"], false)
        })
        .await
    }

    /// Processes an ignored or quarantined mail as a person's.
    ///
    /// # Errors
    /// A sentence for the operator when it is neither, or there is no such mail.
    pub async fn inbox_release(&self, id: InboxId) -> Result<()> {
        self.write(Durability::Durable, "releasing a mail", move |connection| {
            set_going(connection, id, &["ignored", "quarantined"], true)
        })
        .await
    }

    /// Notices that are kept for later, in the order they are due.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn kept_notices(&self) -> Result<Vec<KeptNotice>> {
        self.read("listing what is held", |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT id, ticket, kind, addressed, due_at, notice FROM notices
                  WHERE state = 'kept' ORDER BY due_at, id",
            )?;
            let mut rows = statement.query([])?;
            let mut list = Vec::new();
            while let Some(row) = rows.next()? {
                let notice: Notice = serde_json::from_str(row.get_ref(5)?.as_str()?)
                    .context("reading a kept notice")?;
                list.push(KeptNotice {
                    notice: NoticeId(row.get(0)?),
                    ticket: row.get::<_, Option<i64>>(1)?.map(TicketId),
                    kind: row.get(2)?,
                    to: row.get(3)?,
                    due_at: time(row.get(4)?),
                    over_limit: notice.over_limit,
                });
            }
            Ok(list)
        })
        .await
    }

    /// Notifications, newest first; at most so many, 0 is all of them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn outbox_list(
        &self,
        state: Option<OutboxState>,
        ticket: Option<TicketId>,
        at_most: usize,
    ) -> Result<Vec<OutboxRow>> {
        self.read("listing notifications", move |connection, _| {
            let mut statement = connection.prepare_cached(&format!(
                "{OUTBOX_ROW} WHERE (?1 IS NULL OR iif(held, 'held', state) = ?1) AND (?2 IS NULL OR ticket = ?2)
                 ORDER BY id DESC LIMIT ?3"
            ))?;
            let mut rows = statement.query(params![
                state.map(OutboxState::as_str),
                ticket.map(|id| id.0),
                limit(at_most)
            ])?;
            let mut list = Vec::new();
            while let Some(row) = rows.next()? {
                list.push(outbox_row(row)?);
            }
            Ok(list)
        })
        .await
    }

    /// Sends a notification again that failed, was given up, or waits for its next attempt: now,
    /// and for as long as a new one.
    ///
    /// # Errors
    /// A sentence for the operator when it was sent, is being sent, or does not exist.
    pub async fn outbox_retry(&self, id: OutboxId, now: DateTime<Utc>) -> Result<()> {
        self.write(
            Durability::Durable,
            "retrying a notification",
            move |connection| {
                let state: Option<String> = connection
                    .query_row(
                        r"SELECT iif(held, 'held', state) FROM outbox WHERE id = ?1",
                        params![id.0],
                        |row| row.get(0),
                    )
                    .optional()?;
                match state.as_deref() {
                    None => bail!("there is no notification {id}"),
                    Some("held") => bail!("notification {id} is held: release or discard it"),
                    Some("sent") => bail!("notification {id} was sent"),
                    Some("sending") => bail!("notification {id} is being sent"),
                    Some(_) => {}
                }
                connection.execute(
                    r"UPDATE outbox SET state = iif(state = 'uncertain', 'uncertain', 'queued'),
                             next_at = ?2, first_tried_at = NULL
                      WHERE id = ?1",
                    params![id.0, millis(now)],
                )?;
                Ok(())
            },
        )
        .await
    }
}

impl Store {
    /// Lets held notifications go; they are due at once.
    ///
    /// # Errors
    /// A sentence for the operator when one of them is not held, or does not exist.
    pub async fn outbox_release(&self, ids: Vec<OutboxId>, now: DateTime<Utc>) -> Result<()> {
        self.write(
            Durability::Durable,
            "releasing notifications",
            move |connection| {
                for id in &ids {
                    let rows = connection.execute(
                        r"UPDATE outbox SET held = 0, next_at = ?2, first_tried_at = NULL
                          WHERE id = ?1 AND held = 1",
                        params![id.0, millis(now)],
                    )?;
                    ensure!(rows == 1, "notification {id} is not held");
                }
                Ok(())
            },
        )
        .await
    }

    /// Gives held notifications up: they left before, or are no longer wanted.
    ///
    /// # Errors
    /// A sentence for the operator when one of them is not held, or does not exist.
    pub async fn outbox_discard(&self, ids: Vec<OutboxId>) -> Result<()> {
        self.write(
            Durability::Durable,
            "discarding notifications",
            move |connection| {
                for id in &ids {
                    let rows = connection.execute(
                        r"UPDATE outbox SET held = 0, state = 'given-up', report = '',
                                 answer = 'discarded by the operator'
                          WHERE id = ?1 AND held = 1",
                        params![id.0],
                    )?;
                    ensure!(rows == 1, "notification {id} is not held");
                }
                Ok(())
            },
        )
        .await
    }
}

fn set_going(connection: &Connection, id: InboxId, from: &[&str], released: bool) -> Result<()> {
    let state: Option<String> = connection
        .query_row(
            r"SELECT state FROM inbox WHERE id = ?1",
            params![id.0],
            |row| row.get(0),
        )
        .optional()?;
    let state = state.with_context(|| format!("there is no mail {id}"))?;
    if !from.contains(&state.as_str()) {
        bail!("mail {id} is {state}, not {}", from.join(" or "));
    }
    connection.execute(
        r"UPDATE inbox SET state = 'new', attempts = 0, lease_until = 0, error = '',
                 released = max(released, ?2)
          WHERE id = ?1",
        params![id.0, released],
    )?;
    Ok(())
}

fn inbox_row(row: &Row<'_>) -> Result<InboxRow> {
    let state = row.get_ref(9)?.as_str()?;
    Ok(InboxRow {
        id: InboxId(row.get(0)?),
        account: row.get(1)?,
        origin: row.get(2)?,
        recipient: row.get(3)?,
        sender: row.get(4)?,
        received_at: time(row.get(5)?),
        digest: Digest(row.get(6)?),
        size: count(row.get(7)?),
        oversize: row.get::<_, Option<i64>>(8)?.map(count),
        state: InboxState::parse(state).with_context(|| format!("an unknown state: {state}"))?,
        attempts: row.get(10)?,
        released: row.get(11)?,
        authenticity: row.get(12)?,
        ticket: row.get::<_, Option<i64>>(13)?.map(TicketId),
        duplicate_of: row.get::<_, Option<i64>>(14)?.map(InboxId),
        why: row.get(15)?,
        error: row.get(16)?,
    })
}

fn outbox_row(row: &Row<'_>) -> Result<OutboxRow> {
    let state = row.get_ref(10)?.as_str()?;
    Ok(OutboxRow {
        id: OutboxId(row.get(0)?),
        notice: NoticeId(row.get(1)?),
        ticket: row.get::<_, Option<i64>>(2)?.map(TicketId),
        kind: row.get(3)?,
        from: row.get(4)?,
        to: row.get(5)?,
        message_id: row.get(6)?,
        digest: Digest(row.get(7)?),
        size: count(row.get(8)?),
        text: row.get(9)?,
        state: OutboxState::parse(state).with_context(|| format!("an unknown state: {state}"))?,
        attempts: row.get(11)?,
        uncertain: row.get(12)?,
        created_at: time(row.get(13)?),
        next_at: time(row.get(14)?),
        sent_at: row.get::<_, Option<i64>>(15)?.map(time),
        answer: row.get(16)?,
    })
}
