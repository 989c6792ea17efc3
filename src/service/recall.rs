//! After a copy of the database was put back: the mails that were taken since it was made lie in the
//! folder of things done, where nobody looks. They are taken once more from there (fault F28); what
//! they bring about is decided anew, and what it would send is held (see `store/copy.rs`).

use std::collections::HashSet;

use chrono::Days;

use super::accounts::Ending;
use super::imap_account::{Ended, Watched};
use super::{Service, filing};
use crate::config::{Account, After};
use crate::imap::Session;

/// Servers search by whole days in a zone of their own, and clocks differ.
const MARGIN: Days = Days::new(2);

/// Takes them in, unless that is done or there was no copy. The watched folder is to be opened after it.
pub async fn recall(
    service: &Service,
    session: &mut Session,
    account: &Account,
    ending: &Ending,
) -> Result<(), Ended> {
    let store = service.store();
    let Some(restored) = store.restored().await? else {
        return Ok(());
    };
    let folder = match &account.after {
        After::MoveTo(folder) => folder,
        // They are where they were, and come as any other.
        After::Seen => &account.folder,
    };
    let is_due = store.recall(&account.name, folder, restored).await?;
    if !is_due || *folder == account.folder {
        return Ok(());
    }
    let there = Account {
        folder: folder.clone(),
        first_start_age: None,
        ..account.clone()
    };
    session.ensure_folder(folder).await?;
    let selected = session.select(folder).await?;
    let mut watched = Watched {
        service,
        account: &there,
        selected,
        known: HashSet::new(),
        refused: HashSet::new(),
        not_before: None,
    };
    let day = restored.copied_at.date_naive();
    let since = day.checked_sub_days(MARGIN).unwrap_or(day);
    let listed = session.search_since(since).await?;
    watched.look_up(&listed).await?;
    let new: Vec<u32> = listed
        .into_iter()
        .filter(|uid| !watched.known.contains(uid))
        .collect();
    tracing::warn!(
        account = account.name,
        "Account \"{}\": a copy of {day} was put back: looking through {} mails in {folder}",
        account.name,
        new.len()
    );
    let filer = filing::Filer::leaving(&there, selected);
    watched.take_in(session, &filer, &new, ending).await?;
    // What the server would not give is asked for at the next connection.
    if new.iter().all(|uid| watched.known.contains(uid)) {
        store.recalled(&account.name, restored).await?;
    }
    Ok(())
}
