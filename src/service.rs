//! The desk at work: three loops over three tables, and a clock. `receive` moves mails from
//! accounts into the inbox, `process` turns the inbox into tickets and an outbox, `deliver` moves
//! the outbox to a mail server. Between them there is only the database; the bells are hints, and
//! a lost one costs a poll interval, never a mail.
//!
//! This is the one module that waits for two worlds at once. What mails mean is `desk`'s business,
//! how they are kept `store`'s, how bytes travel `imap`'s, `maildir`'s and `smtp`'s.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, RwLock};
use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::config::Settings;
use crate::store::{AccountState, Store};

mod accounts;
mod act;
mod alerts;
pub mod authenticate;
mod budget;
mod clock;
mod commits;
mod conclude;
mod convert;
mod deliver;
mod directory;
mod filing;
pub mod health;
mod imap_account;
pub mod knowledge;
mod links;
mod maildir_account;
mod pipe_account;
mod process;
mod reading;
mod recall;
mod reports;
mod rules;
mod space;
pub mod statistics;
pub mod submit;
mod timers;
pub mod visit;

pub use clock::Clock;
pub use conclude::conclude;
pub use convert::{imap_settings, transport};
pub use process::{Understood, understand};
pub use rules::Rules;

/// How long the stations may take to finish what they have in hand when the service stops
/// (RELIABILITY F25: within 10 s).
const STOP_LIMIT: Duration = Duration::from_secs(9);

/// Everything the stations share; cheap to clone.
#[derive(Clone, Debug)]
pub struct Service {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    store: Store,
    clock: Clock,
    current: RwLock<Arc<Current>>,
    bells: Bells,
    budget: budget::Budget,
    reading: reading::Reading,
    accounts: Mutex<BTreeMap<String, AccountState>>,
    readers: knowledge::readers::Readers,
    drawn: statistics::Drawn,
    stop: watch::Sender<bool>,
    reloaded: watch::Sender<u64>,
}

/// The configuration in force, replaced as a whole by a reload.
#[derive(Debug)]
pub struct Current {
    /// Settings.
    pub settings: Settings,
    /// The rules made from them.
    pub rules: Arc<Rules>,
}

/// Hints that there is work.
#[derive(Debug, Default)]
struct Bells {
    inbox: Notify,
    outbox: Notify,
    timers: Notify,
}

impl Service {
    /// Opens the database and prepares the rules; nothing runs yet.
    ///
    /// # Errors
    /// When the database cannot be opened or a template is wrong.
    pub fn open(settings: Settings, clock: Clock) -> Result<Self> {
        let store = Store::open(&settings.data_dir)
            .with_context(|| format!("opening the database in {}", settings.data_dir.display()))?;
        let rules = Arc::new(Rules::load(&settings)?);
        Ok(Self {
            inner: Arc::new(Inner {
                store,
                clock,
                current: RwLock::new(Arc::new(Current { settings, rules })),
                bells: Bells::default(),
                budget: budget::Budget::default(),
                reading: reading::Reading::start()?,
                accounts: Mutex::default(),
                readers: knowledge::readers::Readers::default(),
                drawn: statistics::Drawn::default(),
                stop: watch::Sender::new(false),
                reloaded: watch::Sender::new(0),
            }),
        })
    }

    /// The database.
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The time as the desk sees it.
    pub fn now(&self) -> DateTime<Utc> {
        self.inner.clock.now()
    }

