//! Where a request stands, in words that its requester understands: the state, who is awaited and
//! since when, and what happens next (row M7).

use chrono::{DateTime, NaiveTime, Utc};

use crate::desk::{Policy, lifecycle};
use crate::notification::date;
use crate::ticket::{Awaited, Nature, Part, Person, Status, Ticket};
use crate::token;
use crate::zone::Zone;

/// French or English, whichever the page speaks.
pub fn pick<'a>(language: &str, french: &'a str, english: &'a str) -> &'a str {
    if language == "en" { english } else { french }
}

/// What a ticket is.
pub fn nature(nature: Nature, language: &str) -> &'static str {
    match nature {
        Nature::Incident => pick(language, "Incident", "Incident"),
        Nature::Request => pick(language, "Demande", "Request"),
        Nature::Suggestion => pick(language, "Suggestion", "Suggestion"),
    }
}

/// A moment in words, whose time is not broken at the end of a line.
pub fn moment(at: DateTime<Utc>, zone: Zone, language: &str) -> String {
    date::moment(at, zone, language).replace(" h ", "\u{a0}h\u{a0}")
}

/// A time of day, which is not broken at the end of a line.
pub fn time(at: NaiveTime, language: &str) -> String {
    at.format(pick(language, "%-H\u{a0}h\u{a0}%M", "%H:%M"))
        .to_string()
}

/// Whether the desk waits for this very person.
pub fn awaits(ticket: &Ticket, person: &Person) -> bool {
    let requester = Status::Waiting {
        of: Awaited::Requester,
    };
    ticket.status == requester && is_requester(person)
}

fn is_requester(person: &Person) -> bool {
    matches!(person.part, Part::Requester | Part::Beneficiary)
}

/// The status in plain words, with who is awaited and since when.
pub fn status(
    ticket: &Ticket,
    person: &Person,
    language: &str,
    zone: Zone,
    now: DateTime<Utc>,
) -> String {
    let since = since(ticket.status_since, zone, language, now);
    let state = match ticket.status {
        Status::Open if ticket.technician.is_some() => pick(
            language,
            "Ouverte\u{a0}: nous nous en occupons",
            "Open: we have been working on it",
        ),
        // Nobody is late with it: there is nothing to wait for (row I4).
        Status::Open if ticket.nature == Nature::Suggestion => {
            return pick(language, "Enregistrée", "Recorded").to_owned();
        }
        Status::Open => pick(
            language,
            "Ouverte\u{a0}: elle attend un technicien",
            "Open: waiting for a technician",
        ),
        Status::Waiting {
            of: Awaited::Requester,
        } if is_requester(person) => pick(
            language,
            "En attente de votre réponse",
            "Waiting for your answer",
        ),
        Status::Waiting {
            of: Awaited::Requester,
        } => pick(
            language,
            "En attente de la réponse du demandeur",
            "Waiting for the requester’s answer",
        ),
        Status::Waiting {
            of: Awaited::ThirdParty,
        } => pick(
            language,
            "En attente d’un autre intervenant",
            "Waiting for somebody else",
        ),
        Status::Paused { until } => {
            let paused = pick(language, "En pause jusqu’au", "Paused until");
            return format!("{paused} {}", date::day(until, zone, language));
        }
        Status::Resolved => pick(language, "Résolue", "Resolved"),
        Status::Closed => pick(language, "Close", "Closed"),
    };
    format!("{state} {since}")
}

