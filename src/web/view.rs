//! What a page says: a ticket in words that its requester understands (rows M3, M7).

use chrono::{DateTime, Datelike, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::download;
use crate::desk::Policy;
use crate::notification::date;
use crate::service::Service;
use crate::ticket::{Awaited, Event, Part, Person, Role, Status, Ticket, What};

/// The built-in pages.
///
/// # Errors
/// When one does not compile: a mistake of ours that a test finds.
pub fn pages() -> anyhow::Result<tera::Tera> {
    let mut tera = tera::Tera::default();
    tera.autoescape_on(vec![".html"]);
    tera.add_raw_templates([
        ("base.html", include_str!("templates/base.html")),
        ("home.html", include_str!("templates/home.html")),
        ("missing.html", include_str!("templates/missing.html")),
        ("ticket.html", include_str!("templates/ticket.html")),
    ])?;
    Ok(tera)
}

/// What the pages without a ticket know.
pub fn home(service: &Service) -> tera::Context {
    let rules = service.rules();
    let mut context = tera::Context::new();
    context.insert("desk", &rules.policy.desk_name);
    context.insert("lang", &rules.policy.language);
    context
}

/// One entry of the public timeline.
#[derive(Debug, Serialize)]
struct Entry {
    /// `them`, `us` or `fact`: how it is shown.
    side: &'static str,
    author: String,
    when: String,
    text: String,
    folded: String,
    files: Vec<Download>,
    remarks: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Download {
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
    now: DateTime<Utc>,
) -> tera::Context {
    let zone = policy.timezone;
    let language = ticket.language.as_str();
    let french = language != "en";
    let entries: Vec<Entry> = events
        .iter()
        .filter(|(_, event)| event.public)
        .filter_map(|(id, event)| entry(*id, event, person, zone, language, token))
        .collect();
    let team = policy.team(&ticket.team);
    let mut context = tera::Context::new();
    context.insert("desk", &policy.desk_name);
    context.insert("lang", if french { "fr" } else { "en" });
    context.insert("reference", &ticket.reference.to_string());
    context.insert("title", &ticket.title);
    context.insert("status", &status(ticket, person, zone, now));
    context.insert("status_token", ticket.status.as_str());
    context.insert("team", &team.map(|team| team.name.clone()));
    context.insert("contact", &team.and_then(|team| team.contact.clone()));
    let technician = ticket.technician.as_ref();
    context.insert("technician", &technician.and_then(|who| who.name.clone()));
    context.insert("opened", &date::moment(ticket.created_at, zone, language));
    let close_at = ticket
        .close_at
        .filter(|_| ticket.status == Status::Resolved)
        .map(|at| date::moment(at, zone, language));
    context.insert("close_at", &close_at);
    let reply_to = ticket
        .sent_to
        .clone()
        .or_else(|| team.map(|team| team.from.clone()));
    context.insert("reply_to", &reply_to);
    context.insert("entries", &entries);
    context
}

fn entry(
    id: i64,
    event: &Event,
    person: &Person,
    zone: Tz,
    language: &str,
    token: &str,
) -> Option<Entry> {
    let french = language != "en";
    let say = |french_words: String, english: String| if french { french_words } else { english };
    let fact = |text: String| Entry {
        side: "fact",
        author: String::new(),
        when: date::moment(event.at, zone, language),
        text,
        folded: String::new(),
        files: Vec::new(),
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
                side: if staff { "us" } else { "them" },
                author,
                when: date::moment(event.at, zone, language),
                text: text.clone(),
                // A technician's quoted history is what the requester wrote himself.
                folded: if staff { String::new() } else { folded.clone() },
                files: downloads(id, files, language, token),
                remarks: if staff { Vec::new() } else { remarks.clone() },
            })
        }
        What::Assigned {
            technician: Some(technician),
        } => {
            let name = technician.name.clone().unwrap_or_default();
            Some(fact(say(
                format!("{name} s'occupe de votre demande."),
                format!("{name} takes care of your request."),
            )))
        }
        What::Status { to, reason, .. } => {
            let words = match to {
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
                    "En attente d'un autre intervenant.".into(),
                    "Waiting for somebody else.".into(),
                ),
                Status::Paused { .. } => say("Mise en pause.".into(), "Paused.".into()),
                Status::Resolved => say("Demande résolue.".into(), "Request resolved.".into()),
                Status::Closed => say("Demande close.".into(), "Request closed.".into()),
            };
            let mut entry = fact(words);
            let by_staff = matches!(event.actor.role, Role::Operator | Role::Technician);
            if let (Some(reason), true) = (reason, by_staff) {
                entry.text = format!("{} {reason}", entry.text);
            }
            Some(entry)
        }
        What::Opened(_)
        | What::Assigned { technician: None }
        | What::Note { .. }
        | What::Team { .. }
        | What::TeamObserves { .. }
        | What::Person { .. }
        | What::Priority { .. }
        | What::Linked { .. }
        | What::Command { .. }
        | What::Notified { .. }
        | What::Delivery { .. }
        | What::Duplicate { .. }
        | What::Alert { .. } => None,
    }
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

