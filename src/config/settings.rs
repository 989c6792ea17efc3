//! `Settings`: the configuration as used. Nothing optional that is needed, every reference
//! resolved, every path absolute or relative to the working directory.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::desk::Policy;

use super::directory::DirectoryFile;
use super::secret::Secret;

/// All that the program needs to know.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file it was read from.
    pub file: PathBuf,
    /// The rules of the desk.
    pub policy: Policy,
    /// Where the database and the large messages are.
    pub data_dir: PathBuf,
    /// The signing keys; made on first start.
    pub key_file: PathBuf,
    /// Below this much free space, in bytes, nothing new is accepted.
    pub min_free: u64,
    /// Larger mails are not taken whole, in bytes.
    pub max_message: u64,
    /// The name server to ask about senders (mode `dkim`); the system's without.
    pub resolver: Option<SocketAddr>,
    /// The page.
    pub web: Web,
    /// Where notifications leave.
    pub outlet: Outlet,
    /// Where mails come from; at least one.
    pub accounts: Vec<Account>,
    /// Folders with templates that replace the built-in ones; the later folder wins.
    pub template_dirs: Vec<PathBuf>,
    /// What works and should not stay so: a secret that others can read.
    pub warnings: Vec<String>,
    /// Where `guichet deliver` finds the daemon.
    pub deliver: Deliver,
    /// The folder of the articles, when there is a knowledge base.
    pub knowledge: Option<PathBuf>,
    /// The directory of people, when there is one; its people are in the policy.
    pub directory: Option<DirectoryFile>,
}

impl Settings {
    /// The database.
    pub fn database(&self) -> PathBuf {
        self.data_dir.join("guichet.db")
    }

    /// The account with this name.
    pub fn account(&self, name: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.name == name)
    }
}

/// The page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Proxies whose `X-Forwarded-For` is believed, and whose word on who somebody is.
    pub trusted_proxies: Vec<IpAddr>,
    /// Files of one form together, in bytes.
    pub max_upload: u64,
    /// For how long the link of a mail opens its page; `None`: for ever.
    pub links_for: Option<chrono::Duration>,
    /// Whose desk it is.
    pub institution: Option<String>,
    /// Its logo.
    pub logo: Option<Logo>,
    /// Links, buttons and lines on light ground, as `#rrggbb`; `None`: ours.
    pub colour: Option<String>,
    /// The same on dark ground.
    pub colour_dark: Option<String>,
    /// Who may use the form.
    pub form: FormFor,
    /// How a trusted proxy says who somebody is.
    pub identity: Option<IdentityHeader>,
    /// What the accessibility statement says.
    pub accessibility: Accessibility,
}

/// Who may use the form for new requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FormFor {
    /// Whoever confirms his address.
    #[default]
    Everybody,
    /// The same, of `internal_domains` alone.
    Internal,
    /// Nobody: there is none.
    Off,
}

/// The headers of a trusted proxy that has signed somebody in (row I10).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityHeader {
    /// Holds the mail address, or a user name.
    pub address: String,
    /// Holds the person's name.
    pub name: Option<String>,
    /// Makes an address of a user name.
    pub domain: Option<String>,
}

/// A picture of the institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logo {
    /// Its type.
    pub kind: &'static str,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// How far the pages were found to follow the accessibility rules (RGAA).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Conformity {
    /// All criteria that apply are met.
    Full,
    /// At least half of them.
    Partial,
    /// Less, or nobody has looked yet.
    #[default]
    Not,
}

/// Facts of the accessibility statement, which only the institution knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Accessibility {
    /// What an audit found.
    pub conformity: Conformity,
    /// By whom and when, in words.
    pub audited: Option<String>,
    /// What is not accessible, a sentence each.
    pub exceptions: Vec<String>,
    /// Whom to write to.
    pub contact: Option<String>,
    /// When the statement was drawn up, in words.
    pub drawn_up: Option<String>,
}

/// Where notifications leave.
#[derive(Clone, Debug)]
pub enum Outlet {
    /// An SMTP server.
    Smtp(Server),
    /// A folder with one Maildir a recipient.
    Maildir(PathBuf),
}

/// A mail server and how to log in there.
#[derive(Clone, Debug)]
pub struct Server {
    /// Host name or address; the certificate must be its own.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Transport security.
    pub tls: Tls,
    /// User and secret; `None`: no login (never for IMAP).
    pub login: Option<Login>,
    /// Certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// `insecure_plaintext`: plain text to another machine was asked for.
    pub insecure_plaintext: bool,
}

impl Server {
    /// The host is this machine.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

/// `localhost` or a loopback address.
pub fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host
            .trim_matches(['[', ']'])
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// Transport security.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// From the first byte.
    Implicit,
    /// After STARTTLS, which must be offered.
    StartTls,
    /// None.
    None,
}

/// User and secret.
#[derive(Clone, Debug)]
pub struct Login {
    /// User.
    pub user: String,
    /// What proves it.
    pub credential: Credential,
}

/// What proves a user.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A password.
    Password(Secret),
    /// A file with an OAuth2 access token that another program renews; read at each login.
    TokenFile(PathBuf),
}

/// Where mails come from.
#[derive(Clone, Debug)]
pub struct Account {
    /// Name, unique.
    pub name: String,
    /// Its team when no address matches.
    pub team: String,
    /// Language when the mail does not tell.
    pub language: String,
    /// The mailbox.
    pub source: Source,
    /// Folder of the IMAP mailbox.
    pub folder: String,
    /// What becomes of a mail that was taken.
    pub after: After,
    /// Older mails of a mailbox seen for the first time are left alone; `None`: all are taken.
    pub first_start_age: Option<Duration>,
    /// Between two looks where the server cannot tell.
    pub poll: Duration,
    /// IDLE is renewed that often; `None`: not used.
    pub idle: Option<Duration>,
}

/// A mailbox.
#[derive(Clone, Debug)]
pub enum Source {
    /// On an IMAP server. Its `login` is always there.
    Imap(Server),
    /// A Maildir folder.
    Maildir(PathBuf),
    /// Only what `guichet deliver` brings.
    Pipe,
}

/// What becomes of a mail that was taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// Moved to this folder, created when absent.
    MoveTo(String),
    /// Marked as seen.
    Seen,
}

/// The socket of `guichet deliver`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// Its path.
    pub socket: PathBuf,
    /// Group that may write to it; `None`: the daemon's own.
    pub group: Option<String>,
}

/// A path as written, from the folder of the configuration.
pub(super) fn beside(file: &Path, written: &str) -> PathBuf {
    file.parent().unwrap_or(Path::new("")).join(written.trim())
}
