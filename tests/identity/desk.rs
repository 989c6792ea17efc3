//! A desk in this process: mails in, mails out, time by hand.

use chrono::{DateTime, Duration, Utc};
use guichet::config::Config;
use guichet::mail::{self, Mail};
use guichet::maildir::Maildir;
use guichet::service::{Clock, Service};
use guichet::store::{InboxRow, Incoming, Origin, TicketFilter};
use guichet::ticket::{Event, InboxId, Ticket, TicketId, What};

pub const CAMILLE: &str = "camille.martin@example.org";
pub const KARIM: &str = "karim.benali@example.org";
pub const MARIE: &str = "marie.durand@example.org";

/// The key file of every desk here: tokens are the same in each run.
pub const KEY: [u8; 32] = [7; 32];

/// One mail that left.
#[derive(Clone, Debug)]
pub struct Sent {
    pub to: String,
    pub mail: Mail,
    pub raw: Vec<u8>,
}

/// See the module.
pub struct Desk {
    pub service: Service,
    pub clock: Clock,
    folder: tempfile::TempDir,
}

impl Desk {
    /// A desk with two technicians; `head` goes before the first table, `tables` after the last.
    pub fn open(head: &str, tables: &str) -> Self {
        Self::open_as("support@example.org", KEY, head, tables)
    }

    /// The same with an address and a key of its own.
    pub fn open_as(address: &str, key: [u8; 32], head: &str, tables: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = format!(
            r#"
language = "fr"
base_url = "https://guichet.example.org"
internal_domains = ["example.org"]
operations = "exploitation@example.org"
{head}
[smtp]
maildir = "out"
[[accounts]]
name = "support"
team = "dsi"
pipe = true
[[teams]]
id = "dsi"
name = "DSI – Support"
from = "{address}"
prefix = "DSI"
[desk]
hold_replies = "0s"
coalesce = "0s"
[[technicians]]
name = "Camille Martin"
address = "{CAMILLE}"
teams = ["dsi"]
[[technicians]]
name = "Karim Benali"
addresses = ["{KARIM}", "karim@perso.example.net"]
teams = ["dsi"]
{tables}
"#
        );
        let path = folder.path().join("config.toml");
        std::fs::write(&path, config).expect("writable");
        let file = folder.path().join("secret.key");
        std::fs::write(&file, guichet::token::Keys::file_text(&key)).expect("writable");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&file, private).expect("rights");
        let settings = Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let start = DateTime::parse_from_rfc3339("2026-11-23T08:00:00Z").expect("a date");
        let clock = Clock::by_hand(start.with_timezone(&Utc));
        let service = Service::open(settings, clock.clone()).expect("the desk opens");
        Self {
            service,
            clock,
            folder,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    pub fn pass(&self, time: Duration) {
        self.clock.set(self.clock.now() + time);
    }

    pub async fn accept(&self, raws: Vec<Vec<u8>>) -> Vec<InboxId> {
        let incoming = raws.into_iter().map(|bytes| Incoming {
            account: "support".to_owned(),
            origin: Origin::Pipe,
            recipient: None,
            sender: None,
            received_at: self.now(),
            bytes,
            oversize: None,
            proven: None,
        });
        let accepted = self.service.store().accept(incoming.collect()).await;
        let accepted = accepted.expect("accepted");
        accepted.into_iter().map(|accepted| accepted.id()).collect()
    }

    pub async fn settle(&self) {
        self.service.settle_all().await.expect("the desk works");
    }

    /// Takes one mail in and does all that follows at once.
    pub async fn receive(&self, raw: impl Into<Vec<u8>>) -> InboxRow {
        let ids = self.accept(vec![raw.into()]).await;
        self.settle().await;
        self.row(ids[0]).await
    }

    pub async fn row(&self, id: InboxId) -> InboxRow {
        let row = self.service.store().inbox_show(id).await.expect("readable");
        row.expect("it was accepted")
    }

    /// The mails that left since the last look, in the order they left.
    pub fn sent(&self) -> Vec<Sent> {
        let out = self.folder.path().join("out");
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&out).into_iter().flatten() {
            let path = entry.expect("readable").path();
            let to = path.file_name().unwrap_or_default();
            let to = to.to_string_lossy().into_owned();
            let maildir = Maildir::open(&path).expect("a Maildir");
            for entry in maildir.list_new().expect("readable").mails {
                let raw = maildir.read(&entry, 100 << 20).expect("readable");
                let raw = raw.expect("it is there");
                maildir.file(&entry).expect("filed");
                let digits: String = entry.name.chars().filter(char::is_ascii_digit).collect();
                let mail = mail::read(&raw);
                let to = to.clone();
                found.push(((digits.len(), digits), Sent { to, mail, raw }));
            }
        }
        found.sort_by(|(a, _), (b, _)| a.cmp(b));
        found.into_iter().map(|(_, sent)| sent).collect()
    }

