//! A desk that has been at work for years, made in minutes: one conversation goes through the real
//! desk, and its rows are copied with other numbers, addresses, times and ids, so that the database
//! holds what the desk would have written. The copies lie within three years; a technician answered
//! and closed nearly all of them.

use std::path::Path;

use chrono::Duration;
use guichet::mail::{Address, Digest};
use guichet::ticket::{
    Actor, Awaited, Event, InboxId, NoticeId, PersonId, Role, Status, Ticket, TicketId, What,
};
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

use crate::desk::{self, Desk, Setup};
use crate::mix::{self, Kind};
use crate::servers::Sink;
use crate::support::dovecot::Dovecot;

/// Mails of one conversation.
const MAILS: usize = 5;

/// What the conversation is called, in its addresses and ids.
const RUN: &str = "histoire";

/// Conversations written in one transaction.
const AT_ONCE: usize = 10_000;

/// The time over which they lie.
const DAYS: i64 = 3 * 365;

/// Who answered.
pub const TECHNICIAN: &str = "camille.martin@univ-exemple.fr";

/// One row of a table, by column.
type Row = Vec<(String, Value)>;

/// Lets the desk take in one conversation, then makes `count` of it. The mailbox goes on behind
/// them.
pub fn make(folder: &Path, dovecot: &Dovecot, user: &str, count: usize) {
    let sink = Sink::start();
    let (config, _) = desk::configure(
        folder,
        &Setup {
            dovecot,
            users: &[user.to_owned()],
            imap_port: dovecot.imap,
            tls: false,
            smtp_port: sink.port,
        },
    );
    for mail in mix::mails(RUN, Kind::History, MAILS) {
        dovecot.deliver(user, &mail);
    }
    let mut desk = Desk::start(&config, &[]);
    desk.wait_for(dovecot, user, MAILS);
    desk.stop();
    let database = Connection::open(folder.join("data/guichet.db")).expect("a database");
    database
        .execute_batch(
            "PRAGMA synchronous = OFF; PRAGMA cache_size = -1000000; PRAGMA foreign_keys = OFF",
        )
        .expect("set");
    multiply(&database, count);
    drop(database);
    go_on(folder, dovecot, user);
}

/// Lets a mailbox be the one that this history came from: the same UIDVALIDITY, the next UID.
pub fn go_on(folder: &Path, dovecot: &Dovecot, user: &str) {
    let database = Connection::open(folder.join("data/guichet.db")).expect("a database");
    let number = |sql: &str| -> String {
        let number: i64 = database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number");
        number.to_string()
    };
    let validity = number("SELECT uid_validity FROM ledger LIMIT 1");
    let next = number("SELECT max(uid) + 1 FROM ledger");
    let update = [
        "mailbox",
        "update",
        "--uid-validity",
        &validity,
        "--min-next-uid",
        &next,
    ];
    dovecot.doveadm(&[&update[..], &["-u", user, "INBOX"]].concat());
}

/// The number of its latest mail.
pub fn last_mail(folder: &Path) -> i64 {
    let database = Connection::open(folder.join("data/guichet.db")).expect("a database");
    let sql = "SELECT max(id) FROM inbox";
    database
        .query_row(sql, [], |row| row.get(0))
        .expect("a number")
}

fn multiply(database: &Connection, count: usize) {
    let one = Conversation::read(database);
    // Written once at the end, they are written in order.
    let indexes: Vec<(String, String)> = database
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
        .expect("a list")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("a list")
        .collect::<rusqlite::Result<_>>()
        .expect("a list");
    for (name, _) in &indexes {
        database
            .execute_batch(&format!("DROP INDEX {name}"))
            .expect("dropped");
    }
    let numbers: Vec<usize> = (1..count).collect();
    for numbers in numbers.chunks(AT_ONCE) {
        database.execute_batch("BEGIN").expect("begun");
        for number in numbers {
            // The first number is the oldest; the one that was copied is of today.
            let ago = (count - number) as i64 * DAYS * 86_400 / count as i64;
            one.copy(database, *number, Duration::seconds(ago));
        }
        database.execute_batch("COMMIT").expect("committed");
    }
    for (_, sql) in indexes {
        database.execute_batch(&sql).expect("indexed");
    }
    database
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .expect("written");
}