fn downloads(id: i64, files: &[crate::ticket::File], language: &str, token: &str) -> Vec<Download> {
    files
        .iter()
        .enumerate()
        .filter(|(_, file)| !file.attachment.decoration)
        .map(|(number, file)| {
            let name = download::safe_name(
                file.attachment
                    .name
                    .as_deref()
                    .unwrap_or(if language == "en" { "file" } else { "fichier" }),
            );
            let encoded: String = name
                .bytes()
                .map(|byte| match byte {
                    b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => {
                        char::from(byte).to_string()
                    }
                    _ => format!("%{byte:02X}"),
                })
                .collect();
            Download {
                picture: matches!(
                    file.attachment.content_type.as_str(),
                    "image/png" | "image/jpeg" | "image/gif"
                ),
                size: date::size(file.attachment.size, language),
                link: format!("/t/{token}/{id}/{number}/{encoded}"),
                name,
            }
        })
        .collect()
}

/// The status in plain words, with who is awaited and since when.
fn status(ticket: &Ticket, person: &Person, zone: Tz, now: DateTime<Utc>) -> String {
    let language = ticket.language.as_str();
    let french = language != "en";
    let since = since(ticket.status_since, zone, language, now);
    let mine = matches!(person.part, Part::Requester | Part::Beneficiary);
    match (ticket.status, french) {
        (Status::Open, true) => match &ticket.technician {
            Some(_) => format!("Ouverte : nous nous en occupons {since}"),
            None => format!("Ouverte : elle attend un technicien {since}"),
        },
        (Status::Open, false) => match &ticket.technician {
            Some(_) => format!("Open: we are working on it {since}"),
            None => format!("Open: waiting for a technician {since}"),
        },
        (
            Status::Waiting {
                of: Awaited::Requester,
            },
            true,
        ) if mine => {
            format!("En attente de votre réponse {since}")
        }
        (
            Status::Waiting {
                of: Awaited::Requester,
            },
            true,
        ) => {
            format!("En attente de la réponse du demandeur {since}")
        }
        (
            Status::Waiting {
                of: Awaited::Requester,
            },
            false,
        ) if mine => {
            format!("Waiting for your answer {since}")
        }
        (
            Status::Waiting {
                of: Awaited::Requester,
            },
            false,
        ) => {
            format!("Waiting for the requester's answer {since}")
        }
        (
            Status::Waiting {
                of: Awaited::ThirdParty,
            },
            true,
        ) => {
            format!("En attente d'un autre intervenant {since}")
        }
        (
            Status::Waiting {
                of: Awaited::ThirdParty,
            },
            false,
        ) => {
            format!("Waiting for somebody else {since}")
        }
        (Status::Paused { until }, true) => {
            format!("En pause jusqu'au {}", date::day(until, zone, language))
        }
        (Status::Paused { until }, false) => {
            format!("Paused until {}", date::day(until, zone, language))
        }
        (Status::Resolved, true) => format!("Résolue {since}"),
        (Status::Resolved, false) => format!("Resolved {since}"),
        (Status::Closed, true) => format!("Close {since}"),
        (Status::Closed, false) => format!("Closed {since}"),
    }
}

/// « depuis mardi », "since Tuesday"; the time today, the date when it is longer ago than a week.
fn since(at: DateTime<Utc>, zone: Tz, language: &str, now: DateTime<Utc>) -> String {
    let then = at.with_timezone(&zone);
    let today = now.with_timezone(&zone).date_naive();
    let days = (today - then.date_naive()).num_days();
    let french = language != "en";
    match (days, french) {
        (..=0, true) => format!("depuis aujourd'hui {}", then.format("%-H h %M")),
        (..=0, false) => format!("since today {}", then.format("%H:%M")),
        (1, true) => "depuis hier".to_owned(),
        (1, false) => "since yesterday".to_owned(),
        (2..=6, _) => {
            const FRENCH: [&str; 7] = [
                "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche",
            ];
            let weekday = then.weekday().num_days_from_monday() as usize;
            if french {
                format!(
                    "depuis {}",
                    FRENCH.get(weekday).copied().unwrap_or_default()
                )
            } else {
                format!("since {}", then.format("%A"))
            }
        }
        (_, true) => format!("depuis le {}", date::day(at, zone, language)),
        (_, false) => format!("since {}", date::day(at, zone, language)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_when_in_words() {
        let zone = chrono_tz::Europe::Paris;
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let now = at("2026-11-26T10:00:00Z");
        for (then, french) in [
            ("2026-11-26T08:05:00Z", "depuis aujourd'hui 9 h 05"),
            ("2026-11-25T22:59:00Z", "depuis hier"),
            ("2026-11-24T12:00:00Z", "depuis mardi"),
            ("2026-11-12T12:00:00Z", "depuis le jeudi 12 novembre 2026"),
        ] {
            assert_eq!(since(at(then), zone, "fr", now), french);
        }
        assert_eq!(
            since(at("2026-11-24T12:00:00Z"), zone, "en", now),
            "since Tuesday"
        );
    }

    #[test]
    fn the_built_in_pages_compile() {
        assert!(pages().is_ok());
    }
}
