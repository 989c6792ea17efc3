//! The same mails into an empty database and into one of a million messages; how soon that one
//! starts and answers.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use guichet::desk::Question;
use guichet::store::Store;
use guichet::token::{Keys, Page, day};
use rusqlite::Connection;

use crate::desk::{self, Desk, Setup};
use crate::drain;
use crate::history;
use crate::pages;
use crate::servers::{self, Sink};
use crate::support::dovecot::Dovecot;
use crate::tap::Tap;

/// Tickets, pages and threads looked at.
const LOOKS: usize = 300;

/// Five messages a ticket.
pub fn run(tickets: usize, mails: usize, rounds: usize, at: Option<&Path>) {
    let own = tempfile::tempdir().expect("a folder");
    let folder = at.unwrap_or(own.path());
    let dovecot = Dovecot::start();
    let user = "croissance";
    there(folder, &dovecot, user, tickets);
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    // Mails of another run are other mails, also in a history that was kept.
    let before = history::last_mail(folder);
    for round in 0..rounds {
        let run = format!("r{}", before + round as i64);
        empty.push(fresh(&run, mails));
        full.push(refill(folder, &dovecot, user, &run, mails));
    }
    println!(
        "growth: {:.2} times the rate of an empty database (medians of {rounds}; at least 0.8)",
        drain::median(full) / drain::median(empty)
    );
    look(folder, &dovecot, user, tickets);
}

/// Sees that the history is in the folder, and its mailbox on the server.
fn there(folder: &Path, dovecot: &Dovecot, user: &str, tickets: usize) {
    servers::user(dovecot, user);
    let database = folder.join("data/guichet.db");
    if database.exists() {
        history::go_on(folder, dovecot, user);
    } else {
        fs::create_dir_all(folder).expect("ours");
        let begun = Instant::now();
        history::make(folder, dovecot, user, tickets);
        println!(
            "made {} messages in {tickets} tickets in {:.0} s",
            tickets * 5,
            begun.elapsed().as_secs_f64()
        );
    }
    let size = fs::metadata(&database).map_or(0, |file| file.len());
    println!("database: {:.2} GB", size as f64 / 1e9);
}

/// The pages of a desk with that history, over HTTP.
pub fn pages(tickets: usize, looks: usize, at: Option<&Path>) {
    let own = tempfile::tempdir().expect("a folder");
    let folder = at.unwrap_or(own.path());
    let dovecot = Dovecot::start();
    let user = "croissance";
    there(folder, &dovecot, user, tickets);
    let sink = Sink::start();
    let (config, web) = desk::configure(
        folder,
        &Setup {
            dovecot: &dovecot,
            users: &[user.to_owned()],
            imap_port: dovecot.imap,
            tls: false,
            smtp_port: sink.port,
        },
    );
    pages::run(folder, &config, web, tickets, looks);
}

/// Mails a second into a new database; says how large that gets.
fn fresh(run: &str, mails: usize) -> f64 {
    let folder = tempfile::tempdir().expect("a folder");
    let dovecot = Dovecot::start();
    servers::user(&dovecot, "neuf");
    let rate = refill(folder.path(), &dovecot, "neuf", run, mails);
    size(&folder.path().join("data"));
    rate
}

fn refill(folder: &Path, dovecot: &Dovecot, user: &str, run: &str, mails: usize) -> f64 {
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
    let bytes = drain::fill(dovecot, user, run, mails);
    drain::drain(&config, dovecot, user, (mails, bytes), "").rate()
}

