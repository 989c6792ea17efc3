//! What the receiving station asks: keep these bytes, which mails are known, which are still to be
//! filed on the server.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, millis, number, raw, time};
use crate::mail::Digest;
use crate::ticket::InboxId;

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
}

impl Origin {
    fn as_str(&self) -> &'static str {
        match self {
            Self::Imap { .. } => "imap",
            Self::Maildir { .. } => "maildir",
            Self::Pipe => "pipe",
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

/// What is known of an IMAP folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Every uid that needs no fetch: accepted or left alone.
    pub known: BTreeSet<u32>,
    /// Accepted, and not yet moved or flagged on the server.
    pub unfiled: Vec<u32>,
    /// A COPY was sent and its answer is not known: look into the target before repeating it.
    pub copying: Vec<u32>,
    /// Copied; what remains is to remove the original.
    pub copied: Vec<u32>,
}

/// What is known of a Maildir.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaildirLedger {
    /// Names that need no reading.
    pub known: BTreeSet<String>,
    /// Accepted, and not yet moved from `new` to `cur`.
    pub unfiled: Vec<String>,
}

impl Store {
    /// Keeps mails, all or none, durably: once this answers, the server may be told (A). The
    /// answers are in the order of the mails.
    ///
    /// # Errors
    /// When nothing was kept; [`super::is_disk_full`] tells a full disk.
    pub async fn accept(&self, incoming: Vec<Incoming>) -> Result<Vec<Accepted>> {
        let inner = std::sync::Arc::clone(&self.inner);
        let hashed = tokio::task::spawn_blocking(move || {
            incoming
                .into_iter()
                .map(|mail| {
                    let digest = Digest::of(&mail.bytes);
                    inner.raw.keep(&digest, &mail.bytes)?;
                    Ok((mail, digest))
                })
                .collect::<Result<Vec<_>>>()
        })
        .await
        .context("keeping large mails was interrupted")??;
        self.write(Durability::Durable, "accepting mails", move |connection| {
            hashed
                .iter()
                .map(|(mail, digest)| accept(connection, mail, digest))
                .collect()
        })
        .await
    }

