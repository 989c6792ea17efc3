//! What the desk's pages call things: states, levels, times, in French or English.

use chrono::{DateTime, Utc};

pub use super::super::status::nature;
use super::super::status::pick;
use crate::desk::Kind;
use crate::mail::Address;
use crate::ticket::{Awaited, Claim, Event, Part, Relation, Status, What};
use crate::zone::Zone;

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

/// What a notification is, as those who do not know its template call it.
pub fn notice(kind: Kind, language: &str) -> &'static str {
    let (french, english) = match kind {
        Kind::Acknowledgement => ("Accusé de réception", "Acknowledgement"),
        Kind::Taken => ("Avis de prise en charge", "Notice of who takes care of it"),
        Kind::FollowUp => ("Réponse", "Answer"),
        Kind::Resolved => ("Avis de résolution", "Notice of the solution"),
        Kind::Closed => ("Avis de clôture", "Notice of the closure"),
        Kind::Reopened => ("Avis de réouverture", "Notice that it is open again"),
        Kind::Classified => ("Avis de classement", "Notice of the category"),
        Kind::Lowered => ("Avis de déclassement", "Notice of the lowered priority"),
        Kind::Following | Kind::Unfollowed => ("Avis de suivi", "Notice to a follower"),
        Kind::Digest | Kind::TeamDigest => ("Récapitulatif", "Summary"),
        Kind::Reminder => ("Rappel", "Reminder"),
        Kind::Paused => ("Avis de mise en pause", "Notice of the pause"),
        Kind::Joined => ("Avis de rattachement", "Notice that a message joined it"),
        Kind::LowMark => ("Question sur la note", "Question about the mark"),
        Kind::Partner => ("Message à un tiers", "Mail to a third party"),
        Kind::Split => (
            "Liste des demandes séparées",
            "List of the requests made of it",
        ),
        Kind::Call => ("Compte rendu d’appel", "Account of the call"),
        Kind::Submission => ("Demande de confirmation", "Request for confirmation"),
        Kind::Requests => ("Lien vers les demandes", "Link to the requests"),
        Kind::TeamNew => ("Annonce du ticket", "Announcement of the ticket"),
        Kind::TeamReply => ("Annonce d’un message", "Announcement of a message"),
        Kind::TeamObserver => ("Copie pour information", "Copy for information"),
        Kind::TeamGiven => ("Annonce d’attribution", "Announcement of who is given it"),
        Kind::Transcript => ("Compte rendu des commandes", "Account of the commands"),
        Kind::Confirm => ("Demande d’accord", "Request for a word"),
        Kind::TeamAlert | Kind::Operations => ("Alerte", "Alert"),
        Kind::Answer => ("Réponse à une question", "Answer to a question"),
        Kind::TeamThanks => ("Remerciements transmis", "Thanks passed on"),
        Kind::SignIn => ("Lien de connexion", "Link to sign in"),
        Kind::Report => ("Bilan du mois", "Report of the month"),
        Kind::Review => ("Rappel à un rédacteur", "Reminder to an author"),
    };
    pick(language, french, english)
}

/// What became of a notification that did not simply arrive.
pub fn delivery(outcome: &str, language: &str) -> &'static str {
    let (french, english) = match outcome {
        "uncertain" => ("Courriel peut-être remis", "Mail perhaps delivered"),
        "delayed" => ("Courriel retardé", "Mail delayed"),
        "given-up" => (
            "Courriel abandonné après plusieurs essais",
            "Mail given up after several attempts",
        ),
        "bounced" => ("Courriel revenu", "Mail came back"),
        _ => ("Courriel refusé", "Mail refused"),
    };
    pick(language, french, english)
}

/// How long ago, short: « 3 h », « 2 j ».
pub fn ago(at: DateTime<Utc>, now: DateTime<Utc>, language: &str) -> String {
    let minutes = (now - at).num_minutes().max(0);
    match minutes {
        0 => pick(language, "moins d’une minute", "less than a minute").to_owned(),
        1..=59 => format!("{minutes}\u{a0}min"),
        60..=2879 => format!("{}\u{a0}h", minutes / 60),
        _ => format!("{}\u{a0}{}", minutes / 1440, pick(language, "j", "d")),
    }
}