/// Bytes on the disk beside those of the mails; the desk is stopped.
pub fn size(data: &Path) {
    let database = Connection::open(data.join("guichet.db")).expect("a database");
    let number = |sql: &str| -> f64 {
        let number: i64 = database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number");
        number as f64
    };
    let raw = number("SELECT sum(size) FROM raw");
    let in_files = number("SELECT coalesce(sum(size), 0) FROM raw WHERE in_file = 1");
    let pages = number("SELECT sum(pgsize) FROM dbstat");
    let index = number("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'words%'");
    println!(
        "size: {:.3} times the raw bytes without the search index (at most 1.05), which takes {:.3}",
        (pages - index + in_files) / raw,
        index / raw
    );
    let mut statement = database
        .prepare("SELECT name, sum(pgsize) AS bytes, sum(unused) FROM dbstat GROUP BY name ORDER BY bytes DESC LIMIT 8")
        .expect("dbstat");
    let mut rows = statement.query([]).expect("dbstat");
    while let Ok(Some(row)) = rows.next() {
        let (name, bytes, unused): (String, i64, i64) = (
            row.get(0).expect("a name"),
            row.get(1).expect("bytes"),
            row.get(2).expect("bytes"),
        );
        println!(
            "  {name}: {:.3} (unused {:.3})",
            bytes as f64 / raw,
            unused as f64 / raw
        );
    }
}

fn look(folder: &Path, dovecot: &Dovecot, user: &str, tickets: usize) {
    let sink = Sink::start();
    let tap = Tap::start(dovecot.imap);
    let (config, web) = desk::configure(
        folder,
        &Setup {
            dovecot,
            users: &[user.to_owned()],
            imap_port: tap.port,
            tls: false,
            smtp_port: sink.port,
        },
    );
    let desk = Desk::start(&config, &[]);
    let start = (tap.wait_for_idles(1) - desk.started).as_secs_f64();
    let (_, now, _) = desk.usage();
    println!("start to first IDLE: {start:.2} s (at most 2); {now:.1} MiB resident");

    // Spread over the years, in no order.
    let which = |number: usize| 1 + (number * 7_919) % tickets;
    told(
        "guichet ticket show, the whole command",
        (0..LOOKS).map(|number| {
            let begun = Instant::now();
            let status = Command::new(env!("CARGO_BIN_EXE_guichet"))
                .arg("--config")
                .arg(&config)
                .args(["ticket", "show", &format!("DSI-{}", which(number))])
                .stdout(Stdio::null())
                .status()
                .expect("the program starts");
            assert!(status.success(), "ticket show failed");
            begun.elapsed()
        }),
    );
    let keys = fs::read_to_string(folder.join("secret.key")).expect("a key");
    let keys = Keys::parse(&keys).expect("a key");
    let people = Connection::open(folder.join("data/guichet.db")).expect("a database");
    told(
        "the page",
        (0..LOOKS).map(|number| {
            let ticket = which(number) as i64;
            let person = people
                .query_row(
                    "SELECT min(id) FROM people WHERE ticket = ?1",
                    [ticket],
                    |row| row.get(0),
                )
                .expect("somebody");
            let token = Page {
                ticket,
                person,
                generation: 0,
                issued: day(chrono::Utc::now().timestamp()),
            }
            .seal(&keys);
            pages::get(web, &format!("/t/{token}"), "").0
        }),
    );
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = Store::open_existing(&folder.join("data")).expect("a database");
    told(
        "thread look-up",
        (0..LOOKS).map(|number| {
            let id = format!(
                "h{}.3.mix@etu.univ-exemple.fr",
                which(number).min(tickets - 1)
            );
            let question = Question {
                message_ids: [id.clone()].into(),
                ..Question::default()
            };
            let begun = Instant::now();
            let known = runtime.block_on(store.known(question, chrono::Utc::now()));
            let took = begun.elapsed();
            assert!(
                known.expect("read").threads.contains_key(&id),
                "{id} is unknown"
            );
            took
        }),
    );
    desk.stop();
}

pub fn told(what: &str, times: impl Iterator<Item = Duration>) {
    let mut times: Vec<f64> = times.map(|time| time.as_secs_f64() * 1000.0).collect();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| {
        times
            .get(times.len() * percent / 100)
            .copied()
            .unwrap_or(0.0)
    };
    println!(
        "{what}: p50 {:.1} ms, p99 {:.1} ms (at most 20)",
        at(50),
        at(99)
    );
}
