//! The first station: one supervised task an account, each with its own back-off, so that a
//! failing account never stops the others.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{AccountState, Service, imap_account, maildir_account, pipe_account};
use crate::config::{Account, Source};

/// A task that ended by itself (a panic in a library) starts again after this.
const RESTART_PAUSE: Duration = Duration::from_secs(5);

/// Told to the tasks of one configuration: finish what is in hand and end.
#[derive(Clone, Debug)]
pub struct Ending(watch::Receiver<bool>);

impl Ending {
    /// It is time to end.
    pub fn is_now(&self) -> bool {
        *self.0.borrow()
    }

    /// Done when it is time to end.
    pub async fn wait(&self) {
        // An error means that the sender is gone, which is an end as well.
        let _ = self.0.clone().wait_for(|ended| *ended).await;
    }

    /// Sleeps; returns early when it is time to end.
    pub async fn sleep(&self, pause: Duration) {
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.wait() => {}
        }
    }
}

/// Runs the tasks of the configuration in force; a reload ends them all and starts those of the
/// new one.
pub async fn supervise(service: Service) -> Result<()> {
    let mut reloaded = service.inner.reloaded.subscribe();
    loop {
        let current = service.current();
        let (end, ending) = watch::channel(false);
        let ending = Ending(ending);
        let mut tasks = JoinSet::new();
        service.forget_accounts_but(&current.settings.accounts);
        for account in &current.settings.accounts {
            tasks.spawn(keep(service.clone(), account.clone(), ending.clone()));
        }
        tasks.spawn(pipe_account::serve(service.clone(), ending.clone()));
        tokio::select! {
            () = service.stopped() => {}
            // The sender lives in the service, so this only ends by a reload.
            _ = reloaded.changed() => {}
        }
        end.send_replace(true);
        while tasks.join_next().await.is_some() {}
        if service.is_stopping() {
            return Ok(());
        }
    }
}

/// One account, for as long as it is configured.
async fn keep(service: Service, account: Account, ending: Ending) {
    let account = Arc::new(account);
    while !ending.is_now() {
        let work = {
            let (service, account, ending) =
                (service.clone(), Arc::clone(&account), ending.clone());
            async move {
                match &account.source {
                    Source::Imap(server) => {
                        imap_account::watch(&service, &account, server, &ending).await;
                    }
                    Source::Maildir(path) => {
                        maildir_account::watch(&service, &account, path, &ending).await;
                    }
                    // Its mails come through the socket, which is everybody's.
                    Source::Pipe => {
                        service.account_up(&account.name);
                        ending.wait().await;
                    }
                }
            }
        };
        if let Err(error) = tokio::spawn(work).await {
            tracing::error!(
                account = account.name,
                "Account \"{}\" starts again: {error}",
                account.name
            );
            ending.sleep(RESTART_PAUSE).await;
        }
    }
}

impl Service {
    /// An account that left the configuration is no longer missed.
    fn forget_accounts_but(&self, accounts: &[Account]) {
        self.inner
            .accounts
            .lock()
            .unwrap_or_else(|e| e.into_inner())
            .retain(|name, _| accounts.iter().any(|account| account.name == *name));
    }

    /// Notes that an account works.
    pub(super) fn account_up(&self, name: &str) {
        self.set_account(name, None);
    }

    /// Notes what is wrong with an account.
    pub(super) fn account_down(&self, name: &str, problem: String) {
        self.set_account(name, Some(problem));
    }

    /// Notes what a mailbox holds after everything new was taken: mails listed, and those of them
    /// that were asked for and not given.
    pub(super) fn account_listed(&self, name: &str, listed: usize, unknown: usize) {
        let now = self.now();
        self.change_account(name, |state| {
            state.looked_at = Some(now);
            state.listed = listed as u64;
            state.unknown = unknown as u64;
            state.behind_since = (unknown > 0).then(|| state.behind_since.unwrap_or(now));
        });
    }

    fn set_account(&self, name: &str, problem: Option<String>) {
        let now = self.now();
        self.change_account(name, |state| {
            let up = problem.is_none();
            if state.up != up {
                state.up = up;
                state.since = now;
            }
            state.problem = problem;
        });
    }

    fn change_account(&self, name: &str, change: impl FnOnce(&mut AccountState)) {
        let now = self.now();
        let mut accounts = self
            .inner
            .accounts
            .lock()
            .unwrap_or_else(|e| e.into_inner());
        let state = accounts
            .entry(name.to_owned())
            .or_insert_with(|| AccountState {
                up: false,
                since: now,
                problem: None,
                looked_at: None,
                listed: 0,
                unknown: 0,
                behind_since: None,
            });
        change(state);
    }
}