/// Day and time, short, for machines' precision beside: « 23/11 à 9 h 30 ».
pub fn short(at: DateTime<Utc>, zone: Zone, now: DateTime<Utc>, language: &str) -> String {
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

/// The button that takes back what these events did.
pub fn undoing(done: &[&Event], zone: Zone, now: DateTime<Utc>, language: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for event in done {
        let part = match &event.what {
            What::Mail { .. } => pick(language, "la réponse", "the answer"),
            What::Aside { .. } => {
                pick(language, "le message au tiers", "the mail to a third party")
            }
            What::Assigned { .. } => pick(language, "l’affectation", "the assignment"),
            What::Status { to, .. } => match to {
                Status::Open => pick(language, "la réouverture", "the reopening"),
                Status::Waiting { .. } => pick(language, "la mise en attente", "the waiting"),
                Status::Paused { .. } => pick(language, "la mise en pause", "the pause"),
                Status::Resolved => pick(language, "la résolution", "the resolution"),
                Status::Closed => pick(language, "la clôture", "the closure"),
            },
            What::Team { .. } => pick(language, "le changement d’équipe", "the change of team"),
            What::Priority { .. } => pick(language, "la priorité", "the priority"),
            What::Classified { .. } => pick(language, "le classement", "the classification"),
            What::Urgency {
                step: Claim::Lowered,
                ..
            } => pick(language, "le déclassement", "the lowering"),
            What::Related {
                relation: Relation::MergedInto | Relation::Absorbed,
                ..
            } => pick(language, "la fusion", "the merge"),
            What::Related { .. } | What::Major { .. } => {
                pick(language, "l’incident majeur", "the major incident")
            }
            _ => continue,
        };
        if !parts.contains(&part) {
            parts.push(part);
        }
    }
    let last = parts.pop();
    let and = pick(language, " et ", " and ");
    let what = match (parts.is_empty(), last) {
        (_, None) => pick(language, "la modification", "the change").to_owned(),
        (true, Some(last)) => last.to_owned(),
        (false, Some(last)) => format!("{}{and}{last}", parts.join(", ")),
    };
    let at = done
        .last()
        .map_or_else(String::new, |event| short(event.at, zone, now, language));
    match language {
        "en" => format!("Undo {what} ({at})"),
        _ => format!("Annuler {what} ({at})"),
    }
}

/// Command, French and English, and the button that does the same.
const BUTTONS: [(&[&str], &str, &str); 8] = [
    (&["rouvrir", "reopen"], "Rouvrir", "Reopen"),
    (
        &["equipe", "team"],
        "Passer à cette équipe",
        "Pass to this team",
    ),
    (&["retirer", "remove"], "Retirer", "Remove"),
    (
        &["fusionner", "merge"],
        "Fusionner dans l’autre ticket",
        "Merge into the other",
    ),
    (
        &["priorite", "priority"],
        "Fixer la priorité",
        "Set the priority",
    ),
    (&["declasser", "lower"], "Déclasser", "Lower"),
    (&["annuler", "undo"], "Annuler", "Undo"),
    (&["ajouter", "add"], "Ajouter", "Add"),
];

/// An answer to a command, with the names of buttons where it names commands.
pub fn with_buttons(answer: &str, language: &str) -> String {
    let mut said = String::with_capacity(answer.len());
    let mut rest = answer;
    while let Some((before, after)) = rest.split_once('#') {
        said.push_str(before);
        let end = after.find(|c: char| !c.is_alphabetic());
        let (name, behind) = after.split_at(end.unwrap_or(after.len()));
        let button = BUTTONS.iter().find(|(names, ..)| names.contains(&name));
        match (button, language) {
            (Some((_, _, label)), "en") => said.push_str(&format!("\"{label}\"")),
            (Some((_, label, _)), _) => said.push_str(&format!("« {label} »")),
            (None, _) => said.push_str(&format!("#{name}")),
        }
        rest = behind;
    }
    said.push_str(rest);
    said
}

/// A sentence of its own, which an answer to a command is not.
pub fn sentence(answer: &str) -> String {
    let answer = answer.trim();
    let mut letters = answer.chars();
    let Some(first) = letters.next() else {
        return String::new();
    };
    // An address stays as it is written.
    let is_address = answer
        .split_whitespace()
        .next()
        .is_some_and(|word| word.contains('@'));
    let mut sentence: String = match is_address {
        true => answer.to_owned(),
        false => first.to_uppercase().chain(letters).collect(),
    };
    if !sentence.ends_with(['.', '!', '?', '…', '»']) {
        sentence.push('.');
    }
    sentence
}

/// What begins a sentence elsewhere, in the midst of one.
pub fn beginning_small(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_lowercase().chain(letters).collect()
    })
}