/// The rows of one conversation.
struct Conversation {
    tables: Vec<(&'static str, Vec<Row>)>,
    /// Numbers used, so that each copy has its own.
    people: i64,
    notices: i64,
}

impl Conversation {
    fn read(database: &Connection) -> Self {
        // In this order each row refers to earlier ones only.
        let tables = [
            "raw",
            "tickets",
            "inbox",
            "ledger",
            "events",
            "people",
            "notices",
            "message_ids",
            "outbox",
            "tails",
        ]
        .map(|table| (table, rows(database, table)));
        let tables = tables.map(|(table, rows)| match table {
            "raw" => (table, rows.into_iter().map(unpacked).collect()),
            _ => (table, rows),
        });
        let most = |sql: &str| {
            database
                .query_row(sql, [], |row| row.get(0))
                .expect("a number")
        };
        Self {
            tables: tables.into(),
            people: most("SELECT max(id) FROM people"),
            notices: most("SELECT max(id) FROM notices"),
        }
    }

    fn copy(&self, database: &Connection, number: usize, ago: Duration) {
        let copy = Copy {
            number: i64::try_from(number).expect("few"),
            ago,
            people: self.people,
            notices: self.notices,
        };
        let mut digests = Vec::new();
        let mut ends = Vec::new();
        for (table, rows) in &self.tables {
            for row in rows {
                let mut row = copy.row(table, row, &mut digests);
                match *table {
                    "tickets" => ends = copy.end(&mut row),
                    "people" if !copy.is_alive() => set(&mut row, "over", Value::Integer(1)),
                    _ => {}
                }
                insert(database, table, &row);
            }
            if *table == "events" {
                for event in &ends {
                    insert(database, table, &copy.written(event));
                }
            }
        }
    }
}

fn set(row: &mut Row, column: &str, value: Value) {
    let found = row.iter_mut().find(|(name, _)| name == column);
    found.expect("a column of the table").1 = value;
}

/// The row of a raw message with its bytes as they are, so that words in them can be changed.
fn unpacked(mut row: Row) -> Row {
    let of = |wanted: &str| {
        let value = row.iter().find(|(name, _)| name == wanted);
        value.map(|(_, value)| value.clone())
    };
    let (Some(Value::Integer(1)), Some(Value::Integer(size)), Some(Value::Blob(packed))) =
        (of("packed"), of("size"), of("bytes"))
    else {
        return row;
    };
    let size = usize::try_from(size).expect("a size");
    let bytes = lz4_flex::block::decompress(&packed, size).expect("written by the desk");
    for (name, value) in &mut row {
        match name.as_str() {
            "packed" => *value = Value::Integer(0),
            "bytes" => *value = Value::Blob(bytes.clone()),
            _ => {}
        }
    }
    row
}

/// The arithmetic of one copy.
struct Copy {
    number: i64,
    /// How much earlier it was.
    ago: Duration,
    people: i64,
    notices: i64,
}

impl Copy {
    fn inbox(&self, id: i64) -> i64 {
        id + self.number * MAILS as i64
    }

    fn words(&self, text: &str) -> String {
        text.replace(&format!("{RUN}."), &format!("h{}.", self.number))
            .replace("DSI-1", &format!("DSI-{}", self.number + 1))
    }

    /// An id of ours is a seal over numbers; that of the copy only has to be another.
    fn sealed(&self, text: &str, thread: Option<&Value>) -> String {
        match thread {
            Some(Value::Text(thread)) if thread == "incoming" => self.words(text),
            _ => format!("h{}.{text}", self.number),
        }
    }

