//! One IMAP account: what is on the server minus what the ledger knows is taken in, in sets, oldest
//! first; after the commit it is filed. Then IDLE, and a SEARCH before each.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::Result;
use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom, SystemRandom};

use super::accounts::Ending;
use super::commits::{Commits, accept};
use super::{Service, convert, filing, recall, space};
use crate::config::{Account, Server};
use crate::fault;
use crate::imap::{Backoff, Fetched, Listed, Selected, Session, Woken, sets};
use crate::store::{Accepted, Incoming, Origin, Unfinished};

/// UIDs asked for their size at once.
const LISTED_AT_ONCE: usize = 500;

/// Raw bytes of one set; `COMMITS_BESIDE` and one more are in memory between the server and the commit.
const SET_BYTES: u64 = 2 << 20;

/// Mails of one set.
const SET_MAILS: usize = 100;

/// Sets that may still wait for their commit while another one is fetched.
const COMMITS_BESIDE: usize = 3;

/// Mails that are filed by one command, or those of a few more sets with them; fewer when nothing else is
/// left to take in.
const FILED_AT_ONCE: usize = 100;

/// Of a mail that is too large, this much from its beginning is read: its headers and its text.
const HEAD_BYTES: u32 = 512 << 10;

/// After a failure of the database.
const PAUSE: Duration = Duration::from_secs(5);

/// Why a session ended.
pub(super) enum Ended {
    /// The server or the network.
    Imap(crate::imap::Error),
    /// The database.
    Store(anyhow::Error),
}

impl From<crate::imap::Error> for Ended {
    fn from(error: crate::imap::Error) -> Self {
        Self::Imap(error)
    }
}

impl From<filing::Stopped> for Ended {
    fn from(stopped: filing::Stopped) -> Self {
        match stopped {
            filing::Stopped::Imap(error) => Self::Imap(error),
            filing::Stopped::Store(error) => Self::Store(error),
        }
    }
}

impl From<anyhow::Error> for Ended {
    fn from(error: anyhow::Error) -> Self {
        Self::Store(error)
    }
}

/// Watches the account until `ending`.
pub async fn watch(service: &Service, account: &Account, server: &Server, ending: &Ending) {
    let mut backoff = Backoff::default();
    let name = &account.name;
    while !ending.is_now() {
        let pause = match session(service, account, server, ending, &mut backoff).await {
            Ok(()) => return,
            Err(Ended::Imap(error)) => {
                let pause = backoff.after(error.kind, chance());
                tracing::warn!(
                    account = name,
                    failures = backoff.failures(),
                    "{error}; next attempt in {} s",
                    pause.as_secs()
                );
                service.account_down(name, error.to_string());
                pause
            }
            Err(Ended::Store(error)) => {
                tracing::error!(
                    account = name,
                    "Account \"{name}\" waits for the database: {error:#}"
                );
                service.account_down(name, format!("{error:#}"));
                PAUSE
            }
        };
        ending.sleep(pause).await;
    }
}

/// Evenly from 0 to 1; 0.5 should the system have no chance to give.
fn chance() -> f64 {
    let mut bytes = [0; 4];
    match SystemRandom::new().fill(&mut bytes) {
        Ok(()) => f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX),
        Err(_) => 0.5,
    }
}

/// One folder as this session sees it.
pub(super) struct Watched<'a> {
    pub(super) service: &'a Service,
    pub(super) account: &'a Account,
    pub(super) selected: Selected,
    /// UIDs that the server listed and that are in the ledger.
    pub(super) known: HashSet<u32>,
    /// UIDs that the server lists and would not give; asked for again after a quiet wait.
    pub(super) refused: HashSet<u32>,
    /// Mails that reached the server before are left alone.
    pub(super) not_before: Option<DateTime<Utc>>,
}

