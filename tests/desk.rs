//! The whole desk, as operations run it: the real binary, a real Dovecot, a real SMTP server, all
//! on loopback. What is counted here is what the contract promises: every mail a ticket, every
//! ticket one acknowledgement, whatever is killed and whenever (RELIABILITY I1–I3, O1–O3).

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use guichet::mail;
use support::dovecot::Dovecot;
use support::sink::{Received, Sink};

/// How long anything may take before a test says that it does not happen.
const PATIENCE: Duration = Duration::from_secs(90);

/// A daemon with its folder; it is stopped when dropped.
struct Daemon {
    folder: tempfile::TempDir,
    child: Option<Child>,
    web: u16,
}

impl Daemon {
    fn configure(accounts: &str, smtp: u16, extra: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let web = support::dovecot::free_port();
        std::fs::write(folder.path().join("password"), support::dovecot::PASSWORD)
            .expect("writable");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("password"), private).expect("rights");
        let config = format!(
            r#"
language = "fr"
timezone = "Europe/Paris"
base_url = "http://127.0.0.1:{web}"
data_dir = "data"
key_file = "secret.key"
internal_domains = ["example.org"]
min_free = "1MB"
{extra}
[limits]
sender_per_hour = 0
sender_per_day = 0
domain_per_hour = 0
total_per_hour = 0
technician_per_hour = 0
[web]
listen = "127.0.0.1:{web}"
[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"
{accounts}
[[teams]]
id = "dsi"
name = "DSI – Support"
from = "support@example.org"
prefix = "DSI"
auto_close_after = "2s"
hours = "always"
[[addresses]]
pattern = "support@example.org"
team = "dsi"
"#
        );
        std::fs::write(folder.path().join("config.toml"), config).expect("writable");
        Self {
            folder,
            child: None,
            web,
        }
    }

    fn with_technician(self) -> Self {
        let path = self.folder.path().join("config.toml");
        let mut config = std::fs::read_to_string(&path).expect("written above");
        config.push_str(
            "[desk]\nhold_replies = \"0s\"\ncoalesce = \"0s\"\n[[technicians]]\nname = \"Camille Martin\"\naddress = \"camille.martin@example.org\"\nteams = [\"dsi\"]\n",
        );
        std::fs::write(path, config).expect("writable");
        self
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    fn start(&mut self) {
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .expect("a log");
        let child = self
            .command(&["run"])
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the daemon starts");
        self.child = Some(child);
    }

    /// `kill -9`.
    fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().expect("killed");
        child.wait().expect("gone");
    }

    /// SIGTERM; it has ten seconds.
    fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        let status = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status()
            .expect("kill");
        assert!(status.success());
        let started = Instant::now();
        loop {
            if let Some(status) = child.try_wait().expect("asked") {
                assert!(status.success(), "{status}: {}", self.log());
                return;
            }
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "still running 10 s after SIGTERM: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.command(arguments).output().expect("it runs");
        assert!(
            output.status.success(),
            "{arguments:?}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            self.log()
        );
        serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{arguments:?} prints JSON: {error}"))
    }

