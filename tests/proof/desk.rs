//! The desk under proof: the real binary on a folder of its own, two Dovecots (one without MOVE), a
//! Maildir and an SMTP server, all on loopback; and what was put into it.

use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use guichet::store::Store;

use crate::checker::{self, Report};
use crate::disk::{self, Disk, Mercy};
use crate::mails::{self, Class, Injected};
use crate::support::dovecot::{Dovecot, Options, PASSWORD, free_port};
use crate::support::sink::{Act, Fault, Sink, Step};

/// Without MOVE, mails are copied, marked and expunged, with a journal.
const WITHOUT_MOVE: &str = "IMAP4rev1 IDLE UIDPLUS NAMESPACE LITERAL+ AUTH=PLAIN";

/// Where a mail is put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    Move,
    Copy,
    Maildir,
}

/// How a desk differs from an ordinary one.
#[derive(Default)]
pub struct Setup {
    /// Two accounts more: a server without MOVE, a Maildir.
    pub all_roads: bool,
    /// Of a proxy before the Dovecot.
    pub imap_port: Option<u16>,
    /// Of something before the sink.
    pub smtp_port: Option<u16>,
    /// IMAP in clear, so that a trace shows the commands.
    pub in_clear: bool,
    /// Where the data are, when that is another file system.
    pub data: Option<PathBuf>,
    /// Further lines at the top of the configuration.
    pub top: String,
    /// Further lines of the first account.
    pub account: String,
    /// `min_free`; 1 MB when empty.
    pub min_free: String,
}

/// See the module.
pub struct Desk {
    folder: tempfile::TempDir,
    data: PathBuf,
    pub dovecot: Dovecot,
    pub old: Option<Dovecot>,
    pub sink: Sink,
    child: Option<Child>,
    /// The strace above the daemon, and what the disk held when it was started.
    traced: Option<(String, Disk)>,
    web: u16,
    pub injected: Vec<Injected>,
    /// When the power was cut: what was being sent then may come twice.
    pub cuts: Vec<Instant>,
}

impl Desk {
    /// One account on one Dovecot; with `all_roads` two more.
    pub async fn new(all_roads: bool) -> Self {
        let sink = Sink::start().await;
        let setup = Setup {
            all_roads,
            ..Setup::default()
        };
        Self::with(Dovecot::start(), sink, setup)
    }

