//! The program as operators and mail servers meet it: the real binary, its exit codes, what it
//! prints, and the daemon from its start to its stop.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Whatever the desk does at once is done within this, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const CONFIG: &str = r#"
base_url = "http://127.0.0.1:8080"
max_message = "1MB"
timezone = "Europe/Paris"
[web]
listen = "127.0.0.1:0"
[limits]
sender_per_hour = 0
sender_per_day = 0
[smtp]
maildir = "out"
[[accounts]]
name = "support"
team = "dsi"
pipe = true
[[teams]]
hours = "always"
id = "dsi"
name = "DSI"
from = "support@example.org"
[[addresses]]
pattern = "support@example.org"
team = "dsi"
[[technicians]]
name = "Camille Martin"
address = "camille.martin@example.org"
teams = ["dsi"]
"#;

const MAIL: &str = "From: Marie Durand <marie.durand@example.org>\r\n\
    To: support@example.org\r\nSubject: Imprimante en panne\r\n\
    Message-ID: <1@poste.example.org>\r\nDate: Mon, 23 Nov 2026 09:00:00 +0100\r\n\
    Content-Type: text/plain; charset=utf-8\r\n\r\nBonjour,\r\n\r\nElle n'imprime plus.\r\n";

/// A desk in a folder of its own.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(config: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join("config.toml"), config).expect("written");
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_guichet"));
        command
            .args(arguments)
            .env_clear()
            .env("GUICHET_CONFIG", self.path("config.toml"))
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.fed(arguments, b"")
    }

    fn fed(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("it starts");
        // A program that refuses early does not read to the end.
        let _ = child.stdin.take().expect("piped").write_all(input);
        child.wait_with_output().expect("it ends")
    }

    /// What a command prints as JSON; it must succeed.
    fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(0),
            "{arguments:?}: {}",
            text(&output)
        );
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    fn start(&self) -> Daemon {
        let notified = UnixDatagram::bind(self.path("notify")).expect("a socket");
        // Read all the time, as systemd does: its queue is short.
        let (say, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(count) = notified.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]).into_owned();
                if say.send(text).is_err() {
                    return;
                }
            }
        });
        let log = fs::File::create(self.path("log")).expect("a file");
        let child = self
            .command(&["run"])
            .env("NOTIFY_SOCKET", self.path("notify"))
            .env("WATCHDOG_USEC", "400000")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .expect("it starts");
        let daemon = Daemon { child, told };
        daemon.told("READY=1");
        // The socket of `deliver` opens beside the other accounts.
        until("the socket is there", || {
            self.path("data/deliver.sock").exists()
        });
        daemon
    }

    fn log(&self) -> String {
        fs::read_to_string(self.path("log")).expect("a log")
    }
}

/// A running `guichet run`.
struct Daemon {
    child: Child,
    told: std::sync::mpsc::Receiver<String>,
}

