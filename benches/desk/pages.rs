//! How soon each page of a desk with years behind it is there: the real program, over HTTP, as a
//! requester and as a technician who is signed in.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::Utc;
use guichet::config::Config;
use guichet::mail::Digest;
use guichet::service::statistics;
use guichet::store::Store;
use guichet::token::{Errand, Keys, Page, Visit};
use rusqlite::{Connection, params};

use crate::desk::Desk;
use crate::growth::told;
use crate::history::TECHNICIAN;

/// The secret of the technician's session, as his browser holds it.
const SECRET: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

/// Somebody of another team, which observes a twentieth of the tickets.
const OBSERVER: &str = "nadia.benali@univ-exemple.fr";

/// The secret of her session.
const HER_SECRET: &str = "ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100";

/// Looks at each page `looks` times, at another ticket each time; the first look is not counted.
pub fn run(folder: &Path, config: &Path, port: u16, tickets: usize, looks: usize) {
    let mut text = fs::read_to_string(config).expect("readable");
    text.push_str(&format!(
        r#"
[[technicians]]
name = "Camille Martin"
address = "{TECHNICIAN}"
teams = ["dsi"]
role = "lead"

[[technicians]]
name = "Nadia Benali"
address = "{OBSERVER}"
teams = ["c5"]
role = "lead"

[[teams]]
id = "c5"
name = "Support du bâtiment C5"
from = "support@univ-exemple.fr"
prefix = "C5"

[desk]
applications = ["Moodle", "ENT", "Wi-Fi", "Apogée"]

[knowledge]
folder = "{}/fixtures/knowledge"
"#,
        env!("CARGO_MANIFEST_DIR")
    ));
    let text = text.replacen(
        "prefix = \"DSI\"",
        "prefix = \"DSI\"\nlate_after = \"8h\"",
        1,
    );
    let text = format!("directory = \"annuaire.csv\"\n{text}");
    fs::write(config, text).expect("writable");
    let database = Connection::open(folder.join("data/guichet.db")).expect("a database");
    write_directory(&database, &folder.join("annuaire.csv"));
    // The station that counts leaves room for mails; nobody waits for it here.
    let settings = Config::load(config).unwrap_or_else(|problems| panic!("{problems}"));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let begun = Instant::now();
    runtime.block_on(async {
        let store = Store::open_existing(&folder.join("data")).expect("a database");
        let counted = statistics::catch_up(&store, &settings.policy).await;
        counted.expect("counted");
    });
    println!(
        "statistics caught up in {:.0} s",
        begun.elapsed().as_secs_f64()
    );
    sign_in(&database, TECHNICIAN, SECRET);
    sign_in(&database, OBSERVER, HER_SECRET);
    observe(&database);

    let desk = Desk::start(config, &[]);
    wait_for(port);
    let keys = fs::read_to_string(folder.join("secret.key")).expect("a key");
    let keys = Keys::parse(&keys).expect("a key");
    // Spread over the years, in no order.
    let which = |number: usize| 1 + (number * 7_919) % tickets;
    let session = |secret: &str| format!("Cookie: __Host-guichet={secret}\r\n");
    let (cookie, hers) = (session(SECRET), session(HER_SECRET));
    let tokens: Vec<String> = (0..=looks)
        .map(|number| ticket_link(&database, &keys, which(number) as i64))
        .collect();
    let lists: Vec<String> = (0..=looks)
        .map(|number| list_link(&database, &keys, which(number) as i64))
        .collect();
    let look = |what: &str, cookie: &str, path: &dyn Fn(usize) -> String| {
        let mut bytes = 0;
        let times: Vec<Duration> = (0..=looks)
            .map(|number| {
                let (took, length) = get(port, &path(number), cookie);
                bytes = length;
                took
            })
            .collect();
        let what = format!("{what} ({:.0} KB)", bytes as f64 / 1000.0);
        told(&what, times.into_iter().skip(1));
    };
    let always = |path: &'static str| move |_: usize| path.to_owned();
    look("ticket, its requester's page", "", &|at| {
        format!("/t/{}", tokens[at])
    });
    look("« Mes demandes »", "", &|at| {
        format!("/d/{}?etat=toutes", lists[at])
    });
    look("home", "", &always("/"));
    look("form", "", &always("/demande"));
    look("articles", "", &always("/articles"));
    look(
        "articles, search",
        "",
        &always("/articles/recherche?q=mot+de+passe+oubli%C3%A9"),
    );
    look("article", "", &always("/articles/a/comptes/mot-de-passe"));
    for view in ["pool", "mine", "waiting", "late", "all"] {
        look(&format!("desk, {view}"), &cookie, &|_| {
            format!("/desk?view={view}")
        });
    }
    look("desk, all, of a team that observes", &hers, &|_| {
        "/desk?view=all".to_owned()
    });
    look("desk, search of a team that observes", &hers, &|_| {
        "/desk?q=bonjour".to_owned()
    });
    look("desk, ticket", &cookie, &|at| {
        format!("/desk/{}", which(at))
    });
    look(
        "desk, search for a common word",
        &cookie,
        &always("/desk?q=bonjour"),
    );
    look(
        "desk, search for two common words",
        &cookie,
        &always("/desk?q=bonjour+poste"),
    );
    look("desk, search for one ticket", &cookie, &|at| {
        format!("/desk?q=h{}", which(at))
    });
    look("statistics, 30 days", &cookie, &always("/desk/statistics"));
    let today = Utc::now().date_naive();
    let year = today - chrono::Duration::days(364);
    let years = today - chrono::Duration::days(729);
    look("statistics, a year", &cookie, &|_| {
        format!("/desk/statistics?from={year}")
    });
    look("statistics, two years", &cookie, &|_| {
        format!("/desk/statistics?from={years}")
    });
    desk.stop();
}

