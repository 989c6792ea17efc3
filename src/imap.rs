//! A mailbox on an IMAP server, as bytes: connect, list, fetch, file, wait. What a mail means, what was processed and
//! when to come back belongs to `service`; nothing here touches the database.
//!
//! The rules that keep mail safe live here: only UID commands; `BODY.PEEK[]` only, so reading marks nothing; an answer
//! counts when its tagged OK has come, so a failed SEARCH is never an empty mailbox and half a mail is never a mail; a
//! session whose answer was not read whole is not used again. `EXPUNGE` without UIDs is never sent: it would
//! remove what other people marked.
//!
//! async-imap reads the responses. Its own verbs are not used (they ignore a tagged NO), nor is its login (see
//! `imap/lines.rs`); `imap/guard.rs` bounds what it may buffer.

mod backoff;
mod connect;
mod error;
mod fetch;
mod file;
mod folder;
mod guard;
mod lines;
mod login;
mod probe;
mod settings;
mod uids;
mod wait;
mod wire;

use std::time::Duration;

use async_imap::imap_proto::{
    MailboxDatum, NameAttribute, Outcome, Response, ResponseCode, Status,
};
use chrono::NaiveDate;
use tokio::time::timeout;

pub use backoff::Backoff;
pub use error::{Error, Kind};
pub use fetch::{Bodies, Fetched, Listed, Refusal};
pub use file::Filing;
pub use folder::Folder;
pub use login::Capabilities;
pub use probe::{Probe, probe};
pub use settings::{Credential, Settings, Tls};
pub use uids::sets;
pub use wait::Woken;

use crate::fault;
use folder::{Namespace, quoted};
use wire::Wire;

/// All steps of a login together, for a server that trickles through each of them.
const CONNECT_LIMIT: Duration = Duration::from_secs(150);

/// A polite goodbye is not worth more than this.
const LOGOUT_LIMIT: Duration = Duration::from_secs(3);

/// Mails asked for by one SEARCH. async-imap parses a growing line again and again, so the cost of one long line is
/// quadratic; 20,000 UIDs are cheap.
const SEARCH_WINDOW: u32 = 20_000;

/// How often a listing starts again because mails went away meanwhile.
const SEARCH_ATTEMPTS: u32 = 5;

/// A logged-in connection to one account.
#[derive(Debug)]
pub struct Session {
    wire: Wire,
    capabilities: Capabilities,
    namespace: Namespace,
}

/// A folder as it was when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Selected {
    /// UIDs mean something only together with this number (RFC 3501 2.3.1.1).
    pub uid_validity: u32,
    /// The next mail gets this UID or a higher one; `None` where the server does not tell.
    pub uid_next: Option<u32>,
    /// Mails in the folder.
    pub exists: u32,
    /// Nothing can be filed in it.
    pub read_only: bool,
}

impl Session {
    /// Connects, protects the connection as configured and logs in.
    pub async fn connect(settings: &Settings) -> Result<Self, Error> {
        timeout(CONNECT_LIMIT, Self::start(settings))
            .await
            .unwrap_or_else(|_| {
                let what = format!("no session within {} s", CONNECT_LIMIT.as_secs());
                Err(Error::new(Kind::Network, &settings.place(), what))
            })
    }

    async fn start(settings: &Settings) -> Result<Self, Error> {
        fault::point("imap connect", "before");
        let (mut lines, logged_in) = connect::connect(settings).await?;
        fault::point("imap connect", "after");
        let mut capabilities = login::capabilities(&mut lines).await?;
        if !logged_in {
            fault::point("imap login", "before");
            login::login(&mut lines, settings, &capabilities).await?;
            fault::point("imap login", "after");
            capabilities = login::capabilities(&mut lines).await?;
        }
        let mut namespace = None;
        if capabilities.namespace() {
            let answer = lines.exchange("NAMESPACE").await?;
            namespace = answer
                .untagged
                .iter()
                .find_map(|line| Namespace::read(line));
        }
        let mut session = Self {
            wire: Wire::new(lines),
            capabilities,
            namespace: Namespace::default(),
        };
        session.namespace = match namespace {
            Some(namespace) => namespace,
            None => session.namespace_by_list().await?,
        };
        Ok(session)
    }

    /// What the server can do for this user.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// Whether another command can be sent; `false` after errors that end the session.
    pub fn is_usable(&self) -> bool {
        self.wire.is_usable()
    }

