//! Commit A of what comes from an IMAP server, beside the fetching: one set after the other, in the
//! order in which they were fetched.

use std::collections::VecDeque;

use anyhow::{Context, Result};
use tokio::sync::{OwnedSemaphorePermit, oneshot};
use tokio::task::JoinHandle;

use crate::store::{Accepted, Incoming, Origin, Store};

/// A set on its way into the ledger.
type Commit = JoinHandle<Result<Vec<(u32, Accepted)>>>;

/// Sets that are being committed, one after the other in the order in which they were fetched: a reply
/// is never decided before the mail that it answers.
#[derive(Default)]
pub(super) struct Commits {
    under_way: VecDeque<Commit>,
    /// Says that the latest of them is committed; closed when it is not.
    before: Option<oneshot::Receiver<()>>,
}

impl Commits {
    /// Commits a set beside what follows; what it took of the budget is free once that is done.
    pub(super) fn begin(
        &mut self,
        store: Store,
        mails: Vec<Incoming>,
        in_memory: OwnedSemaphorePermit,
    ) {
        let (done, after) = oneshot::channel();
        let before = self.before.replace(after);
        self.under_way.push_back(tokio::spawn(async move {
            let accepted = accept(&store, mails, before).await?;
            drop(in_memory);
            // Nobody waits when this was the last.
            let _ = done.send(());
            Ok(accepted)
        }));
    }

    /// Waits until at most `beside` sets are still being committed; returns what the others did.
    pub(super) async fn wait(&mut self, beside: usize) -> Result<Vec<(u32, Accepted)>> {
        let mut accepted = Vec::new();
        let mut failed = Ok(());
        while self.under_way.len() > beside
            || self.under_way.front().is_some_and(JoinHandle::is_finished)
        {
            let Some(commit) = self.under_way.pop_front() else {
                break;
            };
            let commit = commit.await.context("accepting mails was interrupted");
            match commit.and_then(|accepted| accepted) {
                Ok(more) => accepted.extend(more),
                // The first says why; those after it were not begun.
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        failed.map(|()| accepted)
    }
}

/// Commit A, once what came before is committed.
pub(super) async fn accept(
    store: &Store,
    mails: Vec<Incoming>,
    before: Option<oneshot::Receiver<()>>,
) -> Result<Vec<(u32, Accepted)>> {
    let uids: Vec<u32> = mails
        .iter()
        .filter_map(|mail| match mail.origin {
            Origin::Imap { uid, .. } => Some(uid),
            Origin::Maildir { .. } | Origin::Pipe | Origin::Page { .. } => None,
        })
        .collect();
    let prepared = store.prepare(mails).await?;
    if let Some(before) = before {
        before
            .await
            .context("the mails before these could not be accepted")?;
    }
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    let accepted = store.accept_prepared(prepared).await?;
    Ok(uids.into_iter().zip(accepted).collect())
}

#[cfg(test)]
mod tests {
    use chrono::Utc;

    use super::*;
    use crate::service::budget::Budget;

    fn incoming(uid: u32, bytes: usize) -> Incoming {
        let mut mail = format!("Message-ID: <{uid}@example.org>\r\n\r\n").into_bytes();
        mail.resize(mail.len() + bytes, b'x');
        Incoming {
            account: "support".to_owned(),
            origin: Origin::Imap {
                folder: "INBOX".to_owned(),
                uid_validity: 1,
                uid,
            },
            recipient: None,
            sender: None,
            received_at: Utc::now(),
            bytes: mail,
            oversize: None,
            proven: None,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_large_mail_is_not_overtaken() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let (budget, mut commits) = (Budget::default(), Commits::default());
        for (uid, bytes) in [(1, 16 << 20), (2, 10), (3, 300 << 10), (4, 10)] {
            let in_memory = budget.take(1).await;
            commits.begin(store.clone(), vec![incoming(uid, bytes)], in_memory);
        }
        let accepted = commits.wait(0).await.expect("accepted");
        let order: Vec<(u32, i64)> = accepted
            .into_iter()
            .map(|(uid, accepted)| (uid, accepted.id().0))
            .collect();
        assert_eq!(order, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_follows_a_set_that_was_not_kept_is_not_kept_either() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        let (budget, mut commits) = (Budget::default(), Commits::default());
        // No directory can be made where a file is.
        std::fs::write(folder.path().join("raw"), "").expect("written");
        for (uid, bytes) in [(1, 1 << 20), (2, 10)] {
            let in_memory = budget.take(1).await;
            commits.begin(store.clone(), vec![incoming(uid, bytes)], in_memory);
        }
        let why = format!("{:#}", commits.wait(0).await.expect_err("no room"));
        assert!(why.contains("directory"), "the first reason: {why}");
        let next = store.accept(vec![incoming(3, 10)]).await.expect("accepted");
        assert_eq!(next[0].id().0, 1, "nothing was kept before");
    }
}