async fn session(
    service: &Service,
    account: &Account,
    server: &Server,
    ending: &Ending,
    backoff: &mut Backoff,
) -> Result<(), Ended> {
    let settings = convert::imap_settings(account, server);
    let mut session = Session::connect(&settings).await?;
    recall::recall(service, &mut session, account, ending).await?;
    let selected = session.select(&account.folder).await?;
    let filer = filing::Filer::prepare(&mut session, account, selected).await?;
    let unfinished = service
        .store()
        .unfinished(&account.name, &account.folder, selected.uid_validity)
        .await?;
    let not_before = match account.first_start_age {
        None => None,
        Some(age) => {
            let first = service
                .store()
                .first_start(&account.name, service.now())
                .await?;
            chrono::Duration::from_std(age)
                .ok()
                .and_then(|age| first.checked_sub_signed(age))
        }
    };
    tracing::info!(
        account = account.name,
        "Account \"{}\": watching {} ({} mails)",
        account.name,
        account.folder,
        selected.exists
    );
    let mut watched = Watched {
        service,
        account,
        selected,
        known: HashSet::new(),
        refused: HashSet::new(),
        not_before,
    };
    let Unfinished {
        mut unfiled,
        copying,
        copied,
    } = unfinished;
    let mut half_done = !(copying.is_empty() && copied.is_empty());
    while !ending.is_now() {
        let listed = session.search_all().await?;
        // The account works: it answered a whole question.
        backoff.reset();
        service.account_up(&account.name);
        watched.look_up(&listed).await?;
        if fault::is_broken("cursor-by-ledger") {
            watched.known.extend(&listed);
        }
        let here: HashSet<u32> = listed.iter().copied().collect();
        // Accepted before a crash or a lost connection, and not filed yet.
        unfiled.retain(|uid| here.contains(uid));
        if std::mem::take(&mut half_done) {
            filer
                .resume(service, &mut session, &copying, &copied, &here)
                .await?;
        }
        filer.file(service, &mut session, &unfiled).await?;
        unfiled.clear();

        let new: Vec<u32> = listed
            .into_iter()
            .filter(|uid| !watched.known.contains(uid) && !watched.refused.contains(uid))
            .collect();
        if !new.is_empty() {
            watched.take_in(&mut session, &filer, &new, ending).await?;
            // What is listed and was not given must not be asked for in a circle.
            let not_given = new.iter().filter(|uid| !watched.known.contains(uid));
            watched.refused.extend(not_given);
            // More may have come meanwhile; search_all tells, and so does the wait.
            continue;
        }
        let unknown = here.iter().filter(|uid| !watched.known.contains(uid));
        service.account_listed(&account.name, here.len(), unknown.count());
        let longest = if session.capabilities().idle() {
            account.idle.unwrap_or(account.poll)
        } else {
            account.poll
        };
        if session.wait(longest, ending.wait()).await? == Woken::Timeout {
            watched.refused.clear();
        }
    }
    session.logout().await;
    Ok(())
}

