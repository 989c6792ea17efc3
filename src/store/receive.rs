//! Keeps the bytes of a mail, once, wherever it turns up. Which places are known is in `ledger`.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, millis, number, raw};
use crate::desk::Submission;
use crate::fault;
use crate::mail::Digest;
use crate::ticket::{InboxId, TicketId};

/// Where a mail came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A message of an IMAP folder (RFC 3501 §2.3.1.1).
    Imap {
        /// The folder, as the server names it.
        folder: String,
        /// Its UIDVALIDITY when the message was fetched.
        uid_validity: u32,
        /// The message.
        uid: u32,
    },
    /// A file of a Maildir.
    Maildir {
        /// Its name, without the `:2,` and flags.
        name: String,
    },
    /// `guichet deliver`, from a mail server or a script.
    Pipe,
    /// A form of the page.
    Page {
        /// The submission's own id: what is sent twice is one.
        id: String,
        /// What its form asked.
        submission: Box<Submission>,
    },
}

impl Origin {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Imap { .. } => "imap",
            Self::Maildir { .. } => "maildir",
            Self::Pipe => "pipe",
            Self::Page { .. } => "page",
        }
    }
}

/// A mail to accept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The account it came through.
    pub account: String,
    /// Where it came from.
    pub origin: Origin,
    /// Envelope recipient, when known.
    pub recipient: Option<String>,
    /// Envelope sender, when known; `Some("")` is the null path.
    pub sender: Option<String>,
    /// When it reached the mailbox (INTERNALDATE), else now.
    pub received_at: DateTime<Utc>,
    /// The message; its header alone when it is too large.
    pub bytes: Vec<u8>,
    /// Its size on the server in bytes, when it was too large to fetch whole.
    pub oversize: Option<u64>,
    /// The address whose owner is proven to be its author (a web form), if any.
    pub proven: Option<String>,
}

/// What accepting a mail did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is a new row of the inbox.
    New(InboxId),
    /// It was there: the same place, or the same bytes in the same account, as after a change of
    /// UIDVALIDITY or a restored mailbox (contract I3). Only its place was written down.
    Known(InboxId),
}

impl Accepted {
    /// The row of the inbox.
    pub fn id(self) -> InboxId {
        match self {
            Self::New(id) | Self::Known(id) => id,
        }
    }
}

/// Mails whose bytes are ready to be accepted: the rows have them, or files; see [`Store::prepare`].
#[derive(Debug, Default)]
pub struct Prepared(Vec<(Incoming, raw::Row)>);

impl Prepared {
    /// Takes those of `more` in, behind its own.
    pub fn append(&mut self, mut more: Self) {
        self.0.append(&mut more.0);
    }

    /// Whether there is nothing to accept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Store {
    /// Keeps mails, all or none, durably: once this answers, the server may be told (A). The
    /// answers are in the order of the mails.
    ///
    /// # Errors
    /// When nothing was kept; [`super::is_disk_full`] tells a full disk.
    pub async fn accept(&self, incoming: Vec<Incoming>) -> Result<Vec<Accepted>> {
        self.accept_prepared(self.prepare(incoming).await?).await
    }

    /// The first half of [`Store::accept`]: digests, compresses, and writes the large ones to their
    /// files. No row speaks of them yet.
    ///
    /// # Errors
    /// When a file could not be written; [`super::is_disk_full`] tells a full disk.
    pub async fn prepare(&self, incoming: Vec<Incoming>) -> Result<Prepared> {
        self.keep_large(incoming).await.map(Prepared)
    }

    /// The second half: writes the rows, all or none, durably.
    ///
    /// # Errors
    /// As [`Store::accept`].
    pub async fn accept_prepared(&self, Prepared(kept): Prepared) -> Result<Vec<Accepted>> {
        self.write(Durability::Durable, "accepting mails", move |connection| {
            kept.iter()
                .map(|(mail, row)| accept(connection, mail, row))
                .collect()
        })
        .await
    }

