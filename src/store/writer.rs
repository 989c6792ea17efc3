//! The thread that writes: takes the requests that wait, runs each in a savepoint of one
//! transaction, commits, then answers. A request that fails or panics undoes itself only. A request
//! with savepoints of its own has a transaction of its own: within another savepoint, SQLite would
//! keep every page that they touch until the end, and walk through them at each release.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context, Result, anyhow};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::fault;

/// How long to wait for another process (the command line, a backup) that holds the database.
pub(super) const LOCK_PATIENCE: Duration = Duration::from_secs(90);

/// Requests in one commit, so that the first one does not wait for an endless queue.
const BATCH_REQUESTS: usize = 256;

/// What a commit must survive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Durability {
    /// A power cut: somebody is told on the strength of it.
    Durable,
    /// A kill: losing it only repeats some work.
    Killproof,
}

/// The commit failed, for every request in it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the transaction was not committed")]
struct Uncommitted(#[source] Arc<rusqlite::Error>);

type Answer = Box<dyn FnOnce(Result<(), Uncommitted>)>;
type Work = Box<dyn FnOnce(Result<&Connection, Uncommitted>) -> Answer + Send>;

/// Whose transaction a request is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// One with its neighbours, in a savepoint.
    Shared,
    /// One of its own, for a request that makes savepoints.
    Own,
}

struct Request {
    what: &'static str,
    durability: Durability,
    scope: Scope,
    work: Work,
}

/// The way to the thread.
pub(super) struct Writer {
    requests: Option<mpsc::Sender<Request>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(connection: Connection) -> Result<Self> {
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::Builder::new()
            .name("store".to_owned())
            .spawn(move || run(&connection, &receiver))
            .context("starting the thread that writes")?;
        Ok(Self {
            requests: Some(sender),
            thread: Some(thread),
        })
    }

    /// Runs `work` in the next transaction and answers when that is committed.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        what: &'static str,
        durability: Durability,
        scope: Scope,
        work: impl FnOnce(&Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, answer) = oneshot::channel();
        let work: Work = Box::new(move |connection| {
            let result = match (connection, scope) {
                (Ok(connection), Scope::Shared) => in_savepoint(connection, || work(connection)),
                (Ok(connection), Scope::Own) => in_transaction(connection, || work(connection)),
                (Err(uncommitted), _) => Err(uncommitted.into()),
            };
            Box::new(move |committed| {
                // Nobody waits any more when the caller was cancelled; the work is done all the same.
                let _ = sender.send(result.and_then(|value| {
                    committed?;
                    Ok(value)
                }));
            })
        });
        self.requests
            .as_ref()
            .and_then(|requests| {
                requests
                    .send(Request {
                        what,
                        durability,
                        scope,
                        work,
                    })
                    .ok()
            })
            .ok_or_else(|| anyhow!("the store is closed"))?;
        answer.await.context("the store was closed meanwhile")?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.requests = None;
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != std::thread::current().id()
        {
            // Waiting makes "dropped" mean "closed". A panic of the thread was answered already.
            let _ = thread.join();
        }
    }
}

fn run(connection: &Connection, requests: &mpsc::Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut batch = vec![first];
        batch.extend(requests.try_iter().take(BATCH_REQUESTS - 1));
        let mut batch = batch.into_iter().peekable();
        while let Some(first) = batch.next() {
            let mut together = vec![first];
            if together[0].scope == Scope::Shared {
                together.extend(std::iter::from_fn(|| {
                    batch.next_if(|next| next.scope == Scope::Shared)
                }));
            }
            let mut together = together.into_iter();
            while together.len() > 0 {
                commit(connection, &mut together);
            }
        }
    }
}

/// Commits the requests of `batch`; leaves those that were not begun when the transaction is lost
/// half-way.
fn commit(connection: &Connection, batch: &mut std::vec::IntoIter<Request>) {
    for request in batch.as_slice() {
        fault::point(request.what, "begun");
    }
    let durable = batch
        .as_slice()
        .iter()
        .any(|request| request.durability == Durability::Durable);
    // In a write-ahead log, NORMAL leaves out the fsync of the commit and nothing else.
    let begin = if fault::is_broken("commit-on-disk") {
        "PRAGMA synchronous = OFF; BEGIN IMMEDIATE"
    } else if durable {
        "PRAGMA synchronous = FULL; BEGIN IMMEDIATE"
    } else {
        "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE"
    };
    if let Err(error) = connection.execute_batch(begin) {
        let uncommitted = Uncommitted(Arc::new(error));
        for request in batch {
            (request.work)(Err(uncommitted.clone()))(Err(uncommitted.clone()));
        }
        return;
    }
    let mut done = Vec::with_capacity(batch.len());
    let mut answers = Vec::with_capacity(batch.len());
    for request in batch.by_ref() {
        done.push(request.what);
        answers.push((request.work)(Ok(connection)));
        fault::point(request.what, "written");
        if connection.is_autocommit() {
            break;
        }
    }
    let committed = connection.execute_batch("COMMIT").map_err(|error| {
        if !connection.is_autocommit() {
            // A failed COMMIT may leave the transaction open; there is nothing in it to keep.
            let _ = connection.execute_batch("ROLLBACK");
        }
        Uncommitted(Arc::new(error))
    });
    for what in done {
        fault::point(what, "committed");
    }
    for answer in answers {
        answer(committed.clone());
    }
}