    pub async fn ticket(&self, id: i64) -> Ticket {
        let ticket = self.service.store().ticket(TicketId(id)).await;
        ticket.expect("readable").expect("it exists")
    }

    pub async fn tickets(&self) -> Vec<Ticket> {
        let list = self.service.store().tickets(TicketFilter::default()).await;
        let mut tickets = Vec::new();
        for row in list.expect("readable") {
            tickets.push(self.ticket(row.id.0).await);
        }
        tickets.sort_by_key(|ticket| ticket.id);
        tickets
    }

    pub async fn events(&self, id: i64) -> Vec<Event> {
        let events = self.service.store().events(TicketId(id)).await;
        let events = events.expect("readable");
        events.into_iter().map(|(_, event)| event).collect()
    }

    /// Lines of commands that were executed on a ticket.
    pub async fn executed(&self, id: i64) -> Vec<String> {
        let done = |event: Event| match event.what {
            What::Command {
                line, done: true, ..
            } => Some(line),
            _ => None,
        };
        self.events(id).await.into_iter().filter_map(done).collect()
    }

    pub async fn check(&self) {
        let wrong = self.service.store().audit().await.expect("readable");
        assert_eq!(wrong, Vec::<String>::new(), "the store is sound");
    }
}

/// A mail to write; fields that are empty are left out.
#[derive(Clone, Debug)]
pub struct Draft<'a> {
    /// Header lines above all others, with their CRLF.
    pub above: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub message_id: &'a str,
    pub answers: &'a str,
    /// Header lines below all others, with their CRLF.
    pub below: &'a str,
    pub body: &'a str,
}

impl Default for Draft<'_> {
    fn default() -> Self {
        Self {
            above: "",
            from: "Marie Durand <marie.durand@example.org>",
            to: "support@example.org",
            subject: "Écran noir",
            message_id: "m1@poste.example.org",
            answers: "",
            below: "",
            body: "Mon écran reste noir.",
        }
    }
}

impl Draft<'_> {
    pub fn write(&self) -> Vec<u8> {
        let mut out = self.above.to_owned();
        let mut field = |name: &str, value: &str| {
            if !value.is_empty() {
                out.push_str(&format!("{name}: {value}\r\n"));
            }
        };
        field("From", self.from);
        field("To", self.to);
        let subject = data_encoding::BASE64.encode(self.subject.as_bytes());
        if !self.subject.is_empty() {
            field("Subject", &format!("=?utf-8?B?{subject}?="));
        }
        if !self.message_id.is_empty() {
            field("Message-ID", &format!("<{}>", self.message_id));
        }
        field("Date", "Mon, 23 Nov 2026 10:00:00 +0100");
        if !self.answers.is_empty() {
            field("In-Reply-To", &format!("<{}>", self.answers));
            field("References", &format!("<{}>", self.answers));
        }
        field("MIME-Version", "1.0");
        field("Content-Type", "text/plain; charset=utf-8");
        field("Content-Transfer-Encoding", "8bit");
        out.push_str(self.below);
        out.push_str("\r\n");
        out.push_str(&self.body.replace("\r\n", "\n").replace('\n', "\r\n"));
        out.push_str("\r\n");
        out.into_bytes()
    }
}

/// The latest mail to an address.
pub fn latest<'a>(sent: &'a [Sent], to: &str) -> &'a Mail {
    let found = sent.iter().rev().find(|sent| sent.to == to);
    let found = found.unwrap_or_else(|| {
        let all: Vec<&String> = sent.iter().map(|sent| &sent.to).collect();
        panic!("nothing to {to} among {all:?}")
    });
    &found.mail
}

pub fn id_of(mail: &Mail) -> String {
    mail.message_id.clone().expect("ours have one")
}