    /// Opens a folder for reading and filing.
    pub async fn select(&mut self, name: &str) -> Result<Selected, Error> {
        let folder = self.folder(name)?;
        self.wire.uid_validity = None;
        self.wire.exists = 0;
        let (mut validity, mut uid_next, mut read_only) = (None, None, false);
        let opened = self
            .wire
            .command(
                &format!("SELECT {}", quoted(folder.wire())),
                |response| match code(response) {
                    Some(ResponseCode::UidValidity(number)) => validity = Some(*number),
                    Some(ResponseCode::UidNext(number)) => uid_next = Some(*number),
                    Some(ResponseCode::ReadOnly) => read_only = true,
                    _ => {}
                },
            )
            .await;
        if let Err(error) = opened {
            return Err(match error.kind {
                Kind::CommandRefused => self.wire.fail(
                    Kind::FolderMissing,
                    format!("folder \"{name}\" cannot be opened: {}", error.what()),
                ),
                _ => error,
            });
        }
        let Some(uid_validity) = validity.filter(|number| *number > 0) else {
            return Err(self.wire.give_up(
                Kind::Protocol,
                format!("folder \"{name}\" has no UIDVALIDITY: its mails have no lasting identity"),
            ));
        };
        self.wire.uid_validity = Some(uid_validity);
        // Nobody has listed what is here.
        self.wire.arrived = self.wire.exists > 0;
        Ok(Selected {
            uid_validity,
            uid_next,
            exists: self.wire.exists,
            read_only,
        })
    }

    /// The UIDs of all mails in the open folder, rising. Never empty by mistake: NO, BAD, a lost connection or an
    /// answer that contradicts the server's own count is an error. From here on, [`Session::wait`] returns at once when
    /// a mail came after this listing began.
    pub async fn search_all(&mut self) -> Result<Vec<u32>, Error> {
        for _ in 0..SEARCH_ATTEMPTS {
            // NOOP first: the count is fresh, and mails that went are told now rather than in the middle.
            self.wire.command("NOOP", |_| {}).await?;
            self.wire.arrived = false;
            self.wire.expunged = false;
            let count = self.wire.exists;
            let mut uids = Vec::new();
            let mut first = 1_u32;
            // The last window is open: what came meanwhile belongs to it.
            loop {
                let last = first.saturating_add(SEARCH_WINDOW - 1);
                let keys = match (first, last >= count) {
                    (1, true) => "ALL".to_owned(),
                    (_, true) => format!("{first}:*"),
                    (_, false) => format!("{first}:{last}"),
                };
                self.search(&keys, &mut uids).await?;
                if last >= count {
                    break;
                }
                first = last + 1;
            }
            if self.wire.expunged {
                // Numbers in sequence have moved, so a window may have missed a mail.
                continue;
            }
            uids.sort_unstable();
            uids.dedup();
            if uids.is_empty() && count > 0 {
                return Err(self.wire.give_up(
                    Kind::Protocol,
                    format!("the server counts {count} mails and lists none"),
                ));
            }
            return Ok(uids);
        }
        Err(self.wire.fail(
            Kind::CommandRefused,
            "mails are removed faster than they can be listed",
        ))
    }

    /// How many mails of the open folder reached the server before this day (by INTERNALDATE, in the server's time
    /// zone: good for a report, not for a decision).
    pub async fn count_before(&mut self, day: NaiveDate) -> Result<usize, Error> {
        let mut uids = Vec::new();
        let keys = format!("BEFORE {}", day.format("%-d-%b-%Y"));
        self.search(&keys, &mut uids).await?;
        Ok(uids.len())
    }

    /// The UIDs of the mails in the open folder that reached the server on this day or later (by INTERNALDATE, in the
    /// server's time zone: ask a day earlier than is meant).
    pub async fn search_since(&mut self, day: NaiveDate) -> Result<Vec<u32>, Error> {
        let mut uids = Vec::new();
        let keys = format!("SINCE {}", day.format("%-d-%b-%Y"));
        self.search(&keys, &mut uids).await?;
        uids.sort_unstable();
        Ok(uids)
    }

    /// The UIDs in the open folder whose header field `name` contains `value`. Serves to find out after a crash whether a
    /// copy was made (by Message-ID).
    pub async fn search_header(&mut self, name: &str, value: &str) -> Result<Vec<u32>, Error> {
        let plain = |text: &str| text.bytes().all(|byte| matches!(byte, b' '..=b'~'));
        if !plain(name) || !plain(value) {
            return Err(self.wire.fail(
                Kind::CommandRefused,
                "only ASCII can be searched for in headers",
            ));
        }
        let mut uids = Vec::new();
        let keys = format!("HEADER {} {}", quoted(name), quoted(value));
        self.search(&keys, &mut uids).await?;
        uids.sort_unstable();
        Ok(uids)
    }

