//! The servers of the bench beside Dovecot, each a process of its own: `smtp-sink`, a real Postfix,
//! and `mbsync` to compare with.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::desk::cpu_of_children;
use crate::support::dovecot::{Dovecot, PASSWORD, free_port};

/// A server that has not answered by then will not.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A password that needs no quoting in the configuration of `mbsync`.
pub const SIMPLE_PASSWORD: &str = "bench";

/// Adds a user with the simple password.
pub fn user(dovecot: &Dovecot, name: &str) {
    dovecot.user(name);
    let path = dovecot.path("users");
    let users = fs::read_to_string(&path).expect("readable");
    fs::write(&path, users.replace(PASSWORD, SIMPLE_PASSWORD)).expect("writable");
}

/// Dovecot says "Still here" every two minutes unless told otherwise; the tests have it every second.
pub fn calm(dovecot: &Dovecot) {
    let path = dovecot.path("dovecot.conf");
    let text = fs::read_to_string(&path).expect("readable");
    let calm = text.replace("notify_interval = 1 secs", "notify_interval = 2 mins");
    assert_ne!(calm, text, "the configuration of the tests changed");
    fs::write(&path, calm).expect("writable");
    dovecot.doveadm(&["reload"]);
}

fn wait_for_port(port: u16, who: &str) {
    let started = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(started.elapsed() < START_LIMIT, "{who} is silent");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// `smtp-sink` of Postfix.
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
        wait_for_port(port, "smtp-sink");
        Self { child, port }
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Postfix that queues each mail on disk as Postfix does, and then delivers it to nowhere. It
/// changes its user, so it needs root.
pub struct Postfix {
    folder: tempfile::TempDir,
}

impl Postfix {
    pub fn start(port: u16) -> Self {
        assert!(
            rustix::process::geteuid().is_root(),
            "a real Postfix starts only as root"
        );
        let folder = tempfile::Builder::new()
            .prefix("guichet-postfix-")
            .tempdir()
            .expect("a folder");
        let base = folder.path();
        let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(base, open).expect("ours");
        for part in ["etc", "spool", "data"] {
            fs::create_dir(base.join(part)).expect("ours");
        }
        let status = Command::new("chown")
            .arg("postfix")
            .arg(base.join("data"))
            .status()
            .expect("coreutils");
        assert!(status.success(), "the user postfix is missing");
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {base}/spool\ndata_directory = {base}/data\n\
             maillog_file = {base}/log\nmaillog_file_prefixes = {base}\n\
             myhostname = relay.example.org\nmydestination =\ninet_interfaces = 127.0.0.1\n\
             inet_protocols = ipv4\nmynetworks = 127.0.0.0/8\nalias_maps =\nalias_database =\n\
             default_transport = discard\nsmtpd_relay_restrictions = permit_mynetworks, reject\n\
             local_recipient_maps =\n\
             smtputf8_enable = no\n",
            base = base.display()
        );
        let unprivileged = |line: &str| format!("{line}\n");
        let master: String = [
            &format!("{port} inet n - n - - smtpd"),
            "pickup unix n - n 60 1 pickup",
            "cleanup unix n - n - 0 cleanup",
            "qmgr unix n - n 300 1 qmgr",
            "rewrite unix - - n - - trivial-rewrite",
            "bounce unix - - n - 0 bounce",
            "defer unix - - n - 0 bounce",
            "trace unix - - n - 0 bounce",
            "error unix - - n - - error",
            "discard unix - - n - - discard",
            "anvil unix - - n - 1 anvil",
            "scache unix - - n - 1 scache",
            "postlog unix-dgram n - n - 1 postlogd",
        ]
        .into_iter()
        .map(unprivileged)
        .collect();
        fs::write(base.join("etc/main.cf"), main).expect("ours");
        fs::write(base.join("etc/master.cf"), master).expect("ours");
        let postfix = Self { folder };
        postfix.tell("start");
        wait_for_port(port, "postfix");
        postfix
    }

    fn tell(&self, word: &str) {
        let output = Command::new("/usr/sbin/postfix")
            .arg("-c")
            .arg(self.folder.path().join("etc"))
            .arg(word)
            .output()
            .expect("apt-get install postfix");
        assert!(
            output.status.success() || word == "stop",
            "postfix {word}: {}{}",
            String::from_utf8_lossy(&output.stderr),
            fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
        );
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        self.tell("stop");
    }
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
