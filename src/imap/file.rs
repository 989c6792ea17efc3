//! Putting mails away once we have them for good: moved to a folder, or marked as read.
//!
//! Where the server has MOVE, one command does it, whole or not at all. Elsewhere it takes three, and a crash
//! between them would copy again; so they are separate verbs, and the caller writes down how far it got.

use async_imap::imap_proto::ResponseCode;
use async_imap::imap_proto::rfc4315::UidSetMember;

use super::folder::quoted;
use super::{Error, Folder, Kind, Session, code, uids};

/// How mails can be filed in another folder on this server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filing {
    /// [`Session::move_to`].
    Move,
    /// [`Session::copy_to`], then [`Session::mark_deleted`], then [`Session::uid_expunge`].
    CopyAndExpunge,
    /// The server can remove nothing safely: [`Session::mark_seen`] is all there is.
    SeenOnly,
}

/// Most pairs read from one COPYUID; a set of ours never has more.
const PAIRS_LIMIT: usize = 10_000;

impl Session {
    /// How mails can be filed in another folder on this server.
    pub fn filing(&self) -> Filing {
        if self.capabilities.moves() {
            Filing::Move
        } else if self.capabilities.uidplus() {
            Filing::CopyAndExpunge
        } else {
            Filing::SeenOnly
        }
    }

    /// Moves mails of the open folder. Mails that are gone already are no error. [`Kind::FolderMissing`] when the target
    /// went away: [`Session::ensure_folder`] and again.
    pub async fn move_to(&mut self, uids: &[u32], folder: &Folder) -> Result<(), Error> {
        for set in uids::written(uids.iter().copied()) {
            let command = format!("UID MOVE {set} {}", quoted(folder.wire()));
            self.file(&command, Some(folder)).await?;
        }
        Ok(())
    }

    /// Copies mails of the open folder; returns pairs (UID here, UID there) where the server tells (UIDPLUS).
    pub async fn copy_to(
        &mut self,
        uids: &[u32],
        folder: &Folder,
    ) -> Result<Vec<(u32, u32)>, Error> {
        let mut pairs = Vec::new();
        for set in uids::written(uids.iter().copied()) {
            let command = format!("UID COPY {set} {}", quoted(folder.wire()));
            let copied = self.wire.command(&command, |response| {
                if let Some(ResponseCode::CopyUid(_, from, to)) = code(response) {
                    pairs.extend(members(from).zip(members(to)).take(PAIRS_LIMIT));
                }
            });
            copied.await.map_err(|error| named(error, Some(folder)))?;
        }
        Ok(pairs)
    }

    /// Marks mails of the open folder as read.
    pub async fn mark_seen(&mut self, uids: &[u32]) -> Result<(), Error> {
        self.mark(uids, "\\Seen").await
    }

    /// Marks mails of the open folder for removal, after they were copied.
    pub async fn mark_deleted(&mut self, uids: &[u32]) -> Result<(), Error> {
        self.mark(uids, "\\Deleted").await
    }

    /// Removes those of these mails that are marked for removal, and no others. Refused on a server without UIDPLUS, where
    /// it could only be done by removing everything that anybody marked.
    pub async fn uid_expunge(&mut self, uids: &[u32]) -> Result<(), Error> {
        if !self.capabilities.uidplus() {
            return Err(self.wire.fail(
                Kind::CommandRefused,
                "the server has no UIDPLUS: single mails cannot be removed",
            ));
        }
        for set in uids::written(uids.iter().copied()) {
            self.file(&format!("UID EXPUNGE {set}"), None).await?;
        }
        Ok(())
    }

    async fn mark(&mut self, uids: &[u32], flag: &str) -> Result<(), Error> {
        for set in uids::written(uids.iter().copied()) {
            let command = format!("UID STORE {set} +FLAGS.SILENT ({flag})");
            self.file(&command, None).await?;
        }
        Ok(())
    }

    async fn file(&mut self, command: &str, folder: Option<&Folder>) -> Result<(), Error> {
        let filed = self.wire.command(command, |_| {}).await;
        filed.map_err(|error| named(error, folder))
    }
}

fn named(error: Error, folder: Option<&Folder>) -> Error {
    match folder {
        Some(folder) => error.about(&format!("filing in folder \"{}\"", folder.shown())),
        None => error.about("filing"),
    }
}

fn members(set: &[UidSetMember]) -> impl Iterator<Item = u32> {
    set.iter().flat_map(|member| match member {
        UidSetMember::Uid(uid) => *uid..=*uid,
        UidSetMember::UidRange(range) => range.clone(),
    })
}