    fn row(&self, table: &str, row: &Row, digests: &mut Vec<(Vec<u8>, Vec<u8>)>) -> Row {
        let thread = row.iter().find(|(name, _)| name == "thread");
        let thread = thread.map(|(_, value)| value.clone());
        let mut copied: Row = Vec::with_capacity(row.len());
        for (name, value) in row {
            let value = match (table, name.as_str(), value) {
                // Counted anew.
                ("events" | "ledger" | "message_ids" | "outbox" | "tails", "id", _) => continue,
                (
                    _,
                    "at" | "since" | "created_at" | "updated_at" | "received_at" | "dated",
                    Value::Integer(at),
                ) => Value::Integer(at - self.ago.num_milliseconds()),
                ("tickets", "id", Value::Integer(id)) | (_, "ticket", Value::Integer(id)) => {
                    Value::Integer(id + self.number)
                }
                ("inbox", "id", Value::Integer(id)) | (_, "inbox", Value::Integer(id)) => {
                    Value::Integer(self.inbox(*id))
                }
                ("raw", "id", Value::Integer(id)) | ("inbox", "raw", Value::Integer(id)) => {
                    Value::Integer(self.inbox(*id))
                }
                ("ledger", "uid", Value::Integer(uid)) => Value::Integer(self.inbox(*uid)),
                ("people", "id", Value::Integer(id)) => {
                    Value::Integer(id + self.number * self.people)
                }
                ("notices", "id", Value::Integer(id)) | (_, "notice", Value::Integer(id)) => {
                    Value::Integer(id + self.number * self.notices)
                }
                ("tickets", "ticket", Value::Text(json)) => {
                    let ticket = serde_json::from_str(&self.words(json)).expect("a ticket");
                    Value::Text(serde_json::to_string(&self.ticket(ticket)).expect("JSON"))
                }
                ("events", "event", Value::Text(json)) => {
                    let event = serde_json::from_str(&self.words(json)).expect("an event");
                    Value::Text(serde_json::to_string(&self.event(event)).expect("JSON"))
                }
                (_, "message_id", Value::Text(text)) => {
                    Value::Text(self.sealed(text, thread.as_ref()))
                }
                (_, _, Value::Text(text)) => Value::Text(self.words(text)),
                ("raw", "bytes", Value::Blob(bytes)) => {
                    Value::Blob(self.words(&String::from_utf8_lossy(bytes)).into_bytes())
                }
                ("inbox", "digest", Value::Blob(old)) => {
                    let new = digests.iter().find(|(known, _)| known == old);
                    Value::Blob(new.expect("its bytes came first").1.clone())
                }
                ("inbox" | "outbox", "content" | "digest", Value::Blob(old)) => {
                    let mut of = old.clone();
                    of.extend_from_slice(&self.number.to_le_bytes());
                    Value::Blob(Digest::of(&of).0.to_vec())
                }
                (_, _, value) => value.clone(),
            };
            copied.push((name.clone(), value));
        }
        if table == "raw" {
            self.identify(row, &mut copied, digests);
        }
        copied
    }

    /// The digest of other bytes is another.
    fn identify(&self, row: &Row, copied: &mut Row, digests: &mut Vec<(Vec<u8>, Vec<u8>)>) {
        let bytes = copied.iter().find_map(|(name, value)| match value {
            Value::Blob(bytes) if name == "bytes" => Some(bytes.clone()),
            _ => None,
        });
        let bytes = bytes.expect("small mails are in the database");
        let new = Digest::of(&bytes).0.to_vec();
        for ((name, value), (_, old)) in copied.iter_mut().zip(row) {
            match (name.as_str(), old) {
                ("digest", Value::Blob(old)) => {
                    digests.push((old.clone(), new.clone()));
                    *value = Value::Blob(new.clone());
                }
                ("size", _) => *value = Value::Integer(bytes.len() as i64),
                _ => {}
            }
        }
    }

    /// Of two hundred tickets, five are alive: three in the pool, one somebody's, one that waits.
    fn is_alive(&self) -> bool {
        self.number % 200 < 5
    }

    /// What became of the ticket whose row this is.
    fn end(&self, row: &mut Row) -> Vec<Event> {
        let json = row.iter().find(|(name, _)| name == "ticket");
        let Some((_, Value::Text(json))) = json else {
            panic!("a ticket is JSON");
        };
        let mut ticket: Ticket = serde_json::from_str(json).expect("a ticket");
        let technician = Address {
            name: Some("Camille Martin".to_owned()),
            address: TECHNICIAN.to_owned(),
        };
        let event = |hours: i64, public, what| Event {
            at: ticket.updated_at + Duration::hours(hours),
            actor: Actor {
                role: Role::Technician,
                who: Some(technician.clone()),
            },
            public,
            what,
        };
        let status = |to| What::Status {
            to,
            close_at: None,
            remind_at: None,
            reason: None,
        };
        let assigned = What::Assigned {
            technician: Some(technician.clone()),
        };
        let answer = What::Mail {
            text: "Bonjour,\n\nC'est réparé : redémarrez le poste.\n\nCamille Martin".to_owned(),
            folded: String::new(),
            files: Vec::new(),
            inbox: None,
            message_id: None,
            automatic: None,
            thanks: false,
            remarks: Vec::new(),
        };
        let waits = Status::Waiting {
            of: Awaited::Requester,
        };
        let hours = 1 + self.number % 50;
        let events = match self.number % 200 {
            0..=2 => Vec::new(),
            3 => vec![event(hours, true, assigned)],
            4 => vec![
                event(hours, true, assigned),
                event(hours, true, answer),
                event(hours, true, status(waits)),
            ],
            _ => vec![
                event(hours, true, assigned),
                event(hours, true, answer),
                event(hours + 1, true, status(Status::Closed)),
            ],
        };
        for event in &events {
            ticket.apply(event);
        }
        let owner = ticket.technician.as_ref().map(Address::key);
        for (column, value) in [
            ("status", Value::Text(ticket.status.as_str().to_owned())),
            ("technician", Value::Text(owner.unwrap_or_default())),
            ("alive", Value::Integer(i64::from(self.is_alive()))),
            (
                "since",
                Value::Integer(ticket.status_since.timestamp_millis()),
            ),
            (
                "updated_at",
                Value::Integer(ticket.updated_at.timestamp_millis()),
            ),
            (
                "ticket",
                Value::Text(serde_json::to_string(&ticket).expect("JSON")),
            ),
        ] {
            set(row, column, value);
        }
        events
    }

