//! Copies and upgrades: a copy is put back and the desk goes on with it (F28); an older database is
//! brought up to date and the desk dies over it, a newer one is refused (F29).

use std::path::Path;
use std::time::Duration;

use guichet::store::{OutboxState, Store};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::desk::{Desk, Road, was_killed};
use crate::mails::{self, Class};
use crate::random::{Chance, number};
use crate::support::sink::{Act, Fault, Step};

fn put_persons(desk: &mut Desk, count: usize, bulk: usize) {
    for _ in 0..count {
        let id = desk.next_id();
        desk.put(Road::Move, mails::mail(id, Class::Person, bulk));
    }
}

fn succeeds(desk: &Desk, arguments: &[&str]) -> String {
    let output = desk.command(arguments);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let wrong = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{wrong}");
    said
}

/// F28: copied under load, put back after more mails: those come again, and nothing is said twice.
pub async fn a_copy_that_is_put_back_loses_nothing_and_says_nothing_twice() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 20, 0);
    put_persons(&mut desk, 1, 900_000);
    desk.start(&[]);
    assert!(desk.quiet(Duration::from_secs(30)).await, "{}", desk.log());
    // These wait for the relay while the copy is made.
    let later = Act::Answer("451 4.7.1 Greylisted, come again".to_owned());
    desk.sink.fault(Fault::times(4, Step::Rcpt, later));
    put_persons(&mut desk, 4, 0);
    while Store::open_existing(desk.data())
        .expect("there")
        .counts()
        .await
        .expect("counted")
        .tickets
        .values()
        .sum::<u64>()
        < 25
    {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let copy = desk.path("copie");
    let copy = copy.to_str().expect("UTF-8");
    let said = succeeds(&desk, &["backup", copy]);
    assert!(
        said.contains("1 large messages (1 new), key; read back, sound"),
        "{said}"
    );
    let said = succeeds(&desk, &["backup", copy]);
    assert!(said.contains("(0 new)"), "{said}");

    // The life that will be lost.
    put_persons(&mut desk, 9, 2000);
    let again = mails::again(desk.next_id(), &desk.injected[3].clone());
    desk.put(Road::Move, again);
    assert!(desk.quiet(Duration::from_secs(100)).await, "{}", desk.log());
    let running = desk.command(&["restore", copy]);
    assert!(!running.status.success(), "beneath a running desk");
    let first = desk.prove("before the disaster").await;
    assert_eq!((first.tickets, first.sent), (34, 34));
    let nowhere = desk.path("nowhere").display().to_string();
    assert!(!desk.command(&["restore", &nowhere]).status.success());

    succeeds(&desk, &["restore", copy]);
    desk.start(&[]);
    let quiet = desk.quiet(Duration::from_secs(40)).await;
    assert!(quiet, "{}", desk.log());
    let store = Store::open_existing(desk.data()).expect("there");
    let held = store
        .outbox_list(Some(OutboxState::Held), None, 0)
        .await
        .expect("listed");
    // Four that waited in the copy, nine of mails that came again.
    assert_eq!(held.len(), 13, "{held:#?}");
    assert_eq!(desk.told(), 34, "something was said twice");
    let wrong = store.integrity_check().await.expect("checked");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(store.audit().await.expect("audited").is_empty());
    let rows = store.inbox_list(None, 0).await.expect("listed");
    assert_eq!(rows.len(), 35, "a mail is lost, or here twice");
    let tickets = store.tickets(Default::default()).await.expect("listed");
    assert_eq!(tickets.len(), 34);
    // Numbers of the lost life are not given out again: replies to it would go astray.
    let highest = tickets
        .iter()
        .map(|ticket| ticket.id.0)
        .filter(|id| *id <= 1000);
    assert_eq!(highest.max(), Some(25));
    assert_eq!(desk.command(&["health"]).status.code(), Some(1));

    // A new mail is answered at once; what is held waits for the operator.
    put_persons(&mut desk, 1, 0);
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    assert_eq!(desk.told(), 35);
    let first = held[0].id.to_string();
    succeeds(&desk, &["outbox", "discard", &first]);
    assert!(
        !desk
            .command(&["outbox", "discard", &first])
            .status
            .success()
    );
    let said = succeeds(&desk, &["outbox", "release", "--all"]);
    assert_eq!(said.lines().count(), 12, "{said}");
    assert!(desk.quiet(Duration::from_secs(20)).await, "{}", desk.log());
    assert_eq!(desk.told(), 47);
    assert!(desk.command(&["health"]).status.success());
    desk.stop().await;
    crate::report(
        "F28",
        "25 mails copied, 10 lost with the life after it, 35 again; 13 notifications held, none sent twice",
    );
}

