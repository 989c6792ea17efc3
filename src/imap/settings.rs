//! What is needed to reach one account. Read and checked by `config`; here it is only used.

use std::fmt;
use std::path::PathBuf;

/// One IMAP account. `Debug` shows no secret.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the account in the configuration, for logs and errors.
    pub name: String,
    /// Host name or address; the certificate must carry it.
    pub host: String,
    /// TCP port, commonly 993 (implicit TLS) or 143.
    pub port: u16,
    /// How the connection is protected.
    pub tls: Tls,
    /// PEM file with certificates trusted in addition to the system's.
    pub ca_file: Option<PathBuf>,
    /// Allow [`Tls::None`] to a host that is not this machine. The password then travels in clear.
    pub allow_plaintext: bool,
    /// Login name.
    pub user: String,
    /// Proof that we are that user, read anew at each login.
    pub credential: Credential,
}

/// How a connection to the server is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tls {
    /// TLS from the first byte.
    Implicit,
    /// In clear until STARTTLS, which the server must offer; never a fall-back to plain.
    StartTls,
    /// No protection: loopback only, unless [`Settings::allow_plaintext`].
    None,
}

/// Where the password or token comes from.
#[derive(Clone)]
pub enum Credential {
    /// The password itself, as handed over by a service manager.
    Password(String),
    /// A file whose content, without its final line end, is the password.
    PasswordFile(PathBuf),
    /// A file that holds an OAuth2 access token and that another program renews (XOAUTH2).
    TokenFile(PathBuf),
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Password(_) => f.write_str("Password(***)"),
            Self::PasswordFile(path) => f.debug_tuple("PasswordFile").field(path).finish(),
            Self::TokenFile(path) => f.debug_tuple("TokenFile").field(path).finish(),
        }
    }
}

impl Settings {
    /// The account as errors name it: `account "support" (imap.example.org:993)`.
    pub(super) fn place(&self) -> String {
        format!("account \"{}\" ({}:{})", self.name, self.host, self.port)
    }
}
