//! Connections for reading: a few, opened when needed, kept. Each read sees one commit.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use anyhow::{Context, Result};
use rusqlite::{Connection, OpenFlags};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Reads at the same time; more would only wait for the same disk.
const READERS: usize = 4;

pub(super) struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    permits: Arc<Semaphore>,
}

impl Pool {
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Mutex::new(Vec::new()),
            permits: Arc::new(Semaphore::new(READERS)),
        }
    }

    pub(super) async fn permit(&self) -> OwnedSemaphorePermit {
        Arc::clone(&self.permits)
            .acquire_owned()
            .await
            .expect("the semaphore is never closed")
    }

    /// Reads in one transaction. A connection that failed is closed, not kept.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> Result<T>) -> Result<T> {
        let idle = self.idle.lock().unwrap_or_else(|e| e.into_inner()).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.open()?,
        };
        connection.execute_batch("BEGIN")?;
        let result = work(&connection)?;
        connection.execute_batch("COMMIT")?;
        self.idle
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .push(connection);
        Ok(result)
    }

    /// Closes what is idle but for one, which gives back its pages.
    pub(super) fn rest(&self) -> Result<()> {
        let take = || std::mem::take(&mut *self.idle.lock().unwrap_or_else(|e| e.into_inner()));
        // Closing takes a while: nobody waits for it.
        let Some(one) = take().into_iter().next() else {
            return Ok(());
        };
        one.release_memory()?;
        self.idle
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .push(one);
        Ok(())
    }

    fn open(&self) -> Result<Connection> {
        let connection = Connection::open_with_flags(
            &self.path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .with_context(|| format!("opening {} to read", self.path.display()))?;
        connection.busy_timeout(super::writer::LOCK_PATIENCE)?;
        super::keep_plans(&connection)?;
        connection.execute_batch("PRAGMA temp_store = MEMORY")?;
        super::search::prepare(&connection)?;
        connection.set_prepared_statement_cache_capacity(64);
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pool_that_rests_keeps_one_reader() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.db");
        Connection::open(&path)
            .and_then(|database| database.execute_batch("CREATE TABLE a (x INTEGER) STRICT"))
            .expect("a database");
        let pool = Pool::new(path);
        let count = |connection: &Connection| -> Result<i64> {
            Ok(connection.query_row("SELECT count(*) FROM a", [], |row| row.get(0))?)
        };
        pool.rest().expect("nothing to give back");
        pool.read(|_| pool.read(|_| pool.read(count)))
            .expect("three at once");
        assert_eq!(pool.idle.lock().expect("ours").len(), 3);
        pool.rest().expect("given back");
        assert_eq!(pool.idle.lock().expect("ours").len(), 1);
        assert_eq!(pool.read(count).expect("read"), 0);
    }
}