/// The people who wrote, at three sites.
fn write_directory(database: &Connection, file: &Path) {
    let mut text = "mail;site;service\n".to_owned();
    let mut statement = database
        .prepare("SELECT DISTINCT requester FROM tickets LIMIT 30000")
        .expect("a list");
    let people = statement.query_map([], |row| row.get::<_, String>(0));
    for (number, address) in people.expect("a list").enumerate() {
        let address = address.expect("an address");
        text.push_str(&format!("{address};Campus {};Scolarité\n", 1 + number % 3));
    }
    fs::write(file, text).expect("writable");
}

/// Lets the other team observe, as the desk would write it down.
fn observe(database: &Connection) {
    database
        .execute_batch(
            r#"UPDATE tickets SET ticket = json_set(ticket, '$.observing_teams', json('["c5"]'))
               WHERE id % 20 = 0;
               INSERT OR IGNORE INTO observed (id, team, status, category, updated_at)
               SELECT id, 'c5', status, category, updated_at FROM tickets WHERE id % 20 = 0"#,
        )
        .expect("written");
}

/// A session that is as new as this run.
fn sign_in(database: &Connection, address: &str, secret: &str) {
    let now = Utc::now().timestamp_millis();
    let written = database.execute(
        "INSERT INTO sessions (secret, address, created_at, seen_at, until) VALUES (?1, ?2, ?3, ?3, ?4)
         ON CONFLICT (secret) DO UPDATE SET created_at = ?3, seen_at = ?3, until = ?4",
        params![Digest::of(secret.as_bytes()).0, address, now, now + 8 * 3_600_000],
    );
    written.expect("signed in");
}

fn ticket_link(database: &Connection, keys: &Keys, ticket: i64) -> String {
    let person = database.query_row(
        "SELECT min(id) FROM people WHERE ticket = ?1",
        [ticket],
        |row| row.get(0),
    );
    let page = Page {
        ticket,
        person: person.expect("somebody"),
        generation: 0,
        issued: guichet::token::day(chrono::Utc::now().timestamp()),
    };
    page.seal(keys)
}

/// The link of the list of whoever opened a ticket.
fn list_link(database: &Connection, keys: &Keys, ticket: i64) -> String {
    let address: String = database
        .query_row(
            "SELECT requester FROM tickets WHERE id = ?1",
            [ticket],
            |row| row.get(0),
        )
        .expect("somebody");
    database
        .execute(
            "INSERT OR IGNORE INTO mailboxes (address) VALUES (?1)",
            [&address],
        )
        .expect("written");
    let row: (i64, i64) = database
        .query_row(
            "SELECT id, generation FROM mailboxes WHERE address = ?1",
            [&address],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
        .expect("a mailbox");
    let visit = Visit {
        errand: Errand::Requests,
        mailbox: row.0,
        generation: row.1,
        until: Utc::now().timestamp() / 60 + 60 * 24,
    };
    visit.seal(keys)
}

/// Waits until the pages are there.
fn wait_for(port: u16) {
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "no pages");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// One page; how long it took, and its bytes.
pub fn get(port: u16, path: &str, more: &str) -> (Duration, usize) {
    let begun = Instant::now();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the page listens");
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: guichet.univ-exemple.fr\r\n{more}Connection: close\r\n\r\n"
    )
    .expect("asked");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("answered");
    let took = begun.elapsed();
    assert!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{path}: {}",
        String::from_utf8_lossy(answer.get(..300).unwrap_or(&answer))
    );
    (took, answer.len())
}
