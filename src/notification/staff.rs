//! What a notification to a technician carries so that it suffices alone (rows F11, G7): what was said
//! before, the commands, and links that begin a reply with one of them written.

use serde::Serialize;

use super::{date, layout, mailto, words};
use crate::desk::{Notice, Policy, VERBS};
use crate::ticket::{Status, Ticket};

/// The commands that every notification reminds of, by their French names.
const CRIB: [&str; 11] = [
    "prendre", "note", "attente", "pause", "resolu", "clore", "rouvrir", "affecter", "equipe",
    "annuler", "aide",
];

/// Columns of a command in the text part.
const CRIB_COLUMNS: usize = 28;

/// A link that begins a reply.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Action {
    /// What it does, in a word or two.
    pub label: String,
    /// `mailto:`.
    pub link: String,
}

/// A command, as it is written and what it does.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Crib {
    /// `#attente [demandeur|tiers]`.
    pub line: String,
    /// The same with blanks behind it, so that what follows stands in a column.
    pub padded: String,
    /// What it does.
    pub help: String,
}

/// What was said before.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Said {
    /// Who.
    pub author: String,
    /// When, in words.
    pub when: String,
    /// What, the beginning of it.
    pub text: String,
    /// A note: the requester never saw it.
    pub internal: bool,
}

/// The commands of the foot of a mail.
pub fn crib(language: &str) -> Vec<Crib> {
    let french = language != "en";
    let verbs = CRIB
        .iter()
        .filter_map(|name| VERBS.iter().find(|verb| verb.name == *name));
    verbs
        .map(|verb| {
            let pick = |pair: (&'static str, &'static str)| if french { pair.0 } else { pair.1 };
            let line = pick(verb.usage);
            Crib {
                line: line.to_owned(),
                padded: format!("{line:<CRIB_COLUMNS$}"),
                help: pick(verb.help).to_owned(),
            }
        })
        .collect()
}

/// One touch on a phone begins the reply; it does nothing until it is sent, so a scanner of links does
/// nothing with it. What the technician's program adds goes below the line, and is no part of his
/// answer.
pub fn actions(
    to: Option<&str>,
    ticket: &Ticket,
    language: &str,
    marker: Option<&str>,
) -> Vec<Action> {
    let (Some(to), Some(marker)) = (to, marker) else {
        return Vec::new();
    };
    let done = matches!(ticket.status, Status::Resolved | Status::Closed);
    let offered: [(bool, &str, &str, &str, &str); 5] = [
        (
            ticket.technician.is_none() && !done,
            "Prendre",
            "#prendre",
            "Take",
            "#take",
        ),
        (!done, "Résolu", "#resolu", "Resolved", "#resolved"),
        (!done, "En attente", "#attente", "Waiting", "#wait"),
        (done, "Rouvrir", "#rouvrir", "Reopen", "#reopen"),
        (true, "Note interne", "#note", "Internal note", "#internal"),
    ];
    let subject = format!("Re: [{}]", ticket.reference);
    let line = words::reply_line(language);
    offered
        .into_iter()
        .filter(|(applies, ..)| *applies)
        .map(|(_, french, command, label, english)| {
            let (label, command) = match language {
                "en" => (label, english),
                _ => (french, command),
            };
            let body = format!("{command}\n\n\n{line}\n{marker}\n");
            Action {
                label: label.to_owned(),
                link: mailto::link(to, &subject, &body),
            }
        })
        .collect()
}

/// What was said before, in words.
pub fn exchanges(policy: &Policy, notice: &Notice, language: &str) -> Vec<Said> {
    let exchanges = notice.exchanges.iter();
    exchanges
        .filter_map(|exchange| {
            Some(Said {
                author: words::line(&exchange.author),
                when: date::moment(exchange.at, policy.timezone, language),
                text: words::without_tokens(layout::clean(&exchange.text)?),
                internal: exchange.internal,
            })
        })
        .collect()
}