impl Daemon {
    fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([format!("-{name}"), self.child.id().to_string()])
            .status()
            .expect("kill is there");
        assert!(status.success());
    }

    /// Waits until systemd is told so.
    fn told(&self, wanted: &str) {
        let started = Instant::now();
        while started.elapsed() < PATIENCE {
            let told = self.told.recv_timeout(PATIENCE).expect("systemd is told");
            if told.lines().any(|line| line == wanted) {
                return;
            }
        }
        panic!("systemd was never told {wanted}");
    }

    /// Asks it to stop; the exit code and how long that took.
    fn stop(mut self) -> (Option<i32>, Duration) {
        let started = Instant::now();
        self.signal("TERM");
        let status = self.child.wait().expect("it ends");
        (status.code(), started.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, mut done: impl FnMut() -> bool) {
    let started = Instant::now();
    while !done() {
        assert!(started.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let object = value.as_object().expect("an object");
    object.keys().map(String::as_str).collect()
}

const TICKET_KEYS: [&str; 10] = [
    "reference",
    "subject",
    "status",
    "urgency",
    "priority",
    "team",
    "technician",
    "requester",
    "created_at",
    "updated_at",
];

#[test]
fn a_mail_through_the_pipe_becomes_a_ticket_that_the_operator_closes() {
    let desk = Desk::new(CONFIG);
    let daemon = desk.start();

    let deliver = [
        "deliver",
        "--account",
        "support",
        "--recipient",
        "support@example.org",
        "--sender",
        "marie.durand@example.org",
    ];
    let output = desk.fed(&deliver, MAIL.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    until("there is a ticket", || {
        desk.json(&["ticket", "list", "--json"]) != Value::Array(Vec::new())
    });

    let list = desk.json(&["ticket", "list", "--json"]);
    let ticket = &list[0];
    assert_eq!(keys(ticket), BTreeSet::from(TICKET_KEYS));
    assert_eq!(ticket["reference"], "DSI-1");
    assert_eq!(ticket["subject"], "Imprimante en panne");
    assert_eq!(ticket["status"], "open");
    assert_eq!(ticket["technician"], Value::Null);
    assert_eq!(
        ticket["requester"],
        serde_json::json!({ "name": "Marie Durand", "address": "marie.durand@example.org" })
    );
    let created = ticket["created_at"].as_str().expect("a time");
    let created = chrono::DateTime::parse_from_rfc3339(created).expect("RFC 3339");
    assert!(
        [3600, 7200].contains(&created.offset().local_minus_utc()),
        "{created}"
    );

    // The reference is found whatever stands around the number.
    for reference in ["1", "[DSI-1]", "dsi-1", "OLD-1"] {
        let shown = desk.json(&["ticket", "show", reference, "--json"]);
        assert_eq!(shown["reference"], "DSI-1", "{reference}");
    }
    let found = desk.json(&["ticket", "search", "--json", "imprim"]);
    assert_eq!(found.as_array().map(Vec::len), Some(1));

    let output = desk.fed(
        &["ticket", "note", "DSI-1", "-"],
        "Cartouche commandée.\n".as_bytes(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = desk.run(&["ticket", "assign", "DSI-1", "camille martin"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let output = desk.run(&["ticket", "resolve", "DSI-1", "-m", "C'est réparé."]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));

    let shown = desk.json(&["ticket", "show", "DSI-1", "--json"]);
    let mut wanted = BTreeSet::from(TICKET_KEYS);
    wanted.extend([
        "why",
        "linked",
        "events",
        "people",
        "category",
        "nature",
        "urgency_claims",
    ]);
    wanted.extend([
        "status_since",
        "waits_for",
        "due_at",
        "accepted",
        "rating",
        "thanks",
    ]);
    wanted.extend(["refusals", "complements", "reopened"]);
    assert_eq!(keys(&shown), wanted);
    assert_eq!(shown["status"], "resolved");
    assert_eq!(shown["technician"], "Camille Martin");
    assert!(
        shown["why"]
            .as_str()
            .is_some_and(|why| why.contains("support@example.org"))
    );
    let events = shown["events"].as_array().expect("events");
    for event in events {
        let wanted = ["at", "kind", "actor", "public", "text", "attachments"];
        assert_eq!(keys(event), BTreeSet::from(wanted));
        assert_eq!(
            keys(&event["actor"]),
            BTreeSet::from(["role", "name", "address"])
        );
    }
    let note = events
        .iter()
        .find(|event| event["kind"] == "note")
        .expect("the note");
    assert_eq!(note["text"], "Cartouche commandée.");
    assert_eq!(note["public"], false);
    assert_eq!(note["actor"]["role"], "operator");
    let kinds: BTreeSet<&str> = events
        .iter()
        .filter_map(|event| event["kind"].as_str())
        .collect();
    for kind in ["mail", "note", "status", "assigned", "notification"] {
        assert!(kinds.contains(kind), "{kind} in {kinds:?}");
    }

    // What the commands decided is sent by the daemon, which was not told.
    until("everything is sent", || {
        let rows = desk.json(&["outbox", "list", "--json"]);
        let rows = rows.as_array().expect("rows");
        let resolved = rows.iter().any(|row| row["kind"] == "resolved");
        resolved && rows.iter().all(|row| row["state"] == "sent")
    });
    let inbox = desk.json(&["inbox", "list", "--state", "filed", "--json"]);
    assert_eq!(inbox[0]["subject"], "Imprimante en panne");
    assert_eq!(inbox[0]["sender"], "marie.durand@example.org");
    assert_eq!(inbox[0]["ticket"], "DSI-1");
    assert_eq!(
        desk.json(&["inbox", "list", "--json"]),
        Value::Array(Vec::new())
    );
    let raw = desk.run(&["inbox", "show", "1", "--raw"]);
    assert_eq!(raw.stdout, MAIL.as_bytes(), "the raw message is the record");

    // Twice the same is not possible, and says so.
    let output = desk.run(&["ticket", "resolve", "DSI-1"]);
    assert_eq!(output.status.code(), Some(1), "{}", text(&output));

    let (code, took) = daemon.stop();
    assert_eq!(code, Some(0), "{}", desk.log());
    assert!(took < Duration::from_secs(10), "it took {took:?} to stop");
    assert!(
        !desk.log().contains("Imprimante"),
        "no subjects in the log: {}",
        desk.log()
    );
}

/// A desk that runs, with one ticket in it.
fn with_a_ticket() -> (Desk, Daemon) {
    let desk = Desk::new(CONFIG);
    let daemon = desk.start();
    let deliver = ["deliver", "--account", "support"];
    let output = desk.fed(&deliver, MAIL.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    until("there is a ticket", || {
        desk.json(&["ticket", "list", "--json"]) != Value::Array(Vec::new())
    });
    (desk, daemon)
}

#[test]
fn the_operator_does_what_a_button_does() {
    let (desk, daemon) = with_a_ticket();
    let act = |arguments: &[&str]| {
        let mut all = vec!["ticket"];
        all.extend(arguments);
        all.push("--json");
        desk.json(&all)
    };
    let waiting = act(&["wait", "DSI-1", "--for", "third-party"]);
    assert_eq!(waiting["status"], "waiting");
    assert_eq!(waiting["waits_for"], "third-party");
    let waiting = act(&["wait", "DSI-1"]);
    assert_eq!(waiting["waits_for"], "requester");
    let paused = act(&["pause", "DSI-1", "--until", "2d"]);
    assert_eq!(paused["status"], "paused");
    assert!(paused["due_at"].is_string(), "{paused}");
    for wrong in ["someday", "2020-01-01"] {
        let output = desk.run(&["ticket", "pause", "DSI-1", "--until", wrong]);
        assert_eq!(output.status.code(), Some(64), "{wrong}: {}", text(&output));
    }
    let output = desk.run(&["ticket", "accept", "DSI-1"]);
    assert_eq!(output.status.code(), Some(1), "there is no solution yet");

    // What the requester said by phone is an operator's to pass on.
    act(&["resolve", "DSI-1", "-m", "C'est réparé."]);
    let refused = act(&["refuse", "DSI-1", "-m", "Elle clignote encore."]);
    assert_eq!(refused["status"], "open");
    assert_eq!(refused["refusals"], 1);
    let events = refused["events"].as_array().expect("events");
    let said = |kind: &str| {
        let mut of_kind = events.iter().filter(|event| event["kind"] == kind);
        of_kind.any(|event| {
            let text = event["text"].as_str().unwrap_or_default();
            text.contains("Elle clignote encore.")
        })
    };
    assert!(said("verdict"), "{events:?}");
    assert!(!said("mail"), "it is no word of the desk's: {events:?}");
    act(&["resolve", "DSI-1", "-m", "Cette fois, oui."]);
    let by = ["--by", "Camille Martin"];
    let rated = act(&[
        &["rate", "DSI-1", "--time", "4", "--answers", "5"][..],
        &by[..],
    ]
    .concat());
    assert_eq!(rated["rating"]["speed"], 4);
    assert_eq!(rated["rating"]["answers"], 5);
    let output = desk.run(&["ticket", "rate", "DSI-1", "--time", "6", "--answers", "5"]);
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    let accepted = act(&["accept", "DSI-1"]);
    assert_eq!(accepted["status"], "closed");
    assert_eq!(accepted["accepted"], true);
    let (code, _) = daemon.stop();
    assert_eq!(code, Some(0), "{}", desk.log());
}

#[test]
fn the_links_of_one_person_are_ended() {
    let (desk, daemon) = with_a_ticket();
    let marie = "marie.durand@example.org";
    let ended = desk.json(&["links", "revoke", marie, "--json"]);
    assert_eq!(ended, serde_json::json!({"requests": 1, "lists": 0}));
    let one = ["links", "revoke", marie, "--ticket", "DSI-1"];
    let output = desk.run(&one);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let nobody = desk.run(&["links", "revoke", "personne@example.org"]);
    assert_eq!(nobody.status.code(), Some(1), "{}", text(&nobody));
    let wrong = desk.run(&["links", "revoke", "marie"]);
    assert_eq!(wrong.status.code(), Some(64), "{}", text(&wrong));
    let (code, _) = daemon.stop();
    assert_eq!(code, Some(0), "{}", desk.log());
}

#[test]
fn a_mail_that_cannot_be_taken_now_stays_with_the_mail_server() {
    let desk = Desk::new(CONFIG);
    let deliver = ["deliver", "--account", "support"];
    let output = desk.fed(&deliver, MAIL.as_bytes());
    assert_eq!(
        output.status.code(),
        Some(75),
        "no daemon: {}",
        text(&output)
    );

    let daemon = desk.start();
    let output = desk.fed(&["deliver", "--account", "nobody"], MAIL.as_bytes());
    assert_eq!(output.status.code(), Some(75), "{}", text(&output));
    let large = vec![b'x'; (1 << 20) + 1];
    let output = desk.fed(&deliver, &large);
    assert_eq!(
        output.status.code(),
        Some(1),
        "too large: {}",
        text(&output)
    );
    // Killed without a word: the socket is still there and nobody listens.
    daemon.signal("KILL");
    drop(daemon);
    assert!(desk.path("data/deliver.sock").exists());
    let output = desk.fed(&deliver, MAIL.as_bytes());
    assert_eq!(output.status.code(), Some(75), "{}", text(&output));

    // The next daemon takes over the socket, and the mail server tries again.
    fs::remove_file(desk.path("notify")).expect("removed");
    let _daemon = desk.start();
    until("the mail is taken", || {
        desk.fed(&deliver, MAIL.as_bytes()).status.code() == Some(0)
    });
}

#[test]
fn systemd_is_told_how_it_goes_and_a_bad_reload_changes_nothing() {
    let desk = Desk::new(CONFIG);
    let daemon = desk.start();
    daemon.told("WATCHDOG=1");

    let bad = CONFIG.replace("team = \"dsi\"\npipe", "team = \"dsj\"\npipe");
    fs::write(desk.path("config.toml"), bad).expect("written");
    daemon.signal("HUP");
    daemon.told("RELOADING=1");
    daemon.told("READY=1");
    let log = desk.log();
    assert!(
        log.contains("config.toml:14: accounts[0].team: no team") && log.contains("dsj"),
        "{log}"
    );
    let good = CONFIG.replace("name = \"support\"", "name = \"aide\"");
    fs::write(desk.path("config.toml"), good).expect("written");
    let old = desk.fed(&["deliver", "--account", "support"], MAIL.as_bytes());
    assert_eq!(
        old.status.code(),
        Some(0),
        "the old one is in force: {}",
        text(&old)
    );

    daemon.signal("HUP");
    daemon.told("RELOADING=1");
    daemon.told("READY=1");
    until("the new account is in force", || {
        let new = desk.fed(&["deliver", "--account", "aide"], MAIL.as_bytes());
        new.status.code() == Some(0)
    });
    daemon.signal("TERM");
    daemon.told("STOPPING=1");
}

#[test]
fn two_daemons_do_not_share_a_desk() {
    let desk = Desk::new(CONFIG);
    let _daemon = desk.start();
    let output = desk.run(&["run"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output).contains("another guichet is running"),
        "{}",
        text(&output)
    );
    // The first one still takes mail: the second did not take its socket away.
    let output = desk.fed(&["deliver", "--account", "support"], MAIL.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
}

#[test]
fn exit_codes_tell_what_is_wrong() {
    let desk = Desk::new(CONFIG);
    assert_eq!(desk.run(&["--no-such-option"]).status.code(), Some(2));
    assert_eq!(
        desk.run(&["explain", "-", "--account", "x"]).status.code(),
        Some(64)
    );
    assert_eq!(
        desk.run(&["ticket", "list"]).status.code(),
        Some(1),
        "no database yet"
    );
    assert_eq!(desk.run(&["check", "--offline"]).status.code(), Some(0));
    // It looks, and makes nothing: not even the folders that mail comes to and goes from.
    let output = desk.run(&["check"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for folder in ["in", "out", "data"] {
        assert!(!desk.path(folder).exists(), "{folder}: {}", text(&output));
    }

    let desk = Desk::new(
        &CONFIG
            .replace("prefix", "prefx")
            .replace("maildir = \"out\"", "maildr = \"out\""),
    );
    for arguments in [&["check"][..], &["run"], &["ticket", "list"]] {
        let output = desk.run(arguments);
        assert_eq!(output.status.code(), Some(78), "{}", text(&output));
        assert!(
            text(&output).contains("smtp.maildr: unknown key (did you mean \"maildir\"?)"),
            "{}",
            text(&output)
        );
    }
    let output = desk.run(&["check", "--json"]);
    let findings: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(findings[0]["ok"], false);
    assert_eq!(
        keys(&findings[0]),
        BTreeSet::from(["name", "ok", "detail", "remedy"])
    );
}

#[test]
fn explain_decides_and_writes_nothing() {
    let desk = Desk::new(CONFIG);
    let urgent = MAIL.replace("Imprimante en panne", "[URGENT] Imprimante en panne");
    let output = desk.fed(&["explain", "-", "--json"], urgent.as_bytes());
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    let explained: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(explained["disposition"], "ticket");
    assert_eq!(explained["ticket"], "DSI-1");
    assert_eq!(explained["new"], true);
    let kinds: Vec<&str> = explained["notices"]
        .as_array()
        .expect("notices")
        .iter()
        .filter_map(|notice| notice["kind"].as_str())
        .collect();
    assert!(
        kinds.contains(&"acknowledgement") && kinds.contains(&"team-new"),
        "{kinds:?}"
    );
    let left: Vec<_> = fs::read_dir(desk.folder.path())
        .expect("the folder")
        .map(|entry| entry.expect("an entry").file_name())
        .collect();
    assert_eq!(left, ["config.toml"], "nothing was written");
}

#[test]
fn secrets_are_printed_nowhere() {
    let canary = "correct-horse-canary";
    let imap = CONFIG.replace(
        "pipe = true",
        "imap = { host = \"127.0.0.1\", port = 1, user = \"support\", password_file = \"password\" }",
    );
    let desk = Desk::new(&imap);
    fs::write(desk.path("password"), format!("{canary}\n")).expect("written");
    fs::set_permissions(desk.path("password"), fs::Permissions::from_mode(0o600)).expect("mode");
    let mut said = String::new();
    for arguments in [
        &["check"][..],
        &["check", "--json"],
        &["--log", "trace", "check"],
        &["ticket", "list"],
    ] {
        said.push_str(&text(&desk.run(arguments)));
    }
    assert!(said.contains("account support"), "{said}");
    let daemon = desk.start();
    until("the account is tried", || {
        desk.log().contains("\"support\"")
    });
    let id = daemon.child.id();
    for file in ["environ", "cmdline"] {
        let mut bytes = Vec::new();
        fs::File::open(format!("/proc/{id}/{file}"))
            .and_then(|mut file| file.read_to_end(&mut bytes))
            .expect("readable");
        said.push_str(&String::from_utf8_lossy(&bytes));
    }
    drop(daemon);
    said.push_str(&desk.log());
    assert!(!said.contains(canary), "{said}");

    // Readable by others: said. Writable by others: the desk does not even start.
    fs::set_permissions(desk.path("password"), fs::Permissions::from_mode(0o644)).expect("mode");
    let output = desk.run(&["check", "--offline"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output).contains("chmod 600"), "{}", text(&output));
    fs::set_permissions(desk.path("password"), fs::Permissions::from_mode(0o666)).expect("mode");
    let output = desk.run(&["run"]);
    assert_eq!(output.status.code(), Some(78));
    assert!(text(&output).contains("chmod 600"), "{}", text(&output));
    // Looking at tickets needs no secret.
    assert_eq!(desk.run(&["ticket", "list"]).status.code(), Some(0));
}

#[test]
fn manual_pages_and_completions_know_every_command() {
    let desk = Desk::new(CONFIG);
    let output = desk.run(&["man", "man1"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));
    for page in [
        "guichet.1",
        "guichet-run.1",
        "guichet-ticket-show.1",
        "guichet-deliver.1",
    ] {
        assert!(desk.path("man1").join(page).exists(), "{page}");
    }
    let output = desk.run(&["completions", "bash"]);
    assert!(text(&output).contains("deliver"), "{}", text(&output));
}

#[test]
fn the_systemd_unit_gives_up_nearly_everything() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/guichet.service");
    let output = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--threshold=15"])
        .arg(unit)
        .output()
        .expect("systemd-analyze is installed (tests/run installs it)");
    assert!(output.status.success(), "{}", text(&output));
    assert!(
        text(&output).contains("Overall exposure level"),
        "{}",
        text(&output)
    );
}