/// What happens next, or what to do; `None` when the status says it all.
pub fn next(ticket: &Ticket, person: &Person, policy: &Policy, language: &str) -> Option<String> {
    let zone = policy.timezone;
    let sentence = match ticket.status {
        Status::Open if ticket.technician.is_none() && ticket.nature == Nature::Suggestion => pick(
            language,
            "Une suggestion n’a pas de délai\u{a0}: nous la lirons et vous écrirons si elle change quelque chose.",
            "A suggestion has no deadline: we will read it, and write to you if it changes something.",
        )
        .to_owned(),
        // Staff, and who reads the requests of a service, are sent nothing.
        Status::Open if ticket.technician.is_none() && token::is_row(person.id.0) => pick(
            language,
            "Vous recevrez un message dès qu’une personne du service la prend en charge.",
            "You will receive a mail as soon as somebody of the team takes it.",
        )
        .to_owned(),
        Status::Waiting {
            of: Awaited::Requester,
        } if is_requester(person) => {
            let answer = pick(
                language,
                "Répondez sur cette page ou à l’un de nos messages\u{a0}: nous reprendrons aussitôt.",
                "Answer on this page or reply to one of our mails: we will then go on.",
            );
            let ends = lifecycle::silence_ends(ticket, policy).map(|at| {
                let moment = moment(at, zone, language);
                match language {
                    "en" => format!(
                        " Without an answer from you, it is taken as resolved on {moment}."
                    ),
                    _ => format!(
                        " Sans réponse de votre part, elle sera considérée comme résolue le {moment}."
                    ),
                }
            });
            format!("{answer}{}", ends.unwrap_or_default())
        }
        Status::Resolved => {
            // Whoever else writes is read, and decides nothing.
            let persists = is_requester(person).then(|| {
                pick(
                    language,
                    "Le problème persiste\u{a0}? Dites-le sur cette page, ou répondez à l’un de nos messages\u{a0}: la demande sera aussitôt rouverte.",
                    "Still a problem? Say so on this page, or reply to one of our mails: the request is reopened at once.",
                )
                .to_owned()
            });
            let closes = ticket.close_at.map(|at| {
                let moment = moment(at, zone, language);
                match (language == "en", is_requester(person)) {
                    (true, true) => format!("Without an answer it closes by itself on {moment}."),
                    (true, false) => {
                        format!("Unless its requester objects, it closes by itself on {moment}.")
                    }
                    (false, true) => {
                        format!("Sans réponse, elle sera close automatiquement le {moment}.")
                    }
                    (false, false) => format!(
                        "Sans objection de son demandeur, elle sera close automatiquement le {moment}."
                    ),
                }
            });
            let sentences: Vec<String> = persists.into_iter().chain(closes).collect();
            return Some(sentences.join(" ")).filter(|text| !text.is_empty());
        }
        Status::Closed if is_requester(person) => pick(
            language,
            "Si le même problème revient, répondez à l’un de nos messages.",
            "If the same problem comes back, reply to one of our mails.",
        )
        .to_owned(),
        Status::Open | Status::Waiting { .. } | Status::Paused { .. } | Status::Closed => {
            return None;
        }
    };
    Some(sentence)
}

/// « depuis mardi », "since Tuesday"; the time today, the date when it is longer ago than a week.
fn since(at: DateTime<Utc>, zone: Zone, language: &str, now: DateTime<Utc>) -> String {
    let then = at.with_timezone(&zone);
    let today = now.with_timezone(&zone).date_naive();
    let days = (today - then.date_naive()).num_days();
    let french = language != "en";
    match (days, french) {
        (..=0, true) => format!("depuis aujourd’hui {}", time(then.time(), language)),
        (..=0, false) => format!("since today {}", time(then.time(), language)),
        (1, true) => "depuis hier".to_owned(),
        (1, false) => "since yesterday".to_owned(),
        (2..=6, _) => {
            let day = date::day(at, zone, language);
            let weekday = day.split(' ').next().unwrap_or_default();
            format!("{} {weekday}", pick(language, "depuis", "since"))
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
        let zone = crate::zone::Zone::paris();
        let at = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
        let now = at("2026-11-26T10:00:00Z");
        for (then, french) in [
            (
                "2026-11-26T08:05:00Z",
                "depuis aujourd’hui 9\u{a0}h\u{a0}05",
            ),
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
}
