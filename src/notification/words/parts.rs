//! The parts of [`super::Words`]: what a template says of a service, a person, a file.

use serde::Serialize;

use super::{line, some_line};
use crate::desk::Notice;

/// What a ticket is about.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Category {
    /// Its name, the client in front.
    pub name: String,
    /// What belongs to it.
    pub explanation: Option<String>,
    /// What must be known first.
    pub warning: Option<String>,
}

/// A ticket of a list.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Listed {
    /// `DSI-1042`.
    pub reference: String,
    /// Its title.
    pub title: String,
    /// `open`, `waiting`, `waiting-third-party`, `paused`, `resolved`, `closed`.
    pub status: &'static str,
    /// Since when, in words.
    pub since: String,
    /// Who asked; to staff only.
    pub who: Option<String>,
    /// Who takes care of it; to staff only.
    pub owner: Option<String>,
    /// The page of the recipient.
    pub link: Option<String>,
}

/// A service.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Team {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// How to reach it otherwise.
    pub contact: Option<String>,
}

/// Who takes care of the ticket.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Technician {
    /// Name.
    pub name: String,
    /// Phone.
    pub phone: Option<String>,
}

/// Who asked.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Requester {
    /// Name, else the address.
    pub name: String,
    /// Address.
    pub address: String,
    /// Phone; to staff only.
    pub phone: Option<String>,
    /// Service and site; to staff only.
    pub place: Option<String>,
}

/// A file.
#[derive(Clone, Debug, Default, Serialize)]
pub struct File {
    /// Its name, never empty.
    pub name: String,
    /// Its size in words.
    pub size: String,
    /// It goes with this mail.
    pub sent: bool,
}

/// An article that is offered.
#[derive(Clone, Debug, Serialize)]
pub struct Article {
    /// Its title.
    pub title: String,
    /// Where the recipient reads it.
    pub link: String,
}

/// A monthly mail.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// The team that it is about; empty: none in particular.
    pub about: String,
    /// The month in words.
    pub month: String,
    /// Its parts.
    pub sections: Vec<Section>,
    /// The figures go along as a file.
    pub enclosed: bool,
}

/// A part of a monthly mail.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Section {
    /// Title.
    pub title: String,
    /// Lines.
    pub rows: Vec<Row>,
    /// What is to be known to read it.
    pub note: Option<String>,
}

/// A line of such a part.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Row {
    /// What.
    pub label: String,
    /// How much of it, or when.
    pub value: String,
    /// Its page.
    pub link: Option<String>,
}

impl Report {
    /// What the notice of a monthly mail says; `None` of other notices.
    pub fn of(notice: &Notice) -> Option<Self> {
        let monthly = notice.monthly.as_ref()?;
        let sections = monthly.sections.iter().map(|section| Section {
            title: line(&section.title),
            rows: (section.rows.iter())
                .map(|row| Row {
                    label: line(&row.label),
                    value: line(&row.value),
                    link: row.link.clone(),
                })
                .collect(),
            note: section.note.as_deref().and_then(some_line),
        });
        Some(Self {
            about: line(&monthly.about),
            month: line(&monthly.month),
            sections: sections.collect(),
            enclosed: notice.enclosed.is_some(),
        })
    }
}
