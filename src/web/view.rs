//! What a page says: a ticket in words that its requester understands (rows M3, M7).

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::frame::encoded;
use super::{download, status};
use crate::desk::Policy;
pub use crate::knowledge::spaces::unbroken;
use crate::notification::date;
use crate::ticket::{Awaited, Event, Person, Role, Status, Ticket, Verdict, What, Withdrawn};
use crate::zone::Zone;

/// Pictures up to this size are shown; larger ones are only offered as files, so that the page
/// stays light on a phone.
const LARGEST_PICTURE: u64 = 5_000_000;

/// This person may see this event on the page: it is public, and when it is a mail, a person of
/// the ticket or of the desk wrote it. What a machine or somebody in copy sent is for staff alone,
/// whatever else says (T15).
pub fn may_see(person: &Person, event: &Event) -> bool {
    let own = || {
        let who = event.actor.who.as_ref();
        who.is_some_and(|who| who.key() == person.who.key())
    };
    event.public
        && match (&event.what, event.actor.role) {
            (What::Mail { automatic, .. }, role) => match role {
                Role::Technician | Role::Operator => true,
                Role::Requester | Role::Beneficiary | Role::Observer => {
                    automatic.is_none() || own()
                }
                Role::Contributor | Role::Robot | Role::Desk => false,
            },
            _ => true,
        }
}

/// The events without what requesters cannot see for a reason of time: an answer that its author can
/// still take back, and all that was taken back before it left (row G4).
pub fn settled(
    policy: &Policy,
    events: Vec<(i64, Event)>,
    now: DateTime<Utc>,
) -> Vec<(i64, Event)> {
    let withdrawn = Withdrawn::of(events.iter().map(|(_, event)| event));
    let held = |event: &Event| {
        event.actor.role == Role::Technician
            && matches!(event.what, What::Mail { .. })
            && event.at + policy.hold_replies > now
    };
    events
        .into_iter()
        .filter(|(_, event)| !withdrawn.holds(event) && !held(event))
        .collect()
}

/// One entry of the public timeline.
#[derive(Debug, Serialize)]
struct Entry {
    /// For links within the page.
    id: i64,
    /// `them`, `us` or `fact`: how it is shown.
    side: &'static str,
    author: String,
    when: String,
    /// RFC 3339, for machines.
    at: String,
    text: String,
    folded: String,
    files: Vec<Download>,
    /// Logos and the like, folded away with the quoted text; never left out.
    minor: Vec<Download>,
    remarks: Vec<String>,
}

/// A file to fetch.
#[derive(Debug, Serialize)]
pub struct Download {
    name: String,
    size: String,
    link: String,
    picture: bool,
}

/// The page of a ticket as `person` may see it: what is public, nothing else.
pub fn ticket(
    policy: &Policy,
    ticket: &Ticket,
    person: &Person,
    events: &[(i64, Event)],
    token: &str,
    language: &str,
    now: DateTime<Utc>,
) -> tera::Context {
    let zone = policy.timezone;
    let mut before = Status::Open;
    let mut entries: Vec<Entry> = Vec::new();
    for (id, event) in events.iter().filter(|(_, event)| may_see(person, event)) {
        entries.extend(entry(*id, event, before, person, zone, language, token));
        before = match &event.what {
            What::Status { to, .. } => *to,
            What::Undone { ticket, .. } => ticket.status,
            _ => before,
        };
    }
    let team = policy.team(&ticket.team);
    let mut context = tera::Context::new();
    context.insert("reference", &ticket.reference.to_string());
    context.insert("title", &unbroken(&ticket.title, language));
    let state = status::status(ticket, person, language, zone, now);
    context.insert("status", &state);
    context.insert("next", &status::next(ticket, person, policy, language));
    let question = entries
        .iter()
        .rfind(|entry| entry.side == "us")
        .filter(|_| status::awaits(ticket, person));
    context.insert("question", &question);
    // What was written with the resolution; an earlier message is no solution.
    let resolved = events
        .iter()
        .map(|(_, event)| event)
        .rfind(|event| is_resolution(event))
        .filter(|_| ticket.status == Status::Resolved);
    let solution = resolved.and_then(|resolved| {
        let at = resolved.at.to_rfc3339();
        let mut said = entries.iter().rev();
        said.find(|entry| entry.side == "us" && entry.at == at)
    });
    context.insert("solution", &solution);
    let wordless = resolved.is_some_and(|event| match &event.what {
        What::Status { reason, .. } => reason.is_none() && event.actor.role != Role::Desk,
        _ => false,
    });
    context.insert("unexplained", &(wordless && solution.is_none()));
    context.insert("status_token", ticket.status.as_str());
    context.insert("team", &team.map(|team| team.name.clone()));
    context.insert("contact", &team.and_then(|team| team.contact.clone()));
    let technician = ticket.technician.as_ref();
    context.insert("technician", &technician.and_then(|who| who.name.clone()));
    context.insert("opened", &status::moment(ticket.created_at, zone, language));
    let close_at = ticket
        .close_at
        .filter(|_| ticket.status == Status::Resolved);
    let closes = close_at.map(|at| status::moment(at, zone, language));
    context.insert("closes", &closes);
    let closed = (ticket.status == Status::Closed).then_some(ticket.status_since);
    let closed = closed.map(|at| status::moment(at, zone, language));
    context.insert("closed", &closed);
    let reply_to = ticket
        .sent_to
        .clone()
        .or_else(|| team.map(|team| team.from.clone()));
    context.insert("reply_to", &reply_to);
    let description = entries.first().is_some_and(|entry| entry.side == "them");
    context.insert("description", &description);
    context.insert("entries", &entries);
    context
}