/// Runs `work` in a savepoint: kept when it succeeds, undone when it fails or panics.
pub(super) fn in_savepoint<T>(
    connection: &Connection,
    work: impl FnOnce() -> Result<T>,
) -> Result<T> {
    connection.execute_batch("SAVEPOINT request")?;
    let result = caught(work);
    if connection.is_autocommit() {
        // SQLite itself gave up the whole transaction (disk full, I/O error): nothing is left of
        // it, and a release would say "no such savepoint" instead of why.
        return Err(result
            .err()
            .unwrap_or_else(|| anyhow!("the transaction was rolled back")));
    }
    match result {
        Ok(value) => {
            connection.execute_batch("RELEASE request")?;
            Ok(value)
        }
        Err(error) => {
            connection.execute_batch("ROLLBACK TO request; RELEASE request")?;
            Err(error)
        }
    }
}

/// Runs `work` in the transaction that is open; when it fails or panics, nothing of that is left,
/// and the commit that follows finds nothing to do.
fn in_transaction<T>(connection: &Connection, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let result = caught(work);
    if result.is_err() && !connection.is_autocommit() {
        connection.execute_batch("ROLLBACK")?;
    }
    result
}

/// A panic of `work` as an error.
pub(super) fn caught<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let words = panic
            .downcast_ref::<&str>()
            .map(|words| (*words).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(anyhow!("panicked: {words}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{connect, is_disk_full};

    fn insert(connection: &Connection, bytes: usize) -> Result<()> {
        connection.execute("INSERT INTO a (x) VALUES (zeroblob(?1))", [bytes as i64])?;
        Ok(())
    }

    #[tokio::test]
    async fn a_full_disk_is_told_and_work_goes_on_once_there_is_room() {
        let directory = tempfile::tempdir().expect("a directory");
        let connection = connect(&directory.path().join("a.db")).expect("opened");
        connection
            .execute_batch("CREATE TABLE a (x BLOB NOT NULL) STRICT; PRAGMA max_page_count = 64")
            .expect("a small disk");
        let writer = Writer::start(connection).expect("started");
        let durable = Durability::Durable;
        writer
            .write("testing", durable, Scope::Shared, |connection| {
                insert(connection, 1000)
            })
            .await
            .expect("there is room");
        let error = writer
            .write("testing", durable, Scope::Shared, |connection| {
                insert(connection, 1 << 20)
            })
            .await
            .expect_err("too large");
        assert!(is_disk_full(&error), "{error:#}");
        let error: Result<()> = writer
            .write("testing", durable, Scope::Shared, |connection| {
                connection.execute_batch("PRAGMA max_page_count = 100000")?;
                anyhow::bail!("the operator makes room")
            })
            .await;
        error.expect_err("so it said");
        let rows: i64 = writer
            .write("testing", durable, Scope::Shared, |connection| {
                insert(connection, 1 << 20)?;
                Ok(connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?)
            })
            .await
            .expect("there is room again");
        assert_eq!(rows, 2);
    }

    #[test]
    fn a_full_disk_is_told_to_all_whose_commit_it_was() {
        let full = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_FULL);
        let full = rusqlite::Error::SqliteFailure(full, None);
        let error = anyhow::Error::new(Uncommitted(Arc::new(full))).context("accepting mails");
        assert!(is_disk_full(&error));
        let locked = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
        let locked = rusqlite::Error::SqliteFailure(locked, None);
        assert!(!is_disk_full(&anyhow::Error::new(Uncommitted(Arc::new(
            locked
        )))));
    }

    #[tokio::test]
    async fn a_request_that_fails_leaves_its_neighbours_alone() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a.db");
        let connection = connect(&path).expect("opened");
        connection
            .execute_batch("CREATE TABLE a (x BLOB NOT NULL) STRICT")
            .expect("a table");
        let other = Connection::open(&path).expect("opened");
        other.execute_batch("BEGIN IMMEDIATE").expect("held");
        let writer = Writer::start(connection).expect("started");
        let one = |bytes: Option<usize>| {
            writer.write(
                "testing",
                Durability::Killproof,
                Scope::Shared,
                move |connection| {
                    insert(connection, 10)?;
                    insert(connection, bytes.context("no bytes")?)
                },
            )
        };
        let requests = async { tokio::join!(one(Some(1)), one(None), one(Some(2))) };
        let release = async {
            tokio::task::yield_now().await;
            other.execute_batch("COMMIT").expect("released");
        };
        let ((first, second, third), ()) = tokio::join!(requests, release);
        assert!(first.is_ok() && second.is_err() && third.is_ok());
        drop(writer);
        let rows: i64 = other
            .query_row("SELECT count(*) FROM a", [], |row| row.get(0))
            .expect("read");
        assert_eq!(rows, 4);
    }

    #[tokio::test]
    async fn a_request_with_its_own_transaction_is_undone_whole() {
        let directory = tempfile::tempdir().expect("a directory");
        let connection = connect(&directory.path().join("a.db")).expect("opened");
        connection
            .execute_batch("CREATE TABLE a (x BLOB NOT NULL) STRICT")
            .expect("a table");
        let writer = Writer::start(connection).expect("started");
        let one = |bytes: Option<usize>, scope: Scope| {
            writer.write("testing", Durability::Durable, scope, move |connection| {
                insert(connection, 10)?;
                in_savepoint(connection, || insert(connection, bytes.expect("some")))
            })
        };
        let (shared, own) = (Scope::Shared, Scope::Own);
        let (first, second, third, fourth) = tokio::join!(
            one(Some(1), shared),
            one(None, own),
            one(Some(2), own),
            one(Some(3), shared)
        );
        let why = second.expect_err("it panicked").to_string();
        assert!(why.contains("panicked"), "{why}");
        assert!(first.is_ok() && third.is_ok() && fourth.is_ok());
        let rows: i64 = writer
            .write("testing", Durability::Durable, own, |connection| {
                Ok(connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?)
            })
            .await
            .expect("read");
        assert_eq!(rows, 6);
    }
}