    /// The configuration in force.
    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.inner.current.read().unwrap_or_else(|e| e.into_inner()))
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Rules> {
        Arc::clone(&self.current().rules)
    }

    /// Who read which article.
    pub fn readers(&self) -> &knowledge::readers::Readers {
        &self.inner.readers
    }

    /// How the accounts are doing, by name.
    pub fn accounts(&self) -> BTreeMap<String, AccountState> {
        self.inner
            .accounts
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .clone()
    }

    /// Replaces the configuration, all or nothing: new rules count from the next mail on, accounts
    /// that changed are connected anew. The data directory cannot change.
    ///
    /// # Errors
    /// When a template is wrong, or something was changed that needs a restart; then nothing has
    /// changed.
    pub fn reload(&self, settings: Settings) -> Result<()> {
        let before = self.current();
        anyhow::ensure!(
            settings.data_dir == before.settings.data_dir,
            "data_dir changed: that needs a restart"
        );
        let rules = Arc::new(Rules::load(&settings)?);
        *self
            .inner
            .current
            .write()
            .unwrap_or_else(|e| e.into_inner()) = Arc::new(Current { settings, rules });
        self.inner
            .reloaded
            .send_modify(|generation| *generation += 1);
        Ok(())
    }

    /// Puts what was made from `before` in its place. `false`: something newer stands there already,
    /// and what was made from the older is given up; whoever made it looks again.
    fn replace(&self, before: &Arc<Current>, new: Current) -> bool {
        let mut current = self
            .inner
            .current
            .write()
            .unwrap_or_else(|e| e.into_inner());
        let is_newest = Arc::ptr_eq(&current, before);
        if is_newest {
            *current = Arc::new(new);
        }
        is_newest
    }

    /// Tells the stations that something came from elsewhere: the page, the command line.
    pub fn ring(&self) {
        self.inner.bells.inbox.notify_one();
        self.inner.bells.outbox.notify_one();
        self.inner.bells.timers.notify_one();
    }

    /// Done when the service stops; for the tasks that wait.
    pub async fn stopped(&self) {
        let mut stop = self.inner.stop.subscribe();
        // An error means that the sender is gone, which is a stop as well.
        let _ = stop.wait_for(|stop| *stop).await;
    }

    fn is_stopping(&self) -> bool {
        *self.inner.stop.borrow()
    }

    /// Runs all stations until `shutdown` is done, then lets them finish what they have in hand.
    /// `ready` is called once the stations run.
    ///
    /// # Errors
    /// When another daemon holds the data directory, or a station ends by itself.
    pub async fn run(
        &self,
        shutdown: impl Future<Output = ()>,
        ready: impl FnOnce(),
    ) -> Result<()> {
        let leftovers = self.inner.store.take_over(self.now()).await?;
        if leftovers.mails + leftovers.notifications > 0 {
            tracing::warn!(
                mails = leftovers.mails,
                notifications = leftovers.notifications,
                "The last run was interrupted: going on where it stopped"
            );
        }
        if let Some(restored) = self.inner.store.restored().await?
            && leftovers.held > 0
        {
            tracing::warn!(
                held = leftovers.held,
                "A copy of {} was put back: {} notifications are held, see guichet outbox list --state held",
                restored.copied_at,
                leftovers.held
            );
        }
        let mut stations = JoinSet::new();
        stations.spawn(accounts::supervise(self.clone()));
        stations.spawn(process::station(self.clone()));
        stations.spawn(deliver::station(self.clone()));
        stations.spawn(timers::station(self.clone()));
        stations.spawn(directory::station(self.clone()));
        stations.spawn(knowledge::station(self.clone()));
        stations.spawn(alerts::station(self.clone()));
        stations.spawn(statistics::station(self.clone()));
        stations.spawn(reports::station(self.clone()));
        ready();
        let ended = tokio::select! {
            () = shutdown => None,
            Some(ended) = stations.join_next() => Some(ended),
        };
        self.inner.stop.send_replace(true);
        let all = async { while stations.join_next().await.is_some() {} };
        if tokio::time::timeout(STOP_LIMIT, all).await.is_err() {
            tracing::warn!(
                "Stopping although a station is still at work: it goes on at the next start"
            );
            stations.abort_all();
        }
        match ended {
            None => Ok(()),
            Some(Ok(Ok(()))) => anyhow::bail!("a station ended by itself"),
            Some(Ok(Err(error))) => Err(error),
            Some(Err(error)) => Err(anyhow::Error::new(error).context("a station died")),
        }
    }

    /// Does everything that is due and returns when nothing is left to do now: for tests, the
    /// demo's start and `guichet` commands that act without a daemon. Accounts are not watched.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn settle_all(&self) -> Result<()> {
        if let Err(error) = directory::once(self) {
            tracing::error!("The directory stays as it was: {error:#}");
        }
        loop {
            let rung = timers::once(self).await? + reports::once(self).await?;
            let processed = process::once(self).await?;
            let sender = deliver::sender(self)?;
            let delivered = deliver::once(self, &sender).await?;
            if rung + processed + delivered == 0 {
                return Ok(());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_was_made_from_older_settings_replaces_nothing_newer() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        std::fs::write(&path, include_str!("../fixtures/scenarios/config.toml")).expect("writable");
        let settings = || Config::load(&path).unwrap_or_else(|problems| panic!("{problems}"));
        let service = Service::open(settings(), Clock::System).expect("opened");
        let made = |from: &Arc<Current>| Current {
            settings: from.settings.clone(),
            rules: Arc::clone(&from.rules),
        };

        let before = service.current();
        service.reload(settings()).expect("loaded");
        let newest = service.current();
        assert!(!service.replace(&before, made(&before)));
        assert!(Arc::ptr_eq(&newest, &service.current()));
        assert!(service.replace(&newest, made(&newest)));
        assert!(!Arc::ptr_eq(&newest, &service.current()));
    }
}
