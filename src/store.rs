//! Keeps everything, in SQLite: verbs the size of a use case (`accept`, `settle`, `delivered` …),
//! not tables. All SQL of the project lives below this module. What a mail means is decided by
//! `desk`, in a closure that [`Store::settle`] calls inside its transaction.
//!
//! One thread writes. Requests reach it by a channel; those that wait together are committed
//! together, each in its own savepoint, and answered after the commit, so that a backlog pays one
//! `fsync` a batch and a single mail pays one. Reads have a few connections of their own and see
//! the last commit. Times are unix milliseconds in UTC; what has no column of its own is JSON.
//!
//! Roads not taken: one connection behind a mutex (readers would wait for `fsync`), an ORM (the
//! statements are the interesting part), queues in memory (a table survives us).

use std::fs::File as FsFile;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

mod check;
mod claims;
mod copy;
mod deliver;
mod drafts;
mod habits;
mod health;
mod knowledge;
mod known;
mod ledger;
mod list;
mod loads;
mod look;
mod mailboxes;
mod migrations;
mod operate;
mod past;
mod pool;
mod process;
mod raw;
mod read;
mod receive;
mod record;
mod reports;
mod search;
mod session;
mod statistics;
mod timer;
mod writer;

pub use check::{AccountCounts, Counts, Waiting};
pub use copy::{Copied, Restored, restore};
pub use deliver::{Delivered, Leased, OutboxId};
pub use drafts::{Draft, DraftFile, DraftState, Kept, Waiting as WaitingDraft};
pub use health::AccountState;
pub use knowledge::{ArticleCounts, ArticleIndex};
pub use known::Lookup;
pub use ledger::{MaildirLedger, Unfinished};
pub use list::{COUNTED, Hits, Listed, Listing, Place, Sought, TeamOf, View};
pub use mailboxes::Mailbox;
pub use operate::{InboxRow, InboxState, KeptNotice, OutboxRow, OutboxState};
pub use process::{InboxMail, Settled, Settlement, Taken, Tried};
pub use raw::KEPT_IN_DATABASE_BYTES;
pub use read::{Announced, TicketFilter};
pub use receive::{Accepted, Incoming, Origin, Prepared};
pub use session::{Revoked, Session, SessionId};
pub use statistics::Uncounted;
pub use timer::Due;

use pool::Pool;
use raw::RawFiles;
use writer::{Durability, Scope, Writer};

/// The database, in the data directory.
const DATABASE: &str = "guichet.db";

/// Pages that the thread that writes may hold.
const WRITER_CACHE_KIB: i64 = 6 << 10;

/// Pages of the index of words that one step of [`Store::tidy_words`] writes: some milliseconds.
const TIDY_PAGES: u32 = 200;

/// Held by the daemon for as long as it lives, so that a second one does not start beside it.
const LOCK: &str = "guichet.lock";

/// A handle on the database; cheap to clone. The database is closed when the last one is dropped.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    writer: Writer,
    pool: Pool,
    raw: RawFiles,
    directory: PathBuf,
    lock: Mutex<Option<FsFile>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Store({})", self.inner.directory.display())
    }
}

/// What an earlier run left behind, as found by [`Store::take_over`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftovers {
    /// Mails that were being read; they are given again one at a time.
    pub mails: usize,
    /// Notifications that were being sent; whether they arrived is not known, they are sent again
    /// (contract O2).
    pub notifications: usize,
    /// Notifications that are held because the database is a copy that was put back (fault F28).
    pub held: usize,
}

impl Store {
    /// Opens the database of `data_dir`; makes both when they are missing, and brings an older
    /// database up to date after copying it beside itself.
    ///
    /// # Errors
    /// When the directory cannot be written, the database was written by a newer version, or a desk of an
    /// older one is running on it.
    pub fn open(data_dir: &Path) -> Result<Self> {
        raw::create_directory(data_dir)?;
        let path = data_dir.join(DATABASE);
        let mut connection = connect(&path)?;
        keep_private(&path)?;
        if !migrations::is_current(&connection)? {
            // Not below a desk that is at work with the older tables.
            let _lock = lock(data_dir)?;
            migrations::bring_up_to_date(&mut connection, &path)?;
        }
        Self::start(connection, data_dir)
    }

    /// Opens the database of `data_dir` as it is, beside a daemon that may be running: for the
    /// command line. Makes and changes no table.
    ///
    /// # Errors
    /// When there is no database, or it is older or newer than this program.
    pub fn open_existing(data_dir: &Path) -> Result<Self> {
        let path = data_dir.join(DATABASE);
        anyhow::ensure!(
            path.exists(),
            "there is no database at {}: has the desk run yet?",
            path.display()
        );
        let connection = connect(&path)?;
        migrations::require_current(&connection, &path)?;
        Self::start(connection, data_dir)
    }

    fn start(connection: Connection, data_dir: &Path) -> Result<Self> {
        // What a batch or a set writes fits: pages that do not are written to the log before the commit,
        // and read again. KiB, negative as SQLite wants it.
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        search::prepare(&connection)?;
        Ok(Self {
            inner: Arc::new(Inner {
                writer: Writer::start(connection)?,
                pool: Pool::new(data_dir.join(DATABASE)),
                raw: RawFiles::new(data_dir.join("raw")),
                directory: data_dir.to_owned(),
                lock: Mutex::new(None),
            }),
        })
    }