fn entry(
    id: i64,
    event: &Event,
    before: Status,
    person: &Person,
    zone: Zone,
    language: &str,
    token: &str,
) -> Option<Entry> {
    let french = language != "en";
    let say = |french_words: String, english: String| if french { french_words } else { english };
    let fact = |text: String| Entry {
        id,
        side: "fact",
        author: String::new(),
        when: status::moment(event.at, zone, language),
        at: event.at.to_rfc3339(),
        text: typeset(&text, language),
        folded: String::new(),
        files: Vec::new(),
        minor: Vec::new(),
        remarks: Vec::new(),
    };
    match &event.what {
        What::Mail {
            text,
            folded,
            files,
            remarks,
            ..
        } => {
            let staff = event.actor.role == Role::Technician || event.actor.role == Role::Operator;
            let own = event
                .actor
                .who
                .as_ref()
                .is_some_and(|who| who.key() == person.who.key());
            let author = if own {
                say("Vous".to_owned(), "You".to_owned())
            } else {
                author(event, staff)
            };
            Some(Entry {
                id,
                side: if staff { "us" } else { "them" },
                author,
                when: status::moment(event.at, zone, language),
                at: event.at.to_rfc3339(),
                text: text.clone(),
                // A technician's quoted history is what the requester wrote himself.
                folded: if staff { String::new() } else { folded.clone() },
                files: downloads(id, files, false, language, &format!("/t/{token}")),
                minor: downloads(id, files, true, language, &format!("/t/{token}")),
                remarks: match staff {
                    true => Vec::new(),
                    false => remarks.iter().map(|one| typeset(one, language)).collect(),
                },
            })
        }
        What::Assigned {
            technician: Some(technician),
        } => {
            let name = technician.name.clone().unwrap_or_default();
            Some(fact(say(
                format!("{name} s’occupe de votre demande."),
                format!("{name} takes care of your request."),
            )))
        }
        What::Assigned { technician: None } => Some(fact(say(
            "Remise au service\u{a0}: une autre personne la prendra en charge.".into(),
            "Given back to the team: somebody else will take care of it.".into(),
        ))),
        What::Status { to, reason, .. } => {
            let words = match to {
                // The answer that was waited for, or the end of a pause.
                Status::Open
                    if matches!(before, Status::Waiting { .. } | Status::Paused { .. }) =>
                {
                    say("En cours de nouveau.".into(), "At work again.".into())
                }
                Status::Open => say("Demande rouverte.".into(), "Request reopened.".into()),
                Status::Waiting {
                    of: Awaited::Requester,
                } => say(
                    "En attente de votre réponse.".into(),
                    "Waiting for your answer.".into(),
                ),
                Status::Waiting {
                    of: Awaited::ThirdParty,
                } => say(
                    "En attente d’un autre intervenant.".into(),
                    "Waiting for somebody else.".into(),
                ),
                Status::Paused { .. } => say("Mise en pause.".into(), "Paused.".into()),
                Status::Resolved => say("Demande résolue.".into(), "Request resolved.".into()),
                Status::Closed => say("Demande close.".into(), "Request closed.".into()),
            };
            // The desk may change a closing date; for the requester nothing has changed.
            if event.actor.role == Role::Desk
                && matches!(to, Status::Resolved | Status::Waiting { .. })
                && reason.is_some()
            {
                return None;
            }
            let mut entry = fact(words);
            let by_staff = matches!(event.actor.role, Role::Operator | Role::Technician);
            if let (Some(reason), true) = (reason, by_staff) {
                entry.text = format!("{} {}", entry.text, unbroken(reason, language));
            }
            Some(entry)
        }
        // The sentence was written for the requester, in the language of the ticket.
        What::Classified { why, .. } => Some(fact(why.clone())),
        What::Verdict { verdict, reason } => match verdict {
            Verdict::Accepted => Some(fact(say(
                "Solution validée.".into(),
                "Solution accepted.".into(),
            ))),
            Verdict::Refused => Some(fact(say(
                "Solution refusée.".into(),
                "Solution refused.".into(),
            ))),
            // The change of status says it.
            Verdict::Complement => None,
            // Which article: the sentence was written for the requester.
            Verdict::Helped => reason.clone().map(fact),
        },
        What::Undone { ticket, .. } => Some(fact(match ticket.status {
            Status::Resolved | Status::Closed => say(
                "Dernière modification annulée.".into(),
                "The latest change was undone.".into(),
            ),
            Status::Open | Status::Waiting { .. } | Status::Paused { .. } => say(
                "Dernière modification annulée\u{a0}: demande en cours.".into(),
                "The latest change was undone: work on the request goes on.".into(),
            ),
        })),
        What::Reminded { .. } => Some(fact(say("Rappel envoyé.".into(), "Reminder sent.".into()))),
        What::Opened(_)
        | What::Thanks { .. }
        | What::Rated { .. }
        | What::MarksAsked
        | What::Note { .. }
        | What::Team { .. }
        | What::TeamObserves { .. }
        | What::Person { .. }
        | What::Priority { .. }
        | What::Phone { .. }
        | What::Urgency { .. }
        | What::Linked { .. }
        | What::Related { .. }
        | What::Major { .. }
        | What::Aside { .. }
        | What::Command { .. }
        | What::Asked { .. }
        | What::Notified { .. }
        | What::Delivery { .. }
        | What::Duplicate { .. }
        | What::Alert { .. } => None,
    }
}

