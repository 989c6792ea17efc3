//! What the desk's pages call things: states, levels, times, in French or English.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::status::pick;
use crate::mail::Address;
use crate::ticket::{Awaited, Claim, Nature, Part, Status};

pub fn status(status: Status, language: &str) -> &'static str {
    match status {
        Status::Open => pick(language, "Ouvert", "Open"),
        Status::Waiting {
            of: Awaited::Requester,
        } => pick(language, "Attend le demandeur", "Waits for the requester"),
        Status::Waiting {
            of: Awaited::ThirdParty,
        } => pick(language, "Attend un tiers", "Waits for a third party"),
        Status::Paused { .. } => pick(language, "En pause", "Paused"),
        Status::Resolved => pick(language, "Résolu", "Resolved"),
        Status::Closed => pick(language, "Clos", "Closed"),
    }
}

/// The statuses of the filter, by token.
pub const STATUSES: [(&str, &str, &str); 5] = [
    ("open", "Ouverts", "Open"),
    ("waiting", "En attente", "Waiting"),
    ("paused", "En pause", "Paused"),
    ("resolved", "Résolus", "Resolved"),
    ("closed", "Clos", "Closed"),
];

pub fn nature(nature: Nature, language: &str) -> &'static str {
    match nature {
        Nature::Incident => pick(language, "Incident", "Incident"),
        Nature::Request => pick(language, "Demande", "Request"),
        Nature::Suggestion => pick(language, "Suggestion", "Suggestion"),
    }
}

pub fn part(part: Part, language: &str) -> &'static str {
    match part {
        Part::Requester => pick(language, "Demandeur", "Requester"),
        Part::Beneficiary => pick(language, "Bénéficiaire", "Beneficiary"),
        Part::Observer => pick(language, "Observateur", "Observer"),
        Part::Contributor => pick(language, "En copie", "In copy"),
    }
}

pub fn claim(claim: Claim, language: &str) -> &'static str {
    match claim {
        Claim::Claimed => pick(language, "URGENT déclaré", "URGENT claimed"),
        Claim::Confirmed => pick(language, "URGENT confirmé", "URGENT confirmed"),
        Claim::Lowered => pick(language, "URGENT déclassé", "URGENT lowered"),
        Claim::Disputed => pick(language, "Déclassement contesté", "Lowering disputed"),
    }
}

/// How long ago, short: « 3 h », « 2 j ».
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>, language: &str) -> String {
    let minutes = (now - at).num_minutes().max(0);
    match minutes {
        0..=59 => format!("{minutes}\u{a0}min"),
        60..=2879 => format!("{}\u{a0}h", minutes / 60),
        _ => format!("{}\u{a0}{}", minutes / 1440, pick(language, "j", "d")),
    }
}

/// Day and time, short, for machines' precision beside: « 23/11 à 9 h 30 ».
pub fn short(at: DateTime<Utc>, zone: Tz, now: DateTime<Utc>, language: &str) -> String {
    let (local, today) = (at.with_timezone(&zone), now.with_timezone(&zone));
    let french = language != "en";
    let time = local.format(match french {
        true => "%-H\u{a0}h\u{a0}%M",
        false => "%H:%M",
    });
    if local.date_naive() == today.date_naive() {
        return time.to_string();
    }
    let day = local.format(match french {
        true => "%d/%m/%Y",
        false => "%-d %b %Y",
    });
    match french {
        true => format!("{day} à {time}"),
        false => format!("{day} at {time}"),
    }
}

/// A name, else the address.
pub fn name(who: &Address) -> &str {
    who.name.as_deref().unwrap_or(&who.address)
}
