//! For `guichet check`: a visit to each mail server, as the stations would make it, that fetches,
//! sends and changes nothing.

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::convert::{imap_settings, transport};
use crate::config::{self, After, Outlet, Source};
use crate::imap::{self, Kind};
use crate::smtp;

/// A server that does not answer a visit within this is reported so; a login takes seconds.
const VISIT: Duration = Duration::from_secs(40);

/// What a visit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// In a sentence.
    pub detail: String,
    /// What to do about it; `None`: all is well.
    pub remedy: Option<String>,
}

impl Visit {
    fn good(detail: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            remedy: None,
        }
    }

    fn bad(detail: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self {
            detail: detail.into(),
            remedy: Some(remedy.into()),
        }
    }
}

/// Visits an account: logs in, opens the folder, says what the server can do and how many mails
/// are too old to be taken at a first start. Fetches nothing and changes nothing.
pub async fn visit_account(account: &config::Account, now: DateTime<Utc>) -> Visit {
    let settings = match &account.source {
        Source::Maildir(folder) => return maildir(folder),
        Source::Pipe => return Visit::good("what guichet deliver brings"),
        Source::Imap(server) => imap_settings(account, server),
    };
    match tokio::time::timeout(VISIT, mailbox(&settings, account, now)).await {
        Ok(Ok(visit)) => visit,
        Ok(Err(error)) => Visit::bad(error.to_string(), remedy(error.kind)),
        Err(_) => Visit::bad(
            format!(
                "{}:{} did not answer within {} s",
                settings.host,
                settings.port,
                VISIT.as_secs()
            ),
            "is this an IMAP server, and is tls right for the port?",
        ),
    }
}

/// Visits the outlet: connects and logs in, sends nothing.
pub async fn visit_outlet(outlet: &Outlet) -> Visit {
    let check = async {
        let sender = smtp::Sender::new(transport(outlet))?;
        let line = sender.check().await?;
        sender.close().await;
        anyhow::Ok(line)
    };
    match tokio::time::timeout(VISIT, check).await {
        Ok(Ok(line)) => Visit::good(line),
        Ok(Err(error)) => Visit::bad(
            format!("{error:#}"),
            "correct [smtp], or the server; mails wait in the outbox meanwhile",
        ),
        Err(_) => Visit::bad(
            format!("no answer within {} s", VISIT.as_secs()),
            "is this an SMTP server, and is tls right for the port?",
        ),
    }
}

async fn mailbox(
    settings: &imap::Settings,
    account: &config::Account,
    now: DateTime<Utc>,
) -> Result<Visit, imap::Error> {
    // A delay is never longer than ten years.
    let age = chrono::Duration::from_std(account.first_start_age.unwrap_or_default());
    let day = (now - age.unwrap_or_default()).date_naive();
    let target = match &account.after {
        After::MoveTo(folder) => Some(folder.as_str()),
        After::Seen => None,
    };
    let found = imap::probe(settings, &account.folder, day, target).await?;
    let mut said = Vec::new();
    let mut remedy = None;
    said.push(match settings.tls {
        imap::Tls::Implicit => "TLS".to_owned(),
        imap::Tls::StartTls => "STARTTLS".to_owned(),
        imap::Tls::None => "in clear".to_owned(),
    });
    said.push(if found.capabilities.idle() {
        "IDLE".to_owned()
    } else {
        format!("no IDLE: looks every {} s", account.poll.as_secs())
    });
    if let Some(target) = target {
        said.push(match found.filing {
            imap::Filing::Move => "MOVE".to_owned(),
            imap::Filing::CopyAndExpunge => "no MOVE: copies and expunges".to_owned(),
            imap::Filing::SeenOnly => {
                remedy = Some("say so: after = \"seen\"".to_owned());
                "neither MOVE nor UIDPLUS: mails are only marked as seen".to_owned()
            }
        });
        said.push(match found.target_exists {
            Some(true) => format!("folder \"{target}\" is there"),
            Some(false) | None => format!("folder \"{target}\" is made when needed"),
        });
    }
    said.push(format!(
        "{} mails in \"{}\"",
        found.folder.exists, account.folder
    ));
    if account.first_start_age.is_some() && found.older > 0 {
        said.push(format!("{} older than first_start_age", found.older));
    }
    if found.folder.read_only {
        said.push("it is read-only".to_owned());
        remedy = Some(format!(
            "give \"{}\" the right to change folder \"{}\"",
            settings.user, account.folder
        ));
    }
    Ok(Visit {
        detail: format!("{}:{}, {}", settings.host, settings.port, said.join(", ")),
        remedy,
    })
}

fn maildir(folder: &Path) -> Visit {
    if !folder.exists() {
        return Visit::good(format!("{} is made at the start", folder.display()));
    }
    for part in ["new", "cur"] {
        let part = folder.join(part);
        let access = rustix::fs::Access::READ_OK
            | rustix::fs::Access::WRITE_OK
            | rustix::fs::Access::EXEC_OK;
        if let Err(error) = rustix::fs::access(&part, access) {
            return Visit::bad(
                format!("{}: {error}", part.display()),
                "give the user of the desk the right to read and write there",
            );
        }
    }
    let waiting = std::fs::read_dir(folder.join("new")).map_or(0, Iterator::count);
    Visit::good(format!("{}, {waiting} new mails", folder.display()))
}

fn remedy(kind: Kind) -> &'static str {
    match kind {
        Kind::Network => "is the server up, and are host and port right?",
        Kind::Tls => "correct host, or name the certificate's authority with ca_file",
        Kind::NoStartTls => "use tls = \"implicit\", or have the server offer STARTTLS",
        Kind::PlaintextRefused => "use tls = \"implicit\" or \"starttls\"",
        Kind::Credential => "correct the password or token file",
        Kind::LoginRefused => "correct user and password or token",
        Kind::FolderMissing => "correct folder, or make it on the server",
        Kind::CommandRefused | Kind::Protocol => "look at the server's log",
    }
}
