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
    M::up(include_str!("migrations/12.sql")),
    M::up(include_str!("migrations/13.sql")),
];

/// Brings the tables up to date, all steps or none; an existing database is copied first.
pub(super) fn bring_up_to_date(connection: &mut Connection, path: &Path) -> Result<()> {
    bring_up_to(connection, path, STEPS)
}

/// Whether there is nothing to bring up to date.
pub(super) fn is_current(connection: &Connection) -> Result<bool> {
    Ok(version(connection)? == STEPS.len())
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
    use crate::mail::Digest;
    use crate::store::{Accepted, DATABASE, Incoming, Origin, Store, lock};
    use crate::ticket::InboxId;

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

    /// Rows that are half done, and one of each table whose states were lists.
    const ROWS: &str = r"
        PRAGMA foreign_keys = OFF;
        INSERT INTO inbox (account, origin, received_at, digest) VALUES ('a', 'pipe', 1, x'00');
        INSERT INTO ledger (account, folder, uid_validity, uid, state) VALUES ('a', 'b', 1, 1, 'copying');
        INSERT INTO maildir_ledger (account, name, state) VALUES ('a', 'b', 'unfiled');
        INSERT INTO notices (kind, recipient, addressed, internal, automatic, at, state, notice)
            VALUES ('answer', 'a', 'a', 0, 0, 1, 'kept', '');
        INSERT INTO message_ids (message_id, ticket, thread) VALUES ('a', 1, 'phantom');
        INSERT INTO outbox (notice, kind, sender, recipient, whom, message_id, digest, size, bytes,
                            text, created_at, next_at)
            VALUES (1, 'answer', 'a', 'a', 'a', 'a', x'00', 0, x'', '', 1, 1);";

    /// What each of them may say, in the words of the first tables.
    const STATES: [(&str, &str, &str); 7] = [
        ("inbox", "state", "new filed duplicate ignored quarantined"),
        ("ledger", "state", "unfiled copying copied filed left"),
        ("maildir_ledger", "state", "unfiled filed left"),
        ("notices", "state", "said kept dropped"),
        ("message_ids", "thread", "incoming outgoing phantom"),
        (
            "outbox",
            "state",
            "queued sending uncertain sent failed given-up",
        ),
        ("outbox", "report", " failed uncertain given-up"),
    ];

    /// Only the words of the schema changed: what a row may say it still may, and nothing else; what was
    /// half done is found. Lists that cost something are gone.
    #[test]
    fn what_rows_may_say_is_the_same_before_and_after_an_upgrade() {
        let says_as_it_may = |connection: &Connection| {
            connection.execute_batch("BEGIN").expect("begun");
            for (table, column, states) in STATES {
                let say = |state: &str| {
                    connection.execute(&format!("UPDATE {table} SET {column} = ?1"), [state])
                };
                for state in states.split(' ') {
                    assert_eq!(say(state).expect(state), 1, "{table}.{column} {state}");
                }
                let error = say("lost").expect_err("no such state").to_string();
                assert!(error.contains("CHECK constraint failed"), "{error}");
            }
            connection.execute_batch("ROLLBACK").expect("undone");
        };
        let is_found = |connection: &Connection| {
            let number = |sql: &str| -> i64 {
                connection
                    .query_row(sql, [], |row| row.get(0))
                    .expect("planned and read")
            };
            assert_eq!(
                number(
                    r"SELECT count(*) FROM ledger INDEXED BY ledger_unfinished
                      WHERE account = 'a' AND folder = 'b' AND uid_validity = 1
                        AND (state = 'unfiled' OR state = 'copying' OR state = 'copied')"
                ),
                1
            );
            assert_eq!(
                number(
                    r"SELECT count(*) FROM outbox INDEXED BY outbox_order
                      WHERE ticket IS NULL AND whom = 'a'
                        AND (state = 'queued' OR state = 'sending' OR state = 'uncertain')"
                ),
                1
            );
        };
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("guichet.db");
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, &STEPS[..11]).expect("new");
        connection.execute_batch(ROWS).expect("rows");
        says_as_it_may(&connection);
        bring_up_to(&mut connection, &path, STEPS).expect("upgraded");
        says_as_it_may(&connection);
        is_found(&connection);
        drop(connection);
        let connection = open(&path);
        connection
            .execute_batch("PRAGMA foreign_keys = OFF")
            .expect("set");
        says_as_it_may(&connection);
        is_found(&connection);
        let sound: String = connection
            .query_row("PRAGMA integrity_check", [], |row| row.get(0))
            .expect("an answer");
        assert_eq!(sound, "ok");
        let written: Vec<String> = connection
            .prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
            .expect("a schema")
            .query_map([], |row| row.get(0))
            .expect("readable")
            .collect::<rusqlite::Result<_>>()
            .expect("text");
        let costs = |sql: &&String| {
            let long = |list: &str| {
                list.split(')')
                    .next()
                    .is_some_and(|list| list.matches(',').count() > 1)
            };
            // Of these a row is written a few times a day.
            let is_rare = sql.contains("TABLE pending") || sql.contains("TABLE drafts");
            !is_rare && sql.split(" IN (").skip(1).any(long)
        };
        let costly: Vec<&String> = written.iter().filter(costs).collect();
        assert!(costly.is_empty(), "{costly:?}");
    }

    /// Bytes that were accepted before are known after, in any place; what was read in them stands without
    /// its date in the index of contents.
    #[tokio::test]
    async fn what_was_accepted_before_is_known_after() {
        let mail = |number: u32| format!("Subject: Panne {number}\r\n\r\nBonjour\r\n");
        let place = |number: u32, uid: u32| Incoming {
            account: "a".to_owned(),
            origin: Origin::Imap {
                folder: "INBOX".to_owned(),
                uid_validity: 2,
                uid,
            },
            recipient: None,
            sender: None,
            received_at: chrono::DateTime::UNIX_EPOCH,
            bytes: mail(number).into_bytes(),
            oversize: None,
            proven: None,
        };
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(DATABASE);
        let mut connection = open(&path);
        bring_up_to(&mut connection, &path, &STEPS[..12]).expect("new");
        // Numbers of rows and of mails differ.
        for number in [9, 3, 2, 1] {
            let bytes = mail(number).into_bytes();
            let digest = Digest::of(&bytes).0;
            connection
                .execute(
                    "INSERT INTO raw (digest, size, bytes) VALUES (?1, ?2, ?3)",
                    (digest, bytes.len() as i64, bytes),
                )
                .expect("a message");
            if number < 9 {
                connection
                    .execute(
                        r"INSERT INTO inbox (account, origin, received_at, digest, state, content)
                          VALUES ('a', 'imap', 1, ?1, 'filed', ?1)",
                        [digest],
                    )
                    .expect("a mail");
            }
        }
        drop(connection);
        let store = Store::open(directory.path()).expect("upgraded");
        let accepted = store
            .accept(vec![place(1, 1), place(2, 2), place(3, 3), place(4, 4)])
            .await
            .expect("accepted");
        assert_eq!(
            accepted,
            [
                Accepted::Known(InboxId(3)),
                Accepted::Known(InboxId(2)),
                Accepted::Known(InboxId(1)),
                Accepted::New(InboxId(4))
            ]
        );
        assert_eq!(
            store
                .accept(vec![place(4, 5), place(9, 6)])
                .await
                .expect("accepted"),
            [Accepted::Known(InboxId(4)), Accepted::New(InboxId(5))]
        );
        drop(store);
        let connection = open(&path);
        let differ = "SELECT count(*) FROM inbox LEFT JOIN raw ON raw.id = inbox.raw
                      WHERE raw.digest IS NOT inbox.digest";
        let undated: i64 = connection
            .query_row(
                "SELECT count(*) FROM inbox INDEXED BY inbox_content
                 WHERE dated = 0 AND content = digest AND content IS NOT NULL",
                [],
                |row| row.get(0),
            )
            .expect("a number");
        assert_eq!(undated, 3, "those that were settled before");
        let sound = |connection: &Connection| {
            let sound: String = connection
                .query_row("PRAGMA integrity_check", [], |row| row.get(0))
                .expect("an answer");
            let other: i64 = connection
                .query_row(differ, [], |row| row.get(0))
                .expect("a number");
            assert_eq!((sound.as_str(), other), ("ok", 0));
        };
        sound(&connection);
        let copied = directory.path().join("copy.db");
        copy(&connection, &copied).expect("copied");
        sound(&open(&copied));
    }

    /// The statements of a desk that is at work name the indexes that it knows.
    #[test]
    fn a_database_that_a_desk_is_at_work_with_is_not_changed() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join(DATABASE);
        bring_up_to(&mut open(&path), &path, &STEPS[..11]).expect("new");
        let at_work = lock(directory.path()).expect("free");
        let why = Store::open(directory.path()).expect_err("it is at work");
        assert!(
            format!("{why:#}").contains("another guichet is running"),
            "{why:#}"
        );
        assert_eq!(version(&open(&path)).expect("its version"), 11);
        drop(at_work);
        Store::open(directory.path()).expect("free again");
        assert_eq!(version(&open(&path)).expect("its version"), STEPS.len());
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
