//! A private Dovecot 2.3 (Debian: dovecot-imapd): a folder of its own, free ports on loopback, a certificate of its
//! own for localhost. Mail is delivered by writing into the user's Maildir, as an MDA would.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use data_encoding::{BASE64, BASE64URL_NOPAD};
use guichet::imap::{Credential, Settings, Tls};
use ring::hmac;

/// The password of every user.
pub const PASSWORD: &str = "s3cret \"é\\";

/// Signs the tokens of [`Dovecot::token`].
const TOKEN_KEY: &[u8] = b"a key that only this test knows.";

/// A server that has not answered by then will not.
const START_LIMIT: Duration = Duration::from_secs(20);

/// Ports are free when they are asked for, and may be another's a moment later.
const START_TRIES: u32 = 5;

/// How the server differs from an ordinary one.
#[derive(Debug, Clone)]
pub struct Options {
    pub separator: char,
    pub prefix: &'static str,
    /// The whole list of capabilities to announce; `None` for Dovecot's own.
    pub capability: Option<&'static str>,
    /// Names in the certificate (`subjectAltName`).
    pub names: &'static str,
    /// For how many days the certificate is good.
    pub days: &'static str,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            separator: '/',
            prefix: "",
            capability: None,
            names: "DNS:localhost,IP:127.0.0.1",
            days: "2",
        }
    }
}

/// A running server.
#[derive(Debug)]
pub struct Dovecot {
    folder: tempfile::TempDir,
    pub imap: u16,
    pub imaps: u16,
    owner: (u32, u32),
}

impl Dovecot {
    pub fn start() -> Self {
        Self::start_with(Options::default())
    }

    pub fn start_with(options: Options) -> Self {
        let folder = tempfile::Builder::new()
            .prefix("guichet-dovecot-")
            .tempdir()
            .expect("a temporary folder");
        let base = folder.path();
        // Processes of another user walk through it when the tests run as root.
        fs::set_permissions(base, fs::Permissions::from_mode(0o755)).expect("our folder");
        for part in ["home", "state"] {
            fs::create_dir(base.join(part)).expect("our folder");
        }
        let own = fs::metadata(base).expect("our folder");
        let (user, group, owner) = if own.uid() == 0 {
            let (uid, gid) = account("mail");
            ("mail".to_owned(), "mail".to_owned(), (uid, gid))
        } else {
            (id("-un"), id("-gn"), (own.uid(), own.gid()))
        };
        chown(base.join("home"), Some(owner.0), Some(owner.1)).expect("our folder");
        certificate(base, options.names, options.days);
        let mut server = Self {
            folder,
            imap: free_port(),
            imaps: free_port(),
            owner,
        };
        fs::write(server.path("users"), "").expect("our folder");
        let oauth2 = format!(
            "introspection_mode = local\nlocal_validation_key_dict = fs:posix:prefix={}/keys/\n\
             username_attribute = sub\n",
            server.base().display()
        );
        fs::write(server.path("oauth2.conf"), oauth2).expect("our folder");
        let keys = server.path("keys/default/HS256");
        fs::create_dir_all(&keys).expect("our folder");
        fs::write(keys.join("default"), BASE64.encode(TOKEN_KEY)).expect("our folder");
        for left in (0..START_TRIES).rev() {
            let ports = (server.imap, server.imaps);
            let config = configuration(server.base(), &options, ports, (&user, &group));
            fs::write(server.path("dovecot.conf"), config).expect("our folder");
            if server.run() {
                break;
            }
            assert!(left > 0, "dovecot refuses: {}", server.log());
            // Another test may have got the port in between.
            (server.imap, server.imaps) = (free_port(), free_port());
        }
        server.await_answer();
        server
    }

    /// Starts the server again after [`Dovecot::stop`].
    pub fn launch(&self) {
        assert!(self.run(), "dovecot refuses: {}", self.log());
        self.await_answer();
    }

    /// Starts the program; whether it could.
    fn run(&self) -> bool {
        let program = ["/usr/sbin/dovecot", "/usr/local/sbin/dovecot"]
            .into_iter()
            .find(|path| Path::new(path).exists())
            .expect("Dovecot is needed for this test: apt-get install dovecot-imapd");
        let status = Command::new(program)
            .arg("-c")
            .arg(self.path("dovecot.conf"))
            .stdin(Stdio::null())
            .status()
            .expect("dovecot starts");
        status.success()
    }

