//! What is sent through a form of the page: it becomes a mail in the inbox and takes the same road
//! as one. That its author is proven (by his link, by a mail that he confirmed, by the directory of
//! the house) is for the caller to know.

use std::time::Duration;

use anyhow::{Context, Result};
use chrono::{DateTime, Utc};
use ring::digest::{Context as Hash, SHA256};

use super::{Service, space};
use crate::desk::{Policy, Submission};
use crate::mail::{self, Address};
use crate::notification::submitted;
use crate::store::{InboxState, Incoming, Origin};
use crate::ticket::{File, InboxId, Ticket, TicketId};

pub use crate::notification::submitted::Enclosure;

/// How long the answer waits for the mail to be processed, so that the page can show what it did. It
/// is kept by then: a desk that is busy only shows it later.
const PATIENCE: Duration = Duration::from_secs(2);

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// What somebody wrote in a form.
///
/// For a new request: `to` is one of the addresses of the configuration (it decides the team, as for
/// a mail), `subject` is the title, `text` everything that was written, and what the form asked in
/// fields of their own is in `submission` (category, nature, urgency, beneficiary, phone, language);
/// answers to the questions of a category are lines of `text`. For a ticket, [`Form::on`] fills in the
/// rest.
#[derive(Clone, Debug)]
pub struct Form {
    /// The number that the form carried since it was shown: the same form with the same words sent
    /// twice is one submission.
    pub number: String,
    /// Who wrote it, proven.
    pub author: Address,
    /// Account that it counts as coming through.
    pub account: String,
    /// One of our addresses.
    pub to: String,
    /// Title.
    pub subject: String,
    /// Words.
    pub text: String,
    /// Files.
    pub files: Vec<Enclosure>,
    /// The fields.
    pub submission: Submission,
}

impl Form {
    /// Words for a ticket that exists, by somebody of it, from its page; files are added to it.
    pub fn on(
        policy: &Policy,
        ticket: &Ticket,
        author: Address,
        number: String,
        text: String,
    ) -> Self {
        let team = policy.team(&ticket.team).or(policy.teams.first());
        let of_team = || Some(team?.from.clone());
        Self {
            number,
            author,
            account: ticket.account.clone(),
            to: ticket.sent_to.clone().or_else(of_team).unwrap_or_default(),
            subject: format!("[{}] {}", ticket.reference, ticket.title),
            text,
            files: Vec::new(),
            submission: Submission {
                ticket: Some(ticket.id),
                language: Some(ticket.language.clone()),
                ..Submission::default()
            },
        }
    }

    /// The same words and files of the same person in the same form have the same id.
    fn id(&self) -> String {
        let mut hash = Hash::new(&SHA256);
        let mut take = |part: &[u8]| {
            // The length first: no two lists of parts run together into the same bytes.
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for part in [&self.number, &self.author.key(), &self.subject, &self.text] {
            take(part.as_bytes());
        }
        take(format!("{:?}", self.submission).as_bytes());
        for file in &self.files {
            take(file.name.as_str().as_bytes());
            take(&file.bytes);
        }
        let digest = hash.finish();
        data_encoding::HEXLOWER.encode(digest.as_ref().get(..16).unwrap_or_default())
    }
}

/// What became of a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Submitted {
    /// It is kept, and part of that ticket already when the desk was quick.
    Kept(InboxId, Option<TicketId>),
    /// There is too little room on the disk: later.
    NoRoom,
    /// Its author's address is none that a mail can carry.
    NoAddress,
}

impl Service {
    /// Puts a form into the inbox, durably, and waits a moment for what becomes of it. The same form
    /// sent again is kept once.
    ///
    /// # Errors
    /// When the database cannot be written; nothing is kept then.
    pub async fn submit(&self, form: Form) -> Result<Submitted> {
        if !self.has_room() {
            return Ok(Submitted::NoRoom);
        }
        let Some(incoming) = incoming(form, self.now()) else {
            return Ok(Submitted::NoAddress);
        };
        let accepted = self.store().accept(vec![incoming]).await?;
        let inbox = accepted.first().context("the store gave no answer")?.id();
        self.inner.bells.inbox.notify_one();
        Ok(Submitted::Kept(inbox, self.outcome(inbox).await?))
    }

    /// Keeps the files of a form for what is decided about it at once; a form without has none.
    /// `None` when there is no room, or no mail can carry them.
    ///
    /// # Errors
    /// When the database cannot be written; nothing is kept then.
    pub async fn attach(&self, ticket: TicketId, form: Form) -> Result<Option<Vec<File>>> {
        if form.files.is_empty() {
            return Ok(Some(Vec::new()));
        }
        let now = self.now();
        let Some(incoming) = incoming(form, now).filter(|_| self.has_room()) else {
            return Ok(None);
        };
        let read = mail::read(&incoming.bytes);
        let inbox = self.store().attach(ticket, incoming, now).await?;
        let files = read.attachments.into_iter().map(|mut attachment| {
            // Chosen one by one: none is there for looks.
            attachment.decoration = false;
            File { inbox, attachment }
        });
        Ok(Some(files.collect()))
    }

    fn has_room(&self) -> bool {
        let current = self.current();
        let settings = &current.settings;
        let free = space::free_bytes(&settings.data_dir);
        let enough = free.is_none_or(|free| free >= settings.min_free);
        if !enough {
            tracing::error!(
                "Too little free space in {}: a form is put off",
                settings.data_dir.display()
            );
        }
        enough
    }

    async fn outcome(&self, inbox: InboxId) -> Result<Option<TicketId>> {
        let looked = async {
            loop {
                let row = self.store().inbox_show(inbox).await?;
                match row {
                    Some(row) if row.state == InboxState::New => {}
                    row => return Ok(row.and_then(|row| row.ticket)),
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
        };
        tokio::time::timeout(PATIENCE, looked)
            .await
            .unwrap_or(Ok(None))
    }
}

/// The mail that a form becomes; `None` when an address is none that a mail can carry.
fn incoming(form: Form, now: DateTime<Utc>) -> Option<Incoming> {
    let id = form.id();
    let mail = submitted::Submitted {
        id: &id,
        author: &form.author,
        to: &form.to,
        subject: &form.subject,
        text: &form.text,
        files: &form.files,
    };
    let bytes = submitted::write(&mail, now)?;
    Some(Incoming {
        account: form.account,
        origin: Origin::Page {
            id,
            submission: Box::new(form.submission),
        },
        recipient: None,
        sender: None,
        received_at: now,
        bytes,
        oversize: None,
        proven: Some(form.author.key()),
    })
}