impl Watched<'_> {
    /// Asks the ledger for what of the listed is not known yet.
    pub(super) async fn look_up(&mut self, listed: &[u32]) -> Result<()> {
        let unknown: Vec<u32> = listed
            .iter()
            .copied()
            .filter(|uid| !self.known.contains(uid))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let known = self
            .service
            .store()
            .known_uids(
                &self.account.name,
                &self.account.folder,
                self.selected.uid_validity,
                unknown,
            )
            .await?;
        self.known.extend(known);
        Ok(())
    }

    pub(super) async fn take_in(
        &mut self,
        session: &mut Session,
        filer: &filing::Filer,
        new: &[u32],
        ending: &Ending,
    ) -> Result<(), Ended> {
        for chunk in new.chunks(LISTED_AT_ONCE) {
            let listed = session.sizes_and_dates(chunk).await?;
            let (old, listed): (Vec<Listed>, Vec<Listed>) = listed.into_iter().partition(|mail| {
                self.not_before
                    .is_some_and(|limit| mail.internal_date.is_some_and(|date| date < limit))
            });
            self.leave(&old).await?;
            let limit = self.service.current().settings.max_message;
            let (large, listed): (Vec<Listed>, Vec<Listed>) =
                listed.into_iter().partition(|mail| mail.size > limit);
            self.take_in_sets(session, filer, &listed, ending).await?;
            if ending.is_now() {
                return Ok(());
            }
            for mail in large {
                if ending.is_now() {
                    return Ok(());
                }
                space::wait_for_room(self.service).await;
                if let Some(head) = session.fetch_head(mail.uid, HEAD_BYTES).await? {
                    // It stays where it is: only its headers and text are here.
                    let incoming = self.incoming(head, Some(mail.size));
                    let accepted = accept(self.service.store(), vec![incoming]).await?;
                    let uids = self.accepted(accepted);
                    self.filed(&uids).await?;
                }
            }
        }
        Ok(())
    }

    /// Fetches one set after the other, while those before are committed (A); what is committed is
    /// filed many mails at once (B), since a server takes nearly as long to move one.
    async fn take_in_sets(
        &mut self,
        session: &mut Session,
        filer: &filing::Filer,
        listed: &[Listed],
        ending: &Ending,
    ) -> Result<(), Ended> {
        let mut commits = Commits::default();
        let mut unfiled = Vec::new();
        let (known, beside) = (&mut unfiled, &mut commits);
        let ended = self
            .fetch_sets(session, filer, listed, ending, (known, beside))
            .await;
        // Even when the session ends: the next one asks the ledger what is still to be filed.
        let rest = commits.wait(0).await.map(|rest| self.accepted(rest));
        match (ended, rest) {
            (Ok(()), rest) => unfiled.extend(rest?),
            // A database that fails is told rather than a server that does.
            (Err(Ended::Imap(_)), Err(error)) => return Err(error.into()),
            // What failed first says why.
            (Err(ended), _) => return Err(ended),
        }
        filer.file(self.service, session, &unfiled).await?;
        Ok(())
    }

    async fn fetch_sets(
        &mut self,
        session: &mut Session,
        filer: &filing::Filer,
        listed: &[Listed],
        ending: &Ending,
        (unfiled, commits): (&mut Vec<u32>, &mut Commits),
    ) -> Result<(), Ended> {
        for set in sets(listed, SET_BYTES, SET_MAILS) {
            if ending.is_now() {
                break;
            }
            self.fetch_set(session, filer, set, commits).await?;
            unfiled.extend(self.accepted(commits.wait(COMMITS_BESIDE).await?));
            if unfiled.len() >= FILED_AT_ONCE {
                filer.file(self.service, session, unfiled).await?;
                unfiled.clear();
            }
        }
        Ok(())
    }

    /// Fetches a set and begins to commit it.
    async fn fetch_set(
        &self,
        session: &mut Session,
        filer: &filing::Filer,
        set: &[Listed],
        commits: &mut Commits,
    ) -> Result<(), Ended> {
        space::wait_for_room(self.service).await;
        let bytes = set
            .iter()
            .map(|mail| mail.size)
            .fold(0, u64::saturating_add);
        let in_memory = self.service.inner.budget.take(bytes).await;
        self.service.inner.reading.get_ready(&self.service.rules());
        let bodies = session.fetch(set).await?;
        for refusal in &bodies.refused {
            tracing::warn!(
                account = self.account.name,
                "Mail {} of {} cannot be read now: {}",
                refusal.uid,
                self.account.folder,
                refusal.why
            );
        }
        if fault::is_broken("file-after-accept") {
            let uids: Vec<u32> = set.iter().map(|mail| mail.uid).collect();
            let _ = filer.file(self.service, session, &uids).await;
        }
        let mails = bodies.mails.into_iter();
        let mails = mails.map(|mail| self.incoming(mail, None)).collect();
        commits.begin(self.service.store(), mails, in_memory);
        Ok(())
    }

    fn incoming(&self, mail: Fetched, oversize: Option<u64>) -> Incoming {
        Incoming {
            account: self.account.name.clone(),
            origin: Origin::Imap {
                folder: self.account.folder.clone(),
                uid_validity: self.selected.uid_validity,
                uid: mail.uid,
            },
            recipient: None,
            sender: None,
            received_at: mail.internal_date.unwrap_or_else(|| self.service.now()),
            bytes: mail.bytes,
            oversize,
            proven: None,
        }
    }

    /// What commit A has kept is known from here on; returns the UIDs that may be filed now.
    fn accepted(&mut self, accepted: Vec<(u32, Accepted)>) -> Vec<u32> {
        if accepted.is_empty() {
            return Vec::new();
        }
        let is_new = |(_, accepted): &&(u32, Accepted)| matches!(accepted, Accepted::New(_));
        let new = accepted.iter().filter(is_new).count();
        tracing::info!(
            account = self.account.name,
            "Account \"{}\": took in {new} mails, {} known already",
            self.account.name,
            accepted.len() - new
        );
        let uids: Vec<u32> = accepted.into_iter().map(|(uid, _)| uid).collect();
        self.known.extend(&uids);
        self.service.inner.bells.inbox.notify_one();
        uids
    }

    async fn leave(&mut self, old: &[Listed]) -> Result<(), Ended> {
        if old.is_empty() {
            return Ok(());
        }
        let uids: Vec<u32> = old.iter().map(|mail| mail.uid).collect();
        self.service
            .store()
            .leave(
                &self.account.name,
                &self.account.folder,
                self.selected.uid_validity,
                uids.clone(),
            )
            .await?;
        tracing::info!(
            account = self.account.name,
            "Account \"{}\": left alone {} mails older than its first start",
            self.account.name,
            uids.len()
        );
        self.known.extend(uids);
        Ok(())
    }

    async fn filed(&self, uids: &[u32]) -> Result<(), Ended> {
        self.service
            .store()
            .filed(
                &self.account.name,
                &self.account.folder,
                self.selected.uid_validity,
                uids.to_vec(),
            )
            .await?;
        Ok(())
    }
}
