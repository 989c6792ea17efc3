//! A desk with its page on loopback.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use chrono::{DateTime, Duration, Utc};
use data_encoding::BASE64;
use guichet::config::Config;
use guichet::desk::{Action, Decision, Deed, Input, Submission};
use guichet::mail::{self, Address, Mail};
use guichet::maildir::Maildir;
use guichet::service::submit::Form;
use guichet::service::{Clock, Service, conclude};
use guichet::store::{Incoming, Origin, Settlement};
use guichet::ticket::{Actor, Event, Role, Ticket, TicketId, What};
use tokio::net::TcpListener;
use tokio::sync::oneshot;

use crate::http::{self, Answer};

const CONFIG: &str = include_str!("../../fixtures/scenarios/config.toml");

pub const MARIE: &str = "marie.durand@example.org";
pub const CAMILLE: &str = "camille.martin@example.org";

/// A Monday, half past nine in Paris.
pub const START: &str = "2026-11-23T08:30:00Z";

pub struct Desk {
    pub service: Service,
    pub address: SocketAddr,
    clock: Clock,
    folder: tempfile::TempDir,
    /// The latest notification to each address.
    latest: BTreeMap<String, Mail>,
    mails: u32,
    // Dropped with the desk: the page stops.
    _stop: oneshot::Sender<()>,
}

/// A file to attach: name as written in the header, type, bytes.
pub struct Attached<'a> {
    pub name: &'a str,
    pub kind: &'a str,
    pub bytes: &'a [u8],
}

impl Desk {
    pub async fn open() -> Self {
        Self::open_with("").await
    }

    /// `web` are lines for the section `[web]`.
    pub async fn open_with(web: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open_in(folder, CONFIG, web).await
    }

