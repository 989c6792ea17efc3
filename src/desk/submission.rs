//! What somebody sent through a form of the page, beside the mail that it became: what the form
//! asked in fields of their own, and the ticket whose page it was. The author is proven, all of the
//! text is his, and no machine wrote it, so nothing of that is guessed from the words.

use serde::{Deserialize, Serialize};

use super::classify::Found;
use super::{Policy, words};
use crate::mail::{Address, Mail};
use crate::ticket::{Level, Nature, TicketId};

/// Fields of a form. Those of a new request are left empty on the page of a ticket; what is `None`
/// is found in the words, as for a mail.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// The ticket whose page it was written on; `None` opens one.
    pub ticket: Option<TicketId>,
    /// ISO 639-1 code of the language that the page spoke.
    pub language: Option<String>,
    /// An id of the configuration's categories.
    pub category: Option<String>,
    /// Incident, request or suggestion.
    pub nature: Option<Nature>,
    /// As the requester sees it; [`Level::High`] counts like the word URGENT.
    pub urgency: Option<Level>,
    /// Who has the trouble, when it is another; an address that is not known is empty.
    pub beneficiary: Option<Address>,
    /// Where to call back.
    pub phone: Option<String>,
}

impl Submission {
    /// The mail as its author meant it: nothing of a form is history, signature or automatic.
    pub fn written(&self, mail: Mail) -> Mail {
        Mail {
            reply: mail.text.trim().to_owned(),
            folded: String::new(),
            forwarded: None,
            automatic: None,
            spam: false,
            urgent: mail.urgent || self.urgency == Some(Level::High),
            language: mail.language.or_else(|| self.language.clone()),
            ..mail
        }
    }

    /// What the ticket is about: what was chosen stands before what its words say.
    pub(super) fn class(&self, policy: &Policy, found: Found) -> Found {
        let chosen = self.category.as_deref().and_then(|id| policy.category(id));
        let nature = self.nature.or_else(|| chosen?.nature);
        let why = chosen.map(|category| {
            let name = category.full_name();
            words::pick(
                &policy.language,
                format!("Catégorie choisie dans le formulaire : {name}."),
                format!("Category chosen in the form: {name}."),
            )
        });
        Found {
            category: chosen
                .map(|category| category.id.clone())
                .or(found.category),
            nature: nature.unwrap_or(found.nature),
            why: why.or(found.why),
        }
    }
}
