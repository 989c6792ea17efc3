//! Commit A of what comes from an IMAP server, beside the fetching: sets in the order in which they were
//! fetched, and those that are ready at once together. The thread that writes is busy with the mails of
//! before for as long as several sets take to come.

use std::collections::VecDeque;

use anyhow::{Context, Result, anyhow};
use tokio::sync::OwnedSemaphorePermit;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot::{self, error::TryRecvError};
use tokio::task::JoinHandle;

use crate::store::{Accepted, Incoming, Origin, Prepared, Store};

/// What became of a set, by UID.
type Done = Result<Vec<(u32, Accepted)>>;

/// A set on its way into the ledger.
struct Set {
    uids: Vec<u32>,
    prepared: JoinHandle<Result<Prepared>>,
    in_memory: OwnedSemaphorePermit,
    done: oneshot::Sender<Done>,
}

/// Sets that are being committed, in the order in which they were fetched: a reply is never decided before
/// the mail that it answers.
#[derive(Default)]
pub(super) struct Commits {
    under_way: VecDeque<oneshot::Receiver<Done>>,
    /// To the task that commits them.
    sets: Option<UnboundedSender<Set>>,
}

impl Commits {
    /// Commits a set beside what follows; what it took of the budget is free once that is done.
    pub(super) fn begin(
        &mut self,
        store: &Store,
        mails: Vec<Incoming>,
        in_memory: OwnedSemaphorePermit,
    ) {
        let uids = uids(&mails);
        let preparing = store.clone();
        let (done, answer) = oneshot::channel();
        let set = Set {
            uids,
            prepared: tokio::spawn(async move { preparing.prepare(mails).await }),
            in_memory,
            done,
        };
        self.under_way.push_back(answer);
        let sets = self.sets.get_or_insert_with(|| {
            let (sets, waiting) = unbounded_channel();
            tokio::spawn(commit(store.clone(), waiting));
            sets
        });
        // One that failed has ended it: whoever waits is told.
        let _ = sets.send(set);
    }

    /// Waits until at most `beside` sets are still being committed; returns what the others did.
    pub(super) async fn wait(&mut self, beside: usize) -> Result<Vec<(u32, Accepted)>> {
        if beside == 0 {
            // A set that was sent while the task ended is dropped with the channel, and is answered so.
            self.sets = None;
        }
        let mut accepted = Vec::new();
        let mut failed = Ok(());
        while let Some(mut next) = self.under_way.pop_front() {
            let done = match next.try_recv() {
                Err(TryRecvError::Empty) if self.under_way.len() < beside => {
                    self.under_way.push_front(next);
                    break;
                }
                Err(TryRecvError::Empty) => next.await.context(NOT_BEGUN).and_then(|done| done),
                Err(TryRecvError::Closed) => Err(anyhow!(NOT_BEGUN)),
                Ok(done) => done,
            };
            match done {
                Ok(more) => accepted.extend(more),
                // The first says why; those after it were not begun.
                Err(error) => failed = failed.and(Err(error)),
            }
        }
        failed.map(|()| accepted)
    }
}

/// Why a set has no answer.
const NOT_BEGUN: &str = "the mails before these could not be accepted";

/// Commits sets in their order, as many at once as are ready, until one fails.
async fn commit(store: Store, mut sets: UnboundedReceiver<Set>) {
    let mut next = None;
    loop {
        let first = match next.take() {
            Some(set) => set,
            None => match sets.recv().await {
                Some(set) => set,
                None => return,
            },
        };
        let mut together = vec![first];
        while let Ok(set) = sets.try_recv() {
            if !set.prepared.is_finished() {
                next = Some(set);
                break;
            }
            together.push(set);
        }
        if !commit_together(&store, together).await {
            return;
        }
    }
}

