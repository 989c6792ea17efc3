//! Hears that something was delivered into a Maildir. A doorbell only: what is there is told by listing.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::timeout;

/// How often the folder is looked at when the system cannot tell about changes.
const POLL_INTERVAL: Duration = Duration::from_secs(2);

/// Whether anything was heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    /// Something moved in `new/` or `cur/`.
    Yes,
    /// Nothing was heard in the time given, or nothing can be heard here: look all the same.
    Unknown,
}

/// Listens to one Maildir for as long as it lives.
#[derive(Debug)]
pub struct Watch {
    folders: [PathBuf; 2],
    bell: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
}

impl Watch {
    pub(super) fn new(root: &Path) -> Self {
        let mut watch = Self {
            folders: [root.join("new"), root.join("cur")],
            bell: Arc::new(Notify::new()),
            watcher: None,
        };
        watch.listen();
        watch
    }

    /// Whether the system tells about changes here; otherwise the folder is looked at every two seconds.
    pub fn is_live(&self) -> bool {
        self.watcher.is_some()
    }

    /// Waits for a change, at most `longest`. A change since the last call counts at once. The limit is also the cure
    /// for network file systems, which tell nothing about what other machines deliver.
    pub async fn changed(&mut self, longest: Duration) -> Changed {
        if self.watcher.is_none() {
            self.listen();
        }
        let longest = if self.is_live() {
            longest
        } else {
            longest.min(POLL_INTERVAL)
        };
        match timeout(longest, self.bell.notified()).await {
            Ok(()) => Changed::Yes,
            Err(_) => {
                // A folder that was removed and made again is another one: listen anew now and then.
                self.watcher = None;
                self.listen();
                Changed::Unknown
            }
        }
    }

    fn listen(&mut self) {
        let bell = Arc::clone(&self.bell);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading a mail is a change to nobody; an error may hide one.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            bell.notify_one();
        });
        let Ok(mut watcher) = watcher else { return };
        let watched = self
            .folders
            .iter()
            .all(|folder| watcher.watch(folder, RecursiveMode::NonRecursive).is_ok());
        self.watcher = watched.then_some(watcher);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maildir::{Maildir, deliver};

    #[tokio::test]
    async fn a_delivery_rings() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let maildir = Maildir::open(folder.path()).expect("made");
        let mut watch = maildir.watch();
        assert!(watch.is_live());
        deliver(folder.path(), b"x").expect("delivered");
        // Long enough that only a bell that does not ring makes the test fail.
        assert_eq!(watch.changed(Duration::from_secs(30)).await, Changed::Yes);
    }

    #[tokio::test]
    async fn without_the_system_s_help_the_folder_is_looked_at() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let maildir = Maildir::open(folder.path()).expect("made");
        let mut watch = maildir.watch();
        std::fs::remove_dir_all(folder.path()).expect("removed");
        // The removal itself was heard; from here on nothing can be.
        watch.watcher = None;
        watch.bell = Arc::new(Notify::new());
        tokio::time::pause();
        let day = Duration::from_secs(86_400);
        assert_eq!(watch.changed(day).await, Changed::Unknown);
        assert!(!watch.is_live());

        Maildir::open(folder.path()).expect("made again");
        watch.changed(Duration::ZERO).await;
        assert!(watch.is_live(), "a folder that comes back is heard again");
    }
}
