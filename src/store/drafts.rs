//! Requests that were typed into the form and wait to be sent (row I10): strangers fill this table, so
//! their number, size and time are bounded, and what has its end is deleted.

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Duration, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Durability, Store, count, millis, number, time};
use crate::ticket::InboxId;

/// A request that nobody goes on with is deleted so long after it was last kept.
const TYPED_FOR: Duration = Duration::hours(2);

/// Requests that one network may begin in an hour: a school or an agency behind one address, not a
/// machine.
const OF_NETWORK_PER_HOUR: i64 = 60;

/// Of which with one address: nobody has so many troubles at once.
const OF_ADDRESS: i64 = 10;

/// Bytes of all that wait, and of those that one network began: it leaves room for the others.
const BYTES_IN_ALL: u64 = 512 << 20;
const BYTES_OF_NETWORK: u64 = BYTES_IN_ALL / 4;

/// How far a request has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DraftState {
    /// Somebody is at work on it.
    Typed,
    /// It waits for its author's word.
    Asked,
    /// It was sent.
    Sent(InboxId),
}

/// A file of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFile {
    /// Its number; 0 before it is kept.
    pub id: i64,
    /// Name as its author's browser says it.
    pub name: String,
    /// Type as its author's browser says it.
    pub content_type: String,
    /// Size in bytes.
    pub size: u64,
    /// The bytes; left empty where only the list is wanted.
    pub bytes: Vec<u8>,
}

/// A request that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Digest of the secret that its form carries.
    pub id: String,
    /// How far it is.
    pub state: DraftState,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// What was typed, JSON.
    pub content: String,
    /// Its files.
    pub files: Vec<DraftFile>,
}

/// One of the requests that wait for the same address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// See [`Draft::id`].
    pub id: String,
    /// See [`Draft::state`].
    pub state: DraftState,
    /// When it was begun.
    pub created_at: DateTime<Utc>,
    /// What was typed, JSON; empty once it was sent.
    pub content: String,
}

/// What became of a request that was to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It is.
    Yes,
    /// Its network began too many in the last hour, or too much of its waits.
    TooMany,
    /// Too much waits in all.
    Full,
    /// It waits for its author's word: what he reads is what is sent, so nothing was changed.
    Asked,
    /// It was sent before; nothing was changed.
    Sent(InboxId),
}