    fn await_answer(&self) {
        let deadline = Instant::now() + START_LIMIT;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.imap)).is_err() {
            assert!(
                Instant::now() < deadline,
                "dovecot is silent: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the server and waits until it is gone, which takes Dovecot two seconds.
    pub fn stop(&self) {
        let Some(pid) = self.signal() else { return };
        let deadline = Instant::now() + START_LIMIT;
        while Path::new("/proc").join(&pid).exists() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Tells the server to stop; returns its process.
    fn signal(&self) -> Option<String> {
        let pid = fs::read_to_string(self.path("run/master.pid")).ok()?;
        let pid = pid.trim().to_owned();
        let _ = Command::new("kill").arg(&pid).status();
        Some(pid)
    }

    /// Adds a user and returns how to reach the account over implicit TLS.
    pub fn user(&self, user: &str) -> Settings {
        let home = self.base().join("home").join(user);
        let (uid, gid) = self.owner;
        // `:` separates the fields; ours holds none.
        let line = format!(
            "{user}:{{PLAIN}}{PASSWORD}:{uid}:{gid}::{}::\n",
            home.display()
        );
        let mut users = fs::read_to_string(self.path("users")).expect("our folder");
        users.push_str(&line);
        fs::write(self.path("users"), users).expect("our folder");
        for part in ["", "Maildir", "Maildir/tmp", "Maildir/new", "Maildir/cur"] {
            let path = home.join(part);
            fs::create_dir_all(&path).expect("our folder");
            chown(&path, Some(uid), Some(gid)).expect("our folder");
        }
        Settings {
            name: user.to_owned(),
            host: "localhost".to_owned(),
            port: self.imaps,
            tls: Tls::Implicit,
            ca_file: Some(self.path("cert.pem")),
            allow_plaintext: false,
            user: user.to_owned(),
            credential: Credential::Password(PASSWORD.to_owned()),
        }
    }

    /// A token for a user that this server accepts: a JWT signed with its key.
    pub fn token(user: &str) -> String {
        let expires = chrono::Utc::now().timestamp() + 3600;
        let header = BASE64URL_NOPAD.encode(br#"{"alg":"HS256","typ":"JWT"}"#);
        let claims = format!(r#"{{"sub":"{user}","exp":{expires},"iss":"test"}}"#);
        let signed = format!("{header}.{}", BASE64URL_NOPAD.encode(claims.as_bytes()));
        let key = hmac::Key::new(hmac::HMAC_SHA256, TOKEN_KEY);
        let signature = hmac::sign(&key, signed.as_bytes());
        format!("{signed}.{}", BASE64URL_NOPAD.encode(signature.as_ref()))
    }

    /// Delivers a message to a user's inbox.
    pub fn deliver(&self, user: &str, message: &[u8]) {
        let maildir = self.maildir(user);
        // The server may look at any moment: the file is its own before it appears.
        static DELIVERED: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let number = DELIVERED.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let seconds = chrono::Utc::now().timestamp();
        let name = format!("{seconds}.P{}Q{number}.test", std::process::id());
        let draft = maildir.join("tmp").join(&name);
        fs::write(&draft, message).expect("our folder");
        chown(&draft, Some(self.owner.0), Some(self.owner.1)).expect("our file");
        fs::rename(&draft, maildir.join("new").join(&name)).expect("delivered");
    }

    /// The user's Maildir; folders are `.Name` in it.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.base().join("home").join(user).join("Maildir")
    }

    /// The number of messages in a folder on disk, as named there (`.Trait&AOk-s`, or `` for the inbox).
    pub fn count(&self, user: &str, folder: &str) -> usize {
        let folder = self.maildir(user).join(folder);
        ["new", "cur"]
            .iter()
            .filter_map(|part| fs::read_dir(folder.join(part)).ok())
            .flatten()
            .count()
    }

    /// Runs `doveadm` against this server.
    pub fn doveadm(&self, arguments: &[&str]) {
        if let Err(said) = self.try_doveadm(arguments) {
            panic!("doveadm {arguments:?}: {said}");
        }
    }

    /// The same for what may collide with somebody else's work on the mailbox.
    pub fn try_doveadm(&self, arguments: &[&str]) -> Result<(), String> {
        let output = Command::new("doveadm")
            .arg("-c")
            .arg(self.path("dovecot.conf"))
            .args(arguments)
            .output()
            .expect("doveadm is part of dovecot-core");
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.path("dovecot.log")).unwrap_or_default()
    }

    fn base(&self) -> &Path {
        self.folder.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.base().join(name)
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- dovecot.log\n{}", self.log());
        }
        // It goes by itself from here; nobody needs to wait for that.
        self.signal();
    }
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("loopback has free ports")
        .port()
}

/// Writes `cert.pem` and `key.pem`: self-signed, for these names and so many days (-1: expired yesterday).
pub fn certificate(folder: &Path, names: &str, days: &str) {
    openssl(
        folder,
        &format!(
            "req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=guichet-test \
             -addext subjectAltName={names} -keyout key.pem -out request.pem"
        ),
    );
    openssl(
        folder,
        &format!(
            "x509 -req -in request.pem -signkey key.pem -days {days} -copy_extensions copyall \
             -out cert.pem"
        ),
    );
}

fn openssl(folder: &Path, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_ascii_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl is needed for this test: apt-get install openssl");
    assert!(
        output.status.success(),
        "openssl {arguments}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

fn configuration(
    base: &Path,
    options: &Options,
    (imap, imaps): (u16, u16),
    (user, group): (&str, &str),
) -> String {
    let base = base.display();
    let Options {
        separator, prefix, ..
    } = options;
    let capability = options
        .capability
        .map(|words| format!("imap_capability = {words}\n"))
        .unwrap_or_default();
    format!(
        r#"
base_dir = {base}/run
state_dir = {base}/state
instance_name = guichet-test-{imap}
log_path = {base}/dovecot.log
protocols = imap
listen = 127.0.0.1
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
first_valid_uid = 1
default_vsz_limit = 0
service anvil {{
  chroot =
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service stats {{
  chroot =
}}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2
auth_failure_delay = 0
ssl = yes
ssl_cert = <{base}/cert.pem
ssl_key = <{base}/key.pem
ssl_dh =
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {base}/users
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {base}/oauth2.conf
}}
userdb {{
  driver = passwd-file
  args = username_format=%u {base}/users
}}
mail_location = maildir:~/Maildir
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
}}
mail_max_userip_connections = 100
# "Still here" comes often enough to be met in a test.
imap_idle_notify_interval = 1 secs
protocol imap {{
  {capability}
}}
"#
    )
}

fn account(name: &str) -> (u32, u32) {
    let users = fs::read_to_string("/etc/passwd").expect("a Unix system");
    let line = users
        .lines()
        .find(|line| line.split(':').next() == Some(name))
        .expect("the account \"mail\" exists on Debian");
    let number = |field: usize| line.split(':').nth(field)?.parse().ok();
    number(2).zip(number(3)).expect("two numbers")
}

fn id(option: &str) -> String {
    let output = Command::new("id").arg(option).output().expect("coreutils");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