fn is_resolution(event: &Event) -> bool {
    let resolved = Status::Resolved;
    matches!(&event.what, What::Status { to, .. } if *to == resolved)
}

/// A sentence of the desk's own, which mails carry as it is typed, set like the rest of a page.
pub fn typeset(sentence: &str, language: &str) -> String {
    let mut text = String::with_capacity(sentence.len());
    let mut letters = sentence.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let inside = letter == '\''
            && before.is_alphabetic()
            && letters.peek().is_some_and(|next| next.is_alphabetic());
        text.push(if inside { '’' } else { letter });
        before = letter;
    }
    unbroken(&text, language)
}

/// Staff by name only; others by name, else by address.
fn author(event: &Event, staff: bool) -> String {
    let Some(who) = &event.actor.who else {
        return String::new();
    };
    match (&who.name, staff) {
        (Some(name), _) => name.clone(),
        (None, true) => String::new(),
        (None, false) => who.address.clone(),
    }
}

/// The files of an event; their links begin with `base`, the page of the ticket.
pub fn downloads(
    id: i64,
    files: &[crate::ticket::File],
    decoration: bool,
    language: &str,
    base: &str,
) -> Vec<Download> {
    files
        .iter()
        .enumerate()
        .filter(|(_, file)| file.attachment.decoration == decoration)
        .map(|(number, file)| {
            let name = download::safe_name(
                file.attachment
                    .name
                    .as_deref()
                    .unwrap_or(if language == "en" { "file" } else { "fichier" }),
            );
            Download {
                picture: matches!(
                    file.attachment.content_type.as_str(),
                    "image/png" | "image/jpeg" | "image/gif"
                ) && file.attachment.size <= LARGEST_PICTURE,
                size: date::size(file.attachment.size, language),
                link: format!("{base}/{id}/{number}/{}", encoded(&name)),
                name,
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Even where an event says that it is public, whoever wrote it (T15).
    #[test]
    fn what_machines_and_people_in_copy_wrote_is_never_shown() {
        let marie = Person {
            id: crate::ticket::PersonId(1),
            part: crate::ticket::Part::Requester,
            who: crate::mail::Address {
                name: None,
                address: "marie@example.org".to_owned(),
            },
            reply_to: None,
            generation: 0,
        };
        let mail = |role, public| Event {
            at: DateTime::UNIX_EPOCH,
            actor: crate::ticket::Actor { role, who: None },
            public,
            what: What::Mail {
                text: String::new(),
                folded: String::new(),
                files: Vec::new(),
                inbox: None,
                message_id: None,
                automatic: None,
                thanks: false,
                remarks: Vec::new(),
            },
        };
        for (role, shown) in [
            (Role::Requester, true),
            (Role::Beneficiary, true),
            (Role::Observer, true),
            (Role::Technician, true),
            (Role::Operator, true),
            (Role::Contributor, false),
            (Role::Robot, false),
            (Role::Desk, false),
        ] {
            assert_eq!(may_see(&marie, &mail(role, true)), shown, "{role:?}");
            assert!(!may_see(&marie, &mail(role, false)), "{role:?}");
        }
    }
}