    /// Keeps a mail that belongs to a ticket already: its files are there before the event that names
    /// them. Nothing is decided about it.
    ///
    /// # Errors
    /// When it was not kept.
    pub async fn attach(
        &self,
        ticket: TicketId,
        mail: Incoming,
        now: DateTime<Utc>,
    ) -> Result<InboxId> {
        let kept = self.keep_large(vec![mail]).await?;
        let what = "keeping files";
        self.write(Durability::Durable, what, move |connection| {
            let (mail, row) = kept.first().context("there is a mail")?;
            let id = accept(connection, mail, row)?.id();
            connection
                .prepare_cached(
                    r"UPDATE inbox SET state = 'filed', ticket = ?2, settled_at = ?3, why = ?4
                      WHERE id = ?1 AND state = 'new'",
                )?
                .execute(params![id.0, ticket.0, millis(now), "files of an answer"])?;
            Ok(id)
        })
        .await
    }

    async fn keep_large(&self, incoming: Vec<Incoming>) -> Result<Vec<(Incoming, raw::Row)>> {
        let inner = std::sync::Arc::clone(&self.inner);
        let kept = tokio::task::spawn_blocking(move || {
            incoming
                .into_iter()
                .map(|mut mail| {
                    // The proof of the proof reads them again.
                    let bytes = match fault::is_broken("identity-by-bytes") {
                        true => mail.bytes.clone(),
                        false => std::mem::take(&mut mail.bytes),
                    };
                    Ok((mail, inner.raw.keep(bytes)?))
                })
                .collect::<Result<Vec<_>>>()
        })
        .await
        .context("keeping large mails was interrupted")??;
        Ok(kept)
    }
}

fn accept(connection: &Connection, mail: &Incoming, row: &raw::Row) -> Result<Accepted> {
    if let Some(id) = at_this_place(connection, mail)? {
        return Ok(Accepted::Known(id));
    }
    let known = match same_bytes(connection, mail, &row.digest)? {
        None if fault::is_broken("identity-by-bytes") => same_message_id(connection, mail)?,
        known => known,
    };
    let id = match known {
        Some(id) => id,
        None => insert(connection, mail, row)?,
    };
    write_place(connection, mail, id)?;
    Ok(known.map_or(Accepted::New(id), Accepted::Known))
}

/// The row of the same place; a place that was left alone has none.
fn at_this_place(connection: &Connection, mail: &Incoming) -> Result<Option<InboxId>> {
    let inbox: Option<Option<i64>> = match &mail.origin {
        Origin::Imap {
            folder,
            uid_validity,
            uid,
        } => connection
            .prepare_cached(
                r"SELECT inbox FROM ledger
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3 AND uid = ?4",
            )?
            .query_row(params![mail.account, folder, uid_validity, uid], |row| {
                row.get(0)
            })
            .optional()?,
        Origin::Maildir { name } => connection
            .prepare_cached(r"SELECT inbox FROM maildir_ledger WHERE account = ?1 AND name = ?2")?
            .query_row(params![mail.account, name], |row| row.get(0))
            .optional()?,
        Origin::Page { id, .. } => connection
            .prepare_cached(r"SELECT inbox FROM submissions WHERE id = ?1")?
            .query_row([id], |row| row.get(0))
            .optional()?,
        Origin::Pipe => None,
    };
    Ok(inbox.flatten().map(InboxId))
}

/// The row of the same bytes in this account, for the same recipient when one is known: a mail
/// server hands one mail to two recipients in the same bytes.
fn same_bytes(
    connection: &Connection,
    mail: &Incoming,
    digest: &Digest,
) -> Result<Option<InboxId>> {
    let id = connection
        .prepare_cached(
            r"SELECT inbox.id FROM raw JOIN inbox ON inbox.raw = raw.id
              WHERE raw.digest = ?1 AND account = ?2 AND recipient IS ?3 AND oversize IS ?4
              ORDER BY inbox.id LIMIT 1",
        )?
        .query_row(
            params![
                digest.0,
                mail.account,
                mail.recipient,
                mail.oversize.map(number)
            ],
            |row| row.get(0),
        )
        .optional()?;
    Ok(id.map(InboxId))
}

