//! Writes what goes out: one [`Notice`] and its ticket become the bytes of one mail. `Message-ID`,
//! `Date` and boundaries are frozen here; a retry repeats the bytes (contract O1). Which notices
//! there are, and to whom, is decided by `desk`.
//!
//! Three carriers bring a reply home (row D5): the token in our `Message-ID`, the same token in the
//! reply address where plus-addressing is on, and the marker in the last line of the body for
//! providers that rewrite headers (row D11).

use chrono::{DateTime, Utc};

use crate::desk::policy::SubjectStyle;
use crate::desk::{Automation, Kind, Notice, Policy};
use crate::ticket::{File, NoticeId, Ticket, TicketId};
use crate::token::{Keys, Purpose, RecipientTag, Reply};

pub mod date;
pub mod header;
mod layout;
mod mailto;
mod message;
mod people;
mod plain;
mod sample;
mod staff;
pub mod submitted;
pub mod template;
pub mod words;

pub use layout::web_address;
pub use template::{TemplateProblem, Templates, Wording};
pub use words::Words;

use header::{AddrSpec, Fields, Line, message_id};
use message::Enclosure;

/// References that a mail carries at most: the first, which threads, and the latest.
const REFERENCES: usize = 10;

/// One mail, ready for the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// The notice it says.
    pub notice: NoticeId,
    /// Its ticket.
    pub ticket: Option<TicketId>,
    /// Kind.
    pub kind: Kind,
    /// Envelope sender.
    pub envelope_from: String,
    /// Envelope recipient.
    pub envelope_to: String,
    /// `Message-ID` without angle brackets.
    pub message_id: String,
    /// The message, CRLF, 7-bit.
    pub bytes: Vec<u8>,
    /// Its text part, kept after the bytes are dropped.
    pub text: String,
}

/// What every notification is written with.
#[derive(Clone, Copy, Debug)]
pub struct Stationery<'a> {
    /// The rules of this instance.
    pub policy: &'a Policy,
    /// The words.
    pub templates: &'a Templates,
    /// Signs tokens and links.
    pub keys: &'a Keys,
}

/// Writes one notification. `file` finds the bytes of a file to send along; one that is not found is listed
/// only. Total: a template that fails gives a plain mail that says the same.
pub fn render(
    stationery: Stationery<'_>,
    notice: &Notice,
    ticket: Option<&Ticket>,
    file: &dyn Fn(&File) -> Option<Vec<u8>>,
    now: DateTime<Utc>,
) -> Outgoing {
    let Stationery {
        policy,
        templates,
        keys,
    } = stationery;
    let team = ticket.map(|ticket| ticket.team.as_str());
    let language = templates.language(team, notice.kind, &notice.language, &policy.language);
    let token = token(keys, notice);
    let (enclosures, sent) = enclosures(policy, notice, &language, file);
    let mut words = Words::of(stationery, notice, ticket, language, &token, &sent, now);
    let threaded = policy.subject_style == SubjectStyle::Threaded && words.title.is_some();
    words.heading = threaded;
    let wording = templates.write(team, &words).unwrap_or_else(|error| {
        tracing::error!(
            notice.id = %notice.id,
            "The template of {} failed, notice {} is sent in plain words: {error}",
            words.kind,
            notice.id
        );
        plain::write(&words)
    });
    let subject = match (&words.title, &words.reference) {
        (Some(title), Some(reference)) if threaded => {
            Line::new(&format!("Re: {title} [{reference}]"))
        }
        _ => wording.subject,
    };

    let addresses = Addresses::of(policy, notice, &token);
    let id = format!("guichet.{}.{token}@{}", keys.instance(), addresses.domain);
    let mut fields = Fields::default();
    let display = display_name(policy, notice, ticket);
    if let Some(from) = &addresses.from {
        fields.mailbox("From", Some(&display), from);
        if let Some(reply_to) = &addresses.reply_to {
            fields.mailbox(
                "Reply-To",
                team_name(policy, notice, ticket).as_ref(),
                reply_to,
            );
        }
    }
    match AddrSpec::parse(&notice.to.address) {
        Some(to) => {
            let name = notice.to.name.as_deref().filter(|_| !notice.bare);
            fields.mailbox("To", name.map(Line::new).as_ref(), &to)
        }
        // What cannot be written safely is not written; the envelope says where the mail goes.
        None => fields.tokens("To", "undisclosed-recipients:;"),
    };
    fields.text("Subject", &subject);
    fields.tokens(
        "Date",
        &now.format("%a, %d %b %Y %H:%M:%S +0000").to_string(),
    );
    fields.tokens("Message-ID", &format!("<{id}>"));
    thread(&mut fields, keys, notice, ticket, &addresses.domain);
    match notice.automation {
        Automation::Replied => fields.tokens("Auto-Submitted", "auto-replied"),
        Automation::Generated => fields.tokens("Auto-Submitted", "auto-generated"),
        Automation::Person => &mut fields,
    };
    if notice.automation != Automation::Person {
        fields.tokens("X-Auto-Response-Suppress", "OOF, AutoReply");
    }
    if notice.kind == Kind::Digest {
        fields.tokens("Precedence", "bulk");
    }
    fields.tokens("X-Guichet-Instance", keys.instance());

    Outgoing {
        notice: notice.id,
        ticket: notice.ticket,
        kind: notice.kind,
        envelope_from: addresses.envelope_from,
        envelope_to: Line::new(&notice.to.address)
            .into_text()
            .unwrap_or_default(),
        message_id: id,
        bytes: message::write(fields, &wording.text, &wording.html, &enclosures, &token),
        text: wording.text,
    }
}

