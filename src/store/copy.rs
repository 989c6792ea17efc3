//! Copies of the whole store, and a desk that goes on with one. A copy says that it is one; what it
//! still had to send may have left since, so it is held for an operator, and so is what is
//! written about mails that are taken a second time (fault F28). Numbers that the lost life may have
//! given out are skipped: a reply to one of its mails must not land in somebody else's ticket.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, params};

use super::raw::{self, RawFiles};
use super::{DATABASE, Durability, Store, connect, migrations, millis, time};
use crate::desk::{Input, Timer};
use crate::mail::Digest;

/// Numbers that are skipped after a copy was put back: more than a desk gives out between two
/// nightly copies. A ticket has a few people and a few dozen notices.
const SKIPPED: &[(&str, i64)] = &[("tickets", 1_000), ("people", 5_000), ("notices", 50_000)];

/// What a copy holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Copied {
    /// Bytes of the database.
    pub bytes: u64,
    /// Messages that are kept in files.
    pub files: usize,
    /// Of those, copied now; the others were there.
    pub new_files: usize,
}

/// A time at which a desk went on with a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restored {
    /// When.
    pub at: DateTime<Utc>,
    /// When the copy had been made.
    pub copied_at: DateTime<Utc>,
}

impl Store {
    /// Copies everything, as of one moment, into a folder while the desk goes on. An earlier copy
    /// there is replaced once this one is whole; files that it has are not copied again.
    ///
    /// # Errors
    /// When the copy cannot be written.
    pub async fn back_up(&self, to: &Path, now: DateTime<Utc>) -> Result<Copied> {
        let to = to.to_owned();
        let inner = std::sync::Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            raw::create_directory(&to)?;
            let draft = to.join("guichet.db.new");
            let source = connect(&inner.directory.join(DATABASE))?;
            migrations::copy(&source, &draft)?;
            let copy = Connection::open(&draft).context("opening the copy")?;
            mark(&copy, now)?;
            // The files after the database: they only get added.
            let (files, new_files) = copy_files(&copy, &inner.raw, &to)?;
            drop(copy);
            migrations::publish(&draft, &to.join(DATABASE)).context("finishing the copy")?;
            Ok(Copied {
                bytes: fs::metadata(to.join(DATABASE))?.len(),
                files,
                new_files,
            })
        })
        .await
        .context("the copy was interrupted")?
    }

    /// The last time that a desk went on with a copy.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn restored(&self) -> Result<Option<Restored>> {
        self.read("looking for a restored copy", |connection, _| {
            restored(connection)
        })
        .await
    }

    /// Whether the mails that this account took between a copy and its return have still to be
    /// looked for, in `folder`; from here on they are recognised when they come.
    ///
    /// # Errors
    /// When the database cannot be read or written.
    pub async fn recall(&self, account: &str, folder: &str, restored: Restored) -> Result<bool> {
        let (account, folder) = (account.to_owned(), folder.to_owned());
        self.write(Durability::Durable, "recalling mails", move |connection| {
            connection.execute(
                r"INSERT INTO recalls (account, at, folder) VALUES (?1, ?2, ?3)
                      ON CONFLICT (account, at) DO UPDATE SET folder = excluded.folder",
                params![account, millis(restored.at), folder],
            )?;
            Ok(connection.query_row(
                r"SELECT done = 0 FROM recalls WHERE account = ?1 AND at = ?2",
                params![account, millis(restored.at)],
                |row| row.get(0),
            )?)
        })
        .await
    }

    /// They are all here.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn recalled(&self, account: &str, restored: Restored) -> Result<()> {
        let account = account.to_owned();
        self.write(Durability::Durable, "recalling mails", move |connection| {
            connection.execute(
                r"UPDATE recalls SET done = 1 WHERE account = ?1 AND at = ?2",
                params![account, millis(restored.at)],
            )?;
            Ok(())
        })
        .await
    }
}

