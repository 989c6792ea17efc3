//! Puts mails away on the IMAP server once they are ours (step B): moved, or marked as seen. Where
//! there is no MOVE, the copy is journalled, so that a crash does not repeat it.

use std::collections::HashSet;

use super::Service;
use crate::config::{Account, After};
use crate::imap::{self, Filing, Folder, Kind, Selected, Session};
use crate::mail;

/// How mails of one session are put away.
pub struct Filer {
    account: String,
    folder: String,
    uid_validity: u32,
    way: Way,
}

enum Way {
    /// The folder may only be read: nothing is filed, the ledger alone remembers.
    Nothing,
    Seen,
    Move(Folder, String),
    Copy(Folder, String),
}

/// Why filing stopped: the server or the database.
pub enum Stopped {
    Imap(imap::Error),
    Store(anyhow::Error),
}

impl From<imap::Error> for Stopped {
    fn from(error: imap::Error) -> Self {
        Self::Imap(error)
    }
}

impl From<anyhow::Error> for Stopped {
    fn from(error: anyhow::Error) -> Self {
        Self::Store(error)
    }
}

impl Filer {
    /// Finds out how this server can do what the configuration asks; makes the target folder.
    pub async fn prepare(
        session: &mut Session,
        account: &Account,
        selected: Selected,
    ) -> Result<Self, imap::Error> {
        let way = match &account.after {
            _ if selected.read_only => {
                tracing::warn!(
                    account = account.name,
                    "Account \"{}\": {} may only be read; mails stay where they are",
                    account.name,
                    account.folder
                );
                Way::Nothing
            }
            After::Seen => Way::Seen,
            After::MoveTo(name) => match session.filing() {
                Filing::Move => Way::Move(session.ensure_folder(name).await?, name.clone()),
                Filing::CopyAndExpunge => {
                    Way::Copy(session.ensure_folder(name).await?, name.clone())
                }
                Filing::SeenOnly => {
                    tracing::warn!(
                        account = account.name,
                        "Account \"{}\": this server can neither MOVE nor UID EXPUNGE; mails are only marked as seen",
                        account.name
                    );
                    Way::Seen
                }
            },
        };
        Ok(Self {
            account: account.name.clone(),
            folder: account.folder.clone(),
            uid_validity: selected.uid_validity,
            way,
        })
    }

    /// Leaves mails where they are: the folder is the one of things done.
    pub fn leaving(account: &Account, selected: Selected) -> Self {
        Self {
            account: account.name.clone(),
            folder: account.folder.clone(),
            uid_validity: selected.uid_validity,
            way: Way::Nothing,
        }
    }

    /// What a crash left half done: copies whose answer is not known, originals still to be
    /// removed. `here` are the UIDs that are in the folder.
    pub async fn resume(
        &self,
        service: &Service,
        session: &mut Session,
        copying: &[u32],
        copied: &[u32],
        here: &HashSet<u32>,
    ) -> Result<(), Stopped> {
        let still = |uids: &[u32]| -> Vec<u32> {
            uids.iter()
                .copied()
                .filter(|uid| here.contains(uid))
                .collect()
        };
        let mut copied = still(copied);
        let copying = still(copying);
        match &self.way {
            Way::Copy(target, target_name) => {
                let mut again = Vec::new();
                for uid in copying {
                    if self.is_in_target(session, uid, target_name).await? {
                        copied.push(uid);
                    } else {
                        again.push(uid);
                    }
                }
                if !again.is_empty() {
                    self.copy(service, session, target, &again).await?;
                }
                if !copied.is_empty() {
                    self.remove(service, session, &copied).await?;
                }
                Ok(())
            }
            // The server has learned MOVE, or the configuration changed: file them as any other.
            Way::Nothing | Way::Seen | Way::Move(..) => {
                copied.extend(copying);
                self.file(service, session, &copied).await
            }
        }
    }

    /// Files mails that were accepted.
    pub async fn file(
        &self,
        service: &Service,
        session: &mut Session,
        uids: &[u32],
    ) -> Result<(), Stopped> {
        if uids.is_empty() {
            return Ok(());
        }
        match &self.way {
            Way::Nothing => {}
            Way::Seen => session.mark_seen(uids).await?,
            Way::Move(target, name) => match session.move_to(uids, target).await {
                Err(error) if error.kind == Kind::FolderMissing => {
                    let target = session.ensure_folder(name).await?;
                    session.move_to(uids, &target).await?;
                }
                other => other?,
            },
            Way::Copy(target, _) => return self.copy(service, session, target, uids).await,
        }
        self.filed(service, uids).await
    }

    async fn copy(
        &self,
        service: &Service,
        session: &mut Session,
        target: &Folder,
        uids: &[u32],
    ) -> Result<(), Stopped> {
        let (account, folder) = (self.account.as_str(), self.folder.as_str());
        let store = service.store();
        store
            .copy_started(account, folder, self.uid_validity, uids.to_vec())
            .await?;
        session.copy_to(uids, target).await?;
        store
            .copy_done(account, folder, self.uid_validity, uids.to_vec())
            .await?;
        self.remove(service, session, uids).await
    }

    async fn remove(
        &self,
        service: &Service,
        session: &mut Session,
        uids: &[u32],
    ) -> Result<(), Stopped> {
        session.mark_deleted(uids).await?;
        session.uid_expunge(uids).await?;
        self.filed(service, uids).await
    }

    async fn filed(&self, service: &Service, uids: &[u32]) -> Result<(), Stopped> {
        service
            .store()
            .filed(
                &self.account,
                &self.folder,
                self.uid_validity,
                uids.to_vec(),
            )
            .await?;
        Ok(())
    }

    /// Whether the target folder holds a copy: by `Message-ID`. A mail without one is copied again,
    /// which costs a second copy in a folder of things done, never a mail.
    async fn is_in_target(
        &self,
        session: &mut Session,
        uid: u32,
        target: &str,
    ) -> Result<bool, Stopped> {
        let Some(head) = session.fetch_head(uid, 64 << 10).await? else {
            return Ok(false);
        };
        let Some(id) = mail::read(&head.bytes).message_id else {
            return Ok(false);
        };
        session.select(target).await?;
        let found = session.search_header("Message-ID", &id).await;
        session.select(&self.folder).await?;
        Ok(!found?.is_empty())
    }
}