/// The token of a notice.
pub fn token(keys: &Keys, notice: &Notice) -> String {
    Reply {
        purpose: notice.purpose,
        ticket: notice.ticket.map_or(0, |ticket| ticket.0),
        notice: notice.id.0,
        recipient: RecipientTag::of(&notice.to.address),
    }
    .seal(keys)
}

/// Where a reply to a notice goes: with its token where plus-addressing is on.
fn reply_address(policy: &Policy, notice: &Notice, token: &str) -> Option<String> {
    let addresses = Addresses::of(policy, notice, token);
    Some(addresses.reply_to?.as_str().to_owned())
}

struct Addresses {
    from: Option<AddrSpec>,
    reply_to: Option<AddrSpec>,
    envelope_from: String,
    domain: String,
}

impl Addresses {
    fn of(policy: &Policy, notice: &Notice, token: &str) -> Self {
        let from = AddrSpec::parse(&notice.from.address);
        let plus = from
            .as_ref()
            .filter(|_| policy.plus_addressing)
            .and_then(|from| from.plus(token));
        let reply_to = plus.or_else(|| from.clone());
        Self {
            envelope_from: policy
                .return_path
                .clone()
                .or_else(|| Some(reply_to.as_ref()?.as_str().to_owned()))
                .unwrap_or_default(),
            domain: from
                .as_ref()
                .map_or("guichet.invalid", AddrSpec::domain)
                .to_owned(),
            from,
            reply_to,
        }
    }
}

/// « Camille Martin – DSI » for an answer, « DSI » otherwise.
fn display_name(policy: &Policy, notice: &Notice, ticket: Option<&Ticket>) -> Line {
    let team = team_name(policy, notice, ticket).unwrap_or_default();
    let author = notice
        .author
        .as_ref()
        .filter(|_| notice.automation == Automation::Person && !notice.kind.is_internal())
        .and_then(|author| author.name.as_deref())
        .and_then(|name| Line::new(name).into_text());
    match author {
        Some(author) => {
            let team = author_team(notice).unwrap_or(team.as_str());
            Line::new(&format!("{author} – {team}"))
        }
        None => team,
    }
}

/// The team that the author of the words was of when he wrote them; the ticket may be another's since.
fn author_team(notice: &Notice) -> Option<&str> {
    let author = notice.author.as_ref()?.name.as_deref()?;
    let name = notice.from.name.as_deref()?;
    name.strip_prefix(author)?.strip_prefix(" – ")
}

