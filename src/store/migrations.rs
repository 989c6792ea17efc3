//! The tables, and how an older database becomes a current one. A released step is never edited:
//! a change is a new step at the end.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

use super::raw;
use crate::fault;

/// Every step so far.
const STEPS: &[M<'static>] = &[
    M::up(include_str!("migrations/01.sql")),
    M::up(include_str!("migrations/02.sql")),
    M::up(include_str!("migrations/03.sql")),
    M::up(include_str!("migrations/04.sql")),
    M::up(include_str!("migrations/05.sql")),
    M::up(include_str!("migrations/06.sql")),
    M::up(include_str!("migrations/07.sql")),
    M::up(include_str!("migrations/08.sql")),
    M::up(include_str!("migrations/09.sql")),
    M::up(include_str!("migrations/10.sql")),
    M::up(include_str!("migrations/11.sql")),
];

/// Brings the tables up to date, all steps or none; an existing database is copied first.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<()> {
    bring_up_to(connection, path, STEPS)
}

/// Refuses a database that this program would have to change first.
pub(super) fn require_current(connection: &Connection, path: &Path) -> Result<()> {
    let version = version(connection)?;
    refuse_newer(version, STEPS.len(), path)?;
    ensure!(
        version == STEPS.len(),
        "{} is of an older version (tables {version}, this program needs {}): start the desk once, \
         it brings the database up to date",
        path.display(),
        STEPS.len()
    );
    Ok(())
}

fn bring_up_to(connection: &mut Connection, path: &Path, steps: &[M<'_>]) -> Result<()> {
    let version = version(connection)?;
    refuse_newer(version, steps.len(), path)?;
    if version == steps.len() {
        return Ok(());
    }
    if version == 0 {
        return apply(connection, path, steps);
    }
    fault::point("upgrade", "begun");
    copy(connection, &copy_path(path, version))?;
    fault::point("upgrade", "copied");
    apply(connection, path, steps)?;
    fault::point("upgrade", "committed");
    Ok(())
}

/// Brings a copy up to date; what it was copied from is kept elsewhere.
pub(super) fn bring_copy_up_to_date(connection: &mut Connection, path: &Path) -> Result<()> {
    refuse_newer(version(connection)?, STEPS.len(), path)?;
    apply(connection, path, STEPS)
}

/// All steps that are missing, in one transaction.
fn apply(connection: &mut Connection, path: &Path, steps: &[M<'_>]) -> Result<()> {
    Migrations::from_slice(steps)
        .to_latest(connection)
        .with_context(|| format!("bringing {} up to date", path.display()))
}

fn refuse_newer(version: usize, known: usize, path: &Path) -> Result<()> {
    ensure!(
        version <= known,
        "{} was written by a newer version of guichet (tables {version}, this program knows \
         {known}): install that version again, or restore the copy made before the upgrade",
        path.display()
    );
    Ok(())
}

fn version(connection: &Connection) -> Result<usize> {
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    usize::try_from(version).context("the database has a negative version")
}

/// Where the database of tables `version` is copied to before it changes.
fn copy_path(path: &Path, version: usize) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".before-{}", version + 1));
    path.with_file_name(name)
}

/// Copies the database as of now into a new file, and that file to the disk. What has the name `to`
/// is whole: an earlier copy of that name stays until this one is.
pub(super) fn copy(connection: &Connection, to: &Path) -> Result<()> {
    let context = || format!("copying the database to {}", to.display());
    let mut part = to.as_os_str().to_owned();
    part.push(".part");
    let part = PathBuf::from(part);
    match std::fs::remove_file(&part) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(context);
        }
        _ => {}
    }
    let name = part.to_str().with_context(context)?;
    connection
        .execute("VACUUM INTO ?1", [name])
        .with_context(context)?;
    publish(&part, to).with_context(context)
}

