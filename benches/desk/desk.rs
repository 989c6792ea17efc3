//! The program under the bench as its own process, the mailbox it reads, the relay it sends to,
//! and what the system says about it.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::support::dovecot::{Dovecot, PASSWORD, free_port};

/// Nothing here takes longer, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(1200);

/// A password that needs no quoting in the configuration of `mbsync`.
pub const SIMPLE_PASSWORD: &str = "bench";

/// Adds a user with the simple password.
pub fn user(dovecot: &Dovecot, name: &str) {
    dovecot.user(name);
    let path = dovecot.path("users");
    let users = fs::read_to_string(&path).expect("readable");
    fs::write(&path, users.replace(PASSWORD, SIMPLE_PASSWORD)).expect("writable");
}

/// `smtp-sink` of Postfix, a process of its own.
pub struct Sink {
    child: Child,
    pub port: u16,
}

impl Sink {
    pub fn start() -> Self {
        let port = free_port();
        let mut command = Command::new("/usr/sbin/smtp-sink");
        if rustix::process::geteuid().is_root() {
            command.args(["-u", "nobody"]);
        }
        let child = command
            .args(["-h", "sink.example.org"])
            .arg(format!("127.0.0.1:{port}"))
            .arg("200")
            .stdout(Stdio::null())
            .spawn()
            .expect("smtp-sink is needed: apt-get install postfix");
        let started = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(started.elapsed() < LIMIT, "smtp-sink is silent");
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How the desk reaches its servers.
pub struct Setup<'a> {
    pub dovecot: &'a Dovecot,
    pub user: &'a str,
    pub imap_port: u16,
    pub tls: bool,
    pub smtp_port: u16,
}

/// Writes a configuration into `folder`; the data live beside it.
pub fn configure(folder: &Path, setup: &Setup<'_>) -> PathBuf {
    fs::write(folder.join("imap-password"), SIMPLE_PASSWORD).expect("writable");
    let permissions = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(folder.join("imap-password"), permissions).expect("ours");
    let (tls, ca) = if setup.tls {
        let ca = setup.dovecot.path("cert.pem");
        ("implicit", format!(", ca_file = \"{}\"", ca.display()))
    } else {
        ("none", String::new())
    };
    let text = format!(
        r#"language = "fr"
timezone = "Europe/Paris"
base_url = "https://guichet.univ-exemple.fr"
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

[[accounts]]
name = "support"
team = "dsi"
imap = {{ host = "localhost", port = {imap}, tls = "{tls}", user = "{user}", password_file = "imap-password"{ca} }}
after = {{ move_to = "Traités" }}

[[teams]]
id = "dsi"
name = "DSI – Support"
from = "support@univ-exemple.fr"
prefix = "DSI"

[[addresses]]
pattern = "support@univ-exemple.fr"
team = "dsi"
"#,
        web = free_port(),
        smtp = setup.smtp_port,
        imap = setup.imap_port,
        user = setup.user,
    );
    let path = folder.join("config.toml");
    fs::write(&path, text).expect("writable");
    path
}

/// The running program.
pub struct Desk {
    child: Child,
    data: PathBuf,
    log: PathBuf,
    pub started: Instant,
}

impl Desk {
    /// Starts the program; `under` is a command to run it under, such as strace.
    pub fn start(config: &Path, under: &[&str]) -> Self {
        let program = env!("CARGO_BIN_EXE_guichet");
        let words: Vec<&str> = under.iter().copied().chain([program]).collect();
        let folder = config.parent().expect("in a folder");
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
        Self {
            child,
            data: folder.join("data"),
            log,
            started,
        }
    }

    /// Waits until `count` mails in all are settled, every notification is accepted, and the
    /// user's inbox is empty; returns when that was.
    pub fn wait_for(&mut self, dovecot: &Dovecot, user: &str, count: usize) -> Instant {
        let begun = Instant::now();
        let new = dovecot.maildir(user).join("new");
        let cur = dovecot.maildir(user).join("cur");
        let is_empty = |path: &Path| fs::read_dir(path).is_ok_and(|mut list| list.next().is_none());
        loop {
            if is_empty(&new) && is_empty(&cur) {
                let seen = Instant::now();
                if self.is_settled(count) {
                    return seen;
                }
            }
            if begun.elapsed() > LIMIT || self.child.try_wait().is_ok_and(|ended| ended.is_some()) {
                let log = fs::read_to_string(&self.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                panic!("the desk did not get through:\n{}", tail.join("\n"));
            }
            std::thread::sleep(Duration::from_millis(15));
        }
    }

    fn is_settled(&self, count: usize) -> bool {
        let Ok(database) = Connection::open_with_flags(
            self.data.join("guichet.db"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        ) else {
            return false;
        };
        let number =
            |sql: &str| -> i64 { database.query_row(sql, [], |row| row.get(0)).unwrap_or(-1) };
        number("SELECT count(*) FROM inbox WHERE state = 'new'") == 0
            && number(
                "SELECT count(*) FROM outbox WHERE state IN ('queued', 'sending', 'uncertain')",
            ) == 0
            && number("SELECT count(*) FROM inbox") == i64::try_from(count).unwrap_or(-2)
            && number("SELECT count(*) FROM ledger WHERE state <> 'filed'") == 0
    }

    /// One number from the database.
    pub fn count(&self, sql: &str) -> i64 {
        let database = Connection::open_with_flags(
            self.data.join("guichet.db"),
            OpenFlags::SQLITE_OPEN_READ_ONLY,
        )
        .expect("a database");
        database
            .query_row(sql, [], |row| row.get(0))
            .expect("a number")
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
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

/// Runs `mbsync` over the user's inbox into a new folder; seconds and CPU seconds.
pub fn mbsync(dovecot: &Dovecot, user: &str, folder: &Path) -> (f64, f64) {
    let target = folder.join("mbsync");
    fs::create_dir_all(&target).expect("ours");
    let config = folder.join("mbsyncrc");
    fs::write(
        &config,
        format!(
            "FSync yes\n\nIMAPAccount bench\nHost 127.0.0.1\nPort {}\nUser {user}\nPass {SIMPLE_PASSWORD}\n\
             SSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount bench\n\n\
             MaildirStore near\nPath {target}/\nInbox {target}/INBOX\n\n\
             Channel bench\nFar :far:\nNear :near:\nPatterns INBOX\nSync Pull\nCreate Near\n\
             SyncState {target}/state-\n",
            dovecot.imap,
            target = target.display(),
        ),
    )
    .expect("writable");
    let cpu = cpu_of_children();
    let begun = Instant::now();
    let status = Command::new("mbsync")
        .arg("-q")
        .arg("-c")
        .arg(&config)
        .arg("bench")
        .status()
        .expect("mbsync is needed: apt-get install isync");
    assert!(status.success(), "mbsync failed");
    let took = begun.elapsed().as_secs_f64();
    (took, cpu_of_children() - cpu)
}