fn team_name(policy: &Policy, notice: &Notice, ticket: Option<&Ticket>) -> Option<Line> {
    let name = ticket
        .and_then(|ticket| policy.team(&ticket.team))
        .map(|team| team.name.as_str())
        .or(notice.from.name.as_deref())
        .unwrap_or(&policy.desk_name);
    Some(Line::new(name)).filter(|name| !name.as_str().is_empty())
}

/// `In-Reply-To` and `References`. A requester's client threads by his own first mail and by the
/// one that is answered. Technicians never had the former, so all that they get of a ticket refers to one id
/// that no mail has; mail programs thread by a missing parent just as well.
fn thread(
    fields: &mut Fields,
    keys: &Keys,
    notice: &Notice,
    ticket: Option<&Ticket>,
    domain: &str,
) {
    let Some(ticket) = ticket else {
        if let Some(answered) = notice.in_reply_to.as_deref().and_then(message_id) {
            let answered = format!("<{answered}>");
            fields.tokens("In-Reply-To", &answered);
            fields.tokens("References", &answered);
        }
        return;
    };
    let anchor = format!(
        "guichet.{}.ticket.{}@{domain}",
        keys.instance(),
        ticket.reference.number
    );
    let own = notice.purpose == Purpose::Requester && !notice.kind.is_internal();
    let mut references: Vec<&str> = Vec::new();
    if own {
        references.extend(ticket.origin_message_id.as_deref().and_then(message_id));
    }
    if references.is_empty() {
        references.push(&anchor);
    }
    let latest = ticket.last_message_id.as_deref().filter(|_| own);
    let answered = notice.in_reply_to.as_deref().or(latest);
    references.extend(answered.and_then(message_id));
    references.dedup();
    references.truncate(REFERENCES);
    if let Some(last) = references.last() {
        fields.tokens("In-Reply-To", &format!("<{last}>"));
    }
    let all: Vec<String> = references.iter().map(|id| format!("<{id}>")).collect();
    fields.tokens("References", &all.join(" "));
}

/// The files that go along, and of each file shown whether it does. A technician's answer takes
/// all its files; to technicians they go up to a total; an acknowledgement lists them only.
fn enclosures(
    policy: &Policy,
    notice: &Notice,
    language: &str,
    file: &dyn Fn(&File) -> Option<Vec<u8>>,
) -> (Vec<Enclosure>, Vec<bool>) {
    let mut budget = match notice.kind {
        Kind::TeamNew
        | Kind::TeamReply
        | Kind::TeamObserver
        | Kind::TeamGiven
        | Kind::TeamAlert => policy.attach_up_to,
        Kind::FollowUp
        | Kind::Lowered
        | Kind::Resolved
        | Kind::Closed
        | Kind::Reopened
        | Kind::Partner
        | Kind::Call
            if !notice.bare =>
        {
            u64::MAX
        }
        _ => 0,
    };
    let mut enclosures = Vec::new();
    let mut sent = Vec::new();
    for shown in words::shown(notice) {
        let attachment = &shown.attachment;
        let bytes = (attachment.size <= budget).then(|| file(shown)).flatten();
        sent.push(bytes.is_some());
        if let Some(bytes) = bytes {
            budget = budget.saturating_sub(bytes.len() as u64);
            enclosures.push(Enclosure {
                name: Line::new(&words::file_name(attachment.name.as_deref(), language)),
                content_type: attachment.content_type.clone(),
                bytes,
            });
        }
    }
    if let Some(enclosed) = &notice.enclosed {
        enclosures.push(Enclosure {
            name: Line::new(&enclosed.name),
            content_type: enclosed.content_type().to_owned(),
            bytes: enclosed.text.clone().into_bytes(),
        });
    }
    if let Some(text) = words::cut_text(notice) {
        enclosures.push(Enclosure {
            name: Line::new(words::WHOLE_TEXT),
            content_type: "text/plain".to_owned(),
            bytes: text.into_bytes(),
        });
    }
    (enclosures, sent)
}
