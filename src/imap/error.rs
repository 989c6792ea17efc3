//! What can go wrong with an account, as far as somebody decides on it.

use std::fmt;

/// Longest account of a failure, in characters.
const WHAT_LIMIT: usize = 400;

/// A failure of one account: what went wrong, where, in a sentence for the log and `check`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What the caller branches on.
    pub kind: Kind,
    place: String,
    what: String,
}

/// The sorts of failure that are treated differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// No connection, a lost one, or silence: try again soon. The session is gone.
    Network,
    /// The certificate is not trusted, not for this host, or TLS failed: try again, tell the operator.
    Tls,
    /// STARTTLS is configured and the server (or somebody in between) does not offer it properly.
    NoStartTls,
    /// No encryption is configured, the server is not on this machine, and nobody said that this is wanted.
    PlaintextRefused,
    /// The password or token file cannot be read or is empty.
    Credential,
    /// The server refused the login; retrying soon would only lock the account.
    LoginRefused,
    /// The folder does not exist, or cannot hold mails. The session goes on.
    FolderMissing,
    /// The server answered NO or BAD to a command that was fully read. The session goes on.
    CommandRefused,
    /// The server said something that cannot be understood or is absurd. The session is gone.
    Protocol,
}

impl Error {
    /// `what` may quote the server, so it is cut and cannot hold what a terminal would obey.
    pub(super) fn new(kind: Kind, place: &str, what: impl Into<String>) -> Self {
        let plain = |c: char| if c.is_control() { ' ' } else { c };
        let what: String = what.into();
        Self {
            kind,
            place: place.to_owned(),
            what: what.chars().take(WHAT_LIMIT).map(plain).collect(),
        }
    }

    /// The same, saying what was being done.
    pub(super) fn about(mut self, doing: &str) -> Self {
        self.what = format!("{doing}: {}", self.what);
        self
    }

    /// What went wrong, without the account and host.
    pub fn what(&self) -> &str {
        &self.what
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.what)
    }
}

impl std::error::Error for Error {}