    /// What is known of a folder under this UIDVALIDITY.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn ledger(&self, account: &str, folder: &str, uid_validity: u32) -> Result<Ledger> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.read("reading the ledger", move |connection, _| {
            let mut ledger = Ledger::default();
            let mut statement = connection.prepare_cached(
                r"SELECT uid, state FROM ledger
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3 ORDER BY uid",
            )?;
            let mut rows = statement.query(params![account, folder, uid_validity])?;
            while let Some(row) = rows.next()? {
                let uid = row.get(0)?;
                ledger.known.insert(uid);
                match row.get_ref(1)?.as_str()? {
                    "unfiled" => ledger.unfiled.push(uid),
                    "copying" => ledger.copying.push(uid),
                    "copied" => ledger.copied.push(uid),
                    _ => {}
                }
            }
            Ok(ledger)
        })
        .await
    }

    /// Enters messages that are older than the desk's first start, and leaves them alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn leave(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.write(Durability::Durable, "leaving mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"INSERT INTO ledger (account, folder, uid_validity, uid, state)
                  VALUES (?1, ?2, ?3, ?4, 'left')
                  ON CONFLICT (account, folder, uid_validity, uid) DO NOTHING",
            )?;
            for uid in &uids {
                statement.execute(params![account, folder, uid_validity, uid])?;
            }
            Ok(())
        })
        .await
    }

    /// When this account was first watched; `now` when that is now.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn first_start(&self, account: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
        let account = account.to_owned();
        self.write(
            Durability::Durable,
            "noting an account",
            move |connection| {
                connection.execute(
                    r"INSERT INTO accounts (name, first_start) VALUES (?1, ?2)
                  ON CONFLICT (name) DO NOTHING",
                    params![account, millis(now)],
                )?;
                Ok(time(connection.query_row(
                    r"SELECT first_start FROM accounts WHERE name = ?1",
                    params![account],
                    |row| row.get(0),
                )?))
            },
        )
        .await
    }

    /// The server has moved or flagged these messages (B).
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn filed(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "filed")
            .await
    }

    /// A COPY of these messages is about to be sent, for servers without MOVE. A crash from here on
    /// shows them in [`Ledger::copying`].
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn copy_started(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "copying")
            .await
    }

    /// The server has copied these messages; what remains is to remove the originals.
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn copy_done(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
    ) -> Result<()> {
        self.mark(account, folder, uid_validity, uids, "copied")
            .await
    }

    async fn mark(
        &self,
        account: &str,
        folder: &str,
        uid_validity: u32,
        uids: Vec<u32>,
        state: &'static str,
    ) -> Result<()> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.write(Durability::Killproof, "filing mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"UPDATE ledger SET state = ?5
                  WHERE account = ?1 AND folder = ?2 AND uid_validity = ?3 AND uid = ?4
                    AND inbox IS NOT NULL",
            )?;
            for uid in &uids {
                let rows = statement.execute(params![account, folder, uid_validity, uid, state])?;
                ensure!(rows == 1, "uid {uid} of \"{folder}\" was never accepted");
            }
            Ok(())
        })
        .await
    }

    /// What is known of a Maildir.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn maildir_ledger(&self, account: &str) -> Result<MaildirLedger> {
        let account = account.to_owned();
        self.read("reading the ledger", move |connection, _| {
            let mut ledger = MaildirLedger::default();
            let mut statement = connection
                .prepare_cached(r"SELECT name, state FROM maildir_ledger WHERE account = ?1")?;
            let mut rows = statement.query(params![account])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                if row.get_ref(1)?.as_str()? == "unfiled" {
                    ledger.unfiled.push(name.clone());
                }
                ledger.known.insert(name);
            }
            Ok(ledger)
        })
        .await
    }

    /// Enters files of a Maildir that are older than the desk's first start, and leaves them alone.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn maildir_leave(&self, account: &str, names: Vec<String>) -> Result<()> {
        let account = account.to_owned();
        self.write(Durability::Durable, "leaving mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"INSERT INTO maildir_ledger (account, name, state) VALUES (?1, ?2, 'left')
                  ON CONFLICT (account, name) DO NOTHING",
            )?;
            for name in &names {
                statement.execute(params![account, name])?;
            }
            Ok(())
        })
        .await
    }

    /// These files were moved from `new` to `cur` (B).
    ///
    /// # Errors
    /// When the database cannot be written, or one of them was never accepted.
    pub async fn maildir_filed(&self, account: &str, names: Vec<String>) -> Result<()> {
        let account = account.to_owned();
        self.write(Durability::Killproof, "filing mails", move |connection| {
            let mut statement = connection.prepare_cached(
                r"UPDATE maildir_ledger SET state = 'filed'
                  WHERE account = ?1 AND name = ?2 AND inbox IS NOT NULL",
            )?;
            for name in &names {
                let rows = statement.execute(params![account, name])?;
                ensure!(rows == 1, "the file {name} was never accepted");
            }
            Ok(())
        })
        .await
    }
}

fn accept(connection: &Connection, mail: &Incoming, digest: &Digest) -> Result<Accepted> {
    if let Some(id) = at_this_place(connection, mail)? {
        return Ok(Accepted::Known(id));
    }
    let known = same_bytes(connection, mail, digest)?;
    let id = match known {
        Some(id) => id,
        None => insert(connection, mail, digest)?,
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
            r"SELECT id FROM inbox
              WHERE digest = ?1 AND account = ?2 AND recipient IS ?3 AND oversize IS ?4
              ORDER BY id LIMIT 1",
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

fn insert(connection: &Connection, mail: &Incoming, digest: &Digest) -> Result<InboxId> {
    raw::insert(connection, digest, &mail.bytes)?;
    connection
        .prepare_cached(
            r"INSERT INTO inbox
                (account, origin, recipient, sender, received_at, digest, oversize, proven)
              VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute(params![
            mail.account,
            mail.origin.as_str(),
            mail.recipient,
            mail.sender,
            millis(mail.received_at),
            digest.0,
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
        Origin::Pipe => return Ok(()),
    };
    ensure!(rows == 1, "the place of mail {id} was not written");
    Ok(())
}