    /// With a directory of people in a file beside the configuration, and more tables.
    pub async fn open_beside(directory: &str, people: &str, tables: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(directory), people).expect("writable");
        let text = format!("directory = \"{directory}\"\n");
        std::fs::write(folder.path().join("before.toml"), text).expect("writable");
        Self::open_in(folder, CONFIG, tables).await
    }

    /// With these people, lines for the section `[desk]`, and more tables.
    pub async fn open_as(people: &str, habits: &str, tables: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("people.csv"), people).expect("writable");
        let text = "directory = \"people.csv\"\n";
        std::fs::write(folder.path().join("before.toml"), text).expect("writable");
        let config = CONFIG.replace("[desk]\n", &format!("[desk]\n{habits}\n"));
        Self::open_in(folder, &config, tables).await
    }

    /// Its first team has this line as well.
    pub async fn open_team(line: &str) -> Self {
        let config = CONFIG.replacen("id = \"dsi\"\n", &format!("id = \"dsi\"\n{line}\n"), 1);
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open_in(folder, &config, "").await
    }

    /// Answers can be taken back for so long.
    pub async fn open_held(time: &str) -> Self {
        let held = format!("hold_replies = \"{time}\"");
        let config = CONFIG.replace("hold_replies = \"0s\"", &held);
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open_in(folder, &config, "").await
    }

    /// What the desk tells requesters by itself waits for so long for what it leaves with.
    pub async fn open_coalescing(time: &str) -> Self {
        let waits = format!("coalesce = \"{time}\"");
        let config = CONFIG.replace("coalesce = \"0s\"", &waits);
        let folder = tempfile::tempdir().expect("a temporary folder");
        Self::open_in(folder, &config, "").await
    }

    async fn open_in(folder: tempfile::TempDir, config: &str, web: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("bound");
        let before = folder.path().join("before.toml");
        let before = std::fs::read_to_string(before).unwrap_or_default();
        let text = config.replace("https://guichet.example.org", &format!("http://{address}"));
        let text = format!("{before}{text}");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, format!("{text}\n[web]\n{web}\n")).expect("writable");
        let settings = Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Clock::by_hand(START.parse().expect("a time"));
        let service = Service::open(settings, clock.clone()).expect("the desk opens");
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(guichet::web::serve(service.clone(), listener, async {
            let _ = stopped.await;
        }));
        Self {
            service,
            address,
            clock,
            folder,
            latest: BTreeMap::new(),
            mails: 0,
            _stop: stop,
        }
    }

    /// The file of its configuration.
    pub fn config(&self) -> std::path::PathBuf {
        self.folder.path().join("config.toml")
    }

    pub fn database(&self) -> std::path::PathBuf {
        self.folder.path().join("data/guichet.db")
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn wait(&self, time: Duration) {
        self.clock.set(self.now() + time);
    }

    /// Counts what is not counted yet.
    pub async fn count(&self) {
        let once = || guichet::service::statistics::once(&self.service);
        while once().await.expect("counted") > 0 {}
    }

    /// A mail comes; headers as written, the body is plain text.
    pub async fn mail(&mut self, headers: &str, body: &str, files: &[Attached<'_>]) {
        self.mails += 1;
        let mut raw = format!(
            "Date: {}\nMessage-ID: <{}@test.example.org>\nMIME-Version: 1.0\n{}\n",
            self.now().to_rfc2822(),
            self.mails,
            headers.trim()
        );
        let text = format!(
            "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n",
            wrapped(body.as_bytes())
        );
        if files.is_empty() {
            raw.push_str(&text);
        } else {
            raw.push_str("Content-Type: multipart/mixed; boundary=\"=-=\"\n\n--=-=\n");
            raw.push_str(&text);
            for file in files {
                raw.push_str(&format!(
                    "--=-=\nContent-Type: {}\nContent-Disposition: attachment; filename*=utf-8''{}\nContent-Transfer-Encoding: base64\n\n{}\n",
                    file.kind,
                    percent(file.name),
                    wrapped(file.bytes)
                ));
            }
            raw.push_str("--=-=--\n");
        }
        self.raw(raw.replace('\n', "\r\n").into_bytes()).await;
    }

    /// A mail comes that has markup and no text.
    pub async fn html(&mut self, headers: &str, body: &str) {
        self.mails += 1;
        let raw = format!(
            "Date: {}\nMessage-ID: <{}@test.example.org>\nMIME-Version: 1.0\n{headers}\nContent-Type: text/html; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{}\n",
            self.now().to_rfc2822(),
            self.mails,
            wrapped(body.as_bytes())
        );
        self.raw(raw.replace('\n', "\r\n").into_bytes()).await;
    }

    /// A request of Marie's.
    pub async fn request(&mut self, subject: &str, body: &str, files: &[Attached<'_>]) {
        let subject = encoded(subject);
        let headers =
            format!("From: Marie Durand <{MARIE}>\nTo: support@example.org\nSubject: {subject}");
        self.mail(&headers, body, files).await;
    }

    /// Marie sends a request through the form, as what she confirms.
    pub async fn form(&mut self, subject: &str, text: &str) {
        self.form_in(None, subject, text).await;
    }

    /// The same in a category that she chose.
    pub async fn form_in(&mut self, category: Option<&str>, subject: &str, text: &str) {
        let form = Form {
            number: subject.to_owned(),
            author: Address {
                name: Some("Marie Durand".to_owned()),
                address: MARIE.to_owned(),
            },
            account: "support".to_owned(),
            to: "support@example.org".to_owned(),
            subject: subject.to_owned(),
            text: text.to_owned(),
            files: Vec::new(),
            submission: Submission {
                category: category.map(str::to_owned),
                ..Submission::default()
            },
        };
        let (sent, settled) = tokio::join!(self.service.submit(form), async {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            self.service.settle_all().await
        });
        sent.expect("kept");
        settled.expect("the desk works");
        self.settle().await;
    }

    /// `name` replies to the latest notification that he received.
    pub async fn reply(&mut self, name: &str, address: &str, body: &str) {
        self.reply_with(name, address, "", body).await;
    }

    /// The same with further headers.
    pub async fn reply_with(&mut self, name: &str, address: &str, more: &str, body: &str) {
        let latest = self.latest(address);
        let headers = format!(
            "From: {name} <{address}>\nTo: support@example.org\nSubject: {}\nIn-Reply-To: <{}>\n{more}",
            encoded(&format!(
                "Re: {}",
                latest.subject.clone().unwrap_or_default()
            )),
            latest.message_id.clone().expect("ours have one")
        );
        self.mail(&headers, body, &[]).await;
    }

    pub fn latest(&self, address: &str) -> &Mail {
        self.latest
            .get(address)
            .unwrap_or_else(|| panic!("nothing was sent to {address}"))
    }

    pub fn was_told(&self, address: &str) -> bool {
        self.latest.contains_key(address)
    }

    async fn raw(&mut self, bytes: Vec<u8>) {
        let incoming = Incoming {
            account: "support".to_owned(),
            origin: Origin::Pipe,
            recipient: None,
            sender: None,
            received_at: self.now(),
            bytes,
            oversize: None,
            proven: None,
        };
        let accepted = self.service.store().accept(vec![incoming]).await;
        accepted.expect("accepted");
        self.settle().await;
    }

    pub async fn settle(&mut self) {
        self.service.settle_all().await.expect("the desk works");
        let mut mails = Vec::new();
        for entry in std::fs::read_dir(self.folder.path().join("out"))
            .into_iter()
            .flatten()
        {
            let path = entry.expect("readable").path();
            let to = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            let maildir = Maildir::open(&path).expect("a Maildir");
            for entry in maildir.list_new().expect("readable").mails {
                let bytes = maildir.read(&entry, 100 << 20).expect("readable");
                maildir.file(&entry).expect("filed");
                let digits: String = entry.name.chars().filter(char::is_ascii_digit).collect();
                let mail = mail::read(&bytes.expect("it is there"));
                mails.push(((digits.len(), digits), to.clone(), mail));
            }
        }
        // The names carry the number of the outbox row: the order in which they left.
        mails.sort_by(|a, b| a.0.cmp(&b.0));
        for (_, to, mail) in mails {
            self.latest.insert(to, mail);
        }
    }

    /// The path of the link in the latest mail to that address.
    pub fn link(&self, address: &str) -> String {
        let base = format!("http://{}", self.address);
        let text = &self.latest(address).text;
        let word = text.split_whitespace().find(|word| word.starts_with(&base));
        let word = word.unwrap_or_else(|| panic!("no link in {text}"));
        word.trim_start_matches(&base).to_owned()
    }

    pub async fn get(&self, path: &str) -> Answer {
        http::request(self.address, "GET", path, &[]).await
    }

    /// The page behind Marie's link, as words: every space an ordinary one.
    pub async fn page(&self) -> String {
        let answer = self.get(&self.link(MARIE)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().replace('\u{a0}', " ")
    }

    pub async fn ticket(&self, number: i64) -> Ticket {
        let ticket = self.service.store().ticket(TicketId(number)).await;
        ticket.expect("readable").expect("it exists")
    }

    /// What an operator does to ticket 1 from the command line.
    pub async fn operate(&mut self, what: Deed) {
        let rules = self.service.rules();
        let now = self.now();
        let settled = self
            .service
            .store()
            .settle(vec![operator(what)], now, move |input, lookup| {
                conclude(&rules, input, lookup, now)
            })
            .await
            .expect("settled");
        assert!(settled.iter().all(Result::is_ok), "{settled:?}");
        self.settle().await;
    }

    /// Writes an event to ticket 1, as a later feature of the desk would.
    pub async fn event(&self, what: What, public: bool) {
        let mut ticket = self.ticket(1).await;
        let event = Event {
            at: self.now(),
            actor: Actor {
                role: Role::Operator,
                who: None,
            },
            public,
            what,
        };
        ticket.apply(&event);
        let decision = Decision {
            changed: vec![guichet::desk::Changed {
                ticket,
                events: vec![event],
            }],
            ..Decision::default()
        };
        let input = operator(Deed::Note(String::new()));
        let settled = self
            .service
            .store()
            .settle(vec![input], self.now(), move |_, _| {
                Ok(Settlement {
                    decision: decision.clone(),
                    outgoing: Vec::new(),
                })
            })
            .await
            .expect("settled");
        assert!(settled.iter().all(Result::is_ok), "{settled:?}");
    }

    /// Rows of a table.
    pub fn rows(&self, table: &str) -> i64 {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        let count = format!("SELECT count(*) FROM {table}");
        let rows = connection.query_row(&count, [], |row| row.get(0));
        rows.expect("a table")
    }

    /// Watches the database from outside: whether anybody has committed since.
    pub fn watch(&self) -> Watch {
        let connection = rusqlite::Connection::open(self.database()).expect("the database opens");
        let before = version(&connection);
        Watch { connection, before }
    }
}

/// See [`Desk::watch`].
pub struct Watch {
    connection: rusqlite::Connection,
    before: i64,
}

impl Watch {
    pub fn something_was_written(&self) -> bool {
        version(&self.connection) != self.before
    }
}

fn version(connection: &rusqlite::Connection) -> i64 {
    connection
        .query_row("PRAGMA data_version", [], |row| row.get(0))
        .expect("SQLite has it")
}

fn operator(what: Deed) -> Input {
    Input::Action(Action {
        ticket: TicketId(1),
        actor: Actor {
            role: Role::Operator,
            who: None,
        },
        what,
    })
}

/// A header value in encoded words.
pub fn encoded(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let words: Vec<String> = characters
        .chunks(10)
        .map(|part| {
            let part: String = part.iter().collect();
            format!("=?utf-8?B?{}?=", BASE64.encode(part.as_bytes()))
        })
        .collect();
    words.join("\n ")
}

fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn wrapped(bytes: &[u8]) -> String {
    let text = BASE64.encode(bytes);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(76)
        .map(|line| std::str::from_utf8(line).expect("base64 is ASCII"))
        .collect();
    lines.join("\n")
}
