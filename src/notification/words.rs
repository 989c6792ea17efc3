//! What a template may say: the variables of one mail.
//!
//! Values are text that was made safe to stand anywhere (one line, no controls) except `text`,
//! which has lines. Nothing is looked up later: a template that is written when a notice is due
//! says what the notice said.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::header::Line;
use super::people::{known_person, phone, unfollow};
use super::{Stationery, date, layout, mailto, reply_address, staff};
use crate::desk::lexicon::{self, Opinion};
use crate::desk::{Automation, Because, Kind, Notice, SignIn};
use crate::mail::Address;
use crate::mail::text::fold_accents;
use crate::ticket::{Awaited, Claim, Level, Part, Status, Ticket};
use crate::token::{Purpose, marker_tokens};

mod class;
mod few;
mod link;
mod offered;
mod parts;

use offered::{articles, offers};
pub use parts::*;

use few::{few_files, few_lines};
use link::{link, listed_link};

/// Characters of a person's text that a mail shows; a mail program shows no more of a mail (Gmail
/// stops at 102 kB), and the whole goes along as a file.
const TEXT_CHARACTERS: usize = 20_000;

/// The file that holds the whole of a text that was cut.
pub const WHOLE_TEXT: &str = "message.txt";

/// The variables of one mail, by the names that templates use.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Words {
    /// Language it is written in, `fr`.
    pub language: String,
    /// Kind, `follow-up`.
    pub kind: &'static str,
    /// Name of the mail (`Name:` of its template); filled in by the templates themselves.
    pub name: Option<String>,
    /// The name is printed as a heading of the text, since the subject does not say it.
    pub heading: bool,
    /// The line that replies are written above; `None` where replies are not read.
    pub reply_line: Option<String>,
    /// The last line: reference and token, for clients that lose the headers (row D11).
    pub marker: Option<String>,
    /// Name of the desk.
    pub desk_name: String,
    /// The service that leads the ticket.
    pub team: Option<Team>,
    /// `DSI-1042`.
    pub reference: Option<String>,
    /// Title of the ticket; `None` in the bare form.
    pub title: Option<String>,
    /// The page of the recipient; in a mail to sign in, what opens the desk.
    pub link: Option<String>,
    /// Number and link only (contract A3).
    pub bare: bool,
    /// The recipient follows the request of somebody else.
    pub observer: bool,
    /// `requester`, `technician`, `note` or `confirm`: what a reply does.
    pub purpose: &'static str,
    /// A person wrote it.
    pub person: bool,
    /// Who wrote `text`.
    pub author: Option<String>,
    /// The service that the author writes for.
    pub author_team: Option<String>,
    /// `text` ends with the name of its author.
    pub signed: bool,
    /// Tickets that are part of this major incident, and get the same answer.
    pub children: usize,
    /// Somebody of the ticket has an address to answer to.
    pub reachable: bool,
    /// What was written.
    pub text: Option<String>,
    /// Files of `text`.
    pub files: Vec<File>,
    /// Some file is listed only.
    pub files_left: bool,
    /// Who takes care of it.
    pub technician: Option<Technician>,
    /// Who asked; to staff only.
    pub requester: Option<Requester>,
    /// Why it is where it is; to staff only.
    pub why: Vec<String>,
    /// `low`, `normal`, `high`: as claimed.
    pub urgency: &'static str,
    /// The same in the words of this instance.
    pub urgency_label: String,
    /// `open`, `waiting`, `waiting-third-party`, `paused`, `resolved`, `closed`.
    pub status: &'static str,
    /// Services that follow.
    pub observing: Vec<String>,
    /// Its sender could not be believed.
    pub unverified: bool,
    /// How often it was reopened.
    pub reopened: u32,
    /// How often a solution was refused.
    pub refusals: u32,
    /// Since when it waits, in words.
    pub since: Option<String>,
    /// Until when it is paused, in words.
    pub until: Option<String>,
    /// What made the mail necessary, when its kind does not say; empty otherwise.
    pub because: &'static str,
    /// To staff: links that begin a reply with a command, each `action.label`, `action.link`.
    pub actions: Vec<staff::Action>,
    /// To staff: the commands, each `command.line`, `command.padded`, `command.help`.
    pub crib: Vec<staff::Crib>,
    /// To staff: what was said before, the latest first.
    pub exchanges: Vec<staff::Said>,
    /// A reply that accepts the solution, with its words filled in.
    pub accept_link: Option<String>,
    /// A reply that refuses it.
    pub refuse_link: Option<String>,
    /// Marks are asked for (row K6).
    pub asks_marks: bool,
    /// A reply that gives them.
    pub marks_link: Option<String>,
    /// When the ticket was opened, in words.
    pub created_at: Option<String>,
    /// Claimed urgent (S0.21).
    pub urgent: bool,
    /// On-call number (row J9).
    pub on_call: Option<String>,
    /// When it closes by itself, in words.
    pub close_at: Option<String>,
    /// Until when a confirmation or a link to sign in counts, in words.
    pub expires_at: Option<String>,
    /// The closed ticket that it continues.
    pub continues: Option<String>,
    /// Size of a mail too large to be taken whole, in words.
    pub oversize: Option<String>,
    /// Lines of a transcript, an alert, a digest.
    pub lines: Vec<String>,
    /// Tickets of a list.
    pub tickets: Vec<Listed>,
    /// What a monthly mail says.
    pub report: Option<Report>,
    /// The number that a third party gave it, `[GLPI #0001234]` (row D12).
    pub partner_number: Option<String>,
    /// `incident`, `request`, `suggestion`.
    pub nature: &'static str,
    /// What it is about; `None` in the bare form.
    pub category: Option<Category>,
    /// How often that was put right; 0 to who has done so himself.
    pub reclassified: u32,
    /// What the form would have asked: in the acknowledgement of a mail (row I6).
    pub questions: Vec<String>,
    /// `low`, `normal`, `high`: as decided.
    pub priority: &'static str,
    /// The same in the words of this instance.
    pub priority_label: String,
    /// The claim of urgency: `claimed`, `confirmed`, `lowered`, `disputed`; empty without.
    pub claim: &'static str,
    /// Who has the trouble, when it is another than the requester; `None` in the bare form.
    pub beneficiary: Option<Requester>,
    /// The recipient is the one who has the trouble, and another wrote.
    pub for_you: bool,
    /// Names of those who follow; empty in the bare form.
    pub followers: Vec<String>,
    /// Where an observer writes to follow no longer, a `mailto:` link.
    pub unfollow: Option<String>,
    /// Articles that may answer the request; in its acknowledgement only.
    pub articles: Vec<Article>,
    /// A reply that says that one did.
    pub helped_link: Option<String>,
}