impl Store {
    /// Keeps what was typed so far; further files are added to those it has, those in `dropped` are
    /// removed.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn keep_draft(
        &self,
        id: &str,
        network: &str,
        content: String,
        files: Vec<DraftFile>,
        dropped: Vec<i64>,
        now: DateTime<Utc>,
    ) -> Result<Kept> {
        let (id, network) = (id.to_owned(), network.to_owned());
        self.write(
            Durability::Durable,
            "keeping a request",
            move |connection| {
                expire(connection, now)?;
                match state(connection, &id)? {
                    Some(DraftState::Sent(inbox)) => return Ok(Kept::Sent(inbox)),
                    Some(DraftState::Asked) => return Ok(Kept::Asked),
                    Some(DraftState::Typed) => {}
                    None if is_over(connection, &network, now)? => return Ok(Kept::TooMany),
                    None => {}
                }
                let files_bytes: u64 = files.iter().map(|file| file.size).sum();
                let new = files_bytes + content.len() as u64;
                if waiting(connection, Some(&network))? + new > BYTES_OF_NETWORK {
                    return Ok(Kept::TooMany);
                }
                if waiting(connection, None)? + new > BYTES_IN_ALL {
                    return Ok(Kept::Full);
                }
                connection
                    .prepare_cached(
                        r"INSERT INTO drafts (id, network, created_at, expires_at, size, content)
                      VALUES (?1, ?2, ?3, ?4, 0, ?5)
                      ON CONFLICT (id) DO UPDATE
                      SET content = excluded.content, expires_at = excluded.expires_at",
                    )?
                    .execute(params![
                        id,
                        network,
                        millis(now),
                        millis(now + TYPED_FOR),
                        content
                    ])?;
                for file in dropped {
                    connection
                        .prepare_cached(r"DELETE FROM draft_files WHERE draft = ?1 AND id = ?2")?
                        .execute(params![id, file])?;
                }
                for file in &files {
                    connection
                        .prepare_cached(
                            r"INSERT INTO draft_files (draft, name, content_type, size, bytes)
                          VALUES (?1, ?2, ?3, ?4, ?5)",
                        )?
                        .execute(params![
                            id,
                            file.name,
                            file.content_type,
                            number(file.size),
                            file.bytes
                        ])?;
                }
                connection
                    .prepare_cached(
                        r"UPDATE drafts SET size = length(content) +
                             (SELECT coalesce(sum(size), 0) FROM draft_files WHERE draft = ?1)
                      WHERE id = ?1",
                    )?
                    .execute([&id])?;
                Ok(Kept::Yes)
            },
        )
        .await
    }

    /// Begins a request that waits for its author's word anew under another number, with its words and
    /// files, so that it can be changed: the one that waits has ended with it. It counts as one more that
    /// its network began, for it may be sent to another address. `None`: it waits no longer.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn retype_draft(
        &self,
        id: &str,
        anew: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Kept>> {
        let (id, anew) = (id.to_owned(), anew.to_owned());
        let what = "beginning a request anew";
        self.write(Durability::Durable, what, move |connection| {
            expire(connection, now)?;
            if state(connection, &id)? != Some(DraftState::Asked) {
                return Ok(None);
            }
            let network: String = connection
                .prepare_cached(r"SELECT network FROM drafts WHERE id = ?1")?
                .query_row([&id], |row| row.get(0))?;
            if is_over(connection, &network, now)? {
                return Ok(Some(Kept::TooMany));
            }
            connection
                .prepare_cached(
                    r"INSERT INTO drafts (id, network, created_at, expires_at, size, content)
                      SELECT ?2, network, ?3, ?4, size, content FROM drafts WHERE id = ?1",
                )?
                .execute(params![id, anew, millis(now), millis(now + TYPED_FOR)])?;
            connection
                .prepare_cached(r"UPDATE draft_files SET draft = ?2 WHERE draft = ?1")?
                .execute(params![id, anew])?;
            // An empty row is left for the count, under a name that no number leads to.
            connection
                .prepare_cached(
                    r"UPDATE drafts SET id = 'retyped ' || id, state = 'typed', address = '',
                          content = '', size = 0, expires_at = ?2
                      WHERE id = ?1",
                )?
                .execute(params![id, millis(now + TYPED_FOR)])?;
            Ok(Some(Kept::Yes))
        })
        .await
    }

    /// A request that waits, or was sent; its files with their bytes where they are wanted.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn draft(&self, id: &str, bytes: bool, now: DateTime<Utc>) -> Result<Option<Draft>> {
        let id = id.to_owned();
        self.read("reading a request that waits", move |connection, _| {
            let found = connection
                .prepare_cached(
                    r"SELECT state, inbox, created_at, content FROM drafts
                      WHERE id = ?1 AND expires_at > ?2",
                )?
                .query_row(params![id, millis(now)], |row| {
                    Ok((
                        state_of(&row.get::<_, String>(0)?, row.get(1)?),
                        row.get(2)?,
                        row.get(3)?,
                    ))
                })
                .optional()?;
            let Some((state, created_at, content)) = found else {
                return Ok(None);
            };
            let mut statement = connection.prepare_cached(
                r"SELECT id, name, content_type, size, iif(?2, bytes, x'') FROM draft_files
                  WHERE draft = ?1 ORDER BY id",
            )?;
            let files = statement
                .query_map(params![id, bytes], |row| {
                    Ok(DraftFile {
                        id: row.get(0)?,
                        name: row.get(1)?,
                        content_type: row.get(2)?,
                        size: count(row.get(3)?),
                        bytes: row.get(4)?,
                    })
                })?
                .collect::<rusqlite::Result<_>>()?;
            Ok(Some(Draft {
                state,
                created_at: time(created_at),
                content,
                files,
                id,
            }))
        })
        .await
    }

    /// Lets a request wait until then for the word of whoever reads this mailbox. `false`: so many
    /// wait for that address that no more are taken.
    ///
    /// # Errors
    /// When there is no such request, or the database cannot be written.
    pub async fn ask_draft(
        &self,
        id: &str,
        address: &str,
        until: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<bool> {
        let (id, address) = (id.to_owned(), address.trim().to_lowercase());
        let what = "letting a request wait";
        self.write(Durability::Durable, what, move |connection| {
            let waiting: i64 = connection
                .prepare_cached(
                    r"SELECT count(*) FROM drafts
                      WHERE address = ?1 AND state = 'asked' AND id <> ?2 AND expires_at > ?3",
                )?
                .query_row(params![address, id, millis(now)], |row| row.get(0))?;
            if waiting >= OF_ADDRESS {
                return Ok(false);
            }
            let rows = connection
                .prepare_cached(
                    r"UPDATE drafts SET state = 'asked', address = ?2, expires_at = ?3
                      WHERE id = ?1 AND state <> 'sent'",
                )?
                .execute(params![id, address, millis(until)])?;
            ensure!(rows == 1, "the request is gone");
            Ok(true)
        })
        .await
    }

    /// The requests typed with this address that wait for its reader or were sent lately, the newest
    /// first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn drafts_of(&self, address: &str, now: DateTime<Utc>) -> Result<Vec<Waiting>> {
        let address = address.trim().to_lowercase();
        self.read("listing requests that wait", move |connection, _| {
            let mut statement = connection.prepare_cached(
                r"SELECT id, state, inbox, created_at, content FROM drafts
                  WHERE address = ?1 AND address <> '' AND state <> 'typed' AND expires_at > ?2
                  ORDER BY created_at DESC, id LIMIT 50",
            )?;
            let rows = statement.query_map(params![address, millis(now)], |row| {
                Ok(Waiting {
                    id: row.get(0)?,
                    state: state_of(&row.get::<_, String>(1)?, row.get(2)?),
                    created_at: time(row.get(3)?),
                    content: row.get(4)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
        .await
    }

    /// A request is in the inbox now: its words and files are no longer needed here.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn sent_draft(&self, id: &str, inbox: InboxId) -> Result<()> {
        let id = id.to_owned();
        let what = "noting that a request was sent";
        self.write(Durability::Durable, what, move |connection| {
            let rows = connection
                .prepare_cached(
                    r"UPDATE drafts SET state = 'sent', inbox = ?2, content = '', size = 0
                      WHERE id = ?1",
                )?
                .execute(params![id, inbox.0])?;
            ensure!(rows == 1, "the request is gone");
            connection
                .prepare_cached(r"DELETE FROM draft_files WHERE draft = ?1")?
                .execute([&id])?;
            Ok(())
        })
        .await
    }

    /// Forgets a request that was not sent.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn forget_draft(&self, id: &str) -> Result<()> {
        let id = id.to_owned();
        self.write(
            Durability::Durable,
            "forgetting a request",
            move |connection| {
                connection
                    .prepare_cached(r"DELETE FROM drafts WHERE id = ?1 AND state <> 'sent'")?
                    .execute([&id])?;
                Ok(())
            },
        )
        .await
    }

    /// Deletes what has waited for too long; returns how many requests that were.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn expire_drafts(&self, now: DateTime<Utc>) -> Result<usize> {
        let due = self
            .read("looking for old requests", move |connection, _| {
                Ok(connection
                    .prepare_cached(r"SELECT EXISTS (SELECT 1 FROM drafts WHERE expires_at <= ?1)")?
                    .query_row([millis(now)], |row| row.get::<_, bool>(0))?)
            })
            .await?;
        if !due {
            return Ok(0);
        }
        self.write(
            Durability::Killproof,
            "deleting old requests",
            move |connection| expire(connection, now),
        )
        .await
    }
}

fn expire(connection: &Connection, now: DateTime<Utc>) -> Result<usize> {
    Ok(connection
        .prepare_cached(r"DELETE FROM drafts WHERE expires_at <= ?1")?
        .execute([millis(now)])?)
}

fn state(connection: &Connection, id: &str) -> Result<Option<DraftState>> {
    Ok(connection
        .prepare_cached(r"SELECT state, inbox FROM drafts WHERE id = ?1")?
        .query_row([id], |row| {
            Ok(state_of(&row.get::<_, String>(0)?, row.get(1)?))
        })
        .optional()?)
}

fn state_of(state: &str, inbox: Option<i64>) -> DraftState {
    match (state, inbox) {
        ("sent", Some(inbox)) => DraftState::Sent(InboxId(inbox)),
        ("asked", _) => DraftState::Asked,
        _ => DraftState::Typed,
    }
}

fn is_over(connection: &Connection, network: &str, now: DateTime<Utc>) -> Result<bool> {
    let begun: i64 = connection
        .prepare_cached(r"SELECT count(*) FROM drafts WHERE network = ?1 AND created_at > ?2")?
        .query_row(params![network, millis(now - Duration::hours(1))], |row| {
            row.get(0)
        })?;
    Ok(begun >= OF_NETWORK_PER_HOUR)
}

/// Bytes of all that waits, or of what one network began.
fn waiting(connection: &Connection, network: Option<&str>) -> Result<u64> {
    let bytes: i64 = connection
        .prepare_cached(
            r"SELECT coalesce(sum(size), 0) FROM drafts WHERE ?1 IS NULL OR network = ?1",
        )?
        .query_row([network], |row| row.get(0))
        .context("adding up what waits")?;
    Ok(count(bytes))
}