/// Commits some sets, all or none; whether they are.
async fn commit_together(store: &Store, sets: Vec<Set>) -> bool {
    let mut prepared = Prepared::default();
    let mut waiting: Vec<(Vec<u32>, oneshot::Sender<Done>)> = Vec::new();
    let mut in_memory = Vec::new();
    let mut failed = None;
    for set in sets {
        let rows = set.prepared.await.context("keeping mails was interrupted");
        match rows.and_then(|rows| rows) {
            Ok(rows) => {
                prepared.append(rows);
                waiting.push((set.uids, set.done));
                in_memory.push(set.in_memory);
            }
            Err(error) => {
                failed = Some((set.done, error));
                break;
            }
        }
    }
    let accepted = match prepared.is_empty() {
        true => Ok(Vec::new()),
        false => store.accept_prepared(prepared).await,
    };
    drop(in_memory);
    let mut waiting = waiting.into_iter();
    let kept = match accepted {
        Ok(accepted) => {
            let mut accepted = accepted.into_iter();
            for (uids, done) in waiting {
                // Nobody waits when the session ended.
                let _ = done.send(Ok(uids.into_iter().zip(accepted.by_ref()).collect()));
            }
            true
        }
        Err(error) => {
            if let Some((_, done)) = waiting.next() {
                let _ = done.send(Err(error));
            }
            false
        }
    };
    let failed = failed.map(|(done, error)| done.send(Err(error)));
    kept && failed.is_none()
}

fn uids(mails: &[Incoming]) -> Vec<u32> {
    let uid = |mail: &Incoming| match mail.origin {
        Origin::Imap { uid, .. } => Some(uid),
        Origin::Maildir { .. } | Origin::Pipe | Origin::Page { .. } => None,
    };
    mails.iter().filter_map(uid).collect()
}

/// Commit A of a set that nothing comes beside.
pub(super) async fn accept(store: &Store, mails: Vec<Incoming>) -> Done {
    let uids = uids(&mails);
    if uids.is_empty() {
        return Ok(Vec::new());
    }
    Ok(uids.into_iter().zip(store.accept(mails).await?).collect())
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
            commits.begin(&store, vec![incoming(uid, bytes)], in_memory);
        }
        let accepted = commits.wait(0).await.expect("accepted");
        let order: Vec<(u32, i64)> = accepted
            .into_iter()
            .map(|(uid, accepted)| (uid, accepted.id().0))
            .collect();
        assert_eq!(order, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    }

    /// Whether it was committed together with others or not, what the database refuses ends the row.
    #[tokio::test(flavor = "multi_thread")]
    async fn nothing_behind_a_set_that_the_database_refuses_is_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path()).expect("a store");
        store.refuse_mails_of_1970(true).await;
        let (budget, mut commits) = (Budget::default(), Commits::default());
        for uid in 1..=4 {
            let mut mail = incoming(uid, 10);
            if uid == 2 {
                mail.received_at = chrono::DateTime::UNIX_EPOCH;
            }
            let in_memory = budget.take(1).await;
            commits.begin(&store, vec![mail], in_memory);
        }
        let why = commits.wait(0).await.expect_err("the second is refused");
        assert!(format!("{why:#}").contains("a damaged page"), "{why:#}");
        drop(budget.take(u64::MAX).await);
        store.refuse_mails_of_1970(false).await;
        let mut again = Commits::default();
        for uid in 1..=4 {
            let in_memory = budget.take(1).await;
            again.begin(&store, vec![incoming(uid, 10)], in_memory);
        }
        let accepted = again.wait(0).await.expect("accepted");
        let new = |(uid, accepted): &(u32, Accepted)| {
            (*uid, *uid == 1 || matches!(accepted, Accepted::New(_)))
        };
        let new: Vec<(u32, bool)> = accepted.iter().map(new).collect();
        assert_eq!(new, [1, 2, 3, 4].map(|uid| (uid, true)));
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
            commits.begin(&store, vec![incoming(uid, bytes)], in_memory);
        }
        let why = format!("{:#}", commits.wait(0).await.expect_err("no room"));
        assert!(why.contains("directory"), "the first reason: {why}");
        let next = store.accept(vec![incoming(3, 10)]).await.expect("accepted");
        assert_eq!(next[0].id().0, 1, "nothing was kept before");
    }
}