/// What was written ends with its author's name, whole or first: it is not written below once more.
fn is_signed(notice: &Notice) -> bool {
    let name = (notice.author.as_ref()).and_then(|author| author.name.as_deref());
    let text = notice.text.as_deref().unwrap_or_default();
    let last = text
        .lines()
        .rev()
        .map(str::trim)
        .find(|line| !line.is_empty());
    let (Some(name), Some(last)) = (name, last) else {
        return false;
    };
    let last = fold_accents(last.trim_end_matches(['.', ',', '-']));
    let name = fold_accents(name.trim());
    !last.is_empty() && (last == name || name.split(' ').next() == Some(last.as_str()))
}

impl Words {
    /// The variables of this mail in `language`; `sent` says of each file of the notice that is
    /// shown whether it goes along.
    pub fn of(
        stationery: Stationery<'_>,
        notice: &Notice,
        ticket: Option<&Ticket>,
        language: String,
        token: &str,
        sent: &[bool],
        now: DateTime<Utc>,
    ) -> Self {
        let policy = stationery.policy;
        let staff = notice.kind.is_internal();
        let team = ticket.and_then(|ticket| policy.team(&ticket.team));
        let reference = ticket.map(|ticket| line(&ticket.reference.to_string()));
        let moment = |at| date::moment(at, policy.timezone, &language);
        let level =
            |level: Option<Level>| line(policy.level_name(level.unwrap_or_default(), &language));
        let files: Vec<File> = shown(notice)
            .zip(sent)
            .map(|(file, &sent)| File {
                name: file_name(file.attachment.name.as_deref(), &language),
                size: date::size(file.attachment.size, &language),
                sent,
            })
            .collect();
        let observer = ticket
            .and_then(|ticket| ticket.person(&notice.to.address))
            .is_some_and(|person| matches!(person.part, Part::Observer | Part::Contributor));
        let marker = reference
            .as_ref()
            .filter(|_| replies(notice.kind))
            .map(|reference| marker(&language, reference, token));
        let for_staff = staff && replies(notice.kind) && !notice.bare;
        let reply_to = reply_address(policy, notice, token);
        let actions = match ticket.filter(|_| for_staff) {
            Some(ticket) => {
                let to = reply_to.as_deref();
                staff::actions(to, ticket, &language, marker.as_deref())
            }
            None => Vec::new(),
        };
        let crib = match for_staff {
            true => staff::crib(&language),
            false => Vec::new(),
        };
        let replies = Prefilled {
            to: reply_to.filter(|_| !staff && !observer),
            subject: ticket
                .map(|ticket| subject(ticket, notice.bare))
                .unwrap_or_default(),
            marker: marker.clone(),
        };
        Self {
            kind: notice.kind.as_str(),
            name: None,
            heading: false,
            reply_line: marker.is_some().then(|| reply_line(&language).to_owned()),
            marker,
            desk_name: line(&policy.desk_name),
            team: team.map(|team| Team {
                name: line(&team.name),
                address: line(&notice.from.address),
                contact: team.contact.as_deref().and_then(some_line),
            }),
            title: ticket
                .filter(|_| !notice.bare)
                .map(|ticket| line(&ticket.title)),
            link: match (&notice.visit, ticket) {
                (Some(visit), _) => Some(visit.link(stationery.policy, stationery.keys)),
                (None, Some(ticket)) => link(stationery, notice, ticket, now),
                (None, None) => SignIn::link(stationery.policy, stationery.keys, notice)
                    .or_else(|| notice.monthly.as_ref()?.page.clone()),
            },
            bare: notice.bare,
            observer,
            purpose: match notice.purpose {
                Purpose::Requester => "requester",
                Purpose::Technician => "technician",
                Purpose::Note => "note",
                Purpose::Confirm => "confirm",
                Purpose::Partner => "partner",
            },
            person: notice.automation == Automation::Person,
            signed: is_signed(notice),
            children: ticket.map_or(0, |ticket| ticket.ties.children.len()),
            reachable: ticket.is_none_or(Ticket::is_reachable),
            author: notice
                .author
                .as_ref()
                .filter(|_| !notice.bare)
                .and_then(|author| shown_name(author, staff)),
            author_team: super::author_team(notice)
                .or(team.map(|team| team.name.as_str()))
                .and_then(some_line),
            text: notice
                .text
                .as_deref()
                .filter(|_| !notice.bare)
                .and_then(layout::clean)
                .map(|text| cut(without_tokens(text), &language)),
            files_left: files.iter().any(|file| !file.sent),
            files: if notice.bare {
                Vec::new()
            } else {
                few_files(files, notice, &language)
            },
            technician: ticket.and_then(|ticket| {
                let taker = notice
                    .author
                    .as_ref()
                    .filter(|_| notice.kind == Kind::Taken);
                let owner = ticket.technician.as_ref().or(taker)?;
                Some(Technician {
                    name: owner.name.as_deref().and_then(some_line)?,
                    phone: policy
                        .technician(&owner.address)
                        .and_then(|technician| technician.phone.as_deref())
                        .and_then(some_line),
                })
            }),
            requester: ticket
                .filter(|_| staff)
                .and_then(Ticket::requester)
                .map(|person| {
                    let mut requester = known_person(stationery, person, staff);
                    requester.phone = phone(ticket, requester.phone.take(), &language);
                    requester
                }),
            nature: ticket
                .map(|ticket| ticket.nature)
                .unwrap_or_default()
                .as_str(),
            // Who put it right himself knows how.
            reclassified: ticket
                .filter(|_| notice.automation != Automation::Replied)
                .map_or(0, |ticket| ticket.reclassified),
            category: class::category(policy, notice, ticket),
            questions: class::questions(policy, notice, ticket),
            priority: ticket
                .map_or(Level::Normal, |ticket| ticket.priority)
                .as_str(),
            priority_label: level(ticket.map(|ticket| ticket.priority)),
            urgency_label: level(ticket.map(|ticket| ticket.urgency)),
            claim: ticket
                .and_then(|ticket| ticket.claim)
                .map_or("", Claim::as_str),
            beneficiary: ticket
                .filter(|_| !notice.bare)
                .and_then(Ticket::beneficiary)
                .map(|person| known_person(stationery, person, staff)),
            for_you: ticket
                .and_then(|ticket| ticket.person(&notice.to.address))
                .is_some_and(|person| person.part == Part::Beneficiary),
            followers: ticket
                .filter(|_| !notice.bare)
                .map(|ticket| {
                    let people = ticket.people.iter();
                    people
                        .filter(|person| person.part == Part::Observer)
                        .filter_map(|person| shown_name(&person.who, true))
                        .collect()
                })
                .unwrap_or_default(),
            unfollow: ticket.and_then(|ticket| unfollow(stationery, notice, ticket, token)),
            why: ticket
                .filter(|_| staff)
                .map(|ticket| all_lines(&ticket.why))
                .unwrap_or_default(),
            urgency: ticket
                .map_or(Level::Normal, |ticket| ticket.urgency)
                .as_str(),
            status: ticket.map_or("open", |ticket| status(ticket.status)),
            observing: ticket
                .map(|ticket| {
                    let names = ticket.observing_teams.iter();
                    names
                        .filter_map(|id| Some(line(&policy.team(id)?.name)))
                        .collect()
                })
                .unwrap_or_default(),
            unverified: ticket.is_some_and(|ticket| !ticket.verified),
            reopened: ticket.map_or(0, |ticket| ticket.reopened),
            refusals: ticket.map_or(0, |ticket| ticket.refusals),
            since: ticket
                .filter(|ticket| matches!(ticket.status, Status::Waiting { .. }))
                .map(|ticket| moment(ticket.status_since)),
            until: ticket.and_then(|ticket| match ticket.status {
                Status::Paused { until } => Some(moment(until)),
                Status::Open | Status::Waiting { .. } | Status::Resolved | Status::Closed => None,
            }),
            because: notice.because.map_or("", Because::as_str),
            actions,
            crib,
            exchanges: match staff {
                true => staff::exchanges(policy, notice, &language),
                false => Vec::new(),
            },
            accept_link: replies.link(lexicon::prefilled(Opinion::Holds, &language)),
            refuse_link: replies.link(lexicon::prefilled(Opinion::Fails, &language)),
            helped_link: replies
                .link(lexicon::prefilled_helped(&language))
                .filter(|_| offers(notice, ticket)),
            articles: articles(stationery, notice, ticket, now),
            asks_marks: notice.asks_marks,
            marks_link: replies
                .link(lexicon::marks_form(&language))
                .filter(|_| notice.asks_marks),
            created_at: ticket.map(|ticket| moment(ticket.created_at)),
            urgent: notice.urgent,
            on_call: notice.on_call.as_deref().and_then(some_line),
            close_at: notice.close_at.map(moment),
            expires_at: notice.expires_at.map(moment),
            continues: notice
                .continues
                .as_ref()
                .map(|reference| line(&reference.to_string())),
            oversize: notice.oversize.map(|bytes| date::size(bytes, &language)),
            lines: few_lines(all_lines(&notice.lines), &language),
            tickets: listed(stationery, notice, &language, now),
            report: Report::of(notice),
            partner_number: ticket.and_then(|ticket| {
                let mut partners = ticket.ties.partners.iter();
                let partner = partners.find(|partner| partner.who.key() == notice.to.key())?;
                some_line(
                    partner
                        .number
                        .as_deref()
                        .filter(|_| notice.kind == Kind::Partner)?,
                )
            }),
            reference,
            language,
        }
    }
}