    /// The same with servers of the caller's own.
    pub fn with(dovecot: Dovecot, sink: Sink, setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let settings = dovecot.user("support");
        std::fs::write(folder.path().join("password"), PASSWORD).expect("writable");
        let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(folder.path().join("password"), private).expect("rights");
        let account = |name: &str, port: u16, ca: &std::path::Path| {
            let tls = if setup.in_clear {
                "tls = \"none\"".to_owned()
            } else {
                format!("tls = \"implicit\", ca_file = \"{}\"", ca.display())
            };
            format!(
                "[[accounts]]\nname = \"{name}\"\nteam = \"dsi\"\nfirst_start_age = \"never\"\n\
                 imap = {{ host = \"127.0.0.1\", port = {port}, user = \"support\", \
                 password_file = \"password\", {tls} }}\n\
                 after = {{ move_to = \"Traités\" }}\n"
            )
        };
        let ca = settings.ca_file.clone().expect("a CA file");
        let port = if setup.in_clear {
            dovecot.imap
        } else {
            dovecot.imaps
        };
        let mut accounts = account("support", setup.imap_port.unwrap_or(port), &ca);
        accounts.push_str(&setup.account);
        let old = setup.all_roads.then(|| {
            Dovecot::start_with(Options {
                capability: Some(WITHOUT_MOVE),
                ..Options::default()
            })
        });
        if let Some(old) = &old {
            let settings = old.user("support");
            let ca = settings.ca_file.clone().expect("a CA file");
            accounts.push_str(&account("copie", settings.port, &ca));
            accounts.push_str(
                "[[accounts]]\nname = \"dossier\"\nteam = \"dsi\"\nmaildir = \"depot\"\n",
            );
            for part in ["tmp", "new", "cur"] {
                std::fs::create_dir_all(folder.path().join("depot").join(part)).expect("writable");
            }
        }
        let web = free_port();
        let smtp = setup.smtp_port.unwrap_or(sink.port());
        let data = setup.data.unwrap_or_else(|| folder.path().join("data"));
        let data_dir = data.display();
        let top = setup.top;
        let min_free = match setup.min_free.as_str() {
            "" => "1MB",
            other => other,
        };
        let config = format!(
            "language = \"fr\"\ntimezone = \"Europe/Paris\"\nbase_url = \"http://127.0.0.1:{web}\"\n\
             data_dir = \"{data_dir}\"\nkey_file = \"{data_dir}/secret.key\"\ninternal_domains = [\"example.org\"]\n\
             operations = \"exploitation@example.org\"\nmin_free = \"{min_free}\"\n{top}\n[limits]\nsender_per_hour = 0\nsender_per_day = 0\n\
             domain_per_hour = 0\ntotal_per_hour = 0\ntechnician_per_hour = 0\n\
             [web]\nlisten = \"127.0.0.1:{web}\"\n\
             [smtp]\nhost = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\n{accounts}\
             [[teams]]\nid = \"dsi\"\nname = \"DSI\"\nfrom = \"support@example.org\"\nprefix = \"DSI\"\nhours = \"always\"\n\
             [[addresses]]\npattern = \"support@example.org\"\nteam = \"dsi\"\n"
        );
        std::fs::write(folder.path().join("config.toml"), config).expect("writable");
        Self {
            folder,
            data,
            dovecot,
            old,
            sink,
            child: None,
            traced: None,
            web,
            injected: Vec::new(),
            cuts: Vec::new(),
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The number of the next mail.
    pub fn next_id(&self) -> usize {
        self.injected.len()
    }

    /// Puts a mail in.
    pub fn put(&mut self, road: Road, mail: Injected) {
        assert_eq!(mail.id, self.injected.len(), "numbers are in order");
        if mail.class == Class::Refused {
            let refusal = Act::Answer("550 5.1.1 No such person".to_owned());
            self.sink
                .fault(Fault::always(Step::Rcpt, refusal).to(&mail.from));
        }
        match (road, &self.old) {
            (Road::Move, _) => self.dovecot.deliver("support", &mail.bytes),
            (Road::Copy, Some(old)) => old.deliver("support", &mail.bytes),
            (Road::Maildir, Some(_)) => {
                let name = format!("1790000000.M{}.test", mail.id);
                let draft = self.path("depot/tmp").join(&name);
                std::fs::write(&draft, &mail.bytes).expect("writable");
                std::fs::rename(&draft, self.path("depot/new").join(&name)).expect("delivered");
            }
            (Road::Copy | Road::Maildir, None) => panic!("this desk has one road"),
        }
        self.injected.push(mail);
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process of the daemon.
    pub fn id(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Starts the daemon with these variables.
    pub fn start(&mut self, variables: &[(&str, &str)]) {
        self.start_beneath(&[], variables);
    }

    /// Starts it beneath another program, whose process becomes the daemon's.
    pub fn start_beneath(&mut self, above: &[&str], variables: &[(&str, &str)]) {
        let program = env!("CARGO_BIN_EXE_guichet");
        let mut words = above.iter().copied().chain([program]);
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.path("log"))
            .expect("a log");
        let child = Command::new(words.next().expect("the daemon at least"))
            .args(words)
            .arg("--config")
            .arg(self.path("config.toml"))
            .arg("run")
            .envs(variables.iter().copied())
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("the daemon starts");
        self.child = Some(child);
    }

    /// Starts it beneath strace, for [`Desk::cut_power`].
    pub fn start_traced(&mut self, variables: &[(&str, &str)]) {
        let disk = Disk::of(&self.data);
        let trace = self.path("trace").display().to_string();
        // -D: the daemon is our child, strace its own grandchild.
        let above = [
            "strace",
            "-D",
            "-f",
            "-yy",
            "-xx",
            "-q",
            "-s",
            "100000000",
            "--seccomp-bpf",
            "-e",
            disk::CALLS,
            "-e",
            "signal=none",
            "-o",
            &trace,
        ];
        self.start_beneath(&above, variables);
        let tracer = self
            .tracer()
            .expect("strace is needed for this test: apt-get install strace");
        self.traced = Some((tracer, disk));
    }

    /// The process of the strace above the daemon, once there is one.
    fn tracer(&self) -> Option<String> {
        let status = format!("/proc/{}/status", self.id());
        (0..1000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(2));
            let status = std::fs::read_to_string(&status).ok()?;
            let line = status
                .lines()
                .find_map(|line| line.strip_prefix("TracerPid:"))?;
            Some(line.trim().to_owned()).filter(|tracer| tracer != "0")
        })
    }

    /// Kills the daemon; returns what the disk held at its start and all that it did since.
    pub fn trace(&mut self) -> (Disk, Vec<disk::Line>) {
        self.kill();
        let (tracer, disk) = self.traced.take().expect("it was started so");
        let tracer = Path::new("/proc").join(tracer);
        let started = Instant::now();
        while tracer.exists() {
            assert!(started.elapsed().as_secs() < 20, "strace does not end");
            std::thread::sleep(Duration::from_millis(2));
        }
        let log = std::fs::read_to_string(self.path("trace")).expect("a trace");
        (disk, disk::read(&log))
    }

    /// Cuts the power: the daemon is gone, and with it what was not synced. Returns how many changes
    /// that were.
    pub fn cut_power(&mut self, mercy: Mercy) -> usize {
        let (mut disk, lines) = self.trace();
        self.cuts.push(Instant::now());
        for (position, line) in lines.iter().enumerate() {
            disk.apply(position, line);
        }
        disk.after_cut(mercy, &self.data);
        disk.unsynced()
    }

    /// `kill -9`; whether it was alive until then.
    pub fn kill(&mut self) -> bool {
        let mut child = self.child.take().expect("it runs");
        let alive = child.try_wait().expect("asked").is_none();
        let _ = child.kill();
        child.wait().expect("gone");
        alive
    }

    /// SIGTERM.
    pub fn terminate(&self) {
        let child = self.child.as_ref().expect("it runs");
        let _ = Command::new("kill")
            .args(["-TERM", &child.id().to_string()])
            .status();
    }

    /// From now on system calls of the daemon fail as `inject` says, in the words of strace, until
    /// what is returned is dropped.
    pub fn inject(&self, inject: &str) -> Injection {
        let calls = inject.split(':').next().expect("a first part");
        let child = Command::new("strace")
            .args(["-f", "-q", "-p", &self.id().to_string(), "-o", "/dev/null"])
            .args(["-e", &format!("trace={calls}")])
            .args(["-e", &format!("inject={inject}")])
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("strace is needed for this test: apt-get install strace");
        let injection = Injection(child);
        assert!(
            self.tracer().is_some(),
            "strace may not attach: run the tests as root, or set kernel.yama.ptrace_scope to 0"
        );
        injection
    }

    /// Runs a sub-command beside the daemon.
    pub fn command(&self, arguments: &[&str]) -> std::process::Output {
        Command::new(env!("CARGO_BIN_EXE_guichet"))
            .arg("--config")
            .arg(self.path("config.toml"))
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("the program starts")
    }

    /// Mails that reached persons; operations may be told of what is wrong meanwhile.
    pub fn told(&self) -> usize {
        let received = self.sink.received();
        let person = |to: &String| to.starts_with("personne");
        received
            .iter()
            .filter(|mail| mail.to.iter().any(person))
            .count()
    }

    /// What was sent to operations.
    pub fn alerts(&self) -> Vec<String> {
        let to = "exploitation@example.org".to_owned();
        self.sink
            .received()
            .iter()
            .filter(|mail| mail.to.contains(&to))
            .filter_map(|mail| {
                let message = mail_parser::MessageParser::default().parse(&mail.bytes)?;
                Some(message.body_text(0)?.into_owned())
            })
            .collect()
    }

    /// SIGTERM, and its end, which must be a good one.
    pub async fn stop(&mut self) {
        self.terminate();
        let status = self
            .ended(Duration::from_secs(10))
            .await
            .unwrap_or_else(|| panic!("still running after SIGTERM: {}", self.log()));
        assert!(status.success(), "{status}: {}", self.log());
    }

    /// How the daemon ended, if it does within this time.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let started = Instant::now();
        loop {
            let child = self.child.as_mut().expect("it runs");
            if let Some(status) = child.try_wait().expect("asked") {
                self.child = None;
                return Some(status);
            }
            if started.elapsed() > within {
                return None;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The end of the daemon's log.
    pub fn log(&self) -> String {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }

    /// Waits until all is taken in, settled and sent, or `patience` is over: the checker says what
    /// is missing then.
    pub async fn quiet(&self, patience: Duration) -> bool {
        let started = Instant::now();
        while started.elapsed() < patience {
            if self.is_quiet().await {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        false
    }

    /// Takes in a first mail and dies; returns what is a good time for a kill: twice what this machine
    /// needs now from the start to the acknowledgement, at most.
    pub async fn reach(&mut self) -> Duration {
        const LEAST: Duration = Duration::from_millis(700);
        let id = self.next_id();
        self.put(Road::Move, mails::mail(id, Class::Person, 0));
        let started = Instant::now();
        self.start(&[]);
        let quiet = self.quiet(Duration::from_secs(60)).await;
        assert!(quiet, "{}", self.log());
        self.kill();
        (2 * started.elapsed()).max(LEAST)
    }

    /// How much is settled and sent so far.
    async fn progress(&self) -> Option<(u64, usize)> {
        let store = Store::open_existing(&self.data).ok()?;
        let counts = store.counts().await.ok()?;
        let new = counts.inbox.get("new").copied().unwrap_or_default();
        let all: u64 = counts.inbox.values().sum();
        Some((all - new, self.sink.received().len()))
    }

    /// All is taken in, settled and sent.
    pub async fn is_quiet(&self) -> bool {
        let here = self.dovecot.count("support", "")
            + self.old.as_ref().map_or(0, |old| old.count("support", ""))
            + std::fs::read_dir(self.path("depot/new")).map_or(0, Iterator::count);
        if here > 0 || !self.data.join("guichet.db").exists() {
            return false;
        }
        let Ok(store) = Store::open_existing(&self.data) else {
            return false;
        };
        let Ok(counts) = store.counts().await else {
            return false;
        };
        let unfiled: u64 = counts.accounts.values().map(|one| one.unfiled).sum();
        let kept: u64 = counts.inbox.values().sum();
        let waits = |state: &str| counts.outbox.contains_key(state);
        let deleted = |mail: &&Injected| mail.class == Class::Deleted;
        let expected = self.injected.len() - self.injected.iter().filter(deleted).count();
        kept as usize >= expected
            && unfiled == 0
            && !counts.inbox.contains_key("new")
            && !waits("queued")
            && !waits("sending")
            && !waits("uncertain")
    }

    /// The checker on what there is now.
    pub async fn check(&self) -> Result<Report, Vec<String>> {
        checker::check(
            &self.data,
            &self.injected,
            &self.sink.received(),
            &self.cuts,
        )
        .await
    }

    /// Waits until the daemon listens.
    pub async fn up(&self, what: &str) {
        let started = Instant::now();
        // Before that it has no ear for SIGTERM yet.
        while std::net::TcpStream::connect(("127.0.0.1", self.web)).is_err() {
            assert!(started.elapsed().as_secs() < 20, "{what}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Drains, stops, checks; panics with all that does not hold.
    pub async fn prove(&mut self, what: &str) -> Report {
        self.up(what).await;
        // For as long as something moves: a busy machine may need minutes for what one mail at a
        // time is left of a killed batch.
        let mut quiet = self.quiet(Duration::from_secs(60)).await;
        let mut before = None;
        while !quiet {
            let moved = self.progress().await;
            if before == moved {
                break;
            }
            before = moved;
            quiet = self.quiet(Duration::from_secs(30)).await;
        }
        self.stop().await;
        match self.check().await {
            Ok(report) => {
                assert!(quiet, "{what}: never quiet\n{}", self.log());
                report
            }
            Err(wrong) => panic!("{what}:\n{}\n--- log\n{}", wrong.join("\n"), self.log()),
        }
    }
}

/// See [`Desk::inject`].
pub struct Injection(Child);

impl Drop for Injection {
    fn drop(&mut self) {
        // It lets go of the daemon when it is told to end.
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let _ = self.0.wait();
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Whether it was SIGKILL.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}