    /// Makes this process the one that receives, processes and delivers, until the last handle is
    /// dropped, and ends the leases of the run before: once, when the daemon starts. What was
    /// being read keeps its attempt; what was being sent is uncertain and due at once (contract
    /// O2).
    ///
    /// # Errors
    /// When another daemon holds the data directory.
    pub async fn take_over(&self, now: DateTime<Utc>) -> Result<Leftovers> {
        let file = lock(&self.inner.directory)?;
        *self.inner.lock.lock().unwrap_or_else(|e| e.into_inner()) = Some(file);
        self.write(Durability::Durable, "taking over", move |connection| {
            Ok(Leftovers {
                mails: process::end_leases(connection, now)?,
                notifications: deliver::end_leases(connection, None, now)?,
                held: copy::go_on_with_copy(connection, now)?,
            })
        })
        .await
    }

    /// The data directory.
    pub fn directory(&self) -> &Path {
        &self.inner.directory
    }

    /// Gives back what is kept in memory for quick work: pages of the database, and all readers but
    /// one. For a desk that has had nothing to do for a while.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub async fn rest(&self) -> Result<()> {
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || inner.pool.rest())
            .await
            .context("giving memory back was interrupted")??;
        self.write(Durability::Killproof, "resting", |connection| {
            Ok(connection.release_memory()?)
        })
        .await
    }

    /// Puts pieces of the index of words together, a step of some milliseconds; whether there is more to do.
    /// Each commit leaves a piece, and a search looks into all of them. It is done when no mail waits:
    /// with a million messages it was two fifths of what each new one wrote.
    ///
    /// # Errors
    /// When the database cannot be written.
    pub async fn tidy_words(&self) -> Result<bool> {
        let what = "tidying the index of words";
        let step = |connection: &Connection| search::tidy(connection, TIDY_PAGES);
        let writer = &self.inner.writer;
        writer
            .write(what, Durability::Killproof, Scope::Own, step)
            .await
            .context(what)
    }

    async fn write<T: Send + 'static>(
        &self,
        durability: Durability,
        what: &'static str,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.inner
            .writer
            .write(what, durability, Scope::Shared, work)
            .await
            .context(what)
    }

    async fn read<T: Send + 'static>(
        &self,
        what: &'static str,
        work: impl FnOnce(&Connection, &RawFiles) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.inner.pool.permit().await;
        let inner = Arc::clone(&self.inner);
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            inner.pool.read(|connection| work(connection, &inner.raw))
        })
        .await
        .context("a reader was interrupted")?
        .context(what)
    }
}

/// Whether a desk is running on this data directory.
pub fn is_running(data_dir: &Path) -> bool {
    let path = data_dir.join(LOCK);
    path.exists()
        && FsFile::options()
            .write(true)
            .open(path)
            .is_ok_and(|file| matches!(file.try_lock(), Err(std::fs::TryLockError::WouldBlock)))
}

/// The lock of the one process that may receive, process and deliver.
fn lock(data_dir: &Path) -> Result<FsFile> {
    let path = data_dir.join(LOCK);
    let file = FsFile::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("opening {}", path.display()))?;
    file.try_lock().map_err(|error| match error {
        std::fs::TryLockError::WouldBlock => {
            anyhow::anyhow!("another guichet is running on {}", data_dir.display())
        }
        std::fs::TryLockError::Error(error) => {
            anyhow::Error::new(error).context(format!("locking {}", path.display()))
        }
    })?;
    Ok(file)
}

/// The disk is full: intake waits, and goes on by itself once there is room (contract I8).
pub fn is_disk_full(error: &anyhow::Error) -> bool {
    use std::io::ErrorKind::{QuotaExceeded, StorageFull};
    error.chain().any(|cause| {
        let of_sqlite = cause
            .downcast_ref::<rusqlite::Error>()
            .or_else(|| {
                cause
                    .downcast_ref::<Arc<rusqlite::Error>>()
                    .map(|shared| &**shared)
            })
            .and_then(rusqlite::Error::sqlite_error_code);
        let of_file = cause
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind);
        of_sqlite == Some(rusqlite::ErrorCode::DiskFull)
            || matches!(of_file, Some(StorageFull | QuotaExceeded))
    })
}

fn connect(path: &Path) -> Result<Connection> {
    let connection =
        Connection::open(path).with_context(|| format!("opening {}", path.display()))?;
    connection.busy_timeout(writer::LOCK_PATIENCE)?;
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    anyhow::ensure!(
        mode == "wal",
        "{} cannot use a write-ahead log (journal mode {mode}): is it on a network file system?",
        path.display()
    );
    connection.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA temp_store = MEMORY;
         PRAGMA journal_size_limit = 67108864; PRAGMA wal_autocheckpoint = 8192;",
    )?;
    keep_plans(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    Ok(connection)
}

/// Statements are prepared once: without this, SQLite looks into the bound values and prepares
/// anew each time that one of them changes.
fn keep_plans(connection: &Connection) -> Result<()> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// Mails are nobody else's business, wherever the folder is; the log beside it takes the same
/// rights.
fn keep_private(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    for name in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(name);
        let rights = std::fs::Permissions::from_mode(0o600);
        match std::fs::set_permissions(&file, rights) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("making {} private", path.display()));
            }
            _ => {}
        }
    }
    Ok(())
}

/// A time as columns keep it.
fn millis(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis()
}

/// A time from its column; only a damaged database holds one that chrono cannot say.
fn time(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(millis).unwrap_or(DateTime::UNIX_EPOCH)
}

/// A count or size from its column.
fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A count or size for its column.
fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