/// The tables of the version before, with the rows of this database.
fn downgrade(data: &Path) {
    let old = data.join("old.db");
    let database = Connection::open(&old).expect("a new file");
    database
        .execute_batch(include_str!("../../src/store/migrations/01.sql"))
        .expect("the tables");
    let new = data.join("guichet.db");
    database
        .execute("ATTACH ?1 AS new", [new.to_str().expect("UTF-8")])
        .expect("attached");
    let names = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).expect("asked");
        let names = statement.query_map([], |row| row.get(0)).expect("asked");
        names.collect::<Result<_, _>>().expect("names")
    };
    let tables = names(
        "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT LIKE 'words%' \
         AND name NOT LIKE 'sqlite%' ORDER BY rootpage",
    );
    database
        .execute_batch("PRAGMA foreign_keys = OFF")
        .expect("set");
    // Messages were not compressed then.
    database
        .create_scalar_function("unpacked", 3, FunctionFlags::SQLITE_UTF8, |row| {
            let (bytes, packed, size): (Vec<u8>, bool, u32) =
                (row.get(0)?, row.get(1)?, row.get(2)?);
            Ok(if packed {
                lz4_flex::block::decompress(&bytes, size as usize).expect("written by the desk")
            } else {
                bytes
            })
        })
        .expect("a function");
    for table in tables {
        let columns = names(&format!("SELECT name FROM pragma_table_info('{table}')")).join(", ");
        // Its name now.
        let now = match table.as_str() {
            "raw" => columns.replace("bytes", "unpacked(bytes, packed, size)"),
            _ => columns.replace("close_at", "due_at"),
        };
        database
            .execute_batch(&format!(
                "INSERT INTO main.{table} ({columns}) SELECT {now} FROM new.{table}"
            ))
            .expect("copied");
    }
    database
        .execute_batch("DETACH new; PRAGMA user_version = 1")
        .expect("the version before");
    drop(database);
    for ending in ["-wal", "-shm"] {
        let _ = std::fs::remove_file(data.join(format!("guichet.db{ending}")));
    }
    std::fs::rename(old, new).expect("in its place");
}

/// The version of a database, which must be sound and whole.
fn version(path: &Path) -> i64 {
    let database = Connection::open(path).expect("opened");
    let asked = |sql: &str| database.query_row(sql, [], |row| row.get(0));
    let sound: String = database
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .expect("asked");
    assert_eq!(sound, "ok", "{}", path.display());
    let version: i64 = asked("PRAGMA user_version").expect("asked");
    let held: i64 = asked("SELECT count(*) FROM pragma_table_info('outbox') WHERE name = 'held'")
        .expect("asked");
    assert_eq!(held == 1, version > 1, "half an upgrade");
    let mails: i64 = asked("SELECT count(*) FROM inbox").expect("asked");
    assert_eq!(mails, 12);
    version
}

/// F29: killed at each step of the upgrade and at random times: all of it or nothing, and a copy of
/// what was there before the first step.
pub async fn an_upgrade_happens_wholly_or_not_at_all() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 12, 5000);
    desk.start(&[]);
    desk.prove("rows to upgrade").await;
    let (database, copy) = (
        desk.data().join("guichet.db"),
        desk.data().join("guichet.db.before-2"),
    );
    downgrade(desk.data());
    let old = desk.path("old");
    std::fs::copy(&database, &old).expect("kept");
    for point in ["upgrade.begun", "upgrade.copied", "upgrade.committed"] {
        desk.start(&[("FAULT_POINT", &format!("{point}:1"))]);
        let ended = desk.ended(Duration::from_secs(20)).await;
        assert!(ended.is_some_and(was_killed), "{point}: {}", desk.log());
        let upgraded = version(&database) > 1;
        assert_eq!(upgraded, point == "upgrade.committed", "{point}");
        if point != "upgrade.begun" {
            assert_eq!(version(&copy), 1, "{point}");
        }
    }
    let mut chance = Chance::new(29);
    let mut seen = [0, 0];
    for _ in 0..number("PROOF_UPGRADES", 25) {
        for ending in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(desk.data().join(format!("guichet.db{ending}")));
        }
        let _ = std::fs::remove_file(&copy);
        std::fs::copy(&old, &database).expect("put back");
        desk.start(&[]);
        tokio::time::sleep(Duration::from_micros(20_000 + chance.below(120_000))).await;
        desk.kill();
        let upgraded = version(&database) > 1;
        seen[usize::from(upgraded)] += 1;
        assert!(!upgraded || version(&copy) == 1, "upgraded without a copy");
    }
    let what = format!(
        "killed at 3 points and {} times: {} before, {} after the upgrade",
        seen[0] + seen[1],
        seen[0],
        seen[1]
    );
    crate::report("F29", &what);
    put_persons(&mut desk, 3, 0);
    desk.start(&[]);
    let report = desk.prove("after the upgrade").await;
    assert_eq!((report.mails, report.tickets, report.copies), (15, 15, 0));
}

/// F29: a database of a newer version is refused, with the reason, and not touched.
pub async fn a_newer_database_is_refused_and_not_touched() {
    let mut desk = Desk::new(false).await;
    put_persons(&mut desk, 2, 0);
    desk.start(&[]);
    desk.prove("rows to keep").await;
    let database = desk.data().join("guichet.db");
    Connection::open(&database)
        .and_then(|database| database.execute_batch("PRAGMA user_version = 99"))
        .expect("from the future");
    let before = std::fs::read(&database).expect("readable");
    desk.start(&[]);
    let ended = desk.ended(Duration::from_secs(10)).await.expect("it ends");
    assert!(!ended.success());
    assert!(
        desk.log().contains("newer version of guichet"),
        "{}",
        desk.log()
    );
    assert!(
        before == std::fs::read(&database).expect("readable"),
        "it was changed"
    );
}