/// What a naive desk takes for the identity of a mail; only for the proof of the proof.
fn same_message_id(connection: &Connection, mail: &Incoming) -> Result<Option<InboxId>> {
    let id = connection
        .prepare_cached(
            r"SELECT inbox.id FROM message_ids JOIN inbox ON inbox.ticket = message_ids.ticket
              WHERE message_id = ?1 AND thread = 'incoming' LIMIT 1",
        )?
        .query_row(params![crate::mail::read(&mail.bytes).message_id], |row| {
            row.get(0)
        })
        .optional()?;
    Ok(id.map(InboxId))
}

fn insert(connection: &Connection, mail: &Incoming, row: &raw::Row) -> Result<InboxId> {
    let raw = raw::insert(connection, row)?;
    connection
        .prepare_cached(
            r"INSERT INTO inbox
                (account, origin, recipient, sender, received_at, digest, raw, oversize, proven)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            mail.account,
            mail.origin.as_str(),
            mail.recipient,
            mail.sender,
            millis(mail.received_at),
            row.digest.0,
            raw,
            mail.oversize.map(number),
            mail.proven
        ])?;
    Ok(InboxId(connection.last_insert_rowid()))
}

fn write_place(connection: &Connection, mail: &Incoming, id: InboxId) -> Result<()> {
    let rows = match &mail.origin {
        Origin::Imap {
            folder,
            uid_validity,
            uid,
        } => connection
            .prepare_cached(
                r"INSERT INTO ledger (account, folder, uid_validity, uid, inbox, state)
                  VALUES (?1, ?2, ?3, ?4, ?5, 'unfiled')
                  ON CONFLICT (account, folder, uid_validity, uid)
                  DO UPDATE SET inbox = excluded.inbox, state = excluded.state",
            )?
            .execute(params![mail.account, folder, uid_validity, uid, id.0])?,
        Origin::Maildir { name } => connection
            .prepare_cached(
                r"INSERT INTO maildir_ledger (account, name, inbox, state)
                  VALUES (?1, ?2, ?3, 'unfiled')
                  ON CONFLICT (account, name)
                  DO UPDATE SET inbox = excluded.inbox, state = excluded.state",
            )?
            .execute(params![mail.account, name, id.0])?,
        Origin::Page {
            id: own,
            submission,
        } => connection
            .prepare_cached(r"INSERT INTO submissions (id, inbox, fields) VALUES (?1, ?2, ?3)")?
            .execute(params![own, id.0, serde_json::to_string(submission)?])?,
        Origin::Pipe => return Ok(()),
    };
    ensure!(rows == 1, "the place of mail {id} was not written");
    Ok(())
}

/// What a form asked, from its column; only a damaged database holds what cannot be read.
pub(super) fn submission(fields: Option<String>) -> Option<Submission> {
    serde_json::from_str(&fields?).ok()
}

#[cfg(test)]
impl Store {
    /// Lets the database refuse some mails, as it does with a damaged page.
    pub(crate) async fn refuse_mails_of_1970(&self, refused: bool) {
        let sql = match refused {
            true => {
                "CREATE TRIGGER refuse BEFORE INSERT ON inbox WHEN new.received_at = 0
                 BEGIN SELECT RAISE(ABORT, 'a damaged page'); END"
            }
            false => "DROP TRIGGER refuse",
        };
        let work = move |connection: &Connection| Ok(connection.execute_batch(sql)?);
        let done = self.write(Durability::Killproof, "testing", work).await;
        done.expect("written");
    }
}