/// Puts a copy in the place of the database of `data_dir`, which no desk may be using. What was there is kept
/// beside it; the name under which is returned. A database that says nothing (a plain file copy) is
/// marked as a copy of the time it was last written.
///
/// # Errors
/// When the copy is damaged or cannot be written; the database is as it was then.
pub fn restore(from: &Path, data_dir: &Path, now: DateTime<Utc>) -> Result<Option<PathBuf>> {
    raw::create_directory(data_dir)?;
    let _lock = super::lock(data_dir)?;
    let source = from.join(DATABASE);
    let written = fs::metadata(&source)
        .and_then(|metadata| metadata.modified())
        .with_context(|| format!("there is no copy at {}", source.display()))?;
    let part = data_dir.join("guichet.db.restored");
    fs::copy(&source, &part).with_context(|| format!("copying {}", source.display()))?;
    // A log beside it belongs to it.
    for ending in ["-wal", "-shm"] {
        let log = beside(&source, ending);
        if log.exists() {
            fs::copy(&log, beside(&part, ending))
                .with_context(|| format!("copying {}", log.display()))?;
        }
    }
    let mut copy = connect(&part)?;
    let sound: String = copy.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    ensure!(sound == "ok", "the copy is damaged: {sound}");
    let files = RawFiles::new(from.join("raw"));
    copy_files(&copy, &files, data_dir)?;
    migrations::bring_copy_up_to_date(&mut copy, &part)?;
    mark(&copy, DateTime::<Utc>::from(written).min(now))?;
    copy.execute_batch("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE")?;
    drop(copy);
    let database = data_dir.join(DATABASE);
    let aside = database.exists().then(|| {
        data_dir.join(format!(
            "guichet.db.before-{}",
            now.format("%Y%m%dT%H%M%SZ")
        ))
    });
    if let Some(aside) = &aside {
        for ending in ["", "-wal", "-shm"] {
            let file = beside(&database, ending);
            if file.exists() {
                fs::rename(&file, beside(aside, ending))
                    .with_context(|| format!("moving {} aside", file.display()))?;
            }
        }
    }
    migrations::publish(&part, &database).context("putting the copy in its place")?;
    Ok(aside)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Says that this database is a copy, unless it does already.
fn mark(copy: &Connection, at: DateTime<Utc>) -> Result<()> {
    copy.execute(
        r"INSERT INTO copies (copied_at) SELECT ?1 WHERE NOT EXISTS (SELECT 1 FROM copies)",
        params![millis(at)],
    )?;
    Ok(())
}

/// Copies the files that the rows of `copy` speak of; returns how many those are and how many were
/// not there yet.
fn copy_files(copy: &Connection, from: &RawFiles, to: &Path) -> Result<(usize, usize)> {
    let there = RawFiles::new(to.join("raw"));
    let mut statement = copy.prepare(r"SELECT digest FROM raw WHERE in_file = 1")?;
    let mut rows = statement.query([])?;
    let (mut files, mut new_files) = (0, 0);
    while let Some(row) = rows.next()? {
        let digest = Digest(row.get(0)?);
        files += 1;
        if there.path(&digest).exists() {
            continue;
        }
        let path = from.path(&digest);
        let bytes = fs::read(&path).with_context(|| format!("reading {}", path.display()))?;
        ensure!(
            Digest::of(&bytes) == digest,
            "{} is damaged: its digest is another",
            path.display()
        );
        there.write_file(&digest, &bytes)?;
        new_files += 1;
    }
    Ok((files, new_files))
}

/// When the database is a copy: from now on it is not, and nothing leaves twice for it. Returns how
/// many notifications are held.
pub(super) fn go_on_with_copy(connection: &Connection, now: DateTime<Utc>) -> Result<usize> {
    let copied_at: Option<i64> = connection
        .query_row(r"SELECT copied_at FROM copies", [], |row| row.get(0))
        .optional()?;
    let Some(copied_at) = copied_at else {
        return Ok(0);
    };
    connection.execute(
        r"INSERT INTO restores (at, copied_at, last_inbox, last_notice)
          VALUES (?1, ?2, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'inbox'), 0),
                  coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notices'), 0))",
        params![millis(now), copied_at],
    )?;
    for (table, numbers) in SKIPPED {
        let rows = connection.execute(
            r"UPDATE sqlite_sequence SET seq = seq + ?2 WHERE name = ?1",
            params![table, numbers],
        )?;
        if rows == 0 {
            connection.execute(
                r"INSERT INTO sqlite_sequence (name, seq) VALUES (?1, ?2)",
                params![table, numbers],
            )?;
        }
    }
    connection.execute(r"DELETE FROM copies", [])?;
    connection.execute(r"DELETE FROM account_states", [])?;
    Ok(connection.execute(
        r"UPDATE outbox SET held = 1
          WHERE state IN ('queued', 'sending', 'uncertain') AND held = 0",
        [],
    )?)
}

fn restored(connection: &Connection) -> Result<Option<Restored>> {
    let row = connection
        .prepare_cached(r"SELECT at, copied_at FROM restores ORDER BY at DESC LIMIT 1")?
        .query_row([], |row| Ok((time(row.get(0)?), time(row.get(1)?))))
        .optional()?;
    Ok(row.map(|(at, copied_at)| Restored { at, copied_at }))
}

/// Whether what follows from `input` may have been said before a copy was put back: by then the
/// mail had been taken, the date had passed, the notice had been decided.
pub(super) fn may_have_been_said(connection: &Connection, input: &Input) -> Result<bool> {
    let ask = |sql: &str, id: i64| -> Result<bool> {
        let mut statement = connection.prepare_cached(sql)?;
        Ok(statement
            .query_row(params![id], |row| row.get(0))
            .optional()?
            .unwrap_or(false))
    };
    match input {
        // An operator wants it answered.
        Input::Mail(arrival) if arrival.released => Ok(false),
        Input::Mail(arrival) => ask(
            r"SELECT EXISTS (SELECT 1 FROM restores WHERE ?1 <= last_inbox) OR EXISTS (
                  SELECT 1 FROM recalls JOIN inbox ON inbox.account = recalls.account
                  WHERE inbox.id = ?1 AND inbox.received_at < recalls.at
                    AND (recalls.folder = '' AND inbox.origin = 'maildir' OR EXISTS (
                        SELECT 1 FROM ledger
                        WHERE ledger.inbox = inbox.id AND ledger.folder = recalls.folder)))",
            arrival.inbox.0,
        ),
        Input::Timer(Timer::Due(notice)) => ask(
            r"SELECT EXISTS (SELECT 1 FROM restores WHERE ?1 <= last_notice)",
            notice.0,
        ),
        Input::Timer(Timer::Ticket(ticket)) => ask(
            r"SELECT EXISTS (
                  SELECT 1 FROM restores JOIN tickets ON tickets.due_at <= restores.at
                  WHERE tickets.id = ?1)",
            ticket.0,
        ),
        Input::Timer(Timer::Report(report)) => ask(
            r"SELECT EXISTS (SELECT 1 FROM restores WHERE ?1 <= at)",
            millis(report.over()),
        ),
        Input::Timer(Timer::Alert { .. })
        | Input::Poison { .. }
        | Input::Action(_)
        | Input::Visit(_)
        | Input::SignIn(_)
        | Input::Delivery(_) => Ok(false),
    }
}