    fn tickets(&self) -> Vec<serde_json::Value> {
        if !self.path("data/guichet.db").exists() {
            return Vec::new();
        }
        match self.json(&["ticket", "list", "--json"]) {
            serde_json::Value::Array(tickets) => tickets,
            other => panic!("expected a list, got {other}"),
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn account(name: &str, port: u16, ca: &Path) -> String {
    format!(
        r#"
[[accounts]]
name = "{name}"
team = "dsi"
imap = {{ host = "127.0.0.1", port = {port}, tls = "implicit", user = "{name}", password_file = "password", ca_file = "{}" }}
folder = "INBOX"
after = {{ move_to = "Traités" }}
"#,
        ca.display()
    )
}

/// A mail of its own sender and subject, with a file whose bytes follow from its number.
fn request(number: usize) -> Vec<u8> {
    let file = data_encoding::BASE64.encode(&file_bytes(number));
    format!(
        "From: Personne {number} <personne{number}@example.org>\r\nTo: support@example.org\r\n\
         Subject: Demande {number}\r\nMessage-ID: <demande-{number}@poste.example.org>\r\n\
         Date: Mon, 23 Nov 2026 10:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"limite\"\r\n\r\n\
         --limite\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         Bonjour, voici la demande {number} : le poste ne démarre plus.\r\n\
         --limite\r\nContent-Type: application/octet-stream; name=\"journal-{number}.bin\"\r\n\
         Content-Disposition: attachment; filename=\"journal-{number}.bin\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{file}\r\n--limite--\r\n"
    )
    .into_bytes()
}

fn file_bytes(number: usize) -> Vec<u8> {
    (0..500 + number % 97)
        .map(|at| ((at * 31 + number * 7) % 256) as u8)
        .collect()
}

async fn until<T>(what: &str, daemon: &Daemon, mut check: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(
            started.elapsed() < PATIENCE,
            "{what} does not happen within {} s:\n{}",
            PATIENCE.as_secs(),
            daemon.log()
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// How many copies each recipient got of an acknowledgement.
fn acknowledgements(received: &[Received]) -> BTreeMap<String, BTreeSet<Vec<u8>>> {
    let mut found: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
    for mail in received {
        for to in &mail.to {
            found
                .entry(to.clone())
                .or_default()
                .insert(mail.bytes.clone());
        }
    }
    found
}

/// The contract, counted: `count` tickets with distinct references, each requester told, and told
/// the same bytes however often.
fn check_requests(daemon: &Daemon, received: &[Received], count: usize) {
    let tickets = daemon.tickets();
    assert_eq!(tickets.len(), count, "tickets");
    let references: BTreeSet<String> = tickets
        .iter()
        .map(|ticket| {
            ticket["reference"]
                .as_str()
                .expect("a reference")
                .to_owned()
        })
        .collect();
    assert_eq!(references.len(), count, "distinct references");
    let requesters: BTreeSet<String> = tickets
        .iter()
        .map(|ticket| {
            ticket["requester"]["address"]
                .as_str()
                .expect("an address")
                .to_owned()
        })
        .collect();
    assert_eq!(requesters.len(), count, "one ticket a person");
    let acknowledged = acknowledgements(received);
    for requester in &requesters {
        let copies = acknowledged
            .get(requester)
            .unwrap_or_else(|| panic!("{requester} was not told"));
        assert_eq!(copies.len(), 1, "{requester} was told different things");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn four_hundred_mails_are_four_hundred_tickets_each_acknowledged_once() {
    let dovecot = Dovecot::start();
    let settings = dovecot.user("support");
    let ca = settings.ca_file.clone().expect("a CA file");
    let sink = Sink::start().await;
    // A second account whose server is not there: it must not stop the first.
    let accounts = account("support", settings.port, &ca)
        + &account("absente", support::dovecot::free_port(), &ca);
    let mut daemon = Daemon::configure(&accounts, sink.port(), "");

    for number in 0..200 {
        dovecot.deliver("support", &request(number));
    }
    daemon.start();
    for number in 200..400 {
        dovecot.deliver("support", &request(number));
    }
    until("400 acknowledgements", &daemon, || {
        (sink.received().len() >= 400).then_some(())
    })
    .await;
    // Nothing more comes.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let received = sink.received();
    assert_eq!(received.len(), 400, "exactly one acknowledgement each");
    check_requests(&daemon, &received, 400);
    until("every mail to be moved", &daemon, || {
        (dovecot.count("support", ".Trait&AOk-s") == 400).then_some(())
    })
    .await;
    assert_eq!(dovecot.count("support", ""), 0, "the inbox is empty");
    assert!(
        daemon.log().contains("absente"),
        "the account that is down is in the log"
    );

    // Attachments are what was sent, byte for byte.
    let ticket = daemon.json(&["ticket", "show", "1", "--json"]);
    let number: usize = ticket["subject"]
        .as_str()
        .and_then(|subject| subject.strip_prefix("Demande "))
        .and_then(|number| number.parse().ok())
        .expect("a subject of ours");
    let text = ticket.to_string();
    assert!(text.contains(&format!("journal-{number}.bin")), "{text}");
    let raw = mail::read(&request(number));
    let digest = mail::Digest::of(&file_bytes(number));
    assert_eq!(
        raw.attachments.first().map(|file| file.sha256),
        Some(digest)
    );
    daemon.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_of_a_drain_nothing_is_lost_or_doubled() {
    const MAILS: usize = 500;
    const KILLS: usize = 6;
    let dovecot = Dovecot::start();
    let settings = dovecot.user("support");
    let ca = settings.ca_file.clone().expect("a CA file");
    let sink = Sink::start().await;
    let mut daemon = Daemon::configure(&account("support", settings.port, &ca), sink.port(), "");
    // A portion before each start and one after the last kill: however fast the machine, there is
    // work to be interrupted.
    let portion = MAILS / (KILLS + 1);
    let deliver = |mails: std::ops::Range<usize>| {
        for number in mails {
            dovecot.deliver("support", &request(number));
        }
    };
    for kill in 0..KILLS {
        let before = sink.received().len();
        deliver(kill * portion..(kill + 1) * portion);
        daemon.start();
        // Some kills come while mails are fetched, some while acknowledgements leave.
        if kill % 2 == 0 {
            tokio::time::sleep(Duration::from_millis(120 + 40 * kill as u64)).await;
        } else {
            until("an acknowledgement to leave", &daemon, || {
                (sink.received().len() > before).then_some(())
            })
            .await;
        }
        daemon.kill();
    }
    deliver(KILLS * portion..MAILS);
    daemon.start();
    let reached = || acknowledgements(&sink.received()).len();
    until("every requester to be told", &daemon, || {
        (reached() >= MAILS).then_some(())
    })
    .await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    let received = sink.received();
    check_requests(&daemon, &received, MAILS);
    // At most the mails in hand at each kill may have left twice.
    let copies = received.len() - MAILS;
    assert!(
        copies <= KILLS * 16,
        "{copies} copies more than mails, after {KILLS} kills"
    );
    daemon.stop();
}

/// A plain reply to a notification, as a mail client writes it.
fn reply(from: &str, to: &mail::Mail, text: &str) -> Vec<u8> {
    let id = to.message_id.clone().expect("ours have one");
    let subject = to.subject.clone().unwrap_or_default();
    let encoded = data_encoding::BASE64.encode(format!("Re: {subject}").as_bytes());
    let quoted: String = to
        .text
        .lines()
        .map(|line| format!("> {line}\r\n"))
        .collect();
    format!(
        "From: {from}\r\nTo: support@example.org\r\nSubject: =?utf-8?B?{encoded}?=\r\n\
         Message-ID: <{}@poste.example.org>\r\nIn-Reply-To: <{id}>\r\nReferences: <{id}>\r\n\
         Date: Mon, 23 Nov 2026 11:00:00 +0100\r\nMIME-Version: 1.0\r\n\
         Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n\
         {text}\r\n\r\nLe lun. 23 nov. 2026 à 10:30, DSI – Support <support@example.org> a écrit :\r\n{quoted}",
        mail::Digest::of(text.as_bytes())
    )
    .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_from_the_request_to_the_closure() {
    let dovecot = Dovecot::start();
    let settings = dovecot.user("support");
    let ca = settings.ca_file.clone().expect("a CA file");
    let sink = Sink::start().await;
    let mut daemon = Daemon::configure(&account("support", settings.port, &ca), sink.port(), "")
        .with_technician();
    daemon.start();
    let mut seen = 0;
    let marie = "personne7@example.org";
    let camille = "camille.martin@example.org";

    dovecot.deliver("support", &request(7));
    let first = next(&sink, &daemon, &mut seen, 2).await;
    let ack = to(&first, marie);
    let told = to(&first, camille);
    assert!(
        ack.subject
            .as_deref()
            .unwrap_or_default()
            .contains("[DSI-1]"),
        "{:?}",
        ack.subject
    );
    assert!(ack.text.contains("journal-7.bin"), "{}", ack.text);
    assert!(told.text.contains("voici la demande 7"), "{}", told.text);
    assert_eq!(
        told.attachments.first().map(|file| file.sha256),
        Some(mail::Digest::of(&file_bytes(7))),
        "the technician gets the file"
    );

    // The page opens from the link, without login, and shows the request and its file.
    let link = ack
        .text
        .split_whitespace()
        .find(|word| word.starts_with(&format!("http://127.0.0.1:{}/t/", daemon.web)))
        .expect("a link")
        .to_owned();
    let page = get(&link);
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    assert!(page.contains("voici la demande 7"), "{page}");
    assert!(
        page.contains("content-security-policy: default-src 'none'"),
        "{page}"
    );
    let path = page
        .split("href=\"")
        .find(|part| part.contains("journal-7.bin"))
        .and_then(|part| part.split('"').next())
        .expect("a download");
    let download = get(&format!("http://127.0.0.1:{}{path}", daemon.web));
    assert!(
        download.contains("content-disposition: attachment"),
        "{download}"
    );
    assert!(download.contains("application/octet-stream"), "{download}");
    let wrong = get(&format!("{link}x"));
    assert!(wrong.starts_with("HTTP/1.1 404"), "{wrong}");

    let camille_from = format!("Camille Martin <{camille}>");
    dovecot.deliver("support", &reply(&camille_from, &told, "#prendre"));
    let taken = next(&sink, &daemon, &mut seen, 2).await;
    assert!(to(&taken, marie).text.contains("Camille Martin"));
    assert!(
        !to(&taken, marie).text.contains(camille),
        "never a technician's address"
    );

    dovecot.deliver(
        "support",
        &reply(
            &camille_from,
            &told,
            "Le voyant est-il allumé ?\r\n\r\n#attente",
        ),
    );
    let question = next(&sink, &daemon, &mut seen, 2).await;
    let question = to(&question, marie);
    assert!(
        question.text.contains("Le voyant est-il allumé ?"),
        "{}",
        question.text
    );
    assert!(get(&link).contains("En attente de votre réponse"));

    dovecot.deliver(
        "support",
        &reply(&format!("Marie <{marie}>"), &question, "Oui, en orange."),
    );
    let answer = next(&sink, &daemon, &mut seen, 1).await;
    let answer = to(&answer, camille);
    assert!(answer.text.contains("Oui, en orange."), "{}", answer.text);

    dovecot.deliver(
        "support",
        &reply(&camille_from, &answer, "C'est rétabli.\r\n\r\n#resolu"),
    );
    let resolved = next(&sink, &daemon, &mut seen, 2).await;
    let resolved = to(&resolved, marie);
    assert!(
        resolved.text.contains("C'est rétabli."),
        "{}",
        resolved.text
    );
    dovecot.deliver(
        "support",
        &reply(
            &format!("Marie <{marie}>"),
            &resolved,
            "Merci beaucoup, parfait !",
        ),
    );
    // Thanks reopen nothing: two seconds later it is closed by itself, and that is told.
    let closed = next(&sink, &daemon, &mut seen, 1).await;
    assert!(!to(&closed, marie).text.is_empty());
    let tickets = daemon.tickets();
    assert_eq!(tickets.len(), 1);
    assert_eq!(tickets[0]["status"], "closed");
    assert_eq!(tickets[0]["technician"], "Camille Martin");
    daemon.stop();
}

/// Waits for `count` more mails and gives them, read.
async fn next(
    sink: &Sink,
    daemon: &Daemon,
    seen: &mut usize,
    count: usize,
) -> Vec<(Vec<String>, mail::Mail)> {
    let wanted = *seen + count;
    let received = until(&format!("{count} more mails"), daemon, || {
        let received = sink.received();
        (received.len() >= wanted).then_some(received)
    })
    .await;
    let mails = received[*seen..]
        .iter()
        .map(|mail| (mail.to.clone(), mail::read(&mail.bytes)))
        .collect();
    *seen = received.len();
    mails
}

fn to(mails: &[(Vec<String>, mail::Mail)], address: &str) -> mail::Mail {
    mails
        .iter()
        .find(|(to, _)| to.iter().any(|to| to == address))
        .map(|(_, mail)| mail.clone())
        .unwrap_or_else(|| {
            panic!(
                "no mail to {address} among {:?}",
                mails.iter().map(|(to, _)| to).collect::<Vec<_>>()
            )
        })
}

/// A plain HTTP/1.1 GET; status line, headers (lower case) and body.
fn get(url: &str) -> String {
    use std::io::{Read, Write};
    let rest = url.strip_prefix("http://").expect("http");
    let (host, path) = rest.split_once('/').expect("a path");
    let mut stream = std::net::TcpStream::connect(host).expect("the page listens");
    write!(
        stream,
        "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    )
    .expect("written");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The directory is made every night by somebody else, who does not know of the desk.
#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_changes_is_read_again_and_a_broken_one_changes_nothing() {
    let dovecot = Dovecot::start();
    let settings = dovecot.user("support");
    let ca = settings.ca_file.clone().expect("a CA file");
    let sink = Sink::start().await;
    let extra = "directory = \"annuaire.csv\"";
    let mut daemon = Daemon::configure(&account("support", settings.port, &ca), sink.port(), extra)
        .with_technician();
    let path = daemon.path("annuaire.csv");
    let text = "mail;nom;téléphone\npersonne7@example.org;Marie Durand;02 31 00 00 07\n";
    std::fs::write(&path, text).expect("writable");
    daemon.start();
    let mut seen = 0;
    let camille = "camille.martin@example.org";
    dovecot.deliver("support", &request(7));
    let first = next(&sink, &daemon, &mut seen, 2).await;
    assert!(to(&first, camille).text.contains("02 31 00 00 07"));

    std::fs::write(&path, "this;is;no\ndirectory\n").expect("writable");
    let said = || daemon.log().contains("The directory stays as it was");
    until("the broken file to be refused", &daemon, || {
        said().then_some(())
    })
    .await;
    let text = "mail;nom;téléphone\npersonne7@example.org;Marie Durand;02 31 99 99 99\n";
    std::fs::write(&path, text).expect("writable");
    let read = || daemon.log().contains("The directory changed: read again");
    until("the new file to be read", &daemon, || read().then_some(())).await;
    let id = to(&first, "personne7@example.org");
    dovecot.deliver(
        "support",
        &reply(
            "personne7@example.org",
            &id,
            "Toujours rien, merci de rappeler.",
        ),
    );
    let second = next(&sink, &daemon, &mut seen, 1).await;
    let told = &to(&second, camille).text;
    assert!(told.contains("02 31 99 99 99"), "{told}");
    daemon.stop();
}
