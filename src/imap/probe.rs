//! A visit to an account that files nothing, for `guichet check`. The folder is opened with SELECT all the same: only so does the
//! server say whether we may file.

use chrono::NaiveDate;

use super::{Capabilities, Error, Filing, Found, Selected, Session, Settings};

/// What a visit found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// What the server can do.
    pub capabilities: Capabilities,
    /// How mails can be moved to another folder.
    pub filing: Filing,
    /// The watched folder.
    pub folder: Selected,
    /// Mails in it that reached the server before the given day.
    pub older: usize,
    /// Whether the folder that mails are moved to exists; `None` when none was asked about. A missing one is made when
    /// it is needed.
    pub target_exists: Option<bool>,
}

/// Logs in, opens `folder`, counts what is older than `day` and looks for `target`.
pub async fn probe(
    settings: &Settings,
    folder: &str,
    day: NaiveDate,
    target: Option<&str>,
) -> Result<Probe, Error> {
    let mut session = Session::connect(settings).await?;
    let target_exists = match target {
        Some(name) => {
            let name = session.folder(name)?;
            Some(session.look_up(&name).await? == Found::HoldsMail)
        }
        None => None,
    };
    let selected = session.select(folder).await?;
    let older = session.count_before(day).await?;
    let probe = Probe {
        capabilities: session.capabilities().clone(),
        filing: session.filing(),
        folder: selected,
        older,
        target_exists,
    };
    session.logout().await;
    Ok(probe)
}