    /// The name of a configured folder on this server, without asking whether it exists.
    pub fn folder(&self, name: &str) -> Result<Folder, Error> {
        self.namespace
            .folder(name)
            .map_err(|what| self.wire.fail(Kind::FolderMissing, what))
    }

    /// A folder that mails can be filed in: made and subscribed when it does not exist.
    pub async fn ensure_folder(&mut self, name: &str) -> Result<Folder, Error> {
        let folder = self.folder(name)?;
        match self.look_up(&folder).await? {
            Found::Missing => {}
            Found::HoldsMail => return Ok(folder),
            Found::HoldsFoldersOnly => {
                return Err(self.wire.fail(
                    Kind::FolderMissing,
                    format!("folder \"{name}\" can hold folders only, no mails"),
                ));
            }
        }
        let wire = quoted(folder.wire());
        match self.wire.command(&format!("CREATE {wire}"), |_| {}).await {
            Ok(()) => {}
            // Somebody else was faster.
            Err(error)
                if error.kind == Kind::CommandRefused
                    && error
                        .what()
                        .to_ascii_uppercase()
                        .contains("[ALREADYEXISTS]") => {}
            Err(error) if error.kind == Kind::CommandRefused => {
                return Err(self.wire.fail(
                    Kind::FolderMissing,
                    format!("folder \"{name}\" cannot be made: {}", error.what()),
                ));
            }
            Err(error) => return Err(error),
        }
        // Without it many mail clients do not show the folder; a refusal costs nothing more.
        match self
            .wire
            .command(&format!("SUBSCRIBE {wire}"), |_| {})
            .await
        {
            Err(error) if error.kind != Kind::CommandRefused => Err(error),
            _ => Ok(folder),
        }
    }

    /// Says goodbye and closes. Never fails: there is nothing left to lose.
    pub async fn logout(mut self) {
        if self.is_usable() {
            let _ = timeout(LOGOUT_LIMIT, self.wire.command("LOGOUT", |_| {})).await;
        }
    }

    async fn look_up(&mut self, folder: &Folder) -> Result<Found, Error> {
        let mut found = Found::Missing;
        let command = format!("LIST \"\" {}", quoted(folder.wire()));
        self.wire
            .command(&command, |response| {
                if let Response::MailboxData(MailboxDatum::List(entry)) = response {
                    found = Found::read(&entry.name_attributes);
                }
            })
            .await?;
        Ok(found)
    }

    async fn search(&mut self, keys: &str, uids: &mut Vec<u32>) -> Result<(), Error> {
        self.wire
            .command(&format!("UID SEARCH {keys}"), |response| {
                if let Response::MailboxData(MailboxDatum::Search(found)) = response {
                    uids.extend_from_slice(found);
                }
            })
            .await
    }

    /// The delimiter of a server without NAMESPACE (RFC 3501 6.3.8: an empty name asks for just that).
    async fn namespace_by_list(&mut self) -> Result<Namespace, Error> {
        let mut namespace = Namespace::default();
        self.wire
            .command("LIST \"\" \"\"", |response| {
                if let Response::MailboxData(MailboxDatum::List(entry)) = response {
                    namespace.delimiter = entry.delimiter.as_ref().and_then(|d| d.chars().next());
                }
            })
            .await?;
        Ok(namespace)
    }
}

/// What LIST says about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Found {
    Missing,
    HoldsMail,
    HoldsFoldersOnly,
}

impl Found {
    fn read(attributes: &[NameAttribute<'_>]) -> Self {
        // RFC 5258: a name that is listed for its children's sake, or because it is subscribed.
        let is_ghost = |attribute: &NameAttribute<'_>| matches!(attribute, NameAttribute::Extension(word) if word.eq_ignore_ascii_case("\\NonExistent"));
        if attributes.iter().any(is_ghost) {
            Self::Missing
        } else if attributes.contains(&NameAttribute::NoSelect) {
            Self::HoldsFoldersOnly
        } else {
            Self::HoldsMail
        }
    }
}

/// The code in brackets of a status response, tagged or not.
fn code<'a>(response: &'a Response<'_>) -> Option<&'a ResponseCode<'a>> {
    match response {
        Response::Data {
            status: Status::Ok,
            outcome: Outcome { code, .. },
        }
        | Response::Done {
            outcome: Outcome { code, .. },
            ..
        } => code.as_ref(),
        _ => None,
    }
}