/// Replies that our links begin.
struct Prefilled {
    to: Option<String>,
    subject: String,
    marker: Option<String>,
}

impl Prefilled {
    /// Some lines to write between the words and the marker, which must stay.
    fn link(&self, words: &str) -> Option<String> {
        let body = format!("{words}\n\n\n{}\n", self.marker.as_ref()?);
        Some(mailto::link(self.to.as_ref()?, &self.subject, &body))
    }
}

fn subject(ticket: &Ticket, bare: bool) -> String {
    let reference = line(&ticket.reference.to_string());
    match bare {
        true => format!("Re: [{reference}]"),
        false => format!("Re: [{reference}] {}", line(&ticket.title)),
    }
}

fn status(status: Status) -> &'static str {
    match status {
        Status::Waiting {
            of: Awaited::ThirdParty,
        } => "waiting-third-party",
        status => status.as_str(),
    }
}

fn listed(
    stationery: Stationery<'_>,
    notice: &Notice,
    language: &str,
    now: DateTime<Utc>,
) -> Vec<Listed> {
    let staff = notice.kind.is_internal();
    let listed = notice.listed.iter().map(|listed| Listed {
        reference: line(&listed.reference.to_string()),
        title: line(&listed.title),
        status: status(listed.status),
        since: date::moment(listed.since, stationery.policy.timezone, language),
        who: listed.who.as_deref().filter(|_| staff).and_then(some_line),
        owner: listed
            .owner
            .as_deref()
            .filter(|_| staff)
            .and_then(some_line),
        link: listed
            .link_for
            .map(|person| listed_link(stationery, listed, person, now)),
    });
    listed.collect()
}

