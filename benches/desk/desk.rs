//! The program under the bench as its own process, and what the system says about it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::servers::SIMPLE_PASSWORD;
use crate::support::dovecot::{Dovecot, free_port};

/// Nothing here takes longer, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(1200);

/// Where the page listens, in the URL of the configuration.
pub const BASE_URL: &str = "https://guichet.univ-exemple.fr";

/// How the desk reaches its servers.
pub struct Setup<'a> {
    pub dovecot: &'a Dovecot,
    /// A mailbox each; the first is `support`.
    pub users: &'a [String],
    pub imap_port: u16,
    pub tls: bool,
    pub smtp_port: u16,
}

/// Writes a configuration into `folder`; the data live beside it. Returns its path and the port of
/// the page.
pub fn configure(folder: &Path, setup: &Setup<'_>) -> (PathBuf, u16) {
    fs::write(folder.join("imap-password"), SIMPLE_PASSWORD).expect("writable");
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.join("imap-password"), permissions).expect("ours");
    let (tls, ca) = if setup.tls {
        let ca = setup.dovecot.path("cert.pem");
        ("implicit", format!(", ca_file = \"{}\"", ca.display()))
    } else {
        ("none", String::new())
    };
    let web = free_port();
    let mut text = format!(
        r#"language = "fr"
timezone = "Europe/Paris"
base_url = "{BASE_URL}"
data_dir = "data"
key_file = "secret.key"
internal_domains = ["univ-exemple.fr", "etu.univ-exemple.fr"]
operations = "exploitation@univ-exemple.fr"
min_free = "1MB"

[authentication]
mode = "none"

[web]
listen = "127.0.0.1:{web}"

[limits]
sender_per_hour = 0
sender_per_day = 0
domain_per_hour = 0
total_per_hour = 0
technician_per_hour = 0

[smtp]
host = "127.0.0.1"
port = {smtp}
tls = "none"

[[teams]]
id = "dsi"
name = "DSI – Support"
from = "support@univ-exemple.fr"
prefix = "DSI"

[[addresses]]
pattern = "support@univ-exemple.fr"
team = "dsi"
"#,
        smtp = setup.smtp_port,
    );
    for (number, user) in setup.users.iter().enumerate() {
        let name = match number {
            0 => "support".to_owned(),
            number => format!("support-{number}"),
        };
        text.push_str(&format!(
            r#"
[[accounts]]
name = "{name}"
team = "dsi"
imap = {{ host = "localhost", port = {imap}, tls = "{tls}", user = "{user}", password_file = "imap-password"{ca} }}
after = {{ move_to = "Traités" }}
"#,
            imap = setup.imap_port,
        ));
    }
    let path = folder.join("config.toml");
    fs::write(&path, text).expect("writable");
    (path, web)
}

/// The running program.
pub struct Desk {
    child: Child,
    /// The program itself, when another runs it.
    pid: u32,
    data: PathBuf,
    log: PathBuf,
    pub started: Instant,
    /// The last number of the inbox before it started.
    before: i64,
}