    fn written(&self, event: &Event) -> Row {
        [
            ("ticket", Value::Integer(1 + self.number)),
            ("at", Value::Integer(event.at.timestamp_millis())),
            ("kind", Value::Text(event.what.kind().to_owned())),
            ("public", Value::Integer(i64::from(event.public))),
            (
                "event",
                Value::Text(serde_json::to_string(event).expect("JSON")),
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn ticket(&self, mut ticket: Ticket) -> Ticket {
        ticket.id = TicketId(ticket.id.0 + self.number);
        ticket.created_at -= self.ago;
        ticket.updated_at -= self.ago;
        ticket.status_since -= self.ago;
        ticket.reference.number = ticket.id;
        for person in &mut ticket.people {
            person.id = PersonId(person.id.0 + self.number * self.people);
        }
        ticket
    }

    fn event(&self, mut event: Event) -> Event {
        event.at -= self.ago;
        match &mut event.what {
            What::Opened(ticket) => **ticket = self.ticket((**ticket).clone()),
            What::Mail { inbox, .. } => *inbox = inbox.map(|id| InboxId(self.inbox(id.0))),
            What::Person { person } => {
                person.id = PersonId(person.id.0 + self.number * self.people);
            }
            What::Notified { notice, .. } => {
                *notice = NoticeId(notice.0 + self.number * self.notices);
            }
            _ => {}
        }
        event
    }
}

fn rows(database: &Connection, table: &str) -> Vec<Row> {
    let mut statement = database
        .prepare(&format!("SELECT * FROM {table}"))
        .expect("a table");
    let names: Vec<String> = statement
        .column_names()
        .iter()
        .map(|name| (*name).to_owned())
        .collect();
    let rows = statement
        .query_map([], |row| {
            names
                .iter()
                .enumerate()
                .map(|(index, name)| Ok((name.clone(), row.get(index)?)))
                .collect()
        })
        .expect("rows");
    rows.collect::<rusqlite::Result<_>>().expect("rows")
}

fn insert(database: &Connection, table: &str, row: &Row) {
    let names: Vec<&str> = row.iter().map(|(name, _)| name.as_str()).collect();
    let places = vec!["?"; row.len()].join(", ");
    database
        .prepare_cached(&format!(
            "INSERT INTO {table} ({}) VALUES ({places})",
            names.join(", ")
        ))
        .expect("a statement")
        .execute(params_from_iter(row.iter().map(|(_, value)| value)))
        .unwrap_or_else(|error| panic!("{table}: {error}"));
    if table == "events" {
        let number = database.last_insert_rowid();
        let Some((_, Value::Text(json))) = row.iter().find(|(name, _)| name == "event") else {
            return;
        };
        let event: Event = serde_json::from_str(json).expect("an event");
        let words = match &event.what {
            What::Opened(ticket) => format!("{}\n{}", ticket.reference, ticket.title),
            what => what.text().unwrap_or_default().to_owned(),
        };
        if !words.is_empty() {
            database
                .prepare_cached("INSERT INTO words (rowid, text) VALUES (?, ?)")
                .and_then(|mut statement| statement.execute((number, words)))
                .expect("indexed");
        }
    }
}