/// The whole text of a notice, when it is too long to be shown whole.
pub fn cut_text(notice: &Notice) -> Option<String> {
    let text = notice.text.as_deref().filter(|_| !notice.bare)?;
    let text = layout::clean(text)?;
    (text.chars().nth(TEXT_CHARACTERS).is_some()).then_some(text)
}

fn cut(mut text: String, language: &str) -> String {
    let Some((end, _)) = text.char_indices().nth(TEXT_CHARACTERS) else {
        return text;
    };
    text.truncate(end);
    let end = text.rfind('\n').filter(|&at| at > end / 2).unwrap_or(end);
    text.truncate(end);
    text.push_str(&match language {
        "fr" => format!("\n[…]\n(La suite est dans le fichier joint {WHOLE_TEXT}.)"),
        _ => format!("\n[…]\n(The rest is in the attached file {WHOLE_TEXT}.)"),
    });
    text
}

/// The files of a notice that people see: signature logos and tracking pixels are not among them.
pub fn shown(notice: &Notice) -> impl Iterator<Item = &crate::ticket::File> {
    notice
        .files
        .iter()
        .filter(|file| !file.attachment.decoration)
}

/// A file's name as people see it.
pub fn file_name(name: Option<&str>, language: &str) -> String {
    name.and_then(some_line).unwrap_or_else(|| match language {
        "fr" => "fichier sans nom".to_owned(),
        _ => "unnamed file".to_owned(),
    })
}