impl Desk {
    /// Starts the program; `under` is a command to run it under, such as strace.
    pub fn start(config: &Path, under: &[&str]) -> Self {
        let program = env!("CARGO_BIN_EXE_guichet");
        let words: Vec<&str> = under.iter().copied().chain([program]).collect();
        let folder = config.parent().expect("in a folder");
        let data = folder.join("data");
        let before = open(&data).map_or(0, |database| last_mail(&database));
        let log = folder.join("guichet.log");
        let started = Instant::now();
        let child = Command::new(words[0])
            .args(&words[1..])
            .arg("--config")
            .arg(config)
            .arg("run")
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).expect("writable"))
            .spawn()
            .expect("the program starts");
        // Valgrind becomes what it runs, others start it.
        let pid = if matches!(under, [] | ["valgrind", ..]) {
            child.id()
        } else {
            only_child(child.id())
        };
        Self {
            child,
            pid,
            data,
            log,
            started,
            before,
        }
    }

    /// Waits until `count` more mails than at the start are settled, every notification is
    /// accepted, and the user's inbox is empty; returns when that was.
    pub fn wait_for(&mut self, dovecot: &Dovecot, user: &str, count: usize) -> Instant {
        let new = dovecot.maildir(user).join("new");
        let cur = dovecot.maildir(user).join("cur");
        let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut list| list.next().is_none());
        self.wait_until(|desk| {
            (is_empty(&new) && is_empty(&cur))
                .then(Instant::now)
                .filter(|_| desk.is_settled(count))
        })
    }

    /// Waits until every mail was taken in and moved, sent or not.
    pub fn wait_for_intake(&mut self, dovecot: &Dovecot, user: &str, count: usize) -> Instant {
        let new = dovecot.maildir(user).join("new");
        let cur = dovecot.maildir(user).join("cur");
        let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut list| list.next().is_none());
        self.wait_until(|desk| {
            (is_empty(&new) && is_empty(&cur))
                .then(Instant::now)
                .filter(|_| desk.is_taken_in(count))
        })
    }

    fn wait_until(&mut self, is_done: impl Fn(&Self) -> Option<Instant>) -> Instant {
        let begun = Instant::now();
        loop {
            if let Some(seen) = is_done(self) {
                return seen;
            }
            if begun.elapsed() > LIMIT || self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                panic!("the desk did not get through:\n{}", tail.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn is_taken_in(&self, count: usize) -> bool {
        let Some(database) = open(&self.data) else {
            return false;
        };
        let number =
            |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap_or(-1) };
        last_mail(&database) - self.before >= i64::try_from(count).unwrap_or(i64::MAX)
            && number("SELECT count(*) FROM inbox WHERE state = 'new'") == 0
            && number(&format!(
                "SELECT count(*) FROM ledger WHERE inbox > {} AND state <> 'filed'",
                self.before
            )) == 0
    }

    fn is_settled(&self, count: usize) -> bool {
        self.is_taken_in(count)
            && self.count(
                "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending', 'uncertain')",
            ) == 0
    }

    /// One number from the database.
    pub fn count(&self, sql: &str) -> i64 {
        open(&self.data)
            .expect("a database")
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    }

    /// The process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Seconds of CPU used so far, and resident MiB now and at most.
    pub fn usage(&self) -> (f64, f64, f64) {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let mib = |name: &str| {
            status
                .lines()
                .find_map(|line| line.strip_prefix(name))
                .and_then(|rest| rest.split_whitespace().next())
                .and_then(|number| number.parse::<f64>().ok())
                .unwrap_or(0.0)
                / 1024.0
        };
        (cpu_of(self.pid()), mib("VmRSS:"), mib("VmHWM:"))
    }

    /// Stops it and waits.
    pub fn stop(mut self) {
        let _ = Command::new("kill").arg(self.pid().to_string()).status();
        let _ = self.child.wait();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Changes the database of a desk that is not running.
pub fn change(folder: &Path, sql: &str) {
    let database = Connection::open(folder.join("data/guichet.db")).expect("a database");
    database.execute_batch(sql).expect("changed");
}

fn open(data: &Path) -> Option<Connection> {
    Connection::open_with_flags(
        data.join("guichet.db"),
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .ok()
}

fn last_mail(database: &Connection) -> i64 {
    let sql = "SELECT coalesce(max(id), 0) FROM inbox";
    database.query_row(sql, [], |row| row.get(0)).unwrap_or(0)
}

/// What `parent` has started, once it has.
fn only_child(parent: u32) -> u32 {
    let list = format!("/proc/{parent}/task/{parent}/children");
    let begun = Instant::now();
    loop {
        let children = fs::read_to_string(&list).unwrap_or_default();
        let mut children = children
            .split_whitespace()
            .filter_map(|pid| pid.parse().ok());
        let program = children.find(|pid: &u32| {
            fs::read_to_string(format!("/proc/{pid}/comm"))
                .is_ok_and(|name| name.trim() == "guichet")
        });
        if let Some(pid) = program {
            return pid;
        }
        assert!(begun.elapsed() < LIMIT, "it starts nothing");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn cpu_of(pid: u32) -> f64 {
    ticks(&format!("/proc/{pid}/stat"), 13)
}

/// CPU seconds of the children that were waited for.
pub fn cpu_of_children() -> f64 {
    ticks("/proc/self/stat", 15)
}

/// Two neighbouring fields of proc_pid_stat(5), in seconds: ticks are hundredths on Linux.
fn ticks(path: &str, first: usize) -> f64 {
    let stat = fs::read_to_string(path).unwrap_or_default();
    let Some((_, rest)) = stat.rsplit_once(')') else {
        return 0.0;
    };
    // Behind the name comes field 3, here number 0.
    rest.split_whitespace()
        .skip(first - 2)
        .take(2)
        .filter_map(|number| number.parse::<f64>().ok())
        .sum::<f64>()
        / 100.0
}
