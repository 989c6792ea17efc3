//! One Maildir account: what is in `new/` is taken in; it goes to `cur/` only after the commit.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};

use super::accounts::Ending;
use super::{Service, space};
use crate::config::Account;
use crate::fault;
use crate::maildir::{Entry, Maildir, Place};
use crate::store::{Incoming, Origin};

/// After a failure of the folder or the database.
const PAUSE: Duration = Duration::from_secs(5);

/// A mail client moves new mail to `cur/`, perhaps before we saw it: look there this often.
const LOOK_IN_CUR_EVERY: Duration = Duration::from_secs(300);

/// Raw bytes taken in at once.
const SET_BYTES: u64 = 8 << 20;

/// Mails taken in at once.
const SET_MAILS: usize = 100;

/// Of a mail that is too large, this much from its beginning is read.
const HEAD_BYTES: u64 = 512 << 10;

/// Watches the folder until `ending`.
pub async fn watch(service: &Service, account: &Account, path: &Path, ending: &Ending) {
    let name = &account.name;
    while !ending.is_now() {
        if let Err(error) = session(service, account, path, ending).await {
            tracing::warn!(
                account = name,
                "Account \"{name}\": {error:#}; next attempt in {} s",
                PAUSE.as_secs()
            );
            service.account_down(name, format!("{error:#}"));
            ending.sleep(PAUSE).await;
        }
    }
}

async fn session(service: &Service, account: &Account, path: &Path, ending: &Ending) -> Result<()> {
    let maildir = {
        let path = path.to_owned();
        blocking(move || Maildir::open(path).context("opening the Maildir")).await?
    };
    if let Some(restored) = service.store().restored().await? {
        // What came since the copy is still here, and comes as any other.
        service.store().recall(&account.name, "", restored).await?;
    }
    let ledger = service.store().maildir_ledger(&account.name).await?;
    let mut watched = Watched {
        service,
        account,
        maildir: maildir.clone(),
        known: ledger.known.into_iter().collect(),
        unreadable: HashSet::new(),
        not_before: not_before(service, account).await?,
    };
    let mut unfiled: HashSet<String> = ledger.unfiled.into_iter().collect();
    // Listening starts before looking: what comes in between rings.
    let mut watch = maildir.watch();
    let mut looked_in_cur: Option<tokio::time::Instant> = None;
    while !ending.is_now() {
        let everything =
            looked_in_cur.is_none_or(|at| at.elapsed() >= LOOK_IN_CUR_EVERY) || !unfiled.is_empty();
        let listing = {
            let maildir = maildir.clone();
            blocking(move || {
                let listing = if everything {
                    maildir.list_all()
                } else {
                    maildir.list_new()
                };
                listing.context("listing the Maildir")
            })
            .await?
        };
        if everything {
            looked_in_cur = Some(tokio::time::Instant::now());
            watched.unreadable.clear();
            for (name, why) in &listing.skipped {
                tracing::warn!(account = account.name, "{name} is not read: {why}");
            }
        }
        service.account_up(&account.name);
        let listed_here = listing.mails.len();
        let (left, listed): (Vec<Entry>, Vec<Entry>) = listing
            .mails
            .into_iter()
            .partition(|entry| unfiled.contains(&entry.name));
        watched.file(left).await?;
        unfiled.clear();
        let new: Vec<Entry> = listed
            .into_iter()
            .filter(|entry| {
                !watched.known.contains(&entry.name) && !watched.unreadable.contains(&entry.name)
            })
            .collect();
        if !new.is_empty() {
            watched.take_in(new, ending).await?;
            continue;
        }
        service.account_listed(&account.name, listed_here, watched.unreadable.len());
        tokio::select! {
            _ = watch.changed(account.poll) => {}
            () = ending.wait() => {}
        }
    }
    Ok(())
}

/// What lay in `cur/` before is left alone when it is older; `new/` is always taken in.
async fn not_before(service: &Service, account: &Account) -> Result<Option<DateTime<Utc>>> {
    let first = service
        .store()
        .first_start(&account.name, service.now())
        .await?;
    Ok(account
        .first_start_age
        .and_then(|age| chrono::Duration::from_std(age).ok())
        .and_then(|age| first.checked_sub_signed(age)))
}