/// Gives a finished file its name, for good: private, on the disk, and the name as well.
pub(super) fn publish(part: &Path, to: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(part, std::fs::Permissions::from_mode(0o600))?;
    std::fs::File::open(part)?.sync_all()?;
    std::fs::rename(part, to)?;
    raw::sync_directory(to.parent().unwrap_or(Path::new(".")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> Connection {
        Connection::open(path).expect("a new file")
    }

    #[test]
    fn the_steps_are_valid() {
        Migrations::from_slice(STEPS).validate().expect("valid");
    }

    #[test]
    fn an_older_database_is_copied_before_it_changes() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let one = M::up("CREATE TABLE a (x INTEGER NOT NULL) STRICT;");
        let two = M::up("ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;");
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, std::slice::from_ref(&one)).expect("new");
        assert!(!copy_path(&path, 0).exists(), "nothing to keep of nothing");
        connection
            .execute("INSERT INTO a (x) VALUES (1)", [])
            .expect("a row");
        bring_up_to(&mut connection, &path, &[one, two]).expect("upgraded");
        let y: i64 = connection
            .query_row("SELECT y FROM a WHERE x = 1", [], |row| row.get(0))
            .expect("upgraded row");
        assert_eq!(y, 7);
        let old = open(&copy_path(&path, 1));
        let columns: i64 = old
            .query_row("SELECT count(*) FROM pragma_table_info('a')", [], |row| {
                row.get(0)
            })
            .expect("the old table");
        assert_eq!(columns, 1);
        assert_eq!(version(&old).expect("its version"), 1);
    }

    /// A ticket that was resolved under the first tables still closes on its day.
    #[test]
    fn a_closing_date_of_before_is_due_after() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, &STEPS[..1]).expect("new");
        connection
            .execute_batch(
                r"INSERT INTO tickets (reference, status, team, close_at, created_at, updated_at, ticket)
                  VALUES ('DSI-1', 'resolved', 'dsi', 1000, 1, 1, '{}'),
                         ('DSI-2', 'open', 'dsi', NULL, 1, 1, '{}');",
            )
            .expect("rows");
        bring_up_to(&mut connection, &path, STEPS).expect("upgraded");
        let due: Vec<i64> = connection
            .prepare("SELECT due_at FROM tickets INDEXED BY tickets_due WHERE due_at IS NOT NULL")
            .expect("the new column")
            .query_map([], |row| row.get(0))
            .expect("readable")
            .collect::<rusqlite::Result<_>>()
            .expect("numbers");
        assert_eq!(due, [1000]);
    }

    /// What a team observed before is in its list after.
    #[test]
    fn what_was_observed_before_is_listed_after() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, &STEPS[..8]).expect("new");
        connection
            .execute_batch(
                r#"INSERT INTO tickets (reference, status, team, category, created_at, updated_at, ticket)
                   VALUES ('DSI-1', 'open', 'dsi', 'reseau', 1, 7, '{"observing_teams":["c5","iut","c5"]}'),
                          ('DSI-2', 'open', 'dsi', '', 1, 8, '{"observing_teams":[]}'),
                          ('DSI-3', 'open', 'dsi', '', 1, 9, '{}');"#,
            )
            .expect("rows");
        bring_up_to(&mut connection, &path, STEPS).expect("upgraded");
        let observed: Vec<(i64, String, String, i64)> = connection
            .prepare("SELECT id, team, category, updated_at FROM observed ORDER BY team")
            .expect("the new table")
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .expect("readable")
            .collect::<rusqlite::Result<_>>()
            .expect("rows");
        let row = |team: &str| (1, team.to_owned(), "reseau".to_owned(), 7);
        assert_eq!(observed, [row("c5"), row("iut")]);
    }

    #[test]
    fn a_step_that_fails_changes_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let one = M::up("CREATE TABLE a (x INTEGER NOT NULL) STRICT;");
        let wrong = M::up("CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, std::slice::from_ref(&one)).expect("new");
        bring_up_to(&mut connection, &path, &[one, wrong]).expect_err("a wrong step");
        assert_eq!(version(&connection).expect("its version"), 1);
        assert!(connection.prepare("SELECT x FROM b").is_err());
    }
}