/// A reply to a mail of this kind is read, so it carries what finds its ticket.
pub(super) fn replies(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Operations
            | Kind::Digest
            | Kind::TeamDigest
            | Kind::TeamThanks
            | Kind::Answer
            | Kind::Submission
            | Kind::Requests
            | Kind::SignIn
            | Kind::Report
            | Kind::Review
    )
}

/// The line that replies are written above (row F12). `mail` cuts quoted history there: the two
/// strings are part of the format.
pub fn reply_line(language: &str) -> &'static str {
    match language {
        "fr" => "-- Répondez au-dessus de cette ligne --",
        _ => "-- Reply above this line --",
    }
}

/// The last line of a mail. `token::marker_tokens` finds the token in it.
pub(super) fn marker(language: &str, reference: &str, token: &str) -> String {
    let word = match language {
        "fr" => "Réf.",
        _ => "Ref.",
    };
    format!("{word} [{reference}] · guichet:{token}")
}

pub(super) fn shown_name(address: &Address, staff: bool) -> Option<String> {
    let name = address.name.as_deref().and_then(some_line);
    match name {
        None if staff => some_line(&address.address),
        name => name,
    }
}

/// What somebody wrote, without markers of other mails: quoted history, or a stranger, must not
/// send the reply to this mail elsewhere.
pub fn without_tokens(text: String) -> String {
    let tokens = marker_tokens(&text);
    tokens
        .iter()
        .fold(text, |text, token| text.replace(token.as_str(), "…"))
}

/// A text on one line, empty when it says nothing.
pub(super) fn line(text: &str) -> String {
    some_line(text).unwrap_or_default()
}

pub(super) fn some_line(text: &str) -> Option<String> {
    Line::new(text).into_text().map(without_tokens)
}

fn all_lines(texts: &[String]) -> Vec<String> {
    texts
        .iter()
        .flat_map(|text| text.lines())
        .filter_map(some_line)
        .collect()
}