struct Watched<'a> {
    service: &'a Service,
    account: &'a Account,
    maildir: Maildir,
    known: HashSet<String>,
    /// Files that cannot be read now; tried again when `cur/` is looked at.
    unreadable: HashSet<String>,
    not_before: Option<DateTime<Utc>>,
}

impl Watched<'_> {
    async fn take_in(&mut self, new: Vec<Entry>, ending: &Ending) -> Result<()> {
        let (old, new): (Vec<Entry>, Vec<Entry>) = new.into_iter().partition(|entry| {
            entry.place == Place::Cur
                && self.not_before.is_some_and(|limit| entry.delivered < limit)
        });
        if !old.is_empty() {
            let names: Vec<String> = old.into_iter().map(|entry| entry.name).collect();
            self.known.extend(names.iter().cloned());
            self.service
                .store()
                .maildir_leave(&self.account.name, names)
                .await?;
        }
        let limit = self.service.current().settings.max_message;
        let mut rest = new.into_iter().peekable();
        while rest.peek().is_some() && !ending.is_now() {
            space::wait_for_room(self.service).await;
            let mut set = Vec::new();
            let mut bytes = 0;
            while let Some(entry) = rest.next_if(|entry| {
                set.len() < SET_MAILS && (set.is_empty() || bytes + entry.size <= SET_BYTES)
            }) {
                bytes += entry.size;
                set.push(entry);
            }
            self.take_in_set(set, limit).await?;
        }
        Ok(())
    }

    async fn take_in_set(&mut self, set: Vec<Entry>, limit: u64) -> Result<()> {
        let maildir = self.maildir.clone();
        let (read, unreadable) = blocking(move || {
            let mut read = Vec::new();
            let mut unreadable = Vec::new();
            for entry in set {
                let oversize = (entry.size > limit).then_some(entry.size);
                let bytes = match oversize {
                    Some(_) => maildir.read_head(&entry, HEAD_BYTES),
                    None => maildir.read(&entry, limit),
                };
                match bytes {
                    Ok(Some(bytes)) => read.push((entry, bytes, oversize)),
                    // Gone: somebody else took care of it.
                    Ok(None) => {}
                    Err(error) => {
                        tracing::warn!("{} cannot be read now: {error}", entry.file_name);
                        unreadable.push(entry.name);
                    }
                }
            }
            Ok((read, unreadable))
        })
        .await?;
        self.unreadable.extend(unreadable);
        let mut incoming = Vec::new();
        let mut entries = Vec::new();
        for (entry, bytes, oversize) in read {
            incoming.push(Incoming {
                account: self.account.name.clone(),
                origin: Origin::Maildir {
                    name: entry.name.clone(),
                },
                recipient: None,
                sender: None,
                received_at: entry.delivered,
                bytes,
                oversize,
                proven: None,
            });
            entries.push(entry);
        }
        if incoming.is_empty() {
            return Ok(());
        }
        let count = incoming.len();
        self.service.store().accept(incoming).await?;
        tracing::info!(
            account = self.account.name,
            "Account \"{}\": took in {count} mails",
            self.account.name
        );
        self.known
            .extend(entries.iter().map(|entry| entry.name.clone()));
        self.service.inner.bells.inbox.notify_one();
        self.file(entries).await
    }

    async fn file(&self, entries: Vec<Entry>) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = entries.iter().map(|entry| entry.name.clone()).collect();
        let maildir = self.maildir.clone();
        blocking(move || {
            for entry in &entries {
                fault::point("maildir file", "before");
                maildir.file(entry).context("filing a mail in cur/")?;
                fault::point("maildir file", "after");
            }
            Ok(())
        })
        .await?;
        self.service
            .store()
            .maildir_filed(&self.account.name, names)
            .await
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T> + Send + 'static,
) -> Result<T> {
    tokio::task::spawn_blocking(work).await?
}
